package output

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
)

func TestRedactMerges(t *testing.T) {
	r := Redact(waivedHost())
	var got []checks.Finding
	for _, res := range r.Checks {
		if res.ID == "password.empty" {
			got = res.Findings
		}
	}
	finding := func(subject checks.Text) checks.Finding {
		return checks.Finding{
			Kind: "nullok", Subject: subject, Detail: "nullok; names are withheld", Severity: checks.SeverityCritical,
			Evidence: checks.Configured, Fingerprint: checks.Fingerprint("password.empty", checks.Configured, "nullok", "", ""),
		}
	}
	one := finding("1 account")
	one.Waiver = &checks.WaiverNote{Reason: "withheld"}
	if diff := cmp.Diff([]checks.Finding{one, finding("2 accounts")}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(r, Redact(r)); diff != "" {
		t.Errorf("redacting again changes it:\n%s", diff)
	}
	if r.Summary != checks.Summarize(r.Checks) {
		t.Error("the summary is not that of the checks")
	}
}

// The count must not depend on who is counted.
func TestRedactedFingerprint(t *testing.T) {
	of := func(name string) string {
		r := report(result("password.dictionary", func(rec *checks.Recorder) { rec.Finding(weak(name, "listed")) }))
		return Redact(r).Checks[0].Findings[0].Fingerprint
	}
	if of("alice") != of("bob") {
		t.Error("the fingerprint tells two accounts apart")
	}
}

func TestRedactKeepsTheRest(t *testing.T) {
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			before := f.report()
			r := f.report()
			redacted := Redact(r)
			if diff := cmp.Diff(before, r); diff != "" {
				t.Errorf("the report was changed:\n%s", diff)
			}
			for i := range r.Checks {
				private := false
				for _, finding := range r.Checks[i].Findings {
					private = private || finding.Private
				}
				want := clone(r).Checks[i]
				if private {
					want.Findings, want.Summary, want.Facts = redacted.Checks[i].Findings, redacted.Checks[i].Summary, redacted.Checks[i].Facts
				}
				if diff := cmp.Diff(want, redacted.Checks[i]); diff != "" {
					t.Errorf("%s (-want +got):\n%s", want.ID, diff)
				}
			}
			// Deep: nothing the copy holds is shared.
			for i := range redacted.Checks {
				c := &redacted.Checks[i]
				c.Facts["x"], c.References["x"] = "y", []string{"y"}
				for _, list := range c.References {
					if len(list) > 0 {
						list[0] = "changed"
					}
				}
				for j := range c.Findings {
					c.Findings[j].Subject = "changed"
					if c.Findings[j].Waiver != nil {
						c.Findings[j].Waiver.Reason = "changed"
					}
				}
				for j := range c.Gaps {
					c.Gaps[j].Detail = "changed"
				}
				for j := range c.Notes {
					c.Notes[j].Detail = "changed"
				}
			}
			if redacted.Run != nil {
				for i := range redacted.Run.Selection {
					redacted.Run.Selection[i] = "changed"
				}
			}
			if diff := cmp.Diff(before, r); diff != "" {
				t.Errorf("the copy shares memory with the report:\n%s", diff)
			}
		})
	}
}

// No name of a private finding is in any byte of any format: neither as text nor
// in the format's own escapes, also where a check broke its promise and named the
// account in its summary or facts.
func TestNoPrivateNameSurvives(t *testing.T) {
	names := append([]string{"backup-operator"}, privateNames...)
	build := func() *checks.Report {
		res := result("password.dictionary", func(r *checks.Recorder) {
			for _, name := range names {
				r.Finding(weak(name, "listed"))
			}
			r.Summary("weak passwords of " + strings.Join(names, ", "))
			r.Fact("accounts", strings.Join(names, " "))
			r.Gap(checks.Gap{Reason: checks.ReasonTooCostly, Subject: "bob", Detail: "it would take too long"})
			r.Gap(checks.Gap{Reason: checks.ReasonUnsupported, Subject: "carol", Detail: "its scheme is not known"})
			r.Fact("tested", 14)
			r.Gap(checks.Gap{Reason: checks.ReasonBudget, Detail: "words left to try"})
			r.Gap(checks.Gap{Reason: checks.ReasonTooCostly, Detail: "one try takes seconds"})
		})
		for i := range res.Findings[:2] {
			res.Findings[i].Waiver = &checks.WaiverNote{Reason: "known: " + res.Findings[i].Subject, Expires: "2027-01-31"}
		}
		for i := range res.Gaps {
			note := &checks.WaiverNote{Reason: "as costly as for " + checks.Clean(names[i]), Owner: checks.Clean(names[i])}
			if i == 0 {
				res.Gaps[i].Waiver = note
			} else {
				res.Gaps[i].Expired = note
			}
		}
		return report(res, passing("password.empty", "fine"))
	}
	outputs := map[string][]byte{
		"json":     rendered(t, func(w io.Writer) error { return JSON(w, Redact(build())) }),
		"text":     rendered(t, func(w io.Writer) error { return Text(w, Redact(build()), TextOptions{Verbose: true, Color: true}) }),
		"narrow":   rendered(t, func(w io.Writer) error { return Text(w, Redact(build()), TextOptions{Width: 40}) }),
		"pandora":  rendered(t, func(w io.Writer) error { return Pandora(w, build(), PandoraOptions{}) }),
		"families": rendered(t, func(w io.Writer) error { return Pandora(w, build(), PandoraOptions{Modules: "families"}) }),
		"summary":  rendered(t, func(w io.Writer) error { return Pandora(w, build(), PandoraOptions{Modules: "summary"}) }),
	}
	for _, f := range Formats() {
		outputs[f.Name+"-format"] = printed(t, f.Name, Redact(build()))
	}
	unfold := strings.NewReplacer("\n", "", " ", "")
	for format, data := range outputs {
		t.Run(format, func(t *testing.T) {
			for _, name := range names {
				clean := string(checks.Clean(name))
				var escaped bytes.Buffer
				if err := xml.EscapeText(&escaped, []byte(clean)); err != nil {
					t.Fatal(err)
				}
				for _, form := range []string{name, clean, escaped.String(), xmlText(clean), junitEscape(clean), sarifURI(name), mdProse(clean)} {
					if bytes.Contains(data, []byte(form)) || strings.Contains(unfold.Replace(string(data)), unfold.Replace(form)) {
						t.Errorf("%q survives in\n%s", form, data)
					}
				}
			}
			if !bytes.Contains(data, []byte("withheld")) && format != "summary" && format != "prometheus-format" && format != "pandora-format" {
				t.Errorf("does not say that names are withheld:\n%s", data)
			}
		})
	}
	full := rendered(t, func(w io.Writer) error { return Pandora(w, build(), PandoraOptions{Full: true}) })
	if !bytes.Contains(full, []byte("oracle")) {
		t.Error("with Full no account is named; the search above proves nothing")
	}
}

// A stored report that makes the search for names long gets no long search: its texts
// are withheld, the same ones every time.
func TestRedactIsBounded(t *testing.T) {
	res := checks.Result{ID: "password.x", Family: "password", Status: checks.StatusFail, Facts: map[string]checks.Text{}}
	for i := range maxNames {
		res.Findings = append(res.Findings, checks.Finding{Kind: "k", Subject: checks.Text(strings.Repeat("a", 100+i)), Private: true, Evidence: checks.Configured})
	}
	for i := range 1000 {
		res.Facts[fmt.Sprintf("fact-%03d", i)] = checks.Text(strings.Repeat("a", 1000)) // no word of it is a name
	}
	res.Facts["fact-000"] = "short"
	start := time.Now()
	facts := Redact(report(res)).Checks[0].Facts
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("%v", took)
	}
	first, kept := maxSearch/maxNames/1000+1, 0
	for _, value := range facts {
		if value != withheld {
			kept++
		}
	}
	if facts["fact-000"] != "short" || facts["fact-999"] != withheld || kept > first {
		t.Errorf("%d facts kept, the first is %q, the last %q", kept, facts["fact-000"], facts["fact-999"])
	}
	if diff := cmp.Diff(facts, Redact(report(res)).Checks[0].Facts); diff != "" {
		t.Errorf("the second time:\n%s", diff)
	}
}

func TestMentions(t *testing.T) {
	for _, c := range []struct {
		text, name string
		want       bool
	}{
		{"the account oracle has", "oracle", true},
		{"oracle", "oracle", true},
		{"oracles", "oracle", false},
		{"a list", "a", true},
		{"tested on a list", "t", false},
		{"fast at t.", "t", true},
		{"14 of 14", "1", false},
		{"any", "", false},
		{"xé é", "é", true},
		{"xé", "é", false},
	} {
		if got := mentions(c.text, []string{c.name}); got != c.want {
			t.Errorf("mentions(%q, %q) = %t", c.text, c.name, got)
		}
	}
}
