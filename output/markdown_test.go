package output

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"

	"hostaudit/checks"
)

func gfm() goldmark.Markdown { return goldmark.New(goldmark.WithExtensions(extension.GFM)) }

var htmlTag = regexp.MustCompile(`<[^>]*>`)

// renderedText is the text of a document without markup, as GFM renders it. Text of
// the document has no bare "<" in the rendering, so every tag is the renderer's.
func renderedText(t *testing.T, document string) string {
	t.Helper()
	var buf bytes.Buffer
	if err := gfm().Convert([]byte(document), &buf); err != nil {
		t.Fatal(err)
	}
	return html.UnescapeString(htmlTag.ReplaceAllString(buf.String(), ""))
}

// live is what GitHub or GitLab makes a link or a picture of when it finds it in
// text outside of code, escaped in the source or not.
var live = regexp.MustCompile("[@#!~%$&^\\\\*_|<>`\\[\\]{}+=]|://|www\\.|:[a-z]+:|\\b[0-9a-f]{7,40}\\b|[A-Za-z]-[0-9]|[a-z]\\.[a-z]")

// allowed are the nodes of a document of ours; a host that gets another one into it
// (a link, a picture, HTML, emphasis) has forged something.
func allowed(n ast.Node, source []byte) error {
	switch n.Kind() {
	case ast.KindDocument, ast.KindHeading, ast.KindParagraph, ast.KindTextBlock, ast.KindText, ast.KindString, ast.KindCodeSpan,
		ast.KindList, ast.KindListItem, extast.KindTable, extast.KindTableHeader, extast.KindTableRow, extast.KindTableCell:
		return nil
	case ast.KindEmphasis:
		if words := string(n.FirstChild().(*ast.Text).Segment.Value(source)); n.(*ast.Emphasis).Level == 2 && !live.MatchString(words) {
			return nil
		}
	case ast.KindHTMLBlock:
		var block strings.Builder
		for i := range n.Lines().Len() {
			line := n.Lines().At(i)
			block.Write(line.Value(source))
		}
		if regexp.MustCompile(`^(<details><summary>[0-9]+ (more|checks? passed|checks? not applicable)</summary>|</details>)\n$`).MatchString(block.String()) {
			return nil
		}
		return fmt.Errorf("HTML %q", block.String())
	}
	return fmt.Errorf("a node of kind %s", n.Kind())
}

// forged returns what a document holds that it must not.
func forged(document string) error {
	source := []byte(document)
	return ast.Walk(gfm().Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		if err := allowed(n, source); err != nil {
			return ast.WalkStop, err
		}
		if words, ok := n.(*ast.Text); ok && n.Parent().Kind() != ast.KindCodeSpan {
			if s := strings.NewReplacer("&#124;", "/", "e.g.", "").Replace(string(words.Segment.Value(source))); live.MatchString(s) {
				return ast.WalkStop, fmt.Errorf("%q stands outside of code", s)
			}
		}
		return ast.WalkContinue, nil
	})
}

// nasty are strings that mean something to a reader of Markdown.
func nasty() []string {
	return append([]string{
		"[x](http://evil.example)", "![x](https://evil.example/a.png)", "<img src=x onerror=alert(1)>", "<script>alert(1)</script>",
		"@everyone", "@org/team please", "#1", "fixes #1, GH-12", "org/repo#5", "!12 ~label %milestone $snippet &epic", "a1b2c3d", "deadbeef", "d/aeebedf", "facadedx defaced",
		"http://evil.example/x", "www.evil.example", "user@evil.example", "mailto:a@b.c", ":tada:", "TICKET-123", "`code`", "``", "`", "a`b``c", "` `",
		"|", "a|b", "a\\|b", "\\", "\\\\|", "| --- |", "*bold* _it_ ~~gone~~", "***", "---", "===", "# head", "- item", "+ item", "1. one", "1) one", "12.", "> quote", "    indented",
		"\tx", "- [ ] task", "[^1]", "[x]: http://a.b", "<!-- comment", "-->", "</details>", "<details>", "&lt;", "&copy;", "&#64;user", "$x$", "$`x`$", "{+x+}", "[[_TOC_]]", "/close",
		"a  b", " a", "a ", " ", "   ", "\"quoted\"", "it's", "e.g. so", "one/two", "read-only.", "x:", "x;", "x, y", "ends with `", "` begins", "``` fence", "~~~ fence",
	}, hostile...)
}

// Rendered, a text of the host is that text: in a sentence, as a name, in a cell.
func TestMarkdownTexts(t *testing.T) {
	for i, raw := range nasty() {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			for _, s := range []string{string(checks.Clean(raw)), strings.ReplaceAll(string(checks.Clean(raw)), `\\`, `\`)} {
				checkMarkdownText(t, s)
			}
		})
	}
}

func checkMarkdownText(t *testing.T, s string) {
	t.Helper()
	const head = "| a | b |\n| --- | --- |\n| "
	for _, d := range []struct{ name, document, want string }{
		{"item", "- " + mdProse(s), s},
		{"paragraph", mdProse(s), s},
		{"code", mdCode(s), s},
		{"heading", "#### " + mdCode(s+"x") + ": " + mdProse(s+"x"), s + "x: " + s + "x"},
		{"inside", "- x " + mdSaid(checks.Text(s), checks.Text(s)) + mdTraits([]string{s, s}), ""},
		{"cells", head + mdCell(s, mdCode) + " | " + mdCell(s, mdProse) + " |", ""},
	} {
		if err := forged(d.document); err != nil {
			t.Errorf("%s of %q: %v in %q", d.name, s, err, d.document)
		}
		got := renderedText(t, d.document)
		switch d.name {
		case "inside":
			d.want = "x " + said(checks.Text(s), checks.Text(s)) + " (" + s + ", " + s + ")"
			got = strings.TrimSuffix(strings.TrimPrefix(got, "\n"), "\n\n")
		case "cells":
			lines := strings.Split(got, "\n")
			if len(lines) < 13 {
				t.Fatalf("cells of %q: %q", s, got)
			}
			d.want, got = s+"/"+s, lines[9]+"/"+lines[10]
		default:
			got = strings.Trim(got, "\n")
		}
		if got != d.want {
			t.Errorf("%s of %q is rendered as %q, source %q", d.name, s, got, d.document)
		}
	}
}

func FuzzMarkdownText(f *testing.F) {
	for _, s := range nasty() {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { checkMarkdownText(t, string(checks.Clean(s))) })
}

func TestMarkdownProse(t *testing.T) {
	for in, want := range map[string]string{
		"root can log in with a password":               "root can log in with a password",
		"Set Port in sshd_config and restart.":          "Set Port in `sshd_config` and restart.",
		"see /etc/passwd, /etc/shadow.":                 "see `/etc/passwd`, `/etc/shadow`.",
		"ask @admin about #12":                          "ask `@admin` about `#12`",
		"use --deadline; --timings shows it":            "use `--deadline`; `--timings` shows it",
		"port 22 (or 2222), e.g. the account's":         "port 22 (or 2222), e.g. the account's",
		"commit deadbeef and 1234567":                   "commit `deadbeef` and `1234567`",
		"":                                              "",
		"a  b":                                          "`a  b`",
		"read-only and/or \"quoted\" text; done: never": "read-only and/or \"quoted\" text; done: never",
	} {
		if got := mdProse(in); got != want {
			t.Errorf("mdProse(%q) = %q, want %q", in, got, want)
		}
	}
}

// Every fixture gives a document in which nothing is forged, with a row for each
// failed check and every finding and gap of what did not pass.
func TestMarkdownIsRead(t *testing.T) {
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			r := f.report()
			document := string(printed(t, "markdown", r))
			if err := forged(document); err != nil {
				t.Error(err)
			}
			source := []byte(document)
			rows := 0
			if err := ast.Walk(gfm().Parser().Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
				if entering && n.Kind() == extast.KindTableRow {
					rows++
					if n.ChildCount() != 4 {
						t.Errorf("a row of %d cells", n.ChildCount())
					}
				}
				return ast.WalkContinue, nil
			}); err != nil {
				t.Fatal(err)
			}
			failures, shownText := 0, renderedText(t, document)
			for i := range r.Checks {
				c := &r.Checks[i]
				if judge(c) == failed {
					failures++
				}
				if !strings.Contains(shownText, c.ID) {
					t.Errorf("%s is not there", c.ID)
				}
				for _, f := range c.Findings {
					want := said(f.Subject, f.Detail) + bracketedWords("", findingTraits(&f))
					if !strings.Contains(shownText, want) {
						t.Errorf("%s: %q is not there", c.ID, want)
					}
				}
				for _, g := range c.Gaps {
					if want := said(g.Subject, g.Detail) + bracketedWords("", gapTraits(&g)); !strings.Contains(shownText, want) {
						t.Errorf("%s: gap %q is not there", c.ID, want)
					}
				}
			}
			if rows != failures {
				t.Errorf("%d rows for %d failed checks", rows, failures)
			}
			if strings.Count(document, "<details>") != strings.Count(document, "</details>") {
				t.Error("a fold is not closed")
			}
			if strings.Contains(document, "\n\n\n") || strings.Contains(document, "Cut here") {
				t.Error("empty lines, or cut without need")
			}
		})
	}
}

// The checks are listed worst first; what is not gated comes last.
func TestMarkdownOrder(t *testing.T) {
	r := fixtureNamed(t, "bad")
	r.Checks[slices.IndexFunc(r.Checks, func(c checks.Result) bool { return c.ID == "password.dictionary" })].Ungated = true
	var got []string
	for _, m := range regexp.MustCompile("(?m)^\\| .* \\| `([^`]*)` \\|").FindAllStringSubmatch(string(printed(t, "markdown", r)), -1) {
		got = append(got, m[1])
	}
	want := []string{"mysql.root-password", "ssh.root-login", "ssh.port", "listeners.declared", "mysql.bind", "password.dictionary"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A summary that would be dropped for its length is cut, says so, and stays whole
// Markdown; the counts are of everything.
func TestMarkdownLimit(t *testing.T) {
	long := func(n int) *checks.Report {
		return report(
			result("listeners.declared", func(rec *checks.Recorder) {
				for i := range n {
					rec.Finding(checks.Finding{Kind: "undeclared", Subject: checks.Text(fmt.Sprintf("tcp/%d", i)), Detail: checks.Text(strings.Repeat("on every address ", 29) + "too"), Evidence: checks.Running})
				}
			}),
			result("ssh.port", func(rec *checks.Recorder) { rec.Finding(checks.Finding{Kind: "x", Subject: "sshd"}) }),
			passing("accounts.uid0", "root is alone"),
		)
	}
	document := printed(t, "markdown", long(2000))
	if len(document) > maxMarkdown || len(document) < maxMarkdown-2*roomToFinish {
		t.Errorf("%d bytes of %d", len(document), maxMarkdown)
	}
	s := string(document)
	if strings.Count(s, "<details>") != 1 || strings.Count(s, "</details>") != 1 {
		t.Error("the fold is not closed")
	}
	if !strings.Contains(s, "2 of 3 checks failed") || !strings.Contains(s[len(s)-roomToFinish:], "Of 3 checks something is missing") {
		t.Errorf("begins %q, ends %q", s[:100], s[len(s)-roomToFinish:])
	}
	if err := forged(s); err != nil {
		t.Error(err)
	}
	// Wherever the cut falls, at the end of a fold too.
	for room := range 18 {
		d := mdDocument{lost: map[string]bool{}}
		d.fold("1 more")
		d.block(strings.Repeat("x", maxMarkdown-roomToFinish-d.buf.Len()-2-room))
		d.unfold()
		d.block("more")
		if s := string(d.finish()); strings.Count(s, "</details>") != 1 || !strings.HasSuffix(s, "everything.\n") {
			t.Errorf("%d bytes before the end: not closed, or not said: %q", room, s[len(s)-100:])
		}
	}
	if s := string(printed(t, "markdown", long(1500))); strings.Contains(s, "Cut here") || !strings.Contains(s, "tcp/1499") {
		t.Error("cut although it fits")
	}
}
