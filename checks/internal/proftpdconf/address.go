package proftpdconf

import (
	"net/netip"
	"strconv"
	"strings"
)

// address is one of DefaultAddress, <VirtualHost> or -S.
type address struct {
	ip   netip.Addr // not valid: only the resolver knows
	text string
	// name is set where ProFTPD takes it for a name, numeric or not, and makes a
	// ServerAlias of it.
	name bool
}

func (a address) known() bool { return a.ip.IsValid() }

// same is pr_netaddr_cmp(): IPv4 addresses mapped into IPv6 are IPv4 addresses, and
// without IPv6 support no IPv6 address is equal to another.
func (a address) same(b address, ipv6 bool) bool {
	x, y := a.ip.Unmap(), b.ip.Unmap()
	return x.IsValid() && x == y && (ipv6 || x.Is4())
}

// resolve reads an address as pr_netaddr_get_addr2() does, as far as it needs no
// resolver; refused reports one that no resolver has.
func resolve(s string, ipv6, glibc bool) (a address, refused bool) {
	a = address{text: s}
	ip, err := netip.ParseAddr(s)
	switch {
	case err == nil && ip.Is4(), err == nil && ip.Zone() == "" && ipv6:
		a.ip = ip
		return a, false
	case err == nil && ip.Zone() == "":
		return a, true // getaddrinfo(3) for IPv4 alone
	}
	a.name = true
	if old, ok := inetAton(s); ok {
		a.ip = old
		return a, false
	}
	return a, glibc && s == "*"
}

// inetAton reads the forms of inet_aton(3): one to four numbers, decimal, octal or
// hexadecimal, the last filling what is left.
func inetAton(s string) (netip.Addr, bool) {
	parts := strings.Split(s, ".")
	if len(parts) > 4 {
		return netip.Addr{}, false
	}
	var whole uint64
	for i, part := range parts {
		if part == "" || part[0] < '0' || part[0] > '9' || strings.Contains(part, "_") ||
			len(part) > 1 && strings.ContainsAny(part[:2], "boBO") {
			return netip.Addr{}, false
		}
		n, err := strconv.ParseUint(part, 0, 32)
		last := i == len(parts)-1
		switch {
		case err != nil, !last && n > 255, last && n >= 1<<(32-8*i):
			return netip.Addr{}, false
		case last:
			whole |= n
		default:
			whole |= n << (24 - 8*i)
		}
	}
	return netip.AddrFrom4([4]byte{byte(whole >> 24), byte(whole >> 16), byte(whole >> 8), byte(whole)}), true
}

// atoi is atoi(3) of glibc: blanks, a sign, digits until the first other byte; the
// number is cut to 32 bits after it is cut to 64.
func atoi(s string) int {
	s = strings.TrimLeft(s, spaces)
	end := 0
	if s != "" && (s[0] == '-' || s[0] == '+') {
		end = 1
	}
	for end < len(s) && s[end] >= '0' && s[end] <= '9' {
		end++
	}
	n, _ := strconv.ParseInt(s[:end], 10, 64) // out of range is the nearest, else 0
	return int(int32(n))
}

// servicePort finds the port of the TCP service ftp in the text of /etc/services.
func servicePort(text string) (uint16, bool) {
	for line := range strings.SplitSeq(text, "\n") {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		port, proto, _ := strings.Cut(fields[1], "/")
		if proto != "tcp" {
			continue
		}
		for i, name := range fields {
			if i != 1 && name == "ftp" {
				n, err := strconv.ParseUint(port, 10, 16)
				return uint16(n), err == nil
			}
		}
	}
	return 0, false
}
