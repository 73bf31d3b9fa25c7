// Package policy reads the administrator's decisions from TOML: what to ask, what
// counts, how much time it may take, what the agent sends. A value that is not
// understood is an error with its place, never a default in silence.
package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"hostaudit/checks"
)

// Policy is everything a configuration file can say. The zero value of a field
// means "not said"; Defaults are applied by the command, because they differ
// between the agent, a terminal and a tree.
type Policy struct {
	Version   int      `toml:"version,omitzero"`   // of this layout: FormatVersion; 0 = 1
	Profile   string   `toml:"profile,omitempty"`  // Profiles()
	Roles     []string `toml:"roles,omitempty"`    // Roles()
	Catalogue int      `toml:"catalogue,omitzero"` // checks younger than this are not gated; 0 = all are

	Only     []string `toml:"only,omitempty"`      // check IDs or families
	Skip     []string `toml:"skip,omitempty"`      // check IDs or families
	FailOn   string   `toml:"fail_on,omitempty"`   // critical, high, medium, low, never
	Require  []string `toml:"require,omitempty"`   // check IDs that must be answered
	StateDir string   `toml:"state_dir,omitempty"` // absolute
	Deadline Duration `toml:"deadline,omitzero"`   // of the whole audit
	CPUs     int      `toml:"cpus,omitzero"`       // 1 to 1024
	Privacy  string   `toml:"privacy,omitempty"`   // count, full

	Passwords Passwords `toml:"passwords,omitempty"`
	Listeners Listeners `toml:"listeners,omitempty"`
	Agent     Agent     `toml:"agent,omitempty"`

	Severity Severities `toml:"severity,omitempty"`
	Waive    []Waiver   `toml:"waive,omitempty"`
}

// Passwords are the settings of the password audit.
type Passwords struct {
	List   string   `toml:"list,omitempty"`  // file with the organisation's words, one a line, absolute
	Budget Duration `toml:"budget,omitzero"` // time for guessing in one run
	Memory int      `toml:"memory,omitzero"` // MiB for hash regions
}

// Agent is what the monitoring agent sends.
type Agent struct {
	Modules     string   `toml:"modules,omitempty"`     // checks, families, summary
	Alarm       string   `toml:"alarm,omitempty"`       // medium, low: the lowest severity that is more than NORMAL
	Names       string   `toml:"names,omitempty"`       // ids, legacy
	MinInterval Duration `toml:"min_interval,omitzero"` // between two audits; in between nothing is printed
}

// Duration is a time.Duration written as text ("90s", "2h").
type Duration time.Duration

// UnmarshalText implements encoding.TextUnmarshaler.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := time.ParseDuration(string(b))
	if err != nil || v < 0 {
		return fmt.Errorf("%q is not a duration such as 20s or 2h", b)
	}
	*d = Duration(v)
	return nil
}

// MarshalText implements encoding.TextMarshaler.
func (d Duration) MarshalText() ([]byte, error) { return []byte(time.Duration(d).String()), nil }

// Error is a defect of a configuration file and its place.
type Error struct {
	File string
	Line int // 0 = the whole file
	Msg  string
	// Newer says that the file is sound as far as it goes, and made for a newer version
	// of this program.
	Newer bool
}

// Error implements error: "file:line: message".
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Msg)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
}

// invalid returns the first setting with an impossible value and what is wrong.
func (p *Policy) invalid(known []string) (key, msg string) {
	for _, w := range []struct {
		key, value string
		words      []string
	}{
		{"profile", p.Profile, Profiles()},
		{"fail_on", p.FailOn, []string{"critical", "high", "medium", "low", "never"}},
		{"privacy", p.Privacy, []string{"count", "full"}},
		{"agent.modules", p.Agent.Modules, []string{"checks", "families", "summary"}},
		{"agent.alarm", p.Agent.Alarm, []string{"medium", "low"}},
		{"agent.names", p.Agent.Names, []string{"ids", "legacy"}},
	} {
		if w.value != "" && !slices.Contains(w.words, w.value) {
			return w.key, fmt.Sprintf("%q is none of %s", w.value, strings.Join(w.words, ", "))
		}
	}
	for _, path := range []struct{ key, value string }{{"state_dir", p.StateDir}, {"passwords.list", p.Passwords.List}} {
		if path.value != "" && !strings.HasPrefix(path.value, "/") {
			return path.key, "must be an absolute path"
		}
	}
	if p.Catalogue < 0 || p.Version < 0 {
		return map[bool]string{true: "catalogue", false: "version"}[p.Catalogue < 0], "must be 1 or more"
	}
	if p.CPUs < 0 || p.CPUs > 1024 {
		return "cpus", "must be 1 to 1024"
	}
	if p.Passwords.Memory < 0 || p.Passwords.Memory > 1<<20 {
		return "passwords.memory", "must be 1 to 1048576 MiB"
	}
	for _, l := range []struct {
		key    string
		values []string
		only   bool
	}{{"only", p.Only, false}, {"skip", p.Skip, false}, {"require", p.Require, true}} {
		for _, v := range l.values {
			if !Names(known, v) || l.only && !slices.Contains(known, v) {
				return l.key, fmt.Sprintf("no check is named %q", v)
			}
		}
	}
	for _, r := range p.Roles {
		if !slices.Contains(Roles(), r) {
			return "roles", fmt.Sprintf("%q is none of %s", r, strings.Join(Roles(), ", "))
		}
	}
	return "", ""
}

// Names reports whether v is one of the check IDs or one of their families.
func Names(known []string, v string) bool {
	return slices.ContainsFunc(known, func(id string) bool {
		return id == v || checks.Check{ID: id}.Family() == v
	})
}
