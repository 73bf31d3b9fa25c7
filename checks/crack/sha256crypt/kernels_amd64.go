package sha256crypt

import "hostaudit/checks/crack/cpu"

// kernels returns those that the features allow, the one for fewest tries first.
func kernels(f cpu.Features) []kernel {
	switch {
	case f.AVX512 && f.SHA:
		return avx512SHA[:]
	case f.AVX512:
		return avx512[:]
	case f.SHA:
		return sha[:]
	case f.AVX2:
		return avx2[:]
	}
	return nil
}

// What is least was measured: below it another kernel or plain Go takes less time.
var (
	avx512SHA = [...]kernel{
		{lanes: 3, row: 4, least: 1, chunk: 60 * period, rounds: roundsSHA},
		{lanes: 16, row: 1, least: 10, chunk: 12 * period, rounds: rounds512},
	}
	avx512 = [...]kernel{{lanes: 16, row: 1, least: 4, chunk: 12 * period, rounds: rounds512}}
	sha    = [...]kernel{{lanes: 3, row: 4, least: 1, chunk: 60 * period, rounds: roundsSHA}}
	avx2   = [...]kernel{{lanes: 8, row: 1, least: 4, chunk: 12 * period, rounds: rounds256}}
)
