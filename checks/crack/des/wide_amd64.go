package des

import "hostaudit/checks/crack/cpu"

func kernelOf(f cpu.Features) kernel {
	switch {
	case f.AVX512:
		return kernel{lanes: 512, enough: 6, encrypt: encrypt512}
	case f.AVX2:
		return kernel{lanes: 256, enough: 12, encrypt: encrypt256}
	}
	return kernel{}
}
