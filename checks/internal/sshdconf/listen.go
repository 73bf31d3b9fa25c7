package sshdconf

import (
	"net/netip"
	"slices"
)

// Listen is one address sshd binds at start. Addr is not valid where the file
// holds a name (Host), which only a resolver knows.
type Listen struct {
	Host string
	Addr netip.Addr
	Port uint16
	Line *Line // the ListenAddress or Port that decides; nil = built-in default
}

// Loopback reports whether only the host itself can reach it.
func (l Listen) Loopback() bool {
	return l.Addr.IsValid() && l.Addr.Unmap().IsLoopback() || !l.Addr.IsValid() && lower(l.Host) == "localhost"
}

// address is a ListenAddress as written; port 0 = every Port.
type address struct {
	host string
	port uint16
}

// Listens returns what sshd binds with this configuration and command line,
// without duplicates, in the order of sshd -T. The Outcome is Refused where an
// address does not fit AddressFamily, Unsure where a name has to be resolved; the
// set then holds what is known. Call it only for a configuration without refused
// lines.
func (c *Config) Listens() ([]Listen, Outcome) {
	ports, asked := c.listenLines()
	family := c.family()
	var set []Listen
	outcome := Outcome{}
	add := func(l Listen) {
		if !slices.ContainsFunc(set, func(o Listen) bool {
			return o.Port == l.Port && o.Addr == l.Addr && (o.Addr.IsValid() || o.Host == l.Host)
		}) {
			set = append(set, l)
		}
	}
	if len(asked) == 0 {
		for _, p := range ports {
			if family != "inet" {
				add(Listen{Addr: netip.IPv6Unspecified(), Port: p.Port, Line: p.Line})
			}
			if family != "inet6" {
				add(Listen{Addr: netip.IPv4Unspecified(), Port: p.Port, Line: p.Line})
			}
		}
	}
	for _, it := range asked {
		a := it.listen
		addrs, o := resolve(a.host, family)
		if o.Kind == Refused {
			return nil, o
		}
		if o.Kind == Unsure {
			outcome = o
		}
		at := ports
		if a.port != 0 {
			at = []Listen{{Port: a.port}}
		}
		for _, p := range at {
			for _, addr := range addrs {
				add(Listen{Host: a.host, Addr: addr, Port: p.Port, Line: &it.Line})
			}
		}
	}
	return set, outcome
}

// listenLines returns the ports asked for, and the lines of ListenAddress.
func (c *Config) listenLines() (ports []Listen, asked []*item) {
	for i := range c.items {
		it := &c.items[i]
		if !it.started || it.Outcome.Kind != Accepted || len(it.Args) == 0 {
			continue
		}
		switch it.Keyword {
		case "port":
			if len(c.command.Ports) > 0 && !it.option {
				continue
			}
			ports = append(ports, Listen{Port: it.listen.port, Line: &it.Line})
		case "listenaddress":
			asked = append(asked, it)
		}
	}
	for _, p := range c.command.Ports {
		ports = append(ports, Listen{Port: p}) // those of -o before them; -o after them is ignored
	}
	if len(ports) == 0 {
		ports = []Listen{{Port: 22}}
	}
	return ports, asked
}

// resolve does what getaddrinfo(3) does without asking anybody: an address that is
// not valid stands for what the name means.
func resolve(host, family string) ([]netip.Addr, Outcome) {
	if host == "*" {
		// No name at all, so the loopback addresses.
		addrs := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}
		switch family {
		case "inet":
			addrs = addrs[:1]
		case "inet6":
			addrs = addrs[1:]
		}
		return addrs, Outcome{}
	}
	addr, err := listenHost(host)
	switch {
	case host == "":
		return nil, refused("ListenAddress without a host")
	case err != nil && lower(host) == "localhost":
		return []netip.Addr{{}}, Outcome{}
	case err != nil:
		return []netip.Addr{{}}, unsure("a name in ListenAddress that has to be resolved")
	case addr.Is4() && family == "inet6" || addr.Is6() && family == "inet":
		return nil, refused("ListenAddress of another family than AddressFamily")
	case addr.Zone() != "":
		return []netip.Addr{addr}, unsure("an address in ListenAddress with a zone, which has to exist on the host")
	}
	return []netip.Addr{addr}, Outcome{}
}

// listenHost reads an address as getaddrinfo() does.
func listenHost(s string) (netip.Addr, error) {
	if addr, ok, _ := numericAddr(s); ok {
		return addr, nil
	}
	return netip.ParseAddr(s)
}

// family is the effective AddressFamily: any, inet or inet6.
func (c *Config) family() string {
	if c.command.Family != "" {
		return c.command.Family
	}
	for _, it := range c.items {
		if it.started && it.Keyword == "addressfamily" && len(it.Args) == 1 {
			return lower(it.Args[0])
		}
	}
	return "any"
}

// hostName reports what may be a name that a resolver knows (RFC 1123, and the
// underscore that resolvers let pass).
func hostName(s string) bool {
	for _, r := range lower(s) {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' && r != '.' && r != '_' {
			return false
		}
	}
	return s != ""
}
