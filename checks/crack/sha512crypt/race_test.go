//go:build race

package sha512crypt

// thin: under the race detector plain Go is several times slower, and nothing here runs
// side by side.
const thin = 5
