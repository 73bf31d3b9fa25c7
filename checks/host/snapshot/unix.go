package snapshot

import (
	"math"
)

// acceptcon is __SO_ACCEPTCON of include/uapi/linux/net.h: the socket listens.
const acceptcon = 0x10000

// Socket types of include/linux/net.h.
const (
	typeStream    = 1
	typeSeqpacket = 5
)

// unixRow is one row of /proc/net/unix.
type unixRow struct {
	flags uint64
	kind  uint64
	inode uint64
	path  string // as the kernel prints it; '@' for each NUL of an abstract name
	named bool
}

// listening reports whether somebody may connect to the socket.
func (r unixRow) listening() bool {
	return r.flags&acceptcon != 0 && (r.kind == typeStream || r.kind == typeSeqpacket)
}

// socket is the row as the snapshot tells it.
func (r unixRow) socket() UnixSocket {
	kind := "stream"
	if r.kind == typeSeqpacket {
		kind = "seqpacket"
	}
	return UnixSocket{Path: r.path, Inode: r.inode, Type: kind}
}

// parseUnixRow reads one line of /proc/net/unix (unix_seq_show in
// net/unix/af_unix.c): "pointer: refs protocol flags type state inode[ path]".
// ok is false when the line does not begin that way: the heading, or the
// continuation of a name that holds a newline.
func parseUnixRow(line []byte) (row unixRow, ok bool) {
	pointer, rest := field(line)
	if len(pointer) < 9 || pointer[len(pointer)-1] != ':' {
		return unixRow{}, false
	}
	if _, err := hexadecimal(pointer[:len(pointer)-1]); err != nil {
		return unixRow{}, false
	}
	refs, rest := field(rest)
	protocol, rest := field(rest)
	flags, rest := field(rest)
	kind, rest := field(rest)
	state, rest := field(rest)
	// The widths are those of the kernel's format; a name that continues on the
	// next line is less likely to look like this by accident.
	if len(refs) != 8 || len(protocol) != 8 || len(flags) != 8 || len(kind) != 4 || len(state) != 2 {
		return unixRow{}, false
	}
	for len(rest) > 0 && rest[0] == ' ' { // "%5lu" pads the inode
		rest = rest[1:]
	}
	inode, path := field(rest)
	var err1, err2, err3 error
	row.flags, err1 = hexadecimal(flags)
	row.kind, err2 = hexadecimal(kind)
	row.inode, err3 = decimal(inode, math.MaxUint64)
	if err1 != nil || err2 != nil || err3 != nil {
		return unixRow{}, false
	}
	row.path = string(path)
	row.named = len(rest) > len(inode)
	return row, true
}

// field returns what stands before the first blank, and what follows that one
// blank; unlike cutBlank it keeps the blanks a path begins with.
func field(b []byte) (word, rest []byte) {
	for i, c := range b {
		if c == ' ' {
			return b[:i], b[i+1:]
		}
	}
	return b, nil
}

// unixTable joins the lines of /proc/net/unix to rows. A socket's name is chosen
// by whoever binds it and may hold newlines, which the kernel prints as they are.
// Such a name can also imitate a whole row; what tells a forged row is that its
// inode has no owner, or one that is not the expected one.
type unixTable struct {
	rows    []UnixSocket
	current unixRow
	open    bool
	limit   int
	full    bool
}

// maxUnixName is the length of sun_path, unix(7): a longer "name" is not one.
const maxUnixName = 108

// line takes the next line of the file.
func (u *unixTable) line(line []byte) {
	row, ok := parseUnixRow(line)
	if !ok {
		if len(u.current.path)+1+len(line) > maxUnixName {
			u.current.named = false // nothing that follows can belong to it either
		}
		if u.open && u.current.named {
			u.current.path += "\n" + string(line)
		}
		return
	}
	u.flush()
	u.current, u.open = row, true
}

// flush ends the row that is being read.
func (u *unixTable) flush() {
	if u.open && u.current.listening() {
		if len(u.rows) < u.limit {
			u.rows = append(u.rows, u.current.socket())
		} else {
			u.full = true
		}
	}
	u.open = false
}
