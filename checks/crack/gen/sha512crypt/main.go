// Sha512crypt writes the stretching loop of sha512crypt for amd64: eight words side by side
// with AVX-512, nine with AVX2. Run it in checks/crack/sha512crypt with go generate.
//
// Both kernels have the same face: func(space *uint64, layouts *[8]*uint64, order *byte, n
// int) computes n rounds, of which round i hashes the message of layouts[order[i]] with the
// digest of the round before in its place. A vector of 64 bytes has the same word of eight
// lanes, and is aligned:
//
//	space    the digest (8 vectors), then room: for the state (8), the message schedule (80);
//	         the digest of the ninth lane (64 bytes), room for its registers and schedule
//	layout   64 bytes: number of blocks, mode, where the digest goes (bytes behind the
//	         message's beginning), and of the ninth lane the digest's place and the message's
//	         (bytes behind the layout's beginning); then four vectors: by how many bits each
//	         lane's digest is shifted right and left, and what the first and the last word it
//	         goes into have of the message around it; then the message with its padding, 16
//	         vectors a block; then that of the ninth lane, whose bytes are as they are hashed
//
// The modes: the digest takes eight whole words; it takes nine words, of which the first and
// the last have other bytes too; the message has no digest, and its blocks go on from the
// digest as the chaining value.
//
// Source: FIPS 180-4.
package main

import (
	"math/big"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// vector is the size in bytes of the same word of all lanes.
const vector = 64

// Offsets in a layout.
const (
	blocksAt = 0
	modeAt   = 8
	digestAt = 16
	// Of the ninth lane, from the layout's beginning:
	scalarDigestAt = 24
	scalarAt       = 32
	vectorsAt      = 64
)

const (
	modeWords = iota
	modeBytes
	modeContinue
)

func main() {
	ConstraintExpr("amd64")
	avx512()
	avx2()
	Generate()
}

// root is the first 64 bits of the fractional part of the root of a prime.
func root(prime int64, cube bool) uint64 {
	n := big.NewInt(prime)
	if cube {
		n.Lsh(n, 3*64)
		return cubeRoot(n).Uint64()
	}
	n.Lsh(n, 2*64)
	return n.Sqrt(n).Uint64()
}

func cubeRoot(n *big.Int) *big.Int {
	low := new(big.Int)
	for bit := n.BitLen()/3 + 1; bit >= 0; bit-- {
		x := new(big.Int).SetBit(low, bit, 1)
		if cube := new(big.Int).Exp(x, big.NewInt(3), nil); cube.Cmp(n) <= 0 {
			low = x
		}
	}
	return low
}

func primes(n int) []int64 {
	var all []int64
	for p := int64(2); len(all) < n; p++ {
		if big.NewInt(p).ProbablyPrime(0) {
			all = append(all, p)
		}
	}
	return all
}

// table is a read-only one with each root so many times in a row.
func table(name string, primes []int64, cube bool, times int) Mem {
	m := GLOBL(name, RODATA|NOPTR)
	at := 0
	for _, p := range primes {
		for range times {
			DATA(at, U64(root(p, cube)))
			at += 8
		}
	}
	return m
}

// pointers are the general registers of a kernel.
type pointers struct {
	space, layouts, order, left, layout, message, blocks, base, k, passes Register
}

var general = pointers{
	space: RDI, layouts: RSI, order: RDX, left: RCX, layout: R8, message: R9, blocks: R10, base: R11, k: RAX, passes: RBX,
}

func at(p Register, bytes int) Mem { return Mem{Base: p, Disp: bytes} }

// loop writes the loop over rounds and blocks. words and bytes put the digest into the message
// in the modes of these names; compress goes on from the chaining value at g.base, and leaves
// the next one in space.
func loop(name string, initial Mem, words, bytes func(to Register), compress func()) {
	g := general
	TEXT(name, NOSPLIT, "func(space *uint64, layouts *[8]*uint64, order *byte, n int)")
	Pragma("noescape")
	Load(Param("space"), g.space.(GPPhysical))
	Load(Param("layouts"), g.layouts.(GPPhysical))
	Load(Param("order"), g.order.(GPPhysical))
	Load(Param("n"), g.left.(GPPhysical))
	TESTQ(g.left, g.left)
	JLE(LabelRef("done"))

	Label("round")
	MOVBQZX(at(g.order, 0), g.k)
	INCQ(g.order)
	MOVQ(Mem{Base: g.layouts, Index: g.k, Scale: 8}, g.layout)
	MOVQ(at(g.layout, blocksAt), g.blocks)
	LEAQ(at(g.layout, vectorsAt+4*vector), g.message)
	MOVQ(g.space, g.base)
	MOVQ(at(g.layout, modeAt), g.passes)
	MOVQ(at(g.layout, digestAt), g.k)
	ADDQ(g.message, g.k)
	CMPQ(g.passes, U8(modeBytes))
	JA(LabelRef("block"))
	LEAQ(initial, g.base)
	JE(LabelRef("bytes"))
	words(g.k)
	JMP(LabelRef("block"))
	Label("bytes")
	bytes(g.k)

	Label("block")
	compress()
	MOVQ(g.space, g.base)
	ADDQ(U32(16*vector), g.message)
	DECQ(g.blocks)
	JNZ(LabelRef("block"))
	DECQ(g.left)
	JNZ(LabelRef("round"))
	VZEROUPPER()
	Label("done")
	RET()
}
