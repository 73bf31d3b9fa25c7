package sshdconf

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// from is a connection of an account.
func from(a Account, addr string) Conn {
	return Conn{Account: a, Addr: netip.MustParseAddr(addr), Local: netip.MustParseAddr("192.0.2.2"), LocalPort: 22}
}

func loaded(t *testing.T, config string, build Build) *Config {
	t.Helper()
	c := Load(Source{Files: mem("/c", config)}, "/c", CommandLine{}, build)
	if p := c.Problems(); len(p) > 0 {
		t.Fatalf("%+v", p)
	}
	return c
}

func TestSetting(t *testing.T) {
	old := Build{Version: Version{6, 6}, Vendor: Upstream}
	for _, test := range []struct {
		name    string
		build   Build
		config  string
		keyword string
		want    string // words, and the number of the first line after a colon
	}{
		{"default", bookworm, "", "PermitRootLogin", "prohibit-password"},
		{"default_before_7", old, "", "PermitRootLogin", "yes"},
		{"default_rhel_7", Build{Version: Version{7, 4}, Vendor: RedHat, Release: 7}, "", "PermitRootLogin", "yes"},
		{"default_rhel_9", Build{Vendor: RedHat, Release: 9}, "", "PermitRootLogin", "prohibit-password"},
		{"default_amazon_2", Build{Version: Version{7, 4}, Vendor: RedHat, Release: 2}, "", "PermitRootLogin", "unknown"},
		{"default_unknown", Build{}, "", "PermitRootLogin", "unknown"},
		{"default_of_all", Build{}, "", "PermitEmptyPasswords", "no"},
		{"no_such_keyword", bookworm, "", "PermitRootLogon", "unknown"},
		{"first_wins", bookworm, "PermitRootLogin no\nPermitRootLogin yes\n", "PermitRootLogin", "no:1"},
		{"block_beats_global", bookworm, "PermitRootLogin no\nMatch User root\nPermitRootLogin yes\n", "PermitRootLogin", "yes:3"},
		{"first_block_wins", bookworm, "Match User root\nPermitRootLogin no\nMatch all\nPermitRootLogin yes\n", "PermitRootLogin", "no:2"},
		{"for_all_is_read_again", bookworm, "PermitRootLogin no\nMatch all\nPermitRootLogin yes\n", "PermitRootLogin", "yes:3"},
		{"not_read_again", bookworm, "UsePAM no\nMatch all\nUsePAM yes\n", "UsePAM", "no:1"},
		{"for_all_global", bookworm, "Match all\nUsePAM yes\n", "UsePAM", "yes:2"},
		{"lists_add_up", bookworm, "AllowUsers a b\nAllowUsers c\n", "AllowUsers", "a b c:1"},
		{"block_replaces_list", bookworm, "AllowUsers a\nMatch User root\nAllowUsers b\nMatch all\nAllowUsers c\n", "AllowUsers", "b c:3"},
		{"for_all_replaces_list", bookworm, "AllowUsers a\nMatch all\nAllowUsers b\n", "AllowUsers", "b:3"},
		{"rest_of_line", bookworm, "ForceCommand  /bin/sh -c  'a b'\n", "ForceCommand", "/bin/sh -c  'a b':1"},
		{"ports", bookworm, "Port 22\nPort 23\n", "Port", "22 23:1"},
		{"challenge_8.4", bullseye, "KbdInteractiveAuthentication no\n", "KbdInteractiveAuthentication", "yes"},
		{"challenge_8.4_off", bullseye, "ChallengeResponseAuthentication no\n", "KbdInteractiveAuthentication", "no"},
		{"challenge_8.4_block", bullseye, "Match User root\nKbdInteractiveAuthentication no\n", "KbdInteractiveAuthentication", "no:2"},
		{"challenge_9.2", bookworm, "ChallengeResponseAuthentication no\nKbdInteractiveAuthentication yes\n", "KbdInteractiveAuthentication", "no:1"},
		{"challenge_unknown", Build{}, "KbdInteractiveAuthentication no\n", "KbdInteractiveAuthentication", "unknown:1"},
		{"challenge_off_unknown", Build{}, "ChallengeResponseAuthentication no\n", "KbdInteractiveAuthentication", "no:1"},
		{"version", trixie, "Match version OpenSSH_10.*\nPermitRootLogin yes\nUsePAM yes\n", "UsePAM", "yes:3"},
		{"other_version", trixie, "Match version OpenSSH_9*\nPermitRootLogin yes\n", "PermitRootLogin", "prohibit-password"},
		{"subsystems", trixie, "Subsystem sftp /a\nSubsystem x /x\nMatch User root\nSubsystem sftp /b\n", "Subsystem", "sftp /b x /x:4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := loaded(t, test.config, test.build).Effective(from(rootUser, "10.0.0.1")).Setting(test.keyword)
			got := strings.Join(s.Words, " ")
			if s.Unknown {
				got = "unknown"
			}
			if s.Line != nil {
				got += ":" + string(rune('0'+s.Line.Line))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGroupsUnknown(t *testing.T) {
	a := Account{User: "root", GroupsUnknown: true}
	c := loaded(t, "Match Group wheel\nPermitRootLogin yes\nMatch Group *\nX11Forwarding yes\n", bookworm)
	e := c.Effective(from(a, "10.0.0.1"))
	if s := e.Setting("permitrootlogin"); !s.Unknown || s.Line == nil || s.Line.Line != 2 {
		t.Errorf("a block for a group that may not apply: %+v", s)
	}
	if s := e.Setting("x11forwarding"); s.Word() != "yes" {
		t.Errorf("every account has a group: %+v", s)
	}
	c2 := loaded(t, "PermitRootLogin no\nMatch Group wheel\nAuthenticationMethods publickey\nSetEnv A=B\n", bullseye)
	if got := ways(c2.Effective(from(a, "10.0.0.1")).Ways(true)); got != "" {
		t.Errorf("ways of root though PermitRootLogin is no: %q", got)
	}
	if got := ways(c2.Effective(from(a, "10.0.0.1")).Ways(false)); got != "unknown" {
		t.Errorf("ways though the block is not known: %q", got)
	}
	if s := c2.Effective(from(rootUser, "10.0.0.1")).Setting("setenv"); s.Line != nil {
		t.Errorf("8.4 forgets SetEnv in blocks: %+v", s)
	}
	if _, complete := c.Cases(a); complete {
		t.Error("Cases is complete though groups are not known")
	}
	var words []string
	for _, s := range c.May(a, "PermitRootLogin") {
		words = append(words, s.Word())
	}
	if diff := cmp.Diff([]string{"yes", "prohibit-password"}, words); diff != "" {
		t.Error(diff)
	}
}

func TestBlocks(t *testing.T) {
	c := loaded(t, "Match User root\nMatch Address 10.0.0.0/8\nMatch User mail\nMatch all\nPermitRootLogin no\n", bookworm)
	var got []string
	for _, l := range c.Effective(from(rootUser, "::ffff:10.1.1.1")).Blocks() {
		got = append(got, l.Raw)
	}
	if diff := cmp.Diff([]string{"Match User root", "Match Address 10.0.0.0/8", "Match all"}, got); diff != "" {
		t.Error(diff)
	}
}

// TestAdmission has the rows of the specification about who is let in at all.
func TestAdmission(t *testing.T) {
	unknownGroups := Account{User: "root", GroupsUnknown: true}
	for _, test := range []struct {
		name, config string
		account      Account
		addr         string
		want         string
	}{
		{"nothing", "", rootUser, "10.0.0.1", "let in"},
		{"allow_other", "AllowUsers alice\n", rootUser, "10.0.0.1", "refused:1"},
		{"allow_elsewhere", "AllowUsers root@10.*\n", rootUser, "192.0.2.1", "refused:1"},
		{"allow_here", "AllowUsers root@10.*\n", rootUser, "10.0.0.1", "let in"},
		{"case_matters", "AllowUsers ROOT\n", rootUser, "10.0.0.1", "refused:1"},
		{"deny", "DenyUsers x\nDenyUsers root\n", rootUser, "10.0.0.1", "refused:2"},
		{"deny_pattern", "DenyUsers r*\n", rootUser, "10.0.0.1", "refused:1"},
		{"deny_elsewhere", "DenyUsers root@10.*\n", rootUser, "192.0.2.1", "let in"},
		{"deny_wins", "AllowUsers root\nDenyUsers root\n", rootUser, "10.0.0.1", "refused:2"},
		{"allow_group", "AllowGroups wheel\n", rootUser, "10.0.0.1", "refused:1"},
		{"allow_own_group", "AllowGroups root\n", rootUser, "10.0.0.1", "let in"},
		{"deny_group", "DenyGroups root\n", rootUser, "10.0.0.1", "refused:1"},
		{"allow_all", "AllowUsers *\n", rootUser, "10.0.0.1", "let in"},
		{"negation_is_no_negation", "AllowUsers !root *\n", rootUser, "10.0.0.1", "let in"},
		{"only_negated", "AllowUsers !root\n", rootUser, "10.0.0.1", "refused:1"},
		{"network", "AllowUsers root@10.0.0.0/8,!10.0.0.1\n", rootUser, "10.0.0.1", "refused:1"},
		{"last_at", "AllowUsers a@b@10.*\n", Account{User: "a@b", Groups: []string{"x"}}, "10.0.0.1", "let in"},
		{"mapped", "AllowUsers root@10.0.0.0/8\n", rootUser, "::ffff:10.0.0.1", "let in"},
		{"zone", "AllowUsers root@fe80::/10\n", rootUser, "fe80::1%eth0", "refused:1"},
		{"zone_pattern", "AllowUsers root@fe80:*\n", rootUser, "fe80::1%eth0", "let in"},
		{"no_groups", "DenyGroups x\n", Account{User: "u"}, "10.0.0.1", "refused:1"},
		{"groups_unknown", "AllowGroups wheel\n", unknownGroups, "10.0.0.1", "unknown:1"},
		{"groups_unknown_denied_anyway", "AllowGroups wheel\nDenyUsers root\n", unknownGroups, "10.0.0.1", "refused:2"},
		{"any_group", "AllowGroups *\n", unknownGroups, "10.0.0.1", "let in"},
		{"refuse_connection", "Match Address 10.0.0.0/8\nRefuseConnection yes\n", rootUser, "10.0.0.1", "refused:2"},
		{"block_replaces", "AllowUsers alice\nMatch Address 10.0.0.0/8\nAllowUsers root\n", rootUser, "10.0.0.1", "let in"},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := loaded(t, test.config, trixie).Effective(from(test.account, test.addr)).Admission()
			got := "let in"
			if a.Refused {
				got = "refused"
			} else if a.Unknown {
				got = "unknown"
			}
			if a.By != nil {
				got += ":" + string(rune('0'+a.By.Line))
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestWays has the rows of the specification about what root can log in with.
func TestWays(t *testing.T) {
	const pam = "UsePAM yes\n"
	rhel7 := Build{Version: Version{7, 4}, Vendor: RedHat, Release: 7}
	for _, test := range []struct {
		name, config string
		build        Build
		root         string // ways of root, "," within and " " between
		other        string // ways of another account
	}{
		{"yes", "PermitRootLogin yes\n", bookworm, "publickey password", "publickey password"},
		{"yes_pam", "PermitRootLogin yes\n" + pam, bookworm, "publickey password keyboard-interactive", "publickey password keyboard-interactive"},
		{"default", pam, bookworm, "publickey", "publickey password keyboard-interactive"},
		{"default_rhel_7", pam, rhel7, "publickey password keyboard-interactive", "publickey password keyboard-interactive"},
		{"without-password", "PermitRootLogin without-password\n" + pam, bookworm, "publickey", "publickey password keyboard-interactive"},
		{"forced", "PermitRootLogin forced-commands-only\n" + pam, bookworm, "publickey!", "publickey password keyboard-interactive"},
		{"no", "PermitRootLogin no\n" + pam, bookworm, "", "publickey password keyboard-interactive"},
		{"interactive", "PermitRootLogin yes\nPasswordAuthentication no\n" + pam, bookworm, "publickey keyboard-interactive", "publickey keyboard-interactive"},
		{"interactive_without_pam", "PermitRootLogin yes\nPasswordAuthentication no\n", bookworm, "publickey", "publickey"},
		{"neither", "PermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n" + pam, bookworm, "publickey", "publickey"},
		{"key_only", "PermitRootLogin yes\nAuthenticationMethods publickey\n", bookworm, "publickey", "publickey"},
		{"both", "PermitRootLogin yes\nAuthenticationMethods publickey,password\n", bookworm, "publickey,password", "publickey,password"},
		{"password_asked", "AuthenticationMethods password\n", bookworm, "", "password"},
		{"both_asked", "AuthenticationMethods publickey,password publickey\n", bookworm, "publickey", "publickey,password publickey"},
		{"any", "PermitRootLogin yes\nAuthenticationMethods any\n", bookworm, "publickey password", "publickey password"},
		{"disabled_list", "PermitRootLogin yes\nPasswordAuthentication no\nAuthenticationMethods publickey,password publickey\n", bookworm, "publickey", "publickey"},
		{"no_key", "PermitRootLogin yes\nPubkeyAuthentication no\n", bookworm, "password", "password"},
		{"hostbased", "HostbasedAuthentication yes\n", bookworm, "publickey hostbased", "publickey password hostbased"},
		{"forced_hostbased", "PermitRootLogin forced-commands-only\nHostbasedAuthentication yes\nAuthenticationMethods publickey,hostbased hostbased,publickey\n", bookworm, "publickey,hostbased!", "publickey,hostbased hostbased,publickey"},
		{"pam_device", "PermitRootLogin yes\nAuthenticationMethods keyboard-interactive:pam publickey,keyboard-interactive:bsdauth\n" + pam, bookworm, "keyboard-interactive", "keyboard-interactive"},
		{"empty", "PermitRootLogin yes\nPermitEmptyPasswords yes\nAuthenticationMethods none publickey\n", bookworm, "none publickey", "none publickey"},
		{"empty_not_permitted", "PermitRootLogin yes\nAuthenticationMethods none publickey\n", bookworm, "publickey", "publickey"},
		{"empty_for_root", "PermitEmptyPasswords yes\nAuthenticationMethods none publickey\n", bookworm, "publickey", "none publickey"},
		{"gssapi", "GSSAPIAuthentication yes\nPasswordAuthentication no\n", bookworm, "publickey gssapi-with-mic", "publickey gssapi-with-mic"},
		{"challenge_8.4", "ChallengeResponseAuthentication no\nKbdInteractiveAuthentication yes\nPermitRootLogin yes\n" + pam, bullseye, "publickey password", "publickey password"},
		{"challenge_8.4_on", "KbdInteractiveAuthentication no\nPermitRootLogin yes\n" + pam, bullseye, "publickey password keyboard-interactive", "publickey password keyboard-interactive"},
		{"version_unknown", pam, Build{}, "unknown", "publickey password keyboard-interactive"},
		{"block", "PermitRootLogin no\nMatch User root Address 10.0.0.0/8\nPermitRootLogin yes\n", bookworm, "publickey password", "publickey password"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := loaded(t, test.config, test.build).Effective(from(rootUser, "10.0.0.1"))
			if diff := cmp.Diff(test.root, ways(e.Ways(true))); diff != "" {
				t.Errorf("root: %s", diff)
			}
			if diff := cmp.Diff(test.other, ways(e.Ways(false))); diff != "" {
				t.Errorf("another account: %s", diff)
			}
		})
	}
}

func ways(list []Way, _ *Line, unknown bool) string {
	var words []string
	for _, w := range list {
		word := strings.Join(w.Methods, ",")
		if w.Forced {
			word += "!"
		}
		words = append(words, word)
	}
	if unknown {
		words = append(words, "unknown")
	}
	return strings.Join(words, " ")
}

func TestWaysAt(t *testing.T) {
	e := loaded(t, "Match User root\nPermitRootLogin no\n", bookworm).Effective(from(rootUser, "10.0.0.1"))
	if list, at, _ := e.Ways(true); len(list) != 0 || at == nil || at.Line != 2 {
		t.Errorf("%v at %v", list, at)
	}
}

func TestAddrList(t *testing.T) {
	for _, test := range []struct {
		list, addr string
		want       int
	}{
		{"10.0.0.0/8", "10.9.9.9", 1},
		{"10.0.0.0/8,!10.9.0.0/16", "10.9.9.9", -1},
		{"!10.9.0.0/16", "10.1.1.1", 0},
		{"*,!192.0.2.1", "192.0.2.1", -1},
		{"*,!192.0.2.1", "192.0.2.2", 1},
		{"10.1", "10.0.0.1", 1},
		{"0x7f.1", "127.0.0.1", 1},
		{"010.0.0.1", "8.0.0.1", 1},
		{"2130706433", "127.0.0.1", 1},
		{"10.0.0.1", "::ffff:10.0.0.1", 1},
		{"::ffff:10.0.0.0/104", "::ffff:10.0.0.1", 0},
		{"fe80::/10", "fe80::1%eth0", 0},
		{"fe80::1%eth0", "fe80::1%eth0", 1},
		{"fe80::1%eth1", "fe80::1%eth0", 0},
		{"fe80::1%*", "fe80::1%eth0", 1},
		{"10.0.0.0/+8", "10.0.0.1", 1},
		{"10.0.0.*", "10.0.0.1", 1},
		{"10.0.0.0/x", "10.0.0.1", 0},
		{"::1.2.3.*", "::1.2.3.4", 1},
	} {
		l := parseAddrList(test.list, trixie.Version)
		p := newPeer(&Conn{Addr: netip.MustParseAddr(test.addr)})
		if got := l.match(p.addr, p.addrText); got != test.want {
			t.Errorf("%s in %s: %d", test.addr, test.list, got)
		}
	}
	for list, want := range map[string]OutcomeKind{
		"10.0.0.1/8": Refused, "10.0.0.0/33": Refused, "::/129": Refused, "10.0.0.0/200": Refused, "": Refused, "a,,b": Refused,
		"x/200": Accepted, "10.0.0.0/99999999999": Accepted, "fe80::%eth0/10": Unsure, "fe80::1%2": Accepted, "300.1": Accepted,
	} {
		if got := addressList(list, trixie.Version); got.Kind != want {
			t.Errorf("%s: %+v", list, got)
		}
	}
}

func TestMatchLine(t *testing.T) {
	upstream := func(major, minor int) Build { return Build{Version: Version{major, minor}, Vendor: Upstream} }
	for _, test := range []struct {
		line  string
		build Build
		kind  OutcomeKind
		want  []Criterion
	}{
		{"Match invalid-user localport=22", trixie, Accepted, []Criterion{{"invalid-user", ""}, {"localport", "22"}}},
		{"Match invalid-user", upstream(9, 9), Accepted, []Criterion{{"invalid-user", ""}}},
		{"Match invalid-user", upstream(9, 8), Refused, nil},
		{"Match user=root", upstream(9, 9), Refused, nil},
		{"Match user=root", upstream(9, 8), Accepted, []Criterion{{"user", "root"}}},
		{"Match rdomain x", upstream(7, 6), Refused, nil},
		{"Match version *", upstream(9, 9), Refused, nil},
		{"Match version *", trixie, Accepted, []Criterion{{"all", ""}}},
		{"Match version * user root", trixie, Accepted, []Criterion{{"user", "root"}}},
		{"Match version OpenSSH_9*,Open*", trixie, Accepted, []Criterion{{"all", ""}}},
		{"Match version !OpenSSH_10.0p*,*", trixie, Accepted, []Criterion{{"user", "!*"}}},
		{"Match version OpenSSH_10.0p2", trixie, Unsure, nil},
		{"Match version OpenSSH_10.0", trixie, Accepted, []Criterion{{"user", "!*"}}},
		{"Match version *p2*", trixie, Unsure, nil},
		{"Match user all", bookworm, Accepted, []Criterion{{"user", "all"}}},
		{"Match !user root", trixie, Refused, nil},
		{"Match localport 70000", trixie, Refused, nil},
		{"Match user=", trixie, Refused, nil},
	} {
		c := Load(Source{Files: mem("/c", test.line+"\nX11Forwarding no")}, "/c", CommandLine{}, test.build)
		o := c.outcome()
		var got []Criterion
		if o.Kind == Accepted {
			got = c.items[0].opens[0]
		}
		if diff := cmp.Diff(test.want, got); diff != "" || o.Kind != test.kind {
			t.Errorf("%s (%s): %+v %s", test.line, test.build.Version, o, diff)
		}
	}
}

func TestAnyAlone(t *testing.T) {
	const config = "AuthenticationMethods publickey\nMatch User x\nAuthenticationMethods any\n"
	const inBlock = "Match User x\nAuthenticationMethods publickey\nMatch User y\nAuthenticationMethods any\n"
	for _, test := range []struct {
		build  Build
		config string
		want   OutcomeKind
	}{
		{bullseye, config, Accepted},
		{bookworm, config, Refused},
		{trixie, config, Accepted},
		{Build{}, config, Unsure},
		{bullseye, inBlock, Accepted},
		{bookworm, inBlock, Accepted}, // it may end connections of some accounts
		{trixie, inBlock, Accepted},
	} {
		kind := Accepted
		if p := Load(Source{Files: mem("/c", test.config)}, "/c", CommandLine{}, test.build).Problems(); len(p) > 0 {
			kind = p[0].Kind
		}
		if kind != test.want {
			t.Errorf("%s: %d for\n%s", test.build.Version, kind, test.config)
		}
	}
}

// TestDefaults: every default that is known is one that sshd would take as a value.
func TestDefaults(t *testing.T) {
	for keyword := range words {
		for _, build := range []Build{{}, bullseye, bookworm, trixie, sid, {Version: Version{6, 6}, Vendor: Upstream}} {
			value, known := build.Default(keyword)
			if !known && len(value) > 0 {
				t.Errorf("%s: %q though not known", keyword, value)
			}
			w := words[keyword]
			if len(value) == 0 || w.check == nil || w.known(build).Kind != Accepted {
				continue
			}
			c := Load(Source{Files: mem("/c", keyword+" "+strings.Join(value, " "))}, "/c", CommandLine{}, build)
			if o := c.outcome(); o.Kind == Refused {
				t.Errorf("%s %q of %s: %+v", keyword, value, build.Version, o)
			}
		}
	}
	for keyword := range defaults {
		if _, ok := words[keyword]; !ok {
			t.Errorf("a default of %s, which is no keyword", keyword)
		}
	}
	judged := []string{"permitrootlogin", "usepam", "strictmodes", "authorizedkeysfile", "x11forwarding"}
	for _, keyword := range judged {
		if _, known := bookworm.Default(keyword); !known {
			t.Errorf("the default of %s is not known", keyword)
		}
	}
	if !slices.Equal(defaults["authorizedkeysfile"], []string{".ssh/authorized_keys", ".ssh/authorized_keys2"}) {
		t.Error("AuthorizedKeysFile")
	}
}
