// Package policy reads the administrator's decisions from TOML: what to ask, what
// counts, how much time it may take, what the agent sends. A value that is not
// understood is an error with its place, never a default in silence.
package policy

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"hostaudit/checks"
)

// Policy is everything a configuration file can say. The zero value of a field
// means "not said"; Defaults are applied by the command, because they differ
// between the agent, a terminal and a tree.
type Policy struct {
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
}

// Error implements error: "file:line: message".
func (e *Error) Error() string {
	if e.Line == 0 {
		return fmt.Sprintf("%s: %s", e.File, e.Msg)
	}
	return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
}

// Parse reads one file over what p already says: a later file overrides a
// scalar and appends to a list. known are the check IDs that only, skip and
// require may name. On error p may be half changed and must not be used.
func (p *Policy) Parse(file string, text []byte, known []string) error {
	lists := [3][]string{p.Only, p.Skip, p.Require}
	declared := p.Listeners.Declare
	p.Only, p.Skip, p.Require, p.Listeners.Declare = nil, nil, nil, nil
	meta, err := toml.Decode(string(text), p)
	if err != nil {
		return placed(file, err)
	}
	if extra := meta.Undecoded(); len(extra) > 0 {
		return &Error{file, lineOf(text, extra[0]), fmt.Sprintf("unknown setting %q", extra[0].String())}
	}
	if key, msg := p.invalid(known); msg != "" {
		return &Error{file, lineOf(text, toml.Key(strings.Split(key, "."))), fmt.Sprintf("%s: %s", key, msg)}
	}
	for i, d := range p.Listeners.Declare {
		if key, msg := d.invalid(); msg != "" {
			const table = "listeners.declare"
			return &Error{file, lineOfTable(text, table, i, key), strings.TrimSuffix(table+"."+key, ".") + ": " + msg}
		}
	}
	p.Listeners.Declare = append(declared, p.Listeners.Declare...)
	p.Only = append(lists[0], p.Only...)
	p.Skip = append(lists[1], p.Skip...)
	p.Require = append(lists[2], p.Require...)
	return nil
}

// invalid returns the first setting with an impossible value and what is wrong.
func (p *Policy) invalid(known []string) (key, msg string) {
	for _, w := range []struct {
		key, value string
		words      []string
	}{
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
	return "", ""
}

// Names reports whether v is one of the check IDs or one of their families.
func Names(known []string, v string) bool {
	return slices.ContainsFunc(known, func(id string) bool {
		return id == v || checks.Check{ID: id}.Family() == v
	})
}

// placed turns a decoder's error into one with a line.
func placed(file string, err error) error {
	if parse, ok := errors.AsType[toml.ParseError](err); ok {
		return &Error{file, parse.Position.Line, parse.Message}
	}
	// Type errors carry their line in the text only.
	msg := strings.TrimPrefix(err.Error(), "toml: ")
	var line int
	if n, _ := fmt.Sscanf(msg, "line %d", &line); n == 1 {
		if _, after, ok := strings.Cut(msg, ": "); ok {
			msg = after
		}
	}
	return &Error{file, line, msg}
}

// lineOf finds where a key is set. The decoder does not tell, and the message is
// for a person, so the first line that begins with the key's last part, after
// its table's header if it has one, will do.
func lineOf(text []byte, key toml.Key) int {
	name := key[len(key)-1]
	table := strings.Join(key[:len(key)-1], ".")
	inTable := table == ""
	for i, line := range strings.Split(string(text), "\n") {
		line = strings.TrimSpace(line)
		if header, ok := strings.CutPrefix(line, "["); ok {
			header, _, _ = strings.Cut(header, "]")
			header = strings.TrimSpace(strings.Trim(header, "["))
			if header == key.String() {
				return i + 1
			}
			inTable = header == table
			continue
		}
		if rest, ok := strings.CutPrefix(line, name); ok && inTable && strings.HasPrefix(strings.TrimSpace(rest), "=") {
			return i + 1
		}
	}
	return 0
}

// Example is a commented configuration file with every setting at its default
// under the agent. A test reads it back.
const Example = `# hostaudit configuration. Every setting is optional; command line flags win.
# Used only if root alone can change this file and the directories above it.

# only = ["ssh", "password.dictionary"]   # check IDs or families
# skip = ["ftp"]
# fail_on = "medium"       # exit code 1 from: critical, high, medium, low, never
# require = ["ssh.root-login"]            # exit code 3 unless answered
# deadline = "60s"         # for the whole audit
# cpus = 1
# privacy = "count"        # names of accounts with weak passwords stay here; "full" sends them
# state_dir = "/var/lib/hostaudit"

[passwords]
# list = "/etc/hostaudit/passwords"       # your organisation's usual passwords, one a line
# budget = "20s"           # time for guessing in one run
# memory = 64              # MiB for memory-hard hashes

# What listens on this host by design. Every setting of a table must fit, one of
# program, package, unit and port at least; scope is the widest that is permitted.
# [[listeners.declare]]
# program = "/usr/sbin/sshd"
# package = "openssh-server"
# unit = "ssh.service"
# port = 22                # or "8000-8100"
# protocol = "tcp"
# scope = "everywhere"     # or "address", "loopback"
# reason = "administration"

[agent]
# modules = "checks"       # or "families", "summary"
# alarm = "medium"         # "low" makes findings of low severity a WARNING
# names = "ids"            # "legacy" gives the module names of the old plugin
# min_interval = "0s"      # audit again only after this time; in between nothing is printed
`
