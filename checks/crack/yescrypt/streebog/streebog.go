// Package streebog is the hash function GOST R 34.11-2012 with 256 bits of
// output, which gost-yescrypt needs, and HMAC over it.
//
// Source: RFC 6986; HMAC: RFC 2104, as RFC 7836 section 4.1 applies it.
package streebog

import (
	"encoding/binary"
	"math/bits"
)

// Size and BlockSize are the lengths of a digest and of a block in bytes.
const (
	Size      = 32
	BlockSize = 64
)

// block is a number of 512 bits, the least significant word first, which is
// also the order of its bytes in a message.
type block [8]uint64

// tables join the substitution and the matrix: entry v of table j is what byte
// j of a word, when it is v, adds to the product.
type tables [8][256]uint64

func newTables() *tables {
	t := new(tables)
	for j := range t {
		for v := range t[j] {
			for s, row := uint64(pi[v]), 63-8*j; s != 0; s, row = s>>1, row-1 {
				if s&1 != 0 {
					t[j][v] ^= matrix[row]
				}
			}
		}
	}
	return t
}

// lps is the transformation LPS of a^b: substitute every byte, transpose the
// eight by eight bytes, multiply each word.
func (t *tables) lps(a, b *block) (out block) {
	for j := range a {
		x := a[j] ^ b[j]
		for i := range out {
			out[i] ^= t[j][byte(x>>(8*i))]
		}
	}
	return out
}

// compress is the function g_N of section 8: it replaces h.
func (t *tables) compress(h, n, m *block) {
	key := t.lps(h, n)
	state := *m
	for i := range constants {
		state = t.lps(&state, &key)
		key = t.lps(&key, (*block)(&constants[i]))
	}
	for i := range h {
		h[i] ^= state[i] ^ key[i] ^ m[i]
	}
}

// Hash computes digests, one after another; it belongs to one goroutine. New
// makes it.
type Hash struct {
	tables    *tables
	fill      uint64 // a byte of the first state in all eight places: section 5
	h, n, sum block
	buf       [BlockSize]byte
	used      int
	inner     [Size]byte // of an HMAC
}

// New returns a Hash that is ready for Write. It holds 16 KiB of tables.
func New() *Hash {
	h := &Hash{tables: newTables(), fill: 0x0101010101010101}
	h.Reset()
	return h
}

// Reset begins a new message.
func (h *Hash) Reset() {
	h.n, h.sum, h.used = block{}, block{}, 0
	for i := range h.h {
		h.h[i] = h.fill
	}
}

// Write adds to the message.
func (h *Hash) Write(p []byte) {
	for len(p) > 0 {
		c := copy(h.buf[h.used:], p)
		h.used += c
		p = p[c:]
		if h.used == BlockSize {
			h.step(8 * BlockSize)
		}
	}
}

// step takes in the buffer, of which the given number of bits are message.
func (h *Hash) step(size uint64) {
	var m block
	for i := range m {
		m[i] = binary.LittleEndian.Uint64(h.buf[8*i:])
	}
	h.tables.compress(&h.h, &h.n, &m)
	add(&h.n, &block{size})
	add(&h.sum, &m)
	h.used = 0
}

// add adds modulo 2^512.
func add(a, b *block) {
	var carry uint64
	for i := range a {
		a[i], carry = bits.Add64(a[i], b[i], carry)
	}
}

// finish pads and closes the message: stage 3 of section 8.
func (h *Hash) finish() {
	size := uint64(8 * h.used)
	clear(h.buf[h.used:])
	h.buf[h.used] = 1
	h.step(size)
	h.tables.compress(&h.h, &block{}, &h.n)
	h.tables.compress(&h.h, &block{}, &h.sum)
}

// Sum ends the message and returns its digest; Reset must follow.
func (h *Hash) Sum() (digest [Size]byte) {
	h.finish()
	for i := range 4 {
		binary.LittleEndian.PutUint64(digest[8*i:], h.h[4+i])
	}
	return digest
}

// Digest returns the digest of a message.
func (h *Hash) Digest(message []byte) [Size]byte {
	h.Reset()
	h.Write(message)
	return h.Sum()
}

// MAC returns HMAC_GOSTR3411_2012_256 under a key of at most 64 bytes; of a
// longer one it takes the digest.
func (h *Hash) MAC(key, message []byte) [Size]byte {
	var short [Size]byte
	if len(key) > BlockSize {
		short = h.Digest(key)
		key = short[:]
	}
	h.pad(key, 0x36)
	h.Write(message)
	h.inner = h.Sum()
	h.pad(key, 0x5c)
	h.Write(h.inner[:])
	return h.Sum()
}

func (h *Hash) pad(key []byte, mask byte) {
	h.Reset()
	for i := range h.buf {
		h.buf[i] = mask
		if i < len(key) {
			h.buf[i] ^= key[i]
		}
	}
	h.step(8 * BlockSize)
}
