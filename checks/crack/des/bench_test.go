package des

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"hostaudit/checks/crack/cpu"
)

// speed is a word and a setting in a loop of perl, in hashes per second of CPU
// time. The loop itself costs descrypt some 3 %.
const speedLoop = `my ($w, $s, $n) = @ARGV; my $t = (times)[0]; my $h;
for (1 .. $n) { $h = crypt($w, $s) } my $d = (times)[0] - $t; print $n / ($d || 0.01);`

// cpuTime is the CPU time that this process has had, so that other load on the
// machine does not count.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// compare reports words per second of CPU time, and how many times those of
// crypt(3), measured right before.
func compare(b *testing.B, setting string, words int, run func()) {
	const size = 60000 // hashes of descrypt, a fifth of a second
	n := size
	if setting[0] == '_' {
		n /= 29 // 725 encryptions for 25
	}
	out, err := exec.Command(perl(b), "-e", speedLoop, "passwort", setting, fmt.Sprint(n)).Output()
	if err != nil {
		b.Fatal(err)
	}
	libcrypt, err := strconv.ParseFloat(strings.TrimSpace(string(out)), 64)
	if err != nil {
		b.Fatal(err)
	}
	start, loops := cpuTime(b), 0
	for b.Loop() {
		run()
		loops++
	}
	rate := float64(words*loops) / (cpuTime(b) - start).Seconds()
	b.ReportMetric(rate, "c/s")
	b.ReportMetric(rate/libcrypt, "x-crypt(3)")
}

func benchWords(n, length int) [][]byte {
	words := make([][]byte, n)
	for i := range words {
		words[i] = fmt.Appendf(nil, "%0*d", length, i)
	}
	return words
}

func BenchmarkTraditional(b *testing.B) {
	c, word := New(), []byte("passwort")
	compare(b, "ab", 1, func() { c.Traditional(word, 77) })
}

func BenchmarkBatch(b *testing.B) {
	benchBatch(b, "ab", func(c *Crypter, dst []Digest, words [][]byte) { c.Batch(dst, words, repeat(77, len(words))) })
}

// BenchmarkBig is a word of two blocks against crypt(3) for one.
func BenchmarkBig(b *testing.B) {
	c, word, dst := New(), []byte("passwort1"), make([]byte, 0, 22)
	compare(b, "ab", 2, func() { dst = c.Big(dst[:0], word, 77) })
}

func BenchmarkBSDi(b *testing.B) {
	c, word := New(), []byte("passwort")
	compare(b, "_J9..abcd", 1, func() { c.BSDi(word, 725, 77777) })
}

func BenchmarkBatchBSDi(b *testing.B) {
	benchBatch(b, "_J9..abcd", func(c *Crypter, dst []Digest, words [][]byte) {
		c.BatchBSDi(dst, words, 725, repeat(77777, len(words)))
	})
}

// BenchmarkBatchSalts has a salt of its own for each word.
func BenchmarkBatchSalts(b *testing.B) {
	benchBatch(b, "ab", func(c *Crypter, dst []Digest, words [][]byte) { c.Batch(dst, words, someSalts[:len(words)]) })
}

var someSalts = func() (salts []uint32) {
	for i := range uint32(512) {
		salts = append(salts, i*7)
	}
	return salts
}()

// benchBatch measures full batches of each level, and such of a few words in which the ways
// of computing meet.
func benchBatch(b *testing.B, setting string, run func(c *Crypter, dst []Digest, words [][]byte)) {
	for _, level := range levels {
		f := cpu.Detect().Lower(level)
		full, _ := Lanes(f)
		for _, n := range []int{3, 6, 12, 24, 64, 128, 256, 512} {
			if n > full {
				continue
			}
			b.Run(fmt.Sprintf("%s/%d", level, n), func(b *testing.B) {
				needs(b, level)
				c, words, dst := New(), benchWords(n, 8), make([]Digest, n)
				c.Features = f
				compare(b, setting, n, func() { run(c, dst, words) })
			})
		}
	}
}

// BenchmarkKernel is one encryption of all lanes, without anything around it.
func BenchmarkKernel(b *testing.B) {
	for _, level := range levels[1:] {
		for _, salts := range []string{"one", "many"} {
			b.Run(level+"/"+salts, func(b *testing.B) {
				needs(b, level)
				k, w := kernelOf(cpu.Detect().Lower(level)), new(wide)
				const count = 250
				start, loops := cpuTime(b), 0
				for b.Loop() {
					if salts == "one" {
						k.one(&w.keys, &w.state, &w.from, &w.order, count)
					} else {
						k.many(&w.keys, &w.state, &w.masks, &w.order, count)
					}
					loops++
				}
				b.ReportMetric(float64((cpuTime(b)-start).Nanoseconds())/float64(loops*count*k.lanes), "ns/DES")
			})
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		New()
	}
}
