package output

import (
	"strings"

	"hostaudit/checks"
)

// GitHub cuts nothing itself: a description or a name that is longer is refused.
const (
	maxSARIFDescription = 1024
	maxSARIFName        = 255
)

// sarifRules is the list of rules: the checks in their order, then the variants of a
// check for findings that have another severity than the check or are waived.
type sarifRules struct {
	list  []sarifDescriptor
	index map[string]int
}

func newSARIFRules(r *checks.Report) *sarifRules {
	rules := &sarifRules{list: []sarifDescriptor{}, index: map[string]int{}}
	for i := range r.Checks {
		rules.add(r.Checks[i].ID, &r.Checks[i], r.Checks[i].Severity)
	}
	for _, f := range ciFindings(r) {
		rules.add(sarifRuleID(f), f.check, f.Severity)
	}
	return rules
}

// Ends of the IDs of rules for what decides nothing: waived findings, and those of a
// check younger than the pinned catalogue.
const (
	waivedRule   = "/waived"
	notGatedRule = "/not-gated"
)

func (s *sarifRules) of(f ciFinding) int { return s.index[sarifRuleID(f)] }

// sarifRuleID is the check, CHECK/SEVERITY, CHECK/waived or CHECK/not-gated: rule IDs are hierarchical
// (SARIF 3.27.5), and one rule has one severity at GitHub.
func sarifRuleID(f ciFinding) string {
	switch {
	case f.Waiver != nil:
		return f.check.ID + waivedRule
	case f.check.Ungated:
		return f.check.ID + notGatedRule
	case f.Severity == f.check.Severity:
		return f.check.ID
	}
	return f.check.ID + "/" + f.Severity.String()
}

func (s *sarifRules) add(id string, r *checks.Result, severity checks.Severity) {
	if _, ok := s.index[id]; ok {
		return
	}
	s.index[id] = len(s.list)
	// A title is the statement that is true on a sound host; above an alert it would
	// say the opposite of what was found.
	title := "Expected: " + ciSentence(shown(r.Title))
	properties := sarifRuleBag{Tags: []string{"security", "hardening", shown(r.Family)}, Precision: "high", SecuritySeverity: sarifSecurity(severity)}
	level := sarifLevel(severity)
	quiet := ""
	switch {
	case strings.HasSuffix(id, waivedRule):
		quiet, title = "waived", "Waived. "+title
	case strings.HasSuffix(id, notGatedRule):
		quiet, title = "not-gated", "Not gated. "+title
	}
	if quiet != "" {
		level, properties.SecuritySeverity = sarifQuietLevel, ""
		properties.Tags = append(properties.Tags, quiet)
	}
	sections := []struct{ label, text string }{
		{"Why it matters", shown(r.Rationale)},
		{"Fix", shown(r.Remedy)},
		{"May break", shown(r.Breaks)},
		{"References", strings.Join(ciReferences(r), "; ")},
	}
	text, markdown := []string{title}, []string{sarifMarkdown(title)}
	for _, section := range sections {
		if section.text != "" {
			text = append(text, section.label+": "+ciSentence(section.text))
			markdown = append(markdown, "**"+section.label+":** "+sarifMarkdown(ciSentence(section.text)))
		}
	}
	rule := sarifDescriptor{
		ID: id, Name: sarifCut(sarifName(r.ID), maxSARIFName),
		Short: sarifShort(title),
		Full:  sarifShort(strings.TrimSpace(title + " " + shown(r.Rationale))),
		Help: &sarifMessage{
			Text:     sarifPlain(strings.Join(text, "\n\n")),
			Markdown: sarifBraces(strings.Join(markdown, "\n\n")),
		},
		Level:      &sarifLevels{Level: level},
		Properties: &properties,
	}
	s.list = append(s.list, rule)
}

// sarifSecurity is a severity on the scale of CVSS, in the middle of the range
// that GitHub shows under that name: over 9.0, from 7.0, from 4.0, from 0.1.
func sarifSecurity(s checks.Severity) string {
	switch s {
	case checks.SeverityCritical:
		return "9.5"
	case checks.SeverityHigh:
		return "8.0"
	case checks.SeverityMedium:
		return "5.5"
	}
	return "2.0"
}

// sarifName is "SshRootLogin" of "ssh.root-login".
func sarifName(id string) string {
	var b strings.Builder
	for part := range strings.FieldsFuncSeq(shown(id), func(r rune) bool { return r == '.' || r == '-' }) {
		b.WriteString(ciCapital(part))
	}
	return b.String()
}
