package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/guard"
)

// Bounds of OpenContainers: any account can start containers of its own.
const (
	maxContainers = 64
	openTime      = 3 * time.Second
)

var (
	errOwnRoot        = errors.New("a service with a root directory of its own")
	errSandbox        = errors.New("a sandbox some account made, known to no container engine")
	errManyContainers = fmt.Errorf("more than %d containers", maxContainers)
	errRootChanged    = fmt.Errorf("the process or its root directory: %w", tree.ErrChanged)
)

// OpenContainers fills Containers and Guests from the Snapshot of a live host. It
// reads /proc/PID/root of other processes, so it belongs before the confinement.
//
// A container is what shares a root directory that is not the host's and is known
// to a container engine by its control group, or is in a PID or network namespace
// that is not the host's. A process that is in the mount namespace of the host is
// chrooted and no container; so is one whose mount namespace shows others the host's
// root, unless it left their PID or network namespace. Of what no engine knows,
// only what listens is opened. It ends soon after ctx does, or after three seconds:
// a file system that some account made may never answer. Then ended is false: a
// thread may wait for it as long as the program runs.
func (h *Host) OpenContainers(ctx context.Context) (ended bool) {
	if h.Mode != Live || h.Snapshot == nil {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	o := &opener{h: h, proc: cmp.Or(h.procDir, snapshot.DefaultProcDir)}
	done := make(chan error, 1)
	guard.Go(func() { o.run(ctx) }, func(err error) { done <- err })
	var err error
	select {
	case err = <-done:
		ended = true
	case <-ctx.Done():
		err = ctx.Err()
	}
	h.Containers, h.Guests = o.seal(err)
	return ended
}

// Container returns the opened container that a process belongs to.
func (h *Host) Container(pid int) (*Container, bool) {
	for _, c := range h.Containers {
		if _, found := c.Host.Snapshot.Process(pid); found {
			return c, true
		}
	}
	return nil, false
}

// opener works in one goroutine and can be sealed from another.
type opener struct {
	h    *Host
	proc string

	mu         sync.Mutex
	sealed     bool
	containers []*Container
	guests     []snapshot.Missing
}

func (o *opener) run(ctx context.Context) {
	groups := o.worth(o.groups())
	engines := &engines{t: o.h.Tree}
	for i, g := range groups {
		switch {
		case ctx.Err() != nil:
			o.miss(g, ctx.Err())
		case i >= maxContainers:
			o.miss(g, errManyContainers)
		default:
			t, err := o.open(g)
			if err != nil {
				o.miss(g, err)
				continue
			}
			o.keep(o.container(g, t, engines))
		}
	}
}

// keep stores an opened container, or closes it when the audit went on meanwhile.
func (o *opener) keep(c *Container) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.sealed {
		_ = c.Host.Close()
		return
	}
	o.containers = append(o.containers, c)
}

// miss records a group that was not opened. One whose processes all ended
// meanwhile is no loss.
func (o *opener) miss(g *group, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	leader := g.processes[0]
	o.guests = append(o.guests, snapshot.Missing{
		What: snapshot.PartDetails, PID: leader.PID,
		Path: o.proc + "/" + strconv.Itoa(leader.PID) + "/root",
		Err:  fmt.Errorf("%s: %w", g.label(), err),
	})
}

// seal returns what was opened, by name; err is why it is not all.
func (o *opener) seal(err error) ([]*Container, []snapshot.Missing) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sealed = true
	list, guests := o.containers, slices.Clone(o.guests)
	if err != nil {
		guests = append(guests, snapshot.Missing{What: snapshot.PartDetails, Err: fmt.Errorf("containers: %w", err), Path: o.proc})
	}
	slices.SortStableFunc(list, func(a, b *Container) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.ID, b.ID))
	})
	names := map[string]int{}
	for _, c := range list { // two engines, or an engine without names: still two containers
		if names[c.Name]++; names[c.Name] > 1 {
			c.Name += fmt.Sprintf(" (%d)", names[c.Name])
		}
	}
	slices.SortStableFunc(guests, func(a, b snapshot.Missing) int {
		return cmp.Or(cmp.Compare(a.PID, b.PID), cmp.Compare(a.Path, b.Path))
	})
	return list, guests
}

// open opens the root of the group's eldest process that is still there.
func (o *opener) open(g *group) (*tree.Tree, error) {
	var first error
	for _, p := range g.processes[:min(len(g.processes), 8)] {
		if p.Root != g.root {
			continue
		}
		t, err := o.openRoot(p, g)
		switch {
		case err == nil:
			return t, nil
		case first == nil || errors.Is(first, fs.ErrNotExist):
			first = err
		}
		if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, tree.ErrChanged) {
			break
		}
	}
	return nil, first
}

// openRoot opens the root of a process, proven to be that of the process that was
// seen and the directory that was seen.
func (o *opener) openRoot(p snapshot.Process, g *group) (*tree.Tree, error) {
	f, err := os.Open(path.Join(o.proc, strconv.Itoa(p.PID)))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	dir := int(f.Fd()) // of this process for good, whoever gets its PID
	if !g.engine && o.foreignUser(dir) {
		return nil, errSandbox
	}
	if !o.h.remote {
		if err := localRoot(dir); err != nil {
			return nil, err
		}
	}
	t, err := tree.OpenProcessRoot(dir, tree.Options{Remote: o.h.remote})
	if err != nil {
		return nil, err
	}
	if err = sameProcess(dir, p); err == nil {
		err = o.proven(t, g.root)
	}
	if err != nil {
		t.Close()
		return nil, err
	}
	return t, nil
}

// sameProcess reports an error unless dir shows the process that was seen.
func sameProcess(dir int, p snapshot.Process) error {
	fd, err := unix.Openat(dir, "stat", unix.O_RDONLY|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0)
	if err != nil {
		return fmt.Errorf("stat: %w", err)
	}
	f := os.NewFile(uintptr(fd), "stat")
	defer f.Close()
	stat, err := io.ReadAll(io.LimitReader(f, 4<<10))
	start, known := startTime(string(stat))
	switch {
	case err != nil:
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	case !known || start != p.Start:
		return errRootChanged
	}
	return nil
}

// proven holds a tree against what the snapshot saw. What the snapshot did not
// identify must at least not be the host's own root.
func (o *opener) proven(t *tree.Tree, seen snapshot.Directory) error {
	info, err := t.Lstat("/")
	if err != nil {
		return err
	}
	at := snapshot.Directory{Major: unix.Major(info.Dev), Minor: unix.Minor(info.Dev), Inode: info.Ino}
	if seen != (snapshot.Directory{}) && at != seen {
		return errRootChanged
	}
	if own, err := o.h.Tree.Lstat("/"); err == nil && info.Ino != 0 && info.Dev == own.Dev && info.Ino == own.Ino {
		return errRootChanged
	}
	return nil
}

// foreignUser reports that a process is in another user namespace than process 1,
// or where that one's may not be read the auditor: without an engine that knows
// it, some account made it all by itself.
func (o *opener) foreignUser(dir int) bool {
	ours, err := os.Readlink(path.Join(o.proc, "1/ns/user"))
	if err != nil && o.proc == snapshot.DefaultProcDir {
		ours, err = os.Readlink(path.Join(o.proc, "self/ns/user"))
	}
	if err != nil {
		return true
	}
	buf := make([]byte, 64)
	n, err := unix.Readlinkat(dir, "ns/user", buf)
	return err != nil || string(buf[:n]) != ours
}

// startTime reads the start time of /proc/PID/stat, proc_pid_stat(5): the 22nd
// field, the 20th behind the name in parentheses.
func startTime(stat string) (ticks uint64, ok bool) {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 {
		return 0, false
	}
	ticks, err := strconv.ParseUint(fields[19], 10, 64)
	return ticks, err == nil
}
