package sshdconf

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var (
	rootUser = Account{User: "root", Groups: []string{"root"}}
	mailUser = Account{User: "mail", Groups: []string{"mail"}}
)

// describe writes what a connection meets: the blocks, and which words of the Allow
// and Deny lists in force name it.
func describe(c *Config, conn Conn) string {
	e := c.Effective(conn)
	var b strings.Builder
	for _, l := range e.Blocks() {
		fmt.Fprintf(&b, "%s:%d ", l.File, l.Line)
	}
	for _, keyword := range []string{"allowusers", "denyusers"} {
		for _, word := range e.Setting(keyword).Words {
			p := newAccountPattern(word, trixie.Version)
			if p.hosts != nil && p.match(newPeer(&conn)) {
				fmt.Fprintf(&b, "%s %s ", keyword, word)
			}
		}
	}
	return b.String()
}

// randomConn is a connection that a configuration of blockGen can meet.
func randomConn(g blockGen, c *Config, a Account) Conn {
	conn := g.conn()
	conn.Account = a
	switch g.IntN(4) {
	case 0:
		conn.Addr = netip.AddrFrom4([4]byte{byte(g.IntN(256)), byte(g.IntN(256)), byte(g.IntN(3)), byte(g.IntN(256))})
	case 1:
		b := [16]byte{byte(g.IntN(256)), byte(g.IntN(256)), 0x0d, byte(g.IntN(256)), byte(g.IntN(2)), 15: byte(g.IntN(256))}
		conn.Addr = netip.AddrFrom16(b)
	}
	if g.IntN(2) == 0 {
		conn.Local = netip.MustParseAddr(genAddrs[g.IntN(len(genAddrs))])
	}
	if c.Effective(conn).Setting("usedns").Word() != "yes" {
		conn.Host = ""
	}
	set, _ := c.Listens()
	conn.LocalPort = 22
	if len(set) > 0 {
		conn.LocalPort = set[g.IntN(len(set))].Port
	}
	return conn
}

// TestCasesCoverEverything: what any connection meets is what a Case meets, if the
// answer is complete; and every setting of it is one that May names.
func TestCasesCoverEverything(t *testing.T) {
	complete, several := 0, 0
	const configurations = 400
	for seed := range configurations {
		build := []Build{bullseye, bookworm, trixie, sid}[seed%4]
		g := blockGen{rand.New(rand.NewPCG(uint64(seed), 77)), build.Version}
		main, included := g.config("/d", seed%8 < 4)
		c := Load(Source{Files: mem("/d/cfg", main, "/d/inc", included)}, "/d/cfg", CommandLine{}, build)
		a := []Account{rootUser, mailUser}[seed/4%2]
		cases, all := c.Cases(a)
		known := map[string]bool{}
		for _, k := range cases {
			known[describe(c, k.Conn)] = true
			blocks := c.Effective(k.Conn).Blocks()
			for _, l := range k.When {
				if l.Keyword == "match" && !slices.Contains(blocks, l) {
					t.Fatalf("seed %d: %s:%d does not apply to its case %+v\n%s", seed, l.File, l.Line, k.Conn, main)
				}
			}
		}
		if len(known) != len(cases) {
			t.Fatalf("seed %d: %d cases, %d different ones\n%s-- inc --\n%s", seed, len(cases), len(known), main, included)
		}
		if all {
			complete++
			if len(cases) > 1 {
				several++
			}
		}
		for range 60 {
			conn := randomConn(g, c, a)
			if all && !known[describe(c, conn)] {
				t.Fatalf("seed %d: no case for %+v (%s)\n%s-- inc --\n%s", seed, conn, describe(c, conn), main, included)
			}
			e := c.Effective(conn)
			for _, keyword := range comparedSettings {
				s := e.Setting(keyword)
				if !slices.ContainsFunc(c.May(a, keyword), func(m Setting) bool {
					return m.Unknown || m.Line == s.Line && slices.Equal(m.Words, s.Words)
				}) {
					t.Fatalf("seed %d: May does not know %s = %q of %+v\n%s-- inc --\n%s", seed, keyword, s.Words, conn, main, included)
				}
			}
		}
	}
	t.Logf("%d of %d complete, %d with several cases", complete, configurations, several)
	if complete < configurations/3 || several < configurations/5 {
		t.Errorf("only %d of %d answers are complete, %d of them with several cases", complete, configurations, several)
	}
}

func TestCases(t *testing.T) {
	for _, test := range []struct{ name, config, want string }{
		{"plain", "PermitRootLogin no\n", "always"},
		{"other_user", "Match User alice Address 10.0.0.0/8\n", "always"},
		{"user", "Match User root\nPermitRootLogin yes\n", "always"},
		{"network", "Match User root Address 10.0.0.0/8\n", "always; 10.0.0.1: Match User root Address 10.0.0.0/8"},
		{
			"nested", "Match Address 10.0.0.0/8\nMatch Address 10.1.0.0/16\n",
			"always; 10.0.0.1: Match Address 10.0.0.0/8; 10.1.0.1: Match Address 10.0.0.0/8, Match Address 10.1.0.0/16",
		},
		{"disjoint", "Match Address 10.0.0.0/8,!10.0.0.0/8\n", "always"},
		{"octets", "AllowUsers root@10.*\n", "always; 10.0.0.1: AllowUsers root@10.*"},
		{"other_list", "AllowUsers root alice@10.*\n", "always"},
		{"every_address", "Match Address *\nPermitRootLogin no\n", "always"},
		// A link-local address has a zone, and is in no network.
		{"networks_of_all", "Match Address 0.0.0.0/0,::/0\n", "fe80::1%eth0: always; Match Address 0.0.0.0/0,::/0"},
		{"port", "Port 22\nPort 2222\nMatch LocalPort 22\n", "port 2222 always; Match LocalPort 22"},
		{"the_port", "Match LocalPort 22\n", "always"},
		{"unmatched_port", "Match LocalPort 2222\n", "always; port 2222 Match LocalPort 2222"},
		{"wildcard", "Match Address 10.0.?.1\n", "incomplete always; 10.0.0.1: Match Address 10.0.?.1"},
		{"name_without_dns", "Match Host *.example.org\n", "always"},
		{"name", "UseDNS yes\nMatch Host *.example.org\n", "always; 192.0.2.1 b.example.org: Match Host *.example.org"},
		{"domain", "Match RDomain vrf1\n", "always; domain vrf1 Match RDomain vrf1"},
		{"group", "Match Group wheel Address 10.0.0.0/8\n", "always"},
		{"invalid", "Match invalid-user\n", "always"},
		{"replaced", "DenyUsers root@10.*\nMatch Address 10.*\nDenyUsers x\n", "always; 10.0.0.1: Match Address 10.*"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := Load(Source{Files: mem("/c", test.config)}, "/c", CommandLine{}, sid)
			if p := c.Problems(); len(p) > 0 {
				t.Fatal(p)
			}
			cases, complete := c.Cases(rootUser)
			var got []string
			for i, k := range cases {
				var b strings.Builder
				if k.Conn.LocalPort != 22 {
					fmt.Fprintf(&b, "port %d ", k.Conn.LocalPort)
				}
				if k.Conn.RDomain != "" {
					fmt.Fprintf(&b, "domain %s ", k.Conn.RDomain)
				}
				if k.Conn.Addr.String() != "192.0.2.1" || k.Conn.Host != "" || i > 0 && b.Len() == 0 && k.Conn.LocalPort != 22 {
					b.WriteString(strings.TrimSpace(k.Conn.Addr.String()+" "+k.Conn.Host) + ": ")
				}
				for j, l := range k.When {
					b.WriteString(strings.Repeat(", ", min(j, 1)) + l.Raw)
				}
				if len(k.When) == 0 {
					b.WriteString("always")
				}
				got = append(got, b.String())
			}
			text := strings.Join(got, "; ")
			if !complete {
				text = "incomplete " + text
			}
			if diff := cmp.Diff(test.want, text); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestCasesHostile: the time is bounded whatever a configuration holds.
func TestCasesHostile(t *testing.T) {
	var blocks, patterns, wild strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&blocks, "Match Address 10.%d.%d.0/24\nPermitRootLogin no\n", i/256, i%256)
		fmt.Fprintf(&wild, "Match Address *%d*,1?.%d.* LocalPort %d\nPermitRootLogin no\n", i, i%256, i+1)
	}
	for i := range 1000 {
		patterns.WriteString("AllowUsers")
		for j := range 100 {
			fmt.Fprintf(&patterns, " root@10.%d.%d.%d", i/256, i%256, j)
		}
		patterns.WriteString("\n")
	}
	long := "Match Address " + strings.Repeat("*1", 20_000) + "\nPermitRootLogin yes\n"
	for name, config := range map[string]string{"blocks": blocks.String(), "patterns": patterns.String(), "wild": wild.String(), "long": long} {
		t.Run(name, func(t *testing.T) {
			c := Load(Source{Files: mem("/c", config)}, "/c", CommandLine{}, sid)
			began := time.Now()
			cases, complete := c.Cases(rootUser)
			took := time.Since(began)
			if complete || len(cases) == 0 || len(cases) > maxCases {
				t.Errorf("%d cases, complete: %v", len(cases), complete)
			}
			began = time.Now()
			e := c.Effective(cases[len(cases)-1].Conn)
			e.Admission()
			each := time.Since(began)
			t.Logf("cases %v, one of them %v", took, each)
			// Five times what it takes on a slow machine.
			if took > 2*time.Second || each > 500*time.Millisecond {
				t.Errorf("Cases took %v, evaluating one %v", took, each)
			}
			if name == "blocks" && !slices.ContainsFunc(c.May(rootUser, "PermitRootLogin"), func(s Setting) bool { return s.Line == nil }) {
				t.Error("May does not know the default")
			}
		})
	}
}
