package main_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
	"hostaudit/checks/audit"
	"hostaudit/checks/catalogue"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
)

const (
	sshTreesPage = "../../testdata/expected/ssh-trees.md"
	sshTreesDir  = "../../testdata/hosts/ssh"
)

// TestSSHTrees holds the ssh checks against the page of what they must say of trees:
// hand-made ones of many distributions, and four releases of Debian.
func TestSSHTrees(t *testing.T) {
	ids, rows := readVerdictTable(t, sshTreesPage)
	var runner audit.Runner
	for _, id := range ids {
		i := slices.IndexFunc(catalogue.All(), func(c checks.Check) bool { return c.ID == id })
		if i < 0 {
			t.Errorf("the catalogue has no %s", id)
			continue
		}
		runner.Checks = append(runner.Checks, catalogue.All()[i])
	}
	files, err := filepath.Glob(sshTreesDir + "/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".txtar")
		if !slices.ContainsFunc(rows, func(r verdictRow) bool { return r.tree == name }) {
			t.Errorf("%s has no row", name)
		}
	}
	for _, row := range rows {
		t.Run(row.tree, func(t *testing.T) {
			h := sshTree(t, row.tree)
			for _, r := range runner.Run(t.Context(), &checks.Env{Host: h}) {
				want, err := parseCell(row.cells[r.ID])
				if err != nil {
					t.Errorf("%s: %v", r.ID, err)
					continue
				}
				if diff := cmp.Diff(want.told, want.of(r)); diff != "" {
					t.Errorf("%s (-want +got)\n%s", r.ID, diff)
				}
			}
		})
	}
}

// sshTree opens the tree of a row: of debootstrap, or of a txtar file.
func sshTree(t *testing.T, name string) *host.Host {
	t.Helper()
	if !strings.HasPrefix(name, "units-") {
		return hosttest.LoadFile(t, filepath.Join(sshTreesDir, name+".txtar"))
	}
	h, err := host.OpenRoot(hosttest.TreeOf(t, name), host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { h.Close() })
	return h
}

// verdictRow is what the page says of one tree, by check ID.
type verdictRow struct {
	tree  string
	cells map[string]string
}

// readVerdictTable reads the one table of the page: a column for the tree, one for
// each check.
func readVerdictTable(t *testing.T, page string) (ids []string, rows []verdictRow) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|-") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if ids == nil {
			ids = cells[1:]
			continue
		}
		if len(cells) != len(ids)+1 {
			t.Fatalf("%d cells in the row of %s", len(cells), cells[0])
		}
		row := verdictRow{cells[0], map[string]string{}}
		for i, id := range ids {
			row.cells[id] = cells[i+1]
		}
		rows = append(rows, row)
	}
	if len(ids) == 0 || len(rows) == 0 {
		t.Fatal("no table")
	}
	return ids, rows
}

// tableCell is one cell. told is what is compared, in the words of the page: the status
// (and the reason of n/a), then findings, gaps and "note", sorted and without doubles.
type tableCell struct {
	status checks.Status
	reason checks.Reason // of not_applicable
	told   []string
}

func parseCell(cell string) (v tableCell, err error) {
	parts := strings.Split(cell, ";")
	first := strings.Fields(parts[0])
	if len(first) == 0 {
		return v, errors.New("an empty cell")
	}
	switch first[0] {
	case "pass":
		v.status = checks.StatusPass
		parts = parts[1:]
	case "n/a":
		v.status = checks.StatusNotApplicable
		v.reason = checks.Reason(strings.Join(first[1:], " "))
		parts = parts[1:]
	case "fail":
		v.status = checks.StatusFail
		parts[0] = strings.Join(first[1:], " ")
	case "unknown":
		parts[0] = "gap " + strings.Join(first[1:], " ")
	default:
		return v, fmt.Errorf("no verdict: %q", cell)
	}
	v.told = []string{v.head(v.status, v.reason)}
	var items []string
	for _, p := range parts {
		items = append(items, strings.Join(strings.Fields(p), " "))
	}
	slices.Sort(items)
	v.told = append(v.told, slices.Compact(items)...)
	return v, nil
}

func (v tableCell) head(status checks.Status, reason checks.Reason) string {
	if status == checks.StatusNotApplicable {
		return status.String() + " " + string(reason)
	}
	return status.String()
}

// of says a result in the words of the cell: what fits one of its items is that item,
// everything else is written out.
func (v tableCell) of(r checks.Result) []string {
	var items []string
	for _, f := range r.Findings {
		words := []string{f.Severity.String(), f.Kind}
		if f.Evidence != checks.Configured {
			words = append(words, string(f.Evidence))
		}
		items = append(items, v.item(words, words[:1], f.Location))
	}
	for _, g := range r.Gaps {
		words := []string{"gap", string(g.Reason)}
		items = append(items, v.item(words, words, g.Location))
	}
	if len(r.Notes) > 0 && slices.Contains(v.told, "note") {
		items = append(items, "note")
	}
	slices.Sort(items)
	return append([]string{v.head(r.Status, r.Reason)}, slices.Compact(items)...)
}

// item returns the item of the cell that a finding or gap fits: with all its words or
// with the few that are enough, and with its place, "*", or none for no line.
func (v tableCell) item(all, few []string, at checks.Location) string {
	place := string(at.File)
	if at.Line > 0 {
		place = fmt.Sprintf("%s:%d", at.File, at.Line)
	}
	for _, words := range [][]string{all, few} {
		said := strings.Join(words, " ")
		for _, fits := range []string{said + " " + place, said + " *"} {
			if slices.Contains(v.told, fits) {
				return fits
			}
		}
		if at.Line == 0 && slices.Contains(v.told, said) {
			return said
		}
	}
	return strings.TrimSpace(strings.Join(all, " ") + " " + place)
}

// TestVerdictTable: a cell that is not met is seen.
func TestVerdictTable(t *testing.T) {
	result := checks.Result{Status: checks.StatusFail, Findings: []checks.Finding{
		{Severity: checks.SeverityMedium, Kind: "port-22", Evidence: checks.Configured, Location: checks.At("/a", 3)},
	}}
	for cell, fits := range map[string]bool{
		"fail medium port-22 /a:3":         true,
		"fail medium /a:3":                 true,
		"fail medium *":                    true,
		"fail medium port-22 *":            true,
		"fail medium":                      false,
		"fail medium port-22 /a":           false,
		"fail medium port-22 /a:4":         false,
		"fail low port-22 /a:3":            false,
		"fail medium key /a:3":             false,
		"pass":                             false,
		"unknown refused /a:3":             false,
		"fail medium port-22 /a:3; low /b": false,
		"fail medium port-22 /a:3; note":   false,
	} {
		v, err := parseCell(cell)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Equal(v.told, v.of(result)); got != fits {
			t.Errorf("%q: %v, want %v", cell, got, fits)
		}
	}
	if _, err := parseCell("perhaps"); err == nil {
		t.Error("a cell without a verdict is read")
	}
}
