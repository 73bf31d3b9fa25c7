package proftpdconf_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"hostaudit/checks/internal/proftpdconf"
)

const mainFile = "/etc/proftpd/proftpd.conf"

var debian = proftpdconf.Build{Version: proftpdconf.Version{Major: 1, Minor: 3, Patch: 8, Level: 3}, Debian: true}

func load(text string, build proftpdconf.Build) *proftpdconf.Config {
	m := archive(text)
	m.files["/usr/lib/proftpd/mod_sftp.so"] = ""
	m.files["/usr/lib/proftpd/mod_tls.so"] = ""
	m.files["/usr/lib/proftpd/mod_vroot.so"] = ""
	return proftpdconf.Load(m, mainFile, proftpdconf.CommandLine{}, build)
}

func problem(kind proftpdconf.Kind, file string, line int) proftpdconf.Problem {
	return proftpdconf.Problem{File: file, Line: line, Outcome: proftpdconf.Outcome{Kind: kind}}
}

// Where a port is set, what it speaks, and where a problem is.
func TestLoad(t *testing.T) {
	any6 := netip.IPv6Unspecified()
	other := "/etc/proftpd/a.conf"
	tests := []struct {
		name, text string
		listens    []proftpdconf.Listen
		problems   []proftpdconf.Problem
	}{
		{"default", "# nothing\n", []proftpdconf.Listen{{Addr: any6, Port: 21, FTP: true}}, nil},
		{"position", "# a\nServerName b\nPo\\\nrt 2121\n", []proftpdconf.Listen{{Addr: any6, Port: 2121, File: mainFile, Line: 3, FTP: true, Server: "b"}}, nil},
		{
			"positionInInclude", "Include " + other + "\n-- a.conf --\n\nPort 2121",
			[]proftpdconf.Listen{{Addr: any6, Port: 2121, File: other, Line: 2, FTP: true}},
			nil,
		},
		{
			"sftp", "LoadModule mod_sftp.c\nPort 21\n<VirtualHost 10.0.0.1>\nSFTPEngine on\nPort 22\n</VirtualHost>\n",
			[]proftpdconf.Listen{{Addr: any6, Port: 21, File: mainFile, Line: 2, FTP: true}, {Addr: any6, Port: 22, File: mainFile, Line: 5, Server: "10.0.0.1"}},
			nil,
		},
		{
			"sftpGlobal", "LoadModule mod_sftp.c\nSFTPEngine off\n<Global>\nSFTPEngine on\n</Global>\n<VirtualHost 10.0.0.1>\nPort 22\n</VirtualHost>\n",
			[]proftpdconf.Listen{{Addr: any6, Port: 21, FTP: true}, {Addr: any6, Port: 22, File: mainFile, Line: 7, Server: "10.0.0.1"}},
			nil,
		},
		{
			"implicitTLS", "LoadModule mod_tls.c\nPort 990\nTLSEngine on\nTLSOptions StdEnvVars UseImplicitSSL\n",
			[]proftpdconf.Listen{{Addr: any6, Port: 990, File: mainFile, Line: 2, FTP: true, ImplicitTLS: true}},
			nil,
		},
		{
			"implicitTLSOff", "LoadModule mod_tls.c\nTLSOptions UseImplicitSSL\n",
			[]proftpdconf.Listen{{Addr: any6, Port: 21, FTP: true}},
			nil,
		},
		{
			"implicitTLSKept", "LoadModule mod_tls.c\nTLSEngine on\nTLSOptions UseImplicitSSL\nTLSOptions StdEnvVars\n",
			[]proftpdconf.Listen{{Addr: any6, Port: 21, FTP: true, ImplicitTLS: true}},
			nil,
		},
		{
			"optionOfNoVersion", "LoadModule mod_tls.c\nTLSOptions UseImplicitTLS\n", nil,
			[]proftpdconf.Problem{problem(proftpdconf.Refused, mainFile, 2)},
		},
		{
			"optionOfTheEnvironment", "LoadModule mod_tls.c\nTLSOptions %{env:OPTIONS}\n",
			[]proftpdconf.Listen{{Addr: any6, Port: 21, FTP: true}},
			[]proftpdconf.Problem{problem(proftpdconf.Unsure, mainFile, 2)},
		},
		{
			"sftpAndTLS", "DefaultAddress 10.0.0.2\nLoadModule mod_tls.c\nLoadModule mod_sftp.c\n<VirtualHost 10.0.0.1>\nTLSEngine on\nSFTPEngine on\n</VirtualHost>\n", nil,
			[]proftpdconf.Problem{problem(proftpdconf.Refused, mainFile, 0)},
		},
		{"foreignModule", "LoadModule mod_vroot.c\nVRootEngine on\n", []proftpdconf.Listen{{Addr: any6, Port: 21, FTP: true}}, nil},
		{
			"foreignDirective", "LoadModule mod_vroot.c\nBogus on\n",
			[]proftpdconf.Listen{{Addr: any6, Port: 21, FTP: true}},
			[]proftpdconf.Problem{problem(proftpdconf.Unsure, mainFile, 2)},
		},
		{"refused", "Port 1\n\nBogus\n", nil, []proftpdconf.Problem{problem(proftpdconf.Refused, mainFile, 3)}},
		{"unclosed", "<Global>\nPort 1\n", nil, []proftpdconf.Problem{problem(proftpdconf.Refused, mainFile, 0)}},
		{
			"warned", "Include /etc/proftpd/nothing\nInclude " + other + "\nPort 2\n-- a.conf --\nPort 1\nBogus\n",
			[]proftpdconf.Listen{{Addr: any6, Port: 1, File: other, Line: 1, FTP: true}},
			[]proftpdconf.Problem{problem(proftpdconf.Warned, mainFile, 1), problem(proftpdconf.Warned, other, 2)},
		},
		{
			"name", "<VirtualHost ftp.example.com>\nPort 2121\n</VirtualHost>\n",
			[]proftpdconf.Listen{{Addr: any6, Port: 21, FTP: true}, {Addr: any6, Port: 2121, File: mainFile, Line: 2, FTP: true, Server: "ftp.example.com"}},
			[]proftpdconf.Problem{problem(proftpdconf.Unsure, mainFile, 1)},
		},
		{
			"tightName", "SocketBindTight on\nDefaultAddress 127.0.0.1\n<VirtualHost ftp.example.com>\nPort 2121\n</VirtualHost>\n",
			[]proftpdconf.Listen{{Addr: netip.MustParseAddr("127.0.0.1"), Port: 21, FTP: true}, {Host: "ftp.example.com", Port: 2121, File: mainFile, Line: 4, FTP: true, Server: "ftp.example.com"}},
			[]proftpdconf.Problem{problem(proftpdconf.Unsure, mainFile, 3)},
		},
		{
			"tightOwnName", "SocketBindTight on\nPort 2121\n",
			[]proftpdconf.Listen{{Port: 2121, File: mainFile, Line: 2, FTP: true}},
			[]proftpdconf.Problem{problem(proftpdconf.Unsure, mainFile, 0)},
		},
		{
			"ownAddressMatters", "<VirtualHost 10.0.0.1>\n</VirtualHost>\nPort 2121\n",
			[]proftpdconf.Listen{{Addr: any6, Port: 21, FTP: true, Server: "10.0.0.1"}, {Addr: any6, Port: 2121, File: mainFile, Line: 3, FTP: true}},
			[]proftpdconf.Problem{problem(proftpdconf.Unsure, mainFile, 0)},
		},
		{
			"recursion", "Include /etc/proftpd/proftpd.conf\n", nil,
			[]proftpdconf.Problem{problem(proftpdconf.Unsure, mainFile, 1)},
		},
		{
			"longLine", "Port 1\nServerName " + strings.Repeat("x", 5000) + "\n", nil,
			[]proftpdconf.Problem{problem(proftpdconf.Unsure, mainFile, 2)},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := load(test.text, debian)
			if diff := cmp.Diff(test.listens, c.Listens(), cmpopts.EquateComparable(netip.Addr{}), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
			got := c.Problems()
			for i := range got {
				if got[i].Why == "" {
					t.Errorf("problem without a reason: %+v", got[i])
				}
				got[i].Why = ""
			}
			if diff := cmp.Diff(test.problems, got, cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Versions that read differently, and builds that are not known.
func TestVersions(t *testing.T) {
	tests := []struct {
		text, want string
		build      proftpdconf.Build
		kind       proftpdconf.Kind
	}{
		{"Port 1\nPort 2\n", "[::]:1", debian, proftpdconf.Accepted},
		{"Port 1\nPort 2\n", "[::]:2", proftpdconf.Build{Version: proftpdconf.Version{Major: 1, Minor: 3, Patch: 5, Level: 5}}, proftpdconf.Accepted},
		{"Port 1\nPort 2\n", "[::]:1", proftpdconf.Build{}, proftpdconf.Unsure},
		{"Port 1\n", "[::]:1", proftpdconf.Build{}, proftpdconf.Accepted},
		{"<IfModule mod_sftp.c>\nSFTPLog none\n</IfModule>\n", "[::]:21", proftpdconf.Build{}, proftpdconf.Accepted},
		{"<IfModule mod_sftp.c>\nPort 22\n</IfModule>\n", "[::]:21", proftpdconf.Build{}, proftpdconf.Unsure},
		{"Bogus\n", "[::]:21", proftpdconf.Build{}, proftpdconf.Unsure},
		{"LoadModule mod_tls.c\nTLSOptions NoCertRequest\n", "[::]:21", proftpdconf.Build{}, proftpdconf.Unsure},
		{"LoadModule mod_tls.c\nTLSOptions Later\n", "[::]:21", proftpdconf.Build{Version: proftpdconf.Version{Major: 1, Minor: 3, Patch: 10}, Debian: true}, proftpdconf.Unsure},
		{"Include /etc/proftpd/a\nPort 1\n-- a --\nBogus\n", "", proftpdconf.Build{Version: proftpdconf.Version{Major: 1, Minor: 3, Patch: 5, Level: 5}, Debian: true, Static: []string{"mod_core.c"}}, proftpdconf.Refused},
	}
	for _, test := range tests {
		c := load(test.text, test.build)
		if got := bound(c.Listens()); got != test.want || c.Outcome().Kind != test.kind {
			t.Errorf("%q as %+v: %q %+v", test.text, test.build, got, c.Problems())
		}
	}
}

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]proftpdconf.Version{
		"1.3.8+dfsg-4+deb12u4": {Major: 1, Minor: 3, Patch: 8},
		"1.3.8.c+dfsg-4":       {Major: 1, Minor: 3, Patch: 8, Level: 3},
		"1.3.7a+dfsg-12":       {Major: 1, Minor: 3, Patch: 7, Level: 1},
		"1.3.9e~dfsg-1":        {Major: 1, Minor: 3, Patch: 9, Level: 5},
		"1.3.9~rc2-1":          {Major: 1, Minor: 3, Patch: 9, Level: -1},
		"0:1.3.5e-11.el7":      {Major: 1, Minor: 3, Patch: 5, Level: 5},
		"1.3":                  {},
		"x":                    {},
	} {
		got, ok := proftpdconf.ParseVersion(text)
		if got != want || ok != want.Known() {
			t.Errorf("%q: %+v %v", text, got, ok)
		}
	}
}

func TestParseArgs(t *testing.T) {
	tests := []struct {
		args string
		want proftpdconf.CommandLine
		kind proftpdconf.Kind
	}{
		{"-c /a -DX -D Y -N -n -q -4", proftpdconf.CommandLine{Config: "/a", Defines: []string{"X", "Y"}, NoCollision: true, IPv4: true}, proftpdconf.Accepted},
		{"-4 --ipv6 --config=/b", proftpdconf.CommandLine{Config: "/b", IPv6: true}, proftpdconf.Accepted},
		{"-nqd5 -S 10.0.0.1 -p0 -X", proftpdconf.CommandLine{Address: "10.0.0.1"}, proftpdconf.Accepted},
		{"-t", proftpdconf.CommandLine{Ends: true}, proftpdconf.Accepted},
		{"--version-status", proftpdconf.CommandLine{Ends: true}, proftpdconf.Accepted},
		{"-h x", proftpdconf.CommandLine{Ends: true}, proftpdconf.Accepted},
		{"-c", proftpdconf.CommandLine{}, proftpdconf.Refused},
		{"--no", proftpdconf.CommandLine{}, proftpdconf.Refused},
		{"-z", proftpdconf.CommandLine{}, proftpdconf.Refused},
		{"-n -- x", proftpdconf.CommandLine{}, proftpdconf.Refused},
		{"--quiet=1", proftpdconf.CommandLine{}, proftpdconf.Refused},
	}
	for _, test := range tests {
		got, out := proftpdconf.ParseArgs(debian.Version, strings.Fields(test.args))
		if diff := cmp.Diff(test.want, got); diff != "" || out.Kind != test.kind {
			t.Errorf("%q: %+v %s", test.args, out, diff)
		}
	}
}
