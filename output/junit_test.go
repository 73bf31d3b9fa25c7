package output

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/joshdk/go-junit"

	"hostaudit/checks"
)

// parsedJUnit reads a document twice, as XML and as JUnit.
func parsedJUnit(t *testing.T, document []byte) []junit.Suite {
	t.Helper()
	decoder := xml.NewDecoder(bytes.NewReader(document))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("not XML: %v\n%s", err, document)
		}
	}
	suites, err := junit.Ingest(document)
	if err != nil {
		t.Fatalf("not JUnit: %v", err)
	}
	return suites
}

// junitCounts are the attributes with counts of an element.
type junitCounts struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Errors   int `xml:"errors,attr"`
	Skipped  int `xml:"skipped,attr"`
}

// A public parser finds one testcase for every check, in suites by family, with
// counts that are right.
func TestJUnitIsRead(t *testing.T) {
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			r := f.report()
			document := printed(t, "junit", r)
			var attributes struct {
				junitCounts
				Suites []junitCounts `xml:"testsuite"`
			}
			if err := xml.Unmarshal(document, &attributes); err != nil {
				t.Fatal(err)
			}
			var total junitCounts
			var names []string
			for i, s := range parsedJUnit(t, document) {
				s.Aggregate()
				got := junitCounts{s.Totals.Tests, s.Totals.Failed, s.Totals.Error, s.Totals.Skipped}
				if diff := cmp.Diff(got, attributes.Suites[i]); diff != "" {
					t.Errorf("suite %s (-counted +said):\n%s", s.Name, diff)
				}
				total.Tests += got.Tests
				total.Failures += got.Failures
				total.Errors += got.Errors
				total.Skipped += got.Skipped
				for _, test := range s.Tests {
					names = append(names, test.Name)
					if test.Classname != "hostaudit."+s.Name || test.Duration != 0 || s.Name == "" {
						t.Errorf("%s is of class %q in suite %q and took %v", test.Name, test.Classname, s.Name, test.Duration)
					}
					if test.Status != junit.StatusPassed && test.Message == "" {
						t.Errorf("%s is %s without a word", test.Name, test.Status)
					}
				}
				if s.Properties["tool"] != "hostaudit 0.1.0" || s.Properties["target.mode"] != r.Target.Mode {
					t.Errorf("suite %s: properties %v", s.Name, s.Properties)
				}
			}
			if diff := cmp.Diff(total, attributes.junitCounts); diff != "" {
				t.Errorf("all suites (-counted +said):\n%s", diff)
			}
			var want []string
			if len(ciRemarks(r)) > 0 {
				want = append(want, "the audit was completed and established something")
			}
			for _, c := range r.Checks {
				want = append(want, c.ID+": "+c.Title)
			}
			slices.Sort(names)
			slices.Sort(want)
			if diff := cmp.Diff(want, names); diff != "" {
				t.Errorf("testcases (-want +got):\n%s", diff)
			}
		})
	}
}

// junitTests are the testcases of a report by the ID of their check.
func junitTests(t *testing.T, r *checks.Report) map[string]junit.Test {
	t.Helper()
	tests := map[string]junit.Test{}
	for _, s := range parsedJUnit(t, printed(t, "junit", r)) {
		for _, test := range s.Tests {
			id, _, _ := strings.Cut(test.Name, ": ")
			tests[id] = test
		}
	}
	return tests
}

// body is what stands in the failure or error of a test.
func junitBody(test junit.Test) string {
	if test.Error == nil {
		return ""
	}
	return test.Error.Error()
}

func TestJUnitVerdicts(t *testing.T) {
	for _, test := range []struct {
		fixture, check string
		status         junit.Status
		message        string
		body, out      []string
	}{
		{fixture: "clean", check: "ssh.port", status: junit.StatusPassed, out: []string{"sshd listens on port 2222 only"}},
		{fixture: "clean", check: "accounts.uid0", status: junit.StatusPassed, out: []string{"note: sssd: accounts of a directory are not examined"}},
		{fixture: "clean", check: "ftp.port", status: junit.StatusSkipped, message: "not applicable: no FTP server is installed or listens (not there)"},
		{
			fixture: "bad", check: "password.dictionary", status: junit.StatusFailed,
			message: "critical: backup: the password of backup is on the list or derived from the account (and 3 more)",
			body:    []string{"/etc/shadow.d/oracle:7", "not examined: git: yescrypt with 1 GiB of memory (one try alone would cost too much, /etc/shadow:30)", "fix: Set a new password"},
		},
		{
			fixture: "bad", check: "ssh.root-login", status: junit.StatusFailed,
			message: "high: PermitRootLogin yes: root can log in with a password (and 1 more)",
			body:    []string{"medium: Match Address", "/etc/ssh/sshd_config:122", "why: Every", "fix: Set", "may break: backups", "see: cis_debian12 5.1.20; ens_rd311_2022 op.acc.5, op.acc.6"},
			out:     []string{"note: sshd_config: UsePAM no"},
		},
		{
			fixture: "bad", check: "accounts.uid0", status: junit.StatusError,
			message: "not checked: /etc/passwd was replaced while it was read (it changed while it was read)",
			body:    []string{"/etc/passwd was replaced", "to do: run the audit again"},
		},
		{
			fixture: "waived", check: "password.dictionary", status: junit.StatusError,
			message: "in progress, later runs go on: 11 accounts have words left to try (the time granted ran out)",
		},
		{
			fixture: "policy", check: "ssh.port", status: junit.StatusSkipped,
			message: "waived until 2027-01-31, owner network team: the firewall lets only the bastion in",
			out:     []string{"medium: sshd on 0.0.0.0:22: the SSH server listens on its default port", "policy: waiver-expiring: ssh.port"},
		},
		{
			fixture: "policy", check: "mysql.root-password", status: junit.StatusSkipped,
			message: "waived until 2027-01-31, owner network team: the firewall lets only the bastion in",
			out:     []string{"not examined: mysqld_multi: its options are not evaluated"},
		},
		{
			fixture: "policy", check: "mysql.bind", status: junit.StatusSkipped,
			message: "not gated, the check is younger than the catalogue that the configuration is pinned to: mariadbd on [::]:3306: listens on every address",
			out:     []string{"low: mariadbd on [::]:3306: listens on every address (running)"},
		},
		{
			fixture: "policy", check: "listeners.declared", status: junit.StatusFailed, message: "medium: tcp/8080: undeclared",
			body: []string{"its waiver expired on 2026-10-31, owner web team: until the new web server is there", "tcp/9100: undeclared (running, in the baseline as well)"},
		},
	} {
		t.Run(test.fixture+"-"+test.check, func(t *testing.T) {
			got := junitTests(t, fixtureNamed(t, test.fixture))[test.check]
			if got.Status != test.status || got.Message != test.message {
				t.Errorf("%s: %q, want %s: %q", got.Status, got.Message, test.status, test.message)
			}
			for _, part := range test.body {
				if !strings.Contains(junitBody(got), part) {
					t.Errorf("body lacks %q:\n%s", part, junitBody(got))
				}
			}
			for _, part := range test.out {
				if !strings.Contains(got.SystemOut, part) {
					t.Errorf("system-out lacks %q:\n%s", part, got.SystemOut)
				}
			}
		})
	}
}

// What only the baseline knows fails nothing; what is new beside it does, and gives
// its severity.
func TestJUnitBaseline(t *testing.T) {
	r := fixtureNamed(t, "bad")
	root := &r.Checks[slices.IndexFunc(r.Checks, func(c checks.Result) bool { return c.ID == "ssh.root-login" })]
	root.Findings[0].Known = true
	got := junitTests(t, r)["ssh.root-login"]
	if got.Status != junit.StatusFailed || got.Message != "medium: Match Address 10.0.0.0/8: root can log in with a key" {
		t.Errorf("one known: %s: %q", got.Status, got.Message)
	}
	root.Findings[1].Known = true
	got = junitTests(t, r)["ssh.root-login"]
	if got.Status != junit.StatusSkipped || !strings.HasPrefix(got.Message, "not gated, the baseline has every finding as well: PermitRootLogin yes") {
		t.Errorf("all known: %s: %q", got.Status, got.Message)
	}
	if !strings.Contains(got.SystemOut, "high: PermitRootLogin yes") || !strings.Contains(got.SystemOut, "fix: ") {
		t.Errorf("all known: findings are hidden:\n%s", got.SystemOut)
	}
	// A gap beside them is as open as it is alone.
	root.Gaps = append(root.Gaps, checks.Gap{Reason: checks.ReasonUnreadable, Subject: "/etc/ssh/sshd_config.d", Detail: "it cannot be read"})
	got = junitTests(t, r)["ssh.root-login"]
	if got.Status != junit.StatusError || !strings.HasPrefix(got.Message, "not all of it checked: ") {
		t.Errorf("all known, with a gap: %s: %q", got.Status, got.Message)
	}
}

// Texts of the host come back as they are, whatever they look like.
func TestJUnitHostileTexts(t *testing.T) {
	r := fixtureNamed(t, "hostile")
	tests := junitTests(t, r)
	for i := range r.Checks {
		c := &r.Checks[i]
		got := junitBody(tests[c.ID]) + tests[c.ID].SystemOut
		for _, f := range c.Findings {
			if !strings.Contains(got, said(f.Subject, f.Detail)) {
				t.Errorf("%s: %q is not there", c.ID, said(f.Subject, f.Detail))
			}
		}
		for _, g := range c.Gaps {
			if !strings.Contains(got, said(g.Subject, g.Detail)) {
				t.Errorf("%s: gap %q is not there", c.ID, said(g.Subject, g.Detail))
			}
		}
	}
}

// A report whose texts were never escaped still gives a document.
func TestJUnitUncleanReport(t *testing.T) {
	r := report(checks.Result{
		ID: "x.y\x00", Title: "t\ufffe\n", Family: "x\x1b", Status: checks.StatusFail,
		Findings: []checks.Finding{{Subject: "a\x00\xff]]>\r", Detail: "\uffff"}},
	})
	for _, test := range junitTests(t, r) {
		if want := `a\x00\xff]]>\r: \u{ffff}`; !strings.Contains(junitBody(test), want) {
			t.Errorf("body %q lacks %q", junitBody(test), want)
		}
	}
}
