// Package audit runs checks against a host and compares two reports.
package audit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/internal/guard"
)

// Runner runs checks side by side under two deadlines. At the soft one, which is
// the context's, they record what they left undone. At the hard one
// what a check has recorded counts, the rest is a gap, and the check is
// abandoned: its goroutine may go on, but its recorder is sealed. All checks run
// at once, so that one that hangs keeps no other from its answer; the password
// engine bounds its own workers.
type Runner struct {
	Checks []checks.Check
	Grace  time.Duration // from the end of the context (the soft deadline) to the hard one; 0 = 5 s
}

// defaultGrace is what a check gets to wind up; one yescrypt try on a slow
// machine and one database round trip fit well into it.
const defaultGrace = 5 * time.Second

// Run returns one result for each check, in the order of r.Checks. When ctx is
// cancelled (a signal) the checks get the grace period too.
func (r *Runner) Run(ctx context.Context, env *checks.Env) []checks.Result {
	hard, stop := r.hardDeadline(ctx)
	defer stop()

	list := adapted(r.Checks, env.Host.OS)
	results := make([]checks.Result, len(list))
	var group guard.Group
	for i, c := range list {
		group.Go(func() { results[i] = runOne(ctx, hard, c, env) })
	}
	if err := group.Wait(); err != nil {
		// runOne guards the check itself, so this is a defect of the runner. Say
		// so in every result it left empty instead of printing a hole.
		for i, c := range list {
			if results[i].ID == "" {
				results[i] = verdict(c, checks.Gap{Reason: checks.ReasonInternal, Detail: checks.Text(err.Error())})
			}
		}
	}
	return results
}

// adapted returns the checks with the remedies of the target's distribution.
func adapted(list []checks.Check, os host.OSRelease) []checks.Check {
	families := checks.DistributionsOf(os.ID, os.IDLike)
	list = slices.Clone(list)
	for i, c := range list {
		list[i].Remedy = c.RemedyFor(families)
	}
	return list
}

// hardDeadline returns a channel that closes one grace period after ctx ends.
func (r *Runner) hardDeadline(ctx context.Context) (<-chan struct{}, func()) {
	grace := r.Grace
	if grace <= 0 {
		grace = defaultGrace
	}
	hard := make(chan struct{})
	over := make(chan struct{})
	guard.Go(func() {
		select {
		case <-ctx.Done():
		case <-over:
			return
		}
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			close(hard)
		case <-over:
		}
	}, func(error) {})
	return hard, func() { close(over) }
}

// runOne runs one check to its end, its panic, or the hard deadline.
func runOne(ctx context.Context, hard <-chan struct{}, c checks.Check, env *checks.Env) checks.Result {
	if res, answered := unmet(c, env); answered {
		return res
	}
	rec := checks.NewRecorder(c)
	started := time.Now()
	ended := make(chan error, 1)
	guard.Go(func() { c.Run(ctx, env, rec) }, func(err error) { ended <- err })
	select {
	case err := <-ended:
		recordEnd(rec, err)
	case <-hard:
		// A check that ended at the very deadline is not called abandoned.
		select {
		case err := <-ended:
			recordEnd(rec, err)
		default:
			rec.Gap(checks.Gap{Reason: checks.ReasonDeadline, Detail: "the check did not end in time and was abandoned"})
		}
	}
	res := rec.Seal()
	res.Elapsed = time.Since(started)
	return res
}

// recordEnd records a panic by its place; its value may hold a secret.
func recordEnd(rec *checks.Recorder, err error) {
	if err == nil {
		return
	}
	detail := "the check failed"
	if p, ok := errors.AsType[guard.Panic](err); ok {
		detail = fmt.Sprintf("the check failed at %s", p.Where)
	}
	rec.Gap(checks.Gap{Reason: checks.ReasonInternal, Detail: checks.Text(detail)})
}

// unmet answers for a target that lacks what the check needs.
func unmet(c checks.Check, env *checks.Env) (checks.Result, bool) {
	if c.Needs.Live && env.Host.Mode != host.Live {
		rec := checks.NewRecorder(c)
		rec.NotApplicable(checks.ReasonNotObservable, "only a running host can answer this")
		return rec.Seal(), true
	}
	return checks.Result{}, false
}

// verdict is the result of a check that only has a gap.
func verdict(c checks.Check, g checks.Gap) checks.Result {
	rec := checks.NewRecorder(c)
	rec.Gap(g)
	return rec.Seal()
}
