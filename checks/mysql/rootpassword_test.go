package mysql

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

const (
	sock = "unix /run/mysqld/mysqld.sock"
	loop = "tcp 127.0.0.1:3306"
	out  = "tcp 10.9.9.1:3306"

	sockOther = "another " + sock // dialled as another user of the host

	mysql9   = "9.7.4"
	testTime = 600 * time.Millisecond
	testTree = `
-- usr/sbin/mariadbd mode=0755 --
-- etc/mysql/my.cnf --
[client-server]
!includedir /etc/mysql/mariadb.conf.d/
-- etc/mysql/mariadb.conf.d/50-server.cnf --
[mariadbd]
bind-address = 127.0.0.1
`
)

func tcp(addr string, port uint16, pids ...int) snapshot.Listener {
	return snapshot.Listener{Proto: "tcp", Addr: netip.MustParseAddr(addr), Port: port, UID: 104, PIDs: pids, Inodes: []uint64{7}}
}

// running is a live host with one server that has those listeners.
func running(t testing.TB, tree string, listeners ...snapshot.Listener) *host.Host {
	return hosttest.Live(hosttest.Load(t, tree), &snapshot.Snapshot{
		NetNS: 9,
		Processes: []snapshot.Process{{
			PID: 100, Comm: "mariadbd", Exe: "/usr/sbin/mariadbd", Args: []string{"/usr/sbin/mariadbd"},
			UID: 104, EUID: 104, NetNS: 9, SameRoot: snapshot.Yes,
		}},
		Listeners: listeners,
		Unix:      []snapshot.UnixSocket{{Path: "/run/mysqld/mysqld.sock", PIDs: []int{100}, Type: "stream"}},
	})
}

func fakeProber(f *fakes, euid int) *prober {
	another := func(ctx context.Context, network, address string) (net.Conn, error) {
		return f.dial(ctx, "another "+network, address)
	}
	return &prober{dial: f.dial, other: another, euid: euid, limit: testTime, own: func() ([]net.Addr, error) {
		return []net.Addr{
			&net.IPNet{IP: net.IPv4(127, 0, 0, 1), Mask: net.CIDRMask(8, 32)},
			&net.IPNet{IP: net.IPv4(10, 9, 9, 1), Mask: net.CIDRMask(24, 32)},
		}, nil
	}}
}

// seal runs the check and prints what matters of the verdict.
func seal(t testing.TB, h *host.Host, p *prober) (checks.Result, string) {
	rec := checks.NewRecorder(RootPassword())
	runRootPassword(t.Context(), h, p, rec)
	res := rec.Seal()
	text := fmt.Sprintf("%+v", res)
	if strings.Contains(text, "SECRET") {
		t.Errorf("text of the server in the result: %s", text)
	}
	words := []string{res.Status.String()}
	if res.Reason != "" {
		words = append(words, string(res.Reason))
	}
	for _, f := range res.Findings {
		words = append(words, f.Kind+"="+strings.TrimSuffix(string(f.Subject), " at /run/mysqld/mysqld.sock"))
	}
	return res, strings.Join(words, " ")
}

// someHash is what stands in an account table for a password nobody guesses.
const someHash = "*0123456789ABCDEF0123456789ABCDEF01234567"

// maria is a row of the global_priv query: account, then top-level login, then
// alternatives ("" = the place of the top level, "?" at the end = nothing is stored).
// empty says that nothing is stored for the top level.
func maria(user, from, plugin string, empty bool, flags string, or ...string) []string {
	hash := someHash
	if empty {
		hash = ""
	}
	return mariaHash(user, from, plugin, hash, flags, or...)
}

func mariaHash(user, from, plugin, hash, flags string, or ...string) []string {
	bit := func(b bool) string {
		if b {
			return "1"
		}
		return "0"
	}
	row := []string{
		user, from, bit(!strings.Contains(flags, "invalid")), bit(strings.Contains(flags, "locked")),
		bit(strings.Contains(flags, "expired")), fmt.Sprint(len(or)), bit(strings.Contains(flags, "tls")), bit(strings.Contains(flags, "x509")), plugin, hash,
	}
	for i := range maxAlternatives {
		switch {
		case i >= len(or):
			row = append(row, "", "")
		case strings.HasSuffix(or[i], "?"):
			row = append(row, strings.TrimSuffix(or[i], "?"), "")
		default:
			row = append(row, or[i], someHash)
		}
	}
	return row
}

const native = "mysql_native_password"

// TestProbeTable has the rows of what a probe sees. The expected verdicts were
// written down from the servers' behaviour before the check was.
func TestProbeTable(t *testing.T) {
	let := func(user string, rows ...[]string) script { return script{user: user, table: rows} }
	no := func(n uint16) script { return script{deny: n} }
	for _, tc := range []struct {
		name  string
		euid  int
		where string // "none", "local" or "all": what the server listens on
		ways  map[string]script
		want  string
		dials int
	}{
		// With the account table, one connection answers.
		{"packaged-default", 0, "all", map[string]script{sock: let("root@localhost", maria("root", "localhost", native, false, "", "", "unix_socket?"))}, "pass", 1},
		{"socket-only", 0, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", "unix_socket", true, ""))}, "pass", 1},
		{"table-newer-than-server", 0, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", native, false, ""))}, "fail empty-password=root@localhost", 1},
		{"plugins-as-typed", 0, "all", map[string]script{sock: let("root@localhost", maria("root", "localhost", "ED25519", false, "", "", "UNIX_SOCKET?"))}, "pass", 1},
		{"socket-as-other-user", 0, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", "unix_socket", false, ""))}, "pass", 1},
		{"empty-or-socket", 0, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", native, true, "", "", "unix_socket?"))}, "fail empty-password=root@localhost", 1},
		{"socket-or-empty", 0, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", "unix_socket", true, "", "", native+"?"))}, "fail empty-password=root@localhost", 1},
		{"empty", 0, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", native, true, ""))}, "fail empty-password=root@localhost", 1},
		{"no-plugin-named", 0, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", "", true, ""))}, "fail empty-password=root@localhost", 1},
		{"any-host-empty", 0, "all", map[string]script{sock: let("root@localhost", maria("root", "localhost", "unix_socket", true, ""), maria("root", "%", native, true, ""))}, "fail empty-password=root@%", 1},
		{"locked-empty", 0, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", "unix_socket", true, ""), maria("root", "%", native, true, "locked"))}, "pass", 1},
		{"expired-empty", 0, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", "unix_socket", true, ""), maria("root", "%", native, true, "expired"))}, "fail empty-password=root@%", 1},
		{"pam", 0, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", "pam", false, "", "", "unix_socket?"))}, "unknown unsupported", 1},
		{"ed25519", 0, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", "ed25519", false, "", "", "unix_socket?"))}, "pass", 1},
		{"ed25519-nothing-stored", 0, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", "ed25519", true, "", "", "unix_socket?"))}, "pass", 1},
		{"damaged-json", 0, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", "unix_socket", true, ""), maria("root", "::1", native, false, "invalid"))}, "unknown unsupported", 1},
		{"many-alternatives", 0, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", "unix_socket", true, "", "", "unix_socket", "ed25519", "ed25519", "ed25519", "ed25519", "ed25519"))}, "unknown unsupported", 1},
		{"anonymous-beside-root", 0, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", "unix_socket", true, ""), maria("", "localhost", native, true, ""))}, "pass", 1},
		{"mysql-auth-socket", 0, "local", map[string]script{sock: {version: mysql9, plugin: "caching_sha2_password", user: "root@localhost", table: [][]string{{"root", "localhost", "auth_socket", "", "0", "0", "0", "0", "0", ""}}}}, "pass", 1},
		{"mysql-sha2-empty", 0, "local", map[string]script{sock: {version: mysql9, plugin: "caching_sha2_password", user: "root@localhost", table: [][]string{{"root", "localhost", "caching_sha2_password", "", "0", "0", "0", "0", "0", ""}}}}, "fail empty-password=root@localhost", 1},
		{"mysql-sha2-set-elsewhere", 0, "local", map[string]script{sock: {version: mysql9, user: "root@localhost", table: [][]string{{"root", "localhost", "auth_socket", "", "0", "0", "0", "0", "0", ""}, {"root", "%", "caching_sha2_password", "x", "0", "0", "0", "0", "0", ""}}}}, "pass", 1},
		{"mysql-locked", 0, "local", map[string]script{sock: {version: mysql9, user: "root@localhost", table: [][]string{{"root", "localhost", "auth_socket", "", "0", "0", "0", "0", "0", ""}, {"root", "%", "sha256_password", "", "1", "0", "0", "0", "0", ""}}}}, "pass", 1},
		{"mysql-expired", 0, "local", map[string]script{sock: {version: mysql9, user: "root@localhost", table: [][]string{{"root", "%", "sha256_password", "", "0", "1", "0", "0", "0", ""}}}}, "fail empty-password=root@%", 1},
		{"mysql-second-factor", 0, "local", map[string]script{sock: {version: mysql9, user: "root@localhost", table: [][]string{{"root", "localhost", "auth_socket", "", "0", "0", "0", "0", "0", ""}, {"root", "%", "caching_sha2_password", "", "0", "0", "0", "0", "1", ""}}}}, "unknown unsupported", 1},
		{"mysql-certificate", 0, "local", map[string]script{sock: {version: mysql9, user: "root@localhost", table: [][]string{{"root", "localhost", "auth_socket", "", "0", "0", "0", "0", "0", ""}, {"root", "%", "caching_sha2_password", "", "0", "0", "1", "1", "0", ""}}}}, "pass", 1},
		{"certificate", 0, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", "unix_socket", true, ""), maria("root", "%", native, true, "tls x509"))}, "pass", 1},
		// Without it.
		{"table-refused", 0, "local", map[string]script{sock: {user: "root@localhost", denyTable: 1142}, loop: no(1698)}, "pass", 2},
		{"table-refused-and-empty", 0, "local", map[string]script{sock: {user: "root@localhost", denyTable: 1142}, loop: {user: "root@localhost", denyTable: 1142}}, "fail empty-password=root@localhost", 2},
		{"table-refused-not-admitted", 0, "local", map[string]script{sock: {user: "root@localhost", denyTable: 1142}, loop: no(1130)}, "unknown unsupported", 2},
		{"old-server", 0, "local", map[string]script{sock: {user: "root@localhost", version: "5.5.5-10.3.39-MariaDB"}, loop: no(1045)}, "pass", 2},
		{"old-server-empty", 0, "local", map[string]script{sock: {user: "root@localhost", version: "5.5.5-10.3.39-MariaDB"}, loop: {user: "root@localhost", version: "5.5.5-10.3.39-MariaDB"}}, "fail empty-password=root@localhost", 2},
		{"old-server-socket-only", 0, "none", map[string]script{sock: {user: "root@localhost", version: "5.6.51"}, sockOther: no(1698)}, "pass", 2},
		{"old-server-socket-only-empty", 0, "none", map[string]script{sock: {user: "root@localhost", version: "5.6.51"}, sockOther: {user: "root@localhost", version: "5.6.51"}}, "fail empty-password=root@localhost", 2},
		{"old-server-socket-only-anonymous", 0, "none", map[string]script{sock: {user: "root@localhost", version: "5.6.51"}, sockOther: {user: "@localhost", version: "5.6.51"}}, "pass", 2},
		{"no-identity", 0, "none", map[string]script{sock: {user: "root@localhost", version: "5.6.51"}, sockOther: {dialErr: errIdentity}}, "unknown no_permission", 2},
		{"table-refused-other-user", 1000, "local", map[string]script{sock: {user: "root@localhost", denyTable: 1142}}, "fail empty-password=root@localhost", 1},
		{"socket-lets-auditor-in", 1000, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", "unix_socket", false, ""))}, "pass", 1},
		{"other-user-empty", 1000, "local", map[string]script{sock: let("root@localhost", maria("root", "localhost", native, true, ""))}, "fail empty-password=root@localhost", 1},
		// Refusals.
		{"native-invalid", 0, "local", map[string]script{sock: no(1045), loop: no(1045)}, "pass", 2},
		{"other-user-unix-socket", 1000, "local", map[string]script{sock: no(1698), loop: no(1698)}, "pass", 2},
		{"password-set", 0, "all", map[string]script{sock: no(1045), out: no(1045)}, "pass", 2},
		{"password-set-sha2", 0, "local", map[string]script{sock: {plugin: "caching_sha2_password", deny: 1045}, loop: {switchTo: "caching_sha2_password", deny: 1045}}, "pass", 2},
		{"any-host-empty-outside", 0, "all", map[string]script{sock: no(1045), out: {user: "root@%", table: [][]string{maria("root", "%", native, true, "")}}}, "fail empty-password=root@%", 2},
		{"loopback-empty", 1000, "local", map[string]script{sock: no(1698), loop: {user: "root@127.0.0.1", denyTable: 1142}}, "fail empty-password=root@127.0.0.1", 2},
		{"outside-not-admitted", 0, "all", map[string]script{sock: no(1045), out: no(1130), loop: no(1045)}, "pass", 3},
		{"anonymous-takes-all", 0, "local", map[string]script{sock: let("@localhost"), loop: let("@localhost")}, "pass", 2},
		{"renamed", 0, "local", map[string]script{sock: no(1045), loop: no(1045)}, "pass", 2},
		{"locked-mariadb", 1000, "local", map[string]script{sock: no(4151), loop: no(4151)}, "pass", 2},
		{"locked-mysql", 1000, "local", map[string]script{sock: no(3118), loop: no(3118)}, "pass", 2},
		{"expired-mariadb", 1000, "local", map[string]script{sock: no(1820)}, "fail empty-password=root", 1},
		{"expired-mysql", 1000, "local", map[string]script{sock: no(1862)}, "fail empty-password=root", 1},
		{"expired-said-by-query", 1000, "local", map[string]script{sock: {denyQuery: 1820}}, "fail empty-password=root", 1},
		{"old-hash", 0, "local", map[string]script{sock: no(1275), loop: no(1275)}, "pass", 2},
		{"old-plugin", 0, "local", map[string]script{sock: {switchTo: "mysql_old_password", deny: 1045}, loop: no(1045)}, "unknown unsupported", 2},
		{"clear-text-wanted", 0, "local", map[string]script{sock: {switchTo: "mysql_clear_password", deny: 1045}, loop: no(1045)}, "unknown unsupported", 2},
		{"dialog", 0, "local", map[string]script{sock: {switchTo: "dialog"}, loop: {switchTo: "dialog"}}, "unknown unsupported", 2},
		{"not-admitted-anywhere", 0, "local", map[string]script{sock: no(1130), loop: no(1130)}, "unknown unsupported", 2},
		{"full", 0, "local", map[string]script{sock: no(1040)}, "unknown unreadable", 1},
		{"blocked", 0, "local", map[string]script{sock: no(1045), loop: no(1129)}, "unknown unreadable", 2},
		{"tls-demanded", 0, "local", map[string]script{sock: no(1045), loop: no(3159)}, "unknown unsupported", 2},
		{"other-error", 0, "local", map[string]script{sock: no(1045), loop: no(1234)}, "unknown unreadable", 2},
		{"no-permission", 1000, "local", map[string]script{sock: {dialErr: fs.ErrPermission}, loop: no(1045)}, "unknown no_permission", 2},
		{"gone", 0, "local", map[string]script{sock: {dialErr: errors.New("refused")}, loop: {dialErr: errors.New("refused")}}, "unknown unreadable", 2},
		{"third-way-is-not-tried", 0, "all", map[string]script{sock: no(1045), out: no(1045)}, "pass", 2},
		// No grant tables.
		{"skip-grants-mariadb", 0, "local", map[string]script{sock: let("@")}, "fail skip-grant-tables=skip-grant-tables", 1},
		{"skip-grants-mysql", 0, "local", map[string]script{sock: {version: mysql9, user: "skip-grants user@skip-grants host"}}, "fail skip-grant-tables=skip-grant-tables", 1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := &fakes{t: t, ways: tc.ways}
			addr := "127.0.0.1"
			if tc.where == "all" {
				addr = "0.0.0.0"
			}
			h := running(t, testTree, tcp(addr, 3306, 100))
			if tc.where == "none" {
				h = running(t, testTree)
			}
			res, got := seal(t, h, fakeProber(f, tc.euid))
			f.finish()
			if got != tc.want {
				t.Errorf("got %q, want %q\n%+v", got, tc.want, res)
			}
			if len(f.dials) != tc.dials {
				t.Errorf("dialled %q, want %d", f.dials, tc.dials)
			}
			for _, find := range res.Findings {
				if find.Evidence != checks.Running || find.Severity != checks.SeverityCritical {
					t.Errorf("finding %+v", find)
				}
			}
		})
	}
}

func TestProbeOverTLS(t *testing.T) {
	config := selfSigned(t)
	f := &fakes{t: t, ways: map[string]script{
		sock: {tls: config, deny: 1045},
		loop: {tls: config, plugin: "caching_sha2_password", version: mysql9, user: "root@localhost", table: [][]string{{"root", "localhost", "caching_sha2_password", "", "0", "0", "0", "0", "0", ""}}},
	}}
	res, got := seal(t, running(t, testTree, tcp("127.0.0.1", 3306, 100)), fakeProber(f, 0))
	f.finish()
	if got != "fail empty-password=root@localhost" || len(f.queries) != 3 {
		t.Errorf("got %q, queries %q\n%+v", got, f.queries, res)
	}
}

func TestProbeTLSFails(t *testing.T) {
	f := &fakes{t: t, ways: map[string]script{
		sock: {deny: 1045},
		loop: {rogue: func(c net.Conn) {
			p := &packetizer{Conn: c}
			p.send(greetingPacket(script{tls: &tls.Config{}}))
			_, _ = p.receive()
			_, _ = c.Read(make([]byte, 4096)) // the start of a TLS handshake
			_, _ = c.Write([]byte("no TLS here, sorry"))
		}},
	}}
	if res, got := seal(t, running(t, testTree, tcp("127.0.0.1", 3306, 100)), fakeProber(f, 0)); got != "unknown unsupported" {
		t.Errorf("got %q\n%+v", got, res)
	}
	_ = f.group.Wait()
}

func TestRogueServers(t *testing.T) {
	endless := func(p *packetizer) {
		p.rows([][]string{{"a", "b"}})
		for {
			if _, err := p.Write([]byte{4, 0, 0, p.seq, 1, 'a', 1, 'b'}); err != nil {
				return
			}
			p.seq++
		}
	}
	for name, s := range map[string]script{
		"silent": {rogue: func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }},
		"dripping": {rogue: func(c net.Conn) {
			for _, b := range append([]byte{90, 0, 0, 0}, greetingPacket(script{})...) {
				time.Sleep(100 * time.Millisecond)
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
			}
		}},
		"huge-packet":  {rogue: func(c net.Conn) { _, _ = c.Write(append([]byte{0xff, 0xff, 0xff, 0}, make([]byte, 1<<20)...)) }},
		"garbage":      {rogue: func(c net.Conn) { _, _ = c.Write([]byte("SSH-2.0-OpenSSH_9.2p1\r\n")) }},
		"http":         {rogue: func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }},
		"closes":       {rogue: func(net.Conn) {}},
		"short-hello":  {rogue: func(c net.Conn) { _, _ = c.Write([]byte{3, 0, 0, 0, 10, 'x', 0}) }},
		"short-error":  {rogue: func(c net.Conn) { _, _ = c.Write([]byte{1, 0, 0, 0, 0xff}) }},
		"empty-packet": {rogue: func(c net.Conn) { _, _ = c.Write([]byte{0, 0, 0, 0}) }},
		"short-switch": {switchTo: "x", rogue: func(c net.Conn) {
			p := &packetizer{Conn: c}
			p.send(greetingPacket(script{}))
			_, _ = p.receive()
			p.send([]byte("\xfemysql_native_password\x00abc"))
		}},
		"local-infile":  {rogueRows: func(p *packetizer) { p.send([]byte("\xfb/etc/shadow")); _, _ = drain(p) }},
		"many-columns":  {rogueRows: func(p *packetizer) { p.send([]byte{0xfe, 0, 0, 0, 0, 1, 0, 0, 0}) }},
		"no-rows":       {rogueRows: func(p *packetizer) { p.send([]byte{0, 0, 0, 2, 0, 0, 0}) }},
		"endless-rows":  {rogueRows: endless},
		"short-row":     {rogueRows: func(p *packetizer) { p.rows([][]string{{"root@localhost"}}) }},
		"nobody":        {user: "no sign of a host"},
		"other-account": {user: "admin@localhost"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := &fakes{t: t, ways: map[string]script{sock: s}}
			h := running(t, testTree)
			start := time.Now()
			res, got := seal(t, h, fakeProber(f, 0))
			if spent := time.Since(start); spent > testTime+time.Second {
				t.Errorf("took %v", spent)
			}
			if !strings.HasPrefix(got, "unknown ") {
				t.Errorf("got %q\n%+v", got, res)
			}
			f.finish()
		})
	}
}

// drain fails the test's expectation of silence: after a request for a local
// file nothing may be sent.
func drain(p *packetizer) ([]byte, bool) {
	body, ok := p.receive()
	if ok {
		panic("the client answered a request for a local file")
	}
	return body, ok
}

func TestWholeTimeIsBounded(t *testing.T) {
	// Three ways that all hang share one server's time.
	hang := script{rogue: func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }}
	f := &fakes{t: t, ways: map[string]script{sock: hang, loop: hang, out: hang}}
	start := time.Now()
	_, got := seal(t, running(t, testTree, tcp("0.0.0.0", 3306, 100)), fakeProber(f, 0))
	if spent := time.Since(start); spent > testTime+time.Second || !strings.HasPrefix(got, "unknown") || len(f.dials) != 1 {
		t.Errorf("%q after %v and %q", got, spent, f.dials)
	}
	f.finish()
}

func TestCancelledContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := &fakes{t: t, ways: map[string]script{}}
	rec := checks.NewRecorder(RootPassword())
	runRootPassword(ctx, running(t, testTree), fakeProber(f, 0), rec)
	if res := rec.Seal(); res.Status != checks.StatusUnknown || len(f.dials) != 0 {
		t.Errorf("%+v after dials %q", res, f.dials)
	}
}

func TestWhereNothingRuns(t *testing.T) {
	const installed = "\n-- usr/sbin/mysqld mode=0755 --\n-- etc/systemd/system/multi-user.target.wants/mysql.service -> /lib/systemd/system/mysql.service --\n-- lib/systemd/system/mysql.service --\n[Install]\nWantedBy=multi-user.target\n"
	for _, tc := range []struct{ name, tree, live, root string }{
		{"nothing", "", "not_applicable absent", "not_applicable absent"},
		{"client-only", "\n-- usr/bin/mysql mode=0755 --\n", "not_applicable absent", "not_applicable absent"},
		{"not-enabled", "\n-- usr/sbin/mysqld mode=0755 --\n", "not_applicable absent", "not_applicable absent"},
		{"masked", installed + "-- etc/systemd/system/mysql.service -> /dev/null --\n", "not_applicable absent", "not_applicable absent"},
		{"enabled", installed, "unknown unsupported", "not_applicable not_observable"},
		{"skip-grants", installed + "-- etc/my.cnf --\n[mysqld]\nskip-grant-tables\n", "fail skip-grant-tables=skip-grant-tables", "fail skip-grant-tables=skip-grant-tables"},
		{"skip-grants-off-again", installed + "-- etc/my.cnf --\n[mysqld]\nskip-grant-tables\nskip_grant_tables=0\n", "unknown unsupported", "not_applicable not_observable"},
		{"skip-grants-of-a-client", installed + "-- etc/my.cnf --\n[client]\nskip-grant-tables\n", "unknown unsupported", "not_applicable not_observable"},
		{"skip-grants-of-mariadb", installed + "-- etc/my.cnf --\n[mariadb]\nskip-grant-tables\n", "unknown unsupported", "not_applicable not_observable"},
		{"skip-grants-of-a-release", installed + "-- etc/my.cnf --\n[mysqld-8.0]\nskip-grant-tables\n", "unknown unsupported", "unknown no_metadata"},
		{"broken", installed + "-- etc/my.cnf --\nskip-grant-tables\n", "unknown unsupported", "unknown refused"},
		{"unreadable", installed + "-- etc/my.cnf err=permission --\n", "unknown unsupported", "unknown no_permission"},
		{"drop-in", installed + "-- etc/systemd/system/mysql.service.d/x.conf --\n[Service]\nExecStart=\nExecStart=/usr/sbin/mysqld --skip-grant-tables\n", "fail skip-grant-tables=skip-grant-tables", "fail skip-grant-tables=skip-grant-tables"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := &fakes{t: t}
			if res, got := seal(t, hosttest.Load(t, tc.tree), fakeProber(f, 0)); got != tc.root {
				t.Errorf("tree: got %q, want %q\n%+v", got, tc.root, res)
			}
			live := hosttest.Live(hosttest.Load(t, tc.tree), &snapshot.Snapshot{})
			if res, got := seal(t, live, fakeProber(f, 0)); got != tc.live {
				t.Errorf("live: got %q, want %q\n%+v", got, tc.live, res)
			}
		})
	}
}

func TestSkipGrantsAtTheNextStart(t *testing.T) {
	f := &fakes{t: t, ways: map[string]script{sock: {user: "root@localhost", table: [][]string{maria("root", "localhost", "unix_socket", true, "")}}}}
	res, got := seal(t, running(t, testTree+"-- etc/my.cnf --\n[mysqld]\n\nskip_grant_tables = ON # for now\n"), fakeProber(f, 0))
	f.finish()
	if got != "fail skip-grant-tables=skip-grant-tables" || res.Findings[0].Evidence != checks.Configured {
		t.Fatalf("got %q\n%+v", got, res)
	}
	if diff := cmp.Diff(checks.At("/etc/my.cnf", 3), res.Findings[0].Location); diff != "" {
		t.Error(diff)
	}
}
