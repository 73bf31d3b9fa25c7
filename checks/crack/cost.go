package crack

import (
	"math"
	"time"
)

// Cost is what one candidate costs, decoded from the hash before any work.
type Cost struct {
	// Rounds counts the scheme's own unit: hash rounds of the crypt schemes,
	// key expansions of bcrypt (2^cost), blocks of 128 bytes of yescrypt.
	Rounds uint64
	// Memory is the size in bytes of the region that yescrypt and scrypt fill;
	// 0 for the other schemes.
	Memory int64
}

// slowHost is how many times slower than a 3.5 GHz Zen 4 core the host may be for
// which roundTime is meant.
const slowHost = 4

// roundTime is one unit of Cost.Rounds in nanoseconds on a slow host, with this
// package's plain code. It only has to keep a hash that would run for seconds from
// being started.
var roundTime = [...]float64{
	SHA512Crypt: 1000, SHA256Crypt: 700, MD5Crypt: 500, Apr1: 500,
	Bcrypt: 240_000, BcryptX: 240_000, Yescrypt: 1200, GostYescrypt: 1200, Scrypt: 1200,
	SHA1Crypt: 800, SunMD5: 7500, DESCrypt: 400, BigCrypt: 400, BSDiCrypt: 400,
	NT:       1000,
	External: 1, // the last scheme: gives the array its length
}

// Estimate is the time one candidate takes on a slow host, rounded up to a
// microsecond; 0 for what Run does not test.
func (f Form) Estimate() time.Duration {
	if !f.Supported {
		return 0
	}
	ns := float64(f.Cost.Rounds) * roundTime[f.Scheme]
	if ns > math.MaxInt64/2 {
		return math.MaxInt64
	}
	return time.Duration(ns).Truncate(time.Microsecond) + time.Microsecond
}
