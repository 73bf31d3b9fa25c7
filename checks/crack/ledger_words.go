package crack

import (
	"encoding/binary"
	"errors"
)

// wordSet is a set of places in Ledger.words. Two equal sets of a ledger are the
// same pointer. Hashes are tried with the same words in the same order, so there
// are few sets, and few runs in each.
type wordSet struct {
	// runs are uvarints in turn: words left out, words in. The first may be 0, no
	// other is. It ends with words in.
	runs   string
	number int // in the blob that is being encoded
}

// bitmap is a set of small numbers.
type bitmap []uint64

func newBitmap(n int) bitmap    { return make(bitmap, (n+63)/64) }
func (b bitmap) set(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bitmap) has(i int) bool { return b[i/64]>>(i%64)&1 != 0 }
func (b bitmap) or(c bitmap) {
	for i := range c {
		b[i] |= c[i]
	}
}

// bits returns the set as a bitmap with room for n words.
func (s *wordSet) bits(n int) bitmap {
	b := newBitmap(n)
	at := 0
	for rest := s.runs; rest != ""; {
		out, in, tail, err := nextRun(rest)
		if err != nil {
			break // parsed before
		}
		rest = tail
		at += out
		for range in {
			b.set(at)
			at++
		}
	}
	return b
}

var errRuns = errors.New("a set of words is malformed")

// nextRun splits the first pair off runs.
func nextRun(runs string) (out, in int, rest string, err error) {
	var pair [2]uint64
	for i := range pair {
		n := 0
		pair[i], n = binary.Uvarint([]byte(runs[:min(len(runs), binary.MaxVarintLen32)]))
		if n <= 0 || n > 1 && runs[n-1] == 0 || pair[i] > maxTable {
			return 0, 0, "", errRuns
		}
		runs = runs[n:]
	}
	return int(pair[0]), int(pair[1]), runs, nil
}

// checkRuns reports whether runs are the one way to write a set of n words.
func checkRuns(runs string, n int) error {
	at := 0
	for first := true; runs != ""; first = false {
		out, in, rest, err := nextRun(runs)
		if err != nil {
			return err
		}
		if at += out + in; in == 0 || out == 0 && !first || at > n {
			return errRuns
		}
		runs = rest
	}
	return nil
}

// intern returns the set with the bits of b.
func (l *Ledger) intern(b bitmap) *wordSet {
	var runs []byte
	out, in := 0, 0
	for i := range len(b) * 64 {
		switch {
		case b.has(i):
			in++
		case in > 0:
			runs = binary.AppendUvarint(binary.AppendUvarint(runs, uint64(out)), uint64(in))
			out, in = 1, 0
		default:
			out++
		}
	}
	if in > 0 {
		runs = binary.AppendUvarint(binary.AppendUvarint(runs, uint64(out)), uint64(in))
	}
	return l.internRuns(string(runs))
}

func (l *Ledger) internRuns(runs string) *wordSet {
	s := l.sets[runs]
	if s == nil {
		s = &wordSet{runs: runs}
		l.sets[runs] = s
	}
	return s
}

// maxTable bounds the words that are remembered: several of the largest lists.
const maxTable = 1 << 16

// enter makes sure that each digest of a list has its place, and returns the
// places in the order of the list. It is called when no Run holds a set.
func (l *Ledger) enter(digests []uint64) []uint32 {
	added := 0
	for _, d := range digests {
		if _, known := l.index[d]; !known {
			added++
		}
	}
	if len(l.words)+added > maxTable {
		l.compact(digests)
	}
	places := make([]uint32, len(digests))
	for i, d := range digests {
		at, known := l.index[d]
		if !known {
			at = uint32(len(l.words))
			l.words = append(l.words, d)
			l.index[d] = at
			l.changed = true
		}
		places[i] = at
	}
	return places
}

// compact forgets all words that are not among digests. A weak hash whose word
// may have been one of them has to be tested again.
func (l *Ledger) compact(digests []uint64) {
	keep := make(map[uint64]bool, len(digests))
	for _, d := range digests {
		keep[d] = true
	}
	moved := make([]int, len(l.words)) // -1 = forgotten
	var words []uint64
	for i, d := range l.words {
		moved[i] = -1
		if keep[d] {
			moved[i] = len(words)
			words = append(words, d)
		}
	}
	old := len(l.words)
	l.words, l.index = words, map[uint64]uint32{}
	for i, d := range words {
		l.index[d] = uint32(i)
	}
	l.sets = map[string]*wordSet{}
	type result struct {
		set  *wordSet
		lost bool
	}
	results := map[*wordSet]result{}
	convert := func(s *wordSet) result {
		if r, done := results[s]; done {
			return r
		}
		was, is, lost := s.bits(old), newBitmap(len(words)), false
		for i, to := range moved {
			if !was.has(i) {
				continue
			}
			if to < 0 {
				lost = true
				continue
			}
			is.set(to)
		}
		r := result{l.intern(is), lost}
		results[s] = r
		return r
	}
	for _, r := range l.records {
		c := convert(r.set)
		if r.set = c.set; c.lost && r.weak && !r.emptyWeak {
			l.reopen(r)
		}
	}
	l.changed = true
}

// reopen forgets that a hash is weak, and with it all it was tried with: which
// word it was is not known.
func (l *Ledger) reopen(r *record) {
	r.weak, r.derivedDone, r.derived, r.extra = false, false, 0, 0
	r.own, r.lostOwn, r.set = nil, false, l.intern(nil)
	l.changed = true
}
