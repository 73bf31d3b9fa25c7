package mysqlhash

import (
	"bytes"
	"crypto/ed25519"
	"crypto/pbkdf2"
	"crypto/sha512"
	"encoding/base64"

	"filippo.io/edwards25519"
)

// What one test takes, in nanoseconds, see Hash.Cost.
const (
	ed25519Step    = 16_000
	parsecStep     = 500 // one iteration of PBKDF2
	keyDigits      = 43  // base64 of a public key without its padding
	parsecSalt     = 18
	parsecDigits   = 24 // base64 of the salt
	parsecMostLog2 = 3
)

// publicKey decodes a stored Ed25519 key. The server decodes it and compares
// nothing else, so the two bits that the last digit has too many may be set.
// A string that is no point of the curve, written as the points are, is no
// word's key.
func publicKey(digits []byte) (key [ed25519.PublicKeySize]byte, err error) {
	raw, err := base64.RawStdEncoding.AppendDecode(nil, digits)
	if err != nil || len(digits) != keyDigits || len(raw) != len(key) {
		return key, ErrMalformed // the error of base64 tells where, not what; not needed
	}
	point, err := new(edwards25519.Point).SetBytes(raw)
	if err != nil || !bytes.Equal(point.Bytes(), raw) {
		return key, ErrMalformed
	}
	return [ed25519.PublicKeySize]byte(raw), nil
}

// ed25519Hash is the public key whose secret is SHA-512 of the word. Unlike in
// RFC 8032 the word itself is the seed, of any length.
type ed25519Hash [ed25519.PublicKeySize]byte

func parseEd25519(stored []byte) (Hash, error) {
	key, err := publicKey(stored)
	if err != nil {
		return Hash{}, err
	}
	k := (*ed25519Hash)(&key)
	return Hash{scheme: Ed25519, cost: estimate(1, ed25519Step), matches: k.matches}, nil
}

func (k *ed25519Hash) matches(word []byte) bool {
	secret := sha512.Sum512(word)
	s, err := edwards25519.NewScalar().SetBytesWithClamping(secret[:32])
	if err != nil {
		return false // only of another length
	}
	return bytes.Equal(new(edwards25519.Point).ScalarBaseMult(s).Bytes(), k[:])
}

// parsecHash is the public key whose seed is PBKDF2 with HMAC-SHA-512 of the
// word, since MariaDB 11.6.
type parsecHash struct {
	key  [ed25519.PublicKeySize]byte
	salt [parsecSalt]byte
	log2 uint8 // 1024 << log2 iterations
}

// parseParsec reads a letter for the algorithm, a digit for the iterations and,
// each after a colon, salt and key in base64. Only "P" and "0" to "3" exist; a
// string of that form with others is one of a later server, not one that no
// password matches.
func parseParsec(stored []byte) (Hash, error) {
	if len(stored) != 2+1+parsecDigits+1+keyDigits {
		return Hash{}, ErrMalformed
	}
	head, rest := stored[:2], stored[2:]
	salt, key := rest[1:1+parsecDigits], rest[1+parsecDigits:]
	if rest[0] != ':' || key[0] != ':' {
		return Hash{}, ErrMalformed
	}
	k := &parsecHash{log2: head[1] - '0'}
	if head[0] != 'P' || k.log2 > parsecMostLog2 {
		return Hash{}, ErrPlugin
	}
	raw, err := base64.StdEncoding.AppendDecode(nil, salt)
	if err != nil || len(raw) != len(k.salt) {
		return Hash{}, ErrMalformed
	}
	copy(k.salt[:], raw)
	if k.key, err = publicKey(key[1:]); err != nil {
		return Hash{}, err
	}
	cost := estimate(uint64(k.iterations()), parsecStep) + estimate(1, ed25519Step)
	return Hash{scheme: Parsec, cost: cost, matches: k.matches}, nil
}

func (k *parsecHash) iterations() int { return 1024 << k.log2 }

// matches does not tell a word from the same with NUL bytes behind it, because
// HMAC fills its key up with them; nor does the server.
func (k *parsecHash) matches(word []byte) bool {
	seed, err := pbkdf2.Key(sha512.New, string(word), k.salt[:], k.iterations(), ed25519.SeedSize)
	if err != nil {
		// Go's FIPS mode refuses parameters, which these are not.
		return false
	}
	return bytes.Equal(ed25519.NewKeyFromSeed(seed)[ed25519.SeedSize:], k.key[:])
}
