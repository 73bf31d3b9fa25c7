package inetdconf

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	const text = `# inetd.conf
#telnet stream tcp nowait root /usr/sbin/in.telnetd
telnet	stream	tcp	nowait	telnetd	/usr/sbin/tcpd	/usr/sbin/in.telnetd -h
127.0.0.1,[::1]:8080 stream tcp6,sndbuf=4k nowait.400 www:www /usr/bin/x x --password=y
127.0.0.1:
daytime dgram udp wait root internal
   more arguments of it
*:
rusersd/1-3 dgram rpc/udp wait nobody.nogroup /usr/sbin/rusersd
  time stream tcp nowait root internal

  echo stream tcp nowait root internal
short stream tcp
odd stream tcp sometimes root /x
rel stream tcp nowait root x
:a stream tcp nowait .g /x
`
	want := []Service{
		{3, []string{"*"}, "telnet", "stream", "tcp", false, "telnetd", "/usr/sbin/tcpd", "/usr/sbin/in.telnetd"},
		{4, []string{"127.0.0.1", "::1"}, "8080", "stream", "tcp6", false, "www", "/usr/bin/x", ""},
		{6, []string{"127.0.0.1"}, "daytime", "dgram", "udp", true, "root", "internal", ""},
		{9, []string{"*"}, "rusersd/1-3", "dgram", "rpc/udp", true, "nobody", "/usr/sbin/rusersd", ""},
		{12, []string{"*"}, "echo", "stream", "tcp", false, "root", "internal", ""},
	}
	wantBad := []Bad{
		{10, "an indented line, which may be a service or go on with the one above"},
		{13, "too few fields"},
		{14, "neither wait nor nowait"},
		{15, "the program is no absolute path"},
		{16, "an empty field"},
	}
	got, bad := Parse([]byte(text))
	if diff := cmp.Diff(want, got) + cmp.Diff(wantBad, bad); diff != "" {
		t.Error(diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("telnet stream tcp nowait root /usr/sbin/tcpd in.telnetd\n*:\n[::1]:x dgram udp wait.3 a.b internal\n"))
	f.Add([]byte("a: stream tcp nowait r /x\n  b stream tcp nowait r /x\n\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		services, bad := Parse(data)
		var lines []int
		for _, s := range services {
			lines = append(lines, s.Line)
			if len(s.Hosts) == 0 || slices.Contains(s.Hosts, "") || s.Name == "" || s.Proto == "" || s.User == "" || s.Program == "" {
				t.Fatalf("an empty field: %+v", s)
			}
			if strings.ContainsAny(s.Name+s.Proto+s.User+s.Program+s.Wrapped, " \t\n\x00") {
				t.Fatalf("a separator in a field: %+v", s)
			}
		}
		for _, b := range bad {
			lines = append(lines, b.Line)
		}
		slices.Sort(lines)
		if len(slices.Compact(lines)) != len(services)+len(bad) {
			t.Fatal("one line twice")
		}
		if n := len(lines); n > 0 && (lines[0] < 1 || lines[n-1] > bytes.Count(data, []byte("\n"))+1) {
			t.Fatalf("lines %v", lines)
		}
	})
}

// TestBadLinesAreBounded: a file of nothing else takes no memory for each.
func TestBadLinesAreBounded(t *testing.T) {
	if _, bad := Parse([]byte(strings.Repeat("a\n", 5000))); len(bad) != maxBad || bad[0].Line != 1 {
		t.Errorf("%d bad lines", len(bad))
	}
}
