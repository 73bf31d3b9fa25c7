package md5crypt

import "hostaudit/checks/crack/cpu"

// kernels returns those that the features allow, the smallest first.
func kernels(f cpu.Features) []kernel {
	switch {
	case f.AVX512:
		return avx512[:]
	case f.AVX2:
		return avx2[:]
	}
	return nil
}

// What is least was measured: below it a smaller kernel or plain Go takes less time.
var (
	avx512 = [...]kernel{
		{lanes: 16, vector: 64, least: 2, rounds: rounds512x1, place: place512},
		{lanes: 32, vector: 64, least: 17, rounds: rounds512x2, place: place512},
		{lanes: 48, vector: 64, least: 33, rounds: rounds512x3, place: place512},
		{lanes: 64, vector: 64, least: 49, rounds: rounds512x4, place: place512},
	}
	avx2 = [...]kernel{
		{lanes: 8, vector: 32, least: 2, rounds: rounds256x1, place: place256},
		{lanes: 16, vector: 32, least: 9, rounds: rounds256x2, place: place256},
		{lanes: 24, vector: 32, least: 17, rounds: rounds256x3, place: place256},
	}
)
