package vsftpdconf

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// outcome runs a file through as a build of vsftpd does and says what it would do.
func outcome(b Build, content string) string {
	settings, problem := ParseAs(b, "c", []byte(content))
	switch {
	case problem != nil && problem.Unsure:
		return "not settled"
	case problem != nil:
		return "refused"
	}
	s := NewServerOf(b)
	s.Apply(settings...)
	return s.outcome()
}

func (s *Server) outcome() string {
	listens, out := s.Listens()
	switch {
	case out.Verdict == DoesNotStart:
		return "refused"
	case out.Verdict == NotSettled:
		return "not settled"
	case len(listens) == 0:
		return "inetd"
	}
	return netip.AddrPortFrom(listens[0].Addr, listens[0].Port).String()
}

type row struct{ name, in, want string }

// Every row is what vsftpd 3.0.3 (Debian 3.0.3-13) did with that file.
func TestLikeTheProgram(t *testing.T) {
	for _, tc := range rows() {
		t.Run(tc.name, func(t *testing.T) {
			if got := outcome(Debian("3.0.3-13+b2"), tc.in); got != tc.want {
				t.Errorf("got %s, the program: %s", got, tc.want)
			}
		})
	}
}

func rows() []row {
	const l = "listen=YES\n"
	const l6 = "listen_ipv6=YES\n"
	return []row{
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
		{"last-family", l + "listen=NO\nlisten_ipv6=YES\n", "[::]:21"},
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
		{"address-short", l + "listen_address=127.1\n", "127.0.0.1:21"},
		{"address6", "listen_ipv6=YES\nlisten_address6=::1 \n", "[::1]:21"},
		{"address6-v4", "listen_ipv6=YES\nlisten_address6=127.0.0.1\n", "not settled"},
		{"address-of-the-other-family", "listen_ipv6=YES\nlisten_address=foo\n", "[::]:21"},
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
		{"text-of-a-blank", l + "ftpd_banner= \n", "refused"}, // it crashes
		{"text-of-blanks", l + "ftpd_banner= \t \n", "refused"},
		{"text-of-a-carriage-return", l + "ftpd_banner=\r\n", "refused"},
		{"address-of-a-blank", l + "listen_address= \n", "refused"},
		{"address-blanks-around", l + "listen_address= 127.0.0.1\t \n", "127.0.0.1:21"},
		{"address-octal", l + "listen_address=0177.0.0.01\n", "127.0.0.1:21"},
		{"address-hexadecimal", l + "listen_address=0x7f000001\n", "127.0.0.1:21"},
		{"address-hexadecimal-empty", l + "listen_address=0x\n", "refused"},
		{"address-bad-octal", l + "listen_address=127.0.0.08\n", "refused"},
		{"address-one-number", l + "listen_address=2130706433\n", "127.0.0.1:21"},
		{"address-zero", l + "listen_address=0\n", "0.0.0.0:21"},
		{"address-three-numbers", l + "listen_address=127.0.257\n", "127.0.1.1:21"},
		{"address-five-numbers", l + "listen_address=127.0.0.1.1\n", "refused"},
		{"address-too-big", l + "listen_address=127.0.0.256\n", "refused"},
		{"address-much-too-big", l + "listen_address=4294967296\n", "refused"},
		{"address-final-dot", l + "listen_address=127.0.0.1.\n", "refused"},
		{"address-name", l + "listen_address=localhost\n", "refused"},
		{"address-with-port", l + "listen_address=127.0.0.1:2121\n", "refused"},
		{"address-v6", l + "listen_address=::1\n", "refused"},
		{"address-quoted", l + "listen_address=\"127.0.0.1\"\n", "refused"},
		{"address-plus", l + "listen_address=+1\n", "refused"},
		{"address-bad-but-taken-back", l + "listen_address=foo\nlisten_address\n", "0.0.0.0:21"},
		{"address-bad-in-inetd-mode", "listen_address=foo\n", "inetd"},
		{"address6-any", l6 + "listen_address6=::\n", "[::]:21"},
		{"address6-any-blank", l6 + "listen_address6=:: \n", "[::]:21"},
		{"address6-leading-blank", l6 + "listen_address6= ::1\n", "[::1]:21"},
		{"address6-long", l6 + "listen_address6=0:0:0:0:0:0:0:1\n", "[::1]:21"},
		{"address6-zeros", l6 + "listen_address6=00000::00001\n", "[::1]:21"},
		{"address6-mapped", l6 + "listen_address6=::ffff:127.0.0.1\n", "[::ffff:127.0.0.1]:21"},
		{"address6-mapped-hexadecimal", l6 + "listen_address6=::FFFF:7f00:1\n", "[::ffff:127.0.0.1]:21"},
		{"address6-mapped-zeros", l6 + "listen_address6=::ffff:127.000.0.001\n", "[::ffff:127.0.0.1]:21"},
		{"address6-scope", l6 + "listen_address6=::1%lo\n", "[::1]:21"},
		{"address6-unknown-scope", l6 + "listen_address6=::1%nosuch\n", "[::1]:21"},
		{"address6-brackets", l6 + "listen_address6=[::1]\n", "refused"},
		{"address6-name", l6 + "listen_address6=localhost\n", "refused"},
		{"address6-text-behind", l6 + "listen_address6=::1 x\n", "refused"},
		{"address6-three-colons", l6 + "listen_address6=:::1\n", "refused"},
		{"address6-two-gaps", l6 + "listen_address6=::0::1\n", "refused"},
		{"address6-final-colon", l6 + "listen_address6=::1:\n", "[::1]:21"},
		{"address6-too-long", l6 + "listen_address6=0:0:0:0:0:0:0:0:1\n", "refused"},
		{"address6-gap-of-nothing", l6 + "listen_address6=0:0:0:0::0:0:0:1\n", "[::1]:21"},
		{"address6-group-too-big", l6 + "listen_address6=::10001\n", "refused"},
		{"address6-taken-back", l6 + "listen_address6=x\nlisten_address6=\n", "[::]:21"},
		{"two-families-last-no", l + l6 + "listen=NO\n", "[::]:21"},
		{"ipv6-no", l + "listen_ipv6=NO\n", "0.0.0.0:21"},
		{"only-ipv6-no", "listen_ipv6=NO\n", "inetd"},
		{"true", "listen=true\nlisten_ipv6=FALSE\n", "0.0.0.0:21"},
		{"tRuE", "listen=tRuE\n", "0.0.0.0:21"},
		{"quoted-boolean", "listen=\"YES\"\n", "refused"},
		{"equals-boolean", "listen==YES\n", "refused"},
		{"tilde", l + "local_root=~/x\nanon_root=~\n", "0.0.0.0:21"},
		{"tilde-number", l + "listen_port=~21\n", "0.0.0.0:0"},
		{"port-65536", l + "listen_port=65536\n", "0.0.0.0:0"},
		{"port-99999", l + "listen_port=99999\n", "0.0.0.0:34463"},
		{"port-minus-zero", l + "listen_port=-0\n", "0.0.0.0:0"},
		{"port-two-signs", l + "listen_port=--21\n", "0.0.0.0:0"},
		{"port-sign-blank", l + "listen_port=- 21\n", "0.0.0.0:0"},
		{"port-blank-sign", l + "listen_port= -65515\n", "0.0.0.0:21"},
		{"port-octal-zeros", l + "listen_port=000000000000000000000025\n", "0.0.0.0:21"},
		{"port-octal-upper", l + "listen_port=0X15\n", "0.0.0.0:0"},
		{"port-exponent", l + "listen_port=21e3\n", "0.0.0.0:21"},
		{"port-blanks-around-equals", l + "listen_port = 2121\n", "refused"},
		{"port-form-feed", l + "listen_port=\f\v\r2121\n", "0.0.0.0:2121"},
		{"long-value", l + "ftpd_banner=" + strings.Repeat("x", 70000) + "\nlisten_port=2121\n", "0.0.0.0:2121"},
		{"long-comment", l + "#" + strings.Repeat("x", 90000) + "\nlisten_port=2121\n", "0.0.0.0:2121"},
		{"long-blank-line", l + strings.Repeat(" ", 90000) + "\nlisten_port=2121\n", "0.0.0.0:2121"},
		{"long-number", l + "listen_port=" + strings.Repeat("1", 5000) + "\n", "0.0.0.0:65535"},
		{"background-no", l + "background=NO\n", "0.0.0.0:21"},
		{"launching-user", l + "run_as_launching_user=YES\n", "0.0.0.0:21"},
		{"nobody-may-log-in", l + "local_enable=NO\nanonymous_enable=NO\n", "0.0.0.0:21"},
		{"no-ftp", l + "ftp_enable=NO\n", "0.0.0.0:21"},
		{"missing-banner-file", l + "banner_file=/nosuch\n", "0.0.0.0:21"},
		{"process-title", l + "setproctitle_enable=YES\n", "0.0.0.0:21"},
		{"later-key", l + "ssl_tlsv12=YES\n", "refused"},
		{"red-hat-key", l + "ssl_tlsv1_2=YES\n", "refused"},
		{"debian-key", l + "utf8_filesystem=NO\n", "0.0.0.0:21"},
		{"section", "[server]\n" + l, "refused"},
		{"include", l + "include=/etc/x\n", "refused"},
		{"nul-in-comment", "#\x00x\n" + l, "0.0.0.0:21"},
		{"nul-after-blanks", l + " \x00\n", "refused"},
		{"nul-in-address", l + "listen_address=127.0.0.1\x00x\n", "127.0.0.1:21"},
	}
}

// Where builds differ: Debian's 3.0.5 before and since revision 1, without patches, Red
// Hat's, and one of which nothing is known.
func TestBuilds(t *testing.T) {
	const l = "listen=YES\n"
	for _, tc := range []struct{ name, in, debian305, trims, upstream, redHat, unknown string }{
		{"plain", l, "0.0.0.0:21", "0.0.0.0:21", "0.0.0.0:21", "0.0.0.0:21", "0.0.0.0:21"},
		{"shipped", "listen=NO\nlisten_ipv6=YES\n", "[::]:21", "[::]:21", "[::]:21", "[::]:21", "[::]:21"},
		{"nothing", "", "inetd", "inetd", "0.0.0.0:21", "not settled", "not settled"},
		{"ipv6-alone", "listen_ipv6=YES\n", "[::]:21", "[::]:21", "refused", "not settled", "not settled"},
		{"blanks-around-equals", "listen = YES\n", "refused", "0.0.0.0:21", "refused", "refused", "not settled"},
		{"crlf", "listen=YES\r\n", "refused", "0.0.0.0:21", "refused", "refused", "not settled"},
		{"octal-behind-blank", l + "listen_port= 025\n", "0.0.0.0:25", "0.0.0.0:21", "0.0.0.0:25", "0.0.0.0:25", "not settled"},
		{"number-behind-blank", l + "listen_port= 2121 \n", "0.0.0.0:2121", "0.0.0.0:2121", "0.0.0.0:2121", "0.0.0.0:2121", "0.0.0.0:2121"},
		{"blank-text", l + "ftpd_banner= \n", "refused", "0.0.0.0:21", "0.0.0.0:21", "refused", "not settled"},
		{"text-with-blanks", l + "ftpd_banner= x \n", "0.0.0.0:21", "0.0.0.0:21", "0.0.0.0:21", "0.0.0.0:21", "0.0.0.0:21"},
		{"blank-before-address", l + "listen_address= 127.0.0.1\n", "127.0.0.1:21", "127.0.0.1:21", "refused", "127.0.0.1:21", "not settled"},
		{"blank-behind-address", l + "listen_address=127.0.0.1 \n", "127.0.0.1:21", "127.0.0.1:21", "127.0.0.1:21", "127.0.0.1:21", "127.0.0.1:21"},
		{"scope", "listen=NO\nlisten_ipv6=1\nlisten_address6=fe80::1%eth0\n", "[fe80::1%eth0]:21", "[fe80::1%eth0]:21", "refused", "refused", "not settled"},
		{"later-key", l + "ssl_tlsv12=YES\n", "0.0.0.0:21", "0.0.0.0:21", "0.0.0.0:21", "not settled", "not settled"},
		{"red-hat-key", l + "ssl_tlsv1_2=YES\n", "refused", "refused", "refused", "0.0.0.0:21", "not settled"},
		{"debian-key", l + "utf8_filesystem=YES\n", "0.0.0.0:21", "0.0.0.0:21", "refused", "not settled", "not settled"},
		{"no-key", l + "foo=YES\n", "refused", "refused", "refused", "not settled", "not settled"},
		{"bad-boolean", l + "write_enable=on\n", "refused", "refused", "refused", "refused", "refused"},
		{"comment-behind-blank", l + " # c\n", "refused", "refused", "refused", "refused", "refused"},
		{"short-address", "listen=NO\nlisten_ipv6=1\nlisten_address6=1:2\n", "not settled", "not settled", "not settled", "not settled", "not settled"},
		{"open-end", "listen=NO\nlisten_ipv6=1\nlisten_address6=fe80::\n", "not settled", "not settled", "not settled", "not settled", "not settled"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			want := []string{tc.debian305, tc.trims, tc.upstream, tc.redHat, tc.unknown}
			var got []string
			for _, b := range []Build{Debian("3.0.5-0.2"), Debian("3.0.5-1"), Upstream("3.0.5"), RedHat(), {}} {
				got = append(got, outcome(b, tc.in))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVersions(t *testing.T) {
	for version, want := range map[string]struct{ listen, trim, tls Answer }{
		"3.0.3-12+b1":         {No, No, No},
		"3.0.3-13+deb12u1":    {No, No, No},
		"3.0.5-0ubuntu3.1":    {No, No, Yes},
		"3.0.5-0.7":           {No, No, Yes},
		"3.0.5-1":             {No, Yes, Yes},
		"1:3.0.5-2~bpo13+1":   {No, Yes, Yes},
		"3.0.10-0.1":          {No, Yes, Yes},
		"3.0.2-17+deb8u1":     {},
		"":                    {},
		"99999999999999999.1": {No, Yes, Yes},
	} {
		b := Debian(version)
		if b.ListenDefault != want.listen || b.TrimAll != want.trim || b.TLSKeys != want.tls {
			t.Errorf("Debian(%q) = %+v, want %v", version, b, want)
		}
	}
	if b := Upstream("2.3.5"); b.ListenDefault != Maybe || b.TLSKeys != No {
		t.Errorf("Upstream(2.3.5) = %+v", b)
	}
}

func TestParseArgs(t *testing.T) {
	set := func(value string, n uint32) Step {
		return Step{Setting: &Setting{Key: "listen_port", Kind: Number, Value: value, Number: n}}
	}
	for _, tc := range []struct {
		name    string
		args    []string
		steps   []Step
		problem string
	}{
		{"none", nil, []Step{{File: "/etc/vsftpd.conf", Default: true}}, ""},
		{"files", []string{"/a", "b"}, []Step{{File: "/a"}, {File: "b"}}, ""},
		{"option-before-the-default", []string{"-olisten_port=1"}, []Step{set("1", 1), {File: "/etc/vsftpd.conf", Default: true}}, ""},
		{"order", []string{"/a", "-olisten_port=1", "/b", "-o listen_port=2"}, []Step{{File: "/a"}, set("1", 1), {File: "/b"}, set("2", 2)}, ""},
		{"separate-value", []string{"/a", "-o", "listen_port=1"}, []Step{{File: "/a"}}, MissingValue},
		{"version", []string{"/a", "-version"}, []Step{{File: "/a"}}, OnlyVersion},
		{"dash", []string{"-"}, nil, BadOption},
		{"double-dash", []string{"--", "/a"}, nil, BadOption},
		{"empty", []string{""}, []Step{{File: ""}}, ""},
		{"nul", []string{"/a\x00b"}, []Step{{File: "/a"}}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			steps, problem := ParseArgs(Debian("3.0.3"), tc.args)
			what := ""
			if problem != nil {
				what = problem.What
			}
			if diff := cmp.Diff(tc.steps, steps); diff != "" || what != tc.problem {
				t.Errorf("problem %q, want %q\n%s", what, tc.problem, diff)
			}
		})
	}
	steps, _ := ParseArgs(RedHat(), nil)
	if diff := cmp.Diff([]Step{{File: "/etc/vsftpd/vsftpd.conf", Default: true}}, steps); diff != "" {
		t.Error(diff)
	}
	if _, problem := ParseArgs(RedHat(), []string{"-ofoo=1", "/a"}); problem == nil || !problem.Unsure {
		t.Errorf("a key that a patched build may have: %v", problem)
	}
}

func TestCertificates(t *testing.T) {
	for in, want := range map[string][]string{
		"":                 nil,
		"ssl_enable=NO\n":  nil,
		"ssl_enable=YES\n": {"/usr/share/ssl/certs/vsftpd.pem"},
		"ssl_enable=YES\nrsa_cert_file= /c \nrsa_private_key_file=/k\n":               {"/c", "/k"},
		"ssl_enable=YES\nrsa_cert_file=\nrsa_private_key_file=/k\ndsa_cert_file=/d\n": {"/d"},
	} {
		settings, problem := Parse("c", []byte(in))
		s := NewServer()
		s.Apply(settings...)
		if diff := cmp.Diff(want, s.Certificates()); diff != "" || problem != nil {
			t.Errorf("%q: %v %s", in, problem, diff)
		}
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
	if diff := cmp.Diff(&Problem{At: at(5), Key: "write_enable", What: BadBoolean}, problem); diff != "" {
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
	bad, problem := Parse("/etc/vsftpd.conf", []byte("listen=NO\nlisten_ipv6=YES\nlisten_address6=x\nlisten_address=1\n"))
	six := NewServer()
	six.Apply(bad...)
	if _, out := six.Listens(); out.Verdict != DoesNotStart || out.At != at(3) || problem != nil {
		t.Errorf("a bad address: %+v, %v", out, problem)
	}
	listens, _ := s.Listens()
	if diff := cmp.Diff([]Listen{{Addr: netip.IPv4Unspecified(), Port: 2121, At: at(4)}}, listens, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
		t.Error(diff)
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
	settings, problem := Parse("c", []byte("listen=YES\nssl_tlsv1_2=YES\nssl_tlsv13=NO\nssl_sni_hostname=x\n"))
	if problem != nil || len(settings) != 4 {
		t.Errorf("keys of other builds: %+v, %v", settings, problem)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"listen=YES\nlisten_port=2121 # x\n", "  # c\n", "listen=YES\r\n", "ftpd_banner\n", "listen_port=\x00\n",
		"listen_port=-99999999999999999999\n", "listen_ipv6=YES\nlisten_address6=::1 \n", "listen_port=0777777777777\n",
		"listen=NO\nlisten_ipv6=1\nlisten_address6=fe80::1:1.2.3.4%a\n", "listen = YES\nlisten_address= 0x7f.1\nssl_tlsv1_2=1\n", "listen=YES\nftpd_banner= \n",
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
		// What is said of a build of which nothing is known holds for every build.
		builds := []Build{Debian("3.0.3-13"), Debian("3.0.5-0.2"), Debian("3.0.5-1"), Upstream("3.0.3"), Upstream("3.0.5"), RedHat()}
		if any := outcome(Build{}, string(b)); any != "not settled" {
			for _, build := range builds {
				if one := outcome(build, string(b)); one != any {
					t.Errorf("any build: %s, %+v: %s", any, build, one)
				}
			}
		}
		// The line after -o is read as in a file.
		line, _, _ := strings.Cut(string(b), "\n")
		if line != "" && line[0] != '#' && strings.Trim(line, blanks) != "" && len(line) <= maxFile {
			steps, bad := ParseArgs(builds[0], []string{"-o" + line})
			inFile, badInFile := ParseAs(builds[0], "", []byte(line))
			if (bad == nil) != (badInFile == nil) || bad == nil && steps[0].Setting.Key != inFile[0].Key {
				t.Errorf("option: %+v, %v; in a file: %+v, %v", steps, bad, inFile, badInFile)
			}
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
		for _, s := range []*Server{&one, &two} {
			s.PortAt, s.ListenAt, s.AddressAt, s.Address6At = Position{}, Position{}, Position{}, Position{}
		}
		if again.Len() <= maxFile && (bad != nil || one != two) {
			t.Errorf("%+v became %+v, %v", one, two, bad)
		}
	})
}
