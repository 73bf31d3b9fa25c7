package osrelease

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const debian = `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"
NAME="Debian GNU/Linux"
VERSION_ID="12"
ID=debian
`

func TestParse(t *testing.T) {
	tests := []struct {
		name, in string
		want     File
	}{
		{"debian", debian, File{Assignments: []Assignment{
			{"PRETTY_NAME", "Debian GNU/Linux 12 (bookworm)", 1},
			{"NAME", "Debian GNU/Linux", 2},
			{"VERSION_ID", "12", 3},
			{"ID", "debian", 4},
		}}},
		{"comments-blanks-crlf", "# x\r\n\r\n  ID=a\r\n", File{Assignments: []Assignment{{"ID", "a", 3}}}},
		{"no-newline-at-end", "ID=a", File{Assignments: []Assignment{{"ID", "a", 1}}}},
		{"escapes", "A=\"x\\\"y\\$z\\n\"\nB='a\\b\"'\nC=a\\ b\nD=", File{Assignments: []Assignment{
			{"A", `x"y$z\n`, 1}, {"B", `a\b"`, 2}, {"C", "a b", 3}, {"D", "", 4},
		}}},
		{"problems", "ID\n1A=x\n=x\nA=\"x\nB=x y\nC=x\\\nID=ok\n", File{
			Assignments: []Assignment{{"ID", "ok", 7}},
			Problems: []Problem{
				{1, "not an assignment"},
				{2, "not an assignment"},
				{3, "not an assignment"},
				{4, "quote without an end"},
				{5, "blank outside quotes"},
				{6, "backslash at the end of the line"},
			},
		}},
		{"empty", "", File{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, Parse([]byte(tt.in))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGetTakesTheLast(t *testing.T) {
	f := Parse([]byte("ID=a\nID=b\n"))
	if v, ok := f.Get("ID"); v != "b" || !ok {
		t.Errorf("Get(ID) = %q, %v", v, ok)
	}
	if v, ok := f.Get("X"); v != "" || ok {
		t.Errorf("Get(X) = %q, %v", v, ok)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{debian, "A='", "A=\\", "A=\"\\", "#", "=", "A=\x00\xff", "A=a\\ b\nA=\"$\"\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		got := Parse(data)
		lines := strings.Count(string(data), "\n") + 1
		last := 0
		for _, a := range got.Assignments {
			if a.Line <= last || a.Line > lines {
				t.Fatalf("line %d after %d of %d", a.Line, last, lines)
			}
			last = a.Line
			if !validKey(a.Key) || strings.Contains(a.Value, "\n") {
				t.Fatalf("bad assignment %+v", a)
			}
			// Written in quotes, a value reads back as itself.
			quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(a.Value)
			back := Parse([]byte("X=\"" + quoted + "\""))
			if v, ok := back.Get("X"); !ok || v != a.Value {
				t.Fatalf("%q reads back as %q, %v", a.Value, v, ok)
			}
		}
		for _, p := range got.Problems {
			if p.Line < 1 || p.Line > lines {
				t.Fatalf("problem at line %d of %d", p.Line, lines)
			}
		}
	})
}
