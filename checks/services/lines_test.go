package services

import (
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
	"hostaudit/checks/host/units"
)

func names(entries ...units.Entry) (list []string) {
	for _, l := range lines(entries) {
		list = append(list, l.clean)
	}
	return list
}

func unit(kind units.Kind, name string) units.Entry {
	file := name
	if prefix, rest, ok := strings.Cut(name, "@"); ok {
		file = prefix + "@" + path.Ext(rest)
	}
	return units.Entry{Kind: kind, Name: name, Place: units.Place{File: "/usr/lib/systemd/system/" + file}, Program: "/usr/sbin/" + name}
}

func TestLines(t *testing.T) {
	got := names(
		unit(units.KindService, "ssh.service"),
		unit(units.KindService, "postgresql@15-main.service"),
		unit(units.KindService, "getty@tty1.service"),
		unit(units.KindService, "getty@tty2.service"),
		unit(units.KindService, "serial-getty@ttyS0.service"),
		unit(units.KindService, "systemd-cryptsetup@home.service"),
		unit(units.KindService, "snap.lxd.daemon.service"),
		unit(units.KindTimer, "apt-daily.timer"),
		unit(units.KindSocket, "cups.socket"),
		unit(units.KindPath, "cups.path"),
		unit(units.KindMount, "home.mount"),
		unit(units.KindMount, `dev-disk-by\x2duuid-1.swap`),
		units.Entry{Kind: units.KindService, Name: "cloud-init.service", FirstBoot: true},
		units.Entry{Kind: units.KindInetd, Name: "telnet/tcp", User: "root", Program: "/usr/sbin/in.telnetd"},
		units.Entry{Kind: units.KindXinetd, Name: "time-stream", User: "root", Program: "internal"},
		units.Entry{Kind: units.KindXinetd, Name: "other"},
		units.Entry{Kind: units.KindCron, Name: "/etc/crontab root @reboot", Place: units.Place{File: "/etc/crontab", Line: 3}},
		units.Entry{Kind: units.KindCron, Name: "/etc/crontab root @reboot", Place: units.Place{File: "/etc/crontab", Line: 9}},
	)
	want := []string{
		"cron /etc/crontab root @reboot", "cron /etc/crontab root @reboot #2",
		"inetd telnet/tcp root /usr/sbin/in.telnetd",
		`mount dev-disk-by\\x2duuid-1.swap`, "mount home.mount",
		"path cups.path",
		"service cloud-init.service", "service getty@.service", "service postgresql@15-main.service",
		"service serial-getty@.service", "service snap.lxd.daemon.service", "service ssh.service",
		"service systemd-cryptsetup@home.service",
		"socket cups.socket", "timer apt-daily.timer",
		"xinetd other", "xinetd time-stream root internal",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestTransient: what a reboot, a login, a device or a refresh of snaps brings
// changes no line.
func TestTransient(t *testing.T) {
	for _, e := range []units.Entry{
		unit(units.KindMount, "run-user-1000.mount"), unit(units.KindMount, "snap-core20-1234.mount"),
		unit(units.KindMount, "var-lib-snapd-snap-core20-1234.mount"), unit(units.KindMount, "dev-loop3.swap"),
		unit(units.KindService, "user@1000.service"), unit(units.KindService, "user-runtime-dir@1000.service"),
		unit(units.KindService, "session-3.scope"), unit(units.KindService, "systemd-fsck@dev-sda1.service"),
		unit(units.KindService, "systemd-bless-boot.service"),
		unit(units.KindService, "lvm2-pvscan@8:3.service"), unit(units.KindService, "modprobe@drm.service"),
		{Kind: units.KindService, Name: "x.service", Place: units.Place{File: "/run/systemd/transient/x.service"}},
	} {
		if got := names(e); len(got) != 0 {
			t.Errorf("%s: %v", e.Name, got)
		}
	}
}

// TestNamesDoNotHide: what somebody wrote is told whatever its name is.
func TestNamesDoNotHide(t *testing.T) {
	at := func(kind units.Kind, name, file string, dropIns ...string) units.Entry {
		return units.Entry{Kind: kind, Name: name, Place: units.Place{File: file}, Unit: &units.Unit{Name: name, DropIns: dropIns}}
	}
	const etc, lib = "/etc/systemd/system/", "/usr/lib/systemd/system/"
	for _, e := range []units.Entry{
		at(units.KindService, "run-x.service", etc+"run-x.service"), at(units.KindTimer, "run-x.timer", etc+"run-x.timer"),
		at(units.KindService, "session-x.service", etc+"session-x.service"), at(units.KindService, "dev-loop.service", etc+"dev-loop.service"),
		at(units.KindService, "systemd-bless-boot.service", etc+"systemd-bless-boot.service"),
		at(units.KindService, "user@0.service", etc+"user@0.service"), at(units.KindService, "modprobe@.x.service", etc+"modprobe@.x.service"),
		at(units.KindService, "ifup@x.service", lib+"ifup@.service", etc+"ifup@x.service.d/x.conf"),
		at(units.KindService, "getty@tty9.service", etc+"getty@tty9.service"),
		at(units.KindService, "getty@tty9.service", lib+"getty@.service", etc+"getty@tty9.service.d/x.conf"),
		{Kind: units.KindInittab, Name: "x", Program: "/sbin/getty"},
	} {
		if got, want := names(e), string(e.Kind)+" "+e.Name; len(got) != 1 || !strings.HasPrefix(got[0], want) {
			t.Errorf("%s of %s: %v", e.Name, e.Place.File, got)
		}
	}
	prompt := at(units.KindService, "getty@tty1.service", lib+"getty@.service", etc+"getty@.service.d/x.conf", "/usr/lib/systemd/system/getty@tty1.service.d/x.conf")
	if got := names(prompt); len(got) != 1 || got[0] != "service getty@.service" {
		t.Errorf("a prompt: %v", got)
	}
}

// TestUnescape: a line of a baseline that is recorded again keeps its text.
func TestUnescape(t *testing.T) {
	for _, raw := range []string{"", "plain", `a\b`, `\x2d\\`, "a\nb\r\t\x00\xff\x1b", "\u202eא\u2028", `\`, `\u{41}`, strings.Repeat(`\`, 9)} {
		clean := string(checks.Clean(raw))
		if got := unescape(clean); got != raw {
			t.Errorf("%q: %q, then %q", raw, clean, got)
		}
	}
	for _, odd := range []string{`\`, `\q`, `\x`, `\xZZ`, `\u`, `\u{`, `\u{}`, `\u{zz}`} {
		if got := unescape(odd); got != odd {
			t.Errorf("%q: %q", odd, got)
		}
	}
}
