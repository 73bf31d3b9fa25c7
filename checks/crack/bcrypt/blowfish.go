package bcrypt

import "strconv"

// state is Blowfish's P-array and S-boxes.
type state struct {
	p              [18]uint32
	s0, s1, s2, s3 [256]uint32
}

// sections is the number of parts of a state: the P-array and the S-boxes.
const sections = 5

// section returns part i of the state in the order of expansion.
func (s *state) section(i int) []uint32 {
	switch i {
	case 0:
		return s.p[:]
	case 1:
		return s.s0[:]
	case 2:
		return s.s1[:]
	case 3:
		return s.s2[:]
	}
	return s.s3[:]
}

// load fills the state with the fraction of pi.
func (s *state) load() {
	at := 0
	for i := range sections {
		part := s.section(i)
		for j := range part {
			w, err := strconv.ParseUint(pi[at:at+8], 16, 32)
			if err != nil {
				panic("bcrypt: the digits of pi are damaged") // not reachable: a constant
			}
			part[j] = uint32(w)
			at += 8
		}
	}
}

// mixKey adds the key to the P-array.
func (s *state) mixKey(k *key) {
	for i, w := range k {
		s.p[i] ^= w
	}
}

// mixSalt adds the salt to the P-array, again and again.
func (s *state) mixSalt(salt *[4]uint32) {
	for i := range s.p {
		s.p[i] ^= salt[i%4]
	}
}

// f is the function of one round. It is inlined; byte indexes into arrays of 256
// need no bounds checks.
func (s *state) f(x uint32) uint32 {
	return ((s.s0[x>>24] + s.s1[byte(x>>16)]) ^ s.s2[byte(x>>8)]) + s.s3[byte(x)]
}

// encipher is Blowfish: 16 rounds, two in each turn so that the halves need not
// be exchanged.
func (s *state) encipher(l, r uint32) (left, right uint32) {
	l ^= s.p[0]
	for i := 1; i < 17; i += 2 {
		r ^= s.f(l) ^ s.p[i]
		l ^= s.f(r) ^ s.p[i+1]
	}
	return r ^ s.p[17], l
}

// expand replaces every pair of words of the state by the cipher of the pair
// before it.
func (s *state) expand() {
	var l, r uint32
	for i := range sections {
		for part := s.section(i); len(part) >= 2; part = part[2:] {
			l, r = s.encipher(l, r)
			part[0], part[1] = l, r
		}
	}
}

// expandSalted is expand with the halves of the salt added in turn before each
// encipherment.
func (s *state) expandSalted(salt *[4]uint32) {
	var l, r uint32
	k := 0
	for i := range sections {
		for part := s.section(i); len(part) >= 2; part = part[2:] {
			l, r = s.encipher(l^salt[k], r^salt[k+1])
			part[0], part[1] = l, r
			k ^= 2
		}
	}
}

// expand4 is expand on four states at once. One encipherment is a chain of loads,
// each waiting for the one before; four chains fill that time. A loop over an
// array of states would keep the halves in memory, so each has variables of its own.
func expand4(a, b, c, d *state) {
	var h halves
	for i := range sections {
		h.fill4(a, b, c, d, a.section(i), b.section(i), c.section(i), d.section(i))
	}
}

// halves are the left and right halves of four ciphers.
type halves struct{ al, ar, bl, br, cl, cr, dl, dr uint32 }

// fill4 fills one section of each state.
func (h *halves) fill4(a, b, c, d *state, as, bs, cs, ds []uint32) {
	al, ar, bl, br := h.al, h.ar, h.bl, h.br
	cl, cr, dl, dr := h.cl, h.cr, h.dl, h.dr
	for k := 0; k+1 < len(as); k += 2 {
		al ^= a.p[0]
		bl ^= b.p[0]
		cl ^= c.p[0]
		dl ^= d.p[0]
		for i := 1; i < 17; i += 2 {
			ar ^= a.f(al) ^ a.p[i]
			br ^= b.f(bl) ^ b.p[i]
			cr ^= c.f(cl) ^ c.p[i]
			dr ^= d.f(dl) ^ d.p[i]
			al ^= a.f(ar) ^ a.p[i+1]
			bl ^= b.f(br) ^ b.p[i+1]
			cl ^= c.f(cr) ^ c.p[i+1]
			dl ^= d.f(dr) ^ d.p[i+1]
		}
		al, ar = ar^a.p[17], al
		bl, br = br^b.p[17], bl
		cl, cr = cr^c.p[17], cl
		dl, dr = dr^d.p[17], dl
		as[k], as[k+1] = al, ar
		bs[k], bs[k+1] = bl, br
		cs[k], cs[k+1] = cl, cr
		ds[k], ds[k+1] = dl, dr
	}
	*h = halves{al, ar, bl, br, cl, cr, dl, dr}
}
