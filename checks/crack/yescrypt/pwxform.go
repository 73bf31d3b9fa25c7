package yescrypt

// The S-boxes of pwxform in the only form libxcrypt computes: 256 lanes each.
const (
	boxLanes   = 256
	boxesLanes = 3 * boxLanes
	boxesRows  = boxesLanes * laneBytes / 128
	written    = 16 // lanes one pwxform writes: four in each of its four inner rounds
)

type box = [boxLanes]lane

// boxes are the S-boxes of one chunk: two are read while the third is
// rewritten, and then they change places.
type boxes struct {
	s0, s1, s2 *box
	w          uint // where the next pwxform writes, a multiple of written
}

// newBoxes returns the S-boxes in boxesLanes lanes after the given number of
// pwxforms.
func newBoxes(s []lane, done uint64) boxes {
	b := boxes{s2: (*box)(s), s1: (*box)(s[boxLanes:]), s0: (*box)(s[2*boxLanes:])}
	b.skip(done)
	return b
}

// skip goes on to where the S-boxes are used after a number of further pwxforms.
func (s *boxes) skip(done uint64) {
	for range done % 3 {
		s.turn()
	}
	s.w = (s.w + uint(done%(boxLanes/written)*written)) & (boxLanes - written)
}

// turn has the S-boxes change places: what was just written is read first.
func (s *boxes) turn() { s.s0, s.s1, s.s2 = s.s2, s.s0, s.s1 }

// round is one round of pwxform on one lane: the halves of the first word
// select a lane in each S-box; each word becomes the product of its halves,
// plus the one lane's word, xor the other's.
func round(a, b uint64, s0, s1 *box) (uint64, uint64) {
	p, q := &s0[a>>4&(boxLanes-1)], &s1[a>>36&(boxLanes-1)]
	return (uint64(uint32(a))*(a>>32) + p[0]) ^ q[0], (uint64(uint32(b))*(b>>32) + p[1]) ^ q[1]
}

// pair is pwxform on two of the four lanes. What they read is not written
// before the S-boxes change places, so the lanes are independent, and the words
// of two and the places of the S-boxes fit the registers of amd64; being a call
// keeps the compiler from computing ahead more than fits. A second hash computed
// in between gained 3 to 8 percent when tried, for twice the memory: only the
// kernel takes two.
//
//go:noinline
func pair(a, b, c, d uint64, s0, s1 *box, to *[written - 2]lane) (uint64, uint64, uint64, uint64) {
	a, b = round(a, b, s0, s1)
	c, d = round(c, d, s0, s1)
	a, b = round(a, b, s0, s1)
	to[0][0], to[0][1] = a, b
	c, d = round(c, d, s0, s1)
	to[1][0], to[1][1] = c, d
	a, b = round(a, b, s0, s1)
	to[4][0], to[4][1] = a, b
	c, d = round(c, d, s0, s1)
	to[5][0], to[5][1] = c, d
	a, b = round(a, b, s0, s1)
	to[8][0], to[8][1] = a, b
	c, d = round(c, d, s0, s1)
	to[9][0], to[9][1] = c, d
	a, b = round(a, b, s0, s1)
	to[12][0], to[12][1] = a, b
	c, d = round(c, d, s0, s1)
	to[13][0], to[13][1] = c, d
	a, b = round(a, b, s0, s1)
	c, d = round(c, d, s0, s1)
	return a, b, c, d
}

// mix applies pwxform to the blocks of a (xor b, if there is a b) one after
// another, each added to the state x, and writes the states to dst, which may
// be a. With save, b receives a xor b. All have the same length.
func (s *boxes) mix(dst, a, b []lane, x *block, save bool) {
	s0, s1, s2, w := s.s0, s.s1, s.s2, s.w
	x0, x1, x2, x3, x4, x5, x6, x7 := x[0][0], x[0][1], x[1][0], x[1][1], x[2][0], x[2][1], x[3][0], x[3][1]
	for len(a) >= 4 && len(dst) >= 4 {
		in, out := (*block)(a), (*block)(dst)
		a, dst = a[4:], dst[4:]
		t0, t1, t2, t3, t4, t5, t6, t7 := in[0][0], in[0][1], in[1][0], in[1][1], in[2][0], in[2][1], in[3][0], in[3][1]
		if len(b) >= 4 {
			with := (*block)(b)
			b = b[4:]
			t0, t1, t2, t3 = t0^with[0][0], t1^with[0][1], t2^with[1][0], t3^with[1][1]
			t4, t5, t6, t7 = t4^with[2][0], t5^with[2][1], t6^with[3][0], t7^with[3][1]
			if save {
				with[0][0], with[0][1], with[1][0], with[1][1] = t0, t1, t2, t3
				with[2][0], with[2][1], with[3][0], with[3][1] = t4, t5, t6, t7
			}
		}
		to := (*[written]lane)(s2[w&(boxLanes-written):])
		x0, x1, x2, x3 = pair(x0^t0, x1^t1, x2^t2, x3^t3, s0, s1, (*[written - 2]lane)(to[:]))
		x4, x5, x6, x7 = pair(x4^t4, x5^t5, x6^t6, x7^t7, s0, s1, (*[written - 2]lane)(to[2:]))
		out[0][0], out[0][1], out[1][0], out[1][1] = x0, x1, x2, x3
		out[2][0], out[2][1], out[3][0], out[3][1] = x4, x5, x6, x7
		s0, s1, s2 = s2, s0, s1
		w += written
	}
	x[0], x[1], x[2], x[3] = lane{x0, x1}, lane{x2, x3}, lane{x4, x5}, lane{x6, x7}
	s.s0, s.s1, s.s2, s.w = s0, s1, s2, w&(boxLanes-written)
}
