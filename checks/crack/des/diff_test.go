package des

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// randomWord has any bytes but NUL, half of them with the eighth bit; one in
// eight words also has 0x80, which is zero once that bit is gone.
func randomWord(r *rand.Rand, n int) []byte {
	w := make([]byte, n)
	hole := r.IntN(8) == 0
	for i := range w {
		w[i] = byte(1 + r.IntN(255))
		if hole && r.IntN(4) == 0 {
			w[i] = 0x80
		}
	}
	return w
}

func randomDigits(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(digits[r.IntN(len(digits))])
	}
	return b.String()
}

// spoil makes one setting in ten odd: a printable character of any kind in some
// place, or an end too early.
func spoil(r *rand.Rand, setting string) string {
	at := r.IntN(len(setting))
	switch r.IntN(20) {
	case 0:
		return setting[:at] + string(rune(' '+r.IntN(95))) + setting[at+1:]
	case 1:
		return setting[:at]
	}
	return setting
}

// tooDear reports whether a setting of bsdicrypt asks for more than some
// thousands of encryptions.
func tooDear(setting string) bool {
	if len(setting) < 5 || setting[0] != '_' {
		return false
	}
	count, _ := Number(setting[1:5])
	return count > 1<<13
}

// TestDifferential compares random words and settings with crypt(3): every length
// up to 80 in turn, and one word in ten of up to 300 characters.
func TestDifferential(t *testing.T) {
	schemes := map[string]func(*rand.Rand) string{
		// A whole hash is a setting; up to 13 characters it means descrypt.
		"descrypt": func(r *rand.Rand) string { return randomDigits(r, 2+r.IntN(12)) },
		"bigcrypt": func(r *rand.Rand) string { return randomDigits(r, 14+r.IntN(180)) },
		// Cheap counts: 0 and even ones too.
		"bsdicrypt": func(r *rand.Rand) string {
			return "_" + randomDigits(r, 1) + string("./0"[r.IntN(3)]) + ".." + randomDigits(r, 4+r.IntN(13))
		},
	}
	l := newLibcrypt(t)
	for name, setting := range schemes {
		t.Run(name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 2))
			c := New()
			refused := 0
			for i := range pairs(t) {
				length := i % 81
				if r.IntN(10) == 0 {
					length = r.IntN(300)
				}
				word, s := randomWord(r, length), spoil(r, setting(r))
				for tooDear(s) {
					s = setting(r)
				}
				want := l.crypt(t, string(word), s)
				got, err := c.Crypt(word, s)
				if got != want || (err == nil) != (want != "") {
					t.Fatalf("word %q setting %q: %q (%v), crypt(3) gives %q", word, s, got, err, want)
				}
				if want == "" {
					refused++
				}
			}
			if refused == 0 {
				t.Error("crypt(3) refused no setting: the odd ones were not tried")
			}
		})
	}
}

// TestDefaultCost asks about counts that hosts have: 725, which is that of BSD/OS,
// and a few larger ones.
func TestDefaultCost(t *testing.T) {
	l := newLibcrypt(t)
	r := rand.New(rand.NewPCG(3, 4))
	c := New()
	for i := range 100 {
		count := "_J9.."
		if i < 4 {
			count = []string{"_6C/.", "_zzz.", "_U10.", "_.Y0."}[i] // even ones too
		}
		s, word := count+randomDigits(r, 4), randomWord(r, r.IntN(81))
		want := l.crypt(t, string(word), s)
		if got, err := c.Crypt(word, s); got != want || err != nil {
			t.Errorf("word %q setting %q: %q (%v), crypt(3) gives %q", word, s, got, err, want)
		}
	}
}

// TestEverySalt asks crypt(3) about all 4096 salts of descrypt and each bit of
// the salt of bsdicrypt.
func TestEverySalt(t *testing.T) {
	l := newLibcrypt(t)
	c := New()
	for salt := range uint32(1 << 12) {
		setting := string([]byte{digits[salt&63], digits[salt>>6]})
		if n, ok := Number(setting); n != salt || !ok {
			t.Fatalf("Number(%q) = %d, %v; want %d", setting, n, ok, salt)
		}
		d := c.Traditional([]byte("p\xe4ssw\x80rd"), salt)
		if got, want := setting+string(d[:]), l.crypt(t, "p\xe4ssw\x80rd", setting); got != want {
			t.Fatalf("salt %q: %q, crypt(3) gives %q", setting, got, want)
		}
	}
	for bit := range 24 {
		salt := []byte("....")
		salt[bit/6] = digits[1<<(bit%6)]
		setting := "_/..." + string(salt)
		got, err := c.Crypt([]byte("a longer passphrase"), setting)
		if want := l.crypt(t, "a longer passphrase", setting); got != want || err != nil {
			t.Errorf("setting %q: %q (%v), crypt(3) gives %q", setting, got, err, want)
		}
	}
}

// TestEveryCharacter asks about every byte in every place of a short setting: the
// two sides must refuse the same ones.
func TestEveryCharacter(t *testing.T) {
	l := newLibcrypt(t)
	c := New()
	for _, setting := range []string{"ab", "abcdefghijklmnop", "_/...abcd", "_/...abcdefghij"} {
		for at := range len(setting) {
			for v := 1; v < 256; v++ {
				s := []byte(setting)
				s[at] = byte(v)
				if s[0] == '$' || tooDear(string(s)) {
					continue // another scheme, or one that takes long
				}
				want := l.crypt(t, "123456789", string(s))
				got, err := c.Crypt([]byte("123456789"), string(s))
				if got != want || (err == nil) != (want != "") {
					t.Fatalf("setting %q: %q (%v), crypt(3) gives %q", s, got, err, want)
				}
			}
		}
	}
}
