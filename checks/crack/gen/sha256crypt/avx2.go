package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

var ymm = [...]VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}

// avx2 writes the round loop for 8 lanes. The message's last sixteen words are a ring
// behind the digest: round t computes word t+16, so that none is waited for. The rounds are
// written out sixteen at a time: all of them are more than processors keep decoded.
func avx2() {
	TEXT("rounds256", NOSPLIT, signature)
	Pragma("noescape")
	Doc("rounds256 is kernel.rounds for 8 lanes with AVX2. Behind the digest it uses 16 rows.")
	const size = 32
	at := func(base Register, word int) Mem { return Mem{Base: base, Disp: word * size} }
	ring := func(word int) Mem { return at(R10, 8+word%16) }
	state := ymm[:8]

	Load(Param("digest"), R10)
	for i, r := range state {
		VMOVDQU(at(R10, i), r)
	}
	save := func(base Register) {
		for i, r := range state {
			VMOVDQU(r, at(base, i))
		}
	}
	rounds(16*size,
		func() { save(RDX) },
		func() {
			right, left, mask := X12, X13, Y14
			VMOVD(Mem{Base: RSI, Disp: 12}, right)
			VMOVD(Mem{Base: RSI, Disp: 16}, left)
			VPBROADCASTD(Mem{Base: RSI, Disp: 20}, mask)
			for i := range 9 {
				t, u := ymm[8+i%2*2], ymm[9+i%2*2]
				switch i {
				case 0:
					VPAND(at(RDX, 0), mask, u)
					VPSRLD(right, state[0], t)
				case 8:
					VPANDN(at(RDX, 8), mask, u)
					VPSLLD(left, state[7], t)
				default:
					VPSRLD(right, state[i], t)
					VPSLLD(left, state[i-1], u)
				}
				VPOR(u, t, t)
				VMOVDQU(t, at(RDX, i))
			}
		},
		func() {
			for i, r := range state {
				VMOVDQU(iv.Offset(4*repeated*i), r)
				VMOVDQU(r, at(R10, i))
			}
		},
		func() {
			// sum leaves the exclusive or of x rotated right by three numbers, or rotated
			// by two and shifted by the first, in t. Its depth is that of a tree: the rounds
			// wait for it.
			sum := func(x, t, u, v Op, shift, r1, r2 uint64, rotate bool) {
				VPSRLD(U8(shift), x, t)
				if rotate {
					VPSLLD(U8(32-shift), x, u)
					VPXOR(u, t, t)
				}
				for _, r := range []uint64{r1, r2} {
					VPSRLD(U8(r), x, u)
					VPSLLD(U8(32-r), x, v)
					VPXOR(v, u, u)
					VPXOR(u, t, t)
				}
			}
			bc, ab, t, u, v, w, x := Y8, Y9, Y10, Y11, Y12, Y13, Y14
			for i := range 16 {
				VMOVDQU(at(RAX, i), x)
				VMOVDQU(x, ring(i))
			}
			VPXOR(state[1], state[2], bc)
			pass := func(schedule bool) {
				for round := range 16 {
					r := func(n int) VecPhysical { return state[(n+64-round)%8] }
					a, b, d, e, f, g, h := r(0), r(1), r(3), r(4), r(5), r(6), r(7)
					VPADDD(ring(round), h, h)
					VPXOR(f, g, v)
					VPADDD(Mem{Base: R12, Disp: 4 * repeated * round}, h, h)
					VPAND(e, v, v)
					sum(e, t, u, w, 6, 11, 25, true)
					VPXOR(g, v, v)
					VPADDD(v, h, h)
					VPADDD(t, h, h)
					VPADDD(h, d, d)
					VPXOR(a, b, ab)
					VPAND(ab, bc, bc)
					VPXOR(b, bc, bc) // the majority
					sum(a, t, u, w, 2, 13, 22, true)
					VPADDD(bc, h, h)
					VPADDD(t, h, h)
					bc, ab = ab, bc
					if schedule {
						VMOVDQU(ring(round+1), x)
						sum(x, t, u, w, 3, 7, 18, false)
						VMOVDQU(ring(round+14), x)
						VPADDD(ring(round), t, t)
						VPADDD(ring(round+9), t, t)
						sum(x, v, u, w, 10, 17, 19, false)
						VPADDD(v, t, t)
						VMOVDQU(t, ring(round))
					}
				}
			}
			LEAQ(table, R12)
			MOVL(U32(3), R13L)
			Label("pass")
			pass(true)
			ADDQ(U32(16*4*repeated), R12)
			DECL(R13L)
			JNZ(LabelRef("pass"))
			pass(false)
			for i, r := range state {
				VPADDD(at(R10, i), r, r)
			}
		},
		func() { save(R10) },
		func() {},
		func() {
			save(R10)
			VZEROUPPER()
		},
	)
}
