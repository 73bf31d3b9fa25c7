package crack

import (
	"context"
	"slices"
)

// next returns the next candidate, or false when there is none or time is up.
func (s *schedule) next(ctx context.Context) (task, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil || !s.free && !s.deadline.IsZero() && !s.now().Before(s.deadline) {
		return task{}, false
	}
	t, ok := s.pick()
	if ok {
		s.free = false
		s.handed++
		t.unit.issued++
		t.number = t.unit.issued
		t.unit.flying = append(t.unit.flying, t.at)
	}
	return t, ok
}

func (s *schedule) pick() (task, bool) {
	if s.handed%share == 0 {
		for len(s.waiting) > 0 {
			if t, ok := s.advance(s.waiting[0]); ok {
				return t, true
			}
			s.waiting = s.waiting[1:]
		}
	}
	for s.phase < phaseDone {
		units := s.turn()
		if s.at >= len(units) {
			s.turnOver()
			continue
		}
		u := units[s.at]
		s.at++
		here := place{s.phase, s.rank}
		if u.closed() || here.before(u.cursor) {
			continue
		}
		if w, ok := s.candidate(u, here); ok {
			return task{unit: u, word: w, at: here}, true
		}
	}
	return task{}, false
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
		if u.prepared && (u.match != 0 || !u.closed() && phaseDerived < u.low().phase) {
			s.record(u)
			u.release()
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

// advance returns the next candidate of one unit.
func (s *schedule) advance(u *unit) (task, bool) {
	for !u.closed() && u.cursor.phase < phaseDone {
		if u.cursor.phase == phaseDerived && !u.prepared && u.derive {
			s.ledger.mu.Lock()
			s.prepare(u)
			s.ledger.mu.Unlock()
		}
		at := u.cursor
		if at.rank >= s.length(u, at.phase) {
			u.cursor = place{at.phase + 1, 0}
			continue
		}
		if w, ok := s.candidate(u, at); ok {
			return task{unit: u, word: w, at: at}, true
		}
	}
	return task{}, false
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
