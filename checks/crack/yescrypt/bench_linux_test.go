package yescrypt

import (
	"runtime"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

// cpuTime returns the CPU seconds of the thread.
func cpuTime(tb testing.TB) float64 {
	tb.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &u); err != nil {
		tb.Fatal(err)
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

// sides are the ways to compute hashes: in plain Go, and with kernels one at a time and
// side by side.
var sides = []struct {
	name   string
	kernel bool
	n      int
}{{"portable", false, 1}, {"kernel", true, 1}, {"kernel-of-two", true, Lanes}}

// settled returns what computes n hashes of a word under a setting.
func settled(b *testing.B, setting string, kernel bool, n int) func() {
	b.Helper()
	s, err := Parse(setting)
	if err != nil {
		b.Fatal(err)
	}
	h := new(Hasher)
	if kernel {
		h = kernelHasher(b)
	}
	b.Cleanup(h.Release)
	tries := make([]Try, n)
	for i := range tries {
		tries[i] = Try{Word: []byte("password1"), Salt: s.Salt, Setting: []byte(s.Text)}
	}
	return func() {
		if err := h.Hash(s.Method, tries, s.Params); err != nil {
			b.Fatal(err)
		}
	}
}

// The CPU time of a hash beside that of crypt(3), in turns; "x-crypt(3)" is the
// median of the ratios of their speeds, "c/s" the median of ours.
func BenchmarkAgainstLibcrypt(b *testing.B) {
	for _, bb := range []struct{ name, setting string }{
		{"yescrypt", "$y$j9T$F5Jx5fExrKuPp53xLKQ..1"},
		{"gost-yescrypt", "$gy$j9T$F5Jx5fExrKuPp53xLKQ..1"},
		{"yescrypt-worm", "$y$/9T$F5Jx5fExrKuPp53xLKQ..1"},
		{"scrypt", "$7$CU..../....F5Jx5fExrKuPp53xLKQ..1"},
		{"scrypt-r8", "$7$C6..../....F5Jx5fExrKuPp53xLKQ..1"},
		{"yescrypt-cheap", "$y$j75$F5Jx5fExrKuPp53xLKQ..1"},
	} {
		for _, side := range sides {
			b.Run(bb.name+"/"+side.name, func(b *testing.B) {
				c := newLibcrypt(b)
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				hash := settled(b, bb.setting, side.kernel, side.n)
				hash() // takes the region
				s, err := Parse(bb.setting)
				if err != nil {
					b.Fatal(err)
				}
				n := max(1, int(1<<26/s.Params.Memory())/side.n) * side.n
				var speeds, ratios []float64
				for b.Loop() {
					_, theirs := c.timed(b, "password1", bb.setting, n)
					start := cpuTime(b)
					for range n / side.n {
						hash()
					}
					ours := cpuTime(b) - start
					speeds, ratios = append(speeds, float64(n)/ours), append(ratios, theirs/ours)
				}
				slices.Sort(speeds)
				slices.Sort(ratios)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(speeds[len(speeds)/2], "c/s")
				b.ReportMetric(ratios[len(ratios)/2], "x-crypt(3)")
			})
		}
	}
}

// BenchmarkHash is the hash alone; its allocations per hash are 0.
func BenchmarkHash(b *testing.B) {
	for _, setting := range []string{"$y$j9T$F5Jx5fExrKuPp53xLKQ..1", "$gy$j9T$F5Jx5fExrKuPp53xLKQ..1", "$7$CU..../....F5Jx5fExrKuPp53xLKQ..1"} {
		for _, side := range sides {
			b.Run(setting[1:7]+"/"+side.name, func(b *testing.B) {
				hash := settled(b, setting, side.kernel, side.n)
				b.ReportAllocs()
				for b.Loop() {
					hash()
				}
			})
		}
	}
}
