package sha512crypt

import (
	"crypto/sha512"
)

// scalar has the buffers of one word at a time.
type scalar struct {
	buf, p, s []byte
	messages  [8][]byte
}

// hash returns the digest that is not encoded yet; ok is false if it was stopped.
func (c *scalar) hash(word []byte, salt string, rounds int, stopped func() bool) (sum [sha512.Size]byte, ok bool) {
	digest := func(m []byte) [sha512.Size]byte {
		c.buf = m
		return sha512.Sum512(m)
	}
	b := digest(appendB(c.buf[:0], word, salt))
	sum = digest(appendA(c.buf[:0], word, salt, &b))
	dp := digest(appendDP(c.buf[:0], word))
	ds := digest(appendDS(c.buf[:0], salt, &sum))
	c.p = appendCut(c.p[:0], &dp, len(word))
	c.s = appendCut(c.s[:0], &ds, len(salt))
	var at [8]int
	for k := range c.messages {
		c.messages[k] = appendLayout(c.messages[k][:0], k, c.p, c.s)
		at[k] = digestAt(k, len(word), len(salt))
	}
	for i := range rounds {
		if i%1024 == 1023 && stopped() {
			return sum, false
		}
		k := layout(i)
		m := c.messages[k]
		copy(m[at[k]:], sum[:])
		sum = sha512.Sum512(m)
	}
	return sum, true
}
