package policy

import (
	"cmp"
	"fmt"
	"slices"

	"hostaudit/checks"
)

// What a waiver's owner is told of in time, in days, and how many waivers that end on
// one day are a day on which everything alarms.
const (
	soon      = 30
	oneDayMax = 20
)

// notes tells the configuration's owner what it does and what it no longer does. A
// note names check and place, never an object: it may be an account whose name must
// stay on the host.
func (p Policy) notes(r *checks.Report, o ApplyOptions, uses []use) []checks.PolicyNote {
	var list []checks.PolicyNote
	results := map[string]*checks.Result{}
	for i := range r.Checks {
		res := &r.Checks[i]
		results[res.ID] = res
		if res.Ungated {
			list = append(list, checks.PolicyNote{
				Kind: "check-not-gated", Check: res.ID,
				Detail: checks.Text(fmt.Sprintf("appeared in catalogue %d, and the configuration is pinned to %d", o.Since[res.ID], p.Catalogue)),
			})
		}
	}
	for i, w := range p.Waive {
		res, used := results[w.Check], uses[i]
		n := checks.PolicyNote{Check: w.Check, Location: w.Place}
		switch {
		case res == nil, !w.onHost(r.Target):
			continue
		case used.returned:
			n.Kind, n.Detail = "waiver-expired", checks.Text("expired on "+string(w.Expires)+": what it covered counts again")
		case used.covered && w.Expires.within(o.Now, soon):
			n.Kind, n.Detail = "waiver-expiring", checks.Text("expires on "+string(w.Expires))
		case !used.covered && w.answered(res):
			n.Kind, n.Detail = "waiver-unused", "covers nothing on this host"
			if w.Expires.before(o.Now) {
				n.Detail = checks.Text("expired on " + string(w.Expires) + ", and nothing on this host depends on it")
			}
		default:
			continue
		}
		list = append(list, n)
	}
	list = append(list, p.crowdedDays(o)...)
	slices.SortStableFunc(list, func(a, b checks.PolicyNote) int {
		return cmp.Or(
			cmp.Compare(a.Location.File, b.Location.File), cmp.Compare(a.Location.Line, b.Location.Line),
			cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Check, b.Check), cmp.Compare(a.Detail, b.Detail),
		)
	})
	return list
}

// answered reports whether the check said enough to call a waiver that met nothing
// unused: what could not be examined may hold what it is for, and what time ran out for
// in one run does not in the next.
func (w Waiver) answered(res *checks.Result) bool {
	switch checks.Reason(w.Gap) {
	case checks.ReasonBudget, checks.ReasonDeadline, checks.ReasonChangedMeanwhile:
		return false
	case "":
	default:
		return res.Reason != checks.ReasonNotObservable && res.Reason != checks.ReasonNotAsked
	}
	switch res.Status {
	case checks.StatusUnknown:
		return false
	case checks.StatusNotApplicable:
		return res.Reason == checks.ReasonAbsent
	}
	return len(res.Gaps) == 0
}

// crowdedDays warns of days, today included, on which many waivers end.
func (p Policy) crowdedDays(o ApplyOptions) []checks.PolicyNote {
	ending := map[Date][]Waiver{}
	for _, w := range p.Waive {
		if w.Expires != "" && !w.Expires.before(o.Now) {
			ending[w.Expires] = append(ending[w.Expires], w)
		}
	}
	var list []checks.PolicyNote
	for day, waivers := range ending {
		if len(waivers) > oneDayMax {
			list = append(list, checks.PolicyNote{
				Kind: "waivers-on-one-day", Location: waivers[0].Place,
				Detail: checks.Text(fmt.Sprintf("%d waivers expire on %s", len(waivers), day)),
			})
		}
	}
	return list // sorted by the caller
}
