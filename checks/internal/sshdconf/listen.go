package sshdconf

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
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

// cutAddress reads the first word of ListenAddress (sshd_config(5): host,
// host:port, an IPv6 address bare or in brackets).
func cutAddress(arg string) (address, Outcome) {
	if !strings.Contains(arg, "[") && strings.Count(arg, ":") >= 2 {
		return address{host: arg}, Outcome{}
	}
	host, rest := arg, ""
	if strings.HasPrefix(arg, "[") {
		end := strings.IndexByte(arg, ']')
		if end < 0 {
			return address{}, refused("a bracket is not closed")
		}
		host, rest = arg[1:end], arg[end+1:]
	} else if i := strings.IndexAny(arg, ":/"); i >= 0 {
		host, rest = arg[:i], arg[i:]
	}
	if rest == "" {
		return address{host: host}, Outcome{}
	}
	if rest[0] == '/' {
		// hpdelim() took host/port until 8.x.
		return address{}, unsure("an address with a slash")
	}
	if rest[0] != ':' {
		return address{}, refused("neither address nor address:port")
	}
	n, o := portNumber(rest[1:])
	return address{host, n}, o
}

func listenAddress(l Line, _ Build) Outcome {
	if len(l.Args) == 0 || l.Args[0] == "" {
		return refused("missing address")
	}
	if len(l.Args) > 1 {
		if len(l.Args) == 3 && l.Args[1] == "rdomain" {
			return unsure("a routing domain")
		}
		return refused("extra arguments at the end of the line")
	}
	_, o := cutAddress(l.Args[0])
	return o
}

// Listens returns what sshd binds with this configuration and command line,
// without duplicates, sorted. The Outcome is Refused where an address does not
// fit AddressFamily, Unsure where a name has to be resolved; the set then holds
// what is known. Call it only for a configuration without refused lines.
func (c *Config) Listens() ([]Listen, Outcome) {
	var ports []Listen
	for _, p := range c.command.Ports {
		ports = append(ports, Listen{Port: p})
	}
	var asked []*Line
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
			if n, o := portNumber(it.Args[0]); o.Kind == Accepted {
				ports = append(ports, Listen{Port: n, Line: &it.Line})
			}
		case "listenaddress":
			asked = append(asked, &it.Line)
		}
	}
	if len(ports) == 0 {
		ports = []Listen{{Port: 22}}
	}
	family := c.family()
	var set []Listen
	outcome := Outcome{}
	if len(asked) == 0 {
		for _, p := range ports {
			if family != "inet6" {
				set = append(set, Listen{Addr: netip.IPv4Unspecified(), Port: p.Port, Line: p.Line})
			}
			if family != "inet" {
				set = append(set, Listen{Addr: netip.IPv6Unspecified(), Port: p.Port, Line: p.Line})
			}
		}
	}
	for _, line := range asked {
		a, o := cutAddress(line.Args[0])
		if o.Kind != Accepted {
			continue
		}
		l := Listen{Host: a.host, Line: line}
		addr, err := netip.ParseAddr(a.host)
		switch {
		case err == nil && (addr.Is4() && family == "inet6" || addr.Is6() && family == "inet"):
			return nil, refused("ListenAddress of another family than AddressFamily")
		case err == nil:
			l.Addr = addr
		case lower(a.host) != "localhost":
			outcome = unsure("a name in ListenAddress that has to be resolved")
		}
		if a.port != 0 {
			l.Port = a.port
			set = append(set, l)
			continue
		}
		for _, p := range ports {
			l.Port = p.Port
			set = append(set, l)
		}
	}
	slices.SortStableFunc(set, func(a, b Listen) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), a.Addr.Compare(b.Addr), cmp.Compare(a.Host, b.Host))
	})
	return slices.CompactFunc(set, func(a, b Listen) bool {
		return a.Port == b.Port && a.Addr == b.Addr && (a.Addr.IsValid() || a.Host == b.Host)
	}), outcome
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
