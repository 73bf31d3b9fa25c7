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

// exitCode judges a report. Findings beat incompleteness. What the configuration took
// from the gate decides nothing (waived, known from an earlier report, of a check
// younger than the pinned catalogue), but for one thing: a check that is required by
// name must have an answer.
func (g gate) exitCode(r *checks.Report, interrupted bool) int {
	incomplete, applicable := interrupted, false
	for _, res := range r.Checks {
		if g.failOn != checks.SeverityNone && res.Gating() >= g.failOn {
			return exitFindings
		}
		required := slices.Contains(g.require, res.ID)
		if res.Ungated && !required {
			continue
		}
		if res.Status != checks.StatusNotApplicable {
			applicable = true
		} else if required { // an answer that cannot exist here is none
			incomplete = true
		}
		matters := required || g.failOn != checks.SeverityNone && res.Severity >= g.failOn
		incomplete = incomplete || matters && res.Open()
	}
	if incomplete || !applicable {
		return exitIncomplete
	}
	return exitClean
}
