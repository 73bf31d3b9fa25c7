package units

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/unitfile"
)

// Directories of systemd that mean something by themselves.
const (
	configDir     = "/etc/systemd/system"
	generatorDir  = "/run/systemd/generator"
	generatorLate = "/run/systemd/generator.late"
	transientDir  = "/run/systemd/transient"
)

// loadPath is the unit load path of the system manager, systemd.unit(5) and
// `systemd-analyze unit-paths`. On systems without merged /usr, which are
// Debian's, /lib comes first.
func loadPath() []string {
	return []string{
		"/etc/systemd/system.control", "/run/systemd/system.control", transientDir,
		generatorDir + ".early", configDir, "/etc/systemd/system.attached",
		"/run/systemd/system", "/run/systemd/system.attached", generatorDir,
		"/usr/local/lib/systemd/system", "/lib/systemd/system", "/usr/lib/systemd/system", generatorLate,
	}
}

// runtime reports a place that is empty at every boot.
func runtime(name string) bool { return within(name, "/run") }

// generated reports a file that a generator wrote.
func generated(file string) bool {
	dir := path.Dir(file)
	return dir == generatorDir || dir == generatorDir+".early" || dir == generatorLate
}

// within reports a name below dir.
func within(name, dir string) bool { return strings.HasPrefix(name, dir+"/") }

// Bounds of what one System keeps.
const (
	maxUnitFile  = 1 << 20  // bytes of one unit file, drop-in or environment file
	maxUnitBytes = 64 << 20 // bytes of all of them
	maxUnitFiles = 20_000   // how many of them, directories too
	maxNames     = 20_000   // in one directory
	lineMemory   = 72       // bytes of one assignment beside its text
	maxWork      = 64 << 20 // bytes of values evaluated, specifiers and variables replaced
)

// listing is one directory, read once.
type listing struct {
	names map[string]bool // every name: whether it is a link
	order []string        // sorted
	err   error
}

// wanting is a link in a ".wants", ".requires" or ".upholds" directory.
type wanting struct {
	dir   int    // index of the load path
	unit  string // whose directory: "multi-user.target", "x@.service", "service"
	kind  string // ".wants"
	plain bool   // the directory is one, no link to one
}

// store reads a tree's unit directories and keeps what it read.
type store struct {
	t        *tree.Tree
	path     []string // the load path
	lists    map[string]*listing
	resolved map[string]string
	targets  map[string]string
	files    map[string]*parsed
	globs    map[string]globbed
	dirIndex map[string][]int // name of a directory in the load path -> where it is
	wantings map[string][]wanting
	read     int
	bytes    int
	work     int

	names   *nameMap
	loads   map[string]*loaded
	version *int
	facts   map[byte]string
	v6only  Tri
	v6known bool
	presets *[]unitfile.Rule
	boot    *closure
}

func newStore(t *tree.Tree) *store {
	s := &store{
		t: t, path: loadPath(), lists: map[string]*listing{}, resolved: map[string]string{},
		targets: map[string]string{}, files: map[string]*parsed{}, loads: map[string]*loaded{},
		globs: map[string]globbed{},
	}
	const lib, usr = "/lib/systemd/system", "/usr/lib/systemd/system"
	if a, err := t.Resolve(lib); err == nil {
		if b, err := t.Resolve(usr); err == nil && a == b {
			// One directory of two names: counted once.
			s.path = slices.DeleteFunc(s.path, func(dir string) bool { return dir == lib })
		}
	}
	return s
}

// list returns what is in a directory. What is not there is empty.
func (s *store) list(dir string) *listing {
	if l := s.lists[dir]; l != nil {
		return l
	}
	l := &listing{}
	s.lists[dir] = l
	if s.read++; s.read > maxUnitFiles {
		l.err = &fs.PathError{Op: "readdir", Path: dir, Err: tree.ErrTooLarge}
		return l
	}
	names, links, err := s.t.ReadEntries(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
	case err == nil && len(names) > maxNames:
		l.err = &fs.PathError{Op: "readdir", Path: dir, Err: tree.ErrTooLarge}
	case err != nil:
		l.err = err
	default:
		l.order = names
		l.names = make(map[string]bool, len(names))
		for _, n := range names {
			l.names[n] = false
		}
		for _, n := range links {
			if _, ok := l.names[n]; ok {
				l.names[n] = true
			}
		}
	}
	return l
}

// readable returns the error that keeps a directory of the load path from
// being read.
func (s *store) readable() error {
	for _, dir := range s.path {
		if err := s.list(dir).err; err != nil {
			return err
		}
	}
	return nil
}

// link returns where a link points, its parents resolved in the tree, itself
// not followed. What does not exist is resolved by its text.
func (s *store) link(file string) (string, error) {
	if target, ok := s.targets[file]; ok {
		return target, nil
	}
	raw, err := s.t.ReadLink(file)
	if err != nil {
		return "", err
	}
	if !strings.HasPrefix(raw, "/") {
		raw = path.Dir(file) + "/" + raw
	}
	raw = strings.TrimRight(raw, "/")
	dir, base := path.Split(raw)
	if base == "" || base == "." || base == ".." {
		dir, base = raw, ""
	}
	parent, ok := s.resolved[dir]
	if !ok {
		parent, err = s.t.Resolve(dir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			parent = path.Clean(dir)
		case err != nil:
			return "", err
		}
		s.resolved[dir] = parent
	}
	target := path.Join(parent, base)
	s.targets[file] = target
	return target, nil
}

// inLoadPath reports a file in or below a directory of the load path.
func (s *store) inLoadPath(file string) bool {
	return slices.ContainsFunc(s.path, func(dir string) bool { return within(file, dir) }) ||
		within(file, "/lib/systemd/system")
}

// globbed is what a pattern matches.
type globbed struct {
	files []string
	err   error
}

// parsed is a unit file as it was read.
type parsed struct {
	file *unitfile.File
	null bool // empty or a device: it masks
	err  error
}

// unitFile reads and parses a file.
func (s *store) unitFile(name string) *parsed {
	if p := s.files[name]; p != nil {
		return p
	}
	p := &parsed{}
	s.files[name] = p
	data, null, err := s.content(name)
	switch {
	case err != nil:
		p.err = err
	case null:
		p.null = true
	default:
		p.file, p.err = unitfile.Parse(name, data)
		s.bytes += lineMemory * (len(p.file.Assignments) + len(p.file.Ignored))
	}
	return p
}

// content reads a file; null is an empty one or a device, which both mask.
func (s *store) content(name string) (data []byte, null bool, err error) {
	if s.read++; s.read > maxUnitFiles || s.bytes > maxUnitBytes {
		return nil, false, &fs.PathError{Op: "read", Path: name, Err: tree.ErrTooLarge}
	}
	data, err = s.t.ReadFile(name)
	s.bytes += len(data)
	switch {
	case errors.Is(err, tree.ErrNotRegular):
		if info, e := s.t.Stat(name); e == nil && info.Mode&fs.ModeDevice != 0 {
			return nil, true, nil
		}
	case err == nil && len(data) > maxUnitFile:
		return nil, false, &fs.PathError{Op: "read", Path: name, Err: tree.ErrTooLarge}
	}
	return data, err == nil && len(data) == 0, err
}

// masks reports whether what a link points to masks: /dev/null whether or not
// the tree has it, an empty file, a device.
func (s *store) masks(target string) (bool, error) {
	if target == "/dev/null" {
		return true, nil
	}
	info, err := s.t.Stat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, err
	}
	return info.Mode.IsRegular() && info.Size == 0 || info.Mode&fs.ModeDevice != 0, nil
}

// charge counts n bytes of work, and reports whether more may be done: a template
// of hostile units grows with every instance.
func (s *store) charge(n int) bool {
	s.work += n
	return s.work <= maxWork
}
