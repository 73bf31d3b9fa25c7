package yescrypt

// hasKernel reports whether there is a kernel for any machine of this kind.
const hasKernel = true

// kernel is mix in assembly; false if there is none for this machine or these rows. A call
// takes tens of microseconds, since rows are mixed in segments.
func (c *chunk) kernel(dst, a, b rows, x *[Lanes]block, save bool) bool {
	n := len(a[0])
	if !c.h.Features.AVX2 || c.boxes[0].s0 == nil || len(b[0]) == 0 || n < 4 {
		return false
	}
	for i := range c.n { // assembly does not look
		dst[i], a[i], b[i] = dst[i][:n], a[i][:n], b[i][:n]
	}
	s := &c.boxes[0]
	state := (*[2]uint64)(&x[0][0])
	s0, s1, s2 := (*[2]uint64)(&s.s0[0]), (*[2]uint64)(&s.s1[0]), (*[2]uint64)(&s.s2[0])
	w, blocks, apart := uintptr(s.w%boxLanes)*laneBytes, uintptr(n)/4, uintptr(c.apart)*laneBytes
	to, from, first := (*[2]uint64)(&dst[0][0]), (*[2]uint64)(&a[0][0]), (*[2]uint64)(&b[0][0])
	switch {
	case c.n == 1 && save:
		mixOneSave(to, from, first, state, s0, s1, s2, w, blocks)
	case c.n == 1:
		mixOne(to, from, first, state, s0, s1, s2, w, blocks)
	case save:
		mixTwoSave(to, from, first, (*[2]uint64)(&b[1][0]), state, s0, s1, s2, w, blocks, apart)
	default:
		mixTwo(to, from, first, (*[2]uint64)(&b[1][0]), state, s0, s1, s2, w, blocks, apart)
	}
	for i := range c.n {
		c.boxes[i].skip(uint64(blocks))
	}
	return true
}
