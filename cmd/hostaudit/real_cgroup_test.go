package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// controlGroup is a control group of a test's own, below the one the test is in.
type controlGroup struct {
	dir string
	v2  bool
}

// newControlGroup makes a control group with a limit of memory in bytes and no swap,
// of whichever version has the memory here.
func newControlGroup(t *testing.T, limit int64) controlGroup {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root: no control group can be made")
	}
	text, err := os.ReadFile("/proc/self/cgroup")
	if err != nil {
		t.Skipf("no control groups: %v", err)
	}
	var g controlGroup
	why := "no hierarchy of control groups has the memory"
	for line := range strings.Lines(string(text)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		parents := []string{"/sys/fs/cgroup/memory" + f[2]}
		if f[1] == "" {
			// A group with processes gives no controller to those below it, but the root does.
			parents = []string{"/sys/fs/cgroup" + f[2], "/sys/fs/cgroup"}
		} else if f[1] != "memory" {
			continue
		}
		for _, parent := range parents {
			if g.dir != "" {
				break
			}
			if f[1] == "" { // refused: the files will not be there
				_ = os.WriteFile(parent+"/cgroup.subtree_control", []byte("+memory"), 0)
			}
			dir := filepath.Join(parent, fmt.Sprint("hostaudit-test-", os.Getpid(), "-", time.Now().UnixNano()))
			if err := os.Mkdir(dir, 0o755); err != nil {
				why = err.Error()
				continue
			}
			made := controlGroup{dir: dir, v2: f[1] == ""}
			if _, err := os.Stat(made.file("memory.max", "memory.limit_in_bytes")); err != nil {
				why = err.Error()
				_ = os.Remove(dir)
				continue
			}
			g = made
		}
	}
	if g.dir == "" {
		t.Skip("no control group with a limit of memory can be made: " + why)
	}
	t.Cleanup(func() {
		for range 100 { // the group is busy until its last process is gone
			if err = os.Remove(g.dir); err == nil {
				return
			}
			time.Sleep(20 * time.Millisecond)
		}
		t.Errorf("the control group stays: %v", err)
	})
	for _, name := range []string{g.file("memory.max", "memory.limit_in_bytes"), g.file("memory.swap.max", "memory.memsw.limit_in_bytes")} {
		value := fmt.Sprint(limit)
		if strings.HasSuffix(name, "memory.swap.max") {
			value = "0"
		}
		if err := os.WriteFile(name, []byte(value), 0); err != nil && !os.IsNotExist(err) { // a kernel without swap accounting
			t.Fatal(err)
		}
	}
	return g
}

func (g controlGroup) file(v2, v1 string) string {
	if g.v2 {
		return filepath.Join(g.dir, v2)
	}
	return filepath.Join(g.dir, v1)
}

// inside is the command in the group from its first page of memory on.
func (g controlGroup) inside(command ...string) []string {
	return append([]string{"sh", "-c", `echo $$ > "$0/cgroup.procs" && exec "$@"`, g.dir}, command...)
}

// kills is how many processes the kernel killed for want of memory.
func (g controlGroup) kills(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(g.file("memory.events", "memory.oom_control"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if n, found := strings.CutPrefix(line, "oom_kill "); found {
			return strings.TrimSpace(n)
		}
	}
	t.Skip("this kernel does not count its kills")
	return ""
}
