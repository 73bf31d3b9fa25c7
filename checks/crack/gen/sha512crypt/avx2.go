package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// avx2 keeps the state in Y0 to Y7. The message schedule is a ring of 16 words in memory:
// round t computes word t+16, so that no round waits for its own.
func avx2() {
	const vector = 32
	g := general
	k := table("k4", primes(80), true, 4)
	initial := table("initial4", primes(8), false, 4)
	eight := GLOBL("rotate8", RODATA|NOPTR)
	for i := range 32 {
		DATA(i, U8(i&8|(i+1)&7))
	}
	y := []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
	state, tmp := y[:8], y[8:]
	ring := func(t int) Mem { return at(g.space, vector*(8+t%16)) }
	message := func(t int) Mem {
		if t < 16 {
			return at(g.message, vector*t)
		}
		return ring(t)
	}

	load := func() {
		for i, r := range state {
			VMOVDQU(at(g.space, vector*i), r)
		}
	}
	words := func(to Register) {
		for i, r := range state {
			VMOVDQU(r, at(to, vector*i))
		}
	}
	bytes := func(to Register) {
		right, left, edge, carry := tmp[0], tmp[1], tmp[2], tmp[3]
		VMOVDQU(at(g.layout, vectorsAt), right)
		VMOVDQU(at(g.layout, vectorsAt+vector), left)
		VMOVDQU(at(g.layout, vectorsAt+2*vector), edge)
		for i, r := range state {
			VPSRLVQ(right, r, tmp[4+i%2])
			if i == 0 {
				VPOR(edge, tmp[4], tmp[4])
			} else {
				VPOR(carry, tmp[4+i%2], tmp[4+i%2])
			}
			VMOVDQU(tmp[4+i%2], at(to, vector*i))
			VPSLLVQ(left, r, carry)
		}
		VPOR(at(g.layout, vectorsAt+3*vector), carry, carry)
		VMOVDQU(carry, at(to, vector*8))
	}
	start := func() {
		for i, r := range state {
			VMOVDQU(at(g.base, vector*i), r)
		}
	}
	// rotations is the xor of three rotations.
	rotations := func(x, into, t1, t2 VecPhysical, by ...uint8) {
		VPSRLQ(U8(by[0]), x, into)
		VPSLLQ(U8(64-by[0]), x, t1)
		VPXOR(t1, into, into)
		VPSRLQ(U8(by[1]), x, t1)
		VPSLLQ(U8(64-by[1]), x, t2)
		VPXOR(t2, t1, t1)
		VPXOR(t1, into, into)
		VPSRLQ(U8(by[2]), x, t1)
		VPSLLQ(U8(64-by[2]), x, t2)
		VPXOR(t2, t1, t1)
		VPXOR(t1, into, into)
	}
	round := func(t int, from func(t int) Mem, schedule bool) {
		s := func(i int) VecPhysical { return state[(i-t%8+8)%8] }
		a, b, d, e, f, gg, h := s(0), s(1), s(3), s(4), s(5), s(6), s(7)
		VMOVDQU(from(t), tmp[7])
		VPADDQ(tmp[7], h, h)
		VPADDQ(at(g.k, vector*t), h, h)
		// ch(e, f, g) = e&f + ^e&g: no bit is in both.
		VPANDN(gg, e, tmp[3])
		VPADDQ(tmp[3], h, h)
		VPAND(f, e, tmp[3])
		VPADDQ(tmp[3], h, h)
		rotations(e, tmp[0], tmp[1], tmp[2], 14, 18, 41)
		VPADDQ(tmp[0], h, h)
		VPADDQ(h, d, d)
		// maj(a, b, c) = b ^ (a^b & b^c), and this round's a^b is the next one's b^c.
		now, last := tmp[4+t%2], tmp[5-t%2]
		VPXOR(a, b, now)
		VPAND(now, last, last)
		VPXOR(b, last, last)
		VPADDQ(last, h, h)
		rotations(a, tmp[0], tmp[1], tmp[2], 28, 34, 39)
		VPADDQ(tmp[0], h, h)
		if !schedule {
			return
		}
		VPADDQ(from(t+9), tmp[7], tmp[7])
		x := tmp[3]
		VMOVDQU(from(t+1), x)
		VPSHUFB(tmp[6], x, tmp[0])
		VPSRLQ(U8(7), x, tmp[1])
		VPXOR(tmp[1], tmp[0], tmp[0])
		VPSRLQ(U8(1), x, tmp[2])
		VPXOR(tmp[2], tmp[0], tmp[0])
		VPSLLQ(U8(63), x, x)
		VPXOR(x, tmp[0], tmp[0])
		VPADDQ(tmp[0], tmp[7], tmp[7])
		VMOVDQU(from(t+14), x)
		VPSRLQ(U8(19), x, tmp[0])
		VPSLLQ(U8(45), x, tmp[1])
		VPXOR(tmp[1], tmp[0], tmp[0])
		VPSRLQ(U8(61), x, tmp[2])
		VPXOR(tmp[2], tmp[0], tmp[0])
		VPSLLQ(U8(3), x, tmp[1])
		VPXOR(tmp[1], tmp[0], tmp[0])
		VPSRLQ(U8(6), x, x)
		VPXOR(x, tmp[0], tmp[0])
		VPADDQ(tmp[0], tmp[7], tmp[7])
		VMOVDQU(tmp[7], ring(t))
	}
	compress := func() {
		LEAQ(k, g.k)
		VMOVDQU(eight, tmp[6])
		VPXOR(state[1], state[2], tmp[5])
		for t := range 16 {
			round(t, message, true)
		}
		MOVL(U32(3), g.passes.(GPPhysical).As32())
		Label("pass")
		ADDQ(U32(16*vector), g.k)
		for t := range 16 {
			round(t, ring, true)
		}
		DECL(g.passes.(GPPhysical).As32())
		JNZ(LabelRef("pass"))
		ADDQ(U32(16*vector), g.k)
		for t := range 16 {
			round(t, ring, false)
		}
		for i, r := range state {
			VPADDQ(at(g.base, vector*i), r, r)
			VMOVDQU(r, at(g.space, vector*i))
		}
	}
	loop("rounds4", vector, initial, load, words, bytes, start, compress)
}
