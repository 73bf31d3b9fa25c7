package vsftpdconf

import "net/netip"

// The short forms the tests are written in.

// Parse is ParseAs for Debian's 3.0.3, but takes the keys of all builds.
func Parse(file string, b []byte) ([]Setting, *Problem) {
	return ParseAs(anyKeys(), file, b)
}

// ParseOption is ParseOptionAs for the build of Parse.
func ParseOption(option string) (Setting, *Problem) {
	return ParseOptionAs(anyKeys(), option)
}

func anyKeys() Build {
	b := Debian("3.0.3")
	b.TLSKeys, b.RedHatKeys = Yes, Yes
	return b
}

// NewServer is NewServerOf for Debian's 3.0.3: no listener of its own, port 21.
func NewServer() Server { return NewServerOf(Debian("3.0.3")) }

// Bind returns the address it listens on. ok is false for an address with which it does
// not start, or of which that cannot be said.
func (s *Server) Bind() (addr netip.Addr, ok bool) {
	listens, out := s.Listens()
	if out.Verdict != Starts || len(listens) == 0 {
		return netip.Addr{}, false
	}
	return listens[0].Addr, true
}
