package ssh

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

// otherNet is the network namespace of a container that has its own.
const otherNet = 9

// contain is a container with those processes; hostNet: the host's network.
func contain(t *testing.T, name, text string, netNS uint64, published []host.Published, listeners []snapshot.Listener, processes ...snapshot.Process) *host.Container {
	t.Helper()
	for i := range processes {
		processes[i].NetNS, processes[i].MntNS = netNS, otherNet
	}
	h := hosttest.Live(loadDebian(t, text), &snapshot.Snapshot{NetNS: netNS, Processes: processes, Listeners: listeners})
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
	h := hosttest.Live(loadDebian(t, text), &snapshot.Snapshot{NetNS: 1, Processes: all, Listeners: listeners})
	h.Containers = containers
	return h
}

func publish(port, inner uint16) []host.Published {
	return []host.Published{{Proto: "tcp", Addr: netip.IPv4Unspecified(), Port: port, Inner: inner}}
}

func TestContainers(t *testing.T) {
	const title = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"
	bare := "-- etc/passwd --\nroot:x:0:0::/root:/bin/sh\n"
	good, bad := withConfig("PermitRootLogin no"), withConfig("PermitRootLogin yes")
	sshd := func(pid int) snapshot.Process { return process(pid, "/usr/sbin/sshd", title) }
	on22 := []snapshot.Listener{listener("0.0.0.0:22", 20)}
	proxy := process(5, "/usr/bin/docker-proxy", "docker-proxy")
	init := process(19, "/usr/lib/systemd/systemd", "/sbin/init")
	for _, test := range []struct {
		name       string
		host       string
		listeners  []snapshot.Listener
		processes  []snapshot.Process
		containers []*host.Container
		greeting   string
		dials      int // of both checks
		port, root string
	}{
		{
			name: "own_network", host: bare,
			containers: []*host.Container{contain(t, "web", good, otherNet, nil, on22, sshd(20))},
			port:       "pass", root: "pass",
		},
		{
			name: "root_by_the_container's_files", host: good, // the host's own would say no
			processes: []snapshot.Process{sshd(7)}, listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			containers: []*host.Container{contain(t, "web", bad, otherNet, nil, on22, sshd(20))},
			port:       "fail; configured medium port-22 sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config:0",
			root:       "fail; configured high password container web: sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config:1",
		},
		{
			name: "published_on_2222", host: bare,
			containers: []*host.Container{contain(t, "web", good, otherNet, publish(2222, 22), on22, sshd(20))},
			port:       "pass", root: "pass",
		},
		{
			name: "published_on_22_by_rules_alone", host: bare,
			containers: []*host.Container{contain(t, "web", good, otherNet, publish(22, 2022), []snapshot.Listener{listener("0.0.0.0:2022", 20)}, sshd(20))},
			port:       "fail; running medium port-22 container web: sshd /etc/ssh/sshd_config@:0", root: "pass",
		},
		{
			name: "published_on_22_with_a_proxy", host: bare,
			listeners: []snapshot.Listener{listener("0.0.0.0:22", 5)}, processes: []snapshot.Process{proxy},
			containers: []*host.Container{contain(t, "web", good, otherNet, publish(22, 22), on22, sshd(20))},
			port:       "fail; running medium port-22 container web: sshd /etc/ssh/sshd_config@:0", root: "pass",
		},
		{
			name: "published_and_another_program_on_22", host: bare,
			listeners: []snapshot.Listener{listener("0.0.0.0:22", 6)}, processes: []snapshot.Process{process(6, "/usr/bin/tunnel")},
			containers: []*host.Container{contain(t, "web", good, otherNet, publish(22, 22), on22, sshd(20))},
			greeting:   "SSH-2.0-x\r\n", dials: 1,
			port: "fail; running medium port-22 SSH server@:0; running medium port-22 container web: sshd /etc/ssh/sshd_config@:0",
			root: "unknown; gap unsupported 0.0.0.0:22@:0",
		},
		{
			name: "published_on_22_to_who_knows_whom", host: bare, // gitea, say; packet filters alone forward
			containers: []*host.Container{contain(t, "git", bare, otherNet, publish(22, 2022), []snapshot.Listener{listener("0.0.0.0:2022", 20)}, process(20, "/usr/bin/gitea"))},
			greeting:   "SSH-2.0-Go\r\n", dials: 1,
			port: "fail; running medium port-22 SSH server@:0", root: "unknown; gap unsupported 0.0.0.0:22@:0",
		},
		{
			name: "published_for_a_neighbour", host: bare, // the pod's port, a sidecar's server
			containers: []*host.Container{
				contain(t, "pod", bare, otherNet, publish(22, 22), nil, process(19, "/pause")),
				contain(t, "side", good, otherNet, nil, on22, sshd(20)),
			},
			port: "fail; running medium port-22 container side: sshd /etc/ssh/sshd_config@:0", root: "pass",
		},
		{
			name: "inner_loopback_is_not_forwarded", host: bare,
			containers: []*host.Container{contain(t, "web", good, otherNet, publish(22, 22), []snapshot.Listener{listener("127.0.0.1:22", 20)}, sshd(20))},
			greeting:   "x\r\n", dials: 1,
			port: "unknown; gap unsupported 0.0.0.0:22@:0", root: "unknown; gap unsupported 0.0.0.0:22@:0",
		},
		{
			name: "host's_network", host: bare,
			containers: []*host.Container{contain(t, "web", good, 1, nil, on22, sshd(20))},
			port:       "fail; running medium port-22 container web: sshd /etc/ssh/sshd_config@:0", root: "pass",
		},
		{
			name: "installed_and_idle", host: bare,
			containers: []*host.Container{contain(t, "web", bad, otherNet, publish(22, 80), nil, process(20, "/usr/sbin/nginx"))},
			greeting:   "x\r\n", dials: 1,
			port: "unknown; gap unsupported 0.0.0.0:22@:0", root: "unknown; gap unsupported 0.0.0.0:22@:0",
		},
		{
			name: "installed_with_init", host: bare,
			containers: []*host.Container{contain(t, "web", bad, otherNet, nil, nil, init)},
			port:       "pass", root: "fail; configured high password container web: sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config:1",
		},
		{
			name: "refused_configuration", host: bare,
			containers: []*host.Container{contain(t, "web", withConfig("PermitRootLogin maybe"), otherNet, nil, on22, sshd(20))},
			port:       "pass", root: "unknown; gap refused container web: sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config:1",
		},
		{
			name: "dropbear", host: bare,
			containers: []*host.Container{contain(t, "web", bare, otherNet, publish(22, 22), on22, process(20, "/usr/sbin/dropbear", "dropbear", "-w"))},
			port:       "fail; running medium port-22 container web: dropbear@:0", root: "pass",
		},
		{
			name: "hostile_name", host: bare,
			containers: []*host.Container{contain(t, "a\nb\\", bad, otherNet, nil, on22, sshd(20))},
			port:       "pass", root: `fail; configured high password container a\nb\\: sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config:1`,
		},
		{
			name: "none", host: bare,
			containers: []*host.Container{contain(t, "web", bad, otherNet, nil, nil, process(20, "/usr/sbin/nginx"))},
			port:       "not_applicable; absent", root: "not_applicable; absent",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := around(t, test.host, test.listeners, test.processes, test.containers...)
			var dialled *[]string
			h.Dial, dialled = dialTo(t, func(c net.Conn) { c.Write([]byte(test.greeting)) })
			if got := verdict(t, h, "ssh.port"); got != test.port {
				t.Errorf("ssh.port:\n got %s\nwant %s", got, test.port)
			}
			if got := verdict(t, h, "ssh.root-login"); got != test.root {
				t.Errorf("ssh.root-login:\n got %s\nwant %s", got, test.root)
			}
			if len(*dialled) != test.dials {
				t.Errorf("dialled %q, want %d", *dialled, test.dials)
			}
		})
	}
}

// TestContainerNote: port 22 inside is said, and where the host forwards it from.
func TestContainerNote(t *testing.T) {
	web := contain(t, "web", withConfig("PermitRootLogin no"), otherNet, publish(2222, 22),
		[]snapshot.Listener{listener("0.0.0.0:22", 20)}, process(20, "/usr/sbin/sshd", "/usr/sbin/sshd", "-D"))
	h := around(t, "-- etc/passwd --\nroot:x:0:0::/root:/bin/sh\n", nil, nil, web)
	for _, c := range Checks() {
		if c.ID != "ssh.port" {
			continue
		}
		rec := checks.NewRecorder(c)
		c.Run(context.Background(), &checks.Env{Host: h}, rec)
		res := rec.Seal()
		if len(res.Notes) != 1 || res.Notes[0].Subject != "container web: sshd /etc/ssh/sshd_config" ||
			!strings.Contains(string(res.Notes[0].Detail), "not port 22 of this host; the host forwards 0.0.0.0:2222") {
			t.Errorf("notes %+v", res.Notes)
		}
	}
}
