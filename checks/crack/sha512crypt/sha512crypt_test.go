package sha512crypt

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hostaudit/checks/crack/cpu"
	"hostaudit/checks/crack/crypttest"
)

// levels runs a test with each kernel and without.
func levels(t *testing.T, test func(t *testing.T, f cpu.Features)) {
	for _, level := range []string{"avx512", "avx2", "none"} {
		t.Run(level, func(t *testing.T) {
			f := cpu.Detect().Lower(level)
			if f.AVX512 != (level == "avx512") || f.AVX2 != (level != "none") {
				t.Skipf("this machine has %v", cpu.Detect())
			}
			test(t, f)
		})
	}
}

// check compares a batch with plain Go.
func check(t *testing.T, h *Hasher, tries []Try) {
	t.Helper()
	h.HashAll(tries)
	var plain Hasher
	for i, x := range tries {
		if want := plain.Hash(nil, x.Word, x.Salt, x.Rounds); string(x.Digest) != string(want) || len(want) != DigestLen {
			t.Fatalf("try %d of %d, word %q, salt %q, %d rounds: %s, want %s", i, len(tries), x.Word, x.Salt, x.Rounds, x.Digest, want)
		}
	}
}

// The vectors of Drepper's specification, as crypt(3) prints them.
var published = []struct {
	word, salt string
	rounds     int
	digest     string
}{
	{"Hello world!", "saltstring", 5000, "svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"},
	{"Hello world!", "saltstringsaltst", 10000, "OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v."},
	{"we have a short salt string but not a short password", "short", 77777, "WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0"},
}

func TestPublishedVectors(t *testing.T) {
	levels(t, func(t *testing.T, f cpu.Features) {
		h := Hasher{Features: f}
		var tries []Try
		for _, v := range published {
			for range 4 { // fewer would go without a kernel
				tries = append(tries, Try{Word: []byte(v.word), Salt: v.salt, Rounds: v.rounds})
			}
		}
		h.HashAll(tries)
		for i, x := range tries {
			if want := published[i/4].digest; string(x.Digest) != want {
				t.Errorf("%q with %q: %s, want %s", x.Word, x.Salt, x.Digest, want)
			}
		}
	})
}

// 1 to 2n+1 tries of one class and of many, each with a word and a salt of its own in every
// place.
func TestTails(t *testing.T) {
	levels(t, func(t *testing.T, f cpu.Features) {
		h := Hasher{Features: f}
		for n := range 2*most + 2 {
			for _, lengths := range []int{1, 4, 20} {
				var tries []Try
				for i := range n {
					word := strings.Repeat(string(rune('a'+i)), 4+i%lengths)
					tries = append(tries, Try{Word: []byte(word), Salt: fmt.Sprintf("salt%04d", i*i), Rounds: 100})
				}
				check(t, &h, tries)
			}
		}
	})
}

// All lengths of words with all lengths of salts: where blocks end and where the digest is
// moved by each number of bytes.
func TestLengths(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 12))
	levels(t, func(t *testing.T, f cpu.Features) {
		h := Hasher{Features: f}
		salts, step := 17, 1
		if testing.Short() || thin > 1 {
			step = 7
		}
		for salt := range salts {
			var tries []Try
			for word := salt % step; word <= 511; word += step {
				if step == 1 && word > 140 && salt%4 != word%4 && word != 511 {
					continue
				}
				for range 4 { // fewer would go without a kernel
					w := make([]byte, word)
					for i := range w {
						w[i] = byte(1 + r.IntN(255))
					}
					tries = append(tries, Try{Word: w, Salt: crypttest.RandomDigits(r, digits, salt), Rounds: 43})
				}
			}
			r.Shuffle(len(tries), func(i, j int) { tries[i], tries[j] = tries[j], tries[i] })
			check(t, &h, tries)
		}
	})
}

// Numbers of rounds about those of a call and of the period, in one batch.
func TestRounds(t *testing.T) {
	levels(t, func(t *testing.T, f cpu.Features) {
		h := Hasher{Features: f}
		for _, length := range []int{7, 100} {
			var tries []Try
			for _, rounds := range []int{0, 1, 2, 41, 42, 43, 209, 210, 211, 419, 420, 421, 461, 462, 463, 840, 1000, 1023, 1024, 1025, 5000} {
				for range 4 { // fewer would go without a kernel
					word := fmt.Sprintf("%0*d", length, len(tries))
					tries = append(tries, Try{Word: []byte(word), Salt: "abcdefghijklmnop", Rounds: rounds})
				}
			}
			check(t, &h, tries)
		}
	})
}

// TestAgainstLibcrypt asks crypt(3) at the least number of rounds, and at the default.
func TestAgainstLibcrypt(t *testing.T) {
	c := crypttest.New(t)
	costs := []struct {
		name, setting string
		rounds, pairs int
	}{
		{"least", "$6$rounds=1000$", 1000, crypttest.Pairs(t) / thin},
		{"default", "$6$", 5000, 100 / thin},
	}
	for _, cost := range costs {
		t.Run(cost.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(51, 2))
			var tries []Try
			var want []string
			for turn := range cost.pairs {
				word, salt := crypttest.RandomWord(r, turn), crypttest.RandomDigits(r, digits, turn%17)
				switch turn % 10 {
				case 0, 5: // of usual lengths
					salt = crypttest.RandomDigits(r, digits, 8+turn%2*8)
					word = word[:min(len(word), 4+r.IntN(8))]
				case 9:
					word = strings.Repeat(word+"x", 511)[:81+r.IntN(431)]
				}
				setting := cost.setting + salt + "$"
				tries = append(tries, Try{Word: []byte(word), Salt: salt, Rounds: cost.rounds})
				want = append(want, strings.TrimPrefix(c.Crypt(t, 1, word, setting), setting))
			}
			levels(t, func(t *testing.T, f cpu.Features) {
				h := Hasher{Features: f}
				h.HashAll(tries)
				for i, x := range tries {
					if string(x.Digest) != want[i] || len(want[i]) != DigestLen {
						t.Errorf("word %q, salt %q: %s, want %s", x.Word, x.Salt, x.Digest, want[i])
					}
				}
			})
		})
	}
}

func TestClasses(t *testing.T) {
	class := func(word, salt int) class {
		return classOf(&Try{Word: make([]byte, word), Salt: strings.Repeat("s", salt), Rounds: 5000})
	}
	for _, salt := range []int{0, 8, 16} {
		for word := range 16 {
			first := word / 4 * 4
			if class(word, salt) != class(first, salt) {
				t.Errorf("salt of %d: words of %d and %d are apart", salt, first, word)
			}
			if class(word, salt) == class(first+4, salt) {
				t.Errorf("salt of %d: words of %d and %d stand together", salt, first+4, word)
			}
		}
	}
	if class(4, 16) == class(4, 0) || class(4, 16) == classOf(&Try{Word: make([]byte, 4), Salt: strings.Repeat("s", 16), Rounds: 1000}) {
		t.Error("the salt or the rounds do not count")
	}
	for bytes, want := range map[int]int{0: 1, 64: 1, 111: 1, 112: 2, 239: 2, 240: 3} {
		if got := blocks(bytes); got != want {
			t.Errorf("%d bytes have %d blocks, want %d", bytes, got, want)
		}
	}
}

func TestBatch(t *testing.T) {
	tests := []struct {
		f            cpu.Features
		rounds, want int
	}{
		{cpu.Features{AVX2: true, AVX512: true}, 1000, 256},
		{cpu.Features{AVX2: true, AVX512: true}, 5000, 256},
		{cpu.Features{AVX2: true, AVX512: true}, 100_000, 8},
		{cpu.Features{AVX2: true, AVX512: true}, 999_999_999, 8},
		{cpu.Features{AVX2: true}, 5000, 252},
		{cpu.Features{AVX2: true}, 60_000, 18},
		{cpu.Features{AVX2: true}, 999_999_999, 9},
		{cpu.Features{}, 5000, 1},
	}
	for _, tt := range tests {
		if choose(tt.f).lanes == 0 && tt.want != 1 {
			t.Skip("no kernel is built for this architecture")
		}
		h := Hasher{Features: tt.f}
		if got := h.Batch(tt.rounds); got != tt.want {
			t.Errorf("%v, %d rounds: %d, want %d", tt.f, tt.rounds, got, tt.want)
		}
	}
}

func TestStop(t *testing.T) {
	levels(t, func(t *testing.T, f cpu.Features) {
		asked := 0
		h := Hasher{Features: f, Stop: func() bool { asked++; return asked > 3 }}
		var tries []Try
		for i := range 20 {
			tries = append(tries, Try{Word: fmt.Appendf(nil, "word%02d", i), Salt: "salt", Rounds: 999_999_999, Digest: []byte("old")})
		}
		h.HashAll(tries)
		for _, x := range tries {
			if len(x.Digest) != 0 {
				t.Errorf("word %q: %q", x.Word, x.Digest)
			}
		}
		if asked > 3+len(tries) {
			t.Errorf("asked %d times", asked)
		}
		h.Stop = func() bool { return false }
		for i := range tries {
			tries[i].Rounds = 1000
		}
		check(t, &h, tries)
	})
}

// One call must not run for long: Go cannot interrupt it.
func TestStopIsAskedOften(t *testing.T) {
	levels(t, func(t *testing.T, f cpu.Features) {
		for _, length := range []int{0, 511} {
			asked := 0
			h := Hasher{Features: f, Stop: func() bool { asked++; return false }}
			word := []byte(strings.Repeat("x", length))
			tries := make([]Try, 4)
			for i := range tries {
				tries[i] = Try{Word: word, Rounds: 10_000}
			}
			h.HashAll(tries)
			least := 10_000/1024 - 1
			if choose(f).lanes > 0 {
				least = 10_000/chunk - 1
				if length == 511 {
					least = 10_000 / (chunk / 9)
				}
			}
			if asked < least {
				t.Errorf("%d bytes: asked %d times, want %d at least", length, asked, least)
			}
		}
	})
}

func TestNoAllocation(t *testing.T) {
	levels(t, func(t *testing.T, f cpu.Features) {
		h := Hasher{Features: f}
		var tries []Try
		for i := range 20 {
			tries = append(tries, Try{Word: fmt.Appendf(nil, "word%d", i), Salt: "salt", Rounds: 100})
		}
		h.HashAll(tries)
		if n := testing.AllocsPerRun(5, func() { h.HashAll(tries) }); n > 0 {
			t.Errorf("%v allocations", n)
		}
		if slices.ContainsFunc(h.sorted[:cap(h.sorted)], func(c classed) bool { return c.try != nil }) {
			t.Error("words are kept")
		}
	})
}

// FuzzHash compares batches of different lengths with plain Go.
func FuzzHash(f *testing.F) {
	f.Add([]byte("password"), "saltstring", uint8(3), uint8(42))
	f.Add([]byte(""), "", uint8(0), uint8(1))
	f.Add([]byte(strings.Repeat("\xff", 200)), "abcdefghijklmnop", uint8(20), uint8(100))
	f.Fuzz(func(t *testing.T, word []byte, salt string, n, rounds uint8) {
		word, salt = word[:min(len(word), 200)], salt[:min(len(salt), 16)] // longer ones are slow
		for _, level := range []string{"avx512", "avx2"} {
			h := Hasher{Features: cpu.Detect().Lower(level)}
			var tries []Try
			for i := range int(n % 20) {
				cut := word[:len(word)-i%4*len(word)/8]
				tries = append(tries, Try{Word: cut, Salt: salt[:len(salt)-i%3*len(salt)/4], Rounds: int(rounds)})
			}
			check(t, &h, tries)
		}
	})
}
