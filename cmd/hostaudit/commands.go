package main

import (
	"cmp"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"

	"hostaudit/checks"
	"hostaudit/checks/catalogue"
	"hostaudit/output"
	"hostaudit/wordlists"
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

// report prints a stored JSON report in any format, with the exit code it would
// have had.
func (p *program) report(args []string) (int, error) {
	var format, color, failOn, privacy string
	var require []string
	var verbose bool
	// The file may stand before or after the flags.
	var file string
	if len(args) > 0 && (args[0] == "-" || !strings.HasPrefix(args[0], "-")) {
		file, args = args[0], args[1:]
	}
	fs := newFlagSet("report")
	fs.StringVar(&format, "format", "text", "")
	fs.Func("color", "", oneOf(&color, "auto", "always", "never"))
	fs.Func("fail-on", "", oneOf(&failOn, "critical", "high", "medium", "low", "never"))
	fs.Func("require", "", addNames(&require, ids(catalogue.All()), false))
	fs.Func("privacy", "", oneOf(&privacy, "count", "full"))
	fs.BoolVar(&verbose, "verbose", false, "")
	if err := fs.Parse(args); err != nil {
		return exitUsage, flagError(err)
	}
	rest := fs.Args()
	if file == "" && len(rest) > 0 {
		file, rest = rest[0], rest[1:]
	}
	if file == "" || len(rest) > 0 {
		return exitUsage, usageError{"report takes one file"}
	}
	f, err := output.Lookup(format)
	if err != nil {
		return exitUsage, usageError{"--format: " + err.Error()}
	}
	r, err := p.stored(file)
	if err != nil {
		return exitUsage, err
	}
	for _, id := range require {
		if !slices.ContainsFunc(r.Checks, func(res checks.Result) bool { return res.ID == id }) {
			return exitUsage, usageError{fmt.Sprintf("%s is required but not in the report", id)}
		}
	}
	g := gate{failOn: checks.SeverityMedium, require: require}
	if word := cmp.Or(failOn, "medium"); word == "never" {
		g.failOn = checks.SeverityNone
	} else if err := g.failOn.UnmarshalText([]byte(word)); err != nil {
		return exitUsage, usageError{err.Error()}
	}
	// A report that holds names was meant to: it goes on holding them, except
	// where it is to leave the host (the agent's printer counts by itself).
	if privacy == "count" && f.Name != "pandora" {
		r = output.Redact(r)
	}
	opts := p.printOptions(&flags{color: color, verbose: verbose})
	opts.Pandora.Full = privacy == "full"
	if err := f.Print(p.stdout, r, opts); err != nil {
		return exitUsage, err
	}
	if f.Exit != nil {
		return f.Exit(r), nil
	}
	return g.exitCode(r, r.Run != nil && r.Run.Interrupted), nil
}

func (p *program) version(args []string) error {
	if err := noArguments("version", args); err != nil {
		return err
	}
	_, err := fmt.Fprintf(p.stdout, "hostaudit %s\ncatalogue %d, %d checks\nword list %s\n%s %s/%s\n",
		version, catalogue.Number, len(catalogue.All()), wordlists.Digest(wordlists.Common()),
		runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

func noArguments(command string, args []string) error {
	fs := newFlagSet(command)
	if err := fs.Parse(args); err != nil {
		return flagError(err)
	}
	if fs.NArg() > 0 {
		return usageError{fmt.Sprintf("%s takes no argument", command)}
	}
	return nil
}
