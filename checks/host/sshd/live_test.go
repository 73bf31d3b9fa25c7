package sshd

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

// TestRunning: processes and sockets, joined with what starts at boot.
func TestRunning(t *testing.T) {
	enabled := debian + serviceLink
	sshd := func(pid int, args ...string) snapshot.Process {
		return as(process(pid, "/usr/sbin/sshd", args...), func(p *snapshot.Process) { p.PPID = 1 })
	}
	inUnit := func(p snapshot.Process, cgroup string) snapshot.Process {
		return as(p, func(p *snapshot.Process) { p.Cgroup = cgroup })
	}
	init := process(1, "/usr/lib/systemd/systemd", "/sbin/init")
	child := func(p snapshot.Process, parent int) snapshot.Process {
		return as(p, func(p *snapshot.Process) { p.PPID = parent })
	}
	const (
		main = "sshd /etc/ssh/sshd_config "
		v    = "v9.2-debian "
		boot = "boot=yes unit=ssh.service "
		own  = "note sshd: an ordinary account runs a server of its own, which can let in that account alone and is not examined\n"
	)
	for _, tc := range []struct {
		name, text string
		processes  []snapshot.Process
		listeners  []snapshot.Listener
		missing    []snapshot.Missing
		namespaces []snapshot.Namespace
		want       string
	}{
		{
			name: "unit-runs", text: enabled,
			processes: []snapshot.Process{init, inUnit(sshd(7, title), "/system.slice/ssh.service"), child(sshd(8, "sshd: alice [priv]"), 7)},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7), listener("[::]:2222", 7)},
			want:      main + "pid=7 on=0.0.0.0:2222 on=[::]:2222 " + boot + v + "conf=2222\n",
		},
		{
			name: "on-22-now", text: enabled,
			processes: []snapshot.Process{init, sshd(7, title)}, listeners: []snapshot.Listener{listener("0.0.0.0:22", 7)},
			want: main + "pid=7 on=0.0.0.0:22 " + boot + v + "conf=2222\n",
		},
		{
			name: "not-running", text: enabled, processes: []snapshot.Process{init},
			want: main + boot + v + "conf=2222\n",
		},
		{
			name: "started-by-hand", text: debian,
			processes: []snapshot.Process{init, inUnit(sshd(7, title), "/system.slice/ssh.service")}, listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			want: main + "pid=7 on=0.0.0.0:2222 boot=no unit=ssh.service " + v + "conf=2222\n",
		},
		{
			name: "options-changed-since", text: opts("SSHD_OPTS=-p2300"),
			processes: []snapshot.Process{init, inUnit(sshd(7, title), "/system.slice/ssh.service")}, listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			want: main + "pid=7 on=0.0.0.0:2222 " + boot + v + "conf=2222 next=2300\n",
		},
		{
			name: "options-changed-no-cgroup", text: opts("SSHD_OPTS=-p2300"),
			processes: []snapshot.Process{init, sshd(7, title)}, listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			want: main + "pid=7 on=0.0.0.0:2222 " + boot + v + "conf=2222 next=2300\n",
		},
		{
			name: "same-file-other-options", text: enabled,
			processes: []snapshot.Process{init, sshd(7, title), sshd(9, "/usr/sbin/sshd", "-o", "Port=2223")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7), listener("0.0.0.0:2223", 9)},
			want: main + "pid=7 on=0.0.0.0:2222 " + boot + v + "conf=2222\n" +
				main + "pid=9 on=0.0.0.0:2223 boot=no " + v + "conf=2223,2222\n",
		},
		{
			name: "other-file", text: enabled,
			processes: []snapshot.Process{init, sshd(7, title), sshd(9, "/usr/sbin/sshd", "-f", "/srv/sshd_config", "-p", "22")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7), listener("0.0.0.0:22", 9)},
			want: main + "pid=7 on=0.0.0.0:2222 " + boot + v + "conf=2222\n" +
				"sshd /srv/sshd_config :22 pid=9 on=0.0.0.0:22 boot=no " + v + "conf=22\n",
		},
		{
			name: "two-processes-of-one", text: enabled,
			processes: []snapshot.Process{init, sshd(9, "/usr/sbin/sshd", "-f", "/srv/sshd_config"), sshd(10, "/usr/sbin/sshd", "-f", "/srv/sshd_config")},
			listeners: []snapshot.Listener{listener("127.0.0.1:2200", 9), listener("192.0.2.1:2200", 10)},
			want:      main + boot + v + "conf=2222\nsshd /srv/sshd_config pid=9 on=127.0.0.1:2200 on=192.0.2.1:2200 boot=no " + v + "conf=2200\n",
		},
		{
			// After a restart of the service sessions stay, without their parent.
			name: "orphaned-session-forwards", text: enabled,
			processes: []snapshot.Process{init, sshd(7, title), sshd(8, "sshd: alice@pts/0"), process(10, "/usr/lib/openssh/sshd-session", "sshd-session: bob@notty")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7), listener("127.0.0.1:6010", 8), listener("127.0.0.1:6011", 10)},
			want:      main + "pid=7 on=0.0.0.0:2222 " + boot + v + "conf=2222\n",
		},
		{
			name: "session-forwards-22", text: enabled,
			processes: []snapshot.Process{init, sshd(7, title), child(sshd(8, "sshd: alice@pts/0"), 7)},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7), listener("0.0.0.0:22", 8)},
			want:      main + "pid=7 on=0.0.0.0:2222 " + boot + v + "conf=2222\nunsettled 0.0.0.0:22\n",
		},
		{
			name: "inetd-style-is-no-listener", text: debian,
			processes: []snapshot.Process{init, sshd(8, "/usr/sbin/sshd", "-i"), sshd(9, "/usr/sbin/sshd", "-D", "-R")},
			listeners: []snapshot.Listener{listener("127.0.0.1:6010", 8)},
			want:      "note sshd: sshd is installed, its unit is disabled\n",
		},
		{
			name: "started-in-a-session", text: enabled,
			processes: []snapshot.Process{init, sshd(7, title), child(sshd(8, "sshd: root@pts/0"), 7), child(sshd(9, "/usr/sbin/sshd", "-D", "-p", "22"), 8)},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7), listener("0.0.0.0:22", 9)},
			want:      main + "pid=7 on=0.0.0.0:2222 " + boot + v + "conf=2222\nsshd /etc/ssh/sshd_config :22 pid=9 on=0.0.0.0:22 boot=no " + v + "conf=22\n",
		},
		{
			name: "ordinary-account", text: enabled,
			processes: []snapshot.Process{init, sshd(7, title), as(process(9, "/home/alice/sshd", "/home/alice/sshd", "-f", "/srv/sshd_config"), func(p *snapshot.Process) { p.EUID = 1000 })},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7), listener("0.0.0.0:2200", 9)},
			want: main + "pid=7 on=0.0.0.0:2222 " + boot + v + "conf=2222\n" +
				own,
		},
		{
			name: "decoy-does-not-answer-for-the-unit", text: enabled,
			processes: []snapshot.Process{init, as(process(9, "/home/alice/sshd", "sshd", "-D"), func(p *snapshot.Process) { p.EUID = 1000 })},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 9)},
			want:      main + boot + v + "conf=2222\n" + own,
		},
		{
			name: "another-name", text: enabled + "-- opt/mysshd quoted mode=0755 --\n\\x00OpenSSH_9.9p2\\x00/etc/ssh/sshd_config\\x00\n",
			processes: []snapshot.Process{init, sshd(7, title), process(9, "/opt/mysshd", "mysshd: /opt/mysshd -f /srv/sshd_config [listener] 0 of 10-100 startups"), process(10, "/usr/bin/python3", "x: /opt/mysshd [listener] 0 of 10-100 startups")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7), listener("0.0.0.0:2200", 9), listener("0.0.0.0:2201", 10)},
			want: main + "pid=7 on=0.0.0.0:2222 " + boot + v + "conf=2222\n" +
				"sshd /srv/sshd_config pid=9 on=0.0.0.0:2200 boot=no v9.9-debian conf=2200\n",
		},
		{
			name: "title-lost-blanks", text: enabled,
			processes: []snapshot.Process{init, sshd(7, "sshd: /usr/sbin/sshd -o PermitRootLogin yes [listener] 0 of 10-100 startups")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			want:      main + "pid=7 on=0.0.0.0:2222 " + boot + v + "conf=none next=2222 (unsupported sshd /etc/ssh/sshd_config)\n",
		},
		{
			name: "title-read-with-the-unit",
			text: enabled + "-- etc/systemd/system/ssh.service.d/a.conf --\n[Service]\nExecStart=\nExecStart=/usr/sbin/sshd -D -o \"PermitRootLogin yes\"\n",
			processes: []snapshot.Process{init, inUnit(
				sshd(7, "sshd: /usr/sbin/sshd -D -o PermitRootLogin yes [listener] 0 of 10-100 startups"), "/system.slice/ssh.service")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			want:      main + "pid=7 on=0.0.0.0:2222 " + boot + v + "conf=2222\n",
		},
		{
			name: "command-line-cut", text: enabled,
			processes: []snapshot.Process{init, as(sshd(7, "/usr/sbin/sshd"), func(p *snapshot.Process) { p.ArgsCut, p.Cgroup = true, "/system.slice/ssh.service" })},
			listeners: []snapshot.Listener{listener("0.0.0.0:22", 7)},
			want:      "sshd pid=7 on=0.0.0.0:22 " + boot + v + "conf=none next=2222 (unsupported sshd)\n",
		},
		{
			name: "title-cut", text: enabled,
			processes: []snapshot.Process{init, sshd(7, "sshd: /usr/sbin/sshd -D [listener] 0 of 10-10")}, listeners: []snapshot.Listener{listener("0.0.0.0:22", 7)},
			want: "sshd pid=7 on=0.0.0.0:22 boot=no " + v + "conf=none (unsupported sshd)\n" + main + boot + v + "conf=2222\n",
		},
		{
			name: "options-refused", text: enabled,
			processes: []snapshot.Process{init, sshd(7, title), sshd(9, "/usr/sbin/sshd", "-oCiphers=HIDEME", "-p", "0")}, listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7), listener("0.0.0.0:23", 9)},
			want: main + "pid=7 on=0.0.0.0:2222 " + boot + v + "conf=2222\n" + main + "pid=9 on=0.0.0.0:23 boot=no " + v + "conf=none (refused sshd /etc/ssh/sshd_config)\n",
		},
		{
			name: "in-another-root", text: debian,
			processes: []snapshot.Process{init, as(sshd(7, title), func(p *snapshot.Process) { p.SameRoot = snapshot.No })},
			listeners: []snapshot.Listener{listener("0.0.0.0:22", 7)},
			want:      "sshd in another root directory pid=7 on=0.0.0.0:22 boot=no conf=none (unsupported sshd in another root directory)\n",
		},
		{
			name: "in-another-network", text: enabled + mountTables("1 0 8:1 / / rw - ext4 a rw\n9 1 0:5 / /sys rw - sysfs s rw\n"),
			processes:  []snapshot.Process{init, sshd(7, title), as(sshd(9, "/usr/sbin/sshd", "-f", "/srv/sshd_config"), func(p *snapshot.Process) { p.NetNS, p.MntNS = 9, 9 })},
			listeners:  []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			namespaces: []snapshot.Namespace{{Inode: 9, Names: []string{"blue"}, Listeners: []snapshot.Listener{listener("0.0.0.0:22", 9)}}},
			want: main + "pid=7 on=0.0.0.0:2222 " + boot + v + "conf=2222\n" +
				"sshd /srv/sshd_config pid=9 other-net on=0.0.0.0:22 boot=no " + v + "conf=2200\n",
		},
		{
			name: "in-another-network-other-files", text: enabled + mountTables("1 0 8:1 / / rw - ext4 a rw\n9 1 8:1 /etc/netns/blue/ssh /etc/ssh rw - ext4 a rw\n"),
			processes:  []snapshot.Process{init, as(sshd(9, "/usr/sbin/sshd", "-f", "/srv/sshd_config"), func(p *snapshot.Process) { p.NetNS, p.MntNS = 9, 9 })},
			namespaces: []snapshot.Namespace{{Inode: 9, Names: []string{"blue"}, Listeners: []snapshot.Listener{listener("0.0.0.0:22", 9)}}},
			want: main + boot + v + "conf=2222\n" +
				"sshd /srv/sshd_config pid=9 other-net on=0.0.0.0:22 boot=no " + v + "conf=none (unsupported sshd /srv/sshd_config)\n",
		},
		{
			name: "in-another-network-unread", text: enabled,
			processes: []snapshot.Process{init, as(sshd(9, title), func(p *snapshot.Process) { p.NetNS = 9 })},
			want:      main + boot + v + "conf=2222\nproblem unsupported sshd in another network namespace\n",
		},
		{
			name: "without-rights", text: enabled,
			processes: []snapshot.Process{init, {PID: 7, PPID: 1, Comm: "sshd"}, {PID: 9, PPID: 1, Comm: "sshd", EUID: 1000}},
			listeners: []snapshot.Listener{listener("0.0.0.0:22")},
			want:      main + boot + v + "conf=2222\nunsettled 0.0.0.0:22\nproblem permission sshd\n",
		},
		{
			name: "sockets-hidden", text: enabled,
			processes: []snapshot.Process{init, sshd(7, title)}, missing: []snapshot.Missing{{What: snapshot.PartOwners, Err: context.Canceled}},
			want: main + boot + v + "conf=2222\nproblem permission sshd\n",
		},
		{
			name: "zombie", text: bare, processes: []snapshot.Process{{PID: 9, PPID: 1, Comm: "sshd", Zombie: true}}, want: "",
		},
		{
			name: "list-not-whole", text: bare, missing: []snapshot.Missing{{What: snapshot.PartTCP, Err: context.Canceled}},
			want: "problem canceled tcp\n",
		},
		{
			name: "unknown-program-on-22", text: enabled,
			processes: []snapshot.Process{init, sshd(7, title), process(9, "/opt/x", "x")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7), listener("[::]:22", 9), listener("192.0.2.1:22")},
			want:      main + "pid=7 on=0.0.0.0:2222 " + boot + v + "conf=2222\nunsettled [::]:22\nunsettled 192.0.2.1:22\n",
		},

		{
			name: "socket-held", text: debian + socketLink,
			processes: []snapshot.Process{init}, listeners: []snapshot.Listener{listener("[::]:22", 1)},
			want: main + "on=[::]:22 boot=yes unit=ssh.socket open=[::]:22@/usr/lib/systemd/system/ssh.socket:4 " + v + "conf=2222\n",
		},
		{
			name: "socket-and-its-service", text: debian + socketLink,
			processes: []snapshot.Process{init, inUnit(sshd(7, title), "/system.slice/ssh.service")}, listeners: []snapshot.Listener{listener("[::]:22", 1, 7)},
			want: main + "pid=7 on=[::]:22 boot=yes unit=ssh.socket open=[::]:22@/usr/lib/systemd/system/ssh.socket:4 " + v + "conf=2222\n",
		},
		{
			name: "socket-started-by-hand", text: debian,
			processes: []snapshot.Process{init}, listeners: []snapshot.Listener{listener("[::]:22", 1)},
			want: main + "on=[::]:22 boot=no unit=ssh.socket open=[::]:22@/usr/lib/systemd/system/ssh.socket:4 " + v + "conf=2222\n",
		},
		{
			name: "units-unreadable", text: strings.ReplaceAll(debian, "-- etc/default/ssh --", "-- etc/systemd/system/ err=permission --\n-- etc/default/ssh --"),
			processes: []snapshot.Process{init},
			want:      main + "boot=? " + v + "conf=2222 (unsupported sshd /etc/ssh/sshd_config)\n",
		},
		{
			name: "units-unreadable-and-it-runs", text: strings.ReplaceAll(debian, "-- etc/default/ssh --", "-- etc/systemd/system/ err=permission --\n-- etc/default/ssh --"),
			processes: []snapshot.Process{init, sshd(7, title)}, listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			want: main + "pid=7 on=0.0.0.0:2222 boot=? " + v + "conf=2222 (unsupported sshd /etc/ssh/sshd_config)\n",
		},
		{
			name: "inetd",
			text: debian + "-- etc/services --\nssh 22/tcp\n-- etc/inetd.conf --\nssh stream tcp4 nowait root /usr/sbin/sshd sshd -i\n-- usr/lib/systemd/system/inetd.service --\n[Service]\nExecStart=/usr/sbin/inetd\n[Install]\nWantedBy=multi-user.target\n" +
				"-- etc/systemd/system/multi-user.target.wants/inetd.service -> /usr/lib/systemd/system/inetd.service --\n",
			processes: []snapshot.Process{init, process(7, "/usr/sbin/inetd", "/usr/sbin/inetd")}, listeners: []snapshot.Listener{listener("0.0.0.0:22", 7)},
			want: main + "on=0.0.0.0:22 boot=yes unit=ssh/tcp4 open=0.0.0.0:22@/etc/inetd.conf:1 " + v + "conf=2222\n",
		},
		{
			name: "socket-by-hand-service-at-boot", text: enabled,
			processes: []snapshot.Process{init}, listeners: []snapshot.Listener{listener("[::]:22", 1)},
			want: main + "on=[::]:22 " + boot + v + "conf=2222\n",
		},
		{
			name: "sshd-is-process-1", text: debian,
			processes: []snapshot.Process{process(1, "/usr/sbin/sshd", "/usr/sbin/sshd", "-D")}, listeners: []snapshot.Listener{listener("[::]:22", 1)},
			want: main + "pid=1 on=[::]:22 boot=no " + v + "conf=2222\n",
		},
		{
			name: "ec2-instance-connect",
			text: enabled + "-- usr/lib/systemd/system/ssh.service.d/ec2-instance-connect.conf --\n[Service]\nExecStart=\n" +
				"ExecStart=/usr/sbin/sshd -D -o \"AuthorizedKeysCommand /usr/share/ec2-instance-connect/eic_run_authorized_keys %%u %%f\" -o \"AuthorizedKeysCommandUser ec2-instance-connect\" $SSHD_OPTS\n",
			processes: []snapshot.Process{init, sshd(7, "sshd: /usr/sbin/sshd -D -o AuthorizedKeysCommand /usr/share/ec2-instance-connect/eic_run_authorized_keys %u %f -o AuthorizedKeysCommandUser ec2-instance-connect [listener] 0 of 10-100 startups")},
			listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			want:      main + "pid=7 on=0.0.0.0:2222 " + boot + v + "conf=2222\n",
		},
		{
			name: "socket-moved-not-restarted", text: debian + socketLink + "-- etc/systemd/system/ssh.socket.d/a.conf --\n[Socket]\nListenStream=\nListenStream=2022\n",
			processes: []snapshot.Process{init}, listeners: []snapshot.Listener{listener("[::]:22", 1)},
			want: main + "boot=yes unit=ssh.socket open=[::]:2022@/etc/systemd/system/ssh.socket.d/a.conf:3 " + v + "conf=2222\nunsettled [::]:22\n",
		},
		{
			name: "generator-now-and-next", text: debian + socketLink +
				"-- usr/lib/systemd/system-generators/sshd-socket-generator mode=0755 --\nelf\n" +
				"-- run/systemd/generator/ssh.socket.d/addresses.conf --\n[Socket]\nListenStream=\nListenStream=0.0.0.0:2223\n",
			processes: []snapshot.Process{init}, listeners: []snapshot.Listener{listener("0.0.0.0:2223", 1)},
			want: main + "on=0.0.0.0:2223 boot=yes unit=ssh.socket open=[::]:2222@/etc/ssh/sshd_config:1 open=0.0.0.0:2222@/etc/ssh/sshd_config:1 " + v + "conf=2222\n",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := hosttest.Live(hosttest.Load(t, tc.text), &snapshot.Snapshot{
				NetNS: 1, Processes: tc.processes, Listeners: tc.listeners, Missing: tc.missing, Namespaces: tc.namespaces,
			})
			got := words(Look(h))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n%s", diff, got)
			}
			for _, s := range Look(h).Servers {
				for _, p := range s.Problems {
					if strings.Contains(p.Detail+p.Subject, "HIDEME") || strings.Contains(p.Err.Error(), "HIDEME") {
						t.Errorf("an option is told: %+v", p)
					}
				}
			}
		})
	}
}

// otherNet is the network namespace of a container that has its own.
const otherNet = 9

// contain is a container with those processes.
func contain(t *testing.T, name, text string, netNS uint64, published []host.Published, listeners []snapshot.Listener, processes ...snapshot.Process) *host.Container {
	t.Helper()
	for i := range processes {
		processes[i].NetNS, processes[i].MntNS = netNS, otherNet
	}
	h := hosttest.Live(hosttest.Load(t, text), &snapshot.Snapshot{NetNS: netNS, Processes: processes, Listeners: listeners})
	h.Kind = host.KindContainer
	return &host.Container{Name: name, Engine: "docker", Host: h, Published: published}
}

// around is the host of containers, whose processes it sees too.
func around(t *testing.T, text string, listeners []snapshot.Listener, own []snapshot.Process, containers ...*host.Container) *host.Host {
	t.Helper()
	all := append([]snapshot.Process{}, own...)
	for _, c := range containers {
		for _, p := range c.Host.Snapshot.Processes {
			p.SameRoot = snapshot.No
			all = append(all, p)
		}
		if c.Host.Snapshot.NetNS == 1 {
			listeners = append(listeners, c.Host.Snapshot.Listeners...)
		}
	}
	h := hosttest.Live(hosttest.Load(t, text), &snapshot.Snapshot{NetNS: 1, Processes: all, Listeners: listeners})
	h.Containers = containers
	return h
}

func publish(port, inner uint16) []host.Published {
	return []host.Published{{Proto: "tcp", Addr: netip.IPv4Unspecified(), Port: port, Inner: inner}}
}

func TestContainers(t *testing.T) {
	sshd := func(pid int) snapshot.Process { return process(pid, "/usr/sbin/sshd", title) }
	on22 := []snapshot.Listener{listener("0.0.0.0:22", 20)}
	proxy := process(5, "/usr/bin/docker-proxy", "docker-proxy")
	init := process(19, "/usr/lib/systemd/systemd", "/sbin/init")
	const web = "web/sshd /etc/ssh/sshd_config "
	for _, tc := range []struct {
		name, host string
		listeners  []snapshot.Listener
		processes  []snapshot.Process
		containers []*host.Container
		want       string
	}{
		{
			name: "own-network", host: bare,
			containers: []*host.Container{contain(t, "web", debian, otherNet, nil, on22, sshd(20))},
			want:       web + "pid=20 other-net on=0.0.0.0:22 boot=? v9.2-debian conf=2222\n",
		},
		{
			name: "beside-the-host's", host: debian + serviceLink,
			processes: []snapshot.Process{sshd(7)}, listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			containers: []*host.Container{contain(t, "web", debian, otherNet, nil, on22, sshd(20))},
			want: "sshd /etc/ssh/sshd_config pid=7 on=0.0.0.0:2222 boot=yes unit=ssh.service v9.2-debian conf=2222\n" +
				web + "pid=20 other-net on=0.0.0.0:22 boot=? v9.2-debian conf=2222\n",
		},
		{
			name: "published-on-22-by-rules-alone", host: bare,
			containers: []*host.Container{contain(t, "web", debian, otherNet, publish(22, 2022), []snapshot.Listener{listener("0.0.0.0:2022", 20)}, sshd(20))},
			want:       web + "pid=20 other-net published=22>2022 on=0.0.0.0:2022 boot=? v9.2-debian conf=2222\n",
		},
		{
			name: "published-on-22-with-a-proxy", host: bare,
			listeners: []snapshot.Listener{listener("0.0.0.0:22", 5)}, processes: []snapshot.Process{proxy},
			containers: []*host.Container{contain(t, "web", debian, otherNet, publish(22, 22), on22, sshd(20))},
			want:       web + "pid=20 other-net published=22>22 on=0.0.0.0:22 boot=? v9.2-debian conf=2222\n",
		},
		{
			name: "published-and-another-program-on-22", host: bare,
			listeners: []snapshot.Listener{listener("0.0.0.0:22", 6)}, processes: []snapshot.Process{process(6, "/usr/bin/tunnel")},
			containers: []*host.Container{contain(t, "web", debian, otherNet, publish(22, 22), on22, sshd(20))},
			want:       web + "pid=20 other-net published=22>22 on=0.0.0.0:22 boot=? v9.2-debian conf=2222\nunsettled 0.0.0.0:22\n",
		},
		{
			name: "published-on-22-to-who-knows-whom", host: bare,
			containers: []*host.Container{contain(t, "git", bare, otherNet, publish(22, 2022), []snapshot.Listener{listener("0.0.0.0:2022", 20)}, process(20, "/usr/bin/gitea"))},
			want:       "unsettled 0.0.0.0:22\n",
		},
		{
			name: "published-for-a-neighbour", host: bare,
			containers: []*host.Container{
				contain(t, "pod", bare, otherNet, publish(22, 22), nil, process(19, "/pause")),
				contain(t, "side", debian, otherNet, nil, on22, sshd(20)),
			},
			want: "side/sshd /etc/ssh/sshd_config pid=20 other-net published=22>22 on=0.0.0.0:22 boot=? v9.2-debian conf=2222\n",
		},
		{
			name: "inner-loopback-is-not-forwarded", host: bare,
			containers: []*host.Container{contain(t, "web", debian, otherNet, publish(22, 22), []snapshot.Listener{listener("127.0.0.1:22", 20)}, sshd(20))},
			want:       web + "pid=20 other-net published=22>22 on=127.0.0.1:22 boot=? v9.2-debian conf=2222\nunsettled 0.0.0.0:22\n",
		},
		{
			name: "host's-network", host: bare,
			containers: []*host.Container{contain(t, "web", debian, 1, nil, on22, sshd(20))},
			want:       web + "pid=20 on=0.0.0.0:22 boot=? v9.2-debian conf=2222\n",
		},
		{
			name: "another-name-in-the-host's-network", host: bare,
			containers: []*host.Container{contain(t, "web", debian+"-- opt/mysshd quoted mode=0755 --\n\\x00OpenSSH_9.9p2\\x00/etc/ssh/sshd_config\\x00\n", 1, nil, on22,
				process(20, "/opt/mysshd", "mysshd: /opt/mysshd -D [listener] 0 of 10-100 startups"))},
			want: web + "pid=20 on=0.0.0.0:22 boot=? v9.9-debian conf=2222\n",
		},
		{
			name: "socket-of-its-init-in-the-host's-network", host: bare,
			containers: []*host.Container{contain(t, "web", debian+socketLink, 1, nil, []snapshot.Listener{listener("[::]:22", 19)}, init)},
			want:       web + "on=[::]:22 boot=yes unit=ssh.socket open=[::]:22@/usr/lib/systemd/system/ssh.socket:4 v9.2-debian conf=2222\n",
		},
		{
			name: "installed-with-init", host: bare,
			containers: []*host.Container{contain(t, "web", debian+serviceLink, otherNet, nil, nil, init)},
			want:       web + "other-net boot=yes unit=ssh.service v9.2-debian conf=2222\n",
		},
		{
			name: "socket-of-its-init", host: bare,
			containers: []*host.Container{contain(t, "web", debian+socketLink, otherNet, nil, []snapshot.Listener{listener("[::]:22", 19)}, init)},
			want:       web + "other-net on=[::]:22 boot=yes unit=ssh.socket open=[::]:22@/usr/lib/systemd/system/ssh.socket:4 v9.2-debian conf=2222\n",
		},
		{
			name: "dropbear", host: bare,
			containers: []*host.Container{contain(t, "web", bare, otherNet, publish(22, 22), on22, process(20, "/usr/sbin/dropbear", "dropbear", "-F"))},
			want:       "web/dropbear pid=20 other-net published=22>22 on=0.0.0.0:22 boot=? ports=[22]\n",
		},
		{
			name: "idle", host: bare,
			containers: []*host.Container{contain(t, "web", debian, otherNet, nil, nil, process(20, "/usr/sbin/nginx"))},
			want:       "",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := words(Look(around(t, tc.host, tc.listeners, tc.processes, tc.containers...)))
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("%s\n%s", diff, got)
			}
		})
	}
}

// TestGreet: every listener is asked once, whoever asks, and whatever is there the look
// at it ends soon.
func TestGreet(t *testing.T) {
	says := func(text string) func(net.Conn) { return func(c net.Conn) { _, _ = c.Write([]byte(text)) } }
	for _, tc := range []struct {
		name  string
		serve func(net.Conn)
		want  bool
	}{
		{"ssh", says("SSH-2.0-x\r\n"), true},
		{"lines-before", says("hello\nSSH-2.0-x\n"), true},
		{"mail", says("220 mail SSH-2.0-\r\n"), false},
		{"closing", func(net.Conn) {}, false},
		{"silent", func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }, false},
		{"dripping", func(c net.Conn) {
			for {
				if _, err := c.Write([]byte("x")); err != nil {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		}, false},
		{"endless", func(c net.Conn) {
			for {
				if _, err := c.Write([]byte(strings.Repeat("SSH", 100))); err != nil {
					return
				}
			}
		}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.Live(hosttest.Load(t, bare), &snapshot.Snapshot{NetNS: 1, Listeners: []snapshot.Listener{listener("0.0.0.0:22")}})
			var dialled *[]string
			h.Dial, dialled = dialTo(t, tc.serve)
			start := time.Now()
			var group guard.Group
			answers := make([][]Greeting, 3)
			for i := range answers {
				group.Go(func() { answers[i] = Look(h).Greet(context.Background(), h.Dial) })
			}
			if err := group.Wait(); err != nil {
				t.Fatal(err)
			}
			for _, a := range answers {
				if len(a) != 1 || a[0].SSH != tc.want || (a[0].Err == nil) != tc.want || (a[0].Why == "") != tc.want {
					t.Errorf("answer %+v", a)
				}
			}
			if took := time.Since(start); took > greetingTime+time.Second {
				t.Errorf("took %v", took)
			}
			if len(*dialled) != 1 {
				t.Errorf("dialled %q", *dialled)
			}
		})
	}
}

// TestGreetEnds: neither thousands of silent listeners nor an end of time nor a missing
// dialler keeps the answer from being one for each.
func TestGreetEnds(t *testing.T) {
	var all []snapshot.Listener
	for i := range 3000 {
		all = append(all, snapshot.Listener{Proto: "tcp", Addr: netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}), Port: 22})
	}
	for _, tc := range []struct {
		name  string
		end   bool
		dials bool
	}{{"many", false, true}, {"ended", true, true}, {"no-dialler", false, false}} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			h := hosttest.Live(hosttest.Load(t, bare), &snapshot.Snapshot{NetNS: 1, Listeners: all})
			if tc.dials {
				h.Dial, _ = dialTo(t, func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) })
			}
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if tc.end {
				cancel()
			}
			start := time.Now()
			first := Look(h).Greet(ctx, h.Dial)
			if took := time.Since(start); took > greetingTimeAll+2*time.Second {
				t.Errorf("took %v", took)
			}
			if len(first) != len(all) {
				t.Fatalf("%d answers of %d", len(first), len(all))
			}
			for _, a := range first {
				if a.SSH || a.Err == nil {
					t.Fatalf("answer %+v", a)
				}
			}
		})
	}
}
