package authkeys

import (
	"net/netip"
	"strconv"
	"strings"
)

// from reads the value of from=. A list that sshd cannot use admits nobody
// (addr_match_list in addrmatch.c), so the line is refused.
func (p *optionParser) from(value string) {
	p.out.HasFrom = true
	if strings.Count(value, ",") >= maxList {
		p.doubt("from= is longer than this program reads")
		return
	}
	p.out.From = strings.Split(value, ",")
	for _, item := range p.out.From {
		pattern := strings.TrimPrefix(item, "!")
		if pattern == "" {
			p.refuse("from= has an empty entry")
			continue
		}
		switch _, kind := parseNetwork(pattern); kind {
		case networkBroken:
			p.refuse("from= has a network whose mask does not fit its address")
		case networkOverlong:
			// Up to 9.7 such a mask makes the entry a pattern that matches nothing.
			p.require(flip(p.opts.since(9, 8)), "from= has a network whose mask does not fit its address")
		}
	}
}

// Admits reports whether from= lets in a client that connects from addr. Host is the
// name that sshd found for it, "" where it looks none up (UseDNS no, the default): then
// the address stands for the name. It is true without from= (match_host_and_ip in
// match.c).
func (o Options) Admits(host string, addr netip.Addr) bool {
	if !o.HasFrom {
		return true
	}
	addr = addr.Unmap()
	text := addr.String()
	if host == "" {
		host = text
	}
	byAddress, ok := matchAddress(o.From, addr, text)
	if !ok {
		return false
	}
	byName, ok := matchName(o.From, lower(host))
	return ok && (byAddress || byName)
}

// matchAddress is addr_match_list; ok is false where a negated entry matches or an entry
// is not usable.
func matchAddress(list []string, addr netip.Addr, text string) (matched, ok bool) {
	for _, item := range list {
		pattern, negated := strings.CutPrefix(item, "!")
		if pattern == "" {
			return false, false
		}
		network, kind := parseNetwork(pattern)
		hit := false
		switch kind {
		case networkBroken:
			return false, false
		case networkGood:
			hit = network.Contains(addr) // false for an address with a scope, as in sshd
		default:
			hit = matchPattern(text, pattern)
		}
		if hit && negated {
			return false, false
		}
		matched = matched || hit
	}
	return matched, true
}

// matchName is match_hostname; ok is false where a negated entry matches.
func matchName(list []string, host string) (matched, ok bool) {
	const longest = 1024 - 2
	for _, item := range list {
		pattern, negated := strings.CutPrefix(item, "!")
		if len(pattern) > longest {
			return false, true
		}
		if !matchPattern(host, lower(pattern)) {
			continue
		}
		if negated {
			return false, false
		}
		matched = true
	}
	return matched, true
}

func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

// matchPattern is match_pattern, without its recursion: * stands for any characters, ?
// for one.
func matchPattern(s, pattern string) bool {
	i, j := 0, 0
	star, mark := -1, 0
	for i < len(s) {
		switch {
		case j < len(pattern) && pattern[j] == '*':
			star, mark = j, i
			j++
		case j < len(pattern) && (pattern[j] == '?' || pattern[j] == s[i]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = mark, star+1
		default:
			return false
		}
	}
	return strings.Trim(pattern[j:], "*") == ""
}

// networkKind is what addr_pton_cidr makes of an entry.
type networkKind int

const (
	networkNone     networkKind = iota // a pattern
	networkGood                        // an address or a network
	networkBroken                      // bits beyond the mask, or a mask too long: the whole list fails
	networkOverlong                    // a mask beyond 128, which only later releases call broken
)

// parseNetwork reads an address with or without a mask (addr_pton_cidr in addr.c).
func parseNetwork(s string) (netip.Prefix, networkKind) {
	if len(s) >= 64 {
		return netip.Prefix{}, networkNone
	}
	text, mask, masked := strings.Cut(s, "/")
	addr, ok := parseAddress(text)
	if !ok {
		return netip.Prefix{}, networkNone
	}
	bits := addr.BitLen()
	if masked {
		n, ok := strtonum(mask, 1<<31-1)
		switch {
		case !ok:
			return netip.Prefix{}, networkNone
		case n > 128:
			return netip.Prefix{}, networkOverlong
		case int(n) > bits:
			return netip.Prefix{}, networkBroken
		}
		bits = int(n)
	}
	network := netip.PrefixFrom(addr.WithZone(""), bits)
	if network.Masked().Addr() != addr.WithZone("") {
		return netip.Prefix{}, networkBroken
	}
	if addr.Zone() != "" {
		// Only the host's interfaces tell whether it is an address at all. Compared as
		// the pattern it is otherwise, it says the same of a single address.
		return netip.Prefix{}, networkNone
	}
	return network, networkGood
}

// parseAddress is getaddrinfo(3) with AI_NUMERICHOST, which takes the forms of
// inet_aton(3) too: "10.1", "0x7f000001".
func parseAddress(s string) (netip.Addr, bool) {
	if strings.Contains(s, ":") {
		addr, err := netip.ParseAddr(s)
		return addr, err == nil
	}
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var value uint64
	for i, part := range parts {
		n, ok := atonNumber(part)
		room := uint(8)
		if i == len(parts)-1 {
			room = uint(8 * (5 - len(parts)))
		}
		if !ok || n >= 1<<room {
			return netip.Addr{}, false
		}
		value = value<<room | n
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}

// atonNumber reads a decimal, octal (0…) or hexadecimal (0x…) number.
func atonNumber(s string) (uint64, bool) {
	base, digits := 10, s
	switch {
	case s == "" || s[0] < '0' || s[0] > '9':
		return 0, false
	case len(s) > 2 && s[0] == '0' && s[1]|0x20 == 'x':
		base, digits = 16, s[2:]
	case len(s) > 1 && s[0] == '0':
		base, digits = 8, s[1:]
	}
	if strings.ContainsAny(digits, "_+-") {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, base, 33)
	return n, err == nil
}
