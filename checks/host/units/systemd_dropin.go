package units

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/unitfile"
)

// stepWork is what looking for one name in one directory is charged.
const stepWork = 16

// maxDropIns bounds the drop-ins and wants links of one unit.
const maxDropIns = 1000

// dropInFiles returns the drop-ins of a unit in the order they apply: by file
// name over all directories, the first directory that has a name rules. suffix
// is ".d" or that of a wants directory, whose every file is returned. With
// prefixes also the directories of the names' prefixes and of the type count
// (systemd.unit(5): "foo-.service.d", "service.d").
func (s *store) dropInFiles(names []string, suffix string, prefixes bool) ([]string, error) {
	if err := s.index(); err != nil {
		return nil, err
	}
	var dirs []string
	add := func(sub string, in int) {
		if slices.Contains(s.dirIndex[sub], in) {
			if dir := s.path[in] + "/" + sub; !slices.Contains(dirs, dir) {
				dirs = append(dirs, dir)
			}
		}
	}
	for _, name := range names {
		if name == "" {
			continue
		}
		chain := []string{name}
		if prefixes {
			chain = dropInNames(name)
		}
		if !s.charge(stepWork * len(chain) * len(s.path) * (1 + len(dirs))) {
			return nil, errTooMany
		}
		for i := range s.path {
			for _, n := range chain {
				add(n+suffix, i)
			}
		}
	}
	if prefixes && len(names) > 0 {
		for i := range s.path {
			add(unitfile.Type(names[0])+suffix, i)
		}
	}
	byName := map[string]string{}
	for _, dir := range dirs {
		l := s.list(dir)
		if l.err != nil {
			return nil, l.err
		}
		for _, n := range l.order {
			if suffix == ".d" && !strings.HasSuffix(n, ".conf") || strings.HasPrefix(n, ".") && suffix == ".d" {
				continue
			}
			if byName[n] == "" {
				byName[n] = dir + "/" + n
			}
		}
		if len(byName) > maxDropIns {
			return nil, &fs.PathError{Op: "readdir", Path: dir, Err: tree.ErrTooLarge}
		}
	}
	files := make([]string, 0, len(byName))
	for _, n := range sortedKeys(byName) {
		files = append(files, byName[n])
	}
	return files, nil
}

// dropInNames is the chain of names whose directories hold a unit's drop-ins:
// itself, its template, and every prefix that ends at a dash
// (unit_file_find_dirs in dropin.c).
func dropInNames(name string) []string {
	names := []string{name}
	instance := unitfile.Kind(name) == unitfile.Instance
	if instance {
		names = append(names, dropInNames(unitfile.TemplateOf(name))...)
	}
	prefix, inst, suffix := unitfile.Split(name)
	chopped := false
	for {
		dash := strings.LastIndexByte(prefix, '-')
		if dash <= 0 {
			return names
		}
		if dash+1 < len(prefix) || chopped {
			prefix = prefix[:dash+1]
			break
		}
		// A dash at the end is taken off once.
		prefix, chopped = prefix[:dash], true
	}
	built := prefix + suffix
	if instance {
		built = prefix + "@" + inst + suffix
	}
	if len(names) > 64 || built == name || unitfile.Kind(built) == unitfile.Invalid {
		return names
	}
	return append(names, dropInNames(built)...)
}

// base is path.Base of every name.
func bases(files []string) []string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = path.Base(f)
	}
	return names
}
