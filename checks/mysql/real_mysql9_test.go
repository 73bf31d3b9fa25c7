package mysql

import (
	"os"
	"strings"
	"testing"

	"hostaudit/checks/host/hosttest"
)

// realMySQL is a real host of the layer with Oracle's server, and this test binary in
// it.
func realMySQL(t *testing.T) *hosttest.RealHost {
	h := hosttest.NewRealHostOf(t, "units-sid+mysql")
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h.Install(exe, "/probe.test")
	// Who has no name is looked up again and again, and never blocked.
	h.WriteFile("/etc/hosts", "127.0.0.1 localhost\n10.9.9.1 server\n", 0o644)
	return h
}

// mysqlLog has the server log whom it refused.
func mysqlLog() []string { return []string{"--log-error=" + serverLog, "--log-error-verbosity=3"} }

// startMySQL starts MySQL with an account of this test.
func startMySQL(t testing.TB, h *hosttest.RealHost, args ...string) *realDB {
	t.Helper()
	h.MySQL(append(mysqlLog(), args...)...)
	d := &realDB{t: t, h: h, log: new(int)}
	d.db = d.open("root", "")
	d.exec("CREATE USER tester@localhost IDENTIFIED BY '" + tester + "'; GRANT ALL ON *.* TO tester@localhost WITH GRANT OPTION")
	_ = d.db.Close()
	d.db = d.open("tester", tester)
	d.settle(1)
	return d
}

func clearMySQL(d *realDB) {
	d.t.Helper()
	rows, err := d.db.QueryContext(d.t.Context(), "SELECT CONCAT(QUOTE(User), '@', QUOTE(Host)) FROM mysql.user WHERE User <> 'tester' AND User NOT LIKE 'mysql.%'")
	if err != nil {
		d.t.Fatal(err)
	}
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			d.t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		d.t.Fatal(err)
	}
	if len(names) > 0 {
		// The flush makes the server forget which addresses it had to greet.
		d.exec("DROP USER " + strings.Join(names, ", ") + "; FLUSH PRIVILEGES")
	}
}

const (
	sha2      = "CREATE USER root@localhost IDENTIFIED BY 'right'"
	authSock  = "CREATE USER root@localhost IDENTIFIED WITH auth_socket"
	otherUser = "; CREATE USER app@'%' IDENTIFIED BY 'x'" // so that other addresses get as far as a greeting
)

// TestRealMySQL9 has the rows of what a probe sees that need Oracle's server, which
// offers TLS unless told not to. The verdicts were written down before the first run.
func TestRealMySQL9(t *testing.T) {
	t.Parallel()
	d := startMySQL(t, realMySQL(t), "--bind-address=*")
	d.exec("INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'; INSTALL PLUGIN mysql_no_login SONAME 'mysql_no_login.so'")
	d.rows(t, clearMySQL, []row{
		{name: "failed-logins-2", setup: sha2 + " FAILED_LOGIN_ATTEMPTS 2 PASSWORD_LOCK_TIME UNBOUNDED" + allRights, root: seen{pass, 2}, nobody: seen{pass, 2}, password: "right", again: 1},
		{name: "auth-socket-as-nobody-no-rights", setup: authSock + " AS 'nobody'", root: seen{pass, 2}, nobody: seen{pass, 2}, again: 1},
		{name: "auth-socket", setup: authSock + allRights, root: seen{pass, 0}, nobody: seen{pass, 2}, again: 1},
		{name: "auth-socket-as-nobody", setup: authSock + " AS 'nobody'" + allRights, root: seen{pass, 0}, nobody: seen{pass, 0}},
		{name: "auth-socket-as-mail", setup: authSock + " AS 'mail'" + allRights, root: seen{pass, 0}, nobody: seen{pass, 2}, again: 1},
		{name: "empty", setup: "CREATE USER root@localhost" + allRights, root: seen{empty + "root@localhost", 0}, nobody: seen{empty + "root@localhost", 0}},
		{name: "set", setup: sha2 + allRights, root: seen{pass, 2}, nobody: seen{pass, 2}, password: "right", again: 1},
		{name: "sha256-empty", setup: "CREATE USER root@localhost IDENTIFIED WITH sha256_password BY ''" + allRights, root: seen{empty + "root@localhost", 0}, nobody: seen{empty + "root@localhost", 0}},
		{name: "sha256-set", setup: "CREATE USER root@localhost IDENTIFIED WITH sha256_password BY 'right'" + allRights, root: seen{pass, 2}, nobody: seen{pass, 2}, password: "right", again: 1},
		{name: "no-login", setup: "CREATE USER root@localhost IDENTIFIED WITH mysql_no_login" + allRights, root: seen{pass, 2}, nobody: seen{pass, 2}, again: 1},
		{name: "any-host-empty-local-set", setup: sha2 + allRights + "; CREATE USER root@'%'", root: seen{empty + "root@%", 1}, nobody: seen{empty + "root@%", 1}, password: "right"},
		{name: "any-host-empty-local-socket", setup: authSock + allRights + "; CREATE USER root@'%'", root: seen{empty + "root@%", 0}, nobody: seen{empty + "root@%", 1}},
		{name: "any-host-set", setup: "CREATE USER root@'%' IDENTIFIED BY 'right'", root: seen{pass, 2}, nobody: seen{pass, 2}, password: "right"},
		{name: "network-empty", setup: sha2 + allRights + "; CREATE USER root@'10.9.9.%'", root: seen{empty + "root@10.9.9.%", 1}, nobody: seen{empty + "root@10.9.9.%", 1}},
		{name: "host-not-allowed", setup: "CREATE USER root@'192.0.2.%'", root: seen{pass, 2}, nobody: seen{pass, 2}, again: 1},
		{name: "locked-empty", setup: "CREATE USER root@localhost ACCOUNT LOCK" + allRights, root: seen{pass, 3}, nobody: seen{pass, 3}, again: 3},
		{name: "locked-set", setup: sha2 + " ACCOUNT LOCK" + allRights, root: seen{pass, 2}, nobody: seen{pass, 2}, again: 1},
		{name: "any-host-locked-empty", setup: authSock + allRights + "; CREATE USER root@'%' ACCOUNT LOCK", root: seen{pass, 0}, nobody: seen{pass, 2}, again: 1},
		{name: "expired-empty", setup: "CREATE USER root@localhost PASSWORD EXPIRE" + allRights, root: seen{empty + "root", 1}, nobody: seen{empty + "root", 1}, again: 1},
		{name: "expired-set", setup: sha2 + " PASSWORD EXPIRE" + allRights, root: seen{pass, 2}, nobody: seen{pass, 2}, again: 1},
		{name: "any-host-expired-empty", setup: authSock + allRights + "; CREATE USER root@'%' PASSWORD EXPIRE", root: seen{empty + "root@%", 0}, nobody: seen{empty + "root", 2}, again: 1},
		{name: "renamed", setup: "CREATE USER admin@localhost IDENTIFIED BY 'x'", root: seen{pass, 2}, nobody: seen{pass, 2}, again: 1},
		{name: "anonymous", setup: "CREATE USER ''@localhost", root: seen{pass, 1}, nobody: seen{pass, 1}, again: 1},
		{name: "anonymous-anywhere", setup: "CREATE USER ''@'%'", root: seen{pass, 0}, nobody: seen{pass, 0}},
		{name: "anonymous-set", setup: "CREATE USER ''@'%' IDENTIFIED BY 'x'", root: seen{pass, 2}, nobody: seen{pass, 2}},
		{name: "anonymous-beside-root", setup: authSock + allRights + "; CREATE USER ''@'%'", root: seen{pass, 0}, nobody: seen{pass, 1}},
		{name: "other-account-empty", setup: "CREATE USER app@'%'; GRANT ALL ON *.* TO app@'%'", root: seen{pass, 2}, nobody: seen{pass, 2}},
		{name: "tls-required-empty", setup: "CREATE USER root@localhost REQUIRE SSL" + allRights, root: seen{empty + "root@localhost", 0}, nobody: seen{empty + "root@localhost", 0}},
		{name: "tls-required-any-host-empty", setup: sha2 + allRights + "; CREATE USER root@'%' REQUIRE SSL", root: seen{empty + "root@%", 1}, nobody: seen{empty + "root@%", 1}},
		{name: "failed-logins-3", setup: sha2 + " FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME UNBOUNDED" + allRights, root: seen{pass, 2}, nobody: seen{pass, 2}, password: "right", again: 1},
		{name: "failed-logins-3-any-host", setup: "CREATE USER root@'%' IDENTIFIED BY 'right' FAILED_LOGIN_ATTEMPTS 3 PASSWORD_LOCK_TIME UNBOUNDED", root: seen{pass, 2}, nobody: seen{pass, 2}, password: "right"},
		{name: "second-factor-beside-socket", setup: authSock + allRights + "; CREATE USER root@'%' IDENTIFIED BY '' AND IDENTIFIED WITH auth_socket", root: seen{unsupp, 0}, nobody: seen{pass, 2}},
		{name: "certificate-required", setup: authSock + allRights + "; CREATE USER root@'%' REQUIRE X509", root: seen{pass, 0}, nobody: seen{pass, 2}},
		{name: "second-factor", setup: "CREATE USER root@'%' IDENTIFIED BY '' AND IDENTIFIED WITH auth_socket", root: seen{pass, 2}, nobody: seen{pass, 2}},
		{name: "secure-transport-empty", setup: "SET GLOBAL require_secure_transport=ON; " + sha2 + allRights + "; CREATE USER root@'%'", root: seen{empty + "root@%", 1}, nobody: seen{empty + "root@%", 1}, password: "right"},
		{name: "secure-transport-set", setup: "CREATE USER root@'%' IDENTIFIED BY 'right'", root: seen{pass, 2}, nobody: seen{pass, 2}, password: "right"},
		{name: "full", setup: "SET GLOBAL require_secure_transport=OFF; SET GLOBAL max_connections=3", prepare: fill, root: seen{unread, 0}, nobody: seen{unread, 0}},
	})
}

// TestRealMySQL9Plain has the rows for a server without TLS.
func TestRealMySQL9Plain(t *testing.T) {
	t.Parallel()
	d := startMySQL(t, realMySQL(t), "--bind-address=0.0.0.0", "--tls-version=", "--disconnect-on-expired-password=OFF")
	d.exec("INSTALL PLUGIN auth_socket SONAME 'auth_socket.so'")
	d.rows(t, clearMySQL, []row{
		{name: "empty-any-host", setup: authSock + allRights + "; CREATE USER root@'%'", root: seen{empty + "root@%", 0}, nobody: seen{empty + "root@%", 1}},
		{name: "set", setup: sha2 + allRights, root: seen{pass, 2}, nobody: seen{pass, 2}, password: "right", again: 1},
		{name: "sha256-set", setup: "CREATE USER root@localhost IDENTIFIED WITH sha256_password BY 'right'" + allRights, root: seen{pass, 2}, nobody: seen{pass, 2}, password: "right", again: 1},
		{name: "expired-empty", setup: "CREATE USER root@localhost PASSWORD EXPIRE" + allRights, root: seen{empty + "root", 0}, nobody: seen{empty + "root", 0}},
		{name: "tls-required-empty", setup: "CREATE USER root@localhost REQUIRE SSL" + allRights, root: seen{pass, 2}, nobody: seen{pass, 2}, again: 1},
		{name: "secure-transport-socket", setup: "SET GLOBAL require_secure_transport=ON; " + authSock + allRights + "; CREATE USER root@'%' IDENTIFIED BY 'x'", root: seen{pass, 0}, nobody: seen{pass, 2}},
		{name: "secure-transport-set", setup: "CREATE USER root@'%' IDENTIFIED BY 'right'", root: seen{pass, 2}, nobody: seen{pass, 2}, password: "right"},
		{name: "secure-transport-empty", setup: sha2 + allRights + "; CREATE USER root@'%'", root: seen{unsupp, 2}, nobody: seen{unsupp, 2}, password: "right"},
		{name: "blocked", setup: "SET GLOBAL require_secure_transport=OFF; SET GLOBAL max_connect_errors=1; " + sha2 + otherUser, prepare: block, root: seen{unread, 2}, nobody: seen{unread, 2}, password: "right", again: 1},
	})
}

// TestRealMySQL9Doors has a server with every port it can have. Nobody logs in on the
// others, and they count for who can reach it.
func TestRealMySQL9Doors(t *testing.T) {
	t.Parallel()
	d := startMySQL(t, realMySQL(t), "--bind-address=127.0.0.1", "--mysqlx-bind-address=*", "--admin-address=10.9.9.1", "--admin-port=33062")
	const want = "mysql.bind: fail listens-outside=tcp 10.9.9.1:33062 listens-outside=tcp [::]:33060"
	clearMySQL(d)
	d.exec(sha2)
	r := row{name: "doors", root: seen{pass, 1}, nobody: seen{pass, 1}, password: "right"}
	r.check(d)
	if _, text := d.audit(rootUID, "/tmp/state-doors-"+rootUID); !strings.Contains(text, want+"\n") {
		t.Errorf("want %s in\n%s", want, text)
	}
	if n := d.status("Mysqlx_connections_accepted"); n != 0 {
		t.Errorf("%d connections to the X protocol", n)
	}
}

func TestRealMySQL9SkipGrantTables(t *testing.T) {
	t.Parallel()
	h := realMySQL(t)
	h.MySQL(append(mysqlLog(), "--skip-grant-tables")...)
	d := &realDB{t: t, h: h, log: new(int)}
	d.db = d.open("anyone", "anything")
	d.settle(1)
	const fail = "fail skip-grant-tables=skip-grant-tables"
	row{name: "skip-grant-tables", root: seen{fail, 0}, nobody: seen{fail, 0}}.check(d)
}

func TestRealMySQL9Restart(t *testing.T) {
	t.Parallel()
	h := realMySQL(t)
	d := startMySQL(t, h, "--bind-address=127.0.0.1")
	clearMySQL(d)
	d.exec(sha2)
	d.restartRow(1, func() { h.MySQL(append(mysqlLog(), "--bind-address=127.0.0.1")...) })
}

// TestRealMySQL9SecondPassword has an account that keeps its old password, its name,
// beside the new one.
func TestRealMySQL9SecondPassword(t *testing.T) {
	t.Parallel()
	d := startMySQL(t, realMySQL(t), "--bind-address=127.0.0.1")
	d.exec("CREATE USER app@'%' IDENTIFIED BY 'app'; ALTER USER app@'%' IDENTIFIED BY 'not to be guessed 7' RETAIN CURRENT PASSWORD")
	_, text := d.audit(rootUID, "/tmp/state")
	if !strings.Contains(text, "mysql.passwords: fail weak-password=app@%\n") {
		t.Errorf("the second password is not seen\n%s", text)
	}
	d.exec("ALTER USER app@'%' DISCARD OLD PASSWORD")
	if _, text := d.audit(rootUID, "/tmp/state"); strings.Contains(text, "weak-password") {
		t.Errorf("a password that was discarded is seen\n%s", text)
	}
}
