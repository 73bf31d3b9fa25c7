package units

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"

	"hostaudit/checks/internal/unitfile"
)

// kinds of entries by a unit's type. Targets, slices and devices start nothing.
var unitKinds = map[string]Kind{
	"service": KindService, "socket": KindSocket, "timer": KindTimer, "path": KindPath,
	"mount": KindMount, "automount": KindMount, "swap": KindMount,
}

// enabled returns systemd's entries: what the boot reaches, and what is enabled
// though its target is not reached.
func (s *store) enabled() ([]Entry, []Problem) {
	if err := s.readable(); err != nil {
		return nil, []Problem{pathProblem(err)}
	}
	if err := s.index(); err != nil {
		return nil, []Problem{pathProblem(err)}
	}
	c := s.bootClosure()
	problems := slices.Clone(c.problems)
	names := map[string]bool{}
	for name, how := range c.units {
		if how == started {
			names[name] = true
		}
	}
	byLink, err := s.enabledByLink()
	if err != nil {
		problems = append(problems, pathProblem(err))
	}
	for _, name := range byLink {
		names[name] = true
	}
	first := map[string]bool{}
	for _, name := range s.onlyAtFirstBoot(byLink) {
		names[name], first[name] = true, true
	}
	var entries []Entry
	seen := map[string]bool{}
	for _, name := range sortedKeys(names) {
		if !s.charge(0) {
			problems = append(problems, Problem{Unit: name, Err: errTooMany}) // and all after it
			break
		}
		l, err := s.load(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			problems = append(problems, Problem{Unit: name, Err: err})
			continue
		}
		kind, ok := unitKinds[unitfile.Type(l.id)]
		if !ok || l.masked || seen[l.id] {
			continue
		}
		seen[l.id] = true
		u := s.unit(l)
		for _, p := range u.Problems {
			if !p.Ignored {
				problems = append(problems, p)
			}
		}
		if l.refused() || !u.loads() {
			continue
		}
		e := Entry{Kind: kind, Name: l.id, Place: Place{l.file, 0}, Listens: u.Listens, Unit: u, FirstBoot: first[name]}
		if len(u.Exec) > 0 {
			e.Program = u.Exec[0].Path
		}
		entries = append(entries, e)
	}
	if !s.charge(0) { // with the last unit
		problems = append(problems, Problem{Err: errTooMany})
	}
	return entries, firstOf(problems)
}

// maxAliasChecks bounds the aliases whose units are looked at.
const maxAliasChecks = 2000

// enabledByLink returns the units that is-enabled calls enabled or
// enabled-runtime: those with a link in a wants directory of /etc or /run (of
// those that only mask, none), and those of which an alias of [Install] is there.
func (s *store) enabledByLink() ([]string, error) {
	m, err := s.nameMap()
	if err != nil {
		return nil, err
	}
	found := map[string]bool{}
	for _, name := range sortedKeys(s.wantings) {
		if name[0] == '*' || unitfile.Kind(name) == unitfile.Template || unitfile.Kind(name) == unitfile.Invalid {
			continue
		}
		for _, w := range s.wantings[name] {
			dir := s.path[w.dir]
			if w.plain && (dir == configDir || runtime(dir)) && s.isWant(dir+"/"+w.unit+w.kind+"/"+name) {
				_, id, _ := m.unit(name)
				found[id] = true
				break
			}
		}
	}
	checked := 0
	for _, dir := range s.path {
		if dir != configDir && !runtime(dir) {
			continue
		}
		l := s.list(dir)
		for _, name := range l.order {
			if !l.names[name] || unitfile.Kind(name) != unitfile.Plain && unitfile.Kind(name) != unitfile.Instance {
				continue
			}
			_, id, _ := m.unit(name)
			if id == name || found[id] {
				continue
			}
			if checked++; checked > maxAliasChecks {
				return sortedKeys(found), errTooMany
			}
			state, err := s.fileState(id)
			if err != nil {
				return sortedKeys(found), err
			}
			if state == StateEnabled || state == StateEnabledRuntime {
				found[id] = true
			}
		}
	}
	return sortedKeys(found), nil
}

// onlyAtFirstBoot returns the units of presets that nothing else starts.
func (s *store) onlyAtFirstBoot(enabled []string) []string {
	throwaway := &closure{}
	var names []string
	for _, name := range s.firstBootUnits(throwaway) {
		if slices.Contains(enabled, name) {
			continue
		}
		// A static link of a vendor starts it at every boot.
		vendor := slices.ContainsFunc(s.wantings[name], func(w wanting) bool { return true })
		if !vendor {
			names = append(names, name)
		}
	}
	return names
}

// sockets returns all socket units that are not masked, templates aside.
func (s *store) sockets() ([]*Unit, []Problem) {
	m, err := s.nameMap()
	if err != nil {
		return nil, []Problem{pathProblem(err)}
	}
	if err := s.index(); err != nil {
		return nil, []Problem{pathProblem(err)}
	}
	names := map[string]bool{}
	for name := range m.ids {
		names[name] = true
	}
	for name := range s.wantings {
		names[name] = true // instances
	}
	var (
		units    []*Unit
		problems []Problem
	)
	seen := map[string]bool{}
	for _, name := range sortedKeys(names) {
		kind := unitfile.Kind(name)
		if unitfile.Type(name) != "socket" || kind != unitfile.Plain && kind != unitfile.Instance {
			continue
		}
		if !s.charge(0) {
			problems = append(problems, Problem{Unit: name, Err: errTooMany}) // and all after it
			break
		}
		l, err := s.load(name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			problems = append(problems, Problem{Unit: name, Err: err})
			continue
		case l.masked || seen[l.id]:
			continue
		}
		seen[l.id] = true
		u := s.unit(l)
		for _, p := range u.Problems {
			if !p.Ignored {
				problems = append(problems, p)
			}
		}
		if !l.refused() && u.loads() {
			units = append(units, u)
		}
	}
	slices.SortFunc(units, func(a, b *Unit) int { return cmp.Compare(a.Name, b.Name) })
	return units, firstOf(sortProblems(problems))
}

// maxUnitProblems bounds what is told of units that cannot be evaluated.
const maxUnitProblems = 500

// firstOf keeps the first problems: that there are any is what decides.
func firstOf(problems []Problem) []Problem {
	return problems[:min(len(problems), maxUnitProblems)]
}

// pathProblem is an error of a directory, which it names.
func pathProblem(err error) Problem {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return Problem{Place: Place{pe.Path, 0}, Err: err}
	}
	return Problem{Err: err}
}

// sortProblems sorts and tells each once.
func sortProblems(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Unit, b.Unit),
			cmp.Compare(a.Err.Error(), b.Err.Error()))
	})
	return slices.CompactFunc(problems, func(a, b Problem) bool {
		return a.Place == b.Place && a.Unit == b.Unit && a.Err.Error() == b.Err.Error()
	})
}

// generators of packages that make or change units at boot in a way that depends
// on their daemon's configuration, and the units they do it to. systemd's own
// make mounts, logins and scripts, which are told otherwise.
var generators = map[string]string{
	"sshd-socket-generator":      "ssh.socket",
	"postgresql-generator":       "postgresql.service",
	"openvpn-generator":          "openvpn.service",
	"postfix-instance-generator": "postfix.service",
}

// generatorProblem tells a unit that a generator will change: only of a tree
// that does not run, since on a running host what it wrote is there. As sd_booted(3)
// takes /run/systemd/system for the sign of a running systemd; other files below
// /run/systemd come with packages into an image.
func (s *store) generatorProblem(unit string) (Problem, bool) {
	for _, name := range sortedKeys(generators) {
		if generators[name] != unit || exists(s.t, "/run/systemd/system") == yes || exists(s.t, generatorDir) == yes {
			continue
		}
		for _, dir := range []string{"/usr/lib/systemd/system-generators", "/lib/systemd/system-generators"} {
			if _, ok := s.list(dir).names[name]; ok {
				return Problem{Place: Place{path.Join(dir, name), 0}, Unit: unit, Err: ErrGenerator}, true
			}
		}
	}
	return Problem{}, false
}
