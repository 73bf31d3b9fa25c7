package sshdconf

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	bookworm = Build{Version: Version{9, 2}, Vendor: Debian}
	bullseye = Build{Version: Version{8, 4}, Vendor: Debian}
	trixie   = Build{Version: Version{10, 0}, Vendor: Debian}
	sid      = Build{Version: Version{10, 6}, Vendor: Debian}
	nobody   = Build{}
)

// memory is a Files of names and contents; nil content = a directory.
type memory map[string]*string

func mem(pairs ...string) memory {
	m := memory{}
	for i := 0; i < len(pairs); i += 2 {
		m[pairs[i]] = &pairs[i+1]
	}
	return m
}

func (m memory) ReadFile(name string) ([]byte, error) {
	content, ok := m[name]
	switch {
	case !ok || content != nil && *content == "dangling":
		return nil, fs.ErrNotExist
	case content == nil:
		return nil, errors.New("is a directory")
	case *content == "forbidden":
		return nil, fs.ErrPermission
	}
	return []byte(*content), nil
}

func (m memory) IsDir(name string) (bool, error) {
	content, ok := m[name]
	return ok && content == nil, nil
}

func (m memory) Glob(pattern string) ([]string, error) {
	if strings.HasPrefix(pattern, "/closed/") {
		return nil, fs.ErrPermission
	}
	var names []string
	for name := range m {
		if ok, _ := path.Match(pattern, name); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

func TestParseVersion(t *testing.T) {
	for in, want := range map[string]Version{
		"OpenSSH_9.2p1 Debian-2":        {9, 2},
		"1:9.2p1-2+deb12u10":            {9, 2},
		"1:10.0p1-7":                    {10, 0},
		"9.7_p1-r4":                     {9, 7},
		"OpenSSH_6.6.1p1":               {6, 6},
		"7.4p1-23.el7_9":                {7, 4},
		"":                              {},
		"OpenSSH_9.2":                   {},
		"OpenSSH_7.0*,OpenSSH_7.1*":     {},
		"0.0p1":                         {},
		"9999999999999999999999999.1p1": {},
	} {
		if got, ok := ParseVersion(in); got != want || ok != want.Known() {
			t.Errorf("ParseVersion(%q) = %v, %v; want %v", in, got, ok, want)
		}
	}
}

func TestLines(t *testing.T) {
	for _, test := range []struct {
		name, text string
		build      Build
		want       []string // line:keyword[args] outcome
	}{
		{"positions", "# c\n\nPort 22\r\n \t UsePAM yes \t\f\nX11Forwarding no", bookworm, []string{"3:port[22]", "4:usepam[yes]", "5:x11forwarding[no]"}},
		{"equals", "Port=22\nPort = 22\nPort =22\nPort== 22", bookworm, []string{"1:port[22]", "2:port[22]", "3:port[22]", "4:port[= 22]"}},
		{"double_quotes", "\"Port\" 22\nBanner \"/a b\"", bookworm, []string{"1:port[22]", "2:banner[/a b]"}},
		{"single_quotes", "UsePAM 'yes'", bookworm, []string{"1:usepam[yes]"}},
		{"single_quotes_old", "UsePAM 'yes'", bullseye, []string{"1:usepam['yes']"}},
		{"single_quotes_unknown", "UsePAM 'yes'", nobody, []string{"1:usepam[yes]"}},
		{"comment", "UsePAM yes # x", bookworm, []string{"1:usepam[yes]"}},
		{"comment_unknown", "UsePAM yes # x", nobody, []string{"1:usepam[yes]"}},
		{"hash", "UsePAM no#x", bookworm, []string{"1:usepam[no#x]"}},
		{"hash_old", "UsePAM no#x", bullseye, []string{"1:usepam[no]"}},
		{"hash_unknown", "UsePAM no#x", nobody, []string{"1:usepam[no#x]"}},
		{"open_quote", "Banner \"x", bookworm, []string{"1:banner[x] refused"}},
		{"open_quote_in_keyword", "\"Port 22\nPort 2", bookworm, []string{"2:port[2]"}},
		{"no_argument", "Port\nPort =", bookworm, []string{"1:port[] refused", "2:port[] refused"}},
		{"escapes", `Banner a\ b\"c\x`, bookworm, []string{`1:banner[a b"c\x]`}},
		{"form_feed_line", "\f\n", bookworm, []string{"1:\f[] refused"}},
		{"latin1_comment", "# \xe9\nPort 1", bookworm, []string{"2:port[1]"}},
		{"leading_equals", "=Port 1", bookworm, []string{"1:port[1]"}},
		{"empty_word", "AllowUsers \"\" x", bookworm, []string{"1:allowusers[ x]"}},
		{"empty_word_old", "AllowUsers \"\" x", bullseye, []string{"1:allowusers[]"}},
		{"nul", "Port 1\x00\n Port 2\nUsePAM yes", bookworm, []string{"1:port[1Port 2]", "3:usepam[yes]"}},
		{"nul_in_comment", "Port 1 #\x00\nPort 2", bullseye, []string{"1:port[1]", "2:port[2]"}},
		{"nul_before_comment", "Port 1\x00#\nPort 2", bullseye, []string{"1:port[1Port 2]"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for l := range Lines("/f", []byte(test.text), test.build) {
				s := fmt.Sprintf("%d:%s[%s]", l.Line, l.Keyword, strings.Join(l.Args, " "))
				got = append(got, s+[]string{"", " refused", " unsure"}[l.Outcome.Kind])
				if l.File != "/f" {
					t.Errorf("file %q", l.File)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestJudge: what versions and builds make of a line, inside a Match block after
// "M:".
func TestJudge(t *testing.T) {
	for _, test := range []struct {
		line  string
		build Build
		want  OutcomeKind
	}{
		{"Include x", Build{Version: Version{8, 1}, Vendor: Upstream}, Refused},
		{"Include x", Build{Version: Version{8, 0}, Vendor: RedHat}, Unsure},
		{"Include x", nobody, Unsure},
		{"Include x", bullseye, Accepted},
		{"DisableForwarding yes", Build{Version: Version{6, 6}, Vendor: Upstream}, Refused},
		{"ServerKeyBits x", Build{Version: Version{6, 6}, Vendor: Upstream}, Unsure},
		{"ServerKeyBits x", bookworm, Accepted},
		{"Match Version OpenSSH_*", trixie, Accepted},
		{"Match Version OpenSSH_10.0p2", trixie, Unsure},
		{"Banner /x", nobody, Accepted},
		{"Port 22", nobody, Accepted},
		{"RequiredRSASize 2048", bullseye, Refused},
		{"RequiredRSASize 2048", Build{Version: Version{8, 7}, Vendor: RedHat}, Accepted},
		{"RequiredRSASize 2048", Build{Version: Version{8, 7}, Vendor: SUSE}, Unsure},
		{"DebianBanner no", bookworm, Accepted},
		{"DebianBanner no", Build{Version: Version{9, 2}, Vendor: RedHat}, Refused},
		{"DebianBanner no", Build{Version: Version{9, 2}}, Unsure},
		{"GSSAPIKexAlgorithms gss-group14-sha256-", Build{Version: Version{8, 7}, Vendor: RedHat}, Accepted},
		{"GSSAPIAuthentication maybe", bookworm, Refused},
		{"GSSAPIAuthentication maybe", sid, Accepted},
		{"GSSAPIAuthentication maybe", Build{Version: Version{9, 2}, Vendor: Upstream}, Unsure},
		{"GSSAPIKexAlgorithms gss-group14-sha256-", sid, Refused},
		{"GSSAPIKexAlgorithms gss-group14-sha256-", Build{Version: Version{10, 6}, Vendor: DebianGSSAPI}, Accepted},
		{"PermitRootLogin prohibit-password", Build{Version: Version{6, 6}, Vendor: Upstream}, Refused},
		{"RefuseConnection yes", bookworm, Refused},
		{"RefuseConnection yes", trixie, Accepted},
		{"NoSuchWord x", nobody, Refused},
		{"Protocol 1", bookworm, Accepted},
		{"Protocol", bookworm, Refused},
		{"Protocol", bullseye, Accepted},
		{"AllowUsers", bookworm, Refused},
		{"AllowUsers # x", bookworm, Accepted},
		{"AllowUsers # x", trixie, Refused},
		{"AllowUsers # x", nobody, Unsure},
		{"AllowUsers root@10.0.0.1/8", bookworm, Refused},
		{"AllowUsers root@10.0.0.0/8 a*", bookworm, Accepted},
		{"AllowUsers root@10.1/8", bookworm, Refused},
		{"Ciphers rot13", bookworm, Refused},
		{"Ciphers -rot13", bookworm, Accepted},
		{"KexAlgorithms mlkem768x25519-sha256", bookworm, Refused},
		{"KexAlgorithms mlkem768x25519-sha256", nobody, Unsure},
		{"KexAlgorithms mlkem768x25519-sha256", trixie, Accepted},
		{"LoginGraceTime 1h30m", bookworm, Accepted},
		{"LoginGraceTime 99999999999w", bookworm, Refused},
		{"LoginGraceTime 1.5s", bookworm, Refused},
		{"LoginGraceTime 1.5s", sid, Accepted},
		{"MaxAuthTries -1", bookworm, Refused},
		{"MaxAuthTries +1", bookworm, Accepted},
		{"Banner /a b", bookworm, Refused},
		{"Banner ~/x", bookworm, Unsure},
		{"Subsystem sftp", bookworm, Refused},
		{"AuthenticationMethods any publickey", bookworm, Refused},
		{"ForceCommand a # b", bookworm, Accepted},
		{"AuthorizedKeysCommand x", bookworm, Refused},
		{"PermitTunnel Yes", bookworm, Refused},
		{"UsePAM no \\", bookworm, Refused},
		{"UsePAM no\\", bullseye, Refused},
		{"UsePAM \\\nno", sid, Refused},
		{"SkeyAuthentication maybe", bookworm, Refused}, // an alias
		{"SkeyAuthentication maybe", bullseye, Accepted},
		{"KerberosAuthentication maybe", bookworm, Refused},
		{"KerberosAuthentication maybe", sid, Accepted},
		{"Match RDomain vrf1", bookworm, Accepted},
		{"ListenAddress [::1", bookworm, Refused},
		{"ListenAddress ::1 rdomain x", bookworm, Unsure},
		{"M:Port 1", bookworm, Refused},
		{"M:PermitRootLogin no", bookworm, Accepted},
		{"M:Subsystem sftp internal-sftp", bookworm, Refused},
		{"M:Subsystem sftp internal-sftp", trixie, Accepted},
		{"M:Subsystem sftp internal-sftp", nobody, Unsure},
		{"M:NoSuchWord x", bookworm, Refused},
		{"Match all User root", bookworm, Refused},
		{"Match User alice, root", bookworm, Refused},
		{"Match User \"alice,root\" # c", bookworm, Accepted},
		{"Match user=root", bookworm, Accepted},
		{"Match user=root", trixie, Accepted},
		{"Match Address 10.0.0.1/8", bookworm, Refused},
		{"Match Invalid-User", bookworm, Refused},
		{"Match Invalid-User", trixie, Accepted},
		{"Match Colour red", bookworm, Refused},
		{"Match # x", bookworm, Refused},
	} {
		text, inMatch := strings.CutPrefix(test.line, "M:")
		if inMatch {
			text = "Match User x\n" + text
		}
		got := Load(Source{Files: mem("/c", text)}, "/c", CommandLine{}, test.build).outcome()
		if got.Kind != test.want || (got.Why == "") != (got.Kind == Accepted) {
			t.Errorf("%q with %v: %+v, want kind %d", test.line, test.build, got, test.want)
		}
	}
}

// TestInclude: what stands in the way, and the value of PermitRootLogin.
func TestInclude(t *testing.T) {
	const main = "/etc/ssh/sshd_config"
	many := mem(main, "Include d/*\nPermitRootLogin no")
	for i := range 20 {
		text := fmt.Sprintf("Include e%d/*\nInclude e%d/*\n", i+1, i+1)
		many[fmt.Sprintf("/etc/ssh/e%d/x", i)] = &text
	}
	first := "Include e6/*\nInclude e6/*\nInclude e6/*\n" // 3 * 2^14 readings without ever being too deep
	many["/etc/ssh/d/x"] = &first
	for _, test := range []struct {
		name  string
		files memory
		want  string
	}{
		{"in_place", mem(main, "Include a\nPermitRootLogin no", "/etc/ssh/a", "PermitRootLogin yes"), "yes@/etc/ssh/a:1"},
		{"lexical", mem(main, "Include d/*.conf", "/etc/ssh/d/9.conf", "PermitRootLogin yes", "/etc/ssh/d/10.conf", "PermitRootLogin no"), "no@/etc/ssh/d/10.conf:1"},
		{"several", mem(main, "Include=/x \"/y z\"", "/y z", "PermitRootLogin yes"), "yes@/y z:1"},
		{"nested_relative", mem(main, "Include /srv/a", "/srv/a", "Include b", "/srv/b", "PermitRootLogin yes", "/etc/ssh/b", "PermitRootLogin no"), "no@/etc/ssh/b:1"},
		{"directory", memory{main: mem("", "Include d\n")[""], "/etc/ssh/d": nil}, "unset"},
		{"nothing", mem(main, "Include nothing/*"), "unset"},
		{"dangling", mem(main, "\nInclude d/*", "/etc/ssh/d/x", "dangling"), "refused@/etc/ssh/sshd_config:2"},
		{"forbidden", mem(main, "Include d/*", "/etc/ssh/d/x", "forbidden"), "unsure@/etc/ssh/d/x:0"},
		{"not_listable", mem(main, "Include /closed/*"), "unsure@/etc/ssh/sshd_config:1"},
		{"loop", mem(main, "Include sshd_config"), "refused@/etc/ssh/sshd_config:1"},
		{"fan_out", many, "unsure@/etc/ssh/e19/x:1"},
		{"tilde", mem(main, "Include ~/x", "/etc/ssh/x", "Port x", "/root/x", "Port x"), "unset"},
		{"missing_main", mem(), "refused@/etc/ssh/sshd_config:0"},
		{"match_ends_with_file", mem(main, "Include a\nPermitRootLogin no", "/etc/ssh/a", "Match User x\nPermitRootLogin yes"), "no@/etc/ssh/sshd_config:2"},
		{"match_around", mem(main, "Match User x\nInclude a\nMatch all\nPermitRootLogin no", "/etc/ssh/a", "PermitRootLogin yes"), "no@/etc/ssh/sshd_config:4"},
		{"global_word_in_match", mem(main, "Match User x\nInclude a", "/etc/ssh/a", "\nPort 22"), "refused@/etc/ssh/a:2"},
		{"subsystem_twice", mem(main, "Subsystem sftp x\nInclude a", "/etc/ssh/a", "Subsystem sftp y"), "refused@/etc/ssh/a:1"},
		{"command_without_user", mem(main, "AuthorizedKeysCommand /x"), "refused@/etc/ssh/sshd_config:1"},
		{"methods_off", mem(main, "AuthenticationMethods password\nPasswordAuthentication no"), "refused@/etc/ssh/sshd_config:1"},
		{"nul", mem(main, "PermitRootLogin no\x00\nUsePAM no"), "refused@/etc/ssh/sshd_config:1"},
		{"long_line", mem(main, "UsePAM "+strings.Repeat("x", maxLine)), "unsure@/etc/ssh/sshd_config:1"},
		{"long_file", mem(main, strings.Repeat("PermitRootLogin no\n", maxItems+1)), fmt.Sprintf("unsure@/etc/ssh/sshd_config:%d", maxItems+1)},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := Load(Source{Files: test.files}, main, CommandLine{}, bookworm)
			got := "unset"
			if problems := c.Problems(); len(problems) > 0 {
				p := problems[0]
				got = fmt.Sprintf("%s@%s:%d", []string{"", "refused", "unsure"}[p.Kind], p.File, p.Line)
			} else if v := c.May(Account{User: "root"}, "PermitRootLogin")[0]; v.Line != nil {
				got = fmt.Sprintf("%s@%s:%d", v.Word(), v.File, v.Line.Line)
			}
			if test.name == "fan_out" {
				got = got[:len("unsure@/etc/ssh/e")] + test.want[len("unsure@/etc/ssh/e"):] // where the limit falls does not matter
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

// TestService: a port may be a name of services(5).
func TestService(t *testing.T) {
	known := func(port uint16, found bool, err error) func(string) (uint16, bool, error) {
		return func(string) (uint16, bool, error) { return port, found, err }
	}
	for _, test := range []struct {
		name    string
		service func(string) (uint16, bool, error)
		want    string
	}{
		{"found", known(2022, true, nil), "[2022 2022]"}, // of both families
		{"not_found", known(0, false, nil), "refused"},
		{"unreadable", known(0, false, fs.ErrPermission), "unsure"},
		{"nobody_to_ask", nil, "unsure"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := Load(Source{Files: mem("/c", "Port ssh"), Service: test.service}, "/c", CommandLine{}, bookworm)
			var ports []uint16
			set, _ := c.Listens()
			for _, l := range set {
				ports = append(ports, l.Port)
			}
			got := fmt.Sprint(ports)
			if problems := c.Problems(); len(problems) > 0 {
				got = []string{"", "refused", "unsure"}[problems[0].Kind]
			}
			if got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}
