package sha256crypt

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"

	"hostaudit/checks/crack/cpu"
	"hostaudit/checks/crack/crypttest"
)

// levels runs a test at each level of features that the machine has, and skips the others.
func levels(t *testing.T, f func(t *testing.T, features cpu.Features)) {
	t.Helper()
	has := cpu.Detect()
	for _, level := range []cpu.Features{{}, {AVX2: true}, {SHA: true}, {AVX2: true, SHA: true}, {AVX2: true, AVX512: true}, {AVX2: true, AVX512: true, SHA: true}} {
		t.Run(level.String(), func(t *testing.T) {
			if level.AVX2 && !has.AVX2 || level.AVX512 && !has.AVX512 || level.SHA && !has.SHA {
				t.Skipf("this machine has %v only", has)
			}
			if level != (cpu.Features{}) && runtime.GOARCH != "amd64" {
				t.Skipf("no kernels for %s", runtime.GOARCH)
			}
			f(t, level)
		})
	}
}

// pairsOf makes n random pairs of one shape.
func pairsOf(r *rand.Rand, n, word, salt int) []Pair {
	pairs := make([]Pair, n)
	for i := range pairs {
		w := make([]byte, word)
		for j := range w {
			w[j] = byte(1 + r.IntN(255))
		}
		pairs[i] = Pair{w, crypttest.RandomDigits(r, digits, salt)}
	}
	return pairs
}

// want is what plain Go says.
func want(rounds int, p *Pair) Digest {
	sum, _ := new(plain).hash(rounds, p, nil)
	return encode(&sum)
}

// same compares with plain Go.
func same(t *testing.T, h *Hasher, rounds int, pairs []Pair) {
	t.Helper()
	got := make([]Digest, len(pairs))
	if !h.Hash(rounds, pairs, got) {
		t.Fatal("stopped")
	}
	for i := range pairs {
		if want := want(rounds, &pairs[i]); got[i] != want {
			t.Fatalf("try %d of %d, word %q salt %q: %s, want %s", i, len(pairs), pairs[i].Word, pairs[i].Salt, got[i], want)
		}
	}
}

// crypt3 compares with crypt(3).
func crypt3(t *testing.T, c *crypttest.Libcrypt, h *Hasher, rounds int, pairs []Pair) {
	t.Helper()
	got := make([]Digest, len(pairs))
	if !h.Hash(rounds, pairs, got) {
		t.Fatal("stopped")
	}
	for i, p := range pairs {
		setting := fmt.Sprintf("$5$rounds=%d$%s$", rounds, p.Salt)
		if want := c.Crypt(t, 1, string(p.Word), setting); setting+string(got[i][:]) != want {
			t.Fatalf("try %d of %d, word %q: %s%s, want %s", i, len(pairs), p.Word, setting, got[i][:], want)
		}
	}
}

// RandomWord has lengths by turn; a batch of many turns has all shapes side by side, and
// one of few has several tries of a shape.
func TestAgainstLibcrypt(t *testing.T) {
	levels(t, func(t *testing.T, features cpu.Features) {
		c := crypttest.New(t)
		r := rand.New(rand.NewPCG(8, 1))
		h := Hasher{Features: features}
		n := crypttest.Pairs(t) / thin
		for done := 0; done < n; {
			size := 1 + r.IntN(60)
			shapes := 1 + r.IntN(4)
			first := r.IntN(81)
			var pairs []Pair
			for i := range size {
				pairs = append(pairs, Pair{[]byte(crypttest.RandomWord(r, first+i%shapes)), crypttest.RandomDigits(r, digits, 16-i%shapes)})
			}
			crypt3(t, c, &h, 1000+r.IntN(100), pairs)
			done += size
		}
		crypt3(t, c, &h, defaultRounds, pairsOf(r, max(2, n/200), 8, 16))
	})
}

func TestWordAndSaltLengths(t *testing.T) {
	levels(t, func(t *testing.T, features cpu.Features) {
		r := rand.New(rand.NewPCG(8, 2))
		h := Hasher{Features: features}
		for word := range 110 { // the longest in lanes is between
			for salt := range MaxSalt + 1 {
				if (word+salt)%thin == 0 {
					same(t, &h, 50+r.IntN(50), pairsOf(r, 2, word, salt))
				}
			}
			same(t, &h, 43, pairsOf(r, 16, word, word%17))
		}
		c := crypttest.New(t)
		for _, word := range []int{0, 1, 31, 32, 35, 36, 63, 64, 65, 98, 99, 100, 127, 128, 255, 256, 510, 511} {
			crypt3(t, c, &h, 1000, pairsOf(r, 2, word, word%17))
		}
	})
}

func TestLongSaltIsCut(t *testing.T) {
	levels(t, func(t *testing.T, features cpu.Features) {
		h := Hasher{Features: features}
		got := make([]Digest, 4)
		const salt = "1234567890123456"
		h.Hash(1000, []Pair{{[]byte("a"), salt}, {[]byte("a"), salt + "7"}, {[]byte("a"), salt}, {[]byte("a"), salt[1:]}}, got)
		if got[0] != got[1] || got[0] != got[2] || got[0] == got[3] {
			t.Errorf("digests %s", got)
		}
	})
}

// Every number of rounds up to the period of the messages' shapes and over chunks.
func TestRounds(t *testing.T) {
	levels(t, func(t *testing.T, features cpu.Features) {
		r := rand.New(rand.NewPCG(8, 9))
		h := Hasher{Features: features}
		for rounds := range 2*period + 1 {
			same(t, &h, rounds, pairsOf(r, 16, 7, 16))
		}
		for _, k := range kernels(features) {
			for _, n := range []int{k.chunk - 1, k.chunk, k.chunk + 1, 3 * k.chunk} {
				same(t, &h, n, pairsOf(r, k.lanes, 3, 8))
			}
		}
	})
}

// Every number of tries of one shape: every tail of every kernel, every lane.
func TestTails(t *testing.T) {
	levels(t, func(t *testing.T, features cpu.Features) {
		r := rand.New(rand.NewPCG(8, 3))
		h := Hasher{Features: features}
		for n := range 2*maxLanes + 2 {
			same(t, &h, 100, pairsOf(r, n, n%25, 16-n%3))
		}
	})
}

// Each kernel with as few tries as it can have, and in each lane another's.
func TestKernelsAlone(t *testing.T) {
	levels(t, func(t *testing.T, features cpu.Features) {
		r := rand.New(rand.NewPCG(8, 4))
		all := kernels(features)
		if features != (cpu.Features{}) && len(all) == 0 {
			t.Fatal("no kernel")
		}
		for i := range all {
			k := &all[i]
			var l lanes
			for turn := range 3*k.lanes + 1 {
				pairs := pairsOf(r, 1+turn%k.lanes, turn%60, turn%17)
				var which []uint64
				for j := range pairs {
					which = append(which, uint64(j))
				}
				got := make([]Digest, len(pairs))
				l.hash(k, 84, new(plain), pairs, got, which, nil)
				for j := range pairs {
					if want := want(84, &pairs[j]); got[j] != want {
						t.Fatalf("%d lanes, lane %d of %d: %s, want %s", k.lanes, j, len(pairs), got[j], want)
					}
				}
			}
		}
	})
}

func TestMixedShapes(t *testing.T) {
	levels(t, func(t *testing.T, features cpu.Features) {
		r := rand.New(rand.NewPCG(8, 5))
		h := Hasher{Features: features}
		var pairs []Pair
		for i := range 300 {
			pairs = append(pairs, pairsOf(r, 1, i%11, 16-i%2)...)
		}
		pairs = append(pairs, pairsOf(r, 2, 300, 16)...)
		r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
		same(t, &h, 100, pairs)
	})
}

func TestStop(t *testing.T) {
	levels(t, func(t *testing.T, features cpu.Features) {
		asked := 0
		h := Hasher{Features: features, Stop: func() bool { asked++; return asked > 2 }}
		r := rand.New(rand.NewPCG(8, 6))
		pairs := pairsOf(r, 17, 8, 16)
		if h.Hash(999_999_999, pairs, make([]Digest, len(pairs))) || asked != 3 {
			t.Errorf("not stopped, %d questions", asked)
		}
		h.Stop = nil
		same(t, &h, 100, pairs)
	})
}

func TestBatch(t *testing.T) {
	h := Hasher{Features: cpu.Features{AVX2: true, AVX512: true, SHA: true}}
	for _, rounds := range []int{0, 1000, 5000, 100_000, 999_999_999} {
		if n := new(Hasher).Batch(rounds); n != 1 {
			t.Errorf("plain Go takes %d at a time", n)
		}
		if n := h.Batch(rounds); runtime.GOARCH == "amd64" && (n%maxLanes != 0 || n < maxLanes || n > 4*batch) {
			t.Errorf("%d tries of %d rounds do not fill lanes", n, rounds)
		}
	}
}

func TestNoAllocation(t *testing.T) {
	levels(t, func(t *testing.T, features cpu.Features) {
		h := Hasher{Features: features}
		pairs := pairsOf(rand.New(rand.NewPCG(8, 7)), 40, 8, 8)
		digests := make([]Digest, len(pairs))
		if n := testing.AllocsPerRun(3, func() { h.Hash(100, pairs, digests) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// FuzzHash compares lanes with plain Go, whatever stands in the lanes beside.
func FuzzHash(f *testing.F) {
	f.Add([]byte("password"), "abcdefghijklmnop", uint8(40), uint8(17))
	f.Add([]byte(""), "", uint8(3), uint8(2))
	f.Add([]byte(strings.Repeat("\xff", 47)), "abcdefgh", uint8(16), uint8(5))
	f.Add([]byte(strings.Repeat("ab", 60)), "a", uint8(2), uint8(200))
	f.Fuzz(func(t *testing.T, word []byte, salt string, n, rounds uint8) {
		salt, word = salt[:min(len(salt), MaxSalt)], word[:min(len(word), 511)]
		pairs := []Pair{{word, salt}}
		for i := range int(n % 40) {
			other := slices.Clone(word)
			if len(other) > 0 {
				other[i%len(other)] ^= byte(i)
			}
			pairs = append(pairs, Pair{other, salt})
		}
		has := cpu.Detect()
		for _, features := range []cpu.Features{{}, has.Lower("avx2,nosha"), has.Lower("avx2"), has.Lower("nosha"), has} {
			same(t, &Hasher{Features: features}, int(rounds), pairs)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	for _, level := range []string{"none", "avx2,nosha", "avx2", "nosha", "avx512"} {
		h := Hasher{Features: cpu.Detect().Lower(level)}
		for _, n := range []int{1, 2, 4, 8, 16, 64} {
			pairs := pairsOf(rand.New(rand.NewPCG(8, 8)), n, 7, 16)
			digests := make([]Digest, n)
			b.Run(fmt.Sprintf("%s/%d", level, n), func(b *testing.B) {
				for b.Loop() {
					h.Hash(defaultRounds, pairs, digests)
				}
				b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "c/s")
			})
		}
	}
}

func BenchmarkAgainstLibcrypt(b *testing.B) {
	for _, level := range []string{"avx2,nosha", "avx2", "avx512"} {
		b.Run(level, func(b *testing.B) {
			h := Hasher{Features: cpu.Detect().Lower(level)}
			pairs := pairsOf(rand.New(rand.NewPCG(8, 9)), 64, 7, 16)
			digests := make([]Digest, 64)
			crypttest.Compare(b, 64, "passwor", "$5$abcdefghijklmnop$", func() { h.Hash(defaultRounds, pairs, digests) })
		})
	}
}
