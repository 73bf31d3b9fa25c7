package output

import (
	"fmt"

	"hostaudit/checks"
)

// What looking tells faster than reading. Every plot says the same in words or numbers
// beside it, so that none of them depends on colours or on being seen.

// htmlFigure is one verdict: its number, and its part of the bar of all checks.
type htmlFigure struct {
	Class, Word string
	Count       int
	X, Width    int // in thousandths of the bar
}

// htmlBar is a severity: its findings that are open, and of those the known ones.
type htmlBar struct {
	Class, Word string
	Group       bool // there is a section to go to
	Count       int
	New, Known  int // in thousandths of the longest bar
}

// htmlFamily is a row of squares, one for each check.
type htmlFamily struct {
	Name  string
	Cells []htmlCell
}

// htmlCell is the square of a check.
type htmlCell struct{ ID, Class, Letter, Words string }

// htmlVerdictWords says a verdict and names its colour.
func htmlVerdictWords(v verdict) (word, class, letter string) {
	switch v {
	case failed:
		return "failed", "failed", "F"
	case inProgress:
		return "in progress", "progress", "…"
	case passed:
		return "passed", "pass", "✓"
	case waived:
		return "waived", "waived", "W"
	case notApplicable:
		return "not applicable", "na", "–"
	}
	return "not checked", "unknown", "?"
}

// plots fills the overview.
func (p *htmlPage) plots(results []checks.Result, t tally) {
	if t.total == 0 {
		return
	}
	seen := 0
	for _, v := range []verdict{failed, notChecked, inProgress, waived, passed, notApplicable} {
		n := t.verdicts[v]
		if n == 0 && v != failed && v != notChecked && v != passed {
			continue
		}
		word, class, _ := htmlVerdictWords(v)
		x, end := seen*1000/t.total, (seen+n)*1000/t.total
		p.Figures = append(p.Figures, htmlFigure{Class: class, Word: word, Count: n, X: x, Width: end - x})
		seen += n
	}
	p.severities(results, t)
	rows := map[string]int{}
	for i := range results {
		r := &results[i]
		row, ok := rows[r.Family]
		if !ok {
			row, p.Families = len(p.Families), append(p.Families, htmlFamily{Name: shown(r.Family)})
			rows[r.Family] = row
		}
		p.Families[row].Cells = append(p.Families[row].Cells, newHTMLCell(r))
	}
}

func (p *htmlPage) severities(results []checks.Result, t tally) {
	var open, known [checks.SeverityCritical + 1]int
	for i := range results {
		for _, f := range results[i].Findings {
			if f.Waiver != nil || f.Severity < 0 || int(f.Severity) >= len(open) {
				continue
			}
			if open[f.Severity]++; f.Known {
				known[f.Severity]++
			}
		}
	}
	for s := checks.SeverityCritical; s > checks.SeverityNone; s-- {
		p.Scale = max(p.Scale, open[s])
	}
	if p.Scale == 0 {
		return
	}
	for s := checks.SeverityCritical; s > checks.SeverityNone; s-- {
		width, before := open[s]*1000/p.Scale, known[s]*1000/p.Scale
		p.Severities = append(p.Severities, htmlBar{
			Class: s.String(), Word: htmlTitle(s.String()), Group: t.severity[s] > 0,
			Count: open[s], New: width - before, Known: before,
		})
	}
}

func newHTMLCell(r *checks.Result) htmlCell {
	word, class, letter := htmlVerdictWords(judge(r))
	if class == "failed" {
		severity := worst(r).String()
		word, class = fmt.Sprintf("%s, %s", word, severity), severity
		if severity != "none" {
			letter = htmlTitle(severity[:1])
		}
	}
	return htmlCell{ID: shown(r.ID), Class: class, Letter: letter, Words: shown(r.ID) + ": " + word}
}

// htmlTitle begins an English word with a capital.
func htmlTitle(s string) string {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return s
	}
	return string(s[0]-'a'+'A') + s[1:]
}
