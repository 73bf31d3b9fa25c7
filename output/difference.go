package output

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"hostaudit/checks"
)

// DifferenceSchema names the layout of a Difference in JSON. It only grows.
const DifferenceSchema = "hostaudit-diff/1"

// Difference is what changed from one report to a later one. Lists are in the order
// of the reports and not null.
type Difference struct {
	Schema   string          `json:"schema"`
	Old      Compared        `json:"old"`
	New      Compared        `json:"new"`
	Added    []OneSided      `json:"added"`    // findings that only the new report has
	Removed  []OneSided      `json:"removed"`  // findings that only the old report has
	Changed  []Recounted     `json:"changed"`  // findings of both that count differently
	Gaps     []GapChange     `json:"gaps"`     // what one of them could not examine, and counts, and the other not
	Verdicts []VerdictChange `json:"verdicts"` // checks whose status differs, by ID
	// Counted says that names are withheld, in one of the reports at least, so that
	// findings about accounts are compared by their number.
	Counted bool `json:"counted,omitempty"`
}

// Compared is one of the two reports.
type Compared struct {
	Target  checks.Target `json:"target"`
	Started *time.Time    `json:"started,omitempty"` // UTC; absent where the report does not tell
}

// OneSided is a finding that only one report has.
type OneSided struct {
	Check   string         `json:"check"`
	Finding checks.Finding `json:"finding"`
	// Unsettled is for a removed finding: the new report could not examine all that
	// the check asks for, so that the finding is not known to be gone.
	Unsettled bool `json:"unsettled,omitempty"`
}

// Recounted is a finding whose severity changed, or that is waived in one report only.
type Recounted struct {
	Check string         `json:"check"`
	Old   checks.Finding `json:"old"`
	New   checks.Finding `json:"new"`
}

// GapChange is a gap that is open, not waived, in one report only: in the new one, or
// where Closed is set in the old one.
type GapChange struct {
	Check  string     `json:"check"`
	Gap    checks.Gap `json:"gap"`
	Closed bool       `json:"closed,omitempty"`
}

// VerdictChange is a check with another status. Absent means not in the report.
type VerdictChange struct {
	Check string         `json:"check"`
	Old   *checks.Status `json:"old,omitempty"`
	New   *checks.Status `json:"new,omitempty"`
}

// Empty reports that the two say the same.
func (d *Difference) Empty() bool {
	return len(d.Added)+len(d.Removed)+len(d.Changed)+len(d.Gaps)+len(d.Verdicts) == 0
}

// DifferenceFormats are the names of the formats that PrintDifference knows.
func DifferenceFormats() []string { return []string{"text", "json", "markdown"} }

// PrintDifference prints d in one write. It has no clock and follows no locale.
func PrintDifference(w io.Writer, d *Difference, format string, o TextOptions) error {
	switch format {
	case "text":
		return differenceText(w, d, o)
	case "json":
		return differenceJSON(w, d)
	case "markdown":
		return differenceMarkdown(w, d)
	}
	return fmt.Errorf("unknown format %q", format)
}

func differenceJSON(w io.Writer, d *Difference) error {
	c := *d
	c.Schema = DifferenceSchema
	c.Added, c.Removed = emptied(c.Added), emptied(c.Removed)
	c.Changed, c.Gaps, c.Verdicts = emptied(c.Changed), emptied(c.Gaps), emptied(c.Verdicts)
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(&c); err != nil {
		return fmt.Errorf("rendering json: %w", err)
	}
	return writeAll(w, buf.Bytes())
}

const countedWords = "Names of accounts are withheld: findings about them are compared by their number."

func differenceText(w io.Writer, d *Difference, o TextOptions) error {
	t := textReport{page: newPage(o.Width, o.Color), o: o}
	t.para(0, "old  ", dim, d.Old.words())
	t.para(0, "new  ", dim, d.New.words())
	if d.Counted {
		t.para(0, "", plain, countedWords)
	}
	section := func(title string, st style, about string, list []OneSided) {
		if len(list) == 0 {
			return
		}
		t.heading(title, st, about)
		for _, c := range list {
			severity := c.Finding.Severity
			t.para(2, fmt.Sprintf("%-9s", strings.ToUpper(severity.String())), severityStyle(severity), shown(c.Check)+": "+c.words()+t.bracketed(c.traits()...))
		}
	}
	section("ADDED", red, "found now, and not before", d.Added)
	section("REMOVED", green, "found before, and not now", d.Removed)
	if len(d.Changed) > 0 {
		t.heading("CHANGED", yellow, "found in both, and counted differently")
		for _, c := range d.Changed {
			t.para(2, "- ", plain, shown(c.Check)+": "+said(c.New.Subject, c.New.Detail)+" ("+c.words()+")")
		}
	}
	if len(d.Gaps) > 0 {
		t.heading("GAPS", yellow, "what could not be examined in one of them")
		for _, g := range d.Gaps {
			t.para(2, "- ", plain, shown(g.Check)+": "+g.words()+t.bracketed(g.traits()...))
		}
	}
	if len(d.Verdicts) > 0 {
		t.heading("VERDICTS", bold, "")
		for _, v := range d.Verdicts {
			t.para(2, "- ", plain, shown(v.Check)+": "+v.words())
		}
	}
	t.blank()
	t.para(0, "", plain, d.sentence())
	return writeAll(w, t.buf.Bytes())
}

// differenceMarkdown is bounded as the summary of a report is: a longer one would be
// dropped whole. The counts in its heading are of everything.
func differenceMarkdown(w io.Writer, d *Difference) error {
	var b bytes.Buffer
	left := 0
	row := func(format string, cells ...any) {
		if s := fmt.Sprintf(format, cells...); left == 0 && b.Len()+len(s) <= maxMarkdown-roomToFinish {
			b.WriteString(s)
		} else {
			left++
		}
	}
	fmt.Fprintf(&b, "## hostaudit: %s\n\n", d.sentence())
	fmt.Fprintf(&b, "| report | target |\n|---|---|\n| old | %s |\n| new | %s |\n", cellText(d.Old.words()), cellText(d.New.words()))
	if d.Counted {
		fmt.Fprintf(&b, "\n%s\n", countedWords)
	}
	heading := func(format string, title ...any) {
		if left == 0 { // else there is no room for the rows either
			fmt.Fprintf(&b, format, title...)
		}
	}
	section := func(title string, list []OneSided) {
		if len(list) == 0 {
			return
		}
		heading("\n### %s\n\n| severity | check | finding | where |\n|---|---|---|---|\n", title)
		for _, c := range list {
			row("| %s | %s | %s | %s |\n", c.Finding.Severity, cellText(shown(c.Check)),
				cellText(c.words()), cellText(strings.Join(nonEmpty(c.traits()...), ", ")))
		}
	}
	section("Added", d.Added)
	section("Removed", d.Removed)
	if len(d.Changed) > 0 {
		heading("\n### Changed\n\n| check | finding | change |\n|---|---|---|\n")
		for _, c := range d.Changed {
			row("| %s | %s | %s |\n", cellText(shown(c.Check)), cellText(said(c.New.Subject, c.New.Detail)), cellText(c.words()))
		}
	}
	if len(d.Gaps) > 0 {
		heading("\n### Gaps\n\n| check | not examined | where |\n|---|---|---|\n")
		for _, g := range d.Gaps {
			row("| %s | %s | %s |\n", cellText(shown(g.Check)), cellText(g.words()), cellText(strings.Join(nonEmpty(g.traits()...), ", ")))
		}
	}
	if len(d.Verdicts) > 0 {
		heading("\n### Verdicts\n\n| check | change |\n|---|---|\n")
		for _, v := range d.Verdicts {
			row("| %s | %s |\n", cellText(shown(v.Check)), cellText(v.words()))
		}
	}
	if left > 0 {
		fmt.Fprintf(&b, "\n**Cut here.** A summary may have 1 MB and this one needs more: %s left out; the formats text and json have everything.\n", plural(left, "row"))
	}
	return writeAll(w, b.Bytes())
}

// cellText is a text of the host in a table's cell, and nothing else.
func cellText(s string) string { return mdCell(s, mdProse) }

func (c Compared) words() string {
	t := c.Target
	what := cmp.Or(shown(t.Hostname), shown(t.Path), "this host")
	if t.Mode != "live" {
		what = cmp.Or(shown(t.Path), what)
	}
	when := ""
	if c.Started != nil {
		when = c.Started.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	system := strings.Join(nonEmpty(shown(t.OS.ID), shown(t.OS.VersionID)), " ")
	return strings.Join(nonEmpty(what, system, when), ", ")
}

func (c OneSided) words() string {
	return cmp.Or(said(c.Finding.Subject, c.Finding.Detail), shown(c.Finding.Kind))
}

func (c OneSided) traits() []string {
	traits := append([]string{shown(c.Finding.Evidence), place(c.Finding.Location)}, standing(c.Finding.Waiver, c.Finding.Expired, c.Finding.Known)...)
	if c.Unsettled {
		traits = append(traits, "perhaps not gone: the new report could not examine everything")
	}
	return traits
}

func (c Recounted) words() string {
	var parts []string
	if c.Old.Severity != c.New.Severity {
		parts = append(parts, fmt.Sprintf("%s, now %s", c.Old.Severity, c.New.Severity))
	}
	switch {
	case c.Old.Waiver == nil && c.New.Waiver != nil:
		parts = append(parts, "now "+waiverWords(c.New.Waiver))
	case c.Old.Waiver != nil && c.New.Waiver == nil && c.New.Expired != nil:
		parts = append(parts, expiredWords(c.New.Expired))
	case c.Old.Waiver != nil && c.New.Waiver == nil:
		parts = append(parts, "no longer waived")
	}
	return strings.Join(parts, "; ")
}

func (g GapChange) words() string {
	return cmp.Or(said(g.Gap.Subject, g.Gap.Detail), "part of it")
}

func (g GapChange) traits() []string {
	when := "not examined now"
	if g.Closed {
		when = "no longer open"
	}
	traits := []string{when, reasonWords(g.Gap.Reason), place(g.Gap.Location)}
	return append(traits, standing(nil, g.Gap.Expired, false)...)
}

func (v VerdictChange) words() string {
	word := func(s *checks.Status) string {
		if s == nil {
			return "not in the report"
		}
		return strings.ReplaceAll(s.String(), "_", " ")
	}
	return word(v.Old) + ", now " + word(v.New)
}

// sentence is "2 findings added, 1 removed".
func (d *Difference) sentence() string {
	if d.Empty() {
		return "No difference."
	}
	unsettled := 0
	for _, c := range d.Removed {
		if c.Unsettled {
			unsettled++
		}
	}
	removed := plural(len(d.Removed), "finding") + " removed"
	if unsettled > 0 {
		removed += fmt.Sprintf(" (%d perhaps not gone)", unsettled)
	}
	parts := []string{plural(len(d.Added), "finding") + " added", removed}
	if n := len(d.Changed); n > 0 {
		parts = append(parts, fmt.Sprintf("%d changed", n))
	}
	if n := len(d.Gaps); n > 0 {
		parts = append(parts, plural(n, "gap")+" changed")
	}
	if n := len(d.Verdicts); n > 0 {
		parts = append(parts, plural(n, "verdict")+" changed")
	}
	return strings.Join(parts, ", ") + "."
}
