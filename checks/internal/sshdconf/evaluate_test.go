package sshdconf

import (
	"cmp"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
)

// conns are the connections asked about: the generator draws conditions that tell them
// apart.
var conns = []Conn{
	{Account: Account{User: "root"}, Host: "x", Addr: netip.MustParseAddr("192.0.2.1"), Local: netip.MustParseAddr("192.0.2.2"), LocalPort: 22},
	{Account: Account{User: "root"}, Host: "gw.example.org", Addr: netip.MustParseAddr("10.1.2.3"), Local: netip.MustParseAddr("10.0.0.1"), LocalPort: 2222},
	{Account: Account{User: "root"}, Host: "client.example.org", Addr: netip.MustParseAddr("2001:db8::5"), Local: netip.MustParseAddr("2001:db8::1"), LocalPort: 22},
	{Account: Account{User: "www-data"}, Host: "client.example.org", Addr: netip.MustParseAddr("192.0.2.1"), Local: netip.MustParseAddr("192.0.2.2"), LocalPort: 2222},
}

// evaluation is the configuration as one connection meets it.
type evaluation struct {
	c       *Config
	eff     *Effective
	outcome Outcome // sshd can refuse what it reads for a connection
}

func evaluate(c *Config, conn Conn) evaluation {
	e := evaluation{c: c, eff: c.Effective(conn)}
	p := newPeer(&conn)
	e.outcome = c.meet(func(block []Criterion) bool {
		return !slices.ContainsFunc(block, func(criterion Criterion) bool {
			cond := compile(criterion, c.build.Version)
			return cond.holds(p) != everyone
		})
	}, nil)
	return e
}

// unset are the keywords that are compared, and what sshd -T prints of them when
// nothing sets them.
var unset = map[string]string{
	"permitrootlogin": "prohibit-password", "passwordauthentication": "yes", "kbdinteractiveauthentication": "yes",
	"pubkeyauthentication": "yes", "permitemptypasswords": "no", "usepam": "no", "hostbasedauthentication": "no",
	"gssapiauthentication": "no", "kerberosauthentication": "no", "strictmodes": "yes", "allowtcpforwarding": "yes",
	"allowstreamlocalforwarding": "yes", "disableforwarding": "no", "permittunnel": "no", "gatewayports": "no", "x11forwarding": "no",
	"x11uselocalhost": "yes", "usedns": "no", "refuseconnection": "no", "addressfamily": "any", "compression": "yes",
	"permittty": "yes", "permituserrc": "yes", "printmotd": "yes", "exposeauthinfo": "no", "allowagentforwarding": "yes",
	"ignorerhosts": "yes", "ignoreuserknownhosts": "no", "streamlocalbindunlink": "no", "maxauthtries": "6", "maxsessions": "10",
	"clientalivecountmax": "3", "x11displayoffset": "10", "loglevel": "info", "syslogfacility": "auth",
	"authenticationmethods": "any", "authorizedkeysfile": ".ssh/authorized_keys .ssh/authorized_keys2", "authorizedkeyscommand": "none",
	"authorizedkeyscommanduser": "none", "trustedusercakeys": "none", "authorizedprincipalsfile": "none", "banner": "none",
	"forcecommand": "none", "chrootdirectory": "none",
	"allowusers": "", "denyusers": "", "allowgroups": "", "denygroups": "",
}

// value is a setting as sshd -T prints it.
func (e evaluation) value(keyword string, home func(string) (string, bool, error)) string {
	v := e.eff.Setting(keyword)
	switch {
	case v.Unknown:
		return "unknown"
	case len(v.Words) == 0:
		return unset[keyword]
	case v.Line == nil:
		return sameWord(keyword, strings.ToLower(strings.Join(v.Words, " ")))
	}
	words := v.Words
	switch keyword {
	case "allowusers", "denyusers", "allowgroups", "denygroups":
		return strings.Join(words, "\n")
	case "forcecommand", "authorizedkeyscommand":
		if keyword == "forcecommand" && v.Word() == "none" {
			return "none"
		}
		return words[0]
	case "authenticationmethods":
		return strings.Join(words, " ")
	case "authorizedkeysfile":
		var names []string
		for _, arg := range words {
			names = append(names, expand(arg, home, e.c.build.Version))
		}
		return strings.Join(names, " ")
	case "banner", "trustedusercakeys":
		name := expand(words[0], home, e.c.build.Version)
		switch {
		case lower(name) == "none":
			return "none"
		case name[0] != '/':
			return "//" + name // relative to the root, where sshd was started
		}
		return name
	case "authorizedprincipalsfile":
		return expand(words[0], home, e.c.build.Version)
	case "chrootdirectory":
		if lower(words[0]) == "none" {
			return "none"
		}
		return words[0]
	case "authorizedkeyscommanduser":
		return words[0]
	case "maxauthtries", "maxsessions", "clientalivecountmax", "x11displayoffset":
		n, _, _ := scanInt(words[0], 10)
		return fmt.Sprint(n)
	}
	return sameWord(keyword, lower(words[0]))
}

// sameWord gives words that mean the same one form.
func sameWord(keyword, value string) string {
	switch {
	case value == "without-password":
		return "prohibit-password"
	case value == "all" && strings.HasPrefix(keyword, "allow"), value == "delayed":
		return "yes"
	case value == "debug":
		return "debug1"
	case value == "silent":
		return "quiet"
	}
	return value
}

func expand(name string, home func(string) (string, bool, error), v Version) string {
	if !strings.HasPrefix(name, "~") {
		return name
	}
	user, rest, slash := strings.Cut(name[1:], "/")
	if v.Before(8, 9) && !slash {
		user, rest = "", user
	}
	dir, _, _ := home(cmp.Or(user, "root"))
	if v.AtLeast(8, 9) {
		rest = strings.TrimLeft(rest, "/")
	}
	return strings.TrimSuffix(dir, "/") + "/" + rest
}

// compare returns what differs between our reading and sshd's.
func compare(e evaluation, truth answer, home func(string) (string, bool, error)) []string {
	var differences []string
	for _, keyword := range slices.Sorted(maps.Keys(unset)) {
		is, printed := truth.values[keyword]
		if truth.only != nil && !truth.only[keyword] {
			continue
		}
		if !printed && !strings.HasPrefix(keyword, "allow") && !strings.HasPrefix(keyword, "deny") {
			continue // not of this build, or none
		}
		said := strings.Join(is, "\n")
		if !strings.Contains(said, " ") && !strings.Contains(said, "/") {
			said = sameWord(keyword, said)
		}
		switch keyword {
		case "loglevel", "syslogfacility":
			said = sameWord(keyword, lower(said))
		}
		ours := e.value(keyword, home)
		if keyword == "authorizedprincipalsfile" && lower(ours) == "none" {
			ours, said = "none", lower(said) // within a Match block it is kept as written
		}
		if ours != said {
			differences = append(differences, fmt.Sprintf("%s: sshd says %q, we say %q", keyword, said, ours))
		}
	}
	set, outcome := e.c.Listens()
	if truth.only != nil && !truth.only["listenaddress"] || outcome.Kind != Accepted || slices.ContainsFunc(set, func(l Listen) bool { return !l.Addr.IsValid() }) {
		return differences
	}
	var ours, theirs []string
	for _, l := range set {
		ours = append(ours, netip.AddrPortFrom(l.Addr, l.Port).String())
	}
	for _, value := range truth.values["listenaddress"] {
		if at, err := netip.ParseAddrPort(value); err == nil {
			value = at.String() // ::1:80 has another form with the C library
		}
		theirs = append(theirs, value)
	}
	slices.Sort(ours)
	slices.Sort(theirs)
	if theirs = slices.Compact(theirs); !slices.Equal(ours, theirs) {
		differences = append(differences, fmt.Sprintf("listens: sshd says %v, we say %v", theirs, ours))
	}
	return differences
}
