package output

import (
	"io"
	"strings"
	"testing"
	"time"

	"hostaudit/checks"
)

// A stored report can be as large as ReadJSON takes. Printing takes time in proportion:
// not checks times families, nor notes times checks, nor gaps times findings.
func TestLargeReports(t *testing.T) {
	if testing.Short() {
		t.Skip("prints large documents")
	}
	letters := func(i int) string {
		name := make([]byte, 6)
		for k := range name {
			name[k], i = 'a'+byte(i%26), i/26
		}
		return string(name)
	}
	sized := func(n int) *checks.Report {
		r := report()
		r.Policy = &checks.PolicyInfo{}
		for i := range n {
			family := letters(i)
			r.Checks = append(r.Checks, checks.Result{ID: family + ".x", Family: family, Status: checks.StatusPass})
			r.Policy.Notes = append(r.Policy.Notes, checks.PolicyNote{Kind: "waiver-unused", Check: family + ".y"})
		}
		for i := range n {
			r.Checks[0].Findings = append(r.Checks[0].Findings, checks.Finding{
				Kind: "k", Subject: checks.Text(letters(i)), Detail: checks.Text(strings.Repeat("word ", 4)), Evidence: checks.Running, Known: i < n-1,
			})
			r.Checks[0].Gaps = append(r.Checks[0].Gaps, checks.Gap{
				Reason: checks.ReasonUnreadable, Subject: checks.Text(letters(i)), Waiver: []*checks.WaiverNote{{Reason: "accepted"}, nil}[i/(n-1)],
			})
			r.Checks[1].Gaps = append(r.Checks[1].Gaps, checks.Gap{Reason: checks.ReasonUnreadable, Subject: checks.Text(letters(i))})
		}
		return r
	}
	small, large := sized(2500), sized(20_000)
	for _, f := range Formats() {
		t.Run(f.Name, func(t *testing.T) {
			took := func(r *checks.Report) time.Duration {
				start := time.Now()
				if err := f.Print(io.Discard, r, Options{}); err != nil {
					t.Fatal(err)
				}
				return time.Since(start)
			}
			// 8 times as large: in proportion 8 times as long, by the square 64 times.
			few, many := took(small), took(large)
			if limit := 24 * few; many > limit && many > 2*time.Second {
				t.Errorf("%v, then %v", few, many)
			}
			t.Log(few, many)
		})
	}
}
