package sshdconf

import (
	"net/netip"
	"strings"
)

// addrList is a list of addresses, networks and patterns as addr_match_list() of
// addrmatch.c reads it.
type addrList struct{ entries []addrEntry }

// addrEntry is a network (one address is a network of its own), or else a pattern
// for the text of the address.
type addrEntry struct {
	network netip.Prefix
	zone    string // of a network that is one address with a zone
	pattern string
	negated bool
}

// parseAddrList reads a list. An entry that is no network is a pattern.
func parseAddrList(list string, v Version) addrList {
	var l addrList
	for text := range strings.SplitSeq(list, ",") {
		var e addrEntry
		text, e.negated = strings.CutPrefix(text, "!")
		if network, kind, _ := cidr(text, v); kind == wildcard {
			e.pattern = text
		} else {
			host, _, _ := strings.Cut(text, "/")
			_, e.zone, _ = strings.Cut(host, "%")
			e.network = network
		}
		l.entries = append(l.entries, e)
	}
	return l
}

// match is addr_match_list(): 1 match, -1 a negated entry matches, 0 none. addr is
// the address without IPv4 in IPv6, text what addrText makes of it.
func (l *addrList) match(addr netip.Addr, text string) int {
	if !addr.IsValid() {
		return 0
	}
	result := 0
	for i := range l.entries {
		if e := &l.entries[i]; e.holds(addr, text) {
			if e.negated {
				return -1
			}
			result = 1
		}
	}
	return result
}

func (e *addrEntry) holds(addr netip.Addr, text string) bool {
	if !e.network.IsValid() {
		return matchPattern(text, e.pattern)
	}
	// addr_cmp() compares scopes too: an address with a zone is in no network
	// without one.
	return addr.Zone() == e.zone && e.network.Contains(addr.WithZone(""))
}

// everything reports whether the list holds for every address.
func (l *addrList) everything() bool {
	all := false
	for i := range l.entries {
		if l.entries[i].negated {
			return false
		}
		all = all || !l.entries[i].network.IsValid() && strings.Trim(l.entries[i].pattern, "*") == ""
	}
	return all
}

// addrText is the text getnameinfo(3) makes of an address. It differs from Go's for
// the old form that holds an IPv4 address.
func addrText(addr netip.Addr) string {
	if addr.Is6() && !addr.Is4In6() {
		b := addr.As16()
		if [12]byte(b[:12]) == [12]byte{} && (b[12] != 0 || b[13] != 0) {
			text := "::" + netip.AddrFrom4([4]byte(b[12:])).String()
			if addr.Zone() != "" {
				text += "%" + addr.Zone()
			}
			return text
		}
	}
	return addr.String()
}
