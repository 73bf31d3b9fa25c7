// Package nt computes the scheme $3$ (NT hash) as libxcrypt's crypt(3) does.
package nt

import (
	"encoding/hex"

	"golang.org/x/crypto/md4" //lint:ignore SA1019 the scheme is MD4
)

// MaxWord is the greatest length in bytes of a word that crypt(3) takes
// (CRYPT_MAX_PASSPHRASE_SIZE in crypt.h).
const MaxWord = 511

// NT returns the 32 hexadecimal digits that follow $3$$ in crypt(3)'s answer: MD4
// of the word with a zero after every byte. That is UTF-16 of a word in ISO 8859-1;
// a word in UTF-8 is not decoded, so its digest differs from what Windows stores.
// The word ends at a NUL; ok is false if it is longer than MaxWord.
//
// Source: crypt(5) and crypt-nthash.c of libxcrypt 4.4.33; RFC 1320 (MD4).
func NT(word []byte) (digest string, ok bool) {
	var wide [2 * MaxWord]byte
	n := 0
	for _, c := range word {
		if c == 0 {
			break
		}
		if n == len(wide) {
			return "", false
		}
		wide[n] = c
		n += 2
	}
	h := md4.New()
	h.Write(wide[:n])
	return hex.EncodeToString(h.Sum(nil)), true
}
