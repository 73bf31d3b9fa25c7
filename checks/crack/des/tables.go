package des

import "math/bits"

// The permutations and S-boxes of DES: FIPS PUB 46-3. Positions count from 1
// and from the most significant bit. IP and its inverse are in initial and
// final.
var (
	expansion = [48]uint8{
		32, 1, 2, 3, 4, 5, 4, 5, 6, 7, 8, 9, 8, 9, 10, 11, 12, 13, 12, 13, 14, 15, 16, 17,
		16, 17, 18, 19, 20, 21, 20, 21, 22, 23, 24, 25, 24, 25, 26, 27, 28, 29, 28, 29, 30, 31, 32, 1,
	}
	permutation = [32]uint8{
		16, 7, 20, 21, 29, 12, 28, 17, 1, 15, 23, 26, 5, 18, 31, 10,
		2, 8, 24, 14, 32, 27, 3, 9, 19, 13, 30, 6, 22, 11, 4, 25,
	}
	choice1 = [56]uint8{
		57, 49, 41, 33, 25, 17, 9, 1, 58, 50, 42, 34, 26, 18, 10, 2, 59, 51, 43, 35, 27, 19, 11, 3, 60, 52, 44, 36,
		63, 55, 47, 39, 31, 23, 15, 7, 62, 54, 46, 38, 30, 22, 14, 6, 61, 53, 45, 37, 29, 21, 13, 5, 28, 20, 12, 4,
	}
	choice2 = [48]uint8{
		14, 17, 11, 24, 1, 5, 3, 28, 15, 6, 21, 10, 23, 19, 12, 4, 26, 8, 16, 7, 27, 20, 13, 2,
		41, 52, 31, 37, 47, 55, 30, 40, 51, 45, 33, 48, 44, 49, 39, 56, 34, 53, 46, 42, 50, 36, 29, 32,
	}
	rotations = [16]uint8{1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1}
)

// substitution has the S-boxes row by row, a hexadecimal digit for each value.
// The outer two bits of the input choose the row, the inner four the column.
var substitution = [8]string{
	"e4d12fb83a6c5907" + "0f74e2d1a6cb9538" + "41e8d62bfc973a50" + "fc8249175b3ea06d",
	"f18e6b34972dc05a" + "3d47f28ec01a69b5" + "0e7ba4d158c6932f" + "d8a13f42b67c05e9",
	"a09e63f51dc7b428" + "d709346a285ecbf1" + "d6498f30b12c5ae7" + "1ad069874fe3b52c",
	"7de3069a1285bc4f" + "d8b56f03472c1ae9" + "a690cb7df13e5284" + "3f06a1d8945bc72e",
	"2c417ab6853fd0e9" + "eb2c47d150fa3986" + "421bad78f9c5630e" + "b8c71e2d6f09a453",
	"c1af92680d34e75b" + "af427c9561de0b38" + "9ef528c3704a1db6" + "432c95fabe17608d",
	"4b2ef08d3c975a61" + "d0b7491ae35c2f86" + "14bdc37eaf680592" + "6bd814a7950fe23c",
	"d2846fb1a93e50c7" + "1fd8a374c56b0e92" + "7b419ce206adf358" + "21e74a8dfc90356b",
}

// sbox is the four-bit output of a box (0 to 7) for a six-bit input.
func sbox(box, in int) uint8 {
	at := (in>>5<<1|in&1)<<4 | in>>1&15
	digit := substitution[box][at]
	if digit >= 'a' {
		return digit - 'a' + 10
	}
	return digit - '0'
}

// keyBit returns which bit of the key (0 to 63) is bit j of the subkey of a round.
func keyBit(round, j int) uint8 {
	turned := 0
	for _, n := range rotations[:round+1] {
		turned += int(n)
	}
	at := int(choice2[j]) - 1
	half := at / 28 * 28
	return choice1[half+(at-half+turned)%28] - 1
}

// spread is the place of bit j of an expanded half (48 bits: six for each
// S-box) in a machine word: a byte for each box, the first box in the highest
// byte.
func spread(j int) uint64 { return 1 << (8*(7-j/6) + 5 - j%6) }

// expand applies the expansion to a half.
func expand(half uint32) (x uint64) {
	for j, from := range expansion {
		if half>>(32-from)&1 != 0 {
			x |= spread(j)
		}
	}
	return x
}

// collapse undoes expand: the inner four bits of each six are the half.
func collapse(x uint64) (half uint32) {
	for range 8 {
		half = half<<4 | uint32(x>>57)&15
		x <<= 8
	}
	return half
}

// fill computes the tables of the one-word way.
func (c *Crypter) fill() {
	for box := range 8 {
		var images [4]uint64 // what each bit of the output becomes
		for i, from := range permutation {
			if at := int(from-1) - 4*box; at >= 0 && at < 4 {
				images[3-at] = expand(1 << (31 - i))
			}
		}
		for in := range 64 {
			out := sbox(box, in)
			for bit, x := range images {
				c.boxes[box][in] |= x & -uint64(out>>bit&1)
			}
		}
	}
	for round := range 16 {
		for j := range 48 {
			bit := keyBit(round, j)
			c.order[round][j] = bit
			// The key's byte in two parts: the upper four bits, and the three
			// above the lowest, which DES does not use.
			part, shift := c.upper[bit/8][:], 3-bit%8
			if bit%8 > 3 {
				part, shift = c.lower[bit/8][:], 6-bit%8
			}
			for v := range part {
				if v>>shift&1 != 0 {
					part[v][round] |= spread(j)
				}
			}
		}
	}
}

// transpose8 mirrors a matrix of 8 by 8 bits, a row in each byte.
func transpose8(x uint64) uint64 {
	t := (x ^ x>>7) & 0x00aa00aa00aa00aa
	x ^= t ^ t<<7
	t = (x ^ x>>14) & 0x0000cccc0000cccc
	x ^= t ^ t<<14
	t = (x ^ x>>28) & 0x00000000f0f0f0f0
	return x ^ t ^ t<<28
}

// initial applies IP. As a matrix of bits, IP mirrors the block, turns it
// upside down and gives the even rows to the left half, the odd ones to the
// right (counted from 1).
func initial(block uint64) (left, right uint32) {
	m := transpose8(bits.ReverseBytes64(block))
	return unweave(m), unweave(m >> 8)
}

// final applies the inverse of IP.
func final(left, right uint32) (block uint64) {
	return bits.ReverseBytes64(transpose8(weave(left) | weave(right)<<8))
}

// unweave returns every other byte, the lowest included.
func unweave(x uint64) uint32 {
	x &= 0x00ff00ff00ff00ff
	x = (x | x>>8) & 0x0000ffff0000ffff
	return uint32(x | x>>16)
}

// weave undoes unweave.
func weave(half uint32) uint64 {
	x := uint64(half)
	x = (x | x<<16) & 0x0000ffff0000ffff
	return (x | x<<8) & 0x00ff00ff00ff00ff
}
