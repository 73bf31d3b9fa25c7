package mysql

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/units"
	"hostaudit/checks/internal/mycnf"
)

// start is one server that is configured to be started, with what it would read.
type start struct {
	how      string // the unit or script
	settings settings
}

// starts lists the servers that are started at boot, by units whose state is not
// known too; where nothing of an init is (a container), the server as its program
// starts without arguments. The gaps say what of it is not known.
func starts(h *host.Host) ([]start, []checks.Gap) {
	type answer struct {
		list []start
		gaps []checks.Gap
	}
	a := host.Once(h, startsKey{}, func() answer {
		list, gaps := readStarts(h)
		return answer{list, gaps}
	})
	return slices.Clip(a.list), slices.Clip(a.gaps)
}

type startsKey struct{}

// same reports a server that is started with the same options, so that nothing else is
// to be said about it.
func (s start) same(o start) bool {
	a, b := s.settings, o.settings
	return a.flavour == b.flavour && a.release == b.release && a.safe == b.safe && a.key == b.key && slices.Equal(a.args, b.args) && slices.Equal(a.all, b.all)
}

// maxOptions bounds the options of all servers that are started together: every
// instance reads the same files again.
const maxOptions = 1 << 18

func readStarts(h *host.Host) (list []start, gaps []checks.Gap) {
	seen := map[string]bool{}
	options := 0
	for _, name := range bootUnits(h) {
		if len(list) >= maxServers || options > maxOptions {
			gaps = append(gaps, checks.Gap{Reason: checks.ReasonTooCostly, Detail: "more servers are started, or their options are longer, than is examined"})
			break
		}
		u, err := h.Units().Unit(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			if !seen["script"] { // several names of one script
				seen["script"] = true
				s, g := scriptStart(h, name)
				list, gaps = append(list, s), append(gaps, g...)
			}
			continue
		case err != nil:
			gaps = append(gaps, checks.Gap{Reason: checks.ReasonOf(err), Subject: checks.Text(name), Detail: "the unit that starts the server could not be read"})
			continue
		}
		if seen[u.Name] {
			continue
		}
		seen[u.Name] = true
		if g := notWhole(u); g != nil {
			gaps = append(gaps, *g)
		}
		found, more := unitStarts(h, u)
		gaps = append(gaps, more...)
		for _, s := range found {
			options += len(s.settings.all)
			if !slices.ContainsFunc(list, s.same) {
				list = append(list, s)
			}
		}
	}
	if len(list) == 0 && len(gaps) == 0 {
		list = append(list, start{settings: readHost(h, "", mycnf.Command{}, origin{})})
	}
	return list, gaps
}

// bootUnits are the services that start a server at boot, or may: those of known
// names, and whatever is enabled and runs one.
func bootUnits(h *host.Host) []string {
	var list []string
	for _, name := range services() {
		if s := h.Units().State(name); s == units.Enabled || s == units.Unknown {
			list = append(list, name)
		}
	}
	list = append(list, enabledUnits(h)...)
	sockets, _ := h.Units().Sockets() // their problems are activated's
	for _, u := range sockets {
		if !startsServer(h, u) {
			continue
		}
		if s := h.Units().State(u.Name); s != units.Enabled && s != units.Unknown {
			continue
		}
		name := u.Starts
		if name == "" {
			name = strings.TrimSuffix(u.Name, ".socket") + ".service"
		}
		list = append(list, name)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// enabledUnits are the services enabled at boot that start a server, instances of
// templates (mariadb@two.service) among them.
func enabledUnits(h *host.Host) (list []string) {
	entries, problems := h.Units().Enabled()
	for _, e := range entries {
		if e.Kind != units.KindService || e.Unit == nil {
			continue
		}
		if known(e.Name) || slices.ContainsFunc(e.Unit.Exec, func(c units.Command) bool { return serverIn(c) != "" }) {
			list = append(list, e.Name)
		}
	}
	for _, p := range problems {
		if known(p.Unit) && strings.HasSuffix(p.Unit, ".service") {
			list = append(list, p.Unit)
		}
	}
	return list
}

// serverIn is the server's program, or what starts one, in a command line: its program,
// or what a shell or a wrapper is to start; "" = none.
func serverIn(c units.Command) string {
	if startsDatabase(path.Base(c.Path)) {
		return c.Path
	}
	for _, arg := range c.Args {
		for word := range strings.FieldsSeq(arg) {
			if word = strings.Trim(word, `"';&`); path.IsAbs(word) && startsDatabase(path.Base(word)) {
				return word
			}
		}
	}
	return ""
}

// known tells the names packages give their services and instances.
func known(unit string) bool {
	name, _, isInstance := strings.Cut(strings.TrimSuffix(unit, ".service"), "@")
	return slices.Contains(services(), name+".service") && (isInstance || strings.HasSuffix(unit, ".service"))
}

// notWhole tells of the first place in a unit that was not evaluated.
func notWhole(u *units.Unit) *checks.Gap {
	for _, p := range u.Problems {
		if !p.Ignored && !errors.Is(p.Err, units.ErrGenerator) && !errors.Is(p.Err, fs.ErrNotExist) {
			return &checks.Gap{
				Reason: reasonOf(p.Err), Subject: checks.Text(u.Name), Location: checks.At(p.File, p.Line),
				Detail: "the unit that starts the server is not evaluated whole",
			}
		}
	}
	return nil
}

// reasonOf is checks.ReasonOf for what a unit could not be evaluated for, which is
// mostly its form.
func reasonOf(err error) checks.Reason {
	if r := checks.ReasonOf(err); r != checks.ReasonUnreadable {
		return r
	}
	return checks.ReasonUnsupported
}

// unitStarts reads the command lines of a unit.
func unitStarts(h *host.Host, u *units.Unit) (list []start, gaps []checks.Gap) {
	gap := func(where units.Place, detail string) {
		gaps = append(gaps, checks.Gap{Reason: checks.ReasonUnsupported, Subject: checks.Text(u.Name), Location: checks.At(where.File, where.Line), Detail: checks.Text(detail)})
	}
	if place, found := steered(h, u); found {
		gap(place, "a variable of the service's environment says which options the server reads; it is not evaluated")
	}
	if place, found := otherFiles(h, u); found {
		gap(place, "the service sees other files than the host, so the server may read other options")
	}
	found := false
	for _, c := range u.Exec {
		behind, isShell, known := fromShell(h, u, c)
		if isShell {
			c = behind
			c.Incomplete = c.Incomplete || !known
		}
		program := path.Base(c.Path)
		if !startsDatabase(program) {
			continue
		}
		found = true
		if len(list) == maxServers {
			gaps = append(gaps, checks.Gap{Reason: checks.ReasonTooCostly, Subject: checks.Text(u.Name), Location: checks.At(c.Place.File, c.Place.Line), Detail: "the unit starts more servers than are examined"})
			break
		}
		if c.Incomplete && (isShell || !clusterOnly(h, u)) {
			gap(c.Place, "the command line of the server is not known before it starts")
		}
		o := origin{home: accountHome(h, runsAs(h, u))}
		args := c.Args
		switch program {
		case "mysqld_multi", "mariadbd-multi":
			gap(c.Place, "several servers are started by a script, which is not evaluated")
			continue
		case "mysqld_safe", "mariadbd-safe":
			o.safe, o.home, o.homes = true, "", scriptHomes()
		case "mysql-systemd-helper":
			if len(args) == 0 || args[0] != "start" {
				continue
			}
			args = suse(args[1:])
		}
		list = append(list, start{how: u.Name, settings: readHost(h, serverOf(c.Path), command(args), o)})
	}
	switch {
	case len(u.Exec) == 0 && len(gaps) == 0:
		list = append(list, start{how: u.Name, settings: readHost(h, "", mycnf.Command{}, origin{})})
	case !found:
		gap(units.Place{File: u.Fragment}, "the unit starts the server in a way that is not evaluated")
	}
	return list, gaps
}

// serverOf is the server's program where the unit names it.
func serverOf(program string) string {
	switch path.Base(program) {
	case "mariadbd", "mysqld", "mysqld-debug":
		return program
	}
	return ""
}

// suse is the command line that SUSE's mysql-systemd-helper makes: each instance has
// an option file of its own.
func suse(args []string) []string {
	instance := ""
	if len(args) > 0 {
		instance = args[0]
	}
	return []string{"--defaults-file=/etc/my" + instance + ".cnf", "--user=mysql"}
}

// scriptStart is a server that a script of System V or OpenRC starts, through mysqld_safe
// without arguments. Debian's sets HOME. A script that has, or is given, arguments that
// matter here is not evaluated.
func scriptStart(h *host.Host, name string) (start, []checks.Gap) {
	var gaps []checks.Gap
	script := strings.TrimSuffix(name, ".service")
	for _, dir := range []string{"/etc/init.d", "/etc/conf.d", "/etc/default", "/etc/sysconfig"} {
		file := path.Join(dir, script)
		data, err := h.Tree.ReadFile(file)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) {
				gaps = append(gaps, checks.Gap{Reason: checks.ReasonOf(err), Subject: checks.Text(file), Location: checks.At(file, 0), Detail: "the script that starts the server could not be read"})
			}
			continue
		}
		n := 0
		for line := range strings.Lines(string(data)) {
			n++
			line = strings.ReplaceAll(strings.TrimSpace(line), "_", "-")
			if !strings.HasPrefix(line, "#") && slices.ContainsFunc(decisive(), func(o string) bool { return strings.Contains(line, o) }) {
				gaps = append(gaps, checks.Gap{
					Reason: checks.ReasonUnsupported, Subject: checks.Text(file), Location: checks.At(file, n),
					Detail: "the script that starts the server may give it options of its own, which are not evaluated",
				})
				break
			}
		}
	}
	return start{how: name, settings: readHost(h, "", mycnf.Command{}, origin{safe: true, homes: scriptHomes()})}, gaps
}

// decisive are the options that decide the verdicts, as they stand on a command line.
func decisive() []string {
	return []string{"--bind-address", "--mysqlx-bind-address", "--skip-networking", "--skip-grant-tables"}
}

// scriptHomes are the home directories a script that root starts may have.
func scriptHomes() []string { return []string{"/", "/root", "/etc/mysql"} }

// readHost reads the settings of a server of a host. exe is its program, "" = not
// known.
func readHost(h *host.Host, exe string, cmd mycnf.Command, o origin) settings {
	o.flavour = flavourOf(h, exe)
	o.release = releaseOf(h.Tree, h.Packages(), o.flavour, exe)
	if o.release == "" && exe != "" {
		o.release = releaseOf(h.Tree, h.Packages(), o.flavour, "")
	}
	o.command = cmd
	return readOrigin(h.Tree, o)
}
