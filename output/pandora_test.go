package output

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"hostaudit/checks"
	"hostaudit/output/pandoratest"
)

var allModes = []PandoraOptions{
	{},
	{Modules: "families", ModuleInterval: 72},
	{Modules: "summary", Policy: "sha256:0011"},
	{Names: "legacy", AlarmLow: true, Full: true},
	{Full: true, Problem: `/etc/hostaudit/hostaudit.toml:3: "<&>"`, All: []PandoraCheck{{"extra.one", "a"}, {"ssh.port", "b"}}},
}

// checkPandora prints r and applies the rules of the server.
func checkPandora(t *testing.T, r *checks.Report, o PandoraOptions) []pandoratest.Module {
	t.Helper()
	out := rendered(t, func(w io.Writer) error { return Pandora(w, r, o) })
	modules, err := pandoratest.Check(out)
	if err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	if len(modules) < 2 || modules[0]["name"] != statusModule || modules[1]["name"] != findingsModule {
		t.Fatalf("does not begin with status and findings:\n%s", out)
	}
	begin := regexp.MustCompile(`^(OK|FAIL|N/A|NOT CHECKED|IN PROGRESS|WAIVED): .`)
	for _, m := range modules {
		if !begin.MatchString(m["description"]) {
			t.Errorf("description %q does not begin with a verdict", m["description"])
		}
	}
	return modules
}

func TestPandoraFollowsTheRules(t *testing.T) {
	for _, f := range fixtures {
		for i, o := range allModes {
			t.Run(fmt.Sprintf("%s-%d", f.name, i), func(t *testing.T) { checkPandora(t, f.report(), o) })
		}
	}
}

// The server's own parser and rules, where perl and its modules are at hand.
func TestPandoraOracle(t *testing.T) {
	server := pandoratest.FindServer(t)
	for _, f := range fixtures {
		for i, o := range allModes {
			t.Run(fmt.Sprintf("%s-%d", f.name, i), func(t *testing.T) {
				out := rendered(t, func(w io.Writer) error { return Pandora(w, f.report(), o) })
				if problem := server.Fragment(t, out); problem != "" {
					t.Errorf("%s in\n%s", problem, out)
				}
			})
		}
	}
}

// byName indexes the modules of r.
func byName(t *testing.T, r *checks.Report, o PandoraOptions) map[string]pandoratest.Module {
	t.Helper()
	out := map[string]pandoratest.Module{}
	for _, m := range checkPandora(t, r, o) {
		out[m["name"]] = m
	}
	return out
}

func TestPandoraVerdicts(t *testing.T) {
	low := func(r *checks.Recorder) { r.Finding(checks.Finding{Kind: "x", Subject: "s", Evidence: checks.Running}) }
	gap := func(reason checks.Reason) func(*checks.Recorder) {
		return func(r *checks.Recorder) { r.Gap(checks.Gap{Reason: reason, Detail: "d"}) }
	}
	progress := func(more ...checks.Reason) func(*checks.Recorder) {
		return func(r *checks.Recorder) {
			r.Fact("progress", "in_progress")
			for _, reason := range append(more, checks.ReasonBudget) {
				gap(reason)(r)
			}
		}
	}
	waive := func(r checks.Result) checks.Result {
		for i := range r.Findings {
			r.Findings[i].Waiver = &checks.WaiverNote{Reason: "w"}
		}
		r.Waived = true
		return r
	}
	coveredBut := func(but checks.Reason, r checks.Result) checks.Result {
		for i := range r.Gaps {
			if r.Gaps[i].Reason != but {
				r.Gaps[i].Waiver = &checks.WaiverNote{Reason: "w"}
			}
		}
		return r
	}
	covered := func(r checks.Result) checks.Result { return coveredBut("", r) }
	standing := func(r checks.Result, change func(*checks.Finding)) checks.Result {
		change(&r.Findings[0])
		return r
	}
	ungated := func(r checks.Result) checks.Result {
		r.Ungated = true
		return r
	}
	contradiction := result("ssh.port", low)
	contradiction.Status = checks.StatusPass
	bare := passing("ssh.port", "x")
	bare.Status = checks.StatusFail

	for _, c := range []struct {
		name                  string
		result                checks.Result
		o                     PandoraOptions
		data, status, summary string
	}{
		{"pass", passing("ssh.port", "fine"), PandoraOptions{}, "1", "NORMAL", "OK: "},
		{"not-applicable", absent("ssh.port", "none"), PandoraOptions{}, "1", "NORMAL", "N/A: "},
		{"critical", result("accounts.uid0", low), PandoraOptions{}, "0", "CRITICAL", "FAIL: "},
		{"high", result("ssh.root-login", low), PandoraOptions{}, "0", "CRITICAL", "FAIL: "},
		{"medium", result("ssh.port", low), PandoraOptions{}, "0", "WARNING", "FAIL: "},
		{"low", result("mysql.bind", low), PandoraOptions{}, "0", "NORMAL", "FAIL: "},
		{"low-with-gap", result("mysql.bind", func(r *checks.Recorder) { low(r); gap(checks.ReasonUnreadable)(r) }), PandoraOptions{}, "0", "WARNING", "FAIL: "},
		{"low-with-waived-gap", covered(result("mysql.bind", func(r *checks.Recorder) { low(r); gap(checks.ReasonUnreadable)(r) })), PandoraOptions{}, "0", "NORMAL", "FAIL: "},
		{"ungated-low-with-gap", ungated(result("mysql.bind", func(r *checks.Recorder) { low(r); gap(checks.ReasonUnreadable)(r) })), PandoraOptions{}, "0", "NORMAL", "FAIL: "},
		{"low-alarms", result("mysql.bind", low), PandoraOptions{AlarmLow: true}, "0", "WARNING", "FAIL: "},
		{"unknown", result("mysql.bind", gap(checks.ReasonNoPermission)), PandoraOptions{}, "0", "WARNING", "NOT CHECKED: "},
		{"no-verdict", result("mysql.bind", func(*checks.Recorder) {}), PandoraOptions{}, "0", "WARNING", "NOT CHECKED: "},
		{"budget", result("password.dictionary", gap(checks.ReasonBudget)), PandoraOptions{}, "0", "WARNING", "NOT CHECKED: "},
		{"in-progress", result("password.dictionary", progress()), PandoraOptions{}, "0", "NORMAL", "IN PROGRESS: "},
		{"progress-and-more", result("password.dictionary", progress(checks.ReasonUnsupported)), PandoraOptions{}, "0", "WARNING", "NOT CHECKED: "},
		{"progress-elsewhere", result("mysql.bind", progress()), PandoraOptions{}, "0", "WARNING", "NOT CHECKED: "},
		{"progress-and-finding", result("password.dictionary", func(r *checks.Recorder) { progress()(r); low(r) }), PandoraOptions{}, "0", "CRITICAL", "FAIL: "},
		{"waived", waive(result("accounts.uid0", low)), PandoraOptions{}, "1", "NORMAL", "WAIVED: "},
		{"waived-with-gap", waive(result("accounts.uid0", func(r *checks.Recorder) { low(r); gap(checks.ReasonUnreadable)(r) })), PandoraOptions{}, "0", "WARNING", "NOT CHECKED: "},
		{"gap-waived", covered(result("accounts.uid0", gap(checks.ReasonUnreadable))), PandoraOptions{}, "1", "NORMAL", "WAIVED: "},
		{"gap-waived-beside-waived", covered(waive(result("accounts.uid0", func(r *checks.Recorder) { low(r); gap(checks.ReasonUnreadable)(r) }))), PandoraOptions{}, "1", "NORMAL", "WAIVED: "},
		{"gap-waived-beside-finding", covered(result("accounts.uid0", func(r *checks.Recorder) { low(r); gap(checks.ReasonUnreadable)(r) })), PandoraOptions{}, "0", "CRITICAL", "FAIL: "},
		{"progress-and-waived-gap", coveredBut(checks.ReasonBudget, result("password.dictionary", progress(checks.ReasonUnsupported))), PandoraOptions{}, "0", "NORMAL", "IN PROGRESS: "},
		{"progress-waived", covered(result("password.dictionary", progress())), PandoraOptions{}, "1", "NORMAL", "WAIVED: "},
		{"known", standing(result("accounts.uid0", low), func(f *checks.Finding) { f.Known = true }), PandoraOptions{}, "0", "NORMAL", "FAIL: "},
		{"known-with-gap", standing(result("accounts.uid0", func(r *checks.Recorder) { low(r); gap(checks.ReasonUnreadable)(r) }), func(f *checks.Finding) { f.Known = true }), PandoraOptions{}, "0", "WARNING", "FAIL: "},
		{"known-with-waived-gap", covered(standing(result("accounts.uid0", func(r *checks.Recorder) { low(r); gap(checks.ReasonUnreadable)(r) }), func(f *checks.Finding) { f.Known = true })), PandoraOptions{}, "0", "NORMAL", "FAIL: "},
		{"known-in-progress", standing(result("password.dictionary", func(r *checks.Recorder) { progress()(r); low(r) }), func(f *checks.Finding) { f.Known = true }), PandoraOptions{}, "0", "NORMAL", "FAIL: "},
		{"expired", standing(result("accounts.uid0", low), func(f *checks.Finding) { f.Expired = &checks.WaiverNote{Reason: "w"} }), PandoraOptions{}, "0", "CRITICAL", "FAIL: "},
		{"ungated", ungated(result("accounts.uid0", low)), PandoraOptions{}, "0", "NORMAL", "FAIL: "},
		{"ungated-unknown", ungated(result("accounts.uid0", gap(checks.ReasonUnreadable))), PandoraOptions{}, "0", "NORMAL", "NOT CHECKED: "},
		{"pass-with-finding", contradiction, PandoraOptions{}, "0", "WARNING", "FAIL: "},
		{"fail-without-finding", bare, PandoraOptions{}, "0", "WARNING", "FAIL: "},
	} {
		t.Run(c.name, func(t *testing.T) {
			modules := byName(t, report(c.result), c.o)
			m := modules[c.result.ID]
			if m["type"] != "generic_proc" || m["data"] != c.data || m["status"] != c.status || !strings.HasPrefix(m["description"], c.summary) {
				t.Errorf("got %v, want data %s, status %s, %q", m, c.data, c.status, c.summary)
			}
			// A family of one and the summary are as loud as the check.
			c.o.Modules = "families"
			family := byName(t, report(c.result), c.o)["Host audit "+c.result.Family]
			if family["data"] != c.data || family["status"] != c.status || !strings.HasPrefix(family["description"], c.summary) {
				t.Errorf("family %v", family)
			}
			if s := modules[findingsModule]; s["status"] != c.status || !strings.HasPrefix(s["description"], c.summary) {
				t.Errorf("findings %v", s)
			}
		})
	}
}

// Names are identities on the server: this list only grows.
func TestPandoraNames(t *testing.T) {
	r := badHost()
	names := func(o PandoraOptions) []string {
		var out []string
		for _, m := range checkPandora(t, r, o) {
			out = append(out, m["name"])
		}
		return out
	}
	first := []string{"Host audit status", "Host audit findings"}
	for _, c := range []struct {
		name string
		o    PandoraOptions
		want []string
	}{
		{"checks", PandoraOptions{}, []string{
			"password.dictionary", "password.empty", "ssh.port", "ssh.root-login", "ftp.port",
			"mysql.root-password", "mysql.bind", "accounts.uid0", "listeners.declared",
		}},
		{"legacy", PandoraOptions{Names: "legacy"}, []string{
			"SEC[password_audit]", "password.empty", "SEC[ssh_port]", "SEC[ssh_allow_root]", "SEC[ftp_port]",
			"SEC[mysql_without_pass]", "SEC[mysql_bind]", "accounts.uid0", "listeners.declared",
		}},
		{"families", PandoraOptions{Modules: "families"}, []string{
			"Host audit password", "Host audit ssh", "Host audit ftp", "Host audit mysql", "Host audit accounts", "Host audit listeners",
		}},
		{"summary", PandoraOptions{Modules: "summary"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := names(c.o); !slices.Equal(got, slices.Concat(first, c.want)) {
				t.Errorf("modules %q", got)
			}
		})
	}
	// The set does not depend on the verdicts.
	sound := names(PandoraOptions{})
	for i := range r.Checks {
		r.Checks[i].Status, r.Checks[i].Findings, r.Checks[i].Gaps = checks.StatusPass, nil, nil
	}
	if got := names(PandoraOptions{}); !slices.Equal(got, sound) {
		t.Errorf("modules follow the verdicts: %q, %q", got, sound)
	}
}

func TestPandoraFindingsCount(t *testing.T) {
	for _, c := range []struct {
		name    string
		fixture string
		o       PandoraOptions
		want    string
	}{
		{"clean", "clean", PandoraOptions{}, "0"},
		{"private-counted-one-by-one", "bad", PandoraOptions{}, "54"},
		{"low-counted", "bad", PandoraOptions{AlarmLow: true}, "55"},
		{"full", "bad", PandoraOptions{Full: true}, "54"},
		{"waived-not-counted", "waived", PandoraOptions{AlarmLow: true}, "3"},
		{"unknown-not-counted", "unknown", PandoraOptions{}, "0"},
		{"known-and-ungated-not-counted", "policy", PandoraOptions{AlarmLow: true}, "3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if m := byName(t, fixtureNamed(t, c.fixture), c.o)[findingsModule]; m["data"] != c.want || m["type"] != "generic_data" {
				t.Errorf("got %v, want %s", m, c.want)
			}
		})
	}
}

func TestPandoraStatusModule(t *testing.T) {
	internal := report(result("ssh.port", func(*checks.Recorder) {}))
	for _, c := range []struct {
		name   string
		report *checks.Report
		o      PandoraOptions
		status string
		data   string
	}{
		{"ok", cleanHost(), PandoraOptions{Policy: "sha256:00112233445566778899"}, "NORMAL", "policy sha256:001122334455; health: ok"},
		{"interrupted", unknownHost(), PandoraOptions{}, "WARNING", "health: interrupted"},
		{"internal", internal, PandoraOptions{}, "WARNING", "health: 1 internal error"},
		{"problem", cleanHost(), PandoraOptions{Problem: "x.toml:3: bad"}, "CRITICAL", "health: configuration refused"},
		{"degraded", cleanHost(), PandoraOptions{Warning: "state: read-only"}, "WARNING", "health: degraded"},
		{"problem-before-warning", cleanHost(), PandoraOptions{Problem: "x.toml:3: bad", Warning: "state: read-only"}, "CRITICAL", "health: configuration refused"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := byName(t, c.report, c.o)[statusModule]
			if m["status"] != c.status || !strings.HasSuffix(m["data"], c.data) || !strings.HasPrefix(m["data"], "hostaudit 0.1.0") {
				t.Errorf("got %v", m)
			}
			if c.o.Problem != "" && !strings.Contains(m["description"], "x.toml:3") {
				t.Errorf("description %q does not say where", m["description"])
			}
		})
	}
}

func TestPandoraPassSaysItOnce(t *testing.T) {
	r := report(passing("accounts.uid0", "only root has UID 0"))
	r.Checks[0].Title = "Only root has UID 0"
	if got, want := byName(t, r, PandoraOptions{})["accounts.uid0"]["description"], "OK: Only root has UID 0"; got != want {
		t.Errorf("description %q, want %q", got, want)
	}
}

// A configuration that is refused leaves every module in place, none of them good.
func TestPandoraAll(t *testing.T) {
	all := []PandoraCheck{{"ssh.port", "no SSH server on port 22"}, {"ftp.port", "no FTP server on port 21"}, {"accounts.uid0", "only root has UID 0"}}
	modules := checkPandora(t, report(passing("ftp.port", "fine"), passing("mysql.bind", "fine")), PandoraOptions{All: all, Problem: "p"})
	var got []string
	for _, m := range modules[2:] {
		got = append(got, m["name"]+" "+m["data"]+" "+m["status"])
	}
	want := []string{"ssh.port 0 WARNING", "ftp.port 1 NORMAL", "accounts.uid0 0 WARNING", "mysql.bind 1 NORMAL"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPandoraInterval(t *testing.T) {
	for _, m := range checkPandora(t, cleanHost(), PandoraOptions{ModuleInterval: 72}) {
		if m["module_interval"] != "72" {
			t.Errorf("module_interval %q", m["module_interval"])
		}
	}
	for _, m := range checkPandora(t, cleanHost(), PandoraOptions{}) {
		if _, ok := m["module_interval"]; ok {
			t.Error("module_interval is there without being asked for")
		}
	}
	for _, c := range []struct {
		every, agent time.Duration
		want         int
	}{
		{6 * time.Hour, 5 * time.Minute, 72},
		{time.Minute, 5 * time.Minute, 1},
		{301 * time.Second, 300 * time.Second, 2},
		{300 * time.Second, 300 * time.Second, 1},
		{0, time.Minute, 0},
		{time.Hour, 0, 0},
		{-1, -1, 0},
	} {
		if got := IntervalMultiple(c.every, c.agent); got != c.want {
			t.Errorf("IntervalMultiple(%v, %v) = %d, want %d", c.every, c.agent, got, c.want)
		}
	}
}

func TestPandoraRefusesOptions(t *testing.T) {
	for _, o := range []PandoraOptions{{Modules: "all"}, {Names: "old"}} {
		var p pieces
		if err := Pandora(&p, cleanHost(), o); err == nil || p.calls > 0 {
			t.Errorf("%+v: error %v, %d writes", o, err, p.calls)
		}
	}
	if err := Pandora(&pieces{fail: errors.New("x")}, cleanHost(), PandoraOptions{}); err == nil {
		t.Error("a failing writer is not told")
	}
}

func TestXMLText(t *testing.T) {
	for _, c := range []struct{ raw, want string }{
		{"plain", "plain"},
		{`&<>"'`, "&#38;&#60;&#62;&#34;&#39;"},
		{"é…長\ufffd", "&#xE9;&#x2026;&#x9577;&#xFFFD;"},
		{"\U0001f600\U0010ffff", `\u{1f600}\u{10ffff}`},
		{"\n\r\t\x00\x1b\x7f", `\n\r\t\x00\x1b\x7f`},
		{"\u0080\u009f\u00a0", `\u{80}\u{9f}&#xA0;`},
		{"\ufffe\uffff\ufdd0", `\u{fffe}\u{ffff}\u{fdd0}`},
		{"\xff\xed\xa0\x80", `\xff\xed\xa0\x80`},
		{"]]>", "]]&#62;"},
	} {
		if got := xmlText(c.raw); got != c.want {
			t.Errorf("xmlText(%q) = %q, want %q", c.raw, got, c.want)
		}
	}
}

func TestDescriptionIsCapped(t *testing.T) {
	many := slices.Repeat([]string{strings.Repeat("é", 100)}, 30)
	for _, c := range []struct {
		name string
		d    description
		end  string // of the text, after decoding
	}{
		{"fits", description{head: "FAIL: ", items: many[:2], tail: ". End"}, "é. End"},
		{"many", description{head: "FAIL: ", items: many, tail: ". End"}, "; … and 24 more. End"},
		{"one-long", description{head: "FAIL: ", items: []string{strings.Repeat("<", 5000)}, tail: ". End"}, "<…. End"},
		{"long-then-more", description{head: "FAIL: ", items: []string{strings.Repeat("<", 5000), "b"}}, "<…; … and 1 more"},
		{"long-head", description{head: "FAIL: " + strings.Repeat("é", 5000), items: many}, " more"},
		{"long-tail", description{head: "FAIL: ", items: many[:1], tail: strings.Repeat("é", 5000)}, "é…"},
		{"everything-long", description{head: strings.Repeat("é", 5000), items: slices.Repeat([]string{strings.Repeat("é", 5000)}, 5000), tail: strings.Repeat("é", 5000)}, "é…"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var buf bytes.Buffer
			module{name: "a", kind: "generic_proc", data: "1", description: c.d, status: statusNormal}.writeTo(&buf)
			modules, err := pandoratest.Check(buf.Bytes()) // refuses more than 4096 bytes
			if err != nil {
				t.Fatalf("%v in\n%s", err, buf.Bytes())
			}
			if got := modules[0]["description"]; !strings.HasSuffix(got, c.end) {
				t.Errorf("ends with %q, want %q", got[max(0, len(got)-40):], c.end)
			}
		})
	}
}

// source hands out values from the bytes of a fuzzer.
type source struct {
	data []byte
	raw  bool // strings as they come, not through Clean
}

func (s *source) byte() int {
	if len(s.data) == 0 {
		return 0
	}
	b := s.data[0]
	s.data = s.data[1:]
	return int(b)
}

func (s *source) string() string {
	n := min(s.byte(), len(s.data))
	text := string(s.data[:n])
	s.data = s.data[n:]
	if n > 200 { // let few bytes make long texts
		text = strings.Repeat(text, 40)
	}
	if s.raw {
		return text
	}
	return string(checks.Clean(text))
}

func (s *source) text() checks.Text { return checks.Text(s.string()) }

func (s *source) location() checks.Location {
	return checks.Location{File: s.text(), Line: s.byte() - 5}
}

// report makes any report, also ones that no Recorder makes when raw.
func (s *source) report() *checks.Report {
	r := &checks.Report{
		Tool:   checks.Tool{Name: s.string(), Version: s.string()},
		Target: checks.Target{Mode: s.string(), Kind: s.string(), KindReason: s.text(), Path: s.text(), Hostname: s.text(), OS: checks.OS{ID: s.text()}},
	}
	if s.byte()%2 == 0 {
		r.Run = &checks.RunInfo{WordList: s.string(), Catalogue: s.byte(), Selection: []string{s.string()}, Interrupted: s.byte()%2 == 0}
	}
	for len(s.data) > 0 && len(r.Checks) < 20 {
		c := checks.Result{
			ID: s.string(), Title: s.string(), Family: s.string(), Summary: s.text(), Remedy: s.string(), Breaks: s.string(),
			Severity: checks.Severity(s.byte()%6 - 1), Status: checks.Status(s.byte()%6 - 1), Reason: checks.Reason(s.string()),
			Facts: map[string]checks.Text{"progress": "in_progress", s.string(): s.text()},
		}
		if !s.raw {
			c.Severity, c.Status = max(0, c.Severity), max(0, min(checks.StatusNotApplicable, c.Status))
			c.ID = "a." + c.ID
		}
		for range s.byte() % 4 {
			f := checks.Finding{Kind: s.string(), Subject: s.text(), Detail: s.text(), Severity: checks.Severity(s.byte() % 5), Evidence: checks.Evidence(s.string()), Location: s.location(), Private: s.byte()%2 == 0}
			if s.byte()%3 == 0 {
				f.Waiver = &checks.WaiverNote{Reason: s.text(), Expires: s.string()}
			}
			c.Findings = append(c.Findings, f)
		}
		for range s.byte() % 3 {
			c.Gaps = append(c.Gaps, checks.Gap{Reason: checks.Reason(s.string()), Subject: s.text(), Detail: s.text(), Location: s.location()})
			c.Notes = append(c.Notes, checks.Note{Subject: s.text(), Detail: s.text()})
		}
		r.Checks = append(r.Checks, c)
	}
	return r
}

// Whatever a report holds, the server takes the output, and the text keeps to its
// columns and to printable characters.
func FuzzPandora(f *testing.F) {
	var all []byte
	for _, s := range hostile {
		seed := slices.Concat([]byte{byte(len(s))}, []byte(s))
		all = append(all, seed...)
		f.Add(byte(0), bytes.Repeat(seed, 60))
		f.Add(byte(1), bytes.Repeat(seed, 60))
	}
	f.Add(byte(0), bytes.Repeat(all, 5))
	f.Add(byte(1), bytes.Repeat(all, 5))
	f.Add(byte(5), bytes.Repeat([]byte{255, '<', '&', 0xc3, 0xa9}, 400))
	f.Fuzz(func(t *testing.T, flags byte, data []byte) {
		s := &source{data: data, raw: flags&1 == 0}
		r := s.report()
		o := allModes[int(flags>>1)%len(allModes)]
		o.Problem = s.text()
		checkPandora(t, r, o)
		checkPandora(t, r, PandoraOptions{Full: true})
		checkText(t, r, TextOptions{Width: int(flags), Verbose: flags&2 == 0})
	})
}
