package mysqlhash_test

import (
	"fmt"
	"strings"
	"testing"

	"hostaudit/checks/internal/mysqlhash"
)

const salt = "abcdefghij klmnopqrs"

// caching is a stored string of caching_sha2_password with thousands of rounds.
func caching(number, word string, thousands int) string {
	return "$A$" + number + "$" + salt + mysqlhash.Digits256(word, salt, 1000*thousands)
}

// TestInsideMySQLForms puts strings of every form into MySQL's table and logs
// in: the rules of Parse are the server's.
func TestInsideMySQLForms(t *testing.T) {
	s := insideServer(t)
	const plugin = mysqlhash.CachingSHA2
	whole := caching("005", "secret", 5)
	for _, tc := range []struct {
		stored string
		in     bool
	}{
		{whole, true},
		{caching("00b", "secret", 11), true},
		{caching("00B", "secret", 11), true},
		{caching("010", "secret", 16), true},
		{"before" + whole, true},
		{strings.Replace(whole, "$A$", "$Ax$", 1), true},
		{caching("005", "Secret", 5), false},
		{caching("000", "secret", 5), false},
		{caching("05", "secret", 5), false},
		{caching("0005", "secret", 5), false},
		{whole + "x", false},
		{whole[:len(whole)-1], false},
		{whole[:len(whole)-1] + "z", false},
		{strings.Replace(whole, "ghij", "gh$j", 1), false},
		{strings.Replace(whole, salt, "rounds=5000,abcdefgh", 1), false},
		{"invalid", false},
		{"$A$005", false},
	} {
		s.agrees(plugin, tc.stored, []byte("secret"), tc.in)
	}
	long := strings.Repeat("p", 256)
	s.agrees(plugin, caching("005", long, 5), []byte(long), true)
	s.agrees(plugin, caching("005", long, 5), []byte(long+"p"), false)

	const sha256 = mysqlhash.SHA256
	digits := mysqlhash.Digits256("secret", salt, 5000)
	whole = "$5$" + salt + "$" + digits
	for _, tc := range []struct {
		stored string
		in     bool
	}{
		{whole, true},
		{whole[:len(whole)-1], true},
		{whole[:len(whole)-40], true},
		{"$5$" + salt + "$", true},
		{"$5$" + salt, true},
		{whole + "x", false},
		{"$6$" + salt + "$" + digits, false},
		{"5" + salt + "$" + digits, false},
		{"$5$" + salt[1:] + "$" + digits, false},
		{"$5$x" + salt + "$" + digits, false},
		{"$5$rounds=5000$" + salt + "$" + digits, false},
		{"$5$rounds=5000,abcdefgh$" + digits, false},
		{"invalid", false},
	} {
		s.agrees(sha256, tc.stored, []byte("secret"), tc.in)
	}
}

// TestInsideMariaDBForms does the same with MariaDB.
func TestInsideMariaDBForms(t *testing.T) {
	s := insideServer(t)
	const (
		native = "2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19" // password
		old    = "5d2e19393cc5ef67"
		key    = "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY" // secret
	)
	for _, tc := range []struct {
		plugin, stored, word string
		in                   bool
	}{
		{"mysql_native_password", "*" + native, "password", true},
		{"MySQL_Native_Password", "*" + native, "password", true},
		{"mysql_native_password", "*" + strings.ToLower(native), "password", true},
		{"mysql_native_password", "*2470c0C06DEE42FD1618BB99005ADCA2EC9d1E19", "password", true},
		{"mysql_native_password", "x" + native, "password", true},
		{"mysql_native_password", native, "password", false},
		{"mysql_native_password", "*" + native + "0", "password", false},
		{"mysql_native_password", "*" + native, "Password", false},
		{"mysql_native_password", "invalid", "password", false},
		{"mysql_native_password", "*THISISNOTAVALIDPASSWORDTHATCANBEUSEDHERE", "password", false},
		{"mysql_old_password", old, "password", true},
		{"mysql_old_password", strings.ToUpper(old), "password", true},
		{"mysql_old_password", old, "pass word", true},
		{"mysql_old_password", old, "Password", false},
		{"mysql_old_password", "*" + native, "password", false},
		{"ed25519", key, "secret", true},
		{"ed25519", key, "Secret", false},
		{"ed25519", key[:42] + "Z", "secret", true},
		{"ed25519", key[:42] + "c", "secret", false},
		{"ed25519", key + "=", "secret", false},
		{"ed25519", "invalid", "secret", false},
		// the server stores nothing for the empty word, but its hash lets it in
		{"ed25519", "4LH+dBF+G5W2CKTyId8xR3SyDqZoQjUNUVNxx8aWbG4", "", true},
	} {
		t.Run(fmt.Sprintf("%s-%.16s", tc.plugin, tc.stored), func(t *testing.T) {
			s.t = t
			s.agrees(tc.plugin, tc.stored, []byte(tc.word), tc.in)
		})
	}
	s.t = t
}
