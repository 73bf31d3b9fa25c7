package main

import (
	"fmt"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/catalogue"
)

// textWidth is how wide explain's paragraphs are, with what they are indented by.
const textWidth = 78

// paragraph indents text by left blanks and wraps it, but no command in backquotes.
func paragraph(left int, text string) string {
	const glue = "\x00" // no text of the catalogue holds it
	spans := strings.Split(text, "`")
	for i := 1; i < len(spans); i += 2 {
		spans[i] = strings.ReplaceAll(spans[i], " ", glue)
	}
	indent := strings.Repeat(" ", left)
	lines := strings.Join(wrap(strings.Join(spans, "`"), textWidth-left), "\n"+indent)
	return indent + strings.ReplaceAll(lines, glue, " ") + "\n"
}

// explainText prints for a terminal.
func explainText(list []checks.Check, reasons []checks.Reason) string {
	var parts []string
	for _, c := range list {
		var b strings.Builder
		fmt.Fprintf(&b, "%s (%s)\n%s\n", c.ID, c.Severity, paragraph(0, c.Title))
		fmt.Fprintf(&b, "Since catalogue %d, for %s\n", c.Since, targets(c))
		section := func(head, text string) {
			if text != "" {
				b.WriteString("\n" + head + "\n" + paragraph(2, text))
			}
		}
		section("Why", c.Rationale)
		section("How the verdict is reached", c.Verdict)
		section("Remedy", c.Remedy)
		for _, r := range c.Remedies {
			b.WriteString("\n" + paragraph(2, "On "+familiesOf(c, r)+":") + paragraph(4, r.Text))
		}
		section("May break", c.Breaks)
		if refs := referencesOf(c); len(refs) > 0 {
			b.WriteString("\nReferences (to look up; a pass is no conformity)\n")
			for _, r := range refs {
				b.WriteString(paragraph(2, r.Title+": "+strings.Join(r.Numbers, ", ")))
			}
		}
		parts = append(parts, b.String())
	}
	for _, r := range reasons {
		e := explainReason(r)
		parts = append(parts, fmt.Sprintf("%s (a reason of %s)\n%s\nMeaning\n%s\nWhat to do\n%s",
			r, strings.ReplaceAll(e.Status, "_", " "), paragraph(0, e.Words), paragraph(2, e.Meaning), paragraph(2, e.Advice)))
	}
	return strings.Join(parts, "\n\n")
}

// explainMarkdown prints for a wiki or a ticket.
func explainMarkdown(list []checks.Check, reasons []checks.Reason) string {
	var parts []string
	for _, c := range list {
		var b strings.Builder
		fmt.Fprintf(&b, "## %s\n\n%s. Severity %s, since catalogue %d, for %s.\n", c.ID, markdown(c.Title), c.Severity, c.Since, targets(c))
		section := func(head, text string) {
			if text != "" {
				b.WriteString("\n### " + head + "\n\n" + markdown(text) + "\n")
			}
		}
		section("Why", c.Rationale)
		section("How the verdict is reached", c.Verdict)
		section("Remedy", c.Remedy)
		for i, r := range c.Remedies {
			if i == 0 {
				b.WriteByte('\n')
			}
			fmt.Fprintf(&b, "- %s: %s\n", familiesOf(c, r), markdown(r.Text))
		}
		section("May break", c.Breaks)
		if refs := referencesOf(c); len(refs) > 0 {
			b.WriteString("\n### References\n\nTo look up; a pass is no conformity.\n\n")
			for _, r := range refs {
				fmt.Fprintf(&b, "- %s: %s\n", markdown(r.Title), markdown(strings.Join(r.Numbers, ", ")))
			}
		}
		parts = append(parts, b.String())
	}
	for _, r := range reasons {
		e := explainReason(r)
		parts = append(parts, fmt.Sprintf("## %s\n\nA reason of %s: %s.\n\n### Meaning\n\n%s\n\n### What to do\n\n%s\n",
			markdown(string(r)), strings.ReplaceAll(e.Status, "_", " "), markdown(e.Words), markdown(e.Meaning), markdown(e.Advice)))
	}
	return strings.Join(parts, "\n")
}

// markdown escapes the catalogue's ASCII for GitHub's Markdown, in a paragraph and in a
// cell of a table. What stands in backquotes stays: it is code there too.
func markdown(text string) string {
	var b strings.Builder
	for i, span := range strings.Split(text, "`") {
		if i > 0 {
			b.WriteByte('`')
		}
		for _, r := range span {
			if i%2 == 0 && strings.ContainsRune(`\*_[]<>|#&~`, r) || r == '|' {
				b.WriteByte('\\')
			}
			b.WriteRune(r)
		}
	}
	return b.String()
}

// remedyJSON is a remedy of some distributions.
type remedyJSON struct {
	Families []string `json:"families"`
	Text     string   `json:"text"`
}

// referenceJSON is what a check has of one benchmark.
type referenceJSON struct {
	Key     string   `json:"key"`
	Title   string   `json:"title"`
	Numbers []string `json:"numbers"`
}

// referencesOf returns the references of a check in the order of the benchmarks.
func referencesOf(c checks.Check) []referenceJSON {
	list := []referenceJSON{}
	for _, mark := range checks.Benchmarks() {
		if numbers := c.References[mark.Key]; len(numbers) > 0 {
			list = append(list, referenceJSON{mark.Key, mark.Title, numbers})
		}
	}
	return list
}

// explainJSON prints for programs.
func explainJSON(list []checks.Check, reasons []checks.Reason) (string, error) {
	type checkJSON struct {
		listedJSON
		Rationale  string          `json:"rationale"`
		Verdict    string          `json:"verdict"`
		Remedy     string          `json:"remedy"`
		Remedies   []remedyJSON    `json:"remedies"`
		Breaks     string          `json:"breaks,omitempty"`
		References []referenceJSON `json:"references"`
	}
	doc := struct {
		Schema    string       `json:"schema"`
		Catalogue int          `json:"catalogue"`
		Checks    []checkJSON  `json:"checks"`
		Reasons   []reasonJSON `json:"reasons"`
	}{explainSchema, catalogue.Number, []checkJSON{}, []reasonJSON{}}
	for _, c := range list {
		remedies := []remedyJSON{}
		for _, r := range c.Remedies {
			remedies = append(remedies, remedyJSON(r))
		}
		doc.Checks = append(doc.Checks, checkJSON{listed(c), c.Rationale, c.Verdict, c.Remedy, remedies, c.Breaks, referencesOf(c)})
	}
	for _, r := range reasons {
		doc.Reasons = append(doc.Reasons, explainReason(r))
	}
	return jsonDocument(doc)
}
