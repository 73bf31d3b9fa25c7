package audit

import (
	"cmp"
	"fmt"
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
	Changed  []Alteration // in both, with another severity, or waived in one of them
	Opened   []OpenGap    // gaps that no waiver covers now, and that were not open before
	Closed   []OpenGap    // gaps that were open before, and are not there now or waived
	Statuses []StatusChange
}

// OpenGap is a gap that no waiver covers. A check that fails in both reports can have
// lost sight of half of what it asks for.
type OpenGap struct {
	CheckID string
	Gap     checks.Gap
}

// Alteration is a finding that both reports have and that counts differently.
type Alteration struct {
	CheckID  string
	Old, New checks.Finding
}

// Compare tells what changed from before to after.
func Compare(before, after *checks.Report) Difference {
	var d Difference
	d.Added, d.Removed, d.Changed = paired(before, after)
	d.Closed, d.Opened = apart(openGaps(before), openGaps(after))
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

// identity tells a finding from others across reports. Where names were withheld
// the fingerprint does not cover the subject, which is a number: two numbers are two
// findings.
func identity(checkID string, f checks.Finding) string {
	if f.Counted(checkID) {
		return f.Fingerprint + " " + string(f.Subject)
	}
	return f.Fingerprint
}

// findings lists those of a report in its order.
func findings(r *checks.Report) []Change {
	var out []Change
	for _, res := range r.Checks {
		for _, f := range res.Findings {
			out = append(out, Change{CheckID: res.ID, Finding: f})
		}
	}
	return out
}

// paired tells what before and after have in common, but changed, and what only one
// of them has: multisets of identities, those that are alike paired first.
func paired(before, after *checks.Report) (added, removed []Change, changed []Alteration) {
	olds, news := findings(before), findings(after)
	partner := make([]int, len(news)) // index into olds + 1
	taken := make([]bool, len(olds))
	match := func(key func(Change) string) {
		free := map[string][]int{}
		for i, c := range olds {
			if !taken[i] {
				free[key(c)] = append(free[key(c)], i)
			}
		}
		for i, c := range news {
			if list := free[key(c)]; partner[i] == 0 && len(list) > 0 {
				partner[i], taken[list[0]] = list[0]+1, true
				free[key(c)] = list[1:]
			}
		}
	}
	name := func(c Change) string { return identity(c.CheckID, c.Finding) }
	match(func(c Change) string {
		return fmt.Sprintf("%s %d %v", name(c), c.Finding.Severity, c.Finding.Waiver != nil)
	})
	match(name)
	for i, c := range news {
		if partner[i] == 0 {
			added = append(added, c)
			continue
		}
		old := olds[partner[i]-1].Finding
		if old.Severity != c.Finding.Severity || (old.Waiver != nil) != (c.Finding.Waiver != nil) {
			changed = append(changed, Alteration{CheckID: c.CheckID, Old: old, New: c.Finding})
		}
	}
	for i, c := range olds {
		if !taken[i] {
			removed = append(removed, c)
		}
	}
	return added, removed, changed
}

// openGaps lists those of a report in its order.
func openGaps(r *checks.Report) []OpenGap {
	var out []OpenGap
	for _, res := range r.Checks {
		for _, g := range res.Gaps {
			if g.Waiver == nil {
				out = append(out, OpenGap{CheckID: res.ID, Gap: g})
			}
		}
	}
	return out
}

// apart tells what of two multisets of gaps only one has. A gap is the same with another
// detail or in another line.
func apart(before, after []OpenGap) (closed, opened []OpenGap) {
	type identity struct {
		check         string
		reason        checks.Reason
		subject, file checks.Text
	}
	of := func(g OpenGap) identity {
		return identity{g.CheckID, g.Gap.Reason, g.Gap.Subject, g.Gap.Location.File}
	}
	was := map[identity]int{}
	for _, g := range before {
		was[of(g)]++
	}
	for _, g := range after {
		if was[of(g)]--; was[of(g)] < 0 {
			opened = append(opened, g)
		}
	}
	// What is left of each are its last ones.
	for _, g := range slices.Backward(before) {
		if was[of(g)] > 0 {
			was[of(g)]--
			closed = append(closed, g)
		}
	}
	slices.Reverse(closed)
	return closed, opened
}
