package policy

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"hostaudit/checks"
)

func TestPattern(t *testing.T) {
	for _, tc := range []struct {
		pattern Pattern
		name    string
		want    bool
	}{
		{"root", "root", true},
		{"root", "Root", false},
		{"root", "root2", false},
		{"root", "aroot", false},
		{"*", "", true},
		{"*", "/etc/a/b", true},
		{"/home/*/.ssh/*", "/home/a/b/.ssh/c/d", true},
		{"/home/*/.ssh/*", "/home/.ssh/c", false},
		{"tcp * nginx", "tcp 80 nginx", true},
		{"tcp ?? nginx", "tcp 80 nginx", true},
		{"tcp ?? nginx", "tcp 443 nginx", false},
		{"?", "é", true},
		{"?", "", false},
		{"??", "é", false},
		{"a?c", "a/c", true},
		{"[ab]", "a", false},
		{"[ab]", "[ab]", true},
		{"{a,b}", "a", false},
		{`a\*`, `a\x`, true},
		{`a\*`, `a*`, false},
		{`a\\b`, `a\\b`, true},
		{`a\\b`, `a\b`, false},
		{"a?b", "a*b", true},
		{"*a*b*", "xaxxbx", true},
		{"*a*b*", "xbxxax", false},
		{"*ab", "aab", true},
		{"**", "x", true},
		{"a**", "a", true},
		{"*é", "xé", true},
		{"*日?", "日日本", true},
	} {
		if got := tc.pattern.Match(tc.name); got != tc.want {
			t.Errorf("%q on %q: %v, want %v", tc.pattern, tc.name, got, tc.want)
		}
	}
}

// What the host is called comes escaped, and the pattern is written as it is shown.
func TestPatternIsAsShown(t *testing.T) {
	for name, pattern := range map[string]Pattern{"a\nb": `a\nb`, `a\b`: `a\\b`, "a\u202eb": `a\u{202e}b`, "a*b": "a?b"} {
		var p Pattern
		if err := p.UnmarshalText([]byte(pattern)); err != nil {
			t.Errorf("%s is refused: %v", pattern, err)
		}
		if !p.Match(string(checks.Clean(name))) {
			t.Errorf("%s does not fit %q", pattern, name)
		}
	}
	for _, name := range []string{"\xff", "a\nb", "\u202e", "", strings.Repeat("x", maxPattern+1)} {
		var p Pattern
		if p.UnmarshalText([]byte(name)) == nil {
			t.Errorf("%.10q is accepted, and can fit no name", name)
		}
	}
}

func TestPatternIsBounded(t *testing.T) {
	name := strings.Repeat("a", 512*10)
	pattern := Pattern(strings.Repeat("a*", maxPattern/2-1) + "b")
	began := time.Now()
	if pattern.Match(name) {
		t.Error("fits a name without b")
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("took %s", took)
	}
}

// A pattern is the regular expression with .* for each star and . for each question
// mark.
func FuzzPattern(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("*.service", `a\x2d.service`)
	f.Add("**?é", "éé")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		var p Pattern
		if len(pattern) > 100 || len(name) > 1000 || p.UnmarshalText([]byte(pattern)) != nil || !checks.Text(name).Valid() {
			return
		}
		var quoted strings.Builder
		for _, r := range pattern {
			switch r {
			case '*':
				quoted.WriteString(".*")
			case '?':
				quoted.WriteString(".")
			default:
				quoted.WriteString(regexp.QuoteMeta(string(r)))
			}
		}
		if want := regexp.MustCompile(`\A(?:` + quoted.String() + `)\z`).MatchString(name); p.Match(name) != want {
			t.Errorf("%q on %q: %v, want %v", pattern, name, !want, want)
		}
	})
}
