// Package crypttest helps the tests of the schemes: it asks the system's crypt(3), makes
// words and reads vectors. Only tests use it.
package crypttest

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Libcrypt asks the system's crypt(3) through one perl process.
type Libcrypt struct {
	in  io.Writer
	out *bufio.Scanner
}

const cryptLoop = `$| = 1; binmode STDIN; binmode STDOUT;
while (<STDIN>) { chomp; my ($n, $p, $s) = split / /, $_, -1; $_ = pack "H*", $_ for $p, $s;
my $h; $h = crypt($p, $s) for 1 .. $n; print defined $h ? unpack("H*", $h) : "", "\n"; }`

// New starts it, or skips the test where there is no perl or no libxcrypt.
func New(tb testing.TB) *Libcrypt {
	tb.Helper()
	perl, err := exec.LookPath("perl")
	if err != nil {
		tb.Skip("perl is not installed: cannot ask crypt(3)")
	}
	cmd := exec.Command(perl, "-e", cryptLoop)
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		_ = in.Close()
		if err := cmd.Wait(); err != nil {
			tb.Errorf("perl: %v", err)
		}
	})
	c := &Libcrypt{in: in, out: bufio.NewScanner(out)}
	if !strings.HasPrefix(c.Crypt(tb, 1, "a", "$y$j75$abcd$"), "$y$") {
		tb.Skip("crypt(3) of this system is not libxcrypt with yescrypt")
	}
	return c
}

// Crypt calls crypt(3) n times and returns "" where it fails.
func (c *Libcrypt) Crypt(tb testing.TB, n int, password, setting string) string {
	tb.Helper()
	if _, err := fmt.Fprintf(c.in, "%d %s %s\n", n, hex.EncodeToString([]byte(password)), hex.EncodeToString([]byte(setting))); err != nil {
		tb.Fatal(err)
	}
	if !c.out.Scan() {
		tb.Fatalf("perl ended: %v", c.out.Err())
	}
	h, err := hex.DecodeString(c.out.Text())
	if err != nil {
		tb.Fatal(err)
	}
	if strings.HasPrefix(string(h), "*") {
		return ""
	}
	return string(h)
}

// Pairs is how many random pairs a differential test tries: 500, or
// HOSTAUDIT_DIFFERENTIAL if that is more.
func Pairs(tb testing.TB) int {
	text := os.Getenv("HOSTAUDIT_DIFFERENTIAL")
	if text == "" {
		return 500
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		tb.Fatalf("HOSTAUDIT_DIFFERENTIAL: %v", err)
	}
	return max(500, n)
}

// RandomWord is a word of 0 to 80 bytes, every length in turn, of one of five
// kinds: text, any bytes, bytes 0xff mostly, high bytes mostly, the bytes around
// the sign bit.
func RandomWord(r *rand.Rand, turn int) string {
	word := make([]byte, turn%81)
	kind := r.IntN(5)
	for i := range word {
		switch kind {
		case 0:
			word[i] = byte(' ' + r.IntN(95))
		case 1:
			word[i] = byte(1 + r.IntN(255))
		case 2:
			word[i] = 0xff
			if r.IntN(4) == 0 {
				word[i] = "a\x7f\x80\xa3\xfe"[r.IntN(5)]
			}
		case 3:
			word[i] = byte(0x80 + r.IntN(128))
		default:
			word[i] = "a\x7f\x80\xff"[r.IntN(4)]
		}
	}
	return string(word)
}

// RandomDigits is a text of n characters of the set.
func RandomDigits(r *rand.Rand, set string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(set[r.IntN(len(set))])
	}
	return b.String()
}

// Compare times ours, which hashes perTurn words, and crypt(3) in turn and
// reports the medians: words per second of each, and how much faster ours is.
func Compare(b *testing.B, perTurn int, word, setting string, ours func()) {
	c := New(b)
	var mine, theirs []float64
	for b.Loop() {
		start := time.Now()
		ours()
		mine = append(mine, float64(perTurn)/time.Since(start).Seconds())
		start = time.Now()
		if c.Crypt(b, perTurn, word, setting) == "" {
			b.Fatal("crypt(3) refuses the setting")
		}
		theirs = append(theirs, float64(perTurn)/time.Since(start).Seconds())
	}
	slices.Sort(mine)
	slices.Sort(theirs)
	b.ReportMetric(mine[len(mine)/2], "c/s")
	b.ReportMetric(theirs[len(theirs)/2], "crypt(3)-c/s")
	b.ReportMetric(mine[len(mine)/2]/theirs[len(theirs)/2], "ratio")
}

// Vectors reads testdata/vectors.txt: fields, of which the last is hexadecimal.
func Vectors(tb testing.TB, fields int) [][]string {
	tb.Helper()
	text, err := os.ReadFile("testdata/vectors.txt")
	if err != nil {
		tb.Fatal(err)
	}
	var all [][]string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Fields(line)
		if len(f) != fields {
			tb.Fatalf("line %q has %d fields", line, len(f))
		}
		word, err := hex.DecodeString(strings.TrimPrefix(f[fields-1], "-"))
		if err != nil {
			tb.Fatal(err)
		}
		f[fields-1] = string(word)
		all = append(all, f)
	}
	if len(all) < 90 {
		tb.Fatalf("only %d vectors", len(all))
	}
	return all
}
