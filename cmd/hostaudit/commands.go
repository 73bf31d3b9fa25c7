package main

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/catalogue"
	"hostaudit/output"
	"hostaudit/wordlists"
)

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
