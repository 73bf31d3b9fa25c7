package crack

import (
	"errors"
	"slices"
	"sync"
	"time"

	"hostaudit/checks/internal/guard"
)

// place is where a candidate stands in the order of one hash.
type place struct{ phase, rank int }

// The phases of the work on a hash.
const (
	phaseEmpty = iota
	phaseDerived
	phaseList
	phaseDone
)

func (p place) before(q place) bool {
	return p.phase < q.phase || p.phase == q.phase && p.rank < q.rank
}

const (
	// blockSize is how many hashes have their derived candidates in memory at a time.
	blockSize = 512
	// maxShared is of how many accounts with one hash the names are asked for: their
	// candidates are in memory together. A hash of more survives no run.
	maxShared = 4096
	// share: one batch of so many is for the hash that has waited longest.
	share = 16
)

// schedule hands out the candidates in order and collects the results.
type schedule struct {
	words    [][]byte
	ranks    map[string]int32 // of words
	digests  []uint64         // of words
	places   []uint32         // of words in the ledger
	byDigest map[uint64]int32 // short digest -> rank
	list     *wordSet         // all of words
	cohorts  map[*wordSet]*cohort

	ledger    *Ledger
	digester  *digester
	emptyOnly bool
	units     []*unit
	jobs      []*unit // of each job, in order
	now       func() time.Time
	deadline  time.Time // zero: none
	progress  func(done, total int64, left time.Duration)
	groups    map[groupKey]*group
	workers   int
	memory    int64 // for regions

	mu          sync.Mutex
	free        bool    // one batch may be started after the deadline
	handed      int     // batches
	waiting     []*unit // hashes that earlier runs left, the oldest first
	started     []*unit // hashes with candidates left when the run began
	open        []*unit // those of started that are not closed yet, and some that are
	deriving    []*unit // those of open whose derived candidates are to be tried
	prepared    int     // how many of deriving have their derived candidates in memory
	block       int     // where the present block begins in deriving
	phase       int
	rank, at    int // candidate within the phase, unit within the rank
	done, total int64
	foretold    time.Time     // when the forecast was made
	ahead       time.Duration // what it said
}

func newSchedule(jobs []Job, opts Options) *schedule {
	s := &schedule{
		now: opts.Now, progress: opts.Progress, emptyOnly: opts.EmptyOnly, ledger: opts.Ledger,
		free: opts.Ledger.save != nil && !opts.Idle, groups: map[groupKey]*group{}, workers: opts.CPUs, memory: opts.Memory,
	}
	if opts.Budget > 0 {
		s.deadline = opts.Now().Add(opts.Budget)
	}
	if !s.emptyOnly {
		s.takeWords(opts.Words)
	}
	if len(s.words) > maxTable {
		s.ledger, s.free = NewLedger(opts.Now), false
	}
	l := s.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tick()
	s.digester = newDigester(l.key)
	s.enterWords()
	byHash := map[string]*unit{}
	for i := range jobs {
		j := &jobs[i]
		u := byHash[j.Form.hash]
		if u == nil {
			u = &unit{form: &j.Form, refusal: refuse(j.Form, opts), group: s.groupOf(&j.Form)}
			byHash[j.Form.hash] = u
			s.units = append(s.units, u)
		}
		s.jobs = append(s.jobs, u)
		if len(u.jobs) < maxShared {
			u.jobs = append(u.jobs, j)
		} else {
			u.beyond += j.mostDerived()
		}
	}
	for _, u := range s.units {
		if u.refusal != NotTestable {
			s.resume(u, opts.Idle)
		}
	}
	slices.SortStableFunc(s.waiting, func(a, b *unit) int { return int(a.rec.since - b.rec.since) })
	s.arrange()
	s.prepareBlock()
	return s
}

// takeWords keeps the words that crypt(3) takes, each once.
func (s *schedule) takeWords(words [][]byte) {
	s.ranks = make(map[string]int32, len(words))
	for _, w := range words {
		if _, known := s.ranks[string(w)]; len(w) > 0 && takes(w) && !known {
			s.ranks[string(w)] = int32(len(s.words))
			s.words = append(s.words, w)
		}
	}
}

// enterWords makes the list known to the ledger.
func (s *schedule) enterWords() {
	s.cohorts = map[*wordSet]*cohort{}
	if s.emptyOnly {
		return
	}
	l := s.ledger
	s.digests = make([]uint64, len(s.words))
	s.byDigest = make(map[uint64]int32, len(s.words))
	for i, w := range s.words {
		s.digests[i] = s.digester.word(w)
		s.byDigest[short(s.digests[i])] = int32(i)
	}
	s.places = l.enter(s.digests)
	all := newBitmap(len(l.words))
	for _, at := range s.places {
		all.set(int(at))
	}
	s.list = l.intern(all)
}

// refuse returns why no candidate of the form may be started, or StateUnknown.
func refuse(f Form, opts Options) State {
	switch {
	case f.Class != Hash && f.Class != LockedHash, !f.Supported:
		return NotTestable
	case f.Estimate() > opts.MaxTry, f.Cost.Memory > opts.Memory:
		return TooCostly
	}
	return StateUnknown
}

// prepareBlock makes the derived candidates of the next block of hashes.
func (s *schedule) prepareBlock() {
	if s.block >= len(s.deriving) {
		return
	}
	for _, u := range s.deriving[s.block:min(s.block+blockSize, len(s.deriving))] {
		if !u.closed() {
			s.prepare(u)
		}
	}
}

// settle notes the results of a batch, which has just ended and took so long.
func (s *schedule) settle(b *batch, now time.Time, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.tasks[0].unit.group.measure(took, len(b.tasks))
	for _, t := range b.tasks {
		if r := &b.tries[t.try]; !errors.Is(r.err, errStopped) { // else it stays in the air
			s.settleOne(t, r)
		}
	}
	s.report(now)
}

// settleOne notes a result. Once a unit is closed, its candidates that were not handed
// out are settled too.
func (s *schedule) settleOne(t task, r *try) {
	u := t.unit
	open := !u.closed()
	u.settled++
	u.dirty = true
	s.count(u, 1)
	switch {
	case r.matches(u.form):
		if u.match == 0 || t.number < u.match {
			u.match, u.matchedEmpty = t.number, t.at.phase == phaseEmpty
		}
	case r.err != nil && !u.failed:
		u.failed = true
		if p := (guard.Panic{}); errors.As(r.err, &p) {
			u.where = p.Where
		}
	}
	if !u.failed { // what failed stays in the air: it was not tried
		i := slices.Index(u.flying, t.at)
		u.flying = slices.Delete(u.flying, i, i+1)
	}
	if open && u.closed() {
		s.count(u, u.todo-u.issued)
	}
}

// count notes that so many tests of a unit are settled.
func (s *schedule) count(u *unit, n int) {
	s.done += int64(n)
	u.group.left -= int64(n)
}

// expect notes that there are so many more tests of a unit.
func (s *schedule) expect(u *unit, n int) {
	s.total += int64(n)
	u.group.left += int64(n)
}

// report tells the progress; one that panics is told no more.
func (s *schedule) report(now time.Time) {
	if s.progress == nil {
		return
	}
	if guard.Call(func() { s.progress(s.done, s.total, s.forecast(now)) }) != nil {
		s.progress = nil
	}
}

// verdicts is called after the last worker has ended.
func (s *schedule) verdicts() []Verdict {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	out := make([]Verdict, len(s.jobs))
	for i, u := range s.jobs {
		v := Verdict{State: u.refusal, Tried: u.settled, Known: u.total - u.todo, Total: u.total}
		switch {
		case u.refusal != StateUnknown:
		case u.knownWeak:
			v.State, v.Empty = Weak, u.rec.emptyWeak
		case u.match != 0:
			v.State, v.Tried, v.Empty = Weak, u.match, u.matchedEmpty
		case u.failed:
			v.State, v.Where = Failed, u.where
		case u.settled == u.todo && u.beyond == 0:
			v.State = Survived
		default:
			v.State = Partial
			v.Total += u.beyond
			if u.rec.since != 0 && u.rec.durable && u.beyond == 0 {
				v.Remembered, v.Waiting = true, time.Duration(s.ledger.age-u.rec.since)*time.Second
			}
		}
		if u.rec != nil && !s.emptyOnly && !u.knownWeak && u.emptyKnown && u.rec.emptyNow {
			v.Tried++
			v.Known--
		}
		out[i] = v
	}
	return out
}
