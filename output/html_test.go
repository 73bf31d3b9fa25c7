package output

import (
	"crypto/sha256"
	"encoding/base64"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hostaudit/checks"
)

func parsedPage(t *testing.T, r *checks.Report) []htmlElement {
	t.Helper()
	elements, err := parsePage(printed(t, "html", r))
	if err != nil {
		t.Fatal(err)
	}
	return elements
}

// named returns the elements of that name.
func named(elements []htmlElement, name string) []htmlElement {
	return slices.DeleteFunc(slices.Clone(elements), func(e htmlElement) bool { return e.name != name })
}

// htmlNames and htmlAttributes are all that a page is made of: nothing that runs, loads
// or sends, and no style that the policy of the page would refuse.
var (
	htmlNames = strings.Fields(`html head meta title link style body a svg symbol path use rect header p h1 h2 h3 h4 nav main
		section article footer div span b code ul li dl dt dd table thead tbody tr th td details summary`)
	htmlAttributes = strings.Fields(`lang charset http-equiv content name rel href class id title scope tabindex
		aria-label aria-labelledby aria-hidden focusable width height viewBox preserveAspectRatio d opacity x y`)
)

func TestHTMLIsSelfContained(t *testing.T) {
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			elements := parsedPage(t, f.report())
			var ids, targets []string
			for _, e := range elements {
				if !slices.Contains(htmlNames, e.name) {
					t.Errorf("element %s", e.name)
				}
				for name, value := range e.attributes {
					if !slices.Contains(htmlAttributes, name) {
						t.Errorf("attribute %s=%q of %s", name, value, e.name)
					}
				}
				if id, ok := e.attributes["id"]; ok {
					if slices.Contains(ids, id) || id == "" {
						t.Errorf("id %q twice or empty", id)
					}
					ids = append(ids, id)
				}
				if label, ok := e.attributes["aria-labelledby"]; ok {
					targets = append(targets, label)
				}
				if href, ok := e.attributes["href"]; ok {
					target, local := strings.CutPrefix(href, "#")
					if local {
						targets = append(targets, target)
					} else if e.name != "link" || href != "data:," {
						t.Errorf("%s leads to %q", e.name, href)
					}
				}
			}
			for _, target := range targets {
				if !slices.Contains(ids, target) {
					t.Errorf("nothing has the id %q", target)
				}
			}
			style := named(elements, "style")
			if len(style) != 1 {
				t.Fatalf("%d style sheets", len(style))
			}
			if word := regexp.MustCompile(`(?i)url|@import|@font-face|expression|\\`).FindString(style[0].text); word != "" {
				t.Errorf("the style sheet has %s", word)
			}
			digest := sha256.Sum256([]byte(style[0].text))
			want := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) +
				"'; img-src data:; base-uri 'none'; form-action 'none'"
			metas := named(elements, "meta")
			if got := metas[1]; got.attributes["http-equiv"] != "Content-Security-Policy" || got.attributes["content"] != want {
				t.Errorf("the policy is %q, want %q right after the character set", got.attributes, want)
			}
		})
	}
}

// TestHTMLShowsTheReport looks for every word of every report in its page.
func TestHTMLShowsTheReport(t *testing.T) {
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			r := f.report()
			elements := parsedPage(t, r)
			text := named(elements, "html")[0].text
			var want []string
			add := func(s ...checks.Text) {
				for _, s := range s {
					want = append(want, string(s))
				}
			}
			note := func(w *checks.WaiverNote) {
				if w != nil {
					add(w.Reason, w.Owner, checks.Text(w.Expires))
				}
			}
			add(r.Target.Path, r.Target.KindReason, r.Target.OS.ID, r.Target.OS.VersionID)
			if r.Run != nil {
				add(checks.Text(r.Run.WordList))
				add(checks.Text(strings.Join(r.Run.Confinement, ", ")), checks.Text(strings.Join(r.Run.Selection, ", ")))
			}
			if r.Policy != nil {
				add(checks.Text(r.Policy.Digest), checks.Text(r.Policy.Profile), checks.Text(strings.Join(r.Policy.Roles, ", ")))
				for _, n := range r.Policy.Notes {
					add(checks.Text(n.Check), n.Detail, checks.Text(place(n.Location)))
				}
			}
			for _, res := range r.Checks {
				add(checks.Text(res.ID), checks.Text(res.Title))
				for _, f := range res.Findings {
					add(f.Subject, f.Detail, checks.Text(f.Evidence), checks.Text(place(f.Location)))
					note(f.Waiver)
					note(f.Expired)
				}
				for _, g := range res.Gaps {
					add(g.Subject, g.Detail, checks.Text(reasonWords(g.Reason)), checks.Text(place(g.Location)))
					note(g.Waiver)
					note(g.Expired)
				}
				for _, n := range res.Notes {
					add(n.Subject, n.Detail)
				}
				for name, value := range res.Facts {
					add(checks.Text(name), value)
				}
				for name, numbers := range res.References {
					add(checks.Text(standardName(name)), checks.Text(strings.Join(numbers, ", ")))
				}
				switch judge(&res) {
				case failed:
					add(checks.Text(res.Remedy), checks.Text(res.Breaks), checks.Text(res.Rationale))
				case passed, notApplicable:
					add(res.Summary)
				}
			}
			for _, w := range want {
				if !strings.Contains(text, w) {
					t.Errorf("the page does not say %q", w)
				}
			}
		})
	}
}

// Each finding, gap and check stands in the page once, whatever it is called.
func TestHTMLForgesNothing(t *testing.T) {
	for _, f := range fixtures {
		t.Run(f.name, func(t *testing.T) {
			r := f.report()
			elements := parsedPage(t, r)
			var found, waivedToo, levels []string
			var cells int
			for _, e := range elements {
				if e.has("found") {
					found = append(found, e.text)
				}
				if e.has("waiver") && strings.HasPrefix(e.text, "waived") {
					waivedToo = append(waivedToo, e.text)
				}
				if e.has("cell") {
					cells++
				}
				if len(e.name) == 2 && e.name[0] == 'h' && e.name[1] != 'r' {
					levels = append(levels, e.name)
				}
			}
			findings, waivers := 0, 0
			for _, res := range r.Checks {
				for _, f := range res.Findings {
					if findings++; f.Waiver != nil {
						waivers++
					}
				}
			}
			if len(found) != findings {
				t.Errorf("%d findings in the page, %d in the report", len(found), findings)
			}
			if len(waivedToo) < waivers {
				t.Errorf("%d waivers in the page, at least %d in the report", len(waivedToo), waivers)
			}
			if cells != len(r.Checks) {
				t.Errorf("%d squares for %d checks", cells, len(r.Checks))
			}
			// A heading is at most one level below the one before it.
			for i := range levels {
				if i == 0 && levels[i] != "h1" || i > 0 && (levels[i] == "h1" || levels[i][1] > levels[i-1][1]+1) {
					t.Errorf("headings %v: number %d is out of order", levels, i)
				}
			}
		})
	}
}

func TestHTMLVerdict(t *testing.T) {
	for name, want := range map[string][2]string{
		"clean":   {"No weakness was found.", "pass"},
		"bad":     {"6 of 9 checks failed; the worst finding is critical. 1 more could not be completed.", "critical"},
		"hostile": {"3 of 6 checks failed; the worst finding is critical. 1 more could not be completed.", "critical"},
		"unknown": {"Nothing was established: no check passed and none failed.", "unknown"},
		"image":   {"1 of 5 checks failed; the worst finding is medium.", "medium"},
		"empty":   {"No check was run.", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			elements := parsedPage(t, fixtureNamed(t, name))
			i := slices.IndexFunc(elements, func(e htmlElement) bool { return e.has("verdict") })
			if i < 0 || elements[i].text != want[0] || !elements[i].has(want[1]) {
				t.Errorf("got %+v, want %q", elements[max(i, 0)], want)
			}
		})
	}
	gap := result("ssh.port", func(r *checks.Recorder) { r.Gap(checks.Gap{Reason: checks.ReasonUnreadable}) })
	covered := passing("ftp.port", "ok")
	covered.Status = checks.StatusFail
	covered.Findings = []checks.Finding{{Kind: "x", Subject: "x", Severity: checks.SeverityLow, Evidence: checks.Running, Waiver: &checks.WaiverNote{Reason: "so"}}}
	for _, tc := range []struct {
		name, want string
		results    []checks.Result
	}{
		{"open", "No weakness was found, but 1 of 2 checks could not be completed.", []checks.Result{passing("ftp.port", "ok"), gap}},
		{"waived", "No weakness was found but those that are waived.", []checks.Result{covered}},
		{"alone", "The only check failed; the worst finding is medium.", []checks.Result{
			result("ssh.port", func(r *checks.Recorder) { r.Finding(checks.Finding{Kind: "x", Evidence: checks.Running}) }),
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got, _ := htmlVerdict(count(tc.results)); got != tc.want {
				t.Errorf("got %q, want %q", got, tc.want)
			}
		})
	}
}

// The page of a report whose texts are not escaped is not broken either.
func FuzzHTML(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, s)
	}
	f.Fuzz(func(t *testing.T, subject, file string) {
		r := report(result("ssh.root-login", func(r *checks.Recorder) {
			r.Finding(checks.Finding{Kind: "x", Subject: checks.Text(subject), Evidence: checks.Configured, Location: checks.At(file, 1)})
			r.Gap(checks.Gap{Reason: checks.ReasonUnreadable, Subject: checks.Text(subject)})
			r.Fact("fact", file)
			r.Note(subject, file)
		}))
		r.Target.Path, r.Tool.Version = checks.Text(subject), file
		elements := parsedPage(t, r)
		if len(named(elements, "article")) != 2 || len(named(elements, "script")) != 0 {
			t.Fatalf("the page has other elements than the report asks for:\n%s", printed(t, "html", r))
		}
		if text := named(elements, "main")[0].text; !strings.Contains(text, string(checks.Clean(subject))) || !strings.Contains(text, string(checks.Clean(file))) {
			t.Fatalf("the page does not say %q and %q", subject, file)
		}
	})
}
