package units

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/unitfile"
)

// fileState is FileState without the lock. The rules are those of
// unit_file_lookup_state in systemd's install.c, from version 239 on; where
// versions differ the tree's own decides, and the latest if that is not known.
func (s *store) fileState(name string) (FileState, error) {
	if unitfile.Kind(name) == unitfile.Invalid {
		return StateNotFound, nil
	}
	if err := s.readable(); err != nil {
		return StateUnknown, err
	}
	if err := s.index(); err != nil {
		return StateUnknown, err
	}
	in, err := s.install(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return s.sysvState(name)
	case errors.Is(err, errBad), errors.Is(err, tree.ErrTooDeep):
		return StateBad, nil
	case err != nil:
		return StateUnknown, err
	case in.masked && runtime(in.file):
		return StateMaskedRuntime, nil
	case in.masked:
		return StateMasked, nil
	case name != path.Base(in.file) && unitfile.Kind(in.name) != unitfile.Instance:
		return StateAlias, nil
	case generated(in.file):
		return StateGenerated, nil
	case path.Dir(in.file) == transientDir:
		return StateTransient, nil
	}
	// Links that enabling the unit would make, then any other link to it.
	state, err := s.linkedState(in, true)
	if state != StateUnknown || err != nil {
		return state, err
	}
	state, err = s.linkedState(in, false)
	switch {
	case err != nil:
		return StateUnknown, err
	case state != StateUnknown:
		return StateIndirect, nil
	case len(in.aliases)+len(in.wanted) > 0:
		return StateDisabled, nil
	case len(in.also) > 0:
		return StateIndirect, nil
	}
	return StateStatic, nil
}

// linkedState goes through the load path for links to a unit. Links in wants
// directories count by their name alone, those beside unit files by their
// target's name, too. StateUnknown is none found.
func (s *store) linkedState(in *install, byName bool) (FileState, error) {
	var inRuntime, elsewhere, sameName, sameNameRuntime, below bool
	for i, dir := range s.path {
		found, same, err := s.linkedIn(in, i, byName, below)
		switch {
		case err != nil:
			return StateUnknown, err
		case found && dir == configDir:
			return StateEnabled, nil
		case found && runtime(dir):
			inRuntime = true
		case found:
			elsewhere = true
		case same && dir == configDir:
			sameName = true
		case same && runtime(dir):
			sameNameRuntime = true
		}
		// Below the unit's own file a link of its name means nothing.
		below = below || within(in.file, dir)
	}
	switch {
	case inRuntime:
		return StateEnabledRuntime, nil
	case elsewhere && unitfile.Kind(in.name) == unitfile.Instance:
		return StateStatic, nil
	case sameName:
		return StateLinked, nil
	case sameNameRuntime:
		return StateLinkedRuntime, nil
	}
	return StateUnknown, nil
}

// linkWork is what comparing one link is charged.
const linkWork = 8

// linkedIn looks into one directory of the load path; same is a link of the
// unit's own name to a file of the same name.
func (s *store) linkedIn(in *install, dir int, byName, below bool) (found, same bool, err error) {
	for _, w := range s.wantings[in.name] {
		if w.dir == dir && w.plain {
			return true, false, nil
		}
	}
	if unitfile.Kind(in.name) == unitfile.Template {
		for _, w := range s.wantings["*"+in.name] {
			if w.dir != dir || !w.plain {
				continue
			}
			if !byName || s.knownIn(in, dir) {
				return true, false, nil
			}
		}
	}
	l := s.list(s.path[dir])
	if !s.since(250) {
		if found, err = s.linkedBelow(in, dir, byName); found || err != nil {
			return found, false, err
		}
	}
	if !s.charge(len(l.order) * linkWork) {
		return false, false, errTooMany
	}
	for _, name := range l.order {
		if !l.names[name] {
			continue
		}
		target, err := s.link(s.path[dir] + "/" + name)
		switch {
		case errors.Is(err, fs.ErrNotExist), errors.Is(err, tree.ErrTooDeep):
			continue
		case err != nil:
			return false, false, err
		}
		byPath := !below && name == in.name
		byTarget := path.Base(target) == in.name
		switch {
		case byPath && byTarget:
			same = true
		case (byPath || byTarget) && (!byName || in.known(name)):
			return true, same, nil
		}
	}
	return false, same, nil
}

// linkedBelow is what versions before 250 do besides: they look into every
// directory, and at the targets of its links, too.
func (s *store) linkedBelow(in *install, dir int, byName bool) (bool, error) {
	for _, sub := range s.list(s.path[dir]).order {
		if unitfile.Kind(sub) != unitfile.Invalid || s.list(s.path[dir]).names[sub] {
			continue
		}
		below := s.path[dir] + "/" + sub
		l := s.list(below)
		if l.err != nil {
			return false, l.err
		}
		for _, name := range l.order {
			if !l.names[name] {
				continue
			}
			target, err := s.link(below + "/" + name)
			switch {
			case err != nil && missing(err):
				continue
			case err != nil:
				return false, err
			}
			if (name == in.name || path.Base(target) == in.name) && (!byName || in.known(name)) {
				return true, nil
			}
		}
	}
	return false, nil
}

// knownIn reports a link of an instance of the template that enabling it makes.
func (s *store) knownIn(in *install, dir int) bool {
	if in.defaultInstance == "" {
		return false
	}
	for _, w := range s.wantings[unitfile.InstanceOf(in.name, in.defaultInstance)] {
		if w.dir == dir && w.plain {
			return true
		}
	}
	return false
}

// sysvState is what Debian's systemd-sysv-install says of a script without a
// native unit: a start link in rcS.d or rc5.d. Since version 260 systemd knows no
// such scripts.
func (s *store) sysvState(name string) (FileState, error) {
	script, ok := strings.CutSuffix(name, ".service")
	if !ok || strings.ContainsAny(script, `*?[\`) || s.systemdVersion() >= 260 || s.noSysv() {
		return StateNotFound, nil
	}
	if _, err := s.t.Lstat("/etc/init.d/" + script); errors.Is(err, fs.ErrNotExist) {
		return StateNotFound, nil
	} else if err != nil {
		return StateUnknown, err
	}
	links, err := s.t.Glob("/etc/rc[S5].d/S??" + script)
	switch {
	case len(links) > 0:
		return StateEnabled, nil
	case err != nil:
		return StateUnknown, err
	}
	return StateDisabled, nil
}

// noSysv reports a systemd without its program for scripts.
func (s *store) noSysv() bool {
	names := s.list("/usr/lib/systemd").names
	_, systemd := names["systemd"]
	_, helper := names["systemd-sysv-install"]
	return systemd && !helper
}
