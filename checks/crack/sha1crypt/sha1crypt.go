// Package sha1crypt computes the scheme $sha1$ of NetBSD as libxcrypt's crypt(3)
// does: HMAC-SHA1 with the word as key, applied to its own result.
//
// Sources: crypt(5) and crypt-pbkdf1-sha1.c of libxcrypt 4.4.33; RFC 2104 (HMAC).
package sha1crypt

import (
	"crypto/sha1"
	"encoding"
	"hash"
	"strconv"
)

// DigestLen is the length of the digest in characters.
const DigestLen = 28

// digits is the alphabet of crypt(5), in the order of values.
const digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// Hasher hashes words; the zero value is ready. It is the working memory of one
// worker, not to be used by two at once.
type Hasher struct {
	// Stop, if it is not nil, is asked every few milliseconds; when it says true
	// Hash gives up.
	Stop func() bool

	sha          resumable
	inner, outer []byte // SHA-1 after the block of the key with either pad
	sum          []byte
	text         []byte
}

// resumable is what the SHA-1 of the standard library can do: its state can be
// taken out and put back, so the key's two blocks are hashed only once.
type resumable interface {
	hash.Hash
	encoding.BinaryAppender
	encoding.BinaryUnmarshaler
}

// Hash returns the DigestLen characters that follow $sha1$iterations$salt$ in
// crypt(3)'s answer, or "" after Stop. The salt can have any length, and 0
// iterations hash once, as 1 does.
func (h *Hasher) Hash(word, salt []byte, iterations uint32) string {
	h.start(word)
	h.text = append(h.text[:0], salt...)
	h.text = append(h.text, "$sha1$"...)
	h.text = strconv.AppendUint(h.text, uint64(iterations), 10)
	h.mac(h.text)
	for i := uint32(1); i < iterations; i++ {
		if h.Stop != nil && i%8192 == 0 && h.Stop() {
			return ""
		}
		h.mac(h.sum)
	}
	return encode(h.sum)
}

// start prepares both states of HMAC for a key.
func (h *Hasher) start(word []byte) {
	if h.sha == nil {
		h.sha = sha1.New().(resumable)
	}
	if len(word) > sha1.BlockSize {
		s := sha1.Sum(word)
		word = s[:]
	}
	h.inner = h.keyed(h.inner[:0], word, 0x36)
	h.outer = h.keyed(h.outer[:0], word, 0x5c)
}

// keyed appends the state after the key's block, each byte combined with pad.
func (h *Hasher) keyed(dst, word []byte, pad byte) []byte {
	var block [sha1.BlockSize]byte
	copy(block[:], word)
	for i := range block {
		block[i] ^= pad
	}
	h.sha.Reset()
	h.sha.Write(block[:])
	state, err := h.sha.AppendBinary(dst)
	if err != nil {
		panic(err) // not reachable: it has nothing to refuse
	}
	return state
}

// mac leaves the keyed digest of data, which may be the last one, in h.sum.
func (h *Hasher) mac(data []byte) {
	h.resume(h.inner)
	h.sha.Write(data)
	h.sum = h.sha.Sum(h.sum[:0])
	h.resume(h.outer)
	h.sha.Write(h.sum)
	h.sum = h.sha.Sum(h.sum[:0])
}

// resume puts a state back that keyed took out.
func (h *Hasher) resume(state []byte) {
	if err := h.sha.UnmarshalBinary(state); err != nil {
		panic(err) // not reachable: its own state
	}
}

// encode writes groups of three bytes as four digits, the lowest six bits first.
// The last group has two bytes, and the first byte again.
func encode(sum []byte) string {
	out := make([]byte, 0, DigestLen)
	for i := 0; i < len(sum); i += 3 {
		third := sum[0]
		if i+2 < len(sum) {
			third = sum[i+2]
		}
		v := uint32(sum[i])<<16 | uint32(sum[i+1])<<8 | uint32(third)
		for range 4 {
			out = append(out, digits[v&63])
			v >>= 6
		}
	}
	return string(out)
}

// Hash is Hasher.Hash for a single word.
func Hash(word, salt []byte, iterations uint32) string {
	return new(Hasher).Hash(word, salt, iterations)
}
