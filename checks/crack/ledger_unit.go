package crack

import (
	"slices"
)

// unit is one distinct hash string in a Run.
type unit struct {
	form Form
	jobs []*Job

	refusal   State // NotTestable or TooCostly: never started
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
	r := l.meet(s.digester.record(u.form.hash), u.form.Scheme, idle)
	u.rec, u.emptyKnown = r, r.emptyTried
	if !u.emptyKnown {
		u.todo = 1
	}
	if s.emptyOnly {
		u.total, u.knownWeak = 1, r.emptyWeak
	} else {
		s.resumeAll(u)
	}
	switch {
	case u.knownWeak:
		u.todo = 0
	case u.todo > 0 || u.derive:
		if r.since != 0 {
			s.waiting = append(s.waiting, u)
		}
		l.begin(r)
		s.started = append(s.started, u)
	case r.since != 0 && !s.emptyOnly: // what was left is not asked for any more
		r.since, l.changed = 0, true
	}
	if u.derive && !u.knownWeak {
		s.deriving = append(s.deriving, u)
	}
	s.total += int64(u.todo)
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
	s.total += int64(u.todo - before)
}

// stillWeak reports whether all words one of which matched are still asked for.
// The ledger is locked.
func (s *schedule) stillWeak(u *unit) bool {
	r := u.rec
	if r.emptyWeak {
		return true
	}
	gone := s.cohortOf(r.set).gone
	same := r.names == u.names
	switch {
	case same && len(gone) == 0 && (r.lostOwn || r.own.len() == r.derived):
		return true
	case r.lostOwn:
		return false
	}
	var now ownDigests
	if same {
		now = r.own[:ownSize*r.derived]
	} else {
		for _, w := range u.candidates() {
			now = now.appendShort(short(s.digester.word(w)))
		}
	}
	current := now.lookup()
	var others []uint64
	for i := range r.own.len() {
		d := r.own.at(i)
		if current[d] {
			continue
		}
		if _, listed := s.byDigest[d]; !listed {
			return false
		}
		others = append(others, d)
	}
	for _, d := range gone {
		if !current[d] {
			return false
		}
	}
	if !same {
		r.names, r.derived, r.extra, s.ledger.changed = u.names, now.len(), 0, true
		for _, d := range others {
			now = now.appendShort(d)
		}
		r.setOwn(now)
		return !r.lostOwn || len(others) == 0
	}
	return true
}

// commit brings the ledger up to date with everything that is settled.
func (s *schedule) commit() {
	s.mu.Lock()
	defer s.mu.Unlock()
	l := s.ledger
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tick()
	unfinished := false
	for _, u := range s.started {
		s.record(u)
		unfinished = unfinished || u.rec.since != 0
	}
	if unfinished && l.age-l.written >= 60 {
		l.changed = true // for how long they wait
	}
}

// record takes down what was tried on a hash. The ledger is locked.
func (s *schedule) record(u *unit) {
	if !u.dirty {
		return
	}
	u.dirty = false
	l, r, low := s.ledger, u.rec, u.low()
	l.changed = true
	if (place{phaseEmpty, 0}).before(low) {
		r.emptyNow = r.emptyNow || s.emptyOnly && !r.emptyTried
		r.emptyTried = true
	}
	switch {
	case u.match != 0:
		s.recordWeak(u)
		return
	case s.emptyOnly:
		return
	}
	if u.prepared {
		tried := len(u.current)
		if done := phaseDerived < low.phase || low.phase == phaseDerived && low.rank >= len(u.fresh); !done {
			tried = 0
			if low.phase == phaseDerived {
				tried = u.fresh[low.rank]
			}
		}
		r.recordOwn(u, tried)
	}
	switch low.phase {
	case phaseList:
		r.set = s.with(u.cohort, low.rank)
	case phaseDone:
		r.set, r.since = s.with(u.cohort, len(s.words)), 0
	}
}

// keepOwn is how many digests are kept beyond those of the present names: those of
// last year's, or of the host's other name, may come back.
const keepOwn = 256

// recordOwn takes down that the first so many derived candidates were tried.
func (r *record) recordOwn(u *unit, tried int) {
	now := make(map[uint64]bool, tried)
	own := make(ownDigests, 0, ownSize*max(tried, r.own.len()))
	for _, d := range u.current[:tried] {
		now[d] = true
		own = own.appendShort(d)
	}
	for i := range r.own.len() {
		if d := r.own.at(i); !now[d] && (tried < len(u.current) || own.len() < keepOwn) {
			own = own.appendShort(d)
		}
	}
	r.names, r.derived, r.derivedDone, r.extra = u.names, tried, tried == len(u.current), 0
	if r.derivedDone {
		r.extra = u.extra
	}
	r.setOwn(own)
}

func (r *record) setOwn(own ownDigests) {
	r.own, r.lostOwn = own, false
	if own.len() > maxOwnEach {
		r.own, r.lostOwn = nil, true
	}
}

// recordWeak takes down that one of all words matches: the empty one, or one of
// the list and the derived candidates of today.
func (s *schedule) recordWeak(u *unit) {
	r := u.rec
	r.weak, r.emptyWeak, r.since = true, u.matchedEmpty, 0
	if u.matchedEmpty {
		return
	}
	r.set = s.list
	switch {
	case u.prepared:
		own := make(ownDigests, 0, ownSize*len(u.current))
		for _, d := range u.current {
			own = own.appendShort(d)
		}
		r.names, r.derived, r.extra = u.names, len(u.current), u.extra
		r.setOwn(own)
	case !r.lostOwn:
		r.own = r.own[:ownSize*r.derived]
	}
	r.derivedDone = true
}
