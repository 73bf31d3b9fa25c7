package sshdconf

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestListens has the rows of the specification about the effective listen set.
func TestListens(t *testing.T) {
	for _, test := range []struct{ name, args, config, want string }{
		{"default", "", "", "0.0.0.0:22 [::]:22"},
		{"inet", "", "AddressFamily inet", "0.0.0.0:22"},
		{"dash_6", "-6", "AddressFamily inet", "[::]:22"},
		{"address_beats_port", "", "Port 2222\nListenAddress 0.0.0.0:22", "0.0.0.0:22"},
		{"ports_times_address", "", "Port 2222\nListenAddress 127.0.0.1\nPort 2223", "127.0.0.1:2222 127.0.0.1:2223"},
		{"forms", "", "Port 2222\nListenAddress [::1]:2022\nListenAddress ::\nListenAddress 127.0.0.1:22", "127.0.0.1:22 [::1]:2022 [::]:2222"},
		{"bare_v6", "", "ListenAddress 2001:db8::1\nPort 022", "[2001:db8::1]:22"},
		{"twice", "", "Port 22\nPort 22\nAddressFamily inet", "0.0.0.0:22"},
		{"name", "", "ListenAddress localhost:2022", "localhost:2022"},
		{"dash_p", "-p 2222", "Port 22\nAddressFamily inet", "0.0.0.0:2222"},
		{"dash_p_twice", "-p2222 -p 2223", "AddressFamily inet", "0.0.0.0:2222 0.0.0.0:2223"},
		{"dash_p_address", "-p 2222", "ListenAddress 0.0.0.0:22", "0.0.0.0:22"},
		{"dash_o", "-o Port=2222", "Port 22\nAddressFamily inet", "0.0.0.0:22 0.0.0.0:2222"},
		{"dash_o_address", "-o ListenAddress=0.0.0.0:22", "ListenAddress 127.0.0.1:23", "0.0.0.0:22 127.0.0.1:23"},
		{"match_all", "", "AddressFamily inet\nMatch all\nPort 2022", "0.0.0.0:2022"},
		{"no_family", "", "AddressFamily inet\nListenAddress ::1", "refused"},
		{"zero", "", "Port 0", "refused"},
		{"dash_o_match", "-o Match=all", "", "refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			command, o := ParseArgs(strings.Fields(test.args), bookworm)
			if o.Kind != Accepted {
				t.Fatal(o)
			}
			c := Load(Source{Files: mem("/c", test.config)}, "/c", command, bookworm)
			var got []string
			if problems := c.Problems(); len(problems) > 0 {
				got = append(got, []string{"", "refused", "unsure"}[problems[0].Kind])
			} else {
				set, _ := c.Listens()
				for _, l := range set {
					if l.Addr.IsValid() {
						l.Host = l.Addr.String()
					}
					if l.Addr.Is6() {
						l.Host = "[" + l.Host + "]"
					}
					got = append(got, fmt.Sprintf("%s:%d", l.Host, l.Port))
				}
				slices.Sort(got)
			}
			if diff := cmp.Diff(strings.Fields(test.want), got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseArgs(t *testing.T) {
	for _, test := range []struct {
		args []string
		want CommandLine
		kind OutcomeKind
	}{
		{nil, CommandLine{}, Accepted},
		{[]string{"-De", "-f", "/x", "-4"}, CommandLine{File: "/x", Family: "inet"}, Accepted},
		{[]string{"-f", "NONE"}, CommandLine{File: "none"}, Accepted},
		{[]string{"-f", "x"}, CommandLine{File: "x"}, Unsure},
		{[]string{"-i"}, CommandLine{Inetd: true}, Accepted},
		{[]string{"-p"}, CommandLine{}, Refused},
		{[]string{"-p", "0"}, CommandLine{}, Refused},
		{[]string{"-p", "22", "-oPort=23"}, CommandLine{Ports: []uint16{22}}, Accepted},
		{[]string{"-D", "yes"}, CommandLine{}, Unsure},
		{[]string{"-Z"}, CommandLine{}, Refused},
	} {
		got, o := ParseArgs(test.args, bookworm)
		if diff := cmp.Diff(test.want, got); diff != "" || o.Kind != test.kind {
			t.Errorf("%q: %+v, want kind %d; %s", test.args, o, test.kind, diff)
		}
	}
}

func TestTitleArgs(t *testing.T) {
	for title, want := range map[string][]string{
		"sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups":              {"-D"},
		"sshd: /usr/sbin/sshd -D -p 2222 [listener] 3 of 10-100 startups\x00 ": {"-D", "-p", "2222"},
		"sshd: alice [priv]":                           nil,
		"sshd: /usr/sbin/sshd -D -f /a/very/long/name": nil,
		"/usr/sbin/sshd -D":                            nil,
	} {
		got, ok := TitleArgs(title)
		if !slices.Equal(got, want) || ok != (want != nil) {
			t.Errorf("TitleArgs(%q) = %q, %v", title, got, ok)
		}
	}
}
