package policy

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"hostaudit/checks"
)

// Severities are overrides by check ID ("ssh.port") or by ID and kind of finding
// ("ssh.root-login/key").
//
// That of a check sets its default: findings as bad as the old default or worse get
// the new one; one that was graded below it (an SSH server on port 22 of loopback) stays
// where it is unless the new default is lower still. That of a kind is what its findings
// get, whatever they had.
type Severities map[string]Level

// Level is critical, high, medium or low.
type Level string

// UnmarshalTOML implements toml.Unmarshaler.
func (l *Level) UnmarshalTOML(v any) error {
	switch v := v.(type) {
	case string:
		*l = Level(v) // judged with its place by invalid
		return nil
	case map[string]any:
		return errors.New(`an ID with its dot must be in quotes: "ssh.port" = "low"`)
	}
	return errors.New("is no severity: critical, high, medium or low")
}

func levels() []string { return []string{"critical", "high", "medium", "low"} }

// severity is the level in the words of the report.
func (l Level) severity() checks.Severity {
	var s checks.Severity
	if s.UnmarshalText([]byte(l)) != nil {
		return checks.SeverityNone
	}
	return s
}

// invalid returns the first override, by name, that cannot be, and what is wrong.
func (s Severities) invalid(known []string) (key, msg string) {
	kinds := kindPattern()
	for _, key := range slices.Sorted(maps.Keys(s)) {
		id, kind, ofKind := strings.Cut(key, "/")
		switch {
		case !slices.Contains(known, id):
			return key, fmt.Sprintf("no check is named %q", id)
		case ofKind && !kinds.MatchString(kind):
			return key, fmt.Sprintf("%q is not the kind of a finding", kind)
		case !slices.Contains(levels(), string(s[key])):
			return key, fmt.Sprintf("%q is none of %s", string(s[key]), strings.Join(levels(), ", "))
		}
	}
	return "", ""
}

// kindPattern is what the kind of a finding is made of.
func kindPattern() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`) }

// apply sets the severities of a result and puts the worst finding first again.
func (s Severities) apply(r *checks.Result) {
	changed := false
	if to := s[r.ID].severity(); to != checks.SeverityNone {
		for i := range r.Findings {
			if f := &r.Findings[i]; f.Severity >= r.Severity {
				f.Severity, changed = to, true
			} else if f.Severity > to {
				f.Severity, changed = to, true
			}
		}
		r.Severity = to
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		if to := s[r.ID+"/"+f.Kind].severity(); to != checks.SeverityNone {
			f.Severity, changed = to, true
		}
	}
	if changed {
		slices.SortStableFunc(r.Findings, compareFindings)
	}
}

// compareFindings is the order of a report: the worst first, then bytewise.
func compareFindings(a, b checks.Finding) int {
	return cmp.Or(
		cmp.Compare(b.Severity, a.Severity),
		cmp.Compare(a.Subject, b.Subject),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(b.Evidence, a.Evidence),
		cmp.Compare(a.Location.File, b.Location.File),
		cmp.Compare(a.Location.Line, b.Location.Line),
		cmp.Compare(a.Detail, b.Detail),
		cmp.Compare(a.Fingerprint, b.Fingerprint),
	)
}

// over returns the overrides with those of a profile below them: one for a check
// stands for the profile's of its kinds, too.
func (s Severities) over(profile Severities) Severities {
	merged := Severities{}
	for key, level := range profile {
		if id, _, _ := strings.Cut(key, "/"); s[id] == "" {
			merged[key] = level
		}
	}
	maps.Copy(merged, s)
	if len(merged) == 0 {
		return nil
	}
	return merged
}
