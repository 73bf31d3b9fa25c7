package main_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestFactsHaveTests: the page of facts names no test and no tree that is not there.
func TestFactsHaveTests(t *testing.T) {
	const root = "../.."
	page, err := os.ReadFile(root + "/testdata/expected/facts.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z/]+):(Test[A-Za-z0-9]+)(?:/([A-Za-z0-9_.-]+))?`").FindAllStringSubmatch(string(page), -1)
	if len(named) < 200 {
		t.Fatalf("only %d tests are named", len(named))
	}
	sources := map[string]string{}
	for _, m := range named {
		dir, function, part := m[1], m[2], m[3]
		if _, read := sources[dir]; !read {
			files, err := filepath.Glob(filepath.Join(root, dir, "*_test.go"))
			if err != nil {
				t.Fatal(err)
			}
			var all strings.Builder
			for _, f := range files {
				text, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				all.Write(text)
			}
			sources[dir] = all.String()
		}
		if !strings.Contains(sources[dir], "\nfunc "+function+"(t *testing.T)") {
			t.Errorf("%s: no test in the directory", m[0])
		}
		if part != "" && !strings.Contains(sources[dir], `"`+part+`"`) {
			t.Errorf("%s: no such part", m[0])
		}
	}
	trees := 0
	for _, m := range regexp.MustCompile(`\btrees? ((?:[a-z0-9.-]+(?:, | and | to )?)+)`).FindAllStringSubmatch(string(page), -1) {
		for _, name := range regexp.MustCompile(`, | and | to `).Split(m[1], -1) {
			if strings.HasPrefix(name, "units-") {
				continue // of debootstrap
			}
			trees++
			if _, err := os.Stat(filepath.Join(sshTreesDir, name+".txtar")); err != nil {
				t.Errorf("%q: %v", m[0], err)
			}
		}
	}
	if trees < 40 {
		t.Errorf("only %d trees are named", trees)
	}
}
