package policy

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
	"hostaudit/output"
)

// noon of a day; its UTC date is what counts.
func noon(day string) time.Time {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return t.Add(12 * time.Hour)
}

// result is what a check records.
func result(id string, severity checks.Severity, record func(r *checks.Recorder)) checks.Result {
	rec := checks.NewRecorder(checks.Check{ID: id, Title: "T", Severity: severity, Remedy: "do"})
	record(rec)
	return rec.Seal()
}

func finding(kind, subject string, severity checks.Severity) func(*checks.Recorder) {
	return func(r *checks.Recorder) {
		r.Finding(checks.Finding{Kind: kind, Subject: checks.Text(subject), Detail: "is so", Severity: severity, Evidence: checks.Running})
	}
}

func gap(reason checks.Reason, subject string) func(*checks.Recorder) {
	return func(r *checks.Recorder) {
		r.Gap(checks.Gap{Reason: reason, Subject: checks.Text(subject), Detail: "not read"})
	}
}

func passed(r *checks.Recorder) { r.Pass("sound") }

func all(list ...func(*checks.Recorder)) func(*checks.Recorder) {
	return func(r *checks.Recorder) {
		for _, f := range list {
			f(r)
		}
	}
}

// applied parses a configuration and judges results of the host web-1 by it on
// 15 January 2027.
func applied(t *testing.T, text string, results ...checks.Result) *checks.Report {
	t.Helper()
	var p Policy
	if err := p.Parse("/c.toml", []byte(text), known); err != nil {
		t.Fatal(err)
	}
	r := &checks.Report{
		Schema: checks.Schema, Tool: checks.Tool{Name: "hostaudit", Version: "1"},
		Target:  checks.Target{Mode: "live", Kind: "host", Hostname: "web-1"},
		Summary: checks.Summarize(results), Checks: results,
	}
	p.Apply(r, ApplyOptions{
		Now: noon("2027-01-15"), Digest: "sha256:0123456789abcdef", Catalogue: 5,
		Since: map[string]int{"password.dictionary": 1, "ssh.port": 1, "ssh.root-login": 5},
	})
	reads(t, r)
	return r
}

// reads makes sure that the report is one that can be stored and read.
func reads(t *testing.T, r *checks.Report) {
	t.Helper()
	var b bytes.Buffer
	if err := output.JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	if _, err := output.ReadJSON(&b); err != nil {
		t.Errorf("the report cannot be read back: %v", err)
	}
}

// standing tells of every finding and gap how it stands: "-", "waived", "expired".
func standing(r checks.Result) string {
	word := func(waiver, expired *checks.WaiverNote) string {
		switch {
		case waiver != nil && expired != nil:
			return "both"
		case waiver != nil:
			return "waived"
		case expired != nil:
			return "expired"
		}
		return "-"
	}
	var list []string
	for _, f := range r.Findings {
		list = append(list, string(f.Subject)+" "+word(f.Waiver, f.Expired))
	}
	for _, g := range r.Gaps {
		list = append(list, string(g.Reason)+" "+string(g.Subject)+" "+word(g.Waiver, g.Expired))
	}
	return strings.Join(list, ", ")
}

// waive is the text of one [[waive]] about ssh.port.
func waive(settings ...string) string {
	return "[[waive]]\ncheck = \"ssh.port\"\nreason = \"known\"\n" + strings.Join(settings, "\n") + "\n"
}

// Two kinds of finding about one object: a waiver of the one leaves the other.
func TestWaiverOfAKind(t *testing.T) {
	record := all(finding("key", "sshd", checks.SeverityMedium), finding("password", "sshd", checks.SeverityHigh), gap(checks.ReasonUnreadable, "sshd"))
	for settings, want := range map[string]string{
		"object = \"sshd\"":                        "sshd waived, sshd waived, unreadable sshd -",
		"object = \"sshd\"\nkind = \"key\"":        "sshd -, sshd waived, unreadable sshd -",
		"object = \"sshd\"\nkind = \"ke\"":         "sshd -, sshd -, unreadable sshd -",
		"object = \"other\"\nkind = \"key\"":       "sshd -, sshd -, unreadable sshd -",
		"kind = \"password\"":                      "sshd waived, sshd -, unreadable sshd -",
		"kind = \"key\"\nexpires = \"2026-01-01\"": "sshd -, sshd expired, unreadable sshd -",
	} {
		r := applied(t, waive(settings), result("ssh.port", checks.SeverityMedium, record)).Checks[0]
		if got := standing(r); got != want {
			t.Errorf("%s: %s, want %s", settings, got, want)
		}
	}
}

func TestWaiversDecideTheStatus(t *testing.T) {
	one := finding("port-22", "sshd", checks.SeverityMedium)
	two := finding("port-22", "sshd /b\\c", checks.SeverityMedium)
	unread := gap(checks.ReasonUnreadable, "/etc/x")
	denied := gap(checks.ReasonNoPermission, "/etc/x")
	for _, tc := range []struct {
		name   string
		policy string
		record func(*checks.Recorder)
		stands string
		status checks.Status
		reason checks.Reason
		waived bool
		worst  checks.Severity
	}{
		{"every-finding", waive(), all(one, two), `sshd waived, sshd /b\\c waived`, checks.StatusFail, "", true, checks.SeverityNone},
		{"one-of-two", waive("object = 'sshd'"), all(one, two), `sshd waived, sshd /b\\c -`, checks.StatusFail, "", false, checks.SeverityMedium},
		{"object-as-shown", waive(`object = 'sshd /b\\c'`), all(one, two), `sshd -, sshd /b\\c waived`, checks.StatusFail, "", false, checks.SeverityMedium},
		{"object-as-it-is", waive(`object = 'sshd /b\c'`), all(one, two), `sshd -, sshd /b\\c -`, checks.StatusFail, "", false, checks.SeverityMedium},
		{"star-takes-slashes", waive(`object = 's*c'`), all(one, two), `sshd -, sshd /b\\c waived`, checks.StatusFail, "", false, checks.SeverityMedium},
		{"two-waivers", waive("object = 'sshd'") + waive("object = '*c'"), all(one, two), `sshd waived, sshd /b\\c waived`, checks.StatusFail, "", true, checks.SeverityNone},
		{"gap-stays-open", waive(), all(one, unread), "sshd waived, unreadable /etc/x -", checks.StatusUnknown, checks.ReasonUnreadable, false, checks.SeverityNone},
		{"gap-covered-too", waive() + waive("gap = 'unreadable'"), all(one, unread), "sshd waived, unreadable /etc/x waived", checks.StatusFail, "", true, checks.SeverityNone},
		{"gap-alone", waive("gap = 'unreadable'"), unread, "unreadable /etc/x waived", checks.StatusUnknown, checks.ReasonUnreadable, true, checks.SeverityNone},
		{"gap-of-another-reason", waive("gap = 'unreadable'"), all(denied, unread), "no_permission /etc/x -, unreadable /etc/x waived", checks.StatusUnknown, checks.ReasonNoPermission, false, checks.SeverityNone},
		{"reason-of-what-is-open", waive("gap = 'no_permission'"), all(denied, unread), "no_permission /etc/x waived, unreadable /etc/x -", checks.StatusUnknown, checks.ReasonUnreadable, false, checks.SeverityNone},
		{"gap-with-object", waive("gap = 'unreadable'\nobject = '/etc/y'"), unread, "unreadable /etc/x -", checks.StatusUnknown, checks.ReasonUnreadable, false, checks.SeverityNone},
		{"finding-beside-covered-gap", waive("gap = 'unreadable'"), all(one, unread), "sshd -, unreadable /etc/x waived", checks.StatusFail, "", false, checks.SeverityMedium},
		{"pass-stays", waive(), passed, "", checks.StatusPass, "", false, checks.SeverityNone},
		{"not-applicable-stays", waive(), func(r *checks.Recorder) { r.NotApplicable(checks.ReasonAbsent, "none") }, "", checks.StatusNotApplicable, checks.ReasonAbsent, false, checks.SeverityNone},
		{"other-check", "[[waive]]\ncheck = \"ssh.root-login\"\nreason = \"x\"\n", one, "sshd -", checks.StatusFail, "", false, checks.SeverityMedium},
		{"last-day", waive("expires = \"2027-01-15\""), one, "sshd waived", checks.StatusFail, "", true, checks.SeverityNone},
		{"day-after", waive("expires = 2027-01-14"), one, "sshd expired", checks.StatusFail, "", false, checks.SeverityMedium},
		{"gap-expired", waive("gap = 'unreadable'\nexpires = 2027-01-14"), unread, "unreadable /etc/x expired", checks.StatusUnknown, checks.ReasonUnreadable, false, checks.SeverityNone},
		{"renewed", waive("expires = 2027-01-14") + waive("expires = 2028-01-14"), one, "sshd waived", checks.StatusFail, "", true, checks.SeverityNone},
		{"this-host", waive("hosts = ['db*', 'WEB-?']"), one, "sshd waived", checks.StatusFail, "", true, checks.SeverityNone},
		{"another-host", waive("hosts = ['web-??', 'web']"), one, "sshd -", checks.StatusFail, "", false, checks.SeverityMedium},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := applied(t, tc.policy, result("ssh.port", checks.SeverityMedium, tc.record))
			got := r.Checks[0]
			if s := standing(got); s != tc.stands {
				t.Errorf("%s\nwant %s", s, tc.stands)
			}
			if got.Status != tc.status || got.Reason != tc.reason || got.Waived != tc.waived || r.Summary.Worst != tc.worst {
				t.Errorf("%s (%s), waived %v, worst %s; want %s (%s), waived %v, worst %s",
					got.Status, got.Reason, got.Waived, r.Summary.Worst, tc.status, tc.reason, tc.waived, tc.worst)
			}
			// In the words of the contract: a check fails when it has an unwaived finding.
			if failed := got.Status == checks.StatusFail && !got.Waived; failed != (got.Worst() > checks.SeverityNone) {
				t.Errorf("fails: %v, and its worst unwaived finding is %s", failed, got.Worst())
			}
			if r.Summary != checks.Summarize(r.Checks) {
				t.Error("the summary is not that of the checks")
			}
		})
	}
}

// The date of UTC counts, whatever the clock's zone.
func TestExpiryIsUTC(t *testing.T) {
	zone := time.FixedZone("east", 14*3600)
	d := Date("2027-01-14")
	if d.before(time.Date(2027, 1, 15, 13, 59, 59, 0, zone)) {
		t.Error("expired while it is the 14th in UTC")
	}
	if !d.before(time.Date(2027, 1, 15, 14, 0, 0, 0, zone)) {
		t.Error("not expired on the 15th in UTC")
	}
	if Date("").before(noon("9999-12-31")) {
		t.Error("no date has expired")
	}
}

func TestWaiverIsTold(t *testing.T) {
	r := applied(t, "[[waive]]\ncheck = \"ssh.port\"\nreason = \"a\\nb\"\nowner = 'net\\team'\nexpires = \"2027-01-31\"\n",
		result("ssh.port", checks.SeverityMedium, finding("port-22", "sshd", 0)))
	want := &checks.WaiverNote{Reason: `a\nb`, Owner: `net\\team`, Expires: "2027-01-31"}
	if diff := cmp.Diff(want, r.Checks[0].Findings[0].Waiver); diff != "" {
		t.Errorf("waiver (-want +got):\n%s", diff)
	}
}

// kinds are the notes of a report: kind, check and line.
func notesOf(r *checks.Report) string {
	var list []string
	for _, n := range r.Policy.Notes {
		list = append(list, fmt.Sprintf("%s %s %d", n.Kind, n.Check, n.Location.Line))
	}
	return strings.Join(list, ", ")
}

func TestNotes(t *testing.T) {
	found := finding("port-22", "sshd", checks.SeverityMedium)
	notObservable := func(r *checks.Recorder) { r.NotApplicable(checks.ReasonNotObservable, "no processes") }
	for _, tc := range []struct {
		name, policy string
		record       func(*checks.Recorder)
		want         string
	}{
		{"in-use", waive(), found, ""},
		{"unused", waive("object = 'other'"), found, "waiver-unused ssh.port 1"},
		{"unused-on-a-pass", "\n" + waive(), passed, "waiver-unused ssh.port 2"},
		{"gap-unused", waive("gap = 'unreadable'"), found, "waiver-unused ssh.port 1"},
		{"gap-unused-for-now", waive("gap = 'budget'"), found, ""},
		{"unused-on-another-host", waive("object = 'other'\nhosts = ['db*']"), found, ""},
		{"unused-and-not-selected", "[[waive]]\ncheck = \"ssh.root-login\"\nreason = \"x\"\n", found, ""},
		{"unknown-may-hide-it", waive(), gap(checks.ReasonUnreadable, "x"), ""},
		{"gap-may-hide-it", waive("object = 'other'"), all(found, gap(checks.ReasonUnreadable, "x")), ""},
		{"not-observable-may-hide-it", waive(), notObservable, ""},
		{"second-of-two-in-use", waive() + waive(), found, ""},
		{"expired", waive("expires = 2027-01-14"), found, "waiver-expired ssh.port 1"},
		{"expired-and-renewed", waive("expires = 2027-01-14") + waive(), found, "waiver-unused ssh.port 1"},
		{"expired-on-another-host", waive("expires = 2027-01-14\nhosts = ['db']"), found, ""},
		{"expired-and-unused", waive("expires = 2027-01-14"), passed, "waiver-unused ssh.port 1"},
		{"expires-today", waive("expires = 2027-01-15"), found, "waiver-expiring ssh.port 1"},
		{"expires-in-30-days", waive("expires = 2027-02-14"), found, "waiver-expiring ssh.port 1"},
		{"expires-in-31-days", waive("expires = 2027-02-15"), found, ""},
		{"unused-and-expiring", waive("expires = 2027-02-01"), passed, "waiver-unused ssh.port 1"},
		{"pinned-and-old", "catalogue = 1\n", found, ""},
		{"twenty-on-one-day", strings.Repeat(waive("expires = 2027-06-30"), 20), found, ""},
		{"crowd", strings.Repeat(waive("expires = 2027-06-30"), 21), found, "waivers-on-one-day  1"},
		{"crowd-of-the-past", strings.Repeat(waive("expires = 2027-01-14\nhosts = ['db']"), 21), found, ""},
		{"crowd-elsewhere", strings.Repeat(waive("expires = 2027-01-15\nhosts = ['db']"), 21), found, "waivers-on-one-day  1"},
		{"sorted-by-place", waive("object = 'a'") + waive("object = 'b'"), found, "waiver-unused ssh.port 1, waiver-unused ssh.port 5"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := applied(t, tc.policy, result("ssh.port", checks.SeverityMedium, tc.record))
			if got := notesOf(r); got != tc.want {
				t.Errorf("notes %q, want %q", got, tc.want)
			}
		})
	}
}

// The subject of a private finding stays on the host, and a note goes with the report.
func TestNotesNameNoObject(t *testing.T) {
	weak := func(r *checks.Recorder) {
		r.Finding(checks.Finding{Kind: "weak-password", Subject: "alice", Evidence: checks.Configured, Private: true})
	}
	var text strings.Builder
	for _, settings := range []string{"object = 'ali*'\nexpires = 2027-01-14", "object = 'alice'\nexpires = 2027-01-20", "object = 'alicia'"} {
		text.WriteString("[[waive]]\ncheck = \"password.dictionary\"\nreason = \"alice is a honeypot\"\nowner = \"alice\"\n" + settings + "\n")
	}
	r := applied(t, text.String()+strings.Repeat("[[waive]]\ncheck = \"password.dictionary\"\nreason = \"alice\"\nobject = \"alice\"\nexpires = 2027-03-01\n", 21),
		result("password.dictionary", checks.SeverityCritical, weak))
	if len(r.Policy.Notes) < 3 {
		t.Fatalf("notes %q, want several", notesOf(r))
	}
	if told := fmt.Sprint(r.Policy); strings.Contains(told, "ali") {
		t.Errorf("told: %s", told)
	}
	if r.Checks[0].Findings[0].Waiver == nil {
		t.Error("the finding is not waived")
	}
}

func TestSeverities(t *testing.T) {
	graded := func(severities ...checks.Severity) func(*checks.Recorder) {
		return func(r *checks.Recorder) {
			for i, s := range severities {
				finding([]string{"password", "key"}[i%2], fmt.Sprint(i), s)(r)
			}
		}
	}
	const low, medium, high, critical = checks.SeverityLow, checks.SeverityMedium, checks.SeverityHigh, checks.SeverityCritical
	for _, tc := range []struct {
		name, policy string
		want         string // subject and severity, as listed
		check        checks.Severity
	}{
		{"none", "", "3 critical, 0 high, 1 medium, 2 low", high},
		{"lower", `"ssh.root-login" = "medium"`, "0 medium, 1 medium, 3 medium, 2 low", medium},
		{"lowest", `"ssh.root-login" = "low"`, "0 low, 1 low, 2 low, 3 low", low},
		{"higher", `"ssh.root-login" = "critical"`, "0 critical, 3 critical, 1 medium, 2 low", critical},
		{"the-same-flattens", `"ssh.root-login" = "high"`, "0 high, 3 high, 1 medium, 2 low", high},
		{"kind", `"ssh.root-login/key" = "low"`, "0 high, 1 low, 2 low, 3 low", high},
		{"kind-up", `"ssh.root-login/key" = "critical"`, "1 critical, 3 critical, 0 high, 2 low", high},
		{"both", "\"ssh.root-login\" = \"low\"\n\"ssh.root-login/key\" = \"high\"", "1 high, 3 high, 0 low, 2 low", low},
		{"unknown-kind", `"ssh.root-login/other" = "low"`, "3 critical, 0 high, 1 medium, 2 low", high},
		{"other-check", `"ssh.port" = "low"`, "3 critical, 0 high, 1 medium, 2 low", high},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := applied(t, "[severity]\n"+tc.policy+"\n", result("ssh.root-login", high, graded(high, medium, low, critical)))
			var got []string
			for _, f := range r.Checks[0].Findings {
				got = append(got, fmt.Sprintf("%s %s", f.Subject, f.Severity))
			}
			if s := strings.Join(got, ", "); s != tc.want || r.Checks[0].Severity != tc.check {
				t.Errorf("%s of a check %s, want %s of %s", s, r.Checks[0].Severity, tc.want, tc.check)
			}
		})
	}
}

func TestCataloguePin(t *testing.T) {
	results := func() []checks.Result {
		return []checks.Result{
			result("ssh.port", checks.SeverityMedium, finding("port-22", "sshd", 0)),
			result("ssh.root-login", checks.SeverityHigh, finding("password", "sshd", 0)),
		}
	}
	r := applied(t, "catalogue = 4\n", results()...)
	if r.Checks[0].Ungated || !r.Checks[1].Ungated {
		t.Errorf("ungated %v and %v, want the second alone", r.Checks[0].Ungated, r.Checks[1].Ungated)
	}
	want := []checks.PolicyNote{{Kind: "check-not-gated", Check: "ssh.root-login", Detail: "appeared in catalogue 5, and the configuration is pinned to 4"}}
	if diff := cmp.Diff(want, r.Policy.Notes); diff != "" || r.Policy.Catalogue != 4 {
		t.Errorf("pin %d, notes (-want +got):\n%s", r.Policy.Catalogue, diff)
	}
	for _, text := range []string{"catalogue = 5\n", "fail_on = \"low\"\n"} {
		if r := applied(t, text, results()...); r.Checks[1].Ungated || len(r.Policy.Notes) != 0 {
			t.Errorf("%s: ungated %v, notes %v", text, r.Checks[1].Ungated, r.Policy.Notes)
		}
	}
}

func TestPolicyInfo(t *testing.T) {
	r := &checks.Report{Checks: []checks.Result{result("ssh.port", checks.SeverityMedium, passed)}}
	Policy{}.Apply(r, ApplyOptions{Now: noon("2027-01-15")})
	if r.Policy != nil {
		t.Errorf("no configuration, and the report says %+v", r.Policy)
	}
	Policy{}.Apply(r, ApplyOptions{Now: noon("2027-01-15"), Digest: "sha256:1"})
	if diff := cmp.Diff(&checks.PolicyInfo{Digest: "sha256:1", Roles: []string{}, Notes: []checks.PolicyNote{}}, r.Policy); diff != "" {
		t.Errorf("an empty configuration (-want +got):\n%s", diff)
	}
	r.Policy = &checks.PolicyInfo{Baseline: true}
	Policy{Profile: "seed", Roles: []string{"web", "db", "web"}}.Apply(r, ApplyOptions{Now: noon("2027-01-15")})
	want := &checks.PolicyInfo{Profile: "seed", Roles: []string{"db", "web"}, Baseline: true, Notes: []checks.PolicyNote{}}
	if diff := cmp.Diff(want, r.Policy); diff != "" {
		t.Errorf("info (-want +got):\n%s", diff)
	}
}

// Names of hosts are the same in small and in capital letters (RFC 4343), and a host
// whose name is not known is any, and none in particular.
func TestHosts(t *testing.T) {
	for _, tc := range []struct {
		hosts []Pattern
		name  checks.Text
		want  bool
	}{
		{nil, "", true},
		{nil, "web-1", true},
		{[]Pattern{"web-*"}, "WEB-1", true},
		{[]Pattern{"WEB-*"}, "web-1", true},
		{[]Pattern{"db", "web-1"}, "web-1", true},
		{[]Pattern{"web-1"}, "web-1.example.org", false},
		{[]Pattern{"web-*"}, "", false},
		{[]Pattern{"*"}, "", true},
	} {
		if got := (Waiver{Hosts: tc.hosts}).onHost(checks.Target{Mode: "live", Hostname: tc.name}); got != tc.want {
			t.Errorf("%q on %q: %v, want %v", tc.hosts, tc.name, got, tc.want)
		}
		// What a tree calls itself decides nothing.
		if got := (Waiver{Hosts: tc.hosts}).onHost(checks.Target{Mode: "root", Hostname: tc.name}); got != (tc.hosts == nil) {
			t.Errorf("%q on a tree called %q: %v", tc.hosts, tc.name, got)
		}
	}
}
