package des

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// libcrypt asks the system's crypt(3) through one perl process.
type libcrypt struct {
	in  io.Writer
	out *bufio.Scanner
}

const cryptLoop = `$| = 1; binmode STDIN; binmode STDOUT;
while (<STDIN>) { chomp; my ($p, $s) = map { pack "H*", $_ } split / /, $_, -1;
my $h = crypt($p, $s); print defined $h ? unpack("H*", $h) : "", "\n"; }`

// perl returns the path of perl; without it the test is skipped.
func perl(tb testing.TB) string {
	tb.Helper()
	path, err := exec.LookPath("perl")
	if err != nil {
		tb.Skip("perl is not installed: cannot ask crypt(3)")
	}
	return path
}

func newLibcrypt(tb testing.TB) *libcrypt {
	tb.Helper()
	cmd := exec.Command(perl(tb), "-e", cryptLoop)
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
	l := &libcrypt{in: in, out: bufio.NewScanner(out)}
	if l.crypt(tb, "a", "_/...abcd") == "" || len(l.crypt(tb, "123456789", strings.Repeat(".", 14))) != 24 {
		tb.Skip("crypt(3) of this system has no bsdicrypt or no bigcrypt")
	}
	return l
}

// crypt returns "" where crypt(3) fails.
func (l *libcrypt) crypt(tb testing.TB, word, setting string) string {
	tb.Helper()
	if _, err := fmt.Fprintf(l.in, "%s %s\n", hex.EncodeToString([]byte(word)), hex.EncodeToString([]byte(setting))); err != nil {
		tb.Fatal(err)
	}
	if !l.out.Scan() {
		tb.Fatalf("perl ended: %v", l.out.Err())
	}
	h, err := hex.DecodeString(l.out.Text())
	if err != nil {
		tb.Fatal(err)
	}
	if strings.HasPrefix(string(h), "*") {
		return ""
	}
	return string(h)
}

// pairs is how many random pairs are asked about for each scheme: 500, or what
// HOSTAUDIT_DIFFERENTIAL says if that is more.
func pairs(tb testing.TB) int {
	tb.Helper()
	s := os.Getenv("HOSTAUDIT_DIFFERENTIAL")
	if s == "" {
		return 500
	}
	n, err := strconv.Atoi(s)
	if err != nil {
		tb.Fatalf("HOSTAUDIT_DIFFERENTIAL: %v", err)
	}
	return max(n, 500)
}
