package output

import (
	"bytes"
	"strings"
	"testing"

	"hostaudit/checks"
)

// A waiver of an account with a weak password names the account.
func TestRedactPolicyNotes(t *testing.T) {
	r := policyHost()
	r.Policy.Notes = append(r.Policy.Notes, checks.PolicyNote{
		Kind: "waiver-expired", Check: "password.dictionary", Detail: checks.Text("the waiver of " + privateNames[0] + " ended"),
	})
	redacted := Redact(r)
	last := redacted.Policy.Notes[len(redacted.Policy.Notes)-1]
	if last.Detail != withheld || last.Check != "password.dictionary" {
		t.Errorf("note %+v", last)
	}
	if redacted.Policy.Notes[1].Detail != r.Policy.Notes[1].Detail {
		t.Errorf("a note that names nobody is withheld: %+v", redacted.Policy.Notes[1])
	}
	if r.Policy.Notes[len(r.Policy.Notes)-1].Detail == withheld {
		t.Error("the report itself was changed")
	}
}

func TestRedactedIsCounted(t *testing.T) {
	private := result("password.dictionary", func(r *checks.Recorder) { r.Finding(weak("alice", "listed")) })
	if f := private.Findings[0]; f.Counted(private.ID) {
		t.Errorf("%+v is one finding", f)
	}
	if f := Redact(report(private)).Checks[0].Findings[0]; !f.Counted(private.ID) {
		t.Errorf("%+v stands for others", f)
	}
	nameless := result("ssh.port", func(r *checks.Recorder) {
		r.Finding(checks.Finding{Kind: "port-22", Detail: "x", Evidence: checks.Running})
	})
	if nameless.Findings[0].Counted(nameless.ID) {
		t.Error("a finding without subject was merged from none")
	}
}

// What a waiver covers is neither a thing to do nor lost from sight.
func TestTextOfCoveredGaps(t *testing.T) {
	covered := func(n int) checks.Result {
		r := result("mysql.root-password", func(r *checks.Recorder) {
			r.Gap(checks.Gap{Reason: checks.ReasonUnsupported, Subject: "a", Detail: "first"})
			r.Gap(checks.Gap{Reason: checks.ReasonNoPermission, Subject: "b", Detail: "second"})
			r.Note("", "a note")
		})
		for i := range n {
			r.Gaps[i].Waiver = &checks.WaiverNote{Reason: "accepted", Expires: "2027-01-31"}
		}
		return r
	}
	text := func(r checks.Result) string {
		var b bytes.Buffer
		if err := Text(&b, report(r), TextOptions{Width: 120}); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	one := text(covered(1))
	for _, want := range []string{"COULD NOT BE CHECKED", "first (a form", "waived until 2027-01-31: accepted", "run the audit as root", "1 gap waived", "1 not checked"} {
		if !strings.Contains(one, want) {
			t.Errorf("one of two covered lacks %q:\n%s", want, one)
		}
	}
	if strings.Contains(one, "check it by hand") {
		t.Errorf("advice against what is waived:\n%s", one)
	}
	both := text(covered(2))
	for _, want := range []string{"WAIVED", "not examined: a: first", "not examined: b: second", "a note", "2 gaps waived", "0 not checked"} {
		if !strings.Contains(both, want) {
			t.Errorf("both covered lacks %q:\n%s", want, both)
		}
	}
	if strings.Contains(both, "COULD NOT") || strings.Contains(both, "to do") {
		t.Errorf("what is waived is left to do:\n%s", both)
	}
}
