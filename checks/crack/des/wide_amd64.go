package des

import "hostaudit/checks/crack/cpu"

func kernelOf(f cpu.Features) kernel {
	switch {
	case f.AVX512:
		return kernel{lanes: 512, enough: 9, one: encrypt512, many: encryptSalts512}
	case f.AVX2:
		return kernel{lanes: 256, enough: 10, one: encrypt256, many: encryptSalts256}
	}
	return kernel{}
}
