package crack

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"slices"
	"time"
)

// The bounds of a blob. Within them it stays below 40 MiB.
const (
	maxRecords     = 200_000
	maxOwn         = 16 << 20 // bytes of all derived digests
	maxOwnEach     = 1 << 12  // derived digests of one hash
	maxDerivedEach = 1 << 30  // derived candidates of one hash, which may be that of every account
)

// blobFormat is the first byte of a blob.
const blobFormat = 1

// The flags of a record.
const (
	flagEmptyTried = 1 << iota
	flagWeak
	flagEmptyWeak
	flagDerivedDone
	flagLostOwn
	flagIdle
	flagsEnd
)

// prune returns the records to keep, by ID so that their order does not tell the
// accounts': those met within 30 days, at most 200,000 of them.
func (l *Ledger) prune() []*record {
	kept := make([]*record, 0, len(l.records))
	for _, r := range l.records {
		r.seen = min(r.seen, l.age)
		if l.age-r.seen > forget {
			delete(l.records, r.id)
			continue
		}
		kept = append(kept, r)
	}
	byID := func(a, b *record) int { return bytes.Compare(a.id[:], b.id[:]) }
	if len(kept) > maxRecords {
		slices.SortFunc(kept, func(a, b *record) int { return cmp.Or(cmp.Compare(b.seen, a.seen), byID(a, b)) })
		kept = kept[:maxRecords]
	}
	slices.SortFunc(kept, byID)
	return kept
}

// encode writes the ledger: format, key, clock, words, sets, records. Numbers are uvarints, digests big-endian.
func (l *Ledger) encode(kept []*record) []byte {
	size := 64 + 8*len(l.words)
	for _, r := range kept {
		size += 48 + len(r.own)
	}
	b := make([]byte, 0, size)
	number := func(n int64) { b = binary.AppendUvarint(b, uint64(n)) }
	b = append(b, blobFormat)
	b = append(b, l.key[:]...)
	number(l.age)
	b = binary.AppendVarint(b, l.told)

	number(int64(len(l.words)))
	for _, w := range l.words {
		b = binary.BigEndian.AppendUint64(b, w)
	}

	// The sets in use, in the order in which they are first met.
	var sets []*wordSet
	met := map[*wordSet]bool{}
	meet := func(s *wordSet) {
		if !met[s] {
			met[s] = true
			s.number = len(sets)
			sets = append(sets, s)
		}
	}
	for _, r := range kept {
		meet(r.set)
	}
	number(int64(len(sets)))
	for _, s := range sets {
		number(int64(len(s.runs)))
		b = append(b, s.runs...)
	}

	number(int64(len(kept)))
	own := 0
	for _, r := range kept {
		digests, lost := r.own, r.lostOwn
		if own += len(digests); own > maxOwn {
			own -= len(digests)
			lost, digests = lost || len(digests) > 0, nil
		}
		b = append(b, r.id[:]...)
		b = append(b, byte(r.scheme), r.revision, r.flags(lost))
		number(int64(r.set.number))
		b = binary.BigEndian.AppendUint64(b, r.names)
		number(int64(r.derived))
		number(int64(r.extra))
		number(int64(digests.len()))
		b = append(b, digests...)
		number(r.since)
		number(r.seen)
	}
	return b
}

func (r *record) flags(lostOwn bool) (f byte) {
	for i, on := range []bool{r.emptyTried, r.weak, r.emptyWeak, r.derivedDone, lostOwn, r.idle} {
		if on {
			f |= 1 << i
		}
	}
	return f
}

// ErrLedger is the error of OpenLedger about a blob that it did not write.
var ErrLedger = errors.New("not a ledger of passwords tried")

// OpenLedger reads what KeepBy's save was given. clock is the time of day.
func OpenLedger(blob []byte, clock func() time.Time) (*Ledger, error) {
	l := &Ledger{clock: clock, sets: map[string]*wordSet{}}
	p := parser{rest: blob}
	if p.byte() != blobFormat {
		return nil, ErrLedger
	}
	copy(l.key[:], p.bytes(keySize))
	l.age, l.told = p.number(maxAge), p.signed()
	p.require(-maxAge <= l.told && l.told <= maxAge)
	l.written = l.age

	l.words = make([]uint64, p.count(8, maxTable))
	l.index = make(map[uint64]uint32, len(l.words))
	for i := range l.words {
		l.words[i] = p.uint64()
		l.index[l.words[i]] = uint32(i)
	}
	p.require(len(l.index) == len(l.words))

	sets := make([]*wordSet, p.count(1, maxRecords))
	for i := range sets {
		runs := string(p.bytes(p.count(1, 4*maxTable)))
		p.require(checkRuns(runs, len(l.words)) == nil && l.sets[runs] == nil)
		if p.bad {
			return nil, ErrLedger
		}
		sets[i] = l.internRuns(runs)
	}

	slab := make([]record, p.count(32, maxRecords))
	l.records = make(map[recordID]*record, len(slab))
	for i := range slab {
		r := &slab[i]
		p.record(r, sets, l.age)
		if p.bad || i > 0 && bytes.Compare(slab[i-1].id[:], r.id[:]) >= 0 {
			return nil, ErrLedger
		}
		l.records[r.id] = r
	}
	if p.require(len(p.rest) == 0); p.bad {
		return nil, ErrLedger
	}
	l.tick()
	return l, nil
}

// maxAge is in seconds: more than any host will live.
const maxAge = 1 << 40

// parser takes a blob apart; once bad, everything is zero.
type parser struct {
	rest []byte
	bad  bool
}

func (p *parser) require(ok bool) {
	if !ok {
		p.bad, p.rest = true, nil
	}
}

func (p *parser) bytes(n int) []byte {
	if p.require(n <= len(p.rest)); p.bad {
		return nil
	}
	b := p.rest[:n:n]
	p.rest = p.rest[n:]
	return b
}

func (p *parser) byte() byte {
	if b := p.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

func (p *parser) uint64() uint64 {
	if b := p.bytes(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

// number reads a uvarint of at most limit, written in the shortest way.
func (p *parser) number(limit int64) int64 {
	v, n := binary.Uvarint(p.rest)
	p.require(n > 0 && v <= uint64(limit) && (n == 1 || p.rest[n-1] != 0))
	if p.bad {
		return 0
	}
	p.rest = p.rest[n:]
	return int64(v)
}

func (p *parser) signed() int64 {
	v, n := binary.Varint(p.rest)
	p.require(n > 0 && (n == 1 || p.rest[n-1] != 0))
	if p.bad {
		return 0
	}
	p.rest = p.rest[n:]
	return v
}

// count reads how many things of at least size bytes follow, so that no more
// room is taken than the blob can fill.
func (p *parser) count(size int, limit int64) int {
	n := int(p.number(limit))
	p.require(n <= len(p.rest)/size)
	if p.bad {
		return 0
	}
	return n
}

func (p *parser) record(r *record, sets []*wordSet, age int64) {
	copy(r.id[:], p.bytes(len(r.id)))
	r.scheme, r.revision = Scheme(p.byte()), p.byte()
	flags := p.byte()
	p.require(flags < flagsEnd && r.scheme > SchemeUnknown && int(r.scheme) < len(engineRevision))
	r.emptyTried, r.weak, r.emptyWeak = flags&flagEmptyTried != 0, flags&flagWeak != 0, flags&flagEmptyWeak != 0
	r.derivedDone, r.lostOwn, r.idle = flags&flagDerivedDone != 0, flags&flagLostOwn != 0, flags&flagIdle != 0
	at := p.number(maxRecords)
	r.names = p.uint64()
	r.derived, r.extra = int(p.number(maxDerivedEach)), int(p.number(maxDerivedEach))
	r.own = ownDigests(p.bytes(ownSize * p.count(ownSize, maxOwnEach)))
	r.since, r.seen = p.number(maxAge), p.number(maxAge)
	r.durable = true
	// A verdict that does not follow from what was tried is no verdict.
	p.require(at < int64(len(sets)) && (!r.emptyWeak || r.weak) && (!r.weak || r.emptyWeak || r.derivedDone) &&
		r.extra <= r.derived && (!r.lostOwn || len(r.own) == 0) && (!r.derivedDone || r.lostOwn || r.own.len() >= r.derived) &&
		r.since <= age && r.seen <= age)
	if p.bad {
		return
	}
	r.set = sets[at]
}
