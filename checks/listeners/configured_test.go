package listeners

import (
	"errors"
	"io/fs"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/packages"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

// tree runs a check over the same world with nothing running.
func (w world) tree(t *testing.T, name string) checks.Result {
	t.Helper()
	env, src := w.env(t)
	env.Host.Mode, env.Host.Kind, env.Host.Snapshot = host.Root, host.KindTree, nil
	if name == "listeners.cleartext" {
		rec := checks.NewRecorder(Cleartext())
		runCleartextWith(t.Context(), env, src, rec)
		return rec.Seal()
	}
	rec := checks.NewRecorder(Declared())
	runDeclaredWith(t.Context(), env, src, rec)
	return rec.Seal()
}

func entry(kind units.Kind, name, program string, listens ...units.Listen) units.Entry {
	return units.Entry{Kind: kind, Name: name, Program: program, Listens: listens, Place: units.Place{File: "/etc/" + name, Line: 3}}
}

func TestConfigured(t *testing.T) {
	oneshot := entry(units.KindService, "setup.service", "/opt/setup")
	oneshot.Unit = &units.Unit{Name: "setup.service", Type: "oneshot"}
	preset := entry(units.KindService, "ssh.service", "/usr/sbin/sshd")
	preset.FirstBoot = true
	onDevice := entry(units.KindSocket, "x.socket", "", listen("tcp", "0.0.0.0", 99))
	onDevice.Unit = &units.Unit{Device: "lo"}
	for _, tc := range []struct {
		name     string
		entries  []units.Entry
		declared []checks.Declaration
		problems []units.Problem
		os       string
		want     string
	}{
		{name: "nothing-enabled", want: "not_applicable absent"},
		{name: "bookworm-tree", entries: []units.Entry{
			entry(units.KindService, "ssh.service", "/usr/sbin/sshd"), entry(units.KindService, "cron.service", "/usr/sbin/cron"),
			entry(units.KindService, "getty@tty1.service", "/sbin/agetty"), entry(units.KindService, "systemd-timesyncd.service", "/lib/systemd/systemd-timesyncd"),
			entry(units.KindTimer, "apt-daily.timer", ""), entry(units.KindCron, "/etc/crontab", "/usr/bin/x"), entry(units.KindService, "vsftpd.service", "/usr/sbin/vsftpd"),
		}, want: "fail | low configured undeclared ssh.service at /etc/ssh.service:3 | low configured undeclared vsftpd.service at /etc/vsftpd.service:3"},
		{name: "socket-outside", entries: []units.Entry{entry(units.KindSocket, "x.socket", "", listen("tcp", "::", 99))}, want: "fail | low configured undeclared tcp 99 x.socket at /usr/lib/systemd/system/x.socket:4"},
		{name: "inetd-outside", entries: []units.Entry{entry(units.KindInetd, "daytime", "", units.Listen{Proto: "tcp", Port: 13})}, want: "fail | low configured undeclared tcp 13 daytime at /etc/daytime:3"},
		{name: "xinetd-outside", entries: []units.Entry{entry(units.KindXinetd, "time", "", listen("udp", "0.0.0.0", 37))}, want: "fail | low configured undeclared udp 37 time at /usr/lib/systemd/system/x.socket:4"},
		{name: "socket-loopback-or-unix", entries: []units.Entry{
			entry(units.KindSocket, "x.socket", "", listen("tcp", "127.0.0.1", 99), listen("tcp", "::1", 99)), entry(units.KindSocket, "y.socket", "", units.Listen{Proto: "unix", Path: "/run/y"}), onDevice,
		}, want: "pass"},
		{name: "socket-declared", entries: []units.Entry{entry(units.KindSocket, "x.socket", "", listen("tcp", "0.0.0.0", 99))}, declared: []checks.Declaration{{Unit: "x.socket"}}, want: "pass"},
		{name: "socket-declared-for-loopback", entries: []units.Entry{entry(units.KindSocket, "x.socket", "", listen("tcp", "0.0.0.0", 99))}, declared: []checks.Declaration{{Unit: "x.socket", Scope: snapshot.ScopeLoopback}}, want: "fail | low configured undeclared tcp 99 x.socket at /usr/lib/systemd/system/x.socket:4"},
		{name: "known-server-by-preset", entries: []units.Entry{preset}, want: "fail | low configured undeclared ssh.service at /etc/ssh.service:3"},
		{name: "known-server-declared", entries: []units.Entry{preset}, declared: []checks.Declaration{{Unit: "ssh.service", Low: 22}}, want: "pass"},
		{name: "declared-port-alone-names-no-service", entries: []units.Entry{preset}, declared: []checks.Declaration{{Low: 22}}, want: "fail | low configured undeclared ssh.service at /etc/ssh.service:3"},
		{name: "sysv-server-without-program", entries: []units.Entry{entry(units.KindSysV, "ssh", "")}, want: "fail | low configured undeclared ssh at /etc/ssh:3"},
		{name: "script-declared-as-unit", entries: []units.Entry{entry(units.KindOpenRC, "thing", "")}, declared: []checks.Declaration{{Unit: "thing.service"}}, want: "pass"},
		{name: "oneshot", entries: []units.Entry{oneshot}, want: "pass"},
		{name: "other-service", entries: []units.Entry{entry(units.KindService, "thing.service", "/opt/thing")}, want: "unknown unsupported | gap unsupported thing.service"},
		{name: "other-service-declared", entries: []units.Entry{entry(units.KindService, "thing.service", "/opt/thing")}, declared: []checks.Declaration{{Unit: "thing.service"}}, want: "pass"},
		{name: "resolved-on-debian", os: "debian", entries: []units.Entry{entry(units.KindService, "systemd-resolved.service", "/usr/lib/systemd/systemd-resolved")}, want: "pass"},
		{name: "resolved-elsewhere", os: "fedora", entries: []units.Entry{entry(units.KindService, "systemd-resolved.service", "/usr/lib/systemd/systemd-resolved")}, want: "fail | low configured undeclared systemd-resolved.service at /etc/systemd-resolved.service:3"},
		{name: "impostor-of-systemd", entries: []units.Entry{entry(units.KindService, "a.service", "/opt/systemd-a")}, want: "unknown unsupported | gap unsupported a.service"},
		{name: "problem", problems: []units.Problem{{Unit: "x.service", Err: fs.ErrPermission}}, want: "unknown no_permission | gap no_permission x.service"},
		{name: "problem-of-form", problems: []units.Problem{{Unit: "x.service", Err: errors.New("form")}}, entries: []units.Entry{preset}, want: "fail | low configured undeclared ssh.service at /etc/ssh.service:3 | gap unsupported x.service"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := world{enabled: tc.entries, declared: tc.declared, problems: tc.problems, os: host.OSRelease{ID: tc.os}}
			if got := seen(w.tree(t, "listeners.declared")); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestConfiguredBecomes: a declaration names what listens, which is not what the unit
// starts where that is Apache's script or a shell.
func TestConfiguredBecomes(t *testing.T) {
	shell := func(script string) units.Entry {
		e := entry(units.KindService, "mariadb.service", "/bin/sh")
		e.Unit = &units.Unit{Name: e.Name, Type: "notify", Exec: []units.Command{{Path: "/bin/sh", Args: []string{"-c", script}}}}
		return e
	}
	apache := entry(units.KindService, "apache2.service", "/usr/sbin/apachectl")
	const low = "fail | low configured undeclared "
	for _, tc := range []struct {
		name    string
		entry   units.Entry
		program string
		want    string
	}{
		{"apache", apache, "/usr/sbin/apache2", "pass"},
		{"apache-by-another", apache, "/usr/sbin/httpd", low + "apache2.service at /etc/apache2.service:3"},
		{"httpd", entry(units.KindService, "httpd.service", "/usr/sbin/apachectl"), "/usr/sbin/httpd", "pass"},
		{"shell", shell("[ $? -eq 0 ] || exit 1; exec /usr/sbin/mariadbd $OPTS"), "/usr/sbin/mariadbd", "pass"},
		{"shell-by-another", shell("exec /usr/sbin/mariadbd"), "/usr/sbin/mysqld", low + "mariadb.service at /etc/mariadb.service:3"},
		{"shell-two", shell("test || exec /usr/sbin/nginx; exec /usr/sbin/mariadbd"), "/usr/sbin/mariadbd", low + "mariadb.service at /etc/mariadb.service:3"},
		{"shell-no-server", shell("exec /opt/app"), "/opt/app", low + "mariadb.service at /etc/mariadb.service:3"},
		{"shell-without-exec", shell("/usr/sbin/mariadbd &"), "/usr/sbin/mariadbd", low + "mariadb.service at /etc/mariadb.service:3"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := world{enabled: []units.Entry{tc.entry}, declared: []checks.Declaration{{Program: tc.program}}}
			if got := seen(w.tree(t, "listeners.declared")); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestConfiguredPackageUnclear: a declaration by package needs the database.
func TestConfiguredPackageUnclear(t *testing.T) {
	w := world{
		enabled: []units.Entry{entry(units.KindService, "ssh.service", "/usr/sbin/sshd")}, pkgErr: packages.ErrUnsupported,
		declared: []checks.Declaration{{Package: "openssh-server"}},
	}
	if got := seen(w.tree(t, "listeners.declared")); got != "unknown unreadable | gap unreadable ssh.service" {
		t.Error(got)
	}
}

func TestCleartextConfigured(t *testing.T) {
	for _, tc := range []struct {
		name  string
		entry units.Entry
		want  string
	}{
		{"telnet-inetd", entry(units.KindInetd, "telnet", "/usr/sbin/in.telnetd", listen("tcp", "0.0.0.0", 23)), "fail | high configured clear telnet telnet at /etc/telnet:3"},
		{"telnet-inetd-tcpd", entry(units.KindInetd, "telnet", "/usr/sbin/tcpd", listen("tcp", "0.0.0.0", 23)), "fail | high configured clear telnet telnet at /etc/telnet:3"},
		{"telnet-loopback", entry(units.KindInetd, "telnet", "/usr/sbin/in.telnetd", listen("tcp", "127.0.0.1", 23)), "pass"},
		{"telnet-socket", entry(units.KindSocket, "telnet.socket", "", listen("tcp", "::", 23)), "fail | high configured clear telnet.socket telnet at /etc/telnet.socket:3"},
		{"tftp-service", entry(units.KindService, "tftpd-hpa.service", "/usr/sbin/in.tftpd"), "fail | high configured clear tftpd-hpa.service TFTP at /etc/tftpd-hpa.service:3"},
		{"nis", entry(units.KindService, "ypserv.service", "/usr/sbin/ypserv"), "fail | high configured clear ypserv.service NIS at /etc/ypserv.service:3"},
		{"rsh-xinetd", entry(units.KindXinetd, "shell", "", listen("tcp", "0.0.0.0", 514)), "fail | high configured clear shell rsh at /etc/shell:3"},
		{"redis", entry(units.KindService, "redis-server.service", "/usr/bin/redis-server"), "unknown unsupported | gap unsupported redis-server.service"},
		{"mongodb", entry(units.KindService, "mongodb.service", ""), "unknown unsupported | gap unsupported mongodb.service"},
		{"docker", entry(units.KindService, "docker.service", "/usr/bin/dockerd"), "pass"},
		{"ssh", entry(units.KindService, "ssh.service", "/usr/sbin/sshd"), "pass"},
		{"login-of-another-kind", entry(units.KindService, "login.service", "/opt/login"), "pass"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := world{enabled: []units.Entry{tc.entry}}
			if got := seen(w.tree(t, "listeners.cleartext")); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestScriptBesideUnit: systemd passes over the script of a service it has a unit of.
func TestScriptBesideUnit(t *testing.T) {
	native := map[string]*units.Unit{"ssh.service": {Name: "ssh.service", Fragment: "/usr/lib/systemd/system/ssh.service"}}
	script, cron := entry(units.KindSysV, "ssh", ""), entry(units.KindService, "cron.service", "/usr/sbin/cron")
	if got := seen(world{enabled: []units.Entry{cron, script}, units: native}.tree(t, "listeners.declared")); got != "pass" {
		t.Error(got)
	}
	const judged = "fail | low configured undeclared ssh at /etc/ssh:3"
	if got := seen(world{enabled: []units.Entry{script}, units: native}.tree(t, "listeners.declared")); got != judged {
		t.Errorf("under another init system: %s", got)
	}
	if got := seen(world{enabled: []units.Entry{cron, script}}.tree(t, "listeners.declared")); got != judged {
		t.Errorf("without a unit: %s", got)
	}
}

// TestTables: no program is a server and none at once, and each table is large.
func TestTables(t *testing.T) {
	for name := range nonListeners {
		if servers[name] {
			t.Errorf("%s is in both tables", name)
		}
	}
	for name := range quietUnits {
		if serverUnits[name] {
			t.Errorf("%s is in both tables of units", name)
		}
	}
	if len(servers) < 60 || len(nonListeners) < 60 {
		t.Errorf("%d servers, %d others", len(servers), len(nonListeners))
	}
}
