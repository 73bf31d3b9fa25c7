package hosttest_test

import (
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"testing"

	"hostaudit/checks/host/hosttest"
)

// words writes an address as /proc/net/tcp does: words in this machine's order.
func words(addr string) string {
	raw := netip.MustParseAddr(addr).AsSlice()
	for i := 0; i < len(raw); i += 4 {
		binary.NativeEndian.PutUint32(raw[i:], binary.BigEndian.Uint32(raw[i:]))
	}
	return hex.EncodeToString(raw)
}

func TestParseListens(t *testing.T) {
	const head = "  sl  local_address rem_address   st tx_queue rx_queue\n"
	for _, tc := range []struct{ name, table, want string }{
		{"none", "", ""},
		{"head", head, ""},
		{"one", head + "   0: " + words("127.0.0.1") + ":0015 00000000:0000 0A 00000000:00000000\n", "127.0.0.1:21"},
		{"upperCase", "0: " + words("10.9.9.1") + ":FFFF 0:0 0A\n", "10.9.9.1:65535"},
		{"connected", "0: " + words("127.0.0.1") + ":0015 " + words("127.0.0.1") + ":9C40 01 0:0\n", ""},
		{"bothTables", head + "0: " + words("0.0.0.0") + ":0016 0:0 0A\n" + head + "0: " + words("::") + ":0015 0:0 0A\n1: " + words("::1") + ":0016 0:0 0A\n", "0.0.0.0:22 [::]:21 [::1]:22"},
		{"mapped", "0: " + words("::ffff:127.0.0.1") + ":0015 0:0 0A\n", "[::ffff:127.0.0.1]:21"},
		{"everyWord", "0: " + words("2001:db8:1:2:3:4:5:6") + ":0015 0:0 0A\n", "[2001:db8:1:2:3:4:5:6]:21"},
		{"sorted", "0: " + words("127.0.0.1") + ":0016 0:0 0A\n1: " + words("127.0.0.1") + ":0015 0:0 0A\n", "127.0.0.1:21 127.0.0.1:22"},
		{"twice", "0: " + words("0.0.0.0") + ":0015 0:0 0A\n1: " + words("0.0.0.0") + ":0015 0:0 0A\n", "0.0.0.0:21"},
		{"noNewline", "0: " + words("::1") + ":0015 0:0 0A", "[::1]:21"},
		{"short", "0: " + words("::1") + ":0015 0:0\n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := hosttest.ParseListens(tc.table)
			if err != nil || got.String() != tc.want {
				t.Errorf("got %q, %v, expected %q", got, err, tc.want)
			}
		})
	}
	for name, local := range map[string]string{
		"noHexadecimal": "0100007g:0015", "threeBytes": "010000:0015", "noPort": words("::1"), "portTooHigh": words("::1") + ":10000",
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := hosttest.ParseListens("0: " + local + " 0:0 0A\n"); err == nil {
				t.Errorf("taken as %q", got)
			}
		})
	}
}

// A loopback address of this machine as the kernel of a little-endian one writes it.
func TestParseListensOfLittleEndian(t *testing.T) {
	if binary.NativeEndian.Uint16([]byte{1, 0}) != 1 {
		t.Skip("a big-endian machine")
	}
	got, err := hosttest.ParseListens("0: 0100007F:0050 0:0 0A\n1: B80D0120000000000000000001000000:01BB 0:0 0A\n")
	if want := "127.0.0.1:80 [2001:db8::1]:443"; err != nil || got.String() != want {
		t.Errorf("got %q, %v, expected %q", got, err, want)
	}
}

// What Try says of programs that serve, end, go to the background or do none of these.
func TestTry(t *testing.T) {
	h := hosttest.NewRealHost(t)
	h.MustRun("mkdir", "/run/sshd")
	sshd := "/usr/sbin/sshd -p 22 -o ListenAddress=127.0.0.1 -o ListenAddress=[::1]:23"
	for _, tc := range []struct{ name, script, listens, output string }{
		{"serves", "echo up; exec " + sshd + " -D", "127.0.0.1:22 [::1]:23", "up\n"},
		{"servesAfterSleep", "sleep 0.3; exec " + sshd + " -D", "127.0.0.1:22 [::1]:23", ""},
		{"background", sshd, "127.0.0.1:22 [::1]:23", ""},
		{"child", sshd + " -D & wait", "127.0.0.1:22 [::1]:23", ""},
		{"ends", "echo no >&2; exit 3", "", "no\n"},
		{"endsAfterItsStarter", "(sleep 0.3; echo no) & exit 0", "", "no\n"},
		{"loops", "while :; do :; done", "", ""},
		{"sleeps", "exec sleep 60", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			y := h.Try("/bin/bash", "-c", tc.script)
			alive, listens := y.Alive, y.Listens.String()
			y.End()
			if alive != (tc.listens != "") || listens != tc.listens || y.Output() != tc.output {
				t.Errorf("alive %v, listens on %q, said %q", alive, listens, y.Output())
			}
			if left := h.Listens(); len(left) > 0 {
				t.Errorf("left behind: %s", left)
			}
		})
	}
}

func TestReplace(t *testing.T) {
	h := hosttest.NewRealHost(t)
	h.Replace("/etc/made", map[string]string{"old": "x"})
	h.Replace("/etc/made", map[string]string{"a/b": "x\n", "link@": "a/b"})
	if got := h.MustRun("bash", "-c", "cd /etc/made && find . -type f -o -type l && cat link"); got != "./a/b\n./link\nx\n" && got != "./link\n./a/b\nx\n" {
		t.Errorf("%q", got)
	}
}
