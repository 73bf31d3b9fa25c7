package services

import (
	"context"
	"errors"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/units"
)

const driftID = "services.drift"

// Drift is services.drift: what starts by itself now and did not when the
// baseline was recorded or accepted.
func Drift() checks.Check {
	return checks.Check{
		ID:        driftID,
		Title:     "Nothing more starts by itself than the baseline has",
		Severity:  checks.SeverityLow,
		Since:     2,
		Needs:     checks.Needs{Live: true, Baseline: true},
		Rationale: "A new unit, timer or cron job is how software that nobody asked for survives a restart, an intruder's as well as a package's.",
		Verdict: "What starts by itself is read from files: units that are enabled or that enabled ones start, sockets, timers, scripts of System V, OpenRC and runit, inittab, inetd, xinetd and cron. " +
			"Each entry that the baseline lacks is a finding; one that is gone is a note. " +
			"The first complete audit records the baseline, not reviewed, and only `hostaudit baseline accept` changes it. " +
			"Files that cannot be read or are not understood, and a damaged baseline, are unknown. Without a baseline yet, and where no state is kept, the check is not applicable, as it is in an image.",
		Remedy: "find out who added it (the package of the file, the log of the package manager) and disable it if nobody needs it; " +
			"else look at `hostaudit baseline show` and take what is there now with `hostaudit baseline accept --only services.drift`",
		Remedies: driftRemedies(),
		Breaks:   "whatever relies on the service or job that is disabled",
		Run: func(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
			if env.Baselines == nil {
				rec.NotApplicable(checks.ReasonNotAsked, "no state is kept for this target")
				return
			}
			if err := ctx.Err(); err != nil {
				rec.Gap(checks.Gap{Reason: checks.ReasonOf(err), Detail: "the time granted ran out before the services were looked at"})
				return
			}
			entries, problems := env.Host.Units().Enabled()
			// A running host without a running systemd (a container) has no generators.
			problems = slices.DeleteFunc(slices.Clone(problems), func(p units.Problem) bool { return errors.Is(p.Err, units.ErrGenerator) })
			compare(env.Baselines, entries, problems, rec)
		},
	}
}

// driftRemedies name what tells where a file came from, and what turns it off.
func driftRemedies() []checks.Remedy {
	const (
		find    = "find out who added it "
		systemd = "); disable what nobody needs (`systemctl disable --now UNIT`, never the SSH server you are logged in by)"
		accept  = "; else look at `hostaudit baseline show` and take what is there now with `hostaudit baseline accept --only services.drift`"
	)
	return []checks.Remedy{
		{Families: []string{"debian"}, Text: find + "(`dpkg -S FILE`, /var/log/apt/history.log" + systemd + accept},
		{Families: []string{"redhat"}, Text: find + "(`rpm -qf FILE`, `dnf history`" + systemd + accept},
		{Families: []string{"suse"}, Text: find + "(`rpm -qf FILE`, /var/log/zypp/history" + systemd + accept},
		{Families: []string{"arch"}, Text: find + "(`pacman -Qo FILE`, /var/log/pacman.log" + systemd + accept},
		{
			Families: []string{"alpine"},
			Text:     find + "(`apk info --who-owns FILE`); disable what nobody needs (`rc-update del NAME`, `rc-service NAME stop`, never the SSH server you are logged in by)" + accept,
		},
	}
}

// compare holds what starts by itself against the baseline.
func compare(baselines *checks.Baselines, entries []units.Entry, problems []units.Problem, rec *checks.Recorder) {
	now := lines(entries)
	rec.Fact("entries", len(now))
	for _, p := range problems {
		rec.Gap(gap(p))
	}
	complete := len(problems) == 0
	if complete {
		observed := make([]string, 0, len(now))
		for _, l := range now {
			observed = append(observed, l.clean)
		}
		baselines.Observe(driftID, observed)
	}
	base, found, damaged := baselines.Accepted(driftID)
	switch {
	case damaged != "":
		rec.Gap(checks.Gap{
			Reason: checks.ReasonUnreadable, Subject: "baseline",
			Detail: checks.Text(damaged + "; nothing is compared until one is accepted anew (hostaudit baseline accept)"),
		})
		return
	case !found:
		rec.Fact("baseline", "none")
		rec.NotApplicable(checks.ReasonAbsent, "no baseline yet; this run records one, not reviewed")
		rec.Note("", "no baseline yet; this run records one, not reviewed (hostaudit baseline show)")
		return
	}
	rec.Fact("baseline", age(base))
	if !base.Reviewed {
		rec.Note("", "the baseline is what the first audit found; nobody has reviewed it (hostaudit baseline show, hostaudit baseline accept)")
	}
	added(base, now, rec)
	if complete { // else what is missing may only not have been seen
		removed(base, now, rec)
	}
	rec.Pass("nothing was added since the baseline")
}

// maxTold bounds the findings and the notes: an account may fill its crontab with
// thousands of lines, and no reader is helped by all of them.
const maxTold = 1000

// added records what the baseline does not have.
func added(base checks.Baseline, now []line, rec *checks.Recorder) {
	known := map[string]bool{}
	for _, e := range base.Entries {
		known[e] = true
	}
	told := 0
	for _, l := range now {
		if known[l.clean] {
			continue
		}
		if told++; told > maxTold {
			continue
		}
		rec.Finding(checks.Finding{
			Kind: "added", Subject: checks.Text(l.raw), Detail: "starts by itself and is not in the baseline",
			Evidence: checks.Configured, Location: checks.At(l.entry.Place.File, l.entry.Place.Line),
		})
	}
	if told > maxTold {
		rec.Fact("added", told)
	}
}

// removed notes what no longer starts.
func removed(base checks.Baseline, now []line, rec *checks.Recorder) {
	there := map[string]bool{}
	for _, l := range now {
		there[l.clean] = true
	}
	told := 0
	for _, e := range base.Entries {
		if there[e] {
			continue
		}
		if told++; told <= maxTold {
			rec.Note(unescape(e), "was in the baseline and no longer starts by itself")
		}
	}
	if told > maxTold {
		rec.Fact("removed", told)
	}
}

// age says of when the baseline is, and whether anybody looked at it.
func age(base checks.Baseline) string {
	date, _, _ := strings.Cut(base.Recorded, "T")
	if base.Reviewed {
		return "accepted " + date
	}
	return "recorded " + date + ", not reviewed"
}

// gap is what a problem leaves open. Its error is not shown: it may quote a file.
func gap(p units.Problem) checks.Gap {
	g := checks.Gap{Reason: checks.ReasonOf(p.Err), Subject: checks.Text(p.Unit), Location: checks.At(p.File, p.Line)}
	switch {
	case errors.Is(p.Err, units.ErrRefused):
		g.Reason, g.Detail = checks.ReasonRefused, "the program that reads this does not understand it, so what it starts is not known"
	case errors.Is(p.Err, units.ErrUnsupported):
		g.Reason, g.Detail = checks.ReasonUnsupported, "whether this starts anything is not evaluated"
	default:
		g.Detail = "what this starts could not be read"
	}
	return g
}
