package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
)

// ocsfLine is what the tests look at of an event, in one line.
func ocsfLine(e map[string]any) string {
	at := func(path string) any {
		var v any = e
		for name := range strings.SplitSeq(path, ".") {
			object, _ := v.(map[string]any)
			v = object[name]
		}
		return v
	}
	return fmt.Sprint(at("finding_info.uid"), " ", at("compliance.control"), " ", at("compliance.status"), "/", at("compliance.status_code"),
		" ", at("severity"), " ", at("status"), " ", at("status_detail"))
}

func TestOCSFEvents(t *testing.T) {
	for _, test := range []struct {
		fixture, check string
		want           []string
	}{
		{"clean", "ssh.port", []string{"web01/ssh.port ssh.port Pass/pass Informational Resolved <nil>"}},
		{"clean", "ftp.port", []string{"web01/ftp.port ftp.port Not Applicable/not_applicable Informational Resolved not there"}},
		{"image", "ftp.port", []string{"golden-2026.11.qcow2/ftp.port ftp.port Not Applicable/not_applicable Informational Resolved not there"}},
		{"bad", "ssh.root-login", []string{
			"web01/v1:5ce19066f1c65ff5 ssh.root-login Fail/fail High New <nil>",
			"web01/v1:f5ed4a1a976194fc ssh.root-login Fail/fail Medium New <nil>",
		}},
		{"bad", "accounts.uid0", []string{"web01/accounts.uid0/gaps accounts.uid0 Warning/changed_meanwhile Critical New /etc/passwd was replaced while it was read (it changed while it was read, /etc/passwd)"}},
		{"policy", "ssh.port", []string{"web01/v1:5cc9c02e8e65e6ec ssh.port Fail/fail Medium Suppressed waived until 2027-01-31, owner network team: the firewall lets only the bastion in"}},
		{"policy", "mysql.root-password", []string{"web01/mysql.root-password/gaps mysql.root-password Warning/unsupported Critical Suppressed mysqld_multi: its options are not evaluated (a form this version does not evaluate, /etc/mysql/my.cnf:3, waived until 2027-01-31, owner network team: the firewall lets only the bastion in)"}},
		{"policy", "listeners.declared", []string{
			"web01/v1:e82262d82559e263 listeners.declared Fail/fail Medium New its waiver expired on 2026-10-31, owner web team: until the new web server is there",
			"web01/v1:2f90b182d6197d8f listeners.declared Fail/fail Medium Known in the baseline as well",
		}},
	} {
		t.Run(test.fixture+"-"+test.check, func(t *testing.T) {
			var got []string
			for _, e := range ocsfParsed(t, printed(t, "ocsf", fixtureNamed(t, test.fixture))) {
				if e["metadata"].(map[string]any)["event_code"] == test.check {
					got = append(got, ocsfLine(e))
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// There is an event for every finding and, for every check, one for its gaps or its
// verdict, each on a line of its own and each with the numbers of the class.
func TestOCSFIsRead(t *testing.T) {
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			r := f.report()
			want := 0
			for i := range r.Checks {
				want += len(r.Checks[i].Findings)
				if len(r.Checks[i].Gaps) > 0 || len(r.Checks[i].Findings) == 0 {
					want++
				}
			}
			document := printed(t, "ocsf", r)
			events := ocsfParsed(t, document)
			if len(events) != want || bytes.Count(document, []byte("\n")) != want+2 {
				t.Errorf("%d events on %d lines, want %d", len(events), bytes.Count(document, []byte("\n")), want)
			}
			gaps := 0
			for i, line := range strings.Split(string(document), "\n")[1 : want+1] {
				var e ocsfEvent
				if err := json.Unmarshal([]byte(strings.TrimSuffix(line, ",")), &e); err != nil {
					t.Fatalf("line %d: %v", i+2, err)
				}
				if e.ClassUID != 2003 || e.CategoryUID != e.ClassUID/1000 || e.TypeUID != e.ClassUID*100+e.ActivityID {
					t.Errorf("line %d: class %d, category %d, type %d", i+2, e.ClassUID, e.CategoryUID, e.TypeUID)
				}
				if timed := r.Run != nil; timed != (e.Time == 1795377791000) || timed != (e.Unmapped.Time == "") || !timed && e.Time != 0 {
					t.Errorf("line %d: time %d, %q", i+2, e.Time, e.Unmapped.Time)
				}
				gaps += len(e.Unmapped.Gaps)
			}
			for i := range r.Checks {
				gaps -= len(r.Checks[i].Gaps)
			}
			if gaps != 0 {
				t.Errorf("%+d gaps", gaps)
			}
		})
	}
}

func TestOCSFStandards(t *testing.T) {
	r := fixtureNamed(t, "bad")
	for _, e := range ocsfParsed(t, printed(t, "ocsf", r)) {
		compliance := e["compliance"].(map[string]any)
		want := map[string]any{"standards": []any{"hostaudit"}, "requirements": nil}
		if compliance["control"] == "ssh.root-login" {
			want = map[string]any{
				"standards":    []any{"CIS Debian Linux 12 Benchmark v1.1.0", "ENS, Royal Decree 311/2022 (Spain), annex II"},
				"requirements": []any{"cis_debian12 5.1.20", "ens_rd311_2022 op.acc.5", "ens_rd311_2022 op.acc.6"},
			}
		}
		for key, value := range want {
			if diff := cmp.Diff(value, compliance[key]); diff != "" {
				t.Errorf("%v: %s (-want +got):\n%s", compliance["control"], key, diff)
			}
		}
	}
}

// A host's report has its own identifiers: two hosts of one image are two.
func TestOCSFHostsDiffer(t *testing.T) {
	seen := map[any]bool{}
	for _, host := range []checks.Text{"web01", "web02"} {
		r := fixtureNamed(t, "bad")
		r.Target.Hostname = host
		for _, e := range ocsfParsed(t, printed(t, "ocsf", r)) {
			uid := e["finding_info"].(map[string]any)["uid"]
			if seen[uid] {
				t.Errorf("%v twice", uid)
			}
			seen[uid] = true
		}
	}
}

// Whoever keeps events by their identifier keeps all of them: where names are withheld,
// the number of the waived accounts and that of the others have one fingerprint.
func TestOCSFSameFingerprint(t *testing.T) {
	r := Redact(fixtureNamed(t, "waived"))
	uids := map[any]string{}
	for _, e := range ocsfParsed(t, printed(t, "ocsf", r)) {
		uid := e["finding_info"].(map[string]any)["uid"]
		if was, twice := uids[uid]; twice {
			t.Errorf("%v is both %q and %q", uid, was, e["message"])
		}
		uids[uid] = fmt.Sprint(e["status"], " ", e["message"])
	}
	fingerprint := checks.Fingerprint("password.empty", checks.Configured, "nullok", "", "")
	for suffix, want := range map[string]string{"": "New 2 accounts: ", "/2": "Suppressed 1 account: "} {
		if got := uids["web01/"+fingerprint+suffix]; !strings.HasPrefix(got, want) {
			t.Errorf("%q: %q, want %q", suffix, got, want)
		}
	}
}

// What one event says about many gaps is bounded, and tells how many there are.
func TestOCSFManyGaps(t *testing.T) {
	r := report(result("accounts.uid0", func(r *checks.Recorder) {
		for i := range 100 {
			r.Gap(checks.Gap{Reason: checks.ReasonUnreadable, Subject: checks.Text(fmt.Sprintf("file-%03d", i)), Detail: "permission denied"})
		}
	}))
	e := ocsfParsed(t, printed(t, "ocsf", r))[0]
	message := fmt.Sprint(e["message"])
	if !strings.HasSuffix(message, "; and 90 more") || strings.Count(message, "file-") != 10 {
		t.Errorf("%q", message)
	}
	if gaps := e["unmapped"].(map[string]any)["gaps"].([]any); len(gaps) != 100 {
		t.Errorf("%d gaps", len(gaps))
	}
}

// A failed check that names no finding is no pass, and neither is one without a
// verdict.
func TestOCSFContradiction(t *testing.T) {
	for status, want := range map[checks.Status]string{
		checks.StatusFail:    "web01/x.y x.y Fail/fail High New <nil>",
		checks.StatusUnknown: "web01/x.y x.y Warning/internal High New a defect of this program",
	} {
		r := report(checks.Result{ID: "x.y", Severity: checks.SeverityHigh, Status: status})
		if got := ocsfLine(ocsfParsed(t, printed(t, "ocsf", r))[0]); got != want {
			t.Errorf("%v: %q, want %q", status, got, want)
		}
	}
	r := report(checks.Result{ID: "x.y", Status: checks.StatusFail, Gaps: []checks.Gap{{Reason: checks.ReasonUnreadable}}})
	if events := ocsfParsed(t, printed(t, "ocsf", r)); len(events) != 2 || !strings.Contains(ocsfLine(events[0]), " Fail/fail ") {
		t.Errorf("failed with a gap: %d events, the first %q", len(events), ocsfLine(events[0]))
	}
}
