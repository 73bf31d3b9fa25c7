package checks

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Recorder collects what one check establishes. It may be used from several
// goroutines. Once sealed it ignores what comes later: a check that was
// abandoned at the hard deadline cannot change a report that is being printed.
//
// The status follows from what was recorded, in this order: a finding = fail, a
// gap = unknown, Pass = pass, NotApplicable = not applicable, nothing = unknown
// (a defect of the check, said so).
type Recorder struct {
	check Check

	mu       sync.Mutex
	sealed   bool
	findings []Finding
	gaps     []Gap
	notes    []Note
	facts    map[string]Text
	summary  Text // set by Summary, wins over the computed one
	passed   bool
	passText Text
	na       Reason
	naText   Text
	breaks   []Text
}

// NewRecorder returns the recorder of c.
func NewRecorder(c Check) *Recorder {
	return &Recorder{check: c, facts: map[string]Text{}}
}

// record runs f unless the recorder is sealed.
func (r *Recorder) record(f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.sealed {
		f()
	}
}

// Finding records a weakness. Its strings are raw; severity none means the
// check's own.
func (r *Recorder) Finding(f Finding) {
	f.Subject, f.Detail = Clean(string(f.Subject)), Clean(string(f.Detail))
	f.Location = f.Location.clean()
	if f.Severity == SeverityNone {
		f.Severity = r.check.Severity
	}
	f.Fingerprint = Fingerprint(r.check.ID, f.Evidence, f.Kind, f.Subject, f.Key)
	f.Waiver = nil
	r.record(func() { r.findings = append(r.findings, f) })
}

// Gap records what could not be examined. A reason that does not explain an
// unknown verdict is a defect of the check and becomes internal.
func (r *Recorder) Gap(g Gap) {
	if !g.Reason.explainsUnknown() {
		g.Detail = Text(fmt.Sprintf("gap with reason %q: %s", g.Reason, g.Detail))
		g.Reason = ReasonInternal
	}
	g.Subject, g.Detail = Clean(string(g.Subject)), Clean(string(g.Detail))
	g.Location = g.Location.clean()
	r.record(func() { r.gaps = append(r.gaps, g) })
}

// Note records something worth saying that changes no status.
func (r *Recorder) Note(subject, detail string) {
	n := Note{Subject: Clean(subject), Detail: Clean(detail)}
	r.record(func() { r.notes = append(r.notes, n) })
}

// Fact records a value that may change between runs (counts, versions, ages).
// Keys are fixed words of the check.
func (r *Recorder) Fact(key string, value any) {
	text := Clean(fmt.Sprint(value))
	r.record(func() { r.facts[key] = text })
}

// Pass says that the weakness was established to be absent, and how.
func (r *Recorder) Pass(summary string) {
	r.record(func() { r.passed, r.passText = true, Clean(summary) })
}

// NotApplicable says that the question does not arise.
func (r *Recorder) NotApplicable(reason Reason, summary string) {
	if !reason.notApplicable() {
		r.Gap(Gap{Reason: ReasonInternal, Detail: Text(fmt.Sprintf("not applicable with reason %q: %s", reason, summary))})
		return
	}
	r.record(func() { r.na, r.naText = reason, Clean(summary) })
}

// Summary sets the one line for a failed or unknown verdict, in place of the
// computed one. It must be stable between runs and must not name an account
// with a weak password.
func (r *Recorder) Summary(summary string) {
	r.record(func() { r.summary = Clean(summary) })
}

// Breaks adds a sentence to what following the remedy may break on this host. It must
// be stable between runs.
func (r *Recorder) Breaks(sentence string) {
	text := Clean(sentence)
	r.record(func() {
		if !slices.Contains(r.breaks, text) {
			r.breaks = append(r.breaks, text)
		}
	})
}

// Failed reports that there is a finding so far.
func (r *Recorder) Failed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.findings) > 0
}

// Seal ends recording and returns the verdict. Everything is sorted, so the
// order in which goroutines recorded does not show.
func (r *Recorder) Seal() Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sealed = true
	res := Result{
		ID: r.check.ID, Title: r.check.Title, Family: r.check.Family(), Severity: r.check.Severity,
		Findings: emptied(r.findings), Gaps: emptied(r.gaps), Notes: emptied(r.notes),
		Facts: map[string]Text{}, Rationale: r.check.Rationale, References: r.check.References,
	}
	maps.Copy(res.Facts, r.facts)
	if res.References == nil {
		res.References = map[string][]string{}
	}
	slices.SortStableFunc(res.Findings, compareFindings)
	slices.SortStableFunc(res.Gaps, compareGaps)
	slices.SortStableFunc(res.Notes, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Detail, b.Detail))
	})
	switch {
	case len(res.Findings) > 0:
		res.Status = StatusFail
		res.Summary = findingsSummary(res.Findings)
		res.Remedy, res.Breaks = r.check.Remedy, r.check.Breaks
		for _, sentence := range r.breaks {
			if res.Breaks != "" && !strings.HasSuffix(string(res.Breaks), ".") {
				res.Breaks += "."
			}
			res.Breaks = strings.TrimSpace(res.Breaks + " " + string(sentence))
		}
	case len(res.Gaps) > 0:
		res.Status, res.Reason = StatusUnknown, res.Gaps[0].Reason
		res.Summary = countOf(len(res.Gaps), string(res.Gaps[0].Detail), "gaps")
	case r.passed:
		res.Status, res.Summary = StatusPass, r.passText
	case r.na != "":
		res.Status, res.Reason, res.Summary = StatusNotApplicable, r.na, r.naText
	default:
		res.Status, res.Reason = StatusUnknown, ReasonInternal
		res.Summary = "the check ended without a verdict"
		res.Gaps = []Gap{{Reason: ReasonInternal, Detail: res.Summary}}
	}
	if r.summary != "" && (res.Status == StatusFail || res.Status == StatusUnknown) {
		res.Summary = r.summary
	}
	return res
}

func (l Location) clean() Location {
	return Location{File: Clean(string(l.File)), Line: l.Line}
}

// findingsSummary is the computed line of a failed check. A private finding's
// text names what must not leave the host, so only its number is told.
func findingsSummary(findings []Finding) Text {
	if findings[0].Private {
		return countOf(len(findings), "", "findings")
	}
	return countOf(len(findings), string(findings[0].Detail), "findings")
}

// countOf is the computed summary: the only entry itself, or how many there are.
func countOf(n int, only, plural string) Text {
	if n == 1 && only != "" {
		return Text(only)
	}
	if n == 1 {
		plural = plural[:len(plural)-1]
	}
	return Text(fmt.Sprintf("%d %s", n, plural))
}

// compareFindings puts the worst first, then sorts bytewise.
func compareFindings(a, b Finding) int {
	return cmp.Or(
		cmp.Compare(b.Severity, a.Severity),
		cmp.Compare(a.Subject, b.Subject),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(b.Evidence, a.Evidence), // running before configured
		cmp.Compare(a.Location.File, b.Location.File),
		cmp.Compare(a.Location.Line, b.Location.Line),
		cmp.Compare(a.Detail, b.Detail),
		cmp.Compare(a.Fingerprint, b.Fingerprint),
	)
}

func compareGaps(a, b Gap) int {
	return cmp.Or(
		cmp.Compare(a.Subject, b.Subject),
		cmp.Compare(a.Location.File, b.Location.File),
		cmp.Compare(a.Location.Line, b.Location.Line),
		cmp.Compare(a.Reason, b.Reason),
		cmp.Compare(a.Detail, b.Detail),
	)
}

// emptied returns a non-nil copy: arrays in a report are never null.
func emptied[T any](s []T) []T { return append([]T{}, s...) }
