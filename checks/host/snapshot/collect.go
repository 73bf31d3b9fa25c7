package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"hostaudit/checks/internal/guard"
)

// DefaultProcDir is where procfs is mounted.
const DefaultProcDir = "/proc"

// Options bound what is collected. The zero value is right for the host the
// program runs on.
type Options struct {
	// ProcDir is a mounted procfs; "" = /proc. From another one (the host's, mounted
	// into a container) the network namespace and root of its process 1 are looked
	// at, and sockets are read from its files only.
	ProcDir string
	// Root is where the root directory of that host is mounted here, "" = "/". The
	// kernel tells programs by the names the reader sees them at; it is taken off.
	Root         string
	MaxProcesses int // 0 = 32,768; more are left out and said so
	MaxSockets   int // listening sockets per table; 0 = 65,536
}

// Further bounds: against a host that was made to exhaust the auditor.
const (
	maxArgs     = 64 << 10 // bytes of one command line
	maxArgsAll  = 4 << 20  // bytes of all command lines
	maxOwnerIDs = 1 << 18  // pairs of socket and owner
	maxRows     = 1 << 18  // listening sockets of all network namespaces
	grace       = 100 * time.Millisecond
	// stall is how long one answer of the kernel is waited for: any account can make
	// a process that keeps whoever reads about it, and the checks need time too.
	stall = 3 * time.Second
)

// errTooMany: a bound was reached and the rest left out.
var errTooMany = errors.New("more than the audit takes")

// errStuck: the kernel did not answer.
var errStuck = fmt.Errorf("the kernel does not answer: %w", context.DeadlineExceeded)

// errHidden: the mount options of procfs hide other users' processes.
var errHidden = &fs.PathError{Op: "readdir", Path: "1", Err: fs.ErrPermission}

// Collect takes the picture. It returns soon after ctx ends, or after the kernel has
// not answered for some seconds (reading a command line can block behind a process
// stuck in the kernel), with what was seen until then and the rest in Missing. It loads no kernel module
// and opens nothing but procfs, sysfs, /lib/modules, the files of network namespaces
// and netlink sockets. A thread of its own enters the other network namespaces.
func Collect(ctx context.Context, opts Options) *Snapshot {
	c := newCollector(opts)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan error, 1)
	guard.Go(func() { c.run(ctx) }, func(err error) { done <- err })
	err, ended := c.wait(ctx, done, cancel)
	if err == nil {
		err = context.Cause(ctx)
	}
	s := c.seal(err)
	s.Abandoned = !ended
	return s
}

// wait waits for the end of the reading, and a little longer when ctx ends or the
// kernel does not answer. ended is false when the reading still goes on.
func (c *collector) wait(ctx context.Context, done <-chan error, cancel context.CancelCauseFunc) (err error, ended bool) {
	const ticks = 8 // counted, because this program may be what was stopped for a while
	watch := time.NewTicker(stall / ticks)
	defer watch.Stop()
	last, idle := c.steps.Load(), 0
	for {
		select {
		case err := <-done:
			return err, true
		case <-watch.C:
			if now := c.steps.Load(); now != last {
				last, idle = now, 0
			} else if idle++; idle >= ticks {
				cancel(errStuck)
			}
		case <-ctx.Done():
			timer := time.NewTimer(grace)
			defer timer.Stop()
			select {
			case err := <-done:
				return err, true
			case <-timer.C:
				return nil, false
			}
		}
	}
}

// collector reads in one goroutine and can be sealed from another: what a stage
// has found is stored under mu when the stage ends.
type collector struct {
	opts Options
	proc string // procfs

	steps atomic.Uint64 // answers of the kernel, so that one that does not come is noticed
	self  string        // below proc: whose network namespace and root are looked at
	buf   []byte

	filesOnly bool // never ask over netlink, never enter a namespace

	// Of the goroutine that reads, or the thread it waits for:
	dirents   []byte
	handles   handles
	modules   map[string]bool // whether they may be asked over netlink
	netNS     uint64          // of the namespace looked at, 0 = unknown
	netNSErr  error           // why there may be namespaces that are not known
	netNSPath string
	cgroup2   mountRow
	rows      int // sockets kept of all namespaces

	mu        sync.Mutex
	boot      uint64
	inode     uint64        // netNS
	tables    *socketTables // nil = not read yet
	spaces    []space
	cgroups   map[uint64]string // names of the sockets' control groups
	processes []Process
	owners    map[uint64][]int // socket inode -> processes, eldest first
	missing   []Missing
	told      map[missingKey]bool
	pending   []Part // stages that have not ended
}

type missingKey struct {
	part Part
	pid  int
	path string
}

func newCollector(opts Options) *collector {
	c := &collector{
		opts: opts, proc: opts.ProcDir, self: "self",
		told: map[missingKey]bool{}, modules: map[string]bool{}, handles: newHandles(),
	}
	if c.proc == "" {
		c.proc = DefaultProcDir
	}
	if c.proc != DefaultProcDir {
		c.self = "1"
	}
	if c.opts.MaxProcesses <= 0 {
		c.opts.MaxProcesses = 32 << 10
	}
	if c.opts.MaxSockets <= 0 {
		c.opts.MaxSockets = 64 << 10
	}
	c.pending = []Part{PartTCP, PartUDP, PartUnix, PartProcesses, PartOwners, PartNetNS}
	return c
}

// run goes through the stages. Command lines come last because reading one waits
// for a lock that a process stuck in the kernel may hold.
func (c *collector) run(ctx context.Context) {
	defer c.release()
	c.identify()
	own := c.readTables(ctx)
	c.store(own)
	processes := c.readProcesses(ctx, nil)
	c.storeProcesses(processes)
	spaces := c.readNamespaces(ctx, processes)
	c.findOwners(ctx, own, spaces, processes)
	c.findCgroups(ctx, processes, spaces)
	c.readArgs(ctx)
}

// identify reads which host and which network namespace is looked at.
func (c *collector) identify() {
	if target, err := c.link(unix.AT_FDCWD, c.path("ns/net")); err == nil {
		c.netNS = parseBracketed(target, "net")
	} else {
		c.hideNetNS(c.path("ns/net"), err)
	}
	boot := c.readBoot()
	c.mu.Lock()
	c.boot, c.inode = boot, c.netNS
	c.mu.Unlock()
}

// end marks a stage as done.
func (c *collector) end(parts ...Part) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pending = slices.DeleteFunc(c.pending, func(p Part) bool { return slices.Contains(parts, p) })
}

// miss records what could not be seen.
func (c *collector) miss(part Part, pid int, path string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := missingKey{part, pid, path}
	if !c.told[k] { // else the first reading told
		c.told[k] = true
		c.missing = append(c.missing, Missing{What: part, PID: pid, Err: err, Path: path})
	}
}

// seal returns the picture as far as it got; err is why the pending stages did
// not end.
func (c *collector) seal(err error) *Snapshot {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err == nil {
		err = errors.New("the reading ended early")
	}
	missing := slices.Clone(c.missing)
	for _, part := range c.pending {
		missing = append(missing, Missing{What: part, Err: err, Path: c.proc})
	}
	hidden := slices.ContainsFunc(missing, func(m Missing) bool {
		return m.What == PartOwners || m.What == PartProcesses
	})
	own := c.tables
	if own == nil {
		own = &socketTables{}
	}
	s := &Snapshot{
		Boot:      c.boot,
		Processes: slices.Clone(c.processes),
		Listeners: c.listeners(own, hidden),
		Unix:      unixSockets(own.unix, c.owners),
		NetNS:     c.inode,
		Ephemeral: own.ports,
		Source:    own.source(),
		Missing:   missing,
	}
	for _, sp := range c.spaces {
		s.Namespaces = append(s.Namespaces, sp.seal(c, hidden, err))
	}
	slices.SortFunc(s.Missing, compareMissing)
	return s
}

// seal returns a namespace as far as it was read; err is why it was not.
func (sp *space) seal(c *collector, hidden bool, err error) Namespace {
	t := sp.tables
	if t == nil {
		t = unread(err, c.proc)
	}
	n := Namespace{
		Inode: sp.inode, Names: slices.Clone(sp.names), PIDs: slices.Clone(sp.pids),
		Listeners: c.listeners(t, hidden),
		Source:    t.source(), Ephemeral: t.ports, Missing: slices.Clone(t.missing),
	}
	for _, part := range []Part{PartTCP, PartUDP} {
		told := slices.ContainsFunc(n.Missing, func(m Missing) bool { return m.What == part })
		if !told && !slices.Contains(t.done, part) {
			n.Missing = append(n.Missing, Missing{What: part, Err: err, Path: c.proc})
		}
	}
	slices.SortFunc(n.Missing, compareMissing)
	return n
}
