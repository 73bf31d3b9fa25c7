package output

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"hostaudit/checks"
)

// nagiosLine is what the plugin guidelines allow as a first line.
var (
	nagiosLine   = regexp.MustCompile(`^HOSTAUDIT (OK|WARNING|CRITICAL|UNKNOWN) - ([^|]+) \| (.+)$`)
	nagiosMetric = regexp.MustCompile(`^'([a-z_]{1,19})'=([0-9]+);([0-9]*);([0-9]*);0;([0-9]+)$`)
)

// parsePlugin takes a document apart as a monitoring server does.
func parsePlugin(t *testing.T, document []byte) (state string, metrics map[string]int) {
	t.Helper()
	first, long, _ := strings.Cut(string(document), "\n")
	m := nagiosLine.FindStringSubmatch(first)
	if m == nil {
		t.Fatalf("first line %q", first)
	}
	if strings.Contains(long, "|") {
		t.Error("a | below the first line begins performance data")
	}
	if len(first)+1 > 1023 || len(document) > 4095 { // a NUL ends them
		t.Errorf("%d bytes, %d of them on the first line", len(document), len(first))
	}
	if !utf8.Valid(document) {
		t.Error("a character was cut in two")
	}
	metrics = map[string]int{}
	sum, total := 0, 0
	for part := range strings.SplitSeq(m[3], " ") {
		p := nagiosMetric.FindStringSubmatch(part)
		if p == nil {
			t.Fatalf("performance data %q", part)
		}
		n, _ := strconv.Atoi(p[2])
		metrics[p[1]] = n
		sum += n
		total, _ = strconv.Atoi(p[5])
	}
	if len(metrics) != int(pluginClasses) || sum != total {
		t.Errorf("%d counts that add up to %d of %d checks", len(metrics), sum, total)
	}
	return m[1], metrics
}

func TestNagiosStates(t *testing.T) {
	found := func(id string, severities ...checks.Severity) checks.Result {
		return result(id, func(r *checks.Recorder) {
			for i, s := range severities {
				r.Finding(checks.Finding{Kind: "kind", Subject: checks.Text(fmt.Sprint("object ", i)), Severity: s, Evidence: checks.Running})
			}
		})
	}
	gap := func(id string, reason checks.Reason) checks.Result {
		return result(id, func(r *checks.Recorder) { r.Gap(checks.Gap{Reason: reason, Detail: "not read"}) })
	}
	with := func(r checks.Result, change func(*checks.Result)) checks.Result { change(&r); return r }
	note := &checks.WaiverNote{Reason: "accepted"}
	waiveAll := func(r *checks.Result) {
		for i := range r.Findings {
			r.Findings[i].Waiver = note
		}
		for i := range r.Gaps {
			r.Gaps[i].Waiver = note
		}
		r.Waived = true
	}
	knowAll := func(r *checks.Result) {
		for i := range r.Findings {
			r.Findings[i].Known = true
		}
	}
	addGap := func(r *checks.Result) {
		r.Gaps = append(r.Gaps, checks.Gap{Reason: checks.ReasonUnreadable, Detail: "another file"})
	}
	progressing := with(gap("password.dictionary", checks.ReasonBudget), func(r *checks.Result) {
		r.Facts = map[string]checks.Text{"progress": "in_progress"}
	})
	low, medium, high, critical := checks.SeverityLow, checks.SeverityMedium, checks.SeverityHigh, checks.SeverityCritical
	pass := passing("accounts.uid0", "sound")
	for _, tc := range []struct {
		name    string
		results []checks.Result
		state   string
		exit    int
		label   string // the class of the first check
	}{
		{"passed", []checks.Result{pass}, "OK", 0, "passed"},
		{"critical", []checks.Result{found("ssh.port", critical), pass}, "CRITICAL", 2, "critical"},
		{"high", []checks.Result{found("ssh.port", high), pass}, "CRITICAL", 2, "high"},
		{"medium", []checks.Result{found("ssh.port", medium), pass}, "WARNING", 1, "medium"},
		{"low", []checks.Result{found("ssh.port", low), pass}, "OK", 0, "low"},
		{"the-worst-finding-counts", []checks.Result{found("ssh.port", low, high, medium)}, "CRITICAL", 2, "high"},
		{"unknown", []checks.Result{gap("ssh.port", checks.ReasonUnreadable), pass}, "UNKNOWN", 3, "unknown"},
		{"unknown-of-low-severity", []checks.Result{gap("mysql.bind", checks.ReasonUnreadable), pass}, "UNKNOWN", 3, "unknown"},
		{"warning-before-unknown", []checks.Result{gap("ssh.port", checks.ReasonUnreadable), found("ftp.port", medium)}, "WARNING", 1, "unknown"},
		{"critical-before-unknown", []checks.Result{gap("ssh.port", checks.ReasonUnreadable), found("ftp.port", critical)}, "CRITICAL", 2, "unknown"},
		{"unknown-before-low", []checks.Result{found("mysql.bind", low), gap("ssh.port", checks.ReasonUnreadable)}, "UNKNOWN", 3, "low"},
		{"gap-beside-low", []checks.Result{with(found("ssh.port", low), addGap)}, "UNKNOWN", 3, "unknown"},
		{"gap-beside-medium", []checks.Result{with(found("ssh.port", medium), addGap)}, "WARNING", 1, "medium"},
		{"gap-beside-pass", []checks.Result{with(pass, addGap)}, "UNKNOWN", 3, "unknown"},
		{"waived", []checks.Result{with(found("ssh.port", critical), waiveAll), pass}, "OK", 0, "waived"},
		{"gap-waived", []checks.Result{with(gap("ssh.port", checks.ReasonUnreadable), waiveAll), pass}, "OK", 0, "waived"},
		{"known", []checks.Result{with(found("ssh.port", critical), knowAll), pass}, "OK", 0, "not_gated"},
		{"known-and-gap", []checks.Result{with(with(found("ssh.port", critical), knowAll), addGap)}, "UNKNOWN", 3, "unknown"},
		{"ungated", []checks.Result{with(found("ssh.port", critical), func(r *checks.Result) { r.Ungated = true }), pass}, "OK", 0, "not_gated"},
		{"ungated-unknown", []checks.Result{with(gap("ssh.port", checks.ReasonUnreadable), func(r *checks.Result) { r.Ungated = true }), pass}, "OK", 0, "not_gated"},
		{"ungated-pass", []checks.Result{with(pass, func(r *checks.Result) { r.Ungated = true })}, "OK", 0, "passed"},
		{"in-progress", []checks.Result{progressing, pass}, "OK", 0, "in_progress"},
		{"in-progress-and-another-gap", []checks.Result{with(progressing, addGap), pass}, "UNKNOWN", 3, "unknown"},
		{"fails-without-a-finding", []checks.Result{{ID: "a.b", Status: checks.StatusFail, Severity: high}}, "CRITICAL", 2, "high"},
		{"unknown-without-a-gap", []checks.Result{{ID: "a.b", Severity: high}, pass}, "UNKNOWN", 3, "unknown"},
		{"passes-with-a-finding", []checks.Result{with(found("ssh.port", high), func(r *checks.Result) { r.Status = checks.StatusPass })}, "CRITICAL", 2, "high"},
		{"no-such-status", []checks.Result{{ID: "a.b", Status: 9}, pass}, "UNKNOWN", 3, "unknown"},
		{"nothing-applicable", []checks.Result{absent("ftp.port", "no server")}, "UNKNOWN", 3, "not_applicable"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := report(tc.results...)
			state, metrics := parsePlugin(t, printed(t, "nagios", r))
			if exit := NagiosExit(r); state != tc.state || exit != tc.exit {
				t.Errorf("%s, exit %d; want %s, exit %d", state, exit, tc.state, tc.exit)
			}
			if metrics[tc.label] == 0 || pluginClassOf(&r.Checks[0]).label() != tc.label {
				t.Errorf("the check is %s; counts %v", pluginClassOf(&r.Checks[0]).label(), metrics)
			}
		})
	}
	t.Run("interrupted", func(t *testing.T) {
		r := report(pass)
		r.Run.Interrupted = true
		if state, _ := parsePlugin(t, printed(t, "nagios", r)); state != "UNKNOWN" || NagiosExit(r) != 3 {
			t.Errorf("%s, exit %d", state, NagiosExit(r))
		}
		r = report(pass, found("ssh.port", medium))
		r.Run.Interrupted = true
		if state, _ := parsePlugin(t, printed(t, "nagios", r)); state != "WARNING" || NagiosExit(r) != 1 {
			t.Errorf("%s, exit %d", state, NagiosExit(r))
		}
	})
	t.Run("empty", func(t *testing.T) {
		if state, _ := parsePlugin(t, printed(t, "nagios", report())); state != "UNKNOWN" {
			t.Error(state)
		}
	})
}

// Counts of checks do not tell names apart, so the server's graphs do not jump with
// the privacy setting.
func TestNagiosCountsAreThoseOfARedactedReport(t *testing.T) {
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			r := f.report()
			whole, _, _ := bytes.Cut(printed(t, "nagios", r), []byte("\n"))
			redacted, _, _ := bytes.Cut(printed(t, "nagios", Redact(r)), []byte("\n"))
			if !bytes.Equal(whole, redacted) {
				t.Errorf("%s\n%s", whole, redacted)
			}
		})
	}
}

// Whatever a host is called and however much is wrong with it: one line of
// performance data that nothing of the host can forge, and a cut that says so.
func TestNagiosBounds(t *testing.T) {
	names := append([]string{"|'x'=1", "\n'x'=2", `\x7c`, strings.Repeat("|", 600), strings.Repeat("日", 600), strings.Repeat("a ", 300)}, hostile...)
	for _, many := range []int{0, 1, 2, 3, 7, 25, 40, 100, 400} {
		t.Run(fmt.Sprint(many), func(t *testing.T) {
			var results []checks.Result
			for i := range many {
				res := result("ssh.port", func(r *checks.Recorder) {
					for j, name := range names[i%len(names):] {
						r.Finding(checks.Finding{Kind: "kind", Subject: checks.Text(name), Detail: checks.Text(name), Severity: checks.Severity(1 + i%4), Evidence: checks.Running, Location: checks.At(name, i)})
						if i%5 == j {
							r.Gap(checks.Gap{Reason: checks.ReasonUnreadable, Subject: checks.Text(name), Detail: checks.Text(name), Location: checks.At(name, 1)})
						}
					}
					r.Summary(names[i%len(names)])
				})
				res.ID = fmt.Sprintf("ssh.check-of-some-length-%d", i)
				results = append(results, res)
			}
			r := report(results...)
			r.Policy = &checks.PolicyInfo{}
			for _, name := range names {
				r.Policy.Notes = append(r.Policy.Notes, checks.PolicyNote{Kind: "waiver-unused", Detail: checks.Clean(name)})
			}
			document := string(printed(t, "nagios", r))
			parsePlugin(t, []byte(document))
			lines := strings.Split(strings.TrimSuffix(document, "\n"), "\n")[1:]
			all := many + len(names)
			var missing int
			if _, err := fmt.Sscanf(lines[len(lines)-1], "... %d more", &missing); err == nil {
				lines = lines[:len(lines)-1]
			}
			if len(lines)+missing != all {
				t.Errorf("%d lines and %d missing, want %d in all", len(lines), missing, all)
			}
			if many == 1 && missing > 0 && !strings.HasPrefix(lines[0], "LOW ") {
				t.Errorf("first line %q", lines[0])
			}
		})
	}
}

func TestNagiosProblem(t *testing.T) {
	for _, tc := range []struct{ name, message, want string }{
		{"plain", "/etc/hostaudit/hostaudit.toml:3: unknown setting", "HOSTAUDIT UNKNOWN - /etc/hostaudit/hostaudit.toml:3: unknown setting\n"},
		{"forged", "a | 'critical'=0\nHOSTAUDIT OK\\", `HOSTAUDIT UNKNOWN - a \x7c 'critical'=0\nHOSTAUDIT OK\\` + "\n"},
		{"long", strings.Repeat("word ", 90) + strings.Repeat("é", 200), "HOSTAUDIT UNKNOWN - " + strings.TrimSuffix(strings.Repeat("word ", 90), " ") + " " + strings.Repeat("é", 23) + "...\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out pieces
			code, err := NagiosProblem(&out, tc.message)
			if code != 3 || err != nil || out.calls != 1 {
				t.Errorf("exit %d, error %v, %d writes", code, err, out.calls)
			}
			if out.String() != tc.want {
				t.Errorf("got %q (%d bytes), want %q", out.String(), out.Len(), tc.want)
			}
		})
	}
}

func TestPluginCut(t *testing.T) {
	for _, tc := range []struct {
		text  string
		limit int
		want  string
	}{
		{"short", 5, "short"},
		{"two words", 8, "two..."},
		{"ééééé", 8, "éé..."},
		{"ééééé", 10, "ééééé"},
		{"abcdef", 5, "ab..."},
	} {
		if got := pluginCut(tc.text, tc.limit); got != tc.want {
			t.Errorf("cutTo(%q, %d) = %q, want %q", tc.text, tc.limit, got, tc.want)
		}
	}
}
