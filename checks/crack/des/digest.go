package des

import "bytes"

// Digest is the hash of one block of a password, in the 11 digits that follow
// the salt.
type Digest [11]byte

// digits is the alphabet of crypt(5) in the order of the values.
const digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Number reads up to five digits of crypt(5) as a number, the lowest first, as
// salts (two digits in descrypt, four in bsdicrypt) and counts (four) are
// written. It is false for any other character, all of which crypt(3) refuses,
// and for any other length.
func Number(s string) (n uint32, ok bool) {
	if len(s) == 0 || len(s) > 5 {
		return 0, false
	}
	for i := len(s) - 1; i >= 0; i-- {
		v, ok := value(s[i])
		if !ok {
			return 0, false
		}
		n = n<<6 | v
	}
	return n, true
}

func value(c byte) (uint32, bool) {
	switch {
	case c >= '.' && c <= '9':
		return uint32(c - '.'), true
	case c >= 'A' && c <= 'Z':
		return uint32(c-'A') + 12, true
	case c >= 'a' && c <= 'z':
		return uint32(c-'a') + 38, true
	}
	return 0, false
}

// encode writes 64 bits, highest first; the last digit has only four of them.
func encode(block uint64) (d Digest) {
	for i := range 10 {
		d[i] = digits[block>>(58-6*i)&63]
	}
	d[10] = digits[block<<2&63]
	return d
}

// cString returns the word up to its first NUL, where C ends it.
func cString(word []byte) []byte {
	if before, _, ok := bytes.Cut(word, []byte{0}); ok {
		return before
	}
	return word
}

// key makes a key of the first eight characters: seven bits of each, above the
// bit that DES does not use. What is missing is zero.
func key(word []byte) (k uint64) {
	for i, c := range word[:min(len(word), 8)] {
		k |= uint64(c<<1) << (56 - 8*i)
	}
	return k
}
