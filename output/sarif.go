package output

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"hostaudit/checks"
)

// maxSARIFResults is how many results a run holds: GitHub refuses a file with more
// (and shows the worst 5,000 of them).
const maxSARIFResults = 25_000

// SARIF prints the findings as SARIF 2.1.0 with errata 01 (OASIS).
//
// It is written for GitHub code scanning first, which knows less than the standard:
// every result is shown as an open alert whatever its kind, so what passed or does
// not apply is no result (run.properties.verdicts has it), and what could not be
// examined is a notification of the run, which is no alert and is not lost. A
// result without a file makes GitHub refuse the whole document, so such findings get
// a name of their own in place of a file. Severity is a property of rules there, so a
// finding whose severity is not its check's belongs to the rule ID/SEVERITY; and
// suppressions are not looked at, so a waived one belongs to the rule ID/waived of the
// level note and no severity, which blocks nothing; so does one of a check younger than
// the pinned catalogue to ID/not-gated. What a baseline knows keeps its level: GitHub
// compares with the branch itself.
//
// There is no automationDetails: the upload action takes the category of an analysis
// from it before the category the workflow names, and two images audited in one
// workflow would replace each other.
func SARIF(w io.Writer, r *checks.Report) error {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(newSARIF(clone(r), maxSARIFResults)); err != nil {
		return fmt.Errorf("rendering sarif: %w", err)
	}
	return writeAll(w, buf.Bytes())
}

// newSARIF is the document of r with no more results than limit.
func newSARIF(r *checks.Report, limit int) sarifLog {
	rules, notes := newSARIFRules(r), newSARIFNotes()
	all := ciFindings(r)
	kept := sarifWorst(all, limit)
	run := sarifRun{
		Results:     []sarifResult{},
		BaseIDs:     sarifBases(r),
		Invocations: []sarifInvocation{notes.invocation(r, len(all)-len(kept))},
		Properties:  sarifRunBag{Target: r.Target, Summary: r.Summary, LeftOut: len(all) - len(kept), Verdicts: map[string]sarifVerdict{}},
	}
	for _, f := range kept {
		run.Results = append(run.Results, sarifResultOf(r, f, rules.of(f)))
	}
	for i := range r.Checks {
		res := &r.Checks[i]
		run.Properties.Verdicts[res.ID] = sarifVerdict{Status: res.Status, Reason: res.Reason}
	}
	if p := r.Policy; p != nil {
		run.Properties.Policy = &sarifPolicy{Digest: p.Digest, Profile: p.Profile, Roles: p.Roles, Catalogue: p.Catalogue}
	}
	run.Tool.Driver = sarifDriver{
		Name: shown(r.Tool.Name), Version: shown(r.Tool.Version), Rules: rules.list, Notifications: notes.descriptors,
	}
	return sarifLog{
		Schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json", Version: "2.1.0",
		Runs: []sarifRun{run},
	}
}

// sarifWorst are the n worst in the order they had, the waived last to be kept.
func sarifWorst(all []ciFinding, n int) []ciFinding {
	if len(all) <= n {
		return all
	}
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(boolCompare(all[a].Waiver != nil, all[b].Waiver != nil), cmp.Compare(all[b].Severity, all[a].Severity))
	})
	order = order[:n]
	slices.Sort(order)
	kept := make([]ciFinding, 0, n)
	for _, i := range order {
		kept = append(kept, all[i])
	}
	return kept
}

func sarifResultOf(r *checks.Report, f ciFinding, rule int) sarifResult {
	text, level := f.says(), sarifLevel(f.Severity)
	if f.check.Ungated {
		level = sarifQuietLevel
	}
	if f.Waiver != nil {
		words := "waived"
		if f.Waiver.Expires != "" {
			words += " until " + shown(f.Waiver.Expires)
		}
		text, level = ciCapital(words)+": "+text, sarifQuietLevel
	}
	parts := append([]string{text}, f.standing()...)
	if f.check.Remedy != "" {
		parts = append(parts, "Fix: "+ciSentence(shown(f.check.Remedy)))
	}
	res := sarifResult{
		RuleID: sarifRuleID(f), RuleIndex: rule, Kind: "fail", Level: level,
		Message:   sarifText(strings.Join(parts, " ")),
		Locations: []sarifLocation{sarifPlace(f.check.ID, f.Subject, f.Location)},
		Fingerprints: map[string]string{
			"hostaudit/v1": ciDigits(f.Fingerprint),
			// The only one GitHub looks at. With our own in it an alert outlives
			// edits of the file; the number tells findings of one identity apart.
			"primaryLocationLineHash": fmt.Sprintf("%s:%d", ciDigits(f.Fingerprint), f.nth),
		},
		Suppressions: []sarifSuppression{},
		Properties: sarifResultBag{
			Check: f.check.ID, Severity: f.Severity, Evidence: f.Evidence, Kind: f.Kind, Subject: shown(f.Subject), Ungated: f.check.Ungated,
		},
	}
	if f.Waiver != nil {
		res.Suppressions = append(res.Suppressions, sarifSuppression{
			Kind: "external", Status: "accepted", Justification: ciWaiver(f.Waiver),
			Properties: &sarifSuppressionBag{Expires: shown(f.Waiver.Expires)},
		})
	}
	if r.Policy != nil && r.Policy.Baseline {
		res.BaselineState = "new"
		if f.Known {
			res.BaselineState = "unchanged"
		}
	}
	return res
}

// sarifQuietLevel is the level of what is waived or not gated, whatever its severity.
const sarifQuietLevel = "note"

// sarifLevel is the level of a severity; GitHub knows no others.
func sarifLevel(s checks.Severity) string {
	switch s {
	case checks.SeverityCritical, checks.SeverityHigh:
		return "error"
	case checks.SeverityMedium:
		return "warning"
	}
	return "note"
}

// The names of the roots that locations are relative to.
const (
	sarifRoot    = "ROOT"
	sarifNowhere = "HOSTAUDIT"
)

func sarifBases(r *checks.Report) map[string]sarifArtifact {
	root := sarifArtifact{Description: sarifSaid("the root directory of the audited " + r.Target.Kind)}
	if r.Target.Mode == "live" && strings.Trim(string(r.Target.Path), "/") == "" {
		// Anywhere else the file of this name is on another machine or in an image.
		root.URI = "file:///"
	}
	return map[string]sarifArtifact{
		sarifRoot:    root,
		sarifNowhere: {Description: sarifSaid("no directory: findings that were not seen in a file have the name of their check here")},
	}
}

// sarifPlace is where something was seen. There is a region only for a line that is
// known: without one the whole file is meant.
func sarifPlace(id string, subject checks.Text, l checks.Location) sarifLocation {
	var place sarifPhysical
	if file := ciPath(ciRaw(l.File)); file != "" {
		place.Artifact = sarifArtifact{URI: sarifURI(file), BaseID: sarifRoot}
		if l.Line > 0 {
			place.Region = &sarifRegion{StartLine: l.Line}
		}
	} else {
		place.Artifact = sarifArtifact{URI: sarifURI(ciPlaceless(id)), BaseID: sarifNowhere}
	}
	location := sarifLocation{Physical: &place}
	if subject != "" {
		location.Logical = []sarifLogical{{Name: shown(subject), Kind: "resource"}}
	}
	return location
}

// sarifTime is a time as SARIF wants it, UTC.
func sarifTime(t time.Time) string {
	return t.UTC().Truncate(time.Second).Format("2006-01-02T15:04:05Z")
}
