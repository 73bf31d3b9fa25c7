package sshdconf

import (
	"net/netip"
	"slices"
	"strings"
)

// clients returns connections whose client is at an address, or has a name, that no
// other one stands for.
func (k *caser) clients() []Conn {
	names := k.c.setting("usedns", k.c.noBlocks()) // of the global part only
	mayName := names.Unknown || names.Word() == "yes"
	addrs := k.addresses(ofClient, true)
	var conns []Conn
	for _, addr := range addrs {
		conns = append(conns, Conn{Addr: addr})
	}
	if !mayName {
		return conns
	}
	for _, name := range k.names() {
		for _, addr := range addrs {
			if len(conns) >= maxPoints {
				k.complete = false
				return conns
			}
			conns = append(conns, Conn{Addr: addr, Host: name})
		}
	}
	return conns
}

// names returns names of clients: those listed, one for each domain listed, and one
// that is in none.
func (k *caser) names() []string {
	var patterns []entry
	for _, a := range k.atoms[ofClient] {
		switch {
		case a.hosts != nil:
			patterns = append(patterns, a.hosts.names...)
		case a.cond.Name == "host":
			patterns = append(patterns, a.cond.entries...)
		}
	}
	// A letter that no pattern holds makes names that are in one domain and in none
	// below it.
	used := [256]bool{}
	for _, p := range patterns {
		for _, b := range []byte(p.text) {
			used[b] = true
		}
	}
	letter := byte('a')
	for letter <= 'z' && used[letter] {
		letter++
	}
	if letter > 'z' {
		letter, k.complete = 'x', false
	}
	list := []string{string(letter)}
	for _, p := range patterns {
		text := p.text
		if domain, ok := strings.CutPrefix(text, "*"); ok && !strings.ContainsAny(domain, "*?") {
			text = string(letter) + domain
		} else if strings.ContainsAny(text, "*?") {
			if strings.Trim(text, "*") != "" {
				k.complete = false
			}
			text = strings.Map(func(r rune) rune {
				if r == '*' || r == '?' {
					return rune(letter)
				}
				return r
			}, text)
		}
		if _, isAddr, _ := numericAddr(text); !isAddr && text != "" {
			list = append(list, text)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// addresses returns one address for every interval between the borders of the
// networks that the conditions of a dimension name.
func (k *caser) addresses(dim int, byName bool) []netip.Addr {
	var p points
	for _, a := range k.atoms[dim] {
		switch {
		case a.hosts != nil:
			p.addrList(&a.hosts.addrs)
			p.names(a.hosts.names)
		case byName && a.cond.Name == "host":
			p.names(a.cond.entries)
		default:
			p.addrList(&a.cond.addrs)
		}
	}
	if p.open {
		k.complete = false
	}
	return p.all()
}
