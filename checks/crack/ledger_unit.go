package crack

import (
	"slices"
)

// unit is one distinct hash string in a Run.
type unit struct {
	form   *Form
	jobs   []*Job
	beyond int // derived candidates of further jobs, at most: they are not tried
	group  *group
	twins  []*unit // others with the same salt, and this one; nil = there are none

	refusal   State // NotTestable or TooCostly: not started
	rec       *record
	cohort    *cohort
	names     uint64 // digest of what the derived candidates are made of
	knownWeak bool   // by the ledger
	// emptyKnown: the empty word was tried by an earlier run. derive: the derived
	// candidates have to be made, because something about them is not known.
	emptyKnown, derive bool

	// While prepared: current are the short digests of all derived candidates,
	// derived those that are to be tried, and fresh their places in current.
	prepared bool
	current  []uint64
	derived  [][]byte
	fresh    []int
	skip     []int32 // ranks of missing words that were or are tried as derived ones, sorted
	extra    int     // of current, how many are not in the list

	total, todo int // candidates in all and to be tried; of derived ones that are not made yet, the most there can be
	cursor      place
	flying      []place // handed out, and not settled
	issued      int     // handed to workers
	settled     int     // results that came back
	match       int     // number of the first candidate that matched, else 0
	failed      bool
	where       string
	dirty       bool // there is something for the record

	matchedEmpty bool
}

func (u *unit) closed() bool {
	return u.refusal != StateUnknown || u.knownWeak || u.match != 0 || u.failed
}

// wants reports whether the listed word of that rank is to be tried.
func (u *unit) wants(rank int) bool {
	if !u.cohort.missing.has(rank) {
		return false
	}
	_, skipped := slices.BinarySearch(u.skip, int32(rank))
	return !skipped
}

// low is the place before which every candidate is settled.
func (u *unit) low() place {
	if len(u.flying) == 0 && u.settled == u.todo {
		return place{phaseDone, 0}
	}
	p := u.cursor
	if p.phase == phaseEmpty && (p.rank > 0 || u.emptyKnown) {
		p = place{phaseDerived, 0}
	}
	for _, f := range u.flying {
		if f.before(p) {
			p = f
		}
	}
	return p
}

// release drops the derived candidates when all of them are recorded.
func (u *unit) release() {
	u.prepared, u.derive, u.current, u.derived, u.fresh = false, false, nil, nil, nil
}

// cohort are the hashes that were tried with the same listed words before.
type cohort struct {
	tried   bitmap // places in the ledger's table
	missing bitmap // ranks in the list
	lacks   int    // how many are missing
	gone    []uint64
	after   map[int]*wordSet // tried, with the list up to a rank
}

// cohortOf returns the cohort of a set. The ledger is locked.
func (s *schedule) cohortOf(set *wordSet) *cohort {
	if c := s.cohorts[set]; c != nil {
		return c
	}
	words := s.ledger.words
	c := &cohort{tried: set.bits(len(words)), missing: newBitmap(len(s.words)), after: map[int]*wordSet{}}
	listed := newBitmap(len(words))
	for rank, at := range s.places {
		listed.set(int(at))
		if !c.tried.has(int(at)) {
			c.missing.set(rank)
			c.lacks++
		}
	}
	for at := range words {
		if c.tried.has(at) && !listed.has(at) {
			c.gone = append(c.gone, short(words[at]))
		}
	}
	s.cohorts[set] = c
	return c
}

// with returns the set of a hash of the cohort that has been tried with the list
// up to a rank. The ledger is locked.
func (s *schedule) with(c *cohort, rank int) *wordSet {
	if set := c.after[rank]; set != nil {
		return set
	}
	b := newBitmap(len(s.ledger.words))
	b.or(c.tried)
	for _, at := range s.places[:rank] {
		b.set(int(at))
	}
	c.after[rank] = s.ledger.intern(b)
	return c.after[rank]
}

// resume finds out what is left to do on a hash. The ledger is locked.
func (s *schedule) resume(u *unit, idle bool) {
	l := s.ledger
	id := s.digester.record(u.form.hash)
	if u.refusal != StateUnknown && l.records[id] == nil {
		return
	}
	r := l.meet(id, u.form.Scheme, idle)
	u.rec, u.emptyKnown = r, r.emptyTried
	if !u.emptyKnown {
		u.todo = 1
	}
	if s.emptyOnly {
		u.total, u.knownWeak = 1, r.emptyWeak
	} else {
		s.resumeAll(u)
	}
	if u.refusal != StateUnknown {
		if !u.knownWeak && (u.todo > 0 || u.derive) {
			u.rec, u.todo, u.total = nil, 0, 0
			return
		}
		u.refusal = StateUnknown // a run that was granted more found the answer
	}
	switch {
	case u.knownWeak:
		u.todo = 0
	case u.todo > 0 || u.derive:
		if r.since != 0 {
			s.waiting = append(s.waiting, u)
		}
		r.sinceEmpty = s.emptyOnly && (r.since == 0 || r.sinceEmpty)
		l.begin(r)
		s.started = append(s.started, u)
	case r.since != 0 && !s.emptyOnly: // what was left is not asked for any more
		r.since, l.changed = 0, true
	}
	if u.derive && !u.knownWeak {
		s.deriving = append(s.deriving, u)
	}
	s.expect(u, u.todo)
}

func (s *schedule) resumeAll(u *unit) {
	l, r := s.ledger, u.rec
	u.names = s.digester.names(u.jobs)
	if r.weak && !s.stillWeak(u) {
		l.reopen(r)
	}
	u.knownWeak = r.weak
	u.cohort = s.cohortOf(r.set)
	u.derive = !r.weak && !(r.derivedDone && r.names == u.names)
	u.extra = r.extra
	switch {
	case u.derive:
		u.extra = 0
		for _, j := range u.jobs {
			u.extra += j.mostDerived()
		}
		u.todo += u.extra
	case !r.lostOwn:
		u.extra = 0
		for i := range min(r.derived, r.own.len()) {
			if _, listed := s.byDigest[r.own.at(i)]; !listed {
				u.extra++
			}
		}
	}
	if !u.derive {
		s.skipOwn(u)
	}
	u.todo += u.cohort.lacks - len(u.skip)
	u.total = 1 + len(s.words) + u.extra
}

// mostDerived is an upper bound of the job's derived candidates.
func (j *Job) mostDerived() int {
	n := len(j.Derived)
	if j.Names.Login != "" || j.Names.GECOS != "" || j.Names.Hostname != "" {
		n += maxDerived
	}
	return n
}

// skipOwn leaves out listed words that were tried as derived ones.
func (s *schedule) skipOwn(u *unit) {
	if u.cohort.lacks == 0 {
		return
	}
	for i := range u.rec.own.len() {
		if rank, listed := s.byDigest[u.rec.own.at(i)]; listed && u.cohort.missing.has(int(rank)) {
			u.skip = append(u.skip, rank)
		}
	}
	slices.Sort(u.skip)
	u.skip = slices.Compact(u.skip)
}

// derived joins the derived candidates of the jobs with this hash, rank by rank,
// each once.
func (u *unit) candidates() [][]byte {
	var lists [][][]byte
	for _, j := range u.jobs {
		lists = append(lists, j.derived())
	}
	var words [][]byte
	seen := map[string]bool{"": true}
	for rank, more := 0, true; more; rank++ {
		more = false
		for _, list := range lists {
			if rank >= len(list) {
				continue
			}
			more = true
			if w := list[rank]; takes(w) && !seen[string(w)] {
				seen[string(w)] = true
				words = append(words, w)
			}
		}
	}
	return words
}

// prepare makes the derived candidates of a hash and leaves out what is known.
// The ledger is locked.
func (s *schedule) prepare(u *unit) {
	if u.prepared || !u.derive {
		return
	}
	l, r := s.ledger, u.rec
	before := u.todo
	own := r.own.lookup()
	prefix := 0
	if r.lostOwn && !r.derivedDone && r.names == u.names {
		prefix = r.derived
	}
	u.prepared, u.dirty, u.extra = true, true, 0
	s.prepared++
	for i, w := range u.candidates() {
		digest := s.digester.word(w)
		at, entered := l.index[digest]
		rank, listed := s.ranks[string(w)]
		if !listed {
			u.extra++
		} else if u.cohort.missing.has(int(rank)) {
			u.skip = append(u.skip, rank)
		}
		u.current = append(u.current, short(digest))
		if i >= prefix && !own[short(digest)] && !(entered && u.cohort.tried.has(int(at))) {
			u.fresh = append(u.fresh, i)
			u.derived = append(u.derived, w)
		}
	}
	s.skipOwn(u)
	slices.Sort(u.skip)
	u.skip = slices.Compact(u.skip)
	u.todo = len(u.derived) + u.cohort.lacks - len(u.skip)
	if !u.emptyKnown {
		u.todo++
	}
	u.total = 1 + len(s.words) + u.extra
	s.expect(u, u.todo-before)
}
