package crack

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

const cryptLoop = `$| = 1; binmode STDIN; binmode STDOUT;
while (<STDIN>) { chomp; my ($p, $s) = map { pack "H*", $_ } split / /, $_, -1;
my $h = crypt($p, $s); print defined $h ? unpack("H*", $h) : "", "\n"; }`

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
	if !strings.HasPrefix(c.crypt(tb, "a", "$y$j75$abcd$"), "$y$") {
		tb.Skip("crypt(3) of this system is not libxcrypt with yescrypt")
	}
	return c
}

// crypt returns "" where crypt(3) fails.
func (c *libcrypt) crypt(tb testing.TB, password, setting string) string {
	tb.Helper()
	if _, err := fmt.Fprintf(c.in, "%s %s\n", hex.EncodeToString([]byte(password)), hex.EncodeToString([]byte(setting))); err != nil {
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
