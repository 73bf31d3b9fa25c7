package output

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"hostaudit/checks"
)

// maxMarkdown is the longest document in bytes. GitHub drops a job summary of more
// than 1 MiB whole, GitLab takes a million characters for a comment. (A comment on
// GitHub takes 65536 characters: post the summary instead.)
const maxMarkdown = 1_000_000

// maxOpen is how many findings or gaps of one check are in sight; more are folded.
const maxOpen = 10

// Markdown prints the report for the job summary of a pipeline (GITHUB_STEP_SUMMARY)
// or a comment on a merge request: the counts, the failed checks worst first, what
// could not be checked, what is waived, and folded away what passed.
func Markdown(w io.Writer, r *checks.Report) error {
	d := mdDocument{lost: map[string]bool{}}
	d.report(r)
	return writeAll(w, d.finish())
}

// mdDocument collects blocks: paragraphs, headings, single list items and rows of a
// table. None is ever cut in two.
type mdDocument struct {
	buf    bytes.Buffer
	folds  int    // <details> that are open
	last   string // kind of the last block: lines of one list or table stay together
	owner  string // the check the blocks are about
	lost   map[string]bool
	cutOff bool
}

// roomToFinish is kept for the line that says the document was cut.
const roomToFinish = 400

// block appends a block of its own.
func (d *mdDocument) block(s string) { d.line("", s) }

// line appends a block that belongs to the one before it if that is of its kind.
func (d *mdDocument) line(kind, s string) {
	separator := "\n"
	if d.buf.Len() == 0 || kind != "" && kind == d.last {
		separator = ""
	}
	if d.cutOff || d.buf.Len()+len(separator)+len(s)+1 > maxMarkdown-roomToFinish {
		d.cutOff = true
		if d.owner != "" {
			d.lost[d.owner] = true
		}
		return
	}
	d.buf.WriteString(separator + s + "\n")
	d.last = kind
}

func (d *mdDocument) item(s string) { d.line("list", "- "+s) }

// fold opens a part that is shown on request; both GitHub and GitLab know how.
func (d *mdDocument) fold(summary string) {
	d.block("<details><summary>" + summary + "</summary>")
	if !d.cutOff {
		d.folds++
	}
}

func (d *mdDocument) unfold() {
	if d.folds == 0 || d.cutOff {
		return
	}
	if d.block("</details>"); !d.cutOff { // else finish has it to close
		d.folds--
	}
}

func (d *mdDocument) finish() []byte {
	if d.cutOff {
		for range d.folds {
			d.buf.WriteString("\n</details>\n")
		}
		fmt.Fprintf(&d.buf, "\n**Cut here.** A summary may have 1 MB and this one needs more. Of %s something is missing; the format json has everything.\n",
			plural(len(d.lost), "check"))
	}
	return d.buf.Bytes()
}

func (d *mdDocument) report(r *checks.Report) {
	c := count(r.Checks)
	d.block("## " + mdProse(shown(r.Tool.Name)) + ": " + mdHeadline(r, c))
	d.block("**" + c.sentence() + c.decided() + "**")
	d.target(r)
	d.failures(r)
	d.unknowns(r)
	d.waived(r)
	d.policy(r)
	d.folded(r, passed, "passed")
	d.folded(r, notApplicable, "not applicable")
}

// mdHeadline says the whole result in one line.
func mdHeadline(r *checks.Report, c tally) string {
	open := c.verdicts[notChecked] + c.verdicts[inProgress]
	switch {
	case c.verdicts[failed] > 0:
		worstOf := checks.SeverityNone
		for i := range r.Checks {
			if judge(&r.Checks[i]) == failed {
				worstOf = max(worstOf, worst(&r.Checks[i]))
			}
		}
		return fmt.Sprintf("%d of %s failed, worst %s", c.verdicts[failed], plural(c.total, "check"), worstOf)
	case c.verdicts[passed]+c.verdicts[waived] == 0:
		return "nothing was established"
	case open > 0:
		return fmt.Sprintf("nothing failed, %d of %s could not be made", open, plural(c.total, "check"))
	}
	praise := strings.TrimSuffix(c.praise(), ".")
	return strings.ToLower(praise[:1]) + praise[1:]
}

func (d *mdDocument) target(r *checks.Report) {
	parts := nonEmpty(mdCode(auditedName(r)))
	if system := nonEmpty(shown(r.Target.OS.ID), shown(r.Target.OS.VersionID)); len(system) > 0 {
		parts = append(parts, mdProse(strings.Join(system, " ")))
	}
	kind := mdProse(shown(r.Target.Kind))
	if r.Target.KindReason != "" {
		kind += " (" + mdProse(shown(r.Target.KindReason)) + ")"
	}
	parts = append(parts, nonEmpty(kind)...)
	parts = append(parts, mdProse(strings.TrimSpace(shown(r.Tool.Name)+" "+shown(r.Tool.Version))))
	if r.Run != nil {
		parts = append(parts, r.Run.Started.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	d.block(strings.Join(nonEmpty(parts...), ", "))
	if r.Run != nil && r.Run.Interrupted {
		d.block("**The audit was interrupted;** what follows is what there was.")
	}
}

// of returns the checks with one of the verdicts, in the order of the report.
func (d *mdDocument) of(r *checks.Report, verdicts ...verdict) []*checks.Result {
	var out []*checks.Result
	for i := range r.Checks {
		if slices.Contains(verdicts, judge(&r.Checks[i])) {
			out = append(out, &r.Checks[i])
		}
	}
	return out
}

func (d *mdDocument) failures(r *checks.Report) {
	list := d.of(r, failed)
	if len(list) == 0 {
		return
	}
	// What decides nothing comes after what does.
	slices.SortStableFunc(list, func(a, b *checks.Result) int {
		return cmp.Or(boolCompare(!deciding(a), !deciding(b)), cmp.Compare(worst(b), worst(a)))
	})
	d.block("### Failed")
	d.line("table", "| severity | check | expected | findings |\n| --- | --- | --- | ---: |")
	for _, c := range list {
		d.owner = c.ID
		number := fmt.Sprint(openFindings(c))
		switch {
		case c.Ungated:
			number += " (not gated)"
		case incomplete(c):
			number += " (in the baseline), not all examined"
		case !deciding(c):
			number += " (in the baseline)"
		}
		d.line("table", fmt.Sprintf("| %s | %s | %s | %s |",
			mdSeverity(worst(c)), mdCell(idOf(c), mdCode), mdCell(shown(c.Title), mdProse), number))
	}
	for _, c := range list {
		d.failure(c)
	}
	d.owner = ""
}

// openFindings is how many findings are under no waiver.
func openFindings(r *checks.Result) int {
	n := 0
	for i := range r.Findings {
		if r.Findings[i].Waiver == nil {
			n++
		}
	}
	return n
}

func mdSeverity(s checks.Severity) string {
	if s >= checks.SeverityHigh {
		return "**" + s.String() + "**"
	}
	return s.String()
}
