package units_test

import (
	"fmt"
	"strings"
	"testing"
)

const dpkg = "-- var/lib/dpkg/status --\n"

func TestCron(t *testing.T) {
	runStarters(t, []starterTest{
		{
			"debian", dpkg + `-- etc/crontab --
SHELL=/bin/sh
17 *	* * *	root	cd / && run-parts --report /etc/cron.hourly
-- etc/cron.d/e2scrub_all --
30 3 * * 0 root test -e /run/systemd/system || /sbin/e2scrub_all --secret
-- etc/cron.d/.placeholder --
junk
-- etc/cron.d/old.dpkg-old --
* * * * * root x
-- etc/cron.daily/logrotate mode=0755 --
-- etc/cron.daily/not-executable --
-- etc/cron.daily/a.sh mode=0755 --
-- etc/cron.daily/.placeholder mode=0755 --
-- etc/cron.daily/gone -> /nowhere --
-- etc/anacrontab --
1	5	cron.daily	run-parts --report /etc/cron.daily
-- var/spool/cron/crontabs/alice mode=0600 --
@reboot PW=secret /home/alice/bin/go --token=x
-- var/spool/cron/crontabs/tmp.XYZ --
junk
-- var/spool/cron/atjobs/a0001 --
junk
`, []string{
				"cron /etc/anacrontab root 1 cron.daily | root | run-parts | /etc/anacrontab:1",
				"cron /etc/cron.d/e2scrub_all root 30 3 * * 0 | root | test | /etc/cron.d/e2scrub_all:1",
				"cron /etc/cron.daily/logrotate root | root | /etc/cron.daily/logrotate | /etc/cron.daily/logrotate:0",
				"cron /etc/crontab root 17 * * * * | root | run-parts | /etc/crontab:2",
				"cron /var/spool/cron/crontabs/alice alice @reboot | alice | /home/alice/bin/go | /var/spool/cron/crontabs/alice:1",
			}, nil,
		},
		{
			"debian-lsb", dpkg + "-- etc/default/cron --\nEXTRA_OPTS=\"-l\"\n-- etc/cron.d/a.b-c --\n* * * * * root x\n-- etc/cron.d/a.dpkg-old --\nx\n",
			[]string{"cron /etc/cron.d/a.b-c root * * * * * | root | x | /etc/cron.d/a.b-c:1"},
			nil,
		},
		{
			"debian-cronie", dpkg + "-- usr/bin/cronnext --\n-- etc/cron.d/a.b --\n* * * * * root x\n-- etc/cron.daily/a.b mode=0755 --\n",
			[]string{"cron /etc/cron.d/a.b root * * * * * | root | x | /etc/cron.d/a.b:1"},
			nil,
		},
		{
			"red-hat", `-- etc/cron.d/0hourly --
MAILTO=
01 * * * * root run-parts /etc/cron.hourly
-- etc/cron.d/with.dot --
~ * * * * root x
-- etc/cron.d/a.rpmsave --
junk
-- etc/cron.d/b~ --
junk
-- etc/cron.daily/x.sh mode=0755 --
-- etc/cron.daily/y.rpmnew mode=0755 --
-- var/spool/cron/bob --
0 0 * * * -n job secret
`, []string{
				"cron /etc/cron.d/0hourly root 01 * * * * | root | run-parts | /etc/cron.d/0hourly:2",
				"cron /etc/cron.d/with.dot root ~ * * * * | root | x | /etc/cron.d/with.dot:1",
				"cron /etc/cron.daily/x.sh root | root | /etc/cron.daily/x.sh | /etc/cron.daily/x.sh:0",
				"cron /var/spool/cron/bob bob 0 0 * * * | bob | job | /var/spool/cron/bob:1",
			}, nil,
		},
		{
			"suse", "-- var/spool/cron/tabs/root --\n-*/15 * * * * test -x /usr/lib/cron/run-crons && x\n",
			[]string{"cron /var/spool/cron/tabs/root root */15 * * * * | root | test | /var/spool/cron/tabs/root:1"},
			nil,
		},
		{
			"alpine", busyboxInit + `-- usr/sbin/crond -> /bin/busybox --
-- etc/crontabs/root --
# do daily
0 2 * * * run-parts /etc/periodic/daily
too short
-- etc/crontabs/cron.update --
root
-- var/spool/cron/crontabs -> /etc/crontabs --
-- etc/periodic/daily/x mode=0755 --
`, []string{
				"cron /etc/crontabs/root root 0 2 * * * | root | run-parts | /etc/crontabs/root:2",
				"cron /etc/periodic/daily/x root | root | /etc/periodic/daily/x | /etc/periodic/daily/x:0",
			}, nil,
		},
		{
			"bad-lines", dpkg + "-- etc/crontab --\n0 0 * * * root ok\n61 0 * * * root x\n-- etc/cron.d/a nonl --\n0 0 * * * root ok\n-- etc/anacrontab --\n1 x\n",
			[]string{"cron /etc/crontab root 0 0 * * * | root | ok | /etc/crontab:1"},
			[]string{"/etc/anacrontab:1 refused", "/etc/cron.d/a:1 refused", "/etc/crontab:2 refused"},
		},
		{
			"unreadable", "-- etc/crontab err=permission --\n-- etc/cron.d/x err=io --\n-- etc/anacrontab fifo --\n-- etc/cron.daily/ err=permission --\n-- var/spool/cron/crontabs/ err=permission --\n",
			nil,
			[]string{
				"/etc/anacrontab:0 error", "/etc/cron.d/x:0 error", "/etc/cron.daily:0 error", "/etc/crontab:0 error",
				"/var/spool/cron/crontabs:0 error",
			},
		},
		{"too-large", "-- etc/crontab size=99999999 --\n", nil, []string{"/etc/crontab:0 error"}},
	})
}

// TestCronBounds: a spool with more tables than are read is a problem, said once.
func TestCronBounds(t *testing.T) {
	var b strings.Builder
	for i := range 20_100 {
		fmt.Fprintf(&b, "-- var/spool/cron/u%d --\n", i)
	}
	entries, problems := others(t, b.String())
	if len(entries) != 0 || len(problems) != 1 || !strings.HasSuffix(problems[0], "error") {
		t.Errorf("%d entries, problems %v", len(entries), problems)
	}
}
