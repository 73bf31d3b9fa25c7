package sha256crypt

import (
	"crypto/sha256"
	"encoding/binary"
)

// plain hashes one word with the library's SHA-256.
type plain struct {
	msg  [layouts][]byte
	at   [layouts]int // where the digest goes
	buf  []byte
	p, s []byte // what is hashed in place of the word and the salt
}

// pause is after how many rounds stop is asked.
const pause = 1024

// hash is false if stop ended it.
func (c *plain) hash(rounds int, p *Pair, stop func() bool) ([8]uint32, bool) {
	sum := c.start(p)
	for i := range rounds {
		if i%pause == 0 && stop != nil && stop() {
			return [8]uint32{}, false
		}
		k := layout(i)
		copy(c.msg[k][c.at[k]:], sum[:])
		sum = sha256.Sum256(c.msg[k])
	}
	return words(sum), true
}

func words(sum [size]byte) (w [8]uint32) {
	for i := range w {
		w[i] = binary.BigEndian.Uint32(sum[4*i:])
	}
	return w
}

// start computes the first digest of the loop and lays out the messages of its rounds.
func (c *plain) start(p *Pair) [size]byte {
	m := append(c.buf[:0], p.Word...)
	m = append(m, p.Salt...)
	m = append(m, p.Word...)
	b := sha256.Sum256(m)

	m = append(m[:0], p.Word...)
	m = append(m, p.Salt...)
	m = repeat(m, b[:], len(p.Word))
	for n := len(p.Word); n > 0; n >>= 1 {
		if n&1 != 0 {
			m = append(m, b[:]...)
		} else {
			m = append(m, p.Word...)
		}
	}
	a := sha256.Sum256(m)

	m = m[:0]
	for range p.Word {
		m = append(m, p.Word...)
	}
	b = sha256.Sum256(m)
	c.p = repeat(c.p[:0], b[:], len(p.Word))

	m = m[:0]
	for range 16 + int(a[0]) {
		m = append(m, p.Salt...)
	}
	b = sha256.Sum256(m)
	c.s = repeat(c.s[:0], b[:], len(p.Salt))
	c.buf = m
	c.build()
	return a
}

// repeat appends pattern to dst until n bytes were appended.
func repeat(dst, pattern []byte, n int) []byte {
	for ; n > len(pattern); n -= len(pattern) {
		dst = append(dst, pattern...)
	}
	return append(dst, pattern[:n]...)
}

// build lays out the messages of all rounds, each with room for the digest.
func (c *plain) build() {
	var blank [size]byte
	for k := range c.msg {
		m := c.msg[k][:0]
		odd := k&1 != 0
		if odd {
			m = append(m, c.p...)
		} else {
			c.at[k] = 0
			m = append(m, blank[:]...)
		}
		if k&2 != 0 {
			m = append(m, c.s...)
		}
		if k&4 != 0 {
			m = append(m, c.p...)
		}
		if odd {
			c.at[k] = len(m)
			m = append(m, blank[:]...)
		} else {
			m = append(m, c.p...)
		}
		c.msg[k] = m
	}
}
