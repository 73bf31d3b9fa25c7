// Package sunmd5 computes the scheme $md5$ of Solaris as libxcrypt's crypt(3)
// does.
//
// Sources: Alec Muffett, "OpenSolaris, Pluggable Crypt, and the SunMD5 Password
// Hash Algorithm" (2005); crypt(5) and crypt-sunmd5.c of libxcrypt 4.4.33.
package sunmd5

import (
	"crypto/md5"
	"strconv"
	"strings"
)

// DigestLen is the length of the digest in characters.
const DigestLen = 22

// MinRounds is the number of rounds without "rounds=" in the setting, which adds
// to it.
const MinRounds = 4096

// maxSalt is how much of a setting fits before a dollar, the digest and a NUL in
// what crypt(3) returns (CRYPT_OUTPUT_SIZE of crypt.h, 384).
const maxSalt = 384 - DigestLen - 2

// digits is the alphabet of crypt(5), in the order of values.
const digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// ParseSetting reads a setting or a whole hash: its first salt bytes are hashed
// with the word and written back, then come a dollar and the digest. ok is false
// where crypt(3) would refuse it.
//
// The salt begins with the setting itself and includes the rounds. A dollar that
// ends the characters of the salt belongs to it if another one or nothing follows:
// $md5$salt$$digest is made with "$md5$salt$", and $md5$salt$digest with
// "$md5$salt", although the setting "$md5$salt$" gives the former. Rounds are
// counted modulo 2^32.
func ParseSetting(text string) (salt int, rounds uint32, ok bool) {
	const rule = "rounds="
	at := len("$md5$")
	if !strings.HasPrefix(text, "$md5$") && !strings.HasPrefix(text, "$md5,") {
		return 0, 0, false
	}
	rounds = MinRounds
	if strings.HasPrefix(text[at:], rule) {
		at += len(rule)
		number, _, found := strings.Cut(text[at:], "$")
		n, err := strconv.ParseUint(number, 10, 32)
		if !found || err != nil || number[0] == '0' {
			return 0, 0, false
		}
		rounds += uint32(n)
		at += len(number) + 1
	}
	for at < len(text) && strings.IndexByte(digits, text[at]) >= 0 {
		at++
	}
	switch rest := text[at:]; {
	case rest == "":
	case rest[0] != '$':
		return 0, 0, false
	case len(rest) == 1 || rest[1] == '$':
		at++
	}
	if at > maxSalt {
		return 0, 0, false
	}
	return at, rounds, true
}

// Hasher hashes words; the zero value is ready. It is the working memory of one
// worker, not to be used by two at once.
type Hasher struct {
	// Stop, if it is not nil, is asked every few milliseconds; when it says true
	// Hash gives up.
	Stop func() bool

	short, long []byte // a round's message without and with the soliloquy
}

// Hash returns the DigestLen characters that follow the salt and a dollar in
// crypt(3)'s answer, or "" after Stop. The salt is the part of the setting that
// ParseSetting counts, and rounds are all rounds.
func (h *Hasher) Hash(word, salt []byte, rounds uint32) string {
	h.short = append(append(h.short[:0], word...), salt...)
	sum := md5.Sum(h.short)

	var room [md5.Size]byte
	h.short = append(h.short[:0], room[:]...)
	h.long = append(append(h.long[:0], room[:]...), soliloquy...)
	withText := len(h.long)
	for i := range rounds {
		if h.Stop != nil && i%1024 == 1023 && h.Stop() {
			return ""
		}
		if heads(&sum, i) {
			h.long = strconv.AppendUint(h.long[:withText], uint64(i), 10)
			copy(h.long, sum[:])
			sum = md5.Sum(h.long)
		} else {
			h.short = strconv.AppendUint(h.short[:md5.Size], uint64(i), 10)
			copy(h.short, sum[:])
			sum = md5.Sum(h.short)
		}
	}
	return encode(&sum)
}

// heads tosses Muffett's coin: two bytes are gathered bit by bit from places of
// the last digest that the digest itself tells, each halved or not by a bit that
// depends on the round; they number the two bits whose difference is the result.
func heads(sum *[md5.Size]byte, round uint32) bool {
	var x, y uint32
	for i := range 8 {
		x |= bit(sum, place(sum, i)) << i
		y |= bit(sum, place(sum, i+8)) << i
	}
	x >>= bit(sum, round)
	y >>= bit(sum, round+64)
	return bit(sum, x) != bit(sum, y)
}

// place is the number of a bit of the digest, found with bytes i and i+3 of it.
func place(sum *[md5.Size]byte, i int) uint32 {
	a, b := sum[i%16], sum[(i+3)%16]
	v := sum[(a>>(b%5))%16]
	return uint32(v >> (b >> (a % 8) & 1))
}

// bit is bit n of the digest, counted modulo its length.
func bit(sum *[md5.Size]byte, n uint32) uint32 {
	return uint32(sum[n/8%16]>>(n%8)) & 1
}

// encode writes the digest in md5crypt's order: groups of three bytes as four
// digits, the lowest six bits first, and the last byte as two.
func encode(sum *[md5.Size]byte) string {
	out := make([]byte, 0, DigestLen)
	put := func(v uint32, n int) {
		for range n {
			out = append(out, digits[v&63])
			v >>= 6
		}
	}
	for _, g := range [...][3]int{{0, 6, 12}, {1, 7, 13}, {2, 8, 14}, {3, 9, 15}, {4, 10, 5}} {
		put(uint32(sum[g[0]])<<16|uint32(sum[g[1]])<<8|uint32(sum[g[2]]), 4)
	}
	put(uint32(sum[11]), 2)
	return string(out)
}

// Hash is Hasher.Hash for a single word.
func Hash(word, salt []byte, rounds uint32) string {
	return new(Hasher).Hash(word, salt, rounds)
}
