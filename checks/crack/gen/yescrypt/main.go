// Yescrypt writes the block-mix of yescrypt for amd64 with AVX2 and BMI2: of one hash, and of
// two side by side. Run it in checks/crack/gen:
//
//	go run ./yescrypt -pkg yescrypt -out ../yescrypt/mix_amd64.s -stubs ../yescrypt/mix_amd64.go
//
// One hash waits for its S-boxes most of the time: the place of a lane in them must be known
// before the next round can begin. Alone it keeps the words that say the places in integer
// registers, too, from where they make addresses much sooner; that doubles their arithmetic.
// Two hashes have enough to do while they wait, and take the way with the fewest instructions.
package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	boxBytes   = 4096
	boxesBytes = 3 * boxBytes // and then those of the other hash
	places     = boxBytes - 16
	written    = 256 // bytes of S-boxes, by each pwxform
	rounds     = 6
	blockBytes = 64
)

func main() {
	ConstraintExpr("amd64")
	for _, save := range []bool{false, true} {
		mixOne(save)
	}
	for _, save := range []bool{false, true} {
		mixTwo(save)
	}
	salsaTwo(false)
	salsaTwo(true)
	Generate()
}

func name(of string, save bool) string {
	if save {
		return of + "Save"
	}
	return of
}

var (
	lanes = []VecPhysical{X0, X1, X2, X3, X4, X5, X6, X7}
	spare = []VecPhysical{X12, X13, X14, X15}
)

// blend adds a xor b to a lane, and leaves it in b with save.
func blend(a, b Mem, to, by VecPhysical, save bool) {
	if !save {
		VPXOR(a, to, to)
		VPXOR(b, to, to)
		return
	}
	VMOVDQU(a, by)
	VPXOR(b, by, by)
	VMOVDQU(by, b)
	VPXOR(by, to, to)
}

func at(base Register, disp int) Mem { return Mem{Base: base, Disp: disp} }

func mixOne(save bool) {
	label := name("mixOne", save)
	TEXT(label, NOSPLIT, "func(dst, a, b, x, s0, s1, s2 *[2]uint64, w, blocks uintptr)")
	Pragma("noescape")
	Doc(label + " is boxes.mix of one hash.")
	frame := AllocLocal(24)
	end, s2, w := frame, frame.Offset(8), frame.Offset(16)
	dst, a, b, s0, s1, to := RAX, RBX, RCX, RSI, RDI, RDX
	half, not, hi, lo := R8, R9, R10, R11
	words := []GPPhysical{R12, R13, R14, R15}

	Load(Param("s2"), to)
	MOVQ(to, s2)
	Load(Param("w"), to)
	MOVQ(to, w)
	Load(Param("dst"), dst)
	Load(Param("a"), a)
	Load(Param("b"), b)
	Load(Param("s0"), s0)
	Load(Param("s1"), s1)
	Load(Param("blocks"), to)
	SHLQ(Imm(6), to)
	ADDQ(a, to)
	MOVQ(to, end)
	Load(Param("x"), to)
	for i, word := range words {
		VMOVDQU(at(to, 16*i), lanes[i])
		MOVQ(at(to, 16*i), word)
	}
	MOVQ(U32(32), half)
	MOVQ(I32(^places), not)

	Label(label + "Block")
	MOVQ(s2, to)
	ADDQ(w, to)
	for i, word := range words {
		XORQ(at(a, 16*i), word)
		XORQ(at(b, 16*i), word)
		blend(at(a, 16*i), at(b, 16*i), lanes[i], spare[i], save)
	}
	for round := range rounds {
		for i, word := range words {
			ANDNL(word.As32(), not.As32(), lo.As32())
			SHRXQ(half, word, hi)
			ORL(word.As32(), word.As32()) // leaves the lower half; avo drops a MOVL
			IMULQ(hi, word)
			ANDNL(hi.As32(), not.As32(), hi.As32())
			one, other := Mem{Base: s0, Index: lo, Scale: 1}, Mem{Base: s1, Index: hi, Scale: 1}
			ADDQ(one, word)
			XORQ(other, word)
			VPSRLQ(Imm(32), lanes[i], spare[i])
			VPMULUDQ(lanes[i], spare[i], lanes[i])
			VPADDQ(one, lanes[i], lanes[i])
			VPXOR(other, lanes[i], lanes[i])
			if inner(round) {
				VMOVDQU(lanes[i], at(to, 64*(round-1)+16*i))
			}
		}
	}
	for i := range words {
		VMOVDQU(lanes[i], at(dst, 16*i))
	}
	MOVQ(s2, to)
	MOVQ(s1, s2)
	MOVQ(s0, s1)
	MOVQ(to, s0)
	MOVQ(w, to)
	ADDQ(U32(written), to)
	ANDQ(U32(boxBytes-1), to)
	MOVQ(to, w)
	for _, p := range []GPPhysical{dst, a, b} {
		ADDQ(Imm(blockBytes), p)
	}
	CMPQ(a, end)
	JB(LabelRef(label + "Block"))

	Load(Param("x"), to)
	for i := range words {
		VMOVDQU(lanes[i], at(to, 16*i))
	}
	RET()
}

// inner rounds are those whose lanes go into an S-box.
func inner(round int) bool { return 0 < round && round < rounds-1 }

func mixTwo(save bool) {
	label := name("mixTwo", save)
	TEXT(label, NOSPLIT, "func(dst, a, b0, b1, x, s0, s1, s2 *[2]uint64, w, blocks, apart uintptr)")
	Pragma("noescape")
	Doc(label+" is boxes.mix of two hashes. The second one has dst and a that many bytes further on, b1 for b,",
		"its state behind the other's and its S-boxes behind all three of the other's.")
	dst, a, b, apart, end := RAX, RBX, []GPPhysical{R12, R13}, RCX, RDX
	s0, s1, s2, to, mask := RSI, RDI, R8, R9, R10
	hi, lo := R11, R15

	Load(Param("dst"), dst)
	Load(Param("a"), a)
	Load(Param("b0"), b[0])
	Load(Param("b1"), b[1])
	Load(Param("s0"), s0)
	Load(Param("s1"), s1)
	Load(Param("s2"), s2)
	Load(Param("w"), to)
	Load(Param("x"), hi)
	for i, lane := range lanes {
		VMOVDQU(at(hi, 16*i), lane)
	}
	Load(Param("blocks"), end)
	Load(Param("apart"), apart)
	SHLQ(Imm(6), end)
	ADDQ(a, end)
	MOVQ(U64(places<<32|places), mask)

	of := func(base GPPhysical, i int) Mem {
		if i < 4 {
			return at(base, 16*i)
		}
		return Mem{Base: base, Index: apart, Scale: 1, Disp: 16 * (i - 4)}
	}
	Label(label + "Block")
	for i, lane := range lanes {
		blend(of(a, i), at(b[i/4], 16*(i%4)), lane, spare[i%4], save)
	}
	ADDQ(s2, to)
	for round := range rounds {
		for i, lane := range lanes {
			boxes := boxesBytes * (i / 4)
			VMOVQ(lane, hi)
			ANDQ(mask, hi)
			VPSRLQ(Imm(32), lane, spare[i%4])
			VPMULUDQ(lane, spare[i%4], lane)
			MOVL(hi.As32(), lo.As32())
			SHRQ(Imm(32), hi)
			VPADDQ(Mem{Base: s0, Index: lo, Scale: 1, Disp: boxes}, lane, lane)
			VPXOR(Mem{Base: s1, Index: hi, Scale: 1, Disp: boxes}, lane, lane)
			if inner(round) {
				VMOVDQU(lane, at(to, boxes+64*(round-1)+16*(i%4)))
			}
		}
	}
	for i, lane := range lanes {
		VMOVDQU(lane, of(dst, i))
	}
	SUBQ(s2, to)
	ADDQ(U32(written), to)
	ANDQ(U32(boxBytes-1), to)
	MOVQ(s2, hi)
	MOVQ(s1, s2)
	MOVQ(s0, s1)
	MOVQ(hi, s0)
	for _, p := range []GPPhysical{dst, a, b[0], b[1]} {
		ADDQ(Imm(blockBytes), p)
	}
	CMPQ(a, end)
	JB(LabelRef(label + "Block"))

	Load(Param("x"), hi)
	for i, lane := range lanes {
		VMOVDQU(lane, at(hi, 16*i))
	}
	RET()
}
