package mysqlhash

// Digits256 is the digest of SHA-256 crypt, for stored strings that no server
// makes.
func Digits256(word, salt string, rounds int) string {
	d := crypt256([]byte(word), []byte(salt), rounds)
	return string(d[:])
}
