package sha1crypt

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"hostaudit/checks/crack/crypttest"
)

// answer is what crypt(3) returns for a setting that Hash's caller has taken apart.
func answer(h *Hasher, word, salt string, iterations uint32) string {
	return fmt.Sprintf("$sha1$%d$%s$%s", iterations, salt, h.Hash([]byte(word), []byte(salt), iterations))
}

// split takes $sha1$iterations$salt apart.
func split(tb testing.TB, setting string) (salt string, iterations uint32) {
	tb.Helper()
	f := strings.Split(setting, "$")
	n, err := strconv.ParseUint(f[2], 10, 32)
	if err != nil {
		tb.Fatal(err)
	}
	return f[3], uint32(n)
}

func TestVectors(t *testing.T) {
	var h Hasher
	all := crypttest.Vectors(t, 3)
	// From passlib's tests, which took them from John the Ripper's.
	all = append(all,
		[]string{"$sha1$19703$iVdJqfSE", "$sha1$19703$iVdJqfSE$v4qYKl1zqYThwpjJAoKX6UvlHq/a", "password"},
		[]string{"$sha1$21773$uV7PTeux", "$sha1$21773$uV7PTeux$I9oHnvwPZHMO0Nq6/WgyGV/tDJIH", "password"})
	for _, v := range all {
		salt, n := split(t, v[0])
		if got := answer(&h, v[2], salt, n); got != v[1] {
			t.Errorf("word %q: %s, want %s", v[2], got, v[1])
		}
	}
}

func TestAgainstLibcrypt(t *testing.T) {
	c := crypttest.New(t)
	r := rand.New(rand.NewPCG(1, 1))
	var h Hasher
	try := func(turn, longest int, iterations uint32) {
		t.Helper()
		word := crypttest.RandomWord(r, turn)
		salt := crypttest.RandomDigits(r, digits, 1+r.IntN(longest))
		setting := fmt.Sprintf("$sha1$%d$%s", iterations, salt) + []string{"", "$", "$x", "$$"}[r.IntN(4)]
		want := c.Crypt(t, 1, word, setting)
		if got := answer(&h, word, salt, iterations); got != want {
			t.Fatalf("word %q setting %q: %s, want %s", word, setting, got, want)
		}
	}
	n := crypttest.Pairs(t)
	for i := range n {
		// The salts of crypt_gensalt have 16 characters; the length is not checked.
		try(i, []int{16, 64, 300}[r.IntN(3)], uint32(r.IntN(40)))
	}
	for i := range max(1, n/200) {
		try(17*i, 16, 262144-uint32(r.IntN(65536))) // what crypt_gensalt(3) makes
	}
}

func TestStop(t *testing.T) {
	asked := 0
	h := Hasher{Stop: func() bool { asked++; return asked > 2 }}
	if got := h.Hash([]byte("a"), []byte("b"), 1<<32-1); got != "" || asked != 3 {
		t.Errorf("got %q after %d questions", got, asked)
	}
	h.Stop = nil
	if got, want := h.Hash([]byte("a"), []byte("b"), 2), Hash([]byte("a"), []byte("b"), 2); got != want {
		t.Errorf("after a stop: %q, want %q", got, want)
	}
}

func FuzzHash(f *testing.F) {
	f.Add([]byte("a"), []byte("ab"), uint8(0))
	f.Add([]byte(strings.Repeat("\xff", 65)), []byte(""), uint8(3))
	f.Fuzz(func(t *testing.T, word, salt []byte, iterations uint8) {
		var h Hasher
		got := h.Hash(word, salt, uint32(iterations))
		if len(got) != DigestLen || strings.Trim(got, digits) != "" {
			t.Fatalf("digest %q", got)
		}
		if other := h.Hash(append(salt[:len(salt):len(salt)], 'x'), word, 1); other == "" {
			t.Fatal("no digest")
		}
		if again := h.Hash(word, salt, uint32(iterations)); again != got {
			t.Fatalf("the hasher remembers: %s, then %s", got, again)
		}
	})
}

func BenchmarkAgainstLibcrypt(b *testing.B) {
	var h Hasher
	crypttest.Compare(b, 1, "correct horse", "$sha1$20000$GGXpNqoJvglVTkGU", func() {
		h.Hash([]byte("correct horse"), []byte("GGXpNqoJvglVTkGU"), 20000)
	})
}
