package mycnf

import (
	"bytes"
	"strings"
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

func FuzzResolve(f *testing.F) {
	for _, seed := range []string{"bind-address", "LOOSE_skip-skip_networking", "skip-n", "enable-loose-", "maximum-port", "-", "loose-loose-x", "bind"} {
		f.Add(seed, "3306K")
	}
	f.Fuzz(func(t *testing.T, name, value string) {
		for _, d := range []*Dialect{MariaDB("10.11"), MySQL("9.7"), MySQL("")} {
			n := d.Resolve(name)
			_, known := d.needs[n.Long]
			if known = known || n.Long == "ssl"; (n.Match == Found || n.Match == Doubtful) && !known {
				t.Fatalf("%q is found as %q, which is no option", name, n.Long)
			}
			if d.Exact && n.Match == Doubtful {
				t.Fatalf("%q is doubtful in a release that is known", name)
			}
			o := []Option{{Name: name, Value: value, HasValue: true, File: "/f", Line: 3}}
			r := d.Check(o)
			if r != nil && (r.Option != o[0] || r.Why == "") {
				t.Fatalf("refusal %+v of %+v", r, o)
			}
			if s := d.Last(o, n.Long); r != nil && !r.Unsure && s.Set {
				t.Fatalf("%q has a value though it is refused: %+v", name, s)
			}
		}
	})
}

func FuzzParseArgs(f *testing.F) {
	f.Add("--defaults-file=/x\x00--port\x003306\x00-P1\x00--\x00x")
	f.Add("--no-defaults\x00--loose-bind-address=*")
	f.Fuzz(func(t *testing.T, joined string) {
		args := strings.Split(joined, "\x00")
		for _, d := range []*Dialect{MariaDB("10.11"), MySQL("9.7")} {
			c := d.ParseArgs(args)
			if len(c.Options) > len(args) {
				t.Fatalf("%d options of %d arguments", len(c.Options), len(args))
			}
			for _, o := range c.Options {
				if o.File != "" || o.Line != 0 || !o.HasValue && o.Value != "" {
					t.Fatalf("argument %+v", o)
				}
			}
		}
	})
}
