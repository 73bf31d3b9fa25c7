package crack

import "strings"

// parseDES reads the forms without a prefix: descrypt (2 characters of salt, 11
// of digest) and bigcrypt (11 more for every further 8 characters of the
// password, at most 16 blocks).
//
// pam_unix cuts a field that does not begin with "$" at the first byte after
// the 13th that is no digit of crypt (strip_hpux_aging in its passverify.c): the
// ",.." of password ageing, but a blank or a carriage return as well. The rest
// still logs in.
func (f *Form) parseDES() (Scheme, string) {
	h := f.hash
	for i := 13; i < len(h); i++ {
		if strings.IndexByte(cryptDigits, h[i]) < 0 {
			h = h[:i]
			break
		}
	}
	const salt, block, blocks = 2, 11, 16
	n := (len(h) - salt) / block
	if len(h) < salt+block || (len(h)-salt)%block != 0 || n > blocks || !all(h[:salt], cryptDigits) {
		return SchemeUnknown, whyNone
	}
	for at := salt; at < len(h); at += block {
		if !encoded(h[at:at+block], cryptDigits, block, encodingHigh4) {
			return SchemeUnknown, whyNone
		}
	}
	f.hash = h
	f.salt, f.digest = [2]int{0, salt}, salt
	f.Cost = Cost{Rounds: 25 * uint64(n)}
	if n > 1 {
		return BigCrypt, ""
	}
	return DESCrypt, ""
}

// parseBSDi reads "_", four characters of count, four of salt, 11 of digest.
// crypt(3) matches it; pam_unix takes it for descrypt and refuses it, so it
// logs in only where the server compares by itself (sshd without PAM).
func (f *Form) parseBSDi() (why string) {
	if len(f.hash) < 9 || !all(f.hash[1:9], cryptDigits) {
		return whyParams
	}
	var count uint64
	for i := 4; i >= 1; i-- {
		count = count<<6 | uint64(strings.IndexByte(cryptDigits, f.hash[i]))
	}
	f.salt, f.digest = [2]int{5, 9}, 9
	f.Cost = Cost{Rounds: max(count, 1)} // none counts as one
	if !encoded(f.hash[9:], cryptDigits, 11, encodingHigh4) {
		return whyDigest
	}
	return ""
}
