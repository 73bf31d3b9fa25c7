package crack

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
		if low.phase == phaseDone && r.sinceEmpty {
			r.since = 0 // nobody asked for more
		}
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
	if u.failed && r.since != 0 {
		r.since = l.age // behind the others: it may fail in every run
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
