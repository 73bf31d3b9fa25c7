package main

import (
	"os"
	"strings"
	"testing"

	"hostaudit/checks/catalogue"
)

// The README's table of checks is the catalogue's; -update writes it.
func TestReadmeListsTheChecks(t *testing.T) {
	const file, begin, end = "../../README.md", "<!-- checks: begin (a test keeps this table equal to `hostaudit list --format markdown`) -->\n", "<!-- checks: end -->"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	table, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the README has lost the marks around its table of checks")
	}
	// Blank lines keep the comments from ending the table.
	want := "\n" + markdownTable(catalogue.All()) + "\n"
	if table == want {
		return
	}
	if !*update {
		t.Fatalf("the README lists\n%swant\n%s(go test ./cmd/hostaudit -run Readme -update)", table, want)
	}
	if err := os.WriteFile(file, []byte(before+begin+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
