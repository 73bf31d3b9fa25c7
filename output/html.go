package output

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"strings"

	"hostaudit/checks"
)

//go:embed html/*.tmpl html/page.css
var htmlFiles embed.FS

// HTML prints the report as one page that needs nothing else: no script, no font, no
// image and no style sheet but its own, and a Content-Security-Policy that lets a browser
// load nothing even if something of the host got past the escaping of html/template.
// It shows everything the report holds but the fingerprints.
func HTML(w io.Writer, r *checks.Report) error {
	css, err := htmlFiles.ReadFile("html/page.css")
	if err != nil {
		return fmt.Errorf("rendering html: %w", err)
	}
	t, err := template.ParseFS(htmlFiles, "html/*.tmpl")
	if err != nil {
		return fmt.Errorf("rendering html: %w", err)
	}
	var buf bytes.Buffer
	if err := t.ExecuteTemplate(&buf, "page.tmpl", newHTMLPage(r, css)); err != nil {
		return fmt.Errorf("rendering html: %w", err)
	}
	return writeAll(w, buf.Bytes())
}

// htmlPage is what the templates lay out. They decide nothing.
type htmlPage struct {
	Policy template.HTMLAttr // the attribute of the Content-Security-Policy
	CSS    template.CSS

	Tool, Target, Verdict, Tone string
	Sentence                    string   // the counts of every format
	Remarks                     []string // what the reader must know before anything else
	About                       []htmlPair

	Count      htmlCount // of the checks in the sections that are in groups
	Figures    []htmlFigure
	Severities []htmlBar
	Scale      int // the longest of the bars, in findings
	Families   []htmlFamily

	Failed        []htmlGroup
	Gaps          []htmlCheck
	Waived        []htmlCheck
	Passed        []htmlCheck
	NotApplicable []htmlGroup
	Configuration *htmlConfiguration
	Run           []htmlPair
}

// htmlCount is how many checks the sections list whose checks are grouped.
type htmlCount struct{ Failed, NotApplicable int }

// htmlPair is a row of a list of names and values.
type htmlPair struct {
	Name, Value string
	Code        bool // the value is of the host or of a program
}

// htmlConfiguration is what the administrator's configuration did.
type htmlConfiguration struct {
	Pairs []htmlPair
	Notes []htmlNote
}

// htmlNote is a sentence about something, with where it stands.
type htmlNote struct{ Label, Subject, Detail, Place string }

func newHTMLPage(r *checks.Report, css []byte) *htmlPage {
	results := clone(r).Checks
	t := count(results)
	digest := sha256.Sum256(css)
	p := &htmlPage{
		Policy: template.HTMLAttr(`content="default-src 'none'; style-src 'sha256-` + base64.StdEncoding.EncodeToString(digest[:]) +
			`'; img-src data:; base-uri 'none'; form-action 'none'"`),
		CSS:      template.CSS(css), // embedded, nothing of the host
		Tool:     strings.TrimSpace(shown(r.Tool.Name) + " " + shown(r.Tool.Version)),
		Target:   htmlTarget(r.Target),
		Sentence: t.sentence() + t.decided(),
	}
	p.Count = htmlCount{Failed: t.verdicts[failed], NotApplicable: t.verdicts[notApplicable]}
	p.Verdict, p.Tone = htmlVerdict(t)
	if r.Run != nil && r.Run.Interrupted {
		p.Remarks = append(p.Remarks, "The audit was interrupted; what follows is what there was.")
	}
	if r.Policy != nil && r.Policy.Baseline {
		p.Remarks = append(p.Remarks, htmlNews(results))
	}
	p.about(r)
	p.plots(results, t)
	p.sections(results)
	if r.Policy != nil {
		p.Configuration = newHTMLConfiguration(r.Policy)
	}
	return p
}

// htmlTarget names what was audited.
func htmlTarget(t checks.Target) string {
	if t.Mode == "root" || t.Mode == "image" {
		return cmp.Or(shown(t.Path), "an "+t.Mode)
	}
	return cmp.Or(shown(t.Hostname), "this host")
}

// htmlVerdict is the whole report in a sentence, and the name of its colour.
func htmlVerdict(t tally) (sentence, tone string) {
	open := t.verdicts[notChecked] + t.verdicts[inProgress]
	switch {
	case t.total == 0:
		return "No check was run.", "unknown"
	case t.verdicts[failed] > 0:
		worst := checks.SeverityNone
		for s, n := range t.severity {
			if n > 0 {
				worst = checks.Severity(s)
			}
		}
		sentence = fmt.Sprintf("%d of %s failed", t.verdicts[failed], plural(t.total, "check"))
		if t.total == 1 {
			sentence = "The only check failed"
		}
		if worst > checks.SeverityNone {
			sentence += fmt.Sprintf("; the worst finding is %s", worst)
		}
		if open > 0 {
			sentence += fmt.Sprintf(". %d more could not be completed", open)
		}
		return sentence + ".", worst.String()
	case t.verdicts[passed]+t.verdicts[waived] == 0:
		return "Nothing was established: no check passed and none failed.", "unknown"
	case open > 0:
		return fmt.Sprintf("No weakness was found, but %d of %s could not be completed.", open, plural(t.total, "check")), "unknown"
	}
	return t.praise(), "pass"
}

// htmlNews counts what the earlier report did not have.
func htmlNews(results []checks.Result) string {
	open, known := 0, 0
	for i := range results {
		for _, f := range results[i].Findings {
			if f.Waiver != nil {
				continue
			}
			if open++; f.Known {
				known++
			}
		}
	}
	return fmt.Sprintf("Compared with an earlier report: %d of %s new.", open-known, plural(open, "finding"))
}

// about fills the facts of the page's head and of its end.
func (p *htmlPage) about(r *checks.Report) {
	add := func(list *[]htmlPair, name, value string, code bool) {
		if value != "" {
			*list = append(*list, htmlPair{name, value, code})
		}
	}
	kind := shown(r.Target.Kind)
	if r.Target.Mode == "live" {
		kind = "running " + kind
	}
	if r.Target.KindReason != "" {
		kind += " (" + shown(r.Target.KindReason) + ")"
	}
	add(&p.About, "Kind", kind, false)
	add(&p.About, "System", strings.Join(nonEmpty(shown(r.Target.OS.ID), shown(r.Target.OS.VersionID)), " "), false)
	if r.Target.Mode == "live" {
		add(&p.About, "Path", shown(r.Target.Path), true)
	} else {
		add(&p.About, "Host name", shown(r.Target.Hostname), true)
	}
	add(&p.Run, "Program", p.Tool, false)
	if run := r.Run; run != nil {
		add(&p.About, "Audited", run.Started.UTC().Format("2006-01-02 15:04:05 UTC"), false)
		add(&p.Run, "Catalogue", fmt.Sprint(run.Catalogue), false)
		add(&p.Run, "Word list", shown(run.WordList), true)
		add(&p.Run, "Asked", strings.Join(shownAll(run.Selection), ", "), true)
		add(&p.Run, "Confined by", strings.Join(shownAll(run.Confinement), ", "), false)
	}
	if r.Policy != nil {
		add(&p.About, "Profile", shown(cmp.Or(r.Policy.Profile, "default")), false)
	}
}

func newHTMLConfiguration(policy *checks.PolicyInfo) *htmlConfiguration {
	c := &htmlConfiguration{Pairs: []htmlPair{{Name: "Profile", Value: shown(cmp.Or(policy.Profile, "default"))}}}
	if len(policy.Roles) > 0 {
		c.Pairs = append(c.Pairs, htmlPair{Name: "Roles", Value: strings.Join(shownAll(policy.Roles), ", ")})
	}
	if policy.Catalogue > 0 {
		c.Pairs = append(c.Pairs, htmlPair{Name: "Catalogue", Value: fmt.Sprintf("pinned to %d: younger checks are reported and decide nothing", policy.Catalogue)})
	}
	if policy.Baseline {
		c.Pairs = append(c.Pairs, htmlPair{Name: "Baseline", Value: "findings of an earlier report are known and decide nothing"})
	}
	if policy.Digest != "" {
		c.Pairs = append(c.Pairs, htmlPair{Name: "Digest", Value: shown(policy.Digest), Code: true})
	}
	for _, n := range policy.Notes {
		c.Notes = append(c.Notes, htmlNote{
			Label: htmlPolicyNote(n.Kind), Subject: shown(n.Check), Detail: shown(n.Detail), Place: place(n.Location),
		})
	}
	return c
}

// htmlPolicyNote says what kind of note about the configuration it is.
func htmlPolicyNote(kind string) string {
	switch kind {
	case "waiver-unused":
		return "Waiver without use"
	case "waiver-expired":
		return "Waiver expired"
	case "waiver-expiring":
		return "Waiver about to expire"
	case "waivers-on-one-day":
		return "Waivers of one day"
	case "check-not-gated":
		return "Check decides nothing"
	}
	return shown(kind)
}
