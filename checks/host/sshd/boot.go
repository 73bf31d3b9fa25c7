package sshd

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hostaudit/checks/host/units"
	"hostaudit/checks/internal/sshdconf"
	"hostaudit/checks/internal/unitfile"
)

// lookAtBoot finds what the init system would start.
func (l *looker) lookAtBoot() {
	system := l.h.Units()
	entries, problems := system.Enabled()
	for _, e := range entries {
		switch e.Kind {
		case units.KindService:
			l.addStarts(l.service(e.Unit)...)
		case units.KindSocket:
			l.socket(system, e.Unit, BootYes)
		case units.KindTimer, units.KindPath:
			l.activated(system, e.Unit)
		case units.KindInetd, units.KindXinetd:
			l.superServer(e)
		case units.KindSysV, units.KindOpenRC, units.KindRunit, units.KindInittab, units.KindCron:
			l.script(e)
		}
	}
	l.foldSockets()
	l.bootProblems(problems)
	l.lookInstalled(system)
	l.lookInstalledDropbear(system)
}

func (l *looker) addStarts(list ...found) { l.starts = append(l.starts, list...) }

// bootProblems keeps what may hide an SSH server. A broken unit of another program does
// not.
func (l *looker) bootProblems(problems []units.Problem) {
	for _, p := range problems {
		of := p.Unit + " " + path.Base(p.File)
		if p.Ignored || errors.Is(p.Err, units.ErrGenerator) || !strings.Contains(of, "ssh") && !strings.Contains(of, "dropbear") {
			l.partial = l.partial || !p.Ignored
			continue
		}
		l.partial = true
		if slices.ContainsFunc(l.starts, func(f found) bool { return slices.Contains(f.units, p.Unit) }) {
			continue // told of the server
		}
		subject := p.Unit
		if subject == "" {
			subject = path.Base(p.File)
		}
		l.problems = append(l.problems, Problem{
			Err: p.Err, Subject: subject, Detail: "what is started at boot is not known whole", File: p.File, Line: p.Line,
		})
	}
}

// service returns the servers that a service starts.
func (l *looker) service(u *units.Unit) (list []found) {
	for _, c := range u.Exec {
		kind := programOf(path.Base(c.Path))
		wrapped := kind == ""
		if wrapped {
			kind = mentions(c.Args)
		}
		if kind == "" || kind == OpenSSH && !wrapped && onlyTests(c.Args) {
			continue
		}
		f := found{Server: Server{Program: kind, Boot: BootYes, Unit: u.Name, AsRoot: true}, exe: c.Path, units: []string{u.Name}}
		if !l.unitSettings(u, &f) {
			return nil
		}
		l.unitCommand(u, c, wrapped, &f)
		list = append(list, f)
	}
	return list
}

// mentions returns which server a shell command or the like may start.
func mentions(args []string) Program {
	for _, arg := range args {
		words := strings.FieldsFunc(arg, func(r rune) bool { return strings.ContainsRune(" \t\n;&|(){}'\"", r) })
		for i, word := range words {
			if kind := programOf(path.Base(word)); path.IsAbs(word) && kind != "" && !(kind == OpenSSH && onlyTests(words[i+1:])) {
				return kind
			}
		}
	}
	return ""
}

// unitCommand evaluates the command line of a unit.
func (l *looker) unitCommand(u *units.Unit, c units.Command, wrapped bool, f *found) {
	at := func(err error, detail string) *Problem {
		return &Problem{Err: err, Detail: detail, File: c.File, Line: c.Line}
	}
	if i := slices.IndexFunc(u.Problems, func(p units.Problem) bool { return !p.Ignored && !errors.Is(p.Err, units.ErrGenerator) }); i >= 0 {
		p := u.Problems[i]
		f.args = &Problem{Err: p.Err, Detail: "the unit that starts it is not evaluated whole", File: p.File, Line: p.Line}
	}
	_, err := l.h.Tree.Stat(c.Path)
	switch {
	case f.args != nil:
	case wrapped:
		f.args = at(ErrUnsupported, "another program starts it, in a way that is not evaluated")
	case errors.Is(err, fs.ErrNotExist):
		f.args = at(ErrNoMetadata, "the program that the unit starts is not there")
	case c.Incomplete:
		f.args = at(ErrUnsupported, "the unit's command line is not evaluated whole")
	}
	if wrapped || errors.Is(err, fs.ErrNotExist) {
		f.exe = ""
	}
	l.start(f, c.Args, c.File, c.Line)
}

// start evaluates how a server would be started, unless f.args says why it is not known.
// The arguments stand at a place, which is told where they are not evaluated.
func (l *looker) start(f *found, args []string, file string, line int) {
	f.Host, f.Container = l.h, l.container
	f.StartFile, f.StartLine = file, line
	if f.Program == Dropbear {
		l.dropbearStart(f, args, file, line)
		return
	}
	f.Build = l.build(f.exe)
	if f.args != nil {
		f.File = l.mainConfig(f.exe, f.Build.Vendor)
		f.Subject = subject(f.File, sshdconf.CommandLine{})
		return
	}
	l.evaluate(f, args, "the command line of the next start is not evaluated")
	if f.args != nil {
		f.args.File, f.args.Line = file, line
	}
}

// setting is a line of a unit or drop-in.
type setting struct {
	unitfile.Assignment
	file string
}

// settings reads the files of a unit again, for what units does not evaluate.
func (l *looker) settings(u *units.Unit) (list []setting) {
	for _, file := range append([]string{u.Fragment}, u.DropIns...) {
		data, err := l.h.Tree.ReadFile(file)
		if file == "" || err != nil {
			continue // a Problem of the unit
		}
		parsed, _ := unitfile.Parse(file, data)
		for _, a := range parsed.Assignments {
			list = append(list, setting{a, file})
		}
	}
	return list
}

// unitSettings looks at settings that change what a program of a unit sees, and at
// conditions. It reports false where one keeps the unit from starting, with a note.
func (l *looker) unitSettings(u *units.Unit, f *found) (starts bool) {
	var conditions, views []setting
	for _, s := range l.settings(u) {
		switch s.Section + "." + s.Key {
		case "Unit.ConditionPathExists":
			if conditions = append(conditions, s); s.Value == "" {
				conditions = nil
			}
		case "Service.User":
			f.AsRoot = s.Value == "" || s.Value == "root" || s.Value == "0"
		case "Service.RootDirectory", "Service.RootImage", "Service.RootEphemeral", "Service.NetworkNamespacePath",
			"Service.MountImages", "Service.ExtensionImages", "Service.ExtensionDirectories":
			views = slices.DeleteFunc(views, func(v setting) bool { return v.Key == s.Key })
			if s.Value != "" && s.Value != "/" {
				views = append(views, s)
			}
		case "Service.BindPaths", "Service.BindReadOnlyPaths", "Service.TemporaryFileSystem", "Service.InaccessiblePaths":
			if s.Value == "" {
				views = slices.DeleteFunc(views, func(v setting) bool { return v.Key == s.Key })
			}
			if strings.Contains(s.Value, "/etc") || strings.Contains(s.Value, "/usr") || strings.TrimSpace(s.Value) == "/" {
				views = append(views, s)
			}
		case "Service.PrivateNetwork":
			if yes, ok := unitfile.Bool(s.Value); ok {
				f.OtherNet = yes
			}
		}
	}
	if len(views) > 0 {
		f.args = unsupportedSetting(views[0])
	}
	for _, s := range conditions {
		name, negated := strings.CutPrefix(s.Value, "!")
		if !strings.HasPrefix(name, "/etc/") && !strings.HasPrefix(name, "/usr/") || strings.Contains(name, "%") {
			continue // a triggering one ("|"), or what only the running host tells: taken to hold
		}
		_, err := l.h.Tree.Stat(name)
		if err == nil && negated || errors.Is(err, fs.ErrNotExist) && !negated {
			what := " keeps it from starting"
			if !negated {
				what = " is not there and keeps it from starting"
			}
			l.note(u.Name, "it is enabled, but "+name+what)
			if f.Program == OpenSSH {
				l.offByCondition = true
			}
			return false
		}
	}
	return true
}

func unsupportedSetting(s setting) *Problem {
	return &Problem{Err: ErrUnsupported, Detail: s.Key + "= of the unit that starts it is not evaluated", File: s.file, Line: s.Line}
}

// activated adds the service that a timer or path starts.
func (l *looker) activated(system *units.System, u *units.Unit) {
	if service, err := system.Unit(u.Starts); err == nil && !service.Masked {
		for _, f := range l.service(service) {
			f.Unit, f.units = u.Name, append(f.units, u.Name)
			l.addStarts(f)
		}
	}
}

var (
	serviceNames = []string{"ssh.service", "sshd.service"}
	socketNames  = []string{"ssh.socket", "sshd.socket"}
)

// lookInstalled judges the sshd that is installed and that nothing is known to start.
func (l *looker) lookInstalled(system *units.System) {
	exe := ""
	for _, candidate := range []string{defaultExe, "/usr/local/sbin/sshd", "/usr/bin/sshd", "/usr/sbin/sshd.pam"} {
		if _, err := l.h.Tree.Stat(candidate); err == nil {
			exe = candidate
			break
		}
	}
	build := l.build(exe)
	config := l.mainConfig(exe, build.Vendor)
	started := slices.ContainsFunc(l.starts, func(f found) bool { return f.Program == OpenSSH })
	if l.offByCondition || slices.ContainsFunc(l.starts, func(f found) bool { return f.Program == OpenSSH && f.AsRoot && f.File == config }) {
		return
	}
	_, configErr := l.h.Tree.Lstat(config)
	state, socket := system.State(serviceNames...), system.State(socketNames...)
	if state == units.Absent || state != units.Enabled && (socket == units.Unknown || socket == units.Enabled && !started) {
		state = socket
	}
	off := state == units.Absent || state == units.Disabled || state == units.Masked
	switch {
	case exe == "" && off && configErr != nil:
		return
	case exe == "" && off:
		l.off = "a configuration of sshd is there, sshd is not"
		return
	case exe == "":
		if !started {
			l.problem(ErrNoMetadata, "sshd", "a unit or a configuration of sshd is there, its program is not in a usual place")
		}
		return
	case off && state != units.Absent:
		l.off = "sshd is installed, its unit is " + state.String()
		return
	case (state == units.Enabled || state == units.Absent) && started:
		return // with another file
	}
	f := found{Server: Server{Program: OpenSSH, AsRoot: true}, exe: exe, fallback: true, unasked: state == units.Absent}
	switch {
	case state == units.Enabled:
		f.Problems = []Problem{{Err: ErrUnsupported, Detail: "what its unit starts is not evaluated"}}
	case socket == units.Unknown:
		f.Problems = []Problem{{Err: ErrUnsupported, Detail: "whether systemd listens in place of sshd after the next boot could not be established"}}
	case state == units.Unknown:
		f.doubt = &Problem{Err: ErrUnsupported, Detail: "whether and how it is started at boot could not be established"}
	}
	l.start(&f, nil, "", 0)
	l.addStarts(f)
}
