package listeners

import (
	"errors"
	"io/fs"
	"net/netip"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/packages"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

// bookworm is the host of the expected page.
func bookworm() world {
	return world{
		processes: []snapshot.Process{
			pid1(), proc(10, "/usr/sbin/sshd", "ssh.service"), proc(11, "/usr/sbin/vsftpd", "vsftpd.service"),
			proc(12, "/usr/sbin/mariadbd", "mariadb.service"), proc(13, "/usr/bin/python3.11", "session-3.scope"),
		},
		listeners: []snapshot.Listener{
			tcp("127.0.0.1", 3306, 12), tcp("0.0.0.0", 22, 10), tcp("::", 22, 10), tcp("[::]", 21, 11),
		},
		packages: map[string]string{
			"/usr/sbin/sshd": "openssh-server", "/usr/sbin/vsftpd": "vsftpd", "/usr/sbin/mariadbd": "mariadb-server-core",
			"/usr/bin/python3.11": "python3.11-minimal", "/usr/lib/systemd/systemd": "systemd", "/usr/sbin/chronyd": "chrony",
			"/usr/sbin/dhclient": "isc-dhcp-client", "/usr/sbin/dropbear": "dropbear-bin",
		},
		enabled: []units.Entry{enabledService("ssh.service"), enabledService("vsftpd.service"), enabledService("mariadb.service")},
		units:   map[string]*units.Unit{"ssh.service": {Name: "ssh.service", Aliases: []string{"sshd.service"}, Fragment: "/lib/systemd/system/ssh.service"}},
	}
}

func accepted(lines ...string) *checks.Baselines {
	return checks.NewBaselines(map[string]checks.Baseline{driftID: {Recorded: "2026-01-01T00:00:00Z", Reviewed: true, Entries: lines}}, nil)
}

func TestDeclared(t *testing.T) {
	const ssh22 = "| low running undeclared tcp 22 sshd at /lib/systemd/system/ssh.service"
	one := func(l snapshot.Listener, p ...snapshot.Process) func(*world) {
		return func(w *world) {
			w.processes = append([]snapshot.Process{pid1()}, p...)
			w.listeners = []snapshot.Listener{l}
		}
	}
	declare := func(list ...checks.Declaration) func(*world) {
		return func(w *world) {
			one(tcp("[::]", 22, 10), proc(10, "/usr/sbin/sshd", "ssh.service"))(w)
			w.declared = list
		}
	}
	sshdNow := proc(10, "/usr/sbin/sshd", "ssh.service")
	for _, tc := range []struct {
		name string
		with func(*world)
		want string
	}{
		{"bookworm-host", func(*world) {}, "fail | low running undeclared tcp 21 vsftpd " + ssh22},
		{"bookworm-host-and-http-server", func(w *world) { w.listeners = append(w.listeners, tcp("0.0.0.0", 8000, 13)) }, "fail | medium running undeclared tcp 8000 python | low running undeclared tcp 21 vsftpd " + ssh22},
		{"no-listener-outside", func(w *world) {
			w.listeners = []snapshot.Listener{tcp("127.0.0.53", 53, 10), tcp("::1", 25, 10), tcp("::ffff:127.0.0.1", 80, 10)}
		}, "pass"},
		{"bound-to-lo", func(w *world) {
			l := tcp("0.0.0.0", 80, 10)
			l.Interface = "lo"
			w.listeners = []snapshot.Listener{l}
		}, "pass"},
		{"declared-by-program", declare(checks.Declaration{Program: "/usr/sbin/sshd"}), "pass"},
		{"declared-by-base-name", declare(checks.Declaration{Program: "sshd"}), "pass"},
		{"declared-by-package", declare(checks.Declaration{Package: "openssh-server"}), "pass"},
		{"declared-by-unit", declare(checks.Declaration{Unit: "ssh.service"}), "pass"},
		{"declared-by-alias", declare(checks.Declaration{Unit: "sshd.service"}), "fail " + ssh22},
		{"declared-by-port-range", declare(checks.Declaration{Low: 20, High: 30, Protocol: "tcp"}), "pass"},
		{"declared-by-one-port", declare(checks.Declaration{Low: 22}), "pass"},
		{"declared-for-another-port", declare(checks.Declaration{Program: "sshd", Low: 2222}), "fail " + ssh22},
		{"declared-for-udp", declare(checks.Declaration{Protocol: "udp", Low: 22}), "fail " + ssh22},
		{"declared-other-package", declare(checks.Declaration{Package: "dropbear", Low: 22}), "fail " + ssh22},
		{"declared-for-loopback-listener-everywhere", declare(checks.Declaration{Program: "sshd", Scope: snapshot.ScopeLoopback}), "fail " + ssh22},
		{"declared-for-address-listener-everywhere", declare(checks.Declaration{Program: "sshd", Scope: snapshot.ScopeAddress}), "fail " + ssh22},
		{"declared-everywhere-listener-address", func(w *world) {
			one(tcp("192.0.2.1", 22, 10), sshdNow)(w)
			w.declared = []checks.Declaration{{Program: "sshd", Scope: snapshot.ScopeEverywhere}}
		}, "pass"},
		{"declared-template", func(w *world) {
			one(tcp("0.0.0.0", 99, 20), proc(20, "/opt/x", "x@one.service"))(w)
			w.declared = []checks.Declaration{{Unit: "x@.service"}}
		}, "pass"},
		{"declared-by-package-that-cannot-be-told", func(w *world) {
			declare(checks.Declaration{Package: "openssh-server"})(w)
			w.pkgErr = packages.ErrUnsupported
		}, "unknown unreadable | gap unreadable tcp 22 sshd"},
		{"accepted-by-administrator", func(w *world) {
			one(tcp("[::]", 22, 10), sshdNow)(w)
			w.baselines = accepted("tcp 22 v4 everywhere, v6 everywhere: package openssh-server, unit ssh.service, program /usr/sbin/sshd")
		}, "pass"},
		{"recorded-not-accepted", func(w *world) {
			one(tcp("[::]", 22, 10), sshdNow)(w)
			w.baselines = checks.NewBaselines(map[string]checks.Baseline{driftID: {Entries: []string{"tcp 22 v4 everywhere, v6 everywhere: package openssh-server"}}}, nil)
		}, "fail " + ssh22},
		{"accepted-narrower", func(w *world) {
			one(tcp("[::]", 22, 10), sshdNow)(w)
			w.baselines = accepted("tcp 22 v4 loopback: package openssh-server, unit ssh.service, program /usr/sbin/sshd")
		}, "fail " + ssh22},
		{"accepted-of-other-hands", func(w *world) {
			one(tcp("[::]", 22, 10), sshdNow)(w)
			w.baselines = accepted("tcp 22 v4 everywhere, v6 everywhere: package dropbear-bin, unit dropbear.service, program /usr/sbin/dropbear")
		}, "fail " + ssh22},
		{"udp-client-packaged", one(udp("0.0.0.0", 40000, 20), proc(20, "/usr/sbin/chronyd", "session-1.scope")), "pass"},
		{"udp-client-in-a-unit", one(udp("[::]", 40000, 20), proc(20, "/opt/x/agent", "x.service")), "pass"},
		{"udp-client-neither", one(udp("0.0.0.0", 40000, 20), proc(20, "/home/a/game", "session-1.scope")), "fail | low running undeclared udp dynamic game"},
		{"udp-low-port-is-no-client", one(udp("0.0.0.0", 5000, 20), proc(20, "/home/a/game", "session-1.scope")), "fail | medium running undeclared udp 5000 game"},
		{"udp-client-hidden-in-a-unit", one(inCgroup(hiddenOwner(udp("0.0.0.0", 40000)), "/system.slice/chrony.service")), "pass"},
		{"dhcp-client", one(udp("0.0.0.0", 68, 20), proc(20, "/usr/sbin/dhclient", "")), "pass"},
		{"dhcp-client-unpackaged", one(udp("0.0.0.0", 68, 20), proc(20, "/tmp/dhclient", "")), "fail | medium running undeclared udp 68 dhclient"},
		{"owner-hidden", one(hiddenOwner(tcp("0.0.0.0", 45321))), "unknown no_permission | gap no_permission tcp 45321"},
		{"owner-hidden-declared-by-unit", func(w *world) {
			one(inCgroup(hiddenOwner(tcp("0.0.0.0", 22)), "/system.slice/ssh.service"))(w)
			w.declared = []checks.Declaration{{Unit: "ssh.service"}}
		}, "pass"},
		{"processes-hidden", func(w *world) {
			one(tcp("0.0.0.0", 22))(w)
			w.missing = []snapshot.Missing{{What: snapshot.PartProcesses, Err: fs.ErrPermission}}
		}, "unknown no_permission | gap no_permission tcp 22"},
		{"kernel-with-enabled-unit", func(w *world) {
			one(tcp("[::]", 2049))(w)
			w.enabled = []units.Entry{enabledService("nfs-server.service")}
		}, "fail | low running undeclared tcp 2049 kernel"},
		{"kernel-by-the-unit-of-the-socket", func(w *world) {
			one(inCgroup(udp("0.0.0.0", 7000), "/system.slice/tunnel.service"))(w)
			w.enabled = []units.Entry{enabledService("tunnel.service")}
		}, "fail | low running undeclared udp 7000 tunnel.service"},
		{"kernel-wireguard", func(w *world) {
			one(udp("[::]", 51820))(w)
			w.enabled = []units.Entry{enabledService("wg-quick@wg0.service")}
		}, "fail | low running undeclared udp dynamic kernel"},
		{"kernel-without-a-unit", one(tcp("0.0.0.0", 2049)), "fail | medium running undeclared tcp 2049 kernel"},
		{"packaged-unit-not-enabled", func(w *world) {
			one(tcp("0.0.0.0", 22, 10), proc(10, "/usr/sbin/sshd", "session-3.scope"))(w)
		}, "fail | medium running undeclared tcp 22 sshd"},
		{"unpackaged-with-enabled-unit", func(w *world) {
			one(tcp("0.0.0.0", 99, 20), proc(20, "/usr/local/bin/x", "ssh.service"))(w)
		}, "fail | medium running undeclared tcp 99 x at /lib/systemd/system/ssh.service"},
		{"no-database-system-directory", func(w *world) {
			one(tcp("0.0.0.0", 22, 10), sshdNow)(w)
			w.packages = nil
		}, "fail " + ssh22},
		{"no-database-opt", func(w *world) {
			one(tcp("0.0.0.0", 22, 10), proc(10, "/opt/sshd", "ssh.service"))(w)
			w.packages = nil
		}, "fail | medium running undeclared tcp 22 sshd at /lib/systemd/system/ssh.service"},
		{"interpreter-in-a-local-unit", func(w *world) {
			one(tcp("0.0.0.0", 99, 20), proc(20, "/usr/bin/python3.11", "app.service"))(w)
			w.enabled = []units.Entry{enabledService("app.service")}
			w.units = map[string]*units.Unit{"app.service": {Name: "app.service", Fragment: "/etc/systemd/system/app.service"}}
		}, "fail | medium running undeclared tcp 99 python at /etc/systemd/system/app.service"},
		{"interpreter-in-a-packaged-unit", func(w *world) {
			one(tcp("0.0.0.0", 99, 20), proc(20, "/usr/bin/python3.11", "app.service"))(w)
			w.enabled = []units.Entry{enabledService("app.service")}
			w.units = map[string]*units.Unit{"app.service": {Name: "app.service", Fragment: "/usr/lib/systemd/system/app.service"}}
			w.packages["/usr/lib/systemd/system/app.service"] = "app"
		}, "fail | low running undeclared tcp 99 python at /usr/lib/systemd/system/app.service"},
		{"openrc-script-of-the-same-package", func(w *world) {
			one(tcp("0.0.0.0", 22, 10), proc(10, "/usr/sbin/sshd", ""))(w)
			w.processes[0].Exe, w.processes[0].Comm = "/sbin/openrc-init", "init"
			w.enabled = []units.Entry{{Kind: units.KindOpenRC, Name: "secure-shell", Place: units.Place{File: "/etc/init.d/secure-shell"}}}
			w.packages["/etc/init.d/secure-shell"] = "openssh-server"
		}, "fail | low running undeclared tcp 22 sshd"},
		{"socket-unit-process-1-alone", func(w *world) {
			one(tcp("[::]", 22, 1))(w)
			w.sockets = []*units.Unit{socketUnit("ssh.socket", "ssh.service", listen("tcp", "::", 22))}
			w.units["ssh.service"].Exec = []units.Command{{Path: "/usr/sbin/sshd"}}
			w.enabled = []units.Entry{{Kind: units.KindSocket, Name: "ssh.socket", Unit: w.sockets[0]}}
		}, "fail | low running undeclared tcp 22 sshd at /usr/lib/systemd/system/ssh.socket"},
		{"fork-of-process-1", func(w *world) {
			one(tcp("[::]", 22, 1, 61, 60, 62), proc(60, "/usr/sbin/sshd", "ssh.service"), proc(61, "/usr/lib/systemd/systemd", ""), proc(62, "/usr/lib/systemd/systemd", ""))(w)
			w.sockets = []*units.Unit{socketUnit("ssh.socket", "ssh.service", listen("tcp", "::", 22))}
			w.enabled = []units.Entry{{Kind: units.KindSocket, Name: "ssh.socket", Unit: w.sockets[0]}}
		}, "fail | low running undeclared tcp 22 sshd at /usr/lib/systemd/system/ssh.socket"},
		{"process-1-without-a-socket-unit", one(tcp("[::]", 22, 1)), "fail | medium running undeclared tcp 22 systemd"},
		{"service-that-stored-its-socket-with-process-1", one(tcp("[::]", 22, 1, 10), sshdNow), "fail " + ssh22},
		{"host-network-container", one(tcp("0.0.0.0", 80, 30), snapshot.Process{PID: 30, Exe: "/usr/sbin/sshd", Cgroup: "/system.slice/docker-" + strings.Repeat("a", 64) + ".scope", SameRoot: snapshot.No, MntNS: 7}), "fail | medium running undeclared tcp 80 sshd"},
		{"own-network-container", func(w *world) {
			one(tcp("127.0.0.1", 22, 10), sshdNow)(w)
			w.namespaces = []snapshot.Namespace{{Inode: 9, Listeners: []snapshot.Listener{tcp("0.0.0.0", 80)}}}
		}, "pass"},
		{"published-by-nat-alone", func(w *world) {
			w.listeners = nil
			w.containers = []*host.Container{{Name: "web", Engine: "docker", Published: []host.Published{{Proto: "tcp", Addr: netip.IPv4Unspecified(), Port: 8080, Inner: 80}, {Proto: "tcp", Addr: netip.MustParseAddr("127.0.0.1"), Port: 8081}}}}
		}, "fail | medium running undeclared tcp 8080 container web"},
		{"published-by-docker-proxy", func(w *world) {
			one(tcp("0.0.0.0", 8080, 40), proc(40, "/usr/bin/docker-proxy", "docker.service"))(w)
			w.packages["/usr/bin/docker-proxy"] = "docker.io"
			w.enabled = []units.Entry{enabledService("docker.service")}
			w.containers = []*host.Container{{Name: "web", Published: []host.Published{{Proto: "tcp", Addr: netip.IPv4Unspecified(), Port: 8080}}}}
		}, "fail | low running undeclared tcp 8080 docker-proxy"},
		{"containers-not-seen", func(w *world) {
			w.listeners = nil
			w.processes = append(w.processes, snapshot.Process{PID: 50, NetNS: 5, Cgroup: "/system.slice/docker-" + strings.Repeat("a", 64) + ".scope"})
			w.guests = []snapshot.Missing{{PID: 50, Err: fs.ErrPermission}}
		}, "unknown no_permission | gap no_permission containers"},
		{"tcp-table-not-read", func(w *world) {
			w.listeners = nil
			w.missing = []snapshot.Missing{{What: snapshot.PartTCP, Err: errors.New("x")}}
		}, "unknown unreadable | gap unreadable TCP sockets"},
		{"fork-shared", one(tcp("0.0.0.0", 80, 60, 61, 62), proc(60, "/usr/sbin/sshd", "ssh.service"), proc(61, "/usr/sbin/sshd", "ssh.service"), proc(62, "/tmp/helper", "ssh.service")), "fail " + ssh22[:len("| low running undeclared tcp ")] + "80 sshd at /lib/systemd/system/ssh.service"},
		{"held-by-a-stranger-too", one(tcp("0.0.0.0", 80, 60, 61, 62), proc(60, "/usr/sbin/sshd", "ssh.service"), proc(61, "/usr/sbin/sshd", "ssh.service"), proc(62, "/tmp/x", "session-1.scope")), "fail | medium running undeclared tcp 80 x " + ssh22[:len("| low running undeclared tcp ")] + "80 sshd at /lib/systemd/system/ssh.service"},
		{"deleted-program", func(w *world) {
			p := sshdNow
			p.ExeDeleted = true
			one(tcp("0.0.0.0", 22, 10), p)(w)
		}, "fail " + ssh22},
		{"pandora-port", one(tcp("0.0.0.0", 41121, 20), proc(20, "/opt/t/tentacle_server", "session-1.scope")), "fail | medium running undeclared tcp 41121 tentacle_server"},
		{"hostile-name", one(tcp("0.0.0.0", 99, 20), proc(20, "/tmp/a\nb\x1b[31m", "")), `fail | medium running undeclared tcp 99 a\nb\x1b[31m`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := bookworm()
			tc.with(&w)
			if tc.name == "declared-by-alias" { // only where the unit's files are known
				w.units = map[string]*units.Unit{"ssh.service": w.units["ssh.service"]}
			}
			r := w.runDeclared(t)
			if got := seen(r); got != tc.want {
				t.Errorf("got  %s\nwant %s\n%+v", got, tc.want, r.Findings)
			}
		})
	}
}

// TestDeclaredAlias: a declared alias is the unit it stands for.
func TestDeclaredAlias(t *testing.T) {
	w := bookworm()
	w.listeners = w.listeners[:3]
	w.units["sshd.service"] = w.units["ssh.service"]
	w.declared = []checks.Declaration{{Unit: "sshd"}}
	if got := seen(w.runDeclared(t)); got != "pass" {
		t.Error(got)
	}
}

// TestDeclaredWords: what a reader gets, and where pids go.
func TestDeclaredWords(t *testing.T) {
	w := bookworm()
	r := w.runDeclared(t)
	want := "reachable at every address, IPv4 and IPv6; program /usr/sbin/sshd; package openssh-server; unit ssh.service; user root; its program is of a package and started at boot"
	if got := string(r.Findings[1].Detail); got != want {
		t.Errorf("detail %q", got)
	}
	if r.Facts["outside"] != "3" || r.Facts["loopback"] != "1" || !strings.Contains(string(r.Facts["processes"]), "tcp 22 sshd: 10") {
		t.Errorf("facts %v", r.Facts)
	}
	if r.Summary != "2 listeners reachable from outside are neither declared nor accepted" {
		t.Errorf("summary %q", r.Summary)
	}
}

// TestDeclaredIsStable: other pids, order and versions give the same findings.
func TestDeclaredIsStable(t *testing.T) {
	a := world{processes: []snapshot.Process{proc(5, "/opt/app-1.2.3/bin/server", "app.service")}, listeners: []snapshot.Listener{tcp("0.0.0.0", 99, 5), tcp("::", 99, 5)}}
	b := world{processes: []snapshot.Process{proc(7, "/opt/app-1.3.0/bin/server", "app.service")}, listeners: []snapshot.Listener{tcp("[::]", 99, 7)}}
	ra, rb := a.runDeclared(t), b.runDeclared(t)
	if len(ra.Findings) != 1 || len(rb.Findings) != 1 || ra.Findings[0] != rb.Findings[0] {
		t.Errorf("%+v\n%+v", ra.Findings, rb.Findings)
	}
}
