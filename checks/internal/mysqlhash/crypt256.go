package mysqlhash

import (
	"bytes"
	"crypto/sha256"
	"hash"
)

const (
	saltSize    = 20 // bytes; crypt(3) has up to 16
	cryptDigits = 43
	// crypt256Step is what one round takes in nanoseconds, see Hash.Cost; 125
	// where the processor has instructions for SHA.
	crypt256Step = 175
)

// crypt256 returns the digits of SHA-256 crypt: MySQL's variant differs from
// that of crypt(3) in the length of the salt only. The word has at most
// longestSHA2 bytes, the salt has saltSize.
//
// Source: Ulrich Drepper, "Unix crypt using SHA-256 and SHA-512".
func crypt256(word, salt []byte, rounds int) [cryptDigits]byte {
	h := sha256.New()
	var a, b [sha256.Size]byte

	write(h, word, salt, word)
	h.Sum(b[:0])

	h.Reset()
	write(h, word, salt)
	writeRepeated(h, b[:], len(word))
	for n := len(word); n > 0; n >>= 1 {
		if n&1 != 0 {
			write(h, b[:])
		} else {
			write(h, word)
		}
	}
	h.Sum(a[:0])

	var m messages
	m.build(wordSequence(h, word), saltSequence(h, salt, 16+int(a[0])))
	for i := range rounds {
		k := message(i)
		copy(m.text[k][m.at[k]:], a[:])
		a = sha256.Sum256(m.text[k][:m.size[k]])
	}
	return encode256(a)
}

func write(h hash.Hash, parts ...[]byte) {
	for _, p := range parts {
		_, _ = h.Write(p) // never fails
	}
}

// writeRepeated writes n bytes, the pattern again and again.
func writeRepeated(h hash.Hash, pattern []byte, n int) {
	for ; n > len(pattern); n -= len(pattern) {
		write(h, pattern)
	}
	write(h, pattern[:n])
}

// wordSequence is what stands for the word: as long, cut from the digest of as
// many copies as it has bytes.
func wordSequence(h hash.Hash, word []byte) []byte {
	h.Reset()
	for range word {
		write(h, word)
	}
	return stretch(h, len(word))
}

// saltSequence is what stands for the salt: as long, cut from the digest of
// that many copies.
func saltSequence(h hash.Hash, salt []byte, copies int) []byte {
	h.Reset()
	for range copies {
		write(h, salt)
	}
	return stretch(h, len(salt))
}

// stretch repeats the digest to n bytes.
func stretch(h hash.Hash, n int) []byte {
	sum := h.Sum(nil)
	return bytes.Repeat(sum, n/len(sum)+1)[:n]
}

// longestMessage is that of a word of longestSHA2 bytes, hashed twice.
const longestMessage = longestSHA2 + saltSize + longestSHA2 + sha256.Size

// messages are what the rounds hash. Round i hashes: the word if i is odd, else
// the last digest; the salt unless 3 divides i; the word unless 7 divides i;
// the digest if i is odd, else the word. Only eight such messages exist for a
// word, so they are laid out once and each round puts the digest into one of
// them.
type messages struct {
	text [8][longestMessage]byte
	size [8]int
	at   [8]int // where the digest goes
}

// message is the index of round i's message.
func message(i int) int {
	k := i & 1
	if i%3 != 0 {
		k |= 2
	}
	if i%7 != 0 {
		k |= 4
	}
	return k
}

func (m *messages) build(word, salt []byte) {
	for k := range m.text {
		t := m.text[k][:0]
		odd := k&1 != 0
		if odd {
			t = append(t, word...)
		} else {
			t = t[:sha256.Size]
		}
		if k&2 != 0 {
			t = append(t, salt...)
		}
		if k&4 != 0 {
			t = append(t, word...)
		}
		if odd {
			m.at[k] = len(t)
			t = t[:len(t)+sha256.Size]
		} else {
			t = append(t, word...)
		}
		m.size[k] = len(t)
	}
}

// digits64 are the digits of crypt(3), least first.
const digits64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// encode256 writes three bytes of the digest as four digits, the lowest bits
// first. The bytes of a group lie ten apart, and each group begins one group
// further; the last two bytes are left for three digits.
func encode256(sum [sha256.Size]byte) (digits [cryptDigits]byte) {
	out := digits[:0]
	high, mid, low := 0, 10, 20
	for range 10 {
		v := uint32(sum[high])<<16 | uint32(sum[mid])<<8 | uint32(sum[low])
		for range 4 {
			out = append(out, digits64[v&63])
			v >>= 6
		}
		high, mid, low = low+1, high+1, mid+1
	}
	v := uint32(sum[31])<<8 | uint32(sum[30])
	for range 3 {
		out = append(out, digits64[v&63])
		v >>= 6
	}
	return digits
}

// isDigits tells whether the digits can begin an encoded digest, whose last
// one has four bits.
func isDigits(digits []byte) bool {
	if len(digits) > cryptDigits {
		return false
	}
	for i, c := range digits {
		v := bytes.IndexByte([]byte(digits64), c)
		if v < 0 || i == cryptDigits-1 && v >= 16 {
			return false
		}
	}
	return true
}
