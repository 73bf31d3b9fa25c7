// Package output prints a report: one file per format, all over the same
// checks.Report. A printer renders the whole document into memory and hands it
// to the writer in one piece, so a reader never sees half of one, and it escapes
// for its own syntax only: what came from the host was escaped when recorded.
//
// Nothing here decides anything. A verdict, a severity, a waiver come with the
// report; what leaves the host with or without names is Redact's, which the
// Pandora printer applies by itself unless told otherwise.
package output

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"hostaudit/checks"
)

// Options hold what the formats can be told. Each reads its own part.
type Options struct {
	Text    TextOptions
	Pandora PandoraOptions
}

// Format is one way to print a report.
type Format struct {
	Name  string // as --format and --out take it
	Help  string // half a line for the usage text
	Print func(io.Writer, *checks.Report, Options) error
}

// Formats returns every format, the one for people first. The command takes its
// names from here and nowhere else.
func Formats() []Format {
	return []Format{
		{"text", "for people, at a terminal", func(w io.Writer, r *checks.Report, o Options) error {
			return Text(w, r, o.Text)
		}},
		{"json", "everything, schema " + checks.Schema, func(w io.Writer, r *checks.Report, _ Options) error {
			return JSON(w, r)
		}},
		{"pandora", "modules for the Pandora FMS agent", func(w io.Writer, r *checks.Report, o Options) error {
			return Pandora(w, r, o.Pandora)
		}},
	}
}

// Lookup returns the format called name.
func Lookup(name string) (Format, error) {
	for _, f := range Formats() {
		if f.Name == name {
			return f, nil
		}
	}
	return Format{}, fmt.Errorf("unknown format %q", name)
}

// writeAll hands one whole document to w in a single call.
func writeAll(w io.Writer, document []byte) error {
	n, err := w.Write(document)
	if err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if n != len(document) {
		return fmt.Errorf("writing the report: %w", io.ErrShortWrite)
	}
	return nil
}

// shown is s if it may be shown as it is. Anything else is a defect of whoever
// filled the report, and is escaped here so that it breaks nothing.
func shown[S ~string](s S) string {
	if checks.Text(s).Valid() {
		return string(s)
	}
	return string(checks.Clean(string(s)))
}

// clone is a deep copy of r in which no list and no map is nil: arrays are never
// null in any format.
func clone(r *checks.Report) *checks.Report {
	c := *r
	if r.Run != nil {
		run := *r.Run
		run.Selection, run.Confinement = emptied(run.Selection), emptied(run.Confinement)
		c.Run = &run
	}
	c.Checks = emptied(r.Checks)
	for i := range c.Checks {
		res := &c.Checks[i]
		res.Findings, res.Gaps, res.Notes = emptied(res.Findings), emptied(res.Gaps), emptied(res.Notes)
		for j := range res.Findings {
			if waiver := res.Findings[j].Waiver; waiver != nil {
				copied := *waiver
				res.Findings[j].Waiver = &copied
			}
		}
		if res.Facts = maps.Clone(res.Facts); res.Facts == nil {
			res.Facts = map[string]checks.Text{}
		}
		references := make(map[string][]string, len(res.References))
		for name, numbers := range res.References {
			references[name] = emptied(numbers)
		}
		res.References = references
	}
	return &c
}

// emptied returns a copy that is not nil.
func emptied[T any](s []T) []T { return append(make([]T, 0, len(s)), s...) }

// place is "/etc/ssh/sshd_config:12", the file alone for line 0, or "".
func place(l checks.Location) string {
	if l.File == "" {
		return ""
	}
	if l.Line <= 0 {
		return shown(l.File)
	}
	return fmt.Sprintf("%s:%d", shown(l.File), l.Line)
}

// nonEmpty returns the strings that are not "".
func nonEmpty(s ...string) []string {
	return slices.DeleteFunc(s, func(e string) bool { return e == "" })
}
