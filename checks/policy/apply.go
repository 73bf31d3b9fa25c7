package policy

import (
	"reflect"
	"time"

	"hostaudit/checks"
)

// ApplyOptions are what a policy needs to know beside the report.
type ApplyOptions struct {
	Now       time.Time      // decides whether a waiver has expired; its UTC date counts
	Digest    string         // of the configuration files, "" = none was read
	Since     map[string]int // check ID -> catalogue number it appeared in
	Catalogue int            // the program's own catalogue number
}

// Apply judges a report by the policy. It is called once, on the report as the
// checks left it, before names are withheld.
//
// What was established is one thing, what was decided about it another: a check
// whose findings and gaps are all covered keeps its status (fail, unknown) and is
// Waived; Waived is what takes it out of the exit code and the alarm. A pass it never
// becomes. A check fails when it has an unwaived finding: one whose findings are
// covered and that has a gap which is not is unknown, for the reason of that gap.
func (p Policy) Apply(r *checks.Report, o ApplyOptions) {
	if o.Digest == "" && reflect.ValueOf(p).IsZero() {
		r.Summary = checks.Summarize(r.Checks)
		return
	}
	full := p.withProfile()
	info := &checks.PolicyInfo{
		Digest: o.Digest, Roles: emptied(p.roleNames()), Catalogue: p.Catalogue,
		Baseline: r.Policy != nil && r.Policy.Baseline,
	}
	if full.Profile != profiles()[0].name {
		info.Profile = full.Profile
	}
	uses := make([]use, len(p.Waive))
	for i := range r.Checks {
		res := &r.Checks[i]
		full.Severity.apply(res)
		p.waive(res, r.Target, o.Now, uses)
		settle(res)
		res.Ungated = p.Catalogue > 0 && o.Since[res.ID] > p.Catalogue
	}
	info.Notes = emptied(p.notes(r, o, uses))
	r.Policy = info
	r.Summary = checks.Summarize(r.Checks)
}

// use is what a waiver met on this host.
type use struct {
	covered  bool // a finding or gap, though another waiver may have been first
	returned bool // it has expired, and one that it covered counts again
}

// waive puts the waivers on the findings and gaps of a result. The first one that
// covers an object counts, one that has expired only where none does.
func (p Policy) waive(res *checks.Result, target checks.Target, now time.Time, uses []use) {
	var mine []int
	for i, w := range p.Waive {
		if w.Check == res.ID && w.onHost(target) {
			mine = append(mine, i)
		}
	}
	if len(mine) == 0 {
		return
	}
	stand := func(gap checks.Reason, kind string, subject checks.Text) (waiver, expired *checks.WaiverNote) {
		var over []int
		for _, i := range mine {
			w := &p.Waive[i]
			if checks.Reason(w.Gap) != gap || !w.covers(subject, kind) {
				continue
			}
			if w.Expires.before(now) {
				over = append(over, i)
				continue
			}
			uses[i].covered = true
			if waiver == nil {
				waiver = w.note()
			}
		}
		if waiver == nil && len(over) > 0 {
			expired = p.Waive[over[0]].note()
			for _, i := range over {
				uses[i].returned = true
			}
		}
		return waiver, expired
	}
	for i := range res.Findings {
		f := &res.Findings[i]
		f.Waiver, f.Expired = stand("", f.Kind, f.Subject)
	}
	for i := range res.Gaps {
		g := &res.Gaps[i]
		g.Waiver, g.Expired = stand(g.Reason, "", g.Subject)
	}
}

// settle derives the status from what waivers left open.
func settle(res *checks.Result) {
	findings, gaps := 0, 0
	var firstGap *checks.Gap
	for i := range res.Findings {
		if res.Findings[i].Waiver == nil {
			findings++
		}
	}
	for i := range res.Gaps {
		if res.Gaps[i].Waiver == nil {
			if gaps++; gaps == 1 {
				firstGap = &res.Gaps[i]
			}
		}
	}
	covered := len(res.Findings) + len(res.Gaps) - findings - gaps
	switch {
	case covered == 0, findings > 0:
	case gaps == 0:
		res.Waived = true
	case res.Status == checks.StatusFail:
		res.Status, res.Reason = checks.StatusUnknown, firstGap.Reason
		res.Summary = "what was found is waived, and not everything could be examined"
	case res.Status == checks.StatusUnknown:
		res.Reason = firstGap.Reason
	}
}

// emptied returns a list that is not nil: arrays in a report are never null.
func emptied[T any](list []T) []T { return append([]T{}, list...) }
