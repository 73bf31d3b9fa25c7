// Package md5crypt computes the schemes $1$ and $apr1$ as libxcrypt's crypt(3) and Apache
// do: many words side by side where the processor has AVX-512 or AVX2, else one by one.
//
// Sources: Poul-Henning Kamp's md5crypt (FreeBSD, 1994); RFC 1321; crypt-md5.c of
// libxcrypt 4.4.33; "Password Formats" of the Apache documentation.
package md5crypt

import (
	"encoding/binary"
	"slices"

	"hostaudit/checks/crack/cpu"
)

// The texts that tell the two schemes apart: they are hashed with the word.
const (
	Crypt = "$1$"
	Apr1  = "$apr1$"
)

// MaxSalt is how many bytes of salt count.
const MaxSalt = 8

// Rounds is the length of the loop, which is not variable.
const Rounds = 1000

// Pair is one try: a word and the salt it is hashed with.
type Pair struct {
	Word []byte
	Salt string
}

// Digest is what stands behind the salt in a hash.
type Digest [22]byte

// Hasher hashes words; the zero value is ready and uses plain Go. It is the working
// memory of one worker (about 80 KiB with vectors), not to be used by two at once.
type Hasher struct {
	// Stop, if it is not nil, is asked about every millisecond.
	Stop func() bool
	// Features are the instructions that may be used; not to be changed after the first
	// use.
	Features cpu.Features

	plain plain
	lanes lanes
	order []uint64
}

// batch is how many tries are worth taking together: whatever the number of words of one
// length among them, few lanes stay empty.
const batch = 960

// Batch is how many tries Hash likes to have at a time.
func (h *Hasher) Batch() int {
	if len(kernels(h.Features)) == 0 {
		return 1
	}
	return batch
}

// Hash computes the digests of all pairs under Crypt or Apr1. It is false if Stop ended
// it; the digests are of no use then. Lanes work on words of one length and salts of one
// length together; an order of the pairs is not needed.
func (h *Hasher) Hash(magic string, pairs []Pair, digests []Digest) bool {
	kernels := kernels(h.Features)
	h.order = h.order[:0]
	for i := range pairs {
		p := &pairs[i]
		p.Salt = p.Salt[:min(len(p.Salt), MaxSalt)]
		h.order = append(h.order, uint64(len(p.Word))<<40|uint64(len(p.Salt))<<32|uint64(i))
	}
	slices.Sort(h.order)
	for rest := h.order; len(rest) > 0; {
		if h.Stop != nil && h.Stop() {
			return false
		}
		first := &pairs[uint32(rest[0])]
		same := 1
		for same < len(rest) && rest[same]>>32 == rest[0]>>32 {
			same++
		}
		k := choose(kernels, same)
		if k == nil || !fits(len(first.Word), len(first.Salt)) {
			digests[uint32(rest[0])] = encode(h.plain.hash(magic, first))
			rest = rest[1:]
			continue
		}
		same = min(same, k.lanes)
		h.lanes.hash(k, magic, pairs, digests, rest[:same])
		rest = rest[same:]
	}
	return true
}

// choose returns the kernel for so many tries of one shape: the smallest that has room for
// all, else the largest. It is nil where plain Go is as good.
func choose(kernels []kernel, tries int) *kernel {
	var k *kernel
	for i := range kernels {
		if tries >= kernels[i].least {
			k = &kernels[i]
		}
	}
	return k
}

// layout is the shape of the message of a round, of which there are eight. Round i hashes:
// the word if i is odd, else the last digest; the salt unless 3 divides i; the word unless
// 7 divides i; the digest if i is odd, else the word.
func layout(round int) int {
	k := round & 1
	if round%3 != 0 {
		k |= 2
	}
	if round%7 != 0 {
		k |= 4
	}
	return k
}

const (
	layouts = 8
	period  = 42 // of layout
)

// size is the digest's, in bytes.
const size = 16

// order is how the bytes of the digest are written; never changed.
var order = [size]byte{12, 6, 0, 13, 7, 1, 14, 8, 2, 15, 9, 3, 5, 10, 4, 11}

const digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// encode writes three bytes as four digits, lowest first, and the last one as two.
func encode(sum [4]uint32) (d Digest) {
	var raw [size]byte
	for i, w := range sum {
		binary.LittleEndian.PutUint32(raw[4*i:], w)
	}
	for i := range 5 {
		v := uint32(raw[order[3*i]]) | uint32(raw[order[3*i+1]])<<8 | uint32(raw[order[3*i+2]])<<16
		d[4*i], d[4*i+1], d[4*i+2], d[4*i+3] = digits[v&63], digits[v>>6&63], digits[v>>12&63], digits[v>>18&63]
	}
	v := raw[order[15]]
	d[20], d[21] = digits[v&63], digits[v>>6]
	return d
}
