package listeners

import (
	"encoding/binary"
	"io"
)

// askX11 asks for a connection without a cookie, and for the list of those who need
// none (X Window System Protocol, chapter 8 and ListHosts). Both requests go out at
// once; the second is dropped when the first is refused.
func askX11(c *conversation) answer {
	setup := []byte{'l', 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	listHosts := []byte{110, 0, 1, 0}
	if _, err := c.Write(append(setup, listHosts...)); err != nil {
		return unclearAnswer("it takes no question")
	}
	return readX11(c)
}

// readX11 judges both replies. A server without a file of cookies lets clients of
// its own host in, and we are one: who else needs no cookie is what counts.
func readX11(r io.Reader) answer {
	var head [8]byte
	if n, err := io.ReadFull(r, head[:]); err != nil {
		if n == 0 {
			return unclearAnswer("it does not answer")
		}
		return unclearAnswer("its answer stops in the middle")
	}
	if major := binary.LittleEndian.Uint16(head[2:]); major != 11 {
		return answer{verdict: other, detail: "its answer is not that of an X server"}
	}
	switch head[0] {
	case 0, 2:
		return answer{verdict: closed, detail: "the X server asks for a cookie"}
	case 1:
	default:
		return answer{verdict: other, detail: "its answer is not that of an X server"}
	}
	length := int64(binary.LittleEndian.Uint16(head[6:])) * 4
	if length > maxSetup {
		return unclearAnswer("its answer is too long")
	}
	if _, err := io.CopyN(io.Discard, r, length); err != nil {
		return unclearAnswer("its answer stops in the middle")
	}
	var reply [32]byte
	if _, err := io.ReadFull(r, reply[:]); err != nil || reply[0] != 1 {
		return unclearAnswer("the X server lets this host in, and does not tell whom else")
	}
	if reply[1] == 0 {
		return answer{verdict: open, detail: "the X server opens its display to everybody: access control is off"}
	}
	return answer{verdict: closed, detail: "the X server asks for a cookie but of this host"}
}
