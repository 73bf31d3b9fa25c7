package sshdconf

import (
	"math"
	"net/netip"
	"strings"
)

// userPattern judges one word of AllowUsers or DenyUsers: the host part after the @
// (from 9.9 on the last one) may hold networks, whose host bits must be zero.
func userPattern(d *directive, arg string) Outcome {
	at := strings.IndexByte(arg, '@')
	if d.build.Version.AtLeast(9, 9) {
		at = strings.LastIndexByte(arg, '@')
	}
	if at < 0 {
		return Outcome{}
	}
	return addressList(arg[at+1:], d.build.Version)
}

// addressList judges a comma-separated list of addresses, networks and patterns
// (addr_match_list() in addrmatch.c with no address to match).
func addressList(list string, v Version) Outcome {
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.TrimPrefix(entry, "!")
		if entry == "" {
			return refused("empty entry in a list of addresses")
		}
		if _, kind, o := cidr(entry, v); kind == badNetwork || o.Kind != Accepted {
			return o
		}
	}
	return Outcome{}
}

// entryKind is what an entry of a list of addresses is.
type entryKind int

const (
	network    entryKind = iota // an address or a network
	badNetwork                  // a network that sshd refuses
	wildcard                    // no address: a pattern
)

// cidr is addr_pton_cidr() in addr.c.
func cidr(entry string, v Version) (netip.Prefix, entryKind, Outcome) {
	none := netip.Prefix{}
	if len(entry) > 63 {
		return none, wildcard, Outcome{}
	}
	host, mask, hasMask := strings.Cut(entry, "/")
	bits, ok := int64(-1), true
	if hasMask {
		if bits, ok = maskBits(mask, v); !ok {
			return none, wildcard, Outcome{}
		}
	}
	addr, ok, o := numericAddr(host)
	switch {
	case !ok && !hasMask:
		// With the name of an interface it is one address or, where there is no such
		// interface, a pattern: either is that text and no other.
		return none, wildcard, Outcome{}
	case o.Kind != Accepted:
		return none, badNetwork, o
	case !ok:
		return none, wildcard, Outcome{}
	case !hasMask:
		bits = int64(addr.BitLen())
	case bits > int64(addr.BitLen()):
		return none, badNetwork, refused("network mask longer than the address")
	}
	prefix := netip.PrefixFrom(addr, int(bits))
	if prefix.Masked() != prefix {
		return none, badNetwork, refused("network with bits set in the host part")
	}
	return prefix, network, Outcome{}
}

// maskBits reads what follows the slash; ok is false where sshd takes the entry for a
// pattern.
func maskBits(s string, v Version) (int64, bool) {
	switch {
	case v.AtLeast(9, 8):
		return strtonum(s, 0, math.MaxInt32)
	case s == "", v.AtLeast(9, 1) && (s[0] < '0' || s[0] > '9'):
		return 0, false
	}
	n, rest, ok := scanInt(s, 10)
	return n, ok && rest == "" && n >= 0 && n <= 128
}

// numericAddr is getaddrinfo() with AI_NUMERICHOST: it also takes the old forms of
// inet_aton(), such as 10.1 and 0x7f000001.
func numericAddr(s string) (netip.Addr, bool, Outcome) {
	if addr, ok := inetAton(s); ok {
		return addr, true, Outcome{}
	}
	host, zone, hasZone := strings.Cut(s, "%")
	addr, err := netip.ParseAddr(host)
	if err != nil || !addr.Is6() {
		return netip.Addr{}, false, Outcome{}
	}
	if hasZone {
		_, isNumber := strtonum(zone, 0, math.MaxUint32)
		switch local := addr.IsLinkLocalUnicast() || addr.IsLinkLocalMulticast(); {
		case isNumber:
		case local && !strings.ContainsAny(zone, "*?"): // no interface has such a name
			return netip.Addr{}, false, unsure("an address with the name of a network interface")
		default:
			return netip.Addr{}, false, Outcome{}
		}
	}
	return addr, true, Outcome{}
}

// inetAton is inet_aton(3) with nothing after the address: one to four numbers, each
// decimal, octal or hexadecimal, the last one filling the rest.
func inetAton(s string) (netip.Addr, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' || strings.Count(s, ".") > 3 {
		return netip.Addr{}, false
	}
	parts := strings.Split(s, ".")
	var value uint64
	for i, part := range parts {
		if part == "" || part[0] < '0' || part[0] > '9' {
			return netip.Addr{}, false
		}
		n, rest, ok := scanInt(part, 0)
		if !ok || rest != "" {
			return netip.Addr{}, false
		}
		last := i == len(parts)-1
		limit := uint64(0xff)
		if last {
			limit = 1<<(8*(5-len(parts))) - 1
		}
		if uint64(n) > limit {
			return netip.Addr{}, false
		}
		if last {
			value |= uint64(n)
		} else {
			value |= uint64(n) << (8 * (3 - i))
		}
	}
	return netip.AddrFrom4([4]byte{byte(value >> 24), byte(value >> 16), byte(value >> 8), byte(value)}), true
}
