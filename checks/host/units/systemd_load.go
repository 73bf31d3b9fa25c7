package units

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/unitfile"
)

// loaded is a unit's files, read but not evaluated.
type loaded struct {
	id       string
	names    []string // the id among them, sorted
	file     string
	dropIns  []string
	files    []*unitfile.File // the fragment, then the drop-ins that could be read
	masked   bool
	problems []Problem // what could not be read or stops systemd from loading it
	unit     *Unit     // evaluated, once asked for
}

// load finds and reads a unit. fs.ErrNotExist: there is none; any other error:
// the load path could not be read.
func (s *store) load(name string) (*loaded, error) {
	if unitfile.Kind(name) == unitfile.Invalid {
		return nil, fs.ErrNotExist
	}
	if u, ok := s.loads[name]; ok {
		if u == nil {
			return nil, fs.ErrNotExist
		}
		return u, nil
	}
	m, err := s.nameMap()
	if err != nil {
		return nil, err
	}
	if len(s.loads) > maxUnitFiles {
		return nil, tree.ErrTooLarge
	}
	file, id, names := m.unit(name)
	if file == "" {
		s.loads[name] = nil
		return nil, fs.ErrNotExist
	}
	if u := s.loads[id]; u != nil {
		s.loads[name] = u
		return u, nil
	}
	u := &loaded{id: id, names: names, file: file}
	if len(names) >= maxNamesOfOne {
		u.problems = append(u.problems, Problem{Place: Place{file, 0}, Unit: id, Err: errTooMany}) // drop-ins of its other names
	}
	p := &parsed{}
	// A mask is judged by where the link points: the tree may lack /dev/null.
	if s.isLink(path.Dir(file), path.Base(file)) {
		if target, err := s.link(file); err == nil {
			p.null, p.err = s.masks(target)
		}
	}
	if !p.null && p.err == nil {
		p = s.unitFile(file)
	}
	switch {
	case p.err != nil && missing(p.err):
		s.loads[name] = nil // a link to nothing
		return nil, fs.ErrNotExist
	case p.err != nil:
		u.fail(file, p.err)
	case p.null:
		u.masked = true
	default:
		u.files = append(u.files, p.file)
	}
	if !u.masked {
		if err := s.loadDropIns(u); err != nil {
			return nil, err
		}
	}
	s.loads[id], s.loads[name] = u, u
	return u, nil
}

// loadDropIns reads the drop-ins; an empty one takes those of its name in later
// directories away.
func (s *store) loadDropIns(u *loaded) error {
	files, err := s.dropInFiles(append([]string{u.id}, u.names...), ".d", true)
	if err != nil {
		return err
	}
	for _, file := range files {
		p := s.unitFile(file)
		if p.null || p.err != nil && missing(p.err) {
			continue
		}
		if p.err != nil {
			u.fail(file, p.err)
		}
		if p.file != nil {
			u.dropIns = append(u.dropIns, file)
			u.files = append(u.files, p.file)
		}
	}
	return nil
}

// fail records what keeps a file from being evaluated. systemd stops there, too,
// where it is the syntax.
func (u *loaded) fail(file string, err error) {
	pr := Problem{Place: Place{file, 0}, Unit: u.id, Err: err}
	var syntax *unitfile.Error
	if errors.As(err, &syntax) {
		pr.Line, pr.Err = syntax.Line, fmt.Errorf("%w: %w", errBad, syntax.Err)
		pr.Ignored = !errors.Is(err, unitfile.ErrTooMany)
	}
	u.problems = append(u.problems, pr)
}

// refused reports that systemd does not load the unit for its own file's syntax.
func (u *loaded) refused() bool {
	return len(u.files) == 0 && !u.masked
}

// setting is one assignment with its place.
type setting struct {
	Place
	key, value string
}

// size is the work of evaluating the unit: its lines are gone through once for
// each of some twenty settings.
func (u *loaded) size() (n int) {
	for _, f := range u.files {
		n += 20 * len(f.Assignments)
	}
	return n
}

// settings returns all assignments of some keys of a section in their order.
func (u *loaded) settings(section string, keys ...string) []setting {
	var found []setting
	for _, f := range u.files {
		for _, a := range f.Assignments {
			if a.Section == section && slices.Contains(keys, a.Key) {
				found = append(found, setting{Place{f.Name, a.Line}, a.Key, a.Value})
			}
		}
	}
	return found
}

// last returns the last assignment of a key, nil if there is none.
func (u *loaded) last(section, key string) *setting {
	if all := u.settings(section, key); len(all) > 0 {
		return &all[len(all)-1]
	}
	return nil
}
