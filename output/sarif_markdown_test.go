package output

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"

	"hostaudit/checks"
)

// markups are texts that would be something in GitHub Flavored Markdown.
var markups = []string{
	"*a* _b_ **c** __d__ ~~e~~ `f` ``g``", "[x](https://example.org)", "![x](https://example.org/x.png)", "<https://example.org>",
	"https://example.org www.example.org ftp://example.org", "<script>alert(1)</script>", "<b>x</b>", "&lt;b&gt; &#60;", "a | b | c",
	"# x", "[x]: https://example.org", `\*x\* \\`, "[^1]", "- [ ] x", "$x$", "@someone #1", "WWW.example.org", "{0} {{1}} ${X}",
}

// markupTags are what the paragraphs and labels of a help text are made of.
var markupTags = regexp.MustCompile(`</?(p|strong)>`)

// rendersMarkdown is the text a reader of the markdown sees; anything but paragraphs
// and bold labels in it is an error.
func rendersMarkdown(t testing.TB, markdown string) string {
	t.Helper()
	var buf bytes.Buffer
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(markdown), &buf); err != nil {
		t.Fatal(err)
	}
	text := markupTags.ReplaceAllString(buf.String(), "")
	if strings.ContainsAny(text, "<>") {
		t.Errorf("%q has markup: %s", markdown, buf.String())
	}
	return strings.TrimSpace(html.UnescapeString(text))
}

// Help is rendered by GitHub; what a host put into it is text and nothing else.
func TestSARIFMarkdown(t *testing.T) {
	for _, s := range append(append([]string{}, hostile...), markups...) {
		r := report(result("ssh.root-login", func(rec *checks.Recorder) {
			rec.Finding(checks.Finding{Kind: "key", Subject: "x", Evidence: checks.Configured})
			rec.Breaks("x" + s + "x")
		}))
		help := parsedSARIF(t, r).Tool.Driver.Rules[0].Help
		plain, text := shows(t, help.Text), rendersMarkdown(t, strings.NewReplacer("{{", "{", "}}", "}").Replace(help.Markdown))
		if want := "x" + string(checks.Clean(s)) + "x."; !strings.Contains(plain, want) || !strings.Contains(text, want) {
			t.Errorf("%q is not shown: %q and %q", want, plain, text)
		}
		if got := strings.Count(text, "\n"); got != 4 {
			t.Errorf("%q makes %d lines", s, got)
		}
	}
}

func FuzzSARIFMarkdown(f *testing.F) {
	for _, s := range append(append([]string{}, hostile...), markups...) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text := "x" + string(checks.Clean(s)) + "x"
		if got := rendersMarkdown(t, "**x:** "+sarifMarkdown(text)); got != "x: "+text {
			t.Errorf("%q is rendered as %q", text, got)
		}
	})
}
