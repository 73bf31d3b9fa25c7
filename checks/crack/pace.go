package crack

import "time"

// light is the time for guessing that a run takes whatever the hypervisor's other
// guests do: enough for the likeliest words of a password that was changed, and for all
// of them where the hash is cheap.
const light = time.Second

// Lighten bounds a run to light work.
func (o *Options) Lighten() {
	if o.Budget <= 0 || o.Budget > light {
		o.Budget = light
	}
}

// Paced calls run, which is Run for some jobs, for a host that has a slot for heavy work:
// what light work leaves waits for it (deferred), if the next run is known to go on with
// it. Where that is not known (nothing is kept, or it could not be written) waiting would
// be for ever. slot says how long after it was first met something may be begun that has
// waited so long by now; nil = at once.
func Paced(o Options, slot func(waiting time.Duration) time.Duration, run func(Options) []Verdict) (verdicts []Verdict, deferred bool) {
	if slot == nil || o.Ledger == nil || o.Ledger.save == nil {
		return run(o), false
	}
	started := time.Now()
	first := o
	first.Lighten()
	verdicts = run(first)
	left, waits := waiting(verdicts, slot)
	if deferred = left && waits; deferred || !left {
		return verdicts, deferred
	}
	if o.Budget > 0 {
		o.Budget = max(o.Budget-time.Since(started), 1)
	}
	return added(verdicts, run(o)), false
}

// waiting reports whether something is left to do, and whether it waits for the slot.
func waiting(verdicts []Verdict, slot func(time.Duration) time.Duration) (left, waits bool) {
	var longest time.Duration
	kept := true
	for _, v := range verdicts {
		if v.State != Partial {
			continue
		}
		left, kept, longest = true, kept && v.Remembered, max(longest, v.Waiting)
	}
	return left, kept && longest < slot(longest)
}

// added are the verdicts after the second of two runs, with what the first tried
// counted as tried and not as known.
func added(first, second []Verdict) []Verdict {
	for i, f := range first {
		if v := &second[i]; v.State == Partial || v.State == Survived {
			// The second may also know of earlier audits what the first did not come to.
			n := max(min(f.Tried, v.Known-f.Known), 0)
			v.Tried, v.Known = v.Tried+n, v.Known-n
		}
	}
	return second
}
