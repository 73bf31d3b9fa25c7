package des

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// speed is a word and a setting in a loop of perl, in hashes per second of CPU
// time. The loop itself costs descrypt some 3 %.
const speedLoop = `my ($w, $s, $n) = @ARGV; my $t = (times)[0]; my $h;
for (1 .. $n) { $h = crypt($w, $s) } my $d = (times)[0] - $t; print $n / ($d || 0.01);`

// cpu is the CPU time that this process has had, so that other load on the
// machine does not count.
func cpu(b *testing.B) time.Duration {
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
	start, loops := cpu(b), 0
	for b.Loop() {
		run()
		loops++
	}
	rate := float64(words*loops) / (cpu(b) - start).Seconds()
	b.ReportMetric(rate, "c/s")
	b.ReportMetric(rate/libcrypt, "x-crypt(3)")
}

func benchWords(length int) [][]byte {
	words := make([][]byte, 64)
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
	c, words, dst := New(), benchWords(8), make([]Digest, 64)
	compare(b, "ab", 64, func() { c.Batch(dst, words, 77) })
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
	c, words, dst := New(), benchWords(8), make([]Digest, 64)
	compare(b, "_J9..abcd", 64, func() { c.BatchBSDi(dst, words, 725, 77777) })
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		New()
	}
}
