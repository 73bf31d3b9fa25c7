package ftp

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/proftpdconf"
)

const proftpdName = "ProFTPD"

// proftpd evaluates what ProFTPD will bind at its next start by its units. What runs is
// judged by its sockets.
func (a *audit) proftpd(d daemon) {
	runs := a.running(d)
	a.present = a.present || runs
	installed := a.installed(d)
	list, state := a.starts(d, installed)
	for _, c := range list {
		a.present = true
		a.proftpdConfig(c)
	}
	for _, c := range a.behind[d.name] {
		a.quietly().proftpdConfig(c)
	}
	switch {
	case len(list) > 0:
	case runs:
		a.rec.Note(d.name, "the configuration of "+d.name+" is not evaluated: its ports are those it has now")
	case installed:
		a.dormant(d, state)
	}
}

// proftpdConfig evaluates the configuration of one command.
func (a *audit) proftpdConfig(c command) {
	build := a.proftpdBuild()
	if c.script && (!build.Debian || a.assigns("/etc/default/proftpd", "OPTIONS", "CONFIG_FILE")) {
		a.gap(checks.ReasonUnsupported, c.how, "the options that the script of ProFTPD gives are not evaluated")
		return
	}
	cmd, outcome := proftpdconf.ParseArgs(build.Version, c.args)
	switch {
	case outcome.Kind == proftpdconf.Refused:
		a.gap(checks.ReasonRefused, c.how, "ProFTPD would refuse its command line: "+outcome.Why)
		return
	case outcome.Kind != proftpdconf.Accepted:
		a.gap(checks.ReasonUnsupported, c.how, "the command line of ProFTPD is not evaluated: "+outcome.Why)
		return
	case cmd.Ends:
		a.rec.Note(proftpdName, c.how+" starts ProFTPD in a way that serves nobody")
		return
	}
	conf := proftpdconf.Load(proftpdFiles{a.host.Tree}, a.proftpdMain(build), cmd, build)
	for i, p := range conf.Problems() {
		if i == maxProblems {
			break
		}
		gap := checks.Gap{Reason: checks.ReasonUnsupported, Subject: proftpdName, Location: checks.At(p.File, p.Line), Detail: checks.Text("not evaluated: " + p.Why)}
		switch {
		case p.Kind == proftpdconf.Warned:
			a.rec.Note(place(p.File, p.Line), "ProFTPD goes on after a fault: "+p.Why)
			continue
		case p.Kind == proftpdconf.Refused:
			gap.Reason, gap.Detail = checks.ReasonRefused, checks.Text("ProFTPD would not start: "+p.Why)
		case p.Err != nil:
			gap.Reason = treeReason(p.Err)
		}
		a.rec.Gap(gap)
	}
	if conf.Inetd() {
		a.rec.Note(proftpdName, "ProFTPD does not listen itself: it serves where inetd or a socket unit starts it")
	}
	var elsewhere []string
	for _, l := range conf.Listens() {
		switch {
		case !l.FTP: // it speaks SSH
		case l.Port == ftpPort:
			a.configured(proftpdName, subjectOf(l), "ProFTPD is configured for port 21 of", whereOf(l.Addr, l.Host), checks.At(l.File, l.Line), c.unsure)
		case !slices.Contains(elsewhere, fmt.Sprint(l.Port)):
			elsewhere = append(elsewhere, fmt.Sprint(l.Port))
		}
	}
	if len(elsewhere) > 0 {
		a.rec.Note(proftpdName, "ProFTPD is configured for port "+strings.Join(elsewhere, ", "))
	}
}

// maxProblems is how many places of one configuration are named.
const maxProblems = 5

func subjectOf(l proftpdconf.Listen) string {
	if l.Server == "" {
		return proftpdName
	}
	return proftpdName + " (" + l.Server + ")"
}

func place(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// configured records port 21 of the next start: a finding, unless it runs there already
// or is not known to be started.
func (a *audit) configured(program, subject, what, where string, at checks.Location, unsure bool) {
	switch {
	case unsure:
		a.rec.Gap(checks.Gap{
			Reason: checks.ReasonUnsupported, Subject: checks.Text(program), Location: at,
			Detail: checks.Text(what + " " + where + "; whether it is started at boot could not be established"),
		})
	case a.failed:
		a.rec.Note(subject, "the configuration of "+program+" gives port 21 too")
	case a.told21[fmt.Sprint(subject, at)]: // by another start of the same configuration
	default:
		a.told21[fmt.Sprint(subject, at)] = true
		a.rec.Finding(checks.Finding{
			Kind: "port-21", Subject: checks.Text(subject), Evidence: checks.Configured, Location: at,
			Detail: checks.Text(what + " " + where + ", which takes effect at its next start"),
		})
	}
}

// proftpdBuild says which ProFTPD it is, by its package.
func (a *audit) proftpdBuild() proftpdconf.Build {
	var b proftpdconf.Build
	if b.Debian = a.debian(); b.Debian {
		for _, name := range []string{"proftpd-core", "proftpd-basic"} {
			if v, ok := proftpdconf.ParseVersion(a.dpkgVersion(name)); ok {
				b.Version = v
				return b
			}
		}
		return b
	}
	for _, exe := range []string{"/usr/sbin/proftpd", "/usr/bin/proftpd"} {
		if v, ok := proftpdconf.ParseVersion(a.host.Packages().Owners(exe)[exe].Version); ok {
			b.Version = v
		}
	}
	return b
}

// debian reports Debian and what is made of it.
func (a *audit) debian() bool {
	ids := append([]string{a.host.OS.ID}, strings.Fields(a.host.OS.IDLike)...)
	return slices.Contains(ids, "debian") || slices.Contains(ids, "ubuntu")
}

// proftpdMain is the file it reads without -c.
func (a *audit) proftpdMain(b proftpdconf.Build) string {
	const debian, upstream = "/etc/proftpd/proftpd.conf", "/etc/proftpd.conf"
	if b.Debian {
		return debian
	}
	if _, err := a.host.Tree.Stat(upstream); errors.Is(err, fs.ErrNotExist) {
		if _, err := a.host.Tree.Stat(debian); err == nil {
			return debian
		}
	}
	return upstream
}

// assigns reports that a file of shell variables gives one of them a value, or that it
// cannot be seen.
func (a *audit) assigns(file string, names ...string) bool {
	data, err := a.host.Tree.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		return true
	}
	for line := range strings.Lines(string(data)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		name = strings.TrimSpace(strings.TrimPrefix(name, "export "))
		if slices.Contains(names, name) && strings.Trim(value, `"' `) != "" {
			return true
		}
	}
	return false
}

// proftpdFiles gives proftpdconf the tree.
type proftpdFiles struct{ t *tree.Tree }

// ReadFile implements proftpdconf.Files.
func (f proftpdFiles) ReadFile(name string) ([]byte, error) { return f.t.ReadFile(name) }

// ReadDir implements proftpdconf.Files.
func (f proftpdFiles) ReadDir(name string) ([]string, error) { return f.t.ReadDir(name) }

// Stat implements proftpdconf.Files.
func (f proftpdFiles) Stat(name string) (proftpdconf.FileType, error) {
	info, err := f.t.Stat(name)
	return fileType(info.Mode), err
}

// Lstat implements proftpdconf.Files.
func (f proftpdFiles) Lstat(name string) (proftpdconf.FileType, error) {
	info, err := f.t.Lstat(name)
	return fileType(info.Mode), err
}

func fileType(mode fs.FileMode) proftpdconf.FileType {
	switch {
	case mode.IsRegular():
		return proftpdconf.Regular
	case mode.IsDir():
		return proftpdconf.Directory
	case mode&fs.ModeSymlink != 0:
		return proftpdconf.Symlink
	}
	return proftpdconf.Other
}
