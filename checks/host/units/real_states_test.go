package units_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"hostaudit/checks/host/units"
)

// failed marks an answer that systemctl refused to give.
const failed = "error: "

// states asks the release's systemctl for the state of units.
func (r *release) states(names []string) map[string]string {
	r.t.Helper()
	states := map[string]string{}
	var rest []string
	for _, name := range names {
		// For System V scripts systemctl asks a script, before all others.
		if _, err := os.Stat(filepath.Join(r.copy, "etc/init.d", strings.TrimSuffix(name, ".service"))); err == nil {
			r.ask([]string{name}, states)
		} else {
			rest = append(rest, name)
		}
	}
	r.ask(rest, states)
	return states
}

// ask asks for all names at once. systemctl prints a line for each name until the
// first error, and nothing where it refuses one of them beforehand.
func (r *release) ask(names []string, states map[string]string) {
	r.t.Helper()
	if len(names) == 0 {
		return
	}
	s := r.run(append([]string{"systemctl", "--root=" + r.root, "is-enabled"}, names...)...)
	n, last := len(s.stdout), ""
	if len(s.stderr) > 0 {
		last = s.stderr[len(s.stderr)-1]
	}
	if n > len(names) || n < len(names) && last == "" {
		r.t.Fatalf("systemctl is-enabled %q: %d lines, exit status %d, %q", names, n, s.exit, s.stderr)
	}
	for i, state := range s.stdout {
		states[names[i]] = state
	}
	switch {
	case n == len(names):
	case len(names) == 1 || strings.Contains(last, "unit file state for "+names[n]+":"):
		states[names[n]] = failed + last
		r.ask(names[n+1:], states)
	default:
		half := n + (len(names)-n+1)/2
		r.ask(names[n:half], states)
		r.ask(names[half:], states)
	}
}

// agrees tells whether an answer of ours is systemctl's. Older ones call a unit that
// is not there an error; what systemctl refuses to judge we must not judge either.
func agrees(ours units.FileState, err error, theirs string) bool {
	reason, refused := strings.CutPrefix(theirs, failed)
	switch {
	case refused && strings.HasSuffix(reason, "No such file or directory"):
		return ours == units.StateNotFound
	case refused:
		return err != nil || ours == units.StateBad || ours == units.StateNotFound || ours == units.StateUnknown
	}
	return err == nil && string(ours) == theirs
}

// compareStates compares every name of the copy and those given.
func (r *release) compareStates(more ...string) {
	r.t.Helper()
	names := append(r.names(), more...)
	slices.Sort(names)
	names = slices.Compact(names)
	theirs := r.states(names)
	system := r.system()
	count := map[string]int{}
	wrong := 0
	for _, name := range names {
		ours, err := system.FileState(name)
		if !agrees(ours, err, theirs[name]) {
			wrong++
			r.t.Errorf("%s: ours %q (%v), systemctl is-enabled %q", name, ours, err, theirs[name])
		}
		state, _, refused := strings.Cut(theirs[name], ":")
		if !refused {
			state = theirs[name]
		}
		count[state]++
	}
	r.t.Logf("%d names, %d differ: %s", len(names), wrong, counts(count))
}

func counts(count map[string]int) string {
	var list []string
	for state, n := range count {
		list = append(list, fmt.Sprintf("%d %s", n, state))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

// TestRealStates compares the state of every unit file, link and script of a release,
// as installed, with what its own systemctl says.
func TestRealStates(t *testing.T) {
	for _, suite := range suites() {
		t.Run(suite, func(t *testing.T) {
			r := newRelease(t, suite)
			r.compareStates("nosuch.service", "nosuch@.service", "nosuch@x.service", "nosuch.target")
			r.root = "/mnt"
			r.compareStates()
		})
	}
}

// TestRealStatesByHand does so over everything an administrator may have made.
func TestRealStatesByHand(t *testing.T) {
	for _, suite := range suites() {
		t.Run(suite, func(t *testing.T) {
			r := newRelease(t, suite)
			r.putAll("byhand")
			r.compareStates(badNames()...)
			r.root = "/mnt"
			r.compareStates()
		})
	}
}

// TestRealStatesByVerbs does so over what the release's own systemctl makes of units.
func TestRealStatesByVerbs(t *testing.T) {
	for _, suite := range suites() {
		t.Run(suite, func(t *testing.T) {
			r := newRelease(t, suite)
			r.putAll("byhand")
			done := 0
			for _, verb := range verbs() {
				if s := r.run(append([]string{"systemctl"}, strings.Fields(verb)...)...); s.exit == 0 {
					done++
				} else {
					t.Logf("systemctl %s: exit status %d, %q", verb, s.exit, s.stderr)
				}
			}
			if done < len(verbs())*2/3 {
				t.Errorf("only %d of %d commands succeeded", done, len(verbs()))
			}
			r.compareStates()
		})
	}
}
