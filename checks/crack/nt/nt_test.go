package nt

import (
	"math/rand/v2"
	"strings"
	"testing"

	"hostaudit/checks/crack/crypttest"
)

func TestVectors(t *testing.T) {
	for _, v := range crypttest.Vectors(t, 2) {
		if got, ok := NT([]byte(v[1])); !ok || got != v[0] {
			t.Errorf("word %q: %s %v, want %s", v[1], got, ok, v[0])
		}
	}
}

func TestLongest(t *testing.T) {
	c := crypttest.New(t)
	word := strings.Repeat("\xe9x", 256)[:MaxWord]
	got, ok := NT([]byte(word))
	if want := c.Crypt(t, 1, word, "$3$"); !ok || "$3$$"+got != want {
		t.Errorf("%d bytes: %s %v, want %s", len(word), got, ok, want)
	}
	if got, ok := NT([]byte(word + "x")); ok || got != "" {
		t.Errorf("%d bytes: %s, want none", len(word)+1, got)
	}
	if want := c.Crypt(t, 1, word+"x", "$3$"); want != "" {
		t.Errorf("crypt(3) takes %d bytes: %s", len(word)+1, want)
	}
	cut, _ := NT([]byte("abc\x00def"))
	if whole, _ := NT([]byte("abc")); cut != whole {
		t.Errorf("a word does not end at NUL: %s, want %s", cut, whole)
	}
}

func TestAgainstLibcrypt(t *testing.T) {
	c := crypttest.New(t)
	r := rand.New(rand.NewPCG(3, 1))
	for i := range crypttest.Pairs(t) {
		word := crypttest.RandomWord(r, i)
		setting := "$3$" + crypttest.RandomDigits(r, "$x./0", r.IntN(4)) // nothing behind $3$ matters
		want := c.Crypt(t, 1, word, setting)
		if got, ok := NT([]byte(word)); !ok || "$3$$"+got != want {
			t.Fatalf("word %q setting %q: %s, want %s", word, setting, got, want)
		}
	}
}

func FuzzNT(f *testing.F) {
	f.Add([]byte(""))
	f.Add([]byte("\xff\x00a"))
	f.Add([]byte(strings.Repeat("u\xcc\x88", 171)))
	f.Fuzz(func(t *testing.T, word []byte) {
		digest, ok := NT(word)
		if !ok {
			if len(word) <= MaxWord || digest != "" {
				t.Fatalf("%d bytes refused, digest %q", len(word), digest)
			}
			return
		}
		if len(digest) != 32 || strings.Trim(digest, "0123456789abcdef") != "" {
			t.Fatalf("digest %q", digest)
		}
		if again, _ := NT(append(word[:len(word):len(word)], 0)); again != digest && len(word) < MaxWord {
			t.Fatalf("a NUL at the end changes %s to %s", digest, again)
		}
	})
}

func BenchmarkAgainstLibcrypt(b *testing.B) {
	crypttest.Compare(b, 10000, "correct horse", "$3$", func() {
		for range 10000 {
			_, _ = NT([]byte("correct horse"))
		}
	})
}
