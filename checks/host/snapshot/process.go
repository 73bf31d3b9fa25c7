package snapshot

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// readProcesses reads every process that is not in known, by PID. A process that
// ends meanwhile is left out: that is no error.
func (c *collector) readProcesses(ctx context.Context, known []Process) []Process {
	pids, err := c.listPIDs()
	if err == nil && len(pids) > c.opts.MaxProcesses {
		err = errTooMany
	}
	pids = pids[:min(len(pids), c.opts.MaxProcesses)]
	if err != nil {
		c.miss(PartProcesses, 0, c.proc, err)
		c.hideNetNS(c.proc, err)
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
	fd, err := unix.Open(c.proc, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: c.proc, Err: err}
	}
	defer unix.Close(fd)
	var pids []int
	err = c.eachName(fd, func(name []byte) error {
		if pid, err := atoi(name); err == nil && pid > 0 {
			pids = append(pids, pid)
		}
		return nil
	})
	slices.Sort(pids)
	if err == nil && (len(pids) == 0 || pids[0] != 1) {
		err = errHidden
	}
	return pids, err
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
	if dir, err = unix.Open(c.proc+"/"+strconv.Itoa(pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0); err != nil {
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
func (c *collector) readProcess(pid int, ours Directory, oursKnown bool) (p Process, err error) {
	dir, stat, err := c.enter(pid)
	if err != nil {
		return Process{}, err
	}
	defer func() {
		if err != nil || p.Kernel || p.Zombie || !c.keep(pid, dir) {
			unix.Close(dir)
		}
	}()
	p = Process{
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
	exeGone := err != nil && gone(err)
	note("exe", err)
	p.Exe, p.ExeDeleted = parseExe(string(exe))
	p.Exe = below(c.opts.Root, p.Exe)
	p.NetNS = c.namespace(dir, "net", func(name string, err error) {
		note(name, err)
		if err != nil && !gone(err) {
			c.hideNetNS(c.proc+"/"+strconv.Itoa(pid)+"/"+name, err)
		}
	})
	p.MntNS = c.namespace(dir, "mnt", note)
	p.PIDNS = c.namespace(dir, "pid", note)
	switch root, err := identify(dir, "root"); {
	case err != nil && gone(err) && exeGone && stat.threads <= 1:
		// On its way out (do_exit() of kernel/exit.c): memory, descriptors and root are
		// given back before it is called a zombie. It holds nothing any more.
		p.Zombie = true
		return p, nil
	case err != nil:
		note("root", err)
	case !oursKnown:
	case root == ours:
		p.SameRoot = Yes
	default:
		p.SameRoot, p.Root = No, root
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
	fd, err := unix.Openat(dir, "task", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	defer unix.Close(fd)
	thread := ""
	err = c.eachName(fd, func(name []byte) error {
		if thread == "" && string(name) != strconv.Itoa(pid) {
			thread = string(name)
		}
		return nil
	})
	switch {
	case err != nil:
		return -1, err
	case thread == "":
		return -1, fs.ErrNotExist
	}
	return unix.Openat(fd, thread, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
}

// readArgs reads the command lines of the processes found, root's first and those of
// people last: whose process keeps the reader waiting loses no other's. A PID that
// belongs to another process by now keeps its ArgsCut mark.
func (c *collector) readArgs(ctx context.Context) {
	const firstPerson = 1000 // UID_MIN of login.defs(5)
	left := maxArgsAll
	for _, class := range []func(uid uint32) bool{
		func(uid uint32) bool { return uid == 0 },
		func(uid uint32) bool { return uid > 0 && uid < firstPerson },
		func(uid uint32) bool { return uid >= firstPerson },
	} {
		for i := range c.processes {
			p := c.processes[i] // only this goroutine writes the list
			if p.Kernel || p.Zombie || !class(p.EUID) {
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
}

// readCmdline reads the command line of a process seen before.
func (c *collector) readCmdline(p Process, limit int) (b []byte, more bool, err error) {
	dir, done, err := c.again(p.PID, p.Start)
	if err != nil {
		return nil, false, err
	}
	defer done()
	return c.readAt(dir, "cmdline", limit)
}
