package mysql

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/internal/mycnf"
)

// insideVariable makes this test binary, installed in a real host, audit the host
// it is on and print what it found.
const insideVariable = "HOSTAUDIT_MYSQL_INSIDE"

func TestInside(t *testing.T) {
	if os.Getenv(insideVariable) == "" {
		t.Skip("only run inside a real host, by the tests below")
	}
	h, err := host.OpenLive(host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	h.Snapshot = snapshot.Collect(t.Context(), snapshot.Options{})
	res, verdict := seal(t, h, newProber(h))
	fmt.Println("password:", verdict)
	for _, n := range res.Notes {
		fmt.Println("note:", n.Subject, n.Detail)
	}
	for _, g := range res.Gaps {
		fmt.Println("gap:", g.Reason, g.Subject, g.Detail)
	}
	for _, c := range []checks.Check{Passwords(), Accounts(), TLS()} {
		fmt.Printf("%s: %s\n", strings.TrimPrefix(c.ID, "mysql."), line(t, sealWith(t, c, h, nil, listed)))
	}
	_, verdict = sealBind(t, h)
	fmt.Println("bind:", verdict)
	s := readSettings(h.Tree, mariaDB, mycnf.Command{})
	plan := s.plan(h.Tree, false)
	fmt.Println("planned-outside:", len(plan.findings) > 0, "gaps:", len(plan.gaps)+len(s.gaps))
	if len(s.gaps) > 0 {
		fmt.Println("settings gap:", s.gaps[0])
	}
}

// realServer is a real host with this test binary in it.
func realServer(t *testing.T) *hosttest.RealHost {
	h := hosttest.NewRealHost(t)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h.Install(exe, "/probe.test")
	h.WriteFile("/etc/hosts", "127.0.0.1 localhost\n", 0o644)
	return h
}

// probe audits the host as a user and returns the lines.
func probe(t *testing.T, h *hosttest.RealHost, uid string) (lines map[string]string, text string) {
	t.Helper()
	text = h.MustRun("setpriv", "--reuid="+uid, "--clear-groups", "env", insideVariable+"=1", "GORACE=atexit_sleep_ms=0",
		"/probe.test", "-test.run=^TestInside$", "-test.count=1")
	lines = map[string]string{}
	for line := range strings.Lines(text) {
		if k, v, ok := strings.Cut(strings.TrimSpace(line), ": "); ok {
			lines[k] = v
		}
	}
	return lines, text
}

const (
	rootUID   = "0"
	nobodyUID = "65534"
	tester    = "tester-password" // of an account of this test, in a server that ends with it
	listed    = "dragon"          // the word list of these tests

	// ed25519OfNothing is the public key that MariaDB makes of an empty password.
	ed25519OfNothing = "4LH+dBF+G5W2CKTyId8xR3SyDqZoQjUNUVNxx8aWbG4"
)

// TestRealAccounts runs the probe against MariaDB with root's account in every
// form. The verdicts were written down before the first run. A third refusal
// is that of the address (error 1130): it comes before any account is looked at,
// so no account sees more than two.
func TestRealAccounts(t *testing.T) {
	h := realServer(t)
	h.MariaDB("--bind-address=0.0.0.0")
	h.SQL("GRANT ALL ON *.* TO tester@localhost IDENTIFIED BY '" + tester + "' WITH GRANT OPTION; INSTALL SONAME 'auth_ed25519'")
	sql := func(statement string) string {
		t.Helper()
		return h.MustRun("mariadb", "--user=tester", "--password="+tester, "--batch", "--skip-column-names", "--execute", statement)
	}
	refused := func() (n int) {
		t.Helper()
		if _, err := fmt.Sscan(sql("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'ABORTED_CONNECTS'"), &n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	const (
		local = "CREATE USER root@localhost IDENTIFIED VIA "
		grant = "; GRANT ALL ON *.* TO root@localhost WITH GRANT OPTION"
		empty = "fail empty-password="
	)
	for _, tc := range []struct {
		name, accounts string
		root           string
		rootRefused    int
		nobody         string
		nobodyRefused  int
	}{
		{"packaged-default", local + "mysql_native_password USING 'invalid' OR unix_socket" + grant, "pass", 0, "pass", 3},
		{"socket-only", local + "unix_socket" + grant, "pass", 0, "pass", 3},
		{"socket-as-nobody", local + "unix_socket AS 'mail'" + grant, "pass", 0, "pass", 3},
		{"empty-or-socket", local + "mysql_native_password USING '' OR unix_socket" + grant, empty + "root@localhost", 0, empty + "root@localhost", 0},
		{"socket-or-empty", local + "unix_socket OR mysql_native_password USING ''" + grant, empty + "root@localhost", 0, empty + "root@localhost", 0},
		{"empty", local + "mysql_native_password USING ''" + grant, empty + "root@localhost", 0, empty + "root@localhost", 0},
		{"empty-without-rights", "CREATE USER root@localhost", empty + "root@localhost", 1, empty + "root@localhost", 0},
		{"native-invalid", local + "mysql_native_password USING 'invalid'" + grant, "pass", 3, "pass", 3},
		{"password-set", "CREATE USER root@localhost IDENTIFIED BY 'x'" + grant, "pass", 3, "pass", 3},
		{"ed25519-set", local + "ed25519 USING PASSWORD('x')" + grant, "pass", 3, "pass", 3},
		{"ed25519-or-socket", local + "ed25519 USING PASSWORD('x') OR unix_socket" + grant, "pass", 0, "pass", 3},
		{"any-host-empty-local-set", "CREATE USER root@localhost IDENTIFIED BY 'x'; CREATE USER root@'%'; GRANT ALL ON *.* TO root@'%'", empty + "root@%", 1, empty + "root@%", 1},
		{"any-host-empty-local-socket", local + "unix_socket" + grant + "; CREATE USER root@'%'", empty + "root@%", 0, empty + "root@%", 1},
		{"one-host-empty-local-socket", local + "unix_socket" + grant + "; CREATE USER root@'192.0.2.%'", empty + "root@192.0.2.%", 0, "pass", 3},
		{"locked-empty", "CREATE USER root@localhost ACCOUNT LOCK" + grant, "pass", 3, "pass", 3},
		{"any-host-locked-empty", local + "unix_socket" + grant + "; CREATE USER root@'%' ACCOUNT LOCK", "pass", 0, "pass", 2},
		{"expired-empty", "CREATE USER root@localhost PASSWORD EXPIRE" + grant, empty + "root", 0, empty + "root", 0},
		{"any-host-expired-empty", local + "unix_socket" + grant + "; CREATE USER root@'%' PASSWORD EXPIRE", empty + "root@%", 0, empty + "root", 1},
		{"expired-socket", local + "mysql_native_password USING 'invalid' OR unix_socket PASSWORD EXPIRE" + grant, "pass", 0, "pass", 3},
		{"anonymous", "CREATE USER ''@localhost; CREATE USER ''@'%'", "pass", 0, "pass", 0},
		{"renamed", "SELECT 1", "pass", 3, "pass", 3},
		{"tls-required-no-tls", "CREATE USER root@localhost REQUIRE SSL" + grant, "pass", 3, "pass", 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sql("DELETE FROM mysql.global_priv WHERE User IN ('root', ''); FLUSH PRIVILEGES; " + tc.accounts)
			for _, as := range []struct {
				uid, want string
				refused   int
			}{{rootUID, tc.root, tc.rootRefused}, {nobodyUID, tc.nobody, tc.nobodyRefused}} {
				before := refused()
				got, text := probe(t, h, as.uid)
				if n := refused() - before; n != as.refused {
					t.Errorf("as user %s: %d refused logins, want %d\n%s", as.uid, n, as.refused, text)
				}
				if got["password"] != as.want {
					t.Errorf("as user %s: %q, want %q\n%s", as.uid, got["password"], as.want, text)
				}
			}
		})
	}
}

// TestRealSocketOnly asks a server without TCP whose root may not read the account table:
// a login as another user of the host tells socket authentication from no password.
func TestRealSocketOnly(t *testing.T) {
	t.Parallel()
	h := realServer(t)
	h.MariaDB("--skip-networking")
	h.SQL("GRANT ALL ON *.* TO tester@localhost IDENTIFIED BY '" + tester + "' WITH GRANT OPTION")
	sql := func(statement string) string {
		return h.MustRun("mariadb", "--user=tester", "--password="+tester, "--batch", "--skip-column-names", "--execute", statement)
	}
	for _, tc := range []struct{ name, account, want, refused string }{
		{"socket", "IDENTIFIED VIA unix_socket", "pass", "1"},
		{"invalid-or-socket", "IDENTIFIED VIA mysql_native_password USING 'invalid' OR unix_socket", "pass", "1"},
		{"empty", "", "fail empty-password=root@localhost", "0"},
		{"empty-or-socket", "IDENTIFIED VIA mysql_native_password USING '' OR unix_socket", "fail empty-password=root@localhost", "0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			sql("DELETE FROM mysql.global_priv WHERE User IN ('root', ''); FLUSH PRIVILEGES; CREATE USER root@localhost " + tc.account + "; FLUSH STATUS")
			got, text := probe(t, h, rootUID)
			if got["password"] != tc.want {
				t.Errorf("got %q, want %q\n%s", got["password"], tc.want, text)
			}
			if got := sql("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'ABORTED_CONNECTS'"); strings.TrimSpace(got) != tc.refused {
				t.Errorf("%s refused logins, want %s", strings.TrimSpace(got), tc.refused)
			}
		})
	}
}

// TestRealAccountTable has every hash MariaDB 10.11 makes in the account table.
func TestRealAccountTable(t *testing.T) {
	t.Parallel()
	h := realServer(t)
	h.MariaDB("--bind-address=0.0.0.0")
	h.SQL("INSTALL SONAME 'auth_ed25519'; SET SESSION sql_mode=''")
	const none = "DELETE FROM mysql.global_priv WHERE User NOT IN ('root', 'mariadb.sys'); FLUSH PRIVILEGES; "
	for _, tc := range []struct{ name, accounts, passwords, accountsCheck, tls string }{
		{"packaged", "SELECT 1", "pass", "pass", "fail tls-off=tcp 0.0.0.0:3306:low"},
		{"native-listed", "CREATE USER app@'%' IDENTIFIED BY 'dragon'", "fail weak-password=app@%!:critical", "pass", ""},
		{"native-strong", "CREATE USER app@'%' IDENTIFIED BY 'ru3Ahyoh4ahm'", "pass", "pass", ""},
		{"ed25519-listed", "CREATE USER app@'%' IDENTIFIED VIA ed25519 USING PASSWORD('dragon')", "fail weak-password=app@%!:critical", "pass", ""},
		{"ed25519-strong", "CREATE USER app@'%' IDENTIFIED VIA ed25519 USING PASSWORD('ru3Ahyoh4ahm')", "pass", "pass", ""},
		{"ed25519-empty", "CREATE USER app@'%' IDENTIFIED VIA ed25519 USING PASSWORD('')", "pass", "pass", ""},
		{"ed25519-of-nothing", "CREATE USER app@'%' IDENTIFIED VIA ed25519 USING '" + ed25519OfNothing + "'", "fail weak-password=app@%!:critical", "pass", ""},
		{"second-way-listed", "CREATE USER app@'%' IDENTIFIED VIA unix_socket OR ed25519 USING PASSWORD('dragon')", "fail weak-password=app@%!:critical", "pass", ""},
		{"own-name", "CREATE USER app@'%' IDENTIFIED BY 'app123'", "fail weak-password=app@%!:critical", "pass", ""},
		{"old", "SET old_passwords=1; CREATE USER app@'%' IDENTIFIED BY 'ru3Ahyoh4ahm'", "fail outdated-hash=app@%!:medium", "pass", ""},
		{"empty", "CREATE USER app@'10.%'", "fail empty-password=app@10.%!:critical", "pass", ""},
		{"empty-locked", "CREATE USER app@'10.%' ACCOUNT LOCK", "pass", "pass", ""},
		{"role", "CREATE ROLE boss", "pass", "pass", ""},
		{"anonymous", "CREATE USER ''@localhost", "pass", "fail anonymous=''@localhost:medium", ""},
		{"root-anywhere", "CREATE USER root@'%' IDENTIFIED BY 'ru3Ahyoh4ahm'", "pass", "fail root-anywhere=root@%:medium", ""},
		{"root-network", "CREATE USER root@'10.%' IDENTIFIED BY 'ru3Ahyoh4ahm'", "pass", "pass", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h.SQL(none + "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> 'localhost'; FLUSH PRIVILEGES; " + tc.accounts)
			got, text := probe(t, h, rootUID)
			if got["password"] != "pass" || got["passwords"] != tc.passwords || got["accounts"] != tc.accountsCheck || tc.tls != "" && got["tls"] != tc.tls {
				t.Errorf("got %q\n%s", got, text)
			}
			if strings.Contains(text, listed) || strings.Contains(text, "ru3Ahyoh4ahm") {
				t.Errorf("a password is printed:\n%s", text)
			}
		})
	}
}

func TestRealSkipGrantTables(t *testing.T) {
	h := realServer(t)
	h.MariaDB("--skip-grant-tables")
	for _, uid := range []string{rootUID, nobodyUID} {
		if got, text := probe(t, h, uid); got["password"] != "fail skip-grant-tables=skip-grant-tables" {
			t.Errorf("as user %s: %q\n%s", uid, got["password"], text)
		}
	}
}

// TestRealTLS has a server that offers TLS with a certificate nobody signed.
func TestRealTLS(t *testing.T) {
	h := realServer(t)
	config := selfSigned(t).Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(config.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		t.Fatal(err)
	}
	h.WriteFile("/etc/c.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: config.Certificate[0]})), 0o644)
	h.WriteFile("/etc/k.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})), 0o644)
	h.MariaDB("--ssl-cert=/etc/c.pem", "--ssl-key=/etc/k.pem", "--require-secure-transport=1")
	if got, text := probe(t, h, rootUID); got["password"] != "pass" || got["tls"] != "not_applicable absent" {
		t.Errorf("socket authentication over TLS: %q, TLS %q\n%s", got["password"], got["tls"], text)
	}
	h.SQL("ALTER USER root@localhost IDENTIFIED BY '' REQUIRE SSL")
	for _, uid := range []string{rootUID, nobodyUID} {
		if got, text := probe(t, h, uid); got["password"] != "fail empty-password=root@localhost" {
			t.Errorf("as user %s: %q\n%s", uid, got["password"], text)
		}
	}
}
