package units

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
)

// maxListens bounds the addresses of one socket unit.
const maxListens = 10_000

// socket evaluates [Socket].
func (e *evaluator) socket() {
	const section = "Socket"
	e.u.Accept = e.truth(section, "Accept")
	e.u.Starts = e.activates(section, "Service")
	if e.u.Accept && e.l.last(section, "Service") == nil {
		e.u.Starts = strings.TrimSuffix(e.l.id, ".socket") + "@.service"
	}
	if a := e.l.last(section, "BindToDevice"); a != nil {
		device, complete := e.expand(a.value)
		if device == "*" {
			device = ""
		}
		if !complete {
			e.problem(a.Place, errSpecifier)
		}
		e.u.Device = device
	}
	v6only, known := Unclear, false
	for _, a := range e.l.settings(section, "BindIPv6Only") {
		switch a.value {
		case "default":
			known = false
		case "both":
			v6only, known = No, true
		case "ipv6-only":
			v6only, known = Yes, true
		default:
			e.ignored(a.Place, "unknown BindIPv6Only=")
		}
	}
	protocol := ""
	for _, a := range e.l.settings(section, "SocketProtocol") {
		switch a.value {
		case "", "udplite", "sctp", "mptcp":
			protocol = a.value
		default:
			e.ignored(a.Place, "unknown SocketProtocol=")
		}
	}
	// An empty assignment of any of them forgets all.
	for _, a := range reset(e.l.settings(section, "ListenStream", "ListenDatagram", "ListenSequentialPacket", "ListenFIFO",
		"ListenSpecial", "ListenNetlink", "ListenMessageQueue", "ListenUSBFunction")) {
		if len(e.u.Listens) == maxListens {
			e.problem(a.Place, errTooMany)
			return
		}
		value, complete := e.expand(a.value)
		if !complete {
			e.problem(a.Place, errSpecifier)
			continue
		}
		l, ok := listen(a.key, value)
		if !ok {
			e.ignored(a.Place, "%s= is no address", a.key)
			continue
		}
		l.Place = a.Place
		switch {
		case protocol == "sctp" && l.Proto == "tcp", protocol == "udplite" && l.Proto == "udp":
			l.Proto = protocol
		}
		if l.Port != 0 && l.Addr == netip.IPv6Unspecified() {
			if l.V6Only = v6only; !known {
				l.V6Only = e.s.bindV6Only()
			}
		}
		e.u.Listens = append(e.u.Listens, l)
	}
	e.noListen()
}

// noListen refuses a socket unit that listens nowhere.
func (e *evaluator) noListen() {
	unknown := slices.ContainsFunc(e.u.Problems, func(p Problem) bool { return !p.Ignored })
	if len(e.u.Listens) == 0 && !unknown {
		e.refuse(Place{e.l.file, 0})
	}
}

// listen reads one address of a Listen setting.
func listen(key, value string) (Listen, bool) {
	switch key {
	case "ListenFIFO":
		return Listen{Proto: "fifo", Path: value}, strings.HasPrefix(value, "/")
	case "ListenSpecial":
		return Listen{Proto: "special", Path: value}, strings.HasPrefix(value, "/")
	case "ListenUSBFunction":
		return Listen{Proto: "usb", Path: value}, strings.HasPrefix(value, "/")
	case "ListenMessageQueue":
		return Listen{Proto: "mqueue", Path: value}, strings.HasPrefix(value, "/")
	case "ListenNetlink":
		return Listen{Proto: "netlink", Path: value}, true
	}
	switch {
	case strings.HasPrefix(value, "/"), strings.HasPrefix(value, "@") && len(value) > 1:
		return Listen{Proto: "unix", Path: value}, true
	case strings.HasPrefix(value, "vsock"):
		return Listen{Proto: "vsock", Path: value}, strings.Contains(value, ":")
	case key == "ListenSequentialPacket":
		return Listen{}, false // of Unix sockets only
	}
	l := Listen{Proto: "tcp"}
	if key == "ListenDatagram" {
		l.Proto = "udp"
	}
	if port, ok := portNumber(value); ok {
		// Of every address of both families, unless IPv6 is turned off.
		l.Addr, l.Port = netip.IPv6Unspecified(), port
		return l, true
	}
	colon := strings.LastIndexByte(value, ':')
	if colon < 0 {
		return Listen{}, false
	}
	// "[fe80::1]:22%eth0" names the interface of a link-local address.
	rest, zone, _ := strings.Cut(value[colon+1:], "%")
	port, ok := portNumber(rest)
	if !ok {
		return Listen{}, false
	}
	host, bracketed := strings.CutPrefix(value[:colon], "[")
	if bracketed {
		if host, bracketed = strings.CutSuffix(host, "]"); !bracketed {
			return Listen{}, false
		}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil || bracketed != addr.Is6() {
		return Listen{}, false
	}
	if zone != "" && addr.Is6() && addr.Zone() == "" {
		addr = addr.WithZone(zone)
	}
	l.Addr, l.Port = addr, port
	return l, true
}

// portNumber reads a port; 0 is none.
func portNumber(s string) (uint16, bool) {
	n, err := strconv.ParseUint(s, 10, 16)
	return uint16(n), err == nil && n != 0 && s[0] != '+'
}
