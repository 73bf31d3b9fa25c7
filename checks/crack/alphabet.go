package crack

import "strings"

// The digit sets of crypt(5). The order gives each character its value.
const (
	cryptDigits  = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	bcryptDigits = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// A digest whose bits do not fill its last character leaves the rest zero, so
// only some characters can end it. A string with another end is no output of
// crypt(3) and never compares equal.
type lastDigit uint8

const (
	encodingFull  lastDigit = iota // every character can be the last
	encodingLast2                  // two bits used, low first: values 0 to 3
	encodingLast4                  // four bits used, low first: values 0 to 15
	encodingHigh4                  // four bits used, high first: multiples of 4
	encodingHigh2                  // two bits used, high first: multiples of 16
)

// encoded reports whether s is n digits of the set with an end that can occur.
func encoded(s, digits string, n int, last lastDigit) bool {
	if len(s) != n || n == 0 || !all(s, digits) {
		return false
	}
	v := strings.IndexByte(digits, s[n-1])
	switch last {
	case encodingLast2:
		return v < 4
	case encodingLast4:
		return v < 16
	case encodingHigh4:
		return v%4 == 0
	case encodingHigh2:
		return v%16 == 0
	}
	return true
}

// all reports whether s has only bytes of the set.
func all(s, set string) bool {
	for i := range len(s) {
		if strings.IndexByte(set, s[i]) < 0 {
			return false
		}
	}
	return true
}

// settingByte reports whether libxcrypt accepts the byte anywhere in a setting
// (check_badsalt_chars in its crypt.c): printable ASCII but blank : ; * ! \.
func settingByte(c byte) bool {
	return c > 0x20 && c < 0x7f && !strings.ContainsRune("!*:;\\", rune(c))
}

func settingBytes(s string) bool {
	for i := range len(s) {
		if !settingByte(s[i]) {
			return false
		}
	}
	return true
}

// The rules a malformed field breaks, in the words of Form.Why.
const (
	whySalt   = "salt with a character or length that crypt(3) refuses"
	whyRounds = "rounds that crypt(3) refuses"
	whyParams = "parameters that crypt(3) refuses"
	whyDigest = "hash of the wrong length or alphabet, or with something after it"
	whyNone   = "no form that crypt(3) produces"
)
