package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/crack"
)

const mb = 1_000_000

// twentyYescrypt are the accounts file and the shadow file of 20 accounts with the
// hash of today's distributions. The password of one is its name, that of another
// is empty; those of the rest are on no list.
func twentyYescrypt() (passwd, shadow string) {
	var p, s strings.Builder
	p.WriteString("root:x:0:0:root:/root:/bin/sh\n")
	s.WriteString("root:*:20000:0:99999:7:::\n")
	for i := range 20 {
		hash := fmt.Sprintf("$y$j9T$salt%02dabcdefghijklmn$7nOolyvGTjNIjXcLj.TkbFBf/r9tuEjPXZCIUZJ6zR1", i)
		switch i {
		case 3:
			hash = "$y$j9T$salt03abcdefghijklmn$4HJX5EabLMcXdGF4vsIcCIp/DX4OTFrmPAIDrXGyra4" // "acc03"
		case 7:
			hash = "$y$j9T$salt07abcdefghijklmn$aOS//8DC7zx1wepzW5sauIph4PlYHMVXOMXgGHleuA7" // ""
		}
		fmt.Fprintf(&p, "acc%02d:x:%d:100::/home/a:/bin/sh\n", i, 1000+i)
		fmt.Fprintf(&s, "acc%02d:%s:20000:0:99999:7:::\n", i, hash)
	}
	return p.String(), s.String()
}

// treeOfTwenty is a tree of those accounts.
func treeOfTwenty(t *testing.T) string {
	t.Helper()
	root := filepath.Join(t.TempDir(), "tree")
	if err := os.MkdirAll(root+"/etc", 0o755); err != nil {
		t.Fatal(err)
	}
	passwd, shadow := twentyYescrypt()
	for name, text := range map[string]string{"passwd": passwd, "shadow": shadow} {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// watched runs a command and returns the most memory it held, in bytes.
func watched(t *testing.T, env []string, command ...string) (stdout, stderr string, exit int, peak int64) {
	t.Helper()
	c := exec.Command(command[0], command[1:]...)
	var out, errs bytes.Buffer
	c.Stdout, c.Stderr, c.Env = &out, &errs, append(os.Environ(), env...)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	memory := watchMemory(c.Process.Pid)
	_ = c.Wait() // the exit code tells
	return out.String(), errs.String(), c.ProcessState.ExitCode(), int64(memory()) << 10
}

func subjects(r checks.Result) (names []string) {
	for _, f := range r.Findings {
		names = append(names, string(f.Subject))
	}
	return names
}

// TestControlGroups: within the memory of its control group the program answers what
// can be answered, says why of what cannot, and is not killed.
func TestControlGroups(t *testing.T) {
	if testing.Short() {
		t.Skip("hashes for half a minute")
	}
	program, root := builtProgram(t), treeOfTwenty(t)
	region := crack.Identify("$y$j9T$salt00abcdefghijklmn$7nOolyvGTjNIjXcLj.TkbFBf/r9tuEjPXZCIUZJ6zR1").Cost.Memory
	for _, c := range []struct {
		name    string
		limit   int64
		cpus    string
		regions int64 // that fit at a time
		flags   []string
		warned  string
	}{
		{"100-MB-2-workers", 100 * mb, "2", 2, nil, ""},
		{"100-MB-more-asked-for", 100 * mb, "8", 3, []string{"--config", "much.toml"}, "passwords.memory: the program uses less, as the control group leaves no more"},
		{"40-MB-1-region", 40 * mb, "2", 1, nil, ""},
		{"24-MB-nothing-fits", 24 * mb, "2", 0, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			g := newControlGroup(t, c.limit)
			config := filepath.Join(t.TempDir(), "much.toml")
			if err := os.WriteFile(config, []byte("[passwords]\nmemory = 4096\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			command := g.inside(program, "--root", root, "--only", "password.dictionary,password.empty", "--cpus", c.cpus, "--deadline", "12s", "--format", "json")
			for _, f := range c.flags {
				command = append(command, strings.Replace(f, "much.toml", config, 1))
			}
			stdout, stderr, exit, peak := watched(t, nil, command...)
			if n := g.kills(t); n != "0" {
				t.Fatalf("the kernel killed %s processes: exit %d\n%s", n, exit, stderr)
			}
			var report checks.Report
			if err := json.Unmarshal([]byte(stdout), &report); err != nil {
				t.Fatalf("exit %d, not one JSON document: %v\n%s", exit, err, stderr)
			}
			t.Logf("at most %d MB", peak/mb)
			if most := c.regions*(region+1<<20) + 32*mb; peak == 0 || peak > most {
				t.Errorf("held %d bytes, %d are counted regions: want no more than %d", peak, c.regions*region, most)
			}
			if !strings.Contains(stderr, c.warned) || c.warned == "" && stderr != "" {
				t.Errorf("told %q, want %q", stderr, c.warned)
			}
			dictionary, empty := result(t, report, "password.dictionary"), result(t, report, "password.empty")
			if c.regions == 0 {
				for _, r := range []checks.Result{dictionary, empty} {
					if r.Status != checks.StatusUnknown || len(r.Gaps) != 20 {
						t.Errorf("%s: %s with %d gaps", r.ID, r.Status, len(r.Gaps))
					}
					for _, g := range r.Gaps {
						if g.Reason != checks.ReasonTooCostly {
							t.Errorf("%s: gap %+v", r.ID, g)
						}
					}
				}
				if exit != 3 {
					t.Errorf("exit %d, want 3", exit)
				}
				return
			}
			if got := subjects(dictionary); len(got) != 1 || got[0] != "acc03" {
				t.Errorf("weak: %q", got)
			}
			if got := subjects(empty); len(got) != 1 || got[0] != "acc07" || len(empty.Gaps) > 0 {
				t.Errorf("empty: %q, gaps %v", got, empty.Gaps)
			}
			for _, g := range dictionary.Gaps {
				if g.Reason != checks.ReasonBudget {
					t.Errorf("gap %+v", g)
				}
			}
			if exit != 1 {
				t.Errorf("exit %d, want 1", exit)
			}
		})
	}
}

// TestResourceLimits: a limit of the address space or of the data (setrlimit(2)) is
// no crash either. The runtime itself needs most of what these have.
func TestResourceLimits(t *testing.T) {
	program, root := builtProgram(t), treeOfTwenty(t)
	refused := 20
	if strconv.IntSize == 32 {
		refused = 0 // the runtime of 32 bits leaves room for a region
	}
	for _, c := range []struct {
		name, ulimit string
		gaps         int
	}{
		{"address-space-1-GB", "-v 1000000", 0},
		{"address-space-1.4-GB", "-v 1400000", 0},
		{"data-100-MB", "-d 100000", refused},
		{"data-200-MB", "-d 200000", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			limited := []string{"sh", "-c", "ulimit " + c.ulimit + ` && exec "$0" "$@"`, program}
			if out, err := exec.Command(limited[0], append(limited[1:], "version")...).CombinedOutput(); err != nil {
				t.Skipf("no program of this release of Go runs with so little: %v\n%.200s", err, out)
			}
			stdout, stderr, exit, _ := watched(t, nil, append(limited, "--root", root, "--only", "password.empty", "--cpus", "2", "--deadline", "30s", "--format", "json")...)
			var report checks.Report
			if err := json.Unmarshal([]byte(stdout), &report); err != nil {
				t.Fatalf("exit %d: %v\n%s", exit, err, stderr)
			}
			r := result(t, report, "password.empty")
			if len(r.Gaps) != c.gaps || c.gaps == 0 && (len(r.Findings) != 1 || r.Findings[0].Subject != "acc07") {
				t.Errorf("found %q, gaps %v", subjects(r), r.Gaps)
			}
			for _, g := range r.Gaps {
				if g.Reason != checks.ReasonTooCostly {
					t.Errorf("gap %+v", g)
				}
			}
		})
	}
}
