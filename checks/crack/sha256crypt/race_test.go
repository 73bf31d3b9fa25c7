//go:build race

package sha256crypt

// thin is how many times fewer tries the tests make: the race detector slows plain Go
// down, and there is one goroutine.
const thin = 10
