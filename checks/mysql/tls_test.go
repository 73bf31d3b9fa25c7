package mysql

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

// TestTLSVerdicts judges running servers. The verdicts were written down before the check
// was (testdata/expected/mysql.md).
func TestTLSVerdicts(t *testing.T) {
	withTLS := selfSigned(t)
	socketRoot := maria("root", "localhost", "unix_socket", true, "")
	on, off := map[string]string{"require_secure_transport": "ON"}, map[string]string{"require_secure_transport": "OFF"}
	const (
		required = testTree + "-- etc/my.cnf mtime=2026-01-02T00:00:00Z --\n[mysqld]\nrequire_secure_transport=ON\n"
		older    = "-- run/mysqld/mysqld.sock mtime=2026-01-01T00:00:00Z --\n"
		younger  = "-- run/mysqld/mysqld.sock mtime=2026-01-03T00:00:00Z --\n"
		optional = "fail tls-optional=tcp 0.0.0.0:3306:low"
	)
	for _, tc := range []struct {
		name, tree, address string
		socket              script
		want                string
		outside             *script // nil = as the socket
	}{
		{"loopback", testTree, "127.0.0.1", script{user: "root@localhost", table: [][]string{socketRoot}}, "not_applicable absent", nil},
		{"required", testTree, "0.0.0.0", script{tls: withTLS, user: "root@localhost", table: [][]string{socketRoot}, variables: on}, "pass", nil},
		{"optional", testTree, "0.0.0.0", script{tls: withTLS, user: "root@localhost", table: [][]string{socketRoot, maria("app", "%", native, false, "")}, variables: off}, optional, nil},
		{"accounts-require-it", testTree, "0.0.0.0", script{tls: withTLS, user: "root@localhost", table: [][]string{socketRoot, maria("app", "%", native, false, "tls")}, variables: off}, "pass", nil},
		{"one-account-does-not", testTree, "0.0.0.0", script{tls: withTLS, user: "root@localhost", table: [][]string{socketRoot, maria("app", "%", native, false, "tls"), maria("bpp", "10.%", native, false, "")}, variables: off}, optional, nil},
		{"locked-account-does-not", testTree, "0.0.0.0", script{tls: withTLS, user: "root@localhost", table: [][]string{socketRoot, maria("bpp", "10.%", native, false, "locked")}, variables: off}, "pass", nil},
		{"off", testTree, "0.0.0.0", script{user: "root@localhost", table: [][]string{socketRoot, maria("app", "%", native, false, "tls")}, variables: off}, "fail tls-off=tcp 0.0.0.0:3306:low", nil},
		{"no-such-variable", testTree, "0.0.0.0", script{tls: withTLS, user: "root@localhost", table: [][]string{socketRoot, maria("app", "%", native, false, "")}, variables: map[string]string{}}, optional, nil},
		{"refused-off", testTree, "0.0.0.0", script{deny: 1045}, "fail tls-off=tcp 0.0.0.0:3306:low", nil},
		{"refused-optional", testTree, "0.0.0.0", script{tls: withTLS, deny: 1045}, optional, nil},
		{"refused-required", required + younger, "0.0.0.0", script{tls: withTLS, deny: 1045}, "pass", nil},
		{"refused-changed", required + older, "0.0.0.0", script{tls: withTLS, deny: 1045}, "unknown changed_meanwhile", nil},
		{"refused-start-unknown", required, "0.0.0.0", script{tls: withTLS, deny: 1045}, "unknown changed_meanwhile", nil},
		{"refused-options-unreadable", testTree + "-- etc/my.cnf err=permission --\n", "0.0.0.0", script{tls: withTLS, deny: 1045}, "unknown no_permission", nil},
		// An error in the place of the greeting says nothing about TLS.
		{"not-admitted-outside", required + younger, "0.0.0.0", script{tls: withTLS, deny: 1045}, "pass", &script{rogue: ungreeted(1130)}},
		{"blocked-outside", required + younger, "0.0.0.0", script{tls: withTLS, deny: 1045}, "pass", &script{rogue: ungreeted(1129)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			outside := tc.socket
			if tc.outside != nil {
				outside = *tc.outside
			}
			f := &fakes{t: t, ways: map[string]script{sock: tc.socket, out: outside, loop: tc.socket}}
			h := running(t, tc.tree, tcp(tc.address, 3306, 100))
			if got := line(t, sealWith(t, TLS(), h, fakeProber(f, 0))); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			f.finish()
		})
	}
}

// Ports for the members of a cluster are none that clients log in on.
func TestTLSOfClusterPorts(t *testing.T) {
	f := &fakes{t: t, ways: map[string]script{sock: {user: "root@localhost", table: [][]string{maria("root", "localhost", "unix_socket", true, "")}, variables: map[string]string{}}}}
	h := running(t, testTree, tcp("127.0.0.1", 3306, 100), tcp("0.0.0.0", 4567, 100))
	if got := line(t, sealWith(t, TLS(), h, fakeProber(f, 0))); got != "not_applicable absent" {
		t.Errorf("got %q", got)
	}
	f.finish()
}

// A server that is not asked again gets the verdict that it got when it was.
func TestTLSOfRememberedRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		server script
		want   string
	}{
		"off":      {script{deny: 1045}, "fail tls-off=tcp 0.0.0.0:3306:low"},
		"optional": {script{deny: 1045, tls: selfSigned(t)}, "fail tls-optional=tcp 0.0.0.0:3306:low"},
	} {
		t.Run(name, func(t *testing.T) {
			memory := checks.NewMemory(nil)
			for n := range 2 {
				h := running(t, testTree+"-- proc/sys/kernel/random/boot_id --\nb\n", tcp("0.0.0.0", 3306, 100))
				h.Snapshot.Processes[0].Start = 500
				f := &fakes{t: t, ways: map[string]script{sock: tc.server, out: tc.server}}
				p := fakeProber(f, 0)
				p.memory = memory
				if got := line(t, sealWith(t, TLS(), h, p)); got != tc.want {
					t.Errorf("audit %d: got %q, want %q", n+1, got, tc.want)
				}
				if want := 2 - 2*n; len(f.dials) != want {
					t.Errorf("audit %d: %d dials, want %d", n+1, len(f.dials), want)
				}
				f.finish()
				memory = checks.NewMemory(memory.Entries())
			}
		})
	}
}

// ungreeted answers a connection with an error.
func ungreeted(number uint16) func(net.Conn) {
	return func(c net.Conn) { (&packetizer{Conn: c}).deny(number) }
}

func TestTLSOfServersThatDoNotRun(t *testing.T) {
	const enabled = "\n-- usr/sbin/mariadbd mode=0755 --\n-- etc/systemd/system/multi-user.target.wants/mariadb.service -> /lib/systemd/system/mariadb.service --\n-- lib/systemd/system/mariadb.service --\n[Service]\nExecStart=/usr/sbin/mariadbd\n[Install]\nWantedBy=multi-user.target\n"
	for _, tc := range []struct{ name, tree, want string }{
		{"none", "", "not_applicable absent"},
		{"address-not-known", enabled + "-- etc/my.cnf --\n[mysqld]\nbind-address=db.internal\n", "unknown unsupported"},
		{"loopback", enabled + "-- etc/my.cnf --\n[mysqld]\nbind-address=127.0.0.1\n", "not_applicable absent"},
		{"outside", enabled + "-- etc/my.cnf --\n[mysqld]\nbind-address=0.0.0.0\n", "fail tls-optional=bind-address:low"},
		{"outside-required", enabled + "-- etc/my.cnf --\n[mysqld]\nbind-address=0.0.0.0\nrequire-secure-transport\n", "pass"},
		{"outside-required-too-old", strings.ReplaceAll(debianMaria, "10.11.18-0+deb12u1", "10.3.39-0+deb10u1") + debianEnabled + "-- etc/mysql/mariadb.conf.d/z.cnf --\n[mysqld]\nrequire-secure-transport\n", "unknown refused"},
		{"outside-refused", enabled + "-- etc/my.cnf --\nrequire-secure-transport\n", "unknown refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := hosttest.Load(t, tc.tree)
			if got := line(t, sealWith(t, TLS(), h, newProber(h))); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// A server in a container is judged by its options, where others can reach it.
// TestTLSGapsAreToldOnce: what keeps the options from being known is one gap.
func TestTLSGapsAreToldOnce(t *testing.T) {
	h := hosttest.Load(t, debianMaria+debianEnabled+"-- etc/mysql/mariadb.conf.d/50-server.cnf --\n[mysqld]\nno-such-option=1\n")
	rec := checks.NewRecorder(TLS())
	idleTLS(h, rec)
	if res := rec.Seal(); len(res.Gaps) != 1 || res.Status != checks.StatusUnknown {
		t.Errorf("%v, gaps %+v", res.Status, res.Gaps)
	}
}

func TestTLSInContainers(t *testing.T) {
	for _, tc := range []struct {
		name, options, published, want string
	}{
		{"published", "", "0.0.0.0", "fail tls-optional=container db: tcp 0.0.0.0:3306:low"},
		{"published-required", "require_secure_transport=1\n", "0.0.0.0", "pass"},
		{"published-to-loopback", "", "127.0.0.1", "not_applicable absent"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			in := hosttest.Live(hosttest.Load(t, "-- etc/my.cnf --\n[mysqld]\n"+tc.options), &snapshot.Snapshot{
				NetNS:     8,
				Processes: []snapshot.Process{{PID: 5, Comm: "mariadbd", Exe: "/usr/sbin/mariadbd", Args: []string{"mariadbd"}, SameRoot: snapshot.Yes, NetNS: 8, UID: 999, EUID: 999}},
				Listeners: []snapshot.Listener{tcp("0.0.0.0", 3306, 5)},
			})
			h := hosttest.Live(hosttest.Load(t, ""), &snapshot.Snapshot{NetNS: 9})
			h.Containers = []*host.Container{{
				Name: "db", Host: in, PortsKnown: true,
				Published: []host.Published{{Proto: "tcp", Addr: netip.MustParseAddr(tc.published), Port: 3306, Inner: 3306}},
			}}
			f := &fakes{t: t, ways: map[string]script{loop: {deny: 1045}}}
			if got := line(t, sealWith(t, TLS(), h, fakeProber(f, 0))); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
			if got := line(t, sealWith(t, Accounts(), h, fakeProber(f, 0))); got != "unknown unsupported" {
				t.Errorf("mysql.accounts: %q", got)
			}
			f.finish()
		})
	}
}

// A weak account that others may use makes an open listener worse.
func TestWeakOutside(t *testing.T) {
	socketRoot := maria("root", "localhost", "unix_socket", true, "")
	for _, tc := range []struct {
		name string
		rows [][]string
		want bool
	}{
		{"sound", [][]string{socketRoot, maria("app", "%", native, false, "")}, false},
		{"local", [][]string{socketRoot, maria("app", "localhost", native, true, "")}, false},
		{"locked", [][]string{socketRoot, maria("app", "%", native, true, "locked")}, false},
		{"empty", [][]string{socketRoot, maria("app", "10.%", native, true, "")}, true},
		{"listed", [][]string{socketRoot, mariaHash("app", "%", native, dragonHash, "")}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := &fakes{t: t, ways: map[string]script{sock: {user: "root@localhost", table: tc.rows}}}
			h := running(t, testTree)
			s := take(t.Context(), h, fakeProber(f, 0))
			env := &checks.Env{Host: h, Passwords: checks.PasswordSettings{Words: [][]byte{[]byte("dragon")}}}
			if got := s.servers[0].weakOutside(t.Context(), env); got != tc.want {
				t.Errorf("got %v", got)
			}
			f.finish()
			rec := checks.NewRecorder(Bind())
			open := running(t, testTree, tcp("0.0.0.0", 3306, 100))
			f = &fakes{t: t, ways: f.ways}
			take(t.Context(), open, fakeProber(f, 0))
			env.Host = open
			runBind(t.Context(), env, rec)
			want := "fail listens-outside=tcp 0.0.0.0:3306:low"
			if tc.want {
				want = "fail listens-outside=tcp 0.0.0.0:3306:medium"
			}
			if got := line(t, rec.Seal()); got != want {
				t.Errorf("mysql.bind: %q, want %q", got, want)
			}
			f.finish()
		})
	}
}
