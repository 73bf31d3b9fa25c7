package output

import (
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/mattn/go-runewidth"

	"hostaudit/checks"
)

var sgr = regexp.MustCompile("\x1b\\[[0-9;]+m")

// checkText prints r and holds it to what every text keeps: the width, printable
// characters only, no line that ends in blanks, and colour that adds nothing else.
func checkText(t *testing.T, r *checks.Report, o TextOptions) string {
	t.Helper()
	o.Color = false
	plain := string(rendered(t, func(w io.Writer) error { return Text(w, r, o) }))
	o.Color = true
	colored := string(rendered(t, func(w io.Writer) error { return Text(w, r, o) }))
	if diff := cmp.Diff(plain, sgr.ReplaceAllString(colored, "")); diff != "" {
		t.Errorf("colour changes more than colour:\n%s", diff)
	}
	width := 80
	if o.Width != 0 {
		width = min(max(o.Width, 40), 120)
	}
	columns := &runewidth.Condition{StrictEmojiNeutral: true}
	for i, line := range strings.Split(strings.TrimSuffix(plain, "\n"), "\n") {
		if n := columns.StringWidth(line); n > width {
			t.Errorf("line %d takes %d columns of %d: %q", i+1, n, width, line)
		}
		if !checks.Text(line).Valid() {
			t.Errorf("line %d holds control characters: %q", i+1, line)
		}
		if strings.HasSuffix(line, " ") {
			t.Errorf("line %d ends in blanks: %q", i+1, line)
		}
	}
	return plain
}

func TestTextKeepsItsForm(t *testing.T) {
	for _, f := range fixtures {
		for _, width := range []int{0, 1, 40, 57, 80, 120, 1000} {
			t.Run(fmt.Sprintf("%s-%d", f.name, width), func(t *testing.T) {
				checkText(t, f.report(), TextOptions{Width: width})
				checkText(t, f.report(), TextOptions{Width: width, Verbose: true, Timings: true})
			})
		}
	}
}

func TestTextDoesNotFollowTheLocale(t *testing.T) {
	before := string(printed(t, "text", hostileHost()))
	old := runewidth.DefaultCondition.EastAsianWidth
	runewidth.DefaultCondition.EastAsianWidth = !old
	t.Cleanup(func() { runewidth.DefaultCondition.EastAsianWidth = old })
	if diff := cmp.Diff(before, string(printed(t, "text", hostileHost()))); diff != "" {
		t.Errorf("another locale, another text:\n%s", diff)
	}
}

// in reports whether the parts stand in text in this order.
func in(text string, parts ...string) (missing string) {
	for _, part := range parts {
		_, after, ok := strings.Cut(text, part)
		if !ok {
			return part
		}
		text = after
	}
	return ""
}

func TestTextOrder(t *testing.T) {
	for _, c := range []struct {
		fixture string
		parts   []string
	}{
		{"bad", []string{
			"web01, debian 12", "FAILED", "CRITICAL password.dictionary", "CRITICAL mysql.root-password", "HIGH     ssh.root-login",
			"- PermitRootLogin yes", "(configured,", "50-cloud-init-of-the-provider.conf:12)", "fix: ", "may break: ",
			"MEDIUM   ssh.port", "MEDIUM   listeners.declared", "… and 25 more (--format json shows all)", "LOW      mysql.bind",
			"COULD NOT BE CHECKED", "accounts.uid0", "to do: run the audit again", "PASSED", "password.empty",
			"NOT APPLICABLE", "not there: ftp.port", "9 checks: 6 failed (2 critical, 1 high, 2 medium, 1 low)",
		}},
		{"unknown", []string{"interrupted", "COULD NOT BE CHECKED", "(no permission to read it, /etc/shadow)", "to do: run the audit as root with all capabilities", "Nothing was established", "9 not checked"}},
		{"clean", []string{"PASSED", "No weakness was found.", "8 checks: 0 failed, 0 not checked, 5 passed, 3 not applicable"}},
		{"image", []string{"image golden-2026.11.qcow2, ubuntu 24.04", "vm-image (has a kernel below /boot)"}},
		{"waived", []string{"tcp/9100", "tcp/8080", "waived until 2027-04-01", "WAIVED", "ssh.port", "waived until 2027-01-31", "3 findings waived"}},
	} {
		t.Run(c.fixture, func(t *testing.T) {
			text := checkText(t, fixtureNamed(t, c.fixture), TextOptions{})
			if missing := in(text, c.parts...); missing != "" {
				t.Errorf("%q is missing or out of order in\n%s", missing, text)
			}
		})
	}
}

// A clean bill is given for a clean report only.
func TestTextPraisesOnlyTheClean(t *testing.T) {
	for _, f := range fixtures {
		text := checkText(t, f.report(), TextOptions{})
		if got, want := strings.Contains(text, "No weakness was found"), f.name == "clean"; got != want {
			t.Errorf("%s: praise %t, want %t", f.name, got, want)
		}
	}
}

func TestTextTimings(t *testing.T) {
	r := cleanHost()
	r.Checks[2].Elapsed = 3 * time.Second
	if text := checkText(t, r, TextOptions{}); strings.Contains(text, "TIMINGS") || strings.Contains(text, "3s") {
		t.Errorf("timings without being asked for:\n%s", text)
	}
	text := checkText(t, r, TextOptions{Timings: true})
	if missing := in(text, "TIMINGS", "ssh.port", "3s", "password.dictionary", "0s"); missing != "" {
		t.Errorf("%q is missing, slowest first, in\n%s", missing, text)
	}
}

func TestWrap(t *testing.T) {
	p := newPage(40, false)
	for _, c := range []struct {
		text  string
		width int
		want  []string
	}{
		{"", 10, []string{""}},
		{"a b", 10, []string{"a b"}},
		{"aaa bbb ccc", 7, []string{"aaa bbb", "ccc"}},
		{"aaaaaaaaaaaa b", 5, []string{"aaaaa", "aaaaa", "aa b"}},
		{"a aaaaaaaa", 5, []string{"a", "aaaaa", "aaa"}},
		{"日本語の名前", 5, []string{"日本", "語の", "名前"}},
		{"a  b", 10, []string{"a  b"}},
		{"e\u0301e\u0301e\u0301", 2, []string{"e\u0301e\u0301", "e\u0301"}},
		{"(a" + glue + "b) c", 6, []string{"(a b)", "c"}},
	} {
		if diff := cmp.Diff(c.want, p.wrap(c.text, c.width)); diff != "" {
			t.Errorf("wrap(%q, %d) (-want +got):\n%s", c.text, c.width, diff)
		}
	}
}

// A hostile name of characters without width must not take quadratic time.
func TestTextBoundsWork(t *testing.T) {
	r := report(passing("ssh.port", "x"))
	r.Target.Hostname = checks.Text(strings.Repeat("\u0301", 8000))
	start := time.Now()
	checkText(t, r, TextOptions{})
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %v", took)
	}
}
