package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// sha writes the round loop for three lanes with the SHA extensions, which work on one
// block each. SHA256RNDS2 takes four cycles and one can begin every second cycle: two
// lanes could just fill it, if there was nothing else to wait for, such as the digest in
// front of the next message. Memory holds four words of each lane in turn.
//
// Registers are too few for three blocks: of the four parts of each, those that are in use
// are in three registers in turn, and the fourth is behind the digest.
func sha() {
	TEXT("roundsSHA", NOSPLIT, signature)
	Pragma("noescape")
	Doc("roundsSHA is kernel.rounds for 3 lanes with the SHA extensions. Behind the digest it uses 6 rows.")
	const size = 16
	const streams = 3
	at := func(base Register, row, s int) Mem { return Mem{Base: base, Disp: (row*streams + s) * size} }
	spare := func(part, s int) Mem { return at(R10, 4+part%4, s) }
	state := [streams][2]VecPhysical{{X1, X2}, {X3, X4}, {X5, X6}}
	m := [streams][3]VecPhysical{{X7, X8, X9}, {X10, X11, X12}, {X13, X14, X15}}
	save := func(base Register, row int) {
		for s := range streams {
			MOVOU(state[s][0], at(base, row, s))
			MOVOU(state[s][1], at(base, row+1, s))
		}
	}
	begin := func() {
		for s := range streams {
			MOVOU(ivSHA, state[s][0])
			MOVOU(ivSHA.Offset(16), state[s][1])
		}
		save(R10, 2)
	}

	Load(Param("digest"), R10)
	for s := range streams {
		MOVOU(at(R10, 0, s), state[s][0])
		MOVOU(at(R10, 1, s), state[s][1])
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
			JMP(LabelRef("loaded"))
			Label("inside")
			save(RDX, 0)
		},
		func() {
			// Aligned parts, which the loads of the rounds get out of the store queue.
			front, behind, ones := X13, X14, X15
			MOVOU(Mem{Base: RSI, Disp: 32}, front)
			MOVOU(Mem{Base: RSI, Disp: 48}, behind)
			PCMPEQL(ones, ones)
			for s := range streams {
				MOVO(state[s][0], X7)
				MOVO(state[s][0], X8)
				MOVO(state[s][1], X9)
				MOVO(state[s][1], X10)
				PSHUFB(front, X7)
				PSHUFB(behind, X8)
				PSHUFB(front, X9)
				PSHUFB(behind, X10)
				POR(X9, X8)
				// What stands there of the digest before goes, by a mask of ones.
				MOVO(front, X0)
				PCMPGTB(ones, X0) // 0 to 127: taken from the digest
				MOVOU(at(RDX, 0, s), X11)
				PANDN(X11, X0)
				POR(X0, X7)
				MOVO(behind, X0)
				PCMPGTB(ones, X0)
				MOVOU(at(RDX, 2, s), X11)
				PANDN(X11, X0)
				POR(X0, X10)
				MOVOU(X7, at(RDX, 0, s))
				MOVOU(X8, at(RDX, 1, s))
				MOVOU(X10, at(RDX, 2, s))
			}
		},
		begin,
		func() {
			for i := range 2 {
				for s := range streams {
					MOVOU(at(RAX, i, s), m[s][i])
				}
			}
			Label("loaded")
			for i := range 16 {
				for s := range streams {
					now, next, before := m[s][i%3], m[s][(i+1)%3], m[s][(i+2)%3]
					switch {
					case 1 <= i && i < 3:
						MOVOU(at(RAX, i+1, s), next)
					case 3 <= i && i < 15:
						MOVOU(spare(i+1, s), next)
					}
					MOVOU(plainTable.Offset(16*i), X0)
					PADDD(now, X0)
					SHA256RNDS2(X0, state[s][0], state[s][1])
					PSHUFD(U8(0x0e), X0, X0)
					SHA256RNDS2(X0, state[s][1], state[s][0])
					if 3 <= i && i < 15 {
						MOVO(now, X0)
						PALIGNR(U8(4), before, X0)
						PADDD(X0, next)
						SHA256MSG2(now, next)
					}
					if 1 <= i && i < 13 {
						SHA256MSG1(now, before)
						MOVOU(before, spare(i-1, s))
					}
				}
			}
			for s := range streams {
				for i := range 2 {
					MOVOU(at(R10, 2+i, s), X0)
					PADDD(X0, state[s][i])
				}
			}
		},
		func() { save(R10, 2) },
		func() {
			for s := range streams {
				t := m[s][0]
				PSHUFD(U8(0x1b), state[s][0], t)           // f e b a to a b e f, lowest first
				PSHUFD(U8(0xb1), state[s][1], state[s][1]) // h g d c to g h c d
				MOVO(t, state[s][0])
				PBLENDW(U8(0xf0), state[s][1], state[s][0]) // a b c d
				PALIGNR(U8(8), t, state[s][1])              // e f g h
			}
		},
		func() { save(R10, 0) },
	)
}
