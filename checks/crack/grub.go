package crack

import (
	"bytes"
	"crypto/pbkdf2"
	"crypto/sha512"
	"encoding/hex"
	"strconv"
	"strings"
	"time"
)

// grubPrefix begins every hash of grub-mkpasswd-pbkdf2(1).
const grubPrefix = "grub.pbkdf2.sha512."

// grubRound is the time of one round of PBKDF2 on a slow host, four times what a 3.5 GHz
// Zen 4 core needs.
const grubRound = 3200 * time.Nanosecond

const whyGRUB = "no hash that GRUB takes"

// IdentifyGRUB classifies what follows the user's name in GRUB's password_pbkdf2
// command: grub.pbkdf2.sha512.ROUNDS.SALT.HASH, the last two in hexadecimal
// (grub-core/commands/password_pbkdf2.c). The result is a Hash or Malformed.
//
// Rounds are an unsigned int in any notation of strtoul; 0 is refused when the password
// is asked for. A hash may be longer than one block of SHA-512: the first block decides.
func IdentifyGRUB(text string) Form {
	parts := strings.Split(strings.TrimPrefix(text, grubPrefix), ".")
	if !strings.HasPrefix(text, grubPrefix) || len(parts) != 3 {
		return Form{Class: Malformed, Why: whyGRUB}
	}
	rounds, ok := grubRounds(parts[0])
	salt, saltErr := hex.DecodeString(parts[1])
	sum, sumErr := hex.DecodeString(parts[2])
	if !ok || saltErr != nil || sumErr != nil || len(sum) == 0 {
		return Form{Class: Malformed, Why: whyGRUB}
	}
	sum = sum[:min(len(sum), sha512.Size)]
	return ExternalForm(text, time.Duration(rounds)*grubRound, func(word []byte) (bool, error) {
		got, err := pbkdf2.Key(sha512.New, string(word), salt, int(rounds), len(sum))
		return bytes.Equal(got, sum), err
	})
}

// grubRounds reads a number as strtoul(3) does with base 0.
func grubRounds(text string) (uint64, bool) {
	if text == "" || !strings.HasPrefix(text, "0x") && strings.Trim(text, "0123456789") != "" {
		return 0, false
	}
	rounds, err := strconv.ParseUint(text, 0, 31)
	return rounds, err == nil && rounds > 0 && !strings.ContainsRune(text, '_')
}
