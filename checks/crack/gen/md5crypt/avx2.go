package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

var ymm = [...]VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}

// avx2 writes the round loop for 8 lanes in each stream. The registers just hold three
// streams: what is added behind a block is kept in the memory of the digest.
func avx2(streams int) {
	TEXT(fmt.Sprintf("rounds256x%d", streams), NOSPLIT, signature)
	Pragma("noescape")
	Doc(fmt.Sprintf("rounds256x%d is kernel.rounds for %d lanes with AVX2.", streams, 8*streams))
	const size = 32
	at := func(base Register, word, s int) Mem { return Mem{Base: base, Disp: (word*streams + s) * size} }
	state := func(s, i int) VecPhysical { return ymm[4*s+i] }
	temp := func(s int) VecPhysical { return ymm[12+s] }
	each := func(f func(s, i int)) {
		for i := range 4 {
			for s := range streams {
				f(s, i)
			}
		}
	}
	Load(Param("digest"), R10)
	each(func(s, i int) { VMOVDQU(at(R10, i, s), state(s, i)) })
	rounds(size, streams,
		func() { each(func(s, i int) { VMOVDQU(state(s, i), at(RDX, i, s)) }) },
		func() {
			// The mask takes the place of the digest's parts that are stored already.
			left, right := X13, X14
			VMOVD(Mem{Base: RSI, Disp: 12}, left)
			VMOVD(Mem{Base: RSI, Disp: 16}, right)
			for i := 4; i >= 0; i-- {
				for s := range streams {
					t, u := Y12, Y15
					switch i {
					case 0:
						VPBROADCASTD(Mem{Base: RSI, Disp: 20}, u)
						VPAND(at(RDX, 0, s), u, u)
						VPSLLD(left, state(s, 0), t)
					case 4:
						VPBROADCASTD(Mem{Base: RSI, Disp: 20}, u)
						VPANDN(at(RDX, 4, s), u, u)
						VPSRLD(right, state(s, 3), t)
					default:
						VPSRLD(right, state(s, i-1), u)
						VPSLLD(left, state(s, i), t)
					}
					VPOR(u, t, t)
					VMOVDQU(t, at(RDX, i, s))
				}
			}
		},
		func() {
			for i := range 4 {
				VPBROADCASTD(iv.Offset(4*repeated*i), state(0, i))
				for s := range streams {
					if s > 0 {
						VMOVDQA(state(0, i), state(s, i))
					}
					VMOVDQU(state(0, i), at(R10, i, s))
				}
			}
		},
		func() {
			for step := range 64 {
				r := func(s, n int) VecPhysical { return state(s, (n+64-step)%4) }
				all := func(f func(a, b, c, d, t VecPhysical, s int)) {
					for s := range streams {
						f(r(s, 0), r(s, 1), r(s, 2), r(s, 3), temp(s), s)
					}
				}
				all(func(a, _, _, _, _ VecPhysical, s int) { VPADDD(at(RAX, word(step), s), a, a) })
				switch step / 16 {
				case 0: // d ^ (b & (c ^ d))
					all(func(_, _, c, d, t VecPhysical, _ int) { VPXOR(c, d, t) })
					all(func(_, b, _, _, t VecPhysical, _ int) { VPAND(b, t, t) })
					all(func(_, _, _, d, t VecPhysical, _ int) { VPXOR(d, t, t) })
				case 1: // (b & d) + (c &^ d): b is the last to be known
					all(func(_, _, c, d, t VecPhysical, _ int) { VPANDN(c, d, t) })
					all(func(a, _, _, _, t VecPhysical, _ int) { VPADDD(t, a, a) })
					all(func(_, b, _, d, t VecPhysical, _ int) { VPAND(b, d, t) })
				case 2:
					all(func(_, _, c, d, t VecPhysical, _ int) { VPXOR(c, d, t) })
					all(func(_, b, _, _, t VecPhysical, _ int) { VPXOR(b, t, t) })
				case 3: // c ^ (d &^ b)
					all(func(_, b, _, d, t VecPhysical, _ int) { VPANDN(d, b, t) })
					all(func(_, _, c, _, t VecPhysical, _ int) { VPXOR(c, t, t) })
				}
				all(func(a, _, _, _, _ VecPhysical, _ int) { VPADDD(table.Offset(4*repeated*step), a, a) })
				if step < 48 {
					all(func(a, _, _, _, t VecPhysical, _ int) { VPADDD(t, a, a) })
				} else {
					all(func(a, _, _, _, t VecPhysical, _ int) { VPSUBD(t, a, a) })
				}
				if n := rotations[step/16][step%4]; n == 16 {
					all(func(a, _, _, _, _ VecPhysical, _ int) { VPSHUFB(turn16, a, a) })
				} else {
					all(func(a, _, _, _, t VecPhysical, _ int) { VPSLLD(U8(n), a, t) })
					all(func(a, _, _, _, _ VecPhysical, _ int) { VPSRLD(U8(32-n), a, a) })
					all(func(a, _, _, _, t VecPhysical, _ int) { VPOR(t, a, a) })
				}
				all(func(a, b, _, _, _ VecPhysical, _ int) { VPADDD(b, a, a) })
			}
			each(func(s, i int) { VPADDD(at(R10, i, s), state(s, i), state(s, i)) })
		},
		func() { each(func(s, i int) { VMOVDQU(state(s, i), at(R10, i, s)) }) },
		func() { each(func(s, i int) { VMOVDQU(state(s, i), at(R10, i, s)) }) },
	)
}

// place256 writes place for vectors of 32 bytes.
func place256() {
	TEXT("place256", NOSPLIT, "func(dst, src *uint32, vectors, stride, shift int)")
	Pragma("noescape")
	Doc("place256 is kernel.place with AVX2.")
	placeLoop(32, func() {
		VMOVDQU(Mem{Base: RSI}, Y0)
		VPSLLD(X2, Y0, Y1)
		VPOR(Mem{Base: RDI}, Y1, Y1)
		VMOVDQU(Y1, Mem{Base: RDI})
		VPSRLD(X3, Y0, Y1)
		VPOR(Mem{Base: RDI, Index: RDX, Scale: 1}, Y1, Y1)
		VMOVDQU(Y1, Mem{Base: RDI, Index: RDX, Scale: 1})
	})
}
