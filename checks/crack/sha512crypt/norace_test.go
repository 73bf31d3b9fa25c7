//go:build !race

package sha512crypt

// thin is how many times fewer tries the tests make: see race_test.go.
const thin = 1
