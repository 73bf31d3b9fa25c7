package deb822

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// read lists the fields of text as "line name=value", stanzas divided by "--".
func read(text string) (list []string, err error) {
	for fields, e := range Stanzas([]byte(text)) {
		if e != nil {
			return list, e
		}
		for _, f := range fields {
			list = append(list, fmt.Sprintf("%d %s=%s", f.Line, f.Name, f.Value))
		}
		list = append(list, "--")
	}
	return list, nil
}

func TestStanzas(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
		line int // of the error; 0 = none
	}{
		"empty":                         {"", nil, 0},
		"blank-lines-only":              {"\n \n\t\n", nil, 0},
		"two":                           {"Package: a\nStatus:  install ok installed \n\n\nPackage:b\n", []string{"1 Package=a", "2 Status=install ok installed", "--", "5 Package=b", "--"}, 0},
		"no-last-newline":               {"A: b", []string{"1 A=b", "--"}, 0},
		"continuation":                  {"D: one\n two\n .\n\tthree\nE:\n x\n", []string{"1 D=one\n two\n .\n\tthree", "5 E=x", "--"}, 0},
		"comment":                       {"# c\nA: b\n# c\nC: d\n", []string{"2 A=b", "4 C=d", "--"}, 0},
		"comment-between-continuations": {"A: b\n# c\n d\n", []string{"1 A=b\n# c\n d", "--"}, 0},
		"colon-in-value":                {"V: 1:2.3\n", []string{"1 V=1:2.3", "--"}, 0},
		"not-a-field":                   {"A: b\n\nnonsense\nB: c\n", []string{"1 A=b", "--"}, 3},
		"error-in-stanza":               {"A: b\nnonsense\n", nil, 2},
		"space-in-name":                 {"A b: c\n", nil, 1},
		"no-name":                       {": c\n", nil, 1},
		"stray-continuation":            {"\n x\n", nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := read(c.text)
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
			line := 0
			if e, ok := errors.AsType[*SyntaxError](err); ok {
				line = e.Line
			}
			if line != c.line {
				t.Errorf("error %v, want one in line %d", err, c.line)
			}
		})
	}
}

func TestStanzasStopWhenAsked(t *testing.T) {
	n := 0
	for range Stanzas([]byte("A: b\n\nA: c\n\nbad\n")) {
		n++
		break
	}
	if n != 1 {
		t.Errorf("%d stanzas", n)
	}
}

func TestIs(t *testing.T) {
	f := Field{Name: []byte("PacKage")}
	if !f.Is("package") || f.Is("packag") || f.Is("packages") {
		t.Error("names are not compared without case")
	}
}

func FuzzStanzas(f *testing.F) {
	for _, seed := range []string{"Package: a\nStatus: install ok installed\nD: x\n y\n\n# c\nB: c\n", "A", ": x", " a: b", "\n\nA:\n", "A: b\r\n\r\nC: d"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		lines := bytes.Split(data, []byte("\n"))
		last := 0
		for fields, err := range Stanzas(data) {
			if err != nil {
				e := err.(*SyntaxError)
				if e.Line <= last || e.Line > len(lines) || fields != nil {
					t.Fatalf("error %v after line %d of %d", err, last, len(lines))
				}
				last = len(lines) // nothing may follow
				continue
			}
			if len(fields) == 0 {
				t.Fatal("an empty stanza")
			}
			for _, field := range fields {
				if field.Line <= last || field.Line > len(lines) {
					t.Fatalf("line %d after %d of %d", field.Line, last, len(lines))
				}
				last = field.Line
				line := string(lines[field.Line-1])
				if !strings.HasPrefix(line, string(field.Name)+":") || len(field.Name) == 0 {
					t.Fatalf("field %q is not in line %q", field.Name, line)
				}
				if !bytes.Contains(data, field.Value) || len(bytes.TrimSpace(field.Value)) != len(field.Value) {
					t.Fatalf("value %q", field.Value)
				}
			}
		}
	})
}
