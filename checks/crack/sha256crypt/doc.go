// Package sha256crypt computes the scheme $5$ as libxcrypt's crypt(3) does: many words side
// by side where the processor has AVX-512, SHA extensions or AVX2, else one by one.
//
// Sources: Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512" (2008); FIPS 180-4;
// crypt-sha256.c of libxcrypt 4.4.33.
package sha256crypt

import (
	"encoding/binary"
	"slices"

	"hostaudit/checks/crack/cpu"
)

// MaxSalt is how many bytes of salt count.
const MaxSalt = 16

// Pair is one try: a word and the salt it is hashed with.
type Pair struct {
	Word []byte
	Salt string
}

// Digest is what stands behind the salt in a hash.
type Digest [43]byte

// Hasher hashes words; the zero value is ready and uses plain Go. It is the working
// memory of one worker (about 40 KiB with vectors), not to be used by two at once.
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

// batch is how many tries of defaultRounds are worth taking together: whatever the number
// of words of one length among them, few lanes stay empty. They take some 40 ms.
const (
	batch         = 256
	defaultRounds = 5000
)

// Batch is how many tries Hash likes to have at a time.
func (h *Hasher) Batch(rounds int) int {
	all := kernels(h.Features)
	if len(all) == 0 {
		return 1
	}
	lanes := all[len(all)-1].lanes
	return min(max(batch*defaultRounds/max(rounds, 1)/lanes, 1), 4*batch/lanes) * lanes
}

// Hash computes the digests of all pairs. It is false if Stop ended it; the digests are of
// no use then. Lanes work on words of one length and salts of one length together; an order
// of the pairs is not needed.
func (h *Hasher) Hash(rounds int, pairs []Pair, digests []Digest) bool {
	kernels := kernels(h.Features)
	h.order = h.order[:0]
	for i := range pairs {
		p := &pairs[i]
		p.Salt = p.Salt[:min(len(p.Salt), MaxSalt)]
		h.order = append(h.order, uint64(len(p.Word))<<40|uint64(len(p.Salt))<<32|uint64(i))
	}
	slices.Sort(h.order)
	for rest := h.order; len(rest) > 0; {
		first := &pairs[uint32(rest[0])]
		same := 1
		for same < len(rest) && rest[same]>>32 == rest[0]>>32 {
			same++
		}
		k := choose(kernels, same)
		if k == nil || !fits(len(first.Word), len(first.Salt)) {
			sum, ok := h.plain.hash(rounds, first, h.Stop)
			if !ok {
				return false
			}
			digests[uint32(rest[0])] = encode(&sum)
			rest = rest[1:]
			continue
		}
		same = min(same, k.lanes)
		if !h.lanes.hash(k, rounds, &h.plain, pairs, digests, rest[:same], h.Stop) {
			return false
		}
		rest = rest[same:]
	}
	return true
}

// choose returns the kernel for so many tries of one shape, or nil where plain Go is as
// good.
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
// the word's sequence if i is odd, else the last digest; the salt's unless 3 divides i; the
// word's unless 7 divides i; the digest if i is odd, else the word's.
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
const size = 32

// order is how the bytes of the digest are written; never changed.
var order = [size]byte{
	20, 10, 0, 11, 1, 21, 2, 22, 12, 23, 13, 3, 14, 4, 24, 5, 25, 15, 26, 16, 6, 17, 7, 27,
	8, 28, 18, 29, 19, 9, 30, 31,
}

const digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// encode writes three bytes as four digits, lowest first, and the last two as three.
func encode(sum *[8]uint32) (d Digest) {
	var raw [size]byte
	for i, w := range sum {
		binary.BigEndian.PutUint32(raw[4*i:], w)
	}
	for i := range 10 {
		v := uint32(raw[order[3*i]]) | uint32(raw[order[3*i+1]])<<8 | uint32(raw[order[3*i+2]])<<16
		d[4*i], d[4*i+1], d[4*i+2], d[4*i+3] = digits[v&63], digits[v>>6&63], digits[v>>12&63], digits[v>>18&63]
	}
	v := uint32(raw[order[30]]) | uint32(raw[order[31]])<<8
	d[40], d[41], d[42] = digits[v&63], digits[v>>6&63], digits[v>>12]
	return d
}
