package hosttest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"path"
	"sync"
	"time"
)

// SSHD starts Debian's sshd with the host's configuration and the arguments given, and
// waits until it listens on the port.
func (h *RealHost) SSHD(port int, args ...string) {
	h.t.Helper()
	h.MustRun("mkdir", "-p", "/run/sshd")
	h.Start(append([]string{"/usr/sbin/sshd", "-D"}, args...)...)
	h.WaitListening(port)
}

// VSFTPD starts Debian's vsftpd with the arguments given, and waits until it listens on
// the port.
func (h *RealHost) VSFTPD(port int, args ...string) {
	h.t.Helper()
	h.MustRun("mkdir", "-p", "/run/vsftpd/empty")
	h.Start(append([]string{"/usr/sbin/vsftpd"}, args...)...)
	h.WaitListening(port)
}

// MariaDB starts Debian's MariaDB server with the arguments given, and waits until it
// answers on its socket.
func (h *RealHost) MariaDB(args ...string) {
	h.t.Helper()
	h.MustRun("install", "-d", "-o", "mysql", "-g", "mysql", "/run/mysqld")
	h.Start(append([]string{"/usr/sbin/mariadbd", "--user=mysql"}, args...)...)
	h.WaitFor("the database server", func() bool {
		// It also says that the server is alive when it refuses this login.
		return h.Run("mariadb-admin", "ping").Exit == 0
	})
}

// SQL runs a statement as the server's root over the socket.
func (h *RealHost) SQL(statement string) string {
	h.t.Helper()
	return h.MustRun("mariadb", "--batch", "--skip-column-names", "--execute", statement)
}

// MySQLSocket is where the server that MySQL starts is reached from within the host.
const MySQLSocket = "/run/mysqld/mysqld.sock"

// MySQL starts Oracle's server of the layer "units-sid+mysql" with the arguments given,
// and waits until it greets on its socket. The first call on a host makes the server's
// user and a data directory in which root@localhost has an empty password and is alone.
// The layer holds no client: tests speak to the server through DialUnix.
func (h *RealHost) MySQL(args ...string) {
	h.t.Helper()
	// Everything that makes a small, short-lived server fast: nothing it writes is to
	// outlive the test.
	server := []string{
		"/usr/sbin/mysqld", "--user=mysql", "--datadir=/var/lib/mysql", "--secure-file-priv=NULL", "--skip-log-bin",
		"--innodb-buffer-pool-size=5M", "--innodb-redo-log-capacity=8M", "--innodb-flush-method=nosync",
		"--innodb-flush-log-at-trx-commit=0", "--skip-innodb-doublewrite",
	}
	if _, err := h.view.Stat("var/lib/mysql/mysql.ibd"); errors.Is(err, fs.ErrNotExist) {
		h.WriteFile("/etc/passwd", h.ReadFile("/etc/passwd")+"mysql:x:27:27::/nonexistent:/bin/false\n", 0o644)
		h.WriteFile("/etc/group", h.ReadFile("/etc/group")+"mysql:x:27:\n", 0o644)
		h.MustRun("install", "-d", "-o", "mysql", "-g", "mysql", "/var/lib/mysql", path.Dir(MySQLSocket))
		h.MustRun(append(server, "--initialize-insecure")...)
	}
	h.Start(append(append(server, "--socket="+MySQLSocket), args...)...)
	h.WaitFor("the database server", func() bool {
		c, err := h.DialUnix(context.Background(), MySQLSocket)
		if err != nil {
			return false
		}
		defer func() { _ = c.Close() }()
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		_, err = io.ReadFull(c, make([]byte, 1))
		return err == nil
	})
}

// DialUnix connects this process to a stream socket of the host by its absolute path. The
// peer sees this process's user; a path with absolute links in it does not work.
func (h *RealHost) DialUnix(ctx context.Context, path string) (net.Conn, error) {
	var d net.Dialer
	return d.DialContext(ctx, "unix", fmt.Sprintf("/proc/%d/root%s", h.init, path))
}

// logBuffer keeps the end of what a daemon says; daemons write while tests read.
type logBuffer struct {
	mu   sync.Mutex
	text []byte
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	const most = 16 << 10
	l.text = append(l.text, p...)
	if len(l.text) > most {
		l.text = append([]byte(nil), l.text[len(l.text)-most:]...)
	}
	return len(p), nil
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return string(l.text)
}
