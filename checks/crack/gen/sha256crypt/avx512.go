package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

var zmm = [...]VecPhysical{
	Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
	Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31,
}

// avx512 writes the round loop for 16 lanes. State and message are in registers.
func avx512() {
	TEXT("rounds512", NOSPLIT, signature)
	Pragma("noescape")
	Doc("rounds512 is kernel.rounds for 16 lanes with AVX-512.")
	const size = 64
	at := func(base Register, word int) Mem { return Mem{Base: base, Disp: word * size} }
	state, w := zmm[:8], zmm[8:24]
	left, right, mask := X28, X29, Z30
	xor := ternary(func(a, b, c uint8) uint8 { return a ^ b ^ c })
	ch := ternary(func(g, e, f uint8) uint8 { return e&f | ^e&g })
	maj := ternary(func(a, b, c uint8) uint8 { return a&b | a&c | b&c })

	Load(Param("digest"), R10)
	for i, r := range state {
		VMOVDQU32(at(R10, i), r)
	}
	rounds(16*size,
		func() {
			for i, r := range state {
				VMOVDQU32(r, at(RDX, i))
			}
		},
		func() {
			VMOVD(Mem{Base: RSI, Disp: 12}, right)
			VMOVD(Mem{Base: RSI, Disp: 16}, left)
			VPBROADCASTD(Mem{Base: RSI, Disp: 20}, mask)
			for i := range 9 {
				t, u := zmm[24+i%2*2], zmm[25+i%2*2]
				switch i {
				case 0:
					VPSRLD(right, state[0], t)
					VPTERNLOGD(ternary(func(d, m, here uint8) uint8 { return m&here | ^m&d }), at(RDX, 0), mask, t)
				case 8:
					VPSLLD(left, state[7], t)
					VPTERNLOGD(ternary(func(d, m, here uint8) uint8 { return m&d | ^m&here }), at(RDX, 8), mask, t)
				default:
					VPSRLD(right, state[i], t)
					VPSLLD(left, state[i-1], u)
					VPORD(u, t, t)
				}
				VMOVDQU32(t, at(RDX, i))
			}
		},
		func() {
			for i, r := range state {
				VPBROADCASTD(iv.Offset(4*repeated*i), r)
				VMOVDQU32(r, at(R10, i))
			}
		},
		func() {
			for i, r := range w {
				VMOVDQU32(at(RAX, i), r)
			}
			s0, s1, t0, t1, t2, t3, c, m := Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31
			for round := range 64 {
				r := func(n int) VecPhysical { return state[(n+64-round)%8] }
				a, b, cc, d, e, f, g, h := r(0), r(1), r(2), r(3), r(4), r(5), r(6), r(7)
				now := w[round%16]
				VPADDD_BCST(table.Offset(4*repeated*round), h, h)
				VPRORD(U8(6), e, s1)
				VPRORD(U8(11), e, t0)
				VPRORD(U8(25), e, t1)
				VMOVDQA32(g, c)
				VPTERNLOGD(ch, f, e, c)
				VPADDD(now, h, h)
				VPTERNLOGD(xor, t0, t1, s1)
				VPADDD(c, h, h)
				VPRORD(U8(2), a, s0)
				VPRORD(U8(13), a, t2)
				VPRORD(U8(22), a, t3)
				VMOVDQA32(a, m)
				VPTERNLOGD(maj, b, cc, m)
				VPTERNLOGD(xor, t2, t3, s0)
				VPADDD(s1, h, h)
				VPADDD(h, d, d)
				VPADDD(m, h, h)
				VPADDD(s0, h, h)
				if round >= 48 {
					continue
				}
				// The word of sixteen rounds on, in the place of this one.
				next, behind, last := w[(round+1)%16], w[(round+9)%16], w[(round+14)%16]
				VPRORD(U8(7), next, s0)
				VPRORD(U8(18), next, t2)
				VPSRLD(U8(3), next, t3)
				VPADDD(behind, now, now)
				VPTERNLOGD(xor, t2, t3, s0)
				VPRORD(U8(17), last, s1)
				VPRORD(U8(19), last, t0)
				VPSRLD(U8(10), last, t1)
				VPADDD(s0, now, now)
				VPTERNLOGD(xor, t0, t1, s1)
				VPADDD(s1, now, now)
			}
			for i, r := range state {
				VPADDD(at(R10, i), r, r)
			}
		},
		func() {
			for i, r := range state {
				VMOVDQU32(r, at(R10, i))
			}
		},
		func() {},
		func() {
			for i, r := range state {
				VMOVDQU32(r, at(R10, i))
			}
			VZEROUPPER()
		},
	)
}
