package units_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestRealPresets compares what we say that only the first boot starts with what the
// release's systemctl enables by all presets: as installed, with presets by hand, and
// where nothing is enabled yet.
func TestRealPresets(t *testing.T) {
	for _, suite := range suites() {
		t.Run(suite, func(t *testing.T) {
			t.Run("installed", func(t *testing.T) {
				newRelease(t, suite).comparePresets()
			})
			t.Run("hand", func(t *testing.T) {
				r := newRelease(t, suite)
				r.putAll("presets")
				r.comparePresets()
			})
			t.Run("bare", func(t *testing.T) {
				r := newRelease(t, suite)
				dirs, err := filepath.Glob(filepath.Join(r.copy, "etc/systemd/system/*.wants"))
				if err != nil || len(dirs) == 0 {
					t.Fatalf("wants: %q, %v", dirs, err)
				}
				for _, dir := range dirs {
					if err := os.RemoveAll(dir); err != nil {
						t.Fatal(err)
					}
				}
				r.putAll("presets")
				r.comparePresets()
			})
		})
	}
}

// comparePresets makes the next boot the first and compares.
func (r *release) comparePresets() {
	r.t.Helper()
	r.replace("etc/machine-id", "uninitialized\n")
	entries, problems := r.system().Enabled()
	for _, p := range problems {
		r.t.Logf("problem: %s:%d %s: %v", p.File, p.Line, p.Unit, p.Err)
	}
	ours, before := map[string]bool{}, map[string]bool{}
	for _, e := range entries {
		if compared(e.Name) && e.FirstBoot {
			ours[e.Name] = true
		} else if compared(e.Name) {
			before[e.Name] = true
		}
	}
	if s := r.run("systemctl", "--preset-mode=enable-only", "preset-all"); s.exit != 0 {
		r.t.Logf("systemctl preset-all: exit status %d, %q", s.exit, s.stderr)
	}
	r.replace("etc/machine-id", "0123456789abcdef0123456789abcdef\n")
	after, _ := r.system().Enabled()
	theirs := map[string]bool{}
	for _, e := range after {
		if compared(e.Name) && !before[e.Name] {
			theirs[e.Name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(theirs)) {
		if !ours[name] {
			r.t.Errorf("%s: presets start it, ours does not say so", name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if !theirs[name] {
			r.t.Errorf("%s: ours says that presets start it, they do not", name)
		}
	}
	r.t.Logf("%d started before, %d by presets", len(before), len(theirs))
}
