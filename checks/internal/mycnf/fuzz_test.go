package mycnf

import (
	"bytes"
	"testing"
)

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"[mysqld]\nbind-address = 127.0.0.1 # x\nskip_networking\n!includedir /etc/mysql/conf.d/\n",
		"[a]\n!include /x", "a=b\n", "[x\n", "[g]\nq='a\\'b#c' # d\n", "[g]\n=\n\\\n\x00\n!include\t\n", "[g]\n!includedir\n\xa0=\xa0\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		nodes, err := Parse("f", data)
		lines := bytes.Count(data, []byte("\n")) + 1 + len(data)/lineBuffer
		last, group := 0, ""
		for _, n := range nodes {
			if n.Line <= last || n.Line > lines {
				t.Fatalf("line %d after %d in a text of %d", n.Line, last, lines)
			}
			last = n.Line
			switch n.Kind {
			case Group:
				group = n.Text
			case Entry:
				if n.Option.Group != group || n.Option.Line != n.Line || len(n.Option.Value) > lineBuffer {
					t.Fatalf("entry %+v in group %q", n, group)
				}
				if !n.Option.HasValue && n.Option.Value != "" {
					t.Fatalf("value without an equals sign: %+v", n)
				}
			default:
				if n.Text == "" {
					t.Fatalf("directive without argument: %+v", n)
				}
			}
		}
		if err != nil && err.(*SyntaxError).Line <= last {
			t.Fatalf("error %v before the last node, line %d", err, last)
		}
		// What was read does not depend on what follows.
		if err == nil && len(data) > 0 && data[len(data)-1] == '\n' {
			more, _ := Parse("f", append(bytes.Clone(data), "[next]\n"...))
			if len(more) != len(nodes)+1 {
				t.Fatalf("%d nodes, with one more group %d", len(nodes), len(more))
			}
		}
	})
}
