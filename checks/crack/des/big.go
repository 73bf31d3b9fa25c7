package des

import "slices"

// big is the work that is left of a batch of bigcrypt.
type big struct {
	words   [][]byte // what follows the blocks that are done
	salts   []uint32
	at      []int // the place in the batch
	digests []Digest
}

// BatchBig appends what Big does to each dst, for many words with their salts, of which
// there are as many. It is fastest for as many words as Batch is, and if few have more than
// eight characters.
func (c *Crypter) BatchBig(dst, words [][]byte, salts []uint32) {
	b := &c.big
	b.salts, b.words, b.at = append(b.salts[:0], salts...), b.words[:0], b.at[:0]
	for i, w := range words {
		b.words, b.at = append(b.words, cString(w)), append(b.at, i)
	}
	for block := 1; len(b.words) > 0; block++ {
		b.digests = slices.Grow(b.digests[:0], len(b.words))[:len(b.words)]
		c.Batch(b.digests, b.words, b.salts)
		left := 0
		for i, d := range b.digests {
			dst[b.at[i]] = append(dst[b.at[i]], d[:]...)
			if w := b.words[i]; len(w) > 8 && block < mostBlocks {
				salt, _ := Number(string(d[:2]))
				b.words[left], b.salts[left], b.at[left] = w[8:], salt, b.at[i]
				left++
			}
		}
		b.words, b.salts, b.at = b.words[:left], b.salts[:left], b.at[:left]
	}
}
