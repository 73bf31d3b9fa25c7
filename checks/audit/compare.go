package audit

import (
	"cmp"
	"slices"

	"hostaudit/checks"
)

// Change is one finding that one report has and the other has not.
type Change struct {
	CheckID string         `json:"check"`
	Finding checks.Finding `json:"finding"`
}

// StatusChange is a check whose verdict differs between two reports. A check
// that a report does not hold counts as not applicable (not asked) there.
type StatusChange struct {
	CheckID  string
	Old, New checks.Status
}

// Difference is what changed from one report to a later one. Findings are
// compared as multisets of fingerprints, so a moved line or a new pid is no
// change. Whether a finding disappeared because it was mended or because it
// could no longer be seen is told by Status.
type Difference struct {
	Added    []Change
	Removed  []Change
	Statuses []StatusChange
}

// Compare tells what changed from before to after.
func Compare(before, after *checks.Report) Difference {
	var d Difference
	d.Added = missingFrom(before, after)
	d.Removed = missingFrom(after, before)
	old := map[string]checks.Status{}
	for _, r := range before.Checks {
		old[r.ID] = r.Status
	}
	seen := map[string]bool{}
	for _, r := range after.Checks {
		seen[r.ID] = true
		was, ok := old[r.ID]
		if !ok {
			was = checks.StatusNotApplicable
		}
		if was != r.Status {
			d.Statuses = append(d.Statuses, StatusChange{CheckID: r.ID, Old: was, New: r.Status})
		}
	}
	for _, r := range before.Checks {
		if !seen[r.ID] && r.Status != checks.StatusNotApplicable {
			d.Statuses = append(d.Statuses, StatusChange{CheckID: r.ID, Old: r.Status, New: checks.StatusNotApplicable})
		}
	}
	slices.SortFunc(d.Statuses, func(a, b StatusChange) int { return cmp.Compare(a.CheckID, b.CheckID) })
	return d
}

// missingFrom returns the findings of report that base has fewer of.
func missingFrom(base, report *checks.Report) []Change {
	have := map[string]int{}
	for _, r := range base.Checks {
		for _, f := range r.Findings {
			have[f.Fingerprint]++
		}
	}
	var out []Change
	for _, r := range report.Checks {
		for _, f := range r.Findings {
			if have[f.Fingerprint] > 0 {
				have[f.Fingerprint]--
				continue
			}
			out = append(out, Change{CheckID: r.ID, Finding: f})
		}
	}
	return out
}
