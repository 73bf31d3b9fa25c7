package mysqlhash

import (
	"crypto/sha1"
	"encoding/hex"
)

// What one test takes, in nanoseconds, see Hash.Cost.
const (
	nativeStep = 180
	oldStep    = 30
)

// nativeHash is SHA1(SHA1(word)).
type nativeHash [sha1.Size]byte

// parseNative reads '*' and 40 hexadecimal digits of either case; MariaDB does
// not look at the first character, only at the length. 16 digits are a hash of
// before MySQL 4.1: with old_passwords the servers store it under this plugin,
// too, and the Password column of old tables names no plugin at all.
//
// MariaDB takes any other character for an invalid password (the literal
// "invalid" is one, and mysql.sys has *THISISNOTAVALIDPASSWORD...). MySQL reads
// such characters as digits beyond 15; what comes out belongs to no known word.
func parseNative(stored []byte) (Hash, error) {
	if len(stored) == oldDigits {
		return parseOld(stored)
	}
	k := new(nativeHash)
	if len(stored) != 1+hex.EncodedLen(len(k)) {
		return Hash{}, ErrMalformed
	}
	if _, err := hex.Decode(k[:], stored[1:]); err != nil {
		return Hash{}, ErrMalformed // the error of hex quotes the character
	}
	return Hash{scheme: Native, cost: estimate(1, nativeStep), matches: k.matches}, nil
}

func (k *nativeHash) matches(word []byte) bool {
	once := sha1.Sum(word)
	return sha1.Sum(once[:]) == *k
}

// oldDigits is the length of a stored hash of before MySQL 4.1.
const oldDigits = 16

// oldHash is the two numbers of a hash of before MySQL 4.1.
type oldHash [2]uint32

// oldBits are the bits of a number that the hash keeps. A stored number with
// the highest bit comes from no server and is never matched.
const oldBits = 1<<31 - 1

func parseOld(stored []byte) (Hash, error) {
	var b [oldDigits / 2]byte
	if len(stored) != oldDigits {
		return Hash{}, ErrMalformed
	}
	if _, err := hex.Decode(b[:], stored); err != nil {
		return Hash{}, ErrMalformed
	}
	k := new(oldHash)
	for i, c := range b {
		k[i/4] = k[i/4]<<8 | uint32(c)
	}
	return Hash{scheme: Old, outdated: true, cost: estimate(1, oldStep), matches: k.matches}, nil
}

// matches computes the hash modulo 2^32: the server's words are 64 bits wide,
// but no bit ever moves down.
func (k *oldHash) matches(word []byte) bool {
	a, b, add := uint32(1345345333), uint32(0x12345671), uint32(7)
	for _, c := range word {
		if c == ' ' || c == '\t' {
			continue
		}
		v := uint32(c)
		a ^= ((a&63)+add)*v + a<<8
		b += b<<8 ^ a
		add += v
	}
	return a&oldBits == k[0] && b&oldBits == k[1]
}
