package unitfile

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		name, text string
		want       []Assignment
		ignored    []Ignored
		err        error
		line       int
	}{
		{"plain", "[Unit]\nA=1\n\n[Service]\n B = x y \n", []Assignment{{"Unit", "A", "1", 2}, {"Service", "B", "x y", 5}}, nil, nil, 0},
		{"bom-and-crlf", "\ufeff[A]\r\nB=1\r\nC=2\rD=3\n", []Assignment{{"A", "B", "1", 2}, {"A", "C", "2", 3}, {"A", "D", "3", 4}}, nil, nil, 0},
		{"comments", "# x\n[A]\n;y\n  # z\nB=1 # no comment\n", []Assignment{{"A", "B", "1 # no comment", 5}}, nil, nil, 0},
		{"continued", "[A]\nB=1 \\\n  2\\\n3\nC=4\n", []Assignment{{"A", "B", "1    2 3", 2}, {"A", "C", "4", 5}}, nil, nil, 0},
		{"comment-in-continued", "[A]\nB=1 \\\n# x\\\n;y\n2\nC=3\n", []Assignment{{"A", "B", "1  2", 2}, {"A", "C", "3", 6}}, nil, nil, 0},
		{"continued-at-end", "[A]\nB=1\\", []Assignment{{"A", "B", "1", 2}}, nil, nil, 0},
		{"two-backslashes", "[A]\nB=1\\\\\nC=2\n", []Assignment{{"A", "B", `1\\`, 2}, {"A", "C", "2", 3}}, nil, nil, 0},
		{"blank-after-backslash", "[A]\nB=1\\ \nC=2\n", []Assignment{{"A", "B", `1\`, 2}, {"A", "C", "2", 3}}, nil, nil, 0},
		{"empty-value", "[A]\nB=\n", []Assignment{{"A", "B", "", 2}}, nil, nil, 0},
		{"second-equals", "[A]\nB=C=D\n", []Assignment{{"A", "B", "C=D", 2}}, nil, nil, 0},
		{"ignored", "x=1\n[A]\nfoo\n=y\n", nil, []Ignored{{1, "assignment outside of a section"}, {3, "no '='"}, {4, "no key before '='"}}, nil, 0},
		{"header", "[A]\nB=1\n[C\nD=2\n", []Assignment{{"A", "B", "1", 2}}, nil, ErrHeader, 3},
		{"not-utf8", "[A]\nB=1\nC=\xff\nD=2\n", []Assignment{{"A", "B", "1", 2}}, nil, ErrUTF8, 3},
		{"not-utf8-in-comment", "[A]\n# \xff\nB=1\n", []Assignment{{"A", "B", "1", 3}}, nil, nil, 0},
		{"long-line", "[A]\n" + strings.Repeat("x", maxLine+1) + "\n", nil, nil, ErrTooLong, 2},
		{"long-continued", "[A]\n" + strings.Repeat(strings.Repeat("x", 1<<18)+"\\\n", 5), nil, nil, ErrTooLong, 5},
		{"many", "[A]\n" + strings.Repeat("B=\n", maxAssignments+1), nil, nil, ErrTooMany, maxAssignments + 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, err := Parse("f", []byte(tt.text))
			if !errors.Is(err, tt.err) {
				t.Fatalf("error %v, want %v", err, tt.err)
			}
			if syntax := (*Error)(nil); errors.As(err, &syntax) && syntax.Line != tt.line {
				t.Errorf("error at line %d, want %d", syntax.Line, tt.line)
			}
			if tt.err == ErrTooMany {
				if len(f.Assignments) != maxAssignments {
					t.Errorf("%d assignments are kept", len(f.Assignments))
				}
				return
			}
			if diff := cmp.Diff(tt.want, f.Assignments); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff(tt.ignored, f.Ignored); diff != "" {
				t.Errorf("ignored -want +got:\n%s", diff)
			}
		})
	}
}

func TestWords(t *testing.T) {
	tests := []struct {
		text string
		want []string // nil = refused
	}{
		{" ", []string{}},
		{"a  b\tc", []string{"a", "b", "c"}},
		{`'a b' "c d"`, []string{"a b", "c d"}},
		{`a'b c'd`, []string{"ab cd"}},
		{`"a'b" 'c"d'`, []string{"a'b", `c"d`}},
		{`'' ""`, []string{"", ""}},
		{`\x41\101\s\t\\\"\'`, []string{"AA \t\\\"'"}},
		{`\u00e4 \U0001F600`, []string{"ä", "😀"}},
		{`\q \x4 \000 \999`, []string{`\q`, `\x4`, `\000`, `\999`}},
		{`'a`, nil},
		{`a\`, nil},
	}
	for i, tt := range tests {
		words, err := Words(tt.text)
		if tt.want == nil {
			if !errors.Is(err, ErrQuoting) {
				t.Errorf("%d: got %q, %v, want it refused", i, words, err)
			}
			continue
		}
		if diff := cmp.Diff(tt.want, append([]string{}, words...)); diff != "" || err != nil {
			t.Errorf("%d: %v -want +got:\n%s", i, err, diff)
		}
	}
}

func TestNames(t *testing.T) {
	tests := []struct {
		name                       string
		kind                       NameKind
		kindOf, template, instance string
	}{
		{"ssh.service", Plain, "service", "", ""},
		{"a@b.socket", Instance, "socket", "a@.socket", "b"},
		{"a@b@c.d.service", Instance, "service", "a@.service", "b@c.d"},
		{"a@.timer", Template, "timer", "a@.timer", ""},
		{"dev-disk-by\\x2duuid.swap", Plain, "swap", "", ""},
		{"@b.service", Invalid, "", "", "b"},
		{".service", Invalid, "", "", ""},
		{"a.conf", Invalid, "", "", ""},
		{"a b.service", Invalid, "", "", ""},
		{"a/b.service", Invalid, "", "", ""},
		{strings.Repeat("a", 248) + ".service", Invalid, "", "", ""},
		{strings.Repeat("a", 247) + ".service", Plain, "service", "", ""},
	}
	for i, tt := range tests {
		_, instance, _ := Split(tt.name)
		if k, typ, tm := Kind(tt.name), Type(tt.name), TemplateOf(tt.name); k != tt.kind || typ != tt.kindOf || tm != tt.template || instance != tt.instance {
			t.Errorf("%d %q: got %v %q %q %q", i, tt.name, k, typ, tm, instance)
		}
	}
	if got := InstanceOf("a@.service", "x"); got != "a@x.service" {
		t.Errorf("instance: %q", got)
	}
	for text, want := range map[string]string{"a-b": "a/b", `a\x2db`: "a-b", `a\x2`: "(bad)", `a\y`: "(bad)"} {
		got, ok := Unescape(text)
		if !ok {
			got = "(bad)"
		}
		if got != want {
			t.Errorf("unescape %q: got %q, want %q", text, got, want)
		}
	}
}

func TestExpand(t *testing.T) {
	value := func(letter byte) (string, bool) { return "<" + string(letter) + ">", letter != 'z' }
	for text, want := range map[string]string{"a%ib%%c%": "a<i>b%c%", "%z%i": "?%z<i>", "plain": "plain"} {
		got, complete := Expand(text, value)
		if !complete {
			got = "?" + got
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestBool(t *testing.T) {
	for text, want := range map[string]string{"yes": "1", "ON": "1", "t": "1", "no": "0", "0": "0", "Off": "0", "": "?", "2": "?"} {
		yes, ok := Bool(text)
		got := map[bool]string{true: "1", false: "0"}[yes]
		if !ok {
			got = "?"
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestParseEnv(t *testing.T) {
	tests := []struct {
		name, text string
		want       []Variable
	}{
		{"plain", "A=1\n B = x y  \n# C=2\n;D=3\nE=\n", []Variable{{"A", "1"}, {"B", "x y"}, {"E", ""}}},
		{"quotes", "A='x $y'\nB=\"a\\\"b\\q\\$\"\nC=\"a\"'b'c\nD=a\"b\"\n", []Variable{{"A", "x $y"}, {"B", `a"b\q$`}, {"C", "abc"}, {"D", `a"b"`}}},
		{"quoted-lines", "A='x\ny'\nB=\"x\\\ny\"\nC=1\n", []Variable{{"A", "x\ny"}, {"B", "xy"}, {"C", "1"}}},
		{"escapes", "A=x\\\ny\\ \nB=\\z\n", []Variable{{"A", "xy "}, {"B", "z"}}},
		{"hash-inside", "A=x # y\n", []Variable{{"A", "x # y"}}},
		{"no-variable", "export A=1\n1B=2\nfoo\n=x\nC=3", []Variable{{"C", "3"}}},
		{"open-quote", "A='x\nB=2\n", []Variable{{"A", "x\nB=2\n"}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, ParseEnv([]byte(tt.text))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestPreset(t *testing.T) {
	rules, ignored := ParsePreset([]byte("# c\nenable a.service\ndisable b*.service\nenable t@.service one two\nenable b.service\njunk\nfoo bar\nenable p.service x\ndisable [x-z]?.service\ndisable *.socket\n"))
	if diff := cmp.Diff([]Ignored{{6, "not a preset rule"}, {7, "not a preset rule"}, {8, "instances of what is no template"}}, ignored); diff != "" {
		t.Errorf("ignored -want +got:\n%s", diff)
	}
	tests := []struct {
		unit      string
		enable    bool
		instances []string
	}{
		{"a.service", true, nil},
		{"b.service", false, nil},
		{"bc.service", false, nil},
		{"t@.service", true, []string{"one", "two"}},
		{"t@one.service", true, nil},
		{"y1.service", false, nil},
		{"y12.service", true, nil},
		{"c.socket", false, nil},
		{"unmatched.service", true, nil},
	}
	for _, tt := range tests {
		t.Run(tt.unit, func(t *testing.T) {
			enable, instances := Preset(rules, tt.unit)
			if enable != tt.enable || !cmp.Equal(instances, tt.instances) {
				t.Errorf("got %v %q, want %v %q", enable, instances, tt.enable, tt.instances)
			}
		})
	}
}
