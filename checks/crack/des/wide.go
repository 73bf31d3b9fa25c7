package des

import "hostaudit/checks/crack/cpu"

//go:generate go run -C ../gen ./des -out ../des/kernel_amd64.s -stubs ../des/kernel_amd64.go -pkg des

// kernel encrypts many words side by side, with one bit of each in every vector.
type kernel struct {
	lanes  int // a multiple of 64; 0 = there is none
	enough int // how many words are worth the work for all
	// encrypt runs count encryptions of 16 rounds over a state. Rows are vectors of as
	// many bits as there are lanes; from and order are offsets of rows in bytes.
	//
	//	keys   64 rows, the bits of the keys, and the same inverted
	//	state  32 rows, the left half, 32 the right one, and room for the kernel; each
	//	       encryption exchanges the halves, so an odd count leaves them exchanged
	//	from   as in lanes
	//	order  which row of the keys is each bit of each subkey
	encrypt func(keys, state *[1024]uint64, from *[48]uint16, order *[768]uint16, count uint64)
}

// wide is the state of a kernel. Its size makes the allocator align it to that of a
// vector; the kernels do not need that, but are faster.
type wide struct {
	keys  [1024]uint64
	state [1024]uint64
	from  [48]uint16
	order [768]uint16
	block [64]uint64 // keys or results of 64 words
}

// Lanes is how many words Batch and BatchBSDi take best at a time.
func Lanes(f cpu.Features) int { return max(kernelOf(f).lanes, 64) }

// chunk is the number of encryptions in one call of a kernel: below half a millisecond.
// It is even.
const chunk = 1 << 9

// vectors encrypts a block of zeros under the keys of the words, which key gives. It fills
// dst, of at most the kernel's lanes, and is false if stop ended it.
func (c *Crypter) vectors(k kernel, dst []Digest, words [][]byte, key func(word []byte) uint64, count, salt uint32, stop func() bool) bool {
	if c.wide == nil {
		c.wide = new(wide)
	}
	w, stride := c.wide, k.lanes/64
	for at := 0; at < len(words); at += 64 {
		for i, word := range words[at:min(at+64, len(words))] {
			w.block[i] = key(word)
		}
		transpose64(&w.block)
		for row, x := range w.block {
			w.keys[row*stride+at/64], w.keys[(64+row)*stride+at/64] = x, ^x
		}
	}
	p := c.plan(salt)
	for j, from := range p.from {
		w.from[j] = uint16(from) * uint16(8*stride)
	}
	for i, row := range p.order {
		w.order[i] = uint16(row) * uint16(8*stride)
	}
	clear(w.state[:64*stride])
	for left := count; left > 0; {
		if stop != nil && stop() {
			return false
		}
		n := min(left, chunk)
		k.encrypt(&w.keys, &w.state, &w.from, &w.order, uint64(n))
		left -= n
	}
	turn := int(count % 2 * 32)
	for at := 0; at < len(dst); at += 64 {
		for row := range w.block {
			w.block[row] = w.state[(row^turn)*stride+at/64]
		}
		transpose64(&w.block)
		for i := range dst[at:min(at+64, len(dst))] {
			dst[at+i] = encode(final(uint32(w.block[i]>>32), uint32(w.block[i])))
		}
	}
	return true
}
