package des

import "hostaudit/checks/crack/cpu"

// Crypter holds the tables and buffers of one worker, some 75 KiB. It is not
// safe for use by several goroutines at once. What it was given stays in its
// buffers until later calls need them.
type Crypter struct {
	// Features are the instructions that batches may use; they must not change after the
	// first.
	Features cpu.Features
	// Stop, unless nil, is asked at the start and every few milliseconds of
	// bsdicrypt, whose count can make one call last many seconds. True ends the
	// call without a digest. Descrypt and bigcrypt do not ask.
	Stop func() bool

	boxes [8][64]uint64     // S-box, permutation and expansion in one
	upper [8][16][16]uint64 // part of the subkeys by byte of the key and its upper four bits
	lower [8][8][16]uint64  // the same for the three bits below
	order [16][48]uint8     // which bit of the key is each bit of each subkey
	keys  [16]uint64        // the subkeys of the word in hand, expanded

	lanes lanes
	wide  *wide // made when it is first needed
	big   big
}

// New computes the tables, which takes less than a millisecond.
func New() *Crypter {
	c := new(Crypter)
	c.fill()
	return c
}

// traditional is the number of encryptions in descrypt and in each block of
// bigcrypt: crypt(5).
const traditional = 25

// pause is the number of encryptions between two questions to Stop: below a
// millisecond.
const pause = 1 << 10

// Traditional returns the digest of descrypt: of the first eight characters,
// without their eighth bits. The salt is Number of its two digits.
func (c *Crypter) Traditional(word []byte, salt uint32) Digest {
	d, _ := c.one(plainKey(word), traditional, salt, nil)
	return d
}

// mostBlocks is how many bigcrypt has: crypt_bigcrypt_rn of libxcrypt.
const mostBlocks = 16

// Big appends the digests of bigcrypt to dst: one for every eight characters,
// at least one and at most 16. Each block but the first is salted with the
// first two digits of the digest before it.
func (c *Crypter) Big(dst, word []byte, salt uint32) []byte {
	word = cString(word)
	for block := 1; ; block++ {
		d := c.Traditional(word, salt)
		dst = append(dst, d[:]...)
		if len(word) <= 8 || block == mostBlocks {
			return dst
		}
		word = word[8:]
		salt, _ = Number(string(d[:2]))
	}
}

// BSDi returns the digest of bsdicrypt: of all characters without their eighth
// bits. The count is the number of encryptions; zero counts as one, and
// crypt(3) takes even counts although crypt(5) asks for odd ones. Count and salt
// are Number of four digits each. It is false if Stop ended it.
func (c *Crypter) BSDi(word []byte, count, salt uint32) (Digest, bool) {
	return c.one(c.fold(word), max(count, 1), salt, c.Stop)
}

// one encrypts a block of zeros under a key. It is false if stop ended it.
func (c *Crypter) one(key uint64, count, salt uint32, stop func() bool) (Digest, bool) {
	c.schedule(key)
	var left, right uint64
	for count > 0 {
		if stop != nil && stop() {
			return Digest{}, false
		}
		n := min(count, pause)
		left, right = c.encrypt(left, right, salt, n)
		count -= n
	}
	return encode(final(collapse(left), collapse(right))), true
}

// oneByOne is one for many words.
func (c *Crypter) oneByOne(dst []Digest, words [][]byte, key func(word []byte) uint64, count, salt uint32, stop func() bool) bool {
	for i, w := range words {
		d, ok := c.one(key(w), count, salt, stop)
		if !ok {
			return false
		}
		dst[i] = d
	}
	return true
}

// fold makes the key of bsdicrypt. Each eight characters are mixed into what
// the ones before them became by an encryption with themselves as the key.
func (c *Crypter) fold(word []byte) uint64 {
	word = cString(word)
	k := key(word)
	for len(word) > 8 {
		word = word[8:]
		c.schedule(k)
		left, right := initial(k)
		l, r := c.encrypt(expand(left), expand(right), 0, 1)
		k = final(collapse(l), collapse(r)) ^ key(word)
	}
	return k
}

// schedule computes the subkeys of a key.
func (c *Crypter) schedule(key uint64) {
	c.keys = [16]uint64{}
	for at := range 8 {
		b := uint8(key >> (56 - 8*at))
		upper, lower := &c.upper[at][b>>4], &c.lower[at][b>>1&7]
		for round := range c.keys {
			c.keys[round] |= upper[round] | lower[round]
		}
	}
}

// encrypt runs DES without IP and its inverse count times over a block whose
// halves are expanded, with a salt of 24 bits.
func (c *Crypter) encrypt(left, right uint64, salt, count uint32) (uint64, uint64) {
	swap := exchange(salt)
	s := &c.boxes
	for range count {
		// Both rounds are written out: as a function they are too large for the
		// compiler to put in line, and the calls would cost a third of the speed.
		for round := 0; round < 16; round += 2 {
			x := (right ^ right>>32) & swap
			x ^= x<<32 ^ right ^ c.keys[round]
			left ^= s[0][x>>56&63] ^ s[1][x>>48&63] ^ s[2][x>>40&63] ^ s[3][x>>32&63] ^
				s[4][x>>24&63] ^ s[5][x>>16&63] ^ s[6][x>>8&63] ^ s[7][x&63]
			x = (left ^ left>>32) & swap
			x ^= x<<32 ^ left ^ c.keys[round+1]
			right ^= s[0][x>>56&63] ^ s[1][x>>48&63] ^ s[2][x>>40&63] ^ s[3][x>>32&63] ^
				s[4][x>>24&63] ^ s[5][x>>16&63] ^ s[6][x>>8&63] ^ s[7][x&63]
		}
		left, right = right, left
	}
	return left, right
}

// exchange spreads the salt like the right half of an expansion. Bit i of the
// salt, counted from the lowest, exchanges the bits i of the left and the right
// half of the expansion, counted from the highest.
func exchange(salt uint32) (x uint64) {
	for i := range 24 {
		if salt>>i&1 != 0 {
			x |= spread(24 + i)
		}
	}
	return x
}
