package sshd

import (
	"context"
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

// TestTrees: Debian's packages as they are installed.
func TestTrees(t *testing.T) {
	for _, tc := range []struct{ tree, version string }{
		{"units-bullseye", "8.4"},
		{"units-bookworm", "9.2"},
		{"units-trixie", "10.0"},
		{"units-sid", "10.6"},
	} {
		t.Run(tc.tree, func(t *testing.T) {
			h, err := host.OpenRoot(hosttest.TreeOf(t, tc.tree), host.Options{})
			if err != nil {
				t.Fatal(err)
			}
			defer h.Close()
			want := "sshd /etc/ssh/sshd_config boot=yes unit=ssh.service v" + tc.version + "-debian conf=22\n"
			if diff := cmp.Diff(want, words(Look(h))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// inside makes the test program print what Look says of the host it runs on.
var inside = flag.Bool("inside", false, "print the survey of this host")

// TestInside is what the real hosts below run.
func TestInside(t *testing.T) {
	if !*inside {
		t.Skip("runs in a real host only")
	}
	h, err := host.OpenLive(host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	h.Snapshot = snapshot.Collect(context.Background(), snapshot.Options{})
	survey := Look(h)
	fmt.Fprint(os.Stdout, "BEGIN\n"+words(survey))
	for _, g := range survey.Greet(context.Background(), h.Dial) {
		fmt.Fprintf(os.Stdout, "greeting %v\n", g.SSH)
	}
	fmt.Fprint(os.Stdout, "END\n")
}

// said returns what Look says inside, without numbers of processes.
func said(t *testing.T, h *hosttest.RealHost) string {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h.Install(self, "/usr/local/bin/look")
	out := h.MustRun("/usr/local/bin/look", "-test.run=^TestInside$", "-inside")
	_, out, _ = strings.Cut(out, "BEGIN\n")
	out, _, found := strings.Cut(out, "END\n")
	if !found {
		t.Fatalf("it said %q", out)
	}
	return regexp.MustCompile(`pid=[0-9]+`).ReplaceAllString(out, "pid=N")
}

// TestReal: two instances of the real sshd, one that serves a connection of its own, and
// a session.
func TestReal(t *testing.T) {
	for _, tc := range []struct{ tree, version string }{{"units-bookworm", "9.2"}, {"units-sid", "10.6"}} {
		t.Run(tc.tree, func(t *testing.T) {
			t.Parallel()
			h := hosttest.NewRealHostOf(t, tc.tree)
			h.WriteFile("/srv/other_config", "Port 2201\nUsePAM no\n", 0o600)
			h.SSHD(2222, "-p", "2222")
			h.SSHD(2201, "-f", "/srv/other_config", "-o", "PidFile=none")
			// A connection opens a session: its program is no server.
			h.Start("bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/2201; read -r line <&3; sleep 600")
			// One started for a single connection, as by inetd.
			h.Start("perl", "-MSocket", "-e", `socketpair(A,B,AF_UNIX,SOCK_STREAM,0); if (!fork) {
				open(STDIN,"<&B"); open(STDOUT,">&B"); exec "/usr/sbin/sshd","-i" } close B; sleep 600`)
			// Two listeners, one of a session at least, one that waits.
			h.WaitFor("all of them", func() bool {
				return strings.Count(h.Run("bash", "-c", "readlink /proc/[0-9]*/exe").Stdout, "/sshd") >= 4
			})
			const all = "on=0.0.0.0:%d on=[::]:%d "
			v := "v" + tc.version + "-debian "
			want := "sshd /etc/ssh/sshd_config :2222 pid=N " + strings.ReplaceAll(all, "%d", "2222") + "boot=yes unit=ssh.service " + v + "conf=2222 next=22\n" +
				"sshd /srv/other_config pid=N " + strings.ReplaceAll(all, "%d", "2201") + "boot=? " + v + "conf=2201\n" // units of this tree are not all evaluated
			if diff := cmp.Diff(want, said(t, h)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestRealOtherNames: the real sshd under another name, and one that somebody unknown
// forwards to.
func TestRealOtherNames(t *testing.T) {
	t.Parallel()
	h := hosttest.NewRealHostOf(t, "units-bookworm")
	h.MustRun("cp", "/usr/sbin/sshd", "/opt/remote-login")
	h.WriteFile("/srv/other_config", "Port 2201\n", 0o600)
	h.MustRun("mkdir", "-p", "/run/sshd")
	h.Start("/opt/remote-login", "-D", "-f", "/srv/other_config")
	h.WaitListening(2201)
	want := "sshd /etc/ssh/sshd_config boot=yes unit=ssh.service v9.2-debian conf=22\n" +
		"sshd /srv/other_config pid=N on=0.0.0.0:2201 on=[::]:2201 boot=? v9.2-debian conf=2201\n"
	if diff := cmp.Diff(want, said(t, h)); diff != "" {
		t.Error(diff)
	}
}

// TestRealOtherMounts: the real sshd with another configuration over the host's, and in a
// sandbox with the same.
func TestRealOtherMounts(t *testing.T) {
	for _, tc := range []struct {
		name, mount string
		same        bool
	}{
		{"other-files", "mount --bind /srv/ssh /etc/ssh", false},
		{"same-files", "mount --bind /etc /etc; mount -o remount,bind,ro /etc; mount -t tmpfs t /tmp", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.NewRealHostOf(t, "units-bookworm")
			h.WriteFile("/etc/ssh/sshd_config", "Port 2222\nPermitRootLogin no\n", 0o600)
			h.MustRun("cp", "-a", "/etc/ssh", "/srv/ssh")
			h.WriteFile("/srv/ssh/sshd_config", "Port 2222\nPermitRootLogin yes\n", 0o600)
			h.MustRun("mkdir", "-p", "/run/sshd")
			h.Start("unshare", "-m", "sh", "-c", tc.mount+"; exec /usr/sbin/sshd -D")
			h.WaitListening(2222)
			// The version is not compared: a program in a mount namespace whose root is no
			// mount has another path.
			got := said(t, h)
			evaluated := strings.Contains(got, "pid=N") && strings.Contains(got, " conf=2222 ") && !strings.Contains(got, "unsupported")
			refused := strings.Contains(got, "pid=N") && strings.Contains(got, " conf=none ") && strings.Contains(got, "(unsupported sshd /etc/ssh/sshd_config)")
			if evaluated != tc.same || refused == tc.same {
				t.Errorf("same files: %t\n%s", tc.same, got)
			}
		})
	}
}
