package output

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"hostaudit/checks"
)

// TextOptions say how the text for people looks.
type TextOptions struct {
	Width   int  // columns, 40 to 120; 0 = 80
	Color   bool // SGR sequences; without them the bytes are the same otherwise
	Verbose bool // what passed and why, facts, references
	Timings bool // how long each check took
}

// maxListed is how many findings or gaps of one check are listed.
const maxListed = 20

// Text prints the report for a person: what failed, worst first; what could not
// be checked and why; then, briefly, the rest; the counts last, where the
// terminal's prompt follows.
func Text(w io.Writer, r *checks.Report, o TextOptions) error {
	p := newPage(o.Width, o.Color)
	t := textReport{page: p, o: o, checks: slices.Clone(r.Checks)}
	for i := range t.checks {
		t.width = max(t.width, p.columns(shown(t.checks[i].ID)))
	}
	t.width = min(t.width, p.width/2-len("    "))
	t.header(r)
	t.failures()
	t.unknowns()
	t.waived()
	t.passes()
	t.notApplicable()
	t.notes()
	t.configuration(r.Policy)
	t.timings()
	t.closing(r)
	return writeAll(w, p.buf.Bytes())
}

type textReport struct {
	*page
	o      TextOptions
	checks []checks.Result
	width  int // of the column of IDs
}

// of returns the checks with one of the verdicts, in the order of the report.
func (t *textReport) of(verdicts ...verdict) []*checks.Result {
	var out []*checks.Result
	for i := range t.checks {
		if slices.Contains(verdicts, judge(&t.checks[i])) {
			out = append(out, &t.checks[i])
		}
	}
	return out
}

func (t *textReport) header(r *checks.Report) {
	t.para(0, strings.TrimSpace(shown(r.Tool.Name)+" "+shown(r.Tool.Version)), bold, "")
	var what string
	switch r.Target.Mode {
	case "root":
		what = "files below " + shown(r.Target.Path)
	case "image":
		what = "image " + shown(r.Target.Path)
	default:
		what = cmp.Or(shown(r.Target.Hostname), "this host")
	}
	system := strings.Join(nonEmpty(shown(r.Target.OS.ID), shown(r.Target.OS.VersionID)), " ")
	t.para(0, "target   ", dim, strings.Join(nonEmpty(what, system), ", "))
	kind := shown(r.Target.Kind)
	if r.Target.Mode == "live" {
		kind = "running " + kind
	}
	if r.Target.KindReason != "" {
		kind += " (" + shown(r.Target.KindReason) + ")"
	}
	t.para(0, "kind     ", dim, kind)
	if run := r.Run; run != nil {
		when := run.Started.UTC().Format("2006-01-02 15:04:05 UTC")
		if run.WordList != "" {
			when += ", word list " + shortDigest(run.WordList)
		}
		t.para(0, "started  ", dim, when)
		if t.o.Verbose {
			t.para(0, "asked    ", dim, strings.Join(shownAll(run.Selection), ", "))
			t.para(0, "confined ", dim, strings.Join(shownAll(run.Confinement), ", "))
		}
		if run.Interrupted {
			t.para(0, "note     ", dim, "the audit was interrupted; what follows is what there was")
		}
	}
}

func (t *textReport) failures() {
	list := t.of(failed)
	if len(list) == 0 {
		return
	}
	slices.SortStableFunc(list, func(a, b *checks.Result) int { return cmp.Compare(worst(b), worst(a)) })
	t.heading("FAILED", red, "what should be true and is not")
	for _, r := range list {
		t.blank()
		severity := worst(r)
		t.para(0, fmt.Sprintf("%-9s", strings.ToUpper(severity.String())), severityStyle(severity), shown(r.ID))
		t.para(indent, "", plain, shown(r.Title))
		if r.Ungated {
			t.para(indent, "", plain, "it "+ungatedWords)
		}
		if own := ownSummary(r); own != "" {
			t.para(indent, "", plain, own)
		}
		t.list(r.Findings, severity)
		t.gaps(r, "not examined: ")
		t.details(indent, r)
		if r.Remedy != "" {
			t.para(indent, "fix: ", green, shown(r.Remedy))
		}
		if r.Breaks != "" {
			t.para(indent, "may break: ", yellow, shown(r.Breaks))
		}
	}
}

// list prints the findings, first those that count, last the waived ones; a severity
// is told where it is not the check's.
func (t *textReport) list(findings []checks.Finding, severity checks.Severity) {
	sorted := slices.Clone(findings)
	slices.SortStableFunc(sorted, func(a, b checks.Finding) int {
		return cmp.Or(boolCompare(a.Waiver != nil, b.Waiver != nil), boolCompare(a.Known, b.Known), cmp.Compare(b.Severity, a.Severity))
	})
	for i, f := range sorted {
		if i == maxListed {
			t.more(len(sorted) - i)
			return
		}
		var traits []string
		if f.Severity != severity {
			traits = append(traits, f.Severity.String())
		}
		traits = append(traits, shown(f.Evidence), place(f.Location))
		traits = append(traits, standing(f.Waiver, f.Expired, f.Known)...)
		t.para(indent, "- ", plain, said(f.Subject, f.Detail)+t.bracketed(traits...))
	}
}

func (t *textReport) gaps(r *checks.Result, label string) {
	for i, g := range r.Gaps {
		if i == maxListed {
			t.more(len(r.Gaps) - i)
			return
		}
		t.para(indent, "- ", plain, label+cmp.Or(said(g.Subject, g.Detail), "part of it")+
			t.bracketed(append([]string{reasonWords(g.Reason), place(g.Location)}, standing(g.Waiver, g.Expired, false)...)...))
	}
}

func (t *textReport) more(n int) {
	t.para(indent, "  ", plain, fmt.Sprintf("… and %d more (--format json shows all)", n))
}

// details are the notes, and for a reader who asked, facts and references.
func (t *textReport) details(left int, r *checks.Result) {
	for i, n := range r.Notes {
		if i == maxListed {
			t.more(len(r.Notes) - i)
			break
		}
		t.para(left, "note: ", plain, cmp.Or(said(n.Subject, n.Detail), "(empty)"))
	}
	if !t.o.Verbose {
		return
	}
	var facts, references []string
	for key, value := range r.Facts {
		facts = append(facts, shown(key)+"="+shown(value))
	}
	for name, numbers := range r.References {
		references = append(references, shown(name)+" "+strings.Join(shownAll(numbers), ", "))
	}
	slices.Sort(facts)
	slices.Sort(references)
	if len(facts) > 0 {
		t.para(left, "facts: ", dim, strings.Join(facts, ", "))
	}
	if len(references) > 0 {
		t.para(left, "see: ", dim, strings.Join(references, "; "))
	}
}

func (t *textReport) unknowns() {
	list := t.of(notChecked, inProgress)
	if len(list) == 0 {
		return
	}
	t.heading("COULD NOT BE CHECKED", magenta, "and what to do about it")
	for _, r := range list {
		t.blank()
		heading := shown(r.Title)
		if judge(r) == inProgress {
			heading += " (in progress: later runs go on where this one ended)"
		}
		t.para(0, shown(r.ID), magenta, "")
		t.para(indent, "", plain, heading)
		if r.Ungated {
			t.para(indent, "", plain, "it "+ungatedWords)
		}
		if len(r.Gaps) == 0 {
			t.para(indent, "- ", plain, cmp.Or(shown(r.Summary), "no verdict")+t.bracketed(reasonWords(r.Reason)))
		}
		t.gaps(r, "")
		t.details(indent, r)
		for _, advice := range advices(r) {
			t.para(indent, "to do: ", green, advice)
		}
	}
}

// advices are what helps against the gaps of r, each once.
func advices(r *checks.Result) []string {
	reasons := []checks.Reason{}
	for _, g := range r.Gaps {
		if g.Waiver == nil {
			reasons = append(reasons, g.Reason)
		}
	}
	if len(reasons) == 0 {
		reasons = append(reasons, r.Reason)
	}
	var out []string
	for _, reason := range checks.Reasons() { // the order of the list, not of the gaps
		if advice := reasonAdvice(reason); slices.Contains(reasons, reason) && !slices.Contains(out, advice) {
			out = append(out, advice)
		}
	}
	if len(out) == 0 {
		out = append(out, reasonAdvice(""))
	}
	return out
}

// ownSummary is the summary of a failed check where the check wrote one itself:
// the computed one repeats the list below it.
func ownSummary(r *checks.Result) string {
	number, _, counted := strings.Cut(string(r.Summary), " finding")
	counted = counted && strings.Trim(number, "0123456789") == ""
	if len(r.Findings) == 0 || !counted && !slices.ContainsFunc(r.Findings, func(f checks.Finding) bool {
		return f.Detail == r.Summary
	}) {
		return shown(r.Summary)
	}
	return ""
}

func ids(list []*checks.Result) []string {
	var out []string
	for _, r := range list {
		out = append(out, shown(r.ID))
	}
	return out
}

func shownAll(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, shown(s))
	}
	return out
}

// bracketed is " (a, b)" of the parts that are not empty, kept on one line if it
// fits on one.
func (t *textReport) bracketed(parts ...string) string {
	parts = nonEmpty(parts...)
	if len(parts) == 0 {
		return ""
	}
	return " " + t.together("("+strings.Join(parts, ", ")+")", indent+len("- "))
}

func boolCompare(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
