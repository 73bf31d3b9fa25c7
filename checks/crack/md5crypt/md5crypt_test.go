package md5crypt

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
	for _, level := range []cpu.Features{{}, {AVX2: true}, {AVX2: true, AVX512: true}} {
		t.Run(level.String(), func(t *testing.T) {
			if level.AVX2 && !has.AVX2 || level.AVX512 && !has.AVX512 {
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

// same compares with plain Go.
func same(t *testing.T, h *Hasher, magic string, pairs []Pair) {
	t.Helper()
	got := make([]Digest, len(pairs))
	if !h.Hash(magic, pairs, got) {
		t.Fatal("stopped")
	}
	for i := range pairs {
		if want := encode(new(plain).hash(magic, &pairs[i])); got[i] != want {
			t.Fatalf("try %d of %d, %s word %q salt %q: %s, want %s", i, len(pairs), magic, pairs[i].Word, pairs[i].Salt, got[i], want)
		}
	}
}

// crypt3 compares with crypt(3).
func crypt3(t *testing.T, c *crypttest.Libcrypt, h *Hasher, pairs []Pair) {
	t.Helper()
	got := make([]Digest, len(pairs))
	if !h.Hash(Crypt, pairs, got) {
		t.Fatal("stopped")
	}
	for i, p := range pairs {
		setting := Crypt + p.Salt + "$"
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
		r := rand.New(rand.NewPCG(7, 1))
		h := Hasher{Features: features}
		n := crypttest.Pairs(t)
		for done := 0; done < n; {
			size := 1 + r.IntN(160)
			shapes := 1 + r.IntN(4)
			first := r.IntN(81)
			var pairs []Pair
			for i := range size {
				pairs = append(pairs, Pair{[]byte(crypttest.RandomWord(r, first+i%shapes)), crypttest.RandomDigits(r, digits, 8-i%shapes)})
			}
			crypt3(t, c, &h, pairs)
			done += size
		}
	})
}

func TestWordAndSaltLengths(t *testing.T) {
	levels(t, func(t *testing.T, features cpu.Features) {
		c := crypttest.New(t)
		r := rand.New(rand.NewPCG(7, 2))
		h := Hasher{Features: features}
		for word := range 72 { // the longest in lanes is between
			for salt := range MaxSalt + 1 {
				pairs := pairsOf(r, 3, word, salt)
				same(t, &h, Apr1, pairs)
				crypt3(t, c, &h, pairs[:2])
			}
		}
		for _, word := range []int{72, 127, 128, 255, 256, 510, 511} {
			crypt3(t, c, &h, pairsOf(r, 2, word, 8))
		}
	})
}

func TestLongSaltIsCut(t *testing.T) {
	levels(t, func(t *testing.T, features cpu.Features) {
		h := Hasher{Features: features}
		got := make([]Digest, 4)
		h.Hash(Crypt, []Pair{{[]byte("a"), "12345678"}, {[]byte("a"), "123456789"}, {[]byte("a"), "12345678"}, {[]byte("a"), "1234567"}}, got)
		if got[0] != got[1] || got[0] != got[2] || got[0] == got[3] {
			t.Errorf("digests %s", got)
		}
	})
}

// Every number of tries of one shape: every tail of every kernel, every lane.
func TestTails(t *testing.T) {
	levels(t, func(t *testing.T, features cpu.Features) {
		r := rand.New(rand.NewPCG(7, 3))
		h := Hasher{Features: features}
		for n := range 2*maxLanes + 2 {
			same(t, &h, Crypt, pairsOf(r, n, n%17, 8-n%3))
		}
	})
}

// Each kernel with as few tries as it can have, and in each lane another's.
func TestKernelsAlone(t *testing.T) {
	levels(t, func(t *testing.T, features cpu.Features) {
		r := rand.New(rand.NewPCG(7, 4))
		all := kernels(features)
		if features.AVX2 && len(all) == 0 {
			t.Fatal("no kernel")
		}
		for i := range all {
			k := &all[i]
			var l lanes
			for turn := range k.lanes + 1 {
				pairs := pairsOf(r, max(turn, 1), turn%30, turn%9)
				var which []uint64
				for j := range pairs {
					which = append(which, uint64(j))
				}
				got := make([]Digest, len(pairs))
				l.hash(k, Crypt, pairs, got, which)
				for j := range pairs {
					if want := encode(new(plain).hash(Crypt, &pairs[j])); got[j] != want {
						t.Fatalf("%d lanes, lane %d of %d: %s, want %s", k.lanes, j, len(pairs), got[j], want)
					}
				}
			}
		}
	})
}

func TestMixedShapes(t *testing.T) {
	levels(t, func(t *testing.T, features cpu.Features) {
		r := rand.New(rand.NewPCG(7, 5))
		h := Hasher{Features: features}
		var pairs []Pair
		for i := range 300 {
			pairs = append(pairs, pairsOf(r, 1, i%11, 8-i%2)...)
		}
		pairs = append(pairs, pairsOf(r, 2, 300, 8)...)
		r.Shuffle(len(pairs), func(i, j int) { pairs[i], pairs[j] = pairs[j], pairs[i] })
		same(t, &h, Apr1, pairs)
	})
}

func TestStop(t *testing.T) {
	levels(t, func(t *testing.T, features cpu.Features) {
		asked := 0
		h := Hasher{Features: features, Stop: func() bool { asked++; return asked > 2 }}
		r := rand.New(rand.NewPCG(7, 6))
		pairs := pairsOf(r, 10*maxLanes, 8, 8)
		if h.Hash(Crypt, pairs, make([]Digest, len(pairs))) || asked != 3 {
			t.Errorf("not stopped, %d questions", asked)
		}
		h.Stop = nil
		same(t, &h, Crypt, pairs)
	})
}

func TestBatch(t *testing.T) {
	if n := new(Hasher).Batch(); n != 1 {
		t.Errorf("plain Go takes %d at a time", n)
	}
	h := Hasher{Features: cpu.Features{AVX2: true, AVX512: true}}
	if n := h.Batch(); n%maxLanes != 0 && runtime.GOARCH == "amd64" {
		t.Errorf("%d tries do not fill lanes", n)
	}
}

func TestNoAllocation(t *testing.T) {
	levels(t, func(t *testing.T, features cpu.Features) {
		h := Hasher{Features: features}
		pairs := pairsOf(rand.New(rand.NewPCG(7, 7)), 100, 8, 8)
		digests := make([]Digest, len(pairs))
		if n := testing.AllocsPerRun(3, func() { h.Hash(Crypt, pairs, digests) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// FuzzHash compares lanes with plain Go, whatever stands in the lanes beside.
func FuzzHash(f *testing.F) {
	f.Add([]byte("password"), "abcdefgh", true, uint8(40))
	f.Add([]byte(""), "", false, uint8(3))
	f.Add([]byte(strings.Repeat("\xff", 47)), "abcdefgh", true, uint8(16))
	f.Add([]byte(strings.Repeat("ab", 60)), "a", false, uint8(2))
	f.Fuzz(func(t *testing.T, word []byte, salt string, apr1 bool, n uint8) {
		magic := Crypt
		if apr1 {
			magic = Apr1
		}
		salt = salt[:min(len(salt), MaxSalt)]
		pairs := []Pair{{word, salt}}
		for i := range int(n) {
			other := slices.Clone(word)
			if len(other) > 0 {
				other[i%len(other)] ^= byte(i)
			}
			pairs = append(pairs, Pair{other, salt})
		}
		for _, features := range []cpu.Features{{}, cpu.Detect().Lower("avx2"), cpu.Detect()} {
			same(t, &Hasher{Features: features}, magic, pairs)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	for _, level := range []string{"none", "avx2", "avx512"} {
		h := Hasher{Features: cpu.Detect().Lower(level)}
		for _, n := range []int{1, 8, 16, 24, 32, 48, batch} {
			pairs := pairsOf(rand.New(rand.NewPCG(7, 8)), n, 8, 8)
			digests := make([]Digest, n)
			b.Run(fmt.Sprintf("%s/%d", level, n), func(b *testing.B) {
				for b.Loop() {
					h.Hash(Crypt, pairs, digests)
				}
				b.ReportMetric(float64(b.N*n)/b.Elapsed().Seconds(), "c/s")
			})
		}
	}
}

func BenchmarkAgainstLibcrypt(b *testing.B) {
	for _, level := range []string{"avx2", "avx512"} {
		b.Run(level, func(b *testing.B) {
			h := Hasher{Features: cpu.Detect().Lower(level)}
			pairs := pairsOf(rand.New(rand.NewPCG(7, 9)), batch, 8, 8)
			digests := make([]Digest, batch)
			crypttest.Compare(b, batch, "password", "$1$abcdefgh$", func() { h.Hash(Crypt, pairs, digests) })
		})
	}
}
