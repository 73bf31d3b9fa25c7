// Package mysqlhash reads the strings that MySQL and MariaDB keep instead of
// passwords, and tests words against them without any server.
//
// Only the stored string is read, as the account table holds it: of
// mysql.user the bytes of authentication_string (or Password), of MariaDB's
// mysql.global_priv the string after JSON's escapes were undone. Words are
// bytes; no character set is applied, because the servers apply none.
//
// Sources: MySQL, sql/auth/sql_authentication.cc, sql/auth/sha2_password.cc,
// mysys/crypt_genhash_impl.cc; MariaDB, sql/sql_acl.cc, sql/password.c,
// plugin/auth_ed25519, plugin/auth_parsec.
package mysqlhash

import (
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"time"
)

// What Parse says of a stored string that it makes no Hash of. No error holds
// a byte of the string or of the plugin's name.
var (
	// ErrPlugin: the plugin keeps no hash in the table (a socket, PAM, LDAP), or
	// one that is not known here.
	ErrPlugin = errors.New("plugin without a hash known here")
	// ErrEmpty: nothing is stored. That is no hash: depending on the plugin
	// anyone may come in, so the caller has to judge it.
	ErrEmpty = errors.New("empty stored string")
	// ErrMalformed: no password opens the account through this plugin, because
	// nothing it computes is ever equal to the stored string.
	ErrMalformed = errors.New("no password can match the stored string")
	// ErrTooCostly: the string asks for so many rounds that one test would take
	// longer than MaxCost.
	ErrTooCostly = errors.New("too many rounds")
)

// MaxCost is the longest that one Matches of a Hash may take, by Hash.Cost.
// caching_sha2_password stores up to 4,095,000 rounds, seconds for each word.
const MaxCost = 500 * time.Millisecond

// A Hash is a stored hash that words can be tested against. It is made by
// Parse, never changes and may be used by many goroutines. The zero Hash
// matches nothing.
//
// It shows nothing but its scheme however it is printed. A structure around it
// that keeps it in an unexported field shows its fields, because fmt then calls
// no methods; what was stored is a closure's, of which fmt shows the address.
// Behind a pointer it would not be safe: %s, which is no verb for one, shows
// what it points to.
type Hash struct {
	scheme   string
	outdated bool
	cost     time.Duration
	matches  func(word []byte) bool
}

// The schemes, named as the plugins.
const (
	Native      = "mysql_native_password"
	Old         = "mysql_old_password"
	SHA256      = "sha256_password"
	CachingSHA2 = "caching_sha2_password"
	Ed25519     = "ed25519"
	Parsec      = "parsec"
)

// Parse reads what an account table stores for a plugin. The plugin's name is
// taken in any case, as servers do; an empty one is that of the servers before
// MySQL 5.7 and MariaDB 10.4, which then tell by the length of the string.
//
// The error is ErrPlugin, ErrEmpty, ErrMalformed or ErrTooCostly itself.
func Parse(plugin string, stored []byte) (Hash, error) {
	for _, s := range [...]struct {
		name  string
		parse func([]byte) (Hash, error)
	}{
		{"", parseNative},
		{Native, parseNative},
		{Old, parseOld},
		{SHA256, parseSHA256},
		{CachingSHA2, parseCachingSHA2},
		{Ed25519, parseEd25519},
		{Parsec, parseParsec},
	} {
		if !strings.EqualFold(plugin, s.name) {
			continue
		}
		if len(stored) == 0 {
			return Hash{}, ErrEmpty
		}
		h, err := s.parse(stored)
		if err == nil && h.cost > MaxCost {
			err = ErrTooCostly
		}
		if err != nil {
			return Hash{}, err
		}
		return h, nil
	}
	return Hash{}, ErrPlugin
}

// Scheme is how the hash was made, one of the constants of this package: the
// plugin's name, but Old for a hash of that form under another plugin.
func (h Hash) Scheme() string { return h.scheme }

// Outdated tells the hashes of the servers before MySQL 4.1, 16 hexadecimal
// digits: 62 bits, and whoever reads one can log in with it.
func (h Hash) Outdated() bool { return h.outdated }

// Cost estimates the time of one Matches with a word of up to 32 bytes on a
// slow host: four times what one 3.5 GHz Zen 4 core takes. Schemes without
// rounds cost at least a microsecond.
func (h Hash) Cost() time.Duration { return h.cost }

// Matches tells whether the server stores this hash for the word.
//
// The empty word is a word like any other: no server makes a hash of it, and
// the usual clients do not answer a challenge with it, but one who computes
// the answer himself gets in where its hash was stored by hand.
func (h Hash) Matches(word []byte) bool {
	return h.matches != nil && h.matches(word)
}

// String is the scheme.
func (h Hash) String() string { return h.scheme }

// GoString is the scheme.
func (h Hash) GoString() string { return h.scheme }

// Format writes the scheme, whatever the verb.
func (h Hash) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, h.scheme) }

// slowFactor is how much slower than the machine of Cost a slow host is.
const slowFactor = 4

// estimate is the time of n steps of so many nanoseconds on the machine of
// Cost, on a slow host.
func estimate(n uint64, step float64) time.Duration {
	ns := float64(n) * step * slowFactor
	if ns > math.MaxInt64/2 {
		return math.MaxInt64
	}
	return max(time.Duration(ns), time.Microsecond)
}
