package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"hostaudit/checks"
	"hostaudit/checks/catalogue"
)

// Schemas of the documents that list and explain print with --format json. Like a
// report's they only grow.
const (
	listSchema    = "hostaudit-list/1"
	explainSchema = "hostaudit-explain/1"
)

// catalogueFormats are the words of --format for list and explain.
func catalogueFormats() []string { return []string{"text", "json", "markdown"} }

// list prints the catalogue.
func (p *program) list(args []string) error {
	format, names, err := catalogueArguments("list", args)
	if err != nil {
		return err
	}
	if len(names) > 0 {
		return usageError{"list takes no argument"}
	}
	var document string
	switch all := catalogue.All(); format {
	case "json":
		doc := struct {
			Schema    string       `json:"schema"`
			Catalogue int          `json:"catalogue"`
			Checks    []listedJSON `json:"checks"`
		}{listSchema, catalogue.Number, nil}
		for _, c := range all {
			doc.Checks = append(doc.Checks, listed(c))
		}
		if document, err = jsonDocument(doc); err != nil {
			return err
		}
	case "markdown":
		document = markdownTable(all)
	default:
		document = p.textTable(all)
	}
	_, err = fmt.Fprint(p.stdout, document)
	return err
}

// catalogueArguments parses the command line of list and explain; names may stand
// before flags and after them.
func catalogueArguments(command string, args []string) (format string, names []string, err error) {
	fs := newFlagSet(command)
	format = "text"
	fs.Func("format", "", oneOf(&format, catalogueFormats()...))
	for {
		if err := fs.Parse(args); err != nil {
			return "", nil, flagError(err)
		}
		if fs.NArg() == 0 {
			return format, names, nil
		}
		names, args = append(names, fs.Arg(0)), fs.Args()[1:]
	}
}

// textTable is a line for each check, broken only where a terminal would break it
// worse.
func (p *program) textTable(list []checks.Check) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, c := range list {
		title := []string{c.Title}
		if isTerminal(p.stdout) {
			title = wrap(c.Title, max(20, p.width()-len("mysql.root-password  critical  ")))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", c.ID, c.Severity, strings.Join(title, "\n\t\t"))
	}
	_ = w.Flush() // to memory
	return b.String()
}

// markdownTable is the table of the README.
func markdownTable(list []checks.Check) string {
	var b strings.Builder
	b.WriteString("| ID | severity | since | live | image | true on a sound host |\n|---|---|---|---|---|---|\n")
	for _, c := range list {
		image := "x"
		if c.Needs.Live {
			image = "-"
		}
		fmt.Fprintf(&b, "| %s | %s | %d | x | %s | %s |\n", c.ID, c.Severity, c.Since, image, markdown(c.Title))
	}
	return b.String()
}

// listedJSON is a check in the document of list.
type listedJSON struct {
	ID       string          `json:"id"`
	Title    string          `json:"title"`
	Family   string          `json:"family"`
	Severity checks.Severity `json:"severity"`
	Since    int             `json:"since"`
	Live     bool            `json:"live"`     // answered for a running host
	Image    bool            `json:"image"`    // answered for a tree of files or an image
	Baseline bool            `json:"baseline"` // compares with an accepted baseline
}

func listed(c checks.Check) listedJSON {
	return listedJSON{c.ID, c.Title, c.Family(), c.Severity, c.Since, true, !c.Needs.Live, c.Needs.Baseline}
}

func jsonDocument(doc any) (string, error) {
	data, err := json.MarshalIndent(doc, "", "  ")
	return string(data) + "\n", err
}

// explain prints all that is to know about checks, families and reasons.
func (p *program) explain(args []string) error {
	format, names, err := catalogueArguments("explain", args)
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return usageError{"explain takes check IDs, families or reasons (see hostaudit list)"}
	}
	list, reasons, err := explained(names)
	if err != nil {
		return err
	}
	var document string
	switch format {
	case "json":
		document, err = explainJSON(list, reasons)
	case "markdown":
		document = explainMarkdown(list, reasons)
	default:
		document = explainText(list, reasons)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprint(p.stdout, document)
	return err
}

// explained finds what the names stand for, each once, checks in the order of the names
// and families in that of the catalogue.
func explained(names []string) (list []checks.Check, reasons []checks.Reason, err error) {
	for _, name := range names {
		if r := checks.Reason(name); slices.Contains(checks.Reasons(), r) {
			if !slices.Contains(reasons, r) {
				reasons = append(reasons, r)
			}
			continue
		}
		found := false
		for _, c := range catalogue.All() {
			if c.ID != name && c.Family() != name {
				continue
			}
			found = true
			if !slices.ContainsFunc(list, func(other checks.Check) bool { return other.ID == c.ID }) {
				list = append(list, c)
			}
		}
		if !found {
			return nil, nil, usageError{fmt.Sprintf("no check is named %q, and no family or reason (see hostaudit list)", name)}
		}
	}
	return list, reasons, nil
}

// targets says what a check can be asked of.
func targets(c checks.Check) string {
	if c.Needs.Live {
		return "running hosts only"
	}
	return "running hosts, trees and images"
}

// familiesOf names the distributions a remedy is for. What is said for Debian is said for
// Ubuntu where nothing else is.
func familiesOf(c checks.Check, r checks.Remedy) string {
	ubuntu := slices.ContainsFunc(c.Remedies, func(r checks.Remedy) bool { return slices.Contains(r.Families, "ubuntu") })
	var titles []string
	for _, d := range checks.Distributions() {
		if slices.Contains(r.Families, d.Name) || d.Name == "ubuntu" && !ubuntu && slices.Contains(r.Families, "debian") {
			titles = append(titles, d.Title)
		}
	}
	return strings.Join(titles, ", ")
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
