package yescrypt

import "math/bits"

// lane is the unit of all memory here: 16 bytes, two little-endian words, as
// pwxform takes them.
type lane [2]uint64

const laneBytes = 16

// block is 64 bytes, the unit of Salsa20 and of pwxform. Its sixteen halves are
// in the order that yescrypt and SIMD code keep them in: half i is number 5i
// modulo 16 of Salsa20's matrix, so that a lane is part of a diagonal.
type block [4]lane

// shuffle brings the sixteen halves from their order in bytes into that of a
// block.
func (b *block) shuffle(plain *[8]uint64) {
	for i := range 8 {
		lo, hi := 10*i%16, (10*i+5)%16
		b[i/2][i%2] = plain[lo/2]>>(lo%2*32)&(1<<32-1) | plain[hi/2]>>(hi%2*32)<<32
	}
}

// plain is the inverse of shuffle.
func (b *block) plain(plain *[8]uint64) {
	*plain = [8]uint64{}
	for i := range 8 {
		lo, hi, w := 10*i%16, (10*i+5)%16, b[i/2][i%2]
		plain[lo/2] |= w & (1<<32 - 1) << (lo % 2 * 32)
		plain[hi/2] |= w >> 32 << (hi % 2 * 32)
	}
}

// salsa is Salsa20's core with the given even number of rounds: RFC 7914,
// section 3.
func (b *block) salsa(rounds int) {
	x0, x5 := uint32(b[0][0]), uint32(b[0][0]>>32)
	x10, x15 := uint32(b[0][1]), uint32(b[0][1]>>32)
	x4, x9 := uint32(b[1][0]), uint32(b[1][0]>>32)
	x14, x3 := uint32(b[1][1]), uint32(b[1][1]>>32)
	x8, x13 := uint32(b[2][0]), uint32(b[2][0]>>32)
	x2, x7 := uint32(b[2][1]), uint32(b[2][1]>>32)
	x12, x1 := uint32(b[3][0]), uint32(b[3][0]>>32)
	x6, x11 := uint32(b[3][1]), uint32(b[3][1]>>32)
	for ; rounds > 0; rounds -= 2 {
		x4 ^= bits.RotateLeft32(x0+x12, 7)
		x8 ^= bits.RotateLeft32(x4+x0, 9)
		x12 ^= bits.RotateLeft32(x8+x4, 13)
		x0 ^= bits.RotateLeft32(x12+x8, 18)
		x9 ^= bits.RotateLeft32(x5+x1, 7)
		x13 ^= bits.RotateLeft32(x9+x5, 9)
		x1 ^= bits.RotateLeft32(x13+x9, 13)
		x5 ^= bits.RotateLeft32(x1+x13, 18)
		x14 ^= bits.RotateLeft32(x10+x6, 7)
		x2 ^= bits.RotateLeft32(x14+x10, 9)
		x6 ^= bits.RotateLeft32(x2+x14, 13)
		x10 ^= bits.RotateLeft32(x6+x2, 18)
		x3 ^= bits.RotateLeft32(x15+x11, 7)
		x7 ^= bits.RotateLeft32(x3+x15, 9)
		x11 ^= bits.RotateLeft32(x7+x3, 13)
		x15 ^= bits.RotateLeft32(x11+x7, 18)

		x1 ^= bits.RotateLeft32(x0+x3, 7)
		x2 ^= bits.RotateLeft32(x1+x0, 9)
		x3 ^= bits.RotateLeft32(x2+x1, 13)
		x0 ^= bits.RotateLeft32(x3+x2, 18)
		x6 ^= bits.RotateLeft32(x5+x4, 7)
		x7 ^= bits.RotateLeft32(x6+x5, 9)
		x4 ^= bits.RotateLeft32(x7+x6, 13)
		x5 ^= bits.RotateLeft32(x4+x7, 18)
		x11 ^= bits.RotateLeft32(x10+x9, 7)
		x8 ^= bits.RotateLeft32(x11+x10, 9)
		x9 ^= bits.RotateLeft32(x8+x11, 13)
		x10 ^= bits.RotateLeft32(x9+x8, 18)
		x12 ^= bits.RotateLeft32(x15+x14, 7)
		x13 ^= bits.RotateLeft32(x12+x15, 9)
		x14 ^= bits.RotateLeft32(x13+x12, 13)
		x15 ^= bits.RotateLeft32(x14+x13, 18)
	}
	b[0] = lane{halves(b[0][0], x0, x5), halves(b[0][1], x10, x15)}
	b[1] = lane{halves(b[1][0], x4, x9), halves(b[1][1], x14, x3)}
	b[2] = lane{halves(b[2][0], x8, x13), halves(b[2][1], x2, x7)}
	b[3] = lane{halves(b[3][0], x12, x1), halves(b[3][1], x6, x11)}
}

// halves adds to each half of a word.
func halves(w uint64, lo, hi uint32) uint64 {
	return uint64(uint32(w)+lo) | uint64(uint32(w>>32)+hi)<<32
}
