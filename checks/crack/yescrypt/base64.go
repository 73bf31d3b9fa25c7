package yescrypt

import "strings"

// digits are the digits of crypt(3)'s numbers and of its base 64.
const digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// AppendEncode appends src in crypt(3)'s base 64: three bytes become four
// digits, the least significant first; one or two bytes at the end become two
// or three.
func AppendEncode(dst, src []byte) []byte {
	for len(src) > 0 {
		n := min(3, len(src))
		var v uint32
		for i, b := range src[:n] {
			v |= uint32(b) << (8 * i)
		}
		for range n + 1 {
			dst = append(dst, digits[v&63])
			v >>= 6
		}
		src = src[n:]
	}
	return dst
}

// AppendDecode appends what s encodes. It reports false, and dst as it was, if
// AppendEncode makes no such text.
func AppendDecode(dst []byte, s string) ([]byte, bool) {
	out := dst
	for len(s) > 0 {
		n := min(4, len(s))
		var v uint32
		for i := range n {
			d := strings.IndexByte(digits, s[i])
			if d < 0 {
				return dst, false
			}
			v |= uint32(d) << (6 * i)
		}
		if n == 1 || v>>(8*(n-1)) != 0 {
			return dst, false
		}
		for range n - 1 {
			out = append(out, byte(v))
			v >>= 8
		}
		s = s[n:]
	}
	return out, true
}
