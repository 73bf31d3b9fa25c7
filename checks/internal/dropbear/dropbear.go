// Package dropbear reads what a Dropbear SSH server is told: its command line
// (dropbear(8), svr-runopts.c), the shell assignments that Debian, Alpine and Gentoo
// make one of, and OpenWrt's /etc/config/dropbear. Bytes in, what they amount to with
// positions out.
//
// What Dropbear is not told it does: it listens on port 22 of every address, lets root
// in by password and by key, and forwards TCP both ways. Nothing here holds a forced
// command or another value that may be a secret.
package dropbear

import "net/netip"

// Options are what one Dropbear is told.
type Options struct {
	// Listens is what it binds, in the order told. Without -p it is port 22 of every
	// address. Empty only with Inetd and Child, and where it is refused.
	Listens []Listen

	NoRoot          bool   // -w: root does not log in
	NoRootPassword  bool   // -g: root does not log in by password
	NoPasswords     bool   // -s: nobody logs in by password
	TwoFactor       bool   // -t: key and password are both required (2022.83)
	EmptyPasswords  bool   // -B: an account without a password logs in without one
	NoLocalForward  bool   // -j: no forwarding from the client (ssh -L, -D), of sockets neither
	NoRemoteForward bool   // -k: none to the client (ssh -R)
	GatewayPorts    bool   // -a: forwarded ports (ssh -R) are open to any host
	Group           string // -G: only members of this group log in, root too; a group that does not exist ends Dropbear
	ForcedCommand   bool   // -c: only this command runs; TCP forwarding stays as it is
	Banner          string // -b: file sent before login. Before 2024.84 a missing one ends Dropbear, since then none is sent
	KeyDir          string // -D: where authorized_keys is looked for, "" = ~/.ssh (2025.87)
	Plugin          bool   // -A: a plugin says which keys log in
	Inetd           bool   // -i: serves the one connection it is given, binds nothing
	// Child is the part of a Dropbear since 2022.82 that serves one connection; it was
	// started by the server and binds nothing (-2).
	Child bool
	// User is whom it runs as, "" = as it was started. Only the UCI option RunAsUser
	// sets it. One that is not root lets nobody but that user in.
	User string
	// Since is the oldest version that knows all options given; zero = any.
	Since Version
}

// Listen is one address Dropbear binds. An IPv6 address is bound for IPv6 alone
// (IPV6_V6ONLY), the wildcard "[::]" too.
type Listen struct {
	Host string     // as written, without brackets; "" = every address
	Addr netip.Addr // not valid where Host is "", a name, or an interface is asked
	// Port is 0 for a port the kernel chooses, and where a service name stands.
	Port uint16
	// Interface narrows it: the network device of -l, or the network of UCI's
	// DirectInterface and Interface ("lan"), whose addresses and device are not in
	// these files. With Interface, "" as Host is every address of the interface.
	Interface string
	Line      int // in the file that sets it; 0 = a command line or the default
}

// Outcome says whether Dropbear starts with what it is told.
type Outcome struct {
	Kind Kind
	Line int    // in the file, 0 = a command line
	Why  string // one clause without trailing full stop; no value of the host is in it
}

// Kind of an Outcome; the zero value is: it does.
type Kind int

// Kinds.
const (
	Accepted Kind = iota
	Refused       // it ends at once; the Options say nothing
	// Unsure is a form that is not evaluated, or that builds and versions take
	// differently. The Options say what can be said.
	Unsure
)

// settle keeps the graver outcome: what ends Dropbear before what is not known, else
// the first.
func (o *Outcome) settle(next Outcome) {
	if o.Kind == Accepted || o.Kind == Unsure && next.Kind == Refused {
		*o = next
	}
}
