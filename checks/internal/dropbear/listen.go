package dropbear

import (
	"net/netip"
	"strconv"
	"strings"
)

// verdict on one -p.
type verdict int

const (
	specGood   verdict = iota
	specUnsure         // taken, but not known as what
	specDead           // resolves to nothing or cannot be bound: passed over
	specBad            // ends Dropbear
)

// parseListen reads [address:]port of -p (split_address_port, addportandaddress): an
// IPv6 address stands in brackets, or the last colon parts address and port.
func parseListen(v Version, spec string) (Listen, verdict, string) {
	host, port, found := "", "", false
	switch {
	case strings.HasPrefix(spec, "[") && !v.Before(Version{2013, 56}):
		var rest string
		if host, rest, found = strings.Cut(spec[1:], "]"); !found {
			return Listen{}, specBad, "an address without its closing bracket"
		}
		switch {
		case strings.HasPrefix(rest, ":"):
			port = rest[1:]
		case rest != "" || v.Before(Version{2022, 82}):
			return Listen{}, specBad, "a bracket that no port follows"
		default:
			// The address alone is taken for a port.
			host, port = "", host
		}
	default:
		i := strings.LastIndexByte(spec, ':')
		if v.Before(Version{2013, 56}) {
			i = strings.IndexByte(spec, ':')
		}
		if i >= 0 {
			host = spec[:i]
		}
		port = spec[i+1:]
	}
	if port == "" {
		return Listen{}, specBad, "an empty port"
	}
	l := Listen{Host: host}
	number, how, why := parsePort(port)
	if how == specDead {
		return Listen{}, specDead, ""
	}
	l.Port = number
	switch addr, err := parseAddr(host); {
	case host == "*": // getaddrinfo(3) of glibc: every address
		l.Host = ""
	case host == "":
	case err != nil: // a name
	case addr.Is4In6():
		return Listen{}, specDead, "" // the socket is of IPv6 alone
	default:
		l.Addr = addr
	}
	return l, how, why
}

// parsePort reads a port as getaddrinfo(3) does a service: the number strtoul(3) takes
// whole, else a name of /etc/services.
func parsePort(s string) (uint16, verdict, string) {
	digits := strings.TrimPrefix(strings.TrimLeft(s, " \t\n\v\f\r"), "+")
	n, err := strconv.ParseUint(digits, 10, 63)
	switch {
	case err == nil && n <= 65535:
		return uint16(n), specGood, ""
	case err == nil:
		// glibc takes the lower 16 bits, musl refuses.
		return uint16(n), specUnsure, "a port above 65535"
	case strings.ContainsAny(s, ": \t\r\n"):
		return 0, specDead, "" // no name of a service
	}
	return 0, specUnsure, "a port by name"
}

// parseAddr reads a numeric address, the forms of inet_aton(3) too: one to four
// numbers, decimal, octal or hexadecimal, the last filling what is left.
func parseAddr(s string) (netip.Addr, error) {
	addr, err := netip.ParseAddr(s)
	if err == nil {
		return addr, nil
	}
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return netip.Addr{}, err
	}
	var whole uint64
	for i, part := range parts {
		if part == "" || part[0] < '0' || part[0] > '9' || strings.Contains(part, "_") ||
			len(part) > 1 && strings.ContainsAny(part[:2], "boBO") {
			return netip.Addr{}, err
		}
		n, bad := strconv.ParseUint(part, 0, 32)
		if bad != nil {
			return netip.Addr{}, err
		}
		if i < len(parts)-1 {
			if n > 255 {
				return netip.Addr{}, err
			}
			whole |= n << (24 - 8*i)
			continue
		}
		if n >= 1<<(32-8*i) {
			return netip.Addr{}, err
		}
		whole |= n
	}
	return netip.AddrFrom4([4]byte{byte(whole >> 24), byte(whole >> 16), byte(whole >> 8), byte(whole)}), nil
}
