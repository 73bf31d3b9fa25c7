package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// salsaTwo writes the block-mix of scrypt for two hashes side by side: each step of Salsa20
// waits for the one before. One hash has four quarters to work on at a time, which plain Go
// does faster than vectors that have no rotation.
func salsaTwo(with bool) {
	label, args := "salsaTwo", "a"
	if with {
		label, args = "salsaTwoXor", "a, b0, b1"
	}
	TEXT(label, NOSPLIT, "func(even, odd, "+args+", x *[2]uint64, blocks, apart uintptr)")
	Pragma("noescape")
	Doc(label + " is mixSalsa of two hashes: see mixTwo.")
	even, odd, a, apart, end, tmp := RAX, RSI, RBX, RCX, RDX, RDI
	Load(Param("even"), even)
	Load(Param("odd"), odd)
	Load(Param("a"), a)
	var b []GPPhysical
	if with {
		b = []GPPhysical{R12, R13}
		Load(Param("b0"), b[0])
		Load(Param("b1"), b[1])
	}
	Load(Param("blocks"), end)
	Load(Param("apart"), apart)
	SHLQ(Imm(6), end)
	ADDQ(a, end)
	Load(Param("x"), tmp)
	for i, lane := range lanes {
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
		for k := range 2 {
			s, sum, low := lanes[4*k:], []VecPhysical{X8, X10}[k], []VecPhysical{X9, X11}[k]
			VPADDD(s[y], s[z], sum)
			VPSRLD(Imm(32-by), sum, low)
			VPSLLD(Imm(by), sum, sum)
			VPXOR(low, s[x], s[x])
			VPXOR(sum, s[x], s[x])
		}
	}
	turn := func(one, two, three uint64) {
		for k := range 2 {
			s := lanes[4*k:]
			VPSHUFD(Imm(one), s[1], s[1])
			VPSHUFD(Imm(two), s[2], s[2])
			VPSHUFD(Imm(three), s[3], s[3])
		}
	}

	Label(label + "Block")
	for i, lane := range lanes {
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
	for i, lane := range lanes {
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
	for i, lane := range lanes {
		VMOVDQU(lane, at(tmp, 16*i))
	}
	RET()
}
