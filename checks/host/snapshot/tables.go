package snapshot

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"slices"

	"golang.org/x/sys/unix"
)

// socketTables is one reading of every socket table.
type socketTables struct {
	rows        []socketRow
	unix        []UnixSocket
	diag, files bool
	done        []Part // parts that were read to their end, or whose failure is recorded
}

// readTables reads the tables of the network namespace looked at.
func (c *collector) readTables(ctx context.Context) *socketTables {
	tables := &socketTables{}
	failed := map[Part]bool{}
	for _, t := range tables4(c) {
		rows, err := c.readTable(ctx, t, tables)
		tables.rows = append(tables.rows, rows...)
		switch {
		case ctx.Err() != nil:
			return tables
		case errors.Is(err, fs.ErrNotExist) && t.family == afInet6: // no IPv6 in this kernel
		case err != nil:
			failed[t.part] = true
			c.miss(t.part, 0, "net/"+t.file, err)
		}
	}
	tables.done = append(tables.done, PartTCP, PartUDP)
	err := c.readUnix(ctx, tables)
	if ctx.Err() != nil {
		return tables
	}
	if err != nil {
		c.miss(PartUnix, 0, "net/unix", err)
	}
	tables.done = append(tables.done, PartUnix)
	return tables
}

// tables4 is the list of tables with the road to each decided.
func tables4(c *collector) []table {
	list := tables()
	available := map[string]bool{}
	for i, t := range list {
		known, asked := available[t.module]
		if !asked {
			known = c.diagAvailable(t.module)
			available[t.module] = known
		}
		list[i].diag = known
	}
	return list
}

// readTable reads one table, over netlink where that changes nothing, else (or
// when the kernel has no handler after all) from /proc/net.
func (c *collector) readTable(ctx context.Context, t table, into *socketTables) ([]socketRow, error) {
	if t.diag {
		rows, err := c.readDiag(ctx, t)
		if err == nil || errors.Is(err, errTooMany) {
			into.diag = true
			return rows, err
		}
	}
	var rows []socketRow
	err := c.eachLine(ctx, c.path("net/"+t.file), func(line []byte) error {
		row, listening, err := parseInetRow(line, t)
		switch {
		case err != nil || !listening:
			return err
		case len(rows) == c.opts.MaxSockets:
			return errTooMany
		}
		rows = append(rows, row)
		return nil
	})
	if !errors.Is(err, fs.ErrNotExist) {
		into.files = true
	}
	return rows, err
}

// readUnix reads the listening unix sockets.
func (c *collector) readUnix(ctx context.Context, into *socketTables) error {
	u := unixTable{limit: c.opts.MaxSockets}
	err := c.eachLine(ctx, c.path("net/unix"), func(line []byte) error {
		u.line(line)
		return nil
	})
	u.flush()
	into.unix = u.rows
	if err == nil && u.full {
		err = errTooMany
	}
	return err
}

// path is a file below the process looked at.
func (c *collector) path(name string) string { return c.proc + "/" + c.self + "/" + name }

// store keeps a reading.
func (c *collector) store(t *socketTables) {
	var netNS uint64
	if target, err := c.link(unix.AT_FDCWD, c.path("ns/net")); err == nil {
		netNS = parseBracketed(target, "net")
	}
	c.mu.Lock()
	c.rows, c.unix, c.netNS = t.rows, t.unix, netNS
	c.diag, c.files = c.diag || t.diag, c.files || t.files
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

// merge takes a second reading in: a socket without owner that is not there any
// more has gone, one that was not there before has come.
func (t *socketTables) merge(second *socketTables, owned func(inode uint64) bool) {
	before, after := map[uint64]bool{}, map[uint64]bool{}
	for _, inode := range t.inodes() {
		before[inode] = true
	}
	for _, inode := range second.inodes() {
		after[inode] = true
	}
	t.rows = slices.DeleteFunc(t.rows, func(r socketRow) bool { return !owned(r.inode) && !after[r.inode] })
	t.unix = slices.DeleteFunc(t.unix, func(u UnixSocket) bool { return !owned(u.Inode) && !after[u.Inode] })
	for _, row := range second.rows {
		if !before[row.inode] {
			t.rows = append(t.rows, row)
		}
	}
	for _, u := range second.unix {
		if !before[u.Inode] {
			t.unix = append(t.unix, u)
		}
	}
	t.diag, t.files = t.diag || second.diag, t.files || second.files
}

// listeners merges the sockets that share proto, address and port, and sorts.
func listeners(rows []socketRow, owners map[uint64][]int, hidden bool) []Listener {
	type key struct {
		proto string
		addr  netip.Addr
		port  uint16
	}
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b socketRow) int {
		return cmp.Or(cmp.Compare(a.proto, b.proto), a.addr.Compare(b.addr), cmp.Compare(a.port, b.port), cmp.Compare(a.inode, b.inode))
	})
	list := make([]Listener, 0, len(rows))
	var last key
	for i, row := range rows {
		k := key{row.proto, row.addr, row.port}
		if i == 0 || k != last {
			list = append(list, Listener{Proto: row.proto, Addr: row.addr, Port: row.port, V6Only: row.v6only, UID: row.uid})
		}
		last = k
		l := &list[len(list)-1]
		l.V6Only = wider(l.V6Only, row.v6only)
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
