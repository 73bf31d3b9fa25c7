package password

import (
	"time"

	"hostaudit/checks/crack"
)

// light is the time for guessing that a run takes whatever else the hypervisor's
// other guests do: enough for the likeliest words of a password that was changed,
// and for all of them where the hash is cheap.
const light = time.Second

// lighten bounds a run to light work.
func lighten(o *crack.Options) {
	if o.Budget <= 0 || o.Budget > light {
		o.Budget = light
	}
}

// paced is shared for a host that has a slot for heavy work: what light work leaves
// waits for it, if the next run is known to go on with it. Where that is not known
// (nothing is kept, or it could not be written) waiting would be for ever.
func (g *guesser) paced(entries []*entry, o crack.Options) []crack.Verdict {
	if g.settings.Slot == nil || g.settings.Kept == nil || g.settings.Kept.Save == nil {
		return g.shared(g.ctx, entries, o)
	}
	first := o
	lighten(&first)
	verdicts := g.shared(g.ctx, entries, first)
	left, waits := g.waits(verdicts)
	if g.deferred = left && waits; g.deferred || !left {
		return verdicts
	}
	if o.Budget > 0 {
		o.Budget = max(g.settings.Budget-time.Since(g.started), 1)
	}
	return added(verdicts, g.shared(g.ctx, entries, o))
}

// waits reports whether something is left to do, and whether it waits for the slot.
func (g *guesser) waits(verdicts []crack.Verdict) (left, waits bool) {
	var longest time.Duration
	kept := true
	for _, v := range verdicts {
		if v.State != crack.Partial {
			continue
		}
		left, kept, longest = true, kept && v.Remembered, max(longest, v.Waiting)
	}
	return left, kept && longest < g.settings.Slot(longest)
}

// added are the verdicts after the second of two runs, with what the first tried
// counted as tried and not as known.
func added(first, second []crack.Verdict) []crack.Verdict {
	for i, f := range first {
		if v := &second[i]; v.State == crack.Partial || v.State == crack.Survived {
			n := max(v.Known-f.Known, 0)
			v.Tried, v.Known = v.Tried+n, v.Known-n
		}
	}
	return second
}
