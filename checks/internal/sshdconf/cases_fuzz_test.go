package sshdconf

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// FuzzCases: whatever a configuration says, what a connection meets is among what
// Cases and May say, and every Case meets what it names.
func FuzzCases(f *testing.F) {
	for seed := range uint64(40) {
		g := blockGen{rand.New(rand.NewPCG(seed, 5)), Version{10, 0}}
		main, included := g.config("/d", seed%2 == 0)
		f.Add(main, included, []byte{10, 0, 0, byte(seed)}, []byte{10, 0, 0, 2}, uint8(seed))
	}
	f.Add("Match Address 10.0.?.1\nAllowUsers root@::1.2.3.*", "", make([]byte, 16), []byte{1, 2, 3, 4}, uint8(1))
	f.Fuzz(func(t *testing.T, main, included string, remote, local []byte, which uint8) {
		build := []Build{bullseye, bookworm, trixie, sid}[which%4]
		c := Load(Source{Files: mem("/d/cfg", main, "/d/inc", included)}, "/d/cfg", CommandLine{}, build)
		addr, ok := netip.AddrFromSlice(remote)
		here, okLocal := netip.AddrFromSlice(local)
		if len(c.Problems()) > 0 || !ok || !okLocal {
			return
		}
		set, o := c.Listens()
		if o.Kind == Refused || len(set) == 0 {
			t.Fatalf("listens on nothing: %+v", o)
		}
		a := []Account{rootUser, mailUser, {User: "x", Groups: []string{"root", "mail"}}}[which/4%3]
		conn := Conn{Account: a, Addr: addr, Local: here, LocalPort: set[int(which)%len(set)].Port}
		cases, complete := c.Cases(a)
		if len(cases) == 0 || len(cases) > maxCases {
			t.Fatalf("%d cases", len(cases))
		}
		meets := describe(c, conn)
		if complete && !slices.ContainsFunc(cases, func(k Case) bool { return describe(c, k.Conn) == meets }) {
			t.Fatalf("no case for %s (%s)", addr, meets)
		}
		for _, k := range cases {
			blocks := c.Effective(k.Conn).Blocks()
			for _, l := range k.When {
				if l.Keyword == "match" && !slices.Contains(blocks, l) {
					t.Fatalf("%s:%d does not apply to its case", l.File, l.Line)
				}
			}
		}
		e := c.Effective(conn)
		for _, keyword := range comparedSettings {
			s := e.Setting(keyword)
			if !s.Unknown && !slices.ContainsFunc(c.May(a, keyword), func(m Setting) bool {
				return m.Unknown || m.Line == s.Line && slices.Equal(m.Words, s.Words)
			}) {
				t.Fatalf("May does not know %s = %q", keyword, s.Words)
			}
		}
		for _, w := range ways0(e.Ways(true)) {
			if len(w.Methods) == 0 {
				t.Fatal("a way without a method")
			}
		}
	})
}

func ways0(list []Way, _ *Line, _ bool) []Way { return list }

// FuzzAddrText: the text of an address stands for that address.
func FuzzAddrText(f *testing.F) {
	for _, b := range [][]byte{{10, 0, 0, 1}, make([]byte, 16), {15: 1}, {12: 1, 15: 4}, {0x20, 1, 0xd, 0xb8, 15: 5}} {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		addr, ok := netip.AddrFromSlice(b)
		if !ok {
			return
		}
		if again, ok, _ := numericAddr(addrText(addr)); !ok || again != addr {
			t.Fatalf("%v became %v", addr, again)
		}
		l := parseAddrList(addrText(addr), trixie.Version)
		p := newPeer(&Conn{Addr: addr})
		if got := l.match(p.addr, p.addrText); (got == 1) == addr.Is4In6() {
			t.Fatalf("%v in its own list: %d", addr, got)
		}
	})
}
