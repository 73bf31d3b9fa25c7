package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"hostaudit/checks/catalogue"
)

// The README's table of checks is the catalogue's; -update writes it.
func TestReadmeListsTheChecks(t *testing.T) {
	const file, begin, end = "../../README.md", "<!-- checks: begin (a test keeps this table equal to the catalogue) -->\n", "<!-- checks: end -->"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(text), begin)
	table, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		t.Fatal("the README has lost the marks around its table of checks")
	}
	var want strings.Builder
	for _, c := range catalogue.All() {
		fmt.Fprintf(&want, "| %s | %s | %s |\n", c.ID, c.Severity, c.Title)
	}
	if table == want.String() {
		return
	}
	if !*update {
		t.Fatalf("the README lists\n%swant\n%s(go test ./cmd/hostaudit -run Readme -update)", table, want.String())
	}
	if err := os.WriteFile(file, []byte(before+begin+want.String()+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}
