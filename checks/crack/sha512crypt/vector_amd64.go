package sha512crypt

import "hostaudit/checks/crack/cpu"

// lanesFor is how many words the kernel for the features hashes side by side; 0 = there
// is none.
func lanesFor(f cpu.Features) int {
	switch {
	case f.AVX512:
		return 8
	case f.AVX2:
		return 4
	}
	return 0
}

// run computes n rounds with the kernel of as many lanes as begin was told.
func (v *vector) run(order *byte, n int) {
	if v.lanes == 8 {
		rounds8(&v.space[0], &v.pointers, order, n)
	} else {
		rounds4(&v.space[0], &v.pointers, order, n)
	}
}
