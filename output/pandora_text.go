package output

import (
	"cmp"
	"fmt"
	"strings"

	"hostaudit/checks"
)

// prefix begins every description; alert rules on the server match it.
func prefix(v verdict) string {
	switch v {
	case passed:
		return "OK: "
	case waived:
		return "WAIVED: "
	case inProgress:
		return "IN PROGRESS: "
	case failed:
		return "FAIL: "
	case notApplicable:
		return "N/A: "
	}
	return "NOT CHECKED: "
}

// describe is the description of one check. It holds nothing that changes while
// the host does not: each change is a write to the server's database.
func describe(r *checks.Result) description {
	v := judge(r)
	d := description{head: prefix(v)}
	title := cmp.Or(strings.TrimSuffix(shown(r.Title), "."), idOf(r))
	switch v {
	case failed:
		d.items = append(findingItems(r), gapItems(r, "not examined: ")...)
		d.tail = noAlarm(r) + ". Expected: " + title
		if r.Remedy != "" {
			d.tail += ". Fix: " + shown(r.Remedy)
		}
	case notChecked, inProgress:
		d.items = gapItems(r, "")
		d.tail = noAlarm(r) + ". Expected: " + title
	case waived:
		for _, f := range r.Findings {
			if f.Waiver != nil {
				d.items = append(d.items, said(f.Subject, f.Detail)+" ("+waiverWords(f.Waiver)+")")
			}
		}
		d.tail = ". Expected: " + title
	case passed:
		d.head += title
	}
	if v < inProgress { // gaps that the verdict allows for stay visible
		d.items = append(d.items, gapItems(r, "not examined: ")...)
	}
	if len(d.items) == 0 {
		why := shown(r.Summary)
		if why == "" && v != passed {
			why = reasonWords(r.Reason)
		}
		if v == passed && strings.EqualFold(title, strings.TrimSuffix(why, ".")) {
			why = "" // the title said it
		}
		d.items = nonEmpty(why)
	}
	return d
}

// noAlarm says why a bad verdict is none.
func noAlarm(r *checks.Result) string {
	if r.Ungated {
		return ". No alarm: " + strings.TrimPrefix(ungatedWords, "decides nothing: ")
	}
	return ""
}

// idOf is the check's ID. No check of ours is without one, but whatever a report
// holds, no description is empty.
func idOf(r *checks.Result) string { return cmp.Or(strings.TrimSpace(shown(r.ID)), "unnamed check") }

// findingItems are the unwaived findings, and how many are waived.
func findingItems(r *checks.Result) []string {
	var items []string
	covered := 0
	for _, f := range r.Findings {
		if f.Waiver != nil {
			covered++
			continue
		}
		traits := append(nonEmpty(f.Severity.String(), shown(f.Evidence), place(f.Location)), standing(nil, f.Expired, f.Known)...)
		items = append(items, said(f.Subject, f.Detail)+" ("+strings.Join(traits, ", ")+")")
	}
	if len(items) == 0 {
		items = nonEmpty(shown(r.Summary))
	}
	if covered > 0 {
		items = append(items, fmt.Sprintf("%d waived", covered))
	}
	return items
}

// gapItems say what was not examined, each after label.
func gapItems(r *checks.Result, label string) []string {
	var items []string
	for _, g := range r.Gaps {
		item := label + cmp.Or(said(g.Subject, g.Detail), "part of it")
		traits := append(nonEmpty(reasonWords(g.Reason), place(g.Location)), standing(g.Waiver, g.Expired, false)...)
		items = append(items, item+" ("+strings.Join(traits, ", ")+")")
	}
	return items
}

// said is "subject: detail", or the one there is.
func said(subject, detail checks.Text) string {
	return strings.Join(nonEmpty(shown(subject), shown(detail)), ": ")
}

// shortDigest is a digest with the 12 hex digits a person compares.
func shortDigest(digest string) string {
	name, sum, ok := strings.Cut(digest, ":")
	if !ok || len(sum) <= 12 {
		return shown(digest)
	}
	return shown(name + ":" + sum[:12])
}
