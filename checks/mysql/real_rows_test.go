package mysql

import (
	"context"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"regexp"
	"strings"
	"testing"

	sqldriver "github.com/go-sql-driver/mysql"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/internal/guard"
)

// stateVariable names the file that carries what the checks remember from one
// TestInsideTwice to the next.
const stateVariable = "HOSTAUDIT_MYSQL_STATE"

// TestInsideTwice runs every check of the family once, side by side as the runner
// does, with the memory that the audit before left behind.
func TestInsideTwice(t *testing.T) {
	file := os.Getenv(stateVariable)
	if file == "" {
		t.Skip("only run inside a real host, by the tests below")
	}
	earlier := map[string]string{}
	switch b, err := os.ReadFile(file); {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		t.Fatal(err)
	default:
		if err := json.Unmarshal(b, &earlier); err != nil {
			t.Fatal(err)
		}
	}
	h, err := host.OpenLive(host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	h.Snapshot = snapshot.Collect(t.Context(), snapshot.Options{})
	env := &checks.Env{Host: h, Memory: checks.NewMemory(earlier)}
	results := make([]checks.Result, len(Checks()))
	var group guard.Group
	for i, check := range Checks() {
		group.Go(func() {
			rec := checks.NewRecorder(check)
			check.Run(t.Context(), env, rec)
			results[i] = rec.Seal()
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	for i, res := range results {
		words := []string{res.Status.String()}
		if res.Reason != "" {
			words = append(words, string(res.Reason))
		}
		for _, f := range res.Findings {
			subject, _, _ := strings.Cut(string(f.Subject), " at ")
			words = append(words, f.Kind+"="+subject)
		}
		id := Checks()[i].ID
		fmt.Println(id+":", strings.Join(words, " "))
		for _, n := range res.Notes {
			fmt.Println(id, "note:", n.Subject, n.Detail)
		}
		for _, g := range res.Gaps {
			fmt.Println(id, "gap:", g.Reason, g.Subject, g.Detail)
		}
	}
	b, err := json.Marshal(env.Memory.Entries())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// realDB is a running server of a real host, and an account of this test on it.
type realDB struct {
	t   testing.TB
	h   *hosttest.RealHost
	db  *sql.DB
	log *int // how much of the server's log was counted
}

// abortedConnects is how many connections did not become a session.
const abortedConnects = "Aborted_connects"

const serverLog = "/run/mysqld/error.log"

// open returns a pool of at most one connection over the socket.
func (d *realDB) open(user, password string) *sql.DB {
	d.t.Helper()
	cfg := sqldriver.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr = user, password, "unix", hosttest.MySQLSocket
	cfg.MultiStatements, cfg.Logger = true, silent{}
	cfg.DialFunc = func(ctx context.Context, _, address string) (net.Conn, error) { return d.h.DialUnix(ctx, address) }
	connector, err := sqldriver.NewConnector(cfg)
	if err != nil {
		d.t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	d.t.Cleanup(func() { _ = db.Close() })
	return db
}

// on returns the same server for a sub test.
func (d *realDB) on(t testing.TB) *realDB {
	sub := *d
	sub.t = t
	return &sub
}

func (d *realDB) exec(statements string) {
	d.t.Helper()
	if _, err := d.db.ExecContext(d.t.Context(), statements); err != nil {
		d.t.Fatalf("%s: %v", statements, err)
	}
}

// status is one of the server's own counters.
func (d *realDB) status(name string) (n int) {
	d.t.Helper()
	if err := d.db.QueryRowContext(d.t.Context(), "SHOW GLOBAL STATUS LIKE '"+name+"'").Scan(&name, &n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

// deniedLine is what both servers log of a refused login. The user and the client are
// those that knocked, not those of the account that refused.
var deniedLine = regexp.MustCompile(`(?m)Access denied for user '([^']*)'@'([^']*)'(?: \(using password: [A-Z]+\))?$`)

// denied returns the refused logins that the server has logged since the last call.
func (d *realDB) denied() (lines []string) {
	d.t.Helper()
	text := d.h.ReadFile(serverLog)
	for _, m := range deniedLine.FindAllStringSubmatch(text[*d.log:], -1) {
		lines = append(lines, m[1]+"@"+m[2])
	}
	*d.log = len(text)
	return lines
}

// blame is how many connection errors the server holds against addresses; it blocks
// those that reach max_connect_errors. A server without performance_schema (MariaDB's
// default) shows none.
func (d *realDB) blame() (n int) {
	d.t.Helper()
	if err := d.db.QueryRowContext(d.t.Context(), "SELECT COALESCE(SUM(SUM_CONNECT_ERRORS), 0) FROM performance_schema.host_cache").Scan(&n); err != nil {
		d.t.Fatal(err)
	}
	return n
}

const connected = "Threads_connected"

// settle waits until the server has noticed that all but so many connections are gone.
func (d *realDB) settle(threads int) {
	d.t.Helper()
	d.h.WaitFor("the end of the other connections", func() bool { return d.status(connected) <= threads })
}

// stop ends the server.
func (d *realDB) stop() {
	d.t.Helper()
	_, _ = d.db.ExecContext(d.t.Context(), "SHUTDOWN")
	_ = d.db.Close()
	d.h.WaitFor("the end of the server", func() bool { return d.h.Run("pidof", "mysqld", "mariadbd").Exit != 0 })
}

// seen is what an audit by one user must find, and how often the server may have
// counted its attempts as aborted.
type seen struct {
	verdict string
	aborted int
}

// row is one state of root's accounts.
type row struct {
	name         string
	setup        string
	root, nobody seen
	password     string        // if set, root gets in over the socket with it after the audits of each user
	prepare      func(*realDB) // what statements cannot do

	// again is how many connections of the second audit may be aborted. No account
	// counts them: the server ended them before a login (full, address blocked or not
	// allowed) or knew the password to be right (locked, expired).
	again int
}

// audit runs the checks once more as a user.
func (d *realDB) audit(uid, state string) (verdict, text string) {
	d.t.Helper()
	// Under the race detector every program would sleep for a second at its end.
	text = d.h.MustRun("setpriv", "--reuid="+uid, "--clear-groups", "env", "GORACE=atexit_sleep_ms=0", stateVariable+"="+state,
		"/probe.test", "-test.run=^TestInsideTwice$", "-test.count=1")
	for line := range strings.Lines(text) {
		if v, ok := strings.CutPrefix(strings.TrimSpace(line), "mysql.root-password: "); ok {
			verdict = v
		}
	}
	return verdict, text
}

// check audits the server twice as root and twice as nobody. Neither sees more than
// two refused logins in all, and the second audit makes none.
func (r row) check(d *realDB) {
	d.t.Helper()
	for _, as := range []struct {
		uid  string
		want seen
	}{{rootUID, r.root}, {nobodyUID, r.nobody}} {
		state := "/tmp/state-" + r.name + "-" + as.uid
		total := 0
		for n := range 2 {
			d.denied()
			before, threads, blame := d.status(abortedConnects), d.status(connected), d.blame()
			verdict, text := d.audit(as.uid, state)
			d.settle(threads)
			if got := d.status(abortedConnects) - before; n == 0 && got != as.want.aborted || n > 0 && got > r.again {
				d.t.Errorf("as user %s, audit %d: %d aborted connections, want %d and then %d\n%s", as.uid, n+1, got, as.want.aborted, r.again, text)
			}
			if got := d.blame(); got != blame {
				d.t.Errorf("as user %s, audit %d: an address is %d errors nearer to being blocked\n%s", as.uid, n+1, got-blame, text)
			}
			denied := d.denied()
			total += len(denied)
			if n > 0 && len(denied) > 0 {
				d.t.Errorf("as user %s, audit %d: refused again: %v\n%s", as.uid, n+1, denied, text)
			}
			if verdict != as.want.verdict {
				d.t.Errorf("as user %s, audit %d: %q, want %q\n%s", as.uid, n+1, verdict, as.want.verdict, text)
			}
		}
		if total > maxRefusals {
			d.t.Errorf("as user %s: %d refused logins, more than one account may see", as.uid, total)
		}
		if r.password != "" {
			d.letIn(r.password)
		}
	}
}

// letIn logs in as root with the right password, which an account that counts refused
// logins takes only while it is not locked.
func (d *realDB) letIn(password string) {
	d.t.Helper()
	threads := d.status(connected)
	db := d.open("root", password)
	if err := db.PingContext(d.t.Context()); err != nil {
		d.t.Errorf("root is locked out: %v", err)
	}
	_ = db.Close()
	d.settle(threads)
}

// startMariaDB starts MariaDB with an account of this test.
func startMariaDB(t testing.TB, h *hosttest.RealHost, args ...string) *realDB {
	t.Helper()
	h.MariaDB(append([]string{"--log-warnings=2", "--log-error=" + serverLog}, args...)...)
	h.SQL("GRANT ALL ON *.* TO tester@localhost IDENTIFIED BY '" + tester + "' WITH GRANT OPTION")
	d := &realDB{t: t, h: h, log: new(int)}
	d.db = d.open("tester", tester)
	d.settle(1)
	return d
}

// rows runs the rows one after the other.
func (d *realDB) rows(t *testing.T, clear func(*realDB), rows []row) {
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			sub := d.on(t)
			clear(sub)
			sub.exec(r.setup)
			if r.prepare != nil {
				r.prepare(sub)
			}
			r.check(sub)
		})
	}
}

func clearMariaDB(d *realDB) {
	d.t.Helper()
	d.exec("DELETE FROM mysql.global_priv WHERE User NOT IN ('tester', 'mysql', 'mariadb.sys'); FLUSH PRIVILEGES")
}

const (
	allRights = "; GRANT ALL ON *.* TO root@localhost WITH GRANT OPTION"
	viaLocal  = "CREATE USER root@localhost IDENTIFIED VIA "
	pass      = "pass"
	empty     = "fail empty-password="
	unread    = "unknown unreadable"
	unsupp    = "unknown unsupported"
)

// TestRealRows has the rows of what a probe sees that MariaDB 10.11 can show, with
// the server on its socket and on all addresses. The verdicts were written down
// before the first run. A third aborted connection is that of the address (error
// 1130): it comes before any account is looked at.
func TestRealRows(t *testing.T) {
	t.Parallel()
	h := realServer(t)
	d := startMariaDB(t, h, "--bind-address=0.0.0.0")
	d.exec("INSTALL SONAME 'auth_ed25519'; INSTALL SONAME 'auth_pam'")
	d.rows(t, clearMariaDB, []row{
		{name: "packaged", setup: viaLocal + "mysql_native_password USING 'invalid' OR unix_socket" + allRights, root: seen{pass, 0}, nobody: seen{pass, 3}},
		{name: "empty-or-socket", setup: viaLocal + "mysql_native_password USING '' OR unix_socket" + allRights, root: seen{empty + "root@localhost", 0}, nobody: seen{empty + "root@localhost", 0}},
		{name: "invalid-only", setup: viaLocal + "mysql_native_password USING 'invalid'" + allRights, root: seen{pass, 3}, nobody: seen{pass, 3}},
		{name: "empty", setup: "CREATE USER root@localhost" + allRights, root: seen{empty + "root@localhost", 0}, nobody: seen{empty + "root@localhost", 0}},
		{name: "password-native", setup: "CREATE USER root@localhost IDENTIFIED BY 'right'" + allRights, root: seen{pass, 3}, nobody: seen{pass, 3}, password: "right"},
		{name: "password-ed25519", setup: viaLocal + "ed25519 USING PASSWORD('right')" + allRights, root: seen{pass, 3}, nobody: seen{pass, 3}, password: "right"},
		{name: "any-host-empty-local-set", setup: "CREATE USER root@localhost IDENTIFIED BY 'right'" + allRights + "; CREATE USER root@'%'", root: seen{empty + "root@%", 1}, nobody: seen{empty + "root@%", 1}, password: "right"},
		{name: "network-empty-local-set", setup: "CREATE USER root@localhost IDENTIFIED BY 'right'" + allRights + "; CREATE USER root@'10.9.9.%'", root: seen{empty + "root@10.9.9.%", 1}, nobody: seen{empty + "root@10.9.9.%", 1}},
		{name: "network-empty-local-socket", setup: viaLocal + "unix_socket" + allRights + "; CREATE USER root@'10.9.9.%'", root: seen{empty + "root@10.9.9.%", 0}, nobody: seen{empty + "root@10.9.9.%", 1}},
		{name: "any-host-set", setup: "CREATE USER root@'%' IDENTIFIED BY 'right'", root: seen{pass, 2}, nobody: seen{pass, 2}, password: "right"},
		{name: "renamed-anonymous", setup: "CREATE USER ''@localhost", root: seen{pass, 1}, nobody: seen{pass, 1}, again: 1},
		{name: "renamed-anonymous-anywhere", setup: "CREATE USER ''@'%'", root: seen{pass, 0}, nobody: seen{pass, 0}},
		{name: "renamed-anonymous-set", setup: "CREATE USER ''@'%' IDENTIFIED BY 'x'", root: seen{pass, 2}, nobody: seen{pass, 2}},
		{name: "renamed", setup: "CREATE USER admin@localhost IDENTIFIED BY 'x'", root: seen{pass, 3}, nobody: seen{pass, 3}},
		{name: "set-without-flush", setup: "CREATE USER root@localhost" + allRights + "; UPDATE mysql.global_priv SET Priv=JSON_SET(Priv, '$.authentication_string', '" + someHash + "') WHERE User='root'", root: seen{empty + "root@localhost", 0}, nobody: seen{empty + "root@localhost", 0}},
		{name: "socket-as-typed", setup: viaLocal + "MYSQL_NATIVE_PASSWORD USING 'invalid' OR Unix_Socket" + allRights, root: seen{pass, 0}, nobody: seen{pass, 3}},
		{name: "locked-empty", setup: "CREATE USER root@localhost ACCOUNT LOCK" + allRights, root: seen{pass, 3}, nobody: seen{pass, 3}, again: 3},
		{name: "locked-set", setup: "CREATE USER root@localhost IDENTIFIED BY 'x' ACCOUNT LOCK" + allRights, root: seen{pass, 3}, nobody: seen{pass, 3}},
		{name: "expired-empty-sandbox", setup: "SET GLOBAL disconnect_on_expired_password=OFF; CREATE USER root@localhost PASSWORD EXPIRE" + allRights, root: seen{empty + "root", 0}, nobody: seen{empty + "root", 0}},
		{name: "expired-empty-disconnected", setup: "SET GLOBAL disconnect_on_expired_password=ON; CREATE USER root@localhost PASSWORD EXPIRE" + allRights, root: seen{empty + "root", 1}, nobody: seen{empty + "root", 1}, again: 1},
		{name: "expired-set", setup: "SET GLOBAL disconnect_on_expired_password=ON; CREATE USER root@localhost IDENTIFIED BY 'x' PASSWORD EXPIRE" + allRights, root: seen{pass, 3}, nobody: seen{pass, 3}},
		{name: "tls-required-empty-no-tls", setup: "SET GLOBAL disconnect_on_expired_password=OFF; CREATE USER root@localhost REQUIRE SSL" + allRights, root: seen{pass, 3}, nobody: seen{pass, 3}},
		{name: "socket-as-nobody", setup: viaLocal + "unix_socket AS 'nobody'" + allRights, root: seen{pass, 0}, nobody: seen{pass, 3}},
		{name: "socket-as-mail", setup: viaLocal + "unix_socket AS 'mail'" + allRights, root: seen{pass, 0}, nobody: seen{pass, 3}},
		{name: "pam", setup: viaLocal + "pam USING 'other'" + allRights, root: seen{unsupp, 3}, nobody: seen{unsupp, 3}},
		{name: "pam-or-socket", setup: viaLocal + "unix_socket OR pam USING 'other'" + allRights, root: seen{unsupp, 0}, nobody: seen{unsupp, 3}},
		{name: "old-hash", setup: viaLocal + "mysql_old_password USING '5d2e19393cc5ef67'" + allRights, root: seen{pass, 3}, nobody: seen{pass, 3}},
		{name: "old-hash-allowed", setup: "SET GLOBAL secure_auth=OFF; " + viaLocal + "mysql_old_password USING '5d2e19393cc5ef67'" + allRights, root: seen{unsupp, 3}, nobody: seen{unsupp, 3}},
		{name: "other-account-empty", setup: "SET GLOBAL secure_auth=ON; CREATE USER app@'%'; GRANT ALL ON *.* TO app@'%'", root: seen{pass, 2}, nobody: seen{pass, 2}},
		{name: "host-not-allowed", setup: "CREATE USER root@'192.0.2.%'", root: seen{pass, 3}, nobody: seen{pass, 3}},
		{name: "secure-transport-no-tls", setup: "SET GLOBAL require_secure_transport=ON; CREATE USER root@localhost IDENTIFIED BY 'right'" + allRights + "; CREATE USER root@'%'", root: seen{pass, 2}, nobody: seen{pass, 2}},
		{name: "password-errors-1", setup: "SET GLOBAL require_secure_transport=OFF; SET GLOBAL max_password_errors=1; CREATE USER root@localhost IDENTIFIED BY 'right'", root: seen{pass, 3}, nobody: seen{pass, 3}, password: "right"},
		{name: "certificate-required", setup: viaLocal + "unix_socket" + allRights + "; CREATE USER root@'%' REQUIRE X509", root: seen{pass, 0}, nobody: seen{pass, 2}},
		{name: "password-errors-ed25519", setup: "SET GLOBAL max_password_errors=2; CREATE USER root@localhost IDENTIFIED VIA ed25519 USING PASSWORD('right')", root: seen{pass, 3}, nobody: seen{pass, 3}, password: "right"},
		{name: "password-errors-2", setup: "SET GLOBAL max_password_errors=2; CREATE USER root@'%' IDENTIFIED BY 'right'", root: seen{pass, 2}, nobody: seen{pass, 2}, password: "right"},
		{name: "full", setup: "SET GLOBAL max_connections=10", prepare: fill, root: seen{unread, 1}, nobody: seen{unread, 1}, again: 1},
	})
}

// fill opens connections until the server takes no more.
func fill(d *realDB) {
	d.t.Helper()
	for range 30 {
		db := d.open("tester", tester)
		err := db.PingContext(d.t.Context())
		if full, ok := errors.AsType[*sqldriver.MySQLError](err); ok && full.Number == 1040 {
			return
		}
		if err != nil {
			d.t.Fatal(err)
		}
	}
	d.t.Fatal("the server takes any number of connections")
}

// block has the server block the host's own address after connections that say nothing.
func block(d *realDB) {
	d.t.Helper()
	for range 3 {
		d.h.MustRun("bash", "-c", "exec 3<>/dev/tcp/10.9.9.1/3306 && head -c 1 <&3 >/dev/null")
	}
	d.h.WaitFor("the address to be blocked", func() bool {
		return strings.Contains(d.h.MustRun("bash", "-c", "exec 3<>/dev/tcp/10.9.9.1/3306 && timeout 1 cat <&3; :"), "is blocked")
	})
	if d.blame() == 0 {
		d.t.Error("the server shows no connection errors")
	}
	d.settle(1)
}

// TestRealRowsTLS has the rows for a server that offers TLS.
func TestRealRowsTLS(t *testing.T) {
	t.Parallel()
	h := realServer(t)
	certify(t, h)
	d := startMariaDB(t, h, "--bind-address=0.0.0.0", "--ssl-cert=/etc/c.pem", "--ssl-key=/etc/k.pem")
	d.exec("INSTALL SONAME 'auth_ed25519'")
	d.rows(t, clearMariaDB, []row{
		{name: "password-errors-ed25519", setup: "SET GLOBAL max_password_errors=2; CREATE USER root@'%' IDENTIFIED VIA ed25519 USING PASSWORD('right')", root: seen{pass, 2}, nobody: seen{pass, 2}, password: "right"},
		{name: "tls-required-empty", setup: "CREATE USER root@localhost REQUIRE SSL" + allRights, root: seen{empty + "root@localhost", 0}, nobody: seen{empty + "root@localhost", 0}},
		{name: "tls-required-any-host-empty", setup: viaLocal + "unix_socket" + allRights + "; CREATE USER root@'%' REQUIRE SSL", root: seen{empty + "root@%", 0}, nobody: seen{empty + "root@%", 1}},
		{name: "tls-required-set", setup: "CREATE USER root@localhost IDENTIFIED BY 'right' REQUIRE SSL" + allRights, root: seen{pass, 3}, nobody: seen{pass, 3}},
		{name: "secure-transport-empty", setup: "SET GLOBAL require_secure_transport=ON; CREATE USER root@localhost IDENTIFIED BY 'right'" + allRights + "; CREATE USER root@'%'", root: seen{empty + "root@%", 1}, nobody: seen{empty + "root@%", 1}, password: "right"},
		{name: "secure-transport-set", setup: "CREATE USER root@'%' IDENTIFIED BY 'right'", root: seen{pass, 2}, nobody: seen{pass, 2}, password: "right"},
	})
}

// certify writes a certificate that nobody signed, and its key.
func certify(t testing.TB, h *hosttest.RealHost) {
	t.Helper()
	config := selfSigned(t).Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(config.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	h.WriteFile("/etc/c.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: config.Certificate[0]})), 0o644)
	h.WriteFile("/etc/k.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})), 0o644)
}

// TestRealRowsNoNames has a server that looks up no names: loopback is 127.0.0.1 to
// it and not localhost.
func TestRealRowsNoNames(t *testing.T) {
	t.Parallel()
	d := startMariaDB(t, realServer(t), "--bind-address=127.0.0.1", "--skip-name-resolve")
	d.rows(t, clearMariaDB, []row{
		{name: "any-host-empty", setup: "CREATE USER root@localhost IDENTIFIED BY 'right'" + allRights + "; CREATE USER root@'%'", root: seen{empty + "root@%", 1}, nobody: seen{empty + "root@%", 1}},
		{name: "loopback-empty", setup: viaLocal + "unix_socket" + allRights + "; CREATE USER root@127.0.0.1", root: seen{empty + "root@127.0.0.1", 0}, nobody: seen{empty + "root@127.0.0.1", 1}},
		{name: "loopback-set", setup: "CREATE USER root@localhost IDENTIFIED BY 'right'; CREATE USER root@127.0.0.1 IDENTIFIED BY 'right'", root: seen{pass, 2}, nobody: seen{pass, 2}, password: "right"},
		{name: "packaged", setup: viaLocal + "mysql_native_password USING 'invalid' OR unix_socket" + allRights, root: seen{pass, 0}, nobody: seen{pass, 2}, again: 1},
	})
}

// TestRealRowsBlocked has a server that no longer listens to the host's own address.
func TestRealRowsBlocked(t *testing.T) {
	t.Parallel()
	h := realServer(t)
	h.WriteFile("/etc/hosts", "127.0.0.1 localhost\n10.9.9.1 server\n", 0o644) // who has no name is never blocked
	d := startMariaDB(t, h, "--bind-address=0.0.0.0", "--max-connect-errors=1", "--performance-schema=ON")
	d.exec("CREATE USER app@'%' IDENTIFIED BY 'x'") // so that the address gets as far as a greeting
	d.rows(t, func(*realDB) {}, []row{
		{name: "not-yet", setup: "ALTER USER root@localhost IDENTIFIED BY 'right'", root: seen{pass, 2}, nobody: seen{pass, 2}, password: "right"},
		{name: "set", prepare: block, setup: "ALTER USER root@localhost IDENTIFIED BY 'right'", root: seen{unread, 2}, nobody: seen{unread, 2}, password: "right", again: 1},
		{name: "socket", setup: "ALTER USER root@localhost IDENTIFIED VIA unix_socket", root: seen{pass, 0}, nobody: seen{unread, 2}, again: 1},
	})
}

func TestRealRowsSkipGrantTables(t *testing.T) {
	t.Parallel()
	h := realServer(t)
	h.MariaDB("--bind-address=0.0.0.0", "--skip-grant-tables", "--log-warnings=2", "--log-error="+serverLog)
	d := &realDB{t: t, h: h, log: new(int)}
	d.db = d.open("anyone", "anything")
	d.settle(1)
	const fail = "fail skip-grant-tables=skip-grant-tables"
	row{name: "skip-grant-tables", root: seen{fail, 0}, nobody: seen{fail, 0}}.check(d)
}

// TestRealRestart has a server that is restarted between two audits: what it counted
// is gone, and it may be asked again, once.
func TestRealRestart(t *testing.T) {
	t.Parallel()
	d := startMariaDB(t, realServer(t))
	d.exec("ALTER USER root@localhost IDENTIFIED BY 'right'")
	d.restartRow(2, func() { d.h.MariaDB("--log-warnings=2", "--log-error="+serverLog) })
}

// restartRow audits a server whose root has a password and that listens on its socket
// and on loopback, twice before and twice after a restart.
func (d *realDB) restartRow(refused int, start func()) {
	d.t.Helper()
	for _, uid := range []string{rootUID, nobodyUID} {
		for n, want := range []int{refused, 0, refused, 0} {
			if n == 2 {
				d.stop()
				start()
				d.db = d.open("tester", tester)
				d.settle(1)
			}
			d.denied()
			verdict, text := d.audit(uid, "/tmp/state-"+uid)
			d.settle(1)
			if got := len(d.denied()); got != want || verdict != pass {
				d.t.Errorf("as user %s, audit %d: %q and %d refused logins, want %d\n%s", uid, n+1, verdict, got, want, text)
			}
		}
	}
}
