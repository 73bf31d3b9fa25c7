package host

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/tree"
)

// startContainer starts a shell whose root is a small tree of its own, as a
// container engine does it, and returns its PID and what ends it.
func startContainer(t *testing.T, namespaces ...string) (pid int, stop func()) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("not root: no container can be made")
	}
	const script = `set -e
mount -t tmpfs root "$1"
mkdir "$1/etc" "$1/old" "$1/usr"
echo inside > "$1/etc/hostname"
printf 'ID=tiny\nVERSION_ID=1\n' > "$1/etc/os-release"
echo 'root:x:0:0::/root:/bin/sh' > "$1/etc/passwd"
mount --rbind /usr "$1/usr"
for d in bin lib lib64; do [ -e /$d ] && ln -s usr/$d "$1/$d"; done
cd "$1"
pivot_root . old
exec chroot . /bin/sh -c 'echo ready; read -r _; :'`
	args := append([]string{"--mount", "--propagation", "private"}, namespaces...)
	cmd := exec.Command("unshare", append(args, "sh", "-c", script, "sh", t.TempDir())...)
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
		t.Skipf("no container can be made: %v", err)
	}
	stop = func() {
		stdin.Close()
		_ = cmd.Wait()
	}
	t.Cleanup(stop)
	if line, err := bufio.NewReader(stdout).ReadString('\n'); line != "ready\n" {
		t.Skipf("no container can be made here: %v: %s", err, stderr.String())
	}
	pid = cmd.Process.Pid
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	if err == nil && len(bytes.TrimSpace(children)) > 0 {
		if _, err := fmt.Sscan(string(children), &pid); err != nil {
			t.Fatal(err)
		}
	}
	return pid, stop
}

// collected is this machine with its snapshot, in which pid listens; edit may
// change how the process was seen.
func collected(t *testing.T, pid int, edit func(*snapshot.Process)) *Host {
	t.Helper()
	h, err := OpenLive(Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	h.Snapshot = snapshot.Collect(context.Background(), snapshot.Options{})
	found := false
	for i := range h.Snapshot.Processes {
		if p := &h.Snapshot.Processes[i]; p.PID == pid {
			found = true
			edit(p)
		}
	}
	if !found {
		t.Fatal("the container's process is not in the snapshot")
	}
	h.Snapshot.Listeners = append(h.Snapshot.Listeners, tcp("0.0.0.0", 2222, pid))
	return h
}

// containing returns the container that pid belongs to and what is said of it.
func containing(h *Host, pid int) (*Container, error) {
	h.OpenContainers(context.Background())
	c, _ := h.Container(pid)
	for _, m := range h.Guests {
		if m.PID == pid {
			return c, m.Err
		}
	}
	return c, nil
}

func TestRealContainer(t *testing.T) {
	pid, stop := startContainer(t, "--pid", "--fork")
	t.Run("no-engine", func(t *testing.T) {
		h := collected(t, pid, func(*snapshot.Process) {})
		c, missing := containing(h, pid)
		if c == nil {
			t.Fatalf("not opened: %v", missing)
		}
		if c.Name != "of sh" && c.Name != "of dash" && c.Name != "of bash" {
			t.Errorf("name %q", c.Name)
		}
		in := c.Host
		if in.Hostname != "inside" || in.OS.ID != "tiny" || in.Kind != KindContainer || in.Mode != Live || in.Dial != nil {
			t.Errorf("%+v", in)
		}
		if data, err := in.Tree.ReadFile("/etc/passwd"); !strings.HasPrefix(string(data), "root:x:0:0::/root:/bin/sh\n") || len(data) > 40 {
			t.Errorf("the host's files: %q, %v", data, err)
		}
		if list := in.Accounts().List; len(list) != 1 || list[0].Name != "root" {
			t.Errorf("accounts %+v", list)
		}
		if len(in.Snapshot.Listeners) != 1 || in.Snapshot.Listeners[0].Port != 2222 {
			t.Errorf("listeners %+v", in.Snapshot.Listeners)
		}
		if p, _ := in.Snapshot.Process(pid); p.SameRoot != snapshot.Yes {
			t.Errorf("%+v", p)
		}
	})
	t.Run("engine", func(t *testing.T) {
		h := collected(t, pid, func(p *snapshot.Process) { p.Cgroup = "/lxc.payload.web/init.scope" })
		c, missing := containing(h, pid)
		if c == nil || c.Name != "web" || c.Engine != "lxc" {
			t.Errorf("%+v, %v", c, missing)
		}
	})
	t.Run("pid-given-again", func(t *testing.T) {
		h := collected(t, pid, func(*snapshot.Process) {})
		for i := range h.Snapshot.Processes {
			h.Snapshot.Processes[i].Start++ // unshare(1), which shares the root, too
		}
		if c, missing := containing(h, pid); c != nil || !errors.Is(missing, tree.ErrChanged) {
			t.Errorf("%+v, %v", c, missing)
		}
	})
	t.Run("another-root-by-now", func(t *testing.T) {
		h := collected(t, pid, func(*snapshot.Process) {})
		contained, _ := h.Snapshot.Process(pid)
		for i := range h.Snapshot.Processes {
			if p := &h.Snapshot.Processes[i]; p.Root == contained.Root && p.SameRoot == snapshot.No { // unshare(1) too
				p.Root = snapshot.Directory{Major: 1, Minor: 1, Inode: 1}
			}
		}
		if c, missing := containing(h, pid); c != nil || !errors.Is(missing, tree.ErrChanged) {
			t.Errorf("%+v, %v", c, missing)
		}
	})
	t.Run("the-host's-own-root", func(t *testing.T) {
		cmd := exec.Command("sh", "-c", "read -r _")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		defer func() {
			stdin.Close()
			_ = cmd.Wait()
		}()
		h := collected(t, cmd.Process.Pid, func(p *snapshot.Process) {
			p.SameRoot, p.Root, p.Cgroup, p.MntNS = snapshot.No, snapshot.Directory{}, "/lxc.payload.evil", 1
		})
		if c, missing := containing(h, cmd.Process.Pid); c != nil || !errors.Is(missing, tree.ErrChanged) {
			t.Errorf("%+v, %v", c, missing)
		}
	})
	t.Run("time-is-over", func(t *testing.T) {
		h := collected(t, pid, func(*snapshot.Process) {})
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		h.OpenContainers(ctx)
		if len(h.Guests) == 0 || !errors.Is(h.Guests[0].Err, context.Canceled) {
			t.Errorf("%+v", h.Guests)
		}
	})
	t.Run("through-another-proc", func(t *testing.T) {
		if _, err := os.Readlink("/proc/1/root"); err != nil {
			t.Skipf("process 1 may not be examined here: %v", err)
		}
		dir := t.TempDir()
		if err := syscall.Mount("proc", dir, "proc", 0, ""); err != nil {
			t.Skipf("procfs cannot be mounted: %v", err)
		}
		defer syscall.Unmount(dir, syscall.MNT_DETACH)
		h, err := OpenRoot("/", Options{ProcDir: dir})
		if err != nil {
			t.Fatal(err)
		}
		defer h.Close()
		h.Mode, h.Snapshot = Live, snapshot.Collect(context.Background(), snapshot.Options{ProcDir: dir, Root: "/"})
		h.Snapshot.Listeners = append(h.Snapshot.Listeners, tcp("0.0.0.0", 2222, pid))
		c, missing := containing(h, pid)
		if c == nil || c.Host.Hostname != "inside" {
			t.Errorf("%+v, %v", c, missing)
		}
	})
	t.Run("ended", func(t *testing.T) {
		h := collected(t, pid, func(p *snapshot.Process) { p.Cgroup = "/lxc.payload.web" })
		stop()
		if c, missing := containing(h, pid); c != nil || missing != nil {
			t.Errorf("%+v, %v", c, missing)
		}
	})
}

// A sandbox that an account made by itself is not looked into, whoever listens in it.
func TestRealSandbox(t *testing.T) {
	pid, _ := startContainer(t, "--user", "--map-root-user", "--pid", "--fork")
	h := collected(t, pid, func(*snapshot.Process) {})
	if c, missing := containing(h, pid); c != nil || !errors.Is(missing, errSandbox) {
		t.Errorf("%+v, %v", c, missing)
	}
}

// A service in a mount namespace of its own is no container, and neither is what
// is merely chrooted; the first is named.
func TestRealServiceRoot(t *testing.T) {
	pid, _ := startContainer(t)
	h := collected(t, pid, func(p *snapshot.Process) { p.Cgroup = "/system.slice/www.service" })
	if c, missing := containing(h, pid); c != nil || !errors.Is(missing, errOwnRoot) || !strings.Contains(missing.Error(), "www.service") {
		t.Errorf("%+v, %v", c, missing)
	}
	own, _ := h.Snapshot.Process(os.Getpid())
	h = collected(t, pid, func(p *snapshot.Process) { p.MntNS = own.MntNS })
	if c, missing := containing(h, pid); c != nil || missing != nil {
		t.Errorf("chrooted: %+v, %v", c, missing)
	}
}
