package snapshot

import (
	"context"
	"errors"
	"io/fs"
	"slices"
	"sync"
	"time"

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
	grace       = 100 * time.Millisecond
)

// errTooMany: a bound was reached and the rest left out.
var errTooMany = errors.New("more than the audit takes")

// errHidden: the mount options of procfs hide other users' processes.
var errHidden = &fs.PathError{Op: "readdir", Path: "1", Err: fs.ErrPermission}

// Collect takes the picture. It returns soon after ctx ends whatever the kernel
// does (reading a command line can block behind a process stuck in the kernel),
// with what was seen until then and the rest in Missing. It loads no kernel module
// and opens nothing but procfs, sysfs, /lib/modules and a netlink socket.
func Collect(ctx context.Context, opts Options) *Snapshot {
	c := newCollector(opts)
	done := make(chan error, 1)
	guard.Go(func() { c.run(ctx) }, func(err error) { done <- err })
	var err error
	select {
	case err = <-done:
	case <-ctx.Done():
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case err = <-done:
		case <-timer.C:
		}
	}
	if err == nil {
		err = ctx.Err()
	}
	return c.seal(err)
}

// collector reads in one goroutine and can be sealed from another: what a stage
// has found is stored under mu when the stage ends.
type collector struct {
	opts Options
	proc string // procfs
	self string // below proc: whose network namespace and root are looked at
	buf  []byte

	filesOnly bool // never ask over netlink

	mu        sync.Mutex
	netNS     uint64
	rows      []socketRow
	unix      []UnixSocket
	diag      bool // some table came from sock_diag
	files     bool // some table came from /proc/net
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
	c := &collector{opts: opts, proc: opts.ProcDir, self: "self", told: map[missingKey]bool{}}
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
	c.pending = []Part{PartTCP, PartUDP, PartUnix, PartProcesses, PartOwners}
	return c
}

// run goes through the stages. Command lines come last because reading one waits
// for a lock that a process stuck in the kernel may hold.
func (c *collector) run(ctx context.Context) {
	tables := c.readTables(ctx)
	c.store(tables)
	processes := c.readProcesses(ctx, nil)
	c.storeProcesses(processes)
	c.findOwners(ctx, tables, processes)
	c.readArgs(ctx)
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
	s := &Snapshot{
		Processes: slices.Clone(c.processes),
		Listeners: listeners(c.rows, c.owners, hidden),
		Unix:      unixSockets(c.unix, c.owners),
		NetNS:     c.netNS,
		Source:    sourceName(c.diag, c.files),
		Missing:   missing,
	}
	slices.SortFunc(s.Missing, compareMissing)
	return s
}

// sourceName says how sockets were read.
func sourceName(diag, files bool) string {
	switch {
	case diag && files:
		return "sock_diag+proc"
	case diag:
		return "sock_diag"
	case files:
		return "proc"
	}
	return ""
}
