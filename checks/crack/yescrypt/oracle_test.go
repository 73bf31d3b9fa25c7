package yescrypt

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// libcrypt asks the system's crypt(3) through one perl process.
type libcrypt struct {
	in  io.Writer
	out *bufio.Scanner
}

// A line is a word, a setting and how often to hash; the answer is the hash and
// the CPU seconds this took.
const cryptLoop = `use POSIX; $| = 1; binmode STDIN; binmode STDOUT;
while (<STDIN>) { chomp; my ($p, $s, $n) = split / /, $_, -1; $_ = pack "H*", $_ for $p, $s;
my ($h, $t) = ("", POSIX::clock()); $h = crypt($p, $s) for 1 .. $n; $t = (POSIX::clock() - $t) / 1e6;
print defined $h ? unpack("H*", $h) : "", " $t\n"; }`

func newLibcrypt(tb testing.TB) *libcrypt {
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
	c := &libcrypt{in: in, out: bufio.NewScanner(out)}
	for _, prefix := range []string{"$y$", "$gy$", "$7$"} {
		setting := prefix + "j75$abcd$"
		if prefix == "$7$" {
			setting = "$7$4/..../....abcd$"
		}
		if !strings.HasPrefix(c.crypt(tb, "a", setting), prefix) {
			tb.Skip("crypt(3) of this system is not libxcrypt with all three methods")
		}
	}
	return c
}

// crypt returns "" where crypt(3) fails.
func (c *libcrypt) crypt(tb testing.TB, word, setting string) string {
	tb.Helper()
	h, _ := c.timed(tb, word, setting, 1)
	return h
}

// timed hashes n times and returns the CPU seconds of that too.
func (c *libcrypt) timed(tb testing.TB, word, setting string, n int) (hash string, seconds float64) {
	tb.Helper()
	if _, err := fmt.Fprintf(c.in, "%x %x %d\n", word, setting, n); err != nil {
		tb.Fatal(err)
	}
	if !c.out.Scan() {
		tb.Fatalf("perl ended: %v", c.out.Err())
	}
	text, _, _ := strings.Cut(c.out.Text(), " ")
	if _, err := fmt.Sscan(c.out.Text()[len(text):], &seconds); err != nil {
		tb.Fatal(err)
	}
	h, err := hex.DecodeString(text)
	if err != nil {
		tb.Fatal(err)
	}
	if strings.HasPrefix(string(h), "*") {
		return "", seconds
	}
	return string(h), seconds
}
