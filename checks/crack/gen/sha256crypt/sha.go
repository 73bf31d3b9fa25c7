package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// sha writes the round loop for two lanes with the SHA extensions, which work on one block
// each; while the rounds of one wait, those of the other go on. Memory holds four words of
// one lane and four of the other in turn.
func sha() {
	TEXT("roundsSHA", NOSPLIT, signature)
	Pragma("noescape")
	Doc("roundsSHA is kernel.rounds for 2 lanes with the SHA extensions. Behind the digest it uses 8 rows.")
	const size = 16
	const streams = 2
	at := func(base Register, row, s int) Mem { return Mem{Base: base, Disp: (row*streams + s) * size} }
	state := [streams][2]VecPhysical{{X1, X2}, {X3, X4}}
	m := [streams][4]VecPhysical{{X5, X6, X7, X8}, {X9, X10, X11, X12}}
	temp := [streams]VecPhysical{X13, X14}
	save := func(base Register, row int) {
		for s := range streams {
			MOVOU(state[s][0], at(base, row, s))
			MOVOU(state[s][1], at(base, row+1, s))
		}
	}

	Load(Param("digest"), R10)
	for s := range streams {
		MOVOU(at(R10, 0, s), state[s][0])
		MOVOU(at(R10, 1, s), state[s][1])
	}
	begin := func() {
		for s := range streams {
			MOVOU(ivSHA, state[s][0])
			MOVOU(ivSHA.Offset(16), state[s][1])
		}
		save(R10, 2)
	}
	loadRows := func(from int) {
		for i := from; i < 4; i++ {
			for s := range streams {
				MOVOU(at(RAX, i, s), m[s][i])
			}
		}
	}
	rounds(4*streams*size,
		func() {
			// A digest in front is what the first rounds wait for: it does without memory.
			CMPQ(RAX, RDX)
			JNE(LabelRef("inside"))
			for s := range streams {
				MOVO(state[s][0], m[s][0])
				MOVO(state[s][1], m[s][1])
			}
			begin()
			loadRows(2)
			JMP(LabelRef("loaded"))
			Label("inside")
			save(RDX, 0)
		},
		func() {
			// Aligned parts, which the loads of the rounds get out of the store queue.
			front, behind := X13, X14
			MOVOU(Mem{Base: RSI, Disp: 32}, front)
			MOVOU(Mem{Base: RSI, Disp: 48}, behind)
			for s := range streams {
				MOVO(state[s][0], X5)
				MOVO(state[s][0], X6)
				MOVO(state[s][1], X7)
				MOVO(state[s][1], X8)
				PSHUFB(front, X5)
				PSHUFB(behind, X6)
				PSHUFB(front, X7)
				PSHUFB(behind, X8)
				POR(X7, X6)
				// What stands there of the digest before goes, by a mask of ones.
				MOVO(front, X0)
				PCMPEQL(X9, X9)
				PCMPGTB(X9, X0) // 0 to 127: taken from the digest
				MOVOU(at(RDX, 0, s), X10)
				PANDN(X10, X0)
				POR(X0, X5)
				MOVO(behind, X0)
				PCMPGTB(X9, X0)
				MOVOU(at(RDX, 2, s), X10)
				PANDN(X10, X0)
				POR(X0, X8)
				MOVOU(X5, at(RDX, 0, s))
				MOVOU(X6, at(RDX, 1, s))
				MOVOU(X8, at(RDX, 2, s))
			}
		},
		begin,
		func() {
			loadRows(0)
			Label("loaded")
			for i := range 16 {
				for s := range streams {
					w := m[s]
					now, next, before := w[i%4], w[(i+1)%4], w[(i+3)%4]
					MOVOU(plainTable.Offset(16*i), X0)
					PADDD(now, X0)
					SHA256RNDS2(X0, state[s][0], state[s][1])
					if 3 <= i && i < 15 {
						MOVO(now, temp[s])
						PALIGNR(U8(4), before, temp[s])
						PADDD(temp[s], next)
						SHA256MSG2(now, next)
					}
					PSHUFD(U8(0x0e), X0, X0)
					SHA256RNDS2(X0, state[s][1], state[s][0])
					if 1 <= i && i < 13 {
						SHA256MSG1(now, before)
					}
				}
			}
			for s := range streams {
				for i := range 2 {
					MOVOU(at(R10, 2+i, s), temp[s])
					PADDD(temp[s], state[s][i])
				}
			}
		},
		func() { save(R10, 2) },
		func() {
			for s := range streams {
				PSHUFD(U8(0x1b), state[s][0], temp[s])     // f e b a to a b e f, lowest first
				PSHUFD(U8(0xb1), state[s][1], state[s][1]) // h g d c to g h c d
				MOVO(temp[s], state[s][0])
				PBLENDW(U8(0xf0), state[s][1], state[s][0]) // a b c d
				PALIGNR(U8(8), temp[s], state[s][1])        // e f g h
			}
		},
		func() { save(R10, 0) },
	)
}
