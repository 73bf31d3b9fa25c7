package main

import (
	"fmt"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/audit"
	"hostaudit/output"
)

// diff prints what changed between two stored reports. Like diff(1) it exits 0 where
// they say the same, 1 where they differ and 2 on trouble.
func (p *program) diff(args []string) (int, error) {
	var format, color, privacy string
	fs := newFlagSet("diff")
	fs.Func("format", "", oneOf(&format, output.DifferenceFormats()...))
	fs.Func("color", "", oneOf(&color, "auto", "always", "never"))
	fs.Func("privacy", "", oneOf(&privacy, "count", "full"))
	// The files may stand before, between or after the flags.
	var files []string
	for rest := args; len(rest) > 0; {
		if rest[0] == "-" || !strings.HasPrefix(rest[0], "-") {
			files, rest = append(files, rest[0]), rest[1:]
			continue
		}
		if err := fs.Parse(rest); err != nil {
			return exitUsage, flagError(err)
		}
		rest = fs.Args()
	}
	if len(files) != 2 {
		return exitUsage, usageError{"diff takes two JSON reports, the older first"}
	}
	if files[0] == "-" && files[1] == "-" {
		return exitUsage, usageError{"only one of the reports can be standard input"}
	}
	before, err := p.stored(files[0])
	if err != nil {
		return exitUsage, err
	}
	after, err := p.stored(files[1])
	if err != nil {
		return exitUsage, err
	}
	d := difference(before, after, privacy == "count")
	opts := p.printOptions(&flags{color: color}).Text
	if format == "" {
		format = "text"
	}
	if err := output.PrintDifference(p.stdout, d, format, opts); err != nil {
		return exitUsage, err
	}
	if d.Empty() {
		return exitClean, nil
	}
	return exitFindings, nil
}

// stored reads a report from a file, or from standard input for "-".
func (p *program) stored(file string) (*checks.Report, error) {
	if file != "-" {
		return readReport(file)
	}
	r, err := output.ReadJSON(p.stdin)
	if err != nil {
		return nil, fmt.Errorf("standard input: %w", err)
	}
	return r, nil
}

// difference compares two reports. If one of them withholds names so does the other
// before they are compared: by their number alone findings can be.
func difference(before, after *checks.Report, count bool) *output.Difference {
	d := &output.Difference{Old: compared(before), New: compared(after)}
	if old, now := counts(before), counts(after); count || old || now {
		before, after = output.Redact(before), output.Redact(after)
		d.Counted = counts(before) || counts(after)
	}
	found := audit.Compare(before, after)
	for _, c := range found.Added {
		d.Added = append(d.Added, output.OneSided{Check: c.CheckID, Finding: c.Finding})
	}
	old, now := results(before), results(after)
	for _, c := range found.Removed {
		r, asked := now[c.CheckID]
		d.Removed = append(d.Removed, output.OneSided{Check: c.CheckID, Finding: c.Finding, Unsettled: !asked || len(r.Gaps) > 0 || r.Status == checks.StatusUnknown})
	}
	for _, c := range found.Changed {
		d.Changed = append(d.Changed, output.Recounted{Check: c.CheckID, Old: c.Old, New: c.New})
	}
	for _, g := range found.Opened {
		d.Gaps = append(d.Gaps, output.GapChange{Check: g.CheckID, Gap: g.Gap})
	}
	for _, g := range found.Closed {
		if _, asked := now[g.CheckID]; !asked { // its verdict says so
			continue
		}
		d.Gaps = append(d.Gaps, output.GapChange{Check: g.CheckID, Gap: g.Gap, Closed: true})
	}
	var ids []string
	for id := range old {
		ids = append(ids, id)
	}
	for id := range now {
		if _, both := old[id]; !both {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	for _, id := range ids {
		was, is := status(old, id), status(now, id)
		if was == nil || is == nil || *was != *is {
			d.Verdicts = append(d.Verdicts, output.VerdictChange{Check: id, Old: was, New: is})
		}
	}
	return d
}

func compared(r *checks.Report) output.Compared {
	c := output.Compared{Target: r.Target}
	if r.Run != nil {
		c.Started = &r.Run.Started
	}
	return c
}

// counts reports whether a report withholds names.
func counts(r *checks.Report) bool {
	return slices.ContainsFunc(r.Checks, func(res checks.Result) bool {
		return slices.ContainsFunc(res.Findings, func(f checks.Finding) bool { return f.Counted(res.ID) })
	})
}

func results(r *checks.Report) map[string]checks.Result {
	byID := make(map[string]checks.Result, len(r.Checks))
	for _, res := range r.Checks {
		byID[res.ID] = res
	}
	return byID
}

func status(byID map[string]checks.Result, id string) *checks.Status {
	r, ok := byID[id]
	if !ok {
		return nil
	}
	return &r.Status
}
