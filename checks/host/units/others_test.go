package units_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/units"
)

// others returns the entries of Enabled that are not systemd's, "kind name | user
// | program | file:line | listens", and the problems, "file:line refused" or the
// error.
func others(t *testing.T, text string) (entries, problems []string) {
	t.Helper()
	list, bad := units.OtherStarters(units.Load(hosttest.Load(t, text).Tree))
	for _, e := range list {
		var s strings.Builder
		fmt.Fprintf(&s, "%s %s | %s | %s | %s:%d", e.Kind, e.Name, e.User, e.Program, e.Place.File, e.Place.Line)
		for _, l := range e.Listens {
			addr := "name"
			if l.Addr.IsValid() {
				addr = l.Addr.String()
			}
			fmt.Fprintf(&s, " %s/%s/%d/%d%s", l.Proto, addr, l.Port, l.V6Only, l.Path)
			if l.Place != e.Place {
				t.Errorf("%s: socket at %v", s.String(), l.Place)
			}
		}
		entries = append(entries, s.String())
	}
	for _, p := range bad {
		word := "error"
		if errors.Is(p.Err, units.ErrRefused) {
			word = "refused"
		} else if errors.Is(p.Err, units.ErrUnsupported) {
			word = "unsupported"
		}
		problems = append(problems, fmt.Sprintf("%s:%d %s", p.File, p.Line, word))
	}
	return entries, problems
}

// starterTest is one tree and what starts there.
type starterTest struct {
	name, tree        string
	entries, problems []string
}

func runStarters(t *testing.T, tests []starterTest) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			entries, problems := others(t, tt.tree)
			if diff := cmp.Diff(tt.entries, entries); diff != "" {
				t.Error("entries", diff)
			}
			if diff := cmp.Diff(tt.problems, problems); diff != "" {
				t.Error("problems", diff)
			}
		})
	}
}

const (
	systemdInit = "-- usr/lib/systemd/systemd mode=0755 --\nx\n-- sbin/init -> /usr/lib/systemd/systemd --\n"
	sysvInit    = "-- sbin/init mode=0755 --\nx\n"
	busyboxInit = "-- bin/busybox mode=0755 --\nx\n-- sbin/init -> /bin/busybox --\n"
)

func TestSysV(t *testing.T) {
	const scripts = `-- etc/init.d/foo mode=0755 --
-- etc/init.d/bar mode=0755 --
-- etc/init.d/plain --
-- etc/rc2.d/S01foo -> ../init.d/foo --
-- etc/rc3.d/S20foo -> ../init.d/foo --
-- etc/rc2.d/K01bar -> ../init.d/bar --
-- etc/rc5.d/S99plain -> ../init.d/plain --
-- etc/rc2.d/S01gone -> ../init.d/gone --
-- etc/rc2.d/README --
-- etc/rc2.d/Sxxodd -> ../init.d/bar --
-- etc/rcS.d/S01early -> ../init.d/foo --
`
	const generators = "-- usr/lib/systemd/system-generators/"
	foo := "sysv foo |  | /etc/init.d/foo | /etc/rc2.d/S01foo:0"
	plain := "sysv plain |  | /etc/init.d/plain | /etc/rc5.d/S99plain:0"
	early := "sysv early |  | /etc/init.d/foo | /etc/rcS.d/S01early:0"
	runStarters(t, []starterTest{
		{"systemd", systemdInit + scripts, []string{foo}, nil},
		{"systemd-without-link", "-- lib/systemd/systemd mode=0755 --\n" + scripts, []string{foo}, nil},
		{"sysvinit", sysvInit + scripts, []string{early, foo, plain}, nil},
		{"sysvinit-beside-systemd", sysvInit + "-- usr/lib/systemd/systemd --\n" + scripts, []string{early, foo, plain}, nil},
		{"generator-of-systemd", systemdInit + scripts + generators + "systemd-sysv-generator --\n", []string{foo}, nil},
		{"own-generator", systemdInit + scripts + generators + "getty --\n-- etc/systemd/system-generators/systemd-sysv-generator --\n", []string{foo}, nil},
		{"generators-without-one-for-scripts", systemdInit + scripts + generators + "getty --\n-- etc/rc.local mode=0755 --\n", nil, nil},
		{"generator-for-rc-local", systemdInit + scripts + generators + "systemd-rc-local-generator --\n-- etc/rc.local mode=0755 --\n", []string{"sysv rc.local |  | /etc/rc.local | /etc/rc.local:0"}, nil},
		{"unreadable-generators", systemdInit + scripts + "-- usr/lib/systemd/system-generators/ err=permission --\n", []string{foo}, nil},
		{"other-init-without-generator", sysvInit + scripts + generators + "getty --\n", []string{early, foo, plain}, nil},
		{"native-unit", systemdInit + scripts + "-- usr/lib/systemd/system/foo.service --\n[Service]\n", nil, nil},
		{"masked-unit", systemdInit + scripts + "-- etc/systemd/system/foo.service -> /dev/null --\n", nil, nil},
		{"generated-unit", systemdInit + scripts + "-- run/systemd/generator.late/foo.service --\n[Service]\n", []string{foo}, nil},
		{"native-unit-of-other-init", sysvInit + scripts + "-- usr/lib/systemd/system/foo.service --\n[Service]\n", []string{early, foo, plain}, nil},
		{"name-with-sh", systemdInit + "-- etc/init.d/x.sh mode=0755 --\n-- etc/rc2.d/S01x.sh -> ../init.d/x.sh --\n-- lib/systemd/system/x.service --\n", nil, nil},
		{
			"red-hat", sysvInit + "-- etc/init.d -> rc.d/init.d --\n-- etc/rc3.d -> rc.d/rc3.d --\n-- etc/rc.d/init.d/net mode=0755 --\n-- etc/rc.d/rc3.d/S10net -> ../init.d/net --\n",
			[]string{"sysv net |  | /etc/init.d/net | /etc/rc3.d/S10net:0"},
			nil,
		},
		{"rc-local", systemdInit + "-- etc/rc.local mode=0755 --\n", []string{"sysv rc.local |  | /etc/rc.local | /etc/rc.local:0"}, nil},
		{"rc-local-not-executable", systemdInit + "-- etc/rc.local --\n", nil, nil},
		{"rc-local-linked", systemdInit + "-- etc/rc.local -> rc.d/rc.local --\n-- etc/rc.d/rc.local mode=0755 --\n", []string{"sysv rc.local |  | /etc/rc.local | /etc/rc.local:0"}, nil},
		{"unreadable-level", systemdInit + "-- etc/rc2.d/ err=permission --\n", nil, []string{"/etc/rc2.d:0 error"}},
		{"unreadable-unit-directory", systemdInit + scripts + "-- etc/systemd/system/ err=permission --\n", []string{foo}, []string{"/etc/systemd/system/foo.service:0 error"}},
		{"empty", "-- etc/motd --\n", nil, nil},
		{"upstart", sysvInit + "-- sbin/initctl --\n-- etc/init/ssh.conf --\n", nil, []string{"/sbin/init:0 unsupported"}},
		{"dinit", "-- usr/bin/dinit --\n-- sbin/init -> /usr/bin/dinit --\n", nil, []string{"/sbin/init:0 unsupported"}},
	})
}

func TestOpenRC(t *testing.T) {
	const tree = `-- sbin/openrc --
-- etc/init.d/sshd mode=0755 --
-- etc/init.d/local mode=0755 --
-- etc/init.d/mount-ro mode=0755 --
-- etc/runlevels/default/sshd -> /etc/init.d/sshd --
-- etc/runlevels/boot/sshd -> /etc/init.d/sshd --
-- etc/runlevels/default/gone -> /etc/init.d/gone --
-- etc/runlevels/shutdown/mount-ro -> /etc/init.d/mount-ro --
-- etc/runlevels/default/boot/ --
-- etc/local.d/a.start mode=0755 --
-- etc/local.d/b.start --
-- etc/local.d/c.stop mode=0755 --
`
	sshd := "openrc sshd |  | /etc/init.d/sshd | /etc/runlevels/boot/sshd:0"
	runStarters(t, []starterTest{
		{"alpine", busyboxInit + tree, []string{sshd}, nil},
		{
			"local", busyboxInit + tree + "-- etc/runlevels/default/local -> /etc/init.d/local --\n", []string{
				"openrc local |  | /etc/init.d/local | /etc/runlevels/default/local:0",
				"openrc local.d/a.start |  | /etc/local.d/a.start | /etc/local.d/a.start:0", sshd,
			}, nil,
		},
		{"systemd-rules", systemdInit + tree, nil, nil},
		{"not-installed", busyboxInit + strings.Replace(tree, "-- sbin/openrc --\n", "", 1), nil, nil},
		{"unreadable", busyboxInit + "-- sbin/openrc --\n-- etc/runlevels/default/ err=permission --\n", nil, []string{"/etc/runlevels/default:0 error"}},
	})
}

func TestRunit(t *testing.T) {
	const tree = `-- etc/sv/a/run mode=0755 --
-- etc/sv/b/run mode=0755 --
-- etc/sv/b/down --
-- etc/sv/c/run --
-- etc/service/a -> /etc/sv/a --
-- etc/service/b -> /etc/sv/b --
-- etc/service/c -> /etc/sv/c --
-- etc/service/gone -> /etc/sv/gone --
-- etc/service/.hidden -> /etc/sv/a --
-- etc/service/file --
-- service/a -> /etc/sv/a --
`
	runStarters(t, []starterTest{
		{"runit", "-- usr/bin/runsvdir --\n" + tree, []string{"runit a |  | /etc/service/a/run | /etc/service/a:0"}, nil},
		{"s6", "-- bin/s6-svscan --\n" + tree, []string{"runit a |  | /etc/service/a/run | /etc/service/a:0"}, nil},
		{"no-supervisor", tree, nil, nil},
		{"void", "-- usr/bin/runsvdir --\n-- etc/runit/runsvdir/current -> default --\n-- etc/sv/a/run mode=0755 --\n-- etc/runit/runsvdir/default/a -> /etc/sv/a --\n", []string{"runit a |  | /etc/runit/runsvdir/current/a/run | /etc/runit/runsvdir/current/a:0"}, nil},
		{"unreadable", "-- usr/bin/runsvdir --\n-- etc/service/ err=permission --\n", nil, []string{"/etc/service:0 error"}},
	})
}

func TestInittab(t *testing.T) {
	const tab = "-- etc/inittab --\nid:2:initdefault:\n1:2345:respawn:/sbin/getty 38400 tty1\nl0:0:wait:/etc/init.d/rc 0\n::sysinit:/sbin/openrc sysinit\n"
	entries := []string{"inittab 1 |  | /sbin/getty | /etc/inittab:2", "inittab sysinit |  | /sbin/openrc | /etc/inittab:4"}
	runStarters(t, []starterTest{
		{"sysvinit", sysvInit + tab, entries, nil},
		{"busybox", busyboxInit + tab, entries, nil},
		{"systemd", systemdInit + tab, nil, nil},
		{"bad", sysvInit + "-- etc/inittab --\nx:2:nonsense:/x\n", nil, []string{"/etc/inittab:1 refused"}},
		{"unreadable", sysvInit + "-- etc/inittab err=permission --\n", nil, []string{"/etc/inittab:0 error"}},
	})
}

// TestOthersDeterministic: the same tree gives the same list, sorted.
func TestOthersDeterministic(t *testing.T) {
	const tree = sysvInit + "-- etc/crontab --\n0 1 * * * b x\n0 0 * * * a x\n0 0 * * * a w\n-- etc/inittab --\nz:2:once:/z\na:2:once:/a\n"
	first, _ := others(t, tree)
	want := []string{
		"cron /etc/crontab a 0 0 * * * | a | w | /etc/crontab:3",
		"cron /etc/crontab a 0 0 * * * | a | x | /etc/crontab:2",
		"cron /etc/crontab b 0 1 * * * | b | x | /etc/crontab:1",
		"inittab a |  | /a | /etc/inittab:2",
		"inittab z |  | /z | /etc/inittab:1",
	}
	if diff := cmp.Diff(want, first); diff != "" {
		t.Error(diff)
	}
	for range 5 {
		if again, _ := others(t, tree); !slices.Equal(first, again) {
			t.Fatalf("%v, then %v", first, again)
		}
	}
}
