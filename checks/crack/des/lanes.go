package des

// lanes is the state of 64 words at a time: each machine word holds one bit of
// all of them, the first word's in the highest bit.
type lanes struct {
	left, right [32]uint64
	from        [48]uint8 // which bit of the right half is each bit of the salted expansion
	keys        [64]uint64
	subkeys     [16][48]uint64
}

// enough is how many words are worth the work for 64.
const enough = 12

// Batch computes Traditional for many words with their salts, of which there are as many,
// to dst, which has room for all. See Lanes for what is fastest.
func (c *Crypter) Batch(dst []Digest, words [][]byte, salts []uint32) {
	c.batch(dst, words, plainKey, traditional, salts, nil)
}

// BatchBSDi computes BSDi for many words with one count and their salts, of which there are
// as many, to dst, which has room for all. See Lanes for what is fastest. It is false if
// Stop ended it; dst is of no use then.
func (c *Crypter) BatchBSDi(dst []Digest, words [][]byte, count uint32, salts []uint32) bool {
	return c.batch(dst, words, c.fold, max(count, 1), salts, c.Stop)
}

// batch divides the words among the ways by their number.
func (c *Crypter) batch(dst []Digest, words [][]byte, key func(word []byte) uint64, count uint32, salts []uint32, stop func() bool) bool {
	k := kernelOf(c.Features)
	for len(words) > 0 {
		n, done := min(len(words), 64), false
		if k.lanes > 0 && len(words) >= k.enough {
			n = min(len(words), k.lanes)
			done = c.vectors(k, dst[:n], words[:n], key, count, salts[:n], stop)
		} else if n = same(salts[:n]); n >= enough {
			done = c.bitslice(dst[:n], words[:n], key, count, salts[0], stop)
		} else {
			done = c.oneByOne(dst[:n], words[:n], key, count, salts[0], stop)
		}
		if !done {
			return false
		}
		dst, words, salts = dst[n:], words[n:], salts[n:]
	}
	return true
}

func plainKey(word []byte) uint64 { return key(cString(word)) }

// pauseLanes is pause for 64 words: below two milliseconds.
const pauseLanes = 1 << 8

// bitslice encrypts a block of zeros under the keys of the words, which key gives. It
// fills dst, of at most 64, and is false if stop ended it.
func (c *Crypter) bitslice(dst []Digest, words [][]byte, key func(word []byte) uint64, count, salt uint32, stop func() bool) bool {
	b := &c.lanes
	for i, w := range words {
		b.keys[i] = key(w)
	}
	transpose64(&b.keys)
	p := c.plan(salt)
	b.from = p.from
	for i, row := range p.order {
		b.subkeys[i/48][i%48] = b.keys[row&63] ^ -uint64(row>>6)
	}
	b.left, b.right = [32]uint64{}, [32]uint64{}
	l, r := &b.left, &b.right
	for i := range count {
		if i%pauseLanes == 0 && stop != nil && stop() {
			return false
		}
		for n := 0; n < 16; n += 2 {
			b.round(l, r, &b.subkeys[n])
			b.round(r, l, &b.subkeys[n+1])
		}
		l, r = r, l
	}
	// The keys are done with: their room takes the blocks.
	copy(b.keys[:32], l[:])
	copy(b.keys[32:], r[:])
	transpose64(&b.keys)
	for i := range dst {
		dst[i] = encode(final(uint32(b.keys[i]>>32), uint32(b.keys[i])))
	}
	return true
}

// plan says where the rounds take their bits from.
type plan struct {
	from  [48]uint8  // which bit of the right half is each bit of the salted expansion
	order [768]uint8 // which bit of the key is each bit of each subkey, and 64 if inverted
}

// plan lays out the expansion and the subkeys. The state is inverted where
// the circuits' outputs are, differently in each round; this and the inverted
// inputs go into the subkeys. After 16 rounds, eight for each half, nothing is
// inverted, so the next encryption has the same subkeys.
func (c *Crypter) plan(salt uint32) (p plan) {
	p.from = salted(salt)
	var in uint64   // of the boxes, the first bit highest
	var out uint32  // of the boxes before the permutation
	var turn uint32 // the same behind it
	for _, v := range inverted {
		in = in<<6 | uint64(v.in)
		out = out<<4 | uint32(v.out)
	}
	for _, from := range permutation {
		turn = turn<<1 | out>>(32-from)&1
	}
	var left, right uint32 // inverted bits of the state
	for round := range c.order {
		for j, bit := range c.order[round] {
			invert := uint8(in>>(47-j)&1) ^ uint8(right>>(31-p.from[j])&1)
			p.order[48*round+j] = bit | invert<<6
		}
		left, right = right, left^turn
	}
	return p
}

// salted says which bit of the right half is each bit of the expansion with a salt.
func salted(salt uint32) (from [48]uint8) {
	for j, bit := range expansion {
		from[j] = bit - 1
	}
	for i := range 24 {
		if salt>>i&1 != 0 {
			from[i], from[i+24] = from[i+24], from[i]
		}
	}
	return from
}

// round adds the boxes' outputs for the right half to the left one. Input j of
// the boxes is bit from[j] of the right half and bit j of the subkey.
func (b *lanes) round(l, r *[32]uint64, key *[48]uint64) {
	box1(l, r, &b.from, key)
	box2(l, r, &b.from, key)
	box3(l, r, &b.from, key)
	box4(l, r, &b.from, key)
	box5(l, r, &b.from, key)
	box6(l, r, &b.from, key)
	box7(l, r, &b.from, key)
	box8(l, r, &b.from, key)
}

// transpose64 mirrors a matrix of bits, the highest bit first in each row: it
// exchanges the corners of ever smaller squares.
func transpose64(m *[64]uint64) {
	mask := uint64(1<<32 - 1)
	for size := 32; size > 0; size >>= 1 {
		for from := 0; from < 64; from += 2 * size {
			for i := from; i < from+size; i++ {
				a, b := &m[i&63], &m[(i+size)&63]
				t := (*a ^ *b>>(size&63)) & mask
				*a ^= t
				*b ^= t << (size & 63)
			}
		}
		mask ^= mask << (size >> 1 & 63)
	}
}
