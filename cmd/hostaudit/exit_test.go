package main

import (
	"slices"
	"testing"

	"hostaudit/checks"
)

func TestExitCode(t *testing.T) {
	finding := func(s checks.Severity) checks.Result {
		return checks.Result{ID: "a.found", Severity: s, Status: checks.StatusFail, Findings: []checks.Finding{{Severity: s}}}
	}
	pass := checks.Result{ID: "a.pass", Severity: checks.SeverityHigh, Status: checks.StatusPass}
	absent := checks.Result{ID: "a.absent", Severity: checks.SeverityHigh, Status: checks.StatusNotApplicable, Reason: checks.ReasonAbsent}
	unknown := func(s checks.Severity) checks.Result {
		return checks.Result{ID: "a.unknown", Severity: s, Status: checks.StatusUnknown, Gaps: []checks.Gap{{Reason: checks.ReasonUnreadable}}}
	}
	waived := finding(checks.SeverityCritical)
	waived.Findings[0].Waiver = &checks.WaiverNote{Reason: "accepted"}
	lowWithGap := finding(checks.SeverityLow)
	lowWithGap.Severity = checks.SeverityHigh
	lowWithGap.Gaps = []checks.Gap{{Reason: checks.ReasonUnreadable}}
	expired := finding(checks.SeverityHigh)
	expired.Findings[0].Expired = &checks.WaiverNote{Reason: "accepted", Expires: "2020-01-31"}
	known := finding(checks.SeverityHigh)
	known.Findings[0].Known = true
	covered := unknown(checks.SeverityHigh)
	covered.Gaps[0].Waiver = &checks.WaiverNote{Reason: "accepted"}
	half := covered
	half.Gaps = append(slices.Clone(covered.Gaps), checks.Gap{Reason: checks.ReasonUnreadable})
	bare := checks.Result{ID: "a.bare", Severity: checks.SeverityHigh, Status: checks.StatusFail}
	silent := checks.Result{ID: "a.silent", Severity: checks.SeverityHigh}
	young := func(r checks.Result) checks.Result {
		r.Ungated = true
		return r
	}
	medium := gate{failOn: checks.SeverityMedium}
	never := gate{}
	for _, tc := range []struct {
		name        string
		gate        gate
		results     []checks.Result
		interrupted bool
		want        int
	}{
		{"clean", medium, []checks.Result{pass, absent}, false, exitClean},
		{"at the threshold", medium, []checks.Result{pass, finding(checks.SeverityMedium)}, false, exitFindings},
		{"below the threshold", medium, []checks.Result{pass, finding(checks.SeverityLow)}, false, exitClean},
		{"waived", medium, []checks.Result{pass, waived}, false, exitClean},
		{"waiver expired", medium, []checks.Result{pass, expired}, false, exitFindings},
		{"known", medium, []checks.Result{pass, known}, false, exitClean},
		{"known beside new", medium, []checks.Result{known, finding(checks.SeverityMedium)}, false, exitFindings},
		{"known and nothing else", medium, []checks.Result{known}, false, exitClean},
		{"failed without finding", medium, []checks.Result{bare}, false, exitFindings},
		{"younger than the catalogue", medium, []checks.Result{pass, young(finding(checks.SeverityCritical))}, false, exitClean},
		{"younger and unknown", medium, []checks.Result{pass, young(unknown(checks.SeverityCritical))}, false, exitClean},
		{"younger, unknown and required", gate{failOn: checks.SeverityMedium, require: []string{"a.unknown"}}, []checks.Result{pass, young(unknown(checks.SeverityLow))}, false, exitIncomplete},
		{"younger, absent and required", gate{failOn: checks.SeverityMedium, require: []string{"a.absent"}}, []checks.Result{pass, young(absent)}, false, exitIncomplete},
		{"younger, passed and required", gate{failOn: checks.SeverityMedium, require: []string{"a.pass"}}, []checks.Result{young(pass)}, false, exitClean},
		{"nothing but younger", medium, []checks.Result{young(pass), absent}, false, exitIncomplete},
		{"gap waived", medium, []checks.Result{covered}, false, exitClean},
		{"gap waived and required", gate{failOn: checks.SeverityMedium, require: []string{"a.unknown"}}, []checks.Result{covered}, false, exitClean},
		{"one gap of two waived", medium, []checks.Result{half}, false, exitIncomplete},
		{"unknown without a gap", medium, []checks.Result{silent}, false, exitIncomplete},
		{"unknown that matters", medium, []checks.Result{pass, unknown(checks.SeverityMedium)}, false, exitIncomplete},
		{"unknown below the threshold", medium, []checks.Result{pass, unknown(checks.SeverityLow)}, false, exitClean},
		{"gap beside a low finding", medium, []checks.Result{lowWithGap}, false, exitIncomplete},
		{"finding beats unknown", medium, []checks.Result{finding(checks.SeverityHigh), unknown(checks.SeverityHigh)}, false, exitFindings},
		{"required and unknown below the threshold", gate{failOn: checks.SeverityHigh, require: []string{"a.unknown"}}, []checks.Result{pass, unknown(checks.SeverityLow)}, false, exitIncomplete},
		{"required and not applicable", gate{failOn: checks.SeverityMedium, require: []string{"a.absent"}}, []checks.Result{pass, absent}, false, exitIncomplete},
		{"nothing applicable", medium, []checks.Result{absent}, false, exitIncomplete},
		{"nothing at all", medium, nil, false, exitIncomplete},
		{"interrupted", medium, []checks.Result{pass}, true, exitIncomplete},
		{"interrupted after a finding", medium, []checks.Result{finding(checks.SeverityHigh)}, true, exitFindings},
		{"never fails on findings", never, []checks.Result{finding(checks.SeverityCritical)}, false, exitClean},
		{"never and unknown", never, []checks.Result{pass, unknown(checks.SeverityCritical)}, false, exitClean},
		{"never and required", gate{require: []string{"a.unknown"}}, []checks.Result{pass, unknown(checks.SeverityLow)}, false, exitIncomplete},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &checks.Report{Summary: checks.Summarize(tc.results), Checks: tc.results}
			if got := tc.gate.exitCode(r, tc.interrupted); got != tc.want {
				t.Errorf("exit %d, want %d", got, tc.want)
			}
		})
	}
}

func TestParseAgentInterval(t *testing.T) {
	for text, want := range map[string]int{
		"": 300, "interval 600\n": 600, "# interval 60\n": 300, "interval 60\ninterval 120\n": 120,
		"interval x\n": 300, "interval 0\n": 300, "  interval\t900 \n": 900, "interval 99999999\n": 300,
	} {
		if got := int(parseAgentInterval([]byte(text)).Seconds()); got != want {
			t.Errorf("%q: %d s, want %d s", text, got, want)
		}
	}
}
