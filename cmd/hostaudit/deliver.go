package main

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/mattn/go-isatty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"hostaudit/checks"
	"hostaudit/output"
)

// deliver prints the report to standard output and to every --out file. broken
// is the configuration's defect that the agent's server must hear of, or nil.
func (p *program) deliver(report *checks.Report, s *settings, broken error) error {
	printed := report
	if s.flags.reproducible || report.Target.Mode == "image" {
		copied := *report
		copied.Run = nil
		printed = &copied
	}
	if when, ok := p.sourceDate(); ok && printed.Run != nil {
		copied, run := *printed, *printed.Run
		run.Started = when
		copied.Run, printed = &run, &copied
	}
	opts := p.printOptions(s.flags)
	opts.Pandora = p.pandoraOptions(s)
	if broken != nil {
		opts.Pandora.Problem = configProblem(broken)
	}
	for _, o := range s.flags.out {
		if err := writeFile(o, s.redacted(printed, destination{private: true, format: o.format.Name}), opts); err != nil {
			return err
		}
	}
	return s.format.Print(p.stdout, s.redacted(printed, destination{private: isTerminal(p.stdout), format: s.format.Name}), opts)
}

// destination is where a document goes. A terminal and a file of mode 0600 are
// private to whoever ran the audit.
type destination struct {
	private bool
	format  string
}

// redacted returns the report as it may go there: names of accounts with weak
// passwords stay on the host unless they were asked for. A tree or an image is
// the work of whoever audits it, so there is nobody to expose.
func (s *settings) redacted(r *checks.Report, d destination) *checks.Report {
	switch {
	case d.format == "pandora": // redacts by itself, after counting
		return r
	case s.privacy == "count":
		return output.Redact(r)
	case s.privacy == "full", r.Target.Mode != "live", d.private:
		return r
	}
	return output.Redact(r)
}

// writeFile writes a whole document to a file of mode 0600, or leaves what was
// there. What is no regular file (a pipe, /dev/stdout) is written to as it is.
func writeFile(o outFile, r *checks.Report, opts output.Options) error {
	opts.Text.Color, opts.Text.Width = false, 80
	var document bytes.Buffer
	if err := o.format.Print(&document, r, opts); err != nil {
		return err
	}
	if info, err := os.Stat(o.path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(o.path, os.O_WRONLY|unix.O_NOCTTY, 0)
		if err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		_, err = f.Write(document.Bytes())
		return cmp.Or(err, f.Close())
	}
	temp, err := os.CreateTemp(filepath.Dir(o.path), ".hostaudit-*") // mode 0600
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	defer os.Remove(temp.Name()) // fails after the rename, as it should
	_, err = temp.Write(document.Bytes())
	if err := cmp.Or(err, temp.Sync(), temp.Close()); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if err := os.Rename(temp.Name(), o.path); err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	return nil
}

// printOptions describes the terminal, if standard output is one.
func (p *program) printOptions(f *flags) output.Options {
	tty := isTerminal(p.stdout)
	_, noColor := p.env["NO_COLOR"]
	color := tty && !(noColor && p.env["NO_COLOR"] != "") && p.env["TERM"] != "dumb" && p.env["TERM"] != ""
	switch f.color {
	case "always":
		color = true
	case "never":
		color = false
	}
	return output.Options{Text: output.TextOptions{
		Width: p.width(), Color: color, Verbose: f.verbose, Timings: f.timings,
	}}
}

// width of the terminal in columns; 80 where there is none.
func (p *program) width() int {
	if n, err := strconv.Atoi(p.env["COLUMNS"]); err == nil && n > 0 {
		return n
	}
	if f, ok := p.stdout.(*os.File); ok {
		if w, _, err := term.GetSize(int(f.Fd())); err == nil && w > 0 {
			return w
		}
	}
	return 80
}

func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && isatty.IsTerminal(f.Fd())
}
