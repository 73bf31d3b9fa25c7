package units

import (
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"

	"hostaudit/checks/internal/unitfile"
)

// firstBoot says whether the next boot is the tree's first.
//
// machine-id(5): it is when /etc/machine-id is not there or says "uninitialized".
// An empty one is no first boot since version 247, and was one before.
func (s *store) firstBoot() Tri {
	data, _, err := s.content("/etc/machine-id")
	word := strings.TrimSpace(string(data))
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return Unclear
	case !installed(s.t):
		if err != nil || word == "" || word == "uninitialized" {
			return Unclear
		}
		return No
	case err != nil, word == "uninitialized":
		return Yes
	case word != "":
		return No
	}
	switch {
	case !s.since(247):
		return Yes
	case s.systemdVersion() != 0:
		return No
	}
	return Unclear
}

// maxRules bounds the rules of all preset files.
const maxRules = 5000

// presetRules reads the preset files, systemd.preset(5).
func (s *store) presetRules() ([]unitfile.Rule, error) {
	if s.presets != nil {
		return *s.presets, nil
	}
	byName := map[string]string{}
	for _, base := range []string{"/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"} {
		dir := base + "/systemd/system-preset"
		l := s.list(dir)
		if l.err != nil {
			return nil, l.err
		}
		for _, n := range l.order {
			if strings.HasSuffix(n, ".preset") && byName[n] == "" {
				byName[n] = dir + "/" + n
			}
		}
	}
	var rules []unitfile.Rule
	for _, n := range sortedKeys(byName) {
		data, _, err := s.content(byName[n])
		if err != nil && !missing(err) {
			return nil, err
		}
		r, _ := unitfile.ParsePreset(data)
		if rules = append(rules, r...); len(rules) > maxRules {
			return nil, &fs.PathError{Op: "read", Path: byName[n], Err: errTooMany}
		}
	}
	s.presets = &rules
	return rules, nil
}

// chargePreset counts the work of holding a name against all rules: a pattern may
// be tried at every place of the name.
func (s *store) chargePreset(rules []unitfile.Rule, name string) bool {
	work := len(rules)
	for _, r := range rules {
		if strings.ContainsAny(r.Pattern, "*?[") {
			work += len(r.Pattern) * len(name)
		}
		work += len(r.Instances)
	}
	return s.charge(work)
}

// presetEnables reports whether presets enable a unit that is disabled now, and
// as which instances.
func (s *store) presetEnables(in *install) (enable bool, instances []string, err error) {
	rules, err := s.presetRules()
	if err != nil {
		return false, nil, err
	}
	if len(in.wanted)+len(in.aliases) == 0 {
		return false, nil, nil // there is nothing to enable
	}
	if !s.chargePreset(rules, in.name) {
		return false, nil, errTooMany
	}
	enable, instances = unitfile.Preset(rules, in.name)
	if enable && len(instances) == 0 && unitfile.Kind(in.name) == unitfile.Template {
		if in.defaultInstance == "" || strings.Contains(in.defaultInstance, "%") {
			return false, nil, nil
		}
		instances = []string{unitfile.InstanceOf(in.name, in.defaultInstance)}
	} else {
		instances = slices.Clone(instances) // the rules keep theirs
		for i, inst := range instances {
			instances[i] = unitfile.InstanceOf(in.name, inst)
		}
	}
	return enable, instances, nil
}

// firstBootUnits returns what presets enable at the first boot, sorted; nothing
// where that has been. Units of Also= come with theirs.
func (s *store) firstBootUnits(c *closure) []string {
	if s.firstBoot() != Yes {
		return nil
	}
	fail := func(unit string, err error) {
		c.problems = append(c.problems, Problem{Unit: unit, Err: err})
	}
	m, err := s.nameMap()
	if err != nil {
		return nil // told by who asks for the units
	}
	rules, err := s.presetRules()
	if err != nil {
		fail("", err)
		return nil
	}
	if err := s.index(); err != nil {
		fail("", err)
		return nil
	}
	var queue, found []string
	for _, name := range sortedKeys(m.ids) {
		if strings.HasPrefix(m.ids[name], "/") {
			if !s.chargePreset(rules, name) {
				fail(name, errTooMany)
				return nil
			}
			if enable, _ := unitfile.Preset(rules, name); enable {
				queue = append(queue, name)
			}
		}
	}
	also := map[string]bool{}
	for ; len(queue) > 0 && len(found) < maxReached; queue = queue[1:] {
		in, err := s.install(queue[0])
		switch {
		case err != nil && (missing(err) || errors.Is(err, errBad)):
			continue
		case err != nil:
			fail(queue[0], err)
			continue
		case in.masked || generated(in.file) || path.Dir(in.file) == transientDir:
			continue
		}
		enable, instances, err := s.presetEnables(in)
		if err != nil {
			fail(in.name, err)
			continue
		}
		if !enable && !also[in.name] && len(in.also) == 0 {
			continue
		}
		for _, name := range in.also {
			name, complete := unitfile.Expand(name, s.specifier(in.name))
			if complete && !also[name] {
				also[name] = true
				queue = append(queue, name)
			}
		}
		switch {
		case len(in.wanted)+len(in.aliases) == 0:
		case len(instances) > 0:
			found = append(found, instances...)
		case unitfile.Kind(in.name) != unitfile.Template:
			found = append(found, in.name)
		}
	}
	if len(queue) > 0 {
		fail(queue[0], errTooMany)
	}
	slices.Sort(found)
	return slices.Compact(found)
}
