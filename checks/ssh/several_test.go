package ssh

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

// TestSeveralProcesses: no sshd is taken for another one, and none is lost.
func TestSeveralProcesses(t *testing.T) {
	const main = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"
	as := func(p snapshot.Process, edit func(*snapshot.Process)) snapshot.Process {
		edit(&p)
		return p
	}
	sshd := process(100, "/usr/sbin/sshd", main)
	none := "-- etc/passwd --\nroot:x:0:0::/root:/bin/sh\n"
	good := withConfig("Port 2222\nPermitRootLogin no")
	for _, tc := range []struct {
		name, text, port, root string
		processes              []snapshot.Process
		listeners              []snapshot.Listener
	}{
		{
			name: "same_file_other_options", text: good,
			processes: []snapshot.Process{sshd, process(200, "/usr/sbin/sshd", "/usr/sbin/sshd", "-o", "Port=2223", "-oPermitRootLogin=yes")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 100), listener("0.0.0.0:2223", 200)},
			port:      "pass", root: "fail; running high password sshd /etc/ssh/sshd_config@:0",
		},
		{
			name: "started_in_a_session", text: good,
			processes: []snapshot.Process{
				sshd, as(process(150, "/usr/sbin/sshd", "sshd: root@pts/0"), func(p *snapshot.Process) { p.PPID = 100 }),
				as(process(200, "/usr/sbin/sshd", "/usr/sbin/sshd", "-D", "-p", "22"), func(p *snapshot.Process) { p.PPID = 150 }),
			},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 100), listener("0.0.0.0:22", 200)},
			port:      "fail; running medium port-22 sshd /etc/ssh/sshd_config :22@:0", root: "pass",
		},
		{
			name: "session_forwards", text: good,
			processes: []snapshot.Process{sshd, as(process(150, "/usr/sbin/sshd", "sshd: alice@pts/0"), func(p *snapshot.Process) { p.PPID = 100 })},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 100), listener("127.0.0.1:6010", 150)},
			port:      "pass", root: "pass",
		},
		{
			name: "ec2_instance_connect", text: withConfig("Port 2222"),
			processes: []snapshot.Process{process(100, "/usr/sbin/sshd",
				"sshd: /usr/sbin/sshd -D -o AuthorizedKeysCommand /usr/share/ec2-instance-connect/eic_run_authorized_keys %u %f -o AuthorizedKeysCommandUser ec2-instance-connect [listener] 0 of 10-100 startups")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 100)},
			port:      "pass", root: "fail; configured medium key sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config:0",
		},
		{
			name: "option_with_blanks", text: good,
			processes: []snapshot.Process{process(100, "/usr/sbin/sshd", "sshd: /usr/sbin/sshd -o PermitRootLogin yes [listener] 0 of 10-100 startups")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 100)},
			port:      "unknown; gap unsupported sshd /etc/ssh/sshd_config@:0", root: "unknown; gap unsupported sshd /etc/ssh/sshd_config@:0",
		},
		{
			name: "zombie", text: none,
			processes: []snapshot.Process{{PID: 9, PPID: 1, Comm: "sshd", Zombie: true}},
			port:      "not_applicable; absent", root: "not_applicable; absent",
		},
		{
			// An account's own program does not answer for the server of the host.
			name: "unprivileged_decoy", text: withConfig("Port 22\nPermitRootLogin no"),
			processes: []snapshot.Process{as(process(200, "/home/alice/sshd", "sshd", "-oPort=2222", "-p2222"), func(p *snapshot.Process) { p.EUID = 1000 })},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 200)},
			port:      "fail; configured medium port-22 sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config:1", root: "pass",
		},
		{
			name: "cut_arguments_no_sockets", text: none,
			processes: []snapshot.Process{as(process(100, "/usr/sbin/sshd"), func(p *snapshot.Process) { p.ArgsCut, p.NetNS = true, 0 })},
			port:      "unknown; gap no_permission sshd@:0", root: "unknown; gap no_permission sshd@:0",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := hosttest.Live(loadDebian(t, tc.text), &snapshot.Snapshot{NetNS: 1, Processes: tc.processes, Listeners: tc.listeners})
			if got := verdict(t, h, "ssh.port"); got != tc.port {
				t.Errorf("ssh.port: %s, want %s", got, tc.port)
			}
			if got := verdict(t, h, "ssh.root-login"); got != tc.root {
				t.Errorf("ssh.root-login: %s, want %s", got, tc.root)
			}
		})
	}
}

// TestManySilentListeners: thousands of them cost no more than the time all
// greetings get.
func TestManySilentListeners(t *testing.T) {
	var all []snapshot.Listener
	for i := range 3000 {
		l := listener("127.0.0.1:22")
		l.Addr = l.Addr.Next()
		for range i % 250 {
			l.Addr = l.Addr.Next()
		}
		all = append(all, l)
	}
	h := hosttest.Live(loadDebian(t, withConfig("Port 2222\nPermitRootLogin no")), &snapshot.Snapshot{NetNS: 1, Listeners: all})
	h.Dial, _ = dialTo(t, func(c net.Conn) { c.Read(make([]byte, 1)) })
	start := time.Now()
	if got := verdict(t, h, "ssh.port"); !strings.HasPrefix(got, "unknown; gap") {
		t.Errorf("got %.200s", got)
	}
	if took := time.Since(start); took > 6*time.Second+2*time.Second {
		t.Errorf("took %v", took)
	}
}

// TestOptionsStayPrivate: nothing of a command line is shown.
func TestOptionsStayPrivate(t *testing.T) {
	h := hosttest.Live(loadDebian(t, withConfig("Port 2222\nPermitRootLogin no")), &snapshot.Snapshot{
		NetNS:     1,
		Processes: []snapshot.Process{process(100, "/usr/sbin/sshd", "/usr/sbin/sshd", "-oCiphers=HIDEME", "-oMacs=HIDEME", "-oFoo=HIDEME")},
		Listeners: []snapshot.Listener{listener("0.0.0.0:2222", 100)},
	})
	for _, c := range Checks() {
		rec := checks.NewRecorder(c)
		c.Run(context.Background(), &checks.Env{Host: h}, rec)
		res := rec.Seal()
		if res.Status == checks.StatusPass || len(res.Gaps) == 0 {
			t.Errorf("%s: %s with %d gaps, want unknown", c.ID, res.Status, len(res.Gaps))
		}
		for _, g := range res.Gaps {
			if strings.Contains(string(g.Detail+g.Subject), "HIDEME") {
				t.Errorf("%s tells an option: %s", c.ID, g.Detail)
			}
		}
	}
}
