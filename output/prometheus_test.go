package output

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"hostaudit/checks"
)

// scraped parses a document as Prometheus does and returns its samples by name and
// labels, without the name of the program: `findings{check="a.b"}`.
func scraped(t *testing.T, document []byte) map[string]float64 {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]float64{}
	for name, f := range families {
		if f.GetType().String() != "GAUGE" || f.GetHelp() == "" || !strings.HasPrefix(name, "hostaudit_") {
			t.Errorf("family %s: type %s, help %q", name, f.GetType(), f.GetHelp())
		}
		for _, m := range f.GetMetric() {
			var labels []string
			for _, l := range m.GetLabel() {
				labels = append(labels, fmt.Sprintf("%s=%q", l.GetName(), l.GetValue()))
			}
			key := strings.TrimPrefix(name, "hostaudit_") + "{" + strings.Join(labels, ",") + "}"
			if _, twice := out[key]; twice {
				t.Errorf("%s is there twice", key)
			}
			if m.TimestampMs != nil {
				t.Errorf("%s has a time of its own, which the textfile collector refuses", key)
			}
			out[key] = m.GetGauge().GetValue()
		}
	}
	return out
}

func TestPrometheusParses(t *testing.T) {
	// What a label may hold: a word of ours. None of the hostile names is one.
	words := regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			r := f.report()
			document := printed(t, "prometheus", r)
			samples := scraped(t, document)
			problems, err := promlint.New(bytes.NewReader(document)).Lint()
			if err != nil || len(problems) > 0 {
				t.Errorf("promlint: %v, %v", problems, err)
			}
			for key := range samples {
				_, labels, _ := strings.Cut(strings.TrimSuffix(key, "}"), "{")
				for label := range strings.SplitSeq(labels, ",") {
					if _, value, ok := strings.Cut(label, "="); ok && !words.MatchString(strings.Trim(value, `"`)) {
						t.Errorf("%s: %s is no word of the program", key, label)
					}
				}
			}
			findings, gaps := 0, 0
			for key, n := range samples {
				switch name, _, _ := strings.Cut(key, "{"); name {
				case "findings":
					findings += int(n)
				case "gaps":
					gaps += int(n)
				}
			}
			wantFindings, wantGaps := 0, 0
			for _, c := range r.Checks {
				wantFindings += len(c.Findings)
				wantGaps += len(c.Gaps)
				one := 0
				for key := range samples {
					if strings.HasPrefix(key, fmt.Sprintf("check_status{check=%q,", c.ID)) {
						one++
					}
				}
				if one != 1 {
					t.Errorf("%s has %d states", c.ID, one)
				}
			}
			if findings != wantFindings || gaps != wantGaps {
				t.Errorf("%d findings and %d gaps, want %d and %d", findings, gaps, wantFindings, wantGaps)
			}
			if _, timed := samples["run_timestamp_seconds{}"]; timed != (r.Run != nil) {
				t.Errorf("a time is there: %v, a run: %v", timed, r.Run != nil)
			}
		})
	}
}

func TestPrometheusSamples(t *testing.T) {
	waived := &checks.WaiverNote{Reason: "accepted"}
	port := result("ssh.port", func(r *checks.Recorder) {
		for i := range 5 {
			r.Finding(checks.Finding{Kind: "port-22", Subject: checks.Text(fmt.Sprint("object ", i)), Severity: checks.Severity(1 + i/2), Evidence: checks.Running})
		}
		r.Gap(checks.Gap{Reason: checks.ReasonUnreadable, Detail: "not read"})
		r.Gap(checks.Gap{Reason: checks.ReasonUnreadable, Detail: "not read either"})
		r.Gap(checks.Gap{Reason: checks.ReasonRefused, Detail: "refused"})
	})
	// Severities 3, 2, 2, 1, 1 in the order of the recorder.
	port.Findings[1].Waiver, port.Findings[3].Known, port.Gaps[1].Waiver = waived, true, waived
	young := result("mysql.bind", func(r *checks.Recorder) {
		r.Finding(checks.Finding{Kind: "outside", Subject: "x", Evidence: checks.Running})
		r.Gap(checks.Gap{Reason: checks.ReasonRefused, Detail: "refused"})
	})
	young.Ungated = true
	r := report(
		port, young, passing("accounts.uid0", "sound"), absent("ftp.port", "none"),
		checks.Result{ID: "a.silent", Family: "a", Severity: checks.SeverityHigh},
		checks.Result{ID: "a.failed", Family: "a", Severity: checks.SeverityHigh, Status: checks.StatusFail},
		result("password.dictionary", func(r *checks.Recorder) {
			r.Gap(checks.Gap{Reason: checks.ReasonBudget, Detail: "11 accounts"})
			r.Fact("progress", "in_progress")
		}),
	)
	r.Tool.Version = `1.0"x\\y}`
	r.Run.Interrupted = true
	got := scraped(t, printed(t, "prometheus", r))
	want := map[string]float64{
		`info{version="1.0\"x\\\\y}",mode="live",kind="host"}`:                                                 1,
		`check_status{check="ssh.port",family="ssh",severity="medium",status="fail"}`:                          1,
		`check_status{check="mysql.bind",family="mysql",severity="low",status="fail"}`:                         1,
		`check_status{check="accounts.uid0",family="accounts",severity="critical",status="pass"}`:              1,
		`check_status{check="ftp.port",family="ftp",severity="medium",status="not_applicable"}`:                1,
		`check_status{check="a.silent",family="a",severity="high",status="unknown"}`:                           1,
		`check_status{check="a.failed",family="a",severity="high",status="fail"}`:                              1,
		`check_status{check="password.dictionary",family="password",severity="critical",status="in_progress"}`: 1,
		`findings{check="ssh.port",severity="high",waived="false",gated="true"}`:                               1,
		`findings{check="ssh.port",severity="medium",waived="true",gated="false"}`:                             1,
		`findings{check="ssh.port",severity="medium",waived="false",gated="true"}`:                             1,
		`findings{check="ssh.port",severity="low",waived="false",gated="false"}`:                               1,
		`findings{check="ssh.port",severity="low",waived="false",gated="true"}`:                                1,
		`findings{check="mysql.bind",severity="low",waived="false",gated="false"}`:                             1,
		`findings{check="accounts.uid0",severity="critical",waived="false",gated="true"}`:                      0,
		`findings{check="a.failed",severity="high",waived="false",gated="true"}`:                               1,
		`gaps{check="ssh.port",reason="unreadable",waived="true",gated="false"}`:                               1,
		`gaps{check="ssh.port",reason="unreadable",waived="false",gated="true"}`:                               1,
		`gaps{check="ssh.port",reason="refused",waived="false",gated="true"}`:                                  1,
		`gaps{check="mysql.bind",reason="refused",waived="false",gated="false"}`:                               1,
		`gaps{check="a.silent",reason="internal",waived="false",gated="true"}`:                                 1,
		`gaps{check="password.dictionary",reason="budget",waived="false",gated="false"}`:                       1,
		`run_timestamp_seconds{}`: float64(r.Run.Started.Unix()),
		`run_interrupted{}`:       1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
}

// A report that has a check twice is refused when read; were one printed, the whole
// scrape would be.
func TestPrometheusAddsUpDuplicates(t *testing.T) {
	port := result("ssh.port", func(r *checks.Recorder) {
		r.Finding(checks.Finding{Kind: "port-22", Subject: "sshd", Evidence: checks.Running})
	})
	got := scraped(t, printed(t, "prometheus", report(port, port)))
	if n := got[`findings{check="ssh.port",severity="medium",waived="false",gated="true"}`]; n != 2 {
		t.Errorf("%v findings of %v, want 2", n, got)
	}
}

func TestMetricLabel(t *testing.T) {
	for _, name := range slices.Concat(hostile, []string{`a"b`, `\`, `"`}) {
		line := `x{y="` + metricLabel(string(checks.Clean(name))) + "\"} 1\n"
		parser := expfmt.NewTextParser(model.LegacyValidation)
		families, err := parser.TextToMetricFamilies(strings.NewReader(line))
		if err != nil {
			t.Errorf("%q: %v", line, err)
			continue
		}
		if got := families["x"].GetMetric()[0].GetLabel()[0].GetValue(); got != string(checks.Clean(name)) {
			t.Errorf("%q becomes %q", checks.Clean(name), got)
		}
	}
}
