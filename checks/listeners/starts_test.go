package listeners

import (
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

// started is an enabled unit of a package that starts the program.
func started(name, program string) units.Entry {
	e := enabledService(name)
	e.Program = program
	e.Unit = &units.Unit{Name: name, Fragment: e.Place.File, Exec: []units.Command{{Path: program}}}
	return e
}

// TestNoUnitTold: where control groups name no unit, programs and packages tell what
// starts at boot, and by what unit.
func TestNoUnitTold(t *testing.T) {
	const redisExe = "/usr/bin/redis-check-rdb" // Debian's redis-server is a link to it
	enabled := []units.Entry{
		started("ssh.service", "/usr/sbin/sshd"), started("redis-server.service", "/usr/bin/redis-server"),
		started("postfix.service", "/bin/true"), started("apache2.service", "/usr/sbin/apachectl"), started("app.service", "/usr/bin/perl"),
		entry(units.KindSysV, "vsftp", "/etc/init.d/vsftp"),
	}
	owned := map[string]string{
		"/usr/sbin/sshd": "openssh-server", redisExe: "redis-tools", "/usr/lib/postfix/sbin/master": "postfix", "/usr/sbin/apache2": "apache2-bin",
		"/usr/bin/perl": "perl-base", "/usr/sbin/vsftpd": "vsftpd", "/usr/sbin/other": "other", "/usr/lib/systemd/system/postfix.service": "postfix",
		"/usr/lib/systemd/system/app.service": "app", "/etc/init.d/vsftp": "vsftpd",
	}
	for _, tc := range []struct {
		name     string
		exe      string
		unit     string // of the control group
		declared checks.Declaration
		want     string
	}{
		{name: "program-of-unit", exe: "/usr/sbin/sshd", want: "fail | low running undeclared tcp 99 sshd"},
		{name: "link", exe: redisExe, want: "fail | low running undeclared tcp 99 redis-server"},
		{name: "package-of-unit", exe: "/usr/lib/postfix/sbin/master", want: "fail | low running undeclared tcp 99 master"},
		{name: "name-of-unit", exe: "/usr/sbin/apache2", want: "fail | low running undeclared tcp 99 apache2"},
		{name: "package-of-script", exe: "/usr/sbin/vsftpd", want: "fail | low running undeclared tcp 99 vsftpd"},
		{name: "nothing-starts-it", exe: "/usr/sbin/other", want: "fail | medium running undeclared tcp 99 other"},
		{name: "interpreter", exe: "/usr/bin/perl", want: "fail | medium running undeclared tcp 99 perl"},
		{name: "session", exe: "/usr/sbin/sshd", unit: "session-3.scope", want: "fail | medium running undeclared tcp 99 sshd"},
		{name: "declared-unit", exe: "/usr/sbin/sshd", declared: checks.Declaration{Unit: "ssh.service"}, want: "pass"},
		{name: "declared-unit-by-link", exe: redisExe, declared: checks.Declaration{Unit: "redis-server"}, want: "pass"},
		{name: "declared-unit-of-another", exe: "/usr/sbin/other", declared: checks.Declaration{Unit: "ssh.service"}, want: "fail | medium running undeclared tcp 99 other"},
		{name: "declared-unit-in-session", exe: "/usr/sbin/sshd", unit: "session-3.scope", declared: checks.Declaration{Unit: "ssh.service"}, want: "fail | medium running undeclared tcp 99 sshd"},
		{name: "declared-unit-of-interpreter", exe: "/usr/bin/perl", declared: checks.Declaration{Unit: "app.service"}, want: "fail | medium running undeclared tcp 99 perl"},
		{name: "declared-name", exe: redisExe, declared: checks.Declaration{Program: "redis-server"}, want: "pass"},
		{name: "declared-file-name", exe: redisExe, declared: checks.Declaration{Program: "redis-check-rdb"}, want: "pass"},
		{name: "declared-link", exe: redisExe, declared: checks.Declaration{Program: "/usr/bin/redis-server"}, want: "pass"},
		{name: "declared-link-elsewhere", exe: redisExe, declared: checks.Declaration{Program: "/opt/redis-server"}, want: "fail | low running undeclared tcp 99 redis-server"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := world{
				processes: []snapshot.Process{proc(7, tc.exe, tc.unit)}, listeners: []snapshot.Listener{tcp("0.0.0.0", 99, 7)},
				enabled: enabled, packages: owned, links: map[string]string{"/usr/bin/redis-server": redisExe}, units: map[string]*units.Unit{},
			}
			for _, e := range enabled {
				if e.Unit != nil {
					w.units[e.Name] = e.Unit
				}
			}
			if tc.declared != (checks.Declaration{}) {
				w.declared = []checks.Declaration{tc.declared}
			}
			if got := seen(w.runDeclared(t)); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestStartedByName: the name of a service counts where its program says nothing.
func TestStartedByName(t *testing.T) {
	oneshot := func(name, program string) units.Entry {
		e := started(name, program)
		e.Unit.Type = "oneshot"
		return e
	}
	for _, tc := range []struct {
		name  string
		entry units.Entry
		want  string
	}{
		{"postfix", oneshot("postfix.service", "/bin/true"), "fail | low configured undeclared postfix.service at /usr/lib/systemd/system/postfix.service"},
		{"postgresql", oneshot("postgresql.service", "/bin/true"), "fail | low configured undeclared postgresql.service at /usr/lib/systemd/system/postgresql.service"},
		{"dnsmasq", started("dnsmasq.service", "/usr/share/dnsmasq/systemd-helper"), "fail | low configured undeclared dnsmasq.service at /usr/lib/systemd/system/dnsmasq.service"},
		{"script", entry(units.KindSysV, "tftpd-hpa", "/etc/init.d/tftpd-hpa"), "fail | low configured undeclared tftpd-hpa at /etc/tftpd-hpa:3"},
		{"quiet-script", entry(units.KindSysV, "smartmontools", "/etc/init.d/smartmontools"), "pass"},
		{"quiet-helper", started("unbound-resolvconf.service", "/usr/libexec/unbound-helper"), "pass"},
		{"unknown-script", entry(units.KindSysV, "thing", "/etc/init.d/thing"), "unknown unsupported | gap unsupported thing"},
		{"rc-local", started("rc-local.service", "/etc/rc.local"), "unknown unsupported | gap unsupported rc-local.service"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := seen(world{enabled: []units.Entry{tc.entry}}.tree(t, "listeners.declared")); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestHiddenOwnersOfOnePort: one gap for the sockets of one port.
func TestHiddenOwnersOfOnePort(t *testing.T) {
	w := world{listeners: []snapshot.Listener{hiddenOwner(tcp("0.0.0.0", 22)), hiddenOwner(tcp("::", 22))}}
	r := w.runDeclared(t)
	if got := seen(r); got != "unknown no_permission | gap no_permission tcp 22" {
		t.Error(got)
	}
	if got := string(r.Gaps[0].Detail); got != "who listens there could not be seen; it is reachable at every address, IPv4 and IPv6" {
		t.Error(got)
	}
}
