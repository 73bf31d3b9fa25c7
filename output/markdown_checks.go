package output

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hostaudit/checks"
)

// The parts of the summary that are about single checks.

func (d *mdDocument) failure(c *checks.Result) {
	d.heading(c)
	switch {
	case incomplete(c):
		d.block("Not gated: " + mdProse(undecidedReason(c)) + "; what was not examined counts.")
	case !deciding(c):
		d.block("Not gated: " + mdProse(undecidedReason(c)) + ".")
	}
	if own := ownSummary(c); own != "" {
		d.block(mdProse(own))
	}
	d.list(mdFindings(c.Findings, worst(c)))
	d.list(mdGaps(c.Gaps, "not examined: "))
	d.notes(c)
	for _, l := range [][2]string{{"Why", c.Rationale}, {"Fix", c.Remedy}, {"May break", c.Breaks}} {
		if l[1] != "" {
			d.block("**" + l[0] + ":** " + mdProse(shown(l[1])))
		}
	}
	if references := referenceLines(c); len(references) > 0 {
		d.block("**See:** " + mdProse(strings.Join(references, "; ")))
	}
}

func (d *mdDocument) heading(c *checks.Result) {
	d.owner = c.ID
	d.block("#### " + strings.Join(nonEmpty(mdCode(idOf(c)), mdProse(shown(c.Title))), ": "))
}

// list prints items, the later ones folded.
func (d *mdDocument) list(items []string) {
	for i, item := range items {
		if i == maxOpen && len(items) > maxOpen+1 {
			d.fold(fmt.Sprintf("%d more", len(items)-i))
			defer d.unfold()
		}
		d.item(item)
	}
	d.last = "" // the next list is one of its own
}

func (d *mdDocument) notes(c *checks.Result) {
	var items []string
	for _, n := range c.Notes {
		items = append(items, "note: "+cmp.Or(mdSaid(n.Subject, n.Detail), "(empty)"))
	}
	d.list(items)
}

// mdSaid is "`subject`: detail".
func mdSaid(subject, detail checks.Text) string {
	return strings.Join(nonEmpty(mdCode(shown(subject)), mdProse(shown(detail))), ": ")
}

// mdTraits is " (a, b)", each trait rendered alone so that none spoils another.
func mdTraits(traits []string) string {
	var out []string
	for _, t := range traits {
		out = append(out, mdProse(t))
	}
	return bracketedWords("", out)
}

// mdFindings are the findings, those that count first; a severity is told where it
// is not the check's.
func mdFindings(findings []checks.Finding, severity checks.Severity) []string {
	sorted := slices.Clone(findings)
	slices.SortStableFunc(sorted, func(a, b checks.Finding) int {
		return cmp.Or(boolCompare(a.Waiver != nil, b.Waiver != nil), boolCompare(a.Known, b.Known))
	})
	var items []string
	for i := range sorted {
		f := &sorted[i]
		item := cmp.Or(mdSaid(f.Subject, f.Detail), mdProse(shown(f.Kind)))
		if f.Severity != severity {
			item = mdSeverity(f.Severity) + ": " + item
		}
		items = append(items, item+mdTraits(findingTraits(f)))
	}
	return items
}

func mdGaps(gaps []checks.Gap, label string) []string {
	var items []string
	for i := range gaps {
		g := &gaps[i]
		items = append(items, label+cmp.Or(mdSaid(g.Subject, g.Detail), "part of it")+mdTraits(gapTraits(g)))
	}
	return items
}

func (d *mdDocument) unknowns(r *checks.Report) {
	list := d.of(r, notChecked, inProgress)
	if len(list) == 0 {
		return
	}
	d.block("### Not checked")
	for _, c := range list {
		d.heading(c)
		switch {
		case judge(c) == inProgress:
			d.block("In progress: later runs go on where this one ended.")
		case c.Ungated:
			d.block("Not gated: " + mdProse(undecidedReason(c)) + ".")
		}
		if len(c.Gaps) == 0 {
			d.item(cmp.Or(mdProse(shown(c.Summary)), "no verdict") + mdTraits([]string{reasonWords(c.Reason)}))
		}
		d.list(mdGaps(c.Gaps, ""))
		d.list(mdFindings(c.Findings, c.Severity))
		d.notes(c)
		d.block("**To do:** " + mdProse(strings.Join(advices(c), "; ")))
	}
	d.owner = ""
}

func (d *mdDocument) waived(r *checks.Report) {
	list := d.of(r, waived)
	if len(list) == 0 {
		return
	}
	d.block("### Waived")
	for _, c := range list {
		d.heading(c)
		d.list(mdFindings(c.Findings, c.Severity))
		d.list(mdGaps(c.Gaps, "not examined: "))
		d.notes(c)
	}
	d.owner = ""
}

func (d *mdDocument) policy(r *checks.Report) {
	p := r.Policy
	if p == nil {
		return
	}
	d.block("### Policy")
	facts := []string{"profile " + cmp.Or(mdProse(shown(p.Profile)), "default")}
	if len(p.Roles) > 0 {
		facts = append(facts, "roles "+mdProse(strings.Join(shownAll(p.Roles), ", ")))
	}
	if p.Catalogue > 0 {
		facts = append(facts, fmt.Sprintf("catalogue %d", p.Catalogue))
	}
	if p.Baseline {
		facts = append(facts, "compared with a baseline")
	}
	if p.Digest != "" {
		facts = append(facts, "digest "+mdCode(shortDigest(p.Digest)))
	}
	d.block(strings.Join(facts, ", "))
	var items []string
	for _, n := range p.Notes {
		line := strings.Join(nonEmpty(mdProse(shown(n.Kind)), mdCode(shown(n.Check)), mdProse(shown(n.Detail))), ": ")
		items = append(items, line+mdTraits(nonEmpty(place(n.Location))))
	}
	d.list(items)
}

// folded lists the checks with a verdict that asks for nothing.
func (d *mdDocument) folded(r *checks.Report, v verdict, word string) {
	list := d.of(r, v)
	if len(list) == 0 {
		return
	}
	d.fold(plural(len(list), "check") + " " + word)
	for _, c := range list {
		d.owner = c.ID
		d.item(mdCode(idOf(c)) + ": " + cmp.Or(mdProse(shown(c.Summary)), mdProse(shown(c.Title)), reasonWords(c.Reason)))
		for _, n := range c.Notes {
			d.line("list", "  - note: "+cmp.Or(mdSaid(n.Subject, n.Detail), "(empty)"))
		}
	}
	d.owner = ""
	d.unfold()
}
