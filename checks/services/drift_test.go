package services

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

func TestFamily(t *testing.T) {
	for _, c := range Checks() {
		if c.Family() != "services" || c.Title == "" || c.Remedy == "" || c.Rationale == "" || c.Severity != checks.SeverityLow || c.Since == 0 || c.Run == nil || !c.Needs.Live || !c.Needs.Baseline {
			t.Errorf("%q is incomplete", c.ID)
		}
	}
}

// seen is what a test compares of a result.
type seen struct {
	Status   checks.Status
	Reason   checks.Reason
	Summary  string
	Findings []string // "file:line subject"
	Gaps     []string // "reason file:line"
	Notes    []string // "subject: detail", without the reminder to review
}

func sum(t *testing.T, res checks.Result) seen {
	t.Helper()
	got := seen{Status: res.Status, Reason: res.Reason}
	if res.Status == checks.StatusPass || res.Status == checks.StatusNotApplicable {
		got.Summary = string(res.Summary)
	}
	for _, f := range res.Findings {
		if f.Severity != checks.SeverityLow || f.Evidence != checks.Configured || f.Kind != "added" {
			t.Errorf("finding graded %v, %q, %q", f.Severity, f.Evidence, f.Kind)
		}
		got.Findings = append(got.Findings, fmt.Sprintf("%s:%d %s", f.Location.File, f.Location.Line, f.Subject))
	}
	for _, g := range res.Gaps {
		got.Gaps = append(got.Gaps, fmt.Sprintf("%s %s:%d", g.Reason, g.Location.File, g.Location.Line))
	}
	for _, n := range res.Notes {
		if n.Subject != "" {
			got.Notes = append(got.Notes, string(n.Subject))
		}
	}
	return got
}

// run is the check on a live host with a tree.
func run(t *testing.T, tree string, baselines *checks.Baselines) checks.Result {
	t.Helper()
	rec := checks.NewRecorder(Drift())
	h := hosttest.Live(hosttest.Load(t, tree), &snapshot.Snapshot{})
	Drift().Run(context.Background(), &checks.Env{Host: h, Baselines: baselines}, rec)
	return rec.Seal()
}

func recorded(entries ...string) *checks.Baselines {
	return checks.NewBaselines(map[string]checks.Baseline{driftID: {Recorded: "2026-01-02T03:04:05Z", Entries: entries}}, nil)
}

// before is a host with one thing of every kind, none of them systemd's.
const before = `-- sbin/init mode=0755 --
-- sbin/openrc --
-- usr/bin/runsvdir --
-- etc/inittab --
1:2345:respawn:/sbin/getty 38400 tty1
ap:2345:respawn:/opt/app/run --password=secret
-- etc/init.d/ntp mode=0755 --
-- etc/rc2.d/S01ntp -> ../init.d/ntp --
-- etc/runlevels/default/ntp -> /etc/init.d/ntp --
-- etc/service/web/run mode=0755 --
-- etc/crontab --
17 * * * * root cd / && run-parts --report /etc/cron.hourly
-- etc/cron.daily/logrotate mode=0755 --
`

func baseline() []string {
	return []string{
		"cron /etc/cron.daily/logrotate root", "cron /etc/crontab root 17 * * * * run-parts",
		"inittab 1 /sbin/getty", "inittab ap /opt/app/run", "openrc ntp", "runit web", "sysv ntp",
	}
}

const (
	noBaseline = "no baseline yet; this run records one, not reviewed"
	nothingNew = "nothing was added since the baseline"
)

func TestDrift(t *testing.T) {
	without := func(s string) string { return strings.Replace(before, s, "", 1) }
	pass := seen{Status: checks.StatusPass, Summary: nothingNew}
	fail := func(findings ...string) seen { return seen{Status: checks.StatusFail, Findings: findings} }
	tests := []struct {
		name, tree string
		baselines  *checks.Baselines
		want       seen
		observed   bool
	}{
		{"no-state", before, nil, seen{Status: checks.StatusNotApplicable, Reason: checks.ReasonNotAsked, Summary: "no state is kept for this target"}, false},
		{"first-run", before, checks.NewBaselines(nil, nil), seen{Status: checks.StatusNotApplicable, Reason: checks.ReasonAbsent, Summary: noBaseline}, true},
		{
			"first-run-incomplete", before + "-- etc/cron.d/ err=permission --\n", checks.NewBaselines(nil, nil),
			seen{Status: checks.StatusUnknown, Reason: checks.ReasonNoPermission, Gaps: []string{"no_permission /etc/cron.d:0"}},
			false,
		},
		{
			"damaged", before, checks.NewBaselines(nil, map[string]string{driftID: "the recorded baseline was damaged and set aside"}),
			seen{Status: checks.StatusUnknown, Reason: checks.ReasonUnreadable, Gaps: []string{"unreadable :0"}},
			true,
		},
		{"unchanged", before, recorded(baseline()...), pass, true},
		{"sysv-added", before + "-- etc/rc2.d/S05evil -> ../init.d/ntp --\n", recorded(baseline()...), fail("/etc/rc2.d/S05evil:0 sysv evil"), true},
		{"openrc-added", before + "-- etc/init.d/x --\n-- etc/runlevels/boot/x --\n", recorded(baseline()...), fail("/etc/runlevels/boot/x:0 openrc x"), true},
		{"runit-added", before + "-- etc/service/x/run mode=0755 --\n", recorded(baseline()...), fail("/etc/service/x:0 runit x"), true},
		{"cron-added", before + "-- etc/cron.d/x --\n* * * * * bob A=secret /bin/x --password=secret\n", recorded(baseline()...), fail("/etc/cron.d/x:1 cron /etc/cron.d/x bob * * * * * /bin/x"), true},
		{"cron-directory-added", before + "-- etc/cron.daily/x mode=0755 --\n", recorded(baseline()...), fail("/etc/cron.daily/x:0 cron /etc/cron.daily/x root"), true},
		{"cron-moved-to-another-line", strings.Replace(before, "17 *", "# comment\nA=b\n17 *", 1), recorded(baseline()...), pass, true},
		{
			"cron-same-line-twice", strings.Replace(before, "17 *", "17 * * * * root run-parts /tmp\n17 *", 1), recorded(baseline()...),
			fail("/etc/crontab:2 cron /etc/crontab root 17 * * * * run-parts #2"), true,
		},
		{"inittab-added", strings.Replace(before, "ap:", "x:2:once:/x\nap:", 1), recorded(baseline()...), fail("/etc/inittab:2 inittab x /x"), true},
		{"another-getty", strings.Replace(before, "ap:", "2:2345:respawn:/sbin/getty 38400 tty2\nap:", 1), recorded(baseline()...), fail("/etc/inittab:2 inittab 2 /sbin/getty"), true},
		{"no-getty-at-all", strings.Replace(before, "/sbin/getty", "/tmp/getty", 1), recorded(baseline()...), seen{Status: checks.StatusFail, Findings: []string{"/etc/inittab:1 inittab 1 /tmp/getty"}, Notes: []string{"inittab 1 /sbin/getty"}}, true},
		{"removed", without("-- etc/rc2.d/S01ntp -> ../init.d/ntp --\n"), recorded(baseline()...), seen{Status: checks.StatusPass, Summary: nothingNew, Notes: []string{"sysv ntp"}}, true},
		{
			"changed-program", strings.Replace(before, "cd / && run-parts", "/tmp/run-parts", 1), recorded(baseline()...),
			seen{Status: checks.StatusFail, Findings: []string{"/etc/crontab:1 cron /etc/crontab root 17 * * * * /tmp/run-parts"}, Notes: []string{"cron /etc/crontab root 17 * * * * run-parts"}},
			true,
		},
		{
			"incomplete", before + "-- etc/cron.d/ err=io --\n-- etc/init.d/x --\n-- etc/runlevels/boot/x --\n", recorded(append(baseline(), "cron /etc/cron.d/y root @daily y")...),
			seen{Status: checks.StatusFail, Findings: []string{"/etc/runlevels/boot/x:0 openrc x"}, Gaps: []string{"unreadable /etc/cron.d:0"}},
			false,
		},
		{
			"refused", strings.Replace(before, "17 *", "17 secret", 1), recorded(baseline()...),
			seen{Status: checks.StatusUnknown, Reason: checks.ReasonRefused, Gaps: []string{"refused /etc/crontab:1"}},
			false,
		},
		{
			"unsupported", before + "-- sbin/initctl --\n-- etc/init/x.conf --\n", recorded(baseline()...),
			seen{Status: checks.StatusUnknown, Reason: checks.ReasonUnsupported, Gaps: []string{"unsupported /sbin/init:0"}},
			false,
		},
		{
			"hostile-name", before + "-- \"etc/rc2.d/S05a\\n\\\\x1b\" -> ../init.d/ntp --\n", recorded(baseline()...),
			fail(`/etc/rc2.d/S05a\n\\x1b:0 sysv a\n\\x1b`), true,
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := run(t, tt.tree, tt.baselines)
			if diff := cmp.Diff(tt.want, sum(t, res)); diff != "" {
				t.Error(diff)
			}
			if text := fmt.Sprint(res); strings.Contains(text, "secret") || strings.Contains(text, "--report") {
				t.Errorf("an argument is shown: %s", text)
			}
			if _, ok := tt.baselines.Seen(driftID); ok != tt.observed {
				t.Errorf("observed %v", ok)
			}
		})
	}
}

// TestDriftUnits: what systemd starts, turned on and off with links alone.
func TestDriftUnits(t *testing.T) {
	const host = `-- usr/lib/systemd/systemd mode=0755 --
-- sbin/init -> /usr/lib/systemd/systemd --
-- etc/machine-id --
0123456789abcdef0123456789abcdef
-- usr/lib/systemd/system/multi-user.target --
[Unit]
Requires=basic.target
-- usr/lib/systemd/system/basic.target --
[Unit]
Requires=sysinit.target
Wants=sockets.target timers.target paths.target
-- usr/lib/systemd/system/sysinit.target --
-- usr/lib/systemd/system/sockets.target --
-- usr/lib/systemd/system/timers.target --
-- usr/lib/systemd/system/paths.target --
-- usr/lib/systemd/system/default.target -> multi-user.target --
-- usr/lib/systemd/system/getty@.service --
[Service]
ExecStart=/sbin/agetty
[Install]
WantedBy=multi-user.target
-- usr/lib/systemd/system/a.service --
[Service]
ExecStart=/bin/a --password=secret
[Install]
WantedBy=multi-user.target
-- usr/lib/systemd/system/a.socket --
[Socket]
ListenStream=80
[Install]
WantedBy=sockets.target
-- usr/lib/systemd/system/a.timer --
[Timer]
OnCalendar=daily
[Install]
WantedBy=timers.target
-- usr/lib/systemd/system/a.path --
[Path]
PathExists=/x
[Install]
WantedBy=paths.target
-- etc/systemd/system/multi-user.target.wants/getty@tty1.service -> /usr/lib/systemd/system/getty@.service --
`
	enable := func(target, unit string) string {
		return "-- etc/systemd/system/" + target + ".wants/" + unit + " -> /usr/lib/systemd/system/" + unit + " --\n"
	}
	first := checks.NewBaselines(nil, nil)
	if got := sum(t, run(t, host, first)); got.Summary != noBaseline {
		t.Fatalf("%+v", got)
	}
	base, _ := first.Seen(driftID)
	if !slices.Contains(base, "service getty@.service") || slices.ContainsFunc(base, func(l string) bool { return strings.Contains(l, "a.") }) {
		t.Fatalf("baseline %q", base)
	}
	for name, tt := range map[string]struct {
		added string
		want  []string // subjects
	}{
		"nothing":        {"", nil},
		"another-getty":  {"-- etc/systemd/system/multi-user.target.wants/getty@tty2.service -> /usr/lib/systemd/system/getty@.service --\n", nil},
		"not-enabled":    {"-- usr/lib/systemd/system/b.service --\n[Service]\nExecStart=/bin/b\n", nil},
		"service":        {enable("multi-user.target", "a.service"), []string{"service a.service"}},
		"masked-service": {enable("multi-user.target", "a.service") + "-- etc/systemd/system/a.service -> /dev/null --\n", nil},
		"socket":         {enable("sockets.target", "a.socket"), []string{"socket a.socket"}},
		"timer":          {enable("timers.target", "a.timer"), []string{"timer a.timer"}},
		"path":           {enable("paths.target", "a.path"), []string{"path a.path"}},
	} {
		t.Run(name, func(t *testing.T) {
			res := run(t, host+tt.added, recorded(base...))
			var got []string
			for _, f := range res.Findings {
				got = append(got, string(f.Subject))
				if f.Location.File == "" {
					t.Errorf("%s: no file", f.Subject)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" || len(res.Gaps) > 0 || strings.Contains(fmt.Sprint(res), "secret") {
				t.Errorf("%s, gaps %v", diff, res.Gaps)
			}
		})
	}
	res := run(t, host, recorded(append(base, "service gone.service")...))
	if got := sum(t, res); got.Status != checks.StatusPass || !slices.Equal(got.Notes, []string{"service gone.service"}) {
		t.Errorf("%+v", got)
	}
}

// TestDriftMerges: what a run observes is what the next one passes, and a
// finding's subject is the line it would add.
func TestDriftMerges(t *testing.T) {
	const hostile = before + "-- \"etc/rc2.d/S05a\\n\\\\b\" -> ../init.d/ntp --\n-- \"etc/rc2.d/S06\\xff\" -> ../init.d/ntp --\n"
	long := "-- etc/rc2.d/S07" + strings.Repeat("é", 600) + " -> ../init.d/ntp --\n"
	first := checks.NewBaselines(nil, nil)
	run(t, hostile+long, first)
	entries, ok := first.Seen(driftID)
	if !ok || len(entries) != len(baseline())+3 {
		t.Fatalf("observed %q, %v", entries, ok)
	}
	if res := run(t, hostile+long, recorded(entries...)); res.Status != checks.StatusPass || res.Facts["entries"] != "10" || res.Facts["baseline"] != "recorded 2026-01-02, not reviewed" {
		t.Errorf("%v, %v", res.Status, res.Facts)
	}
	res := run(t, hostile+long, recorded(baseline()...))
	merged := baseline()
	for _, f := range res.Findings {
		merged = append(merged, string(f.Subject))
	}
	slices.Sort(merged)
	if diff := cmp.Diff(entries, merged); diff != "" {
		t.Error(diff)
	}
	// Gone again: the notes bear the same text.
	res = run(t, before, recorded(entries...))
	for _, n := range res.Notes {
		if n.Subject != "" && !slices.Contains(entries, string(n.Subject)) {
			t.Errorf("note on %q", n.Subject)
		}
	}
	if len(res.Notes) != 4 {
		t.Errorf("notes %v", res.Notes)
	}
}

func TestAccepted(t *testing.T) {
	b := checks.NewBaselines(map[string]checks.Baseline{driftID: {Recorded: "2026-01-02T03:04:05Z", Reviewed: true, Entries: baseline()}}, nil)
	res := run(t, before, b)
	if res.Status != checks.StatusPass || res.Facts["baseline"] != "accepted 2026-01-02" || len(res.Notes) != 0 {
		t.Errorf("%v, %v, %v", res.Status, res.Facts, res.Notes)
	}
}

// TestDriftBounds: thousands of new entries are counted, not all told.
func TestDriftBounds(t *testing.T) {
	var entries []units.Entry
	for i := range 2500 {
		entries = append(entries, units.Entry{Kind: units.KindSysV, Name: fmt.Sprint("s", i)})
	}
	rec := checks.NewRecorder(Drift())
	compare(recorded(), entries, nil, rec)
	if res := rec.Seal(); len(res.Findings) != maxTold || res.Facts["added"] != "2500" {
		t.Errorf("%d findings, %v", len(res.Findings), res.Facts)
	}
}

func TestDriftWithoutTime(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	rec := checks.NewRecorder(Drift())
	Drift().Run(ctx, &checks.Env{Host: hosttest.Load(t, before), Baselines: recorded()}, rec)
	if res := rec.Seal(); res.Status != checks.StatusUnknown || res.Reason != checks.ReasonBudget {
		t.Errorf("%v %q", res.Status, res.Reason)
	}
}

// TestGapHidesError: what a problem's error says may quote the host.
func TestGapHidesError(t *testing.T) {
	for _, p := range []units.Problem{
		{Unit: "a.service", Place: units.Place{File: "/x", Line: 3}, Err: fmt.Errorf("secret: %w", fs.ErrPermission)},
		{Err: fmt.Errorf("%w: secret", units.ErrRefused)},
		{Err: fmt.Errorf("%w: secret", units.ErrUnsupported)},
		{Err: errors.New("secret")},
	} {
		g := gap(p)
		if strings.Contains(fmt.Sprint(g), "secret") || g.Detail == "" || g.Reason == "" {
			t.Errorf("%+v", g)
		}
	}
}
