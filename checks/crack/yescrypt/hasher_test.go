package yescrypt

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestInvalidParams(t *testing.T) {
	var h Hasher
	for _, p := range []Params{
		{},
		{LogN: 4, R: 1},
		{LogN: 4, P: 1},
		{LogN: 1, R: 1, P: 1},
		{LogN: 32, R: 1, P: 1},
		{LogN: 4, R: 1, P: 1, T: 1},
		{LogN: 4, R: 1 << 15, P: 1 << 15},
		{Flags: 2, LogN: 4, R: 1, P: 1},
		{Flags: RW | 1, LogN: 4, R: 1, P: 1},
		{Flags: RW, LogN: 4, R: 1, P: 5},
	} {
		if _, err := h.Yescrypt(nil, nil, p); !errors.Is(err, ErrParams) {
			t.Errorf("%+v: %v", p, err)
		}
	}
	if _, err := h.Scrypt(nil, nil, Params{Flags: RW, LogN: 4, R: 1, P: 1}); !errors.Is(err, ErrParams) {
		t.Errorf("Scrypt in mode RW: %v", err)
	}
	if h.Held() != 0 {
		t.Errorf("holds %d bytes after refusals", h.Held())
	}
}

func TestMemory(t *testing.T) {
	for _, tt := range []struct {
		params Params
		want   int64
	}{
		{Params{Flags: RW, LogN: 12, R: 32, P: 1}, 16<<20 + 4<<10 + 12<<10},
		{Params{Flags: RW, LogN: 6, R: 2, P: 9}, (64+9)*256 + 9*12<<10},
		{Params{LogN: 14, R: 8, P: 16}, 16<<20 + 17<<10},
		{Params{Flags: WORM, LogN: 31, R: 1<<30 - 1, P: 1}, math.MaxInt64},
	} {
		if got := tt.params.Memory(); got != tt.want {
			t.Errorf("%+v: %d bytes, want %d", tt.params, got, tt.want)
		}
	}
}

func TestRegionIsKept(t *testing.T) {
	var h Hasher
	small, large := Params{Flags: RW, LogN: 4, R: 1, P: 1}, Params{LogN: 6, R: 4, P: 2}
	use := func(p Params, want int64) {
		t.Helper()
		if _, err := h.Yescrypt([]byte("w"), []byte("s"), p); err != nil {
			t.Fatal(err)
		}
		if h.Held() != want {
			t.Errorf("%+v: holds %d bytes, want %d", p, h.Held(), want)
		}
	}
	use(small, small.Memory())
	use(large, large.Memory())
	use(small, large.Memory())
	h.Release()
	h.Release()
	if h.Held() != 0 {
		t.Errorf("holds %d bytes after Release", h.Held())
	}
	use(small, small.Memory())
	if _, err := h.Yescrypt(nil, nil, Params{LogN: 31, R: 1 << 25, P: 1}); !errors.Is(err, ErrMemory) {
		t.Errorf("2^63 bytes: %v", err)
	}
	use(large, large.Memory())
	h.Release()
}

func TestNoAllocations(t *testing.T) {
	levels(t, noAllocations)
}

func noAllocations(t *testing.T, h *Hasher) {
	word, salt, setting := []byte("password1"), []byte("salt"), []byte("$gy$j5.$n7C")
	two := []Try{{Word: word, Salt: salt, Setting: setting}, {Word: salt, Salt: word, Setting: setting}}
	for _, p := range []Params{{Flags: RW, LogN: 6, R: 1, P: 3, T: 2}, {LogN: 6, R: 1, P: 2}, {Flags: RW, LogN: 8, R: 512, P: 1}} {
		if n := testing.AllocsPerRun(2, func() {
			if _, err := h.Gost(word, salt, setting, p); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%+v: %v allocations for a hash", p, n)
		}
		if n := testing.AllocsPerRun(2, func() {
			if err := h.Hash(GostYescrypt, two, p); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%+v: %v allocations for two hashes", p, n)
		}
	}
}

// Every part of a hash asks Stop as often as its work demands.
func TestStopIsAsked(t *testing.T) {
	for _, tt := range []struct {
		name   string
		params Params
		lanes  uint64 // mixed at least
	}{
		{"rw", Params{Flags: RW, LogN: 10, R: 8, P: 1}, 1024 * 64 * 4 / 3},
		{"rw-parallel", Params{Flags: RW, LogN: 10, R: 8, P: 4, T: 3}, 1024 * 64 * 2},
		{"rw-long-rows", Params{Flags: RW, LogN: 2, R: 1 << 12, P: 1}, 4 << 15},
		{"scrypt", Params{LogN: 10, R: 8, P: 2}, 4 * 1024 * 64},
		{"scrypt-long-rows", Params{LogN: 2, R: 1 << 12, P: 1}, 8 << 15},
		{"scrypt-many-states", Params{LogN: 2, R: 1, P: 1 << 11}, 1 << 11 * 8 * 16},
	} {
		t.Run(tt.name, func(t *testing.T) {
			levels(t, func(t *testing.T, h *Hasher) {
				stopIsAsked(t, h, 1, tt.params, tt.lanes)
				stopIsAsked(t, h, 2, tt.params, 2*tt.lanes)
			})
		})
	}
}

func stopIsAsked(t *testing.T, h *Hasher, n int, p Params, lanes uint64) {
	t.Helper()
	hash := func() ([]Try, error) {
		tries := []Try{{Word: []byte("w"), Salt: []byte("s")}, {Word: []byte("v"), Salt: []byte("t")}}[:n]
		err := h.Hash(Yescrypt, tries, p)
		return tries, err
	}
	asked := uint64(0)
	h.Stop, h.left = func() bool { asked++; return false }, 1<<16
	want, err := hash()
	if err != nil {
		t.Fatal(err)
	}
	all := asked
	if all < lanes>>16 {
		t.Errorf("%d hashes: asked %d times, want %d", n, all, lanes>>16)
	}
	for _, last := range []uint64{1, (all + 1) / 2, all} {
		asked, h.left = 0, 1<<16
		h.Stop = func() bool { asked++; return asked == last }
		if _, err := hash(); !errors.Is(err, ErrStopped) {
			t.Fatalf("%d hashes, stopped at question %d of %d: %v", n, last, all, err)
		}
	}
	h.Stop = nil
	got, err := hash()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after being stopped: %s", diff)
	}
}

func TestStopsSoon(t *testing.T) {
	levels(t, func(t *testing.T, h *Hasher) {
		for _, p := range []Params{
			{Flags: RW, LogN: 12, R: 32, P: 1, T: 1 << 20},
			{Flags: RW, LogN: 2, R: 1 << 14, P: 1, T: 1 << 20},
			{Flags: WORM, LogN: 10, R: 32, P: 1, T: 1 << 20},
			{LogN: 2, R: 1 << 16, P: 1 << 5},
		} {
			stopsSoon(t, h, 1, p)
			stopsSoon(t, h, 2, p)
		}
	})
}

func stopsSoon(t *testing.T, h *Hasher, n int, p Params) {
	t.Helper()
	const limit = 100 * time.Millisecond
	late := time.Duration(math.MaxInt64)
	for range 5 { // other programs may take the CPU for so long
		var due time.Time
		h.Stop = func() bool { return time.Now().After(due) }
		due = time.Now().Add(20 * time.Millisecond)
		if err := h.Hash(Yescrypt, make([]Try, n), p); !errors.Is(err, ErrStopped) {
			t.Errorf("%d of %+v: %v", n, p, err)
		}
		late = min(late, time.Since(due))
		h.Release()
		if late < limit {
			break
		}
	}
	if late >= limit {
		t.Errorf("%d of %+v: stopped %v late", n, p, late)
	}
}
