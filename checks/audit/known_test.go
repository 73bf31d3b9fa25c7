package audit

import (
	"slices"
	"testing"

	"hostaudit/checks"
)

// found is a finding about subject as a recorder makes it.
func found(subject string, severity checks.Severity) checks.Finding {
	return checks.Finding{
		Kind: "k", Subject: checks.Text(subject), Severity: severity, Evidence: checks.Configured,
		Fingerprint: checks.Fingerprint("a.x", checks.Configured, "k", checks.Text(subject), ""),
	}
}

func reportOf(list ...checks.Finding) *checks.Report {
	return &checks.Report{Checks: []checks.Result{{ID: "a.x", Status: checks.StatusFail, Findings: list}}}
}

func TestMarkKnown(t *testing.T) {
	const low, medium, high = checks.SeverityLow, checks.SeverityMedium, checks.SeverityHigh
	note := &checks.WaiverNote{Reason: "r", Expires: "2026-01-31"}
	waived := func(f checks.Finding) checks.Finding { f.Waiver = note; return f }
	expired := func(f checks.Finding) checks.Finding { f.Expired = note; return f }
	private := func(f checks.Finding) checks.Finding { f.Private = true; return f }
	numbered := func(f checks.Finding, n string) checks.Finding {
		f.Subject, f.Fingerprint = checks.Text(n), checks.Fingerprint("a.x", f.Evidence, f.Kind, "", "")
		return f
	}
	type list = []checks.Finding
	for _, tc := range []struct {
		name        string
		before, now list
		want        []bool
		counted     int
	}{
		{"same", list{found("a", high)}, list{found("a", high)}, []bool{true}, 0},
		{"new", list{found("a", high)}, list{found("b", high)}, []bool{false}, 0},
		{"nothing-before", nil, list{found("a", low)}, []bool{false}, 0},
		{"one-more-of-a-kind", list{found("a", high)}, list{found("a", high), found("a", high)}, []bool{true, false}, 0},
		{"worse", list{found("a", low)}, list{found("a", high)}, []bool{false}, 0},
		{"milder", list{found("a", high)}, list{found("a", low)}, []bool{true}, 0},
		{"milder-does-not-take-from-worse", list{found("a", high), found("a", low)}, list{found("a", low), found("a", high)}, []bool{true, true}, 0},
		{"one-of-two-worse", list{found("a", medium), found("a", low)}, list{found("a", medium), found("a", medium)}, []bool{true, false}, 0},
		{"waived-then-open-now", list{waived(found("a", high))}, list{found("a", high)}, []bool{false}, 0},
		{"waived-then-expired-now", list{waived(found("a", high))}, list{expired(found("a", high))}, []bool{false}, 0},
		{"open-then-expired-now", list{found("a", high)}, list{expired(found("a", high))}, []bool{true}, 0},
		{"expired-then-and-now", list{expired(found("a", high))}, list{expired(found("a", high))}, []bool{true}, 0},
		{"waived-now-stays-waived", list{found("a", high)}, list{waived(found("a", high))}, []bool{false}, 0},
		{"names-withheld-same-number", list{numbered(found("", high), "1 account")}, list{private(found("bob", high))}, []bool{false}, 1},
		{"names-withheld-more-now", list{numbered(found("", high), "1 account")}, list{private(found("alice", high)), private(found("bob", high))}, []bool{false, false}, 2},
		{"names-withheld-in-both", list{numbered(found("", high), "2 accounts")}, list{numbered(found("", high), "2 accounts")}, []bool{false}, 0},
		{"private-with-names", list{private(found("bob", high))}, list{private(found("bob", high))}, []bool{true}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			now := reportOf(tc.now...)
			if got := MarkKnown(reportOf(tc.before...), now); got != tc.counted {
				t.Errorf("counted %d, want %d", got, tc.counted)
			}
			var got []bool
			for _, f := range now.Checks[0].Findings {
				got = append(got, f.Known)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("known %v, want %v", got, tc.want)
			}
		})
	}
}

func TestCompareTellsHowFindingsCount(t *testing.T) {
	note := &checks.WaiverNote{Reason: "r"}
	waived := found("a", checks.SeverityHigh)
	waived.Waiver = note
	numbered := func(n string) checks.Finding {
		f := found("", checks.SeverityHigh)
		f.Subject = checks.Text(n)
		return f
	}
	for _, tc := range []struct {
		name                    string
		before, now             []checks.Finding
		added, removed, changed int
	}{
		{"same", []checks.Finding{found("a", checks.SeverityHigh)}, []checks.Finding{found("a", checks.SeverityHigh)}, 0, 0, 0},
		{"worse", []checks.Finding{found("a", checks.SeverityLow)}, []checks.Finding{found("a", checks.SeverityHigh)}, 0, 0, 1},
		{"waived", []checks.Finding{found("a", checks.SeverityHigh)}, []checks.Finding{waived}, 0, 0, 1},
		{"alike-first", []checks.Finding{waived, found("a", checks.SeverityHigh)}, []checks.Finding{found("a", checks.SeverityHigh), waived}, 0, 0, 0},
		{"one-of-each", []checks.Finding{waived, found("a", checks.SeverityHigh)}, []checks.Finding{found("a", checks.SeverityHigh)}, 0, 1, 0},
		{"another-number", []checks.Finding{numbered("1 account")}, []checks.Finding{numbered("2 accounts")}, 1, 1, 0},
		{"the-same-number", []checks.Finding{numbered("2 accounts")}, []checks.Finding{numbered("2 accounts")}, 0, 0, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			d := Compare(reportOf(tc.before...), reportOf(tc.now...))
			if len(d.Added) != tc.added || len(d.Removed) != tc.removed || len(d.Changed) != tc.changed {
				t.Errorf("%d added, %d removed, %d changed; want %d, %d, %d", len(d.Added), len(d.Removed), len(d.Changed), tc.added, tc.removed, tc.changed)
			}
		})
	}
}
