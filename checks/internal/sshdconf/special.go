package sshdconf

import (
	"slices"
	"strings"
)

// The checkers of keywords whose words have a form of their own.

const maxPorts = 256 // MAX_PORTS, and MAX_SUBSYSTEMS until 9.4, of servconf.h

func port(d *directive) Outcome {
	if d.set.fixedPorts {
		d.done = true
		return Outcome{}
	}
	if d.set.ports++; d.set.ports > maxPorts {
		return refused("more than 256 ports")
	}
	arg, o := d.word()
	if o.Kind == Accepted {
		_, o = d.portAbove0(arg)
	}
	return o
}

// rootLogin: prohibit-password is the word of 7.0 for without-password.
func rootLogin(d *directive) Outcome {
	if len(d.Args) == 1 && d.build.Version.Before(7, 0) && lower(d.Args[0]) == "prohibit-password" {
		return tooOld(d.build, "a value that this version does not know")
	}
	return oneOf("yes", "no", "without-password", "prohibit-password", "forced-commands-only")(d)
}

func ignoreRhosts(d *directive) Outcome {
	if d.build.Version.AtLeast(8, 3) {
		return oneOf("yes", "no", "shosts-only")(d)
	}
	return flag(d)
}

// tunnel takes its words in lower case only.
func tunnel(_ *directive, arg string) Outcome {
	if !slices.Contains([]string{"yes", "no", "point-to-point", "ethernet"}, arg) {
		return refused("value is none of yes, no, point-to-point, ethernet")
	}
	return Outcome{}
}

// userEnvironment takes patterns of names, and until 7.7 only yes and no, in lower case.
func userEnvironment(d *directive, arg string) Outcome {
	if d.build.Version.Before(7, 8) && arg != "yes" && arg != "no" {
		return refused("value is none of yes, no")
	}
	return Outcome{}
}

// privilegeSeparation is ignored from 7.5 on.
func privilegeSeparation(d *directive) Outcome { return oneOf("yes", "no", "sandbox", "nosandbox")(d) }

// subsystem: a second line for a name was fatal until 9.4. The command has to be there
// where the line counts, and from 10.3 on everywhere.
func subsystem(d *directive) Outcome {
	old := d.build.Version.Before(9, 5)
	if old && len(d.set.subsystems) >= maxPorts {
		return refused("more than 256 subsystems")
	}
	name, o := d.word()
	if o.Kind != Accepted {
		return o
	}
	arg, ok := d.next()
	empty := !ok || arg == ""
	if empty && d.build.Version.AtLeast(10, 3) {
		return refused("missing command")
	}
	switch twice := d.set.subsystems[name]; {
	case !d.active, twice && !old:
		d.done = true
		return Outcome{}
	case twice:
		return refused("the subsystem is defined twice")
	case empty:
		return refused("missing command")
	}
	d.set.subsystems[name] = true
	if d.classic {
		d.listed(d.next)
		return Outcome{}
	}
	d.drop()
	return Outcome{}
}

// command takes the rest of the line: an absolute path with arguments, or none. Before
// 8.7 only the line that counts was looked at.
func command(d *directive) Outcome {
	text := d.rest()
	absolute := strings.HasPrefix(text, "/") || lower(text) == "none"
	set, other := &d.set.commands.keys, &d.set.commands.keys
	if d.Keyword == "authorizedprincipalscommand" {
		set = &d.set.commands.principals
		if d.build.Version.Before(8, 7) || d.build.Version.AtLeast(9, 4) {
			other = set
		} // else the line counts where AuthorizedKeysCommand is not set
	}
	counts := d.active && *other == ""
	switch {
	case !d.hasRest:
		return refused("missing argument")
	case !absolute && (counts || d.build.Version.AtLeast(8, 7)):
		return refused("not an absolute path")
	}
	if counts {
		*set = text
		d.set.first[d.Keyword] = &d.Line
	}
	return Outcome{}
}

func commandUser(d *directive) Outcome {
	arg, o := d.word()
	if o.Kind != Accepted {
		return o
	}
	set := &d.set.commands.keysUser
	if d.Keyword == "authorizedprincipalscommanduser" {
		set = &d.set.commands.principalsUser
	}
	if d.active && *set == "" {
		*set = arg
	}
	return Outcome{}
}

// restOfLine takes anything that is not empty.
func restOfLine(d *directive) Outcome {
	if d.rest(); d.Rest == "" {
		return refused("missing argument")
	}
	return Outcome{}
}

// versionAddendum must not hold a carriage return.
func versionAddendum(d *directive) Outcome {
	text := d.rest()
	switch {
	case d.Rest == "":
		return refused("missing argument")
	case !d.build.Version.AtLeast(8, 7) && (!d.once(d.Keyword) || lower(text) == "none"):
	case strings.Contains(text, "\r"):
		return refused("a carriage return")
	}
	return Outcome{}
}

func envName(_ *directive, arg string) Outcome {
	if strings.Contains(arg, "=") {
		return refused("a variable's name with =")
	}
	return Outcome{}
}

func setEnv(d *directive) Outcome {
	words := d.listed(d.nextEnv)
	for _, arg := range words {
		if !strings.Contains(arg, "=") {
			return refused("no name=value")
		}
	}
	if len(words) == 0 && d.build.Version.AtLeast(9, 7) {
		return refused("missing argument")
	}
	return Outcome{}
}

// routingDomain: Linux has none. The platform was not asked before 8.3.
func routingDomain(d *directive) Outcome {
	if d.build.Version.AtLeast(8, 3) {
		return refused("a keyword that the platform does not support")
	}
	return unsure("a keyword that depends on the platform")
}

// vendorWords are of a patch that this package has no source of.
func vendorWords(d *directive) Outcome {
	if _, o := d.word(); o.Kind != Accepted {
		return o
	}
	d.done = true
	return Outcome{}
}

// permitOpen takes any or none, or host:port words; from 9.7 on any and none may stand
// in front of others.
func permitOpen(d *directive) Outcome {
	modern := d.build.Version.AtLeast(9, 7)
	for n := 0; ; n++ {
		arg, ok := d.next()
		switch {
		case !ok && n > 0:
			return Outcome{}
		case !ok, n == 0 && arg == "":
			return refused("missing argument")
		case arg == "" && !modern:
			return Outcome{}
		case (n == 0 || modern) && (arg == "any" || arg == "none"):
			if n > 0 {
				return refused(arg + " must stand alone")
			}
			if !modern {
				return Outcome{}
			}
			continue
		}
		portText := arg
		if d.Keyword != "permitlisten" || strings.Contains(arg, ":") {
			var more bool
			_, portText, more, ok = hpdelim(arg, d.build.Version)
			switch {
			case !ok:
				return refused("missing host")
			case !more:
				return refused("missing port")
			}
		}
		if portText == "*" {
			continue
		}
		if _, o := d.portAbove0(portText); o.Kind != Accepted {
			return o
		}
	}
}

// listenAddress takes an address or name, a port, and a routing domain.
func listenAddress(d *directive) Outcome {
	arg, o := d.word()
	if o.Kind != Accepted {
		return o
	}
	if _, o = d.listenAt(arg); o.Kind != Accepted {
		return o
	}
	word, ok := d.next()
	if !ok {
		return Outcome{}
	}
	if word != "rdomain" {
		return refused("extra arguments at the end of the line")
	}
	if _, ok = d.next(); !ok || d.garbage() {
		return refused("not one routing domain")
	}
	return unsure("a routing domain, that is a network interface")
}

// listenAt reads the first word of ListenAddress (sshd_config(5): host, host:port, an
// IPv6 address bare or in brackets).
func (d *directive) listenAt(arg string) (address, Outcome) {
	if !strings.Contains(arg, "[") && strings.Count(arg, ":") >= 2 {
		return address{host: arg}, Outcome{}
	}
	host, rest, more, ok := hpdelim(arg, d.build.Version)
	if !ok {
		return address{}, refused("neither address nor address:port")
	}
	a := address{host: cleanHost(host)}
	var o Outcome
	if more {
		a.port, o = d.portAbove0(rest)
	}
	return a, o
}
