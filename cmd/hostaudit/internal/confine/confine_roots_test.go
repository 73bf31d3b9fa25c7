package confine

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

const (
	rootVariable  = "HOSTAUDIT_TEST_CONFINE_ROOT"  // /proc/PID/root of a process in another mount namespace
	grantVariable = "HOSTAUDIT_TEST_CONFINE_GRANT" // "yes": it is among ReadDirs
)

// The root of another mount namespace lies below no directory of ours, so Landlock
// closes it unless it is named; named, it can be read and nothing else.
func TestReadDirs(t *testing.T) {
	if root := os.Getenv(rootVariable); root != "" {
		confinedBeside(t, root, os.Getenv(grantVariable) == "yes")
		return
	}
	root := foreignRoot(t)
	for _, grant := range []string{"yes", "no"} {
		t.Run("granted-"+grant, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestReadDirs$", "-test.v")
			cmd.Env = append(os.Environ(), rootVariable+"="+root, grantVariable+"="+grant)
			out, err := cmd.CombinedOutput()
			t.Logf("child:\n%s", out)
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func confinedBeside(t *testing.T, root string, granted bool) {
	dir, err := os.OpenRoot(root)
	if err != nil {
		t.Fatal(err)
	}
	defer dir.Close()
	handle, err := os.Open(root)
	if err != nil {
		t.Fatal(err)
	}
	defer handle.Close()
	var o Options
	if granted {
		o.ReadDirs = []string{"/proc/self/fd/" + strconv.Itoa(int(handle.Fd()))}
	}
	Apply(o)
	if landlockABI() < 1 {
		t.Skip("this kernel has no Landlock")
	}
	data, err := dir.ReadFile("etc/file")
	switch {
	case granted && string(data) != "inside\n":
		t.Errorf("a file below the root: %q, %v", data, err)
	case !granted && !errors.Is(err, fs.ErrPermission):
		t.Errorf("a root that was not named: %q, %v; the option would not be needed", data, err)
	}
	if f, err := dir.OpenFile("etc/file", os.O_WRONLY, 0); !errors.Is(err, fs.ErrPermission) {
		if err == nil {
			f.Close()
		}
		t.Errorf("opening for writing: %v, want it refused", err)
	}
	if f, err := dir.Create("etc/new"); !errors.Is(err, fs.ErrPermission) {
		if err == nil {
			f.Close()
		}
		t.Errorf("creating: %v, want it refused", err)
	}
	if err := dir.Remove("etc/file"); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("removing: %v, want it refused", err)
	}
}

// foreignRoot starts a process with a root of its own, as a container has, and
// returns the name of its root.
func foreignRoot(t *testing.T) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root: no mount namespace")
	}
	const script = `set -e
mount -t tmpfs root "$1"
mkdir "$1/etc" "$1/old" "$1/usr"
echo inside > "$1/etc/file"
mount --rbind /usr "$1/usr"
for d in bin lib lib64; do [ -e /$d ] && ln -s usr/$d "$1/$d"; done
cd "$1"
pivot_root . old
exec chroot . /bin/sh -c 'echo ready; read -r _'`
	cmd := exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", t.TempDir())
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Skipf("no mount namespace can be made: %v", err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait()
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Skipf("no root of its own can be made here: %v: %s", err, stderr.String())
	}
	return "/proc/" + strconv.Itoa(cmd.Process.Pid) + "/root"
}
