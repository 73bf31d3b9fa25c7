package crack

import (
	"strconv"
	"strings"
)

// splitSalt takes "salt$digest" from position at and notes both places. A salt
// longer than max would be cut by crypt(3), so the output would differ.
func (f *Form) splitSalt(at, maxLen int) (salt, digest, why string) {
	rest := f.hash[at:]
	n := strings.IndexByte(rest, '$')
	if n < 0 {
		return "", "", whyDigest
	}
	if n > maxLen {
		return "", "", whySalt
	}
	f.salt, f.digest = [2]int{at, at + n}, at+n+1
	return rest[:n], rest[n+1:], ""
}

// parseSHA reads $5$ and $6$: an optional rounds=N$, a salt of up to 16 bytes,
// the digest. Source: crypt-sha512.c of libxcrypt; N is 1000 to 999999999
// without leading zeros, and the salt may be empty.
func (f *Form) parseSHA(digits int, last lastDigit) (why string) {
	const prefix = "rounds="
	at, rounds := 3, uint64(5000)
	if strings.HasPrefix(f.hash[at:], prefix) {
		at += len(prefix)
		n := strings.IndexByte(f.hash[at:], '$')
		if n < 0 {
			return whyRounds
		}
		num := f.hash[at : at+n]
		v, err := strconv.ParseUint(num, 10, 64)
		if err != nil || num[0] < '1' || num[0] > '9' || v < 1000 || v > 999999999 {
			return whyRounds
		}
		at, rounds = at+n+1, v
	}
	f.Cost = Cost{Rounds: rounds}
	salt, digest, why := f.splitSalt(at, 16)
	if why != "" {
		return why
	}
	if !settingBytes(salt) {
		return whySalt
	}
	if !encoded(digest, cryptDigits, digits, last) {
		return whyDigest
	}
	return ""
}

// parseMD5 reads $1$ and $apr1$: a salt of up to 8 bytes, the digest. Any byte
// can be in the salt: pam_unix computes $1$ by itself (Goodcrypt_md5) and lets in
// with salts that crypt(3) refuses.
func (f *Form) parseMD5(at int) (why string) {
	_, digest, why := f.splitSalt(at, 8)
	if why != "" {
		return why
	}
	if !encoded(digest, cryptDigits, 22, encodingLast2) {
		return whyDigest
	}
	f.Cost = Cost{Rounds: 1000}
	return ""
}

// parseBcrypt reads $2a$ $2b$ $2x$ $2y$: two digits of cost (04 to 31), 22
// characters of salt, 31 of digest. The salt's last character carries two bits;
// crypt(3) writes it back without the rest, so another one never matches.
func (f *Form) parseBcrypt() (why string) {
	h := f.hash
	if len(h) < 7 || h[6] != '$' || !all(h[4:6], "0123456789") {
		return whyRounds
	}
	cost := 10*int(h[4]-'0') + int(h[5]-'0')
	if cost < 4 || cost > 31 {
		return whyRounds
	}
	f.Cost = Cost{Rounds: 1 << cost}
	if len(h) != 60 {
		return whyDigest
	}
	if !encoded(h[7:29], bcryptDigits, 22, encodingHigh2) {
		return whySalt
	}
	if !encoded(h[29:], bcryptDigits, 31, encodingHigh4) {
		return whyDigest
	}
	f.salt, f.digest = [2]int{7, 29}, 29
	return ""
}

// parseSHA1 reads $sha1$N$salt$digest of NetBSD. crypt-pbkdf1-sha1.c prints the
// count back in decimal, so leading zeros never match; the whole has to fit into
// crypt(3)'s output.
func (f *Form) parseSHA1() (why string) {
	const at = len("$sha1$")
	num, _, ok := strings.Cut(f.hash[at:], "$")
	n, err := strconv.ParseUint(num, 10, 64)
	if !ok || err != nil || strconv.FormatUint(n, 10) != num {
		return whyRounds
	}
	f.Cost = Cost{Rounds: n}
	salt, digest, why := f.splitSalt(at+len(num)+1, maxOutput)
	if why != "" {
		return why
	}
	if salt == "" || !all(salt, cryptDigits) || len(f.hash) >= maxOutput {
		return whySalt
	}
	if !encoded(digest, cryptDigits, 28, encodingFull) {
		return whyDigest
	}
	return ""
}

// maxOutput is CRYPT_OUTPUT_SIZE of libxcrypt's crypt.h, the closing NUL counted.
const maxOutput = 384

// parseSunMD5 reads $md5$ and $md5,rounds=N$ of Solaris: 4096 rounds and N more.
// crypt-sunmd5.c copies everything up to the salt's end, where one more dollar
// before the digest's own belongs to the salt.
func (f *Form) parseSunMD5() (why string) {
	const prefix = "rounds="
	at, rounds := len("$md5$"), uint64(4096)
	if strings.HasPrefix(f.hash[at:], prefix) {
		at += len(prefix)
		num, _, ok := strings.Cut(f.hash[at:], "$")
		n, err := strconv.ParseUint(num, 10, 32)
		if !ok || err != nil || num[0] < '1' || num[0] > '9' {
			return whyRounds
		}
		at, rounds = at+len(num)+1, uint64(uint32(rounds+n)) // it wraps
	}
	f.Cost = Cost{Rounds: rounds}
	i := at
	for i < len(f.hash) && strings.IndexByte(cryptDigits, f.hash[i]) >= 0 {
		i++
	}
	switch rest := f.hash[i:]; {
	case strings.HasPrefix(rest, "$$"):
		i++
	case !strings.HasPrefix(rest, "$"), rest == "$":
		return whySalt
	}
	if !encoded(f.hash[i+1:], cryptDigits, 22, encodingLast2) {
		return whyDigest
	}
	if i > 360 { // with the digest it would not fit into crypt(3)'s output
		return whySalt
	}
	f.salt, f.digest = [2]int{at, i}, i+1
	return ""
}

// parseNT reads $3$$ and 32 lower-case hexadecimal digits: MD4 without a salt.
func (f *Form) parseNT() (why string) {
	digest, ok := strings.CutPrefix(f.hash, "$3$$")
	if !ok || len(digest) != 32 || !all(digest, "0123456789abcdef") {
		return whyDigest
	}
	f.digest = 4
	f.Cost = Cost{Rounds: 1}
	return ""
}
