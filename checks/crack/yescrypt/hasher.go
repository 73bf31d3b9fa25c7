package yescrypt

import (
	"encoding/binary"
	"math"

	"hostaudit/checks/crack/cpu"
	"hostaudit/checks/crack/yescrypt/streebog"
)

// Hasher is the state of one worker. The zero value is ready; it belongs to one
// goroutine at a time. Release must be called at the end.
type Hasher struct {
	// Stop, if not nil, is asked every few milliseconds of work, also of many
	// cheap hashes; when it reports true the hash in work ends with ErrStopped.
	Stop func() bool
	// Features are the instructions that may be used. There are kernels for AVX2.
	Features cpu.Features

	region []lane
	left   int // lanes to mix until Stop is asked
	mac    mac
	one    [1]Try
	work   [Lanes]work
	salt   [4]byte // the number of PBKDF2's block
	plain  [8]uint64
	bytes  [64]byte
	gost   *streebog.Hash
}

// Try is a word under a salt, decoded unless it is of scrypt, and what became of it.
type Try struct {
	Word, Salt []byte
	// Setting is wanted of gost-yescrypt: see Hasher.Gost.
	Setting []byte
	// Digest is what crypt(3) encodes.
	Digest [32]byte
}

// work is what there is of each hash beside the region.
type work struct {
	word []byte
	key  [32]byte // the key of the outer hash
	mid  [32]byte // the result of the first pass, which is the word of the second
}

// Held returns the bytes of the region the Hasher keeps: the most that a Hash needed
// since the last Release, as far as there was memory.
func (h *Hasher) Held() int64 { return int64(len(h.region)) * laneBytes }

// Release gives the region back. The Hasher can be used again.
func (h *Hasher) Release() {
	if h.region != nil {
		freeRegion(h.region)
		h.region = nil
	}
}

// reserve has a region of at least n lanes.
func (h *Hasher) reserve(n uint64) error {
	if uint64(len(h.region)) >= n {
		return nil
	}
	h.Release() // never hold both
	region, err := newRegion(n)
	if err != nil {
		return err
	}
	h.region = region
	return nil
}

// spend counts work, in lanes.
func (h *Hasher) spend(lanes int) error {
	if h.left -= lanes; h.left > 0 {
		return nil
	}
	h.left = 1 << 16 // below a millisecond on a server, some on the slowest hosts
	if h.Stop != nil && h.Stop() {
		return ErrStopped
	}
	return nil
}

// Together reports whether a Hash of as many tries as Lanes is faster than one after
// another.
func (h *Hasher) Together() bool {
	return hasKernel && h.Features.AVX2
}

// Hash computes the digests of one try or of as many as Lanes, with the same method and
// the same parameters, side by side in a region of Params.Memory for each. The error is
// that of all of them: ErrParams, ErrMemory or ErrStopped.
func (h *Hasher) Hash(m Method, tries []Try, p Params) error {
	if !p.Valid() || len(tries) == 0 || len(tries) > Lanes || m == Scrypt && p.Flags != Classic {
		return ErrParams
	}
	if err := h.hash(tries, p); err != nil {
		return err
	}
	if m != GostYescrypt {
		return nil
	}
	if h.gost == nil {
		h.gost = streebog.New()
	}
	for i := range tries {
		t := &tries[i]
		key := h.gost.Digest(t.Word)
		key = h.gost.MAC(key[:], t.Setting)
		t.Digest = h.gost.MAC(key[:], t.Digest[:])
	}
	return nil
}

// Yescrypt returns the digest that crypt(3) encodes behind $y$; the salt is
// decoded (see Decode). The error is ErrParams, ErrMemory or ErrStopped.
func (h *Hasher) Yescrypt(word, salt []byte, p Params) (digest [32]byte, err error) {
	return h.single(Yescrypt, Try{Word: word, Salt: salt}, p)
}

// Scrypt returns the digest that crypt(3) encodes behind $7$; the salt is the
// text itself. p.Flags must be Classic.
func (h *Hasher) Scrypt(word, salt []byte, p Params) (digest [32]byte, err error) {
	return h.single(Scrypt, Try{Word: word, Salt: salt}, p)
}

// Gost returns the digest that crypt(3) encodes behind $gy$: the digest of
// yescrypt, authenticated under a key made of the word and the setting. The
// setting is the text up to the salt's end, from "$gy$" on, without the dollar
// that follows; salt and p are what it decodes to.
func (h *Hasher) Gost(word, salt, setting []byte, p Params) (digest [32]byte, err error) {
	return h.single(GostYescrypt, Try{Word: word, Salt: salt, Setting: setting}, p)
}

func (h *Hasher) single(m Method, t Try, p Params) (digest [32]byte, err error) {
	h.one[0] = t
	if err = h.Hash(m, h.one[:], p); err == nil {
		digest = h.one[0].Digest
	}
	h.one[0] = Try{}
	return digest, err
}

// hash is yescrypt of each try.
func (h *Hasher) hash(tries []Try, p Params) error {
	all := p.lanes()
	if all > math.MaxUint64/Lanes {
		return ErrMemory
	}
	if err := h.reserve(all * uint64(len(tries))); err != nil {
		return err
	}
	defer func() { h.work = [Lanes]work{} }()
	for i := range tries {
		h.work[i].word = tries[i].Word
	}
	if n := p.n() / uint64(p.P); p.Flags == RW && n >= 0x100 && n*uint64(p.R) >= 0x20000 {
		// A quick pass with a 64th of the rows goes first.
		quick := p
		quick.LogN, quick.T = p.LogN-6, 0
		if err := h.pass(tries, quick, true); err != nil {
			return err
		}
		for i := range tries {
			w := &h.work[i]
			w.mid = tries[i].Digest
			w.word = w.mid[:]
		}
	}
	return h.pass(tries, p, false)
}

// expand fills the states with PBKDF2-HMAC-SHA-256 of one iteration: RFC 8018,
// section 5.2.
func (h *Hasher) expand(states []lane, word, salt []byte) error {
	h.mac.setKey(word)
	for i := 0; len(states) > 0; i, states = i+2, states[4:] {
		for half := range 2 {
			h.number(uint32(i+half+1), salt)
			for k := range 4 {
				h.plain[4*half+k] = binary.LittleEndian.Uint64(h.mac.sum[8*k:])
			}
		}
		(*block)(states).shuffle(&h.plain)
		if err := h.spend(expandCost); err != nil {
			return err
		}
	}
	return nil
}

// expandCost is about the time of sixteen compressions of SHA-256, in lanes.
const expandCost = 64

// number computes a block of PBKDF2 in mac.sum.
func (h *Hasher) number(i uint32, salt []byte) {
	binary.BigEndian.PutUint32(h.salt[:], i)
	h.mac.start()
	h.mac.write(salt)
	h.mac.write(h.salt[:])
	h.mac.finish()
}

// condense is the first block of PBKDF2 under the key of mac, the states being
// the salt.
func (h *Hasher) condense(states []lane) (digest [32]byte, err error) {
	h.mac.start()
	for ; len(states) > 0; states = states[4:] {
		(*block)(states).plain(&h.plain)
		putWords(h.bytes[:], h.plain[:])
		h.mac.write(h.bytes[:])
		if err = h.spend(4); err != nil {
			return digest, err
		}
	}
	binary.BigEndian.PutUint32(h.salt[:], 1)
	h.mac.write(h.salt[:])
	h.mac.finish()
	return h.mac.sum, nil
}

func putWords(dst []byte, words []uint64) {
	for i, w := range words {
		binary.LittleEndian.PutUint64(dst[8*i:], w)
	}
}
