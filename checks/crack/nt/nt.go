// Package nt computes the scheme $3$ (NT hash) as libxcrypt's crypt(3) does.
package nt

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
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
	if end := bytes.IndexByte(word, 0); end >= 0 {
		word = word[:end]
	}
	if len(word) > MaxWord {
		return "", false
	}
	length := uint32(16 * len(word)) // in bits
	s := newMD4()
	var x [16]uint32
	for ; len(word) >= blockBytes; word = word[blockBytes:] {
		widen(&x, word[:blockBytes])
		s.block(&x)
	}
	x = [16]uint32{}
	widen(&x, word)
	x[len(word)/2] |= 0x80 << (len(word) % 2 * 16)
	if len(word) > blockBytes-5 { // no room for the length, eight bytes
		s.block(&x)
		x = [16]uint32{}
	}
	x[14] = length
	s.block(&x)

	var sum [16]byte
	for i, v := range s {
		binary.LittleEndian.PutUint32(sum[4*i:], v)
	}
	var text [32]byte
	hex.Encode(text[:], sum[:])
	return string(text[:]), true
}

// blockBytes is how many bytes of a word fill a block.
const blockBytes = 32

// widen puts a zero after every byte; what x has beyond them stays.
func widen(x *[16]uint32, word []byte) {
	for i := range len(word) / 2 {
		x[i&15] = uint32(word[2*i]) | uint32(word[2*i+1])<<16
	}
	if n := len(word); n%2 != 0 {
		x[n/2&15] = uint32(word[n-1])
	}
}
