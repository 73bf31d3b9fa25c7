package output

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"hostaudit/checks"
)

// withheld stands where a name was.
const withheld = "withheld"

// Bounds of the search for private names, so that a hostile report file cannot keep us
// busy: how many names a text is searched for, and the work for all of a report in bytes
// of text times names. Where there is more (in no report of a real host), texts are
// withheld without being searched.
const (
	maxNames  = 1000
	maxSearch = 64 << 20
)

// Redact returns a deep copy of r for readers who may know how many, but not
// which: the private findings of a check that share kind, severity, evidence and
// standing under a waiver become one whose subject is a count. What is left of them is
// derived from fixed words of the check and from nothing of the host, the
// fingerprint included. Gaps and notes stay as they are: that an account could
// not be examined says nothing about its password. But what the administrator wrote
// about such a gap may.
func Redact(r *checks.Report) *checks.Report {
	c := clone(r)
	var names []string
	s := search{left: maxSearch}
	for i := range c.Checks {
		names = append(names, s.redact(&c.Checks[i])...)
	}
	// A waiver names what it covers.
	if c.Policy != nil && len(names) > 0 {
		for i, n := range c.Policy.Notes {
			if s.mentions(n.Detail, names) {
				c.Policy.Notes[i].Detail = withheld
			}
		}
	}
	c.Summary = checks.Summarize(c.Checks)
	return c
}

// group is what merged findings have in common.
type group struct {
	kind     string
	severity checks.Severity
	evidence checks.Evidence
	waived   bool
	expired  bool
	known    bool
}

// search looks for private names as long as its work is not done.
type search struct{ left int }

func (s *search) mentions(text checks.Text, names []string) bool {
	if text == "" {
		return false
	}
	s.left -= min(s.left, len(text)*len(names))
	return s.left == 0 || mentions(string(text), names)
}

// redact returns the names that are no longer there.
func (s *search) redact(r *checks.Result) (names []string) {
	var open []checks.Finding
	merged := map[group]int{}
	expires := map[group]string{}
	for _, f := range r.Findings {
		if !f.Private {
			open = append(open, f)
			continue
		}
		names = append(names, string(f.Subject))
		g := group{f.Kind, f.Severity, f.Evidence, f.Waiver != nil, f.Expired != nil, f.Known}
		merged[g]++
		if w := cmp.Or(f.Waiver, f.Expired); w != nil && w.Expires != "" {
			// The first waiver to end is when the count above changes.
			if old := expires[g]; old == "" || w.Expires < old {
				expires[g] = w.Expires
			}
		}
	}
	if len(merged) == 0 {
		return nil
	}
	total := len(r.Findings)
	for g, n := range merged {
		f := checks.Finding{
			Kind:        g.kind,
			Subject:     checks.Text(plural(n, "account")),
			Detail:      checks.Text(shown(strings.ReplaceAll(g.kind, "-", " ")) + "; names are " + withheld),
			Severity:    g.severity,
			Evidence:    g.evidence,
			Fingerprint: checks.Fingerprint(r.ID, g.evidence, g.kind, "", ""),
			Known:       g.known,
		}
		// The administrator's reason may name the account, and so may the owner.
		note := &checks.WaiverNote{Reason: withheld, Expires: expires[g]}
		switch {
		case g.waived:
			f.Waiver = note
		case g.expired:
			f.Expired = note
		}
		open = append(open, f)
	}
	slices.SortStableFunc(open, compareFindings)
	r.Findings = emptied(open)
	// So may what is said of the waivers of the check's gaps and other findings, of
	// every one: if only those went that hold a name, that they went would tell it.
	for i := range r.Findings {
		withholdWaiver(r.Findings[i].Waiver)
		withholdWaiver(r.Findings[i].Expired)
	}
	for i := range r.Gaps {
		withholdWaiver(r.Gaps[i].Waiver)
		withholdWaiver(r.Gaps[i].Expired)
	}

	// A check promises not to name the accounts in summary and facts; a report
	// read from a file promises nothing.
	if s.mentions(r.Summary, names) {
		r.Summary = checks.Text(plural(total, "finding"))
	}
	for _, key := range slices.Sorted(maps.Keys(r.Facts)) { // the search can end between two
		if s.mentions(r.Facts[key], names) {
			r.Facts[key] = withheld
		}
	}
	for i := range r.Gaps {
		for _, w := range []*checks.WaiverNote{r.Gaps[i].Waiver, r.Gaps[i].Expired} {
			if w == nil {
				continue
			}
			for _, text := range []*checks.Text{&w.Reason, &w.Owner} {
				if s.mentions(*text, names) {
					*text = withheld
				}
			}
		}
	}
	return names
}

// withholdWaiver leaves of a waiver when it ends.
func withholdWaiver(w *checks.WaiverNote) {
	if w != nil {
		*w = checks.WaiverNote{Reason: withheld, Expires: w.Expires}
	}
}

// compareFindings is the order of the recorder: worst first, then bytewise.
func compareFindings(a, b checks.Finding) int {
	standing := func(f checks.Finding) int {
		n := 0
		for i, is := range []bool{f.Expired != nil, f.Known, f.Waiver != nil} {
			if is {
				n |= 1 << i
			}
		}
		return n
	}
	return cmp.Or(
		cmp.Compare(b.Severity, a.Severity),
		cmp.Compare(a.Subject, b.Subject),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(b.Evidence, a.Evidence),
		cmp.Compare(a.Location.File, b.Location.File),
		cmp.Compare(a.Location.Line, b.Location.Line),
		cmp.Compare(a.Detail, b.Detail),
		cmp.Compare(a.Fingerprint, b.Fingerprint),
		cmp.Compare(standing(a), standing(b)),
	)
}

// mentions reports whether text holds one of the names as a word of its own: an
// account called "a" does not make every sentence a secret.
func mentions(text string, names []string) bool {
	if len(names) > maxNames {
		return true
	}
	for _, name := range names {
		for from := 0; name != ""; {
			i := strings.Index(text[from:], name)
			if i < 0 {
				break
			}
			i += from
			before, _ := utf8.DecodeLastRuneInString(text[:i])
			after, _ := utf8.DecodeRuneInString(text[i+len(name):])
			if !wordRune(before) && !wordRune(after) {
				return true
			}
			from = i + 1
		}
	}
	return false
}

func wordRune(r rune) bool {
	return r != utf8.RuneError && (unicode.IsLetter(r) || unicode.IsDigit(r))
}
