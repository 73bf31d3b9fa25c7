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
	Name      string // as --format and --out take it
	Extension string // of its files, without the dot
	Help      string // half a line for the usage text
	Print     func(io.Writer, *checks.Report, Options) error
	// Exit, if not nil, is the exit code of a run whose standard output has this
	// format: whoever reads it has a meaning of its own for exit codes.
	Exit func(*checks.Report) int
}

// Formats returns every format, the one for people first. The command takes its
// names from here and nowhere else.
func Formats() []Format {
	return []Format{
		{Name: "text", Extension: "txt", Help: "for people, at a terminal", Print: func(w io.Writer, r *checks.Report, o Options) error {
			return Text(w, r, o.Text)
		}},
		{Name: "json", Extension: "json", Help: "everything, schema " + checks.Schema, Print: func(w io.Writer, r *checks.Report, _ Options) error {
			return JSON(w, r)
		}},
		{Name: "html", Extension: "html", Help: "one page for a browser or paper, without scripts", Print: func(w io.Writer, r *checks.Report, _ Options) error {
			return HTML(w, r)
		}},
		{Name: "pandora", Extension: "xml", Help: "modules for the Pandora FMS agent", Print: func(w io.Writer, r *checks.Report, o Options) error {
			return Pandora(w, r, o.Pandora)
		}, Exit: func(*checks.Report) int { return 0 }},
		{Name: "nagios", Extension: "nagios.txt", Help: "a plugin's answer for Nagios, Icinga and NRPE", Print: func(w io.Writer, r *checks.Report, _ Options) error {
			return Nagios(w, r)
		}, Exit: NagiosExit},
		{Name: "prometheus", Extension: "prom", Help: "a file for node_exporter's textfile collector", Print: func(w io.Writer, r *checks.Report, _ Options) error {
			return Prometheus(w, r)
		}},
		{Name: "sarif", Extension: "sarif", Help: "SARIF 2.1.0, for GitHub code scanning and others", Print: func(w io.Writer, r *checks.Report, _ Options) error {
			return SARIF(w, r)
		}},
		{Name: "gitlab", Extension: "gitlab.json", Help: "a Code Quality report for GitLab", Print: func(w io.Writer, r *checks.Report, _ Options) error {
			return GitLab(w, r)
		}},
		{Name: "github", Extension: "github.txt", Help: "annotations in the log of a GitHub workflow", Print: func(w io.Writer, r *checks.Report, _ Options) error {
			return GitHub(w, r)
		}},
		{Name: "junit", Extension: "junit.xml", Help: "test cases for Jenkins, GitLab and others", Print: func(w io.Writer, r *checks.Report, _ Options) error {
			return JUnit(w, r)
		}},
		{Name: "markdown", Extension: "md", Help: "summary of a pipeline's job, or a comment", Print: func(w io.Writer, r *checks.Report, _ Options) error {
			return Markdown(w, r)
		}},
		{Name: "csv", Extension: "csv", Help: "a table, one row for each finding and gap", Print: func(w io.Writer, r *checks.Report, _ Options) error {
			return CSV(w, r)
		}},
		{Name: "ocsf", Extension: "ocsf.json", Help: "OCSF " + ocsfVersion + " Compliance Finding events", Print: func(w io.Writer, r *checks.Report, _ Options) error {
			return OCSF(w, r)
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
	if r.Policy != nil {
		policy := *r.Policy
		policy.Roles, policy.Notes = emptied(policy.Roles), emptied(policy.Notes)
		c.Policy = &policy
	}
	c.Checks = emptied(r.Checks)
	for i := range c.Checks {
		res := &c.Checks[i]
		res.Findings, res.Gaps, res.Notes = emptied(res.Findings), emptied(res.Gaps), emptied(res.Notes)
		for j := range res.Findings {
			f := &res.Findings[j]
			f.Waiver, f.Expired = copied(f.Waiver), copied(f.Expired)
		}
		for j := range res.Gaps {
			g := &res.Gaps[j]
			g.Waiver, g.Expired = copied(g.Waiver), copied(g.Expired)
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

func copied(w *checks.WaiverNote) *checks.WaiverNote {
	if w == nil {
		return nil
	}
	c := *w
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
