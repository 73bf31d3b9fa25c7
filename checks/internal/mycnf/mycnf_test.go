package mycnf

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// files is an Opener over a map; a directory is what has names below it.
type files map[string]string

func (f files) ReadFile(name string) ([]byte, fs.FileMode, error) {
	body, ok := f[name]
	switch {
	case !ok:
		return nil, 0, fs.ErrNotExist
	case body == "EACCES":
		return nil, 0, fs.ErrPermission
	case strings.HasPrefix(body, "0666\n"):
		return []byte(body[5:]), 0o666, nil
	}
	return []byte(body), 0o644, nil
}

func (f files) ReadDir(name string) ([]string, error) {
	var names []string
	for k := range f {
		if rest, ok := strings.CutPrefix(k, name+"/"); ok && !strings.Contains(rest, "/") {
			names = append(names, rest)
		}
	}
	if names == nil {
		return nil, fs.ErrNotExist
	}
	return names, nil
}

func TestParseOptionLines(t *testing.T) {
	for _, tc := range []struct{ name, line, opt, value string }{
		{"plain", "port=3306", "port", "3306"},
		{"blanks", "  port \t=  3306 \t", "port", "3306"},
		{"flag", "skip-networking", "skip-networking", ""},
		{"flag-with-text", "skip-networking  x ", "skip-networking  x", ""},
		{"comment", "port=1 # 2", "port", "1"},
		{"comment-glued", "port=1#2", "port", "1"},
		{"semicolon-is-no-comment", "port=1 ; 2", "port", "1 ; 2"},
		{"hash-in-quotes", `a="b#c" # d`, "a", "b#c"},
		{"single-quotes", "a='b c'", "a", "b c"},
		{"one-quote", "a='", "a", "'"},
		{"empty-quotes", "a=''", "a", ""},
		{"apostrophe-protects", "a=it's # x", "a", "it's # x"},
		{"escapes", `a=\n\t\r\b\s\"\'\\\x\`, "a", "\n\t\r\b \"'\\\\x\\"},
		{"quoted-quote", `a="b\"#c"`, "a", `b"#c`},
		{"empty", "a=", "a", ""},
		{"second-equals", "a=b=c", "a", "b=c"},
		{"no-break-space", "a=\xa0b\xa0", "a", "b"},
		{"carriage-return", "a=b\r", "a", "b"},
		{"nul-ends-the-line", "a=b\x00c", "a", "b"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			nodes, err := Parse("f", []byte("[g]\n"+tc.line+"\n"))
			if err != nil || len(nodes) != 2 {
				t.Fatalf("nodes %+v, err %v", nodes, err)
			}
			got := nodes[1].Option
			if got.Name != tc.opt || got.Value != tc.value || got.Line != 2 || got.Group != "g" {
				t.Errorf("got %+v, want %q = %q on line 2", got, tc.opt, tc.value)
			}
		})
	}
}

func TestParseStructure(t *testing.T) {
	const text = "# c\n; c\n\n[ a ]x\n!includedir /d/ \n! include  /f\n!includes /x\n!other\n[b]\nx\n!include /g"
	nodes, err := Parse("f", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	want := []Node{
		{Kind: Group, Line: 4, Text: " a"},
		{Kind: IncludeDir, Line: 5, Text: "/d/"},
		{Kind: Include, Line: 6, Text: "/f"},
		{Kind: Group, Line: 9, Text: "b"},
		{Kind: Entry, Line: 10, Option: Option{Name: "x", Group: "b", File: "f", Line: 10}},
		// The last line has no newline and the servers cut a character all the same.
		{Kind: Include, Line: 11, Text: "/"},
	}
	if diff := cmp.Diff(want, nodes); diff != "" {
		t.Error(diff)
	}
}

func TestParseErrors(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		line       int
	}{
		{"option-first", "\nport=1\n[a]\n", 2},
		{"open-bracket", "[a]\n[b\n", 2},
		{"include-nothing", "[a]\nx\n!include \n", 3},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, err := Parse("f", []byte(tc.text))
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || syntax.Line != tc.line || syntax.File != "f" {
				t.Errorf("err = %v, want a syntax error on line %d", err, tc.line)
			}
		})
	}
}

func TestParseLongLineIsSplit(t *testing.T) {
	nodes, err := Parse("f", []byte("[g]\na="+strings.Repeat("x", lineBuffer-2)+"tail=1\nb\n"))
	if err != nil || len(nodes) != 4 {
		t.Fatalf("%d nodes, err %v", len(nodes), err)
	}
	if got := nodes[2].Option; got.Name != "tail" || got.Value != "1" {
		t.Errorf("rest of the long line = %+v", got)
	}
}

func TestLoad(t *testing.T) {
	f := files{
		"/etc/my.cnf":       "[mysqld]\na=1\n!includedir /d\nz=9\n!include /inc.cnf\n!include /none.cnf\nlast=1\n",
		"/d/b.v1.cnf":       "[MYSQLD]\nb=2\n",
		"/d/B.cnf":          "[mysqld]\nB=2\n",
		"/d/.h.cnf":         "[client]\nh=2\n",
		"/d/c.cnf.bak":      "[mysqld]\nbak=1\n",
		"/d/w.cnf":          "0666\n[mysqld]\nw=1\n",
		"/d/x.cnf":          "EACCES",
		"/inc.cnf":          "[mysqld]\nx\n[bad\nnot=1\n",
		"/etc/mysql/my.cnf": "[mysqld]\nrel\n!include other.cnf\n",
	}
	set := Load(f, []string{"/etc/my.cnf", "/etc/mysql/my.cnf"})
	var got []string
	for _, o := range set.In("mysqld") {
		got = append(got, o.Name)
	}
	if diff := cmp.Diff([]string{"a", "B", "b", "z", "x", "last", "rel"}, got); diff != "" {
		t.Error(diff)
	}
	type problem struct {
		file         string
		line         int
		fatal, known bool
	}
	var problems []problem
	for _, p := range set.Problems {
		problems = append(problems, problem{p.File, p.Line, p.Fatal, p.Known})
	}
	want := []problem{
		{"/d/w.cnf", 0, false, true},
		{"/d/x.cnf", 0, false, false},
		{"/inc.cnf", 3, false, true},
		{"/etc/mysql/my.cnf", 3, false, false},
	}
	if diff := cmp.Diff(want, problems, cmp.AllowUnexported(problem{})); diff != "" {
		t.Error(diff)
	}
}

func TestLoadFatal(t *testing.T) {
	for name, f := range map[string]files{
		"option-first":    {"/m": "a=1\n"},
		"includedir-gone": {"/m": "[g]\na=1\n!includedir /none\nb=1\n"},
	} {
		t.Run(name, func(t *testing.T) {
			set := Load(f, []string{"/m"})
			if len(set.Problems) != 1 || !set.Problems[0].Fatal {
				t.Errorf("problems = %+v, want one that is fatal", set.Problems)
			}
			if len(Last(set.Options, "b").Name) > 0 {
				t.Error("options after the fatal line were read")
			}
		})
	}
	if set := LoadRequired(files{}, "/m"); len(set.Problems) != 1 || !set.Problems[0].Fatal {
		t.Errorf("missing --defaults-file: %+v", set.Problems)
	}
}

func TestLoadIsBounded(t *testing.T) {
	f := files{"/a/0.cnf": "!includedir /a\n", "/a/1.cnf": "!includedir /a\n", "/a/2.cnf": "!includedir /a\n"}
	set := Load(f, []string{"/a/0.cnf"})
	var many bool
	for _, p := range set.Problems {
		many = many || errors.Is(p.Err, ErrTooMany)
	}
	if !many || len(set.Files) > maxFiles {
		t.Errorf("%d files read, too many said = %v", len(set.Files), many)
	}
}

func TestLast(t *testing.T) {
	for _, tc := range []struct {
		name, text, option string
		set, on            bool
		value              string
	}{
		{"absent", "port=1", "bind-address", false, false, ""},
		{"last-wins", "bind-address=a\nbind-address=b", "bind-address", true, false, "b"},
		{"underscore", "bind_address=a", "bind-address", true, false, "a"},
		{"loose", "loose-bind_address=a", "bind-address", true, false, "a"},
		{"abbreviated", "bind-a=a", "bind-address", true, false, "a"},
		{"too-short", "bin=a", "bind-address", false, false, ""},
		{"upper-case-is-another-option", "Bind-Address=a", "bind-address", false, false, ""},
		{"bare", "skip-networking", "skip-networking", true, true, ""},
		{"one", "skip_networking=1", "skip-networking", true, true, "1"},
		{"on", "skip_networking=On", "skip-networking", true, true, "On"},
		{"yes-is-off", "skip_networking=yes", "skip-networking", true, false, "yes"},
		{"off", "skip-networking\nskip-networking=0", "skip-networking", true, false, "0"},
		{"skip-skip", "skip-networking\nskip-skip-networking", "skip-networking", true, false, ""},
		{"enable", "enable-skip-grant-tables", "skip-grant-tables", true, true, ""},
		{"name-resolve-is-another", "skip-name-resolve", "skip-networking", false, false, ""},
		{"disabled", "skip-mysqlx", "mysqlx", true, false, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			set := Load(files{"/f": "[g]\n" + tc.text + "\n"}, []string{"/f"})
			s := Last(set.Options, tc.option)
			if s.Set != tc.set || s.On() != tc.on || s.Value != tc.value {
				t.Errorf("set %v on %v value %q, want %v %v %q", s.Set, s.On(), s.Value, tc.set, tc.on, tc.value)
			}
		})
	}
}

func TestParseArgs(t *testing.T) {
	got := ParseArgs([]string{
		"--defaults-file=/x", "--defaults-group-suffix", "_1", "--bind_address", "::1", "-P3307", "-S", "/s", "file",
		"--no-defaults", "--skip-networking", "--", "--port=1",
	}, []string{"bind-address"}, map[byte]string{'P': "port", 'S': "socket"})
	want := Command{File: "/x", GroupSuffix: "_1", Options: []Option{
		{Name: "bind_address", Value: "::1", HasValue: true},
		{Name: "port", Value: "3307", HasValue: true},
		{Name: "socket", Value: "/s", HasValue: true},
		{Name: "no-defaults"},
		{Name: "skip-networking"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// Neither a directory named again and again nor the size of the files decides how
// long reading takes.
func TestLoadIsBoundedInWork(t *testing.T) {
	dirs := &counting{files: files{"/a.cnf": strings.Repeat("!includedir /d\n", 20_000), "/d/": ""}}
	set := Load(dirs, []string{"/a.cnf"})
	if dirs.reads > maxFiles+1 || len(set.Problems) != 1 || !errors.Is(set.Problems[0].Err, ErrTooMany) {
		t.Errorf("%d reads, problems %v", dirs.reads, set.Problems)
	}
	big := "[mysqld]\n" + strings.Repeat("x=1\n", 1<<19)
	set = Load(files{"/a.cnf": big, "/b.cnf": big, "/c.cnf": big}, []string{"/a.cnf", "/b.cnf", "/c.cnf"})
	if len(set.Files) != 1 || len(set.Problems) != 1 || !errors.Is(set.Problems[0].Err, ErrTooMany) {
		t.Errorf("files %v, problems %v", set.Files, set.Problems)
	}
}

type counting struct {
	files
	reads int
}

func (c *counting) ReadDir(name string) ([]string, error) {
	c.reads++
	return c.files.ReadDir(name)
}
