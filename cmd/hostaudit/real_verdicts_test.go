package main_test

import (
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// A verdict is what is expected of one check, written before the program existed: the
// status, and which kinds of evidence its findings have.
type verdict struct {
	id         string
	status     checks.Status
	running    evidence
	configured evidence
}

type evidence int

const (
	without evidence = iota // no finding of this kind
	with                    // at least one
	// either: the daemon runs what its file says; whether the file is reported beside the
	// socket is the check's choice (both must be reported only where they differ).
	either
)

// The words of the tables below.
const (
	pass    = checks.StatusPass
	unknown = checks.StatusUnknown
	fail    = checks.StatusFail
	na      = checks.StatusNotApplicable
)

// A realCase is one state of one daemon of Debian. The tree has openssh-server, vsftpd and
// mariadb-server installed with their units enabled, so a file alone is a configured
// service even where nothing runs.
type realCase struct {
	name    string
	prepare func(*hosttest.RealHost)
	live    []verdict // the host audited from inside
	tree    []verdict // the same files audited with --root
}

// sshd is a whole configuration: Debian's Include of the drop-in directory, then lines.
func sshd(lines string) string {
	return "Include /etc/ssh/sshd_config.d/*.conf\n" + lines + "UsePAM yes\nSubsystem sftp /usr/lib/openssh/sftp-server\n"
}

const sshdConfig = "/etc/ssh/sshd_config"

var sshCases = []realCase{
	{
		name:    "packagedOn22",
		prepare: func(h *hosttest.RealHost) { h.SSHD(22) },
		live: []verdict{
			{"ssh.port", fail, with, either},
			{"ssh.root-login", fail, either, either}, // prohibit-password is the default
		},
		tree: []verdict{
			{"ssh.port", fail, without, with},
			{"ssh.root-login", fail, without, with},
		},
	},
	{
		name: "soundOn2222",
		prepare: func(h *hosttest.RealHost) {
			h.WriteFile("/etc/ssh/sshd_config.d/10-root.conf", "PermitRootLogin no\n", 0o644)
			h.WriteFile(sshdConfig, sshd("Port 2222\nPermitRootLogin yes\n"), 0o644)
			h.SSHD(2222)
		},
		live: []verdict{
			{"ssh.port", pass, without, without},
			{"ssh.root-login", pass, without, without},
		},
		tree: []verdict{
			{"ssh.port", pass, without, without},
			{"ssh.root-login", pass, without, without},
		},
	},
	{
		name: "file2222RunningOn22",
		prepare: func(h *hosttest.RealHost) {
			h.WriteFile(sshdConfig, sshd("Port 2222\nPermitRootLogin no\n"), 0o644)
			h.SSHD(22, "-p", "22") // -p hides the file's Port
		},
		live: []verdict{{"ssh.port", fail, with, without}},
		tree: []verdict{{"ssh.port", pass, without, without}},
	},
	{
		name: "running2222File22",
		prepare: func(h *hosttest.RealHost) {
			h.WriteFile(sshdConfig, sshd("Port 2222\nPermitRootLogin no\n"), 0o644)
			h.SSHD(2222)
			h.WriteFile(sshdConfig, sshd("Port 22\nPermitRootLogin no\n"), 0o644)
		},
		live: []verdict{{"ssh.port", fail, without, with}},
		tree: []verdict{{"ssh.port", fail, without, with}},
	},
	{
		name: "rootByOptionOnly",
		prepare: func(h *hosttest.RealHost) {
			h.WriteFile(sshdConfig, sshd("Port 2222\nPermitRootLogin no\n"), 0o644)
			h.SSHD(2222, "-o", "PermitRootLogin=yes")
		},
		live: []verdict{{"ssh.root-login", fail, with, without}},
		tree: []verdict{{"ssh.root-login", pass, without, without}},
	},
	{
		name: "notRunningRootYes",
		prepare: func(h *hosttest.RealHost) {
			h.WriteFile(sshdConfig, sshd("Port 22\nPermitRootLogin yes\n"), 0o644)
		},
		live: []verdict{
			{"ssh.port", fail, without, with},
			{"ssh.root-login", fail, without, with},
		},
		tree: []verdict{
			{"ssh.port", fail, without, with},
			{"ssh.root-login", fail, without, with},
		},
	},
}

// vsftpd is a configuration that listens on the port, on IPv4 only.
func vsftpd(port string) string {
	return "listen=YES\nlisten_ipv6=NO\nlisten_port=" + port + "\nlocal_enable=YES\nsecure_chroot_dir=/run/vsftpd/empty\n"
}

const vsftpdConfig = "/etc/vsftpd.conf"

var ftpCases = []realCase{
	{
		name:    "packagedOn21",
		prepare: func(h *hosttest.RealHost) { h.VSFTPD(21, vsftpdConfig) },
		live:    []verdict{{"ftp.port", fail, with, either}},
		tree:    []verdict{{"ftp.port", fail, without, with}},
	},
	{
		name: "on2121",
		prepare: func(h *hosttest.RealHost) {
			h.WriteFile(vsftpdConfig, vsftpd("2121"), 0o644)
			h.VSFTPD(2121, vsftpdConfig)
		},
		live: []verdict{{"ftp.port", pass, without, without}},
		tree: []verdict{{"ftp.port", pass, without, without}},
	},
	{
		name: "file2121RunningOn21",
		prepare: func(h *hosttest.RealHost) {
			h.WriteFile(vsftpdConfig, vsftpd("2121"), 0o644)
			h.VSFTPD(21, vsftpdConfig, "-olisten_port=21")
		},
		live: []verdict{{"ftp.port", fail, with, without}},
		tree: []verdict{{"ftp.port", pass, without, without}},
	},
	{
		name: "running2121File21",
		prepare: func(h *hosttest.RealHost) {
			h.WriteFile(vsftpdConfig, vsftpd("2121"), 0o644)
			h.VSFTPD(2121, vsftpdConfig)
			h.WriteFile(vsftpdConfig, vsftpd("21"), 0o644)
		},
		live: []verdict{{"ftp.port", fail, without, with}},
		tree: []verdict{{"ftp.port", fail, without, with}},
	},
}

const (
	mariadbDropIn = "/etc/mysql/mariadb.conf.d/99-test.cnf"
	// A password no list holds.
	rootPassword = "correct-9-horse-T7-battery"
)

var mysqlCases = []realCase{
	{
		name:    "packagedSocketAuthentication",
		prepare: func(h *hosttest.RealHost) { h.MariaDB() },
		live: []verdict{
			{"mysql.root-password", pass, without, without},
			{"mysql.passwords", pass, without, without},
			{"mysql.accounts", pass, without, without},
			{"mysql.bind", pass, without, without},
			{"mysql.tls", na, without, without},
		},
		tree: []verdict{
			{"mysql.root-password", na, without, without},
			{"mysql.passwords", na, without, without},
			{"mysql.accounts", na, without, without},
			{"mysql.bind", fail, without, with}, // the package enables mariadb.socket, which has every address
			{"mysql.tls", fail, without, with},
		},
	},
	{
		name: "emptyRootPassword",
		prepare: func(h *hosttest.RealHost) {
			h.MariaDB()
			h.SQL("ALTER USER root@localhost IDENTIFIED VIA mysql_native_password USING ''")
		},
		live: []verdict{
			{"mysql.root-password", fail, with, without},
			{"mysql.bind", pass, without, without},
		},
		tree: []verdict{{"mysql.root-password", na, without, without}},
	},
	{
		// The login over the socket as root works and proves nothing: over TCP it works too.
		name: "emptyPasswordOrSocket",
		prepare: func(h *hosttest.RealHost) {
			h.MariaDB()
			h.SQL("ALTER USER root@localhost IDENTIFIED VIA mysql_native_password USING '' OR unix_socket")
		},
		live: []verdict{{"mysql.root-password", fail, with, without}},
		tree: []verdict{{"mysql.root-password", na, without, without}},
	},
	{
		name: "passwordSet",
		prepare: func(h *hosttest.RealHost) {
			h.MariaDB()
			h.SQL("ALTER USER root@localhost IDENTIFIED BY '" + rootPassword + "'")
		},
		live: []verdict{
			{"mysql.root-password", pass, without, without},
			{"mysql.passwords", unknown, without, without},
			{"mysql.accounts", unknown, without, without},
		},
		tree: []verdict{{"mysql.root-password", na, without, without}},
	},
	{
		name: "weakAccounts",
		prepare: func(h *hosttest.RealHost) {
			h.MariaDB("--bind-address=0.0.0.0")
			h.SQL("CREATE USER app@'%' IDENTIFIED BY '123456'; CREATE USER ''@localhost; CREATE USER root@'%' IDENTIFIED BY '" + rootPassword + "'")
		},
		live: []verdict{
			{"mysql.root-password", pass, without, without},
			{"mysql.passwords", fail, with, without},
			{"mysql.accounts", fail, with, without},
			{"mysql.bind", fail, with, without},
			{"mysql.tls", fail, with, without},
		},
		tree: []verdict{{"mysql.passwords", na, without, without}},
	},
	{
		name: "tlsRequired",
		prepare: func(h *hosttest.RealHost) {
			h.WriteFile(mariadbDropIn, "[mysqld]\nbind-address = 0.0.0.0\nrequire_secure_transport = ON\nssl-cert = /etc/mysql/c.pem\nssl-key = /etc/mysql/k.pem\n", 0o644)
			h.MustRun("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=db",
				"-keyout", "/etc/mysql/k.pem", "-out", "/etc/mysql/c.pem")
			h.MustRun("chmod", "644", "/etc/mysql/k.pem")
			h.MariaDB()
		},
		live: []verdict{{"mysql.tls", pass, without, without}},
		tree: []verdict{{"mysql.tls", pass, without, without}},
	},
	{
		name:    "skipGrantTablesByOption",
		prepare: func(h *hosttest.RealHost) { h.MariaDB("--skip-grant-tables") },
		live:    []verdict{{"mysql.root-password", fail, with, without}},
		tree:    []verdict{{"mysql.root-password", na, without, without}},
	},
	{
		name: "skipGrantTablesInFile",
		prepare: func(h *hosttest.RealHost) {
			h.WriteFile(mariadbDropIn, "[mariadb]\nskip_grant_tables\n", 0o644)
			h.MariaDB()
		},
		live: []verdict{{"mysql.root-password", fail, with, either}},
		tree: []verdict{{"mysql.root-password", fail, without, with}},
	},
	{
		name:    "boundToAllByOption",
		prepare: func(h *hosttest.RealHost) { h.MariaDB("--bind-address=0.0.0.0") },
		live: []verdict{
			{"mysql.root-password", pass, without, without},
			{"mysql.bind", fail, with, without},
		},
		tree: []verdict{{"mysql.bind", fail, without, with}}, // mariadb.socket
	},
	{
		name: "socketUnitMasked",
		prepare: func(h *hosttest.RealHost) {
			h.MustRun("ln", "-s", "/dev/null", "/etc/systemd/system/mariadb.socket")
		},
		live: []verdict{{"mysql.bind", pass, without, without}},
		tree: []verdict{{"mysql.bind", pass, without, without}},
	},
	{
		name: "boundToAllInFile",
		prepare: func(h *hosttest.RealHost) {
			h.WriteFile(mariadbDropIn, "[mysqld]\nbind-address = 0.0.0.0\n", 0o644)
			h.MariaDB()
		},
		live: []verdict{{"mysql.bind", fail, with, either}},
		tree: []verdict{{"mysql.bind", fail, without, with}},
	},
	{
		name: "runningOnLoopbackFileAll",
		prepare: func(h *hosttest.RealHost) {
			h.MariaDB()
			h.WriteFile(mariadbDropIn, "[mysqld]\nbind-address = 0.0.0.0\n", 0o644)
		},
		live: []verdict{{"mysql.bind", fail, without, with}},
		tree: []verdict{{"mysql.bind", fail, without, with}},
	},
}

// TestRealDaemons compares the verdicts on real daemons with the tables above, and holds
// that running and configured evidence are told apart.
func TestRealDaemons(t *testing.T) {
	hosttest.RequireReal(t)
	program := builtProgram(t)
	for _, group := range []struct {
		family string
		cases  []realCase
	}{{"ssh", sshCases}, {"ftp", ftpCases}, {"mysql", mysqlCases}} {
		family := group.family
		t.Run(family, func(t *testing.T) {
			for _, c := range group.cases {
				t.Run(c.name, func(t *testing.T) {
					h := realHost(t, program)
					c.prepare(h)
					live := auditLive(t, h, "--only", family)
					for _, want := range c.live {
						compareVerdict(t, "live", result(t, live, want.id), want)
					}
					tree := auditTree(t, h, program, "--only", family)
					for _, want := range c.tree {
						compareVerdict(t, "tree", result(t, tree, want.id), want)
					}
				})
			}
		})
	}
}

func compareVerdict(t *testing.T, mode string, got checks.Result, want verdict) {
	t.Helper()
	if got.Status != want.status {
		t.Errorf("%s %s: %s (%s), want %s\nfindings %+v\ngaps %+v\nfacts %v",
			mode, want.id, got.Status, got.Summary, want.status, got.Findings, got.Gaps, got.Facts)
		return
	}
	for kind, expected := range map[checks.Evidence]evidence{checks.Running: want.running, checks.Configured: want.configured} {
		n := 0
		for _, f := range got.Findings {
			if f.Evidence == kind {
				n++
			}
		}
		if expected == with && n == 0 || expected == without && n > 0 {
			t.Errorf("%s %s: %d findings with %s evidence: %+v", mode, want.id, n, kind, got.Findings)
		}
	}
}

// TestRealDatabaseManners counts what the audit makes a real server refuse: one attempt
// per way in and server start, remembered, and no account refused more than twice in a row.
func TestRealDatabaseManners(t *testing.T) {
	hosttest.RequireReal(t)
	h := realHost(t, builtProgram(t))
	h.MariaDB()
	h.SQL("ALTER USER root@localhost IDENTIFIED BY '" + rootPassword + "'")
	refused := func() string {
		return strings.TrimSpace(h.MustRun("mariadb", "--password="+rootPassword, "--batch", "--skip-column-names",
			"--execute", "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME='ACCESS_DENIED_ERRORS'"))
	}
	before := refused()
	auditLive(t, h, "--only", "mysql")
	first := refused()
	auditLive(t, h, "--only", "mysql")
	second := refused()
	if before != "0" || first != "0" && first != "1" && first != "2" && first != "3" {
		t.Errorf("refused logins: %s before, %s after one audit", before, first)
	}
	if second != first {
		t.Errorf("the second audit asked again: %s refused logins after %s", second, first)
	}
}
