package output

import (
	"cmp"
	"slices"
	"strings"

	"hostaudit/checks"
)

// htmlGroup is checks under one heading.
type htmlGroup struct {
	Class, Title string
	Checks       []htmlCheck
}

// htmlCheck is a check as one section shows it: what failed, what could not be examined
// and what is waived have a section each, and each of them is complete.
type htmlCheck struct {
	Anchor, ID, Title string // Anchor is the id of the element, unique in the page
	Severity          string // of its worst finding
	State             string // what else is true of it, in words
	Ungated           bool
	Summary           string
	Rationale         string
	Remedy, Breaks    string
	Items, More       []htmlItem // More are folded
	Elsewhere         []htmlLink // what other sections say about it
	Advice            []string
	Notes             []htmlNote
	Facts, References []htmlPair
}

// htmlItem is a finding or a gap.
type htmlItem struct {
	Subject, Detail, Place string
	Severity               string // "" = a gap
	Evidence               string // how a finding was seen, why a gap is one
	Known                  bool
	Waiver, Expired        *htmlWaiver
}

type htmlWaiver struct{ Reason, Owner, Expires string }

type htmlLink struct{ Anchor, Text string }

// Prefixes of the anchor of a check in a section that is not the one of its verdict.
const (
	gapsOf    = "gaps-"
	waivedFor = "waived-"
)

// sections sorts the checks into the sections of the page.
func (p *htmlPage) sections(results []checks.Result) {
	var failures, rest []*checks.Result
	for i := range results {
		r := &results[i]
		v := judge(r)
		switch v {
		case failed:
			failures = append(failures, r)
		case passed:
			p.Passed = append(p.Passed, newHTMLCheck(r))
		case notApplicable:
			rest = append(rest, r)
		}
		if v == notChecked || v == inProgress || slices.ContainsFunc(r.Gaps, uncovered) {
			p.Gaps = append(p.Gaps, newHTMLGaps(r, v))
		}
		if v == waived || hasWaiver(r) {
			p.Waived = append(p.Waived, newHTMLWaived(r, v))
		}
	}
	slices.SortStableFunc(failures, func(a, b *checks.Result) int { return cmp.Compare(worst(b), worst(a)) })
	for _, r := range failures {
		severity := worst(r).String()
		if n := len(p.Failed); n == 0 || p.Failed[n-1].Class != severity {
			p.Failed = append(p.Failed, htmlGroup{Class: severity, Title: htmlTitle(severity)})
		}
		group := &p.Failed[len(p.Failed)-1]
		group.Checks = append(group.Checks, newHTMLFailure(r))
	}
	for _, reason := range append(checks.Reasons(), "") {
		group := htmlGroup{Title: htmlTitle(reasonWords(reason))}
		for _, r := range rest {
			if r.Reason == reason || reason == "" && !slices.Contains(checks.Reasons(), r.Reason) {
				group.Checks = append(group.Checks, newHTMLCheck(r))
			}
		}
		if len(group.Checks) > 0 {
			p.NotApplicable = append(p.NotApplicable, group)
		}
	}
}

func uncovered(g checks.Gap) bool { return g.Waiver == nil }

func hasWaiver(r *checks.Result) bool {
	return slices.ContainsFunc(r.Findings, func(f checks.Finding) bool { return f.Waiver != nil }) ||
		slices.ContainsFunc(r.Gaps, func(g checks.Gap) bool { return g.Waiver != nil })
}

// newHTMLCheck is what every section shows of a check.
func newHTMLCheck(r *checks.Result) htmlCheck {
	c := htmlCheck{
		Anchor: shown(r.ID), ID: shown(r.ID), Title: shown(r.Title), Severity: worst(r).String(),
		Ungated: r.Ungated, Summary: shown(r.Summary),
	}
	for _, n := range r.Notes {
		c.Notes = append(c.Notes, htmlNote{Subject: shown(n.Subject), Detail: shown(n.Detail)})
	}
	for name, value := range r.Facts {
		c.Facts = append(c.Facts, htmlPair{Name: shown(name), Value: shown(value)})
	}
	for name, numbers := range r.References {
		c.References = append(c.References, htmlPair{Name: standardName(shown(name)), Value: strings.Join(shownAll(numbers), ", ")})
	}
	byName := func(a, b htmlPair) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value)) }
	slices.SortFunc(c.Facts, byName)
	slices.SortFunc(c.References, byName)
	return c
}

func newHTMLFailure(r *checks.Result) htmlCheck {
	c := newHTMLCheck(r)
	c.Summary, c.Rationale, c.Remedy, c.Breaks = ownSummary(r), shown(r.Rationale), shown(r.Remedy), shown(r.Breaks)
	list := slices.DeleteFunc(slices.Clone(r.Findings), func(f checks.Finding) bool { return f.Waiver != nil })
	covered := len(r.Findings) - len(list)
	slices.SortStableFunc(list, func(a, b checks.Finding) int {
		return cmp.Or(boolCompare(a.Known, b.Known), cmp.Compare(b.Severity, a.Severity))
	})
	for _, f := range list {
		c.Items = append(c.Items, newHTMLFinding(f))
	}
	c.fold()
	if n := len(slices.DeleteFunc(slices.Clone(r.Gaps), func(g checks.Gap) bool { return !uncovered(g) })); n > 0 {
		c.Elsewhere = append(c.Elsewhere, htmlLink{gapsOf + c.ID, plural(n, "thing") + " could not be examined"})
	}
	if covered > 0 {
		c.Elsewhere = append(c.Elsewhere, htmlLink{waivedFor + c.ID, plural(covered, "more finding") + ", waived"})
	}
	return c
}

func newHTMLGaps(r *checks.Result, v verdict) htmlCheck {
	c := newHTMLCheck(r)
	switch v {
	case inProgress:
		c.State = "in progress: later runs go on where this one ended"
	case failed:
		c.Anchor, c.State, c.Notes, c.Facts, c.References = gapsOf+c.ID, "failed besides", nil, nil, nil
		c.Elsewhere = []htmlLink{{c.ID, "what was found"}}
	}
	for _, g := range r.Gaps {
		c.Items = append(c.Items, newHTMLGap(g))
	}
	c.Summary = ""
	if len(c.Items) == 0 {
		c.Items = []htmlItem{{Detail: cmp.Or(shown(r.Summary), "no verdict"), Evidence: reasonWords(r.Reason)}}
	}
	c.fold()
	for _, advice := range advices(r) {
		c.Advice = append(c.Advice, htmlTitle(advice))
	}
	return c
}

func newHTMLWaived(r *checks.Result, v verdict) htmlCheck {
	c := newHTMLCheck(r)
	if v != waived {
		c.Anchor, c.Notes, c.Facts, c.References = waivedFor+c.ID, nil, nil, nil
	}
	for _, f := range r.Findings {
		if f.Waiver != nil {
			c.Items = append(c.Items, newHTMLFinding(f))
		}
	}
	for _, g := range r.Gaps {
		if g.Waiver != nil {
			c.Items = append(c.Items, newHTMLGap(g))
		}
	}
	c.fold()
	return c
}

// fold leaves as many items in sight as the text for people lists.
func (c *htmlCheck) fold() {
	if len(c.Items) > maxListed {
		c.Items, c.More = c.Items[:maxListed], c.Items[maxListed:]
	}
}

func newHTMLFinding(f checks.Finding) htmlItem {
	return htmlItem{
		Subject: shown(f.Subject), Detail: shown(f.Detail), Place: place(f.Location),
		Severity: f.Severity.String(), Evidence: shown(f.Evidence),
		Known: f.Known, Waiver: newHTMLWaiver(f.Waiver), Expired: newHTMLWaiver(f.Expired),
	}
}

func newHTMLGap(g checks.Gap) htmlItem {
	i := htmlItem{
		Subject: shown(g.Subject), Detail: shown(g.Detail), Place: place(g.Location), Evidence: reasonWords(g.Reason),
		Waiver: newHTMLWaiver(g.Waiver), Expired: newHTMLWaiver(g.Expired),
	}
	if i.Subject == "" && i.Detail == "" {
		i.Detail = "part of it"
	}
	return i
}

func newHTMLWaiver(w *checks.WaiverNote) *htmlWaiver {
	if w == nil {
		return nil
	}
	return &htmlWaiver{Reason: shown(w.Reason), Owner: shown(w.Owner), Expires: shown(w.Expires)}
}

// standardName is how a standard calls itself; one not known here keeps its key.
func standardName(key string) string {
	for _, b := range checks.Benchmarks() {
		if b.Key == key {
			return b.Title
		}
	}
	return key
}
