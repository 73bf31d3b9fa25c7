package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/catalogue"
	"hostaudit/checks/policy"
	"hostaudit/cmd/hostaudit/internal/limits"
	"hostaudit/output"
	"hostaudit/wordlists"
)

// configDir is where a live run looks for its configuration.
const configDir = "/etc/hostaudit"

// settings are flags over configuration over defaults: what this run does.
type settings struct {
	flags  *flags
	policy policy.Policy // with its profile, roles and defaults resolved
	said   policy.Policy // as the files have it: what judges a report
	digest string        // of the configuration, "" = none

	agent    bool // run by the monitoring agent
	format   output.Format
	selected []checks.Check
	gate     gate
	deadline time.Duration
	cpus     int
	privacy  string // "", count, full
	words    [][]byte
	wordsID  string
	stateDir string // "" = nothing is remembered
	machine  string // the machine-id where something is remembered
	limits   limits.Limits
	counted  int // findings that an earlier report may have, without the names
	// what was tried on accounts of the system and of databases
	verdicts, databases *checks.Keeper
}

// agentDefaults: a host nobody watches is neither slowed down nor brought to its knees.
const (
	agentDeadline    = 20 * time.Second
	terminalDeadline = 60 * time.Second
	passwordMemory   = 64 << 20
)

// resolve makes the settings. all is the catalogue. Every error is one of usage
// or configuration.
func resolve(f *flags, loaded policy.Loaded, agent bool, all []checks.Check) (*settings, error) {
	p := loaded.Policy.Effective()
	s := &settings{flags: f, policy: p, said: loaded.Policy, digest: loaded.Digest(), agent: agent}
	s.selected = selection(all, slices.Concat(p.Only, f.only), slices.Concat(p.Skip, f.skip))
	if f.only != nil { // the command line names what it wants
		s.selected = selection(all, f.only, slices.Concat(p.Skip, f.skip))
	}
	// The configuration's own mistakes are its file's, not the command line's.
	configured := func(msg string) error {
		if len(loaded.Files) == 0 {
			return usageError{msg}
		}
		return &policy.Error{File: loaded.Files[len(loaded.Files)-1].Path, Msg: msg}
	}
	if len(s.selected) == 0 {
		// What the command line selects by itself the configuration took away: under the
		// agent that is no reason to be silent.
		if len(selection(all, f.only, f.skip)) > 0 {
			return nil, configured("the selection leaves no check")
		}
		return nil, usageError{"the selection leaves no check"}
	}
	isSelected := func(id string) bool {
		return slices.ContainsFunc(s.selected, func(c checks.Check) bool { return c.ID == id })
	}
	s.gate.require = slices.Concat(loaded.Policy.Require, f.require)
	for _, id := range p.Require {
		// What a profile requires and the command line leaves out is not asked.
		if !slices.Contains(s.gate.require, id) && isSelected(id) {
			s.gate.require = append(s.gate.require, id)
		}
	}
	for _, id := range s.gate.require {
		if !isSelected(id) {
			msg := fmt.Sprintf("%s is required but not selected", id)
			if slices.Contains(loaded.Policy.Require, id) || slices.ContainsFunc(selection(all, f.only, f.skip), func(c checks.Check) bool { return c.ID == id }) {
				return nil, configured(msg)
			}
			return nil, usageError{msg}
		}
	}
	if word := cmp.Or(f.failOn, p.FailOn, "medium"); word != "never" {
		if err := s.gate.failOn.UnmarshalText([]byte(word)); err != nil {
			return nil, usageError{err.Error()}
		}
	}
	name := "text"
	if agent {
		name = "pandora"
	}
	format, err := output.Lookup(cmp.Or(f.format, name))
	if err != nil {
		return nil, usageError{err.Error()}
	}
	s.format = format
	s.deadline = cmp.Or(f.deadline, time.Duration(p.Deadline))
	s.cpus = cmp.Or(f.cpus, p.CPUs)
	if agent {
		s.deadline, s.cpus = cmp.Or(s.deadline, agentDeadline), cmp.Or(s.cpus, 1)
	} else if f.root == "" {
		s.deadline = cmp.Or(s.deadline, terminalDeadline)
	}
	s.limits = limits.Read(os.DirFS("/")) // this process's, whatever is audited
	s.cpus = cmp.Or(s.cpus, usableCPUs(s.limits))
	s.privacy = cmp.Or(f.privacy, p.Privacy)
	return s, nil
}

// usableCPUs is how many processors the program may run on, and of the bandwidth of
// its control groups no more than that.
func usableCPUs(l limits.Limits) int {
	if n := runtime.NumCPU(); l.CPUs == 0 || n < l.CPUs {
		return n
	}
	return l.CPUs
}

// loadWords reads the word list: the administrator's words and the embedded ones.
// Its errors tell a place, never a word.
func (s *settings) loadWords() error {
	s.words = wordlists.Common()
	if path := cmp.Or(s.flags.passwordList, s.policy.Passwords.List); path != "" {
		text, err := policy.ReadTrusted(path, os.Geteuid())
		if err != nil {
			return &policy.Error{File: path, Msg: strings.TrimPrefix(reason(err), path+": ")}
		}
		extra, err := wordlists.Read(bytes.NewReader(text))
		if err != nil {
			return &policy.Error{File: path, Msg: err.Error()}
		}
		s.words = wordlists.Merge(s.words, extra)
	}
	s.wordsID = wordlists.Digest(s.words)
	return nil
}

// withoutWords leaves the question the word list is for unanswered: asked with
// other words than the administrator's, it could be passed in error.
func (s *settings) withoutWords() {
	s.words, s.wordsID = nil, ""
	for i := range s.selected {
		if s.selected[i].ID == "password.dictionary" {
			s.selected[i].Run = func(_ context.Context, _ *checks.Env, rec *checks.Recorder) {
				rec.Gap(checks.Gap{Reason: checks.ReasonUnreadable, Detail: "the configured word list could not be used"})
			}
		}
	}
}

// selection keeps the catalogue's order.
func selection(all []checks.Check, only, skip []string) []checks.Check {
	named := func(list []string, c checks.Check) bool {
		return slices.Contains(list, c.ID) || slices.Contains(list, c.Family())
	}
	var out []checks.Check
	for _, c := range all {
		if (len(only) == 0 || named(only, c)) && !named(skip, c) {
			out = append(out, c)
		}
	}
	return out
}

// loadPolicy reads the configuration: the file named on the command line, else,
// on live runs only, the host's own. The audited tree never configures its audit.
//
// A file made for a newer version is refused as such: what this version does not know
// in it is no mistake of its author's.
func loadPolicy(f *flags, known []string) (loaded policy.Loaded, err error) {
	switch {
	case f.config != "":
		loaded, err = policy.LoadFile(f.config, os.Geteuid(), known)
	case f.root == "":
		loaded, err = policy.LoadDir(configDir, os.Geteuid(), known)
	}
	if newer := loaded.Newer(catalogue.Number); newer != nil {
		return loaded, newer
	}
	return loaded, err
}

// reason is an error's cause without the path, where the path is named beside it.
func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

func ids(list []checks.Check) []string {
	out := make([]string, len(list))
	for i, c := range list {
		out[i] = c.ID
	}
	return out
}
