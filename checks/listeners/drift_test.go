package listeners

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

// record is the baseline that a first run makes of a world.
func (w world) record(t testing.TB) []string {
	t.Helper()
	w.baselines = checks.NewBaselines(nil, nil)
	w.runDrift(t)
	lines, ok := w.baselines.Seen(driftID)
	if !ok {
		t.Fatal("nothing was observed")
	}
	return lines
}

func TestDriftRecords(t *testing.T) {
	w := bookworm()
	w.listeners = append(w.listeners, udp("0.0.0.0", 40000, 13), tcp("0.0.0.0", 45000, 13), tcp("[::]?", 80, 13))
	w.processes[4].Cgroup = "/system.slice/app.service"
	want := []string{
		"tcp 21 v4 everywhere, v6 everywhere: package vsftpd, unit vsftpd.service, program /usr/sbin/vsftpd",
		"tcp 22 v4 everywhere, v6 everywhere: package openssh-server, unit ssh.service, program /usr/sbin/sshd",
		"tcp 3306 v4 loopback: package mariadb-server-core, unit mariadb.service, program /usr/sbin/mariadbd",
		"tcp 80 v4 unclear, v6 everywhere: package python3.11-minimal, unit app.service, program /usr/bin/python*",
		"tcp dynamic v4 everywhere: package python3.11-minimal, unit app.service, program /usr/bin/python*",
	}
	if diff := cmp.Diff(want, w.record(t)); diff != "" {
		t.Error(diff)
	}
}

func TestDrift(t *testing.T) {
	type change = func(*world)
	none := func(*world) {}
	listeners := func(l ...snapshot.Listener) change { return func(w *world) { w.listeners = l } }
	sshSocket := socketUnit("ssh.socket", "ssh.service", listen("tcp", "::", 22))
	bySocket := func(pids ...int) change {
		return func(w *world) {
			w.listeners = []snapshot.Listener{tcp("[::]", 22, pids...)}
			w.sockets = []*units.Unit{sshSocket}
			w.units["ssh.service"].Exec = []units.Command{{Path: "/usr/sbin/sshd"}}
		}
	}
	program := func(exe, unit, pkg string, l ...snapshot.Listener) change {
		return func(w *world) {
			w.processes = append(w.processes, proc(50, exe, unit))
			if pkg != "" {
				w.packages[exe] = pkg
			}
			w.listeners = l
		}
	}
	for _, tc := range []struct {
		name        string
		before, now change
		want        string
		notes       []string
	}{
		{"nothing-changed", none, none, "pass", nil},
		{"reboot", none, func(w *world) {
			for i := range w.processes[1:] {
				w.processes[i+1].PID += 500
			}
			for i := range w.listeners {
				w.listeners[i].PIDs[0] += 500
				w.listeners[i].Inodes = []uint64{uint64(i)}
			}
			slices.Reverse(w.listeners)
		}, "pass", nil},
		{"package-upgraded-program-deleted", none, func(w *world) { w.processes[1].ExeDeleted = true }, "pass", nil},
		{"version-in-the-path-of-a-package", program("/usr/lib/postgresql/15/bin/postgres", "postgresql@15-main.service", "postgresql-15", tcp("0.0.0.0", 5432, 50)), program("/usr/lib/postgresql/16/bin/postgres", "postgresql@16-main.service", "postgresql-16", tcp("0.0.0.0", 5432, 50)), "pass", nil},
		{"version-in-the-path-without-a-package", program("/opt/app-1.2.3/bin/app", "", "", tcp("0.0.0.0", 99, 50)), program("/opt/app-2.0/bin/app", "", "", tcp("0.0.0.0", 99, 50)), "pass", nil},
		{"hand-over-of-the-socket", bySocket(1), bySocket(1, 10), "pass", nil},
		{"service-ends", bySocket(1, 10), bySocket(1), "pass", nil},
		{"socket-unit-turned-off", bySocket(1, 10), listeners(tcp("[::]", 22, 10)), "pass", nil},
		{"two-sockets-become-one-dual", listeners(tcp("0.0.0.0", 22, 10), tcp("::", 22, 10)), listeners(tcp("[::]", 22, 10)), "pass", nil},
		{"one-dual-becomes-two", listeners(tcp("[::]", 22, 10)), listeners(tcp("0.0.0.0", 22, 10), tcp("::", 22, 10)), "pass", nil},
		{"v6only-not-told-before", listeners(tcp("[::]?", 22, 10)), listeners(tcp("[::]", 22, 10)), "pass", nil},
		{"v6only-not-told-now", listeners(tcp("::", 22, 10)), listeners(tcp("[::]?", 22, 10)), "pass", nil},
		{"random-rpc-port", listeners(tcp("0.0.0.0", 40001, 10)), listeners(tcp("0.0.0.0", 50002, 10)), "pass", nil},
		{"other-lease", listeners(tcp("192.0.2.1", 22, 10)), listeners(tcp("192.0.2.77", 22, 10)), "pass", nil},
		{"loopback-in-the-other-family", listeners(tcp("127.0.0.1", 25, 10)), listeners(tcp("127.0.0.1", 25, 10), tcp("::1", 25, 10)), "pass", nil},
		{"client-socket-comes", none, func(w *world) { w.listeners = append(w.listeners, udp("0.0.0.0", 44444, 10)) }, "pass", nil},
		{
			"loopback-becomes-everywhere", none, func(w *world) { w.listeners[0] = tcp("0.0.0.0", 3306, 12) },
			"fail | medium running widened tcp 3306 v4 everywhere: package mariadb-server-core, unit mariadb.service, program /usr/sbin/mariadbd", nil,
		},
		{
			"ipv4-alone-becomes-both", listeners(tcp("0.0.0.0", 22, 10)), listeners(tcp("[::]", 22, 10)),
			"fail | medium running widened tcp 22 v4 everywhere, v6 everywhere: package openssh-server, unit ssh.service, program /usr/sbin/sshd", nil,
		},
		{
			"further-port", none, func(w *world) { w.listeners = append(w.listeners, tcp("0.0.0.0", 2222, 10)) },
			"fail | medium running added tcp 2222 v4 everywhere: package openssh-server, unit ssh.service, program /usr/sbin/sshd", nil,
		},
		{
			"further-port-on-loopback", none, func(w *world) { w.listeners = append(w.listeners, tcp("127.0.0.1", 2222, 10)) },
			"fail | medium running added tcp 2222 v4 loopback: package openssh-server, unit ssh.service, program /usr/sbin/sshd", nil,
		},
		{
			"further-protocol", listeners(tcp("0.0.0.0", 53, 10)), listeners(tcp("0.0.0.0", 53, 10), udp("0.0.0.0", 53, 10)),
			"fail | medium running added udp 53 v4 everywhere: package openssh-server, unit ssh.service, program /usr/sbin/sshd", nil,
		},
		{
			"same-port-other-package", listeners(tcp("0.0.0.0", 22, 10)), program("/usr/sbin/dropbear", "dropbear.service", "dropbear-bin", tcp("0.0.0.0", 22, 50)),
			"fail | medium running changed-hands tcp 22 v4 everywhere: package dropbear-bin, unit dropbear.service, program /usr/sbin/dropbear",
			[]string{},
		},
		{
			"same-unit-program-of-no-package", listeners(tcp("0.0.0.0", 22, 10)), program("/usr/local/sbin/sshd", "ssh.service", "", tcp("0.0.0.0", 22, 50)),
			"fail | medium running changed-hands tcp 22 v4 everywhere: no package, unit ssh.service, program /usr/local/sbin/sshd",
			[]string{},
		},
		{
			"interpreter-of-another-unit", program("/usr/bin/python3.11", "a.service", "python3.11-minimal", tcp("0.0.0.0", 99, 50)), program("/usr/bin/python3.11", "b.service", "python3.11-minimal", tcp("0.0.0.0", 99, 50)),
			"fail | medium running changed-hands tcp 99 v4 everywhere: package python3.11-minimal, unit b.service, program /usr/bin/python*",
			[]string{},
		},
		{"interpreter-of-the-same-unit", program("/usr/bin/python3.11", "a.service", "python3.11-minimal", tcp("0.0.0.0", 99, 50)), program("/usr/bin/python3.13", "a.service", "python3.13-minimal", tcp("0.0.0.0", 99, 50)), "pass", nil},
		{"package-database-not-read-now", none, func(w *world) { w.packages = nil }, "pass", nil},
		{"package-renamed", program("/usr/sbin/mariadbd", "mariadb.service", "mariadb-server-core-10.5", tcp("0.0.0.0", 3306, 50)), program("/usr/sbin/mariadbd", "mariadb.service", "mariadb-server-core", tcp("0.0.0.0", 3306, 50)), "pass", nil},
		{"narrower", listeners(tcp("0.0.0.0", 22, 10)), listeners(tcp("127.0.0.1", 22, 10)), "pass", []string{"tcp 22 v4 loopback: package openssh-server, unit ssh.service, program /usr/sbin/sshd"}},
		{"gone", none, func(w *world) { w.listeners = w.listeners[:3] }, "pass", []string{"tcp 21 v4 everywhere, v6 everywhere: package vsftpd, unit vsftpd.service, program /usr/sbin/vsftpd"}},
		{"hidden-owner", none, func(w *world) { w.listeners[3] = hiddenOwner(w.listeners[3]) }, "unknown no_permission | gap no_permission tcp 21", nil},
		{"other-namespace", none, func(w *world) {
			w.namespaces = []snapshot.Namespace{{Listeners: []snapshot.Listener{tcp("0.0.0.0", 80)}}}
		}, "pass", nil},
		{"container-made-anew", func(w *world) { publish(w, "web") }, func(w *world) { publish(w, "web") }, "pass", nil},
		{"published-port-of-another-container", func(w *world) { publish(w, "web") }, func(w *world) { publish(w, "evil") }, "fail | medium running changed-hands tcp 8080 v4 everywhere: container evil", []string{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			before, now := bookworm(), bookworm()
			tc.before(&before)
			tc.now(&now)
			now.baselines = accepted(before.record(t)...)
			r := now.runDrift(t)
			if got := seen(r); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			var notes []string
			for _, n := range r.Notes {
				notes = append(notes, string(n.Subject))
			}
			if diff := cmp.Diff(strings.Join(tc.notes, "\n"), strings.Join(notes, "\n")); diff != "" {
				t.Error(diff)
			}
			// What a report tells of is what the next baseline holds.
			if lines, ok := now.baselines.Seen(driftID); ok {
				for _, f := range r.Findings {
					if !slices.Contains(lines, string(f.Subject)) {
						t.Errorf("%q is not among the lines", f.Subject)
					}
				}
				again := bookworm()
				tc.now(&again)
				again.baselines = accepted(lines...)
				if got := seen(again.runDrift(t)); got != "pass" {
					t.Errorf("accepted, it is still %s", got)
				}
			} else if r.Status != checks.StatusUnknown {
				t.Error("a complete list was not observed")
			}
		})
	}
}

func publish(w *world, container string) {
	w.containers = []*host.Container{{Name: container, Published: []host.Published{{Proto: "tcp", Addr: netip.IPv4Unspecified(), Port: 8080, Inner: 80}}}}
}

func TestDriftBaselines(t *testing.T) {
	hidden := bookworm()
	hidden.listeners[0] = hiddenOwner(hidden.listeners[0])
	for _, tc := range []struct {
		name      string
		world     world
		baselines *checks.Baselines
		want      string
		fact      string
		observed  bool
	}{
		{"none-recorded", bookworm(), checks.NewBaselines(nil, nil), "not_applicable absent", "none", true},
		{"none-recorded-owners-hidden", hidden, checks.NewBaselines(nil, nil), "unknown no_permission | gap no_permission tcp 3306", "none", false},
		{"damaged", bookworm(), checks.NewBaselines(nil, map[string]string{driftID: "it is cut"}), "unknown unreadable | gap unreadable baseline", "damaged", true},
		{"not-understood", bookworm(), accepted("tcp 22 sshd"), "fail", "accepted 2026-01-01T00:00:00Z", true},
		{"not-reviewed", bookworm(), checks.NewBaselines(map[string]checks.Baseline{driftID: {Recorded: "2026-01-01T00:00:00Z", Entries: bookworm().record(t)}}, nil), "pass", "recorded 2026-01-01T00:00:00Z, not reviewed", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.world.baselines = tc.baselines
			r := tc.world.runDrift(t)
			if got := seen(r); got != tc.want && (tc.want != "fail" || r.Status != checks.StatusFail || len(r.Gaps) != 1) {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
			if r.Facts["baseline"] != checks.Text(tc.fact) {
				t.Errorf("facts %v", r.Facts)
			}
			if _, ok := tc.baselines.Seen(driftID); ok != tc.observed {
				t.Errorf("observed: %v", ok)
			}
		})
	}
	t.Run("ordinary-user", func(t *testing.T) {
		rec := checks.NewRecorder(Drift())
		runDrift(t.Context(), &checks.Env{Host: hosttest.Live(hosttest.Load(t, ""), &snapshot.Snapshot{})}, rec)
		if got := seen(rec.Seal()); got != "not_applicable not_asked" {
			t.Error(got)
		}
	})
	t.Run("image", func(t *testing.T) {
		if needs := Drift().Needs; !needs.Live || !needs.Baseline {
			t.Errorf("needs %+v: the runner must answer for an image", needs)
		}
	})
}

// FuzzLine: what is understood is written back as it was, and needs no escaping.
func FuzzLine(f *testing.F) {
	for _, seed := range []string{
		"tcp 22 v4 everywhere, v6 everywhere: package openssh-server, unit ssh.service, program /usr/sbin/sshd",
		"udp dynamic v4 unclear, v6 everywhere: socket a.socket, no package, program /opt/a%20b", "tcp 2049 v6 everywhere: kernel", "tcp 8080 v4 address: container web",
		"tcp 1 v4 none: unknown", "tcp 0 v4 loopback: unknown", "tcp 5 v4 loopback: unknown",
	} {
		f.Add(seed, "/opt/x y", "a\\x2d.service")
	}
	f.Fuzz(func(t *testing.T, text, program, unit string) {
		if l, err := parseLine(text); err == nil && l.String() != text {
			t.Errorf("%q became %q", text, l.String())
		}
		l := line{proto: "tcp", port: 7, reach: reach{v4: classEverywhere}, hands: handsOf(owner{program: program, service: unit, socket: unit, pkg: program, container: ""})}
		if back, err := parseLine(l.String()); err != nil || back != l {
			t.Errorf("%q read back as %+v: %v", l.String(), back, err)
		}
		if clean := checks.Clean(l.String()); string(clean) != l.String() {
			t.Errorf("%q is escaped to %q", l.String(), clean)
		}
		if !sameHands(l.hands, l.hands) && l.hands.String() != "unknown" && !(interpreter(l.hands.program) && l.hands.unit == "" && l.hands.program == "") {
			t.Errorf("%+v is not itself", l.hands)
		}
	})
}

func TestNormalProgram(t *testing.T) {
	for in, want := range map[string]string{
		"/usr/sbin/sshd": "/usr/sbin/sshd", "/usr/sbin/sshd (deleted)": "/usr/sbin/sshd",
		"/usr/lib/postgresql/15/bin/postgres": "/usr/lib/postgresql/*/bin/postgres", "/opt/app-1.2.3/x": "/opt/app-*/x", "/opt/app-2/x": "/opt/app-*/x",
		"/usr/bin/python3.11": "/usr/bin/python*", "/usr/bin/python3": "/usr/bin/python3", "/usr/sbin/php-fpm8.2": "/usr/sbin/php-fpm*",
		"/usr/lib/jvm/java-17-openjdk-amd64/bin/java": "/usr/lib/jvm/java-*-openjdk-amd64/bin/java", "/snap/lxd/24322/bin/lxd": "/snap/lxd/*/bin/lxd",
		"/nix/store/0c5aw3rdgwl1l8mr1pqgq0nnzxbqzv2b-nginx-1.24.0/bin/nginx": "/nix/store/*-nginx-*/bin/nginx", "/opt/v2/x": "/opt/v*/x", "/usr/lib64/x": "/usr/lib64/x",
		"/usr/sbin/apache2": "/usr/sbin/apache2", "": "",
	} {
		if got := normalProgram(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestStableUnit(t *testing.T) {
	for in, want := range map[string]string{
		"ssh.service": "ssh.service", "session-3.scope": "", "user@1000.service": "", "run-r0123456789abcdef.service": "", "run-u12.service": "",
		"ssh@5-192.0.2.1:22-192.0.2.9:51234.service": "ssh@.service", "postgresql@15-main.service": "postgresql@15-main.service", "": "", "runner.service": "runner.service",
		"run-postgres.service": "run-postgres.service", "run-p7-i8.service": "", "run-rabbit.service": "run-rabbit.service",
	} {
		if got := stableUnit(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
