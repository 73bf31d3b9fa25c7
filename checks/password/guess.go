package password

import (
	"context"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/crack"
)

// guesser tests candidates within the budget of one check.
type guesser struct {
	ctx      context.Context
	settings checks.PasswordSettings
	book     *book
	names    func(*entry) crack.Names
	all      []*entry // of the host, in order; nil = only those that are asked for
	started  time.Time
	before   int64 // tests that were settled before dictionary
	deferred bool  // the heavy work waits for the host's slot
	done     int64 // by it, in all
}

func newGuesser(ctx context.Context, env *checks.Env) *guesser {
	now := env.Host.Clock()
	return &guesser{
		ctx: ctx, settings: env.Passwords, book: openBook(env), started: time.Now(),
		names: func(e *entry) crack.Names {
			return crack.Names{Login: e.acc.Name, GECOS: e.acc.GECOS, Hostname: env.Host.Hostname, Now: now}
		},
	}
}

// options returns the settings with what is left of the budget. When nothing is,
// what the ledger knows is still an answer.
func (g *guesser) options() crack.Options {
	o := crack.Options{CPUs: g.settings.CPUs, Level: g.settings.Level, Gate: g.book.gate, Ledger: g.book.ledger}
	if g.settings.Budget > 0 {
		o.Budget = max(g.settings.Budget-time.Since(g.started), 1)
	}
	return o
}

// empty tries the empty word on every entry. The checks take turns, so that the
// second finds the answers of the first. progress may be nil.
func (g *guesser) empty(entries []*entry, progress func(done, total int64, left time.Duration)) []crack.Verdict {
	g.book.turn.Lock()
	defer g.book.turn.Unlock()
	o := g.options()
	o.EmptyOnly, o.Progress = true, progress
	jobs := make([]crack.Job, len(entries))
	for i, e := range entries {
		jobs[i].Form = e.form
	}
	return crack.Run(g.ctx, jobs, o)
}

// dictionary tries the empty word, the list and what is derived from each account.
func (g *guesser) dictionary(entries []*entry) []crack.Verdict {
	show := g.settings.Progress
	if show == nil {
		show = func(int64, int64, time.Duration) {}
	}
	g.empty(entries, func(done, total int64, left time.Duration) {
		g.before = done
		each := 2 + len(g.settings.Words) // in all, and no fewer
		show(done, total*int64(each), left*time.Duration(each))
	})
	o := g.options()
	o.Words, o.Progress = g.settings.Words, func(done, total int64, left time.Duration) {
		g.done = g.before + done
		show(g.done, g.before+total, left)
	}
	return g.paced(entries, o, g.shared)
}

// paced does run's heavy work in the host's slot.
func (g *guesser) paced(entries []*entry, o crack.Options, run func(context.Context, []*entry, crack.Options) []crack.Verdict) []crack.Verdict {
	verdicts, deferred := crack.Paced(o, g.settings.Slot, func(o crack.Options) []crack.Verdict { return run(g.ctx, entries, o) })
	g.deferred = g.deferred || deferred
	return verdicts
}

// idle is dictionary for entries that nobody waits for.
func (g *guesser) idle(ctx context.Context, entries []*entry) []crack.Verdict {
	o := g.options()
	o.Words, o.Idle = g.settings.Words, true
	if g.settings.Slot != nil {
		o.Lighten()
	}
	return g.shared(ctx, entries, o)
}

// shared runs entries together with the host's others that have one of their
// hashes: what opens one account opens the other, and a weak hash is only known to
// be weak as long as the same names are asked for in every run.
func (g *guesser) shared(ctx context.Context, entries []*entry, o crack.Options) []crack.Verdict {
	asked, hashes := make(map[*entry]int, len(entries)), make(map[string]bool, len(entries))
	for i, e := range entries {
		asked[e] = i
		hashes[e.form.Hash()] = e.form.Hash() != ""
	}
	all := g.all
	if all == nil {
		all = entries
	}
	var together []*entry
	var at []int // in entries, -1 = not among them
	for _, e := range all {
		i, known := asked[e]
		if !known {
			i = -1
		}
		if known || hashes[e.form.Hash()] {
			together, at = append(together, e), append(at, i)
		}
	}
	out := make([]crack.Verdict, len(entries))
	for j, v := range crack.Run(ctx, g.jobs(together), o) {
		if at[j] >= 0 {
			out[at[j]] = v
		}
	}
	return out
}

func (g *guesser) jobs(entries []*entry) []crack.Job {
	jobs := make([]crack.Job, len(entries))
	for i, e := range entries {
		jobs[i] = crack.Job{Form: e.form, Names: g.names(e)}
	}
	return jobs
}

// dormantTime is what a note may cost where nothing else bounds it: a tree is
// audited without a deadline, and thousands of locked hashes would take hours.
const dormantTime = time.Minute

// noteDormant tests what nobody can log in by today, after everything else and
// only in time left: how many would be weak is worth a note, never a finding.
func (g *guesser) noteDormant(rec *checks.Recorder, entries []*entry) {
	var testable []*entry
	for _, e := range entries {
		if e.form.Supported {
			testable = append(testable, e)
		}
	}
	ctx, cancel := context.WithTimeout(g.ctx, dormantTime)
	defer cancel()
	weak, done := 0, 0
	for _, v := range g.idle(ctx, testable) {
		switch v.State {
		case crack.Weak:
			weak++
			done++
		case crack.Survived:
			done++
		}
	}
	rec.Fact("dormant_hashes", len(entries))
	rec.Fact("dormant_hashes_tested", done)
	if weak > 0 {
		rec.Fact("dormant_hashes_weak", weak)
		rec.Note("", "locked, expired or invalid entries hold passwords that would be weak if the accounts were opened again")
	}
}
