// Command sha256crypt writes the vector kernels of package sha256crypt:
//
//	go run ./sha256crypt -out ../sha256crypt/kernel_amd64.s -stubs ../sha256crypt/kernel_amd64.go -pkg sha256crypt
//
// The compression function is that of FIPS 180-4: sixteen words side by side with AVX-512,
// eight with AVX2, three in turn with the SHA extensions.
package main

import (
	"math/big"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

func main() {
	ConstraintExpr("amd64")
	constants()
	avx512()
	avx2()
	sha()
	Generate()
}

// root returns the first 32 bits of the fraction of the n-th prime's square or cube root.
func root(n, degree int) uint32 {
	prime := 1
	for found := -1; found < n; {
		prime++
		if big.NewInt(int64(prime)).ProbablyPrime(0) {
			found++
		}
	}
	// The largest r with r^degree <= prime << (32*degree), of which 32 bits are the fraction.
	limit := new(big.Int).Lsh(big.NewInt(int64(prime)), uint(32*degree))
	r := new(big.Int)
	for bit := 40; bit >= 0; bit-- {
		r.SetBit(r, bit, 1)
		if new(big.Int).Exp(r, big.NewInt(int64(degree)), nil).Cmp(limit) > 0 {
			r.SetBit(r, bit, 0)
		}
	}
	return uint32(r.Uint64())
}

func k(round int) uint32 { return root(round, 3) }

func initial(i int) uint32 { return root(i, 2) }

// The constants stand eight times in a row for AVX2, and once for the SHA extensions.
const repeated = 8

var table, plainTable, iv, ivSHA Mem

func constants() {
	table = GLOBL("sha256Constants", RODATA|NOPTR)
	for i := range 64 * repeated {
		DATA(4*i, U32(k(i/repeated)))
	}
	plainTable = GLOBL("sha256ConstantsInRow", RODATA|NOPTR)
	for i := range 64 {
		DATA(4*i, U32(k(i)))
	}
	iv = GLOBL("sha256Initial", RODATA|NOPTR)
	for i := range 8 * repeated {
		DATA(4*i, U32(initial(i/repeated)))
	}
	ivSHA = GLOBL("sha256InitialFEBAHGDC", RODATA|NOPTR) // the order of SHA256RNDS2, lowest first
	for i, from := range []int{5, 4, 1, 0, 7, 6, 3, 2} {
		DATA(4*i, U32(initial(from)))
	}
}

// A plan has an entry of so many bytes for each round: where its message begins, of how
// many blocks it is, where the last digest goes, by how many bits it is shifted there, 32
// less these, the mask of the bits before it in a word, and two unused words. Behind that
// are two masks for byte shuffles: what goes into the 16 bytes where it begins, and what
// into the 16 behind these.
const entry = 64

// rounds is the round loop. insert puts the digest into the message at DX; begin and steps
// hash the block at AX, which takes so many bytes.
func rounds(block int, insertPlain, insertShifted, begin, steps, finish, end, leave func()) {
	Load(Param("msg"), RDI)
	Load(Param("plan"), RSI)
	Load(Param("entries"), R8)
	Load(Param("n"), R9)
	Load(Param("digest"), R10)
	SHLQ(U8(6), R8)
	ADDQ(RSI, R8) // the end of the plan
	MOVQ(RSI, R11)

	Label("round")
	MOVL(Mem{Base: RSI}, EAX)
	ADDQ(RDI, RAX)
	MOVL(Mem{Base: RSI, Disp: 4}, ECX)
	MOVL(Mem{Base: RSI, Disp: 8}, EDX)
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
	ADDQ(U32(block), RAX)
	DECL(ECX)
	JZ(LabelRef("done"))
	finish()
	JMP(LabelRef("block"))

	Label("done")
	end()
	ADDQ(U8(entry), RSI)
	CMPQ(RSI, R8)
	CMOVQEQ(R11, RSI)
	DECQ(R9)
	JNZ(LabelRef("round"))
	leave()
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
