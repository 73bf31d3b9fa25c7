package crack

import (
	"context"
	"slices"
)

// next takes the next candidates into an empty batch. It is false when there are none or
// time is up.
func (s *schedule) next(ctx context.Context, h hasher, b *batch) bool {
	b.reset()
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil || !s.free && !s.deadline.IsZero() && !s.now().Before(s.deadline) {
		return false
	}
	c, ok := s.pick()
	if !ok {
		return false
	}
	s.free = false
	s.handed++
	s.hand(b, c)
	s.fill(b, c, s.fair(h.lanes(c.unit.form)))
	return true
}

// fair bounds a batch so that all workers end at about the same time: each takes half of
// its part of what is left, down to so few that lanes would stay empty.
func (s *schedule) fair(l lanes) lanes {
	if s.workers > 1 {
		parts := 2 * int64(s.workers)
		l.n = min(l.n, max(l.n/4, 8, int((s.total-s.done+parts-1)/parts)))
	}
	return l
}

// candidate is one word for one hash.
type candidate struct {
	unit *unit
	at   place
	word []byte
}

// fewTwins: so many are looked at for every word.
const fewTwins = 64

// hand puts a candidate into the batch, with those of other hashes that the same
// computation settles.
func (s *schedule) hand(b *batch, c candidate) {
	try := b.compute(c.unit.form, c.word)
	b.add(c.unit, c.at, try)
	switch {
	case c.at.phase == phaseDerived: // these are the hash's own
		return
	case c.at.phase > s.phase && len(c.unit.twins) > fewTwins:
		return // hardly any has come that far, and looking at all of them takes its time
	}
	for _, u := range c.unit.twins {
		if u != c.unit && s.ready(u, c.at) {
			if _, ok := s.candidate(u, c.at); ok {
				b.add(u, c.at, try)
			}
		}
	}
}

// ready reports whether a unit has nothing to try before a place, which it did not pass
// yet.
func (s *schedule) ready(u *unit, at place) bool {
	switch {
	case u.closed() || at.before(u.cursor):
		return false
	case at.phase == phaseEmpty:
		return true
	case u.cursor == place{} && !u.emptyKnown:
		return false
	case u.cursor.phase < phaseList && s.phase < phaseList && u.derive && !(u.prepared && len(u.derived) == 0):
		return false
	}
	from := 0
	if u.cursor.phase == phaseList {
		from = u.cursor.rank
	}
	for rank := from; rank < at.rank; rank++ {
		if u.wants(rank) {
			return false
		}
	}
	return true
}

// most is how many tasks a batch has at most that are not of one word: with all the hashes
// of a salt, one word may have more.
const most = 1024

// fill adds candidates that the hasher likes to have beside the first: the same word on
// other hashes, then further words of these.
func (s *schedule) fill(b *batch, first candidate, l lanes) {
	units := []*unit{first.unit}
	for len(b.tries) < l.n && !l.oneSalt {
		c, ok := s.here(first.unit.group)
		if !ok {
			break
		}
		s.hand(b, c)
		units = append(units, c.unit)
	}
	for len(units) > 0 && len(b.tries) < l.n && len(b.tasks) < most {
		u := units[0]
		units = units[1:]
		if c, ok := s.advance(u, s.reach(u, first.at)); ok {
			s.hand(b, c)
			units = append(units, u)
		}
	}
}

// reach is the last phase of which a batch takes a unit's candidates ahead of their turn.
// A listed word is tried on all hashes of a salt at once, when they have come that far.
// While derived candidates are made ahead, there is room for those of a block.
func (s *schedule) reach(u *unit, first place) int {
	switch {
	case u.derive && !u.prepared && s.prepared > 2*blockSize:
		return phaseEmpty
	case u.twins != nil && s.phase < phaseList && first.phase < phaseList:
		return phaseDerived
	}
	return phaseList
}

func (s *schedule) pick() (candidate, bool) {
	if s.handed%share == 0 {
		for len(s.waiting) > 0 {
			if c, ok := s.advance(s.waiting[0], phaseList); ok {
				return c, true
			}
			s.waiting = s.waiting[1:]
		}
	}
	for s.phase < phaseDone {
		if c, ok := s.here(nil); ok {
			return c, true
		}
		s.turnOver()
	}
	return candidate{}, false
}

// here returns the next hash's candidate of the present turn, if it is of the group;
// nil = whatever it is of.
func (s *schedule) here(like *group) (candidate, bool) {
	units := s.turn()
	for s.at < len(units) {
		u := units[s.at]
		if like != nil && u.group != like {
			break
		}
		s.at++
		at := place{s.phase, s.rank}
		if u.closed() || at.before(u.cursor) {
			continue
		}
		if w, ok := s.candidate(u, at); ok {
			return candidate{u, at, w}, true
		}
	}
	return candidate{}, false
}

// turn returns the units that take turns at the present candidate.
func (s *schedule) turn() []*unit {
	if s.phase == phaseDerived {
		return s.deriving[min(s.block, len(s.deriving)):min(s.block+blockSize, len(s.deriving))]
	}
	return s.open
}

// turnOver goes on to the next candidate, block or phase.
func (s *schedule) turnOver() {
	s.at = 0
	s.rank++
	switch s.phase {
	case phaseEmpty:
		s.phase, s.rank = phaseDerived, 0
	case phaseDerived:
		longest := 0
		for _, u := range s.turn() {
			longest = max(longest, len(u.derived))
		}
		if s.rank < longest {
			return
		}
		s.rank = 0
		if s.nextBlock() {
			return
		}
		s.phase = phaseList
	case phaseList:
		s.open = slices.DeleteFunc(s.open, (*unit).closed)
	}
	for s.phase == phaseList && (s.rank >= len(s.words) || !s.wanted(s.rank)) {
		if s.rank >= len(s.words) {
			s.phase = phaseDone
			return
		}
		s.rank++
	}
}

// wanted reports whether any hash lacks the word.
func (s *schedule) wanted(rank int) bool {
	for _, c := range s.cohorts {
		if c.missing.has(rank) {
			return true
		}
	}
	return false
}

// nextBlock goes on to the next block of hashes with derived candidates. A hash of
// this one that is still being tried keeps its own until the end.
func (s *schedule) nextBlock() bool {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	for _, u := range s.turn() {
		if u.cursor.phase == phaseDerived {
			u.cursor = place{phaseList, 0}
		}
		if u.prepared && (u.closed() || phaseDerived < u.low().phase) {
			s.record(u)
			u.release()
			s.prepared--
		}
	}
	s.block += blockSize
	if s.block >= len(s.deriving) {
		return false
	}
	s.prepareBlock()
	return true
}

// candidate is the unit's word at a place, if it has one there that it was not
// tried with before.
func (s *schedule) candidate(u *unit, at place) ([]byte, bool) {
	u.cursor = place{at.phase, at.rank + 1}
	switch {
	case at.phase == phaseEmpty:
		return nil, !u.emptyKnown
	case at.phase == phaseDerived && at.rank < len(u.derived):
		return u.derived[at.rank], true
	case at.phase == phaseList && u.wants(at.rank):
		return s.words[at.rank], true
	}
	return nil, false
}

// advance returns the next candidate of one unit, if that is of no later phase than last.
func (s *schedule) advance(u *unit, last int) (candidate, bool) {
	for !u.closed() && u.cursor.phase <= last {
		if u.cursor.phase == phaseDerived {
			s.prepareAhead(u)
		}
		at := u.cursor
		if at.rank >= s.length(u, at.phase) {
			u.cursor = place{at.phase + 1, 0}
			continue
		}
		if w, ok := s.candidate(u, at); ok {
			return candidate{u, at, w}, true
		}
	}
	return candidate{}, false
}

// prepareAhead is prepare before the unit's block has come.
func (s *schedule) prepareAhead(u *unit) {
	s.ledger.mu.Lock()
	defer s.ledger.mu.Unlock()
	s.prepare(u)
}

// length is how many candidates a phase has for a unit.
func (s *schedule) length(u *unit, phase int) int {
	switch {
	case phase == phaseEmpty:
		return 1
	case s.emptyOnly:
		return 0
	case phase == phaseDerived:
		return len(u.derived)
	}
	return len(s.words)
}
