package sshd

import (
	"errors"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"

	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
	"hostaudit/checks/internal/sshdconf"
	"hostaudit/checks/internal/unitfile"
)

// socketStarts returns what a socket unit starts on a TCP connection; nil if that is no
// SSH server.
func (l *looker) socketStarts(system *units.System, u *units.Unit) []found {
	if !slices.ContainsFunc(u.Listens, isTCP) && u.Name != generatedSocket {
		return nil // of a virtual machine's host (vsock), or a Unix socket: systemd-ssh-generator(8)
	}
	name := u.Starts
	if unitfile.Kind(name) == unitfile.Template {
		prefix, _, suffix := unitfile.Split(name)
		name = prefix + "@0" + suffix // any connection's instance
		if !strings.HasPrefix(suffix, ".") {
			name = prefix + "@0." + suffix
		}
	}
	service, err := system.Unit(name)
	if err != nil || service.Masked {
		if !errors.Is(err, fs.ErrNotExist) && strings.Contains(name, "ssh") && err != nil {
			l.problems = append(l.problems, Problem{Err: err, Subject: u.Name, Detail: "what the socket starts could not be read"})
		}
		return nil
	}
	return l.service(service)
}

// socket adds the servers behind an enabled socket unit.
func (l *looker) socket(system *units.System, u *units.Unit, boot Boot) {
	for _, f := range l.socketStarts(system, u) {
		probe := found{Server: Server{Program: f.Program}}
		if !l.unitSettings(u, &probe) {
			return
		}
		opens, problems := l.opens(u, f)
		f.Opens, f.Problems = opens, append(f.Problems, problems...)
		// The socket is of the host's network, whatever the service has besides.
		f.OtherNet = false
		service := f.Unit
		f.Unit, f.Boot, f.units = u.Name, boot, append(f.units, u.Name)
		if !u.Accept && !f.command.Inetd && !takesSockets(f) {
			f.Opens = append(f.Opens, ownOpens(f)...) // which it binds when first started
		}
		// Where the service is started by itself as well, it is the same server.
		if i := slices.IndexFunc(l.starts, func(s found) bool { return slices.Contains(s.units, service) && s.Opens == nil }); i >= 0 {
			f.Unit = l.starts[i].Unit
			l.starts[i] = f
			continue
		}
		l.addStarts(f)
	}
}

// takesSockets reports an sshd that takes the sockets systemd hands over in place of
// binding its own: a patch of Debian and Ubuntu (systemd-socket-activation.patch), in
// 9.0 and later. Dropbear does not.
func takesSockets(f found) bool {
	return f.Program == OpenSSH && f.Build.IsDebian() && !f.Build.Version.Before(9, 0)
}

// ownOpens are the addresses a server binds by itself.
func ownOpens(f found) (list []Open) {
	if f.Conf == nil || len(f.Conf.Problems()) > 0 {
		return nil
	}
	set, _ := f.Conf.Listens()
	for _, li := range set {
		o := Open{Listen: li, File: f.File, Unit: f.Unit}
		if li.Line != nil {
			o.File, o.LineNo = li.Line.File, li.Line.Line
		}
		list = append(list, o)
	}
	return list
}

// foldSockets makes one of a server that a socket starts for each connection (-i) and
// the service of the same file and options.
func (l *looker) foldSockets() {
	l.starts = slices.DeleteFunc(l.starts, func(s found) bool {
		if s.Opens == nil || !s.command.Inetd || !s.known {
			return false
		}
		same := s.command
		same.Inetd = false
		for i := range l.starts {
			t := &l.starts[i]
			if t.Opens == nil && t.known && t.Program == s.Program && t.Program == OpenSSH && t.Subject == s.Subject && t.Build == s.Build && reflect.DeepEqual(t.command, same) {
				t.Opens = append(slices.Clone(s.Opens), ownOpens(*t)...)
				t.units = append(t.units, s.units...)
				return true
			}
		}
		return false
	})
}

func isTCP(li units.Listen) bool { return li.Proto == "tcp" }

// open makes an Open of what a socket unit, inetd or xinetd listens on.
func open(li units.Listen, unit string) Open {
	return Open{Listen: sshdconf.Listen{Addr: li.Addr, Port: li.Port}, File: li.File, LineNo: li.Line, Unit: unit}
}

// opens are the TCP addresses of a socket unit at the next boot.
func (l *looker) opens(u *units.Unit, f found) (list []Open, problems []Problem) {
	for _, p := range u.Problems {
		if !p.Ignored && !errors.Is(p.Err, units.ErrGenerator) {
			problems = append(problems, Problem{Err: p.Err, Detail: "the socket unit is not evaluated whole", File: p.File, Line: p.Line})
		}
	}
	if u.Name == generatedSocket {
		generator, err := l.generator()
		switch {
		case err != nil:
			problems = append(problems, Problem{Err: err, Detail: "whether a generator makes the socket's ports could not be seen", File: generator})
		case generator != "":
			list, more := l.generated(u, f, generator)
			return list, append(problems, more...)
		}
	}
	for _, li := range u.Listens {
		if isTCP(li) {
			list = append(list, open(li, u.Name))
		}
	}
	return list, problems
}

// holdSockets finds the sockets that the init process holds for a server: those of a
// socket unit, started at boot or by hand.
func (l *looker) holdSockets() {
	initPID := initProcess(l.h.Snapshot)
	if p, _ := l.h.Snapshot.Process(initPID); path.Base(p.Exe) != "systemd" {
		return // as in a container whose first process is sshd
	}
	var holds []snapshot.Listener
	for _, li := range l.h.Snapshot.Listeners {
		if li.Proto == "tcp" && slices.Contains(li.PIDs, initPID) {
			holds = append(holds, li)
		}
	}
	if len(holds) == 0 {
		return
	}
	system := l.h.Units()
	sockets, _ := system.Sockets() // what could not be read stays unsettled
	for _, u := range sockets {
		var of []snapshot.Listener
		for _, li := range holds {
			if slices.ContainsFunc(u.Listens, func(want units.Listen) bool { return binds(want, li) }) {
				of = append(of, li)
			}
		}
		if len(of) == 0 {
			continue
		}
		i := slices.IndexFunc(l.starts, func(f found) bool { return slices.Contains(f.units, u.Name) })
		if i < 0 { // started by hand
			i = slices.IndexFunc(l.starts, func(f found) bool { return slices.Contains(f.units, u.Starts) })
		}
		if i < 0 {
			before := len(l.starts)
			if l.socket(system, u, BootNo); len(l.starts) == before {
				continue
			}
			i = before
		}
		l.starts[i].Listeners = addListeners(l.starts[i].Listeners, of)
		for _, li := range of {
			l.held[keyOf(li)] = true
		}
	}
}

// binds reports that a listener is what a socket unit asks for.
func binds(want units.Listen, li snapshot.Listener) bool {
	return want.Proto == "tcp" && want.Port == li.Port && want.Addr.WithZone("").Unmap() == li.Addr.WithZone("").Unmap()
}
