package units

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"hostaudit/checks/internal/unitfile"
)

// how a unit comes to be started; a greater one is surer.
type how int

const (
	notReached how = iota
	perhaps        // when another unit fails or ends (OnFailure=, OnSuccess=)
	activated      // by a timer, socket, path or automount that is started at boot
	started        // at boot
)

// maxReached bounds the units of one boot: a template that wants a longer
// instance of itself never ends.
const maxReached = 5000

// closure is what the boot reaches.
type closure struct {
	rooted   bool // there is a default target
	units    map[string]how
	problems []Problem
}

// incomplete reports that units may be missing in the closure.
func (c *closure) incomplete() bool { return !c.rooted || len(c.problems) > 0 }

// bootClosure follows the dependencies from default.target, systemd(1) and
// bootup(7): the settings and the links of directories. Without default.target
// graphical.target is taken. The kernel's command line is not looked at.
func (s *store) bootClosure() *closure {
	if s.boot != nil {
		return s.boot
	}
	c := &closure{units: map[string]how{}}
	s.boot = c
	c.problems = []Problem{{Err: errUnfinished}} // what a check that panics leaves to the next
	s.follow(c)
	c.problems = c.problems[1:]
	return c
}

// follow fills a closure.
func (s *store) follow(c *closure) {
	type step struct {
		name string
		how  how
	}
	var queue []step
	for _, root := range []string{"default.target", "graphical.target", "multi-user.target"} {
		l, err := s.load(root)
		if err == nil && !l.masked {
			c.rooted = true
			queue = []step{{l.id, started}}
			break
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.problems = append(c.problems, Problem{Unit: root, Err: err})
		}
	}
	if !c.rooted {
		return
	}
	for _, name := range s.firstBootUnits(c) {
		queue = append(queue, step{name, started})
	}
	for ; len(queue) > 0; queue = queue[1:] {
		at := queue[0]
		if c.units[at.name] >= at.how {
			continue
		}
		l, err := s.load(at.name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			c.problems = append(c.problems, Problem{Unit: at.name, Err: err})
			continue
		case l.masked || c.units[l.id] >= at.how:
			continue
		case len(c.units) >= maxReached, len(queue) > maxUnitFiles, !s.charge(0):
			c.problems = append(c.problems, Problem{Unit: at.name, Err: errTooMany})
			return
		}
		if c.units[l.id] == notReached {
			for _, p := range l.problems {
				if !p.Ignored {
					c.problems = append(c.problems, p)
				}
			}
		}
		c.units[l.id] = at.how
		if l.refused() {
			continue
		}
		pulled, err := s.pulls(l)
		if err != nil {
			c.problems = append(c.problems, Problem{Unit: l.id, Err: err})
		}
		for _, name := range pulled {
			queue = append(queue, step{name, at.how})
		}
		if to := s.triggers(l); to != "" {
			queue = append(queue, step{to, min(at.how, activated)})
			// A template as such cannot be loaded; its instances are made later.
			if unitfile.Kind(to) == unitfile.Template {
				c.units[to] = max(c.units[to], min(at.how, activated))
			}
		}
		for _, a := range l.settings("Unit", "OnFailure", "OnSuccess") {
			for _, name := range s.unitNames(l, a.value) {
				queue = append(queue, step{name, perhaps})
			}
		}
	}
	if !s.charge(0) { // with the last unit
		c.problems = append(c.problems, Problem{Err: errTooMany})
	}
}

// pulls returns the units a unit pulls in.
func (s *store) pulls(l *loaded) ([]string, error) {
	if !s.charge(l.size()) {
		return nil, errTooMany
	}
	var (
		names   []string
		unknown error
	)
	for _, a := range l.settings("Unit", "Wants", "Requires", "RequiresOverridable", "BindsTo", "BindTo", "Upholds") {
		if a.key == "Upholds" && !s.since(249) {
			continue
		}
		if _, complete := unitfile.Expand(a.value, s.specifier(l.id)); !complete {
			unknown = errSpecifier // some unit is started, and which is not known
		}
		names = append(names, s.unitNames(l, a.value)...)
	}
	if unitfile.Type(l.id) == "service" {
		for _, a := range l.settings("Service", "Sockets") {
			names = append(names, s.unitNames(l, a.value)...)
		}
	}
	// Dependencies without a word (systemd.service(5), "Default Dependencies").
	switch unitfile.Type(l.id) {
	case "service", "socket", "timer", "path":
		byDefault := true
		for _, a := range l.settings("Unit", "DefaultDependencies") {
			if v, ok := unitfile.Bool(a.value); ok {
				byDefault = v
			}
		}
		if byDefault {
			names = append(names, "sysinit.target")
		}
	}
	for _, suffix := range wantSuffixes {
		files, err := s.dropInFiles(append([]string{l.id}, l.names...), suffix, true)
		if err != nil {
			return names, err
		}
		for i, name := range bases(files) {
			file := files[i]
			if !s.isWant(file) {
				continue
			}
			if unitfile.Kind(name) == unitfile.Template {
				name = s.instantiate(l, name)
			}
			names = append(names, name)
		}
	}
	return names, unknown
}

// isWant reports whether a file of a wants directory pulls in: a link that does
// not mask. That of a vendor never does; its target is not looked at.
func (s *store) isWant(file string) bool {
	dir := path.Dir(file)
	if !s.list(dir).names[path.Base(file)] {
		return false
	}
	if !within(dir, "/etc") && !within(dir, "/run") {
		return true
	}
	target, err := s.link(file)
	if err != nil {
		return true
	}
	if s.inLoadPath(target) {
		return true // an empty unit file masks the unit as well
	}
	null, err := s.masks(target)
	return err != nil || !null
}

// instantiate makes a template that a unit pulls in an instance: of the unit's
// own instance, else of its prefix.
func (s *store) instantiate(l *loaded, template string) string {
	prefix, instance, _ := unitfile.Split(l.id)
	if instance == "" {
		instance = prefix
	}
	return unitfile.InstanceOf(template, instance)
}

// unitNames returns the units of a dependency setting.
func (s *store) unitNames(l *loaded, value string) []string {
	if !s.charge(len(value)) {
		return nil // bootClosure tells
	}
	var names []string
	for _, word := range unitfile.Fields(value) { // quotes are none here
		name, complete := unitfile.Expand(word, s.specifier(l.id))
		switch {
		case !complete:
		case unitfile.Kind(name) == unitfile.Template:
			names = append(names, s.instantiate(l, name))
		case unitfile.Kind(name) != unitfile.Invalid:
			names = append(names, name)
		}
	}
	return names
}

// triggers returns what a socket, timer, path or automount activates.
func (s *store) triggers(l *loaded) string {
	switch unitfile.Type(l.id) {
	case "socket", "timer", "path", "automount":
		return s.unit(l).Starts
	}
	return ""
}

// onBus reports a service that the system bus starts when somebody asks for its
// name: its alias says so, or a file of the bus does.
func (s *store) onBus(l *loaded) bool {
	for _, n := range l.names {
		if strings.HasPrefix(n, "dbus-") {
			return true
		}
	}
	for _, a := range reset(l.settings("Service", "BusName")) {
		for _, dir := range []string{"/usr/share", "/usr/local/share", "/etc"} {
			if exists(s.t, dir+"/dbus-1/system-services/"+path.Base(a.value)+".service") != no {
				return true
			}
		}
	}
	return false
}
