package yescrypt

import (
	"encoding/binary"

	"hostaudit/checks/crack/yescrypt/streebog"
)

// Hasher is the state of one worker. The zero value is ready; it belongs to one
// goroutine at a time. Release must be called at the end.
type Hasher struct {
	// Stop, if not nil, is asked every few milliseconds of work, also of many
	// cheap hashes; when it reports true the hash in work ends with ErrStopped.
	Stop func() bool

	region []lane
	left   int // lanes to mix until Stop is asked
	mac    mac
	key    [32]byte // the key of the outer hash
	word   [32]byte // the result of the first pass, which is the word of the second
	salt   [4]byte  // the number of PBKDF2's block
	plain  [8]uint64
	bytes  [64]byte
	gost   *streebog.Hash
}

// Held returns the bytes of the region the Hasher keeps: the largest
// Params.Memory since the last Release, as far as there was memory.
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

// Yescrypt returns the digest that crypt(3) encodes behind $y$; the salt is
// decoded (see Decode). The error is ErrParams, ErrMemory or ErrStopped.
func (h *Hasher) Yescrypt(word, salt []byte, p Params) (digest [32]byte, err error) {
	if !p.Valid() {
		return digest, ErrParams
	}
	if err = h.reserve(p.lanes()); err != nil {
		return digest, err
	}
	if n := p.n() / uint64(p.P); p.Flags == RW && n >= 0x100 && n*uint64(p.R) >= 0x20000 {
		// A quick pass with a 64th of the rows goes first.
		quick := p
		quick.LogN, quick.T = p.LogN-6, 0
		if h.word, err = h.pass(word, salt, quick, true); err != nil {
			return digest, err
		}
		word = h.word[:]
	}
	return h.pass(word, salt, p, false)
}

// Scrypt returns the digest that crypt(3) encodes behind $7$; the salt is the
// text itself. p.Flags must be Classic.
func (h *Hasher) Scrypt(word, salt []byte, p Params) (digest [32]byte, err error) {
	if p.Flags != Classic {
		return digest, ErrParams
	}
	return h.Yescrypt(word, salt, p)
}

// Gost returns the digest that crypt(3) encodes behind $gy$: the digest of
// yescrypt, authenticated under a key made of the word and the setting. The
// setting is the text up to the salt's end, from "$gy$" on, without the dollar
// that follows; salt and p are what it decodes to.
func (h *Hasher) Gost(word, salt, setting []byte, p Params) (digest [32]byte, err error) {
	if digest, err = h.Yescrypt(word, salt, p); err != nil {
		return digest, err
	}
	if h.gost == nil {
		h.gost = streebog.New()
	}
	key := h.gost.Digest(word)
	key = h.gost.MAC(key[:], setting)
	return h.gost.MAC(key[:], digest[:]), nil
}

// pass is yescrypt without the decision on a first pass.
func (h *Hasher) pass(word, salt []byte, p Params, first bool) (digest [32]byte, err error) {
	if p.Flags != Classic {
		name := "yescrypt-prehash"
		if !first {
			name = name[:len("yescrypt")]
		}
		copy(h.bytes[:], name)
		h.mac.setKey(h.bytes[:len(name)])
		h.mac.start()
		h.mac.write(word)
		h.mac.finish()
		h.key = h.mac.sum
		word = h.key[:]
	}
	states := h.region[:uint64(p.P)*p.row()]
	if err = h.expand(states, word, salt); err != nil {
		return digest, err
	}
	if p.Flags != Classic {
		(*block)(states).plain(&h.plain)
		putWords(h.key[:], h.plain[:4])
	}
	if p.Flags == RW {
		err = h.chunks(p)
	} else {
		err = h.classic(p)
	}
	if err != nil {
		return digest, err
	}
	h.mac.setKey(word)
	if digest, err = h.condense(states); err != nil || p.Flags == Classic || first {
		return digest, err
	}
	// As in SCRAM, what is stored is the digest of what a client would prove.
	h.key = digest
	h.mac.setKey(h.key[:])
	h.mac.start()
	copy(h.bytes[:], "Client Key")
	h.mac.write(h.bytes[:len("Client Key")])
	h.mac.finish()
	h.key = h.mac.sum
	h.mac.digest(h.key[:])
	return h.mac.sum, nil
}

// classic mixes the state of each chunk as scrypt does, in the same memory.
func (h *Hasher) classic(p Params) error {
	row := int(p.row())
	states, rest := h.region[:int(p.P)*row], h.region[int(p.P)*row:]
	all, _ := p.loops()
	for len(states) > 0 {
		c := chunk{h: h, x: states[:row], next: rest[:row]}
		states = states[row:]
		v := rest[row:]
		if err := c.fill(v, p.n(), false); err != nil {
			return err
		}
		if err := c.walk(v, p.n(), all, false); err != nil {
			return err
		}
	}
	return nil
}

// chunks mixes the states with pwxform: each in its part of V, and then each
// with all of it.
func (h *Hasher) chunks(p Params) error {
	row, count := int(p.row()), int(p.P)
	states := h.region[:count*row]
	s := h.region[count*row:][:count*boxesLanes]
	v := h.region[count*(row+boxesLanes):]
	all, changed := p.loops()
	part := p.n() / uint64(p.P) &^ 1
	size := func(i int) uint64 { // rows in the part of a chunk
		if i < count-1 {
			return part
		}
		return p.n() - uint64(i)*part
	}
	for i := range count {
		c := chunk{h: h, x: states[i*row:][:128/laneBytes]}
		own := s[i*boxesLanes:][:boxesLanes]
		if err := c.fill(own, boxesRows, false); err != nil {
			return err
		}
		c.x = states[i*row:][:row]
		if i == 0 {
			(*block)(c.x[row-4:]).plain(&h.plain)
			putWords(h.bytes[:], h.plain[:])
			h.mac.setKey(h.bytes[:])
			h.mac.start()
			h.mac.write(h.key[:])
			h.mac.finish()
			h.key = h.mac.sum
		}
		c.boxes = newBoxes(own, 0)
		if err := c.fill(v[i*int(part)*row:], size(i), true); err != nil {
			return err
		}
		if err := c.walk(v[i*int(part)*row:], floor2(size(i)), changed, true); err != nil {
			return err
		}
	}
	for i := range count {
		c := chunk{h: h, x: states[i*row:][:row]}
		c.boxes = newBoxes(s[i*boxesLanes:], (size(i)+changed)*2*uint64(p.R))
		if err := c.walk(v, p.n(), all-changed, false); err != nil {
			return err
		}
	}
	return nil
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
