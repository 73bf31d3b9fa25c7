package units

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/unitfile"
)

// missing reports an error that says no more than that something is not there.
func missing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, tree.ErrTooDeep)
}

// nameMap says what every name of the load path leads to, as systemd builds it
// when it loads units (unit_file_build_name_map): of each name the first
// directory that has it rules.
type nameMap struct {
	ids     map[string]string   // a name -> its file (begins with a slash), or the name it is an alias of
	aliases map[string][]string // a file's own name -> all names that lead to it
}

// maxAlias is how many aliases of aliases systemd follows; maxNamesOfOne bounds
// the names of one unit, which systemd does not.
const (
	maxAlias      = 8
	maxNamesOfOne = 64
)

// nameMap builds the map once. Links that make no valid alias, and links of a
// name to itself, are as if they were not there.
func (s *store) nameMap() (*nameMap, error) {
	if s.names != nil {
		return s.names, nil
	}
	m := &nameMap{ids: map[string]string{}, aliases: map[string][]string{}}
	for _, dir := range s.path {
		l := s.list(dir)
		if l.err != nil {
			return nil, l.err
		}
		for _, name := range l.order {
			if _, ok := m.ids[name]; ok || unitfile.Kind(name) == unitfile.Invalid {
				continue
			}
			file := dir + "/" + name
			if !l.names[name] {
				m.ids[name] = file
				continue
			}
			target, err := s.link(file)
			switch {
			case err != nil && missing(err):
			case err != nil:
				return nil, err
			case !s.inLoadPath(target):
				m.ids[name] = file
			case path.Base(target) != name && aliasValid(name, path.Base(target)):
				m.ids[name] = path.Base(target)
			}
		}
	}
	for _, name := range sortedKeys(m.ids) {
		file := m.file(name)
		if file == "" {
			continue
		}
		own := path.Base(file)
		if unitfile.Kind(own) == unitfile.Template && unitfile.Kind(name) == unitfile.Instance {
			_, instance, _ := unitfile.Split(name)
			own = unitfile.InstanceOf(own, instance)
		}
		if len(m.aliases[own]) < maxNamesOfOne {
			m.aliases[own] = append(m.aliases[own], name)
		}
	}
	s.names = m
	return m, nil
}

// file follows a name to its file, "" if there is none.
func (m *nameMap) file(name string) string {
	for n := range maxAlias {
		to, ok := m.ids[name]
		if !ok && n > 0 {
			// A link to an instance that has no file of its own: its template's.
			to, ok = m.ids[unitfile.TemplateOf(name)]
		}
		if !ok {
			return ""
		}
		if strings.HasPrefix(to, "/") {
			return to
		}
		name = to
	}
	return ""
}

// unit returns the file a name is loaded from ("" = none), the name the unit
// goes by, and all its names, sorted.
func (m *nameMap) unit(name string) (file, id string, names []string) {
	_, instance, _ := unitfile.Split(name)
	kind := unitfile.Kind(name)
	add := func(n string) {
		if kind == unitfile.Instance && unitfile.Kind(n) == unitfile.Template {
			n = unitfile.InstanceOf(n, instance)
			if f := m.file(n); f != "" && f != file && path.Base(f) != path.Base(file) {
				return // this instance is something else
			}
		}
		if len(names) < maxNamesOfOne && !slices.Contains(names, n) && unitfile.Kind(n) == kind {
			names = append(names, n)
		}
	}
	if file = m.file(name); file == "" && kind == unitfile.Instance {
		file = m.file(unitfile.TemplateOf(name))
	}
	id = name
	add(name)
	for _, n := range m.aliases[name] {
		add(n)
	}
	if file != "" {
		own := path.Base(file)
		for _, n := range m.aliases[own] {
			add(n)
		}
		if kind == unitfile.Instance && unitfile.Kind(own) == unitfile.Template {
			own = unitfile.InstanceOf(own, instance)
		}
		if own != id {
			id = own
			add(own)
			for _, n := range m.aliases[own] {
				add(n)
			}
		}
	}
	slices.Sort(names)
	return file, id, names
}
