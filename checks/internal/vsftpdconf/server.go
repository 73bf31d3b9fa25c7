package vsftpdconf

import (
	"net/netip"
	"strings"
)

// Server is what the settings make of vsftpd. NewServerOf gives its defaults.
type Server struct {
	Listen, ListenIPv6 bool
	Port               uint16   // 0 = the kernel picks one
	PortAt             Position // zero = the default, or an option
	ListenAt           Position // where it was last told to listen
	Address, Address6  string   // as written; "" = every address
	AddressAt          Position
	Address6At         Position
	// AsLaunchingUser: it need not be root, and its files are then of that user; else
	// one that is not root does not start.
	AsLaunchingUser bool
	// TLS: it loads its certificates when it starts, and ends if it cannot.
	TLS bool

	build      Build
	listenTold bool
	certs      [4]string // RSA certificate and key, DSA certificate and key
}

// NewServerOf returns the built-in defaults of a build.
func NewServerOf(b Build) Server {
	return Server{
		Port: 21, Listen: b.ListenDefault == Yes, build: b,
		certs: [4]string{"/usr/share/ssl/certs/vsftpd.pem"},
	}
}

// Apply takes settings in, the later over the earlier.
func (s *Server) Apply(settings ...Setting) {
	for _, set := range settings {
		switch set.Key {
		case "listen":
			s.Listen, s.listenTold = set.Yes, true
		case "listen_ipv6":
			s.ListenIPv6 = set.Yes
		case "listen_port":
			s.Port, s.PortAt = uint16(set.Number), set.At
		case "listen_address":
			s.Address, s.AddressAt = set.Value, set.At
		case "listen_address6":
			s.Address6, s.Address6At = set.Value, set.At
		case "run_as_launching_user":
			s.AsLaunchingUser = set.Yes
		case "ssl_enable":
			s.TLS = set.Yes
		case "rsa_cert_file":
			s.certs[0] = strings.Trim(set.Value, blanks)
		case "rsa_private_key_file":
			s.certs[1] = strings.Trim(set.Value, blanks)
		case "dsa_cert_file":
			s.certs[2] = strings.Trim(set.Value, blanks)
		case "dsa_private_key_file":
			s.certs[3] = strings.Trim(set.Value, blanks)
		}
		if set.Yes && (set.Key == "listen" || set.Key == "listen_ipv6") {
			s.ListenAt = set.At
		}
	}
}

// Certificates returns the files that must be there for it to start, none without TLS.
// That they fit together is not looked at.
func (s *Server) Certificates() (files []string) {
	if !s.TLS {
		return nil
	}
	for i, file := range s.certs {
		// A key counts with its certificate alone.
		if file != "" && (i%2 == 0 || s.certs[i-1] != "") {
			files = append(files, file)
		}
	}
	return files
}

// Mode is how a server meets its clients.
type Mode int

// Modes.
const (
	Inetd      Mode = iota // started by another program for each connection
	Standalone             // listens
	Refused                // listen and listen_ipv6 exclude each other: it does not start
	// Undecided: "listen" is not set, and its default in this build is not known.
	Undecided
)

// Mode returns the mode.
func (s *Server) Mode() Mode {
	switch {
	case !s.listenTold && s.build.ListenDefault == Maybe:
		return Undecided
	case s.Listen && s.ListenIPv6:
		return Refused
	case s.Listen || s.ListenIPv6:
		return Standalone
	}
	return Inetd
}

// Verdict says whether vsftpd starts with what it is told.
type Verdict int

// Verdicts. The zero value is: nothing can be said.
const (
	NotSettled   Verdict = iota
	Starts               // it listens, or serves the connection it is given
	DoesNotStart         // it ends at once
)

// Outcome is a verdict and the reason of any other than Starts.
type Outcome struct {
	Verdict Verdict
	At      Position // zero = no line is to blame
	Why     string   // one clause without full stop; no value of the host is in it
}

// Listen is what vsftpd binds: one socket.
type Listen struct {
	// Addr is "::" for IPv4 too, unless the kernel's net.ipv6.bindv6only is set, and
	// 0.0.0.0 for IPv4 alone. Its zone is the interface of "%eth0". What the host does
	// not have cannot be bound: vsftpd then ends.
	Addr netip.Addr
	Port uint16   // 0 = the kernel picks one
	At   Position // of the port, else of the line that makes it listen; zero = neither
}

// Listens returns what it binds: nothing in inetd mode, else one socket. A build with
// IPv4Fallback binds 0.0.0.0 in place of an IPv6 address where the kernel has no IPv6;
// any other does not start there.
func (s *Server) Listens() ([]Listen, Outcome) {
	switch s.Mode() {
	case Inetd:
		return nil, Outcome{Verdict: Starts}
	case Refused:
		return nil, Outcome{DoesNotStart, s.ListenAt, "listen and listen_ipv6 exclude each other"}
	case Undecided:
		return nil, Outcome{NotSettled, s.ListenAt, "listen is not set, and its default is not known"}
	}
	l := Listen{Port: s.Port, At: s.PortAt}
	if l.At == (Position{}) {
		l.At = s.ListenAt
	}
	ways := s.build.trims()
	for i, way := range ways {
		addr, out := s.address(way)
		if i > 0 && (out.Verdict != Starts || addr != l.Addr) {
			return nil, Outcome{NotSettled, out.At, "an address that builds read differently"}
		}
		if out.Verdict != Starts && len(ways) > 1 {
			out.Verdict = NotSettled
		}
		if out.Verdict != Starts {
			return nil, out
		}
		l.Addr = addr
	}
	return []Listen{l}, Outcome{Verdict: Starts}
}

// address reads the address of the family that is listened on.
func (s *Server) address(way trim) (netip.Addr, Outcome) {
	text, at := s.Address, s.AddressAt
	if s.ListenIPv6 {
		text, at = s.Address6, s.Address6At
	}
	if way != trimNone {
		text = strings.Trim(text, blanks)
	}
	bad := Outcome{DoesNotStart, at, "an address that is none"}
	switch {
	case text == "" && s.ListenIPv6:
		return netip.IPv6Unspecified(), Outcome{Starts, at, ""}
	case text == "":
		return netip.IPv4Unspecified(), Outcome{Starts, at, ""}
	case !s.ListenIPv6:
		addr, ok := parseIPv4(text)
		if !ok {
			return netip.Addr{}, bad
		}
		return addr, Outcome{Starts, at, ""}
	}
	text, zone, scoped := strings.Cut(text, "%")
	if scoped && s.build.Scope != Yes {
		if s.build.Scope == Maybe {
			bad.Verdict = NotSettled
		}
		return netip.Addr{}, bad
	}
	addr, read := parseIPv6(text)
	switch {
	case read == badAddress:
		return netip.Addr{}, bad
	case read == shortAddress:
		return netip.Addr{}, Outcome{NotSettled, at, "an address that is too short"}
	case addr.IsLinkLocalUnicast():
		addr = addr.WithZone(zone) // the kernel looks at it for no other address
	}
	return addr, Outcome{Starts, at, ""}
}
