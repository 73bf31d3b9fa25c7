package dropbear

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseUCI(t *testing.T) {
	const text = `# a comment
package dropbear

config dropbear 'main'
	option enable '1'
	option Port	22 # the port
	option Banner "a \"b\" 'c'"
	option Long 'one
two'
	list keyfile '/a'
	list keyfile /b
	option gone x
	option gone ''
config "dropbear"
	option a'b'c d"e"'f'\ g
	o Port 23
c dropbear main
	option Port 2222
	option Bad-Name x
	option Too many words
option
	option X 'y'; option Z 1
config
config dropbear na-me
config other main
bogus
	option hash a#b
	option joined a\
b
config dropbear last
option quote 'open`
	wantSections := []Section{
		{"dropbear", "main", 4, []UCIOption{
			{"enable", []string{"1"}, 5},
			{"Port", []string{"2222"}, 18},
			{"Banner", []string{`a "b" 'c'`}, 7},
			{"Long", []string{"one\ntwo"}, 8},
			{"keyfile", []string{"/a", "/b"}, 11},
			{"hash", []string{"a"}, 27},
			{"joined", []string{"ab"}, 28},
		}},
		{"dropbear", "", 14, []UCIOption{{"abc", []string{"def g"}, 15}, {"Port", []string{"23"}, 16}}},
		{"dropbear", "last", 30, nil},
	}
	wantBad := []BadLine{
		{19, "an option without a name"},
		{20, "too many arguments"},
		{21, "an option without a name"},
		{22, "several commands in one line"},
		{23, "a section without a type"},
		{24, "a name with a character that is not allowed"},
		{25, "a section of one name and another type"},
		{26, "an unknown command"},
		{31, "a quote that is not closed"},
	}
	sections, bad := ParseUCI([]byte(text))
	if diff := cmp.Diff(wantSections, sections) + cmp.Diff(wantBad, bad); diff != "" {
		t.Error(diff)
	}
}

// What an init script of OpenWrt 19.07 names, in short.
const openWrt19 = `uci_load_validate dropbear dropbear "$1" "$2" 'PasswordAuth:bool:1' 'enable:bool:1' \
	'Interface:string' 'RootPasswordAuth:bool:1' 'RootLogin:bool:1' 'BannerFile:file' 'Port:list(port):22'`

func TestParseOpenWrt(t *testing.T) {
	tests := []struct {
		name, data, script string
		want               []Instance
	}{
		{"nothing", "", "", nil},
		{"no-section", "config other\n\toption Port 22\n", "", nil},
		{"defaults", "config dropbear\n", "", []Instance{{
			Name: "@dropbear[0]", Line: 1, Enabled: true, Options: Options{Listens: []Listen{all(22)}},
		}}},
		{
			"shipped", "config dropbear main\n\toption enable '1'\n\toption PasswordAuth 'on'\n\toption RootPasswordAuth 'on'\n\toption Port '22'\n", "",
			[]Instance{{Name: "main", Line: 1, Enabled: true, Options: Options{Listens: []Listen{{Port: 22, Line: 5}}}}},
		},
		{
			"several", "config dropbear\n\toption Port 22\n\toption Interface lan\nconfig dropbear wan\n\toption Port 2222\n\toption DirectInterface 'wan x'\n\toption Interface lan\n" +
				"\toption PasswordAuth off\n\toption RootLogin 0\n\toption enable no\n", "",
			[]Instance{
				{Name: "@dropbear[0]", Line: 1, Enabled: true, Options: Options{Listens: []Listen{{Port: 22, Interface: "lan", Line: 2}}}},
				{Name: "wan", Line: 4, Options: Options{
					Listens: []Listen{{Port: 2222, Interface: "wan", Line: 5}}, NoPasswords: true, NoRoot: true,
				}},
			},
		},
		{
			"all", "config dropbear\n\toption RootPasswordAuth 0\n\toption GatewayPorts 1\n\toption LocalPortForward 0\n\toption RemotePortForward 0\n" +
				"\toption ForceCommand '/bin/x secret'\n\toption BannerFile /etc/banner\n\tlist keyfile /k1\n\tlist keyfile /k2\n\toption Interface 'lan guest'\n\toption RunAsUser ssh\n\toption MaxAuthTries 3\n", "",
			[]Instance{{
				Name: "@dropbear[0]", Line: 1, Enabled: true,
				Options: Options{
					Listens:        []Listen{{Port: 22, Interface: "lan", Line: 10}, {Port: 22, Interface: "guest", Line: 10}},
					NoRootPassword: true, NoRoot: true, GatewayPorts: true, NoLocalForward: true, NoRemoteForward: true,
					ForcedCommand: true, Banner: "/etc/banner", User: "ssh",
				},
				Needs: []Need{{"/etc/banner", 7}, {"/k1", 9}, {"/k2", 9}},
			}},
		},
		{
			"old-script", "config dropbear\n\toption LocalPortForward 0\n\toption DirectInterface wan\n\toption RootLogin 0\n", openWrt19,
			[]Instance{{Name: "@dropbear[0]", Line: 1, Enabled: true, Options: Options{Listens: []Listen{all(22)}, NoRoot: true}}},
		},
		{
			"not-a-truth", "config dropbear\n\toption PasswordAuth maybe\n", "",
			[]Instance{{Name: "@dropbear[0]", Line: 1, Enabled: true, Outcome: Outcome{Refused, 2, "a truth value that is none"}}},
		},
		{
			"upper-case", "config dropbear\n\toption PasswordAuth OFF\n", "",
			[]Instance{{Name: "@dropbear[0]", Line: 1, Enabled: true, Options: Options{Listens: []Listen{all(22)}}, Outcome: Outcome{Unsure, 2, "a truth value in upper case"}}},
		},
		{
			"bad-port", "config dropbear\n\toption Port 65558\n", "",
			[]Instance{{Name: "@dropbear[0]", Line: 1, Enabled: true, Outcome: Outcome{Refused, 2, "a port that is none"}}},
		},
		{
			"ports", "config dropbear\n\tlist Port 22\n\tlist Port 23\n", "",
			[]Instance{{
				Name: "@dropbear[0]", Line: 1, Enabled: true, Options: Options{Listens: []Listen{{Port: 22, Line: 3}, {Port: 23, Line: 3}}},
				Outcome: Outcome{Unsure, 3, "several ports in one section"},
			}},
		},
		{
			"bad-line", "config dropbear\n\toption Port 22\n\tbogus\n", "",
			[]Instance{{
				Name: "@dropbear[0]", Line: 1, Enabled: true, Options: Options{Listens: []Listen{{Port: 22, Line: 2}}},
				Outcome: Outcome{Unsure, 3, "the file has an unknown command"},
			}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := ParseOpenWrt([]byte(test.data), []byte(test.script))
			if diff := cmp.Diff(test.want, got, compareAddrs); diff != "" {
				t.Error(diff)
			}
		})
	}
}
