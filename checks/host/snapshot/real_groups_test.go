package snapshot_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// groups is a branch of control groups of its own in every hierarchy that a unit's name
// is read from.
type groups struct{ top string }

// hierarchies are the mounted control group hierarchies of systemd: its own of version 1,
// and version 2.
func hierarchies() (dirs []string, err error) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) > 3 && (f[2] == "cgroup2" || f[2] == "cgroup" && slices.Contains(strings.Split(f[3], ","), "name=systemd")) {
			dirs = append(dirs, f[1])
		}
	}
	return dirs, nil
}

// newGroups makes the branch and removes it with the test, however that ends. nil: it
// cannot be made, and the columns of units are not compared.
func newGroups(t *testing.T, programs string) *groups {
	t.Helper()
	dirs, err := hierarchies()
	if err == nil && len(dirs) == 0 {
		err = errors.New("none is mounted")
	}
	g := &groups{top: fmt.Sprintf("%s%d.slice", branchPrefix, os.Getpid())}
	cleanUp(t, g.top, programs)
	for _, dir := range dirs {
		if err == nil {
			err = os.Mkdir(filepath.Join(dir, g.top), 0o755)
		}
	}
	if err != nil {
		t.Logf("control groups cannot be made, units are not compared: %v", err)
		return nil
	}
	return g
}

// cleanUp has a process of its own remove the branch and the directory of programs (if
// there is one), because a test that runs into its timeout removes nothing.
func cleanUp(t *testing.T, top, programs string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = base(cleanerName + ":" + top + ":" + programs)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("control groups may be left behind: %v\n%s", err, said.String())
		}
	})
}

// beCleaner waits for the end of the test and removes a branch of every hierarchy.
func beCleaner(top, programs string) {
	_, _ = io.Copy(io.Discard, os.Stdin)
	if top == "" {
		os.Exit(2)
	}
	dirs, err := hierarchies()
	if programs != "" {
		err = errors.Join(err, os.RemoveAll(programs))
	}
	for _, dir := range dirs {
		err = errors.Join(err, removeGroups(filepath.Join(dir, top)))
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// removeGroups removes a branch, the leaves first. The last processes may be about to
// be taken off it, and until then make groups below it, never the branch itself.
func removeGroups(top string) error {
	for end := time.Now().Add(stageTimeout); ; time.Sleep(5 * time.Millisecond) {
		var dirs []string
		_ = filepath.WalkDir(top, func(path string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() {
				dirs = append(dirs, path)
			}
			return nil
		})
		slices.Reverse(dirs)
		for _, d := range dirs {
			_ = unix.Rmdir(d)
		}
		err := unix.Rmdir(top)
		if errors.Is(err, unix.ENOENT) {
			return nil
		}
		if err != nil && time.Now().After(end) {
			return &os.PathError{Op: "rmdir", Path: top, Err: err}
		}
	}
}

// join moves the process into a control group below the branch, if there is one.
func (a *act) join(group string) error {
	top := os.Getenv(groupsVariable)
	if top == "" {
		return nil
	}
	dirs, err := hierarchies()
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		dir := filepath.Join(dir, top)
		for part := range strings.SplitSeq(group, "/") {
			dir = filepath.Join(dir, part)
			if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, os.ErrExist) {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte("0"), 0); err != nil {
			return err
		}
	}
	return nil
}

// removeGroup removes an empty control group below the branch.
func (a *act) removeGroup(group string) {
	top := os.Getenv(groupsVariable)
	if top == "" {
		return
	}
	dirs, err := hierarchies()
	a.must("hierarchies", err)
	for _, dir := range dirs {
		a.must("group", unix.Rmdir(filepath.Join(dir, top, group)))
	}
}
