package output

import (
	"bytes"
	"encoding/csv"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
)

// csvTable is a document as rows by column name, one apostrophe taken from each cell.
func csvTable(t *testing.T, document []byte) []map[string]string {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(document)).ReadAll()
	if err != nil {
		t.Fatalf("%v in %s", err, document)
	}
	if diff := cmp.Diff(csvHeader(), rows[0]); diff != "" {
		t.Fatalf("header (-want +got):\n%s", diff)
	}
	var table []map[string]string
	for _, row := range rows[1:] {
		cells := map[string]string{}
		for i, cell := range row {
			if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
				t.Errorf("a spreadsheet calculates %q", cell)
			}
			cells[rows[0][i]] = strings.TrimPrefix(cell, "'")
		}
		table = append(table, cells)
	}
	return table
}

// Every finding and gap has its row with its exact texts, every other check one.
func TestCSVIsRead(t *testing.T) {
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			r := f.report()
			document := printed(t, "csv", r)
			if bytes.Count(document, []byte("\n")) != bytes.Count(document, []byte("\r\n")) || bytes.Contains(bytes.ReplaceAll(document, []byte("\r\n"), nil), []byte("\r")) {
				t.Error("a line does not end with CR LF alone")
			}
			var want, got []string
			for i := range r.Checks {
				c := &r.Checks[i]
				for _, f := range c.Findings {
					want = append(want, strings.Join([]string{c.ID, "finding", f.Kind, string(f.Subject), string(f.Detail), place(f.Location), f.Fingerprint, f.Severity.String()}, "|"))
				}
				for _, g := range c.Gaps {
					want = append(want, strings.Join([]string{c.ID, "gap", string(g.Reason), string(g.Subject), string(g.Detail), place(g.Location), "", ""}, "|"))
				}
				if len(c.Findings)+len(c.Gaps) == 0 {
					want = append(want, strings.Join([]string{c.ID, "check", string(c.Reason), "", string(c.Summary), "", "", ""}, "|"))
				}
			}
			for _, row := range csvTable(t, document) {
				at := row["file"]
				if row["line"] != "" {
					at += ":" + row["line"]
				}
				got = append(got, strings.Join([]string{row["check"], row["row"], row["kind"], row["subject"], row["detail"], at, row["fingerprint"], row["severity"]}, "|"))
				if row["host"] != auditedName(r) || row["started"] == "" != (r.Run == nil) {
					t.Errorf("host %q, started %q", row["host"], row["started"])
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCSVPolicy(t *testing.T) {
	var got []string
	for _, row := range csvTable(t, printed(t, "csv", policyHost())) {
		got = append(got, strings.Join([]string{row["check"], row["status"], row["row"], row["waiver"], row["waiver_owner"], row["waiver_expires"], row["known"], row["gated"]}, " "))
	}
	want := []string{
		"password.dictionary fail finding expired oracle 2026-11-01 false true",
		"password.dictionary fail finding    false true",
		"ssh.port fail finding active network team 2027-01-31 false true",
		"mysql.root-password unknown gap active network team 2027-01-31  true",
		"mysql.bind fail finding    false false",
		"listeners.declared fail finding expired web team 2026-10-31 false true",
		"listeners.declared fail finding    true true",
		"accounts.uid0 pass check     true",
	}
	slices.Sort(got) // jean-rené comes before oracle, which is not the matter here
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a spreadsheet would calculate it does not, and every text comes back.
func TestCSVFormulas(t *testing.T) {
	for cell, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1",
		"  =1": "'  =1", "＝1": "'＝1", "＠x": "'＠x", "'=1": "''=1", "'": "''", "a=1": "a=1", "1-1": "1-1", "": "", " ": " ", "\"=1": "\"=1",
	} {
		if got := csvGuard(cell); got != want {
			t.Errorf("csvGuard(%q) = %q, want %q", cell, got, want)
		}
	}
	r := report(result("ssh.port", func(rec *checks.Recorder) {
		for _, s := range []string{"=cmd|' /C calc'!A0", "-2+3", "@x", "'quoted", "a,b", "a\"b", "\t=1"} {
			rec.Finding(checks.Finding{Kind: "x", Subject: checks.Text(s), Evidence: checks.Configured, Location: checks.At(s, 1)})
		}
	}))
	var want, got []string
	for _, f := range r.Checks[0].Findings {
		want = append(want, string(f.Subject)+" "+string(f.Location.File))
	}
	for _, row := range csvTable(t, printed(t, "csv", r)) {
		got = append(got, row["subject"]+" "+row["file"])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("texts (-want +got):\n%s", diff)
	}
}
