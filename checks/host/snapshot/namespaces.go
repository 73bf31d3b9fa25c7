package snapshot

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"path"
	"runtime"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"hostaudit/checks/internal/guard"
)

// Bounds of the search for network namespaces.
const (
	maxNamespaces = 512 // more are left out and said so
	maxWays       = 8   // processes and mounts tried to get into one
)

var (
	errNoWay    = errors.New("no process is in the network namespace and it cannot be entered")
	errOtherNet = errors.New("another network namespace than expected")
)

// space is a network namespace other than the auditor's.
type space struct {
	inode  uint64
	names  []string
	points []string      // where it is mounted
	pids   []int         // eldest first
	tables *socketTables // nil = not read (yet)
	system bool          // a process of root is in it
}

// rank is 0 for what root or an engine made.
func (sp *space) rank() int {
	if sp.system || len(sp.points) > 0 {
		return 0
	}
	return 1
}

// hideNetNS notes the first reason why a namespace may be unknown.
func (c *collector) hideNetNS(path string, err error) {
	if c.netNSErr == nil {
		c.netNSErr, c.netNSPath = err, path
	}
}

// findSpaces lists the other network namespaces by inode: those of processes and
// those that a mount keeps (ip-netns(8), container engines).
func (c *collector) findSpaces(ctx context.Context, processes []Process) []*space {
	found := map[uint64]*space{}
	get := func(inode uint64) *space {
		sp := found[inode]
		if sp == nil {
			sp = &space{inode: inode}
			found[inode] = sp
		}
		return sp
	}
	if c.netNS == 0 { // which of them the auditor's own is could not be told
		c.miss(PartNetNS, 0, c.path("ns/net"), cmp.Or(c.netNSErr, errOtherNet))
		return nil
	}
	byAge := make([]*Process, 0, len(processes))
	for i := range processes {
		if p := &processes[i]; p.NetNS != 0 && p.NetNS != c.netNS {
			byAge = append(byAge, p)
		}
	}
	slices.SortFunc(byAge, compareAge)
	for _, p := range byAge {
		sp := get(p.NetNS)
		sp.pids = append(sp.pids, p.PID)
		sp.system = sp.system || p.EUID == 0
	}
	mounts := c.path("mountinfo")
	err := c.eachLine(ctx, unix.AT_FDCWD, mounts, func(line []byte) error {
		row, ok := parseMountRow(line)
		switch inode := row.netNS(); {
		case !ok:
		case inode != 0 && inode != c.netNS:
			if len(found) >= 4*maxNamespaces && found[inode] == nil {
				return errTooMany
			}
			sp := get(inode)
			sp.names = append(sp.names, path.Base(row.point))
			sp.points = append(sp.points, row.point)
		case row.kind == "cgroup2" && c.cgroup2.point == "":
			c.cgroup2 = row
		}
		return nil
	})
	switch {
	case err != nil && !gone(err):
		c.miss(PartNetNS, 0, mounts, err)
	case c.netNSErr != nil:
		c.miss(PartNetNS, 0, c.netNSPath, c.netNSErr)
	}
	list := slices.SortedFunc(maps.Values(found), func(a, b *space) int { return cmp.Compare(a.inode, b.inode) })
	if len(list) > maxNamespaces {
		// What accounts made by themselves is left out first.
		slices.SortStableFunc(list, func(a, b *space) int { return cmp.Compare(a.rank(), b.rank()) })
		list = list[:maxNamespaces]
		slices.SortFunc(list, func(a, b *space) int { return cmp.Compare(a.inode, b.inode) })
		c.miss(PartNetNS, 0, c.proc, errTooMany)
	}
	for _, sp := range list {
		slices.Sort(sp.names)
		sp.names = slices.Compact(sp.names)
	}
	return list
}

// readNamespaces finds the other namespaces and reads their tables.
func (c *collector) readNamespaces(ctx context.Context, processes []Process) []*space {
	list := c.findSpaces(ctx, processes)
	if ctx.Err() != nil {
		return nil
	}
	c.mu.Lock()
	c.spaces = make([]space, len(list))
	for i, sp := range list {
		c.spaces[i] = *sp
	}
	c.mu.Unlock()
	c.end(PartNetNS)
	err := c.readSpaces(ctx, list, func(i int, t *socketTables) {
		list[i].tables = t
		c.rows += len(t.rows)
		c.mu.Lock()
		c.spaces[i].tables = t
		c.mu.Unlock()
	})
	if err != nil {
		c.miss(PartNetNS, 0, "setns", err)
	}
	return list
}

// readSpaces reads the tables of namespaces and hands over each as soon as it is
// read. On the auditor's own host a thread of its own enters one after the other and
// ends there; where that is not allowed the files of a process tell. The error is
// that of the thread.
func (c *collector) readSpaces(ctx context.Context, list []*space, got func(i int, t *socketTables)) error {
	if len(list) == 0 {
		return nil
	}
	if !c.live() {
		for i, sp := range list {
			got(i, c.readByProcess(ctx, sp, errNoWay))
		}
		return nil
	}
	return onOwnThread(func() {
		for i, sp := range list {
			if ctx.Err() != nil {
				return
			}
			err := c.enterSpace(sp)
			if err != nil {
				got(i, c.readByProcess(ctx, sp, err))
				continue
			}
			v := c.newView(unix.AT_FDCWD, ownNet()).ask()
			v.ports = true
			got(i, v.read(ctx))
		}
	})
}

// onOwnThread runs f on a thread that is used for nothing else and ends with it, and
// waits. It is not the first thread of the program: that one does not end, and what
// /proc/self tells is told of it.
func onOwnThread(f func()) error {
	done := make(chan error, 1)
	guard.Go(func() {
		runtime.LockOSThread() // and not unlocked: the thread is not to be used again
		if unix.Gettid() != unix.Getpid() {
			f()
			return
		}
		// While this goroutine waits on the first thread, no other runs there.
		done <- onOwnThread(f)
		runtime.UnlockOSThread()
	}, func(err error) {
		select {
		case done <- err:
		default: // the inner one has told
		}
	})
	return <-done
}

// ownNet is the directory of the calling thread's network namespace: /proc/self
// shows that of the first thread.
func ownNet() string { return ownThread() + "net/" }

func ownThread() string {
	return DefaultProcDir + "/self/task/" + strconv.Itoa(unix.Gettid()) + "/"
}

// enterSpace moves the calling thread into a namespace and proves that it got there.
func (c *collector) enterSpace(sp *space) error {
	fd, err := c.openSpace(sp)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
		return err
	}
	target, err := c.link(unix.AT_FDCWD, ownThread()+"ns/net")
	if err == nil && parseBracketed(target, "net") != sp.inode {
		err = errOtherNet
	}
	return err
}

// openSpace opens the file of a namespace by one of its processes or mounts. The
// PID may be another process's by now, and something else may have been put where
// the mount was: only a namespace file with the right inode counts.
func (c *collector) openSpace(sp *space) (int, error) {
	failed := errNoWay
	for _, pid := range sp.pids[:min(len(sp.pids), maxWays)] {
		fd, err := unix.Open(c.proc+"/"+strconv.Itoa(pid)+"/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err == nil {
			if isSpace(fd, sp.inode) {
				return fd, nil
			}
			unix.Close(fd)
			err = errOtherNet
		}
		failed = err
	}
	for _, point := range sp.points[:min(len(sp.points), maxWays)] {
		fd, err := openMount(point, sp.inode)
		if err == nil {
			return fd, nil
		}
		failed = err
	}
	return -1, failed
}

// openMount opens the namespace mounted at a path, and nothing else that may be
// there: a device or pipe is not opened but looked at.
func openMount(point string, inode uint64) (int, error) {
	there, err := unix.Open(point, unix.O_PATH|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(there)
	if !isSpace(there, inode) {
		return -1, errOtherNet
	}
	return unix.Open(DefaultProcDir+"/self/fd/"+strconv.Itoa(there), unix.O_RDONLY|unix.O_CLOEXEC, 0)
}

// isSpace reports whether a descriptor is that of the namespace: a file of nsfs (of
// procfs before Linux 3.19) with its inode.
func isSpace(fd int, inode uint64) bool {
	var fs unix.Statfs_t
	var st unix.Stat_t
	if unix.Fstatfs(fd, &fs) != nil || int64(fs.Type) != unix.NSFS_MAGIC && int64(fs.Type) != unix.PROC_SUPER_MAGIC {
		return false
	}
	return unix.Fstat(fd, &st) == nil && st.Ino == inode
}

// readByProcess reads the tables of a namespace from the files of a process that is
// in it before and after. why is what kept the audit from entering it.
func (c *collector) readByProcess(ctx context.Context, sp *space, why error) *socketTables {
	for _, pid := range sp.pids[:min(len(sp.pids), maxWays)] {
		dir, err := unix.Open(c.proc+"/"+strconv.Itoa(pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		if c.inSpace(dir, sp.inode) {
			t := c.newView(dir, "net/").read(ctx)
			if c.inSpace(dir, sp.inode) {
				unix.Close(dir)
				return t
			}
		}
		unix.Close(dir)
	}
	return unread(why, c.proc)
}

// inSpace reports whether a process is in the namespace.
func (c *collector) inSpace(dir int, inode uint64) bool {
	target, err := c.link(dir, "ns/net")
	return err == nil && parseBracketed(target, "net") == inode
}

// unread is the reading of a namespace that could not be read.
func unread(err error, path string) *socketTables {
	return &socketTables{missing: []Missing{{What: PartTCP, Err: err, Path: path}, {What: PartUDP, Err: err, Path: path}}}
}
