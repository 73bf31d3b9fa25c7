package nt

import "math/bits"

// md4 is the state of MD4: RFC 1320. The steps are written out, so that the compiler keeps
// the state in registers and needs no index into the block: the loops of x/crypto took
// two thirds longer for a word.
type md4 [4]uint32

func newMD4() md4 { return md4{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476} }

// block adds one block of 64 bytes, little-endian words.
func (s *md4) block(x *[16]uint32) {
	a, b, c, d := s[0], s[1], s[2], s[3]

	a = bits.RotateLeft32(a+(d^b&(c^d))+x[0], 3)
	d = bits.RotateLeft32(d+(c^a&(b^c))+x[1], 7)
	c = bits.RotateLeft32(c+(b^d&(a^b))+x[2], 11)
	b = bits.RotateLeft32(b+(a^c&(d^a))+x[3], 19)
	a = bits.RotateLeft32(a+(d^b&(c^d))+x[4], 3)
	d = bits.RotateLeft32(d+(c^a&(b^c))+x[5], 7)
	c = bits.RotateLeft32(c+(b^d&(a^b))+x[6], 11)
	b = bits.RotateLeft32(b+(a^c&(d^a))+x[7], 19)
	a = bits.RotateLeft32(a+(d^b&(c^d))+x[8], 3)
	d = bits.RotateLeft32(d+(c^a&(b^c))+x[9], 7)
	c = bits.RotateLeft32(c+(b^d&(a^b))+x[10], 11)
	b = bits.RotateLeft32(b+(a^c&(d^a))+x[11], 19)
	a = bits.RotateLeft32(a+(d^b&(c^d))+x[12], 3)
	d = bits.RotateLeft32(d+(c^a&(b^c))+x[13], 7)
	c = bits.RotateLeft32(c+(b^d&(a^b))+x[14], 11)
	b = bits.RotateLeft32(b+(a^c&(d^a))+x[15], 19)

	a = bits.RotateLeft32(a+(b&c|d&(b|c))+x[0]+0x5a827999, 3)
	d = bits.RotateLeft32(d+(a&b|c&(a|b))+x[4]+0x5a827999, 5)
	c = bits.RotateLeft32(c+(d&a|b&(d|a))+x[8]+0x5a827999, 9)
	b = bits.RotateLeft32(b+(c&d|a&(c|d))+x[12]+0x5a827999, 13)
	a = bits.RotateLeft32(a+(b&c|d&(b|c))+x[1]+0x5a827999, 3)
	d = bits.RotateLeft32(d+(a&b|c&(a|b))+x[5]+0x5a827999, 5)
	c = bits.RotateLeft32(c+(d&a|b&(d|a))+x[9]+0x5a827999, 9)
	b = bits.RotateLeft32(b+(c&d|a&(c|d))+x[13]+0x5a827999, 13)
	a = bits.RotateLeft32(a+(b&c|d&(b|c))+x[2]+0x5a827999, 3)
	d = bits.RotateLeft32(d+(a&b|c&(a|b))+x[6]+0x5a827999, 5)
	c = bits.RotateLeft32(c+(d&a|b&(d|a))+x[10]+0x5a827999, 9)
	b = bits.RotateLeft32(b+(c&d|a&(c|d))+x[14]+0x5a827999, 13)
	a = bits.RotateLeft32(a+(b&c|d&(b|c))+x[3]+0x5a827999, 3)
	d = bits.RotateLeft32(d+(a&b|c&(a|b))+x[7]+0x5a827999, 5)
	c = bits.RotateLeft32(c+(d&a|b&(d|a))+x[11]+0x5a827999, 9)
	b = bits.RotateLeft32(b+(c&d|a&(c|d))+x[15]+0x5a827999, 13)

	a = bits.RotateLeft32(a+(b^c^d)+x[0]+0x6ed9eba1, 3)
	d = bits.RotateLeft32(d+(a^b^c)+x[8]+0x6ed9eba1, 9)
	c = bits.RotateLeft32(c+(d^a^b)+x[4]+0x6ed9eba1, 11)
	b = bits.RotateLeft32(b+(c^d^a)+x[12]+0x6ed9eba1, 15)
	a = bits.RotateLeft32(a+(b^c^d)+x[2]+0x6ed9eba1, 3)
	d = bits.RotateLeft32(d+(a^b^c)+x[10]+0x6ed9eba1, 9)
	c = bits.RotateLeft32(c+(d^a^b)+x[6]+0x6ed9eba1, 11)
	b = bits.RotateLeft32(b+(c^d^a)+x[14]+0x6ed9eba1, 15)
	a = bits.RotateLeft32(a+(b^c^d)+x[1]+0x6ed9eba1, 3)
	d = bits.RotateLeft32(d+(a^b^c)+x[9]+0x6ed9eba1, 9)
	c = bits.RotateLeft32(c+(d^a^b)+x[5]+0x6ed9eba1, 11)
	b = bits.RotateLeft32(b+(c^d^a)+x[13]+0x6ed9eba1, 15)
	a = bits.RotateLeft32(a+(b^c^d)+x[3]+0x6ed9eba1, 3)
	d = bits.RotateLeft32(d+(a^b^c)+x[11]+0x6ed9eba1, 9)
	c = bits.RotateLeft32(c+(d^a^b)+x[7]+0x6ed9eba1, 11)
	b = bits.RotateLeft32(b+(c^d^a)+x[15]+0x6ed9eba1, 15)

	s[0], s[1], s[2], s[3] = s[0]+a, s[1]+b, s[2]+c, s[3]+d
}
