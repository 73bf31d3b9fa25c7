package output

import (
	"cmp"
	"slices"
	"strings"

	"hostaudit/checks"
)

// Lines about findings, gaps and what to do, for formats that carry plain text.

// caseFindings are the findings, one a line, those that count first.
func caseFindings(r *checks.Result) []string {
	sorted := slices.Clone(r.Findings)
	slices.SortStableFunc(sorted, func(a, b checks.Finding) int {
		return cmp.Or(boolCompare(a.Waiver != nil, b.Waiver != nil), boolCompare(a.Known, b.Known))
	})
	var lines []string
	for i := range sorted {
		f := &sorted[i]
		line := f.Severity.String() + ": " + cmp.Or(said(f.Subject, f.Detail), shown(f.Kind))
		lines = append(lines, bracketedWords(line, findingTraits(f)))
	}
	return lines
}

// findingTraits are what there is to say about a finding beside its words.
func findingTraits(f *checks.Finding) []string {
	traits := nonEmpty(shown(string(f.Evidence)), place(f.Location))
	if f.Known {
		traits = append(traits, "in the baseline as well")
	}
	return append(traits, waiverTraits(f.Waiver, f.Expired)...)
}

// caseGaps are the gaps, one a line.
func caseGaps(r *checks.Result, label string) []string {
	var lines []string
	for i := range r.Gaps {
		g := &r.Gaps[i]
		lines = append(lines, label+bracketedWords(cmp.Or(said(g.Subject, g.Detail), "part of it"), gapTraits(g)))
	}
	return lines
}

func gapTraits(g *checks.Gap) []string {
	return append(nonEmpty(reasonWords(g.Reason), place(g.Location)), waiverTraits(g.Waiver, g.Expired)...)
}

func waiverTraits(in, expired *checks.WaiverNote) []string {
	var traits []string
	if in != nil {
		traits = append(traits, ownedWaiverWords(in))
	}
	if expired != nil {
		over := "its waiver has expired"
		if expired.Expires != "" {
			over = "its waiver expired on " + shown(expired.Expires)
		}
		if expired.Owner != "" {
			over += ", owner " + shown(expired.Owner)
		}
		traits = append(traits, strings.Join(nonEmpty(over, shown(expired.Reason)), ": "))
	}
	return traits
}

// ownedWaiverWords is "waived until 2027-01-31, owner network team: reason".
func ownedWaiverWords(w *checks.WaiverNote) string {
	words := "waived"
	if w.Expires != "" {
		words += " until " + shown(w.Expires)
	}
	if w.Owner != "" {
		words += ", owner " + shown(w.Owner)
	}
	return strings.Join(nonEmpty(words, shown(w.Reason)), ": ")
}

// caseHelp is why it matters, what to do, and where to read more.
func caseHelp(r *checks.Result) []string {
	var lines []string
	for _, l := range [][2]string{
		{"why: ", r.Rationale},
		{"fix: ", r.Remedy},
		{"may break: ", r.Breaks},
		{"see: ", strings.Join(referenceLines(r), "; ")},
	} {
		if l[1] != "" {
			lines = append(lines, l[0]+shown(l[1]))
		}
	}
	return lines
}

// referenceLines are "cis_debian12 5.1.20", sorted.
func referenceLines(r *checks.Result) []string {
	var lines []string
	for name, numbers := range r.References {
		lines = append(lines, strings.TrimSpace(shown(name)+" "+strings.Join(shownAll(numbers), ", ")))
	}
	slices.Sort(lines)
	return lines
}

func policyLine(n checks.PolicyNote) string {
	line := strings.Join(nonEmpty(shown(n.Kind), shown(n.Check), shown(n.Detail)), ": ")
	return bracketedWords(line, nonEmpty(place(n.Location)))
}

// bracketedWords is "line (a, b)".
func bracketedWords(line string, words []string) string {
	if len(words) == 0 {
		return line
	}
	return line + " (" + strings.Join(words, ", ") + ")"
}
