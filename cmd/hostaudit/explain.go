package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"hostaudit/checks"
	"hostaudit/checks/catalogue"
)

// list prints the catalogue: a line for each check, broken only where a terminal
// would break it worse.
func (p *program) list(args []string) error {
	if err := noArguments("list", args); err != nil {
		return err
	}
	w := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	for _, c := range catalogue.All() {
		title := []string{c.Title}
		if isTerminal(p.stdout) {
			title = wrap(c.Title, max(20, p.width()-len("mysql.root-password  critical  ")))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", c.ID, c.Severity, strings.Join(title, "\n\t\t"))
	}
	return w.Flush()
}

// explain prints all that is to know about one check.
func (p *program) explain(args []string) error {
	fs := newFlagSet("explain")
	if err := fs.Parse(args); err != nil {
		return flagError(err)
	}
	if fs.NArg() != 1 {
		return usageError{"explain takes one check ID (see hostaudit list)"}
	}
	for _, c := range catalogue.All() {
		if c.ID == fs.Arg(0) {
			return p.explainCheck(c)
		}
	}
	return usageError{fmt.Sprintf("no check is named %q (see hostaudit list)", fs.Arg(0))}
}

func (p *program) explainCheck(c checks.Check) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)\n%s\n", c.ID, c.Severity, c.Title)
	for _, part := range []struct{ head, text string }{
		{"Why", c.Rationale}, {"Remedy", c.Remedy}, {"May break", c.Breaks},
	} {
		if part.text != "" {
			fmt.Fprintf(&b, "\n%s\n  %s\n", part.head, strings.Join(wrap(part.text, 76), "\n  "))
		}
	}
	if len(c.References) > 0 {
		fmt.Fprint(&b, "\nReferences\n")
		for _, k := range slices.Sorted(maps.Keys(c.References)) {
			fmt.Fprintf(&b, "  %s: %s\n", k, strings.Join(c.References[k], ", "))
		}
	}
	_, err := fmt.Fprint(p.stdout, b.String())
	return err
}

// wrap breaks text at blanks into lines of at most width bytes (the catalogue is
// ASCII; a test of it holds that there is nothing to measure).
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		if line != "" && len(line)+1+len(word) > width {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}
