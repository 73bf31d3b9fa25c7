package output

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hostaudit/checks"
)

// auditStatus is the module about the audit itself.
func auditStatus(r *checks.Report, results []checks.Result, o PandoraOptions) module {
	m := module{name: statusModule, kind: "generic_data_string", status: statusNormal}
	health, defects := "ok", 0
	for i := range results {
		if slices.ContainsFunc(results[i].Gaps, func(g checks.Gap) bool { return g.Reason == checks.ReasonInternal }) {
			defects++
		}
	}
	switch {
	case o.Problem != "":
		health, m.status = "configuration refused", statusCritical
		m.description = description{head: "FAIL: the configuration was refused", items: []string{shown(o.Problem)}}
	case r.Run != nil && r.Run.Interrupted:
		health, m.status = "interrupted", statusWarning
		m.description.head = "NOT CHECKED: the audit was interrupted before its end"
	case defects > 0:
		health, m.status = plural(defects, "internal error"), statusWarning
		m.description.head = "NOT CHECKED: " + plural(defects, "check") + " met a defect of this program"
	case o.Warning != "":
		health, m.status = "degraded", statusWarning
		m.description = description{head: "FAIL: the audit ran to its end, but not everything could be kept or written", items: []string{shown(o.Warning)}}
	default:
		m.description.head = "OK: the audit ran to its end"
	}
	if notes := noteCounts(r.Policy); notes != "" {
		m.description.tail = "; of the configuration: " + notes
	}
	version := shown(r.Tool.Name) + " " + shown(r.Tool.Version)
	parts := []string{count(results).sentence()}
	if r.Run != nil {
		version += fmt.Sprintf(" (catalogue %d)", r.Run.Catalogue)
		if r.Run.WordList != "" {
			parts = append(parts, "word list "+shortDigest(r.Run.WordList))
		}
	}
	digest := o.Policy
	if r.Policy != nil {
		digest = cmp.Or(digest, r.Policy.Digest)
	}
	if digest != "" {
		parts = append(parts, "policy "+shortDigest(digest))
	}
	parts = append([]string{strings.TrimSpace(version)}, append(parts, "health: "+health)...)
	m.data = strings.Join(parts, "; ")
	return m
}

// auditFindings counts the findings that decide at alarm level, before any are merged.
func auditFindings(results []checks.Result, o PandoraOptions) module {
	level := checks.SeverityMedium
	if o.AlarmLow {
		level = checks.SeverityLow
	}
	n := 0
	var bad []*checks.Result
	for i := range results {
		r := &results[i]
		if judge(r) != failed {
			continue
		}
		bad = append(bad, r)
		for _, f := range r.Findings {
			if f.Gated() && !r.Ungated && f.Severity >= level {
				n++
			}
		}
		if len(r.Findings) == 0 && r.Gating() >= level {
			n++
		}
	}
	slices.SortStableFunc(bad, func(a, b *checks.Result) int { return cmp.Compare(worst(b), worst(a)) })
	var items []string
	for _, r := range bad {
		how := worst(r).String()
		switch {
		case openBesideQuiet(r) && !unfinished(r):
			how += ", not all of it examined"
		case r.Gating() == checks.SeverityNone:
			how += ", no alarm"
		}
		items = append(items, fmt.Sprintf("%s (%s)", shown(r.ID), how))
	}
	m := module{name: findingsModule, kind: "generic_data", data: fmt.Sprint(n), status: loudest(results, o)}
	unsure := ""
	if n := count(results).verdicts[notChecked]; n > 0 {
		unsure = plural(n, "check") + " could not be checked"
	}
	switch v := together(results); {
	case v == failed:
		m.description = description{head: "FAIL: " + plural(len(bad), "check") + " failed", items: items}
		if unsure != "" {
			m.description.tail = "; " + unsure
		}
	case v == notChecked:
		m.description.head = prefix(v) + unsure + "; no finding in the others"
	case v == inProgress:
		m.description.head = prefix(v) + "no finding so far"
	case v == waived:
		m.description.head = prefix(v) + "every finding and gap is waived"
	case v == passed:
		m.description.head = prefix(v) + "no finding"
	default:
		m.description.head = prefix(v) + "nothing to check here"
	}
	return m
}
