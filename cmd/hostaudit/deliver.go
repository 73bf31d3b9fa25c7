package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/mattn/go-isatty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"hostaudit/checks"
	"hostaudit/output"
)

// deliver prints the report to every --out file and to standard output, which
// gets its document also where a file did not. broken is the configuration's
// defect that the agent's server must hear of, or nil.
func (p *program) deliver(report *checks.Report, s *settings, mem *memory, broken error) error {
	printed := report
	// An interrupted audit is not to be reproduced, and that it was interrupted stands
	// nowhere else: without it the document would say less than the exit code.
	interrupted := report.Run != nil && report.Run.Interrupted
	if (s.flags.reproducible || report.Target.Mode == "image") && !interrupted {
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
	var failed error
	for _, o := range s.flags.out {
		err := writeFile(o, s.redacted(printed, destination{private: !special(o.path), format: o.format.Name}), opts)
		if err != nil && s.agent { // standard output is all that the server sees
			mem.warn("output", err)
		} else if err != nil {
			failed = errors.Join(failed, err)
		}
	}
	if warned := mem.warned(); s.agent && len(warned) > 0 {
		opts.Pandora.Warning = checks.Clean(warned[0])
	}
	err := s.format.Print(p.stdout, s.redacted(printed, destination{private: isTerminal(p.stdout), format: s.format.Name}), opts)
	if err == nil && s.format.Exit != nil && failed != nil {
		mem.warn("output", failed) // the exit code belongs to the document that was printed
		return nil
	}
	return errors.Join(failed, err)
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
	case d.format == "pandora", // redacts by itself, after counting
		d.format == "prometheus": // counts, and has no names
		return r
	case s.privacy == "count":
		return output.Redact(r)
	case s.privacy == "full", r.Target.Mode != "live", d.private:
		return r
	}
	return output.Redact(r)
}

// special reports whether path leads to something that is written to as it is: a
// pipe, a terminal, a device.
func special(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular()
}

// checkOut finds out before an audit whether its documents can be written at all.
func checkOut(files []outFile) error {
	for _, o := range files {
		if err := checkTarget(o.path); err != nil {
			return err
		}
		if special(o.path) {
			continue
		}
		dir := filepath.Dir(o.path)
		if err := unix.Access(dir, unix.W_OK|unix.X_OK); err != nil {
			return fmt.Errorf("--out: %s: %w", dir, err)
		}
	}
	return nil
}

// checkTarget refuses what must not be replaced by a new file: a directory, and a
// link to a regular file (or to nothing). /dev/stdout is such a link when standard
// output is a file, and renaming onto it would take it from the whole host.
func checkTarget(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("--out: %s is a directory", path)
	}
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == fs.ModeSymlink && !special(path) {
		return fmt.Errorf("--out: %s is a symbolic link; name the file itself", path)
	}
	return nil
}

// writeFile writes a whole document to a file of mode 0600, or leaves what was
// there. What is no regular file (a pipe, /dev/stdout) is written to as it is.
func writeFile(o outFile, r *checks.Report, opts output.Options) error {
	opts.Text.Color, opts.Text.Width = false, 80
	var document bytes.Buffer
	if err := o.format.Print(&document, r, opts); err != nil {
		return err
	}
	if err := checkTarget(o.path); err != nil {
		return err
	}
	if special(o.path) {
		// O_NONBLOCK: a pipe nobody reads from is an error, not a wait without end.
		f, err := os.OpenFile(o.path, os.O_WRONLY|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
		if err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		_, err = f.Write(document.Bytes())
		if err := cmp.Or(err, f.Close()); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		return nil
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
