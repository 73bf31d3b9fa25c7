package sshdconf

import (
	"cmp"
	"net/netip"
)

// Source is what sshd reads its configuration from: files, and two lookups in the
// account and service databases that a configuration can make it do. A nil function
// makes what depends on it Unsure.
type Source struct {
	Files
	// Service returns the TCP port of a name in services(5).
	Service func(name string) (port uint16, found bool, err error)
	// Home returns the home directory of an account.
	Home func(account string) (dir string, found bool, err error)
}

// Conn is one connection as Match and the Allow and Deny lists see it: what -C of
// sshd(8) describes. (Match version is about sshd itself, not about the client.)
type Conn struct {
	Account
	Host      string     // name of the client; "" = the text of its address, as it always is unless UseDNS is on
	Addr      netip.Addr // IPv4 in IPv6 counts as IPv4, as it does for sshd
	Local     netip.Addr
	LocalPort uint16
	RDomain   string // "" = none
}

// peer is a connection with what conditions compare, made once.
type peer struct {
	*Conn
	addr, local         netip.Addr
	addrText, localText string
	name                string // "" = neither name nor address
}

func newPeer(c *Conn) *peer {
	p := &peer{Conn: c, addr: c.Addr.Unmap(), local: c.Local.Unmap(), name: lower(c.Host)}
	if p.addr.IsValid() {
		p.addrText = addrText(p.addr)
		p.name = cmp.Or(p.name, p.addrText)
	}
	if p.local.IsValid() {
		p.localText = addrText(p.local)
	}
	return p
}

// Account is whose connections are looked at.
type Account struct {
	User   string
	Groups []string // names of all its groups, the primary one among them
	// GroupsUnknown: the group database could not be read, so conditions on groups
	// may hold or not.
	GroupsUnknown bool
	// Invalid: there is no such account (Match invalid-user).
	Invalid bool
	// Any stands for accounts of any name, also of none: for May only. Set
	// GroupsUnknown with it.
	Any bool
}

// Setting is what a keyword amounts to for a connection.
type Setting struct {
	// Line is the first line that sets it, nil = the built-in default.
	*Line
	// Words are its effective words in the case they were written: of keywords whose
	// lines add up all of them in order, of the others those of the first line. Of a
	// keyword that takes the rest of the line (commands) the rest is one word. Of a
	// setting that is not set they are the default's, none where that is "nothing".
	Words []string
	// Unknown: it is not set, and the default of the build is not known; or it is not
	// known whether a block applies that sets it, because groups are not known or
	// because versions of OpenSSH differ. Line is then the line in question, or nil.
	Unknown bool
	Lines   []*Line // all that contribute
}

// Word returns the first word in lower case, "" if there is none.
func (s Setting) Word() string {
	if len(s.Words) == 0 {
		return ""
	}
	return lower(s.Words[0])
}
