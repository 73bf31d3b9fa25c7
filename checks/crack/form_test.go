package crack

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// Every field here was given to crypt(3) of libxcrypt 4.4.33 and, as root's
// field of a shadow file of its own, to unix_chkpwd of Linux-PAM 1.5.2, with the
// password password1 (bigcrypt too). The comments of the rows say where one of
// them differs from Class: Hash = logs in.
const (
	sample6     = "$6$abc$osV6kEijM3hR6sel2Q7Y8WVddGs8Wd7HOMbLm3y9eUIgsg1C5E.MYwNSHhGUPUQfMQknBIwFg4kfyg0xivhXv."
	sample6Salt = "$6$0123456789abcdef$GPIKeb4AGw5VsNIYAqy.QUmbPcx7xRbHy489IGnRSsAeYhDc0ZwWCdAA42lXLUWONBln5ANbczgcQ.diBrkwG1"
	sample1     = "$1$abcdefgh$tofDR1wBNbKhWudE9h5HJ1"
	sampleDES   = "abJnggxhB/yWI"
	sampleBig   = "abJnggxhB/yWIhAyA1wNll32"
	sampleBSDi  = "_J9..abcdMaXT6Q4y6Lw"
	sample2b    = "$2b$04$abcdefghijklmnopqrstuuG0dn23TmsW2CgnJryKiUOtvqgeAPA.2"
	sampleY     = "$y$j75$abcd$UwXkpeHdTrNo81uzkObZa.2aam1qxWv/M.fMheztRM8"
	sample7     = "$7$76..../....abcd$VzuXcLUqhSNbeU2LnIy0z2AoSxBxef4f/iNvDzrvRiD"
	sampleApr1  = "$apr1$abcdefgh$QLvgL9Maogn2kBtlvaQ0J."
)

func TestIdentify(t *testing.T) {
	tests := []struct {
		name, field string
		class       Class
		scheme      Scheme
		traits      string // s supported, o outdated, f foreign
		rounds      uint64
	}{
		{"empty", "", Empty, 0, "", 0},
		{"star", "*", Locked, 0, "", 0},
		{"mark", "!", Locked, 0, "", 0},
		{"marks", "!!", Locked, 0, "", 0},
		{"mark-star", "!*", Locked, 0, "", 0},
		{"x", "x", Locked, 0, "", 0},
		{"np", "NP", Locked, 0, "", 0},
		{"star-np", "*NP*", Locked, 0, "", 0},
		{"lk", "*LK*", Locked, 0, "", 0},
		{"blank", " ", Locked, 0, "", 0},
		{"failure-token", "*0", Locked, 0, "", 0},
		{"mark-text", "!locked by admin", Locked, 0, "", 0},
		{"mark-truncated-hash", "!" + sample6[:40], Locked, 0, "", 0},
		{"mark-unknown-prefix", "!$9$abc", Locked, 0, "", 0},
		{"two-lock-words", "x NP", Malformed, 0, "", 0},

		{"mark-hash", "!" + sample6, LockedHash, SHA512Crypt, "s", 5000},
		{"marks-hash", "!!" + sample6, LockedHash, SHA512Crypt, "s", 5000},
		{"star-hash", "*" + sample6, LockedHash, SHA512Crypt, "s", 5000},
		{"lk-hash", "*LK*" + sample6, LockedHash, SHA512Crypt, "s", 5000},
		{"mark-des", "!" + sampleDES, LockedHash, DESCrypt, "so", 25},
		{"lk-yescrypt", "*LK*" + sampleY, LockedHash, Yescrypt, "s", 8 << 10},

		{"sha512", sample6, Hash, SHA512Crypt, "s", 5000},
		{"sha512-empty-salt", "$6$$IisoVtiaRatcmN3wl06576uhrkdJRS3z9bzyWWRlN52AB7ygIUzcD0b4W7p4OFoopQDvLUUjXJPnkEQSWI48A/", Hash, SHA512Crypt, "s", 5000},
		{"sha512-rounds", "$6$rounds=1000$abc$BbVZV29sbU/.Y7vYS1Zc1EBRbMQO4i0yuqfha72pDENFzyzwD5VEQfwoHXDUV/NL2VkeF.TDSwZfEMnUpO/7e1", Hash, SHA512Crypt, "s", 1000},
		{"sha512-most-rounds", strings.Replace(sample6, "$6$", "$6$rounds=999999999$", 1), Hash, SHA512Crypt, "s", 999999999},
		{"sha512-long-salt", sample6Salt, Hash, SHA512Crypt, "s", 5000},
		{"sha512-longer-salt", strings.Replace(sample6Salt, "def$", "defg$", 1), Malformed, SHA512Crypt, "", 0},
		{"sha512-few-rounds", strings.Replace(sample6, "$6$", "$6$rounds=999$", 1), Malformed, SHA512Crypt, "", 0},
		{"sha512-too-many-rounds", strings.Replace(sample6, "$6$", "$6$rounds=1000000000$", 1), Malformed, SHA512Crypt, "", 0},
		{"sha512-zero-led-rounds", strings.Replace(sample6, "$6$", "$6$rounds=05000$", 1), Malformed, SHA512Crypt, "", 0},
		{"sha512-signed-rounds", strings.Replace(sample6, "$6$", "$6$rounds=+5000$", 1), Malformed, SHA512Crypt, "", 0},
		{"sha512-no-rounds", strings.Replace(sample6, "$6$", "$6$rounds=$", 1), Malformed, SHA512Crypt, "", 0},
		{"sha512-huge-rounds", strings.Replace(sample6, "$6$", "$6$rounds=99999999999999999999$", 1), Malformed, SHA512Crypt, "", 0},
		{"sha512-trailing-blank", sample6 + " ", Malformed, SHA512Crypt, "", 0},
		{"sha512-trailing-cr", sample6 + "\r", Malformed, SHA512Crypt, "", 0},
		{"sha512-one-more", sample6 + "x", Malformed, SHA512Crypt, "", 0},
		{"sha512-one-less", sample6[:len(sample6)-1], Malformed, SHA512Crypt, "", 0},
		{"sha512-impossible-end", sample6[:len(sample6)-1] + "2", Malformed, SHA512Crypt, "", 0},
		{"sha512-no-digest", "$6$abc$", Malformed, SHA512Crypt, "", 0},
		{"sha512-no-dollar", "$6$abc", Malformed, SHA512Crypt, "", 0},
		{"sha512-prefix-only", "$6$", Malformed, SHA512Crypt, "", 0},
		{"sha512-blank-in-salt", strings.Replace(sample6, "abc", "a c", 1), Malformed, SHA512Crypt, "", 0},
		{"sha512-leading-blank", " " + sample6, Malformed, 0, "", 0},
		{"sha512-nul", sample6 + "\x00", Malformed, 0, "", 0},
		{"sha256", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", Hash, SHA256Crypt, "s", 5000},

		{"md5", sample1, Hash, MD5Crypt, "so", 1000},
		{"md5-empty-salt", "$1$$qRY8xKlXT1hpwSbHLHz1F1", Hash, MD5Crypt, "so", 1000},
		{"md5-blank-in-salt", "$1$a b$UgDoKee6677vhQOjpDhdH1", Hash, MD5Crypt, "so", 1000},     // crypt(3) refuses
		{"md5-8bit-salt", "$1$a\351b$gqvk0kpM3Ca55hOmcPyN11", Hash, MD5Crypt, "so", 1000},      // crypt(3) refuses
		{"md5-backslash-in-salt", `$1$a\b$swP4xaVejRLqpuc4BpELh0`, Hash, MD5Crypt, "so", 1000}, // crypt(3) refuses
		{"md5-longer-salt", strings.Replace(sample1, "gh$", "ghi$", 1), Malformed, MD5Crypt, "", 0},
		{"md5-trailing-cr", sample1 + "\r", Malformed, MD5Crypt, "", 0},
		{"apr1", sampleApr1, Hash, Apr1, "sof", 1000}, // neither knows it

		{"bcrypt-2a", strings.Replace(sample2b, "2b", "2a", 1), Hash, Bcrypt, "s", 16},
		{"bcrypt-2b", sample2b, Hash, Bcrypt, "s", 16},
		{"bcrypt-2y", strings.Replace(sample2b, "2b", "2y", 1), Hash, Bcrypt, "s", 16},
		{"bcrypt-2x", strings.Replace(sample2b, "2b", "2x", 1), Hash, BcryptX, "so", 16},
		{"bcrypt-cost-31", strings.Replace(sample2b, "$04$", "$31$", 1), Hash, Bcrypt, "s", 1 << 31},
		{"bcrypt-cost-32", strings.Replace(sample2b, "$04$", "$32$", 1), Malformed, Bcrypt, "", 0},
		{"bcrypt-cost-3", strings.Replace(sample2b, "$04$", "$03$", 1), Malformed, Bcrypt, "", 0},
		{"bcrypt-one-digit", strings.Replace(sample2b, "$04$", "$4$", 1), Malformed, Bcrypt, "", 0},
		{"bcrypt-spare-salt-bits", strings.Replace(sample2b, "uuG", "uvG", 1), Malformed, Bcrypt, "", 0},
		{"bcrypt-impossible-end", sample2b[:59] + "1", Malformed, Bcrypt, "", 0},
		{"bcrypt-one-more", sample2b + ".", Malformed, Bcrypt, "", 0},
		{"bcrypt-original", strings.Replace(sample2b, "2b", "2", 1), Unsupported, 0, "", 0},

		{"yescrypt", sampleY, Hash, Yescrypt, "s", 8 << 10},
		{"yescrypt-default", "$y$j9T$dNbQ1Wv8hW4.F3HEX9x4f1$8aUGBYQz06OsPDt5YWRDTUp5nlLJJqbSbGZgQY1dHt.", Hash, Yescrypt, "s", 4096 * 32},
		{"yescrypt-no-salt", "$y$j7.$$cmp7v9bzgyAhctAaiyqG56MBYN2IYzfI5LvybJCKacD", Hash, Yescrypt, "s", 1 << 10},
		{"yescrypt-one-more", sampleY + ".", Malformed, Yescrypt, "", 0},
		{"yescrypt-two-dollars", strings.Replace(sampleY, "abcd$", "abcd$$", 1), Malformed, Yescrypt, "", 0},
		{"yescrypt-partial-salt", strings.Replace(sampleY, "abcd$", "abcdz$", 1), Malformed, Yescrypt, "", 0},
		{"yescrypt-other-flavor", strings.Replace(sampleY, "$j", "$i", 1), Malformed, Yescrypt, "", 0},
		{"yescrypt-classic", "$y$.75$abcd$zEUezcUoztTJ4z5/nomD1y57e76sN/czzNZITGcAyN0", Hash, Yescrypt, "s", 8 << 10},
		{"yescrypt-worm", "$y$/75$abcd$RKlIH581iVfYKq/KuuSwLUCz/6q0gV5L2vSjRxxN9Z2", Hash, Yescrypt, "s", 8 << 10},
		{"gost-yescrypt", "$gy$j75$abcd$n8piagtKzfev6no/ddSHSoElMF6h7iI2O32tn9UORA1", Hash, GostYescrypt, "s", 8 << 10},
		{"scrypt", sample7, Hash, Scrypt, "s", 8 << 9},
		{"sha1", "$sha1$10$abcd$V0mKY38LAD8J8mZYNaheWjAzPd2N", Hash, SHA1Crypt, "so", 10},
		{"sha1-zero-led", "$sha1$010$abcd$V0mKY38LAD8J8mZYNaheWjAzPd2N", Malformed, SHA1Crypt, "", 0},
		{"sunmd5", "$md5$abcd$PqFkfaEfuPJqBQLzdGngx0", Hash, SunMD5, "so", 4096},
		{"sunmd5-rounds", "$md5,rounds=10$abcd$$myK0aN4UlHcxuWjLLCoUC1", Hash, SunMD5, "so", 4106},
		{"nt", "$3$$5835048ce94ad0564e29a924a03510ef", Hash, NT, "so", 1},
		{"nt-upper-case", "$3$$5835048CE94AD0564E29A924A03510EF", Malformed, NT, "", 0},

		{"des", sampleDES, Hash, DESCrypt, "so", 25},
		{"des-ageing", sampleDES + ",..", Hash, DESCrypt, "so", 25},       // crypt(3) does not match
		{"des-trailing-blank", sampleDES + " ", Hash, DESCrypt, "so", 25}, // crypt(3) does not match
		{"des-trailing-cr", sampleDES + "\r", Hash, DESCrypt, "so", 25},   // crypt(3) does not match
		{"des-dollar", sampleDES + "$", Hash, DESCrypt, "so", 25},         // crypt(3) does not match
		{"des-one-more", sampleDES + "x", Malformed, 0, "", 0},
		{"des-one-less", sampleDES[:12], Malformed, 0, "", 0},
		{"des-impossible-end", sampleDES[:12] + "/", Malformed, 0, "", 0},
		{"bigcrypt", sampleBig, Hash, BigCrypt, "so", 50},
		{"bigcrypt-ageing", sampleBig + ",..", Hash, BigCrypt, "so", 50}, // crypt(3) does not match
		{"bsdi", sampleBSDi, Hash, BSDiCrypt, "so", 725},                 // pam_unix refuses
		{"bsdi-no-count", "_....abcdQM2yNOB2gjQ", Hash, BSDiCrypt, "so", 1},
		{"bsdi-trailing-blank", sampleBSDi + " ", Malformed, BSDiCrypt, "", 0},

		{"plain", "password1", Malformed, 0, "", 0},
		{"ldap-sha512", "{SHA512}nU4eI71bcnBGqeO0t9tXvY1u5oQ=", Unsupported, 0, "", 0},
		{"ldap-crypt", "{CRYPT}" + sample6, Unsupported, 0, "", 0},
		{"cisco", "$9$abcdefgh", Unsupported, 0, "", 0},
		{"openldap-plain", "$0$password1", Unsupported, 0, "", 0},
		{"argon2", "$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA", Unsupported, 0, "", 0},
		{"dollar", "$", Unsupported, 0, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := Identify(tt.field)
			var traits strings.Builder
			for _, tr := range []struct {
				on bool
				ch string
			}{{f.Supported, "s"}, {f.Outdated, "o"}, {f.Foreign, "f"}} {
				if tr.on {
					traits.WriteString(tr.ch)
				}
			}
			got := fmt.Sprint(f.Class, f.Scheme, traits.String(), f.Cost.Rounds)
			if want := fmt.Sprint(tt.class, tt.scheme, tt.traits, tt.rounds); got != want {
				t.Errorf("got %s (%s), want %s", got, f.Why, want)
			}
			if f.Supported && f.Class == Hash && f.Estimate() < 50*time.Millisecond {
				if _, err := Check(f, []byte("password1")); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// The rows whose digest is that of password1 must also match it.
func TestSamplesMatch(t *testing.T) {
	for _, h := range []string{
		sample6, sample6Salt, sample1, sample2b, sampleY, sampleApr1,
		"$1$a b$UgDoKee6677vhQOjpDhdH1", "$1$a\351b$gqvk0kpM3Ca55hOmcPyN11", "$1$$qRY8xKlXT1hpwSbHLHz1F1",
		"$6$$IisoVtiaRatcmN3wl06576uhrkdJRS3z9bzyWWRlN52AB7ygIUzcD0b4W7p4OFoopQDvLUUjXJPnkEQSWI48A/",
	} {
		for _, mark := range []string{"", "!"} {
			if ok, err := Check(Identify(mark+h), []byte("password1")); !ok || err != nil {
				t.Errorf("%s%s: no match (%v)", mark, h, err)
			}
		}
		if ok, err := Check(Identify(h), []byte("password2")); ok || err != nil {
			t.Errorf("%s: matches another word (%v)", h, err)
		}
	}
}

func TestHashBehindMarks(t *testing.T) {
	for _, field := range []string{"!" + sampleDES + ",..", "*LK*" + sampleDES, sampleDES + " "} {
		if got := Identify(field).Hash(); got != sampleDES {
			t.Errorf("%q: %q", field, got)
		}
	}
}

func TestFormNeverPrintsTheHash(t *testing.T) {
	f := Identify("!" + sample6)
	job := Job{Form: f}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, v := range []any{f, &f, job, []Job{job}, map[string]Form{"a": f}} {
			if out := fmt.Sprintf(verb, v); strings.Contains(out, "osV6") || strings.Contains(out, "6f735636") {
				t.Errorf("%s of %T prints the hash: %s", verb, v, out)
			}
		}
	}
	if got := fmt.Sprint(f); got != "locked hash sha512crypt" {
		t.Errorf("prints %q", got)
	}
}

func TestEstimate(t *testing.T) {
	for field, want := range map[string]time.Duration{
		sample6:  5001 * time.Microsecond,
		sample2b: 3841 * time.Microsecond,
		"$y$j9T$dNbQ1Wv8hW4.F3HEX9x4f1$8aUGBYQz06OsPDt5YWRDTUp5nlLJJqbSbGZgQY1dHt.": 157287 * time.Microsecond,
		sample7: 4916 * time.Microsecond,
		"":      0,
	} {
		if diff := cmp.Diff(want, Identify(field).Estimate()); diff != "" {
			t.Errorf("%s: %s", field, diff)
		}
	}
	if m := Identify("$y$j9T$dNbQ1Wv8hW4.F3HEX9x4f1$8aUGBYQz06OsPDt5YWRDTUp5nlLJJqbSbGZgQY1dHt.").Cost.Memory; m != 16<<20+16<<10 {
		t.Errorf("yescrypt j9T takes %d bytes, want 16 MiB and 16 KiB", m)
	}
}

// possible asks crypt(3) whether the field could be its output for some
// password: the output for one password has the same length and setting, and
// only the digest differs. digest is the digest's length, ends the characters
// that can be its last.
func possible(out, field string, digest int, ends, digits string) bool {
	if out == "" || len(out) != len(field) || len(field) <= digest {
		return false
	}
	at := len(field) - digest
	return out[:at] == field[:at] && all(field[at:], digits) && strings.IndexByte(ends, field[len(field)-1]) >= 0
}

// TestFormsAgainstLibcrypt damages good fields at random and compares Identify
// with what crypt(3) makes of the result.
func TestFormsAgainstLibcrypt(t *testing.T) {
	c := newLibcrypt(t)
	every4 := func(digits string, step int) (s string) {
		for i := 0; i < len(digits); i += step {
			s += digits[i : i+1]
		}
		return s
	}
	const hex = "0123456789abcdef"
	samples := []struct {
		field        string
		digest       int
		ends, digits string
	}{
		{sample6, 86, "./01", cryptDigits},
		{"$6$rounds=1000$abc$BbVZV29sbU/.Y7vYS1Zc1EBRbMQO4i0yuqfha72pDENFzyzwD5VEQfwoHXDUV/NL2VkeF.TDSwZfEMnUpO/7e1", 86, "./01", cryptDigits},
		{"$5$rounds=1000$abc$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5", 43, cryptDigits[:16], cryptDigits},
		{sample2b, 31, every4(bcryptDigits, 4), bcryptDigits},
		{strings.Replace(sample2b, "2b", "2x", 1), 31, every4(bcryptDigits, 4), bcryptDigits},
		{sampleY, 43, cryptDigits[:16], cryptDigits},
		{"$y$j4.//$abcd$zEUezcUoztTJ4z5/nomD1y57e76sN/czzNZITGcAyN0", 43, cryptDigits[:16], cryptDigits}, // p=2... and t
		{"$gy$j34$abcd$n8piagtKzfev6no/ddSHSoElMF6h7iI2O32tn9UORA1", 43, cryptDigits[:16], cryptDigits},
		{sample7, 43, cryptDigits[:16], cryptDigits},
		{"$sha1$10$abcd$V0mKY38LAD8J8mZYNaheWjAzPd2N", 28, cryptDigits, cryptDigits},
		{"$md5$abcd$PqFkfaEfuPJqBQLzdGngx0", 22, "./01", cryptDigits},
		{"$md5,rounds=10$abcd$$myK0aN4UlHcxuWjLLCoUC1", 22, "./01", cryptDigits},
		{"$3$$5835048ce94ad0564e29a924a03510ef", 32, hex, hex},
		{sampleDES, 11, every4(cryptDigits, 4), cryptDigits},
		{sampleBSDi, 11, every4(cryptDigits, 4), cryptDigits},
	}
	r := rand.New(rand.NewPCG(3, 4))
	rounds := 250
	if testing.Short() {
		rounds = 40
	}
	for _, s := range samples {
		good := 0
		for range rounds {
			field := damage(r, s.field)
			if p, _, _ := parse(field); p.Cost.Memory > 4<<20 || p.Cost.Rounds > 1<<14 || s.digest == 31 && p.Cost.Rounds > 1<<8 {
				continue // crypt(3) would take too long
			}
			f := Identify(field)
			if f.Scheme == BigCrypt || strings.HasPrefix(field, "$1$") || f.Hash() != field && f.Class == Hash {
				continue // pam_unix alone accepts these: see the table
			}
			want := possible(c.crypt(t, "password1", field), field, s.digest, s.ends, s.digits)
			if got := f.Class == Hash; got != want {
				t.Errorf("%q: %v %s, crypt(3) could return it: %v", field, f, f.Why, want)
			}
			if want {
				good++
			}
		}
		if good < rounds/20 || good > rounds*19/20 {
			t.Errorf("%s: %d of %d damaged fields are good: too one-sided to show anything", s.field[:4], good, rounds)
		}
	}
}

// damage changes up to two bytes, most often into others that hashes have, and
// near the front, where the parameters are.
func damage(r *rand.Rand, s string) string {
	b := []byte(s)
	for range r.IntN(3) {
		at := r.IntN(len(b))
		if r.IntN(2) == 0 {
			at = min(len(b)-1, 3+r.IntN(12))
		}
		c := cryptDigits[r.IntN(64)]
		if r.IntN(4) == 0 {
			c = "$$$$:;!*\\ \t\r,=_-+\x7f\x80\xff"[r.IntN(20)]
		}
		switch r.IntN(4) {
		case 0:
			b = append(b[:at], b[at+1:]...)
		case 1:
			b = append(b[:at], append([]byte{c}, b[at:]...)...)
		default:
			b[at] = c
		}
	}
	return string(b)
}
