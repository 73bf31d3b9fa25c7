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
	started  time.Time
}

func newGuesser(ctx context.Context, settings checks.PasswordSettings) *guesser {
	return &guesser{ctx: ctx, settings: settings, started: time.Now()}
}

// options returns the settings with what is left of the budget; false when
// nothing is.
func (g *guesser) options() (crack.Options, bool) {
	o := crack.Options{CPUs: g.settings.CPUs, Memory: g.settings.Memory}
	if g.settings.Budget > 0 {
		o.Budget = g.settings.Budget - time.Since(g.started)
		if o.Budget <= 0 {
			return o, false
		}
	}
	return o, g.ctx.Err() == nil
}

// run tests the forms with words and what derive gives for each; a run without
// any time left answers Partial. nil derive: no derived candidates.
func (g *guesser) run(forms []crack.Form, words [][]byte, derive func(int) [][]byte, progress func(done, total int64)) []crack.Verdict {
	o, ok := g.options()
	if !ok {
		return untried(forms)
	}
	o.Words, o.Progress = words, progress
	jobs := make([]crack.Job, len(forms))
	for i, form := range forms {
		jobs[i].Form = form
		if derive != nil {
			jobs[i].Derived = derive(i)
		}
	}
	return crack.Run(g.ctx, jobs, o)
}

// untried is the verdict on forms that no time was left for.
func untried(forms []crack.Form) []crack.Verdict {
	verdicts := make([]crack.Verdict, len(forms))
	for i, form := range forms {
		verdicts[i].State = crack.Partial
		if !form.Supported {
			verdicts[i].State = crack.NotTestable
		}
	}
	return verdicts
}

// batch is how many accounts have their derived candidates in memory at a time.
const batch = 512

// dictionary tests the list and the derived candidates. Up to a batch of
// accounts that is one run, likeliest candidates of all accounts first. More
// accounts take turns with their derived candidates, which bounds the memory,
// then the list is tried on all that are left; what both contain is tried twice.
func (g *guesser) dictionary(forms []crack.Form, derive func(int) [][]byte) []crack.Verdict {
	words := g.settings.Words
	if len(forms) <= batch {
		return g.run(forms, words, derive, g.settings.Progress)
	}
	verdicts := make([]crack.Verdict, len(forms))
	perAccount := int64(len(words) + 2)
	total := perAccount * int64(len(forms))
	var before int64
	progress := func(done, all int64) {
		if g.settings.Progress != nil {
			g.settings.Progress(min(before+done, total), total)
		}
	}
	for from := 0; from < len(forms); from += batch {
		to := min(from+batch, len(forms))
		copy(verdicts[from:to], g.run(forms[from:to], nil, func(i int) [][]byte { return derive(from + i) }, nil))
		before += int64(to - from)
		progress(0, total)
	}
	for i := range verdicts {
		if verdicts[i].State == crack.Partial {
			verdicts[i].Total += len(words)
		}
	}
	var left []int
	var leftForms []crack.Form
	for i, v := range verdicts {
		if v.State == crack.Survived {
			left = append(left, i)
			leftForms = append(leftForms, forms[i])
		}
	}
	for i, v := range g.run(leftForms, words, nil, progress) {
		at := left[i]
		v.Tried += verdicts[at].Tried
		v.Total += verdicts[at].Total
		verdicts[at] = v
	}
	return verdicts
}

// dormantTime is what a note may cost where nothing else bounds it: a tree is
// audited without a deadline, and thousands of locked hashes would take hours.
const dormantTime = time.Minute

// noteDormant tests what nobody can log in by today, after everything else and
// only in time left: how many would be weak is worth a note, never a finding.
func (g *guesser) noteDormant(rec *checks.Recorder, entries []*entry, derive func(*entry) [][]byte) {
	var testable []*entry
	for _, e := range entries {
		if e.form.Supported {
			testable = append(testable, e)
		}
	}
	quiet := *g
	quiet.settings.Progress = nil
	var cancel context.CancelFunc
	quiet.ctx, cancel = context.WithTimeout(g.ctx, dormantTime)
	defer cancel()
	weak, done := 0, 0
	for _, v := range quiet.dictionary(forms(testable), func(i int) [][]byte { return derive(testable[i]) }) {
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
