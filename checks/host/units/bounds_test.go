package units_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/units"
)

// booting is a tree with systemd and its default target.
const booting = `-- usr/lib/systemd/systemd mode=0755 --
-- sbin/init -> ../usr/lib/systemd/systemd --
-- etc/machine-id --
0123456789abcdef0123456789abcdef
-- usr/lib/systemd/system/multi-user.target --
[Unit]
Description=all
-- usr/lib/systemd/system/default.target -> multi-user.target --
`

// enabledUnit is a unit that the default target wants.
func enabledUnit(name, text string) string {
	return fmt.Sprintf("-- usr/lib/systemd/system/%[1]s --\n%[2]s\n-- usr/lib/systemd/system/multi-user.target.wants/%[1]s -> ../%[1]s --\n", name, text)
}

// TestBoundsAreTold: where a hostile tree asks for more work than is done, that is
// a problem; nothing is left out in silence.
func TestBoundsAreTold(t *testing.T) {
	const service = "[Service]\nType=oneshot\nExecStart=/bin/true\n"
	first := strings.Replace(booting, "0123456789abcdef0123456789abcdef", "uninitialized", 1)
	installable := func(n int) string {
		var s strings.Builder
		for i := range n {
			fmt.Fprintf(&s, "-- usr/lib/systemd/system/%s%d.service --\n%s[Install]\nWantedBy=multi-user.target\n", strings.Repeat("a", 200), i, service)
		}
		return s.String()
	}
	var aliases, instances strings.Builder
	for i := range 100 {
		fmt.Fprintf(&aliases, "-- etc/systemd/system/a%d.service -> /usr/lib/systemd/system/x.service --\n", i)
		fmt.Fprintf(&instances, "-- usr/lib/systemd/system/multi-user.target.wants/t@%d.service -> ../t@.service --\n", i)
	}
	for _, tt := range []struct{ name, tree string }{
		{"presets", first + installable(30) + "-- usr/lib/systemd/system-preset/x.preset --\n" + strings.Repeat("disable *"+strings.Repeat("a", 100)+"b\n", 4000)},
		{"aliases", booting + enabledUnit("x.service", service) + aliases.String()},
		{"globs", booting + enabledUnit("x.service", service+manyGlobs(400))},
		{"search-path", booting + enabledUnit("x.service", service+"ExecSearchPath="+strings.Repeat("/bin:", 20000)+"\n"+strings.Repeat("ExecStart=foo\n", 900))},
		{"large-template", booting + "-- usr/lib/systemd/system/t@.service --\n" + service + strings.Repeat("a=\n", 45000) + instances.String()},
		{"unknown-name", booting + enabledUnit("x.service", "[Unit]\nWants=evil-%b.service\n"+service)},
		{"cron-entries", "-- sbin/init mode=0755 --\n-- etc/cron.d/x --\n" + strings.Repeat("* * * * * root a\n", 10001)},
		{"cron-bad-lines", "-- sbin/init mode=0755 --\n-- etc/cron.d/x --\n" + strings.Repeat("a\n", 200000)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			entries, problems := units.Load(hosttest.Load(t, tt.tree).Tree).Enabled()
			if len(problems) == 0 || len(problems) > 600 || len(entries) > 11000 {
				t.Errorf("%d entries, %d problems", len(entries), len(problems))
			}
			if strings.HasPrefix(tt.name, "cron") {
				return
			}
			for _, p := range problems {
				if !errors.Is(p.Err, units.ErrUnsupported) {
					t.Errorf("%s: %v", p.Unit, p.Err)
				}
			}
		})
	}
}

func manyGlobs(n int) string {
	var s strings.Builder
	for i := range n {
		fmt.Fprintf(&s, "EnvironmentFile=-/usr/*/%d*\n", i)
	}
	return s.String()
}

// TestOtherWaysToStart: OpenWrt's links stand beside its scripts' directory,
// Buildroot's inside it, and BusyBox's init may start the super-server itself.
func TestOtherWaysToStart(t *testing.T) {
	const init = "-- sbin/init mode=0755 --\n"
	runStarters(t, []starterTest{
		{
			"openwrt", init + "-- etc/init.d/dropbear mode=0755 --\n-- etc/rc.d/S19dropbear -> ../init.d/dropbear --\n-- etc/rc.d/K50dropbear -> ../init.d/dropbear --\n",
			[]string{"sysv dropbear |  | /etc/init.d/dropbear | /etc/rc.d/S19dropbear:0"},
			nil,
		},
		{
			"buildroot", init + "-- etc/init.d/S50sshd mode=0755 --\n-- etc/init.d/rcS mode=0755 --\n",
			[]string{"sysv sshd |  | /etc/init.d/S50sshd | /etc/init.d/S50sshd:0"},
			nil,
		},
		{
			"inetd-of-inittab", init + "-- etc/inittab --\n::respawn:/usr/sbin/inetd -f\n-- etc/services --\ntelnet 23/tcp\n-- etc/inetd.conf --\ntelnet stream tcp4 nowait root /usr/sbin/telnetd\n",
			[]string{
				"inetd telnet/tcp4 | root | /usr/sbin/telnetd | /etc/inetd.conf:1 tcp/0.0.0.0/23/0",
				"inittab respawn |  | /usr/sbin/inetd | /etc/inittab:1",
			},
			nil,
		},
	})
}
