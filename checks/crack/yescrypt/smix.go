package yescrypt

import "math/bits"

// segment is how many lanes are mixed before Stop may be asked: rows can be
// long.
const segment = 4096

// Lanes is how many hashes of equal parameters can be computed side by side, each in
// a region of its own.
const Lanes = 2

// rows is a row of each hash in work.
type rows [Lanes][]lane

// cut returns lanes of each row; of none, none.
func (r rows) cut(from, to int) rows {
	for i := range r {
		if r[i] != nil {
			r[i] = r[i][from:to]
		}
	}
	return r
}

// chunk is what one thread of the algorithm works on, of n hashes side by side. The
// rows of a second one are apart lanes behind those of the first, but for such as the
// states choose; its S-boxes are boxesLanes behind. Where apart is 0 the rows are anywhere.
type chunk struct {
	h        *Hasher
	n, apart int
	x        rows // the states
	next     rows // without S-boxes: where the next states are built
	boxes    [Lanes]boxes
}

func (c *chunk) salsa() bool { return c.boxes[0].s0 == nil } // Salsa20/8 takes the place of pwxform

// row sets dst to the block-mix of a xor b (b may be none). With S-boxes, dst
// may be a, and save has b receive a xor b.
func (c *chunk) row(dst, a, b rows, save bool) error {
	size := len(a[0])
	var x [Lanes]block
	for i := range c.n {
		x[i] = *(*block)(a[i][size-4:])
		if b[0] != nil {
			x[i].xor((*block)(b[i][size-4:]))
		}
	}
	for at := 0; at < size; at += segment {
		end := min(at+segment, size)
		c.mix(dst, a, b, &x, at, end, save)
		if err := c.h.spend((end - at) * c.n); err != nil {
			return err
		}
	}
	if !c.salsa() {
		for i := range c.n {
			(*block)(dst[i][size-4:]).salsa(2)
		}
	}
	return nil
}

// mix does a part of a row.
func (c *chunk) mix(dst, a, b rows, x *[Lanes]block, at, end int, save bool) {
	size := len(a[0])
	a, b = a.cut(at, end), b.cut(at, end)
	if c.salsa() {
		even, odd := dst.cut(at/2, end/2), dst.cut((size+at)/2, (size+end)/2)
		if c.salsaKernel(even, odd, a, b, x) {
			return
		}
		for i := range c.n {
			mixSalsa(even[i], odd[i], a[i], b[i], &x[i])
		}
		return
	}
	dst = dst.cut(at, end)
	if c.mixKernel(dst, a, b, x, save) {
		return
	}
	for i := range c.n {
		c.boxes[i].mix(dst[i], a[i], b[i], &x[i], save)
	}
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
func (c *chunk) fill(v rows, n uint64, rw bool) error {
	size := len(c.x[0])
	for i := range c.n {
		copy(v[i][:size], c.x[i])
	}
	for i := range n {
		from := v.cut(int(i)*size, int(i+1)*size)
		var with rows
		if rw && i > 1 {
			low := floor2(i)
			for k := range c.n {
				with[k] = v[k][int(integerify(from[k])&(low-1)+i-low)*size:][:size]
			}
		}
		to := c.x
		if i+1 < n {
			to = v.cut(int(i+1)*size, int(i+2)*size)
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
func (c *chunk) walk(v rows, n, loops uint64, save bool) error {
	size := len(c.x[0])
	for range loops {
		var with rows
		for k := range c.n {
			with[k] = v[k][int(integerify(c.x[k])&(n-1))*size:][:size]
		}
		to := c.x
		if c.salsa() {
			to = c.next
		}
		if err := c.row(to, c.x, with, save); err != nil {
			return err
		}
		if c.salsa() {
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
