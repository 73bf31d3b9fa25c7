package output

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"time"

	"hostaudit/checks"
)

// Bounds of a stored report. The second one is about memory: an object of two
// bytes in the file is a structure of some hundred here.
const (
	maxReport  = 64 << 20 // bytes of the file
	maxObjects = 200_000  // JSON objects in it
	maxValues  = 2_000_000
	maxString  = 16 << 10 // bytes of one string
)

// ReadJSON reads a report that JSON printed, so that it can be printed in another
// format or compared. The file is not trusted: it is refused when it is of
// another schema, too large, holds a field this version does not know (printing
// it would drop that field), or anything a report of this program cannot hold.
// JSON prints what ReadJSON returns with the same bytes.
func ReadJSON(r io.Reader) (*checks.Report, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxReport+1))
	if err != nil {
		return nil, fmt.Errorf("reading the report: %w", err)
	}
	if len(data) > maxReport {
		return nil, fmt.Errorf("report is larger than %d MiB", maxReport>>20)
	}
	if err := bounded(data); err != nil {
		return nil, err
	}
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("report: %w", cleanError(err))
	}
	if head.Schema != checks.Schema {
		return nil, fmt.Errorf("report has schema %q, this version reads %q", shown(head.Schema), checks.Schema)
	}
	var report checks.Report
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&report); err != nil {
		return nil, fmt.Errorf("report: %w", cleanError(err))
	}
	read := clone(&report)
	if err := valid(read); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	return read, nil
}

// cleanError keeps control characters of the file out of messages.
func cleanError(err error) error { return errors.New(shown(err.Error())) }

// bounded counts objects and values before any is built.
func bounded(data []byte) error {
	objects, values := 0, 0
	quoted := false
	for i := 0; i < len(data); i++ {
		switch c := data[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{':
			objects++
		case c == ',':
			values++
		}
	}
	if objects > maxObjects || values > maxValues {
		return fmt.Errorf("report holds more than %d objects or %d values", maxObjects, maxValues)
	}
	return nil
}

var (
	idPattern          = regexp.MustCompile(`^[a-z]+\.[a-z0-9-]+$`)
	wordPattern        = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]*$`)
	keyPattern         = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)
	fingerprintPattern = regexp.MustCompile(`^v1:[0-9a-f]{16}$`)

	modes       = []string{"live", "root", "image"}
	policyNotes = []string{"waiver-unused", "waiver-expired", "waiver-expiring", "waivers-on-one-day", "check-not-gated"}

	kinds = []string{"host", "container", "container-image", "vm-image", "tree"}
)

// reader collects the first thing that is wrong.
type reader struct{ err error }

func (v *reader) refuse(ok bool, format string, args ...any) {
	if !ok && v.err == nil {
		v.err = fmt.Errorf(format, args...)
	}
}

// text checks strings that are shown; where names the place for the message.
func (v *reader) text(where string, texts ...checks.Text) {
	for _, t := range texts {
		v.refuse(len(t) <= maxString, "%s: a text is longer than %d bytes", where, maxString)
		v.refuse(t.Valid(), "%s: a text holds characters that must be escaped", where)
	}
}

// valid refuses what no report of this program holds.
func valid(r *checks.Report) error {
	v := &reader{}
	v.text("tool", checks.Text(r.Tool.Name), checks.Text(r.Tool.Version))
	v.text("target", r.Target.KindReason, r.Target.Path, r.Target.Hostname, r.Target.OS.ID, r.Target.OS.VersionID)
	v.refuse(slices.Contains(modes, r.Target.Mode), "target: unknown mode %q", shown(r.Target.Mode))
	v.refuse(slices.Contains(kinds, r.Target.Kind), "target: unknown kind %q", shown(r.Target.Kind))
	if run := r.Run; run != nil {
		run.Started = run.Started.UTC().Truncate(time.Second)
		v.refuse(run.Started.Year() >= 0 && run.Started.Year() <= 9999, "run: year out of range")
		v.text("run", checks.Text(run.WordList))
		for _, s := range slices.Concat(run.Selection, run.Confinement) {
			v.text("run", checks.Text(s))
		}
	}
	v.policy(r.Policy)
	seen := map[string]bool{}
	for i := range r.Checks {
		res := &r.Checks[i]
		v.refuse(len(res.ID) <= maxName && idPattern.MatchString(res.ID), "checks: %q is not an ID", shown(res.ID))
		v.refuse(!seen[res.ID], "checks: %s is there twice", shown(res.ID))
		seen[res.ID] = true
		if v.result(res); v.err != nil {
			return v.err
		}
	}
	v.refuse(r.Summary == checks.Summarize(r.Checks), "summary: the counts are not those of the checks")
	return v.err
}

func (v *reader) result(r *checks.Result) {
	v.refuse(r.Family == checks.Check{ID: r.ID}.Family(), "%s: family %q", r.ID, shown(r.Family))
	v.text(r.ID, checks.Text(r.Title), r.Summary, checks.Text(r.Rationale), checks.Text(r.Remedy), checks.Text(r.Breaks))
	v.reason(r.ID, r.Reason, true)
	v.refuse(r.Reason == "" || r.Status == checks.StatusUnknown || r.Status == checks.StatusNotApplicable,
		"%s: status %s has a reason", r.ID, r.Status)
	for i := range r.Findings {
		v.finding(r.ID, &r.Findings[i])
	}
	for i := range r.Gaps {
		g := &r.Gaps[i]
		v.reason(r.ID, g.Reason, false)
		v.text(r.ID, g.Subject, g.Detail, g.Location.File)
		v.refuse(g.Location.Line >= 0, "%s: negative line", r.ID)
		v.waiver(r.ID, g.Waiver)
		v.waiver(r.ID, g.Expired)
	}
	for i := range r.Notes {
		v.text(r.ID, r.Notes[i].Subject, r.Notes[i].Detail)
	}
	for key, value := range r.Facts {
		v.refuse(keyPattern.MatchString(key), "%s: %q is not the name of a fact", r.ID, shown(key))
		v.text(r.ID, value)
	}
	for key, numbers := range r.References {
		v.refuse(keyPattern.MatchString(key), "%s: %q is not the name of a reference", r.ID, shown(key))
		for _, number := range numbers {
			v.text(r.ID, checks.Text(number))
		}
	}
}

func (v *reader) reason(id string, r checks.Reason, mayBeEmpty bool) {
	v.refuse(r == "" && mayBeEmpty || slices.Contains(checks.Reasons(), r), "%s: unknown reason %q", id, shown(r))
}

func (v *reader) finding(id string, f *checks.Finding) {
	v.refuse(len(f.Kind) <= maxName && wordPattern.MatchString(f.Kind), "%s: %q is not the kind of a finding", id, shown(f.Kind))
	v.text(id, f.Subject, f.Detail, f.Location.File)
	v.refuse(f.Evidence == checks.Running || f.Evidence == checks.Configured, "%s: unknown evidence %q", id, shown(f.Evidence))
	v.refuse(f.Location.Line >= 0, "%s: negative line", id)
	v.refuse(fingerprintPattern.MatchString(f.Fingerprint), "%s: %q is not a fingerprint", id, shown(f.Fingerprint))
	v.waiver(id, f.Waiver)
	v.waiver(id, f.Expired)
}

func (v *reader) waiver(id string, w *checks.WaiverNote) {
	if w == nil {
		return
	}
	v.text(id, w.Reason, w.Owner)
	if w.Expires != "" {
		_, err := time.Parse(time.DateOnly, w.Expires)
		v.refuse(err == nil, "%s: %q is not a date", id, shown(w.Expires))
	}
}

func (v *reader) policy(p *checks.PolicyInfo) {
	if p == nil {
		return
	}
	v.text("policy", checks.Text(p.Digest), checks.Text(p.Profile))
	for _, role := range p.Roles {
		v.text("policy", checks.Text(role))
	}
	for _, n := range p.Notes {
		v.refuse(slices.Contains(policyNotes, n.Kind), "policy: unknown note %q", shown(n.Kind))
		v.refuse(n.Check == "" || len(n.Check) <= maxName && idPattern.MatchString(n.Check), "policy: %q is not an ID", shown(n.Check))
		v.text("policy", n.Detail, n.Location.File)
		v.refuse(n.Location.Line >= 0, "policy: negative line")
	}
}
