package des

import (
	"fmt"
	"math/rand/v2"
	"slices"
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

// TestWays compares the ways with each other for every number of words up to two batches
// and one: whatever batch chooses, each is asked on its own too.
func TestWays(t *testing.T) {
	forLevels(t, func(t *testing.T, c *Crypter) {
		r := rand.New(rand.NewPCG(11, 12))
		plain, k := New(), kernelOf(c.Features)
		for n := 1; n <= 2*Lanes(c.Features)+1; n++ {
			words := make([][]byte, n)
			for i := range words {
				words[i] = randomWord(r, r.IntN(20))
			}
			salt, count := r.Uint32N(1<<24), 1+r.Uint32N(4)
			want, got := make([]Digest, n), make([]Digest, n)
			if !plain.oneByOne(want, words, plain.fold, count, salt, nil) {
				t.Fatal("stopped")
			}
			ways := map[string]func() bool{
				"batch": func() bool { return c.BatchBSDi(got, words, count, salt) },
			}
			if n <= 64 {
				ways["bitslice"] = func() bool { return c.bitslice(got, words, c.fold, count, salt, nil) }
			}
			if n <= k.lanes {
				ways["vectors"] = func() bool { return c.vectors(k, got, words, c.fold, count, salt, nil) }
			}
			for way, run := range ways {
				clear(got)
				if !run() {
					t.Fatalf("%s: stopped", way)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%s differs from tables: %d words, count %d, salt %d", way, n, count, salt)
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
		words := make([][]byte, Lanes(c.Features))
		got := make([]Digest, len(words))
		for _, count := range []uint32{0, 1, 2, 3, 25, 255, 256, 257, chunk - 1, chunk, chunk + 1, 2*chunk - 1, 2 * chunk, 2*chunk + 1, 3000} {
			for i := range words {
				words[i] = randomWord(r, r.IntN(30))
			}
			salt := r.Uint32N(1 << 24)
			if !c.BatchBSDi(got, words, count, salt) {
				t.Fatal("stopped")
			}
			for _, i := range []int{0, 1, 63, len(words) - 1, r.IntN(len(words))} {
				if want, _ := c.BSDi(words[i], count, salt); got[i] != want {
					t.Fatalf("count %d, salt %d, word %d: %s, want %s", count, salt, i, got[i], want)
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

// TestBatchOracle asks crypt(3) about batches: random salts, lengths, eighth bits, and
// numbers of words.
func TestBatchOracle(t *testing.T) {
	l := newLibcrypt(t)
	forLevels(t, func(t *testing.T, c *Crypter) {
		r := rand.New(rand.NewPCG(15, 16))
		for left := pairs(t); left > 0; {
			n := 1 + r.IntN(Lanes(c.Features))
			left -= n
			words, dst := make([][]byte, n), make([]Digest, n)
			for i := range words {
				words[i] = randomWord(r, r.IntN(81))
			}
			traditional := randomDigits(r, 2)
			bsdi := fmt.Sprintf("_%s...%s", randomDigits(r, 1), randomDigits(r, 4))
			for _, setting := range []string{traditional, bsdi} {
				if setting == bsdi {
					count, _ := Number(setting[1:5])
					salt, _ := Number(setting[5:9])
					if !c.BatchBSDi(dst, words, count, salt) {
						t.Fatal("stopped")
					}
				} else {
					salt, _ := Number(setting)
					c.Batch(dst, words, salt)
				}
				for i, d := range dst {
					if want := l.crypt(t, string(words[i]), setting); setting+string(d[:]) != want {
						t.Fatalf("word %q, %d of %d, setting %q: %s, crypt(3) gives %q", words[i], i, n, setting, d, want)
					}
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
		if !c.BatchBSDi(dst, words, 725, salt) {
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
			c.Batch(dst, words, salt)
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
		w := new(wide)
		for i := range w.keys {
			w.keys[i], w.state[i] = r.Uint64(), r.Uint64()
		}
		p, stride := c.plan(77777), k.lanes/64
		for j, from := range p.from {
			w.from[j] = uint16(from) * uint16(8*stride)
		}
		for i, row := range p.order {
			w.order[i] = uint16(row) * uint16(8*stride)
		}
		before := *w
		k.encrypt(&w.keys, &w.state, &w.from, &w.order, 3)
		if w.keys != before.keys || w.from != before.from || w.order != before.order {
			t.Error("the kernel wrote to its inputs")
		}
		const spills = 16 // rows of room, more than there are values at any time
		if from := (64 + spills) * stride; !slices.Equal(w.state[from:], before.state[from:]) {
			t.Error("the kernel wrote behind its room")
		}
		if slices.Equal(w.state[:64*stride], before.state[:64*stride]) {
			t.Error("the kernel wrote nothing")
		}
	})
}
