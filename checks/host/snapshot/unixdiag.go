package snapshot

import (
	"bytes"
	"encoding/binary"
)

// Numbers of include/uapi/linux/unix_diag.h.
const (
	unixDiagRequestLen = nlHeaderLen + 24 // struct unix_diag_req
	unixDiagMessageLen = 16               // struct unix_diag_msg
	unixDiagShowName   = 0x1              // UDIAG_SHOW_NAME
	unixDiagName       = 0                // UNIX_DIAG_NAME: sun_path as bound
)

// unixDiagRequest is the request for every listening unix socket and its name.
func unixDiagRequest(seq uint32) []byte {
	b := make([]byte, unixDiagRequestLen)
	binary.NativeEndian.PutUint32(b[0:], unixDiagRequestLen)
	binary.NativeEndian.PutUint16(b[4:], sockDiagByFamily)
	binary.NativeEndian.PutUint16(b[6:], nlmFlagRequest|nlmFlagDump)
	binary.NativeEndian.PutUint32(b[8:], seq)
	b[16] = afUnix
	binary.NativeEndian.PutUint32(b[20:], 1<<stateListen)
	binary.NativeEndian.PutUint32(b[28:], unixDiagShowName)
	return b
}

// parseUnixDiag reads one datagram of the answer to unixDiagRequest and hands every
// listening stream and seqpacket socket to visit. A name stands in an attribute of
// its own here, so no name can imitate another socket's row.
func parseUnixDiag(b []byte, seq uint32, visit func(UnixSocket)) (done bool, err error) {
	return eachMessage(b, seq, func(body []byte) error {
		if len(body) < unixDiagMessageLen {
			return errNetlink
		}
		row := unixRow{flags: acceptcon, kind: uint64(body[1]), inode: uint64(binary.NativeEndian.Uint32(body[4:]))}
		err := eachAttribute(body[unixDiagMessageLen:], func(kind uint16, value []byte) {
			if kind == unixDiagName {
				row.path = unixName(value)
			}
		})
		if err == nil && body[0] == afUnix && body[2] == stateListen && row.listening() {
			visit(row.socket())
		}
		return err
	})
}

// unixName writes a bound name as /proc/net/unix does, so that a socket has one name
// whichever way it was read: an abstract one with '@' for each NUL, another without
// the NUL at its end.
func unixName(b []byte) string {
	switch {
	case len(b) == 0 || len(b) > maxUnixName+1:
		return ""
	case b[0] == 0:
		return string(bytes.ReplaceAll(b, []byte{0}, []byte{'@'}))
	}
	b, _, _ = bytes.Cut(b, []byte{0})
	return string(b)
}
