package main

import (
	"slices"

	"hostaudit/checks"
)

// Exit codes of an audit, except where standard output is for the agent (0
// whenever the document is complete).
const (
	exitClean      = 0
	exitFindings   = 1 // an unwaived finding at or above the threshold
	exitUsage      = 2 // usage or configuration error; nothing was audited
	exitIncomplete = 3 // something that matters could not be established
)

// gate is what decides about the exit code.
type gate struct {
	failOn  checks.Severity // SeverityNone = never
	require []string        // check IDs that must be answered
}

// exitCode judges a report. Findings beat incompleteness.
func (g gate) exitCode(r *checks.Report, interrupted bool) int {
	if g.failOn != checks.SeverityNone && r.Summary.Worst >= g.failOn {
		return exitFindings
	}
	if interrupted || r.Summary.Pass+r.Summary.Fail+r.Summary.Unknown == 0 {
		return exitIncomplete
	}
	for _, res := range r.Checks {
		matters := slices.Contains(g.require, res.ID) || g.failOn != checks.SeverityNone && res.Severity >= g.failOn
		if matters && (res.Status == checks.StatusUnknown || len(res.Gaps) > 0) {
			return exitIncomplete
		}
		// A required answer that cannot exist here is no answer.
		if slices.Contains(g.require, res.ID) && res.Status == checks.StatusNotApplicable {
			return exitIncomplete
		}
	}
	return exitClean
}
