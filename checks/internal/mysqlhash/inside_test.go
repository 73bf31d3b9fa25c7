package mysqlhash_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"hostaudit/checks/internal/mysqlhash"
)

// insideVariable makes this test binary, installed in a real host, ask the
// server of that host: it names the socket.
const insideVariable = "HOSTAUDIT_MYSQLHASH_INSIDE"

// server is a server at whose socket root of the host is let in.
type server struct {
	t      *testing.T
	socket string
	root   *sql.DB
}

func insideServer(t *testing.T) *server {
	t.Helper()
	socket := os.Getenv(insideVariable)
	if socket == "" {
		t.Skip("only run inside a real host, by the tests in real_test.go")
	}
	s := &server{t: t, socket: socket}
	s.root = s.open("root", "")
	t.Cleanup(func() { _ = s.root.Close() })
	// Literals are the bytes that they are.
	s.exec("SET NAMES binary")
	return s
}

func (s *server) open(user, password string) *sql.DB {
	s.t.Helper()
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr = user, password, "unix", s.socket
	c.AllowOldPasswords = true
	c.Timeout, c.ReadTimeout = 10*time.Second, 30*time.Second
	c.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(c)
	if err != nil {
		s.t.Fatal(err)
	}
	db := sql.OpenDB(connector)
	db.SetMaxOpenConns(1)
	return db
}

func (s *server) exec(statement string) {
	s.t.Helper()
	if _, err := s.root.Exec(statement); err != nil {
		s.t.Fatalf("%s: %v", statement, err)
	}
}

// bytesOf runs a query for one string.
func (s *server) bytesOf(query string) []byte {
	s.t.Helper()
	var b []byte
	if err := s.root.QueryRow(query).Scan(&b); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return b
}

// letsIn tells whether the server lets a user in with the word.
func (s *server) letsIn(user string, word []byte) bool {
	s.t.Helper()
	db := s.open(user, string(word))
	defer func() { _ = db.Close() }()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	err := db.PingContext(ctx)
	// MariaDB asks an account that it does not know, or whose entry it does not
	// take, for the answer to a plugin drawn by lot; the driver has not them all.
	_, refused := errors.AsType[*mysql.MySQLError](err)
	if err != nil && !refused && !errors.Is(err, mysql.ErrMalformPkt) && !errors.Is(err, mysql.ErrUnknownPlugin) {
		s.t.Errorf("login: no answer of the server: %v", err)
	}
	return err == nil
}

// quote writes a string literal of the bytes.
func quote(b []byte) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`).Replace(string(b)) + "'"
}

// wordOf is a word of n bytes of all values but NUL, which no login can carry;
// blanks and quotes are among them.
func wordOf(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(1 + (n*31+i*89)%255)
	}
	return b
}

// holds checks that a stored string matches the word and none that is near it.
func holds(t *testing.T, plugin string, stored, word []byte) {
	t.Helper()
	h, err := mysqlhash.Parse(plugin, stored)
	if err != nil {
		t.Errorf("%s %q: %v", plugin, stored, err)
		return
	}
	if !h.Matches(word) {
		t.Errorf("%s %q: does not match %q", plugin, stored, word)
	}
	near := [][]byte{append([]byte{'x'}, word...), append(append([]byte(nil), word...), 'x')}
	if len(word) > 0 {
		last := append([]byte(nil), word...)
		last[len(last)-1] ^= 0x40
		near = append(near, last, word[1:])
	}
	if h.Scheme() == mysqlhash.Old && len(word) > 0 && strings.Trim(string(word[:1]), " \t") == "" {
		near = near[:3] // blanks do not count
	}
	for _, w := range near {
		if h.Matches(w) {
			t.Errorf("%s %q: matches %q", plugin, stored, w)
		}
	}
}

// agrees checks that the server lets in who brings the word exactly where the
// stored string matches it. The stored string is put into the table as it is.
func (s *server) agrees(plugin, stored string, word []byte, want bool) {
	s.t.Helper()
	s.set(plugin, stored)
	if got := s.letsIn("tried", word); got != want {
		s.t.Errorf("%s %q, word %q: the server says %v, expected %v", plugin, stored, word, got, want)
	}
	h, err := mysqlhash.Parse(plugin, []byte(stored))
	if err != nil && !errors.Is(err, mysqlhash.ErrMalformed) {
		s.t.Errorf("%s %q: %v", plugin, stored, err)
	}
	if got := err == nil && h.Matches(word); got != want {
		s.t.Errorf("%s %q, word %q: matches is %v (%v), want %v", plugin, stored, word, got, err, want)
	}
}

func (s *server) mariaDB() bool {
	return strings.Contains(string(s.bytesOf("SELECT VERSION()")), "MariaDB")
}

// set gives the account "tried" a stored string, past the checks of statements.
func (s *server) set(plugin, stored string) {
	s.t.Helper()
	s.exec("CREATE USER IF NOT EXISTS tried")
	if s.mariaDB() {
		s.exec(fmt.Sprintf("UPDATE mysql.global_priv SET Priv = JSON_SET(Priv, '$.plugin', %s, '$.authentication_string', %s) WHERE User = 'tried'",
			quote([]byte(plugin)), quote([]byte(stored))))
	} else {
		s.exec(fmt.Sprintf("UPDATE mysql.user SET plugin = %s, authentication_string = %s WHERE User = 'tried'",
			quote([]byte(plugin)), quote([]byte(stored))))
	}
	s.exec("FLUSH PRIVILEGES")
}

// TestInsideMySQL has MySQL make accounts.
func TestInsideMySQL(t *testing.T) {
	s := insideServer(t)
	stored := func(user string) []byte {
		return s.bytesOf("SELECT authentication_string FROM mysql.user WHERE User = " + quote([]byte(user)))
	}
	for _, plugin := range []string{mysqlhash.CachingSHA2, mysqlhash.SHA256} {
		for n := 1; n <= 256; n++ {
			if n > 80 && n%25 != 0 && n < 255 {
				continue
			}
			word := wordOf(n)
			s.exec("CREATE USER made IDENTIFIED WITH " + plugin + " BY " + quote(word))
			hash := stored("made")
			holds(t, plugin, hash, word)
			if n%16 == 4 && n < 100 && !s.letsIn("made", word) {
				t.Errorf("%s: the server refuses the word of %d bytes", plugin, n)
			}
			if plugin == mysqlhash.CachingSHA2 && !bytes.HasPrefix(hash, []byte("$A$010$")) {
				t.Errorf("16,000 rounds are stored as %q", hash)
			}
			s.exec("DROP USER made")
		}
		if _, err := s.root.Exec("CREATE USER made IDENTIFIED WITH " + plugin + " BY " + quote(wordOf(257))); err == nil {
			t.Errorf("%s: the server takes a word of 257 bytes", plugin)
		}
		s.exec("CREATE USER made IDENTIFIED WITH " + plugin + " BY ''")
		if b := stored("made"); len(b) != 0 {
			t.Errorf("%s: the server stores %q for the empty word", plugin, b)
		}
		s.exec("DROP USER made")
	}
	if _, err := mysqlhash.Parse(mysqlhash.CachingSHA2, stored("mysql.sys")); err != mysqlhash.ErrMalformed {
		t.Errorf("the account mysql.sys: %v", err)
	}
}
