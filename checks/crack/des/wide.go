package des

import "hostaudit/checks/crack/cpu"

// kernel encrypts many words side by side, with one bit of each in every vector.
type kernel struct {
	lanes  int // a multiple of 64; 0 = there is none
	enough int // how many words are worth the work for all
	// one and many run count encryptions of 16 rounds over a state, with one salt or with
	// a salt of its own for each lane. Rows are vectors of as many bits as there are
	// lanes; from and order are offsets of rows in bytes.
	//
	//	keys   64 rows, the bits of the keys, and the same inverted
	//	state  32 rows, the left half, 32 the right one, and room for the kernel; each
	//	       encryption exchanges the halves, so an odd count leaves them exchanged
	//	from   which bit of the right half is each bit of the salted expansion
	//	masks  24 rows, the bits of the salts, the lowest first
	//	order  which row of the keys is each bit of each subkey
	one  func(keys, state *[1024]uint64, from *[48]uint16, order *[768]uint16, count uint64)
	many func(keys, state *[1024]uint64, masks *[192]uint64, order *[768]uint16, count uint64)
}

// wide is the state of a kernel. The allocator aligns what has its size to vectors; the
// kernels do not need that, but are faster.
type wide struct {
	keys  [1024]uint64
	state [1024]uint64
	masks [192]uint64
	from  [48]uint16
	order [768]uint16
	block [64]uint64 // keys, salts or results of 64 words
}

// Lanes is how many words Batch and BatchBSDi take best at a time, and whether they may
// be of different salts: without vectors that takes many times as long.
func Lanes(f cpu.Features) (n int, manySalts bool) {
	if k := kernelOf(f); k.lanes > 0 {
		return k.lanes, true
	}
	return 64, false
}

// chunk is the number of encryptions in one call of a kernel, which takes half a
// millisecond, and between two questions to Stop. It is even, see kernel.
const chunk = 1 << 9

// vectors encrypts a block of zeros under the keys of the words, which key gives, with
// their salts. It fills dst, of at most the kernel's lanes, and is false if stop ended it.
func (c *Crypter) vectors(k kernel, dst []Digest, words [][]byte, key func(word []byte) uint64, count uint32, salts []uint32, stop func() bool) bool {
	stride := k.lanes / 64
	if c.wide == nil {
		c.wide = new(wide)
		c.wide.fill(&c.order, stride)
	}
	w := c.wide
	for at := 0; at < len(words); at += 64 {
		for i, word := range words[at:min(at+64, len(words))] {
			w.block[i] = key(word)
		}
		transpose64(&w.block)
		for row, x := range w.block {
			w.keys[row*stride+at/64], w.keys[(64+row)*stride+at/64] = x, ^x
		}
	}
	one := same(salts) == len(salts)
	if one {
		for j, from := range salted(salts[0]) {
			w.from[j] = uint16(from) * uint16(8*stride)
		}
	} else {
		w.mask(salts, stride)
	}
	clear(w.state[:64*stride])
	for left := count; left > 0; {
		if stop != nil && stop() {
			return false
		}
		n := min(left, chunk)
		if one {
			k.one(&w.keys, &w.state, &w.from, &w.order, uint64(n))
		} else {
			k.many(&w.keys, &w.state, &w.masks, &w.order, uint64(n))
		}
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

// fill lays out the subkeys. The kernels undo that the circuits invert outputs, which the
// subkeys could not make up for where lanes have salts of their own; inverted inputs are
// left.
func (w *wide) fill(order *[16][48]uint8, stride int) {
	for round := range order {
		for j, bit := range order[round] {
			row := uint16(bit) + 64*uint16(inverted[j/6].in>>(5-j%6)&1)
			w.order[48*round+j] = row * uint16(8*stride)
		}
	}
}

// mask lays out the salts.
func (w *wide) mask(salts []uint32, stride int) {
	for at := 0; at < len(salts); at += 64 {
		for i, salt := range salts[at:min(at+64, len(salts))] {
			w.block[i] = uint64(salt)
		}
		transpose64(&w.block)
		for bit := range 24 {
			w.masks[bit*stride+at/64] = w.block[63-bit]
		}
	}
}

// same is how many of the first salts are equal.
func same(salts []uint32) int {
	for i, salt := range salts {
		if salt != salts[0] {
			return i
		}
	}
	return len(salts)
}
