package md5crypt

import (
	"crypto/md5"
	"encoding/binary"
)

// plain hashes one word with the library's MD5.
type plain struct {
	msg [layouts][]byte
	at  [layouts]int // where the digest goes
	buf []byte
}

func (c *plain) hash(magic string, p *Pair) [4]uint32 {
	m := append(c.buf[:0], p.Word...)
	m = append(m, p.Salt...)
	m = append(m, p.Word...)
	b := md5.Sum(m)

	m = append(m[:0], p.Word...)
	m = append(m, magic...)
	m = append(m, p.Salt...)
	for n := len(p.Word); n > 0; n -= size {
		m = append(m, b[:min(n, size)]...)
	}
	for n := len(p.Word); n > 0; n >>= 1 {
		if n&1 != 0 {
			m = append(m, 0)
		} else {
			m = append(m, p.Word[0])
		}
	}
	c.buf = m
	sum := md5.Sum(m)

	c.build(p)
	for i := range Rounds {
		k := layout(i)
		copy(c.msg[k][c.at[k]:], sum[:])
		sum = md5.Sum(c.msg[k])
	}
	var words [4]uint32
	for i := range words {
		words[i] = binary.LittleEndian.Uint32(sum[4*i:])
	}
	return words
}

// build lays out the messages of all rounds, each with room for the digest.
func (c *plain) build(p *Pair) {
	var blank [size]byte
	for k := range c.msg {
		m := c.msg[k][:0]
		odd := k&1 != 0
		if odd {
			m = append(m, p.Word...)
		} else {
			c.at[k] = 0
			m = append(m, blank[:]...)
		}
		if k&2 != 0 {
			m = append(m, p.Salt...)
		}
		if k&4 != 0 {
			m = append(m, p.Word...)
		}
		if odd {
			c.at[k] = len(m)
			m = append(m, blank[:]...)
		} else {
			m = append(m, p.Word...)
		}
		c.msg[k] = m
	}
}
