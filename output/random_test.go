package output

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"hostaudit/checks"
)

// randomReport is a report that ReadJSON takes, whatever a program could have stored in
// it: statuses that contradict findings, everything empty, the same finding twice.
func randomReport(rng *rand.Rand) *checks.Report {
	coin := func() bool { return rng.IntN(2) == 0 }
	rare := func() bool { return rng.IntN(8) == 0 }
	texts := append(nasty(), "", "", "sshd", "on every address", strings.Repeat("long ", 200), strings.Repeat("|", 600))
	text := func() checks.Text { return checks.Clean(texts[rng.IntN(len(texts))]) }
	date := func() string {
		return []string{"", "2026-01-31", "2027-12-31"}[rng.IntN(3)]
	}
	waiver := func() *checks.WaiverNote {
		if rng.IntN(3) > 0 {
			return nil
		}
		return &checks.WaiverNote{Reason: text(), Owner: text(), Expires: date()}
	}
	at := func() checks.Location {
		return checks.Location{File: text(), Line: []int{0, 1, 77, 1 << 30}[rng.IntN(4)]}
	}
	severity := func() checks.Severity { return checks.Severity(rng.IntN(int(checks.SeverityCritical) + 1)) }
	some := func() int { return []int{0, 0, 1, 2, 5, 13}[rng.IntN(6)] }
	families := []string{"ssh", "password", "mysql", "x"}
	var results []checks.Result
	for i := range some() {
		family := families[rng.IntN(len(families))]
		c := checks.Result{
			ID: fmt.Sprintf("%s.check-%d", family, i), Family: family, Title: string(text()),
			Severity: severity(), Status: checks.Status(rng.IntN(4)), Summary: text(), Waived: rare(), Ungated: rare(),
			Rationale: string(text()), Remedy: string(text()), Breaks: string(text()),
		}
		if (c.Status == checks.StatusUnknown || c.Status == checks.StatusNotApplicable) && coin() {
			c.Reason = checks.Reasons()[rng.IntN(len(checks.Reasons()))]
		}
		for range some() {
			f := checks.Finding{
				Kind: fmt.Sprint("kind-", rng.IntN(2)), Subject: text(), Detail: text(), Severity: severity(),
				Evidence: []checks.Evidence{checks.Running, checks.Configured}[rng.IntN(2)], Location: at(),
				Waiver: waiver(), Expired: waiver(), Known: rare(), Private: rare(),
			}
			f.Fingerprint = checks.Fingerprint(c.ID, f.Evidence, f.Kind, f.Subject, "")
			c.Findings = append(c.Findings, f)
		}
		for range some() {
			c.Gaps = append(c.Gaps, checks.Gap{
				Reason: checks.Reasons()[rng.IntN(len(checks.Reasons()))], Subject: text(), Detail: text(), Location: at(),
				Waiver: waiver(), Expired: waiver(),
			})
		}
		for range some() {
			c.Notes = append(c.Notes, checks.Note{Subject: text(), Detail: text()})
		}
		if coin() {
			c.Facts = map[string]checks.Text{"one": text(), "two": text(), "progress": "in_progress"}
		}
		if coin() {
			c.References = map[string][]string{"cis_debian12": {"1.2", string(text())}, "own": {}, "none": nil}
		}
		results = append(results, c)
	}
	r := &checks.Report{
		Schema: checks.Schema, Tool: checks.Tool{Name: "hostaudit", Version: string(text())},
		Target: checks.Target{
			Mode: modes[rng.IntN(len(modes))], Kind: kinds[rng.IntN(len(kinds))], KindReason: text(),
			Path: text(), Hostname: text(), OS: checks.OS{ID: text(), VersionID: text()},
		},
		Summary: checks.Summarize(results), Checks: results,
	}
	if coin() {
		r.Run = &checks.RunInfo{Started: time.Unix(rng.Int64N(1<<33), 0).UTC(), Catalogue: rng.IntN(9), WordList: string(text()), Selection: []string{string(text())}, Interrupted: rare()}
	}
	if coin() {
		r.Policy = &checks.PolicyInfo{Digest: string(text()), Profile: string(text()), Catalogue: rng.IntN(3), Baseline: coin()}
		for range some() {
			n := checks.PolicyNote{Kind: policyNotes[rng.IntN(len(policyNotes))], Detail: text(), Location: at()}
			if coin() {
				n.Check = fmt.Sprintf("%s.check-%d", families[rng.IntN(len(families))], rng.IntN(6))
			}
			r.Policy.Notes = append(r.Policy.Notes, n)
		}
	}
	return r
}

// wellFormed reads a document as its consumers do, and says how many findings and gaps
// are in it that no waiver covers, -1 where the format does not tell.
func wellFormed(t *testing.T, format string, r *checks.Report, document []byte) (findings, gaps int) {
	t.Helper()
	findings, gaps = -1, -1
	fatal := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v in\n%s", format, err, document)
		}
	}
	for _, c := range string(document) {
		if c < ' ' && c != '\n' && c != '\r' || c == '\ufffd' {
			t.Fatalf("%s: character %q in\n%s", format, c, document)
		}
	}
	switch format {
	case "json":
		read, err := ReadJSON(bytes.NewReader(document))
		fatal(err)
		if !bytes.Equal(printed(t, "json", read), document) {
			t.Errorf("%s: read and printed again it is another document", format)
		}
	case "html":
		_, err := parsePage(document)
		fatal(err)
	case "pandora", "junit":
		dec := xml.NewDecoder(bytes.NewReader(document))
		for {
			_, err := dec.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			fatal(err)
		}
		if format == "junit" {
			if tests := junitTests(t, r); len(tests) != len(r.Checks)+min(len(ciRemarks(r)), 1) {
				t.Errorf("%s: %d test cases of %d checks", format, len(tests), len(r.Checks))
			}
		}
	case "nagios":
		parsePlugin(t, document)
	case "prometheus":
		parser := expfmt.NewTextParser(model.LegacyValidation)
		families, err := parser.TextToMetricFamilies(bytes.NewReader(document))
		fatal(err)
		findings, gaps = 0, 0
		for _, m := range families["hostaudit_findings"].GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "waived" && l.GetValue() == "false" {
					findings += int(m.GetGauge().GetValue())
				}
			}
		}
		for _, m := range families["hostaudit_gaps"].GetMetric() {
			for _, l := range m.GetLabel() {
				if l.GetName() == "waived" && l.GetValue() == "false" {
					gaps += int(m.GetGauge().GetValue())
				}
			}
		}
	case "sarif":
		var log sarifLog
		fatal(json.Unmarshal(document, &log))
		findings, gaps = 0, 0
		for _, res := range log.Runs[0].Results {
			if len(res.Suppressions) == 0 {
				findings++
			}
		}
		for _, n := range log.Runs[0].Invocations[0].Notifications {
			if strings.HasPrefix(n.Descriptor.ID, "gap/") && n.Level == "warning" {
				gaps++
			}
		}
	case "gitlab":
		var entries []gitlabEntry
		fatal(json.Unmarshal(document, &entries))
		seen := map[string]bool{}
		findings, gaps = -len(ciRemarks(r)), 0
		for _, e := range entries {
			if seen[e.Fingerprint] {
				t.Errorf("%s: fingerprint %s twice", format, e.Fingerprint)
			}
			seen[e.Fingerprint] = true
			if strings.HasPrefix(e.Description, "Not checked: ") {
				gaps++
			} else {
				findings++
			}
		}
	case "github":
		if commands := runner(t, string(document)); len(commands) == 0 || len(commands) > 3*maxAnnotations {
			t.Errorf("%s: %d commands", format, len(commands))
		}
	case "markdown":
		fatal(forged(string(document)))
	case "csv":
		rows, err := csv.NewReader(bytes.NewReader(document)).ReadAll()
		fatal(err)
		want := 1
		for _, c := range r.Checks {
			want += max(1, len(c.Findings)+len(c.Gaps))
		}
		if len(rows) != want {
			t.Errorf("%s: %d rows, want %d", format, len(rows), want)
		}
	case "ocsf":
		var events []ocsfEvent
		fatal(json.Unmarshal(document, &events))
		findings = 0
		seen := map[string]bool{}
		for _, e := range events {
			if seen[e.Info.UID] {
				t.Errorf("%s: finding_info.uid %q twice: one of them is lost to whoever keeps them by it", format, e.Info.UID)
			}
			seen[e.Info.UID] = true
			if e.Compliance.StatusID == int(ocsfFail) && e.StatusID != int(ocsfSuppressed) {
				findings++
			}
		}
	}
	return findings, gaps
}

// Every format prints any report it can be given, in one write, twice the same, as a
// document that its readers take, and those that count agree about the numbers.
func TestRandomReports(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			r := randomReport(rand.New(rand.NewPCG(seed, 8)))
			wanted := [2]int{}
			for _, f := range ciFindings(r) {
				if f.Waiver == nil {
					wanted[0]++
				}
			}
			for _, g := range ciGaps(r) {
				if g.Waiver == nil {
					wanted[1]++
				}
			}
			for _, format := range Formats() {
				var first, second pieces
				if err := errors.Join(format.Print(&first, r, Options{}), format.Print(&second, r, Options{})); err != nil {
					t.Fatalf("%s: %v", format.Name, err)
				}
				if first.calls != 1 || !bytes.Equal(first.Bytes(), second.Bytes()) {
					t.Errorf("%s: %d writes, or another document the second time", format.Name, first.calls)
				}
				findings, gaps := wellFormed(t, format.Name, r, first.Bytes())
				if findings >= 0 && findings != wanted[0] || gaps >= 0 && gaps != wanted[1] {
					t.Errorf("%s: %d findings and %d gaps, want %v", format.Name, findings, gaps, wanted)
				}
			}
			loudEnough(t, r)
		})
	}
}

// loudEnough holds the formats that stop something against what decides about the exit
// code: a check with an open gap or a finding that counts is green in none of them.
func loudEnough(t *testing.T, r *checks.Report) {
	t.Helper()
	tests := junitTests(t, r)
	for i := range r.Checks {
		c := &r.Checks[i]
		unnamed := c.Status == checks.StatusFail && len(c.Findings) == 0
		gating := !c.Ungated && (c.Open() || unnamed || slices.ContainsFunc(c.Findings, checks.Finding.Gated))
		if status := string(tests[c.ID].Status); gating != (status == "failed" || status == "error") {
			t.Errorf("junit: %s is %s; it decides something: %v", c.ID, status, gating)
		}
		if class := pluginClassOf(c); gating != (class <= classInProgress) {
			t.Errorf("nagios: %s is %s; it decides something: %v", c.ID, class.label(), gating)
		}
		if s := metricStatus(c); gating && (s == "pass" || s == "not_applicable" || s == "waived") {
			t.Errorf("prometheus: %s is %s although it decides something", c.ID, s)
		}
		if v := judge(c); gating && v < inProgress {
			t.Errorf("%s is told as %d although it decides something", c.ID, v)
		}
	}
}
