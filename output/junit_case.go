package output

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hostaudit/checks"
)

// junitCase is one testcase.
type junitCase struct {
	class, name string
	element     string // failure, error, skipped or "": passed
	kind        string // type attribute of element
	message     string // one line
	text        []string
	out         []string // system-out
}

func (c junitCase) writeTo(x *junitXML) {
	attributes := []string{"classname", c.class, "name", c.name, "time", "0"}
	if c.element == "" && len(c.out) == 0 {
		x.empty(2, "testcase", attributes...)
		return
	}
	x.open(2, "testcase", attributes...)
	if c.element != "" {
		own := []string{"message", c.message}
		if c.kind != "" {
			own = []string{"type", c.kind, "message", c.message}
		}
		x.text(3, c.element, c.text, own...)
	}
	x.text(3, "system-out", c.out)
	x.close(2, "testcase")
}

// junitCaseOf says what becomes of a check. Jenkins takes the class up to its last
// dot for a package, hence "hostaudit." before the family. The notes are those on the
// configuration that name it.
func junitCaseOf(r *checks.Report, c *checks.Result, notes []checks.PolicyNote) junitCase {
	out := junitCase{
		class: strings.TrimPrefix(shown(r.Tool.Name)+"."+shown(c.Family), "."),
		name:  strings.Join(nonEmpty(idOf(c), shown(c.Title)), ": "),
	}
	v := judge(c)
	switch {
	case v == failed && deciding(c):
		out.element, out.kind = "failure", decidingSeverity(c).String()
		out.message = out.kind + ": " + openWords(c)
		out.text = slices.Concat(caseFindings(c), caseGaps(c, "not examined: "), caseHelp(c))
	case v == failed && incomplete(c):
		// What was found decides nothing, and what could not be looked at does.
		out.element, out.kind = "error", shown(string(reasonOf(c)))
		out.message = "not all of it checked: " + openGapWords(c)
		out.text = slices.Concat(caseGaps(c, "not examined: "), caseFindings(c), caseHelp(c))
	case v == failed:
		out.element = "skipped"
		out.message = "not gated, " + undecidedReason(c) + ": " + openWords(c)
		out.out = slices.Concat(caseFindings(c), caseGaps(c, "not examined: "), caseHelp(c))
	case (v == notChecked || v == inProgress) && !c.Ungated:
		out.element, out.kind = "error", shown(string(reasonOf(c)))
		out.message = unknownHeadline(c)
		out.text = slices.Concat(caseGaps(c, ""), caseFindings(c))
		for _, advice := range advices(c) {
			out.text = append(out.text, "to do: "+advice)
		}
	case v == notChecked || v == inProgress:
		out.element = "skipped"
		out.message = "not gated, " + undecidedReason(c) + ": " + unknownHeadline(c)
		out.out = slices.Concat(caseGaps(c, ""), caseFindings(c))
	case v == waived:
		out.element = "skipped"
		out.message = waivedHeadline(c)
		out.out = slices.Concat(caseFindings(c), caseGaps(c, "not examined: "))
	case v == notApplicable:
		out.element = "skipped"
		out.message = "not applicable: " + joined(shown(c.Summary), reasonWords(c.Reason))
		out.out = caseGaps(c, "not examined: ")
	default:
		out.out = slices.Concat(nonEmpty(shown(c.Summary)), caseGaps(c, "not examined: "))
	}
	for _, n := range c.Notes {
		out.out = append(out.out, "note: "+said(n.Subject, n.Detail))
	}
	for _, n := range notes {
		out.out = append(out.out, "policy: "+policyLine(n))
	}
	return out
}

// deciding reports whether a failed check has something that decides about the
// exit code: it is gated, and not all that is left of it was there before.
func deciding(r *checks.Result) bool {
	return !r.Ungated && (len(r.Findings) == 0 ||
		slices.ContainsFunc(r.Findings, checks.Finding.Gated))
}

// incomplete reports whether a failed check, whose findings decide nothing, still
// decides about the exit code: by what could not be examined.
func incomplete(r *checks.Result) bool { return !r.Ungated && !deciding(r) && r.Open() }

// openGapWords is the first gap that counts and how many more there are.
func openGapWords(r *checks.Result) string {
	first, n := "", 0
	for _, g := range r.Gaps {
		if g.Waiver == nil {
			if n++; n == 1 {
				first = joined(said(g.Subject, g.Detail), reasonWords(g.Reason))
			}
		}
	}
	if n > 1 {
		return fmt.Sprintf("%s (and %d more)", first, n-1)
	}
	return first
}

// decidingSeverity is the worst of what is neither waived nor in the baseline.
func decidingSeverity(r *checks.Result) checks.Severity { return cmp.Or(r.Gating(), worst(r)) }

// undecidedReason says why a check decides nothing.
func undecidedReason(r *checks.Result) string {
	if r.Ungated {
		return "the check is younger than the catalogue that the configuration is pinned to"
	}
	return "the baseline has every finding as well"
}

// openWords is the first finding that counts and how many more there are.
func openWords(r *checks.Result) string {
	var lines []string
	all := !deciding(r)
	for _, f := range r.Findings {
		if f.Waiver == nil && (!f.Known || all) {
			lines = append(lines, said(f.Subject, f.Detail))
		}
	}
	if len(lines) == 0 {
		return cmp.Or(shown(r.Summary), "no finding is named")
	}
	if len(lines) > 1 {
		return fmt.Sprintf("%s (and %d more)", lines[0], len(lines)-1)
	}
	return lines[0]
}

// reasonOf is the reason of the first gap that counts, or the check's.
func reasonOf(r *checks.Result) checks.Reason {
	for _, g := range r.Gaps {
		if g.Waiver == nil && g.Reason != "" {
			return g.Reason
		}
	}
	return cmp.Or(r.Reason, checks.ReasonInternal)
}

// unknownHeadline says why a check could not be settled.
func unknownHeadline(r *checks.Result) string {
	head := "not checked: "
	if judge(r) == inProgress {
		head = "in progress, later runs go on: "
	}
	return head + joined(shown(r.Summary), reasonWords(reasonOf(r)))
}

// waivedHeadline names the waivers of a check, each once.
func waivedHeadline(r *checks.Result) string {
	var words []string
	add := func(w *checks.WaiverNote) {
		if w != nil && !slices.Contains(words, ownedWaiverWords(w)) {
			words = append(words, ownedWaiverWords(w))
		}
	}
	for i := range r.Findings {
		add(r.Findings[i].Waiver)
	}
	for i := range r.Gaps {
		add(r.Gaps[i].Waiver)
	}
	return strings.Join(words, "; ")
}

// joined is "text (words)", or the one that is there.
func joined(text, words string) string {
	if text == "" || words == "" || text == words {
		return text + words
	}
	return text + " (" + words + ")"
}
