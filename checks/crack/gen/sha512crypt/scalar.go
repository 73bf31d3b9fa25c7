package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// ninth is a lane in general registers, which have nothing else to do meanwhile. They are all
// it can have but those of space, of the constants and of the offset of the present eight words
// in these, so what the loop needs them for is kept in memory.
type ninth struct {
	state   []GPPhysical
	t1, t2  GPPhysical
	initial Mem // as chainAt
}

// Places in space.
const (
	chainAt = 96 * vector
	savedAt = chainAt + 64
	wordsAt = savedAt + 64
)

func newNinth() ninth {
	return ninth{
		state: []GPPhysical{RSI, RDX, RCX, R8, R9, R10, R11, R13}, t1: R14, t2: R15,
		initial: table("initial1", primes(8), false, 1),
	}
}

// digest puts the digest into the message.
func (n ninth) digest() {
	MOVQ(at(general.layout, scalarDigestAt), n.t1)
	ADDQ(general.layout, n.t1)
	for i := range 8 {
		MOVQ(at(general.space, chainAt+8*i), n.t2)
		BSWAPQ(n.t2)
		MOVQ(n.t2, at(n.t1, 8*i))
	}
}

// start takes the registers.
func (n ninth) start() {
	g := general
	MOVQ(g.message, n.t1)
	SUBQ(g.layout, n.t1)
	SUBQ(U32(vectorsAt+4*vector), n.t1)
	SHRQ(U8(3), n.t1) // a block has 128 bytes here, and 16 vectors there
	ADDQ(g.layout, n.t1)
	ADDQ(at(g.layout, scalarAt), n.t1)
	for i := range 16 {
		MOVQ(at(n.t1, 8*i), n.t2)
		BSWAPQ(n.t2)
		MOVQ(n.t2, at(g.space, wordsAt+8*i))
	}
	LEAQ(at(g.space, chainAt), n.t2)
	LEAQ(n.initial, n.t1)
	CMPQ(g.base, g.space)
	CMOVQEQ(n.t2, n.t1)
	for i, r := range n.state[:7] {
		MOVQ(r, at(g.space, savedAt+8*i))
	}
	MOVQ(n.t1, at(g.space, savedAt+8*7))
	for i, r := range n.state {
		MOVQ(at(n.t1, 8*i), r)
	}
}

// end gives the registers back.
func (n ninth) end() {
	MOVQ(at(general.space, savedAt+8*7), n.t1)
	for i, r := range n.state {
		ADDQ(at(n.t1, 8*i), r)
		MOVQ(r, at(general.space, chainAt+8*i))
	}
	for i, r := range n.state[:7] {
		MOVQ(at(general.space, savedAt+8*i), r)
	}
}

// round returns the instructions of round t.
func (n ninth) round(t int, schedule bool) []func() {
	s := func(i int) GPPhysical { return n.state[(i-t%8+8)%8] }
	a, b, c, d, e, f, g, h := s(0), s(1), s(2), s(3), s(4), s(5), s(6), s(7)
	t1, t2 := n.t1, n.t2
	w := func(i int) Mem {
		return Mem{Base: general.space, Index: general.passes, Scale: 1, Disp: wordsAt + 8*(t+i)}
	}
	k := Mem{Base: general.k, Index: general.passes, Scale: 1, Disp: 8 * t}
	var ops []func()
	op := func(f ...func()) { ops = append(ops, f...) }
	rotations := func(x GPPhysical, by ...uint8) {
		op(
			func() { RORXQ(U8(by[0]), x, t1) },
			func() { RORXQ(U8(by[1]), x, t2) },
			func() { XORQ(t2, t1) },
			func() { RORXQ(U8(by[2]), x, t2) },
			func() { XORQ(t2, t1) },
			func() { ADDQ(t1, h) },
		)
	}
	op(
		func() { ADDQ(w(0), h) },
		func() { ADDQ(k, h) },
		func() { MOVQ(f, t1) },
		func() { XORQ(g, t1) },
		func() { ANDQ(e, t1) },
		func() { XORQ(g, t1) },
		func() { ADDQ(t1, h) },
	)
	rotations(e, 14, 18, 41)
	op(
		func() { ADDQ(h, d) },
		func() { MOVQ(a, t1) },
		func() { MOVQ(a, t2) },
		func() { ANDQ(b, t1) },
		func() { XORQ(b, t2) },
		func() { ADDQ(t1, h) },
		func() { ANDQ(c, t2) },
		func() { ADDQ(t2, h) },
	)
	rotations(a, 28, 34, 39)
	if !schedule {
		return ops
	}
	op(
		func() { RORXQ(U8(1), w(1), t1) },
		func() { RORXQ(U8(8), w(1), t2) },
		func() { XORQ(t2, t1) },
		func() { MOVQ(w(1), t2) },
		func() { SHRQ(U8(7), t2) },
		func() { XORQ(t2, t1) },
		func() { ADDQ(w(0), t1) },
		func() { ADDQ(w(9), t1) },
		func() { MOVQ(t1, w(16)) },
		func() { RORXQ(U8(19), w(14), t1) },
		func() { RORXQ(U8(61), w(14), t2) },
		func() { XORQ(t2, t1) },
		func() { MOVQ(w(14), t2) },
		func() { SHRQ(U8(6), t2) },
		func() { XORQ(t2, t1) },
		func() { ADDQ(t1, w(16)) },
	)
	return ops
}
