package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// salsa writes the block-mix of scrypt for one hash, or two side by side: each step of
// Salsa20 waits for the one before. with is whether a is xor-ed with another row.
func salsa(n int, with bool) {
	label, args := "salsaOne", "a"
	if n == 2 {
		label = "salsaTwo"
	}
	if with {
		label += "Xor"
		args = []string{"", "a, b", "a, b0, b1"}[n]
	}
	signature := "func(even, odd, " + args + ", x *[2]uint64, blocks uintptr)"
	doc := label + " is mixSalsa of one hash."
	if n == 2 {
		signature = "func(even, odd, " + args + ", x *[2]uint64, blocks, apart uintptr)"
		doc = label + " is mixSalsa of two hashes: see mixTwo."
	}
	TEXT(label, NOSPLIT, signature)
	Pragma("noescape")
	Doc(doc)
	even, odd, a, b, apart, end, tmp := RAX, RSI, RBX, []GPPhysical{R12, R13}[:n], RCX, RDX, RDI
	Load(Param("even"), even)
	Load(Param("odd"), odd)
	Load(Param("a"), a)
	switch {
	case with && n == 2:
		Load(Param("b0"), b[0])
		Load(Param("b1"), b[1])
	case with:
		Load(Param("b"), b[0])
	default:
		b = nil
	}
	Load(Param("blocks"), end)
	if n == 2 {
		Load(Param("apart"), apart)
	}
	SHLQ(Imm(6), end)
	ADDQ(a, end)
	Load(Param("x"), tmp)
	state := lanes[:4*n]
	for i, lane := range state {
		VMOVDQU(at(tmp, 16*i), lane)
	}
	of := func(base GPPhysical, i int) Mem {
		if i < 4 {
			return at(base, 16*i)
		}
		return Mem{Base: base, Index: apart, Scale: 1, Disp: 16 * (i - 4)}
	}
	// step is x ^= (y + z) <<< by, of each hash.
	step := func(x, y, z int, by uint64) {
		for k := range n {
			s, sum, low := state[4*k:], []VecPhysical{X8, X10}[k], []VecPhysical{X9, X11}[k]
			VPADDD(s[y], s[z], sum)
			VPSRLD(Imm(32-by), sum, low)
			VPSLLD(Imm(by), sum, sum)
			VPXOR(low, s[x], s[x])
			VPXOR(sum, s[x], s[x])
		}
	}
	turn := func(one, two, three uint64) {
		for k := range n {
			s := state[4*k:]
			VPSHUFD(Imm(one), s[1], s[1])
			VPSHUFD(Imm(two), s[2], s[2])
			VPSHUFD(Imm(three), s[3], s[3])
		}
	}

	Label(label + "Block")
	for i, lane := range state {
		VPXOR(of(a, i), lane, lane)
		if with {
			VPXOR(at(b[i/4], 16*(i%4)), lane, lane)
		}
		VMOVDQU(lane, of(even, i)) // to be added to the result
	}
	MOVQ(U64(4), tmp)
	Label(label + "Rounds")
	step(1, 0, 3, 7)
	step(2, 1, 0, 9)
	step(3, 2, 1, 13)
	step(0, 3, 2, 18)
	turn(0x93, 0x4e, 0x39)
	step(3, 0, 1, 7)
	step(2, 3, 0, 9)
	step(1, 2, 3, 13)
	step(0, 1, 2, 18)
	turn(0x39, 0x4e, 0x93)
	SUBQ(Imm(1), tmp)
	JNZ(LabelRef(label + "Rounds"))
	for i, lane := range state {
		VPADDD(of(even, i), lane, lane)
		VMOVDQU(lane, of(even, i))
	}
	ADDQ(Imm(blockBytes), even)
	XCHGQ(even, odd)
	for _, p := range append([]GPPhysical{a}, b...) {
		ADDQ(Imm(blockBytes), p)
	}
	CMPQ(a, end)
	JB(LabelRef(label + "Block"))

	Load(Param("x"), tmp)
	for i, lane := range state {
		VMOVDQU(lane, at(tmp, 16*i))
	}
	RET()
}
