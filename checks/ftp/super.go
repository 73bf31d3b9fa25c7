package ftp

import (
	"errors"
	"path"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

// superServers judges what inetd and xinetd listen on at boot for FTP servers.
func (a *audit) superServers() {
	for _, e := range a.entries {
		if e.Kind != units.KindInetd && e.Kind != units.KindXinetd {
			continue
		}
		var on, elsewhere []units.Listen
		for _, l := range e.Listens {
			switch {
			case l.Proto != "tcp":
			case l.Port == ftpPort:
				on = append(on, l)
			default:
				elsewhere = append(elsewhere, l)
			}
		}
		s := a.superService(e)
		a.entered[s.daemon.name] = true // on
		switch {
		case s.is == notFTP:
		case s.is == unclear && len(on) > 0 && !a.told(on, ""):
			a.rec.Gap(checks.Gap{
				Reason: checks.ReasonUnsupported, Subject: checks.Text(entryName(e)), Location: checks.At(e.Place.File, e.Place.Line),
				Detail: checks.Text(string(e.Kind) + " listens on port 21, and whether what it starts is an FTP server is not known"),
			})
		case s.is == unclear:
		case len(on) > 0:
			a.present = true
			a.configured(s.program(), entryName(e), string(e.Kind)+" listens for "+s.program()+" on port 21 of", whereAll(on, ""),
				checks.At(e.Place.File, e.Place.Line), a.startUnsure(e))
		case len(elsewhere) > 0:
			a.present = true
			a.rec.Note(entryName(e), string(e.Kind)+" listens for "+s.program()+" on port "+portsOf(elsewhere))
			if s.known {
				a.behind[s.daemon.name] = append(a.behind[s.daemon.name], command{
					how: entryName(e), program: s.daemon.name, args: s.args, unsure: a.startUnsure(e),
				})
			}
		case len(e.Listens) > 0: // not for TCP
		case !a.hasServices():
			a.rec.Gap(checks.Gap{
				Reason: checks.ReasonUnsupported, Subject: checks.Text(entryName(e)), Location: checks.At(e.Place.File, e.Place.Line),
				Detail: checks.Text("there is no /etc/services: on which port " + string(e.Kind) + " listens is not known"),
			})
		default:
			a.rec.Note(entryName(e), "the service has no port in services(5): "+string(e.Kind)+" does not listen for it")
		}
	}
	a.offEntries()
}

// hasServices reports that names of services have ports.
func (a *audit) hasServices() bool {
	for _, file := range []string{"/etc/services", "/usr/etc/services"} {
		if _, err := a.host.Tree.Stat(file); err == nil {
			return true
		}
	}
	return false
}

// entryName is the stable name of an entry.
func entryName(e units.Entry) string { return string(e.Kind) + " " + e.Name }

// superService is what an entry of a super-server starts.
type superService struct {
	is     answer
	daemon daemon
	args   []string
	known  bool // args are
}

// program names what is started: the server, else the service.
func (s superService) program() string {
	if s.daemon.name == "" {
		return "the service ftp"
	}
	return s.daemon.name
}

// superService tells what an entry starts: by its program, else by the name of the
// service, which an Entry need not hold.
func (a *audit) superService(e units.Entry) (s superService) {
	line := a.superText(e.Place.File).at(e.Place.Line)
	if line.off {
		s.is = notFTP
		return s
	}
	s.args = line.args
	if s.daemon, s.is = serves(e.Program, s.args); s.is == unclear && line.name == "ftp" {
		s.is = isFTP
	}
	s.known = line.known && s.is == isFTP && slices.Contains(s.daemon.programs, path.Base(e.Program))
	return s
}

// maxSuperText bounds the files of super-servers that are kept, in bytes: a line takes
// many times its length. Of what is beyond only the programs are known.
const maxSuperText = 1 << 20

// superText returns a file of a super-server, read once.
func (a *audit) superText(file string) *superText {
	t, read := a.texts[file]
	if !read {
		var data []byte
		if info, err := a.host.Tree.Stat(file); err == nil && info.Size <= maxSuperText-a.textBytes {
			data, _ = a.host.Tree.ReadFile(file) // what kept it from being read is a problem of the entries
			a.textBytes += info.Size
		}
		t = parseSuper(superFile(file), data)
		a.texts[file] = t
	}
	return t
}

// startUnsure reports that it is not known whether the super-server of an entry is
// started.
func (a *audit) startUnsure(e units.Entry) bool {
	return slices.ContainsFunc(a.problems, func(p units.Problem) bool {
		return errors.Is(p.Err, units.ErrUnsupported) && superFile(p.File) == e.Kind && p.Line == 0
	})
}

// superFile returns the super-server that reads a file, "" = none.
func superFile(file string) units.Kind {
	switch {
	case file == "/etc/inetd.conf", strings.HasPrefix(file, "/etc/inetd.d/"):
		return units.KindInetd
	case strings.HasPrefix(file, "/etc/xinetd"):
		return units.KindXinetd
	}
	return ""
}

// superServer returns the super-server a process is, "" = none.
func superServer(p snapshot.Process) units.Kind {
	if p.SameRoot != snapshot.Yes || p.EUID != 0 {
		return ""
	}
	switch base := path.Base(p.Exe); {
	case base == "xinetd":
		return units.KindXinetd
	case base == "inetd", base == "inetutils-inetd", base == "openbsd-inetd", base == "rlinetd", base == "busybox" && p.Comm == "inetd":
		return units.KindInetd
	}
	return ""
}

// startedFor names the FTP server for which a super-server or systemd owns a listener,
// as their files say. What is answered by the super-server itself is notFTP.
func (a *audit) startedFor(l snapshot.Listener) (who string, is answer) {
	for _, pid := range l.PIDs {
		p, _ := a.snap.Process(pid)
		if kind := superServer(p); kind != "" {
			for _, e := range a.entries {
				// xinetd may read inetd's file too.
				if e.Kind != kind && (e.Kind != units.KindInetd || kind != units.KindXinetd) {
					continue
				}
				if slices.ContainsFunc(e.Listens, func(want units.Listen) bool { return binds(want, "", l) }) {
					if s := a.superService(e); s.is == isFTP {
						return string(kind) + " listens for " + s.program(), isFTP
					}
					if e.Program == "internal" {
						return "", notFTP
					}
				}
			}
		}
		if p.PID == 1 && path.Base(p.Exe) == "systemd" {
			for _, s := range a.sockets {
				if s.is == isFTP && slices.ContainsFunc(s.unit.Listens, func(want units.Listen) bool { return binds(want, s.unit.Device, l) }) {
					return "systemd listens for " + s.daemon.name, isFTP
				}
			}
		}
	}
	return "", unclear
}
