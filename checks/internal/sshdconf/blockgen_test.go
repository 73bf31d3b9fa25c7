package sshdconf

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
)

// blockGen makes configurations of well-formed lines in which blocks matter, and
// connections to them.
type blockGen struct {
	*rand.Rand
	v Version
}

func (g blockGen) pick(list ...string) string { return list[g.IntN(len(list))] }

// addrs are what connections come from; networks are around them.
var (
	genAddrs    = []string{"10.0.0.1", "10.0.0.130", "10.1.2.3", "192.168.1.7", "192.168.10.7", "127.0.0.1", "203.0.113.9", "::1", "2001:db8::5", "2001:db8:1::5", "fe80::1", "fe80::1%lo", "::1.2.3.4", "172.16.0.5"}
	genLocals   = []string{"10.0.0.2", "192.0.2.2", "::1", "2001:db8::2"}
	genNetworks = []string{"10.0.0.0/8", "10.0.0.0/25", "10.0.0.1", "10.0.0.128/25", "192.168.0.0/16", "192.168.1.0/24", "::1", "2001:db8::/32", "2001:db8:1::/48", "fe80::/10", "0.0.0.0/0", "::/0", "127.1", "::ffff:10.0.0.0/104", "172.16.0.0/12", "0x0a.0.0.1", "::/96"}
	genWild     = []string{"10.*", "10.0.*", "192.168.1.*", "192.168.*.*", "192.168.1?.*", "*", "*.7", "fe80:*", "2001:db8:*", "2001:db8::*", "*:*", "::1.*", "*.*", "10.0.0.1*", "fe80::1%*", "?0.*"}
	genHosts    = []string{"x", "a.example.org", "b.a.example.org", "other.net", "10.example.org"}
	genNames    = []string{"*.example.org", "*.a.example.org", "x", "A.Example.org", "*", "?", "10.*", "other.*", "*net"}
)

func (g blockGen) list(patterns ...[]string) string {
	var words []string
	for range 1 + g.IntN(3) {
		from := patterns[g.IntN(len(patterns))]
		word := from[g.IntN(len(from))]
		if g.IntN(5) == 0 {
			word = "!" + word
		}
		words = append(words, word)
	}
	return strings.Join(words, ",")
}

func (g blockGen) criterion(exact bool) string {
	addrs := [][]string{genNetworks, genNetworks, genWild}
	if exact {
		addrs = [][]string{genNetworks, genWild[:4]}
	}
	switch g.IntN(10) {
	case 0:
		return "User " + g.pick("root", "mail", "r*", "!root,*", "root,mail", "*,!mail", "?ail", "ROOT")
	case 1:
		return "Group " + g.pick("root", "mail", "!root,*", "wheel,root", "*", "ma?l,!x")
	case 2:
		if exact {
			return "Host " + g.list(genNames[:6])
		}
		return "Host " + g.list(genNames, genWild)
	case 3, 4, 5:
		return "Address " + g.list(addrs...)
	case 6:
		return "LocalAddress " + g.list(addrs...)
	case 7:
		return "LocalPort " + g.pick("22", "2222", "443")
	case 8:
		if exact {
			return "RDomain " + g.pick("vrf1", "vrf2", "*", "vrf1,vrf2", "!vrf1,*")
		}
		return "RDomain " + g.pick("vrf1", "*", "v*", "!vrf1,*", "?*")
	}
	switch {
	case g.v.AtLeast(10, 0):
		return g.pick("invalid-user", "version OpenSSH_"+g.v.String()+"*", "version=OpenSSH_7*,Open*", "version !*", "user=root", "address=10.0.0.0/8")
	case g.v.Before(9, 9):
		return g.pick("user=root", "User = root", "address=10.0.0.0/8")
	}
	return "User root"
}

func (g blockGen) match(exact bool) string {
	if g.IntN(7) == 0 {
		return "Match all\n"
	}
	var line strings.Builder
	line.WriteString("Match " + g.criterion(exact))
	for g.IntN(3) == 0 {
		line.WriteString(" " + g.criterion(exact))
	}
	return line.String() + "\n"
}

var genBlockLines = [][]string{
	{"PermitRootLogin", "yes", "no", "prohibit-password", "without-password", "forced-commands-only"},
	{"PermitRootLogin", "yes", "no"},
	{"PasswordAuthentication", "yes", "no"},
	{"KbdInteractiveAuthentication", "yes", "no"},
	{"PubkeyAuthentication", "yes", "no"},
	{"PermitEmptyPasswords", "yes", "no"},
	{"HostbasedAuthentication", "yes", "no"},
	{"GSSAPIAuthentication", "yes", "no"},
	{"AllowTcpForwarding", "yes", "no", "local", "all"},
	{"AllowStreamLocalForwarding", "yes", "no", "remote"},
	{"DisableForwarding", "yes", "no"},
	{"PermitTunnel", "yes", "no", "ethernet"},
	{"GatewayPorts", "yes", "no", "clientspecified"},
	{"X11Forwarding", "yes", "no"},
	{"AuthorizedKeysFile", ".ssh/a", "none", "/etc/k/%u .ssh/b"},
	{"AuthorizedKeysCommand", "none", "/bin/keys %u", "/bin/true"},
	{"AuthorizedKeysCommandUser", "nobody", "mail"},
	{"TrustedUserCAKeys", "none", "/etc/ca"},
	{"AuthorizedPrincipalsFile", "none", "/etc/p/%u"},
	{"Banner", "none", "/etc/issue.net"},
	{"ForceCommand", "none", "internal-sftp", "/bin/sh -c  true"},
	{"ChrootDirectory", "none", "/srv"},
	{"AuthenticationMethods", "any", "publickey", "publickey,password password", "hostbased", "keyboard-interactive:pam"},
}

var genGlobalLines = [][]string{
	{"UsePAM", "yes", "no"},
	{"StrictModes", "yes", "no"},
	{"UseDNS", "yes", "no"},
	{"Port", "22", "2222", "443"},
	{"AddressFamily", "any", "inet", "inet6"},
	{"ListenAddress", "0.0.0.0", "[::1]:2022", "127.1:22", "::", "192.0.2.1", "*", "0x7f.2"},
}

func (g blockGen) line(global bool) string {
	switch n := g.IntN(12); {
	case n < 2:
		word := g.pick("root", "mail", "*", "!root", "root@10.*", "root@10.0.0.0/8,!10.0.0.1", "*@192.168.1.0/24", "mail@*.example.org", "root@x", "*@2001:db8:*", "m*@!10.0.0.1,*", "a@b@10.*", "root@fe80::/10")
		if g.IntN(3) == 0 {
			word += " " + g.pick("alice", "mail@::1", "root@!x,*")
		}
		return g.pick("AllowUsers", "DenyUsers") + " " + word + "\n"
	case n == 2:
		return g.pick("AllowGroups", "DenyGroups") + " " + g.pick("root", "mail", "wheel", "!root", "r* x", "*") + "\n"
	case n == 3 && g.v.AtLeast(9, 9):
		return "RefuseConnection " + g.pick("yes", "no") + "\n"
	case n == 4 && (global || g.v.AtLeast(8, 7)):
		return "ChallengeResponseAuthentication " + g.pick("yes", "no") + "\n"
	case n < 7 && global:
		s := genGlobalLines[g.IntN(len(genGlobalLines))]
		return s[0] + " " + s[1+g.IntN(len(s)-1)] + "\n"
	}
	s := genBlockLines[g.IntN(len(genBlockLines))]
	return s[0] + " " + s[1+g.IntN(len(s)-1)] + "\n"
}

// config returns a main file and one it may include as dir + "/inc". exact leaves
// out conditions of which Cases cannot enumerate all combinations.
func (g blockGen) config(dir string, exact bool) (main, included string) {
	var b strings.Builder
	b.WriteString("AuthorizedKeysCommandUser sys\n")
	for range g.IntN(6) {
		b.WriteString(g.line(true))
	}
	for range g.IntN(6) {
		m := g.match(exact)
		if g.IntN(4) == 0 {
			b.WriteString(g.part("Include "+dir+"/inc\n", ""))
		}
		b.WriteString(m)
		for range g.IntN(5) {
			b.WriteString(g.line(m == "Match all\n"))
		}
		b.WriteString(g.part("Include "+dir+"/inc\n", ""))
	}
	var inc strings.Builder
	for range g.IntN(4) {
		if g.IntN(2) == 0 {
			inc.WriteString(g.match(exact))
		}
		for range g.IntN(3) {
			inc.WriteString(g.line(false))
		}
	}
	return b.String(), inc.String()
}

func (g blockGen) part(s, otherwise string) string {
	if g.IntN(5) == 0 {
		return s
	}
	return otherwise
}

// conn returns a connection of one of two accounts.
func (g blockGen) conn() Conn {
	user := g.pick("root", "root", "mail")
	c := Conn{
		Account:   Account{User: user, Groups: []string{user}},
		Addr:      netip.MustParseAddr(genAddrs[g.IntN(len(genAddrs))]),
		Local:     netip.MustParseAddr(genLocals[g.IntN(len(genLocals))]),
		LocalPort: []uint16{22, 2222, 443, 2022}[g.IntN(4)],
		RDomain:   g.pick("", "", "vrf1", "vrf3"),
	}
	if g.IntN(2) == 0 {
		c.Host = genHosts[g.IntN(len(genHosts))]
	}
	return c
}

// connSpec is the argument of -C for a connection.
func connSpec(c Conn) string {
	host := c.Host
	if host == "" {
		host = addrText(c.Addr)
	}
	return fmt.Sprintf("user=%s,host=%s,addr=%s,laddr=%s,lport=%d,rdomain=%s", c.User, host, addrText(c.Addr), c.Local, c.LocalPort, c.RDomain)
}
