package units

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
	"slices"

	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/unitfile"
)

// state returns the Enablement of a unit by systemd's files.
//
// A link in /etc or /run that wants it makes it Enabled, whatever is reached;
// otherwise it has to be reached from default.target, or be enabled by presets at
// the first boot. Of a unit with [Install] it does not count that a socket or
// timer may start it: they are asked for by their own names. A unit without is
// there for nothing else.
func (s *store) state(name string) Enablement {
	if s.readable() != nil || s.index() != nil {
		return Unknown
	}
	l, err := s.load(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := s.search(name); err == nil {
			return Unknown // a name that leads to nothing, or in a circle
		}
		return Absent
	case err != nil:
		return Unknown
	case l.masked:
		return Masked
	case l.refused():
		return Unknown
	}
	if wanted, sure := s.wanted(l); wanted && (sure || s.bootClosure().incomplete()) {
		return Enabled
	}
	if path.Ext(l.id) == ".socket" && !installed(s.t) {
		return Disabled // nothing listens for it
	}
	in, err := s.install(l.id)
	if err != nil {
		return Unknown
	}
	c := s.bootClosure()
	if len(in.wanted)+len(in.aliases) == 0 {
		return s.staticState(l, c)
	}
	if c.units[l.id] == started {
		return Enabled
	}
	switch s.firstBoot() {
	case Yes:
		if slices.Contains(s.firstBootUnits(&closure{}), l.id) {
			return Enabled
		}
	case Unclear:
		if enable, _, err := s.presetEnables(in); enable || err != nil {
			return Unknown
		}
	}
	if len(c.problems) > 0 {
		return Unknown
	}
	return Disabled
}

// wanted reports a link in a wants directory that bears a name of the unit or,
// of a template, of an instance. Its target does not matter, it may dangle, but one
// to /dev/null takes the same link of later directories away. sure: it is one of
// the administrator's.
func (s *store) wanted(l *loaded) (wanted, sure bool) {
	names := l.names
	if unitfile.Kind(l.id) == unitfile.Template {
		for _, n := range sortedKeys(s.wantings) {
			if n[0] != '*' && unitfile.TemplateOf(n) == l.id {
				names = append(slices.Clone(names), n)
			}
		}
	}
	for _, name := range names {
		seen := map[string]bool{}
		for _, w := range s.wantings[name] {
			dir := s.path[w.dir]
			if seen[w.unit+w.kind] {
				continue
			}
			seen[w.unit+w.kind] = true
			if s.isWant(dir + "/" + w.unit + w.kind + "/" + name) {
				wanted = true
				sure = sure || dir == configDir || runtime(dir)
			}
		}
	}
	return wanted, sure
}

// staticState is that of a unit that cannot be enabled: something else starts it.
func (s *store) staticState(l *loaded, c *closure) Enablement {
	switch how := c.units[l.id]; {
	case how >= activated:
		return Enabled
	case how == perhaps, c.incomplete(), s.onBus(l), s.byDevice(l):
		return Unknown
	}
	return Disabled
}

// byDevice reports that a rule of udev names the unit: it is started when a
// device is there (SYSTEMD_WANTS, systemd.device(5)). What cannot be read counts.
func (s *store) byDevice(l *loaded) bool {
	for _, dir := range []string{"/etc/udev/rules.d", "/run/udev/rules.d", "/usr/local/lib/udev/rules.d", "/usr/lib/udev/rules.d", "/lib/udev/rules.d"} {
		files := s.list(dir)
		if files.err != nil {
			return true
		}
		for _, n := range files.order {
			if path.Ext(n) != ".rules" {
				continue
			}
			data, _, err := s.content(dir + "/" + n)
			if err != nil && !missing(err) {
				return true
			}
			for _, name := range append([]string{instanceTemplate(l.id)}, l.names...) {
				if name != "" && bytes.Contains(data, []byte(name)) {
					return true
				}
			}
		}
	}
	return false
}

// installed reports whether the tree has systemd, or whether it has is unclear.
func installed(t *tree.Tree) bool {
	for _, file := range []string{"/usr/lib/systemd/systemd", "/lib/systemd/systemd"} {
		if exists(t, file) != no {
			return true
		}
	}
	return false
}
