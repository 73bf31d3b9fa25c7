package passwd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestGroupShadows(t *testing.T) {
	got := GroupShadows([]byte("# c\nroot:*::\n\n  staff:$6$a$b:alice:bob,carol\nopen:::\nshort\nextra:!:a:b:c\n+:::\nnul:h\x00x:::\nlast:x"))
	want := []GroupShadow{
		{Line: 2, Name: "root", Field: "*"},
		{Line: 4, Name: "staff", Field: "$6$a$b"},
		{Line: 5, Name: "open"},
		{Line: 6, Name: "short"},
		{Line: 7, Name: "extra", Field: "!"},
		{Line: 8, Name: "+", Compat: true},
		{Line: 9, Name: "nul", Field: "h"},
		{Line: 10, Name: "last", Field: "x"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzGroupShadows(f *testing.F) {
	f.Add([]byte("root:*::\nstaff:$6$a$b:alice:bob\n+\n#\n\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got := GroupShadows(data)
		if len(got) != lines(data) {
			t.Fatalf("%d entries of %d lines", len(got), lines(data))
		}
		last := 0
		for _, g := range got {
			if g.Line <= last {
				t.Fatalf("line %d after %d", g.Line, last)
			}
			last = g.Line
			if strings.ContainsAny(g.Name+g.Field, ":\n\x00") {
				t.Fatal("separator inside a field")
			}
		}
	})
}
