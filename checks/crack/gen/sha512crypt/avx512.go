package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Truth tables of VPTERNLOG, by (first, second, third operand).
const (
	xor3   = 0x96 // a ^ b ^ c
	choose = 0xca // a ? b : c
	most   = 0xe8 // majority
)

// avx512 keeps the state in Z0 to Z7, the last 16 words of the message schedule in Z8 to Z23.
// The new e waits for nothing but the last e: what it is the sum of besides is added up
// before. That takes one addition more than need be, and is faster where a vector
// instruction has a latency of two cycles (by 9 % on Zen 5).
func avx512() {
	g := general
	k := table("k", primes(80), true, 1)
	initial := table("initial", primes(8), false, 8)
	z := []VecPhysical{
		Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31,
	}
	state, w, tmp := z[:8], z[8:24], z[24:]

	load := func() {
		for i, r := range state {
			VMOVDQU64(at(g.space, vector*i), r)
		}
	}
	words := func(to Register) {
		load()
		for i, r := range state {
			VMOVDQU64(r, at(to, vector*i))
		}
	}
	bytes := func(to Register) {
		load()
		right, left, edge, carry := tmp[0], tmp[1], tmp[2], tmp[3]
		VMOVDQU64(at(g.layout, vectorsAt), right)
		VMOVDQU64(at(g.layout, vectorsAt+vector), left)
		VMOVDQU64(at(g.layout, vectorsAt+2*vector), edge)
		for i, r := range state {
			VPSRLVQ(right, r, tmp[4+i%2])
			if i == 0 {
				VPORQ(edge, tmp[4], tmp[4])
			} else {
				VPORQ(carry, tmp[4+i%2], tmp[4+i%2])
			}
			VMOVDQU64(tmp[4+i%2], at(to, vector*i))
			VPSLLVQ(left, r, carry)
		}
		VPORQ(at(g.layout, vectorsAt+3*vector), carry, carry)
		VMOVDQU64(carry, at(to, vector*8))
	}
	start := func() {
		for i, r := range state {
			VMOVDQU64(at(g.base, vector*i), r)
		}
		for i, r := range w {
			VMOVDQU64(at(g.message, vector*i), r)
		}
	}
	// sigma is the xor of two rotations and of a third or of a shift.
	sigma := func(x, into, t1, t2 VecPhysical, first, second, third uint8, shift bool) {
		VPRORQ(U8(first), x, into)
		VPRORQ(U8(second), x, t1)
		if shift {
			VPSRLQ(U8(third), x, t2)
		} else {
			VPRORQ(U8(third), x, t2)
		}
		VPTERNLOGQ(U8(xor3), t2, t1, into)
	}
	round := func(t int, schedule bool) {
		s := func(i int) VecPhysical { return state[(i-t%8+8)%8] }
		a, b, c, d, e, f, gg, h := s(0), s(1), s(2), s(3), s(4), s(5), s(6), s(7)
		VPADDQ(w[t], h, h)
		VPADDQ_BCST(at(g.k, 8*t), h, h)
		VMOVDQA64(e, tmp[3])
		VPTERNLOGQ(U8(choose), gg, f, tmp[3])
		sigma(e, tmp[0], tmp[1], tmp[2], 14, 18, 41, false)
		VPADDQ(tmp[3], h, h)
		VPADDQ(h, d, d)
		VPADDQ(tmp[0], d, d)
		VPADDQ(tmp[0], h, h)
		VMOVDQA64(a, tmp[7])
		VPTERNLOGQ(U8(most), c, b, tmp[7])
		sigma(a, tmp[4], tmp[5], tmp[6], 28, 34, 39, false)
		VPADDQ(tmp[7], h, h)
		VPADDQ(tmp[4], h, h)
		if !schedule {
			return
		}
		VPADDQ(w[(t+9)%16], w[t], w[t])
		sigma(w[(t+1)%16], tmp[0], tmp[1], tmp[2], 1, 8, 7, true)
		VPADDQ(tmp[0], w[t], w[t])
		sigma(w[(t+14)%16], tmp[4], tmp[5], tmp[6], 19, 61, 6, true)
		VPADDQ(tmp[4], w[t], w[t])
	}
	compress := func() {
		start()
		LEAQ(k, g.k)
		MOVL(U32(4), g.passes.(GPPhysical).As32())
		Label("pass")
		for t := range 16 {
			round(t, true)
		}
		ADDQ(U32(16*8), g.k)
		DECL(g.passes.(GPPhysical).As32())
		JNZ(LabelRef("pass"))
		for t := range 16 {
			round(t, false)
		}
		for i, r := range state {
			VPADDQ(at(g.base, vector*i), r, r)
			VMOVDQU64(r, at(g.space, vector*i))
		}
	}
	loop("roundsAVX512", initial, words, bytes, compress)
}
