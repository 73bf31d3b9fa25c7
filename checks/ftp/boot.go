package ftp

import (
	"errors"
	"io/fs"
	"path"
	"slices"

	"hostaudit/checks"
	"hostaudit/checks/host/units"
)

// command is a command line that starts a daemon at boot.
type command struct {
	how     string   // the unit or script
	program string   // the base name of what it starts
	args    []string // without the program; never for output
	script  bool     // an init script starts it: what it gives is not known
	unsure  bool     // whether it is started at boot could not be established
}

// commands returns how a unit that is, or may be, enabled starts a daemon. What keeps
// that from being known is recorded.
func (a *audit) commands(d daemon, unit string, state units.Enablement) []command {
	u, err := a.host.Units().Unit(unit)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return []command{{how: unit, script: true, unsure: state != units.Enabled}}
	case err != nil:
		a.gap(treeReason(err), unit, "the unit could not be read")
		return nil
	}
	if !a.whole(unit, u) {
		return nil
	}
	var list []command
	for _, c := range u.Exec {
		if !slices.Contains(d.programs, path.Base(c.Path)) {
			continue
		}
		if c.Incomplete {
			a.rec.Gap(checks.Gap{
				Reason: checks.ReasonUnsupported, Subject: checks.Text(unit), Location: checks.At(c.File, c.Line),
				Detail: checks.Text("the command line of " + d.name + " is not evaluated whole"),
			})
			return nil
		}
		list = append(list, command{how: unit, program: path.Base(c.Path), args: c.Args, unsure: state != units.Enabled})
	}
	if len(list) == 0 {
		a.gap(checks.ReasonUnsupported, unit, "the unit starts "+d.name+" in a way that is not evaluated")
	}
	return list
}

// whole reports that a unit was evaluated whole; else it records the first place that
// was not.
func (a *audit) whole(name string, u *units.Unit) bool {
	for _, p := range u.Problems {
		if !p.Ignored && !errors.Is(p.Err, units.ErrGenerator) {
			a.rec.Gap(checks.Gap{
				Reason: checks.ReasonUnsupported, Subject: checks.Text(name), Location: checks.At(p.File, p.Line),
				Detail: "the unit is not evaluated whole",
			})
			return false
		}
	}
	return true
}
