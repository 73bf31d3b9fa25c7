package mycnf

import (
	"errors"
	"fmt"
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

// TestLast has what both servers make of a form; the values are those that MariaDB
// 10.11 and MySQL 9.7 print. "refused" is a server that does not start.
func TestLast(t *testing.T) {
	for _, tc := range []struct{ name, text, option, maria, mysql string }{
		{"absent", "port=1", "bind-address", "unset", "unset"},
		{"last-wins", "bind-address=a\nbind-address=b", "bind-address", "b", "b"},
		{"underscore", "bind_address=a", "bind-address", "a", "a"},
		{"loose", "loose-bind_address=a", "bind-address", "a", "a"},
		{"abbreviated", "bind-a=a", "bind-address", "a", "refused"},
		{"too-short", "bin=a", "bind-address", "refused", "refused"},
		{"loose-too-short", "loose-bin=a", "bind-address", "refused", "unset"},
		{"upper-case", "Bind-Address=a", "bind-address", "a", "refused"},
		{"upper-case-prefix", "LOOSE-bind-address=a", "bind-address", "a", "refused"},
		{"two-dashes", "bind--address=a", "bind-address", "refused", "refused"},
		{"leading-dashes", "--bind-address=a", "bind-address", "refused", "refused"},
		{"no-value", "bind-address", "bind-address", "refused", "refused"},
		{"no-value-loose", "loose-bind-address", "bind-address", "refused", "refused"},
		{"empty", "bind-address=", "bind-address", "", ""},
		{"skip-text", "skip-bind-address=x", "bind-address", "0", "0"},
		{"loose-nothing", "loose-=x", "bind-address", "refused", "unset"},
		{"maximum-of-a-plugin", "maximum-mysqlx-port=70000", "mysqlx-port", "refused", "65535"},
		{"maximum", "maximum-bind-address=x", "bind-address", "refused", "refused"},
		{"typing-error", "bind-adress=a", "bind-address", "refused", "refused"},
		{"typing-error-loose", "loose-bind-adress=a", "bind-address", "unset", "unset"},
		{"of-a-plugin", "server_audit_logging=1", "bind-address", "unset", "unset"},
		{"of-a-component", "validate_password.length=9", "bind-address", "unset", "unset"},
		{"bare", "skip-networking", "skip-networking", "on", "on"},
		{"one", "skip_networking=1", "skip-networking", "on", "on"},
		{"on", "skip_networking=On", "skip-networking", "on", "on"},
		{"yes-is-off", "skip-networking\nskip_networking=yes", "skip-networking", "off", "off"},
		{"two-is-off", "skip_networking=2", "skip-networking", "off", "off"},
		{"off", "skip-networking\nskip-networking=0", "skip-networking", "off", "off"},
		{"without-skip", "networking=0", "skip-networking", "refused", "refused"},
		{"skip-skip", "skip-networking\nskip-skip-networking", "skip-networking", "off", "off"},
		{"skip-skip-0", "skip-skip-networking=0", "skip-networking", "on", "on"},
		{"skip-skip-1", "skip-skip-networking=1", "skip-networking", "off", "off"},
		{"enable-0", "skip-networking\nenable-skip-networking=0", "skip-networking", "off", "off"},
		{"enable-x", "enable-skip-networking=x", "skip-networking", "on", "on"},
		{"enable-loose", "enable-loose-skip-networking", "skip-networking", "on", "on"},
		{"ambiguous", "skip-n", "skip-networking", "refused", "refused"},
		{"flag", "skip-grant-tables", "skip-grant-tables", "on", "on"},
		{"flag-invalid", "skip-grant-tables\nskip-grant-tables=yes", "skip-grant-tables", "off", "on"},
		{"enable", "enable-skip-grant-tables", "skip-grant-tables", "on", "on"},
		{"name-resolve-is-another", "skip-name-resolve", "skip-networking", "unset", "unset"},
		{"disabled", "skip-mysqlx", "mysqlx", "refused", "0"},
		{"port", "port=3307", "port", "3307", "3307"},
		{"port-suffix", "port=3K", "port", "3072", "3072"},
		{"port-suffix-and-more", "port=3k7", "port", "3072", "3072"},
		{"port-large", "port=70000", "port", "65535", "65535"},
		{"port-too-large", "port=99999999999999999999", "port", "refused", "refused"},
		{"port-overflow", "port=1e3", "port", "65535", "65535"},
		{"port-plus", "port=+5", "port", "5", "5"},
		{"port-octal-is-decimal", "port=010", "port", "10", "10"},
		{"port-hexadecimal", "port=0x10", "port", "refused", "refused"},
		{"port-word", "port=mysql", "port", "refused", "refused"},
		{"port-negative", "port=-1", "port", "refused", "0"},
		{"port-empty", "port=", "port", "0", "refused"},
		{"port-skip", "port=5\nskip-port", "port", "0", "0"},
		{"port-enable", "enable-port=7", "port", "1", "1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			set := Load(files{"/f": "[g]\n" + tc.text + "\n"}, []string{"/f"})
			for _, server := range []struct {
				name, want string
				dialect    *Dialect
			}{{"MariaDB", tc.maria, MariaDB("10.11")}, {"MySQL", tc.mysql, MySQL("9.7")}} {
				if got := printed(server.dialect, set.Options, tc.option); got != server.want {
					t.Errorf("%s: %q, want %q", server.name, got, server.want)
				}
			}
		})
	}
}

// printed is the value of an option as text.
func printed(d *Dialect, opts []Option, name string) string {
	if r := d.Check(opts); r != nil {
		return "refused"
	}
	s := d.Last(opts, name)
	switch kind := kindOf(name); {
	case !s.Set:
		return "unset"
	case kind == number:
		return fmt.Sprint(s.Number())
	case kind != text && s.On():
		return "on"
	case kind != text:
		return "off"
	}
	return s.Value
}

// TestOtherReleases: of a release whose options are not known nothing is refused for
// certain, and forms that only some take are told apart.
func TestOtherReleases(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		d          *Dialect
		want       string
	}{
		{"unknown", "bind-adress=a", MySQL("8.0"), "unsure"},
		{"unknown-5", "bind-adress=a", MariaDB("10.5"), "unsure"},
		{"of-the-other-server", "query-cache-size=1", MySQL("5.7"), "taken"},
		{"beginning-5.7", "bind=a", MySQL("5.7"), "taken"},
		{"beginning", "bind=a", MySQL("8.0"), "taken doubtful"},
		{"case", "Bind-Address=a", MariaDB(""), "taken doubtful"},
		{"no-value", "bind-address", MySQL("8.0"), "refused"},
		{"port", "port=x", MySQL("8.4"), "refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			set := Load(files{"/f": "[g]\n" + tc.text + "\n"}, []string{"/f"})
			got := "taken"
			if r := tc.d.Check(set.Options); r != nil {
				got = "refused"
				if r.Unsure {
					got = "unsure"
				}
				if r.Option.Line != 2 {
					t.Errorf("refused on line %d", r.Option.Line)
				}
			}
			if tc.d.Last(set.Options, "bind-address").Doubtful {
				got += " doubtful"
			}
			if got != tc.want {
				t.Errorf("%q, want %q", got, tc.want)
			}
		})
	}
}

func TestParseArgs(t *testing.T) {
	args := []string{
		"--defaults-file=/x", "--defaults-group-suffix", "_1", "--bind_address", "::1", "-P3307", "-P", "3308", "-sh/d", "file",
		"--no-defaults", "--skip-networking", "--", "--port=1",
	}
	want := Command{File: "/x", GroupSuffix: "_1", Stray: true, Options: []Option{
		{Name: "bind_address", Value: "::1", HasValue: true},
		{Name: "port", Value: "3307", HasValue: true},
		{Name: "port", Value: "3308", HasValue: true},
		{Name: "datadir", Value: "/d", HasValue: true},
		{Name: "no-defaults"},
		{Name: "skip-networking"},
	}}
	if diff := cmp.Diff(want, MySQL("9.7").ParseArgs(args)); diff != "" {
		t.Error(diff)
	}
	// MariaDB goes on after "--".
	want.Options = append(want.Options, Option{Name: "port", Value: "1", HasValue: true})
	if diff := cmp.Diff(want, MariaDB("10.11").ParseArgs(args)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want, ParseArgs(args)); diff != "" {
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

// TestNamesOfOtherReleases: what a release's own packages set is no doubt about it.
func TestNamesOfOtherReleases(t *testing.T) {
	for _, tc := range []struct {
		name    string
		dialect *Dialect
		option  string
		refused bool
	}{
		{"maria-11-collations", MariaDB("11.8"), "character-set-collations", false},
		{"maria-unknown-collations", MariaDB(""), "character_set_collations", false},
		{"maria-10.11-collations", MariaDB("10.11"), "character-set-collations", true},
		{"maria-11-typing-error", MariaDB("11.8"), "character-set-colations", true},
		{"mysql-8.0-tx-isolation", MySQL("5.7"), "tx_isolation", false},
		{"mysql-8.4-native", MySQL("8.4"), "mysql-native-password", false},
		{"mysql-9.7-native", MySQL("9.7"), "mysql-native-password", true},
		{"cluster", MySQL("8.0"), "pxc_strict_mode", false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := tc.dialect.Check([]Option{{Name: tc.option, Value: "ON", HasValue: true}})
			if (r != nil) != tc.refused {
				t.Errorf("refused: %+v, want %v", r, tc.refused)
			}
		})
	}
}
