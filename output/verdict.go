package output

import (
	"fmt"
	"strings"

	"hostaudit/checks"
)

// verdict is what a printer says about a check: the status, with the waived and
// the unfinished told apart. They rise from harmless to bad, so the verdict of
// several checks is the highest.
type verdict int

const (
	notApplicable verdict = iota
	passed
	waived     // every finding and every gap is covered by a waiver
	inProgress // a password audit that needs more runs to get through its list
	notChecked
	failed
)

// judge classifies r. Findings and gaps count for more than the status word: a
// report that contradicts itself must not be shown as better than its contents.
func judge(r *checks.Result) verdict {
	open, covered := 0, 0
	for i := range r.Findings {
		if r.Findings[i].Waiver == nil {
			open++
		} else {
			covered++
		}
	}
	switch {
	case open > 0, r.Status == checks.StatusFail && covered == 0:
		return failed
	case r.Status == checks.StatusUnknown && unfinished(r):
		return inProgress
	case r.Open():
		return notChecked
	case covered > 0, r.Status == checks.StatusUnknown:
		return waived
	case r.Status == checks.StatusPass:
		return passed
	case r.Status == checks.StatusNotApplicable:
		return notApplicable
	}
	return notChecked
}

// unfinished reports a password check that says itself it goes on in the next
// run and left nothing else open than time.
func unfinished(r *checks.Result) bool {
	if r.Family != "password" && r.ID != "mysql.passwords" || r.Facts["progress"] != "in_progress" || len(r.Gaps) == 0 || !r.Open() {
		return false
	}
	for _, gap := range r.Gaps {
		if gap.Waiver == nil && gap.Reason != checks.ReasonBudget {
			return false
		}
	}
	return true
}

// openBesideQuiet reports a failed check whose findings raise no alarm (low, or known
// from the earlier report), and that has a gap nothing covers. The gap decides as it
// would alone: a quiet finding must not hide it.
func openBesideQuiet(r *checks.Result) bool {
	return judge(r) == failed && !r.Ungated && r.Gating() < checks.SeverityMedium && r.Open()
}

// worst is the highest severity of the unwaived findings of a failed check; one
// that names no finding counts with its own severity.
func worst(r *checks.Result) checks.Severity {
	if len(r.Findings) == 0 && judge(r) == failed {
		return r.Severity
	}
	return r.Worst()
}

// tally counts the verdicts of a report, and of the failed ones the severities.
type tally struct {
	total    int
	verdicts [failed + 1]int
	severity [checks.SeverityCritical + 1]int // failed checks by their worst finding
	waivers  int                              // findings under a waiver
	gaps     int                              // gaps under a waiver
	expired  int                              // findings and gaps whose waiver has ended
	known    int                              // open findings that an earlier report has
}

func count(results []checks.Result) tally {
	var t tally
	for i := range results {
		r := &results[i]
		v := judge(r)
		t.total++
		t.verdicts[v]++
		if v == failed {
			if s := worst(r); s >= 0 && int(s) < len(t.severity) {
				t.severity[s]++
			}
		}
		for j := range r.Findings {
			switch f := &r.Findings[j]; {
			case f.Waiver != nil:
				t.waivers++
				continue
			case f.Expired != nil:
				t.expired++
			}
			if r.Findings[j].Known {
				t.known++
			}
		}
		for j := range r.Gaps {
			switch g := &r.Gaps[j]; {
			case g.Waiver != nil:
				t.gaps++
			case g.Expired != nil:
				t.expired++
			}
		}
	}
	return t
}

// sentence is "13 checks: 3 failed (1 critical, 2 low), 10 passed".
func (t tally) sentence() string {
	var severities []string
	for s := checks.SeverityCritical; s > checks.SeverityNone; s-- {
		if n := t.severity[s]; n > 0 {
			severities = append(severities, fmt.Sprintf("%d %s", n, s))
		}
	}
	failures := fmt.Sprintf("%d failed", t.verdicts[failed])
	if len(severities) > 0 {
		failures += " (" + strings.Join(severities, ", ") + ")"
	}
	parts := []string{failures, fmt.Sprintf("%d not checked", t.verdicts[notChecked])}
	if n := t.verdicts[inProgress]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d in progress", n))
	}
	parts = append(parts, fmt.Sprintf("%d passed", t.verdicts[passed]))
	if n := t.verdicts[waived]; n > 0 {
		parts = append(parts, fmt.Sprintf("%d waived", n))
	}
	parts = append(parts, fmt.Sprintf("%d not applicable", t.verdicts[notApplicable]))
	return plural(t.total, "check") + ": " + strings.Join(parts, ", ")
}

// praise is what to say where no check failed and none is open.
func (t tally) praise() string {
	switch {
	case t.waivers > 0:
		return "No weakness was found but those that are waived."
	case t.gaps > 0:
		return "No weakness was found; what could not be examined is waived."
	}
	return "No weakness was found."
}

// decided is "; 1 finding and 2 gaps waived", and what else the configuration did. A
// waiver that has ended can have covered several.
func (t tally) decided() string {
	var b strings.Builder
	if under := append(counted(t.waivers, "finding"), counted(t.gaps, "gap")...); len(under) > 0 {
		b.WriteString("; " + strings.Join(under, " and ") + " waived")
	}
	if t.expired > 0 {
		fmt.Fprintf(&b, "; %d whose waiver ended", t.expired)
	}
	if t.known > 0 {
		b.WriteString("; " + plural(t.known, "finding") + " " + knownWords)
	}
	return b.String()
}

// counted is plural of a number that is not 0.
func counted(n int, noun string) []string {
	if n == 0 {
		return nil
	}
	return []string{plural(n, noun)}
}

// plural is "1 check" or "2 checks".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
