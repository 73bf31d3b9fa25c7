package main_test

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// A listenerCase is one state of real daemons and what is expected of the two checks,
// written before they were run: "SEVERITY SUBJECT" of every finding and "gap REASON
// SUBJECT" of every gap, sorted; none is pass.
type listenerCase struct {
	name      string
	tree      string // beside the main one; "" = the main one
	prepare   func(*hosttest.RealHost)
	declared  []string
	cleartext []string
	notes     []string // subjects that cleartext notes: asked, and closed
}

const unitsTree = "units-bookworm"

func redis(h *hosttest.RealHost, port int, args ...string) {
	h.Start(append([]string{"/usr/bin/redis-server", "--save", "", "--port", fmt.Sprint(port)}, args...)...)
	if port != 0 {
		h.WaitListening(port)
	}
}

func memcached(h *hosttest.RealHost, addr string, port int, args ...string) {
	h.Start(append([]string{"/usr/bin/memcached", "-u", "memcache", "-l", addr, "-p", fmt.Sprint(port)}, args...)...)
	h.WaitListening(port)
}

// fakeTelnetd puts a program of the name where Debian's telnetd has it.
func fakeTelnetd(h *hosttest.RealHost) {
	h.WriteFile("/usr/sbin/in.telnetd", "#!/bin/sh\necho login:\n", 0o755)
}

var listenerCases = []listenerCase{
	{
		// No systemd, so no control group names a unit: the start links of the scripts and
		// the units whose programs they are tell that the daemons start at boot. MariaDB is
		// on loopback.
		name: "packagedServers",
		prepare: func(h *hosttest.RealHost) {
			h.SSHD(22)
			h.VSFTPD(21, vsftpdConfig)
			h.MariaDB()
		},
		declared: []string{"low tcp 21 vsftpd", "low tcp 22 sshd"},
	},
	{
		name: "startedByHand",
		prepare: func(h *hosttest.RealHost) {
			h.SSHD(22)
			listen(h, "/usr/bin/perl", "0.0.0.0", 8000)
			h.MustRun("cp", "/usr/bin/perl", "/usr/local/bin/app")
			listen(h, "/usr/local/bin/app", "0.0.0.0", 8001)
			listen(h, "/usr/local/bin/app", "127.0.0.1", 8002)
		},
		declared: []string{"low tcp 22 sshd", "medium tcp 8000 perl", "medium tcp 8001 app"},
	},
	{
		name: "redisOpen", tree: unitsTree,
		prepare: func(h *hosttest.RealHost) {
			redis(h, 6379, "--protected-mode", "no")
			redis(h, 7379, "--protected-mode", "no")
		},
		declared:  []string{"low tcp 6379 redis-server", "low tcp 7379 redis-server"},
		cleartext: []string{"high tcp 6379 Redis", "high tcp 7379 Redis"},
	},
	{
		name: "redisClosed", tree: unitsTree,
		prepare: func(h *hosttest.RealHost) {
			redis(h, 6379)
			redis(h, 6380, "--requirepass", "correct-9-horse-T7-battery")
			redis(h, 6381, "--protected-mode", "no", "--bind", "127.0.0.1", "-::1")
			redis(h, 0, "--protected-mode", "no", "--unixsocket", "/run/redis.sock")
		},
		declared: []string{"low tcp 6379 redis-server", "low tcp 6380 redis-server"},
		notes:    []string{"tcp 6379 Redis", "tcp 6380 Redis"},
	},
	{
		name: "memcached", tree: unitsTree,
		prepare: func(h *hosttest.RealHost) {
			memcached(h, "0.0.0.0", 11211)
			memcached(h, "127.0.0.1", 11212)
			memcached(h, "10.9.9.1", 11213, "-U", "11213")
			h.WaitPort("udp", 11213)
		},
		declared:  []string{"low tcp 11211 memcached", "low tcp 11213 memcached", "low udp 11213 memcached"},
		cleartext: []string{"high tcp 11211 memcached", "high tcp 11213 memcached", "high udp 11213 memcached"},
	},
	{
		name: "tftpd", tree: unitsTree,
		prepare: func(h *hosttest.RealHost) {
			h.Start("/usr/sbin/in.tftpd", "--listen", "--foreground", "--user", "tftp", "--secure", "/srv")
			h.WaitPort("udp", 69)
		},
		declared:  []string{"low udp 69 in.tftpd"},
		cleartext: []string{"high udp 69 TFTP"},
	},
	{
		name: "telnetBehindXinetd", tree: unitsTree,
		prepare: func(h *hosttest.RealHost) {
			fakeTelnetd(h)
			h.WriteFile("/etc/xinetd.d/telnet", "service telnet\n{\n\tdisable = no\n\tsocket_type = stream\n\twait = no\n\tuser = root\n\tserver = /usr/sbin/in.telnetd\n}\n", 0o644)
			h.Start("/usr/sbin/xinetd", "-dontfork")
			h.WaitListening(23)
		},
		declared:  []string{"low tcp 23 xinetd"},
		cleartext: []string{"high tcp 23 telnet"},
	},
	{
		name: "telnetInInetdConf", tree: unitsTree,
		prepare: func(h *hosttest.RealHost) {
			fakeTelnetd(h)
			h.WriteFile("/etc/inetd.conf", "telnet stream tcp nowait root /usr/sbin/in.telnetd in.telnetd\n", 0o644)
			h.WriteFile("/etc/default/xinetd", "XINETD_OPTS=\"-stayalive -inetd_compat\"\n", 0o644)
			h.Start("/usr/sbin/xinetd", "-dontfork", "-stayalive", "-inetd_compat")
			h.WaitListening(23)
		},
		declared:  []string{"low tcp 23 xinetd"},
		cleartext: []string{"high tcp 23 telnet"},
	},
	{
		// None of these is reached from outside as Debian configures it.
		name: "loopbackByDefault", tree: unitsTree,
		prepare: func(h *hosttest.RealHost) {
			h.MustRun("mkdir", "-p", "/run/chrony", "/run/cups")
			h.Start("/usr/sbin/chronyd", "-d", "-x", "-u", "root")
			h.WaitPort("udp", 323)
			h.Start("/usr/sbin/cupsd", "-f")
			h.WaitListening(631)
			h.MustRun("rm", "/etc/unbound/unbound.conf.d/root-auto-trust-anchor-file.conf") // of another package
			h.Start("/usr/sbin/unbound", "-d")
			h.WaitListening(53)
			h.Start("/usr/sbin/snmpd", "-f", "-Ln", "-C", "-I", "-smux", "--rocommunity=x", "udp:127.0.0.1:161")
			h.WaitPort("udp", 161)
			h.MustRun("postfix", "start")
			h.WaitListening(25)
		},
	},
	{
		name: "nameAndTimeServers", tree: unitsTree,
		prepare: func(h *hosttest.RealHost) {
			h.MustRun("mkdir", "-p", "/run/chrony")
			h.MustRun("install", "-d", "-o", "bind", "-g", "bind", "/run/named")
			h.WriteFile("/etc/chrony/conf.d/serve.conf", "allow 10.9.9.0/24\n", 0o644)
			h.Start("/usr/sbin/chronyd", "-d", "-x", "-u", "root")
			h.WaitPort("udp", 123)
			h.Start("/usr/sbin/named", "-f", "-u", "bind")
			h.WaitListening(53)
			h.WaitListening(953)
		},
		declared: []string{"low tcp 53 named", "low udp 123 chronyd", "low udp 53 named"},
	},
	{
		name: "webServers", tree: unitsTree,
		prepare: func(h *hosttest.RealHost) {
			h.WriteFile("/etc/apache2/ports.conf", "Listen 8080\nListen 127.0.0.1:8081\n", 0o644)
			h.MustRun("sh", "-c", ". /etc/apache2/envvars && mkdir -p $APACHE_RUN_DIR && exec /usr/sbin/apache2 -k start")
			h.Start("/usr/sbin/nginx", "-g", "daemon off;")
			h.WaitListening(8080)
			h.WaitListening(80)
		},
		declared: []string{"low tcp 80 nginx", "low tcp 8080 apache2"},
	},
	{
		name: "mailAndManagement", tree: unitsTree,
		prepare: func(h *hosttest.RealHost) {
			h.MustRun("postconf", "-e", "inet_interfaces=all")
			h.MustRun("postconf", "-Me", "submission/inet=submission inet n - y - - smtpd")
			h.MustRun("postfix", "start")
			h.WaitListening(25)
			h.WaitListening(587)
			h.WriteFile("/etc/dovecot/conf.d/99-test.conf", "service auth {\n  inet_listener {\n    port = 12345\n  }\n}\n", 0o644)
			h.Start("/usr/sbin/dovecot", "-F")
			h.WaitListening(12345)
			h.Start("/usr/sbin/snmpd", "-f", "-Ln", "-C", "-I", "-smux", "--rocommunity=x", "udp:161")
			h.WaitPort("udp", 161)
			h.MustRun("mkdir", "-p", "/run/rpcbind")
			h.Start("/usr/sbin/rpcbind", "-f")
			h.WaitListening(111)
		},
		declared: []string{"low tcp 111 rpcbind", "low tcp 12345 dovecot", "low tcp 25 master", "low tcp 587 master", "low udp 111 rpcbind", "low udp 161 snmpd"},
	},
	{
		// Its two sockets on ports of the kernel's choice are a client's.
		name: "avahi", tree: unitsTree,
		prepare: func(h *hosttest.RealHost) {
			h.WriteFile("/etc/avahi/avahi-daemon.conf", "[server]\nenable-dbus=no\n", 0o644)
			h.MustRun("mkdir", "-p", "/run/avahi-daemon")
			h.Start("/usr/sbin/avahi-daemon", "--no-drop-root", "--no-chroot", "--no-rlimits")
			h.WaitPort("udp", 5353)
		},
		declared: []string{"low udp 5353 avahi-daemon"},
	},
}

// listenersOf returns the findings and gaps of a result as a listenerCase has them.
func listenersOf(r checks.Result) []string {
	var list []string
	for _, f := range r.Findings {
		list = append(list, f.Severity.String()+" "+string(f.Subject))
	}
	for _, g := range r.Gaps {
		list = append(list, "gap "+string(g.Reason)+" "+string(g.Subject))
	}
	slices.Sort(list)
	return list
}

// TestRealListeners compares the verdicts on real daemons with the table above.
func TestRealListeners(t *testing.T) {
	hosttest.RequireReal(t)
	program := builtProgram(t)
	for _, c := range listenerCases {
		t.Run(c.name, func(t *testing.T) {
			h := listenerHost(t, program, c.tree)
			c.prepare(h)
			report := auditLive(t, h, "--only", "listeners.declared,listeners.cleartext")
			for id, want := range map[string][]string{"listeners.declared": c.declared, "listeners.cleartext": c.cleartext} {
				r := result(t, report, id)
				if diff := cmp.Diff(want, listenersOf(r)); diff != "" {
					t.Errorf("%s (-want +got)\n%s%+v\nnotes %v\nfacts %v\n%s", id, diff, r.Findings, r.Notes, r.Facts, h.MustRun("ss", "-Hlntup"))
				}
				if wantStatus := statusOf(want); r.Status != wantStatus {
					t.Errorf("%s: %s, want %s", id, r.Status, wantStatus)
				}
			}
			var notes []string
			for _, n := range result(t, report, "listeners.cleartext").Notes {
				notes = append(notes, string(n.Subject))
			}
			if diff := cmp.Diff(c.notes, notes); diff != "" {
				t.Errorf("notes of listeners.cleartext (-want +got)\n%s", diff)
			}
		})
	}
}

func statusOf(lines []string) checks.Status {
	if len(lines) == 0 {
		return pass
	}
	return fail
}

func listenerHost(t *testing.T, program, tree string) *hosttest.RealHost {
	t.Helper()
	if tree == "" {
		return realHost(t, program)
	}
	h := hosttest.NewRealHostOf(t, tree)
	h.Install(program, installed)
	return h
}

// TestRealDeclarations judges one host by several policies, and by a baseline that was
// accepted: what the administrator wrote decides, and nothing wider.
func TestRealDeclarations(t *testing.T) {
	hosttest.RequireReal(t)
	h := listenerHost(t, builtProgram(t), unitsTree)
	h.SSHD(22)
	redis(h, 6379, "--bind", "10.9.9.1")
	h.MustRun("cp", "/usr/bin/perl", "/usr/local/bin/app")
	listen(h, "/usr/local/bin/app", "0.0.0.0", 8001)
	const (
		ssh = "low tcp 22 sshd"
		db  = "low tcp 6379 redis-server"
		app = "medium tcp 8001 app"
	)
	all := []string{ssh, db, app}
	for _, tc := range []struct {
		name, policy string
		left         []string // of all
	}{
		{"nothing", "", all},
		{"byProgram", "program = \"sshd\"", []string{db, app}},
		{"byPath", "program = \"/usr/local/bin/app\"", []string{ssh, db}},
		{"byAnotherPath", "program = \"/usr/bin/app\"", all},
		{"byPackage", "package = \"openssh-server\"", []string{db, app}},
		{"byPackageOfRedis", "package = \"redis-server\"", []string{ssh, db, app}}, // the program is redis-tools'
		{"byUnit", "unit = \"ssh.service\"", []string{db, app}},
		{"byAliasOfUnit", "unit = \"sshd.service\"", []string{db, app}},
		{"byPort", "port = 8001", []string{ssh, db}},
		{"byRange", "port = \"6000-9000\"", []string{ssh}},
		{"byOtherProtocol", "port = 8001\nprotocol = \"udp\"", all},
		{"forLoopback", "program = \"sshd\"\nscope = \"loopback\"", all},
		{"forOneAddress", "port = 6379\nscope = \"address\"", []string{ssh, app}},
		{"forOneAddressEverywhere", "port = 22\nscope = \"address\"", all},
		{"programAndPort", "program = \"sshd\"\nport = 2222", all},
		{"everything", "port = 22\n[[listeners.declare]]\npackage = \"redis-tools\"\n[[listeners.declare]]\nprogram = \"app\"\nport = 8001", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			flags := []string{"--only", "listeners.declared"}
			if tc.policy != "" {
				h.WriteFile("/etc/test.toml", "[[listeners.declare]]\nreason = \"a test\"\n"+tc.policy+"\n", 0o600)
				flags = append(flags, "--config", "/etc/test.toml")
			}
			r := result(t, auditLive(t, h, flags...), "listeners.declared")
			if diff := cmp.Diff(slices.Sorted(slices.Values(tc.left)), listenersOf(r)); diff != "" {
				t.Errorf("(-want +got)\n%s%+v", diff, r)
			}
		})
	}
	t.Run("acceptedBaseline", func(t *testing.T) {
		if res := h.Run(installed, "baseline", "accept", "--only", "listeners.drift"); res.Exit != 0 {
			t.Fatalf("accept: exit %d\n%s%s", res.Exit, res.Stdout, res.Stderr)
		}
		r := result(t, auditLive(t, h, "--only", "listeners.declared"), "listeners.declared")
		if r.Status != pass || fmt.Sprint(r.Facts["accepted"]) != "4" {
			t.Errorf("all accepted: %s %q, facts %v", r.Status, listenersOf(r), r.Facts)
		}
		listen(h, "/usr/local/bin/app", "0.0.0.0", 8003)
		r = result(t, auditLive(t, h, "--only", "listeners.declared"), "listeners.declared")
		if diff := cmp.Diff([]string{"medium tcp 8003 app"}, listenersOf(r)); diff != "" {
			t.Errorf("a listener since (-want +got)\n%s", diff)
		}
	})
}

// TestRealTreesListeners judges trees of several releases by what starts at boot: what
// Debian enables and is known to listen is found, what does not as it is configured is
// not, and nothing of the packages is left open but what generators will make.
func TestRealTreesListeners(t *testing.T) {
	hosttest.RequireReal(t)
	program := builtProgram(t)
	found := []string{
		"apache2.service", "avahi-daemon.service", "dovecot.service", "haproxy.service", "memcached.service", "named.service",
		"nfs-server.service", "nginx.service", "postfix.service", "postgresql.service", "redis-server.service", "rpcbind.service",
		"snmpd.service", "ssh.service", "tcp 111 rpcbind.socket", "udp 111 rpcbind.socket", "unbound.service",
	}
	quiet := []string{
		"auditd", "autofs", "chrony", "cron", "cups", "fail2ban", "hostapd", "mdadm", "nfsdcld", "rpc-statd-notify", "rpc-svcgssd",
		"rsyslog", "smartmontools", "unattended-upgrades", "unbound-resolvconf", "uuidd",
	}
	for _, suite := range []string{"bullseye", "bookworm", "trixie", "sid"} {
		t.Run(suite, func(t *testing.T) {
			tree := hosttest.TreeOf(t, "units-"+suite)
			out, err := exec.Command(program, "--root", tree, "--format", "json", "--only", "listeners", "--fail-on", "never").Output()
			if err != nil {
				t.Fatal(err)
			}
			report := decoded(t, hosttest.Result{Stdout: string(out)})
			r := result(t, report, "listeners.declared")
			subjects := map[string]bool{}
			for _, f := range r.Findings {
				subjects[string(f.Subject)] = true
				if f.Severity != checks.SeverityLow || f.Evidence != checks.Configured || f.Location.File == "" {
					t.Errorf("finding %+v", f)
				}
			}
			for _, subject := range found {
				if !subjects[subject] {
					t.Errorf("%s is not found", subject)
				}
			}
			for _, name := range quiet {
				if subjects[name] || subjects[name+".service"] {
					t.Errorf("%s does not listen as Debian configures it", name)
				}
			}
			for _, g := range r.Gaps {
				if !strings.Contains(string(g.Location.File), "/system-generators/") {
					t.Errorf("gap %+v", g)
				}
			}
			if drift := result(t, report, "listeners.drift"); drift.Status != na || drift.Reason != checks.ReasonNotObservable {
				t.Errorf("listeners.drift: %s %s", drift.Status, drift.Reason)
			}
		})
	}
}

// TestRealListenersOrdinaryUser: without root the listeners are seen and their owners
// are not; that is no pass, and the exit status says so.
func TestRealListenersOrdinaryUser(t *testing.T) {
	hosttest.RequireReal(t)
	h := realHost(t, builtProgram(t))
	h.SSHD(22)
	h.VSFTPD(21, vsftpdConfig)
	h.MariaDB()
	res := h.Run("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", installed, "--format", "json", "--only", "listeners.declared")
	if res.Exit != 3 {
		t.Errorf("exit status %d, want 3\n%s", res.Exit, res.Stderr)
	}
	r := result(t, decoded(t, res), "listeners.declared")
	if r.Status != checks.StatusUnknown || r.Reason != checks.ReasonNoPermission {
		t.Errorf("%s %s, want unknown no_permission", r.Status, r.Reason)
	}
	if diff := cmp.Diff([]string{"gap no_permission tcp 21", "gap no_permission tcp 22"}, listenersOf(r)); diff != "" {
		t.Errorf("(-want +got)\n%s%+v", diff, r)
	}
	if strings.Contains(res.Stdout, "3306") {
		t.Errorf("a listener of loopback is told:\n%s", res.Stdout)
	}
}
