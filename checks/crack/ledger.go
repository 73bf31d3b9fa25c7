package crack

import (
	"crypto/rand"
	"fmt"
	"io"
	"sync"
	"time"
)

// Ledger remembers from run to run which candidates were tried on which hash,
// so that none is tried twice. It holds no hash, no word and no name: a hash is
// an HMAC of its string under a random key of this host, a word an HMAC under a
// second key, and a weak hash says that one of all the words of its time matches,
// never which. Whoever has the file can test guesses against it offline, as with
// shadow(5) itself, so it belongs to root alone.
//
// What a hash has been tried with is kept as a set of words of the lists there
// have been (wordSet), which hardly ever differs between hashes, and the digests
// of its own derived candidates. That answers every change of a list exactly:
// only words outside of the set are tried.
//
// A Ledger may be used by several Runs at a time, as long as all but one of them
// are EmptyOnly.
type Ledger struct {
	clock func() time.Time
	save  func(blob []byte) error

	mu      sync.Mutex
	key     [keySize]byte
	age     int64 // seconds of the ledger's own clock, which never goes back
	written int64 // age in the blob of the last write
	told    int64 // what the system's clock said then, in seconds of Unix time
	words   []uint64
	index   map[uint64]uint32 // place in words
	sets    map[string]*wordSet
	records map[recordID]*record
	changed bool

	saving   sync.Mutex // held while a blob is written
	lastSave time.Time
	interval time.Duration
}

const keySize = 32

// The time between two checkpoints doubles from the first to the last of these;
// writing takes at most a twentieth of the time.
const (
	firstInterval = 250 * time.Millisecond
	lastInterval  = 4 * time.Second
	savingShare   = 20
)

// forget is how long a hash that no run meets any more is remembered.
const forget = 30 * 24 * 60 * 60

// recordID is the first half of the HMAC of a hash string.
type recordID [16]byte

// record is what is known of one hash.
type record struct {
	id       recordID
	scheme   Scheme
	revision uint8 // of the scheme's engine when it was tried

	emptyTried bool
	weak       bool // one of set, own or the empty word matches
	emptyWeak  bool // the empty word matches
	// names is the digest of what the derived candidates were last made of, and
	// derivedDone says that all of them were tried. derived is how many they were,
	// or the first so many that were tried; extra how many of them the list did
	// not have then, for when they cannot be compared any more.
	derivedDone    bool
	names          uint64
	derived, extra int
	// own are digests of derived candidates that were tried, first those of names
	// in their order. Of a weak hash they are those of names, and such that the
	// list had when they were none of names any more. lostOwn: they took too much
	// room.
	own     ownDigests
	lostOwn bool
	// set are the listed words that were tried; of a weak hash the whole list.
	set *wordSet

	idle  bool  // only met in idle runs
	since int64 // age at which something was first left to do, 0 = nothing is
	seen  int64 // age when last met
	// emptyNow: the empty word was tried by an EmptyOnly run of this process.
	emptyNow bool
	// sinceEmpty: since is when an EmptyOnly run of this process met it, and no other.
	sinceEmpty bool
	// durable: since is in the blob that the next run will read.
	durable bool
}

// NewLedger returns an empty Ledger under a new key. clock is the time of day.
func NewLedger(clock func() time.Time) *Ledger {
	l := &Ledger{
		clock: clock, told: clock().Unix(), age: 1,
		index: map[uint64]uint32{}, sets: map[string]*wordSet{}, records: map[recordID]*record{},
	}
	_, _ = rand.Read(l.key[:]) // never fails: crypto/rand
	return l
}

// Format implements fmt.Formatter so that no verb prints the key.
func (l *Ledger) Format(s fmt.State, _ rune) { _, _ = io.WriteString(s, "ledger") }

// KeepBy has save called with the whole ledger every few seconds while Run works
// and at its end, if there is something new. Calls do not overlap. It is set
// before the Ledger is used; without it nothing outlives the process.
func (l *Ledger) KeepBy(save func(blob []byte) error) { l.save = save }

// tick brings age up to date. The system's clock may be set back: the time it
// repeats is not counted twice, and what was counted stays.
func (l *Ledger) tick() {
	now := l.clock().Unix()
	switch {
	case now > l.told:
		l.age = min(l.age+now-l.told, maxAge)
	case now < l.told:
		l.changed = true // or the next run waits until the old time is reached
	}
	l.told = now
}

// due reports whether it is time for a checkpoint.
func (l *Ledger) due(now time.Time) bool {
	if l.save == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lastSave.IsZero() {
		l.lastSave, l.interval = now, firstInterval
	}
	if now.Sub(l.lastSave) < l.interval {
		return false
	}
	l.lastSave = now
	return true
}

// checkpoint writes the ledger unless somebody is writing it.
func (l *Ledger) checkpoint() {
	if l.saving.TryLock() {
		defer l.saving.Unlock()
		l.write()
	}
}

// flush writes the ledger if anything is not written yet.
func (l *Ledger) flush() {
	if l.save == nil {
		return
	}
	l.saving.Lock()
	defer l.saving.Unlock()
	l.write()
}

func (l *Ledger) write() {
	blob, unfinished := l.snapshot()
	if blob == nil {
		return
	}
	started := time.Now()
	err := l.save(blob)
	took := time.Since(started)

	l.mu.Lock()
	defer l.mu.Unlock()
	l.interval = max(min(2*l.interval, lastInterval), savingShare*took)
	if err != nil {
		l.changed = true
		return
	}
	l.written = l.age
	for _, r := range unfinished {
		r.durable = true
	}
}

// snapshot encodes the ledger if it changed, and returns the records in it that
// something is left to do on.
func (l *Ledger) snapshot() (blob []byte, unfinished []*record) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.changed {
		return nil, nil
	}
	l.changed = false
	l.tick()
	kept := l.prune()
	for _, r := range kept {
		if r.since != 0 {
			unfinished = append(unfinished, r)
		}
	}
	return l.encode(kept), unfinished
}

// meet returns the record of a hash, a new one if there is none or if another
// revision of the engine made it.
func (l *Ledger) meet(id recordID, scheme Scheme, idle bool) *record {
	r := l.records[id]
	if r == nil || r.scheme != scheme || r.revision != engineRevision[scheme] {
		r = &record{id: id, scheme: scheme, revision: engineRevision[scheme], set: l.intern(nil), idle: idle}
		l.records[id] = r
		l.changed = true
	}
	if r.seen/(24*60*60) != l.age/(24*60*60) || r.seen == 0 {
		l.changed = true // once a day, so that it is not forgotten
		r.seen = l.age
	}
	if !idle && r.idle {
		// Nobody waited for it as long as nobody could log in by it.
		r.idle, r.since, l.changed = false, 0, true
	}
	return r
}

// begin notes when something was first left to do on a hash.
func (l *Ledger) begin(r *record) {
	if r.since == 0 {
		r.since, r.durable, l.changed = l.age, false, true
	}
}
