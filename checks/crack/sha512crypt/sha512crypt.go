// Package sha512crypt computes the scheme $6$ as crypt(3) does, several words at a time
// where the machine has the vectors for it.
//
// Sources: Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512"; FIPS 180-4.
package sha512crypt

import (
	"crypto/sha512"
	"slices"

	"hostaudit/checks/crack/cpu"
)

// DigestLen is the length in bytes of the encoded digest.
const DigestLen = 86

// Try is one computation.
type Try struct {
	Word   []byte
	Salt   string // as it stands in the hash, at most 16 bytes of any value
	Rounds int
	// Digest is what Hasher.HashAll puts the encoded digest into, whose room it uses:
	// DigestLen bytes, none after Hasher.Stop.
	Digest []byte
}

// Hasher hashes words; the zero value is ready and uses no vectors. It is the working
// memory of one worker, not to be used by two at once.
type Hasher struct {
	// Features are the instructions that may be used. They are not changed after the
	// first use.
	Features cpu.Features
	// Stop, if it is not nil, is asked every few hundred microseconds; when it says true
	// the digests in work come out empty.
	Stop func() bool

	scalar scalar
	vector vector
	sorted []classed
}

// Batch is how many tries of so many rounds go well together: a multiple of the lanes, and
// so many that few lanes are left idle when the tries are divided by length, but at most
// what takes about 0.2 s on a slow machine. It is 1 if there is no kernel.
func (h *Hasher) Batch(rounds int) int {
	lanes := choose(h.Features).lanes
	if lanes == 0 {
		return 1
	}
	const most, usual = 256, 5000
	return max(most*usual/max(rounds, usual)/lanes*lanes, lanes)
}

// HashAll sets the digest of every try. Tries of equal rounds and similar lengths of words
// and salts are hashed together.
func (h *Hasher) HashAll(tries []Try) {
	k := choose(h.Features)
	h.sorted = sortByClass(h.sorted[:0], tries)
	for at := 0; at < len(h.sorted); {
		n := 1
		for n < k.lanes && at+n < len(h.sorted) && h.sorted[at+n].class == h.sorted[at].class {
			n++
		}
		pass := h.sorted[at : at+n]
		at += n
		for i := range pass {
			pass[i].try.Digest = pass[i].try.Digest[:0]
		}
		switch {
		case h.stopped():
		case n < k.fewest, k.lanes == 0:
			for i := range pass {
				t := pass[i].try
				t.Digest = h.Hash(t.Digest, t.Word, t.Salt, t.Rounds)
			}
		default:
			h.together(&k, pass)
		}
	}
	clear(h.sorted) // they point to words
}

func (h *Hasher) stopped() bool { return h.Stop != nil && h.Stop() }

// Hash appends the encoded digest of one word, or nothing after Stop.
func (h *Hasher) Hash(dst, word []byte, salt string, rounds int) []byte {
	sum, ok := h.scalar.hash(word, salt, rounds, h.stopped)
	if !ok {
		return dst
	}
	return appendDigest(dst, &sum)
}

// digits is the alphabet of crypt(3), in the order of values.
const digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// appendDigest writes 21 groups of three bytes, then the last one alone; of each group the
// lowest bits first. The groups take turns with the thirds of the digest.
func appendDigest(dst []byte, sum *[sha512.Size]byte) []byte {
	dst = slices.Grow(dst, DigestLen)
	for i := range 21 {
		third := [3]int{i, i + 21, i + 42}
		v := uint32(sum[third[i%3]])<<16 | uint32(sum[third[(i+1)%3]])<<8 | uint32(sum[third[(i+2)%3]])
		dst = append(dst, digits[v&63], digits[v>>6&63], digits[v>>12&63], digits[v>>18])
	}
	return append(dst, digits[sum[63]&63], digits[sum[63]>>6])
}

// layout is the index of round i's message. Round i hashes: P if i is odd, else the last
// digest; S unless 3 divides i; P unless 7 does; the digest if i is odd, else P. So there
// are only eight messages, which bits tell apart: odd, with S, with the second P.
func layout(i int) int {
	k := i & 1
	if i%3 != 0 {
		k |= 2
	}
	if i%7 != 0 {
		k |= 4
	}
	return k
}

// period is after how many rounds the messages repeat.
const period = 42

// appendLayout writes message k with a blank where the digest goes.
func appendLayout(m []byte, k int, p, s []byte) []byte {
	var blank [sha512.Size]byte
	odd := k&1 != 0
	if odd {
		m = append(m, p...)
	} else {
		m = append(m, blank[:]...)
	}
	if k&2 != 0 {
		m = append(m, s...)
	}
	if k&4 != 0 {
		m = append(m, p...)
	}
	if odd {
		return append(m, blank[:]...)
	}
	return append(m, p...)
}

// digestAt is where appendLayout leaves the blank, by the lengths of word and salt.
func digestAt(k, word, salt int) int {
	if k&1 == 0 {
		return 0
	}
	at := word
	if k&2 != 0 {
		at += salt
	}
	if k&4 != 0 {
		at += word
	}
	return at
}

// The messages before the rounds.

// appendB is what digest B is made of.
func appendB(m, word []byte, salt string) []byte {
	m = append(m, word...)
	m = append(m, salt...)
	return append(m, word...)
}

// appendA is what digest A is made of, the first one of the rounds.
func appendA(m, word []byte, salt string, b *[sha512.Size]byte) []byte {
	m = append(m, word...)
	m = append(m, salt...)
	m = appendCut(m, b, len(word))
	for n := len(word); n > 0; n >>= 1 {
		if n&1 != 0 {
			m = append(m, b[:]...)
		} else {
			m = append(m, word...)
		}
	}
	return m
}

// appendDP is what P is cut from.
func appendDP(m, word []byte) []byte {
	for range word {
		m = append(m, word...)
	}
	return m
}

// appendDS is what S is cut from; it depends on A.
func appendDS(m []byte, salt string, a *[sha512.Size]byte) []byte {
	for range 16 + int(a[0]) {
		m = append(m, salt...)
	}
	return m
}

// appendCut appends n bytes: as many copies of the digest as that takes.
func appendCut(m []byte, digest *[sha512.Size]byte, n int) []byte {
	for ; n > len(digest); n -= len(digest) {
		m = append(m, digest[:]...)
	}
	return append(m, digest[:n]...)
}
