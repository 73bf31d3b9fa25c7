package snapshot

import (
	"context"
	"errors"
	"io/fs"
)

// view is a network namespace while its tables are read.
type view struct {
	c     *collector
	dir   int         // directory descriptor that net is relative to
	net   string      // name of a /proc/PID/net, with a slash at its end
	diag  *diagSocket // nil = files only
	unix  bool        // unix sockets too
	ports bool        // /proc/sys/net tells of this namespace
	names map[uint32]string
	out   socketTables
}

// newView returns the view of the calling thread's own namespace, whose files lie
// below net.
func (c *collector) newView(dir int, net string) *view {
	return &view{c: c, dir: dir, net: net, names: map[uint32]string{}}
}

// ask makes a view that asks over netlink.
func (v *view) ask() *view {
	v.diag = &diagSocket{fd: -1, buf: v.c.buffer(diagBuffer)}
	return v
}

// read reads all tables, until ctx ends.
func (v *view) read(ctx context.Context) *socketTables {
	if v.diag != nil {
		defer v.diag.close()
	}
	if v.ports {
		v.out.ports = v.c.readPorts()
	}
	for _, t := range tables() {
		rows, err := v.readTable(ctx, t)
		v.add(rows)
		switch {
		case ctx.Err() != nil:
			return &v.out
		case errors.Is(err, fs.ErrNotExist) && (t.family == afInet6 || t.rare): // not in this kernel
		case err != nil:
			v.miss(t.part, t.file, err)
		}
	}
	err := v.readSCTP(ctx)
	if ctx.Err() != nil {
		return &v.out
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		v.miss(PartTCP, "sctp/eps", err)
	}
	v.out.done = append(v.out.done, PartTCP, PartUDP)
	if !v.unix {
		return &v.out
	}
	err = v.readUnix(ctx)
	if ctx.Err() != nil {
		return &v.out
	}
	if err != nil {
		v.miss(PartUnix, "unix", err)
	}
	v.out.done = append(v.out.done, PartUnix)
	return &v.out
}

func (v *view) miss(part Part, file string, err error) {
	v.out.missing = append(v.out.missing, Missing{What: part, Path: "net/" + file, Err: err})
}

// add keeps rows with the names of the devices they are bound to.
func (v *view) add(rows []socketRow) {
	for i := range rows {
		index := rows[i].ifindex
		if index == 0 {
			continue
		}
		name, known := v.names[index]
		if !known {
			name = v.diag.deviceName(index)
			v.names[index] = name
		}
		rows[i].device = name
	}
	v.out.rows = append(v.out.rows, rows...)
}

// readTable reads one table, over netlink where that changes nothing, else (or
// when the kernel has no handler after all) from the file.
func (v *view) readTable(ctx context.Context, t table) ([]socketRow, error) {
	if t.rare {
		rows, err := v.readFile(ctx, t)
		if len(rows) == 0 {
			return rows, err
		}
	}
	if v.diag != nil && v.c.diagAllowed(t.module) {
		rows, err := v.readDiag(ctx, t)
		if err == nil || errors.Is(err, errTooMany) {
			v.out.diag = true
			return rows, err
		}
	}
	rows, err := v.readFile(ctx, t)
	if !errors.Is(err, fs.ErrNotExist) {
		v.out.files = true
	}
	return rows, err
}

// readDiag reads one table over netlink.
func (v *view) readDiag(ctx context.Context, t table) (rows []socketRow, err error) {
	var overflow bool
	err = v.diag.dump(ctx, func(seq uint32) []byte {
		rows, overflow = nil, false
		return diagRequest(t, seq)
	}, func(b []byte, seq uint32) (bool, error) {
		v.c.steps.Add(1)
		return parseDiag(b, t, seq, func(row socketRow) {
			if len(rows) < v.c.limit() {
				rows = append(rows, row)
			} else {
				overflow = true
			}
		})
	})
	if err == nil && overflow {
		err = errTooMany
	}
	return rows, err
}

// readFile reads one table of /proc/PID/net.
func (v *view) readFile(ctx context.Context, t table) (rows []socketRow, err error) {
	err = v.c.eachLine(ctx, v.dir, v.net+t.file, func(line []byte) error {
		row, listening, err := parseInetRow(line, t)
		switch {
		case err != nil || !listening:
			return err
		case len(rows) >= v.c.limit():
			return errTooMany
		}
		rows = append(rows, row)
		return nil
	})
	return rows, err
}

// readSCTP reads the SCTP endpoints. The file is there when the kernel's module is.
func (v *view) readSCTP(ctx context.Context) error {
	before := len(v.out.rows)
	err := v.c.eachLine(ctx, v.dir, v.net+"sctp/eps", func(line []byte) error {
		rows, err := parseSCTPRow(line)
		if err == nil && len(v.out.rows)-before+len(rows) > v.c.limit() {
			err = errTooMany
		}
		if err == nil {
			v.out.rows = append(v.out.rows, rows...)
		}
		return err
	})
	v.out.files = v.out.files || len(v.out.rows) > before
	return err
}

// readUnix reads the listening unix sockets.
func (v *view) readUnix(ctx context.Context) error {
	if v.diag != nil && v.c.diagAllowed("unix_diag") {
		rows, err := v.readUnixDiag(ctx)
		if err == nil || errors.Is(err, errTooMany) {
			v.out.unix = rows
			return err
		}
	}
	u := unixTable{limit: v.c.limit()}
	err := v.c.eachLine(ctx, v.dir, v.net+"unix", func(line []byte) error {
		u.line(line)
		return nil
	})
	u.flush()
	v.out.unix = u.rows
	if err == nil && u.full {
		err = errTooMany
	}
	return err
}

func (v *view) readUnixDiag(ctx context.Context) (rows []UnixSocket, err error) {
	var overflow bool
	err = v.diag.dump(ctx, func(seq uint32) []byte {
		rows, overflow = nil, false
		return unixDiagRequest(seq)
	}, func(b []byte, seq uint32) (bool, error) {
		v.c.steps.Add(1)
		return parseUnixDiag(b, seq, func(row UnixSocket) {
			if len(rows) < v.c.limit() {
				rows = append(rows, row)
			} else {
				overflow = true
			}
		})
	})
	if err == nil && overflow {
		err = errTooMany
	}
	return rows, err
}

// limit is how many sockets of one table are kept: the sum over all namespaces is
// bounded too, for any account can make namespaces full of sockets.
func (c *collector) limit() int { return min(c.opts.MaxSockets, max(maxRows-c.rows, 0)) }
