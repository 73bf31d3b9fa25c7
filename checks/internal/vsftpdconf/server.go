package vsftpdconf

import (
	"net/netip"
	"strings"
)

// Server is what the settings make of vsftpd. NewServer gives its defaults.
type Server struct {
	Listen, ListenIPv6 bool
	Port               uint16   // 0 = the kernel picks one
	PortAt             Position // zero = the default, or an option
	ListenAt           Position // where it was last told to listen
	Address, Address6  string   // as written; "" = every address
}

// NewServer returns the built-in defaults: no listener of its own, port 21.
func NewServer() Server { return Server{Port: 21} }

// Apply takes settings in, the later over the earlier.
func (s *Server) Apply(settings ...Setting) {
	for _, set := range settings {
		switch set.Key {
		case "listen":
			s.Listen = set.Yes
		case "listen_ipv6":
			s.ListenIPv6 = set.Yes
		case "listen_port":
			s.Port, s.PortAt = uint16(set.Number), set.At
		case "listen_address":
			s.Address = set.Value
		case "listen_address6":
			s.Address6 = set.Value
		}
		if set.Yes && (set.Key == "listen" || set.Key == "listen_ipv6") {
			s.ListenAt = set.At
		}
	}
}

// Mode is how a server meets its clients.
type Mode int

// Modes.
const (
	Inetd      Mode = iota // started by another program for each connection
	Standalone             // listens
	Refused                // listen and listen_ipv6 exclude each other: it does not start
)

// Mode returns the mode.
func (s *Server) Mode() Mode {
	switch {
	case s.Listen && s.ListenIPv6:
		return Refused
	case s.Listen || s.ListenIPv6:
		return Standalone
	}
	return Inetd
}

// Bind returns the address it listens on. ok is false for an address in a form
// not evaluated here; inet_aton(3), which reads it, takes more than dotted
// decimals.
func (s *Server) Bind() (addr netip.Addr, ok bool) {
	text, unset := s.Address, netip.IPv4Unspecified()
	if s.ListenIPv6 {
		text, unset = s.Address6, netip.IPv6Unspecified()
	}
	if text == "" {
		return unset, true
	}
	if i := strings.IndexAny(text, blanks); i > 0 { // what follows a blank is not read
		text = text[:i]
	}
	addr, err := netip.ParseAddr(text)
	return addr, err == nil && addr.Is6() == s.ListenIPv6 && addr.Zone() == ""
}
