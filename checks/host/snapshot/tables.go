package snapshot

import (
	"cmp"
	"context"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// socketTables is one reading of every socket table of a network namespace. It is
// not changed once it was stored.
type socketTables struct {
	rows        []socketRow
	unix        []UnixSocket
	ports       PortRange
	diag, files bool
	done        []Part    // parts that were read to their end, or whose failure is in missing
	missing     []Missing // of PartTCP, PartUDP and PartUnix
}

// source says how the sockets were read.
func (t *socketTables) source() string {
	switch {
	case t.diag && t.files:
		return "sock_diag+proc"
	case t.diag:
		return "sock_diag"
	case t.files:
		return "proc"
	}
	return ""
}

// path is a file below the process looked at.
func (c *collector) path(name string) string { return c.proc + "/" + c.self + "/" + name }

// live reports whether the kernel may be asked for more than the files of procfs
// tell: it answers for the auditor's own host.
func (c *collector) live() bool { return !c.filesOnly && c.proc == DefaultProcDir }

// readTables reads the tables of the network namespace looked at.
func (c *collector) readTables(ctx context.Context) *socketTables {
	v := c.newView(unix.AT_FDCWD, c.path("net/"))
	v.unix, v.ports = true, c.ownPorts(c.netNS)
	if c.live() {
		v.ask()
	}
	return v.read(ctx)
}

// store keeps a reading of the namespace looked at.
func (c *collector) store(t *socketTables) {
	for _, m := range t.missing {
		c.miss(m.What, 0, m.Path, m.Err)
	}
	c.rows += len(t.rows) + len(t.unix)
	c.mu.Lock()
	c.tables = t
	c.mu.Unlock()
	c.end(t.done...)
}

// inodes lists the sockets whose owners are wanted.
func (t *socketTables) inodes() []uint64 {
	list := make([]uint64, 0, len(t.rows)+len(t.unix))
	for _, row := range t.rows {
		list = append(list, row.inode)
	}
	for _, u := range t.unix {
		list = append(list, u.Inode)
	}
	return list
}

// merge returns the reading with a second one taken in: a socket without owner that
// is not there any more has gone, one that was not there before has come. A second
// reading with gaps tells neither.
func (t *socketTables) merge(second *socketTables, owned func(inode uint64) bool) *socketTables {
	if len(second.missing) > 0 || len(second.done) < len(t.done) {
		return t
	}
	before, after := map[uint64]bool{}, map[uint64]bool{}
	for _, inode := range t.inodes() {
		before[inode] = true
	}
	for _, inode := range second.inodes() {
		after[inode] = true
	}
	merged := &socketTables{
		ports: t.ports, done: t.done, missing: t.missing,
		diag: t.diag || second.diag, files: t.files || second.files,
	}
	for _, row := range t.rows {
		if owned(row.inode) || after[row.inode] {
			merged.rows = append(merged.rows, row)
		}
	}
	for _, u := range t.unix {
		if owned(u.Inode) || after[u.Inode] {
			merged.unix = append(merged.unix, u)
		}
	}
	for _, row := range second.rows {
		if !before[row.inode] {
			merged.rows = append(merged.rows, row)
		}
	}
	for _, u := range second.unix {
		if !before[u.Inode] {
			merged.unix = append(merged.unix, u)
		}
	}
	return merged
}

// listeners are those of one reading with their owners, the eldest first: of several
// sockets the kernel's numbers do not tell which was made first.
func (c *collector) listeners(t *socketTables, hidden bool) []Listener {
	list := listeners(t.rows, c.owners, c.cgroups, hidden)
	find := func(pid int) *Process {
		i, found := slices.BinarySearchFunc(c.processes, pid, func(p Process, pid int) int { return cmp.Compare(p.PID, pid) })
		if !found {
			return &Process{PID: pid}
		}
		return &c.processes[i]
	}
	for _, l := range list {
		if len(l.Inodes) > 1 {
			slices.SortFunc(l.PIDs, func(a, b int) int { return compareAge(find(a), find(b)) })
		}
	}
	return list
}

// listeners merges the sockets that share proto, address, port and device, and sorts.
func listeners(rows []socketRow, owners map[uint64][]int, cgroups map[uint64]string, hidden bool) []Listener {
	type key struct {
		proto  string
		addr   netip.Addr
		port   uint16
		device string
	}
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b socketRow) int {
		return cmp.Or(cmp.Compare(a.proto, b.proto), a.addr.Compare(b.addr), cmp.Compare(a.port, b.port),
			cmp.Compare(a.device, b.device), cmp.Compare(a.inode, b.inode))
	})
	list := make([]Listener, 0, len(rows))
	var last key
	for i, row := range rows {
		k := key{row.proto, row.addr, row.port, row.device}
		if i == 0 || k != last {
			list = append(list, Listener{
				Proto: row.proto, Addr: row.addr, Port: row.port, V6Only: row.v6only, Interface: row.device,
				Cgroup: cgroups[row.cgroup], UID: row.uid,
			})
		}
		last = k
		l := &list[len(list)-1]
		l.V6Only = wider(l.V6Only, row.v6only)
		if l.Cgroup != cgroups[row.cgroup] {
			l.Cgroup = ""
		}
		l.Inodes = append(l.Inodes, row.inode)
		for _, pid := range owners[row.inode] {
			if !slices.Contains(l.PIDs, pid) {
				l.PIDs = append(l.PIDs, pid)
			}
		}
	}
	for i := range list {
		list[i].OwnerHidden = hidden && len(list[i].PIDs) == 0
	}
	return list
}

// wider is V6Only of two sockets seen as one: dual stack if either is, and else
// known only if both are.
func wider(a, b Tri) Tri {
	switch {
	case a == No || b == No:
		return No
	case a == Unknown || b == Unknown:
		return Unknown
	}
	return Yes
}

// unixSockets adds the owners and sorts.
func unixSockets(rows []UnixSocket, owners map[uint64][]int) []UnixSocket {
	list := slices.Clone(rows)
	for i := range list {
		list[i].PIDs = slices.Clone(owners[list[i].Inode])
	}
	slices.SortFunc(list, func(a, b UnixSocket) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Inode, b.Inode))
	})
	return list
}

func compareMissing(a, b Missing) int {
	return cmp.Or(cmp.Compare(a.What, b.What), cmp.Compare(a.PID, b.PID), cmp.Compare(a.Path, b.Path))
}
