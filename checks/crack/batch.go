package crack

import (
	"hostaudit/checks/internal/guard"
)

// task is one candidate for one hash. number is how many of the unit were handed out
// with it, and try the computation that settles it.
type task struct {
	unit   *unit
	at     place
	number int
	try    int
}

// batch is what one worker has in work.
type batch struct {
	tries []try
	tasks []task
}

// reset empties the batch; the room of its digests is used again.
func (b *batch) reset() { b.tries, b.tasks = b.tries[:0], b.tasks[:0] }

// compute adds a computation and returns its place.
func (b *batch) compute(f *Form, word []byte) int {
	n := len(b.tries)
	if n < cap(b.tries) {
		b.tries = b.tries[:n+1]
	} else {
		b.tries = append(b.tries, try{})
	}
	b.tries[n] = try{form: f, word: word, digest: b.tries[n].digest[:0]}
	return n
}

// add adds a candidate that the computation at a place settles.
func (b *batch) add(u *unit, at place, try int) {
	u.issued++
	u.flying = append(u.flying, at)
	b.tasks = append(b.tasks, task{unit: u, at: at, number: u.issued, try: try})
}

// oneByOne hashes after a panic: only the hash that is to blame fails. It returns
// the last hasher that is sound: the buffers of one that panicked may be in any state.
func (b *batch) oneByOne(newHasher func() hasher) hasher {
	h := newHasher()
	for i := range b.tries {
		t := &b.tries[i]
		*t = try{form: t.form, word: t.word}
		if err := guard.Call(func() { h.hash(b.tries[i : i+1]) }); err != nil {
			t.digest, t.err = nil, err
			h = newHasher()
		}
	}
	return h
}
