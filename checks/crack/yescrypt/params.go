package yescrypt

import (
	"errors"
	"math"
)

// Flags of yescrypt that libxcrypt accepts; it has pwxform in one form only.
const (
	Classic = 0    // scrypt of RFC 7914
	WORM    = 1    // write once, read many: scrypt with few changes
	RW      = 0xb6 // read-write, the native mode: pwxform of 6 rounds, 4 lanes of 2 words, 12 KiB of S-boxes
)

// Errors of a Hasher.
var (
	ErrParams  = errors.New("yescrypt: parameters that crypt(3) refuses")
	ErrMemory  = errors.New("yescrypt: no memory for these parameters")
	ErrStopped = errors.New("yescrypt: stopped")
)

// Params are the parameters of one hash. There is no ROM and no upgraded hash
// (the parameters NROM and g), which libxcrypt refuses.
type Params struct {
	Flags uint32 // Classic, WORM or RW
	LogN  uint32 // N, the number of rows of V, is 1<<LogN
	R     uint32 // a row has 128*R bytes
	P     uint32 // parallelism, 1 for none
	T     uint32 // additional time, 0 for none
}

// Valid reports whether libxcrypt computes such a hash. It is no word on the
// memory: see Memory.
func (p Params) Valid() bool {
	if p.R < 1 || p.P < 1 || uint64(p.R)*uint64(p.P) >= 1<<30 || p.LogN < 2 || p.LogN > 31 {
		return false
	}
	switch p.Flags {
	case Classic:
		return p.T == 0
	case WORM:
		return true
	case RW:
		return p.n()/uint64(p.P) > 3
	}
	return false
}

// Memory returns the bytes of the region that a Hasher holds for valid
// parameters, or the largest int64 if there are more.
func (p Params) Memory() int64 {
	lanes := p.lanes()
	if lanes > math.MaxInt64/laneBytes {
		return math.MaxInt64
	}
	return int64(lanes * laneBytes)
}

func (p Params) n() uint64 { return 1 << p.LogN }

// row is the number of lanes of a row.
func (p Params) row() uint64 { return 128 / laneBytes * uint64(p.R) }

// lanes is the size of the region: V, the state of every chunk, and either the
// S-boxes of each or a row to build the next state in. It is below 2^64, if only
// just: R is below 2^30, so V has at most 2^64 - 2^34 lanes, and of the rest only
// what one of these largest rows has twice; more chunks have shorter rows.
func (p Params) lanes() uint64 {
	if p.Flags == RW {
		return p.apart() + uint64(p.P)*boxesLanes
	}
	return p.apart()
}

// apart is the same without the S-boxes, which are behind the rest of the regions of
// all hashes in work.
func (p Params) apart() uint64 {
	n := (p.n() + uint64(p.P)) * p.row()
	if p.Flags == RW {
		return n
	}
	return n + p.row()
}
