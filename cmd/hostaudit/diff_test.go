package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/output"
)

// stored writes a report with the results to a file.
func stored(t *testing.T, name string, results ...checks.Result) string {
	t.Helper()
	r := &checks.Report{
		Schema: checks.Schema, Tool: checks.Tool{Name: "hostaudit", Version: "dev"},
		Target: checks.Target{Mode: "root", Kind: "tree", Path: checks.Text(name)}, Checks: results,
	}
	r.Summary = checks.Summarize(r.Checks)
	return storedReport(t, name, r)
}

func storedReport(t *testing.T, name string, r *checks.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := output.JSON(&b, r); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), name+".json")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// recorded is the result of a check as it records it.
func recorded(id string, severity checks.Severity, record func(*checks.Recorder)) checks.Result {
	rec := checks.NewRecorder(checks.Check{ID: id, Title: id, Severity: severity})
	record(rec)
	return rec.Seal()
}

// weakAccounts is the result of a check that found accounts, which are private.
func weakAccounts(names ...string) checks.Result {
	return recorded("password.dictionary", checks.SeverityCritical, func(rec *checks.Recorder) {
		for _, name := range names {
			rec.Finding(checks.Finding{Kind: "listed", Subject: checks.Text(name), Detail: "is weak", Evidence: checks.Configured, Private: true})
		}
	})
}

// program runs the whole program and returns what it printed.
func programRun(t *testing.T, env []string, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(context.Background(), args, env, strings.NewReader(stdin), &out, &errs)
	return code, out.String(), errs.String()
}

func TestDiff(t *testing.T) {
	port := recorded("ssh.port", checks.SeverityMedium, func(rec *checks.Recorder) {
		rec.Finding(checks.Finding{Kind: "port-22", Subject: "sshd", Detail: "listens", Evidence: checks.Configured})
	})
	sound := recorded("ssh.port", checks.SeverityMedium, func(rec *checks.Recorder) { rec.Pass("fine") })
	unknown := recorded("ssh.port", checks.SeverityMedium, func(rec *checks.Recorder) {
		rec.Gap(checks.Gap{Reason: checks.ReasonUnreadable, Detail: "unreadable"})
	})
	redacted := func(name string, r checks.Result) string {
		full := &checks.Report{
			Schema: checks.Schema, Tool: checks.Tool{Name: "hostaudit", Version: "dev"},
			Target: checks.Target{Mode: "live", Kind: "host"}, Checks: []checks.Result{r}, Summary: checks.Summarize([]checks.Result{r}),
		}
		return storedReport(t, name, output.Redact(full))
	}
	for _, tc := range []struct {
		name, old, now string
		code           int
		want           []string
	}{
		{"same", stored(t, "a", port), stored(t, "a", port), exitClean, []string{"No difference."}},
		{"added", stored(t, "a", sound), stored(t, "b", port), exitFindings, []string{"ADDED", "ssh.port: sshd: listens", "pass, now fail", "1 finding added"}},
		{"mended", stored(t, "a", port), stored(t, "b", sound), exitFindings, []string{"REMOVED", "fail, now pass", "1 finding removed, 1 verdict changed"}},
		{"no-longer-seen", stored(t, "a", port), stored(t, "b", unknown), exitFindings, []string{"1 perhaps not gone", "could not examine"}},
		{"no-longer-asked", stored(t, "a", port), stored(t, "b"), exitFindings, []string{"fail, now not in the report", "1 perhaps not gone"}},
		{"verdict-only", stored(t, "a", sound), stored(t, "b", unknown), exitFindings, []string{"pass, now unknown"}},
		{"names", stored(t, "a", weakAccounts("alice")), stored(t, "b", weakAccounts("bob")), exitFindings, []string{"alice: is weak", "bob: is weak"}},
		{"numbers-alike", redacted("a", weakAccounts("alice")), redacted("b", weakAccounts("bob")), exitClean, []string{"compared by their number", "No difference."}},
		{"numbers-differ", redacted("a", weakAccounts("alice")), redacted("b", weakAccounts("alice", "bob")), exitFindings, []string{"1 account: ", "2 accounts: ", "1 finding added"}},
		{"names-against-numbers", redacted("a", weakAccounts("alice")), stored(t, "b", weakAccounts("alice")), exitClean, []string{"compared by their number"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, out, errs := programRun(t, nil, "", "diff", tc.old, tc.now)
			if code != tc.code || errs != "" {
				t.Errorf("exit %d, want %d; stderr %q", code, tc.code, errs)
			}
			for _, want := range tc.want {
				if !strings.Contains(strings.Join(strings.Fields(out), " "), want) {
					t.Errorf("lacks %q:\n%s", want, out)
				}
			}
			if _, again, _ := programRun(t, nil, "", "diff", tc.old, tc.now); again != out {
				t.Error("two runs differ")
			}
		})
	}
}

func TestDiffArguments(t *testing.T) {
	file := stored(t, "a", weakAccounts("alice"))
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	other := stored(t, "b", weakAccounts("bob"))
	for _, tc := range []struct {
		name  string
		stdin string
		args  []string
		code  int
		want  string // in standard output if the code is no error, else in standard error
	}{
		{"none", "", nil, exitUsage, "takes two JSON reports"},
		{"one", "", []string{file}, exitUsage, "takes two JSON reports"},
		{"three", "", []string{file, file, file}, exitUsage, "takes two JSON reports"},
		{"stdin-twice", string(text), []string{"-", "-"}, exitUsage, "standard input"},
		{"stdin-old", string(text), []string{"-", file}, exitClean, "No difference"},
		{"stdin-new", string(text), []string{file, "-"}, exitClean, "No difference"},
		{"stdin-broken", "{", []string{file, "-"}, exitUsage, "standard input: report"},
		{"missing", "", []string{file, "/no/such/report"}, exitUsage, "no such file"},
		{"no-report", "", []string{file, "/etc/passwd"}, exitUsage, "/etc/passwd: report"},
		{"format", "", []string{file, file, "--format", "yaml"}, exitUsage, "text, json, markdown"},
		{"flags-between", "", []string{file, "--format", "json", file}, exitClean, `"schema": "hostaudit-diff/1"`},
		{"flags-first", "", []string{"--format=markdown", file, other}, exitFindings, "### Added"},
		{"names-withheld", "", []string{file, other, "--privacy", "count"}, exitClean, "No difference."},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, out, errs := programRun(t, nil, tc.stdin, append([]string{"diff"}, tc.args...)...)
			said := out
			if tc.code == exitUsage {
				said = errs
				if out != "" {
					t.Errorf("standard output %q", out)
				}
			}
			if code != tc.code || !strings.Contains(said, tc.want) {
				t.Errorf("exit %d, want %d; %q lacks %q", code, tc.code, said, tc.want)
			}
		})
	}
}

// A check that fails in both reports and cannot examine something any more is not the
// same, and neither is one whose gap is no longer waived.
func TestDiffTellsGaps(t *testing.T) {
	with := func(waiver *checks.WaiverNote, gaps ...checks.Gap) checks.Result {
		r := recorded("password.empty", checks.SeverityHigh, func(rec *checks.Recorder) {
			rec.Finding(checks.Finding{Kind: "x", Subject: "s", Detail: "d", Evidence: checks.Configured})
			for _, g := range gaps {
				rec.Gap(g)
			}
		})
		for i := range r.Gaps {
			r.Gaps[i].Waiver = waiver
		}
		return r
	}
	one := checks.Gap{Reason: checks.ReasonUnreadable, Subject: "/etc/shadow", Detail: "it cannot be read", Location: checks.At("/etc/shadow", 1)}
	moved, two := one, one
	moved.Location.Line, two.Subject = 9, "/etc/gshadow"
	waived := &checks.WaiverNote{Reason: "accepted"}
	for _, c := range []struct {
		name     string
		old, new checks.Result
		want     []string // in the text; none = no difference
	}{
		{"opened", with(nil), with(nil, one), []string{"1 gap changed", "/etc/shadow: it cannot be read", "not examined now"}},
		{"closed", with(nil, one, two), with(nil, two), []string{"1 gap changed", "/etc/shadow: it cannot be read", "no longer open"}},
		{"waiver-ended", with(waived, one), with(nil, one), []string{"1 gap changed", "not examined now"}},
		{"moved", with(nil, one), with(nil, moved), nil},
		{"waived-in-both", with(waived, one), with(waived, one, two), nil},
		{"twice", with(nil, one), with(nil, one, moved), []string{"1 gap changed"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, out, errs := programRun(t, nil, "", "diff", stored(t, "old", c.old), stored(t, "new", c.new))
			want := c.want
			if want == nil {
				want = []string{"No difference."}
			}
			if code != map[bool]int{true: exitClean, false: exitFindings}[c.want == nil] || errs != "" {
				t.Errorf("exit %d, %s", code, errs)
			}
			text := strings.Join(strings.Fields(out), " ")
			for _, w := range want {
				if !strings.Contains(text, w) {
					t.Errorf("lacks %q:\n%s", w, out)
				}
			}
		})
	}
}
