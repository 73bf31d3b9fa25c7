package yescrypt

// hasKernel reports whether there are kernels for any machine of this kind.
const hasKernel = true

// A call of a kernel takes tens of microseconds, since rows are mixed in segments.

// mixKernel is boxes.mix of each hash; false if there is no kernel for this machine or these
// rows.
func (c *chunk) mixKernel(dst, a, b rows, x *[Lanes]block, save bool) bool {
	n := len(a[0])
	if !c.h.Features.AVX2 || n < 4 || len(b[0]) == 0 || c.n > 1 && c.apart == 0 {
		return false
	}
	for i := range c.n { // assembly does not look
		dst[i], a[i], b[i] = dst[i][:n], a[i][:n], b[i][:n]
	}
	s := &c.boxes[0]
	s0, s1, s2 := (*[2]uint64)(&s.s0[0]), (*[2]uint64)(&s.s1[0]), (*[2]uint64)(&s.s2[0])
	w, blocks, apart := uintptr(s.w%boxLanes)*laneBytes, uintptr(n)/4, uintptr(c.apart)*laneBytes
	switch {
	case c.n == 1 && save:
		mixOneSave(start(dst[0]), start(a[0]), start(b[0]), start(x[0][:]), s0, s1, s2, w, blocks)
	case c.n == 1:
		mixOne(start(dst[0]), start(a[0]), start(b[0]), start(x[0][:]), s0, s1, s2, w, blocks)
	case save:
		mixTwoSave(start(dst[0]), start(a[0]), start(b[0]), start(b[1]), start(x[0][:]), s0, s1, s2, w, blocks, apart)
	default:
		mixTwo(start(dst[0]), start(a[0]), start(b[0]), start(b[1]), start(x[0][:]), s0, s1, s2, w, blocks, apart)
	}
	for i := range c.n {
		c.boxes[i].skip(uint64(blocks))
	}
	return true
}

func start(row []lane) *[2]uint64 { return (*[2]uint64)(&row[0]) }

// salsaKernel is mixSalsa of two hashes; false if there is no kernel for this machine or these
// rows.
func (c *chunk) salsaKernel(even, odd, a, b rows, x *[Lanes]block) bool {
	n := len(a[0])
	if !c.h.Features.AVX2 || n < 8 || c.n != 2 || c.apart == 0 {
		return false
	}
	for i := range c.n {
		even[i], odd[i], a[i] = even[i][:n/2], odd[i][:n/2], a[i][:n]
	}
	blocks, apart := uintptr(n)/4, uintptr(c.apart)*laneBytes
	if b[0] == nil {
		salsaTwo(start(even[0]), start(odd[0]), start(a[0]), start(x[0][:]), blocks, apart)
		return true
	}
	for i := range c.n {
		b[i] = b[i][:n]
	}
	salsaTwoXor(start(even[0]), start(odd[0]), start(a[0]), start(b[0]), start(b[1]), start(x[0][:]), blocks, apart)
	return true
}
