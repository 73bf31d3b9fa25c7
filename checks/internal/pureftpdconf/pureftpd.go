// Package pureftpdconf reads what a Pure-FTPd server is told: its command line
// (pure-ftpd(8), src/ftpd.c), the directory /etc/pure-ftpd that Debian's
// pure-ftpd-wrapper(8) makes a command line of, and the single file of 1.0.44 and later
// (src/simpleconf.c). Bytes in, what they bind with positions out.
//
// What it is not told it does: it listens on port 21 of every address, by one socket for
// IPv4 and one for IPv6 alone. TLS has no port of its own. Where its standard input is a
// socket, as inetd starts it, it binds nothing whatever it is told; and a server that
// runs has overwritten its command line with "pure-ftpd (SERVER)".
package pureftpdconf

import "net/netip"

// Options are what one Pure-FTPd is told, as far as they decide what it binds.
type Options struct {
	// Listens is what it binds. It binds all of it or ends.
	Listens []Listen
	// TLS: it loads its certificate when it starts, and ends if it cannot.
	TLS bool
	// CertFile and KeyFile of -2; "" = /etc/ssl/private/pure-ftpd.pem.
	CertFile, KeyFile string
	// UploadScript (-o): it listens only once pure-uploadscript(8) runs.
	UploadScript bool
	Daemonize    bool // -B
}

// Listen is one socket.
type Listen struct {
	Host string     // as written; "" = every address
	Addr netip.Addr // not valid where Host is a name, of which the first address counts
	// IPv6 tells the family. A socket for IPv6 takes no IPv4, the wildcard "::" neither.
	// It is bound where the kernel has IPv6 and, for a name, where the name has such an
	// address.
	IPv6 bool
	Port uint16 // 0 = the kernel picks one
	At   Position
}

// Position is where the port is told, else the address. Zero = a command line or the
// default.
type Position struct {
	File string
	Line int // from 1; 0 = the file as a whole
}

// Outcome says whether Pure-FTPd starts with what it is told.
type Outcome struct {
	Kind Kind
	At   Position
	Why  string // one clause without trailing full stop; no value of the host is in it
}

// Kind of an Outcome; the zero value is: it does.
type Kind int

// Kinds.
const (
	Accepted Kind = iota
	Refused       // it ends at once, or never listens; the Options say nothing
	// Unsure is a form that is not evaluated, or that builds and versions take
	// differently. The Options say what can be said.
	Unsure
)

// settle keeps the graver outcome: what ends it before what is not known, else the
// first.
func (o *Outcome) settle(next Outcome) {
	if o.Kind == Accepted || o.Kind == Unsure && next.Kind == Refused {
		*o = next
	}
}

// Program is the server that reads.
type Program struct {
	// Patch is the last number of its version 1.0.x; 0 = not known.
	Patch int
	// Backend is the data base it is built for: "mysql", "postgresql" or "ldap" for
	// Debian's packages of that name, "none" for Debian's pure-ftpd, "" = not known.
	Backend string
}

// before tells whether the version is older; one that is not known is neither older nor
// not older.
func (p Program) before(patch int) bool { return p.Patch != 0 && p.Patch < patch }

// settled tells whether the version is that one or newer.
func (p Program) settled(patch int) bool { return p.Patch >= patch }

// Word is one argument and where it comes from.
type Word struct {
	Text string
	At   Position
}

// IsTitle reports the command line of a process that serves: it has overwritten its
// arguments, which are therefore not to be had.
func IsTitle(argv []string) bool {
	return len(argv) > 0 && len(argv[0]) > len("pure-ftpd (") && argv[0][:len("pure-ftpd (")] == "pure-ftpd ("
}
