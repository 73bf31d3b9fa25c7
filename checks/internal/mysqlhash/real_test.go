package mysqlhash_test

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/internal/mysqlhash"
)

const mysqlSocket = "/run/mysqld/mysqld.sock"

// inside runs a test of this binary in the host.
func inside(t *testing.T, h *hosttest.RealHost, test string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h.Install(exe, "/inside.test")
	res := h.Run("env", insideVariable+"="+mysqlSocket, "/inside.test", "-test.run=^"+test+"$", "-test.v")
	if res.Exit != 0 || !strings.Contains(res.Stdout, "--- PASS: TestInside") {
		t.Errorf("%s: exit status %d\n%s%s", test, res.Exit, res.Stdout, res.Stderr)
	}
}

// TestRealMySQL compares with MySQL.
func TestRealMySQL(t *testing.T) {
	h := hosttest.NewRealHostOf(t, "units-sid+mysql")
	h.MustRun("mkdir", "-p", "/run/mysqld", "/data")
	server := []string{"/usr/sbin/mysqld", "--no-defaults", "--user=root", "--datadir=/data"}
	h.MustRun(append(server, "--initialize-insecure")...)
	h.Start(append(server, "--socket="+mysqlSocket, "--secure-file-priv=NULL", "--mysqlx=0",
		"--caching-sha2-password-digest-rounds=16000")...)
	h.WaitFor("the database server", func() bool { return h.Run("test", "-S", mysqlSocket).Exit == 0 })
	inside(t, h, "TestInsideMySQL(Forms)?")
}

// TestRealMariaDB compares with MariaDB, which hashes any bytes that a
// statement names.
func TestRealMariaDB(t *testing.T) {
	h := hosttest.NewRealHost(t)
	h.MariaDB("--secure-auth=0")
	h.SQL("INSTALL SONAME 'auth_ed25519'; CREATE FUNCTION ed25519_password RETURNS STRING SONAME 'auth_ed25519.so'")
	var query strings.Builder
	words := [][]byte{nil}
	for n := range 81 {
		words = append(words, wordOf(n), bytes.ReplaceAll(wordOf(n), []byte{wordOf(n + 1)[0]}, []byte{0}))
	}
	for _, w := range words {
		fmt.Fprintf(&query, "SELECT PASSWORD(x'%x'), OLD_PASSWORD(x'%[1]x'), ed25519_password(x'%[1]x');\n", w)
	}
	rows := strings.Split(strings.TrimSuffix(h.SQL(query.String()), "\n"), "\n")
	if len(rows) != len(words) {
		t.Fatalf("%d rows for %d words", len(rows), len(words))
	}
	for i, row := range rows {
		f := strings.Split(row, "\t")
		if len(f) != 3 {
			t.Fatalf("row %q", row)
		}
		if len(words[i]) > 0 { // an empty string is stored for the empty word
			holds(t, mysqlhash.Native, []byte(f[0]), words[i])
			holds(t, "", []byte(f[0]), words[i])
			holds(t, mysqlhash.Old, []byte(f[1]), words[i])
			holds(t, mysqlhash.Native, []byte(f[1]), words[i])
		}
		holds(t, mysqlhash.Ed25519, []byte(f[2]), words[i])
	}
	inside(t, h, "TestInsideMariaDBForms")
}
