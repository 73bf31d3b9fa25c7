//go:build !linux

package yescrypt

import "math"

// newRegion allocates n lanes.
func newRegion(n uint64) ([]lane, error) {
	if n > math.MaxInt/laneBytes {
		return nil, ErrMemory
	}
	return make([]lane, n), nil
}

// freeRegion leaves the region to the collector.
func freeRegion([]lane) {}
