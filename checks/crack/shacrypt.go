package crack

import (
	"crypto/sha512"
)

// layouts are the messages of the stretching loop of md5crypt and SHA-crypt.
// Round i hashes: the password if i is odd, else the last digest; the salt
// unless 3 divides i; the password unless 7 divides i; the digest if i is odd,
// else the password. Only eight such messages exist for one candidate, so they
// are laid out once and each round replaces the digest in one of them.
//
// Sources: Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512"; Poul-Henning
// Kamp's md5crypt.
type layouts struct {
	msg [8][]byte
	at  [8]int // where the digest goes
}

// layout is the index of round i's message.
func layout(i int) int {
	k := i & 1
	if i%3 != 0 {
		k |= 2
	}
	if i%7 != 0 {
		k |= 4
	}
	return k
}

func (l *layouts) build(password, salt []byte, size int) {
	var blank [sha512.Size]byte
	for k := range l.msg {
		m := l.msg[k][:0]
		odd := k&1 != 0
		if odd {
			m = append(m, password...)
		} else {
			l.at[k] = 0
			m = append(m, blank[:size]...)
		}
		if k&2 != 0 {
			m = append(m, salt...)
		}
		if k&4 != 0 {
			m = append(m, password...)
		}
		if odd {
			l.at[k] = len(m)
			m = append(m, blank[:size]...)
		} else {
			m = append(m, password...)
		}
		l.msg[k] = m
	}
}

// sum is a digest function without allocation.
type sum func(dst []byte, data []byte)

func sumSHA512(dst, data []byte) {
	s := sha512.Sum512(data)
	copy(dst, s[:])
}

// cryptState holds the buffers of one worker.
type cryptState struct {
	// stop, unless nil, is asked every few hundred microseconds; when it says true
	// SHA-crypt's digest is nil.
	stop func() bool

	layouts
	msg, p, s []byte
	out       []byte
}

// repeat appends pattern to dst until n bytes were appended.
func repeat(dst, pattern []byte, n int) []byte {
	for ; n > len(pattern); n -= len(pattern) {
		dst = append(dst, pattern...)
	}
	return append(dst, pattern[:n]...)
}

// start computes digest A, the first of the stretching loop, and leaves
// digest B in b. It is common to all three schemes but for the magic string,
// which SHA-crypt does not hash, and for what stands for the bits of the length.
func (c *cryptState) start(h sum, a, b, password, salt []byte, magic string) {
	m := append(c.msg[:0], password...)
	m = append(m, salt...)
	m = append(m, password...)
	h(b, m)

	m = append(m[:0], password...)
	m = append(m, magic...)
	m = append(m, salt...)
	m = repeat(m, b, len(password))
	for n := len(password); n > 0; n >>= 1 {
		switch odd := n&1 != 0; {
		case magic != "" && odd:
			m = append(m, 0)
		case magic != "":
			m = append(m, password[0])
		case odd:
			m = append(m, b...)
		default:
			m = append(m, password...)
		}
	}
	h(a, m)
	c.msg = m
}

// stopped asks stop now and then.
func (c *cryptState) stopped(round int) bool {
	return round%1024 == 1023 && c.stop != nil && c.stop()
}

// sha512crypt returns the encoded digest, valid until the next call.
func (c *cryptState) sha512crypt(password, salt []byte, rounds int) []byte {
	var a, b [sha512.Size]byte
	c.start(sumSHA512, a[:], b[:], password, salt, "")
	c.sequences(sumSHA512, a[0], b[:], password, salt)
	c.build(c.p, c.s, sha512.Size)
	for i := range rounds {
		if c.stopped(i) {
			return nil
		}
		k := layout(i)
		copy(c.msgAt(k), a[:])
		a = sha512.Sum512(c.layouts.msg[k])
	}
	return c.encode(a[:], sha512Order[:])
}

// msgAt is the place of the digest in message k.
func (c *cryptState) msgAt(k int) []byte { return c.layouts.msg[k][c.at[k]:] }

// sequences computes P and S, which SHA-crypt hashes in place of the password
// and the salt: as long as these, cut from the digest of many copies.
func (c *cryptState) sequences(h sum, a0 byte, digest, password, salt []byte) {
	m := c.msg[:0]
	for range password {
		m = append(m, password...)
	}
	h(digest, m)
	c.p = repeat(c.p[:0], digest, len(password))

	m = m[:0]
	for range 16 + int(a0) {
		m = append(m, salt...)
	}
	h(digest, m)
	c.s = repeat(c.s[:0], digest, len(salt))
	c.msg = m
}

// encode writes the digest's bytes in the scheme's order, three to four digits,
// lowest first; a group at the end may be shorter.
func (c *cryptState) encode(digest []byte, order []byte) []byte {
	c.out = c.out[:0]
	for len(order) > 0 {
		n := min(3, len(order))
		var v uint32
		for i, at := range order[:n] {
			v |= uint32(digest[at]) << (8 * i)
		}
		for range (8*n + 5) / 6 {
			c.out = append(c.out, cryptDigits[v&63])
			v >>= 6
		}
		order = order[n:]
	}
	return c.out
}

// The orders in which the digest's bytes are written; never changed.
var (
	sha512Order = [sha512.Size]byte{
		42, 21, 0, 1, 43, 22, 23, 2, 44, 45, 24, 3, 4, 46, 25, 26, 5, 47, 48, 27, 6, 7, 49, 28,
		29, 8, 50, 51, 30, 9, 10, 52, 31, 32, 11, 53, 54, 33, 12, 13, 55, 34, 35, 14, 56, 57, 36, 15,
		16, 58, 37, 38, 17, 59, 60, 39, 18, 19, 61, 40, 41, 20, 62, 63,
	}
)
