package units

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/unitfile"
)

// What keeps a unit from being evaluated.
var (
	errBad        = errors.New("systemd refuses it")
	errRefused    = errors.New("systemd does not load the unit with this")
	errSpecifier  = fmt.Errorf("%w: a specifier that is not known before boot", ErrUnsupported)
	errUnfinished = errors.New("following the boot ended early")
	errTooMany    = fmt.Errorf("%w: too much of it", ErrUnsupported)
)

// ErrGenerator is the Problem of a unit that a package's generator makes or changes
// at boot, in a tree whose systemd does not run.
var ErrGenerator = fmt.Errorf("%w: a generator changes it at boot", ErrUnsupported)

// install is a unit as `systemctl enable` sees it: its file and [Install].
type install struct {
	name   string
	file   string // "" = there is none
	masked bool

	aliases         []string // as written
	wanted          []string // WantedBy=, RequiredBy=, UpheldBy=
	also            []string
	defaultInstance string
	upheld          bool // UpheldBy= counts, as since version 254
}

// maxFollow bounds chains of links between unit files (install.c).
const maxFollow = 64

// install finds the unit file of a name, links followed, and reads its [Install].
// A missing unit is fs.ErrNotExist.
func (s *store) install(name string) (*install, error) {
	in := &install{name: name, upheld: s.since(254)}
	file, err := s.search(name)
	if err != nil {
		return nil, err
	}
	for range maxFollow {
		in.file = file
		dir, base := path.Split(file)
		if !s.isLink(path.Clean(dir), base) {
			return in, s.readInstall(in)
		}
		target, err := s.link(file)
		if err != nil {
			return nil, err
		}
		inside := s.inLoadPath(target)
		if inside && s.since(251) && !aliasValid(base, path.Base(target)) || !s.since(251) && target != "/dev/null" && !linkValid(in.name, path.Base(target)) {
			return nil, errBad
		}
		null, err := s.masks(target)
		switch {
		case err != nil:
			return nil, err
		case null:
			in.masked = true
			return in, nil
		case inside && path.Base(target) == base && s.since(251):
			return nil, errBad // a link to a file of its own name, "too many levels of symbolic links"
		case !inside && s.since(251) || path.Base(target) == in.name:
			file = target // linked, or of the same name
			continue
		}
		next := path.Base(target)
		if unitfile.Kind(in.name) == unitfile.Instance && unitfile.Kind(next) == unitfile.Template {
			_, instance, _ := unitfile.Split(in.name)
			if next = unitfile.InstanceOf(next, instance); next == in.name {
				file = target
				continue
			}
		}
		in = &install{name: next, upheld: s.since(254)}
		if file, err = s.search(next); errors.Is(err, fs.ErrNotExist) {
			return nil, errBad // "link has been severed"
		} else if err != nil {
			return nil, err
		}
	}
	return nil, errBad
}

// isLink reports whether dir/base is a link; of directories of the load path by
// their listing.
func (s *store) isLink(dir, base string) bool {
	if slices.Contains(s.path, dir) {
		return s.list(dir).names[base]
	}
	info, err := s.t.Lstat(dir + "/" + base)
	return err == nil && info.Mode&fs.ModeSymlink != 0
}

// nullLink reports a link to /dev/null, which the tree may lack.
func (s *store) nullLink(file string) bool {
	if !s.isLink(path.Dir(file), path.Base(file)) {
		return false
	}
	target, err := s.link(file)
	return err == nil && target == "/dev/null"
}

// search returns the first file of a name in the load path, or of its template.
func (s *store) search(name string) (string, error) {
	for _, n := range []string{name, instanceTemplate(name)} {
		if n == "" {
			break
		}
		for _, dir := range s.path {
			l := s.list(dir)
			if l.err != nil {
				return "", l.err
			}
			if _, ok := l.names[n]; ok {
				return dir + "/" + n, nil
			}
		}
	}
	return "", fs.ErrNotExist
}

// instanceTemplate is the template of an instance, else "".
func instanceTemplate(name string) string {
	if unitfile.Kind(name) != unitfile.Instance {
		return ""
	}
	return unitfile.TemplateOf(name)
}

// readInstall reads [Install] of a unit's file and of the drop-ins that bear its
// name or its template's; others do not count here.
func (s *store) readInstall(in *install) error {
	p := s.unitFile(in.file)
	var syntax *unitfile.Error
	switch {
	case errors.As(p.err, &syntax), errors.Is(p.err, tree.ErrNotRegular):
		return errBad
	case p.err != nil:
		return p.err
	case p.null:
		in.masked = true
		return nil
	}
	in.take(p.file)
	files, err := s.dropInFiles([]string{in.name, instanceTemplate(in.name)}, ".d", false)
	if err != nil {
		return err
	}
	for _, file := range files {
		p := s.unitFile(file)
		switch {
		case errors.As(p.err, &syntax):
			return errBad
		case p.err != nil && s.nullLink(file):
		case p.err != nil:
			return p.err
		case p.file != nil:
			in.take(p.file)
		}
	}
	return nil
}

// take adds the assignments of one file.
func (in *install) take(f *unitfile.File) {
	for _, a := range f.Assignments {
		if a.Section != "Install" {
			continue
		}
		var list *[]string
		switch a.Key {
		case "Alias":
			if !mayAlias(unitfile.Type(in.name)) {
				continue
			}
			list = &in.aliases
		case "WantedBy", "RequiredBy":
			list = &in.wanted
		case "UpheldBy":
			if !in.upheld {
				continue
			}
			list = &in.wanted
		case "Also":
			list = &in.also
		case "DefaultInstance":
			if unitfile.Kind(in.name) == unitfile.Template {
				in.defaultInstance = a.Value
			}
			continue
		default:
			continue
		}
		if a.Value == "" && a.Key != "Also" {
			*list = nil
			continue
		}
		words, err := unitfile.Words(a.Value)
		if err == nil {
			*list = append(*list, words...)
		}
	}
}

// mayAlias tells the types of units that may have another name.
func mayAlias(kind string) bool {
	return slices.Contains([]string{"service", "socket", "target", "device", "timer", "path"}, kind)
}

// aliasValid reports whether a link of one name to another within the load path
// makes an alias (unit_validate_alias_symlink): same type, and plain to plain,
// template to template, instance to its template or the same instance.
func aliasValid(from, to string) bool {
	f, t := unitfile.Kind(from), unitfile.Kind(to)
	if f == unitfile.Invalid || t == unitfile.Invalid || unitfile.Type(from) != unitfile.Type(to) || !mayAlias(unitfile.Type(from)) {
		return false
	}
	if f != t && !(f == unitfile.Instance && t == unitfile.Template) {
		return false
	}
	_, i, _ := unitfile.Split(from)
	_, j, _ := unitfile.Split(to)
	return t != unitfile.Instance || i == j
}

// linkValid is what versions before 251 ask of any link instead.
func linkValid(from, to string) bool {
	f, t := unitfile.Kind(from), unitfile.Kind(to)
	return f != unitfile.Invalid && unitfile.Type(from) == unitfile.Type(to) &&
		(f == t || f == unitfile.Instance && t == unitfile.Template)
}

// known reports whether a link of this name is one that enabling the unit makes.
func (in *install) known(name string) bool {
	return name == in.name || slices.Contains(in.aliases, name) ||
		in.defaultInstance != "" && !strings.Contains(in.defaultInstance, "%") &&
			name == unitfile.InstanceOf(in.name, in.defaultInstance)
}
