package listeners

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

// What real fleets hold. Each of these once got the wrong answer; the comment says
// which.

func only(l []snapshot.Listener, p ...snapshot.Process) world {
	w := bookworm()
	w.processes, w.listeners = append([]snapshot.Process{pid1()}, p...), l
	w.own = []netip.Addr{netip.MustParseAddr("192.0.2.1")}
	return w
}

func list(l ...snapshot.Listener) []snapshot.Listener { return l }

func must(t *testing.T, r checks.Result, wantStatus ...string) {
	t.Helper()
	for _, s := range wantStatus {
		if strings.HasPrefix(seen(r), s) {
			return
		}
	}
	t.Errorf("got %q, want one of %q", seen(r), wantStatus)
}

// TestFleetAgentUDPServer: the agent's UDP server (41122) is left out as a client's.
func TestFleetAgentUDPServer(t *testing.T) {
	w := only(list(udp("0.0.0.0", 41122, 20)), proc(20, "/usr/bin/perl", "pandora_agent_daemon.service"))
	must(t, w.runDeclared(t), "fail")
	if lines := w.record(t); len(lines) != 1 {
		t.Errorf("drift does not know it: %q", lines)
	}
}

// TestFleetCleartextHiddenOwner: hidden owner outside on any port: cleartext passes though telnetd/Redis may be there.
func TestFleetCleartextHiddenOwner(t *testing.T) {
	w := only(list(hiddenOwner(tcp("0.0.0.0", 2323))))
	must(t, w.runCleartext(t), "unknown no_permission")
}

// TestFleetTwoRedisOneUnit: two servers of the same program and unit on one port, other addresses: only the first is asked.
func TestFleetTwoRedisOneUnit(t *testing.T) {
	w := only(list(tcp("192.0.2.1", 6379, 20), tcp("192.0.2.2", 6379, 21)), proc(20, "/usr/bin/redis-server", ""), proc(21, "/usr/bin/redis-server", ""))
	w.dial = func(ctx context.Context, n, addr string) (net.Conn, error) {
		if strings.HasPrefix(addr, "192.0.2.2") {
			return dialer(replies("+PONG\r\n"))(ctx, n, addr)
		}
		return dialer(replies("-NOAUTH x\r\n"))(ctx, n, addr)
	}
	must(t, w.runCleartext(t), "fail")
}

// TestFleetAskStartsService: asking a socket that process 1 alone has starts the service.
func TestFleetAskStartsService(t *testing.T) {
	w := only(list(tcp("[::]", 2375, 1)))
	w.sockets = []*units.Unit{socketUnit("docker.socket", "docker.service", listen("tcp", "::", 2375))}
	w.units = map[string]*units.Unit{"docker.service": {Name: "docker.service", Exec: []units.Command{{Path: "/usr/bin/dockerd"}}}}
	dialled := 0
	w.dial = func(context.Context, string, string) (net.Conn, error) { dialled++; return nil, errors.New("x") }
	must(t, w.runCleartext(t), "unknown")
	if dialled != 0 {
		t.Errorf("dialled %d times: systemd starts docker.service", dialled)
	}
	x := only(list(tcp("0.0.0.0", 5901, 20)), proc(20, "/usr/sbin/xinetd", "xinetd.service"))
	x.dial, x.memory = w.dial, checks.NewMemory(nil)
	x.runCleartext(t)
	if dialled != 0 {
		t.Errorf("dialled %d times: xinetd starts Xvnc", dialled)
	}
}

// TestFleetPortsOutsideRange: RHEL's qemu-kvm with an open VNC on :10 and above; x11vnc elsewhere; Elasticsearch elsewhere.
func TestFleetPortsOutsideRange(t *testing.T) {
	for name, c := range map[string]struct {
		exe  string
		port uint16
		srv  fakeServer
	}{
		"qemu-kvm": {"/usr/libexec/qemu-kvm", 5912, vnc("RFB 003.008\n", 1)},
		"x11vnc":   {"/usr/bin/x11vnc", 15900, vnc("RFB 003.008\n", 1)},
		"elastic":  {"/usr/share/elasticsearch/jdk/bin/java", 9250, replies("HTTP/1.1 200 OK\r\n\r\n{\"cluster_name\":\"x\",\"number_of_nodes\":1}")},
	} {
		t.Run(name, func(t *testing.T) {
			w := only(list(tcp("0.0.0.0", c.port, 20)), proc(20, c.exe, "x.service"))
			w.dial = dialer(c.srv)
			must(t, w.runCleartext(t), "fail", "unknown")
		})
	}
}

// TestFleetReservedRPCPorts: random reserved ports of RPC programs change at every start.
func TestFleetReservedRPCPorts(t *testing.T) {
	mk := func(p uint16) world {
		w := only(list(udp("127.0.0.1", p, 20), udp("0.0.0.0", p+3, 21), udp("0.0.0.0", p+7)), proc(20, "/usr/sbin/rpc.statd", "rpc-statd.service"), proc(21, "/usr/sbin/rpcbind", "rpcbind.service"))
		w.packages["/usr/sbin/rpc.statd"], w.packages["/usr/sbin/rpcbind"] = "nfs-common", "rpcbind"
		return w
	}
	now := mk(871)
	now.baselines = accepted(mk(702).record(t)...)
	must(t, now.runDrift(t), "pass")
}

// TestFleetDnsmasqSourcePort: resolvers choose their source ports themselves from 1024 on (dnsmasq --min-port).
func TestFleetDnsmasqSourcePort(t *testing.T) {
	p := proc(20, "/usr/sbin/dnsmasq", "dnsmasq.service")
	a := only(list(udp("0.0.0.0", 53, 20)), p)
	b := only(list(udp("0.0.0.0", 53, 20), udp("0.0.0.0", 7421, 20)), p)
	a.packages["/usr/sbin/dnsmasq"], b.packages["/usr/sbin/dnsmasq"] = "dnsmasq-base", "dnsmasq-base"
	b.baselines = accepted(a.record(t)...)
	must(t, b.runDrift(t), "pass")
}

// TestFleetX11Forwarding: sessions: X11 forwarding, ssh -L on loopback.
func TestFleetX11Forwarding(t *testing.T) {
	s := proc(20, "/usr/sbin/sshd", "session-7.scope")
	m := proc(10, "/usr/sbin/sshd", "ssh.service")
	a, b := only(list(tcp("[::]", 22, 10)), m), only(list(tcp("[::]", 22, 10), tcp("127.0.0.1", 6010, 20), tcp("::1", 6010, 20)), m, s)
	b.baselines = accepted(a.record(t)...)
	must(t, b.runDrift(t), "pass")
}

// TestFleetContainersNotReadThisTime: containers that could not be looked at this time: docker-proxy loses its name.
func TestFleetContainersNotReadThisTime(t *testing.T) {
	mk := func() world {
		w := only(list(tcp("0.0.0.0", 8080, 40)), proc(40, "/usr/bin/docker-proxy", "docker.service"))
		w.packages["/usr/bin/docker-proxy"] = "docker.io"
		return w
	}
	before := mk()
	publish(&before, "web")
	now := mk()
	now.baselines = accepted(before.record(t)...)
	cg := "/system.slice/docker-" + strings.Repeat("a", 64) + ".scope"
	now.processes = append(now.processes, snapshot.Process{PID: 50, NetNS: 5, Cgroup: cg})
	now.guests = []snapshot.Missing{{PID: 50, Err: context.DeadlineExceeded}}
	must(t, now.runDrift(t), "unknown")
	if _, ok := now.baselines.Seen(driftID); ok {
		t.Error("an incomplete list was observed")
	}
	// the whole walk ran out of time: PID 0
	now = mk()
	now.guests = []snapshot.Missing{{Err: context.DeadlineExceeded}}
	now.baselines = accepted(before.record(t)...)
	must(t, now.runDrift(t), "unknown")
	now.listeners = nil
	must(t, now.runDeclared(t), "unknown")
}

// TestFleetPodNames: pods get other names at every rollout.
func TestFleetPodNames(t *testing.T) {
	mk := func(name string) world {
		w := only(list(tcp("[::]", 10256, 30)), snapshot.Process{PID: 30, Exe: "/usr/local/bin/kube-proxy", NetNS: ourNS, MntNS: 7, SameRoot: snapshot.No, Cgroup: "/kubepods.slice/cri-containerd-" + strings.Repeat("a", 64) + ".scope"})
		w.containers = []*host.Container{{Name: name, Host: &host.Host{Snapshot: &snapshot.Snapshot{Processes: []snapshot.Process{{PID: 30}}}}}}
		return w
	}
	now := mk("kube-system/kube-proxy-x7k2p/kube-proxy")
	now.baselines = accepted(mk("kube-system/kube-proxy-z4b9q/kube-proxy").record(t)...)
	must(t, now.runDrift(t), "pass")
}

// TestFleetCronJob: cron's own jobs are in cron.service: a job of any account counts as "in a service".
func TestFleetCronJob(t *testing.T) {
	w := only(list(udp("0.0.0.0", 40000, 20)), proc(20, "/home/eve/x", "cron.service"))
	must(t, w.runDeclared(t), "fail")
	w = only(list(tcp("0.0.0.0", 4444, 20)), proc(20, "/usr/bin/python3.11", "cron.service"))
	w.enabled = []units.Entry{enabledService("cron.service")}
	w.units = map[string]*units.Unit{"cron.service": {Name: "cron.service", Fragment: "/lib/systemd/system/cron.service"}}
	w.packages["/lib/systemd/system/cron.service"] = "cron"
	must(t, w.runDeclared(t), "fail | medium")
}

// TestFleetMountedOver: a user mounts his program over /usr/sbin/sshd in a mount namespace of his own.
func TestFleetMountedOver(t *testing.T) {
	p := proc(20, "/usr/sbin/sshd", "session-3.scope")
	p.MntNS = 99 // SameRoot stays Yes
	w := only(list(tcp("0.0.0.0", 2222, 20)), p)
	w.declared = []checks.Declaration{{Program: "/usr/sbin/sshd"}}
	must(t, w.runDeclared(t), "fail")
}

// TestFleetWideRange: net.ipv4.ip_local_port_range = 1024 65535.
func TestFleetWideRange(t *testing.T) {
	w := only(list(udp("0.0.0.0", 1194, 20)), proc(20, "/opt/vpn/server", "vpn.service"))
	env, src := w.env(t)
	env.Host.Snapshot.Ephemeral = snapshot.PortRange{Low: 1024, High: 65535}
	rec := checks.NewRecorder(Declared())
	runDeclaredWith(t.Context(), env, src, rec)
	must(t, rec.Seal(), "fail")
}

// TestFleetReuseport: an unpackaged program joins a group of SO_REUSEPORT: nobody tells.
func TestFleetReuseport(t *testing.T) {
	a := only(list(tcp("0.0.0.0", 8080, 10)), proc(10, "/usr/sbin/vsftpd", "vsftpd.service"))
	b := only(list(tcp("0.0.0.0", 8080, 10, 20)), proc(10, "/usr/sbin/vsftpd", "vsftpd.service"), proc(20, "/tmp/x", "session-1.scope"))
	b.baselines = accepted(a.record(t)...)
	must(t, b.runDrift(t), "fail")
}

// TestFleetPostgresImage: Debian's postgresql.service is oneshot /bin/true; the real instance comes from a generator.
func TestFleetPostgresImage(t *testing.T) {
	for _, name := range []string{"postgresql.service", "openvpn.service"} {
		e := units.Entry{Kind: units.KindService, Name: name, Program: "/bin/true", Unit: &units.Unit{Name: name, Type: "oneshot"}}
		if got, _ := (&starts{family: "debian"}).kindOf(e); got == silent {
			t.Errorf("%s is taken for silent", name)
		}
	}
}

// TestFleetSessionUDPClient: user-session UDP sockets drift.
func TestFleetSessionUDPClient(t *testing.T) {
	a := only(nil)
	b := only(list(udp("0.0.0.0", 40000, 20)), proc(20, "/home/a/firefox/firefox", "user@1000.service"))
	b.baselines = accepted(a.record(t)...)
	must(t, b.runDrift(t), "pass")
}

// TestFleetOneQuestion: Redis on a port of another service gets that one's question (HTTP "Host:" = "Possible SECURITY ATTACK" in its log).
func TestFleetOneQuestion(t *testing.T) {
	w := only(list(tcp("0.0.0.0", 9201, 20)), proc(20, "/usr/bin/redis-server", "redis.service"))
	var asked []string
	w.dial = dialer(func(c net.Conn) {
		buf := make([]byte, 4096)
		n, _ := c.Read(buf)
		asked = append(asked, string(buf[:n]))
		say(c, "-NOAUTH\r\n")
	})
	w.runCleartext(t)
	if len(asked) != 1 {
		t.Errorf("asked %q", asked)
	}
}

// TestFleetUnknownSuperServer: xinetd whose lines are not known, on a port of its own.
func TestFleetUnknownSuperServer(t *testing.T) {
	w := only(list(tcp("0.0.0.0", 2323, 20)), proc(20, "/usr/sbin/xinetd", "xinetd.service"))
	must(t, w.runCleartext(t), "unknown")
}

// TestFleetVNCBudget: a VNC server that was never dialled (budget) is later said to have been asked.
func TestFleetVNCBudget(t *testing.T) {
	w := only(list(tcp("0.0.0.0", 5901, 20)), proc(20, "/usr/bin/Xtigervnc", ""))
	w.memory = checks.NewMemory(nil)
	w.dial = dialer(vnc("RFB 003.008\n", 1))
	env, src := w.env(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	runCleartextWith(ctx, env, src, checks.NewRecorder(Cleartext()))
	must(t, w.runCleartext(t), "fail")
}

// TestFleetRangeChanged: range of ports changed (a tuning profile): nothing else did.
func TestFleetRangeChanged(t *testing.T) {
	w := bookworm()
	w.listeners = list(tcp("0.0.0.0", 8080, 12))
	w.baselines = accepted(w.record(t)...)
	env, src := w.env(t)
	env.Host.Snapshot.Ephemeral = snapshot.PortRange{Low: 1024, High: 65535}
	rec := checks.NewRecorder(Drift())
	runDriftWith(t.Context(), env, src, rec)
	must(t, rec.Seal(), "pass")
}

// TestFleetDockerImage: Docker in an image told to listen on TCP.
func TestFleetDockerImage(t *testing.T) {
	e := units.Entry{Kind: units.KindService, Name: "docker.service", Program: "/usr/bin/dockerd", Unit: &units.Unit{Name: "docker.service", Exec: []units.Command{{Path: "/usr/bin/dockerd", Args: []string{"dockerd", "-H", "tcp://0.0.0.0:2375"}}}}}
	w := only(nil)
	w.enabled = []units.Entry{e}
	_, src := w.env(t)
	rec := checks.NewRecorder(Cleartext())
	clearStarts(nil, src, rec)
	must(t, rec.Seal(), "fail", "unknown")
}

// TestFleetSysVPerl: System V script of a package on a systemd host (tentacle_serverd): perl.
func TestFleetSysVPerl(t *testing.T) {
	w := only(list(tcp("0.0.0.0", 41121, 20)), proc(20, "/usr/bin/perl", "tentacle_serverd.service"))
	w.packages["/usr/bin/perl"], w.packages["/etc/init.d/tentacle_serverd"] = "perl-base", "pandorafms-agent"
	w.units = map[string]*units.Unit{"tentacle_serverd.service": {Name: "tentacle_serverd.service", Fragment: "/run/systemd/generator.late/tentacle_serverd.service"}}
	w.enabled = []units.Entry{{Kind: units.KindSysV, Name: "tentacle_serverd", Program: "", Place: units.Place{File: "/etc/init.d/tentacle_serverd"}}}
	must(t, w.runDeclared(t), "fail | low")
}

// TestFleetBridged: a bridged machine (LXC, nspawn, macvlan) is reachable by itself; "nothing listens" is more than was looked at.
func TestFleetBridged(t *testing.T) {
	w := only(nil)
	w.namespaces = []snapshot.Namespace{{Inode: 9, PIDs: []int{77}, Listeners: []snapshot.Listener{tcp("0.0.0.0", 23, 77)}}}
	if r := w.runDeclared(t); r.Summary == "nothing listens that can be reached from outside" {
		t.Errorf("%s: %s", seen(r), r.Summary)
	}
}

// TestFleetConmon: Podman with netavark: conmon holds every published port, and which container's is not known.
func TestFleetConmon(t *testing.T) {
	w := only(list(tcp("0.0.0.0", 16000, 20)), proc(20, "/usr/bin/conmon", ""))
	w.dial = dialer(replies("+PONG\r\n"))
	if r := w.runCleartext(t); r.Status.String() == "pass" {
		t.Errorf("a forwarder whose inner port is not known passes")
	}
}
