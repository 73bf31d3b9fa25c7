package checks

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unicode/utf8"

	"hostaudit/checks/host/tree"
)

func TestClean(t *testing.T) {
	for _, tc := range []struct{ name, in, want string }{
		{"plain", "root", "root"},
		{"empty", "", ""},
		{"unicode", "josé 漢字 😀", "josé 漢字 😀"},
		{"newline", "a\nb\r\tc", `a\nb\r\tc`},
		{"control", "\x00\x1b[31m\x7f", `\x00\x1b[31m\x7f`},
		{"c1", "\u0085", `\u{85}`},
		{"invalid utf-8", "a\xff\xc3", `a\xff\xc3`},
		{"surrogate bytes", "\xed\xa0\x80", `\xed\xa0\x80`},
		{"bidi override", "a\u202eb", `a\u{202e}b`},
		{"zero width", "a\u200bb", `a\u{200b}b`},
		{"line separator", "a\u2028b", `a\u{2028}b`},
		{"no-break blank", "a\u00a0b", `a\u{a0}b`},
		{"noncharacter", "\ufffe\uffff", `\u{fffe}\u{ffff}`},
		{"replacement character itself", "\ufffd", "\ufffd"},
		{"backslash", `a\nb`, `a\\nb`},
		{"long", strings.Repeat("é", 600), strings.Repeat("é", 512) + "…"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := Clean(tc.in)
			if string(got) != tc.want {
				t.Errorf("Clean(%q) = %q, want %q", tc.in, got, tc.want)
			}
			if !got.Valid() {
				t.Errorf("Clean(%q) = %q is not valid", tc.in, got)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "root", "a\nb", "\xff", "\\", "\u202e", "😀\ufffe", `\xff`} {
		f.Add(s, s+"x")
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		ca, cb := Clean(a), Clean(b)
		if !utf8.ValidString(string(ca)) || !ca.Valid() {
			t.Errorf("Clean(%q) = %q is not valid", a, ca)
		}
		// Injective below the cap: two names never become one.
		if a != b && ca == cb && len(a) < maxTextRunes && len(b) < maxTextRunes {
			t.Errorf("%q and %q both become %q", a, b, ca)
		}
	})
}

func TestZeroStatusIsUnknown(t *testing.T) {
	var s Status
	if s != StatusUnknown || s.String() != "unknown" {
		t.Errorf("zero Status is %v", s)
	}
}

func TestWordsRoundTrip(t *testing.T) {
	for s := StatusUnknown; s <= StatusNotApplicable; s++ {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back Status
		if err := json.Unmarshal(b, &back); err != nil || back != s {
			t.Errorf("%s read back as %v, %v", b, back, err)
		}
	}
	for s := SeverityNone; s <= SeverityCritical; s++ {
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var back Severity
		if err := json.Unmarshal(b, &back); err != nil || back != s {
			t.Errorf("%s read back as %v, %v", b, back, err)
		}
	}
	if _, err := json.Marshal(Status(17)); err == nil {
		t.Error("an impossible status was printed")
	}
	var s Severity
	if err := json.Unmarshal([]byte(`"urgent"`), &s); err == nil {
		t.Error("an unknown severity was read")
	}
}

// The values are the identity of findings in waivers and baselines of users:
// they never change.
func TestFingerprintIsPinned(t *testing.T) {
	for want, got := range map[string]string{
		"v1:ba87d7cabbe6ac98": Fingerprint("ssh.port", Running, "port-22", "sshd", ""),
		"v1:9c66bddcf241a06a": Fingerprint("ssh.port", Configured, "port-22", "sshd", ""),
	} {
		if got != want {
			t.Errorf("fingerprint %s, want %s", got, want)
		}
	}
	seen := map[string]bool{}
	for _, fields := range [][5]string{
		{"a.b", "running", "k", "s", ""},
		{"a.b", "running", "k", "", "s"},
		{"a.b", "running", "ks", "", ""},
		{"a.b", "configured", "k", "s", ""},
		{"a.bk", "running", "", "s", ""},
	} {
		fp := Fingerprint(fields[0], Evidence(fields[1]), fields[2], Text(fields[3]), fields[4])
		if seen[fp] {
			t.Errorf("two identities share %s", fp)
		}
		seen[fp] = true
	}
}

func TestFingerprintIgnoresWhatMoves(t *testing.T) {
	of := func(f Finding) string {
		r := NewRecorder(Check{ID: "a.b", Severity: SeverityLow})
		r.Finding(f)
		return r.Seal().Findings[0].Fingerprint
	}
	base := Finding{Kind: "k", Subject: "s", Evidence: Running}
	moved := base
	moved.Location, moved.Detail, moved.Severity = At("/etc/x", 12), "other words", SeverityCritical
	if of(base) != of(moved) {
		t.Error("line, detail or severity is part of the identity")
	}
}

func TestRecorderStatus(t *testing.T) {
	finding := func(r *Recorder) {
		r.Finding(Finding{Kind: "k", Subject: "s", Detail: "it is bad", Evidence: Running})
	}
	gap := func(r *Recorder) { r.Gap(Gap{Reason: ReasonUnreadable, Detail: "could not read"}) }
	pass := func(r *Recorder) { r.Pass("all good") }
	na := func(r *Recorder) { r.NotApplicable(ReasonAbsent, "nothing there") }
	for _, tc := range []struct {
		name    string
		do      []func(*Recorder)
		status  Status
		reason  Reason
		summary Text
	}{
		{"nothing recorded", nil, StatusUnknown, ReasonInternal, "the check ended without a verdict"},
		{"pass", []func(*Recorder){pass}, StatusPass, "", "all good"},
		{"finding", []func(*Recorder){finding}, StatusFail, "", "it is bad"},
		{"gap", []func(*Recorder){gap}, StatusUnknown, ReasonUnreadable, "could not read"},
		{"not applicable", []func(*Recorder){na}, StatusNotApplicable, ReasonAbsent, "nothing there"},
		{"gap beats pass", []func(*Recorder){pass, gap}, StatusUnknown, ReasonUnreadable, "could not read"},
		{"finding beats gap", []func(*Recorder){gap, finding}, StatusFail, "", "it is bad"},
		{"gap beats not applicable", []func(*Recorder){na, gap}, StatusUnknown, ReasonUnreadable, "could not read"},
		{"pass beats not applicable", []func(*Recorder){na, pass}, StatusPass, "", "all good"},
		{"two findings", []func(*Recorder){finding, finding}, StatusFail, "", "2 findings"},
		{"not applicable for a reason of unknown", []func(*Recorder){func(r *Recorder) { r.NotApplicable(ReasonBudget, "x") }}, StatusUnknown, ReasonInternal, `not applicable with reason "budget": x`},
		{"gap for a reason of not applicable", []func(*Recorder){func(r *Recorder) { r.Gap(Gap{Reason: ReasonAbsent, Detail: "x"}) }}, StatusUnknown, ReasonInternal, `gap with reason "absent": x`},
		{"gap for an invented reason", []func(*Recorder){func(r *Recorder) { r.Gap(Gap{Reason: "tired"}) }}, StatusUnknown, ReasonInternal, `gap with reason "tired": `},
	} {
		t.Run(strings.ReplaceAll(tc.name, " ", "-"), func(t *testing.T) {
			r := NewRecorder(Check{ID: "a.b", Severity: SeverityHigh})
			for _, f := range tc.do {
				f(r)
			}
			got := r.Seal()
			if got.Status != tc.status || got.Reason != tc.reason || got.Summary != tc.summary {
				t.Errorf("got %v %q %q, want %v %q %q", got.Status, got.Reason, got.Summary, tc.status, tc.reason, tc.summary)
			}
			if got.Findings == nil || got.Gaps == nil || got.Notes == nil || got.Facts == nil || got.References == nil {
				t.Error("an array or map of the result is nil and would print as null")
			}
		})
	}
}

func TestPrivateFindingStaysOutOfTheSummary(t *testing.T) {
	r := NewRecorder(Check{ID: "a.b", Severity: SeverityHigh})
	r.Finding(Finding{Kind: "weak", Subject: "alice", Detail: "alice is weak", Private: true, Evidence: Configured})
	if got := r.Seal(); got.Summary != "1 finding" {
		t.Errorf("summary %q names a private subject", got.Summary)
	}
}

// What several goroutines record comes out in one order.
func TestSealSorts(t *testing.T) {
	seal := func(order []string) Result {
		r := NewRecorder(Check{ID: "a.b", Severity: SeverityHigh})
		var wg sync.WaitGroup
		for _, s := range order {
			wg.Go(func() {
				r.Finding(Finding{Kind: "k", Subject: Text(s), Evidence: Running})
				r.Gap(Gap{Reason: ReasonBudget, Subject: Text(s)})
				r.Note(s, "d")
			})
		}
		wg.Wait()
		return r.Seal()
	}
	a, _ := json.Marshal(seal([]string{"x", "y", "z"}))
	b, _ := json.Marshal(seal([]string{"z", "x", "y"}))
	if string(a) != string(b) {
		t.Errorf("order of recording shows:\n%s\n%s", a, b)
	}
}

func TestRecorderEscapesOnce(t *testing.T) {
	r := NewRecorder(Check{ID: "a.b", Severity: SeverityHigh})
	r.Finding(Finding{Kind: "k", Subject: "a\nb", Detail: "c\x1bd", Location: At("/e\xff", 3), Evidence: Running})
	r.Gap(Gap{Reason: ReasonBudget, Subject: "a\\b"})
	r.Fact("k", "x\ty")
	got := r.Seal()
	f := got.Findings[0]
	if f.Subject != `a\nb` || f.Detail != `c\x1bd` || f.Location.File != `/e\xff` || got.Gaps[0].Subject != `a\\b` || got.Facts["k"] != `x\ty` {
		t.Errorf("recorded %+v %+v %+v", f, got.Gaps[0], got.Facts)
	}
}

func TestSummarize(t *testing.T) {
	waived := Finding{Severity: SeverityCritical, Waiver: &WaiverNote{Reason: "accepted"}}
	got := Summarize([]Result{
		{Status: StatusPass},
		{Status: StatusFail, Findings: []Finding{{Severity: SeverityMedium}, waived}},
		{Status: StatusUnknown},
		{Status: StatusNotApplicable},
	})
	want := Summary{Pass: 1, Fail: 1, Unknown: 1, NotApplicable: 1, Waived: 1, Worst: SeverityMedium}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestMemory(t *testing.T) {
	var none *Memory
	none.Put("k", "v")
	none.Forget(func(string) bool { return true })
	if _, ok := none.Get("k"); ok {
		t.Error("a nil Memory remembers")
	}
	m := NewMemory(map[string]string{"old": "1", "stale": "2"})
	m.Put("new", "3")
	m.Forget(func(key string) bool { return key == "stale" })
	got, err := json.Marshal(m.Entries())
	if err != nil || string(got) != `{"new":"3","old":"1"}` {
		t.Errorf("entries %s, %v", got, err)
	}
}

func TestReasonOf(t *testing.T) {
	for want, errs := range map[Reason][]error{
		ReasonNoPermission:     {&fs.PathError{Op: "open", Path: "/x", Err: fs.ErrPermission}, syscall.EPERM},
		ReasonRemoteFileSystem: {fmt.Errorf("x: %w", tree.ErrRemote)},
		ReasonChangedMeanwhile: {tree.ErrChanged},
		ReasonBudget:           {context.DeadlineExceeded, fmt.Errorf("x: %w", context.Canceled)},
		ReasonUnreadable:       {io.ErrUnexpectedEOF, tree.ErrTooLarge, tree.ErrNotRegular, tree.ErrTooDeep, nil},
	} {
		for _, err := range errs {
			if got := ReasonOf(err); got != want || !got.explainsUnknown() {
				t.Errorf("%v: %s, want %s", err, got, want)
			}
		}
	}
}
