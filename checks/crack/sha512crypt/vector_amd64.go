package sha512crypt

import "hostaudit/checks/crack/cpu"

// choose returns the kernel for the features, with no lanes if there is none.
func choose(f cpu.Features) kernel {
	switch {
	case f.AVX512:
		return kernel{roundsAVX512, wide, 2}
	case f.AVX2:
		return kernel{roundsAVX2, wide + 1, 4}
	}
	return kernel{}
}
