package crack

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"strings"
)

// digester computes the keyed digests of a ledger. Each goroutine has its own.
type digester struct {
	hashes, wordMAC, namesMAC hash.Hash
	sum                       [sha256.Size]byte
	buf                       []byte
}

// newDigester derives a key for each kind of digest, so that no digest of one
// kind can be looked up among those of another.
func newDigester(key [keySize]byte) *digester {
	sub := func(purpose string) hash.Hash {
		m := hmac.New(sha256.New, key[:])
		m.Write([]byte(purpose))
		return hmac.New(sha256.New, m.Sum(nil))
	}
	return &digester{hashes: sub("hash"), wordMAC: sub("word"), namesMAC: sub("names")}
}

func (d *digester) of(m hash.Hash, data []byte) []byte {
	m.Reset()
	m.Write(data)
	return m.Sum(d.sum[:0])
}

// record is the ID of a hash string.
func (d *digester) record(hash string) recordID {
	d.buf = append(d.buf[:0], hash...)
	return recordID(d.of(d.hashes, d.buf))
}

// word is the digest of a candidate.
func (d *digester) word(w []byte) uint64 { return binary.BigEndian.Uint64(d.of(d.wordMAC, w)) }

// names is the digest of everything the derived candidates of a hash and their
// order are made of.
func (d *digester) names(jobs []*Job) uint64 {
	d.buf = d.buf[:0]
	for _, j := range jobs {
		d.buf = j.appendSource(d.buf)
	}
	return binary.BigEndian.Uint64(d.of(d.namesMAC, d.buf))
}

// appendSource appends what the job's derived candidates depend on.
func (j *Job) appendSource(b []byte) []byte {
	text := func(s string) {
		b = binary.AppendUvarint(b, uint64(len(s)))
		b = append(b, s...)
	}
	short, _, _ := strings.Cut(j.Names.Hostname, ".")
	b = append(b, deriveRevision)
	text(j.Names.Login)
	text(j.Names.GECOS)
	text(short)
	b = binary.AppendVarint(b, int64(j.Names.Now.UTC().Year()))
	b = binary.AppendUvarint(b, uint64(len(j.Derived)))
	for _, w := range j.Derived {
		b = binary.AppendUvarint(b, uint64(len(w)))
		b = append(b, w...)
	}
	return b
}

// ownDigests are digests of derived candidates, the first six bytes of each: of
// ten thousand accounts with sixty candidates they are most of the ledger. A new
// word is taken for one of sixty by chance once in 5e12 times.
type ownDigests []byte

const ownSize = 6

// short is the part of a word's digest that ownDigests keep.
func short(digest uint64) uint64 { return digest >> (64 - 8*ownSize) }

func (o ownDigests) len() int { return len(o) / ownSize }

func (o ownDigests) at(i int) uint64 {
	b := o[i*ownSize:]
	return uint64(b[0])<<40 | uint64(b[1])<<32 | uint64(b[2])<<24 | uint64(b[3])<<16 | uint64(b[4])<<8 | uint64(b[5])
}

func (o ownDigests) appendShort(s uint64) ownDigests {
	return append(o, byte(s>>40), byte(s>>32), byte(s>>24), byte(s>>16), byte(s>>8), byte(s))
}

// lookup returns the digests as a set.
func (o ownDigests) lookup() map[uint64]bool {
	m := make(map[uint64]bool, o.len())
	for i := range o.len() {
		m[o.at(i)] = true
	}
	return m
}
