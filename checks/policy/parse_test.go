package policy

import (
	"errors"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
)

// Later files override single settings and add to lists; a waiver knows its file.
func TestFilesAreMergedInOrder(t *testing.T) {
	l, err := FromFiles([]File{
		{"/a.toml", []byte("profile = \"pci\"\nroles = [\"web\"]\ncatalogue = 3\n[severity]\n\"ssh.port\" = \"low\"\n\"ssh.root-login\" = \"high\"\n" +
			"[[waive]]\ncheck = \"ssh.port\"\nreason = \"first\"\nexpires = 2027-01-31\n")},
		{"/b\n.toml", []byte("profile = \"ens\"\nroles = [\"db\", \"web\"]\n[severity]\n\"ssh.port\" = \"high\"\n" +
			"\n[[waive]]\ncheck = \"ssh.root-login\"\nreason = \"second\"\nhosts = [\"a*\"]\n[[waive]]\ncheck = \"ssh.port\"\nreason = \"third\"\ngap = \"unreadable\"\n")},
	}, known)
	if err != nil {
		t.Fatal(err)
	}
	want := Policy{
		Profile: "ens", Roles: []string{"web", "db", "web"}, Catalogue: 3,
		Severity: Severities{"ssh.port": "high", "ssh.root-login": "high"},
		Waive: []Waiver{
			{Check: "ssh.port", Reason: "first", Expires: "2027-01-31", Place: checks.At("/a.toml", 7)},
			{Check: "ssh.root-login", Reason: "second", Hosts: []Pattern{"a*"}, Place: checks.At(`/b\n.toml`, 6)},
			{Check: "ssh.port", Reason: "third", Gap: "unreadable", Place: checks.At(`/b\n.toml`, 10)},
		},
	}
	if diff := cmp.Diff(want, l.Policy); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
}

// What was read before another file is not changed by it: the same base is merged with
// several.
func TestParseLeavesItsBaseAlone(t *testing.T) {
	base := Policy{Only: make([]string, 1, 8), Waive: make([]Waiver, 0, 8), Severity: Severities{"ssh.port": "low"}}
	base.Only[0] = "ssh"
	one, two := base, base
	for p, text := range map[*Policy]string{
		&one: "only = [\"ssh.port\"]\n[severity]\n\"ssh.port\" = \"high\"\n[[waive]]\ncheck = \"ssh.port\"\nreason = \"1\"\n",
		&two: "only = [\"ssh.root-login\"]\n[[waive]]\ncheck = \"ssh.port\"\nreason = \"2\"\n",
	} {
		if err := p.Parse("/c.toml", []byte(text), known); err != nil {
			t.Fatal(err)
		}
	}
	if one.Only[1] != "ssh.port" || two.Only[1] != "ssh.root-login" || one.Waive[0].Reason != "1" || two.Waive[0].Reason != "2" {
		t.Errorf("the two share a list: %v %v", one.Only, two.Only)
	}
	if base.Severity["ssh.port"] != "low" || two.Severity["ssh.port"] != "low" || one.Severity["ssh.port"] != "high" {
		t.Errorf("the two share severities: %v %v %v", base.Severity, one.Severity, two.Severity)
	}
}

func TestExpires(t *testing.T) {
	for value, want := range map[string]Date{
		`"2027-01-31"`: "2027-01-31", `2027-01-31`: "2027-01-31", `"2028-02-29"`: "2028-02-29",
		`"2027-02-29"`: "", `"2027-1-31"`: "", `"31.01.2027"`: "", `"01/31/2027"`: "", `"2027-01-31 "`: "", `""`: "", `"never"`: "",
		`"20270131"`: "", `"2027-01-31T00:00:00Z"`: "", `2027-01-31T00:00:00Z`: "", `2027-01-31T00:00:00`: "", `2027-01-31 00:00:00`: "",
		`12:00:00`: "", `20270131`: "", `true`: "", `["2027-01-31"]`: "", `"٢٠٢٧-٠١-٣١"`: "", `"+027-01-31"`: "",
	} {
		t.Run(strings.NewReplacer(" ", "_", "/", "_").Replace(value), func(t *testing.T) {
			var p Policy
			err := p.Parse("/c.toml", []byte("[[waive]]\ncheck = \"ssh.port\"\nreason = \"x\"\nexpires = "+value+"\n"), known)
			switch {
			case want == "" && (err == nil || !strings.HasPrefix(err.Error(), "/c.toml:4: waive.expires: is not a date")):
				t.Errorf("error %v, want a date refused at line 4", err)
			case want != "" && err != nil:
				t.Error(err)
			case want != "" && p.Waive[0].Expires != want:
				t.Errorf("expires %q, want %q", p.Waive[0].Expires, want)
			}
		})
	}
}

// Errors go to the agent's server, and a pattern may be an account's name.
func TestErrorsDoNotRepeatPatterns(t *testing.T) {
	for _, object := range []string{`"al\u001bice"`, `"al\u202eice"`, `["alice"]`, `{ alice = 1 }`} {
		var p Policy
		err := p.Parse("/c.toml", []byte("[[waive]]\ncheck = \"ssh.port\"\nreason = \"x\"\nobject = "+object+"\n"), known)
		if err == nil || strings.Contains(err.Error(), "ice") {
			t.Errorf("%s: error %v", object, err)
		}
	}
}

// Nor does the decoder repeat a value that lacks its quotes.
func TestErrorsDoNotRepeatValues(t *testing.T) {
	for _, text := range []string{
		"[[waive]]\nobject = boris\n",
		"[[waive]]\nobject = [boris, carol]\n",
		"[[waive]]\nobject = 'a' boris\n",
		"[[waive]]\nreason = +boris\n",
		"[[waive]]\nreason = \"boris \\xzz\"\n",
		"[[waive]]\nreason = \"\\uboris\"\n",
		"[[waive]]\nreason = 1.boris\n",
		"[[waive]]\nreason = tboris\n",
		"[passwords]\nlist = boris\n",
	} {
		err := new(Policy).Parse("/p.toml", []byte(text), known)
		var where *Error
		if !errors.As(err, &where) || where.Line != 2 {
			t.Errorf("%q: %v, want an error in line 2", text, err)
		} else if strings.Contains(err.Error(), "bori") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestStatementsHavePlaces(t *testing.T) {
	text := "# [a]\n" +
		"x = 1 # [[b]]\n" +
		"s = \"\"\"\n[c]\n\\\"\"\"\"\"\n" +
		"l = '''\n[d]\n''''\n" +
		"arr = [ # ]\n  \"]\", [ 1 ],\n  ']',\n]\n" +
		"\"q.\\u0061\" . 'r' . s = { t = \"}\", # open\n u = 2 }\r\n" +
		"[ e . \"f\" ] # [[x]]\n" +
		"k=\"\\\\\"\n" +
		"[[g]]\n[[ g ]]\nv = 'a\\'\n[g.h]\nw = 1\n[i]\n"
	want := []statement{
		{2, []string{"x"}, 'k'},
		{3, []string{"s"}, 'k'},
		{6, []string{"l"}, 'k'},
		{9, []string{"arr"}, 'k'},
		{13, []string{"q.a", "r", "s"}, 'k'},
		{15, []string{"e", "f"}, 't'},
		{16, []string{"e", "f", "k"}, 'k'},
		{17, []string{"g"}, 'a'},
		{18, []string{"g"}, 'a'},
		{19, []string{"g", "v"}, 'k'},
		{20, []string{"g", "h"}, 't'},
		{21, []string{"g", "h", "w"}, 'k'},
		{22, []string{"i"}, 't'},
	}
	if _, err := toml.Decode(text, &map[string]any{}); err != nil {
		t.Fatalf("the text is no TOML: %v", err)
	}
	got := statements([]byte(text))
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(statement{})); diff != "" {
		t.Errorf("statements (-want +got):\n%s", diff)
	}
	p := places(got)
	for _, tc := range []struct {
		n    int
		key  string
		want int
	}{{0, "", 17}, {0, "v", 17}, {1, "v", 19}, {1, "", 18}, {1, "none", 18}, {2, "", 17}} {
		if line := p.element([]string{"g"}, tc.n, tc.key); line != tc.want {
			t.Errorf("element %d, %q: line %d, want %d", tc.n, tc.key, line, tc.want)
		}
	}
	for line, key := range map[int][]string{2: {"x"}, 15: {"e"}, 16: {"e", "f", "k"}, 20: {"g", "h"}, 0: {"none"}, 9: {"arr", "below"}} {
		if got := p.line(key...); got != line {
			t.Errorf("%v: line %d, want %d", key, got, line)
		}
	}
}

// In what the decoder accepts, the statements are its keys, in its order.
func FuzzStatements(f *testing.F) {
	f.Add([]byte(Example))
	f.Add([]byte("a.\"b c\".'d' = [\n{x = '''\n'''},\n] # c\n[[t]]\nk = \"\\\"#\"\n"))
	f.Add([]byte("\xfe\xff"))
	f.Add([]byte("x = \"\"\"\"\"\"\ny = ''''a'''''\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		list := statements(text)
		lines, last := strings.Count(string(text), "\n")+1, 0
		for _, s := range list {
			if s.line < last || s.line > lines {
				t.Fatalf("line %d after line %d of %d", s.line, last, lines)
			}
			last = s.line
		}
		var all map[string]any
		meta, err := toml.Decode(string(text), &all)
		if err != nil {
			return
		}
		known := map[string]bool{}
		for _, key := range meta.Keys() {
			known[strings.Join(key, "\x00")] = true
		}
		tops := map[string]bool{}
		for _, s := range list {
			if len(s.path) == 0 {
				t.Fatalf("line %d: a statement without a name", s.line)
			}
			tops[s.path[0]] = true
			// The decoder's escapes are not all those of Go.
			if !known[strings.Join(s.path, "\x00")] && !strings.Contains(strings.Join(s.path, ""), `\`) {
				t.Errorf("line %d: the decoder knows no %q", s.line, s.path)
			}
		}
		for name := range all {
			if !tops[name] && !slices.ContainsFunc(slices.Collect(maps.Keys(tops)), func(s string) bool { return strings.Contains(s, `\`) }) {
				t.Errorf("%q has no place", name)
			}
		}
	})
}

// Whatever is accepted can be written down and read again, and says the same.
func FuzzParse(f *testing.F) {
	f.Add([]byte(Example))
	f.Add([]byte("only = [\"ssh\"]\n[agent]\nmodules = \"checks\"\n"))
	f.Add([]byte("[[agent]]\n"))
	f.Add([]byte("profile = \"ens\"\nroles = [\"mail\"]\n[severity]\n\"ssh.port/a\" = \"low\"\n[[listeners.declare]]\nport = 22\n"))
	f.Add([]byte("[[listeners.declare]]\nunit = \"a.b\"\nscope = \"address\"\n[[listeners.declare]]\nport = \"1-2\"\n"))
	f.Add([]byte("[[waive]]\ncheck = \"ssh.port\"\nobject = 'a\\\\*'\nhosts = [\"b?\"]\nreason = \"\"\"\nc\"\"\"\nexpires = 2027-01-31\n"))
	f.Add([]byte("waive = [{check = \"ssh.port\", reason = \"x\", gap = \"budget\", owner = \"\\u0000\"}]\nversion = 1\ncatalogue = 4\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var p Policy
		if err := p.Parse("/c.toml", text, known); err != nil {
			if e, ok := errors.AsType[*Error](err); !ok || e.File != "/c.toml" {
				t.Errorf("error without a place: %v", err)
			}
			return
		}
		if key, msg := p.invalid(known); msg != "" {
			t.Errorf("accepted %s: %s", key, msg)
		}
		for _, w := range p.Waive {
			if w.Place.Line < 1 || w.Place.Line > strings.Count(string(text), "\n")+1 {
				t.Errorf("a waiver at line %d", w.Place.Line)
			}
		}
		if diff := cmp.Diff(withoutPlaces(p), reread(t, p, known)); diff != "" {
			t.Errorf("policy (-first +reread):\n%s", diff)
		}
		everything := slices.Concat(known, profiles()[3].require, profiles()[4].require, []string{"mysql.bind", "ssh.tcp-forwarding", "ssh.tunnel"})
		full := p.Effective()
		if diff := cmp.Diff(withoutPlaces(full), reread(t, full, everything)); diff != "" {
			t.Errorf("effective policy (-first +reread):\n%s", diff)
		}
		if diff := cmp.Diff(full, full.Effective()); diff != "" {
			t.Errorf("effective policy (-first +of itself):\n%s", diff)
		}
		if diff := cmp.Diff(p.Declarations(), full.Declarations()); diff != "" {
			t.Errorf("declarations (-policy +effective):\n%s", diff)
		}
	})
}

// reread writes a policy and reads it.
func reread(t *testing.T, p Policy, known []string) Policy {
	t.Helper()
	text, err := p.TOML()
	if err != nil {
		t.Fatalf("writing: %v", err)
	}
	var again Policy
	if err := again.Parse("/again.toml", text, known); err != nil {
		t.Fatalf("reading what was written: %v\n%s", err, text)
	}
	return withoutPlaces(again)
}

// withoutPlaces is the policy as a value that can be compared: places differ between
// files, and a list without elements is no list.
func withoutPlaces(p Policy) Policy {
	p.Waive = slices.Clone(p.Waive)
	for i := range p.Waive {
		p.Waive[i].Place = checks.Location{}
	}
	for _, list := range []*[]string{&p.Only, &p.Skip, &p.Require, &p.Roles} {
		if len(*list) == 0 {
			*list = nil
		}
	}
	if len(p.Waive) == 0 {
		p.Waive = nil
	}
	if len(p.Listeners.Declare) == 0 {
		p.Listeners.Declare = nil
	}
	if len(p.Severity) == 0 {
		p.Severity = nil
	}
	return p
}

// The decoder takes a field's name in any case; every name must be one that misspelt
// lets through.
func TestEverySettingCanBeSpelt(t *testing.T) {
	p := Policy{Waive: []Waiver{{}}, Listeners: Listeners{Declare: []Declare{{}}}}
	settings(reflect.ValueOf(p), "", func(name string, _ reflect.Value) {
		if misspelt(strings.Split(name, ".")) {
			t.Errorf("%s is refused as misspelt", name)
		}
	})
}
