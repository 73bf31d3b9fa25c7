package hosttest

import (
	"bufio"
	"bytes"
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
)

// TreeVariable names the environment variable that holds the absolute path of the root
// tree with real daemons; `make tree` builds the tree, the Makefile sets the variable.
const TreeVariable = "HOSTAUDIT_TEST_TREE"

// ownAddress is a second address of every RealHost, on its loopback interface but
// outside 127.0.0.0/8: what a daemon bound to all addresses is reached at from outside.
const ownAddress = "10.9.9.1"

// A RealHost is a private, running copy of a root tree: real daemons of Debian in
// mount, network, process, IPC and host name namespaces of their own, over a
// copy-on-write view of the tree. Process 1 is a shell of the tree that reaps orphans and
// lives as long as a pipe from the test stays open, so that every process and every mount
// is gone when the test is, however it ended.
//
// Nothing runs on, listens on or is written to the machine that runs the tests.
type RealHost struct {
	// Root is the view as processes see it that entered the mounts but kept their root
	// directory: the argument for --root in Outside.
	Root string

	t       testing.TB
	init    int         // pid of process 1, as this process sees it
	view    *os.Root    // the tree of the host; links cannot lead out of it
	daemons []*exec.Cmd // started, not waited for
}

// setup runs in the new namespaces: $1 trees of the view, the topmost first, $2 scratch directory, $3 own address. What a
// test changes lies in memory and vanishes with the mount. The other file systems are
// those any host has; /dev is made anew because the tree may lie on a file system mounted
// without devices.
const setup = `set -e
trees=$1 scratch=$2 root=$2/root
mkdir "$scratch/upper" "$root"
mount -t tmpfs -o mode=755 upper "$scratch/upper"
mkdir "$scratch/upper/files" "$scratch/upper/work"
chmod 755 "$scratch/upper/files"
mount -t overlay overlay -o "lowerdir=$trees,upperdir=$scratch/upper/files,workdir=$scratch/upper/work" "$root"
mount -t tmpfs -o mode=755 dev "$root/dev"
for node in null zero full random urandom; do
	touch "$root/dev/$node"
	mount --bind "/dev/$node" "$root/dev/$node"
done
ln -s /proc/self/fd "$root/dev/fd"
mkdir "$root/dev/shm" "$root/dev/pts"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t tmpfs -o mode=755 run "$root/run"
chroot "$root" hostname bookworm
chroot "$root" ip link set lo up
chroot "$root" ip addr add "$3/24" dev lo
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
exec chroot "$root" /bin/bash -c 'echo ready; read -r _; :'
`

// RequireReal skips the test, saying why, where no RealHost can be had: in short mode,
// without root, without the tree, or where the kernel refuses new namespaces.
func RequireReal(t testing.TB) {
	t.Helper()
	switch {
	case testing.Short():
		t.Skip("short mode: needs real daemons")
	case os.Getuid() != 0:
		t.Skip("not root: real daemons need namespaces and chroot")
	case os.Getenv(TreeVariable) == "":
		t.Skipf("%s is not set: no tree of real daemons (make tree)", TreeVariable)
	case exec.Command("unshare", append(slices.Clone(newNamespaces), "true")...).Run() != nil:
		t.Skip("this machine allows no new namespaces: no real daemons")
	}
}

// newNamespaces are the arguments of unshare(1): everything of a host that daemons and an
// audit could touch. unshare forks, because process 1 is the first child, and ends with it.
var newNamespaces = []string{
	"--mount", "--propagation", "private", "--net", "--pid", "--ipc", "--uts", "--fork", "--kill-child",
}

// NewRealHost starts a RealHost that ends with the test, or skips as RequireReal does.
func NewRealHost(t testing.TB) *RealHost {
	t.Helper()
	RequireReal(t)
	tree := os.Getenv(TreeVariable)
	if _, err := os.Stat(filepath.Join(tree, "bin/bash")); err != nil {
		t.Fatalf("%s holds no root tree: %v", TreeVariable, err)
	}
	return newRealHost(t, tree)
}

// NewRealHostOf is NewRealHost over another tree beside the one of TreeVariable, by its
// name ("units-bookworm"), with a layer of packages that the tree itself could not hold
// above it where the name has one ("units-sid+mysql", see realtree/common.sh). It skips the
// test where the tree or the layer was not built.
func NewRealHostOf(t testing.TB, name string) *RealHost {
	t.Helper()
	RequireReal(t)
	base, layer, layered := strings.Cut(name, "+")
	tree := TreeOf(t, base)
	if !layered {
		return newRealHost(t, tree)
	}
	above := tree + "+" + layer
	if _, err := os.Stat(above); err != nil {
		t.Skipf("the layer %s of the tree %s was not built (make tree)", layer, base)
	}
	return newRealHost(t, above+":"+tree)
}

// EachTree runs a test on a RealHost of each of those trees (NewRealHostOf), side by side,
// as most of the time is a daemon's own. A tree without the program is skipped: a release
// goes without the packages that it does not have.
func EachTree(t *testing.T, program string, names []string, test func(*testing.T, *RealHost)) {
	t.Helper()
	RequireReal(t)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := NewRealHostOf(t, name)
			if _, err := h.view.Stat(strings.TrimPrefix(program, "/")); err != nil {
				t.Skipf("the tree %s has no %s: %v", name, program, err)
			}
			test(t, h)
		})
	}
}

// TreeOf returns the path of the tree of that name beside the one of TreeVariable, to be
// read and never written. It skips the test where the tree was not built: a tree that is
// whole has a stamp beside it.
func TreeOf(t testing.TB, name string) string {
	t.Helper()
	main := os.Getenv(TreeVariable)
	if main == "" {
		t.Skipf("%s is not set: no trees of Debian (make tree)", TreeVariable)
	}
	tree := filepath.Join(filepath.Dir(main), name)
	if _, err := os.Stat(tree + ".stamp"); err != nil {
		t.Skipf("the tree %s was not built (make tree)", name)
	}
	return tree
}

// newRealHost starts a RealHost over trees, separated by colons, the topmost first.
func newRealHost(t testing.TB, trees string) *RealHost {
	t.Helper()
	scratch := t.TempDir()
	h := &RealHost{t: t, Root: filepath.Join(scratch, "root")}
	cmd := exec.Command("unshare", append(slices.Clone(newNamespaces), "bash", "-c", setup, "setup", trees, scratch, ownAddress)...)
	cmd.Env = environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("real host: %v", err)
	}
	t.Cleanup(func() {
		if h.view != nil {
			_ = h.view.Close()
		}
		_ = stdin.Close() // ends process 1, which ends everything else
		done := time.AfterFunc(10*time.Second, func() { _ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) })
		_, _ = io.Copy(io.Discard, stdout)
		_ = cmd.Wait()
		done.Stop()
		for _, daemon := range h.daemons {
			_ = daemon.Wait()
			if t.Failed() {
				t.Logf("%q said:\n%s", daemon.Args, daemon.Stderr)
			}
		}
	})
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "ready\n" {
		_ = stdin.Close()
		_ = cmd.Wait()
		t.Fatalf("real host: not set up: %q, %v\n%s", line, err, stderr.String())
	}
	first := children(cmd.Process.Pid)
	if len(first) != 1 {
		t.Fatalf("real host: %d first processes", len(first))
	}
	h.init = first[0]
	if h.view, err = os.OpenRoot(fmt.Sprintf("/proc/%d/root", h.init)); err != nil {
		t.Fatalf("real host: %v", err)
	}
	return h
}
