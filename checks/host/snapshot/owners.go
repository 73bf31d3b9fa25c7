package snapshot

import (
	"cmp"
	"context"
	"errors"
	"io"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// findOwners finds the processes that hold the listening sockets. The tables and
// the descriptors are read one after the other, so when a socket has no owner the
// tables are read once more: what went is dropped, what came is looked up too.
//
// Every owner is wanted, not the first one only: a socket that systemd opened is
// held by process 1 and by the server that answers on it. The walk is linear in
// the descriptors of the host, about a microsecond each.
func (c *collector) findOwners(ctx context.Context, tables *socketTables, processes []Process) {
	w := newWalk(tables.inodes())
	complete := w.run(ctx, c, processes)
	if w.unowned() > 0 && complete {
		second := c.readTables(ctx)
		if ctx.Err() == nil {
			tables.merge(second, w.owned)
			if w.want(tables.inodes()) {
				// The owner of a socket that just came may have just come too.
				came := c.readProcesses(ctx, processes)
				processes = append(slices.Clip(processes), came...)
				slices.SortFunc(processes, func(a, b Process) int { return cmp.Compare(a.PID, b.PID) })
				complete = w.run(ctx, c, processes)
			}
		}
	}
	c.mu.Lock()
	c.rows, c.unix = tables.rows, tables.unix
	c.diag, c.files = tables.diag, tables.files
	c.processes, c.owners = processes, w.owners()
	c.mu.Unlock()
	if complete {
		c.end(PartProcesses, PartOwners)
	}
}

// walk looks for a set of sockets among the descriptors of processes.
type walk struct {
	index  map[uint64]int // inode -> slot
	pids   [][]int        // by slot
	pairs  int
	denied map[int]bool
}

func newWalk(inodes []uint64) *walk {
	w := &walk{index: make(map[uint64]int, len(inodes)), denied: map[int]bool{}}
	w.want(inodes)
	return w
}

// want adds sockets and reports whether there was a new one. Inode 0 is that of a
// socket no descriptor leads to.
func (w *walk) want(inodes []uint64) (added bool) {
	for _, inode := range inodes {
		if _, known := w.index[inode]; !known && inode != 0 {
			w.index[inode] = len(w.pids)
			w.pids = append(w.pids, nil)
			added = true
		}
	}
	return added
}

func (w *walk) owned(inode uint64) bool {
	slot, known := w.index[inode]
	return known && len(w.pids[slot]) > 0
}

func (w *walk) unowned() (n int) {
	for _, pids := range w.pids {
		if len(pids) == 0 {
			n++
		}
	}
	return n
}

// owners returns what was found.
func (w *walk) owners() map[uint64][]int {
	m := make(map[uint64][]int, len(w.index))
	for inode, slot := range w.index {
		if len(w.pids[slot]) > 0 {
			m[inode] = w.pids[slot]
		}
	}
	return m
}

// run walks the processes, the eldest first, so that the one that opened a socket
// leads its forks. It reports whether it came to the end.
func (w *walk) run(ctx context.Context, c *collector, processes []Process) (complete bool) {
	if len(w.index) == 0 {
		return ctx.Err() == nil
	}
	byAge := make([]*Process, 0, len(processes))
	for i := range processes {
		if p := &processes[i]; !p.Kernel && !p.Zombie {
			byAge = append(byAge, p)
		}
	}
	slices.SortFunc(byAge, func(a, b *Process) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.PID, b.PID))
	})
	for slot := range w.pids {
		w.pids[slot] = nil
	}
	w.pairs = 0
	for _, p := range byAge {
		if ctx.Err() != nil {
			return false
		}
		if err := w.process(c, p.PID); err != nil && !gone(err) && !w.denied[p.PID] {
			w.denied[p.PID] = true
			c.miss(PartOwners, p.PID, c.proc+"/"+strconv.Itoa(p.PID)+"/fd", err)
		}
		if w.pairs >= maxOwnerIDs {
			c.miss(PartOwners, 0, c.proc, errTooMany)
			return true
		}
	}
	return true
}

// process looks at the descriptors of one process. When its first thread has
// ended, that one's table is empty and another thread shows the descriptors.
func (w *walk) process(c *collector, pid int) error {
	dir, err := c.openProcess(pid)
	if err != nil {
		return err
	}
	defer unix.Close(dir)
	seen, err := w.descriptors(c, dir, pid)
	if err != nil || seen > 0 {
		return err
	}
	thread, err := c.liveThread(dir, pid)
	if err != nil {
		return err
	}
	defer unix.Close(thread)
	_, err = w.descriptors(c, thread, pid)
	return err
}

// descriptors looks at the fd directory below dir and counts its entries.
func (w *walk) descriptors(c *collector, dir, pid int) (seen int, err error) {
	fd, err := unix.Openat(dir, "fd", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	f := os.NewFile(uintptr(fd), "fd")
	defer f.Close()
	for {
		names, err := f.Readdirnames(1024)
		for _, name := range names {
			target, err := c.link(fd, name)
			switch {
			case err == nil:
				w.see(pid, parseBracketed(target, "socket"))
			case !gone(err):
				// The directory may be listed by root without CAP_SYS_PTRACE (or
				// against a security module) while its links may not be read.
				return seen + 1, err
			}
		}
		seen += len(names)
		switch {
		case errors.Is(err, io.EOF):
			return seen, nil
		case err != nil:
			return seen, err
		}
	}
}

// see notes that pid holds the socket.
func (w *walk) see(pid int, inode uint64) {
	slot, wanted := w.index[inode]
	if !wanted {
		return
	}
	pids := w.pids[slot]
	if len(pids) > 0 && pids[len(pids)-1] == pid {
		return // a duplicated descriptor
	}
	w.pids[slot] = append(pids, pid)
	w.pairs++
}
