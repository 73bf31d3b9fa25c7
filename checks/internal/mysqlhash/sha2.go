package mysqlhash

import (
	"bytes"
	"strconv"
)

// sha2Rounds is what sha256_password always computes.
const sha2Rounds = 5000

// longestSHA2 is the longest password, in bytes, of both SHA-2 plugins
// (MAX_PLAINTEXT_LENGTH); the servers refuse longer ones at any login.
const longestSHA2 = 256

// sha2Hash is SHA-256 crypt with a salt of 20 bytes.
type sha2Hash struct {
	salt   [saltSize]byte
	rounds int
	// digits are what was stored of the 43 digits of the digest. The server
	// compares as many as are stored; only by hand can they be fewer.
	digits []byte
}

func (k *sha2Hash) matches(word []byte) bool {
	if len(word) > longestSHA2 {
		return false
	}
	digits := crypt256(word, k.salt[:], k.rounds)
	return bytes.HasPrefix(digits[:], k.digits)
}

// newSHA2 returns ErrMalformed where the server's output can never be equal to
// the stored string: digits that are none, or a salt at which its C code
// stops or that it reads as a number of rounds.
func newSHA2(scheme string, salt, digits []byte, rounds int) (Hash, error) {
	if len(salt) != saltSize || bytes.ContainsAny(salt, "\x00$") || readsRounds(salt) || !isDigits(digits) {
		return Hash{}, ErrMalformed
	}
	k := &sha2Hash{rounds: rounds, digits: bytes.Clone(digits)}
	copy(k.salt[:], salt)
	return Hash{scheme: scheme, cost: estimate(uint64(rounds), crypt256Step), matches: k.matches}, nil
}

// readsRounds tells whether the server finds "rounds=" and a number in the
// salt. The string that it makes then has the number in another place.
func readsRounds(salt []byte) bool {
	_, after, found := bytes.Cut(salt, []byte("rounds="))
	if !found {
		return false
	}
	number, _, _ := bytes.Cut(after, []byte(","))
	n, err := strconv.ParseInt(string(bytes.TrimSpace(number)), 10, 64)
	return err == nil && n > 0
}

// parseSHA256 reads "$5$", the salt and, after "$", the digits.
func parseSHA256(stored []byte) (Hash, error) {
	rest, found := bytes.CutPrefix(stored, []byte("$5$"))
	if !found {
		return Hash{}, ErrMalformed
	}
	salt, digits, _ := bytes.Cut(rest, []byte("$"))
	return newSHA2(SHA256, salt, digits, sha2Rounds)
}

// parseCachingSHA2 reads "$A$", the thousands of rounds as three hexadecimal
// digits, "$", the salt and the digits without anything between. As the server
// it looks for the three "$" wherever they are. Another letter than A stands
// for another digest, of a later server.
func parseCachingSHA2(stored []byte) (Hash, error) {
	_, rest, found := bytes.Cut(stored, []byte("$"))
	if !found {
		return Hash{}, ErrMalformed
	}
	digest, rest, found := bytes.Cut(rest, []byte("$"))
	if !found || len(digest) == 0 {
		return Hash{}, ErrMalformed
	}
	if digest[0] != 'A' {
		return Hash{}, ErrPlugin
	}
	number, rest, found := bytes.Cut(rest, []byte("$"))
	if !found || len(number) != 3 || len(rest) != saltSize+cryptDigits || string(rest) == noPassword {
		return Hash{}, ErrMalformed
	}
	thousands, err := strconv.ParseUint(string(number), 16, 12)
	switch {
	case err == nil && thousands == 0:
		return Hash{}, ErrMalformed
	case err != nil || 1000*thousands < sha2Rounds:
		// Servers write no such number, and read it differently: 9.7 takes "7xx"
		// for 7 and refuses "0x7", older ones do not.
		return Hash{}, ErrPlugin
	}
	return newSHA2(CachingSHA2, rest[:saltSize], rest[saltSize:], 1000*int(thousands))
}

// noPassword is what follows the rounds in the accounts that MySQL makes for
// itself (mysql.session, mysql.sys, mysql.infoschema; scripts/mysql_system_users.sql).
// It has the form of a hash.
const noPassword = "THISISACOMBINATIONOFINVALIDSALTANDPASSWORDTHATMUSTNEVERBRBEUSED"
