package output

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"

	"hostaudit/checks"
)

// ocsfVersion is the release of the Open Cybersecurity Schema Framework the events
// name: the first that has resources, and so the one most readers take. No attribute
// is written that a release from it to 1.8.0 lacks or has deprecated.
const ocsfVersion = "1.3.0"

// OCSF prints the report as Compliance Finding events (class 2003): a JSON array
// with one event a line, so that it can be read whole or line by line.
//
// There is one event for each finding (compliance status Fail), one for each check
// that has gaps (Warning: no result for missing information), and one for each check
// without either (Pass, or Other for not applicable). finding_info.uid is the target
// and the finding's fingerprint, or the target and the check's ID: fingerprints are
// the same on every host of an image, and an inventory must not merge hosts. Findings
// of one fingerprint (numbers of accounts whose names are withheld, some of them
// waived) have "/2" and so on behind it, or the last of them would take the place of
// the others. The
// lifecycle (status_id) is New for what counts, Suppressed for what is waived,
// Resolved for what asks for nothing, and Other with the word Known for what the
// baseline has as well.
//
// OCSF demands a time. It is the start of the run; a report without one (image mode,
// --reproducible) has time 0, and unmapped.time says so: whoever needs a time sets it
// when taking the events in, for a made-up one would differ between two equal runs.
//
// What OCSF has no place for is in unmapped: location, waiver, gaps, and, with the
// first event of a check, its notes and facts. Notes on the configuration that are
// about no check of the report are not in this format.
func OCSF(w io.Writer, r *checks.Report) error {
	var buf bytes.Buffer
	buf.WriteString("[\n")
	encoder := json.NewEncoder(&buf) // ends every event with a line feed
	encoder.SetEscapeHTML(false)
	first := true
	byCheck := make([][]ciFinding, len(r.Checks))
	for _, f := range ciFindings(r) {
		byCheck[f.index] = append(byCheck[f.index], f)
	}
	notes := notesByCheck(r)
	for i := range r.Checks {
		for _, event := range ocsfEvents(r, &r.Checks[i], byCheck[i], notes[r.Checks[i].ID]) {
			if !first {
				buf.Truncate(buf.Len() - 1)
				buf.WriteString(",\n")
			}
			first = false
			if err := encoder.Encode(event); err != nil {
				return fmt.Errorf("encoding the events: %w", err)
			}
		}
	}
	buf.WriteString("]\n")
	return writeAll(w, buf.Bytes())
}

// ocsfEvents are the events of one check.
func ocsfEvents(r *checks.Report, c *checks.Result, findings []ciFinding, notes []checks.PolicyNote) []ocsfEvent {
	var events []ocsfEvent
	for _, f := range findings {
		if len(c.Findings) > 0 {
			events = append(events, ocsfFinding(r, c, f))
		}
	}
	if len(c.Findings) == 0 && (len(c.Gaps) == 0 || judge(c) == failed) {
		events = append(events, ocsfVerdict(r, c))
	}
	if len(c.Gaps) > 0 {
		events = append(events, ocsfGaps(r, c))
	}
	more := &events[0].Unmapped
	more.Facts = c.Facts
	for _, n := range c.Notes {
		more.Notes = append(more.Notes, said(n.Subject, n.Detail))
	}
	for _, n := range notes {
		more.Policy = append(more.Policy, policyLine(n))
	}
	return events
}

// ocsfFinding is the event of a finding.
func ocsfFinding(r *checks.Report, c *checks.Result, f ciFinding) ocsfEvent {
	key := shown(f.Fingerprint)
	if f.nth > 1 {
		key += fmt.Sprintf("/%d", f.nth)
	}
	e := ocsfBase(r, c, key)
	e.severity(f.Severity)
	e.result(ocsfFail)
	switch {
	case f.Waiver != nil:
		e.life(ocsfSuppressed)
		e.StatusDetail = ownedWaiverWords(f.Waiver)
	case f.Known:
		e.life(ocsfKnown)
		e.StatusDetail = "in the baseline as well"
	default:
		e.life(ocsfNew)
		e.StatusDetail = strings.Join(waiverTraits(nil, f.Expired), "; ")
	}
	e.Compliance.Code = "fail"
	e.Message = cmp.Or(said(f.Subject, f.Detail), shown(c.Title), idOf(c))
	e.Info.Desc = e.Message
	e.Info.Types = nonEmpty(shown(f.Kind))
	e.Info.Sources = nonEmpty(shown(f.Location.File))
	e.Resources = ocsfResources(c, f.Subject, f.Location)
	if c.Remedy != "" {
		e.Remediation = &ocsfRemediation{Desc: ocsfRemedy(c)}
	}
	e.Unmapped.Evidence, e.Unmapped.Fingerprint = shown(string(f.Evidence)), shown(f.Fingerprint)
	e.Unmapped.Location = ocsfPlace(f.Location)
	e.Unmapped.Waiver, e.Unmapped.Expired, e.Unmapped.Known = f.Waiver, f.Expired, f.Known
	return e
}

// ocsfGaps is the event of what a check could not examine.
func ocsfGaps(r *checks.Report, c *checks.Result) ocsfEvent {
	e := ocsfBase(r, c, idOf(c)+"/gaps")
	e.severity(c.Severity)
	e.result(ocsfWarning)
	e.life(ocsfSuppressed)
	if slices.ContainsFunc(c.Gaps, func(g checks.Gap) bool { return g.Waiver == nil }) {
		e.life(ocsfNew)
	}
	e.Compliance.Code = shown(string(reasonOf(c)))
	// The first that count; unmapped.gaps has all. Readers cut a line (Splunk one of
	// 10,000 bytes unless told otherwise), and then lose the event.
	sorted := checks.Result{Gaps: slices.Clone(c.Gaps)}
	slices.SortStableFunc(sorted.Gaps, func(a, b checks.Gap) int { return boolCompare(a.Waiver != nil, b.Waiver != nil) })
	lines := caseGaps(&sorted, "")
	if len(lines) > maxOpen {
		lines = append(lines[:maxOpen:maxOpen], fmt.Sprintf("and %d more", len(lines)-maxOpen))
	}
	e.StatusDetail = strings.Join(lines, "; ")
	for i := range c.Gaps {
		g := &c.Gaps[i]
		e.Resources = append(e.Resources, ocsfResources(c, g.Subject, g.Location)...)
		e.Unmapped.Gaps = append(e.Unmapped.Gaps, *g)
	}
	e.Message = "not examined: " + e.StatusDetail
	e.Info.Desc = e.Message
	return e
}

// ocsfVerdict is the event of a check that names no finding, and of one that has
// neither finding nor gap.
func ocsfVerdict(r *checks.Report, c *checks.Result) ocsfEvent {
	e := ocsfBase(r, c, idOf(c))
	e.Compliance.Code = c.Status.String()
	v := judge(c)
	switch {
	case v == failed:
		e.severity(worst(c))
		e.result(ocsfFail)
		e.life(ocsfNew)
	case v == notChecked, v == inProgress:
		e.severity(c.Severity)
		e.result(ocsfWarning)
		e.life(ocsfNew)
		e.Compliance.Code = shown(string(reasonOf(c)))
		e.StatusDetail = reasonWords(reasonOf(c))
	case v == notApplicable:
		e.severity(checks.SeverityNone)
		e.result(ocsfNotApplicable)
		e.life(ocsfResolved)
		e.StatusDetail = reasonWords(c.Reason)
	default:
		e.severity(checks.SeverityNone)
		e.result(ocsfPass)
		e.life(ocsfResolved)
	}
	e.Message = cmp.Or(shown(c.Summary), shown(c.Title), idOf(c))
	e.Info.Desc = e.Message
	if c.Remedy != "" && v == failed {
		e.Remediation = &ocsfRemediation{Desc: ocsfRemedy(c)}
	}
	return e
}

func ocsfUID(r *checks.Report, key string) string {
	return strings.Join(nonEmpty(auditedName(r), key), "/")
}

// ocsfRemedy is the remedy with its price.
func ocsfRemedy(c *checks.Result) string {
	if c.Breaks == "" {
		return shown(c.Remedy)
	}
	return shown(c.Remedy) + " May break: " + shown(c.Breaks)
}

func ocsfResources(c *checks.Result, subject checks.Text, at checks.Location) []ocsfResource {
	name := cmp.Or(shown(subject), shown(at.File))
	if name == "" {
		return nil
	}
	return []ocsfResource{{Name: name, Type: shown(c.Family)}}
}

func ocsfPlace(l checks.Location) *checks.Location {
	if l.File == "" {
		return nil
	}
	return &l
}
