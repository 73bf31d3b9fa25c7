package password

import (
	"sync"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/crack"
	"hostaudit/checks/host"
)

// book is what the checks of one run share: the ledger of what was tried, and the
// gate that keeps their memory within its limit.
type book struct {
	ledger *crack.Ledger
	turn   sync.Mutex // held while the empty word is tried
	gate   *crack.MemoryGate
	// damaged: what earlier runs kept could not be read.
	damaged bool
}

// bookKey is the key of a host's book.
type bookKey struct{ kept *checks.Keeper }

// openBook returns the ledger of earlier runs, or an empty one. Without a Keeper
// it ends with the run.
func openBook(env *checks.Env) *book {
	kept, clock := env.Passwords.Kept, env.Host.Clock
	return host.Once(env.Host, bookKey{kept}, func() *book {
		b := &book{gate: crack.NewMemoryGate(env.Passwords.Memory)}
		if kept == nil {
			b.ledger = crack.NewLedger(clock)
		} else {
			b.ledger, b.damaged = crack.KeptLedger(kept.Load, kept.Save, clock)
		}
		return b
	})
}

// note says once where the ledger could not be used.
func (b *book) note(rec *checks.Recorder) {
	if b.damaged {
		rec.Note("", "what earlier audits tried could not be read: everything is tried again")
	}
}

// patience is how long a password audit that needs several runs counts as in
// progress, the time until the host's slot with it; after it, what is not tried yet is
// not checked.
const patience = 48 * time.Hour

// tally counts what became of the candidates of a check.
type tally struct {
	tried, known, left int
	unfinished         bool // time ran out on a hash
	expected           bool // and every such hash is known not to wait for long
}

// partial counts a hash that time ran out on.
func (t *tally) partial(v crack.Verdict) {
	t.expected = v.Remembered && v.Waiting < patience && (t.expected || !t.unfinished)
	t.unfinished = true
	t.count(v)
}

// count counts a hash without a match: where one matched the numbers would tell
// the word's place.
func (t *tally) count(v crack.Verdict) {
	t.tried += v.Tried
	t.known += v.Known
	t.left += v.Total - v.Known - v.Tried
}

// record writes the facts.
func (t *tally) record(rec *checks.Recorder) {
	rec.Fact("candidates_tried", t.tried)
	rec.Fact("candidates_tried_earlier", t.known)
	rec.Fact("candidates_left", t.left)
	if t.unfinished && t.expected {
		rec.Fact("progress", "in_progress")
	}
}
