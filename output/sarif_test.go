package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
)

// shows is what a consumer makes of the text of a message (SARIF 3.11.5, 3.11.6).
func shows(t testing.TB, text string) string {
	t.Helper()
	if rest := strings.ReplaceAll(strings.ReplaceAll(text, "{{", "x"), "}}", "x"); strings.ContainsAny(rest, "{}") {
		t.Errorf("a placeholder in %q", text)
	}
	if strings.Contains(strings.ReplaceAll(text, `\](`, "x"), "](") {
		t.Errorf("a link in %q", text)
	}
	return strings.ReplaceAll(strings.NewReplacer("{{", "{", "}}", "}").Replace(text), `\](`, "](")
}

// What GitHub's documentation of SARIF support requires, or it refuses the file or
// shows something else than was meant.
func TestSARIFForGitHub(t *testing.T) {
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			r := f.report()
			run := parsedSARIF(t, r)
			for i, rule := range run.Tool.Driver.Rules {
				if rule.ID == "" || rule.Short.Text == "" || rule.Full.Text == "" || rule.Help.Text == "" || rule.Help.Markdown == "" {
					t.Errorf("rule %q is incomplete", rule.ID)
				}
				if len(rule.Short.Text) > 1024 || len(rule.Full.Text) > 1024 || len(rule.Name) > 255 || len(rule.Properties.Tags) > 10 {
					t.Errorf("rule %q exceeds a limit", rule.ID)
				}
				if i < len(r.Checks) && rule.ID != r.Checks[i].ID {
					t.Errorf("rule %d is %q, want that of check %q", i, rule.ID, r.Checks[i].ID)
				}
			}
			seen := map[string]bool{}
			for i, res := range run.Results {
				rule := run.Tool.Driver.Rules[res.RuleIndex]
				if rule.ID != res.RuleID || res.Message.Text == "" || res.Kind != "fail" || len(res.Locations) != 1 {
					t.Errorf("result %d is incomplete: %+v", i, res)
				}
				if id := res.RuleID + " " + res.Fingerprints["primaryLocationLineHash"]; seen[id] {
					t.Errorf("result %d has the identity of another: %s", i, id)
				} else {
					seen[id] = true
				}
				uri, err := url.Parse(res.Locations[0].Physical.Artifact.URI)
				if err != nil || uri.Path == "" || uri.Scheme != "" || uri.Host != "" || strings.HasPrefix(uri.Path, "/") || uri.RawQuery != "" || uri.Fragment != "" {
					t.Errorf("result %d: URI %q: %v", i, res.Locations[0].Physical.Artifact.URI, err)
				}
				if _, ok := run.BaseIDs[res.Locations[0].Physical.Artifact.BaseID]; !ok {
					t.Errorf("result %d: base %q is not described", i, res.Locations[0].Physical.Artifact.BaseID)
				}
				if res.Suppressions == nil {
					t.Errorf("result %d does not say whether it is suppressed", i)
				}
				if want := r.Policy != nil && r.Policy.Baseline; want != (res.BaselineState != "") {
					t.Errorf("result %d: baseline state %q", i, res.BaselineState)
				}
				if len(res.Suppressions) > 0 {
					if res.Level != "note" || rule.Properties.SecuritySeverity != "" || !strings.HasPrefix(res.Message.Text, "Waived") {
						t.Errorf("result %d is waived and looks open: %+v", i, res)
					}
					continue
				}
				if res.Properties.Ungated {
					if res.Level != "note" || rule.Properties.SecuritySeverity != "" || !strings.Contains(res.Message.Text, "decides nothing") {
						t.Errorf("result %d is not gated and stops a pipeline: %+v", i, res)
					}
					continue
				}
				score, err := strconv.ParseFloat(rule.Properties.SecuritySeverity, 64)
				if got := githubSeverity(score); err != nil || got != res.Properties.Severity {
					t.Errorf("result %d: GitHub shows severity %v, it is %v (%v)", i, got, res.Properties.Severity, err)
				}
				if want := map[checks.Severity]string{checks.SeverityLow: "note", checks.SeverityMedium: "warning", checks.SeverityHigh: "error", checks.SeverityCritical: "error"}[res.Properties.Severity]; res.Level != want {
					t.Errorf("result %d: level %s, want %s", i, res.Level, want)
				}
			}
		})
	}
}

// githubSeverity is how GitHub names a score.
func githubSeverity(score float64) checks.Severity {
	switch {
	case score > 9.0:
		return checks.SeverityCritical
	case score >= 7.0:
		return checks.SeverityHigh
	case score >= 4.0:
		return checks.SeverityMedium
	case score > 0:
		return checks.SeverityLow
	}
	return checks.SeverityNone
}

// Everything of the host comes back as it was, in whatever names it forged.
func TestSARIFHostile(t *testing.T) {
	r := hostileHost()
	run := parsedSARIF(t, r)
	var subjects, files []string
	i := 0
	for c := range r.Checks {
		for _, f := range r.Checks[c].Findings {
			res := run.Results[i]
			i++
			want := strings.TrimRight(said(f.Subject, f.Detail), " ")
			if text := shows(t, res.Message.Text); !strings.HasPrefix(text, want) {
				t.Errorf("message %q does not begin with %q", text, want)
			}
			if f.Subject != "" && res.Locations[0].Logical[0].Name != string(f.Subject) || res.Properties.Subject != string(f.Subject) {
				t.Errorf("subject %q became %+v", f.Subject, res.Locations[0].Logical)
			}
			if f.Location.File == "" {
				continue
			}
			got, err := url.PathUnescape(res.Locations[0].Physical.Artifact.URI)
			if err != nil {
				t.Error(err)
			}
			subjects, files = append(subjects, string(f.Subject)), append(files, got)
		}
	}
	if i != len(run.Results) {
		t.Errorf("%d results of %d findings", len(run.Results), i)
	}
	for i, s := range hostile {
		want := []string{strings.Trim(path.Clean("/etc/shadow.d/"+s+"-secret"), "/"), strings.Trim(path.Clean("/etc/"+s), "/")}
		for _, w := range want {
			if !slices.Contains(files, w) {
				t.Errorf("hostile %d: no location %q", i, w)
			}
		}
		if !slices.Contains(subjects, string(checks.Clean(s))) {
			t.Errorf("hostile %d: no subject %q", i, s)
		}
	}
	gaps := run.Invocations[0].Notifications
	for _, g := range ciGaps(r) {
		if !slices.ContainsFunc(gaps, func(n sarifNote) bool { return strings.Contains(shows(t, n.Message.Text), said(g.Subject, g.Detail)) }) {
			t.Errorf("no notification of the gap %q", g.Detail)
		}
	}
}

// What is unknown is in the document and is no alert.
func TestSARIFGaps(t *testing.T) {
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			r := f.report()
			run := parsedSARIF(t, r)
			inv := run.Invocations[0]
			for i, g := range ciGaps(r) {
				at := slices.IndexFunc(inv.Notifications, func(n sarifNote) bool {
					return n.Rule != nil && n.Rule.ID == g.check.ID && n.Descriptor.ID == "gap/"+string(g.Reason) &&
						strings.HasPrefix(shows(t, n.Message.Text), ciCapital(g.says()))
				})
				if at < 0 {
					t.Errorf("gap %d is lost: %s", i, g.says())
					continue
				}
				n := inv.Notifications[at]
				if want := map[bool]string{true: "note", false: "warning"}[g.Waiver != nil]; n.Level != want {
					t.Errorf("gap %d: level %s, want %s", i, n.Level, want)
				}
				if run.Tool.Driver.Rules[n.Rule.Index].ID != n.Rule.ID || run.Tool.Driver.Notifications[n.Descriptor.Index].ID != n.Descriptor.ID {
					t.Errorf("gap %d: an index is wrong: %+v", i, n)
				}
			}
			failed := slices.ContainsFunc(inv.Notifications, func(n sarifNote) bool { return n.Level == "error" })
			if inv.Successful == failed || failed != (r.Run != nil && r.Run.Interrupted) {
				t.Errorf("executionSuccessful %v, an error notified: %v", inv.Successful, failed)
			}
			if got, want := len(inv.Configuration), 0; r.Policy == nil && got != want || r.Policy != nil && got != len(r.Policy.Notes) {
				t.Errorf("%d notifications on the configuration", got)
			}
			if got := len(run.Properties.Verdicts); got != len(r.Checks) {
				t.Errorf("%d verdicts of %d checks", got, len(r.Checks))
			}
		})
	}
}

func TestSARIFPolicy(t *testing.T) {
	run := parsedSARIF(t, policyHost())
	find := func(subject string) sarifResult {
		t.Helper()
		at := slices.IndexFunc(run.Results, func(res sarifResult) bool { return res.Properties.Subject == subject })
		if at < 0 {
			t.Fatalf("no result for %s", subject)
		}
		return run.Results[at]
	}
	want := []sarifSuppression{{
		Kind: "external", Status: "accepted", Justification: "the firewall lets only the bastion in (network team)",
		Properties: &sarifSuppressionBag{Expires: "2027-01-31"},
	}}
	if diff := cmp.Diff(want, find("sshd on 0.0.0.0:22").Suppressions); diff != "" {
		t.Error(diff)
	}
	if text := find("tcp/8080").Message.Text; !strings.Contains(text, "expired on 2026-10-31: until the new web server is there (web team).") {
		t.Errorf("the expired waiver is not told: %s", text)
	}
	if old, fresh := find("tcp/9100").BaselineState, find("tcp/8080").BaselineState; old != "unchanged" || fresh != "new" {
		t.Errorf("baseline states %q and %q", old, fresh)
	}
	if res := find("mariadbd on [::]:3306"); !res.Properties.Ungated || !strings.Contains(res.Message.Text, "decides nothing") {
		t.Errorf("not told that the check is not gated: %+v", res)
	}
}

// More findings than a run may hold: the least severe and the waived are left out,
// and the document says so.
func TestSARIFTooMany(t *testing.T) {
	const limit = 50
	r := report(result("ssh.root-login", func(rec *checks.Recorder) {
		for i := range limit + 10 {
			severity := checks.SeverityMedium
			if i%10 == 7 {
				severity = checks.SeverityLow
			}
			rec.Finding(checks.Finding{Kind: "key", Subject: checks.Text(fmt.Sprintf("account%06d", i)), Severity: severity, Evidence: checks.Configured})
		}
	}))
	r.Checks[0].Findings[3].Waiver = &checks.WaiverNote{Reason: "tested"}
	run := newSARIF(r, limit).Runs[0]
	if len(run.Results) != limit || run.Properties.LeftOut != 10 {
		t.Fatalf("%d results, %d left out", len(run.Results), run.Properties.LeftOut)
	}
	for _, res := range run.Results {
		if len(res.Suppressions) > 0 || res.Properties.Severity == checks.SeverityLow {
			t.Errorf("kept although others were left out: %+v", res.Properties)
		}
	}
	if !slices.IsSortedFunc(run.Results, func(a, b sarifResult) int { return strings.Compare(a.Properties.Subject, b.Properties.Subject) }) {
		t.Error("the order of the report is lost")
	}
	inv := run.Invocations[0]
	if inv.Successful || inv.Notifications[0].Level != "error" || !strings.HasPrefix(inv.Notifications[0].Message.Text, "10 results left out") {
		t.Errorf("not told: %+v", inv)
	}
}

// Two findings of one identity are two alerts, and keep being them.
func TestSARIFSameFingerprint(t *testing.T) {
	r := report(result("ssh.port", func(rec *checks.Recorder) {
		for line := range 3 {
			rec.Finding(checks.Finding{Kind: "port-22", Subject: "sshd", Evidence: checks.Configured, Location: checks.At("/etc/ssh/sshd_config", line+1)})
		}
	}))
	var got []string
	for _, res := range parsedSARIF(t, r).Results {
		id, _, _ := strings.Cut(res.Fingerprints["primaryLocationLineHash"], ":")
		if id != res.Fingerprints["hostaudit/v1"] || "v1:"+id != r.Checks[0].Findings[0].Fingerprint {
			t.Errorf("fingerprints %v", res.Fingerprints)
		}
		got = append(got, strings.TrimPrefix(res.Fingerprints["primaryLocationLineHash"], id))
	}
	if diff := cmp.Diff([]string{":1", ":2", ":3"}, got); diff != "" {
		t.Error(diff)
	}
}

// A failed or unknown check that names nothing is shown all the same.
func TestCIUnnamed(t *testing.T) {
	r := report(passing("ssh.port", "x"), passing("ftp.port", "x"))
	r.Checks[0].Status, r.Checks[0].Summary = checks.StatusFail, "it is bad"
	r.Checks[1].Status, r.Checks[1].Summary, r.Checks[1].Reason = checks.StatusUnknown, "it is unclear", checks.ReasonDeadline
	run := parsedSARIF(t, r)
	if len(run.Results) != 1 || run.Results[0].Message.Text != "it is bad." || run.Results[0].Level != "warning" {
		t.Errorf("results %+v", run.Results)
	}
	if n := run.Invocations[0].Notifications; len(n) != 1 || !strings.HasPrefix(n[0].Message.Text, "Not checked: it is unclear") || n[0].Descriptor.ID != "gap/deadline" {
		t.Errorf("notifications %+v", n)
	}
	for _, format := range []string{"gitlab", "github"} {
		text := string(printed(t, format, r))
		if !strings.Contains(text, "it is bad") || !strings.Contains(text, "it is unclear") {
			t.Errorf("%s shows neither: %s", format, text)
		}
	}
}

// Without Run no document has a time; the root is a place of this machine only
// where this machine was audited.
func TestSARIFRoot(t *testing.T) {
	for _, c := range []struct{ mode, path, want string }{
		{"live", "", "file:///"}, {"live", "/", "file:///"}, {"live", "/host", ""}, {"root", "/srv/tree", ""}, {"image", "disk.img", ""},
	} {
		r := cleanHost()
		r.Run, r.Target.Mode, r.Target.Path = nil, c.mode, checks.Text(c.path)
		if got := parsedSARIF(t, r).BaseIDs["ROOT"].URI; got != c.want {
			t.Errorf("%s %q: root %q, want %q", c.mode, c.path, got, c.want)
		}
		if bytes.Contains(printed(t, "sarif", r), []byte("Time")) {
			t.Errorf("%s: a time", c.mode)
		}
	}
}

func TestSARIFTexts(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"on [::]:3306", "on [::]:3306"},
		{"${HOME}", "${{HOME}}"},
		{"{0}", "{{0}}"},
		{`\u{202e}`, `\u{{202e}}`},
		{"[click](https://example.org)", `[click\](https://example.org)`},
		{`[a\\](1)`, `[a\\\](1)`},
	} {
		if got := sarifPlain(c.in); got != c.want {
			t.Errorf("%q became %q, want %q", c.in, got, c.want)
		} else if back := shows(t, got); back != c.in {
			t.Errorf("%q is shown as %q", c.in, back)
		}
	}
	for _, c := range []struct{ in, want string }{
		{"etc/ssh/sshd_config", "etc/ssh/sshd_config"},
		{"a b/ä", "a%20b/%C3%A4"},
		{"c:d?e#f%g", "c%3Ad%3Fe%23f%25g"},
		{"\xff\n\\", "%FF%0A%5C"},
		{"", ""},
		{"[x]|{y}^`\"<>", "%5Bx%5D%7C%7By%7D%5E%60%22%3C%3E"},
	} {
		if got := sarifURI(c.in); got != c.want {
			t.Errorf("%q became %q, want %q", c.in, got, c.want)
		}
	}
	if got, want := sarifMarkdown("ask @root $5 at http://x, [::]:22"), `ask \@root \$5 at http\://x, \[::\]:22`; got != want {
		t.Errorf("markdown %q, want %q", got, want)
	}
	for in, want := range map[string]string{
		"/etc/x": "etc/x", "//host/x": "host/x", "/../../etc/x": "etc/x", "a/../..": "", "/": "", "": "", "./x": "x", "/a/./b//c/": "a/b/c",
	} {
		if got := ciPath(in); got != want {
			t.Errorf("path %q became %q, want %q", in, got, want)
		}
	}
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{{"short", 10, "short"}, {"0123456789", 10, "0123456789"}, {"0123456789a", 10, "0123456…"}, {"ééééééé", 10, "ééé…"}} {
		if got := sarifCut(c.in, c.n); got != c.want {
			t.Errorf("%q became %q, want %q", c.in, got, c.want)
		}
	}
	if short := sarifShort(strings.Repeat("{", 2000)).Text; len(short) > maxSARIFDescription || !strings.HasSuffix(short, "…") {
		t.Errorf("%d bytes", len(short))
	}
}

func FuzzSARIFTexts(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Add("[a](b){0}{{1}}")
	f.Add(`\](\\](`)
	f.Fuzz(func(t *testing.T, s string) {
		text := checks.Clean(s)
		if raw := ciRaw(text); utf8.RuneCountInString(s) <= 512 && raw != s {
			t.Errorf("%q came back as %q", s, raw)
		}
		if got := shows(t, sarifPlain(string(text))); got != string(text) {
			t.Errorf("%q is shown as %q", text, got)
		}
		file := ciPath(s)
		if strings.HasPrefix(file, "/") || file == ".." || strings.HasPrefix(file, "../") {
			t.Errorf("%q leads out of the root", file)
		}
		uri, err := url.Parse(sarifURI(file))
		if err != nil || uri.Path != file || uri.Scheme != "" || uri.Host != "" || uri.RawQuery != "" || uri.Fragment != "" {
			t.Errorf("%q became %q, read as %+v (%v)", file, sarifURI(file), uri, err)
		}
		out, err := json.Marshal(sarifText(string(text)))
		var back sarifMessage
		if err != nil || json.Unmarshal(out, &back) != nil || back.Text != sarifPlain(string(text)) {
			t.Errorf("%q does not survive JSON: %s (%v)", text, out, err)
		}
	})
}

// A report read back from its file is printed with the same bytes.
func TestCIFromFile(t *testing.T) {
	for _, f := range fixtures {
		for _, format := range []string{"sarif", "gitlab", "github"} {
			t.Run(f.name+"-"+format, func(t *testing.T) {
				read, err := ReadJSON(bytes.NewReader(printed(t, "json", f.report())))
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(string(printed(t, format, f.report())), string(printed(t, format, read))); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}
