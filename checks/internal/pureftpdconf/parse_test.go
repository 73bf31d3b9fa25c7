package pureftpdconf_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/internal/pureftpdconf"
)

// Every row is what Pure-FTPd 1.0.50 did; the real tests try many more.
func TestParseArgs(t *testing.T) {
	const both = "0.0.0.0:21 [::]:21"
	for line, want := range map[string]string{
		"": both, "-4": "0.0.0.0:21", "-6": "[::]:21", "-46": "refused", "-S 22": "0.0.0.0:22 [::]:22", "-S,22": "0.0.0.0:22 [::]:22",
		"-S ,": both, "-S *,22": "0.0.0.0:22 [::]:22", "-S ,*": "refused", "-S 127.0.0.1": "refused", "-S 127.0.0.1,": "127.0.0.1:21",
		"-S 127.1,22": "127.0.0.1:22", "-S ::1,22": "[::1]:22", "-S ::,22": "[::]:22", "-S ::ffff:127.0.0.1,22": "refused", "-S [::1],22": "refused",
		"-S ftp": both, "-S http": "unsure", "-S localhost,22": "unsure", "-S 65557": "unsure", "-S -1": "refused", "-S 0x15": "unsure", "-S 025": "0.0.0.0:25 [::]:25",
		"-S 127.0.0.1,22 -S ::1,23": "127.0.0.1:23", "-4 -S ::1,22": "refused", "--bind=22 --ipv4": "0.0.0.0:22", "--b 22": "refused", "--ipv4only=1": "refused",
		"x": "refused", "-- x": "refused", "-v x": "refused", "-h": "refused", "-p 30000 -4": "refused", "-Y 9": "refused", "-l mysql:/x": "refused", "-J -x": "refused",
	} {
		t.Run(strings.ReplaceAll("args"+line, " ", "_"), func(t *testing.T) {
			o, out := pureftpdconf.ParseWords(pureftpdconf.Program{Patch: 50, Backend: "none"}, words(strings.Fields(line)))
			got := describe(o, out)
			if got != want {
				t.Errorf("%s, want %s (%+v)", got, want, out)
			}
		})
	}
}

func words(args []string) (w []pureftpdconf.Word) {
	for _, arg := range args {
		w = append(w, pureftpdconf.Word{Text: arg})
	}
	return w
}

// Where programs differ: an unknown one, 1.0.47, 1.0.49, 1.0.53, one with MySQL.
func TestPrograms(t *testing.T) {
	programs := []pureftpdconf.Program{{}, {Patch: 47}, {Patch: 49}, {Patch: 53}, {Patch: 50, Backend: "mysql"}}
	const both = "0.0.0.0:21 [::]:21"
	for _, tc := range []struct {
		name, args, single string
		want               []string
	}{
		{"unknownOption", "-@", "", []string{"unsure", both, "refused", "refused", "refused"}},
		{"charset", "-8 x", "", []string{"unsure", both, "refused", "refused", "refused"}},
		{"argument", "-4 x", "", []string{"unsure", "0.0.0.0:21", "refused", "refused", "refused"}},
		{"mysql", "-l mysql:/x", "", []string{"unsure", "unsure", "unsure", "unsure", both}},
		{"badValue", "-c 0", "", []string{"refused", "refused", "refused", "refused", "refused"}},
		{"include", "", "Include /nosuch\n", []string{"unsure", "refused", "refused", both, both}},
		{"quotes", "", "Bind \"22\"\n", []string{"unsure", "unsure", "unsure", "0.0.0.0:22 [::]:22", "unsure"}},
		{"charsetSetting", "", "ClientCharset x\n", []string{"unsure", both, "refused", "refused", "refused"}},
		{"certificates", "", "CertFileAndKey /a /b\n", []string{"unsure", "refused", both, both, both}},
		{"wrongLine", "", "Bind 22 # c\n", []string{"refused", "refused", "refused", "refused", "refused"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, p := range programs {
				o, out := pureftpdconf.ParseArgsOf(p, strings.Fields(tc.args))
				if tc.single != "" {
					o, out = pureftpdconf.ParseSingle(p, "f", []byte(tc.single), func(string) ([]byte, bool, error) { return nil, false, nil })
				}
				got = append(got, describe(o, out))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPositions(t *testing.T) {
	p := pureftpdconf.Program{Patch: 50, Backend: "none"}
	at := func(file string, line int) pureftpdconf.Position {
		return pureftpdconf.Position{File: file, Line: line}
	}
	sameAddr := cmp.Comparer(func(a, b netip.Addr) bool { return a == b })

	o, out := pureftpdconf.ParseSingle(p, "/etc/pure-ftpd.conf", []byte("# c\nBind 127.0.0.1,\nInclude /b\n"), func(name string) ([]byte, bool, error) {
		return []byte("\nBind = 2121\n"), name == "/b", nil
	})
	want := []pureftpdconf.Listen{{Host: "127.0.0.1", Addr: netip.MustParseAddr("127.0.0.1"), Port: 2121, At: at("/b", 2)}}
	if diff := cmp.Diff(want, o.Listens, sameAddr); diff != "" || out != (pureftpdconf.Outcome{}) {
		t.Errorf("%+v\n%s", out, diff)
	}
	_, out = pureftpdconf.ParseSingle(p, "f", []byte("Bind 22\nIPV4Only maybe\n"), nil)
	if out.Kind != pureftpdconf.Refused || out.At != at("f", 2) {
		t.Errorf("%+v", out)
	}
	_, out = pureftpdconf.ParseSingle(p, "f", []byte("Bind 22\nMaxClientsNumber 0\n"), nil)
	if out.Kind != pureftpdconf.Refused || out.At != at("f", 2) {
		t.Errorf("%+v", out)
	}

	file := func(name, content string) pureftpdconf.DebianFile {
		return pureftpdconf.DebianFile{Name: name, Data: []byte(content)}
	}
	o, out = pureftpdconf.ParseDebian(p, pureftpdconf.Debian{Conf: []pureftpdconf.DebianFile{file("Bind", "# c\n\n2121\n"), file("IPV6Only", "yes\n")}})
	want = []pureftpdconf.Listen{{Addr: netip.IPv6Unspecified(), IPv6: true, Port: 2121, At: at("/etc/pure-ftpd/conf/Bind", 3)}}
	if diff := cmp.Diff(want, o.Listens, sameAddr); diff != "" || out != (pureftpdconf.Outcome{}) {
		t.Errorf("%+v\n%s", out, diff)
	}
	_, out = pureftpdconf.ParseDebian(p, pureftpdconf.Debian{Conf: []pureftpdconf.DebianFile{file("Bind", "\n127.0.0.1\n")}})
	if out.Kind != pureftpdconf.Refused || out.At != at("/etc/pure-ftpd/conf/Bind", 2) {
		t.Errorf("%+v", out)
	}
	_, out = pureftpdconf.ParseDebian(p, pureftpdconf.Debian{Missing: true})
	if out.Kind != pureftpdconf.Refused {
		t.Errorf("%+v", out)
	}
	unread := pureftpdconf.DebianFile{Name: "Bind", Unread: true}
	if _, out = pureftpdconf.ParseDebian(p, pureftpdconf.Debian{Conf: []pureftpdconf.DebianFile{unread}}); out.Kind != pureftpdconf.Unsure {
		t.Errorf("%+v", out)
	}
	auth := pureftpdconf.DebianFile{Name: "50my", Target: "../conf/MySQLConfigFile", Data: []byte("/x\n")}
	_, out = pureftpdconf.ParseDebian(p, pureftpdconf.Debian{Auth: []pureftpdconf.DebianFile{auth}, Exists: func(string) bool { return true }})
	if out.Kind != pureftpdconf.Refused || out.At != at("/etc/pure-ftpd/conf/MySQLConfigFile", 1) {
		t.Errorf("%+v", out)
	}
}

func TestDebianStart(t *testing.T) {
	a := func(name, value string, line int) pureftpdconf.Assignment {
		return pureftpdconf.Assignment{Name: name, Value: value, Line: line, Plain: true}
	}
	for _, tc := range []struct {
		name   string
		in     []pureftpdconf.Assignment
		others []int
		want   pureftpdconf.DebianStart
	}{
		{"nothing", nil, nil, pureftpdconf.DebianStart{}},
		{"shipped", []pureftpdconf.Assignment{a("STANDALONE_OR_INETD", "standalone", 6), a("VIRTUALCHROOT", "false", 11)}, nil, pureftpdconf.DebianStart{Standalone: true}},
		{"inetd", []pureftpdconf.Assignment{a("STANDALONE_OR_INETD", "standalone", 1), a("STANDALONE_OR_INETD", "inetd", 2)}, nil, pureftpdconf.DebianStart{}},
		{"otherCase", []pureftpdconf.Assignment{a("STANDALONE_OR_INETD", "Standalone", 1), a("VIRTUALCHROOT", "true", 2)}, nil, pureftpdconf.DebianStart{VirtualChroot: true}},
		{"notEvaluated", []pureftpdconf.Assignment{{Name: "STANDALONE_OR_INETD", Line: 3}}, nil, pureftpdconf.DebianStart{Outcome: pureftpdconf.Outcome{Kind: pureftpdconf.Unsure, At: pureftpdconf.Position{File: pureftpdconf.DebianDefault, Line: 3}, Why: "a value that is not evaluated"}}},
		{"statement", nil, []int{4}, pureftpdconf.DebianStart{Outcome: pureftpdconf.Outcome{Kind: pureftpdconf.Unsure, At: pureftpdconf.Position{File: pureftpdconf.DebianDefault, Line: 4}, Why: "a statement that is not evaluated"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if diff := cmp.Diff(tc.want, pureftpdconf.ParseDebianStart(tc.in, tc.others)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestIsTitle(t *testing.T) {
	for _, tc := range []struct {
		argv []string
		want bool
	}{{nil, false}, {[]string{"pure-ftpd (SERVER)"}, true}, {[]string{"pure-ftpd (IDLE)"}, true}, {[]string{"/usr/sbin/pure-ftpd", "-B"}, false}} {
		if got := pureftpdconf.IsTitle(tc.argv); got != tc.want {
			t.Errorf("IsTitle(%q) = %v", tc.argv, got)
		}
	}
}
