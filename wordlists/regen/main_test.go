package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestMerge(t *testing.T) {
	got := merge([]ranking{
		{[]string{"a", "b", "c", "b"}, 1},
		{[]string{"c", "d", "white space", "", "sch\xc3\xb6n"}, 1},
		{[]string{"e", "a"}, 0.5},
	})
	// a: 1/61 + 0.5/62; c: 1/63 + 1/61; b and d: 1/62; e: 0.5/61.
	if diff := cmp.Diff([]string{"c", "a", "b", "d", "e"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestParsers(t *testing.T) {
	lines, err := parseLines([]byte("#!comment: x\r\none\r\n\n#two\n"))
	if diff := cmp.Diff([]string{"one", "#two"}, lines); diff != "" || err != nil {
		t.Error(diff, err)
	}
	lists, err := parseFrequencyLists([]byte("frequency_lists = {\n  passwords: \"a,b\",\n  surnames: \"c\""))
	if diff := cmp.Diff([]string{"a", "b"}, lists); diff != "" || err != nil {
		t.Error(diff, err)
	}
	if _, err := parseFrequencyLists([]byte("passwords: \"a,b")); err == nil {
		t.Error("a string without end is accepted")
	}
	if _, err := parseJSON([]byte("{}")); err == nil {
		t.Error("an object is accepted for a list")
	}
}

// TestRegenerate repeats the whole work where the sources were put into one
// directory, under the names README.md gives.
func TestRegenerate(t *testing.T) {
	dir := os.Getenv("WORDLIST_SOURCES")
	if dir == "" {
		t.Skip("WORDLIST_SOURCES names no directory with the sources of the list")
	}
	var out bytes.Buffer
	err := run([]string{
		"-john", filepath.Join(dir, "password.lst"), "-zxcvbn", filepath.Join(dir, "frequency_lists.js"),
		"-zxcvbn-ts", filepath.Join(dir, "passwords.json"), "-vendor", "vendor.txt",
	}, &out)
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("../common.txt")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, out.Bytes()) {
		t.Error("common.txt is not what the sources give")
	}
}
