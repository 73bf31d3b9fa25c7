package pureftpdconf

import (
	"net/netip"
	"strconv"
	"strings"
)

// listens settles the sockets: getaddrinfo(3) once for each family, of which one may find
// nothing.
func (r *reader) listens() {
	port, ok := r.portNumber()
	if !ok {
		return
	}
	host := r.host.Text
	if host == "*" { // getaddrinfo takes it for none
		host = ""
	}
	if host == "" && r.port.Text == "*" {
		r.refuse("neither an address nor a port")
		return
	}
	l := Listen{Host: r.host.Text, Port: port, At: r.at}
	four, six := true, true
	switch {
	case host == "":
		l.Host = ""
	default:
		addr, name := parseHost(host)
		switch {
		case name && !isHostName(host):
			r.refuse("an address that is none")
			return
		case name:
			r.unsure("an address that is a name")
		case !addr.IsValid():
			r.refuse("an address that is none")
			return
		case addr.Is4In6() && !r.noIPv6:
			// For IPv4 it is the address within, and for IPv6 it cannot be bound.
			r.refuse("an IPv4 address in the form of IPv6")
			return
		case addr.Is4In6():
			addr, six = addr.Unmap(), false
		case addr.Is4():
			six = false
		default:
			four = false
		}
		l.Addr = addr
	}
	for _, family := range []struct {
		wanted, six bool
		any         netip.Addr
	}{{four && !r.noIPv4, false, netip.IPv4Unspecified()}, {six && !r.noIPv6, true, netip.IPv6Unspecified()}} {
		if !family.wanted {
			continue
		}
		one := l
		one.IPv6 = family.six
		if host == "" {
			one.Addr = family.any
		}
		r.o.Listens = append(r.o.Listens, one)
	}
	if len(r.o.Listens) == 0 {
		r.refuse("no address of the wanted family")
	}
}

// portNumber reads the port as getaddrinfo(3) of glibc does: what strtoul(3) takes whole,
// of which 16 bits count, else the name of a service. It reports false after refusing.
func (r *reader) portNumber() (uint16, bool) {
	s := r.port.Text
	switch {
	case r.port == (Word{}):
		return 21, true
	case s == "*":
		return 0, true
	case s == "ftp":
		return 21, true // as in any /etc/services
	}
	n, rest, ok := prefix(s, 10)
	switch {
	case ok && rest == "" && int32(n) < 0, ok && rest != "" && !isService(s):
		r.refuse("a port that is none")
		return 0, false
	case ok && rest == "":
		if n > 65535 {
			r.unsure("a port above 65535")
		}
		return uint16(n), true
	case !isService(s):
		r.refuse("a port that is none")
		return 0, false
	}
	r.unsure("a port by the name of its service")
	return 0, true
}

// isService tells whether a service could have that name.
func isService(s string) bool {
	return s != "" && !strings.ContainsAny(s, blanks+"#,:") && strings.Trim(s, "0123456789.") != ""
}

// isHostName tells whether that could be looked up.
func isHostName(s string) bool {
	return !strings.ContainsAny(s, blanks+"[]:%/,")
}

// parseHost reads an address as getaddrinfo(3) of glibc does: the forms of inet_aton(3)
// and IPv6. name is set for what is neither.
func parseHost(s string) (addr netip.Addr, name bool) {
	addr, err := netip.ParseAddr(s)
	switch {
	case err == nil && addr.Zone() != "" && !addr.IsLinkLocalUnicast():
		if _, err := strconv.ParseUint(addr.Zone(), 10, 32); err != nil {
			return netip.Addr{}, false
		}
		return addr.WithZone(""), false // the kernel does not look at it
	case err == nil:
		return addr, false
	}
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return netip.Addr{}, true
	}
	var whole uint64
	for i, part := range parts {
		if part == "" || part[0] < '0' || part[0] > '9' {
			return netip.Addr{}, true
		}
		n, ok := strtoul(part)
		last := i == len(parts)-1
		switch {
		case !ok, !last && n > 255, last && n >= 1<<(32-8*i):
			return netip.Addr{}, true
		case last:
			whole |= n
		default:
			whole |= n << (24 - 8*i)
		}
	}
	return netip.AddrFrom4([4]byte{byte(whole >> 24), byte(whole >> 16), byte(whole >> 8), byte(whole)}), false
}
