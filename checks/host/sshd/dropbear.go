package sshd

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"path"
	"reflect"
	"slices"
	"strings"

	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
	"hostaudit/checks/internal/dropbear"
)

// dropbearVersion says which Dropbear a program is, by the greeting in its file, else by
// its package.
func (l *looker) dropbearVersion(exe string) dropbear.Version {
	if exe == "" {
		return dropbear.Version{}
	}
	if v := l.binary(exe).dropbear; v.Known() {
		return v
	}
	owner := l.owner(exe)
	if owner.Err != nil || !strings.HasPrefix(owner.Package, "dropbear") {
		return dropbear.Version{}
	}
	v, _ := dropbear.ParseVersion(owner.Version)
	return v
}

// dropbearProcess judges one running Dropbear. A session holds no listening socket, but
// for ports it forwards.
func (l *looker) dropbearProcess(p snapshot.Process, listeners []snapshot.Listener, elsewhere bool) {
	snap := l.h.Snapshot
	// A session is forked with its parent's command line, or by the option of a child;
	// somebody may start a server in one.
	if parent, ok := snap.Process(p.PPID); ok && l.kindOf(parent) == Dropbear && parent.NetNS == p.NetNS &&
		(len(listeners) == 0 || slices.Equal(p.Args, parent.Args)) {
		return
	}
	if l.unseen(Dropbear, p, listeners, elsewhere) {
		return
	}
	if len(listeners) == 0 {
		l.withoutListeners(Dropbear, p, true)
		return
	}
	args, isServer := dropbear.Command(p.Args)
	f := found{
		Server: Server{Program: Dropbear, PID: p.PID, AsRoot: p.EUID == 0, Listeners: listeners, OtherNet: elsewhere},
		exe:    p.Exe, units: unitsOf(p),
	}
	options, outcome := dropbear.ParseArgsOf(l.dropbearVersion(p.Exe), args)
	switch {
	case p.ArgsCut || len(p.Args) == 0 || !isServer && programOf(path.Base(p.Args[0])) == "":
		f.args = &Problem{Err: ErrUnsupported, Detail: "the command line of the running server is not known"}
	case options.Inetd || options.Child:
		return // what it holds it forwards
	case outcome.Kind == dropbear.Accepted && forwardsOnly(options, listeners):
		return // a session that outlived its server
	case outcome.Kind != dropbear.Accepted:
		f.args = &Problem{Err: ErrUnsupported, Detail: "the command line of the running server is not evaluated"}
	default:
		f.known, f.Dropbear = true, &options
	}
	l.known[p.PID] = true
	f.Subject = dropbearSubject(listenerPorts(listeners))
	l.mounts(p, &f)
	l.add(f)
}

// dropbearSubject names a Dropbear by its ports, unless it has the usual one alone.
func dropbearSubject(list []uint16) string {
	slices.Sort(list)
	list = slices.Compact(list)
	if len(list) == 0 || len(list) == 1 && list[0] == defaultPort {
		return "dropbear"
	}
	return "dropbear" + ports(list)
}

func listenerPorts(listeners []snapshot.Listener) (list []uint16) {
	for _, li := range listeners {
		list = append(list, li.Port)
	}
	return list
}

func optionPorts(o *dropbear.Options) (list []uint16) {
	if o == nil {
		return nil
	}
	for _, li := range o.Listens {
		list = append(list, li.Port)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// dropbearStart evaluates the command line of a Dropbear that would be started.
func (l *looker) dropbearStart(f *found, args []string, file string, line int) {
	f.Subject = "dropbear"
	if f.args != nil {
		return
	}
	options, outcome := dropbear.ParseArgsOf(l.dropbearVersion(f.exe), args)
	l.dropbearOptions(f, options, outcome, file, line)
}

// dropbearOptions keeps what was evaluated.
func (l *looker) dropbearOptions(f *found, options dropbear.Options, outcome dropbear.Outcome, file string, line int) {
	if outcome.Line != 0 {
		line = outcome.Line
	}
	f.StartFile, f.StartLine = file, line
	switch outcome.Kind {
	case dropbear.Refused:
		f.args = &Problem{Err: ErrRefused, Detail: "Dropbear does not start with its options", File: file, Line: line}
	case dropbear.Unsure:
		f.args = &Problem{Err: ErrUnsupported, Detail: "its options are not evaluated", File: file, Line: line}
	default:
		f.known, f.Dropbear = true, &options
	}
	if f.Subject == "" || f.Subject == "dropbear" {
		f.Subject = dropbearSubject(optionPorts(&options))
	}
}

// dropbearScript adds the Dropbear that a script starts: OpenWrt's by
// /etc/config/dropbear, Debian's by /etc/default/dropbear, OpenRC's by
// /etc/conf.d/dropbear, runit's by itself.
func (l *looker) dropbearScript(e units.Entry, script []byte, f found) {
	f.Host, f.Container = l.h, l.container
	file := "/etc/default/dropbear"
	openWrt := bytes.Contains(script, []byte("/etc/rc.common"))
	switch {
	case openWrt:
		file = "/etc/config/dropbear"
	case e.Kind == units.KindOpenRC:
		file = "/etc/conf.d/dropbear"
	case e.Kind == units.KindRunit || !bytes.Contains(script, []byte(file)):
		l.dropbearRun(e, script, f)
		return
	}
	data, err := l.h.Tree.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.args = &Problem{Err: err, Detail: "options for it could not be read", File: file}
		l.start(&f, nil, file, 0)
		l.addStarts(f)
		return
	}
	if openWrt {
		l.openWrt(data, script, f)
		return
	}
	var service dropbear.Service
	if e.Kind == units.KindOpenRC {
		service = dropbear.ParseConfD(data)
	} else {
		service = dropbear.ParseDebianDefault(data, script)
	}
	if !service.Starts {
		l.note(e.Name, "it is enabled, but "+file+" keeps it from starting")
		return
	}
	options, outcome := service.Options(l.dropbearVersion(f.exe))
	l.dropbearOptions(&f, options, outcome, file, 0)
	l.addStarts(f)
}

// openWrt adds one server for every enabled section.
func (l *looker) openWrt(data, script []byte, f found) {
	const file = "/etc/config/dropbear"
	if !bytes.Contains(script, []byte("Port")) {
		script = nil // it reads them in a file of its own: then all that there are
	}
	for _, i := range dropbear.ParseOpenWrt(data, script) {
		if !i.Enabled {
			l.note("dropbear "+i.Name, "its section in "+file+" is turned off")
			continue
		}
		g := f
		g.Subject = "dropbear " + i.Name
		g.AsRoot = i.Options.User == "" || i.Options.User == "root"
		if n := slices.IndexFunc(i.Needs, func(n dropbear.Need) bool { return l.lacks(n.Path) }); n >= 0 && i.Outcome.Kind == dropbear.Accepted {
			g.args = &Problem{Err: ErrRefused, Detail: "a file that its section names is not there", File: file, Line: i.Needs[n].Line}
		} else {
			l.dropbearOptions(&g, i.Options, i.Outcome, file, i.Line)
		}
		l.addStarts(g)
	}
}

// lacks reports a path where no regular file is.
func (l *looker) lacks(name string) bool {
	info, err := l.h.Tree.Stat(name)
	return errors.Is(err, fs.ErrNotExist) || err == nil && !info.Mode.IsRegular()
}

// dropbearRun reads the command of a run script of runit, or of a script without options
// file.
func (l *looker) dropbearRun(e units.Entry, script []byte, f found) {
	var args []string
	isServer := false
	for line := range strings.Lines(string(script)) {
		words := strings.Fields(line)
		if len(words) > 1 && words[0] == "exec" && !strings.ContainsAny(line, "$`\"'\\;&|*?") {
			args, isServer = dropbear.Command(words[1:])
		}
	}
	if !isServer {
		f.args = &Problem{Err: ErrUnsupported, Detail: "how the script starts it is not evaluated", File: e.Program}
	}
	l.start(&f, args, e.Program, 0)
	l.addStarts(f)
}

// lookInstalledDropbear tells a Dropbear that is installed, and off or not known to be.
// dropbear-bin and the initramfs variant install the program without a service.
func (l *looker) lookInstalledDropbear(system *units.System) {
	if slices.ContainsFunc(l.starts, func(f found) bool { return f.Program == Dropbear }) ||
		slices.ContainsFunc(l.notes, func(n Note) bool { return strings.HasPrefix(n.Subject, "dropbear") }) {
		return
	}
	if _, err := l.h.Tree.Stat("/usr/sbin/dropbear"); err != nil {
		return
	}
	switch state := system.State("dropbear.service", "dropbear.socket"); state {
	case units.Unknown, units.Enabled:
		l.problem(ErrUnsupported, "dropbear", "Dropbear is installed, and whether it is started at boot could not be established")
	case units.Disabled, units.Masked:
		l.note("dropbear", "Dropbear is installed, its unit is "+state.String())
	}
}

// sameDropbear compares options but for addresses, which OpenWrt's script fills in, and
// for places.
func sameDropbear(a, b *dropbear.Options) bool {
	if a == nil || b == nil {
		return a == b
	}
	x, y := *a, *b
	samePorts := cmp.Compare(len(optionPorts(a)), len(optionPorts(b))) == 0 && slices.Equal(optionPorts(a), optionPorts(b))
	x.Listens, y.Listens, x.Since, y.Since = nil, nil, dropbear.Version{}, dropbear.Version{}
	return samePorts && reflect.DeepEqual(x, y)
}

// forwardsOnly reports that of the ports told none is listened on.
func forwardsOnly(o dropbear.Options, listeners []snapshot.Listener) bool {
	told, held := optionPorts(&o), listenerPorts(listeners)
	return !slices.Contains(told, 0) && !slices.ContainsFunc(told, func(port uint16) bool { return slices.Contains(held, port) })
}
