package sunmd5

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"hostaudit/checks/crack/crypttest"
)

// answer is what crypt(3) returns, "" where it refuses.
func answer(h *Hasher, word, setting string) string {
	n, rounds, ok := ParseSetting(setting)
	if !ok {
		return ""
	}
	return setting[:n] + "$" + h.Hash([]byte(word), []byte(setting[:n]), rounds)
}

func TestVectors(t *testing.T) {
	var h Hasher
	all := crypttest.Vectors(t, 3)
	// Of Solaris systems, as passlib's tests have them; the last is made with a
	// bare salt.
	for _, v := range [][2]string{
		{"$md5$zrdhpMlZ$$wBvMOEqbSjU.hu5T2VEP01", "Gpcs3_adm"},
		{"$md5$vyy8.OVF$$FY4TWzuauRl4.VQNobqMY.", "aa12345678"},
		{"$md5$3UqYqndY$$6P.aaWOoucxxq.l00SS9k0", "this"},
		{"$md5$RPgLF6IJ$WTvAlUJ7MqH5xak2FMEwS/", "passwd"},
	} {
		all = append(all, []string{v[0], v[0], v[1]})
	}
	for _, v := range all {
		if got := answer(&h, v[2], v[0]); got != v[1] {
			t.Errorf("word %q setting %q: %s, want %s", v[2], v[0], got, v[1])
		}
	}
}

func TestParseSetting(t *testing.T) {
	tests := []struct {
		text   string
		salt   int
		rounds uint32
		ok     bool
	}{
		{"$md5$ab$digest", 7, 4096, true},
		{"$md5$ab$$digest", 8, 4096, true},
		{"$md5$ab$", 8, 4096, true},
		{"$md5$ab", 7, 4096, true},
		{"$md5$", 5, 4096, true},
		{"$md5$$", 6, 4096, true},
		{"$md5,ab$", 8, 4096, true},
		{"$md5,rounds=10$ab$x", 17, 4106, true},
		{"$md5$rounds=10$ab$x", 17, 4106, true},
		{"$md5,rounds=4294963200$ab$x", 25, 0, true},
		{"$md5,rounds=4294967295$ab$x", 25, 4095, true},
		{text: "$md5,rounds=4294967296$ab$x"},
		{text: "$md5,rounds=0$ab$x"},
		{text: "$md5,rounds=01$ab$x"},
		{text: "$md5,rounds=$ab$x"},
		{text: "$md5,rounds=1"},
		{text: "$md5,rounds=-1$ab$x"},
		{text: "$md5,rounds=1_0$ab$x"},
		{"$md5,rounds", 11, 4096, true}, // the salt "rounds"
		{"$md5$" + strings.Repeat("a", 355), 360, 4096, true},
		{text: "$md5$" + strings.Repeat("a", 355) + "$"},
		{text: "$md5$" + strings.Repeat("a", 356)},
		{text: "$md5$a-b$x"},
		{text: "$md5"},
		{text: "$md6$ab$"},
		{text: ""},
	}
	for _, tt := range tests {
		salt, rounds, ok := ParseSetting(tt.text)
		if salt != tt.salt || rounds != tt.rounds || ok != tt.ok {
			t.Errorf("%q: %d %d %v, want %d %d %v", tt.text, salt, rounds, ok, tt.salt, tt.rounds, tt.ok)
		}
	}
}

// randomSetting has up to 400 rounds, which a count near 2^32 gives, if it is not
// to have the default or a little more.
func randomSetting(r *rand.Rand, full bool) string {
	head := "$md5$"
	switch {
	case !full:
		head = fmt.Sprintf("$md5%crounds=%d$", ",$"[r.IntN(2)], uint32(4294963200)+r.Uint32N(400))
	case r.IntN(2) == 0:
		head = fmt.Sprintf("$md5,rounds=%d$", 1+r.IntN(2000))
	case r.IntN(4) == 0:
		head = "$md5,"
	}
	salt := crypttest.RandomDigits(r, digits, []int{8, r.IntN(20), r.IntN(380)}[r.IntN(3)])
	return head + salt + []string{"", "$", "$$", "$x", "$$x", "$$$", "-", "$/$x"}[r.IntN(8)]
}

func TestAgainstLibcrypt(t *testing.T) {
	c := crypttest.New(t)
	r := rand.New(rand.NewPCG(5, 1))
	var h Hasher
	try := func(turn int, full bool) {
		t.Helper()
		word, setting := crypttest.RandomWord(r, turn), randomSetting(r, full)
		want := c.Crypt(t, 1, word, setting)
		if got := answer(&h, word, setting); got != want {
			t.Fatalf("word %q setting %q: %s, want %s", word, setting, got, want)
		}
		if want == "" {
			return
		}
		// The setting with a dollar at its end and the answer to it have the same salt.
		if got := answer(&h, word, want); got != want {
			t.Fatalf("word %q setting %q: %s, want it again", word, want, got)
		}
	}
	n := crypttest.Pairs(t)
	for i := range n {
		try(i, false)
	}
	for i := range max(10, n/50) {
		try(17*i, true)
	}
	for range n {
		setting := "$md5" + crypttest.RandomDigits(r, "$,rounds=$,a0149", r.IntN(24))
		if _, rounds, ok := ParseSetting(setting); ok && rounds > 1<<16 {
			continue // too slow
		}
		if want, got := c.Crypt(t, 1, "word", setting), answer(&h, "word", setting); got != want {
			t.Fatalf("setting %q: %s, want %s", setting, got, want)
		}
	}
}

func TestStop(t *testing.T) {
	asked := 0
	h := Hasher{Stop: func() bool { asked++; return asked > 2 }}
	if got := h.Hash([]byte("a"), []byte("$md5$b"), 1<<32-1); got != "" || asked != 3 {
		t.Errorf("got %q after %d questions", got, asked)
	}
	h.Stop = nil
	if got, want := h.Hash([]byte("a"), []byte("$md5$b"), 20), Hash([]byte("a"), []byte("$md5$b"), 20); got != want {
		t.Errorf("after a stop: %q, want %q", got, want)
	}
}

func FuzzParseSetting(f *testing.F) {
	for _, s := range []string{"$md5$ab$digest", "$md5,rounds=10$ab$$x", "$md5$rounds=4294967295$", "$md5,"} {
		f.Add(s, []byte("word"))
	}
	f.Fuzz(func(t *testing.T, text string, word []byte) {
		n, rounds, ok := ParseSetting(text)
		if !ok {
			if n != 0 || rounds != 0 {
				t.Fatalf("%q refused with %d %d", text, n, rounds)
			}
			return
		}
		if n < len("$md5$") || n > len(text) {
			t.Fatalf("%q: salt of %d bytes", text, n)
		}
		digest := Hash(word, []byte(text[:n]), rounds%64)
		if len(digest) != DigestLen || strings.Trim(digest, digits) != "" {
			t.Fatalf("digest %q", digest)
		}
		// The answer is a setting with the same salt and rounds.
		n2, rounds2, ok := ParseSetting(text[:n] + "$" + digest)
		if !ok || n2 != n || rounds2 != rounds {
			t.Fatalf("%q: salt of %d bytes, %d rounds; of the answer %d, %d, %v", text, n, rounds, n2, rounds2, ok)
		}
	})
}

func BenchmarkAgainstLibcrypt(b *testing.B) {
	var h Hasher
	crypttest.Compare(b, 1, "correct horse", "$md5$1xMeE.at$$", func() {
		h.Hash([]byte("correct horse"), []byte("$md5$1xMeE.at$"), MinRounds)
	})
}
