package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"hostaudit/checks"
)

// gitlabEntry is one entry of a GitLab Code Quality report; every field is required
// (GitLab documentation, "Code Quality report format").
type gitlabEntry struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"` // unique in the report
	Severity    string         `json:"severity"`    // info, minor, major, critical, blocker
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"` // relative, without "./"
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
}

// GitLab prints the findings as a GitLab Code Quality report, a JSON array.
//
// What is waived is left out. What a baseline knows is not: GitLab compares the
// reports of two branches itself and shows the difference, and would call it fixed.
// What could not be examined is an entry of the severity info, for the list is all
// that is looked at; and an audit that established nothing or was interrupted is one,
// for an empty list is shown as "no changes".
func GitLab(w io.Writer, r *checks.Report) error {
	entries := []gitlabEntry{}
	for _, text := range ciRemarks(r) {
		entries = append(entries, gitlabEntry{
			Description: text, CheckName: "hostaudit", Severity: gitlabSeverity(checks.SeverityMedium),
			Fingerprint: ciDigits(checks.Fingerprint("hostaudit", "", "remark", checks.Text(text), "")),
			Location:    gitlabPlace("audit", checks.Location{}),
		})
	}
	for _, f := range ciFindings(r) {
		if f.Waiver != nil {
			continue
		}
		text := append([]string{f.says()}, f.standing()...)
		if f.check.Remedy != "" {
			text = append(text, "Fix: "+ciSentence(shown(f.check.Remedy)))
		}
		entries = append(entries, gitlabEntry{
			Description: strings.Join(text, " "), CheckName: shown(f.check.ID), Severity: gitlabSeverity(f.Severity),
			Fingerprint: gitlabFingerprint(f.Fingerprint, f.nth), Location: gitlabPlace(f.check.ID, f.Location),
		})
	}
	for _, g := range ciGaps(r) {
		if g.Waiver != nil {
			continue
		}
		text := []string{ciCapital(g.says())}
		if g.Expired != nil {
			text = append(text, ciExpired(g.Expired))
		}
		entries = append(entries, gitlabEntry{
			Description: strings.Join(text, " "), CheckName: shown(g.check.ID), Severity: "info",
			Fingerprint: gitlabFingerprint(g.fingerprint(), g.nth), Location: gitlabPlace(g.check.ID, g.Location),
		})
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(entries); err != nil {
		return fmt.Errorf("rendering gitlab: %w", err)
	}
	return writeAll(w, buf.Bytes())
}

// gitlabFingerprint tells the findings of one identity apart: GitLab shows one
// entry of each fingerprint.
func gitlabFingerprint(fingerprint string, nth int) string {
	if nth == 1 {
		return ciDigits(fingerprint)
	}
	return fmt.Sprintf("%s-%d", ciDigits(fingerprint), nth)
}

func gitlabSeverity(s checks.Severity) string {
	switch s {
	case checks.SeverityCritical:
		return "blocker"
	case checks.SeverityHigh:
		return "critical"
	case checks.SeverityMedium:
		return "major"
	case checks.SeverityLow:
		return "minor"
	}
	return "info"
}

// gitlabPlace is where something was seen; a line is required, so that the whole
// file is its first line.
func gitlabPlace(id string, l checks.Location) gitlabLocation {
	file := ciPath(shown(l.File))
	if file == "" {
		return gitlabLocation{Path: ciPlaceless(id), Lines: gitlabLines{Begin: 1}}
	}
	return gitlabLocation{Path: file, Lines: gitlabLines{Begin: max(l.Line, 1)}}
}
