package audit

import (
	"slices"

	"hostaudit/checks"
)

// MarkKnown marks the findings of now that were open in an earlier report: as many
// with a fingerprint as there were, each at least as severe then as now. What was
// waived then is not known: it was accepted for as long as the waiver lasts, and
// counts again without it. Nor is a finding that has become worse.
//
// Where names were withheld the earlier report tells only how many findings there
// were. An equal number can be of other accounts, so those are never known; counted
// reports how many open ones of now are left to the gate for that reason.
func MarkKnown(before, now *checks.Report) (counted int) {
	earlier := map[string][]checks.Severity{}
	withheld := map[string]bool{} // check and kind of findings without names
	for _, c := range findings(before) {
		f := c.Finding
		switch {
		case f.Waiver != nil:
		case f.Counted(c.CheckID):
			withheld[c.CheckID+" "+f.Kind] = true
		default:
			earlier[f.Fingerprint] = append(earlier[f.Fingerprint], f.Severity)
		}
	}
	for _, list := range earlier {
		slices.Sort(list)
	}
	for i := range now.Checks {
		r := &now.Checks[i]
		// The worst first: each takes the most severe that is left, so that as many
		// as possible find one.
		for _, j := range byFallingSeverity(r.Findings) {
			f := &r.Findings[j]
			if f.Waiver != nil || f.Counted(r.ID) {
				continue
			}
			list := earlier[f.Fingerprint]
			if last := len(list) - 1; last >= 0 && list[last] >= f.Severity {
				f.Known = true
				earlier[f.Fingerprint] = list[:last]
			} else if f.Private && withheld[r.ID+" "+f.Kind] {
				counted++
			}
		}
	}
	return counted
}

func byFallingSeverity(list []checks.Finding) []int {
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(list[b].Severity) - int(list[a].Severity) })
	return order
}
