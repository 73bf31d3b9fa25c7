package output

import (
	"strings"
	"testing"

	"hostaudit/checks"
)

// A stored report can call a check passed, or not applicable, that has a gap under no
// waiver. The exit code counts the gap, and no format shows the check as settled.
func TestOpenGapIsNeverSettled(t *testing.T) {
	gap := checks.Gap{Reason: checks.ReasonUnsupported, Subject: "sshd_config", Detail: "a Match block"}
	for name, c := range map[string]checks.Result{
		"passed":         passing("ssh.port", "port 2222"),
		"not-applicable": absent("ssh.port", "no sshd"),
	} {
		t.Run(name, func(t *testing.T) {
			c.Gaps = []checks.Gap{gap}
			r := report(c)
			if !c.Open() || judge(&c) != notChecked {
				t.Fatalf("open %t, verdict %d", c.Open(), judge(&c))
			}
			for format, want := range map[string]string{
				"text":       "COULD NOT BE CHECKED",
				"html":       "1 not checked, 0 passed",
				"pandora":    "NOT CHECKED: sshd_config: a Match block",
				"nagios":     "HOSTAUDIT UNKNOWN - 1 unknown: ssh.port",
				"prometheus": `severity="medium",status="unknown"} 1`,
				"github":     "::warning title=ssh.port (not checked)::",
				"junit":      `errors="1" skipped="0"`,
				"markdown":   "### Not checked",
				"ocsf":       `"status":"Warning"`,
			} {
				if got := string(printed(t, format, r)); !strings.Contains(got, want) {
					t.Errorf("%s lacks %q:\n%s", format, want, got)
				}
			}
		})
	}
}

// A list of nothing but skipped cases, or of nothing, is green where it is shown; the
// exit code is 3.
func TestNothingEstablishedIsNotGreen(t *testing.T) {
	interrupted := report(passing("accounts.uid0", "root is alone"))
	interrupted.Run.Interrupted = true
	for name, r := range map[string]*checks.Report{
		"no-check": report(), "nothing-applicable": report(absent("ftp.port", "no FTP server")), "interrupted": interrupted,
	} {
		t.Run(name, func(t *testing.T) {
			want := ciRemarks(r)[0]
			for format, level := range map[string]string{"junit": ` errors="1" `, "gitlab": `"severity": "major"`, "github": "::warning title=hostaudit::"} {
				if got := string(printed(t, format, r)); !strings.Contains(got, want) || !strings.Contains(got, level) {
					t.Errorf("%s lacks %q or %q:\n%s", format, want, level, got)
				}
			}
		})
	}
	if got := ciRemarks(cleanHost()); got != nil {
		t.Errorf("of a clean host: %q", got)
	}
}

// Where everything is waived, no format says just that nothing was found; and the
// numbers of findings are of findings, not of waivers.
func TestWaivedIsNoPraise(t *testing.T) {
	note := &checks.WaiverNote{Reason: "accepted"}
	c := result("listeners.declared", func(r *checks.Recorder) {
		r.Finding(checks.Finding{Kind: "undeclared", Subject: "tcp/1", Evidence: checks.Running})
		r.Finding(checks.Finding{Kind: "undeclared", Subject: "tcp/2", Evidence: checks.Running})
	})
	c.Findings[0].Waiver, c.Findings[1].Waiver, c.Waived = note, note, true
	gap := result("ssh.port", func(r *checks.Recorder) { r.Gap(checks.Gap{Reason: checks.ReasonUnsupported}) })
	gap.Gaps[0].Waiver, gap.Waived = note, true
	for _, example := range []struct {
		name, praise, counts string
		r                    *checks.Report
	}{
		{"findings", "o weakness was found but those that are waived", "1 waived, 0 not applicable; 2 findings waived", report(c)},
		{"gaps", "o weakness was found; what could not be examined is waived", "1 waived, 0 not applicable; 1 gap waived", report(gap)},
	} {
		t.Run(example.name, func(t *testing.T) {
			for _, format := range []string{"text", "html", "markdown"} {
				got := strings.Join(strings.Fields(string(printed(t, format, example.r))), " ")
				if !strings.Contains(got, example.praise) || !strings.Contains(got, example.counts) {
					t.Errorf("%s lacks %q or %q:\n%s", format, example.praise, example.counts, got)
				}
			}
		})
	}
	c.Findings[0].Waiver, c.Findings[1].Waiver = nil, nil
	c.Findings[0].Expired, c.Findings[1].Expired = note, note
	if got := strings.Join(strings.Fields(string(printed(t, "text", report(c)))), " "); !strings.Contains(got, "2 whose waiver ended") {
		t.Errorf("one waiver of two findings ended:\n%s", got)
	}
}

// A gap beside a finding of low severity is the louder of the two: what was not examined
// may be worse, and the exit code is 3 for it at the default threshold.
func TestGapBesideLowFinding(t *testing.T) {
	c := result("ssh.root-login", func(r *checks.Recorder) {
		r.Finding(checks.Finding{Kind: "password", Severity: checks.SeverityLow, Evidence: checks.Configured})
		r.Gap(checks.Gap{Reason: checks.ReasonUnsupported, Subject: "Match exec"})
	})
	const title = " title=ssh.root-login (not all of it checked)::"
	if got := string(printed(t, "github", report(c))); !strings.Contains(got, "::warning"+title) {
		t.Errorf("low: no warning in\n%s", got)
	}
	c.Findings[0].Severity = checks.SeverityMedium
	if got := string(printed(t, "github", report(c))); !strings.Contains(got, "::notice"+title) {
		t.Errorf("medium: no notice in\n%s", got)
	}
}

// Findings that the baseline has decide nothing; a gap beside them does, and the exit
// code says so. The formats that turn a pipeline red or yellow say it too.
func TestGapBesideKnownFindings(t *testing.T) {
	c := result("ssh.root-login", func(r *checks.Recorder) {
		r.Finding(checks.Finding{Kind: "password", Subject: "PermitRootLogin yes", Evidence: checks.Configured})
		r.Gap(checks.Gap{Reason: checks.ReasonUnsupported, Subject: "Match exec", Detail: "not evaluated"})
		r.Gap(checks.Gap{Reason: checks.ReasonUnreadable, Subject: "x.conf", Detail: "not read"})
	})
	c.Findings[0].Known = true
	for _, example := range []struct {
		name    string
		ungated bool
		want    map[string]string
	}{
		{"gated", false, map[string]string{
			"nagios":   "HOSTAUDIT UNKNOWN - 1 unknown: ssh.root-login",
			"github":   "::warning title=ssh.root-login (not all of it checked)::Not checked: Match exec",
			"junit":    `<error type="unsupported" message="not all of it checked: Match exec: not evaluated (a form this version does not evaluate) (and 1 more)">`,
			"markdown": "what was not examined counts",
		}},
		{"ungated", true, map[string]string{
			"nagios":   "HOSTAUDIT OK - 1 not gated",
			"github":   "::notice title=ssh.root-login (not all of it checked)::Not checked: Match exec",
			"junit":    `errors="0" skipped="1"`,
			"markdown": "1 (not gated)",
		}},
	} {
		t.Run(example.name, func(t *testing.T) {
			c.Ungated = example.ungated
			for format, want := range example.want {
				if got := string(printed(t, format, report(c))); !strings.Contains(got, want) {
					t.Errorf("%s lacks %q:\n%s", format, want, got)
				}
			}
		})
	}
}
