package hosttest

import "sync"

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
