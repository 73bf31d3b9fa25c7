package output

import (
	"bytes"
	"strings"

	"github.com/mattn/go-runewidth"

	"hostaudit/checks"
)

// style is the parameter of an SGR sequence (ECMA-48, 8.3.117); plain is none.
type style string

// Styles. Only labels are styled, never text of the host.
const (
	plain   style = ""
	bold    style = "1"
	dim     style = "2"
	red     style = "1;31"
	green   style = "32"
	yellow  style = "33"
	magenta style = "35"
	cyan    style = "36"
)

func severityStyle(s checks.Severity) style {
	switch s {
	case checks.SeverityCritical:
		return red
	case checks.SeverityHigh:
		return "31"
	case checks.SeverityMedium:
		return yellow
	case checks.SeverityLow:
		return cyan
	}
	return bold
}

// indent is where the text of a failed check starts: below its ID.
const indent = 9

// page lays out paragraphs in columns.
type page struct {
	buf   bytes.Buffer
	width int
	color bool
	cond  *runewidth.Condition
}

func newPage(width int, color bool) *page {
	if width == 0 {
		width = 80
	}
	// An own condition: the package's default follows the environment's locale,
	// and the same report must give the same bytes.
	return &page{width: min(max(width, 40), 120), color: color, cond: &runewidth.Condition{StrictEmojiNeutral: true}}
}

// columns is how wide s is on a terminal.
func (p *page) columns(s string) int { return p.cond.StringWidth(s) }

func (p *page) blank() { p.buf.WriteByte('\n') }

// styled writes s in st. Trailing blanks stay outside.
func (p *page) styled(s string, st style) {
	word := strings.TrimRight(s, " ")
	if !p.color || st == plain || word == "" {
		p.buf.WriteString(s)
		return
	}
	p.buf.WriteString("\x1b[" + string(st) + "m" + word + "\x1b[0m" + s[len(word):])
}

// heading begins a section.
func (p *page) heading(title string, st style, about string) {
	p.blank()
	if about != "" {
		title += "  "
	}
	p.para(0, title, st, about)
}

// para writes a paragraph: label, then text, wrapped, the following lines below
// the text. A label that takes too much room wraps like the text does, and then
// without style.
func (p *page) para(left int, label string, st style, text string) {
	left = min(left, p.width/2)
	if strings.Trim(text, " ") == "" {
		text = ""
	}
	hang := left + p.columns(label)
	if hang > p.width/2 && text != "" {
		text, label, st, hang = label+text, "", plain, left
	}
	if text == "" { // a label alone
		for i, line := range p.wrap(label, p.width-left) {
			if i > 0 {
				p.buf.WriteByte('\n')
			}
			if line = strings.TrimRight(line, " "); line != "" {
				p.buf.WriteString(strings.Repeat(" ", left))
				p.styled(line, st)
			}
		}
		p.buf.WriteByte('\n')
		return
	}
	for i, line := range p.wrap(text, p.width-hang) {
		if i == 0 {
			p.buf.WriteString(strings.Repeat(" ", left))
			p.styled(label, st)
		} else {
			p.buf.WriteString(strings.Repeat(" ", hang))
		}
		p.buf.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// glue stands for a blank that ends no line. No Text holds it: it is a blank other
// than the ASCII one.
const glue = "\u00a0"

// together makes s a unit that wrap breaks only if it is wider than the line that
// starts at column left.
func (p *page) together(s string, left int) string {
	if left+p.columns(s) > p.width {
		return s
	}
	return strings.ReplaceAll(s, " ", glue)
}

// wrap breaks text at blanks into lines of at most width columns; a word that is
// wider than a line is broken where the line ends. Blanks inside a line stay as
// they are, since they may belong to a name.
func (p *page) wrap(text string, width int) []string {
	var lines []string
	line, used := "", 0
	for i, word := range strings.Split(text, " ") {
		wide := p.columns(word)
		if i > 0 {
			if used+1+wide <= width {
				line, used = line+" "+word, used+1+wide
				continue
			}
			if strings.TrimSpace(line) != "" {
				lines = append(lines, line)
			}
			line, used = "", 0
		}
		for wide > width {
			head, rest := p.split(word, width)
			lines = append(lines, head)
			word, wide = rest, p.columns(rest)
		}
		line, used = word, wide
	}
	if strings.TrimSpace(line) != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	for i := range lines {
		lines[i] = strings.ReplaceAll(lines[i], glue, " ")
	}
	return lines
}

// split cuts word after the last character that still fits, at least after one.
// Characters without width do not add up for ever.
func (p *page) split(word string, width int) (head, rest string) {
	end := 0
	for i, r := range word {
		next := i + len(string(r))
		if end > 0 && (next > 8*width || p.columns(word[:next]) > width) {
			break
		}
		end = next
	}
	return word[:end], word[end:]
}
