package tree

import (
	"bufio"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// pivoted starts a process whose root is a file system of a mount namespace of its
// own and returns an O_PATH descriptor of its directory of procfs.
func pivoted(t *testing.T) (process, pid int) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root: no mount namespace")
	}
	const script = `set -e
mount -t tmpfs root "$1"
mkdir "$1/etc" "$1/old" "$1/mnt" "$1/usr"
echo inside > "$1/etc/file"
ln -s /etc/file "$1/link"
ln -s ../../../../etc/file "$1/etc/up"
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
	process, err = unix.Open("/proc/"+strconv.Itoa(cmd.Process.Pid), unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(process) })
	return process, cmd.Process.Pid
}

func TestOpenProcessRoot(t *testing.T) {
	process, pid := pivoted(t)
	tr, err := OpenProcessRoot(process, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer tr.Close()
	for _, name := range []string{"/etc/file", "/link", "/etc/up"} {
		if data, err := tr.ReadFile(name); string(data) != "inside\n" {
			t.Errorf("%s: %q, %v", name, data, err)
		}
	}
	if _, err := tr.Stat("/etc/passwd"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file of the auditor's root: %v, want it absent", err)
	}
	want, err := os.Stat("/proc/" + strconv.Itoa(pid) + "/root/")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.Stat(tr.Handle()); err != nil || !os.SameFile(got, want) {
		t.Errorf("the handle leads elsewhere: %v", err)
	}
	// It lives on its own: the process may end.
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if data, err := tr.ReadFile("/etc/file"); string(data) != "inside\n" {
		t.Errorf("after the process ended: %q, %v", data, err)
	}
}

// The table of the process decides, not the auditor's, which knows none of its mounts.
func TestOpenProcessRootRemote(t *testing.T) {
	table := "30 1 0:50 / / rw - fuse.fuse-overlayfs x rw\n31 30 0:51 / /data rw - tmpfs x rw\n"
	if m := parseMounts(table, "/"); !m.rootRemote {
		t.Error("a root in user space is not remote")
	}
	table = "30 1 0:50 / / rw - overlay overlay rw\n31 30 0:51 / /data rw - nfs4 srv:/ rw\n"
	m := parseMounts(table, "/")
	if m.rootRemote {
		t.Error("an overlay is remote")
	}
	if at, found := m.pointOnWay("data/file"); at != "data" || !found {
		t.Errorf("the container's network mount is not seen: %q, %v", at, found)
	}
}

func TestOpenProcessRootErrors(t *testing.T) {
	t.Run("ended", func(t *testing.T) {
		cmd := exec.Command("sh", "-c", "read -r _")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		process, err := unix.Open("/proc/"+strconv.Itoa(cmd.Process.Pid), unix.O_PATH|unix.O_DIRECTORY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(process)
		stdin.Close()
		_ = cmd.Wait()
		if _, err := OpenProcessRoot(process, Options{}); !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ESRCH) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("too-large", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "mountinfo"), make([]byte, maxMountTable+1), 0o600); err != nil {
			t.Fatal(err)
		}
		fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if _, err := OpenProcessRoot(fd, Options{}); !errors.Is(err, ErrTooLarge) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("remote-root", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "mountinfo"), []byte("30 1 0:50 / / rw - nfs srv:/ rw\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(dir, "root"), 0o700); err != nil {
			t.Fatal(err)
		}
		fd, err := unix.Open(dir, unix.O_PATH|unix.O_DIRECTORY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if _, err := OpenProcessRoot(fd, Options{}); !errors.Is(err, ErrRemote) {
			t.Errorf("got %v", err)
		}
		tr, err := OpenProcessRoot(fd, Options{Remote: true})
		if err != nil {
			t.Fatalf("asked for: %v", err)
		}
		tr.Close()
	})
}
