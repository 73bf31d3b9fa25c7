package des

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"hostaudit/checks/crack/cpu"
)

// levels are those of cpu.Features.Lower that have ways of their own.
var levels = []string{"none", "avx2", "avx512"}

// needs skips what the machine has no instructions for.
func needs(tb testing.TB, level string) {
	tb.Helper()
	if f := cpu.Detect(); level == "avx2" && !f.AVX2 || level == "avx512" && !f.AVX512 {
		tb.Skipf("this machine has %v: cannot run %s", f, level)
	}
}

// forLevels runs a test with a Crypter of each level.
func forLevels(t *testing.T, test func(t *testing.T, c *Crypter)) {
	t.Helper()
	for _, level := range levels {
		t.Run(level, func(t *testing.T) {
			needs(t, level)
			c := New()
			c.Features = cpu.Detect().Lower(level)
			test(t, c)
		})
	}
}

// repeat is a salt for each of n words.
func repeat(salt uint32, n int) []uint32 { return slices.Repeat([]uint32{salt}, n) }

// TestWays compares the ways with each other for every number of words up to two batches
// and one, with one salt and with many: whatever batch chooses, each is asked on its own
// too.
func TestWays(t *testing.T) {
	forLevels(t, func(t *testing.T, c *Crypter) {
		r := rand.New(rand.NewPCG(11, 12))
		plain, k := New(), kernelOf(c.Features)
		full, _ := Lanes(c.Features)
		for n := 1; n <= 2*full+1; n++ {
			words := make([][]byte, n)
			for i := range words {
				words[i] = randomWord(r, r.IntN(20))
			}
			salts, count := repeat(r.Uint32N(1<<24), n), 1+r.Uint32N(4)
			if n%2 == 0 {
				for i := range salts {
					if r.IntN(20) != 0 { // now and then, two in a row have the same
						salts[i] = r.Uint32N(1 << 24)
					} else if i > 0 {
						salts[i] = salts[i-1]
					}
				}
			}
			want, got := make([]Digest, n), make([]Digest, n)
			for i, w := range words {
				want[i], _ = plain.BSDi(w, count, salts[i])
			}
			ways := map[string]func() bool{
				"batch": func() bool { return c.BatchBSDi(got, words, count, salts) },
			}
			if n <= 64 && same(salts) == n {
				ways["bitslice"] = func() bool { return c.bitslice(got, words, c.fold, count, salts[0], nil) }
			}
			if n <= k.lanes {
				ways["vectors"] = func() bool { return c.vectors(k, got, words, c.fold, count, salts, nil) }
			}
			for way, run := range ways {
				clear(got)
				if !run() {
					t.Fatalf("%s: stopped", way)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%s differs from tables: %d words, count %d, salts %d", way, n, count, salts)
				}
			}
		}
	})
}

// TestCounts: the halves change places with every encryption and the kernel is called for
// chunks: counts around them, of which the kernel's are some.
func TestCounts(t *testing.T) {
	forLevels(t, func(t *testing.T, c *Crypter) {
		r := rand.New(rand.NewPCG(13, 14))
		full, _ := Lanes(c.Features)
		words := make([][]byte, full)
		got := make([]Digest, len(words))
		for _, count := range []uint32{0, 1, 2, 3, 25, 255, 256, 257, chunk - 1, chunk, chunk + 1, 2*chunk - 1, 2 * chunk, 2*chunk + 1, 3000} {
			for i := range words {
				words[i] = randomWord(r, r.IntN(30))
			}
			salts := repeat(r.Uint32N(1<<24), full)
			for range 2 {
				if !c.BatchBSDi(got, words, count, salts) {
					t.Fatal("stopped")
				}
				for _, i := range []int{0, 1, 63, full - 1, r.IntN(full)} {
					if want, _ := c.BSDi(words[i], count, salts[i]); got[i] != want {
						t.Fatalf("count %d, salt %d, word %d: %s, want %s", count, salts[i], i, got[i], want)
					}
				}
				if _, many := Lanes(c.Features); !many {
					break
				}
				for i := range salts {
					salts[i] = r.Uint32N(1 << 24)
				}
			}
		}
	})
}

// TestChunkIsEven: after a call of the kernel, the halves are where the next one looks
// for them.
func TestChunkIsEven(t *testing.T) {
	if chunk%2 != 0 {
		t.Errorf("chunk is %d", chunk)
	}
}

// TestBatchOracle asks crypt(3) about batches: random salts, the same or many, lengths,
// eighth bits, and numbers of words.
func TestBatchOracle(t *testing.T) {
	l := newLibcrypt(t)
	forLevels(t, func(t *testing.T, c *Crypter) {
		r := rand.New(rand.NewPCG(15, 16))
		full, _ := Lanes(c.Features)
		for left, turn := pairs(t), 0; left > 0; turn++ {
			n := 1 + r.IntN(full)
			left -= n
			words, dst := make([][]byte, n), make([]Digest, n)
			for i := range words {
				words[i] = randomWord(r, r.IntN(81))
			}
			for _, digits := range []int{2, 4} {
				settings, salts := make([]string, n), make([]uint32, n)
				for i := range settings {
					if settings[i] = settings[0]; i == 0 || turn%2 == 0 {
						settings[i] = randomDigits(r, digits)
					}
					salts[i], _ = Number(settings[i])
				}
				before := ""
				if digits == 2 {
					c.Batch(dst, words, salts)
				} else {
					count := randomDigits(r, 1) + "..."
					before = "_" + count
					number, _ := Number(count)
					if !c.BatchBSDi(dst, words, number, salts) {
						t.Fatal("stopped")
					}
				}
				for i, d := range dst {
					setting := before + settings[i]
					if want := l.crypt(t, string(words[i]), setting); setting+string(d[:]) != want {
						t.Fatalf("word %q, %d of %d, setting %q: %s, crypt(3) gives %q", words[i], i, n, setting, d, want)
					}
				}
			}
		}
	})
}

// TestBatchBig compares batches of bigcrypt with one word at a time, and crypt(3) with some.
func TestBatchBig(t *testing.T) {
	l := newLibcrypt(t)
	forLevels(t, func(t *testing.T, c *Crypter) {
		r := rand.New(rand.NewPCG(21, 22))
		full, _ := Lanes(c.Features)
		for _, n := range []int{1, 2, 8, 9, 10, 11, 63, 64, 65, full - 1, full, full + 1, 2*full + 1} {
			words, dst, salts := make([][]byte, n), make([][]byte, n), make([]uint32, n)
			settings := make([]string, n)
			for i := range words {
				words[i] = randomWord(r, r.IntN(12))
				if r.IntN(8) == 0 {
					words[i] = randomWord(r, r.IntN(160))
				}
				settings[i] = randomDigits(r, 2)
				if i > 0 && n%2 == 0 {
					settings[i] = settings[0]
				}
				salts[i], _ = Number(settings[i])
				dst[i] = []byte(settings[i])
			}
			c.BatchBig(dst, words, salts)
			for i, w := range words {
				want := string(c.Big([]byte(settings[i]), w, salts[i]))
				if i == 0 || i == n-1 {
					want = l.crypt(t, string(w), settings[i]+strings.Repeat(".", 12))
				}
				if string(dst[i]) != want {
					t.Fatalf("%d words, %d, %q: %q, want %q", n, i, w, dst[i], want)
				}
			}
		}
	})
}

// TestBatchDefaultCost asks crypt(3) about 100 words at the count of BSD/OS.
func TestBatchDefaultCost(t *testing.T) {
	l := newLibcrypt(t)
	forLevels(t, func(t *testing.T, c *Crypter) {
		r := rand.New(rand.NewPCG(17, 18))
		words, dst := make([][]byte, 100), make([]Digest, 100)
		for i := range words {
			words[i] = randomWord(r, i)
		}
		setting := "_J9.." + randomDigits(r, 4)
		salt, _ := Number(setting[5:])
		if !c.BatchBSDi(dst, words, 725, repeat(salt, len(words))) {
			t.Fatal("stopped")
		}
		for i, d := range dst {
			if want := l.crypt(t, string(words[i]), setting); setting+string(d[:]) != want {
				t.Errorf("word %q, setting %q: %s, crypt(3) gives %q", words[i], setting, d, want)
			}
		}
	})
}

// TestEverySaltBatch: each of the 24 bits of a salt moves two inputs of the boxes.
func TestEverySaltBatch(t *testing.T) {
	forLevels(t, func(t *testing.T, c *Crypter) {
		words, dst := benchWords(64, 5), make([]Digest, 64)
		salts := []uint32{0, 1<<24 - 1}
		for bit := range 24 {
			salts = append(salts, 1<<bit)
		}
		for _, salt := range salts {
			c.Batch(dst, words, repeat(salt, len(words)))
			for i, w := range words {
				if want := c.Traditional(w, salt); dst[i] != want {
					t.Fatalf("salt %#x, word %q: %s, want %s", salt, w, dst[i], want)
				}
			}
		}
	})
}

// TestKernelRooms: a kernel writes to the state and its room behind it only.
func TestKernelRooms(t *testing.T) {
	forLevels(t, func(t *testing.T, c *Crypter) {
		k := kernelOf(c.Features)
		if k.lanes == 0 {
			t.Skip("this level has no kernel")
		}
		r := rand.New(rand.NewPCG(19, 20))
		w, stride := new(wide), k.lanes/64
		w.fill(&c.order, stride)
		for i := range w.keys {
			w.keys[i], w.state[i] = r.Uint64(), r.Uint64()
		}
		for i := range w.masks {
			w.masks[i] = r.Uint64()
		}
		for j, from := range salted(77777) {
			w.from[j] = uint16(from) * uint16(8*stride)
		}
		for name, encrypt := range map[string]func(){
			"one":  func() { k.one(&w.keys, &w.state, &w.from, &w.order, 3) },
			"many": func() { k.many(&w.keys, &w.state, &w.masks, &w.order, 3) },
		} {
			before := *w
			encrypt()
			if w.keys != before.keys || w.from != before.from || w.order != before.order || w.masks != before.masks || w.block != before.block {
				t.Errorf("%s: the kernel wrote to its inputs", name)
			}
			const room = 16 // rows, more than are put aside at any time
			if from := (64 + room) * stride; !slices.Equal(w.state[from:], before.state[from:]) {
				t.Errorf("%s: the kernel wrote behind its room", name)
			}
			for row := range 64 {
				if slices.Equal(w.state[row*stride:][:stride], before.state[row*stride:][:stride]) {
					t.Errorf("%s: the kernel left row %d as it was", name, row)
				}
			}
		}
	})
}
