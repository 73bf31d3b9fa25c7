// Package units says from files alone whether a service is started at boot:
// systemd's links, System V's rc directories, OpenRC's runlevels. It runs no
// systemctl, so it answers for an image as well as for the host it is on.
//
// What it does not evaluate it does not guess: units that the bus or a device may
// start and anything unreadable are Unknown.
package units

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"hostaudit/checks/host/tree"
)

// Enablement says whether a service is started at boot. The zero value is
// Unknown.
type Enablement int

// The values of Enablement.
const (
	Unknown  Enablement = iota // could not be established
	Absent                     // there is no such unit or script
	Disabled                   // it is there and nothing starts it at boot
	Enabled                    // something starts it at boot
	Masked                     // it is there by name and can not be started at all
)

// String returns the word systemctl uses, or "unknown" and "absent".
func (e Enablement) String() string {
	switch e {
	case Absent:
		return "absent"
	case Disabled:
		return "disabled"
	case Enabled:
		return "enabled"
	case Masked:
		return "masked"
	}
	return "unknown"
}

// rank orders by how much a state says that the service runs.
func (e Enablement) rank() int {
	return map[Enablement]int{Absent: 0, Masked: 1, Disabled: 2, Unknown: 3, Enabled: 4}[e]
}

func best(a, b Enablement) Enablement {
	if b.rank() > a.rank() {
		return b
	}
	return a
}

// State returns the strongest state among the named units ("ssh.service",
// "sshd.service", "ssh.socket"): Enabled, else Unknown, else Disabled, else
// Masked, else Absent. For System V and OpenRC the name without ".service"
// counts. No names at all are Unknown.
func State(t *tree.Tree, names ...string) Enablement { return Load(t).State(names...) }

// State is the function State of a System that was loaded already.
func (s *System) State(names ...string) Enablement {
	if len(names) == 0 {
		return Unknown
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	state := Absent
	for _, name := range names {
		one, known := s.states[name]
		if !known {
			one = s.one(name)
			s.states[name] = one
		}
		state = best(state, one)
	}
	return state
}

func (s *System) one(name string) Enablement {
	t := s.t
	if strings.ContainsAny(name, "/*?[\\") || name == "" {
		return Unknown // no unit name, and Glob would take it for a pattern
	}
	state := s.systemd().state(name)
	script, isService := strings.CutSuffix(name, ".service")
	if !isService || state != Absent && !otherInit(t) {
		return state
	}
	return best(state, best(sysv(t, script), openRC(t, script)))
}

// otherInit reports an init system other than systemd: then unit files that a
// package ships for systemd decide nothing.
func otherInit(t *tree.Tree) bool {
	return !installed(t) && (exists(t, "/etc/inittab") != no || exists(t, "/sbin/openrc") != no)
}

// sysv looks for start links of the runlevels 2 to 5. K links stop a service.
func sysv(t *tree.Tree, script string) Enablement {
	switch exists(t, "/etc/init.d/"+script) {
	case no:
		return Absent
	case unclear:
		return Unknown
	}
	links, err := t.Glob("/etc/rc[2-5].d/S[0-9][0-9]" + script)
	return linked(links, err)
}

// openRC looks for the script in any runlevel.
func openRC(t *tree.Tree, script string) Enablement {
	switch exists(t, "/etc/init.d/"+script) {
	case no:
		return Absent
	case unclear:
		return Unknown
	}
	links, err := t.Glob("/etc/runlevels/*/" + script)
	return linked(links, err)
}

func linked(links []string, err error) Enablement {
	switch {
	case len(links) > 0:
		return Enabled
	case err != nil:
		return Unknown
	}
	return Disabled
}

// presence of a file.
type presence int

const (
	unclear presence = iota
	no
	yes
)

func exists(t *tree.Tree, name string) presence {
	_, err := t.Lstat(path.Clean(name))
	switch {
	case err == nil:
		return yes
	case errors.Is(err, fs.ErrNotExist):
		return no
	}
	return unclear
}
