package hosttest_test

import (
	"os"
	"strings"
	"testing"

	"hostaudit/checks/host/hosttest"
)

func TestRealHost(t *testing.T) {
	h := hosttest.NewRealHost(t)

	t.Run("itsOwnRoot", func(t *testing.T) {
		h.WriteFile("/etc/made/by-test", "hello\n", 0o640)
		if got := h.MustRun("stat", "-c", "%a %s", "/etc/made/by-test"); got != "640 6\n" {
			t.Errorf("written file: %q", got)
		}
		if got := h.Outside("cat", h.Root+"/etc/made/by-test"); got.Stdout != "hello\n" {
			t.Errorf("seen from outside: %+v", got)
		}
		if got := h.ReadFile("/etc/hostname"); got != "bookworm\n" {
			t.Errorf("host name: %q", got)
		}
		if _, err := os.Lstat(os.Getenv(hosttest.TreeVariable) + "/etc/made"); err == nil {
			t.Error("the write reached the shared tree")
		}
		if _, err := os.Lstat(h.Root + "/etc"); err == nil {
			t.Error("the view is mounted on the machine itself")
		}
	})

	t.Run("itsOwnNetwork", func(t *testing.T) {
		if got := h.MustRun("ip", "-o", "-4", "addr"); !strings.Contains(got, "10.9.9.1/24") || strings.Contains(got, "eth") {
			t.Errorf("addresses:\n%s", got)
		}
		h.SSHD(2222, "-p", "2222")
		if got := h.MustRun("ss", "-Hltnp"); !strings.Contains(got, ":2222") || !strings.Contains(got, `"sshd"`) {
			t.Errorf("listeners:\n%s", got)
		}
	})

	t.Run("orphansAreReaped", func(t *testing.T) {
		h.MustRun("bash", "-c", "(sleep 0.1 & disown) ; exit 0")
		h.WaitFor("the orphan's end", func() bool {
			return !strings.Contains(h.MustRun("ps", "-eo", "stat,comm"), "sleep")
		})
	})

	t.Run("exitStatus", func(t *testing.T) {
		if got := h.Run("sh", "-c", "echo no >&2; exit 3"); got.Exit != 3 || got.Stderr != "no\n" {
			t.Errorf("result: %+v", got)
		}
	})
}

// TestRealHostLeavesNothing holds the harness to its promise: when a host ended, none of
// its processes or mounts is left.
func TestRealHostLeavesNothing(t *testing.T) {
	hosttest.RequireReal(t)
	var root string
	t.Run("host", func(t *testing.T) {
		h := hosttest.NewRealHost(t)
		root = h.Root
		h.MustRun("bash", "-c", "exec -a left-behind-by-test sleep 600 >/dev/null 2>&1 </dev/null & :")
	})
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(mounts), root) {
		t.Errorf("mounts are left below %s", root)
	}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		line, err := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		if err == nil && strings.HasPrefix(string(line), "left-behind-by-test") {
			t.Errorf("process %s is left", e.Name())
		}
	}
}

// TestRealHostOf runs a daemon that only another tree has, and holds the harness to
// skipping where there is no such tree.
func TestRealHostOf(t *testing.T) {
	t.Run("unitsTree", func(t *testing.T) {
		h := hosttest.NewRealHostOf(t, "units-bookworm")
		h.Start("/usr/bin/redis-server", "--port", "7000", "--save", "")
		h.WaitPort("tcp", 7000)
		h.Start("/usr/sbin/in.tftpd", "--listen", "--foreground", "--user", "tftp", "--secure", "/srv")
		h.WaitPort("udp", 69)
	})
	var skipped bool
	t.Run("noSuchTree", func(t *testing.T) {
		defer func() { skipped = t.Skipped() }()
		hosttest.NewRealHostOf(t, "no-such-tree")
	})
	if !skipped {
		t.Error("a tree that is not there did not skip the test")
	}
}

// A layer adds its packages and takes away what they conflict with.
func TestRealHostOfLayer(t *testing.T) {
	h := hosttest.NewRealHostOf(t, "bookworm+pure-ftpd")
	if res := h.Run("test", "-x", "/usr/sbin/pure-ftpd"); res.Exit != 0 {
		t.Error("the package of the layer is missing")
	}
	if res := h.Run("test", "-e", "/usr/sbin/vsftpd"); res.Exit == 0 {
		t.Error("the package that conflicts with it is there")
	}
	if res := h.Run("dpkg-query", "-W", "pure-ftpd"); res.Exit != 0 {
		t.Error("the package database does not know the layer")
	}
}
