// Package bcrypt computes the schemes $2a$, $2b$, $2x$ and $2y$ as libxcrypt's
// crypt(3) does, with its countermeasure in $2a$ and its old fault in $2x$,
// several words at a time.
//
// Sources: Niels Provos and David Mazieres, "A Future-Adaptable Password
// Scheme" (1999); Bruce Schneier, "Description of a New Variable-Length Key,
// 64-Bit Block Cipher" (1993); crypt(5) and crypt-bcrypt.c of libxcrypt 4.4.33.
package bcrypt

import (
	"encoding/base64"
	"encoding/binary"
	"strings"
)

// Lanes is how many words one pass hashes side by side, at little more than the
// time of one: the processor waits for the S-boxes of one cipher while it works
// on another. Callers fill batches of this size.
const Lanes = 4

// The lengths in bytes of a setting ("$2b$05$" and 22 characters of salt) and of
// the digest behind it.
const (
	SettingLen = 29
	DigestLen  = 31
)

// The costs that crypt(3) takes: the binary logarithm of the number of double
// key expansions.
const (
	MinCost = 4
	MaxCost = 31
)

// digits is bcrypt's alphabet, in the order of values.
const digits = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

// Setting is the variant, cost and salt of a hash. The zero value is none.
type Setting struct {
	variant byte // 'a', 'b', 'x' or 'y'
	cost    uint8
	salt    [4]uint32
}

// ParseSetting reads the first SettingLen bytes of a setting or a whole hash,
// and no further; ok is false where crypt(3) would refuse them.
func ParseSetting(text string) (s Setting, ok bool) {
	if len(text) < SettingLen || text[:2] != "$2" || text[3] != '$' || text[6] != '$' ||
		strings.IndexByte("abxy", text[2]) < 0 {
		return Setting{}, false
	}
	if text[4] < '0' || text[4] > '3' || text[5] < '0' || text[5] > '9' {
		return Setting{}, false
	}
	s.variant, s.cost = text[2], 10*(text[4]-'0')+text[5]-'0'
	if s.cost < MinCost || s.cost > MaxCost {
		return Setting{}, false
	}
	// 21 characters carry 126 bits and the last one two in its upper end; crypt(3)
	// leaves the rest of it unread.
	var raw [17]byte
	for i := range 22 {
		v := strings.IndexByte(digits, text[7+i])
		if v < 0 {
			return Setting{}, false
		}
		bit := 6 * i
		v <<= 10 - bit%8
		raw[bit/8] |= byte(v >> 8)
		raw[bit/8+1] |= byte(v)
	}
	for i := range s.salt {
		s.salt[i] = binary.BigEndian.Uint32(raw[4*i:])
	}
	return s, true
}

// Cost is the binary logarithm of the number of double key expansions.
func (s Setting) Cost() int { return int(s.cost) }

// Text is the setting as crypt(3) writes it before the digest: SettingLen bytes,
// the last of which only has the bits that count.
func (s Setting) Text() string {
	var raw [16]byte
	for i, w := range s.salt {
		binary.BigEndian.PutUint32(raw[4*i:], w)
	}
	head := []byte{'$', '2', s.variant, '$', '0' + s.cost/10, '0' + s.cost%10, '$'}
	return string(encode(head, raw[:]))
}

// encode appends bytes in bcrypt's digits, most significant bits first, without
// padding.
func encode(dst, raw []byte) []byte {
	return base64.NewEncoding(digits).WithPadding(base64.NoPadding).AppendEncode(dst, raw)
}

// Pair is one try: a word under a setting.
type Pair struct {
	Setting Setting
	Word    []byte
}

// Hasher hashes words; the zero value is ready. It is the working memory of one
// worker (about 22 KiB), not to be used by two at once.
type Hasher struct {
	// Stop, if it is not nil, is asked every few milliseconds; when it says true
	// the digests in work come out empty.
	Stop func() bool

	initial state // before any key; filled at the first use
	lanes   [Lanes]lane
}

// lane is the state of one try.
type lane struct {
	state
	key  key
	salt [4]uint32
}

// Hash returns the DigestLen characters that follow the setting in crypt(3)'s
// answer, or "" after Stop and for the zero Setting. The word counts up to its
// first NUL and to 72 bytes.
func (h *Hasher) Hash(s Setting, word []byte) string {
	var out [1]string
	pair := [1]Pair{{s, word}}
	h.pass(out[:], pair[:])
	return out[0]
}

// HashMany returns the digest of every word under one setting, as Hash does.
func (h *Hasher) HashMany(s Setting, words [][]byte) []string {
	pairs := make([]Pair, len(words))
	for i, w := range words {
		pairs[i] = Pair{s, w}
	}
	return h.HashPairs(pairs)
}

// HashPairs returns the digest of every pair, as Hash does. Variants and salts
// may differ; neighbours of equal cost are hashed together.
func (h *Hasher) HashPairs(pairs []Pair) []string {
	out := make([]string, len(pairs))
	for at := 0; at < len(pairs); {
		n := 1
		for n < Lanes && at+n < len(pairs) && pairs[at+n].Setting.cost == pairs[at].Setting.cost {
			n++
		}
		h.pass(out[at:at+n], pairs[at:at+n])
		at += n
	}
	return out
}

// pass hashes one to Lanes pairs of equal cost.
func (h *Hasher) pass(out []string, pairs []Pair) {
	cost := pairs[0].Setting.cost
	if cost == 0 {
		return
	}
	if h.initial.p[0] == 0 {
		h.initial.load()
	}
	for i := range pairs {
		h.lanes[i].start(&h.initial, &pairs[i])
	}
	// Four lanes take a quarter longer than one, so two or three words are hashed
	// beside whatever the others were left with.
	step := h.expandAll
	if len(pairs) == 1 {
		step = h.lanes[0].expandOne
	}
	for n := range uint32(1) << cost {
		if h.Stop != nil && n%32 == 0 && h.Stop() {
			return
		}
		step()
	}
	for i := range pairs {
		out[i] = h.lanes[i].finish()
	}
}

// start sets up the lane: the initial state with the key, expanded with the salt.
func (l *lane) start(initial *state, pair *Pair) {
	l.state, l.salt = *initial, pair.Setting.salt
	first := l.key.set(pair.Setting.variant, pair.Word)
	l.mixKey(&first)
	l.expandSalted(&l.salt)
}

// expandOne is one double key expansion of a lane.
func (l *lane) expandOne() {
	l.mixKey(&l.key)
	l.expand()
	l.mixSalt(&l.salt)
	l.expand()
}

// expandAll is one double key expansion of all lanes.
func (h *Hasher) expandAll() {
	l := &h.lanes
	for i := range l {
		l[i].mixKey(&l[i].key)
	}
	expand4(&l[0].state, &l[1].state, &l[2].state, &l[3].state)
	for i := range l {
		l[i].mixSalt(&l[i].salt)
	}
	expand4(&l[0].state, &l[1].state, &l[2].state, &l[3].state)
}

// magic is the text that the finished state enciphers.
const magic = "OrpheanBeholderScryDoubt"

// finish enciphers the magic text 64 times and encodes it without its last byte.
func (l *lane) finish() string {
	raw := []byte(magic)
	for block := range 3 {
		at := raw[8*block:]
		left, right := binary.BigEndian.Uint32(at), binary.BigEndian.Uint32(at[4:])
		for range 64 {
			left, right = l.encipher(left, right)
		}
		binary.BigEndian.PutUint32(at, left)
		binary.BigEndian.PutUint32(at[4:], right)
	}
	return string(encode(make([]byte, 0, DigestLen), raw[:len(raw)-1]))
}
