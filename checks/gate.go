package checks

// Gating is the highest severity among the findings that decide about the exit code
// and the alarm: neither waived nor known from an earlier report, of a check that is
// not younger than the pinned catalogue. A failed check that names no finding counts
// with its own severity.
func (r Result) Gating() Severity {
	if r.Ungated {
		return SeverityNone
	}
	if r.Status == StatusFail && len(r.Findings) == 0 {
		return r.Severity
	}
	worst := SeverityNone
	for _, f := range r.Findings {
		if f.Gated() {
			worst = max(worst, f.Severity)
		}
	}
	return worst
}

// Gated reports whether the finding decides anything, if its check does: no waiver
// covers it, and no earlier report has it.
func (f Finding) Gated() bool { return f.Waiver == nil && !f.Known }

// Open reports whether something is left to be answered: a gap that no waiver
// covers, or an unknown verdict that names no gap.
func (r Result) Open() bool {
	for _, g := range r.Gaps {
		if g.Waiver == nil {
			return true
		}
	}
	return r.Status == StatusUnknown && len(r.Gaps) == 0
}

// Counted reports a finding, of the check, that stands for findings whose names were
// withheld: its subject is their number, which its fingerprint does not cover. Two
// that look equal can be of different accounts.
func (f Finding) Counted(checkID string) bool {
	return f.Subject != "" && f.Fingerprint == Fingerprint(checkID, f.Evidence, f.Kind, "", "")
}
