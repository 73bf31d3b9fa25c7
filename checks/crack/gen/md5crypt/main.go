// Command md5crypt writes the vector kernels of package md5crypt:
//
//	go run ./md5crypt -out ../md5crypt/kernel_amd64.s -stubs ../md5crypt/kernel_amd64.go -pkg md5crypt
//
// The compression function is that of RFC 1321, on as many words side by side as a vector
// has 32-bit elements, and on up to four vectors (streams) in turn: each step waits for
// the one before it, and the processor has time for other streams meanwhile. Where vector
// instructions take two cycles each (Zen 5) a fourth stream is nearly free; elsewhere it
// costs what it gives.
package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	constants()
	for streams := 1; streams <= 4; streams++ {
		avx512(streams)
	}
	for streams := 1; streams <= 3; streams++ {
		avx2(streams)
	}
	place512()
	place256()
	Generate()
}

// The initial state and the rotations; k is the sines' constants.
var (
	initial   = [4]uint32{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}
	rotations = [4][4]uint64{{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}
)

func k(step int) uint32 { return uint32(math.Floor(math.Abs(math.Sin(float64(step+1))) * (1 << 32))) }

// word is which word of the block a step adds.
func word(step int) int {
	i := step % 16
	return [4]int{i, (5*i + 1) % 16, (3*i + 5) % 16, 7 * i % 16}[step/16]
}

// Each constant stands eight times in a row: the steps of AVX2 add it from memory. The last
// function of the four, c ^ (b | ^d), is -1 - (c ^ (d &^ b)): its constants are one less, and
// what is in brackets is subtracted.
const repeated = 8

var table, turn16, iv Mem

func constants() {
	table = GLOBL("md5Constants", RODATA|NOPTR)
	for i := range 64 * repeated {
		c := k(i / repeated)
		if i/repeated >= 48 {
			c-- // see the last function
		}
		DATA(4*i, U32(c))
	}
	iv = GLOBL("md5Initial", RODATA|NOPTR)
	for i := range 4 * repeated {
		DATA(4*i, U32(initial[i/repeated]))
	}
	turn16 = GLOBL("md5Turn16", RODATA|NOPTR) // for a byte shuffle
	for i := range 8 {
		at := uint32(i%4) * 0x04040404
		DATA(4*i, U32(at+0x01000302))
	}
}

// A plan has an entry of so many bytes for each round: where its message begins, of how
// many blocks it is, where the last digest goes (absent = nowhere), by how many bits its
// first word is shifted there, 32 less these, and the mask of the bits before it.
const (
	entry  = 32
	absent = math.MaxUint32
)

// rounds is what both kinds of the round loop have in common. insert puts the digest into
// the message at DX; begin and steps hash the block at AX.
func rounds(size, streams int, insertPlain, insertShifted, begin, steps, finish, leave func()) {
	Load(Param("msg"), RDI)
	Load(Param("plan"), RSI)
	Load(Param("entries"), R8)
	Load(Param("n"), R9)
	Load(Param("digest"), R10)
	SHLQ(U8(5), R8)
	ADDQ(RSI, R8) // the end of the plan
	MOVQ(RSI, R11)

	Label("round")
	MOVL(Mem{Base: RSI}, EAX)
	ADDQ(RDI, RAX)
	MOVL(Mem{Base: RSI, Disp: 4}, ECX)
	MOVL(Mem{Base: RSI, Disp: 8}, EDX)
	CMPL(EDX, I8(-1))
	JEQ(LabelRef("compress"))
	ADDQ(RDI, RDX)
	CMPL(Mem{Base: RSI, Disp: 12}, U8(0))
	JNE(LabelRef("shifted"))
	insertPlain()
	JMP(LabelRef("compress"))

	Label("shifted")
	insertShifted()

	Label("compress")
	begin()
	Label("block")
	steps()
	ADDQ(U32(16*size*streams), RAX)
	DECL(ECX)
	JZ(LabelRef("done"))
	finish()
	JMP(LabelRef("block"))

	Label("done")
	ADDQ(U8(entry), RSI)
	CMPQ(RSI, R8)
	CMOVQEQ(R11, RSI)
	DECQ(R9)
	JNZ(LabelRef("round"))
	leave()
	VZEROUPPER()
	RET()
}

const signature = "func(digest, msg, plan *uint32, entries, n int)"

// ternary returns the immediate of VPTERNLOGD for a function of (dst, second, third).
func ternary(f func(dst, second, third uint8) uint8) U8 {
	var imm uint8
	for i := range uint8(8) {
		imm |= (f(i>>2&1, i>>1&1, i&1) & 1) << i
	}
	return U8(imm)
}
