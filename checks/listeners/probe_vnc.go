package listeners

import (
	"encoding/binary"
	"io"
	"slices"
)

// Security types (RFC 6143, 7.2, and the registry of the rfbproto project).
const (
	vncNone     = 1
	vncPassword = 2
	vncVeNCrypt = 19
)

// askVNC reads which security types a server offers, and chooses none that logs in.
func askVNC(c *conversation) answer {
	version := make([]byte, 12)
	if n, err := io.ReadFull(c, version); err != nil {
		if n == 0 {
			return unclearAnswer("it sends no greeting")
		}
		return unclearAnswer("its greeting stops in the middle")
	}
	if string(version[:4]) != "RFB " || version[11] != '\n' {
		return answer{verdict: other, detail: "its greeting is not that of a VNC server"}
	}
	reply := "RFB 003.008\n"
	switch {
	case string(version) == "RFB 003.007\n":
		reply = "RFB 003.007\n"
	case string(version) < "RFB 003.007\n":
		reply = "RFB 003.003\n"
	}
	if _, err := io.WriteString(c, reply); err != nil {
		return unclearAnswer("it takes no answer to its greeting")
	}
	types, ok := readVNCTypes(c, reply == "RFB 003.003\n")
	if !ok {
		return unclearAnswer("it does not tell its security types")
	}
	if len(types) > 0 && !slices.Contains(types, vncNone) && !slices.Contains(types, vncPassword) && slices.Contains(types, vncVeNCrypt) {
		if _, err := c.Write([]byte{vncVeNCrypt}); err != nil {
			return unclearAnswer("it does not tell its security types")
		}
		return readVeNCrypt(c)
	}
	return judgeVNC(types)
}

// readVNCTypes reads the list; a server of version 3.3 names one as a number of 32
// bits. None is a refusal.
func readVNCTypes(r io.Reader, old bool) (types []byte, ok bool) {
	if old {
		var n [4]byte
		if _, err := io.ReadFull(r, n[:]); err != nil {
			return nil, false
		}
		t := binary.BigEndian.Uint32(n[:])
		return []byte{byte(min(t, 255))}, t != 0
	}
	var count [1]byte
	if _, err := io.ReadFull(r, count[:]); err != nil || count[0] == 0 {
		return nil, false
	}
	types = make([]byte, count[0])
	_, err := io.ReadFull(r, types)
	return types, err == nil
}

func judgeVNC(types []byte) answer {
	switch {
	case slices.Contains(types, vncNone):
		return vncAnswer("none")
	case slices.Contains(types, vncPassword):
		return vncAnswer("password")
	}
	return vncAnswer("other")
}

// readVeNCrypt reads the kinds of VeNCrypt 0.2, of which some have no password
// inside TLS: TLSNone and X509None.
func readVeNCrypt(c io.ReadWriter) answer {
	refused := unclearAnswer("it does not tell its kinds of VeNCrypt")
	var version [2]byte
	if _, err := io.ReadFull(c, version[:]); err != nil || version != [2]byte{0, 2} {
		return refused
	}
	if _, err := c.Write([]byte{0, 2}); err != nil {
		return refused
	}
	var head [2]byte // accepted, count
	if _, err := io.ReadFull(c, head[:]); err != nil || head[0] != 0 || head[1] == 0 {
		return refused
	}
	kinds := make([]byte, 4*int(head[1]))
	if _, err := io.ReadFull(c, kinds); err != nil {
		return refused
	}
	for kind := range slices.Chunk(kinds, 4) {
		switch binary.BigEndian.Uint32(kind) {
		case 257, 260:
			return vncAnswer("none")
		}
	}
	return vncAnswer("other")
}

// vncAnswer is the answer for a word as it is remembered.
func vncAnswer(kept string) answer {
	switch kept {
	case "none":
		return answer{verdict: open, detail: "the VNC server offers a session without a password"}
	case "password":
		return answer{verdict: weak, detail: "the VNC server takes a VNC password: 8 characters at most, and all else in clear"}
	case "other":
		return answer{verdict: closed, detail: "the VNC server offers neither a session without a password nor one with a VNC password"}
	case "not VNC":
		return answer{verdict: other, detail: "its greeting is not that of a VNC server"}
	}
	return unclearAnswer("it was asked since it started, and did not tell what it offers")
}

func vncWord(a answer) string {
	switch a.verdict {
	case open:
		return "none"
	case weak:
		return "password"
	case closed:
		return "other"
	case other:
		return "not VNC"
	}
	return "not told"
}
