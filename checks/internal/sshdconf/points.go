package sshdconf

import (
	"net/netip"
	"slices"
	"strings"
)

// points collects addresses at which conditions may change.
type points struct {
	starts []netip.Addr // where intervals begin
	extra  []netip.Addr // with zones
	filled int          // patterns that witnesses were looked for
	open   bool         // there was a pattern that is no union of networks, or too many
}

// Limits of points.
const (
	maxPoints = 8192
	maxFilled = 64
)

func (p *points) network(n netip.Prefix) {
	if len(p.starts) >= maxPoints {
		p.open = true
		return
	}
	p.starts = append(p.starts, n.Addr())
	if next := lastOf(n).Next(); next.IsValid() {
		p.starts = append(p.starts, next)
	}
}

// lastOf is the highest address of a network.
func lastOf(n netip.Prefix) netip.Addr {
	b := n.Addr().AsSlice()
	for i := n.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 0x80 >> (i % 8)
	}
	last, _ := netip.AddrFromSlice(b) // as long as an address is
	return last
}

func (p *points) addrList(l *addrList) {
	for i := range l.entries {
		switch e := &l.entries[i]; {
		case e.zone != "":
			p.extra = append(p.extra, e.network.Addr().WithZone(e.zone))
		case e.network.IsValid():
			p.network(e.network)
		default:
			p.pattern(e.pattern)
		}
	}
}

// names are patterns for a name where the name is the text of the address.
func (p *points) names(entries []entry) {
	for _, e := range entries {
		p.pattern(e.text)
	}
}

// pattern takes a pattern for the text of an address.
func (p *points) pattern(text string) {
	if !strings.ContainsAny(text, "*?") {
		addr, ok, _ := numericAddr(text)
		switch {
		case !ok || addrText(addr) != text:
		case addr.Zone() != "":
			p.extra = append(p.extra, addr)
		default:
			p.network(netip.PrefixFrom(addr, addr.BitLen()))
		}
		return
	}
	if strings.Trim(text, "*") == "" {
		return
	}
	if n, ok := patternNetwork(text); ok {
		p.network(n)
		return
	}
	if strings.Trim(text, "0123456789abcdef.:*?%") != "" && !strings.Contains(text, "%") {
		return // a name: the text of an address does not look like that
	}
	p.open = true
	if p.filled++; p.filled > maxFilled {
		return
	}
	for _, addr := range witnesses(text) {
		if addr.Zone() != "" {
			p.extra = append(p.extra, addr)
		} else {
			p.network(netip.PrefixFrom(addr, addr.BitLen()))
		}
	}
}

// patternNetwork returns the network that a pattern is another way to write of:
// "10.*", "192.168.*.*", "2001:db8:*".
func patternNetwork(text string) (netip.Prefix, bool) {
	head := strings.TrimRight(text, ".*")
	tail := text[len(head):]
	if parts := strings.Split(head, "."); head != "" && strings.HasPrefix(tail, ".*") && !strings.Contains(head, ":") {
		stars := strings.Count(tail, ".")
		if tail != strings.Repeat(".*", stars) || len(parts)+stars > 4 {
			return netip.Prefix{}, false
		}
		addr, err := netip.ParseAddr(head + strings.Repeat(".0", 4-len(parts)))
		if err != nil {
			return netip.Prefix{}, false
		}
		return netip.PrefixFrom(addr, 8*len(parts)), true
	}
	head, ok := strings.CutSuffix(text, ":*")
	if !ok {
		return netip.Prefix{}, false
	}
	groups := strings.Split(head, ":")
	if len(groups) > 7 {
		return netip.Prefix{}, false
	}
	for _, g := range groups {
		// A group that is not zero is always written, without leading zeros.
		if len(g) < 1 || len(g) > 4 || g[0] == '0' || strings.Trim(g, "0123456789abcdef") != "" {
			return netip.Prefix{}, false
		}
	}
	addr, err := netip.ParseAddr(head + strings.Repeat(":0", 8-len(groups)))
	if err != nil {
		return netip.Prefix{}, false
	}
	return netip.PrefixFrom(addr, 16*len(groups)), true
}

// witnesses fills the wildcards of a pattern so that addresses come out, a few.
func witnesses(text string) []netip.Addr {
	stars := []string{"1", "0", "10", "1.1", "1.1.1", "1.1.1.1", ""}
	if strings.Contains(text, ":") {
		stars = []string{"1", "", ":1", "::1", "1::1", "1:", "1::"}
	} else if !strings.Contains(text, ".") {
		stars = append(stars, ":", "::1", "2001:db8::", "1::")
	}
	var found []netip.Addr
	tries := 0
	var fill func(done, rest string)
	fill = func(done, rest string) {
		if tries++; tries > 2000 || len(found) >= 4 || len(done) > 60 {
			return
		}
		i := strings.IndexAny(rest, "*?")
		if i < 0 {
			s := done + rest
			if addr, ok, _ := numericAddr(s); ok && addrText(addr) == s && matchPattern(s, text) {
				found = append(found, addr)
			}
			return
		}
		options := stars
		if rest[i] == '?' {
			options = []string{"1", "2", "0", ".", ":"}
		}
		for _, o := range options {
			fill(done+rest[:i]+o, rest[i+1:])
		}
	}
	fill("", text)
	return found
}

var (
	mapped    = netip.MustParsePrefix("::ffff:0:0/96")
	linkLocal = netip.MustParsePrefix("fe80::/10")
	// ordinary are addresses for documentation (RFC 5737, RFC 3849), to stand for an
	// interval that holds one of them.
	ordinary = []netip.Addr{
		netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.1"), netip.MustParseAddr("203.0.113.1"),
		netip.MustParseAddr("2001:db8::1"),
	}
)

// all returns one address of every interval.
func (p *points) all() []netip.Addr {
	starts := append(p.starts, netip.IPv4Unspecified(), netip.IPv6Unspecified(),
		mapped.Addr(), lastOf(mapped).Next(), linkLocal.Addr(), lastOf(linkLocal).Next())
	slices.SortFunc(starts, netip.Addr.Compare)
	starts = slices.Compact(starts)
	var usual, plain, zoned []netip.Addr
	for i, first := range starts {
		last := lastOf(netip.PrefixFrom(first, 0))
		if i+1 < len(starts) && starts[i+1].BitLen() == first.BitLen() {
			last = starts[i+1].Prev()
		}
		if mapped.Contains(first) {
			continue // sshd takes them for IPv4
		}
		addr := first
		if first != last {
			addr = first.Next()
		}
		for _, o := range ordinary {
			if o.BitLen() == first.BitLen() && first.Compare(o) <= 0 && o.Compare(last) <= 0 {
				addr = o
				break
			}
		}
		if slices.Contains(ordinary, addr) {
			usual = append(usual, addr)
		} else {
			plain = append(plain, addr)
		}
		if linkLocal.Contains(addr) {
			zoned = append(zoned, addr.WithZone("eth0"))
		}
	}
	return slices.Concat(usual, plain, zoned, p.extra)
}
