package ftp

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/host/units"
	"hostaudit/checks/internal/vsftpdconf"
)

// Where vsftpd reads its settings without arguments, and where Red Hat's unit
// points it to.
const (
	vsftpdConf    = "/etc/vsftpd.conf"
	vsftpdConfDir = "/etc/vsftpd"
)

// vsftpd evaluates what vsftpd would do at its next start: as it was started now,
// and as its units start it at boot.
func (a *audit) vsftpd() {
	var starts []command
	if a.snap != nil {
		starts = a.runningVsftpd()
	}
	starts = append(starts, a.bootVsftpd()...)
	slices.SortStableFunc(starts, func(x, y command) int {
		if x.unsure == y.unsure {
			return 0
		} else if y.unsure {
			return -1
		}
		return 1
	})
	done := map[string]bool{}
	for _, s := range starts {
		key := strings.Join(s.args, "\x00")
		if !done[key] { // a sure start comes before the same one that is not sure
			done[key] = true
			a.present = true
			a.evaluate(s)
		}
	}
	for _, s := range a.behind[vsftpdName] {
		if key := strings.Join(s.args, "\x00"); !done[key] {
			done[key] = true
			a.quietly().evaluate(s)
		}
	}
}

// runningVsftpd lists the starts of the vsftpd processes that listen.
func (a *audit) runningVsftpd() (starts []command) {
	masters := map[int]bool{}
	for _, l := range a.snap.Listeners {
		for _, pid := range l.PIDs {
			masters[pid] = true
		}
	}
	for _, p := range a.snap.Processes {
		d, found, certain := byProcess(p)
		if !found || !certain || d.name != vsftpdName || !masters[p.PID] {
			continue
		}
		switch {
		case p.SameRoot != snapshot.Yes:
			if c, inside := a.host.Container(p.PID); inside {
				a.rec.Note(vsftpdName, "vsftpd runs in container "+c.Name+": what its configuration gives at the next start is not evaluated")
				continue
			}
			a.rec.Note(vsftpdName, "the running vsftpd has another root directory: its configuration is not evaluated")
		case p.ArgsCut, len(p.Args) == 0, strings.HasPrefix(p.Args[0], "vsftpd: "):
			a.rec.Note(vsftpdName, "how the running vsftpd was started could not be read: its configuration is not evaluated")
		default:
			starts = append(starts, command{how: "the running vsftpd", args: p.Args[1:]})
		}
	}
	return starts
}

// bootVsftpd lists the starts at boot.
func (a *audit) bootVsftpd() (starts []command) {
	d, _ := byProgram(vsftpdName)
	installed := a.installed(d)
	confs := a.vsftpdConfs()
	starts, state := a.starts(d, installed)
	// Red Hat: vsftpd@NAME.service runs /etc/vsftpd/NAME.conf, and vsftpd.target all, for
	// which a generator wants them at boot.
	all := a.enabledAtBoot("vsftpd.target")
	for _, conf := range confs {
		name, isInstance := strings.CutSuffix(path.Base(conf), ".conf")
		if !isInstance || path.Dir(conf) != vsftpdConfDir {
			continue
		}
		unit := "vsftpd@" + name + ".service"
		one := a.enabledAtBoot(unit)
		if one != units.Masked && (all == units.Enabled || one == units.Unknown && installed || all == units.Unknown && installed) {
			if all != units.Enabled {
				one = units.Unknown
			} else {
				one = units.Enabled
			}
			starts = append(starts, a.instance(d, unit, one)...)
		}
	}
	for i := range starts {
		// A System V script gives no arguments: the default file is read, whichever was
		// compiled in.
		if starts[i].script && len(confs) == 1 && confs[0] != vsftpdConf {
			starts[i].args = confs
		}
	}
	switch {
	case len(starts) > 0:
	case installed:
		a.dormant(d, state)
	case len(confs) > 0:
		a.rec.Note(vsftpdName, "a configuration of vsftpd is left over: the program is not installed")
	}
	return starts
}

// instance is commands of an instance, none where there is no template.
func (a *audit) instance(d daemon, unit string, state units.Enablement) []command {
	u, err := a.host.Units().Unit(unit)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		a.gap(treeReason(err), unit, "the unit could not be read")
		return nil
	}
	return a.unitCommands(d, unit, u, state)
}

// vsftpdConfs lists the configuration files that are there.
func (a *audit) vsftpdConfs() (confs []string) {
	for _, pattern := range []string{vsftpdConf, vsftpdConfDir + "/*.conf"} {
		found, err := a.host.Tree.Glob(pattern)
		if err != nil {
			a.gap(checks.ReasonOf(err), pattern, "the configuration of vsftpd could not be looked for")
		}
		confs = append(confs, found...)
	}
	return confs
}

// evaluate goes through the arguments in order, as vsftpd(8) tells: files and
// options, the later over the earlier; the default file when no file is
// named, and then after every option.
func (a *audit) evaluate(s command) {
	build := a.vsftpdBuild()
	steps, problem := vsftpdconf.ParseArgs(build, s.args)
	if !a.accepted(problem, s.how, "an option of its command line: ") {
		return
	}
	server := vsftpdconf.NewServerOf(build)
	main := s.how
	for _, step := range steps {
		file := step.File
		switch {
		case step.Setting != nil:
			server.Apply(*step.Setting)
			continue
		case step.Default:
			// The options were taken first; without the default file they and the built-in
			// defaults hold.
			file = a.defaultConf()
			if _, err := a.host.Tree.Stat(file); errors.Is(err, fs.ErrNotExist) {
				continue
			}
		case !path.IsAbs(file):
			a.gap(checks.ReasonUnsupported, s.how, "a configuration file is named without its directory")
			return
		}
		main = file
		if !a.readConf(file, build, &server) {
			return
		}
	}
	a.settle(s, main, server)
}

// accepted reports that vsftpd takes what was read; else it records why it is not
// known what it would do.
func (a *audit) accepted(problem *vsftpdconf.Problem, where, what string) bool {
	switch {
	case problem == nil:
		return true
	case problem.Unsure:
		a.rec.Gap(checks.Gap{
			Reason: checks.ReasonUnsupported, Subject: vsftpdName, Location: checks.At(problem.At.File, problem.At.Line),
			Detail: checks.Text("builds of vsftpd differ about " + what + problem.What),
		})
	case problem.At.File == "":
		a.gap(checks.ReasonRefused, where, "vsftpd would refuse "+what+problem.What)
	default:
		detail := "vsftpd would not start: " + problem.What
		if plainKey.MatchString(problem.Key) { // else it may be anything that was left in the file
			detail += fmt.Sprintf(" for %q", problem.Key)
		}
		a.refused(problem.At.File, problem.At.Line, detail)
	}
	return false
}

var plainKey = regexp.MustCompile(`^[a-z0-9_]{1,40}$`)

// readConf applies a configuration file. It reports false after recording why the
// file decides nothing.
func (a *audit) readConf(name string, build vsftpdconf.Build, server *vsftpdconf.Server) bool {
	info, err := a.host.Tree.Stat(name)
	var content []byte
	if err == nil {
		content, err = a.host.Tree.ReadFile(name)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		a.refused(name, 0, "vsftpd would not start: its configuration file is not there")
		return false
	case errors.Is(err, tree.ErrNotRegular), err == nil && info.UID != 0:
		a.refused(name, 0, "vsftpd would not start: its configuration is not a regular file of root")
		return false
	case err != nil:
		a.rec.Gap(checks.Gap{Reason: treeReason(err), Subject: vsftpdName, Detail: "the configuration of vsftpd could not be read", Location: checks.At(name, 0)})
		return false
	}
	settings, problem := vsftpdconf.ParseAs(build, name, content)
	server.Apply(settings...)
	return a.accepted(problem, name, "")
}

func (a *audit) refused(name string, line int, detail string) {
	a.rec.Gap(checks.Gap{Reason: checks.ReasonRefused, Subject: vsftpdName, Detail: checks.Text(detail), Location: checks.At(name, line)})
}

// settle records what the settings come to.
func (a *audit) settle(s command, main string, server vsftpdconf.Server) {
	at := server.PortAt
	if at.File == "" {
		at = server.ListenAt
	}
	if at.File == "" && path.IsAbs(main) {
		at.File = main
	}
	listens, outcome := server.Listens()
	where := at
	if outcome.At.File != "" {
		where = outcome.At
	}
	switch {
	case outcome.Verdict == vsftpdconf.DoesNotStart:
		a.refused(where.File, where.Line, "vsftpd would not start: "+outcome.Why)
		return
	case outcome.Verdict == vsftpdconf.NotSettled && server.Port != ftpPort:
		a.rec.Note(main, fmt.Sprintf("vsftpd is configured for port %d", server.Port))
		return
	case outcome.Verdict == vsftpdconf.NotSettled:
		a.rec.Gap(checks.Gap{
			Reason: checks.ReasonUnsupported, Subject: vsftpdName, Location: checks.At(where.File, where.Line),
			Detail: checks.Text("vsftpd is set to port 21, and whether it listens is not settled: " + outcome.Why),
		})
		return
	case len(listens) == 0:
		a.rec.Note(main, "vsftpd does not listen itself: it ends when started alone, and serves where inetd or a socket unit starts it")
		return
	}
	for _, file := range server.Certificates() {
		if _, err := a.host.Tree.Stat(file); errors.Is(err, fs.ErrNotExist) {
			a.refused(main, 0, "vsftpd would not start: a certificate it is told to load is not there")
			return
		}
	}
	addr := listens[0].Addr
	switch {
	case server.Port != ftpPort:
		a.rec.Note(main, fmt.Sprintf("vsftpd is configured for port %d", server.Port))
	case s.unsure:
		a.rec.Gap(checks.Gap{Reason: checks.ReasonUnsupported, Subject: vsftpdName, Detail: "vsftpd is configured for port 21; whether it is started at boot could not be established", Location: checks.At(at.File, at.Line)})
	case a.failed:
		a.rec.Note(main, "the configuration of vsftpd gives port 21 too")
	default:
		where := "every address"
		if !addr.IsUnspecified() {
			where = addr.String()
			if addr.Unmap().IsLoopback() {
				where = "loopback only (" + where + ")"
			}
		}
		a.rec.Finding(checks.Finding{
			Kind: "port-21", Subject: checks.Text("vsftpd (" + main + ")"), Evidence: checks.Configured,
			Detail:   checks.Text("vsftpd is configured for port 21 of " + where + ", which takes effect at its next start"),
			Location: checks.At(at.File, at.Line),
		})
	}
}

// treeReason names the cause of a failed read of a file.
func treeReason(err error) checks.Reason {
	if errors.Is(err, tree.ErrRemote) {
		return checks.ReasonRemoteFileSystem
	}
	return checks.ReasonOf(err)
}
