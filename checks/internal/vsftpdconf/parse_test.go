package vsftpdconf

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outcome runs a file through as vsftpd does and says what it would do.
func outcome(content string) string {
	settings, problem := Parse("c", []byte(content))
	if problem != nil {
		return "refused"
	}
	s := NewServer()
	s.Apply(settings...)
	switch s.Mode() {
	case Inetd:
		return "inetd"
	case Refused:
		return "refused"
	}
	addr, ok := s.Bind()
	if !ok {
		return "odd address"
	}
	return fmt.Sprintf("%s:%d", addr, s.Port)
}

// Every row is what vsftpd 3.0.3 (Debian 3.0.3-13) did with that file.
func TestLikeTheProgram(t *testing.T) {
	const l = "listen=YES\n"
	for _, tc := range []struct{ name, in, want string }{
		{"plain", l, "0.0.0.0:21"},
		{"port", l + "listen_port=2121\n", "0.0.0.0:2121"},
		{"last-wins", l + "listen_port=21\nlisten_port=2121\nlisten_port=2122\n", "0.0.0.0:2122"},
		{"blank-before-equals", l + "listen_port =2121\n", "refused"},
		{"blank-before-number", l + "listen_port= 2121\n", "0.0.0.0:2121"},
		{"tab-before-number", l + "listen_port=\t2121\n", "0.0.0.0:2121"},
		{"blank-before-boolean", "listen= YES\n", "refused"},
		{"blank-after-number", l + "listen_port=2121 \n", "0.0.0.0:2121"},
		{"text-after-number", l + "listen_port=2121 # x\n", "0.0.0.0:2121"},
		{"letters-after-number", l + "listen_port=2121abc\n", "0.0.0.0:2121"},
		{"blank-after-boolean", "listen=YES \n", "refused"},
		{"comment-after-boolean", "listen=YES # x\n", "refused"},
		{"crlf-boolean", "listen=YES\r\n", "refused"},
		{"crlf-number", l + "listen_port=2121\r\n", "0.0.0.0:2121"},
		{"crlf-blank-line", l + "\r\n", "0.0.0.0:21"},
		{"crlf-comment", l + "# x\r\n", "0.0.0.0:21"},
		{"crlf-text", l + "ftpd_banner=x\r\n", "0.0.0.0:21"},
		{"crlf-address", l + "listen_address=127.0.0.1\r\n", "127.0.0.1:21"},
		{"cr-line-ends", "listen=YES\rlisten_port=2121\r", "refused"},
		{"leading-blanks", "  listen=YES\n\tlisten_port=2121\n", "0.0.0.0:2121"},
		{"leading-form-feed", l + "\flisten_port=2121\n", "0.0.0.0:2121"},
		{"leading-no-break-space", l + "\xa0listen_port=2121\n", "refused"},
		{"indented-comment", l + "   # c\n", "refused"},
		{"semicolon", l + ";x\n", "refused"},
		{"upper-case-key", "LISTEN=YES\n", "refused"},
		{"unknown-key", l + "foo=1\n", "refused"},
		{"no-equals", l + "listen_port\n", "refused"},
		{"empty-number", l + "listen_port=\n", "refused"},
		{"empty-boolean", l + "listen_ipv6=\n", "refused"},
		{"empty-text", l + "ftpd_banner=\n", "0.0.0.0:21"},
		{"text-without-equals", l + "ftpd_banner\n", "0.0.0.0:21"},
		{"text-without-equals-and-a-blank", l + "ftpd_banner \n", "refused"},
		{"only-equals", l + "=2121\n", "refused"},
		{"two-equals", l + "listen_port=2121=22\n", "0.0.0.0:2121"},
		{"yes", "listen=yes\n", "0.0.0.0:21"},
		{"True", "listen=True\n", "0.0.0.0:21"},
		{"one", "listen=1\n", "0.0.0.0:21"},
		{"on", "listen=on\n", "refused"},
		{"zero-one", l + "listen_ipv6=01\n", "refused"},
		{"n", l + "listen_ipv6=n\n", "refused"},
		{"both", l + "listen_ipv6=YES\n", "refused"},
		{"neither", "listen=NO\n", "inetd"},
		{"empty", "", "inetd"},
		{"last-no", "listen=YES\nlisten=NO\n", "inetd"},
		{"last-family", l + "listen=NO\nlisten_ipv6=YES\n", ":::21"},
		{"port-0", l + "listen_port=0\n", "0.0.0.0:0"},
		{"port-65557", l + "listen_port=65557\n", "0.0.0.0:21"},
		{"port-2-to-the-32", l + "listen_port=4294967317\n", "0.0.0.0:21"},
		{"port-beyond-long", l + "listen_port=99999999999999999999\n", "0.0.0.0:65535"},
		{"port-2-to-the-63", l + "listen_port=9223372036854775829\n", "0.0.0.0:65535"},
		{"port-minus-1", l + "listen_port=-1\n", "0.0.0.0:65535"},
		{"port-below-long", l + "listen_port=-99999999999999999999\n", "0.0.0.0:0"},
		{"port-plus", l + "listen_port=+21\n", "0.0.0.0:21"},
		{"port-octal", l + "listen_port=025\n", "0.0.0.0:21"},
		{"port-octal-stops", l + "listen_port=0258\n", "0.0.0.0:21"},
		{"port-octal-long", l + "listen_port=040000000025\n", "0.0.0.0:21"},
		{"port-blank-zero", l + "listen_port= 025\n", "0.0.0.0:25"},
		{"port-08", l + "listen_port=08\n", "0.0.0.0:0"},
		{"port-hexadecimal", l + "listen_port=0x15\n", "0.0.0.0:0"},
		{"port-letters", l + "listen_port=abc\n", "0.0.0.0:0"},
		{"port-fraction", l + "listen_port=21.5\n", "0.0.0.0:21"},
		{"port-split", l + "listen_port=2 121\n", "0.0.0.0:2"},
		{"port-quoted", l + "listen_port=\"2121\"\n", "0.0.0.0:0"},
		{"port-blank-only", l + "listen_port= \n", "0.0.0.0:0"},
		{"address", l + "listen_address=127.0.0.2\n", "127.0.0.2:21"},
		{"address-and-text", l + "listen_address=127.0.0.1 x\n", "127.0.0.1:21"},
		{"address-taken-back", l + "listen_address=127.0.0.1\nlisten_address=\n", "0.0.0.0:21"},
		{"address-short", l + "listen_address=127.1\n", "odd address"},
		{"address6", "listen_ipv6=YES\nlisten_address6=::1 \n", "::1:21"},
		{"address6-v4", "listen_ipv6=YES\nlisten_address6=127.0.0.1\n", "odd address"},
		{"address-of-the-other-family", "listen_ipv6=YES\nlisten_address=foo\n", ":::21"},
		{"no-final-newline", l + "listen_port=2121", "0.0.0.0:2121"},
		{"byte-order-mark", "\xef\xbb\xbf" + l, "refused"},
		{"latin-1-comment", "# \xe9\n" + l, "0.0.0.0:21"},
		{"continuation", l + "listen_port=\\\n2121\n", "refused"},
		{"nul-line", "listen=YES\n\x00\n", "refused"},
		{"nul-in-number", l + "listen_port=2121\x0022\n", "0.0.0.0:2121"},
		{"nul-after-boolean", "listen=YES\x00junk\n", "0.0.0.0:21"},
		{"nul-before-equals", l + "listen_port\x00=2121\n", "refused"},
		{"blank-line", l + " \t\v\n", "0.0.0.0:21"},
		{"long-key", l + strings.Repeat("x", 5000) + "=1\n", "refused"},
		{"behind-100000-bytes", l + "#" + strings.Repeat("x", 200000) + "\nlisten_port=2121\n", "0.0.0.0:21"},
		{"cut-at-100000-bytes", l + "#" + strings.Repeat("x", 100000-len(l)-2-len("listen_port=21")) + "\nlisten_port=2122\n", "0.0.0.0:21"},
		{"undocumented-keys", l + "isolate=NO\nisolate_network=NO\nseccomp_sandbox=NO\nallow_writeable_chroot=YES\nutf8_filesystem=YES\nptrace_sandbox=NO\nftp_enable=YES\nhttp_enable=NO\n", "0.0.0.0:21"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := outcome(tc.in); got != tc.want {
				t.Errorf("got %s, the program: %s", got, tc.want)
			}
		})
	}
}

func TestPositions(t *testing.T) {
	settings, problem := Parse("/etc/vsftpd.conf", []byte("# head\n\nlisten=YES\nlisten_port=2121 # x\nwrite_enable=maybe\n"))
	at := func(line int) Position { return Position{"/etc/vsftpd.conf", line} }
	want := []Setting{
		{Key: "listen", Kind: Boolean, Value: "YES", Yes: true, At: at(3)},
		{Key: "listen_port", Kind: Number, Value: "2121 # x", Number: 2121, At: at(4)},
	}
	if diff := cmp.Diff(want, settings); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(&Problem{at(5), "write_enable", BadBoolean}, problem); diff != "" {
		t.Error(diff)
	}
	if got, want := problem.Error(), `/etc/vsftpd.conf:5: bad boolean value for "write_enable"`; got != want {
		t.Errorf("error %q, want %q", got, want)
	}
	s := NewServer()
	s.Apply(settings...)
	if s.PortAt != at(4) || s.ListenAt != at(3) {
		t.Errorf("port told at %v, to listen at %v", s.PortAt, s.ListenAt)
	}
}

func TestParseOption(t *testing.T) {
	for _, tc := range []struct{ in, problem string }{
		{"listen_port=2300", ""},
		{" listen_port=2300", ""},
		{"listen_port= 2300", ""},
		{"", MissingValue},
		{"foo=1", BadKey},
		{"listen=2", BadBoolean},
	} {
		s, problem := ParseOption(tc.in)
		switch {
		case tc.problem == "" && (problem != nil || s.Number != 2300):
			t.Errorf("ParseOption(%q) = %+v, %v", tc.in, s, problem)
		case tc.problem != "" && (problem == nil || problem.What != tc.problem):
			t.Errorf("ParseOption(%q): %v, want %s", tc.in, problem, tc.problem)
		}
	}
}

func TestLaterKeys(t *testing.T) {
	if got := outcome("listen=YES\nssl_tlsv1_2=YES\nssl_sni_hostname=x\n"); got != "0.0.0.0:21" {
		t.Errorf("keys of later versions: %s", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"listen=YES\nlisten_port=2121 # x\n", "  # c\n", "listen=YES\r\n", "ftpd_banner\n", "listen_port=\x00\n",
		"listen_port=-99999999999999999999\n", "listen_ipv6=YES\nlisten_address6=::1 \n", "listen_port=0777777777777\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		settings, problem := Parse("f", b)
		lines := strings.Count(string(b), "\n") + 1
		last := 0
		for _, s := range settings {
			if s.At.Line <= last || s.At.Line > lines {
				t.Fatalf("line %d after %d of %d", s.At.Line, last, lines)
			}
			last = s.At.Line
			if s.Kind == UnknownKey || s.Kind != KindOf(s.Key) {
				t.Errorf("kind %d of %q", s.Kind, s.Key)
			}
			if s.Kind != Boolean && s.Yes || s.Kind != Number && s.Number != 0 {
				t.Errorf("a value of another kind: %+v", s)
			}
		}
		if problem != nil && (problem.At.Line <= last || problem.At.Line > lines || problem.What == "") {
			t.Errorf("problem %+v after line %d of %d", problem, last, lines)
		}
		// A file and the same file with the accepted lines alone mean the same.
		var again strings.Builder
		for _, s := range settings {
			fmt.Fprintf(&again, "%s=%s\n", s.Key, s.Value)
		}
		one, two := NewServer(), NewServer()
		one.Apply(settings...)
		rest, bad := Parse("f", []byte(again.String()))
		two.Apply(rest...)
		one.PortAt, one.ListenAt, two.PortAt, two.ListenAt = Position{}, Position{}, Position{}, Position{}
		if again.Len() <= maxFile && (bad != nil || one != two) {
			t.Errorf("%+v became %+v, %v", one, two, bad)
		}
	})
}
