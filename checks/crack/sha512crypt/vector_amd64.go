package sha512crypt

import "hostaudit/checks/crack/cpu"

// choose returns the kernel for the features, nil if there is none, and for how many tries it
// is faster than as many one after the other.
func choose(f cpu.Features) (run kernel, fewest int) {
	switch {
	case f.AVX512:
		return roundsAVX512, 2
	case f.AVX2:
		return roundsAVX2, 4
	}
	return nil, 0
}
