package output

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"hostaudit/checks"
)

// The sections below what failed and what could not be checked.

func (t *textReport) waived() {
	list := t.of(waived)
	if len(list) == 0 {
		return
	}
	t.heading("WAIVED", yellow, "found or not examined, and accepted")
	t.blank()
	for _, r := range list {
		t.para(0, shown(r.ID), bold, "")
		t.list(r.Findings, r.Severity)
		t.gaps(r, "not examined: ")
	}
}

func (t *textReport) passes() {
	list := t.of(passed)
	if len(list) == 0 {
		return
	}
	t.heading("PASSED", green, "")
	if !t.o.Verbose {
		t.para(2, "", plain, strings.Join(ids(list), ", "))
		return
	}
	for _, r := range list {
		t.row(r.ID, cmp.Or(shown(r.Summary), shown(r.Title)))
		t.details(t.width+len("    "), &checks.Result{Facts: r.Facts, References: r.References})
	}
}

func (t *textReport) notApplicable() {
	list := t.of(notApplicable)
	if len(list) == 0 {
		return
	}
	t.heading("NOT APPLICABLE", dim, "")
	if t.o.Verbose {
		for _, r := range list {
			t.row(r.ID, cmp.Or(shown(r.Summary), reasonWords(r.Reason)))
		}
		return
	}
	for _, reason := range append(checks.Reasons(), "") {
		var group []*checks.Result
		for _, r := range list {
			known := slices.Contains(checks.Reasons(), r.Reason)
			if r.Reason == reason || reason == "" && !known {
				group = append(group, r)
			}
		}
		if len(group) > 0 {
			t.para(2, reasonWords(reason)+": ", plain, strings.Join(ids(group), ", "))
		}
	}
}

// row is an ID and what is to say about it, in two columns.
func (t *textReport) row(id, text string) {
	t.para(2, shown(id)+strings.Repeat(" ", max(0, t.width-t.columns(shown(id))))+"  ", plain, text)
}

// notes are those of checks that are otherwise only listed.
func (t *textReport) notes() {
	list := slices.DeleteFunc(t.of(passed, notApplicable, waived), func(r *checks.Result) bool { return len(r.Notes) == 0 })
	if len(list) == 0 {
		return
	}
	t.heading("NOTES", bold, "")
	for _, r := range list {
		for i, n := range r.Notes {
			if i == maxListed {
				t.more(len(r.Notes) - i)
				break
			}
			t.para(2, shown(r.ID)+": ", plain, said(n.Subject, n.Detail))
		}
	}
}

func (t *textReport) timings() {
	if !t.o.Timings || len(t.checks) == 0 {
		return
	}
	t.heading("TIMINGS", bold, "")
	list := slices.Clone(t.checks)
	slices.SortStableFunc(list, func(a, b checks.Result) int { return cmp.Compare(b.Elapsed, a.Elapsed) })
	for _, r := range list {
		t.row(r.ID, fmt.Sprintf("%10s", r.Elapsed.Round(10*time.Microsecond)))
	}
}

func (t *textReport) closing(r *checks.Report) {
	c := count(r.Checks)
	t.blank()
	if c.verdicts[failed]+c.verdicts[passed]+c.verdicts[waived] == 0 {
		t.para(0, "Nothing was established: ", bold, "no check passed and none failed.")
	} else if c.verdicts[failed]+c.verdicts[notChecked]+c.verdicts[inProgress] == 0 {
		t.para(0, c.praise(), green, "")
	}
	label, line, _ := strings.Cut(c.sentence()+c.decided(), ": ")
	t.para(0, label+": ", bold, line)
}
