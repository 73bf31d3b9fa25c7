package snapshot

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
)

// findOwners finds the processes that hold the listening sockets of all network
// namespaces: a socket's owner may live in another one than the socket. The tables
// and the descriptors are read one after the other, so when a socket has no owner
// its tables are read once more: what went is dropped, what came is looked up too.
//
// Every owner is wanted, not the first one only: a socket that systemd opened is
// held by process 1 and by the server that answers on it, and a second program that
// was handed a descriptor answers as well. So the walk does not stop when every
// socket has an owner; it is linear in the descriptors of the host.
func (c *collector) findOwners(ctx context.Context, own *socketTables, spaces []*space, processes []Process) {
	all := make([]*socketTables, 0, len(spaces)+1)
	all = append(all, own)
	for _, sp := range spaces {
		all = append(all, sp.tables)
	}
	w := newWalk(inodesOf(all))
	complete := w.run(ctx, c, processes)
	if w.unowned() > 0 && complete {
		c.readAgain(ctx, w, all, spaces)
		if ctx.Err() == nil && w.want(inodesOf(all)) {
			// The owner of a socket that just came may have just come too.
			came := c.readProcesses(ctx, processes)
			processes = append(slices.Clip(processes), came...)
			slices.SortFunc(processes, func(a, b Process) int { return cmp.Compare(a.PID, b.PID) })
			w.thorough = true
			complete = w.run(ctx, c, processes)
		}
	}
	c.mu.Lock()
	c.tables = all[0]
	for i := range c.spaces {
		c.spaces[i].tables = all[i+1]
	}
	c.processes, c.owners = processes, w.owners()
	c.mu.Unlock()
	if complete {
		c.end(PartProcesses, PartOwners)
	}
}

// readAgain replaces the readings that have sockets without owner.
func (c *collector) readAgain(ctx context.Context, w *walk, all []*socketTables, spaces []*space) {
	lacks := func(t *socketTables) bool {
		return t != nil && slices.ContainsFunc(t.inodes(), func(inode uint64) bool { return inode != 0 && !w.owned(inode) })
	}
	if lacks(all[0]) {
		if second := c.readTables(ctx); ctx.Err() == nil {
			all[0] = all[0].merge(second, w.owned)
		}
	}
	var again []*space
	var slots []int
	for i, sp := range spaces {
		if lacks(all[i+1]) {
			again, slots = append(again, sp), append(slots, i+1)
		}
	}
	// What fails here leaves the first reading as it is.
	_ = c.readSpaces(ctx, again, func(i int, second *socketTables) {
		if ctx.Err() == nil {
			all[slots[i]] = all[slots[i]].merge(second, w.owned)
		}
	})
}

// inodesOf lists the sockets of several readings, which may be nil.
func inodesOf(all []*socketTables) (list []uint64) {
	for _, t := range all {
		if t != nil {
			list = append(list, t.inodes()...)
		}
	}
	return list
}

// walk looks for a set of sockets among the descriptors of processes.
type walk struct {
	index    map[uint64]int // inode -> slot
	pids     [][]int        // by slot
	pairs    int
	denied   map[int]bool
	thorough bool     // list the descriptors, never count through them
	numbers  []string // decimal, of the first descriptors
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
	slices.SortFunc(byAge, compareAge)
	for slot := range w.pids {
		w.pids[slot] = nil
	}
	w.pairs = 0
	for _, p := range byAge {
		if ctx.Err() != nil {
			return false
		}
		if err := w.process(c, p.PID, p.Start); err != nil && !gone(err) && !errors.Is(err, errReplaced) && !w.denied[p.PID] {
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

// compareAge puts the eldest first.
func compareAge(a, b *Process) int {
	return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.PID, b.PID))
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
