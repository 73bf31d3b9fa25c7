package snapshot

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// readProcesses reads every process that is not in known, by PID. A process that
// ends meanwhile is left out: that is no error.
func (c *collector) readProcesses(ctx context.Context, known []Process) []Process {
	pids, err := c.listPIDs()
	if err != nil {
		c.miss(PartProcesses, 0, c.proc, err)
	}
	if len(pids) > c.opts.MaxProcesses {
		pids = pids[:c.opts.MaxProcesses]
		c.miss(PartProcesses, 0, c.proc, errTooMany)
	}
	ours, rootErr := identify(unix.AT_FDCWD, c.path("root"))
	list := make([]Process, 0, len(pids))
	for _, pid := range pids {
		if ctx.Err() != nil {
			return list
		}
		if _, found := slices.BinarySearchFunc(known, pid, func(p Process, pid int) int { return cmp.Compare(p.PID, pid) }); found {
			continue
		}
		p, err := c.readProcess(pid, ours, rootErr == nil)
		switch {
		case err == nil:
			list = append(list, p)
		case !gone(err):
			c.miss(PartProcesses, pid, c.proc+"/"+strconv.Itoa(pid), err)
		}
	}
	return list
}

// storeProcesses keeps the list.
func (c *collector) storeProcesses(list []Process) {
	c.mu.Lock()
	c.processes = list
	c.mu.Unlock()
}

// listPIDs lists the process directories in order. Process 1 exists in every
// namespace; when it is not there, procfs hides what is not the auditor's.
func (c *collector) listPIDs() ([]int, error) {
	dir, err := os.Open(c.proc)
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	names, err := dir.Readdirnames(-1)
	pids := make([]int, 0, len(names))
	for _, name := range names {
		if pid, err := atoi([]byte(name)); err == nil && pid > 0 {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	if err == nil && (len(pids) == 0 || pids[0] != 1) {
		err = errHidden
	}
	return pids, err
}

// openProcess opens the directory of a process. It stays that of this process
// even if the PID is used again.
func (c *collector) openProcess(pid int) (int, error) {
	return unix.Open(c.proc+"/"+strconv.Itoa(pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}

// readStat reads the stat file of an open process directory.
func (c *collector) readStat(dir int) (statFields, error) {
	b, _, err := c.readAt(dir, "stat", maxArgs)
	if err != nil {
		return statFields{}, err
	}
	return parseStat(b)
}

// enter opens the directory that shows what a process has: its own, or when its
// first thread has ended and others go on, that of another thread.
func (c *collector) enter(pid int) (dir int, stat statFields, err error) {
	if dir, err = c.openProcess(pid); err != nil {
		return -1, statFields{}, err
	}
	if stat, err = c.readStat(dir); err != nil {
		unix.Close(dir)
		return -1, statFields{}, err
	}
	if stat.ended() && stat.threads > 1 {
		if thread, err := c.liveThread(dir, pid); err == nil {
			unix.Close(dir)
			return thread, stat, nil
		}
	}
	return dir, stat, nil
}

// readProcess reads one process without its command line.
func (c *collector) readProcess(pid int, ours directory, oursKnown bool) (Process, error) {
	dir, stat, err := c.enter(pid)
	if err != nil {
		return Process{}, err
	}
	defer unix.Close(dir)
	p := Process{
		PID: pid, PPID: stat.ppid, Start: stat.start, Comm: stat.comm, ArgsCut: !stat.kernel,
		Kernel: stat.kernel, Zombie: stat.ended() && stat.threads <= 1,
	}
	if p.Kernel || p.Zombie {
		return p, nil
	}
	var failed error
	var failedName string
	note := func(name string, err error) {
		if err != nil && !gone(err) && failed == nil {
			failed, failedName = err, name
		}
	}
	b, _, err := c.readAt(dir, "status", maxArgs)
	if err == nil {
		p.UID, p.EUID, err = parseStatusUIDs(b)
	}
	if err != nil {
		return Process{}, err
	}
	if b, _, err = c.readAt(dir, "cgroup", maxArgs); err == nil {
		p.Cgroup = parseCgroup(b)
	}
	exe, err := c.link(dir, "exe")
	note("exe", err)
	p.Exe, p.ExeDeleted = parseExe(string(exe))
	p.Exe = below(c.opts.Root, p.Exe)
	p.NetNS = c.namespace(dir, "net", note)
	p.MntNS = c.namespace(dir, "mnt", note)
	p.PIDNS = c.namespace(dir, "pid", note)
	switch root, err := identify(dir, "root"); {
	case err != nil:
		note("root", err)
	case !oursKnown:
	case root == ours:
		p.SameRoot = Yes
	default:
		p.SameRoot = No
	}
	if failed != nil {
		c.miss(PartDetails, pid, c.proc+"/"+strconv.Itoa(pid)+"/"+failedName, failed)
	}
	return p, nil
}

// namespace reads one of the links in /proc/PID/ns, namespaces(7).
func (c *collector) namespace(dir int, name string, note func(string, error)) uint64 {
	target, err := c.link(dir, "ns/"+name)
	note("ns/"+name, err)
	return parseBracketed(target, name)
}

// liveThread opens the directory of a thread other than the first.
func (c *collector) liveThread(dir, pid int) (int, error) {
	names, err := readNames(dir, "task")
	if err != nil {
		return -1, err
	}
	for _, name := range names {
		if name != strconv.Itoa(pid) {
			return unix.Openat(dir, "task/"+name, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		}
	}
	return -1, fs.ErrNotExist
}

// readNames lists a directory below an open one.
func readNames(dir int, name string) ([]string, error) {
	fd, err := unix.Openat(dir, name, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), name)
	defer f.Close()
	return f.Readdirnames(-1)
}

// readArgs reads the command lines of the processes found. A PID that belongs to
// another process by now keeps its ArgsCut mark.
func (c *collector) readArgs(ctx context.Context) {
	left := maxArgsAll
	for i := range c.processes {
		p := c.processes[i] // only this goroutine writes the list
		if p.Kernel || p.Zombie {
			continue
		}
		if ctx.Err() != nil || left <= 0 {
			return
		}
		b, more, err := c.readCmdline(p, min(maxArgs, left))
		if err != nil {
			if !gone(err) && !errors.Is(err, errReplaced) {
				c.miss(PartDetails, p.PID, c.proc+"/"+strconv.Itoa(p.PID)+"/cmdline", err)
			}
			continue
		}
		left -= len(b)
		args := splitArgs(b)
		c.mu.Lock()
		c.processes[i].Args, c.processes[i].ArgsCut = args, more
		c.mu.Unlock()
	}
}

// errReplaced: the PID was given to another process.
var errReplaced = errors.New("another process has this PID by now")

// readCmdline reads the command line of a process seen before.
func (c *collector) readCmdline(p Process, limit int) (b []byte, more bool, err error) {
	dir, stat, err := c.enter(p.PID)
	if err != nil {
		return nil, false, err
	}
	defer unix.Close(dir)
	if stat.start != p.Start {
		return nil, false, errReplaced
	}
	return c.readAt(dir, "cmdline", limit)
}
