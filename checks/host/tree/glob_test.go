package tree

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestGlob(t *testing.T) {
	entries := map[string]Entry{
		"etc/ssh":                  link("/usr/etc/ssh"),
		"usr/etc/ssh/d/10-a.conf":  textFile(""),
		"usr/etc/ssh/d/B.conf":     textFile(""),
		"usr/etc/ssh/d/b.conf":     textFile(""),
		"usr/etc/ssh/d/.x.conf":    textFile(""),
		"usr/etc/ssh/d/gone.conf":  link("/nowhere"),
		"usr/etc/ssh/d/dir.conf/y": textFile(""),
		"usr/etc/ssh/d/b.conf~":    textFile(""),
		"usr/etc/file":             textFile(""),
		"home/ann/.ssh/keys":       textFile(""),
		"home/bob/.ssh/keys":       textFile(""),
		"home/file":                textFile(""),
		"home/dangling":            link("/none"),
		"odd/[x]":                  textFile(""),
		"odd/a*b":                  textFile(""),
		"odd/axb":                  textFile(""),
		"odd/a\\b":                 textFile(""),
		"odd/\xff":                 textFile(""),
	}
	tests := []struct {
		pattern string
		want    []string
	}{
		{"/etc/ssh/d/*.conf", []string{"/etc/ssh/d/10-a.conf", "/etc/ssh/d/B.conf", "/etc/ssh/d/b.conf", "/etc/ssh/d/dir.conf", "/etc/ssh/d/gone.conf"}},
		{"etc//ssh/d/?.conf", []string{"/etc/ssh/d/B.conf", "/etc/ssh/d/b.conf"}},
		{"/etc/ssh/d/.*", []string{"/etc/ssh/d/.x.conf"}},
		{"/etc/ssh/d/[.]*", nil},
		{"/etc/ssh/d/[!0-9a]*.conf", []string{"/etc/ssh/d/B.conf", "/etc/ssh/d/b.conf", "/etc/ssh/d/dir.conf", "/etc/ssh/d/gone.conf"}},
		{"/etc/ssh/d/*.conf/", []string{"/etc/ssh/d/dir.conf/"}},
		{"/etc/ssh/d/gone.conf", []string{"/etc/ssh/d/gone.conf"}},
		{"/etc/ssh/d/none.conf", nil},
		{"/etc/ssh/*/*/y", []string{"/etc/ssh/d/dir.conf/y"}},
		{"/home/*/.ssh/keys", []string{"/home/ann/.ssh/keys", "/home/bob/.ssh/keys"}},
		{"/home/*/*/keys", nil},
		{"/usr/etc/file/*", nil},
		{"/none/*", nil},
		{"/", []string{"/"}},
		{"", nil},
		{"/*/file", []string{"/home/file"}},
		{"/home/../home/f*", []string{"/home/../home/file"}},
		{`/odd/\[x]`, []string{"/odd/[x]"}},
		{`/odd/[[]x]`, []string{"/odd/[x]"}},
		{`/odd/[x`, nil},
		{`/odd/a\*b`, []string{"/odd/a*b"}},
		{`/odd/a\\b`, []string{`/odd/a\b`}},
		{`/odd/a[*\\]b`, []string{"/odd/a*b", `/odd/a\b`}},
		{`/odd/a?b`, []string{"/odd/a*b", `/odd/a\b`, "/odd/axb"}},
		{"/odd/?", []string{"/odd/\xff"}},
	}
	onBoth(t, entries, func(t *testing.T, tr *Tree) {
		for _, tt := range tests {
			got, err := tr.Glob(tt.pattern)
			if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" || err != nil {
				t.Errorf("Glob(%q): %v %s", tt.pattern, err, diff)
			}
		}
	})
}

func TestGlobTellsErrors(t *testing.T) {
	src, err := NewMapSource(map[string]Entry{
		"d/":          {Mode: fs.ModeDir | 0o700, Err: fs.ErrPermission},
		"d/x.conf":    textFile(""),
		"e/":          {Mode: fs.ModeDir | 0o700, Err: syscall.EIO},
		"f/y.conf":    textFile(""),
		"etc/conf.d":  link("/d"),
		"loop":        link("loop"),
		"remote/":     {Mode: fs.ModeDir | 0o755, Err: ErrRemote},
		"many/h/":     {Mode: fs.ModeDir | 0o755},
		"home/a/":     {Mode: fs.ModeDir | 0o700, Err: fs.ErrPermission},
		"home/b/.ssh": textFile(""),
	})
	must(t, err)
	tr := New(src, Options{})
	tests := []struct {
		pattern string
		want    []string
		errs    []error
	}{
		{"/d/*.conf", nil, []error{fs.ErrPermission}},
		{"/d/x.conf", nil, []error{fs.ErrPermission}},
		{"/etc/conf.d/*.conf", nil, []error{fs.ErrPermission}},
		{"/[def]/*.conf", []string{"/f/y.conf"}, []error{fs.ErrPermission, syscall.EIO}},
		{"/loop/*", nil, []error{ErrTooDeep}},
		{"/remote/*", nil, []error{ErrRemote}},
		{"/home/*/.ssh", []string{"/home/b/.ssh"}, []error{fs.ErrPermission}},
	}
	for _, tt := range tests {
		got, err := tr.Glob(tt.pattern)
		if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("Glob(%q): %s", tt.pattern, diff)
		}
		for _, want := range tt.errs {
			if !errors.Is(err, want) {
				t.Errorf("Glob(%q): error %v, want %v", tt.pattern, err, want)
			}
		}
	}
	if _, err := tr.Glob(strings.Repeat("*", maxName+1)); err == nil {
		t.Error("an endless pattern was accepted")
	}
}

func TestGlobBoundsItsErrors(t *testing.T) {
	entries := map[string]Entry{}
	for _, c := range "abcdefghijklmnopqrstuvwxyz" {
		entries["h/"+string(c)+"/"] = Entry{Mode: fs.ModeDir, Err: fs.ErrPermission}
	}
	src, err := NewMapSource(entries)
	must(t, err)
	_, err = New(src, Options{}).Glob("/h/*/x")
	if err == nil || strings.Count(err.Error(), "\n") != maxGlobErrors || !strings.Contains(err.Error(), "and 10 more errors") {
		t.Errorf("error %v", err)
	}
}

func TestWildcard(t *testing.T) {
	tests := []struct {
		pattern, name string
		want          bool
	}{
		{"[[:digit:]]x", "1x", true},
		{"[[:digit:]]x", "ax", false},
		{"[![:upper:]_]", "a", true},
		{"[![:upper:]_]", "_", false},
		{"[[:nonsense:]a]", "a", true},
		{"[]a]", "]", true},
		{"[!]a]", "]", false},
		{"[a-]", "-", true},
		{"[z-a]", "m", false},
		{`[\]]`, "]", true},
		{"[^a]", "b", true},
		{"[a", "[a", true},
		{"[[:alpha", "[[:alpha", true},
		{"**a**", "bab", true},
		{"*.conf", ".conf", false},
		{`\.*`, ".x", true},
		{`a\`, `a\`, true},
		{"", "", true},
		{"*", "", true},
	}
	for _, tt := range tests {
		if got := compileWildcard(tt.pattern).match(tt.name); got != tt.want {
			t.Errorf("%q matches %q = %v", tt.pattern, tt.name, got)
		}
	}
}

// FuzzWildcard compares with path.Match where both mean the same (ASCII, no
// brackets, no hidden names), and holds that an escaped name matches itself only.
func FuzzWildcard(f *testing.F) {
	for _, seed := range [][2]string{{"*.conf", "a.conf"}, {"a?c*", "abcd"}, {"[a-c]*", "b"}, {`\*`, "*"}, {"[[:alpha:]", "x"}, {"*a*b*c", "xaybzc"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		got := compileWildcard(pattern).match(name)
		ascii := strings.IndexFunc(pattern+name, func(r rune) bool { return r >= 0x80 }) < 0
		if ascii && !strings.ContainsAny(pattern, `[\`) && !strings.ContainsAny(name, "/") && !strings.HasPrefix(name, ".") {
			if want, err := path.Match(pattern, name); err != nil || got != want {
				t.Fatalf("%q on %q: %v, path.Match says %v, %v", pattern, name, got, want, err)
			}
		}
		escaped := strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(name)
		if literal, ok := literalName(escaped); !ok || literal != name {
			t.Fatalf("%q read as literal %q, %v", escaped, literal, ok)
		}
		if w := compileWildcard(escaped); !w.match(name) || w.match(name+"x") {
			t.Fatalf("%q does not match just %q", escaped, name)
		}
	})
}
