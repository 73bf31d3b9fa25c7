package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// avx2 has two streams of four lanes, whose instructions take turns: where these have a
// latency of two cycles, one stream waits while the other goes on. Only a, e and what a round
// leaves to the next are in registers; the state and all 80 words of the message schedule are
// in memory. Eight rounds are a pass: that is small enough for old caches of instructions.
func avx2() {
	const (
		half                = vector / 2
		stateAt, scheduleAt = 8 * vector, 16 * vector
	)
	g, words := general, R12
	eight := GLOBL("rotate8", RODATA|NOPTR)
	for i := range 32 {
		DATA(i, U8(i&8|(i+1)&7))
	}
	k := NewDataAddr(Symbol{Name: "k", Static: true}, 0)
	initial := NewDataAddr(Symbol{Name: "initial", Static: true}, 0)
	y := []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}

	scalar := newNinth()

	copyWords := func(to Register) {
		scalar.digest()
		for i := range 16 {
			VMOVDQU(at(g.space, half*i), y[i%4])
			VMOVDQU(y[i%4], at(to, half*i))
		}
	}
	bytes := func(to Register) {
		scalar.digest()
		for s := range 2 {
			right, left, carry := y[0], y[1], y[2]
			VMOVDQU(at(g.layout, vectorsAt+half*s), right)
			VMOVDQU(at(g.layout, vectorsAt+vector+half*s), left)
			VMOVDQU(at(g.layout, vectorsAt+2*vector+half*s), carry)
			for i := range 8 {
				x, into := y[4+i%2*2], y[5+i%2*2]
				VMOVDQU(at(g.space, vector*i+half*s), x)
				VPSRLVQ(right, x, into)
				VPOR(carry, into, into)
				VMOVDQU(into, at(to, vector*i+half*s))
				VPSLLVQ(left, x, carry)
			}
			VPOR(at(g.layout, vectorsAt+3*vector+half*s), carry, carry)
			VMOVDQU(carry, at(to, vector*8+half*s))
		}
	}
	start := func() {
		for i := range 16 {
			VMOVDQU(at(g.base, half*i), y[i%4])
			VMOVDQU(y[i%4], at(g.space, stateAt+half*i))
		}
		for i := range 32 {
			VMOVDQU(at(g.message, half*i), y[i%4])
			VMOVDQU(y[i%4], at(g.space, scheduleAt+half*i))
		}
	}
	// round returns the instructions of round t of a stream, as many for each.
	round := func(t, stream int, schedule bool) []func() {
		r := y[8*stream:]
		a, e, now, last, sum, t1, t2, t3 := r[0], r[1], r[2+t%2], r[3-t%2], r[4], r[5], r[6], r[7]
		s := func(i int) Mem { return at(g.space, stateAt+vector*((i-t%8+8)%8)+half*stream) }
		w := func(i int) Mem { return at(words, vector*(t+i)+half*stream) }
		var ops []func()
		op := func(f ...func()) { ops = append(ops, f...) }
		rotations := func(x VecPhysical, by ...uint8) {
			op(
				func() { VPSRLQ(U8(by[0]), x, t1) },
				func() { VPSLLQ(U8(64-by[0]), x, t2) },
				func() { VPXOR(t2, t1, t1) },
				func() { VPSRLQ(U8(by[1]), x, t2) },
				func() { VPSLLQ(U8(64-by[1]), x, t3) },
				func() { VPXOR(t3, t2, t2) },
				func() { VPXOR(t2, t1, t1) },
				func() { VPSRLQ(U8(by[2]), x, t2) },
				func() { VPSLLQ(U8(64-by[2]), x, t3) },
				func() { VPXOR(t3, t2, t2) },
				func() { VPXOR(t2, t1, t1) },
			)
		}
		op(
			func() { VPBROADCASTQ(Mem{Base: g.k, Index: g.passes, Scale: 1, Disp: 8 * t}, sum) },
			func() { VPADDQ(w(0), sum, sum) },
			func() { VPADDQ(s(7), sum, sum) },
			// ch(e, f, g) = e&f + ^e&g: no bit is in both.
			func() { VPANDN(s(6), e, t1) },
			func() { VPADDQ(t1, sum, sum) },
			func() { VPAND(s(5), e, t2) },
			func() { VPADDQ(t2, sum, sum) },
		)
		rotations(e, 14, 18, 41)
		op(
			func() { VPADDQ(t1, sum, sum) },
			func() { VPADDQ(s(3), sum, e) },
			func() { VMOVDQU(e, s(3)) },
			// maj(a, b, c) = b ^ (a^b & b^c), and this round's a^b is the next one's b^c.
			func() { VPXOR(s(1), a, now) },
			func() { VPAND(now, last, last) },
			func() { VPXOR(s(1), last, last) },
			func() { VPADDQ(last, sum, sum) },
		)
		rotations(a, 28, 34, 39)
		op(
			func() { VPADDQ(t1, sum, a) },
			func() { VMOVDQU(a, s(7)) },
		)
		if !schedule {
			return ops
		}
		op(
			func() { VMOVDQU(w(1), t1) },
			func() { VPSHUFB(eight, t1, sum) },
			func() { VPSRLQ(U8(7), t1, t2) },
			func() { VPXOR(t2, sum, sum) },
			func() { VPSRLQ(U8(1), t1, t2) },
			func() { VPXOR(t2, sum, sum) },
			func() { VPSLLQ(U8(63), t1, t1) },
			func() { VPXOR(t1, sum, sum) },
			func() { VPADDQ(w(0), sum, sum) },
			func() { VPADDQ(w(9), sum, sum) },
			func() { VMOVDQU(w(14), t1) },
			func() { VPSRLQ(U8(19), t1, t2) },
			func() { VPSLLQ(U8(45), t1, t3) },
			func() { VPXOR(t3, t2, t2) },
			func() { VPSRLQ(U8(61), t1, t3) },
			func() { VPXOR(t3, t2, t2) },
			func() { VPSLLQ(U8(3), t1, t3) },
			func() { VPXOR(t3, t2, t2) },
			func() { VPSRLQ(U8(6), t1, t1) },
			func() { VPXOR(t1, t2, t2) },
			func() { VPADDQ(t2, sum, sum) },
			func() { VMOVDQU(sum, w(16)) },
		)
		return ops
	}
	// rounds goes on until the offset of the words is the end.
	rounds := func(label string, schedule bool, end uint32) {
		Label(label)
		for t := range 8 {
			one, other, third := round(t, 0, schedule), round(t, 1, schedule), scalar.round(t, schedule)
			done := 0
			for i := range one {
				one[i]()
				other[i]()
				for ; done < (i+1)*len(third)/len(one); done++ {
					third[done]()
				}
			}
		}
		ADDQ(U32(8*vector), words)
		ADDQ(U32(8*8), g.passes)
		CMPQ(g.passes, U32(end))
		JNE(LabelRef(label))
	}
	compress := func() {
		start()
		LEAQ(k, g.k)
		LEAQ(at(g.space, scheduleAt), words)
		for stream := range 2 {
			r := y[8*stream:]
			VMOVDQU(at(g.space, stateAt+half*stream), r[0])
			VMOVDQU(at(g.space, stateAt+4*vector+half*stream), r[1])
			VMOVDQU(at(g.space, stateAt+vector+half*stream), r[3])
			VPXOR(at(g.space, stateAt+2*vector+half*stream), r[3], r[3])
		}
		scalar.start()
		XORL(g.passes.(GPPhysical).As32(), g.passes.(GPPhysical).As32())
		rounds("pass", true, 64*8)
		rounds("last", false, 80*8)
		scalar.end()
		for i := range 16 {
			VMOVDQU(at(g.space, stateAt+half*i), y[i%4])
			VPADDQ(at(g.base, half*i), y[i%4], y[i%4])
			VMOVDQU(y[i%4], at(g.space, half*i))
		}
	}
	loop("roundsAVX2", initial, copyWords, bytes, compress)
}
