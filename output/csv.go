package output

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"hostaudit/checks"
)

// csvHeader names the columns. Columns are only ever added, at the end.
func csvHeader() []string {
	return []string{
		"host",           // hostname, or the path of the tree or image
		"started",        // RFC 3339 UTC; empty in image mode and with --reproducible
		"check",          // ID
		"family",         // of the check
		"title",          // what should be true
		"check_severity", // the check's default
		"status",         // pass, fail, unknown, not_applicable
		"row",            // finding, gap, or check: one without either
		"kind",           // of the finding; reason of the gap or of the check's status
		"severity",       // of the finding
		"subject",        // object of the finding or gap
		"detail",         // sentence; of a check its summary
		"evidence",       // running or configured
		"file",           //
		"line",           // empty for the whole file
		"fingerprint",    // of the finding
		"waiver",         // active or expired
		"waiver_reason",  //
		"waiver_owner",   //
		"waiver_expires", // YYYY-MM-DD, the last day
		"known",          // true: the baseline has the finding as well
		"gated",          // false: the check decides nothing about the exit code
		"remedy",         //
		"breaks",         // what following the remedy may break
		"references",     // "cis_debian12 5.1.20; ..."
	}
}

// CSV prints one row for each finding and each gap, and one for each check without
// either, under a header; comma separated, UTF-8 without a mark, lines that end with
// CR LF (RFC 4180).
//
// A spreadsheet takes a cell that begins with one of a few characters for a formula,
// and a host chooses its own names. Such a cell has an apostrophe before it, and so
// has one that begins with an apostrophe itself: who takes one leading apostrophe
// away from every cell has the exact text again.
func CSV(w io.Writer, r *checks.Report) error {
	var buf bytes.Buffer
	out := csv.NewWriter(&buf)
	out.UseCRLF = true
	write := func(cells []string) error {
		for i := range cells {
			cells[i] = csvGuard(cells[i])
		}
		return out.Write(cells)
	}
	err := write(csvHeader())
	for i := range r.Checks {
		for _, row := range csvRows(r, &r.Checks[i]) {
			if err == nil {
				err = write(row)
			}
		}
	}
	if out.Flush(); err == nil {
		err = out.Error()
	}
	if err != nil {
		return fmt.Errorf("writing the table: %w", err)
	}
	return writeAll(w, buf.Bytes())
}

// csvRows are the rows of one check, in the order of csvHeader.
func csvRows(r *checks.Report, c *checks.Result) [][]string {
	started := ""
	if r.Run != nil {
		started = r.Run.Started.UTC().Format("2006-01-02T15:04:05Z")
	}
	head := []string{auditedName(r), started, shown(c.ID), shown(c.Family), shown(c.Title), c.Severity.String(), c.Status.String()}
	row := func(what string, middle []string, in, expired *checks.WaiverNote, known string) []string {
		cells := append(append(head[:len(head):len(head)], what), middle...)
		waiver := []string{"", "", "", ""}
		for _, w := range []struct {
			word string
			note *checks.WaiverNote
		}{{"expired", expired}, {"active", in}} {
			if w.note != nil {
				waiver = []string{w.word, shown(w.note.Reason), shown(w.note.Owner), shown(w.note.Expires)}
			}
		}
		cells = append(append(cells, waiver...), known, strconv.FormatBool(!c.Ungated))
		return append(cells, shown(c.Remedy), shown(c.Breaks), strings.Join(referenceLines(c), "; "))
	}
	var rows [][]string
	for i := range c.Findings {
		f := &c.Findings[i]
		rows = append(rows, row("finding", []string{
			shown(f.Kind), f.Severity.String(), shown(f.Subject), shown(f.Detail), shown(string(f.Evidence)),
			shown(f.Location.File), lineNumber(f.Location), shown(f.Fingerprint),
		}, f.Waiver, f.Expired, strconv.FormatBool(f.Known)))
	}
	for i := range c.Gaps {
		g := &c.Gaps[i]
		rows = append(rows, row("gap", []string{
			shown(string(g.Reason)), "", shown(g.Subject), shown(g.Detail), "", shown(g.Location.File), lineNumber(g.Location), "",
		}, g.Waiver, g.Expired, ""))
	}
	if len(rows) == 0 {
		rows = append(rows, row("check", []string{shown(string(c.Reason)), "", "", shown(c.Summary), "", "", "", ""}, nil, nil, ""))
	}
	return rows
}

// lineNumber is the line of l, "" for the whole file and where there is none.
func lineNumber(l checks.Location) string {
	if l.File == "" || l.Line <= 0 {
		return ""
	}
	return strconv.Itoa(l.Line)
}

// csvGuard keeps a spreadsheet from calculating a cell. Blanks before the sign and
// its wide forms count as well: some programs see through both.
func csvGuard(cell string) string {
	first, _ := utf8.DecodeRuneInString(strings.TrimLeft(cell, " "))
	if strings.ContainsRune("=+-@\t\r\n'＝＋－＠", first) {
		return "'" + cell
	}
	return cell
}
