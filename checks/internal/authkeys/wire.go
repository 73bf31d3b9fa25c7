package authkeys

import (
	"encoding/binary"
	"math/bits"
	"strings"
)

// decodeBase64 is b64_pton(3): white space may stand anywhere, padding must be there and
// the bits it leaves over must be zero.
func decodeBase64(s string) ([]byte, bool) {
	out := make([]byte, 0, len(s)/4*3+3)
	var group uint32
	n := 0 // characters of the group
	for i := 0; i < len(s); i++ {
		c := s[i]
		if isSpace(c) {
			continue
		}
		if c == '=' {
			return finishBase64(out, group, n, s[i+1:])
		}
		value, ok := base64Value(c)
		if !ok {
			return nil, false
		}
		group = group<<6 | value
		if n++; n == 4 {
			out = append(out, byte(group>>16), byte(group>>8), byte(group))
			group, n = 0, 0
		}
	}
	return out, n == 0
}

// finishBase64 takes what follows the first padding character.
func finishBase64(out []byte, group uint32, n int, rest string) ([]byte, bool) {
	rest = strings.TrimLeft(rest, "\t\n\v\f\r ")
	switch n {
	case 2:
		if rest == "" || rest[0] != '=' || group&0xf != 0 {
			return nil, false
		}
		rest = strings.TrimLeft(rest[1:], "\t\n\v\f\r ")
		out = append(out, byte(group>>4))
	case 3:
		if group&0x3 != 0 {
			return nil, false
		}
		out = append(out, byte(group>>10), byte(group>>2))
	default:
		return nil, false
	}
	return out, rest == ""
}

func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func base64Value(c byte) (uint32, bool) {
	switch {
	case c >= 'A' && c <= 'Z':
		return uint32(c - 'A'), true
	case c >= 'a' && c <= 'z':
		return uint32(c-'a') + 26, true
	case c >= '0' && c <= '9':
		return uint32(c-'0') + 52, true
	case c == '+':
		return 62, true
	case c == '/':
		return 63, true
	}
	return 0, false
}

// reader takes strings with a length in front off a blob (RFC 4251 section 5).
type reader struct{ b []byte }

func (r *reader) bytes() ([]byte, bool) {
	if len(r.b) < 4 {
		return nil, false
	}
	n := binary.BigEndian.Uint32(r.b)
	if uint64(n) > uint64(len(r.b)-4) {
		return nil, false
	}
	s := r.b[4 : 4+n]
	r.b = r.b[4+n:]
	return s, true
}

// cstring is sshbuf_get_cstring: one NUL may stand, at the end, and does not count.
func (r *reader) cstring() (string, bool) {
	b, ok := r.bytes()
	if ok && len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	s := string(b)
	return s, ok && !strings.ContainsRune(s, 0)
}

// mpint is sshbuf_get_bignum2: not negative, at most 16384 bits, zeros in front dropped.
func (r *reader) mpint() ([]byte, bool) {
	const most = 16384 / 8
	b, ok := r.bytes()
	if !ok || len(b) > 0 && b[0]&0x80 != 0 || len(b) > most+1 || len(b) == most+1 && b[0] != 0 {
		return nil, false
	}
	for len(b) > 0 && b[0] == 0 {
		b = b[1:]
	}
	return b, true
}

func appendString(b, s []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}

func appendMPInt(b, n []byte) []byte {
	if len(n) > 0 && n[0]&0x80 != 0 {
		b = binary.BigEndian.AppendUint32(b, uint32(len(n)+1))
		return append(append(b, 0), n...)
	}
	return appendString(b, n)
}

func bitLen(n []byte) int {
	if len(n) == 0 {
		return 0
	}
	return 8*(len(n)-1) + bits.Len8(n[0])
}
