package checks

import "testing"

func TestGating(t *testing.T) {
	open := Finding{Severity: SeverityMedium}
	waived := Finding{Severity: SeverityCritical, Waiver: &WaiverNote{Reason: "x"}}
	known := Finding{Severity: SeverityHigh, Known: true}
	expired := Finding{Severity: SeverityHigh, Expired: &WaiverNote{Reason: "x"}}
	for _, tc := range []struct {
		name string
		r    Result
		want Severity
	}{
		{"none", Result{}, SeverityNone},
		{"open", Result{Findings: []Finding{open}}, SeverityMedium},
		{"waived", Result{Findings: []Finding{waived}}, SeverityNone},
		{"known", Result{Findings: []Finding{known}}, SeverityNone},
		{"expired", Result{Findings: []Finding{expired}}, SeverityHigh},
		{"all", Result{Findings: []Finding{waived, known, open}}, SeverityMedium},
		{"ungated", Result{Ungated: true, Findings: []Finding{open}}, SeverityNone},
		{"failed-without-finding", Result{Status: StatusFail, Severity: SeverityLow}, SeverityLow},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.r.Gating(); got != tc.want {
				t.Errorf("gating %s, want %s", got, tc.want)
			}
		})
	}
}

func TestOpen(t *testing.T) {
	covered := Gap{Reason: ReasonUnreadable, Waiver: &WaiverNote{Reason: "x"}}
	for _, tc := range []struct {
		name string
		r    Result
		want bool
	}{
		{"passed", Result{Status: StatusPass}, false},
		{"unknown-without-gap", Result{}, true},
		{"gap", Result{Gaps: []Gap{{Reason: ReasonUnreadable}}}, true},
		{"gap-covered", Result{Gaps: []Gap{covered}}, false},
		{"one-of-two-covered", Result{Gaps: []Gap{covered, {Reason: ReasonUnreadable}}}, true},
		{"gap-beside-a-finding", Result{Status: StatusFail, Gaps: []Gap{{Reason: ReasonUnreadable}}}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.r.Open(); got != tc.want {
				t.Errorf("open %v, want %v", got, tc.want)
			}
		})
	}
}
