package crack

import (
	"context"
	"errors"
	"sync"
	"time"

	"hostaudit/checks/internal/guard"
)

// unit is one distinct hash string.
type unit struct {
	form    Form
	derived [][]byte
	own     map[string]bool // the derived candidates, to skip them in the list
	total   int             // candidates, the empty one included

	refusal State // NotTestable or TooCostly: never started
	issued  int   // handed to workers
	settled int   // results that came back
	match   int   // 1-based number of the first candidate that matched, else 0
	failed  bool
	where   string
}

func (u *unit) closed() bool { return u.refusal != StateUnknown || u.match != 0 || u.failed }

// task is one candidate for one hash; number is its place in the unit's order.
type task struct {
	unit   *unit
	word   []byte
	number int
}

// schedule hands out the candidates in order and collects the results.
type schedule struct {
	words    [][]byte
	units    []*unit
	jobs     []*unit // of each job, in order
	now      func() time.Time
	deadline time.Time // zero: none
	progress func(done, total int64)

	mu          sync.Mutex
	phase       int // 0 the empty word, 1 derived, 2 list, 3 done
	rank, at    int // candidate within the phase, unit within the rank
	done, total int64
}

func newSchedule(jobs []Job, opts Options) *schedule {
	s := &schedule{now: opts.Now, progress: opts.Progress}
	if opts.Budget > 0 {
		s.deadline = opts.Now().Add(opts.Budget)
	}
	inList := map[string]bool{"": true}
	for _, w := range opts.Words {
		if takes(w) && !inList[string(w)] {
			inList[string(w)] = true
			s.words = append(s.words, w)
		}
	}
	byHash := map[string]*unit{}
	sharers := map[*unit][]Job{}
	for _, j := range jobs {
		u := byHash[j.Form.hash]
		if u == nil {
			u = &unit{form: j.Form, refusal: refuse(j.Form, opts), own: map[string]bool{"": true}}
			byHash[j.Form.hash] = u
			s.units = append(s.units, u)
		}
		s.jobs = append(s.jobs, u)
		sharers[u] = append(sharers[u], j)
	}
	for _, u := range s.units {
		if u.refusal == NotTestable {
			continue
		}
		u.derive(sharers[u])
		u.total = 1 + len(u.derived) + len(s.words)
		for _, w := range u.derived {
			if inList[string(w)] {
				u.total--
			}
		}
		if u.refusal == StateUnknown {
			s.total += int64(u.total)
		}
	}
	return s
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

// derive joins the derived candidates of the jobs with this hash, rank by rank.
func (u *unit) derive(jobs []Job) {
	for rank, more := 0, true; more; rank++ {
		more = false
		for _, j := range jobs {
			if rank >= len(j.Derived) {
				continue
			}
			more = true
			if w := j.Derived[rank]; takes(w) && !u.own[string(w)] {
				u.own[string(w)] = true
				u.derived = append(u.derived, w)
			}
		}
	}
}

// next returns the next candidate, or false when there is none or time is up.
func (s *schedule) next(ctx context.Context) (task, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if ctx.Err() != nil || !s.deadline.IsZero() && !s.now().Before(s.deadline) {
		return task{}, false
	}
	for s.phase < 3 {
		if s.at == len(s.units) {
			s.at = 0
			s.rank++
			if s.rank >= s.ranks() {
				s.phase, s.rank = s.phase+1, 0
			}
			continue
		}
		u := s.units[s.at]
		s.at++
		if u.closed() {
			continue
		}
		if w, ok := s.candidate(u); ok {
			u.issued++
			return task{unit: u, word: w, number: u.issued}, true
		}
	}
	return task{}, false
}

// ranks is the number of candidates of the present phase.
func (s *schedule) ranks() int {
	switch s.phase {
	case 1:
		n := 0
		for _, u := range s.units {
			n = max(n, len(u.derived))
		}
		return n
	case 2:
		return len(s.words)
	}
	return 1
}

// candidate is the unit's word at the present place, if it has one there that
// it did not have before.
func (s *schedule) candidate(u *unit) ([]byte, bool) {
	switch {
	case s.phase == 0:
		return nil, true
	case s.phase == 1 && s.rank < len(u.derived):
		return u.derived[s.rank], true
	case s.phase == 2 && s.rank < len(s.words) && !u.own[string(s.words[s.rank])]:
		return s.words[s.rank], true
	}
	return nil, false
}

// settle notes a result. Once a unit is closed, its candidates that were not
// handed out are settled too.
func (s *schedule) settle(t task, matched bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := t.unit
	open := !u.closed()
	u.settled++
	s.done++
	switch {
	case matched:
		if u.match == 0 || t.number < u.match {
			u.match = t.number
		}
	case err != nil && !u.failed:
		u.failed = true
		if p := (guard.Panic{}); errors.As(err, &p) {
			u.where = p.Where
		}
	}
	if open && u.closed() {
		s.done += int64(u.total - u.issued)
	}
	s.report()
}

// report tells the progress; one that panics is told no more.
func (s *schedule) report() {
	if s.progress == nil {
		return
	}
	if guard.Call(func() { s.progress(s.done, s.total) }) != nil {
		s.progress = nil
	}
}

// verdicts is called after the last worker has ended.
func (s *schedule) verdicts() []Verdict {
	out := make([]Verdict, len(s.jobs))
	for i, u := range s.jobs {
		v := Verdict{State: u.refusal, Tried: u.settled, Total: u.total}
		switch {
		case u.refusal != StateUnknown:
		case u.match != 0:
			v.State, v.Tried, v.Empty = Weak, u.match, u.match == 1
		case u.failed:
			v.State, v.Where = Failed, u.where
		case u.settled == u.total:
			v.State = Survived
		default:
			v.State = Partial
		}
		out[i] = v
	}
	return out
}
