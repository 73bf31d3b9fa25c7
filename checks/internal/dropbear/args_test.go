package dropbear

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var compareAddrs = cmpopts.EquateComparable(netip.Addr{})

func all(port uint16) Listen { return Listen{Port: port} }

func at(addr string, port uint16) Listen {
	return Listen{Host: addr, Addr: netip.MustParseAddr(addr), Port: port}
}

func TestParseArgs(t *testing.T) {
	const no, notKnown = Refused, Unsure
	tests := []struct {
		version string // "" = not known
		args    string // parted by blanks; '' is an empty argument
		kind    Kind
		want    Options
	}{
		{"", "", Accepted, Options{Listens: []Listen{all(22)}}},
		{"", "-p 2222", Accepted, Options{Listens: []Listen{all(2222)}}},
		{"", "-p2222", Accepted, Options{Listens: []Listen{all(2222)}}},
		{"", "-EFwp2222", Accepted, Options{Listens: []Listen{all(2222)}, NoRoot: true}},
		{"", "-p 127.0.0.1:22 -p [::1]:23 -p ::1:24 -p :25 -p *:26", Accepted, Options{Listens: []Listen{
			at("127.0.0.1", 22), at("::1", 23), at("::1", 24), all(25), all(26),
		}}},
		{"", "-p 127.1:22 -p 0:23 -p 0x7f.1:24 -p 010.1:25", Accepted, Options{Listens: []Listen{
			{"127.1", netip.MustParseAddr("127.0.0.1"), 22, "", 0},
			{"0", netip.MustParseAddr("0.0.0.0"), 23, "", 0},
			{"0x7f.1", netip.MustParseAddr("127.0.0.1"), 24, "", 0},
			{"010.1", netip.MustParseAddr("8.0.0.1"), 25, "", 0},
		}}},
		{"", "-p host:22", Accepted, Options{Listens: []Listen{{Host: "host", Port: 22}}}},
		{"", "-p +22 -p 022 -p 0", Accepted, Options{Listens: []Listen{all(22), all(22), all(0)}}},
		{"", "-p 65558", notKnown, Options{Listens: []Listen{all(22)}}}, // glibc cuts it to 22
		{"", "-p ssh", notKnown, Options{Listens: []Listen{all(0)}}},
		{"", "-p [::1] -p 22", Accepted, Options{Listens: []Listen{all(22)}}},
		{"", "-p [::ffff:127.0.0.1]:22 -p 23", Accepted, Options{Listens: []Listen{all(23)}}},
		{"", "-p 1 -p 2 -p 3 -p 4 -p 5 -p 6 -p 7 -p 8 -p 9 -p 10 -p 11 -p [", Accepted, Options{Listens: []Listen{
			all(1), all(2), all(3), all(4), all(5), all(6), all(7), all(8), all(9), all(10),
		}}},
		{"", "-p [::1]", no, Options{}},
		{"", "-p [::1]x:22", no, Options{}},
		{"", "-p [::1", no, Options{}},
		{"", "-p ''", no, Options{}},
		{"", "-p 127.0.0.1:", no, Options{}},
		{"", "-p", no, Options{}},
		{"", "x", no, Options{}},
		{"", "''", no, Options{}},
		{"", "-", no, Options{}},
		{"", "--", no, Options{}},
		{"", "-p 22 23", no, Options{}},
		{"", "-y", no, Options{}},
		{"", "-V", no, Options{}},
		{"", "-h", no, Options{}},
		{"", "-Q help", no, Options{}},
		{"", "-v", notKnown, Options{Listens: []Listen{all(22)}}},
		{"", "-wgsjka", Accepted, Options{
			Listens: []Listen{all(22)}, NoRoot: true, NoRootPassword: true, NoPasswords: true,
			NoLocalForward: true, NoRemoteForward: true, GatewayPorts: true,
		}},
		{"", "-w -- -s", no, Options{}},
		{"", "-b -w", Accepted, Options{Listens: []Listen{all(22)}, Banner: "-w"}},
		{"", "-bw", Accepted, Options{Listens: []Listen{all(22)}, Banner: "w"}},
		{"", "-b ''", notKnown, Options{Listens: []Listen{all(22)}}},
		{"2022.83", "-b ''", no, Options{}},
		{"2024.84", "-b ''", Accepted, Options{Listens: []Listen{all(22)}}},
		{"", "-c secret -G admins -B", Accepted, Options{
			Listens: []Listen{all(22)}, ForcedCommand: true, Group: "admins", EmptyPasswords: true, Since: Version{2018, 76},
		}},
		{"", "-G ''", no, Options{}},
		{"", "-i -p 22", Accepted, Options{Inetd: true}},
		{"", "-iE", notKnown, Options{Inetd: true}},
		{"2022.83", "-iE", no, Options{}},
		{"2020.81", "-iE", Accepted, Options{Inetd: true}},
		{"2024.84", "-iE", Accepted, Options{Inetd: true}},
		{"", "-F -2 9", Accepted, Options{Child: true, Since: Version{2022, 82}}},
		{"", "-l eth0 -p 22", Accepted, Options{Listens: []Listen{{Port: 22, Interface: "eth0"}}, Since: Version{2024, 84}}},
		{"", "-leth0", Accepted, Options{Listens: []Listen{{Port: 22, Interface: "eth0"}}, Since: Version{2024, 84}}},
		{"2022.83", "-l eth0", no, Options{}},
		{"", "-D /etc/keys -z", Accepted, Options{Listens: []Listen{all(22)}, KeyDir: "/etc/keys", Since: Version{2025, 87}}},
		{"", "-D ~/.ssh/", Accepted, Options{Listens: []Listen{all(22)}, Since: Version{2025, 87}}},
		{"", "-D ''", no, Options{}},
		{"2024.86", "-D /x", no, Options{}},
		{"", "-t", Accepted, Options{Listens: []Listen{all(22)}, TwoFactor: true, Since: Version{2022, 83}}},
		{"", "-ts", no, Options{}},
		{"", "-tB", notKnown, Options{Listens: []Listen{all(22)}, TwoFactor: true, EmptyPasswords: true, Since: Version{2022, 83}}},
		{"2022.83", "-tB", Accepted, Options{Listens: []Listen{all(22)}, TwoFactor: true, EmptyPasswords: true, Since: Version{2022, 83}}},
		{"2026.92", "-tB", no, Options{}},
		{"2022.83", "-T 0", no, Options{}},
		{"2026.94", "-T 0", Accepted, Options{Listens: []Listen{all(22)}, Since: Version{2018, 76}}},
		{"", "-T 0", notKnown, Options{Listens: []Listen{all(22)}, Since: Version{2018, 76}}},
		{"2022.83", "-K x", no, Options{}},
		{"2022.83", "-K 99999999999", no, Options{}},
		{"2022.83", "-K 5 -I 0", Accepted, Options{Listens: []Listen{all(22)}}},
		{"2022.83", "-W 0", Accepted, Options{Listens: []Listen{all(22)}}},
		{"2020.81", "-W 0", no, Options{}},
		{"", "-W 65536", Accepted, Options{Listens: []Listen{all(22)}}},
		{"", "-A /x,y", notKnown, Options{Listens: []Listen{all(22)}, Plugin: true, Since: Version{2020, 79}}},
		{"2022.83", "-M 5", no, Options{}},
		{"2026.90", "-M 5", Accepted, Options{Listens: []Listen{all(22)}, Since: Version{2026, 90}}},
		{"", "-r a -d b -r c", Accepted, Options{Listens: []Listen{all(22)}}},
		{"2022.83", "-r a -r b -r c -r d", Accepted, Options{Listens: []Listen{all(22)}}},
		{"2022.83", "-r a -r b -r c -r d -r e", notKnown, Options{Listens: []Listen{all(22)}}},
		{"", "-r 1 -r 2 -r 3 -r 4 -r 5 -r 6 -r 7", no, Options{}},
		{"", "-e -z -u -m -R -P /run/x.pid", Accepted, Options{Listens: []Listen{all(22)}, Since: Version{2022, 83}}},
		// Before 2015.69 one letter counts and values stand apart.
		{"2014.65", "-Fw -p2222 2223 rest", Accepted, Options{Listens: []Listen{all(2223)}}},
		{"2015.69", "-Fw -p2222", Accepted, Options{Listens: []Listen{all(2222)}, NoRoot: true}},
		{"2012.55", "-B", no, Options{}},
		{"2012.55", "-p 127.0.0.1:22 -p [::1]:22", Accepted, Options{Listens: []Listen{at("127.0.0.1", 22)}}},
	}
	for _, test := range tests {
		t.Run(strings.ReplaceAll(test.version+"_"+test.args, " ", "_"), func(t *testing.T) {
			version, known := ParseVersion(test.version)
			if known != (test.version != "") {
				t.Fatalf("version %q: %v", test.version, version)
			}
			args := strings.Fields(test.args)
			for i, arg := range args {
				args[i] = strings.Trim(arg, "'")
			}
			got, out := ParseArgsOf(version, args)
			if diff := cmp.Diff(test.want, got, compareAddrs); diff != "" {
				t.Error(diff)
			}
			if out.Kind != test.kind {
				t.Errorf("outcome %+v, want %v", out, test.kind)
			}
		})
	}
}

func TestCommand(t *testing.T) {
	tests := []struct {
		argv string
		want []string
		ok   bool
	}{
		{"/usr/sbin/dropbear -F -p 22", []string{"-F", "-p", "22"}, true},
		{"dropbear", []string{}, true},
		{"/usr/bin/dropbearmulti dropbear -F", []string{"-F"}, true},
		{"dropbearmulti /x/dropbear -F", []string{"-F"}, true},
		{"dropbearmulti ssh host", nil, false},
		{"dropbearmulti", nil, false},
		{"dropbearkey -t rsa", nil, false},
		{"", nil, false},
	}
	for _, test := range tests {
		t.Run(strings.ReplaceAll(test.argv, " ", "_"), func(t *testing.T) {
			got, ok := Command(strings.Fields(test.argv))
			if diff := cmp.Diff(test.want, got); diff != "" || ok != test.ok {
				t.Error(ok, diff)
			}
		})
	}
}

func TestParseVersion(t *testing.T) {
	tests := []struct {
		s    string
		want Version
		ok   bool
	}{
		{"2022.83-1+deb12u3", Version{2022, 83}, true},
		{"2025.89-1~deb13u1", Version{2025, 89}, true},
		{"2024.86-r0", Version{2024, 86}, true},
		{"0.52-1", Version{0, 52}, true},
		{"2022", Version{}, false},
		{"x.1", Version{}, false},
		{"1.x", Version{}, false},
		{"", Version{}, false},
	}
	for _, test := range tests {
		t.Run(test.s, func(t *testing.T) {
			if got, ok := ParseVersion(test.s); got != test.want || ok != test.ok {
				t.Error(got, ok)
			}
		})
	}
	if (Version{}).Before(Version{2012, 55}) || (Version{2022, 83}).Before(Version{2022, 83}) || !(Version{2020, 81}).Before(Version{2022, 82}) {
		t.Error("the order of versions")
	}
}

func TestMeans(t *testing.T) {
	type means struct{ RootPassword, RootKey, RootBoth, RootEmpty, Password, Key bool }
	tests := []struct {
		args string
		want means
	}{
		{"", means{true, true, false, false, true, true}},
		{"-w", means{false, false, false, false, true, true}},
		{"-g", means{false, true, false, false, true, true}},
		{"-s", means{false, true, false, false, false, true}},
		{"-t", means{false, false, true, false, false, false}},
		{"-t -g", means{}},
		{"-t -w", means{}},
		{"-B", means{true, true, false, true, true, true}},
		{"-B -g", means{false, true, false, false, true, true}},
		{"-B -s", means{false, true, false, false, false, true}},
		{"-B -w", means{false, false, false, false, true, true}},
		{"-t -B", means{false, false, true, true, false, false}},
	}
	for _, test := range tests {
		t.Run(strings.ReplaceAll(test.args, " ", "_"), func(t *testing.T) {
			o, _ := ParseArgs(strings.Fields(test.args))
			got := means{o.RootPassword(), o.RootKey(), o.RootBoth(), o.RootEmptyPassword(), o.Password(), o.Key()}
			if got != test.want {
				t.Errorf("%+v, want %+v", got, test.want)
			}
			o.User = "ssh"
			if o.RootPassword() || o.RootKey() || o.RootBoth() || o.RootEmptyPassword() {
				t.Error("root gets into a Dropbear of another user")
			}
		})
	}
	for args, want := range map[string][3]bool{"-F": {true, true, true}, "-j": {false, true, true}, "-k": {true, false, true}, "-jk": {}} {
		o, _ := ParseArgs([]string{args})
		if got := [3]bool{o.LocalForward(), o.RemoteForward(), o.Forwarding()}; got != want {
			t.Errorf("%s forwards %v, want %v", args, got, want)
		}
	}
}

func TestAuthorizedKeys(t *testing.T) {
	tests := []struct {
		name    string
		dir     string
		account Account
		openWrt bool
		want    []string
		ok      bool
	}{
		{"home", "", Account{0, "/root"}, false, []string{"/root/.ssh/authorized_keys"}, true},
		{"openwrt-root", "", Account{0, "/root"}, true, []string{"/etc/dropbear/authorized_keys", "/root/.ssh/authorized_keys"}, true},
		{"openwrt-user", "", Account{1000, "/home/u"}, true, []string{"/home/u/.ssh/authorized_keys"}, true},
		{"tilde", "~/keys", Account{1000, "/home/u"}, false, []string{"/home/u/keys/authorized_keys"}, true},
		{"absolute", "/etc/keys", Account{0, "/root"}, false, []string{"/etc/keys/authorized_keys"}, true},
		{"relative", "keys", Account{0, "/root"}, false, nil, false},
		{"tilde-alone", "~", Account{0, "/root"}, false, nil, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, ok := Options{KeyDir: test.dir}.AuthorizedKeys(test.account, test.openWrt)
			if diff := cmp.Diff(test.want, got); diff != "" || ok != test.ok {
				t.Error(ok, diff)
			}
		})
	}
}
