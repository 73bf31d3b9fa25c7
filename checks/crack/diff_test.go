package crack

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// randomPassword has 0 to 80 bytes, a third of them 8-bit.
func randomPassword(r *rand.Rand) string {
	p := make([]byte, r.IntN(81))
	for i := range p {
		p[i] = byte(1 + r.IntN(126))
		if r.IntN(3) == 0 {
			p[i] = byte(128 + r.IntN(128))
		}
	}
	return string(p)
}

func randomDigits(r *rand.Rand, set string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(set[r.IntN(len(set))])
	}
	return b.String()
}

// settings makes random settings at low cost, by name.
var settings = map[string]func(*rand.Rand) string{
	"sha512crypt": func(r *rand.Rand) string {
		return "$6$rounds=1000$" + randomDigits(r, cryptDigits, r.IntN(17)) + "$"
	},
	"sha512crypt-default": func(r *rand.Rand) string { return "$6$" + randomDigits(r, cryptDigits, r.IntN(17)) + "$" },
	"sha256crypt": func(r *rand.Rand) string {
		return fmt.Sprintf("$5$rounds=%d$%s$", 1000+r.IntN(50), randomDigits(r, cryptDigits+"+=-_", r.IntN(17)))
	},
	"sha256crypt-default": func(r *rand.Rand) string { return "$5$" + randomDigits(r, cryptDigits, r.IntN(17)) + "$" },
	"md5crypt":            func(r *rand.Rand) string { return "$1$" + randomDigits(r, cryptDigits, r.IntN(9)) + "$" },
	"bcrypt": func(r *rand.Rand) string {
		return fmt.Sprintf("$2%c$04$%s%s", "abxy"[r.IntN(4)], randomDigits(r, bcryptDigits, 21), randomDigits(r, ".Oeu", 1))
	},
	"sha1crypt": func(r *rand.Rand) string {
		return fmt.Sprintf("$sha1$%d$%s$", 1+r.IntN(100), randomDigits(r, cryptDigits, 1+r.IntN(64)))
	},
	"sunmd5": func(r *rand.Rand) string {
		return fmt.Sprintf("$md5,rounds=%d$%s$", 1+r.IntN(100), randomDigits(r, cryptDigits, 1+r.IntN(16)))
	},
	"nt":       func(*rand.Rand) string { return "$3$" },
	"descrypt": func(r *rand.Rand) string { return randomDigits(r, cryptDigits, 2) },
	"bigcrypt": func(r *rand.Rand) string { return randomDigits(r, cryptDigits, 2+11+1) },
	"bsdicrypt": func(r *rand.Rand) string {
		return "_" + randomDigits(r, cryptDigits, 1) + ".../"[:3] + randomDigits(r, cryptDigits, 4)
	},
	"gost-yescrypt": func(r *rand.Rand) string {
		return fmt.Sprintf("$gy$j%s%s$%s%s$", randomDigits(r, "/0123456789", 1), randomDigits(r, cryptDigits[:8], 1),
			randomDigits(r, cryptDigits, 4*r.IntN(6)), randomDigits(r, "./", 2))
	},
	"scrypt": func(r *rand.Rand) string {
		return fmt.Sprintf("$7$%s%s..../....%s$", randomDigits(r, "456789", 1), randomDigits(r, "/01", 1), randomDigits(r, cryptDigits, r.IntN(20)))
	},
	"yescrypt": func(r *rand.Rand) string {
		// N from 4 to 4096, r from 1 to 48: small and with unusual sizes.
		return fmt.Sprintf("$y$j%s%s$%s%s$", randomDigits(r, "/0123456789", 1), randomDigits(r, cryptDigits[:48], 1),
			randomDigits(r, cryptDigits, 4*r.IntN(6)), randomDigits(r, "./", 2))
	},
}

func TestAgainstLibcrypt(t *testing.T) {
	c := newLibcrypt(t)
	for name, setting := range settings {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			n := 200
			if testing.Short() {
				n = 30
			}
			if strings.HasSuffix(name, "-default") { // five times the rounds
				n /= 5
			}
			for range n {
				password, s := randomPassword(r), setting(r)
				want := c.crypt(t, password, s)
				f := Identify(want)
				if f.Class != Hash || !f.Supported {
					t.Fatalf("setting %q: crypt(3) gives %q, Identify says %v, %s", s, want, f, f.Why)
				}
				if ok, err := Check(f, []byte(password)); !ok || err != nil {
					t.Errorf("setting %q password %q: no match (%v)", s, password, err)
				}
				other := password + "x"
				if f.Scheme == Bcrypt && len(password) >= 72 || f.Scheme == DESCrypt && len(password) >= 8 {
					other = "x" + password
				}
				if f.Scheme == BcryptX {
					continue // a byte above 0x7f hides what is before it: that is its bug
				}
				if ok, err := Check(f, []byte(other)); ok || err != nil {
					t.Errorf("setting %q password %q: matches with a byte more (%v)", s, password, err)
				}
			}
		})
	}
}
