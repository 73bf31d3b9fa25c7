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

// The CPU time of a hash beside that of crypt(3), in turns; "x-crypt(3)" is the
// median of the ratios of their speeds, "c/s" the median of ours.
func BenchmarkAgainstLibcrypt(b *testing.B) {
	for _, bb := range []struct{ name, setting string }{
		{"yescrypt", "$y$j9T$F5Jx5fExrKuPp53xLKQ..1"},
		{"gost-yescrypt", "$gy$j9T$F5Jx5fExrKuPp53xLKQ..1"},
		{"yescrypt-worm", "$y$/9T$F5Jx5fExrKuPp53xLKQ..1"},
		{"scrypt", "$7$CU..../....F5Jx5fExrKuPp53xLKQ..1"},
		{"yescrypt-cheap", "$y$j75$F5Jx5fExrKuPp53xLKQ..1"},
	} {
		b.Run(bb.name, func(b *testing.B) {
			c := newLibcrypt(b)
			s, err := Parse(bb.setting)
			if err != nil {
				b.Fatal(err)
			}
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			var h Hasher
			defer h.Release()
			if _, err := s.digest(&h, "password1"); err != nil {
				b.Fatal(err)
			}
			n := max(1, int(1<<26/s.Params.Memory()))
			var speeds, ratios []float64
			for b.Loop() {
				_, theirs := c.timed(b, "password1", bb.setting, n)
				start := cpuTime(b)
				for range n {
					if _, err := s.digest(&h, "password1"); err != nil {
						b.Fatal(err)
					}
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

// BenchmarkHash is the hash alone; its allocations per hash are 0.
func BenchmarkHash(b *testing.B) {
	for _, setting := range []string{"$y$j9T$F5Jx5fExrKuPp53xLKQ..1", "$gy$j9T$F5Jx5fExrKuPp53xLKQ..1", "$7$CU..../....F5Jx5fExrKuPp53xLKQ..1"} {
		b.Run(setting[1:7], func(b *testing.B) {
			s, err := Parse(setting)
			if err != nil {
				b.Fatal(err)
			}
			word := []byte("password1")
			var h Hasher
			defer h.Release()
			b.ReportAllocs()
			for b.Loop() {
				if s.Method == GostYescrypt {
					_, err = h.Gost(word, s.Salt, []byte(s.Text), s.Params)
				} else {
					_, err = h.Yescrypt(word, s.Salt, s.Params)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
