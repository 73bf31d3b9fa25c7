//go:build race

package bcrypt

// thin is how many times fewer tries the tests make: the race detector slows the
// cipher down that much, and it has one goroutine.
const thin = 50
