package sshd

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

// TestRareProcesses: servers in unusual places, and sessions that look like servers.
func TestRareProcesses(t *testing.T) {
	init := process(1, "/usr/lib/systemd/systemd", "/sbin/init")
	const (
		renamed = "foo: /opt/foo [listener] 0 of 10-100 startups"
		main    = "sshd /etc/ssh/sshd_config "
		off     = "note sshd: sshd is installed, its unit is disabled\n"
		inetd   = "-- etc/services --\nssh 22/tcp\n-- etc/inetd.conf --\nssh stream tcp4 nowait root /usr/sbin/sshd sshd -i\n-- usr/lib/systemd/system/inetd.service --\n[Service]\nExecStart=/usr/sbin/inetd\n[Install]\nWantedBy=multi-user.target\n" +
			"-- etc/systemd/system/multi-user.target.wants/inetd.service -> /usr/lib/systemd/system/inetd.service --\n"
	)
	gone := func(p *snapshot.Process) { p.ExeDeleted = true }
	user := func(p *snapshot.Process) { p.EUID, p.ExeDeleted = 1000, true }
	elsewhere := func(p *snapshot.Process) { p.SameRoot = snapshot.No }
	hidden := func(p *snapshot.Process) { p.SameRoot, p.Exe = snapshot.Unknown, "" }
	dropbear := func(pid, parent int, args ...string) snapshot.Process {
		return as(process(pid, "/usr/sbin/dropbear", args...), func(p *snapshot.Process) { p.PPID = parent })
	}
	for _, tc := range []struct {
		name, text string
		processes  []snapshot.Process
		listeners  []snapshot.Listener
		want       string
	}{
		{
			name: "renamed-and-removed", text: debian,
			processes: []snapshot.Process{as(process(9, "/opt/foo", renamed), gone)}, listeners: []snapshot.Listener{listener("0.0.0.0:2300", 9)},
			want: main + "pid=9 on=0.0.0.0:2300 boot=no conf=none (no-metadata sshd /etc/ssh/sshd_config)\n",
		},
		{
			name: "renamed-and-removed-with-its-file", text: debian,
			processes: []snapshot.Process{as(process(9, "/opt/foo", "foo: /opt/foo -f /srv/sshd_config [listener] 0 of 10-100 startups"), gone)}, listeners: []snapshot.Listener{listener("0.0.0.0:2200", 9)},
			want: "sshd /srv/sshd_config pid=9 on=0.0.0.0:2200 boot=no conf=2200\n",
		},
		{
			name: "title-of-an-ordinary-account", text: debian,
			processes: []snapshot.Process{as(process(9, "/home/alice/foo", renamed), user)}, listeners: []snapshot.Listener{listener("0.0.0.0:2300", 9)},
			want: off,
		},
		{
			name: "renamed-in-another-root", text: debian,
			processes: []snapshot.Process{as(process(9, "/opt/foo", renamed), elsewhere)}, listeners: []snapshot.Listener{listener("0.0.0.0:2300", 9)},
			want: "sshd in another root directory pid=9 on=0.0.0.0:2300 boot=no conf=none (unsupported sshd in another root directory)\n",
		},
		{
			name: "renamed-without-rights", text: debian,
			processes: []snapshot.Process{as(process(9, "", renamed), hidden)}, listeners: []snapshot.Listener{listener("0.0.0.0:2300")},
			want: "problem permission sshd\n" + off,
		},
		{
			name: "upgraded", text: debian + serviceLink,
			processes: []snapshot.Process{as(process(9, "/usr/sbin/sshd", title), gone)}, listeners: []snapshot.Listener{listener("0.0.0.0:2222", 9)},
			want: main + "pid=9 on=0.0.0.0:2222 boot=yes unit=ssh.service v9.2-debian conf=2222\n",
		},
		{
			name: "busybox-inetd", text: debian + inetd,
			processes: []snapshot.Process{as(process(9, "/bin/busybox", "inetd"), func(p *snapshot.Process) { p.Comm = "inetd" })}, listeners: []snapshot.Listener{listener("0.0.0.0:22", 9)},
			want: main + "on=0.0.0.0:22 boot=yes unit=ssh/tcp4 open=0.0.0.0:22@/etc/inetd.conf:1 v9.2-debian conf=2222\n",
		},
		{
			name: "dropbear-session-forwards", text: bare,
			processes: []snapshot.Process{dropbear(9, 1, "dropbear", "-p", "2222"), dropbear(10, 9, "dropbear", "-p", "2222")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 9), listener("127.0.0.1:6010", 10)},
			want:      "dropbear :2222 pid=9 on=0.0.0.0:2222 boot=no ports=[2222]\n",
		},
		{
			name: "dropbear-started-in-a-session", text: bare,
			processes: []snapshot.Process{dropbear(9, 1, "dropbear", "-s", "-p", "2222"), dropbear(10, 9, "dropbear", "-F", "-p", "22")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 9), listener("0.0.0.0:22", 10)},
			want:      "dropbear pid=10 on=0.0.0.0:22 boot=no ports=[22]\ndropbear :2222 pid=9 on=0.0.0.0:2222 boot=no ports=[2222]\n",
		},
		{
			// The server moved away from port 22; a session of before is still there.
			name: "dropbear-session-outlived-its-server", text: bare,
			processes: []snapshot.Process{dropbear(9, 1, "dropbear", "-p", "2222"), dropbear(10, 1, "dropbear")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 9), listener("127.0.0.1:6010", 10)},
			want:      "dropbear :2222 pid=9 on=0.0.0.0:2222 boot=no ports=[2222]\n",
		},
		{
			name: "dropbear-any-port", text: bare,
			processes: []snapshot.Process{dropbear(9, 1, "dropbear", "-p", "0")}, listeners: []snapshot.Listener{listener("0.0.0.0:40001", 9)},
			want: "dropbear :40001 pid=9 on=0.0.0.0:40001 boot=no ports=[0]\n",
		},
		{
			// Connections come from the host's network all the same.
			name: "socket-of-a-service-without-network", text: debian + socketLink + "-- etc/systemd/system/ssh.service.d/a.conf --\n[Service]\nPrivateNetwork=yes\n",
			listeners: []snapshot.Listener{listener("[::]:22", 1)},
			want:      main + "on=[::]:22 boot=yes unit=ssh.socket open=[::]:22@/usr/lib/systemd/system/ssh.socket:4 v9.2-debian conf=2222\n",
		},
		{
			name: "unit-that-tests", text: debian + serviceLink + "-- usr/lib/systemd/system/a.service --\n[Service]\nExecStart=/bin/sh -c '/usr/sbin/sshd -t && systemctl reload ssh'\n" +
				"-- etc/systemd/system/multi-user.target.wants/a.service -> /usr/lib/systemd/system/a.service --\n",
			want: main + "boot=yes unit=ssh.service v9.2-debian conf=2222\n",
		},
		{
			name: "settings-taken-back", text: debian + serviceLink + "-- etc/systemd/system/ssh.service.d/a.conf --\n[Service]\nRootDirectory=/srv\nPrivateNetwork=yes\nBindPaths=/srv:/etc/ssh\n" +
				"-- etc/systemd/system/ssh.service.d/b.conf --\n[Service]\nRootDirectory=\nPrivateNetwork=no\nBindPaths=\n",
			want: main + "boot=yes unit=ssh.service v9.2-debian conf=2222\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := hosttest.Live(hosttest.Load(t, tc.text), &snapshot.Snapshot{NetNS: 1, Processes: append([]snapshot.Process{init}, tc.processes...), Listeners: tc.listeners})
			got := words(Look(h))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n%s", diff, got)
			}
		})
	}
}
