package ssh

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/internal/guard"
)

func listener(addr string, pids ...int) snapshot.Listener {
	ap := netip.MustParseAddrPort(addr)
	return snapshot.Listener{Proto: "tcp", Addr: ap.Addr(), Port: ap.Port(), PIDs: pids, OwnerHidden: len(pids) == 0}
}

func process(pid int, exe string, args ...string) snapshot.Process {
	return snapshot.Process{PID: pid, PPID: 1, Exe: exe, Comm: "x", Args: args, NetNS: 1, MntNS: 1, PIDNS: 1, SameRoot: snapshot.Yes}
}

// dialTo returns a Dialer whose other side is played by serve, and counts.
func dialTo(t *testing.T, serve func(net.Conn)) (host.Dialer, *[]string) {
	t.Helper()
	var dialled []string
	return func(_ context.Context, network, address string) (net.Conn, error) {
		dialled = append(dialled, network+" "+address)
		ours, theirs := net.Pipe()
		guard.Go(func() {
			defer theirs.Close()
			serve(theirs)
		}, func(error) {})
		t.Cleanup(func() { ours.Close() })
		return ours, nil
	}, &dialled
}

func says(text string) func(net.Conn) {
	return func(c net.Conn) { c.Write([]byte(text)) }
}

// TestLive: processes and sockets first, files for after a restart.
func TestLive(t *testing.T) {
	const title = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"
	elsewhere := process(7, "/usr/sbin/sshd", title)
	elsewhere.NetNS, elsewhere.SameRoot = 9, snapshot.No
	sameNet := elsewhere
	sameNet.NetNS = 1
	hidden := process(7, "", title)
	hidden.Comm, hidden.SameRoot, hidden.NetNS = "sshd", snapshot.Unknown, 0
	impostor := hidden
	impostor.EUID = 1000
	cut := process(7, "/usr/sbin/sshd", "/usr/sbin/sshd", "-D")
	cut.ArgsCut = true
	session := process(8, "/usr/sbin/sshd", "sshd: alice [priv]")
	session.PPID = 7
	const gapElsewhere = "gap unsupported sshd in another root directory@:0"
	for _, test := range []struct {
		name, config string
		processes    []snapshot.Process
		listeners    []snapshot.Listener
		missing      []snapshot.Missing
		greeting     string
		port, root   string
		dials        int // of both checks together: the answer is kept
	}{
		{
			name: "on_22", config: "PermitRootLogin no",
			processes: []snapshot.Process{process(7, "/usr/sbin/sshd", title), session},
			listeners: []snapshot.Listener{listener("0.0.0.0:22", 7), listener("[::]:22", 7)},
			port:      "fail; running medium port-22 sshd /etc/ssh/sshd_config@:0", root: "pass",
		},
		{
			name: "on_2222", config: "Port 2222\nPermitRootLogin no",
			processes: []snapshot.Process{process(7, "/usr/sbin/sshd", "/usr/sbin/sshd", "-D")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			port:      "pass", root: "pass",
		},
		{
			name: "2222_now_22_after_restart", config: "PermitRootLogin no",
			processes: []snapshot.Process{process(7, "/usr/sbin/sshd", title)},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			port:      "fail; configured medium port-22 sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config:0", root: "pass",
		},
		{
			name: "22_now_2222_after_restart", config: "Port 2222\nPermitRootLogin no",
			processes: []snapshot.Process{process(7, "/usr/sbin/sshd", title)},
			listeners: []snapshot.Listener{listener("0.0.0.0:22", 7)},
			port:      "fail; running medium port-22 sshd /etc/ssh/sshd_config@:0", root: "pass",
		},
		{
			name: "dash_p_beats_Port", config: "Port 22\nPermitRootLogin no",
			processes: []snapshot.Process{process(7, "/usr/sbin/sshd", "/usr/sbin/sshd", "-Dp2222")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			// The unit that will start it next gives no -p.
			port: "fail; configured medium port-22 sshd /etc/ssh/sshd_config :2222@/etc/ssh/sshd_config:1", root: "pass",
		},
		{
			name: "dash_p_loses_to_ListenAddress", config: "ListenAddress 192.0.2.1:22\nPermitRootLogin no",
			processes: []snapshot.Process{process(7, "/usr/sbin/sshd", "/usr/sbin/sshd", "-p", "2222")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			port:      "fail; configured medium port-22 sshd /etc/ssh/sshd_config :2222@/etc/ssh/sshd_config:1", root: "pass",
		},
		{
			name: "dash_o_adds_Port", config: "Port 22\nPermitRootLogin no",
			processes: []snapshot.Process{process(7, "/usr/sbin/sshd", "/usr/sbin/sshd", "-oPort=2222")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			port:      "fail; configured medium port-22 sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config:1", root: "pass",
		},
		{
			name: "dash_o_beats_file", config: "Port 2222\nPermitRootLogin no",
			processes: []snapshot.Process{process(7, "/usr/sbin/sshd", "/usr/sbin/sshd", "-o", "PermitRootLogin=yes")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			port:      "pass", root: "fail; running high password sshd /etc/ssh/sshd_config@:0",
		},
		{
			name: "dash_o_Match", config: "Port 2222\nPermitRootLogin no",
			processes: []snapshot.Process{process(7, "/usr/sbin/sshd", "/usr/sbin/sshd", "-o", "Match all")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			port:      "unknown; gap refused sshd /etc/ssh/sshd_config@:0", root: "unknown; gap refused sshd /etc/ssh/sshd_config@:0",
		},
		{
			name: "blank_lost_in_title", config: "Port 2222\nPermitRootLogin no",
			processes: []snapshot.Process{process(7, "/usr/sbin/sshd", "sshd: /usr/sbin/sshd -o PermitRootLogin yes [listener] 0 of 10-100 startups")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			port:      "unknown; gap unsupported sshd /etc/ssh/sshd_config@:0", root: "unknown; gap unsupported sshd /etc/ssh/sshd_config@:0",
		},
		{
			name: "command_line_cut", config: "Port 2222\nPermitRootLogin no",
			processes: []snapshot.Process{cut},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			port:      "unknown; gap unsupported sshd@:0", root: "unknown; gap unsupported sshd@:0",
		},
		{
			name: "loopback", config: "ListenAddress 127.0.0.1\nPermitRootLogin no",
			processes: []snapshot.Process{process(7, "/usr/sbin/sshd", title)},
			listeners: []snapshot.Listener{listener("127.0.0.1:22", 7)},
			port:      "fail; running low port-22 sshd /etc/ssh/sshd_config@:0", root: "pass",
		},
		{
			name: "in_a_container", config: "Port 2222\nPermitRootLogin no",
			processes: []snapshot.Process{elsewhere},
			port:      "unknown; " + gapElsewhere, root: "unknown; " + gapElsewhere,
		},
		{
			name: "in_a_chroot_of_this_network", config: "Port 2222\nPermitRootLogin no",
			processes: []snapshot.Process{sameNet},
			listeners: []snapshot.Listener{listener("0.0.0.0:22", 7)},
			port:      "fail; running medium port-22 sshd in another root directory@:0; " + gapElsewhere, root: "unknown; " + gapElsewhere,
		},
		{
			name: "without_rights", config: "Port 2222\nPermitRootLogin no",
			processes: []snapshot.Process{hidden}, greeting: "SSH-2.0-OpenSSH_9.2p1 Debian\r\n",
			listeners: []snapshot.Listener{listener("0.0.0.0:22")},
			port:      "fail; running medium port-22 SSH server@:0; gap no_permission sshd@:0",
			root:      "unknown; gap unsupported 0.0.0.0:22@:0; gap no_permission sshd@:0", dials: 1,
		},
		{
			name: "impostor", config: "Port 2222\nPermitRootLogin no",
			processes: []snapshot.Process{impostor}, port: "pass", root: "pass",
		},
		{
			name: "unfamiliar_program_greets", config: "Port 2222\nPermitRootLogin no",
			processes: []snapshot.Process{process(7, "/opt/x", "x")}, greeting: "hello\nSSH-2.0-x\n",
			listeners: []snapshot.Listener{listener("[::]:22", 7)},
			port:      "fail; running medium port-22 SSH server@:0", root: "unknown; gap unsupported [::]:22@:0", dials: 1,
		},
		{
			name: "unfamiliar_program_says_else", config: "Port 2222\nPermitRootLogin no",
			processes: []snapshot.Process{process(7, "/opt/x", "x")}, greeting: "220 mail SSH-2.0-\r\n",
			listeners: []snapshot.Listener{listener("192.0.2.1:22", 7)},
			port:      "unknown; gap unsupported 192.0.2.1:22@:0", root: "unknown; gap unsupported 192.0.2.1:22@:0", dials: 1,
		},
		{
			name: "dropbear", config: "Port 2222\nPermitRootLogin no",
			processes: []snapshot.Process{process(7, "/usr/sbin/dropbear", "dropbear")},
			listeners: []snapshot.Listener{listener("0.0.0.0:22", 7)},
			port:      "fail; running medium port-22 dropbear@:0", root: "fail; running high password dropbear@:0",
		},
		{
			name: "other_file", config: "Port 2222\nPermitRootLogin no",
			processes: []snapshot.Process{process(7, "/usr/sbin/sshd", "/usr/sbin/sshd", "-f", "/srv/sshd_config")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2200", 7)},
			port:      "pass", root: "fail; configured high password sshd /srv/sshd_config@/srv/sshd_config:2",
		},
		{
			name: "two_instances", config: "Port 2222\nPermitRootLogin no",
			processes: []snapshot.Process{
				process(7, "/usr/sbin/sshd", title),
				process(9, "/usr/sbin/sshd", "/usr/sbin/sshd", "-f", "/srv/sshd_config", "-p", "22"),
			},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7), listener("0.0.0.0:22", 9)},
			port:      "fail; running medium port-22 sshd /srv/sshd_config :22@:0",
			root:      "fail; configured high password sshd /srv/sshd_config :22@/srv/sshd_config:2",
		},
		{
			name: "sockets_not_seen", config: "Port 2222\nPermitRootLogin no",
			missing: []snapshot.Missing{{What: snapshot.PartTCP, Err: context.Canceled}},
			port:    "unknown; gap budget tcp@:0", root: "unknown; gap budget tcp@:0",
		},
		{
			name: "not_running", config: "PermitRootLogin no",
			port: "fail; configured medium port-22 sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config:0", root: "pass",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			snap := &snapshot.Snapshot{Processes: test.processes, Listeners: test.listeners, Missing: test.missing, NetNS: 1}
			text := withConfig(test.config, "-- srv/sshd_config --", "Port 2200", "PermitRootLogin yes", "")
			h := hosttest.Live(loadDebian(t, text), snap)
			dial, dialled := dialTo(t, says(test.greeting))
			h.Dial = dial
			if diff := cmp.Diff(test.port, verdict(t, h, "ssh.port")); diff != "" {
				t.Errorf("ssh.port: %s", diff)
			}
			if diff := cmp.Diff(test.root, verdict(t, h, "ssh.root-login")); diff != "" {
				t.Errorf("ssh.root-login: %s", diff)
			}
			if len(*dialled) != test.dials {
				t.Errorf("dialled %v, want %d connections", *dialled, test.dials)
			}
		})
	}
}

// TestSocketActivation: systemd holds the port.
func TestSocketActivation(t *testing.T) {
	text := withConfig("Port 2222\nPermitRootLogin no", "-- etc/systemd/system/sockets.target.wants/ssh.socket -> /usr/lib/systemd/system/ssh.socket --", "")
	text = strings.Replace(text, "-- etc/systemd/system/multi-user.target.wants/ssh.service -> /usr/lib/systemd/system/ssh.service --\n", "", 1)
	h := hosttest.Live(loadDebian(t, text), &snapshot.Snapshot{
		NetNS:     1,
		Processes: []snapshot.Process{process(1, "/usr/lib/systemd/systemd", "/sbin/init")},
		Listeners: []snapshot.Listener{listener("[::]:22", 1)},
	})
	h.Dial, _ = dialTo(t, says("SSH-2.0-OpenSSH_9.2p1\r\n"))
	if diff := cmp.Diff("fail; running medium port-22 sshd /etc/ssh/sshd_config@:0", verdict(t, h, "ssh.port")); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("pass", verdict(t, h, "ssh.root-login")); diff != "" {
		t.Error(diff)
	}
}

// TestRogueServers: whatever is on port 22, the look at it ends soon, and is
// unknown.
func TestRogueServers(t *testing.T) {
	for name, serve := range map[string]func(net.Conn){
		"silent": func(c net.Conn) { c.Read(make([]byte, 1)) },
		"dripping": func(c net.Conn) {
			for {
				if _, err := c.Write([]byte("x")); err != nil {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		},
		"endless": func(c net.Conn) {
			for {
				if _, err := c.Write([]byte(strings.Repeat("SSH", 100))); err != nil {
					return
				}
			}
		},
		"closing": func(net.Conn) {},
	} {
		t.Run(name, func(t *testing.T) {
			h := hosttest.Live(loadDebian(t, withConfig("Port 2222\nPermitRootLogin no")), &snapshot.Snapshot{
				NetNS: 1, Listeners: []snapshot.Listener{listener("0.0.0.0:22")},
			})
			h.Dial, _ = dialTo(t, serve)
			start := time.Now()
			got := verdict(t, h, "ssh.port")
			if want := "unknown; gap unsupported 0.0.0.0:22@:0"; got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}
