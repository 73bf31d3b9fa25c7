package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

var zmm = [...]VecPhysical{
	Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
	Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31,
}

// avx512 writes the round loop for 16 lanes in each stream. What is added behind a block is
// kept in the memory of the digest.
func avx512(streams int) {
	TEXT(fmt.Sprintf("rounds512x%d", streams), NOSPLIT, signature)
	Pragma("noescape")
	Doc(fmt.Sprintf("rounds512x%d is kernel.rounds for %d lanes with AVX-512.", streams, 16*streams))
	const size = 64
	at := func(base Register, word, s int) Mem { return Mem{Base: base, Disp: (word*streams + s) * size} }
	state := func(s, i int) VecPhysical { return zmm[4*s+i] }
	temp := func(s int) VecPhysical { return zmm[16+s] }
	each := func(f func(s, i int)) {
		for i := range 4 {
			for s := range streams {
				f(s, i)
			}
		}
	}
	constant, left, right, mask := Z20, X21, X22, Z23

	Load(Param("digest"), R10)
	each(func(s, i int) { VMOVDQU32(at(R10, i, s), state(s, i)) })
	rounds(size, streams,
		func() { each(func(s, i int) { VMOVDQU32(state(s, i), at(RDX, i, s)) }) },
		func() {
			VMOVD(Mem{Base: RSI, Disp: 12}, left)
			VMOVD(Mem{Base: RSI, Disp: 16}, right)
			VPBROADCASTD(Mem{Base: RSI, Disp: 20}, mask)
			choose := ternary(func(other, m, here uint8) uint8 { return m&here | ^m&other })
			chooseRest := ternary(func(other, m, here uint8) uint8 { return m&other | ^m&here })
			for i := range 5 {
				for s := range streams {
					t := temp(s)
					switch i {
					case 0:
						VPSLLD(left, state(s, 0), t)
						VPTERNLOGD(choose, at(RDX, 0, s), mask, t)
					case 4:
						VPSRLD(right, state(s, 3), t)
						VPTERNLOGD(chooseRest, at(RDX, 4, s), mask, t)
					default:
						VPSLLD(left, state(s, i), t)
						u := zmm[24+s]
						VPSRLD(right, state(s, i-1), u)
						VPORD(u, t, t)
					}
					VMOVDQU32(t, at(RDX, i, s))
				}
			}
		},
		func() {
			for i := range 4 {
				VPBROADCASTD(iv.Offset(4*repeated*i), state(0, i))
				for s := range streams {
					if s > 0 {
						VMOVDQA32(state(0, i), state(s, i))
					}
					VMOVDQU32(state(0, i), at(R10, i, s))
				}
			}
		},
		func() {
			for step := range 64 {
				// a = b + (a + f(b, c, d) + word + constant <<< rotation)
				r := func(s, n int) VecPhysical { return state(s, (n+64-step)%4) }
				f := ternary([4]func(d, c, b uint8) uint8{
					func(d, c, b uint8) uint8 { return b&c | ^b&d },
					func(d, c, b uint8) uint8 { return d&b | ^d&c },
					func(d, c, b uint8) uint8 { return b ^ c ^ d },
					func(d, c, b uint8) uint8 { return c ^ (d &^ b) },
				}[step/16])
				VPBROADCASTD(table.Offset(4*repeated*step), constant)
				for s := range streams {
					VPADDD(at(RAX, word(step), s), r(s, 0), r(s, 0))
				}
				for s := range streams {
					VMOVDQA32(r(s, 3), temp(s))
				}
				for s := range streams {
					VPADDD(constant, r(s, 0), r(s, 0))
				}
				for s := range streams {
					VPTERNLOGD(f, r(s, 1), r(s, 2), temp(s))
				}
				for s := range streams {
					if step < 48 {
						VPADDD(temp(s), r(s, 0), r(s, 0))
					} else {
						VPSUBD(temp(s), r(s, 0), r(s, 0))
					}
				}
				for s := range streams {
					VPROLD(U8(rotations[step/16][step%4]), r(s, 0), r(s, 0))
				}
				for s := range streams {
					VPADDD(r(s, 1), r(s, 0), r(s, 0))
				}
			}
			each(func(s, i int) { VPADDD(at(R10, i, s), state(s, i), state(s, i)) })
		},
		func() { each(func(s, i int) { VMOVDQU32(state(s, i), at(R10, i, s)) }) },
		func() { each(func(s, i int) { VMOVDQU32(state(s, i), at(R10, i, s)) }) },
	)
}

// place512 writes place for vectors of 64 bytes.
func place512() {
	TEXT("place512", NOSPLIT, "func(dst, src *uint32, vectors, stride, shift int)")
	Pragma("noescape")
	Doc("place512 is kernel.place with AVX-512.")
	placeLoop(64, func() {
		VMOVDQU32(Mem{Base: RSI}, Z0)
		VPSLLD(X2, Z0, Z1)
		VPORD(Mem{Base: RDI}, Z1, Z1)
		VMOVDQU32(Z1, Mem{Base: RDI})
		VPSRLD(X3, Z0, Z1)
		VPORD(Mem{Base: RDI, Index: RDX, Scale: 1}, Z1, Z1)
		VMOVDQU32(Z1, Mem{Base: RDI, Index: RDX, Scale: 1})
	})
}

// placeLoop shifts one vector after the other by X2 to dst and by X3 to the word behind it.
func placeLoop(size int, body func()) {
	Load(Param("dst"), RDI)
	Load(Param("src"), RSI)
	Load(Param("vectors"), RCX)
	Load(Param("stride"), RDX)
	Load(Param("shift"), RAX)
	VMOVD(EAX, X2)
	NEGL(EAX)
	ADDL(U8(32), EAX)
	VMOVD(EAX, X3)
	Label("vector")
	body()
	ADDQ(U8(size), RSI)
	ADDQ(U8(size), RDI)
	DECQ(RCX)
	JNZ(LabelRef("vector"))
	VZEROUPPER()
	RET()
}
