package snapshot_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/snapshot"
)

// The tests of this file compare three things on small hosts made of namespaces: the
// listeners expected, written into a table; what Collect says; and what ss(8) of iproute2
// says in the same network namespace at the same time. The programs of these hosts are
// this test binary under other names, see roleVariable.

func TestMain(m *testing.M) {
	if role := os.Getenv(roleVariable); role != "" {
		playRole(role)
	}
	os.Exit(m.Run())
}

// needReal skips the test, saying why, where no such host can be made.
func needReal(t testing.TB) {
	t.Helper()
	if testing.Short() {
		t.Skip("short mode: needs namespaces and programs in them")
	}
	if os.Getuid() != 0 {
		t.Skip("not root: namespaces and other users' processes cannot be made")
	}
	for _, tool := range []string{"ss", "ip"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("%s of iproute2 is not installed: %v", tool, err)
		}
	}
	cmd := exec.Command("/bin/true")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: stageNamespaces}
	if err := cmd.Run(); err != nil {
		t.Skipf("this machine allows no new namespaces: %v", err)
	}
}

// TestRealListeners is the table against Collect and against ss.
func TestRealListeners(t *testing.T) {
	needReal(t)
	dir := programs(t)
	groups := newGroups(t, dir)
	all := arrangements()
	if len(all) < 40 {
		t.Errorf("%d arrangements, at least 40 are wanted", len(all))
	}
	for _, a := range all {
		t.Run(a.name, func(t *testing.T) {
			out := play(t, dir, groups, a)
			if out.Skip != "" {
				t.Skip(out.Skip)
			}
			compareRows(t, a, out, groups != nil)
			compareProcesses(t, a, out, dir, groups != nil)
		})
	}
}

// play lets an arrangement happen and returns what was seen.
func play(t *testing.T, dir string, groups *groups, a arrangement) outcome {
	t.Helper()
	for _, p := range a.programs() {
		if err := link(filepath.Join(dir, p)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(filepath.Join(dir, initName))
	cmd.Env = base(initName + ":" + a.name)
	if groups != nil {
		cmd.Env = append(cmd.Env, groupsVariable+"="+groups.top)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: stageNamespaces, Setpgid: true}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	stdin, err := cmd.StdinPipe() // process 1 ends when this process does
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(2*stageTimeout, func() { _ = cmd.Process.Kill() })
	err = cmd.Wait()
	timer.Stop()
	_ = stdin.Close()
	var out outcome
	if err == nil {
		err = json.Unmarshal(stdout.Bytes(), &out)
	}
	if err != nil || out.Error != "" {
		t.Fatalf("the host: %v %s\n%s", err, out.Error, stderr.String())
	}
	return out
}

// programs makes the directory of the hosts' programs, which other users can enter. It
// is removed with the control groups.
func programs(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "hostaudit-real")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{initName, observerName} {
		if err := link(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// link gives this test binary another name.
func link(name string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	err = os.Link(self, name)
	if err == nil || errors.Is(err, os.ErrExist) {
		return nil
	}
	from, err := os.Open(self)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_EXCL, 0o755)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	return errors.Join(err, to.Close())
}

// TestRealOrdinaryUser looks at one host as root and as an ordinary user, who may see
// every socket and only the user's own descriptors.
func TestRealOrdinaryUser(t *testing.T) {
	needReal(t)
	dir := programs(t)
	groups := newGroups(t, dir)
	for _, a := range userArrangements() {
		t.Run(a.name, func(t *testing.T) {
			out := play(t, dir, groups, a)
			if out.SeenAsUser == nil {
				t.Fatal("no picture taken as the ordinary user")
			}
			compareRows(t, a, out, groups != nil)
			want := without(expected(a, out, ""), func(r *row) {
				if r.Owners != "mine" {
					r.Owners, r.Unit, r.Hidden = "", "", true
				}
			})
			ours, err := collected(out.SeenAsUser, out, "")
			if err != nil {
				t.Fatal(err)
			}
			if groups == nil {
				noUnits := func(r *row) { r.Group, r.Unit = "", "" }
				want, ours = without(want, noUnits), without(ours, noUnits)
			}
			hidden := want
			if a.userSees != nil {
				hidden = without(want, a.userSees)
			}
			if diff := cmp.Diff(hidden, ours); diff != "" {
				t.Errorf("as a user: expected (-), Collect (+):\n%s", diff)
			}
			told, err := told(out.SSAsUser, "", out)
			if err != nil {
				t.Fatal(err)
			}
			for _, rows := range []*[]row{&want, &told} {
				*rows = without(*rows, func(r *row) { r.Unit, r.Hidden = "", false })
				if groups == nil {
					*rows = without(*rows, func(r *row) { r.Group = "" })
				}
			}
			if diff := cmp.Diff(want, told); diff != "" {
				t.Errorf("as a user: expected (-), ss (+):\n%s\n%s", diff, out.SSAsUser)
			}
			if !slices.ContainsFunc(out.SeenAsUser.Missing, func(m string) bool {
				return strings.HasPrefix(m, string(snapshot.PartOwners)) || strings.HasPrefix(m, string(snapshot.PartProcesses))
			}) {
				t.Errorf("foreign descriptors are not told as missing: %q", out.SeenAsUser.Missing)
			}
		})
	}
}
