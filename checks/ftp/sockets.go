package ftp

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

// socket is a socket unit that starts an FTP server, or something that may be one.
type socket struct {
	unit     *units.Unit
	service  string // what it starts
	daemon   daemon
	is       answer // never notFTP
	why      string // unclear: what keeps it from being told
	commands []command
}

// findSockets looks at all socket units for TCP, enabled or not.
func (a *audit) findSockets() {
	list, problems := a.host.Units().Sockets()
	a.problems = append(a.problems, problems...)
	for _, u := range list {
		if slices.ContainsFunc(u.Listens, func(l units.Listen) bool { return l.Proto == "tcp" }) || !isWhole(u) {
			s := a.activated(u)
			if s.is == unclear { // a name is no evidence, and what keeps its server from being called off
				s.daemon, _ = byProgram(strings.TrimSuffix(u.Name, ".socket"))
			}
			if s.is != notFTP {
				a.sockets = append(a.sockets, s)
			}
		}
	}
}

// activated tells what a socket unit starts.
func (a *audit) activated(u *units.Unit) socket {
	s := socket{unit: u}
	name := u.Starts
	if name == "" {
		name = strings.TrimSuffix(u.Name, ".socket") + ".service"
		if u.Accept {
			name = strings.TrimSuffix(u.Name, ".socket") + "@.service"
		}
	}
	if prefix, suffix, isTemplate := strings.Cut(name, "@."); isTemplate {
		name = prefix + "@0." + suffix // of any connection
	}
	s.service = name
	service, err := a.host.Units().Unit(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && service.Masked:
		// systemd looks for the service when it starts the socket, but for Accept=yes
		// when a client connects (src/core/socket.c).
		if s.is = notFTP; u.Accept {
			s.is, s.why = unclear, "what it starts is not there"
		}
		return s
	case err != nil:
		s.why = "what it starts could not be read"
		return s
	}
	s.is = notFTP
	for _, c := range service.Exec {
		d, is := serves(c.Path, c.Args)
		switch {
		case is == isFTP:
			s.daemon, s.is = d, isFTP
			if !c.Incomplete && slices.Contains(d.programs, path.Base(c.Path)) {
				s.commands = append(s.commands, command{how: name, program: d.name, args: c.Args})
			}
			return s
		case is == unclear:
			s.is, s.why = unclear, "whether what it starts is an FTP server is not known"
		}
	}
	if len(service.Exec) == 0 || !isWhole(service) {
		s.is, s.why = unclear, "what it starts is not evaluated"
	}
	return s
}

// socketUnits judges what systemd listens on at boot.
func (a *audit) socketUnits() {
	for _, s := range a.sockets {
		u := s.unit
		var on, elsewhere []units.Listen
		for _, l := range u.Listens {
			switch {
			case l.Proto != "tcp":
			case l.Port == ftpPort:
				on = append(on, l)
			default:
				elsewhere = append(elsewhere, l)
			}
		}
		state := a.enabledAtBoot(u.Name)
		if state != units.Enabled && state != units.Unknown {
			if s.is == isFTP {
				a.rec.Note(u.Name, "the socket unit would start "+s.daemon.name+" and is not started at boot")
			}
			continue
		}
		if s.is == unclear && len(on) == 0 && isWhole(u) {
			continue
		}
		a.whole(u.Name, u) // what was read counts all the same
		if s.is == unclear {
			if len(on) > 0 && !a.told(on, u.Device) {
				a.rec.Gap(checks.Gap{
					Reason: checks.ReasonUnsupported, Subject: checks.Text(u.Name), Location: checks.At(on[0].File, on[0].Line),
					Detail: checks.Text("the socket unit opens port 21, and " + s.why),
				})
			}
			continue
		}
		a.present = true
		if len(on) > 0 {
			a.configured(s.daemon.name, u.Name, "systemd listens for "+s.daemon.name+" on port 21 of", whereAll(on, u.Device), checks.At(on[0].File, on[0].Line), state != units.Enabled)
			continue
		}
		if len(elsewhere) > 0 {
			a.rec.Note(u.Name, "systemd listens for "+s.daemon.name+" on port "+portsOf(elsewhere))
		}
		for _, c := range s.commands {
			c.unsure = state != units.Enabled
			a.behind[s.daemon.name] = append(a.behind[s.daemon.name], c)
		}
	}
}

// socketFor reports whether an enabled socket unit starts d, or may.
func (a *audit) socketFor(d daemon) bool {
	return slices.ContainsFunc(a.sockets, func(s socket) bool {
		return s.daemon.name == d.name && a.enabledAtBoot(s.unit.Name) == units.Enabled
	})
}

// bySocket reports a service that cannot be enabled, and that an enabled socket unit
// starts for d.
func (a *audit) bySocket(d daemon, service string) bool {
	if state, err := a.host.Units().FileState(service); err != nil || state != units.StateStatic {
		return false
	}
	return slices.ContainsFunc(a.sockets, func(s socket) bool {
		return s.service == service && s.is == isFTP && s.daemon.name == d.name && a.enabledAtBoot(s.unit.Name) == units.Enabled
	})
}

// otherwise reports that a socket unit or an entry of a super-server is there for d,
// whether it counts or not: d needs no unit of its own.
func (a *audit) otherwise(d daemon) bool {
	_, entered := a.entered[d.name]
	return entered || slices.ContainsFunc(d.units, func(unit string) bool {
		return a.enabledAtBoot(strings.TrimSuffix(unit, ".service")+".socket") != units.Absent
	}) || slices.ContainsFunc(a.sockets, func(s socket) bool { return s.daemon.name == d.name })
}

// told reports that what listens now where an entry does was asked what it is.
func (a *audit) told(list []units.Listen, device string) bool {
	return !slices.ContainsFunc(list, func(want units.Listen) bool {
		return !slices.ContainsFunc(a.answered, func(l snapshot.Listener) bool { return binds(want, device, l) })
	})
}

// binds reports that a listener is what an entry asks for. Without IPv6 systemd opens
// 0.0.0.0 for a port alone; the address of a name may be any.
func binds(want units.Listen, device string, l snapshot.Listener) bool {
	if want.Proto != l.Proto || want.Port != l.Port || l.Interface != "" && l.Interface != device {
		return false
	}
	return !want.Addr.IsValid() || want.Addr.WithZone("").Unmap() == l.Addr.WithZone("").Unmap() ||
		want.Addr.IsUnspecified() && l.Addr.IsUnspecified()
}
