package units

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"hostaudit/checks/internal/unitfile"
)

// unit evaluates a loaded unit.
func (s *store) unit(l *loaded) *Unit {
	if l.unit != nil {
		return l.unit
	}
	u := &Unit{
		Name: l.id, Fragment: l.file, DropIns: slices.Clone(l.dropIns), Masked: l.masked,
		Problems: slices.Clone(l.problems),
	}
	for _, n := range l.names {
		if n != l.id {
			u.Aliases = append(u.Aliases, n)
		}
	}
	l.unit = u
	if u.Masked {
		return u
	}
	e := evaluator{s: s, l: l, u: u}
	if !s.charge(l.size()) {
		e.problem(Place{l.file, 0}, errTooMany)
		return u
	}
	switch unitfile.Type(l.id) {
	case "service":
		e.service()
	case "socket":
		e.socket()
	case "timer":
		u.Starts = e.activates("Timer", "Unit")
	case "path":
		u.Starts = e.activates("Path", "Unit")
	case "automount":
		u.Starts = strings.TrimSuffix(l.id, "automount") + "mount"
	}
	if p, ok := s.generatorProblem(l.id); ok {
		u.Problems = append(u.Problems, p)
	}
	return u
}

// evaluator gives the settings of one unit their meaning.
type evaluator struct {
	s *store
	l *loaded
	u *Unit
}

// ignored records a line that systemd logs and passes over.
func (e *evaluator) ignored(at Place, format string, args ...any) {
	e.u.Problems = append(e.u.Problems, Problem{Place: at, Unit: e.l.id, Err: fmt.Errorf(format, args...), Ignored: true})
}

// refuse records a setting with which systemd does not load the unit at all.
func (e *evaluator) refuse(at Place) {
	e.u.Problems = append(e.u.Problems, Problem{Place: at, Unit: e.l.id, Err: errRefused, Ignored: true})
}

// loads reports that nothing of the unit keeps systemd from loading it.
func (u *Unit) loads() bool {
	return !slices.ContainsFunc(u.Problems, func(p Problem) bool { return errors.Is(p.Err, errRefused) })
}

// problem records what could not be evaluated.
func (e *evaluator) problem(at Place, err error) {
	e.u.Problems = append(e.u.Problems, Problem{Place: at, Unit: e.l.id, Err: err})
}

// expand replaces the specifiers of a value.
func (e *evaluator) expand(value string) (string, bool) {
	if !e.s.charge(len(value)) {
		return value, false
	}
	text, complete := unitfile.Expand(value, e.s.specifier(e.l.id))
	return text, e.s.charge(len(text)) && complete
}

// truth returns the last valid truth value of a key.
func (e *evaluator) truth(section, key string) bool {
	yes := false
	for _, a := range e.l.settings(section, key) {
		v, ok := unitfile.Bool(a.value)
		if !ok {
			e.ignored(a.Place, "%s= is no truth value", key)
			continue
		}
		yes = v
	}
	return yes
}

// activates returns what a timer, path or socket starts: the unit named, else
// the service of the same name.
func (e *evaluator) activates(section, key string) string {
	name := strings.TrimSuffix(e.l.id, unitfile.Type(e.l.id)) + "service"
	for _, a := range e.l.settings(section, key) {
		if a.value == "" {
			continue
		}
		v, ok := e.expand(a.value)
		if !ok || unitfile.Kind(v) != unitfile.Plain && unitfile.Kind(v) != unitfile.Instance {
			e.ignored(a.Place, "%s= names no unit", key)
			continue
		}
		name = v
	}
	return name
}

// reset keeps what follows the last empty assignment.
func reset(all []setting) []setting {
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].value == "" {
			return all[i+1:]
		}
	}
	return all
}

// service evaluates [Service].
func (e *evaluator) service() {
	const section = "Service"
	env := e.environment()
	for _, a := range reset(e.l.settings(section, "ExecStart")) {
		e.u.Exec = append(e.u.Exec, e.commands(a, env)...)
	}
	for _, a := range e.l.settings(section, "Type") {
		switch a.value {
		case "simple", "exec", "forking", "oneshot", "dbus", "notify", "notify-reload", "idle":
			e.u.Type = a.value
		case "":
			e.u.Type = ""
		default:
			e.ignored(a.Place, "unknown Type=")
		}
	}
	if e.u.Type == "" {
		e.u.Type = "simple"
		switch {
		case e.l.last(section, "BusName") != nil:
			e.u.Type = "dbus"
		case len(e.u.Exec) == 0:
			e.u.Type = "oneshot"
		}
	}
	set := func(key string) bool { return len(reset(e.l.settings(section, key))) > 0 }
	whole := Place{e.l.file, 0}
	switch n := len(e.u.Exec); {
	case n > 1 && e.u.Type != "oneshot":
		e.refuse(e.u.Exec[1].Place)
	case n == 0 && (e.u.Type != "oneshot" || !set("ExecStop") && !set("SuccessAction") && e.l.last("Unit", "SuccessAction") == nil):
		e.refuse(whole)
	case e.u.Type == "dbus" && !set("BusName"):
		e.refuse(whole)
	}
	for _, key := range []string{"RootDirectory", "RootImage"} {
		if a := e.l.last(section, key); a != nil && a.value != "" && a.value != "/" {
			for i := range e.u.Exec {
				e.u.Exec[i].Incomplete = true // the program lies elsewhere
			}
		}
	}
}
