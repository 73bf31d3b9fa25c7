package yescrypt

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/crack/cpu"
)

// kernelHasher uses the kernels, or skips the test.
func kernelHasher(tb testing.TB) *Hasher {
	tb.Helper()
	h := &Hasher{Features: cpu.Detect()}
	if !h.Together() {
		tb.Skip("no AVX2 with BMI2 here: there is no other way than the portable one")
	}
	tb.Cleanup(h.Release)
	return h
}

// levels runs a test with plain Go and with what the machine has.
func levels(t *testing.T, test func(t *testing.T, h *Hasher)) {
	t.Run("portable", func(t *testing.T) {
		var h Hasher
		defer h.Release()
		test(t, &h)
	})
	t.Run("kernel", func(t *testing.T) { test(t, kernelHasher(t)) })
}

// arena is memory for the rows, states and S-boxes of two hashes at any address. What
// lies between them must not change, which comparing all of it shows.
type arena struct {
	bytes []byte
	off   int
}

func newArena(r *rand.Rand, lanes, off int) arena {
	return arena{randomBytes(r, (lanes+1)*laneBytes), off}
}

func (a arena) clone() arena { return arena{slices.Clone(a.bytes), a.off} }

func (a arena) at(from, n int) []lane {
	return unsafe.Slice((*lane)(unsafe.Pointer(&a.bytes[a.off+from*laneBytes])), n)
}

// One call of a kernel does what plain Go does: on any number of blocks, at any address, in
// place or not, and leaves the S-boxes where they are to be used next.
func TestKernelIsMix(t *testing.T) {
	h := kernelHasher(t)
	r := source(t)
	const gap = 64
	for turn := range 2000 {
		n, blocks, save, inPlace := 1+turn%2, 1+r.IntN(70), turn%4 < 2, r.IntN(2) == 0
		if inPlace && turn%8 < 4 {
			blocks = 1 + r.IntN(3)
		}
		size := 4 * blocks
		apart := 2*size + 2*gap + r.IntN(32)
		// a and dst of each hash, then a row of each that is chosen, then the S-boxes.
		chosen := Lanes * apart
		own := chosen + Lanes*(size+gap)
		kernel := newArena(r, own+Lanes*boxesLanes+gap, r.IntN(laneBytes))
		portable := kernel.clone()
		swap, done := r.IntN(2), uint64(r.IntN(200))
		var state [Lanes]block
		for i := range state {
			for k := range state[i] {
				state[i][k] = lane{r.Uint64(), r.Uint64()}
			}
		}
		run := func(h *Hasher, m arena) (x [Lanes]block, b [Lanes]boxes) {
			c := chunk{h: h, n: n, apart: apart}
			var dst, a, with rows
			for i := range n {
				a[i] = m.at(i*apart, size)
				dst[i] = m.at(i*apart+size+gap, size)
				if inPlace {
					dst[i] = a[i]
				}
				with[i] = m.at(chosen+(i^swap)*(size+gap), size)
				c.boxes[i] = newBoxes(m.at(own+i*boxesLanes, boxesLanes), done)
			}
			x = state
			if h != nil {
				if !c.mixKernel(dst, a, with, &x, save) {
					t.Fatal("no kernel")
				}
			} else {
				for i := range n {
					c.boxes[i].mix(dst[i], a[i], with[i], &x[i], save)
				}
			}
			return x, c.boxes
		}
		gotX, got := run(h, kernel)
		wantX, want := run(nil, portable)
		name := fmt.Sprintf("turn %d: %d hashes, %d blocks, save %v, in place %v, after %d", turn, n, blocks, save, inPlace, done)
		if gotX != wantX {
			t.Fatalf("%s: states differ", name)
		}
		if !slices.Equal(kernel.bytes, portable.bytes) {
			t.Fatalf("%s: memory differs", name)
		}
		for i := range n {
			where := func(m arena, b boxes) [4]uintptr {
				base := uintptr(unsafe.Pointer(&m.bytes[0]))
				return [4]uintptr{uintptr(unsafe.Pointer(b.s0)) - base, uintptr(unsafe.Pointer(b.s1)) - base, uintptr(unsafe.Pointer(b.s2)) - base, uintptr(b.w)}
			}
			if diff := cmp.Diff(where(portable, want[i]), where(kernel, got[i])); diff != "" {
				t.Fatalf("%s: S-boxes of hash %d:\n%s", name, i, diff)
			}
		}
	}
}

// The same of Salsa20/8: the halves of dst and the rows are anywhere, but never one another.
func TestKernelIsMixSalsa(t *testing.T) {
	h := kernelHasher(t)
	r := source(t)
	const gap = 32
	for turn := range 1000 {
		blocks, xor := 2*(1+r.IntN(40)), turn%2 == 0
		size := 4 * blocks
		apart := 2*size + 3*gap + r.IntN(32)
		chosen := Lanes * apart
		kernel := newArena(r, chosen+Lanes*(size+gap), r.IntN(laneBytes))
		portable := kernel.clone()
		swap := r.IntN(2)
		var state [Lanes]block
		for i := range state {
			for k := range state[i] {
				state[i][k] = lane{r.Uint64(), r.Uint64()}
			}
		}
		run := func(h *Hasher, m arena) [Lanes]block {
			c := chunk{h: h, n: Lanes, apart: apart}
			var even, odd, a, with rows
			for i := range Lanes {
				a[i] = m.at(i*apart, size)
				even[i] = m.at(i*apart+size+gap, size/2)
				odd[i] = m.at(i*apart+size+gap+size/2+gap, size/2)
				if xor {
					with[i] = m.at(chosen+(i^swap)*(size+gap), size)
				}
			}
			x := state
			if h != nil {
				if !c.salsaKernel(even, odd, a, with, &x) {
					t.Fatal("no kernel")
				}
			} else {
				for i := range Lanes {
					mixSalsa(even[i], odd[i], a[i], with[i], &x[i])
				}
			}
			return x
		}
		if got, want := run(h, kernel), run(nil, portable); got != want {
			t.Fatalf("turn %d: %d blocks, xor %v: states differ", turn, blocks, xor)
		}
		if !slices.Equal(kernel.bytes, portable.bytes) {
			t.Fatalf("turn %d: %d blocks, xor %v: memory differs", turn, blocks, xor)
		}
	}
}

// Where there is no kernel for what is asked, it says so.
func TestKernelRefuses(t *testing.T) {
	h := kernelHasher(t)
	m := newArena(source(t), 1024+Lanes*boxesLanes, 0)
	row := rows{m.at(0, 8), m.at(64, 8)}
	var x [Lanes]block
	own := newBoxes(m.at(1024, boxesLanes), 0)
	for _, tt := range []struct {
		name       string
		c          chunk
		a, b       rows
		mix, salsa bool
	}{
		{"one", chunk{h: h, n: 1, apart: 64}, row, row, true, false},
		{"two", chunk{h: h, n: 2, apart: 64}, row, row, true, true},
		{"two-anywhere", chunk{h: h, n: 2}, row, row, false, false},
		{"two-not-xor-ed", chunk{h: h, n: 2, apart: 64}, row, rows{}, false, true},
		{"empty-rows", chunk{h: h, n: 2, apart: 64}, rows{m.at(0, 0), m.at(64, 0)}, row, false, false},
		{"plain", chunk{h: &Hasher{}, n: 2, apart: 64}, row, row, false, false},
	} {
		tt.c.boxes = [Lanes]boxes{own, own}
		if got := tt.c.mixKernel(row, tt.a, tt.b, &x, false); got != tt.mix {
			t.Errorf("%s: mixKernel says %v", tt.name, got)
		}
		if got := tt.c.salsaKernel(rows{m.at(128, 4), m.at(192, 4)}, rows{m.at(256, 4), m.at(320, 4)}, tt.a, tt.b, &x); got != tt.salsa {
			t.Errorf("%s: salsaKernel says %v", tt.name, got)
		}
	}
}

// randomParams are valid ones of all modes at low cost.
func randomParams(r *rand.Rand) Params {
	for {
		p := Params{
			Flags: []uint32{RW, RW, RW, WORM, Classic}[r.IntN(5)],
			LogN:  uint32(2 + r.IntN(8)), R: uint32(1 + r.IntN(10)), P: 1, T: uint32(r.IntN(4)),
		}
		if r.IntN(2) == 0 {
			p.P = uint32(1 + r.IntN(5))
		}
		if r.IntN(8) == 0 {
			p.LogN, p.R = 2, uint32(30+r.IntN(1100)) // rows of more than one segment
		}
		if p.Flags == Classic {
			p.T = 0
		}
		if p.Valid() && !dear(p) {
			return p
		}
	}
}

func randomTry(r *rand.Rand) Try {
	return Try{Word: []byte(randomWord(r)), Salt: randomBytes(r, r.IntN(65)), Setting: []byte("$gy$" + randomDigits(r, r.IntN(60)))}
}

// methodFor is one of those that take the parameters.
func methodFor(r *rand.Rand, p Params) Method {
	switch {
	case p.Flags == Classic && r.IntN(2) == 0:
		return Scrypt
	case r.IntN(3) == 0:
		return GostYescrypt
	}
	return Yescrypt
}

// Hash computes one and two hashes, with kernels and without, like plain Go computes each
// alone.
func TestHashSideBySide(t *testing.T) {
	levels(t, func(t *testing.T, h *Hasher) {
		r := source(t)
		var alone Hasher
		defer alone.Release()
		for range pairs(t) {
			p := randomParams(r)
			m := methodFor(r, p)
			tries := []Try{randomTry(r), randomTry(r)}[:1+r.IntN(2)]
			switch r.IntN(8) {
			case 0:
				tries[len(tries)-1].Word = tries[0].Word
			case 1:
				tries[len(tries)-1].Salt = tries[0].Salt
			}
			if err := h.Hash(m, tries, p); err != nil {
				t.Fatalf("%+v: %v", p, err)
			}
			for i, try := range tries {
				single := []Try{try}
				if err := alone.Hash(m, single, p); err != nil {
					t.Fatalf("%+v: %v", p, err)
				}
				if single[0].Digest != try.Digest {
					t.Fatalf("%+v, method %d, hash %d of %d: word %q, salt %x", p, m, i+1, len(tries), try.Word, try.Salt)
				}
			}
		}
	})
}

func TestHashRefuses(t *testing.T) {
	h := kernelHasher(t)
	p := Params{Flags: RW, LogN: 4, R: 1, P: 1}
	for _, n := range []int{0, Lanes + 1} {
		if err := h.Hash(Yescrypt, make([]Try, n), p); !errors.Is(err, ErrParams) {
			t.Errorf("%d tries: %v", n, err)
		}
	}
	if err := h.Hash(Yescrypt, make([]Try, 2), Params{LogN: 31, R: 1 << 29, P: 1}); !errors.Is(err, ErrMemory) {
		t.Errorf("2 x 2^67 bytes: %v", err)
	}
	if h.Held() != 0 {
		t.Errorf("holds %d bytes after refusals", h.Held())
	}
}

// Two regions are held for two hashes, and no more than is needed when one follows
// that is larger than one of them.
func TestRegionsOfTwo(t *testing.T) {
	h := kernelHasher(t)
	small, large, larger := Params{Flags: RW, LogN: 6, R: 2, P: 1}, Params{Flags: RW, LogN: 6, R: 3, P: 1}, Params{Flags: RW, LogN: 8, R: 3, P: 2}
	for _, step := range []struct {
		n    int
		p    Params
		want int64
	}{
		{1, small, small.Memory()},
		{2, small, 2 * small.Memory()},
		{1, large, 2 * small.Memory()},
		{1, small, 2 * small.Memory()},
		{1, larger, larger.Memory()},
		{2, larger, 2 * larger.Memory()},
	} {
		if err := h.Hash(Yescrypt, make([]Try, step.n), step.p); err != nil {
			t.Fatal(err)
		}
		if h.Held() != step.want {
			t.Errorf("%d of %+v: holds %d bytes, want %d", step.n, step.p, h.Held(), step.want)
		}
	}
}
