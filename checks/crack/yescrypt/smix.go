package yescrypt

import "math/bits"

// segment is how many lanes are mixed before Stop may be asked: rows can be
// long.
const segment = 4096

// chunk is what one thread of the algorithm works on.
type chunk struct {
	h     *Hasher
	x     []lane // the state, one row
	next  []lane // without S-boxes: where the next state is built
	boxes boxes  // none: Salsa20/8 takes the place of pwxform
}

// row sets dst to the block-mix of a xor b (b may be nil). With S-boxes, dst
// may be a, and save has b receive a xor b.
func (c *chunk) row(dst, a, b []lane, save bool) error {
	last := len(a) - 4
	x := *(*block)(a[last:])
	if b != nil {
		x.xor((*block)(b[last:]))
	}
	half := len(a) / 2
	for at := 0; at < len(a); at += segment {
		end := min(at+segment, len(a))
		var with []lane
		if b != nil {
			with = b[at:end]
		}
		if c.boxes.s0 != nil {
			c.boxes.mix(dst[at:end], a[at:end], with, &x, save)
		} else {
			mixSalsa(dst[at/2:], dst[half+at/2:], a[at:end], with, &x)
		}
		if err := c.h.spend(end - at); err != nil {
			return err
		}
	}
	if c.boxes.s0 != nil {
		(*block)(dst[last:]).salsa(2)
	}
	return nil
}

func (b *block) xor(with *block) {
	for i := range b {
		b[i][0] ^= with[i][0]
		b[i][1] ^= with[i][1]
	}
}

// mixSalsa is the block-mix of scrypt on some blocks, an even number: RFC 7914,
// section 4.
func mixSalsa(even, odd, a, b []lane, x *block) {
	for i := 0; i < len(a); i += 4 {
		x.xor((*block)(a[i:]))
		if b != nil {
			x.xor((*block)(b[i:]))
		}
		x.salsa(8)
		*(*block)(even) = *x
		even, odd = odd, even[4:]
	}
}

// fill is the first half of the mixing: it writes n rows of v. With rw, a row
// is mixed with an earlier one already.
func (c *chunk) fill(v []lane, n uint64, rw bool) error {
	size := len(c.x)
	copy(v[:size], c.x)
	for i := range n {
		from := v[int(i)*size:][:size]
		var with []lane
		if rw && i > 1 {
			low := floor2(i)
			with = v[int(integerify(from)&(low-1)+i-low)*size:][:size]
		}
		to := c.x
		if i+1 < n {
			to = v[int(i+1)*size:][:size]
		}
		if err := c.row(to, from, with, false); err != nil {
			return err
		}
	}
	return nil
}

// walk is the second half: it mixes the state with loops rows out of the first
// n of v, a power of two, which the state chooses. With save these are changed.
// loops is even.
func (c *chunk) walk(v []lane, n, loops uint64, save bool) error {
	size := len(c.x)
	for range loops {
		with := v[int(integerify(c.x)&(n-1))*size:][:size]
		to := c.x
		if c.boxes.s0 == nil {
			to = c.next
		}
		if err := c.row(to, c.x, with, save); err != nil {
			return err
		}
		if c.boxes.s0 == nil {
			c.x, c.next = c.next, c.x
		}
	}
	return nil
}

// integerify is the number a row chooses another by. Of its 64 bits only the
// lower half matters: there are at most 2^31 rows.
func integerify(row []lane) uint64 { return uint64(uint32(row[len(row)-4][0])) }

// floor2 is the largest power of two up to x, which is not 0.
func floor2(x uint64) uint64 { return 1 << (bits.Len64(x) - 1) }

// loops returns how many rows the second half takes in all, and how many of
// them it changes.
func (p Params) loops() (all, changed uint64) {
	all, t := p.n(), uint64(p.T)
	if p.Flags != RW {
		switch t {
		case 0:
		case 1:
			all += (all + 1) / 2
		default:
			all *= t
		}
		return even(all), 0
	}
	all /= uint64(p.P)
	switch t {
	case 0:
		all = (all + 2) / 3
	case 1:
		all = (2*all + 2) / 3
	default:
		all *= t - 1
	}
	return even(all), even(all / uint64(p.P))
}

// even rounds up.
func even(x uint64) uint64 { return (x + 1) &^ 1 }
