package ftp

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/units"
)

// command is a command line that starts a daemon at boot.
type command struct {
	how     string   // the unit, script or entry
	program string   // the base name of what it starts
	args    []string // without the program; never for output
	script  bool     // an init script starts it: what it gives is not known
	unsure  bool     // whether it is started at boot could not be established
}

// quietly is the audit of a server that a super-server or socket unit starts for a
// client on another port: where it is set to listen itself it then does, and what else
// there is to say of its configuration changes nothing.
func (a *audit) quietly() *audit {
	b := *a
	b.rec = findingsOnly{a.rec}
	return &b
}

// recorder is what the audit records with.
type recorder interface {
	Finding(f checks.Finding)
	Gap(g checks.Gap)
	Note(subject, detail string)
}

// findingsOnly drops the rest.
type findingsOnly struct{ to recorder }

// Finding implements recorder.
func (f findingsOnly) Finding(finding checks.Finding) { f.to.Finding(finding) }

// Gap implements recorder.
func (f findingsOnly) Gap(checks.Gap) {}

// Note implements recorder.
func (f findingsOnly) Note(string, string) {}

// enabledAtBoot says whether any of the units is started at boot.
func (a *audit) enabledAtBoot(names ...string) units.Enablement {
	return a.host.Units().State(names...)
}

// starts returns everything that starts a daemon, or may: its own units and scripts,
// and others that run it. state is that of its own units, the strongest.
func (a *audit) starts(d daemon, installed bool) (list []command, state units.Enablement) {
	state = a.enabledAtBoot(d.units...)
	for _, unit := range d.units {
		if one := a.enabledAtBoot(unit); a.bySocket(d, unit) {
			continue // its socket was judged
		} else if one == units.Enabled && a.ofAnother(d, unit) {
			continue // it is an entry, of that server
		} else if one == units.Enabled || one == units.Unknown && installed {
			list = append(list, a.commands(d, unit, one, installed)...)
		}
	}
	for _, e := range a.entries {
		switch e.Kind {
		case units.KindService:
			own := e.Unit == nil || slices.Contains(d.units, e.Name) ||
				slices.ContainsFunc(e.Unit.Aliases, func(alias string) bool { return slices.Contains(d.units, alias) })
			if !own && slices.ContainsFunc(e.Unit.Exec, func(c units.Command) bool { return runs(c, d, installed) }) {
				list = append(list, a.unitCommands(d, e.Name, e.Unit, units.Enabled)...)
				state = units.Enabled
			}
		case units.KindInittab, units.KindRunit, units.KindCron:
			if slices.Contains(d.programs, path.Base(e.Program)) {
				a.present = true
				a.rec.Gap(checks.Gap{
					Reason: checks.ReasonUnsupported, Subject: checks.Text(d.name), Location: checks.At(e.Place.File, e.Place.Line),
					Detail: checks.Text(d.name + " is started in a way that is not evaluated (" + string(e.Kind) + ")"),
				})
				state = units.Enabled
			}
		}
	}
	return list, state
}

// ofAnother reports a unit that bears a name of d and starts other FTP servers alone.
func (a *audit) ofAnother(d daemon, unit string) bool {
	u, err := a.host.Units().Unit(unit)
	return err == nil && len(u.Exec) > 0 && isWhole(u) && !slices.ContainsFunc(u.Exec, func(c units.Command) bool {
		other, is := serves(c.Path, c.Args)
		return is != isFTP || other.name == d.name
	})
}

// runs reports a command that starts d, perhaps through a wrapper or, if d is installed,
// in the command line of a shell.
func runs(c units.Command, d daemon, installed bool) bool {
	other, is := serves(c.Path, c.Args)
	return is == isFTP && other.name == d.name || installed && slices.Contains(shells(), path.Base(c.Path)) && inShell(c.Args, d)
}

func shells() []string { return []string{"sh", "bash", "dash", "ash", "ksh", "zsh"} }

// inShell reports that the argument of -c names a program of d where commands stand, or
// by its path.
func inShell(args []string, d daemon) bool {
	i := slices.IndexFunc(args, func(arg string) bool { return shellOption.MatchString(arg) })
	if i < 0 || i+1 == len(args) {
		return false
	}
	starts := true
	for word := range strings.FieldsSeq(shellSigns.ReplaceAllString(args[i+1], " $0 ")) {
		if program := strings.Trim(word, `"'`); (starts || inBin.MatchString(program)) && slices.Contains(d.programs, path.Base(program)) {
			return true
		}
		starts = starts && strings.Contains(word, "=") || shellSigns.MatchString(word) || slices.Contains([]string{"exec", "then", "do", "else"}, word)
	}
	return false
}

var (
	shellOption = regexp.MustCompile(`^-[a-z]*c$`)
	inBin       = regexp.MustCompile(`^/(?:.*/)?(?:s?bin|libexec)/[^/]*$`)
	shellSigns  = regexp.MustCompile(`[;&|(){}!]`)
)

// commands returns how a unit that is, or may be, enabled starts a daemon. What keeps
// that from being known is recorded.
func (a *audit) commands(d daemon, unit string, state units.Enablement, installed bool) []command {
	u, err := a.host.Units().Unit(unit)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if !installed {
			a.rec.Note(d.name, "a script of "+d.name+" is left over: the program is not installed")
			return nil
		}
		return []command{{how: unit, script: true, unsure: state != units.Enabled}}
	case err != nil:
		a.gap(treeReason(err), unit, "the unit could not be read")
		return nil
	}
	return a.unitCommands(d, unit, u, state)
}

// unitCommands is commands of a unit that was loaded.
func (a *audit) unitCommands(d daemon, name string, u *units.Unit, state units.Enablement) []command {
	if !a.whole(name, u) {
		return nil
	}
	if u.Masked { // it bears the name of a script, which it keeps from being started
		return nil
	}
	var list []command
	gone := false
	for _, c := range u.Exec {
		switch {
		case !slices.Contains(d.programs, path.Base(c.Path)):
			continue
		case c.Incomplete:
			a.rec.Gap(checks.Gap{
				Reason: checks.ReasonUnsupported, Subject: checks.Text(name), Location: checks.At(c.File, c.Line),
				Detail: checks.Text("the command line of " + d.name + " is not evaluated whole"),
			})
			return nil
		}
		if _, err := a.host.Tree.Stat(c.Path); errors.Is(err, fs.ErrNotExist) {
			gone = true
			continue
		}
		list = append(list, command{how: name, program: path.Base(c.Path), args: c.Args, unsure: state != units.Enabled})
	}
	switch {
	case len(list) > 0:
	case gone:
		a.rec.Note(name, "the unit starts a program of "+d.name+" that is not installed")
	case strings.HasPrefix(u.Fragment, "/run/systemd/generator"):
		return []command{{how: name, script: true, unsure: state != units.Enabled}} // made of a script
	default:
		a.gap(checks.ReasonUnsupported, name, "the unit starts "+d.name+" in a way that is not evaluated")
	}
	return list
}

// isWhole reports that a unit was evaluated whole.
func isWhole(u *units.Unit) bool { return firstProblem(u) == nil }

func firstProblem(u *units.Unit) *units.Problem {
	for i, p := range u.Problems {
		if !p.Ignored && !errors.Is(p.Err, units.ErrGenerator) {
			return &u.Problems[i]
		}
	}
	return nil
}

// whole reports that a unit was evaluated whole; else it records the first place that
// was not.
func (a *audit) whole(name string, u *units.Unit) bool {
	p := firstProblem(u)
	if p != nil {
		a.rec.Gap(checks.Gap{
			Reason: problemReason(p.Err), Subject: checks.Text(name), Location: checks.At(p.File, p.Line),
			Detail: "the unit is not evaluated whole",
		})
	}
	return p == nil
}
