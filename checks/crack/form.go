package crack

import (
	"fmt"
	"io"
	"strings"

	"hostaudit/checks/crack/yescrypt"
)

// Class is what a password field means for a login. The zero value is unknown
// and is never returned by Identify.
type Class uint8

// The classes of a password field.
const (
	ClassUnknown Class = iota
	// Empty is the empty field: no password is asked for where the PAM stack
	// or the server allows that.
	Empty
	// Locked can never be the hash of a password: a lock mark or a word that
	// stands for "no password".
	Locked
	// LockedHash is a lock mark before a hash: locked now, alive again after
	// passwd -u. Scheme, Cost, Supported and Hash describe the hash behind it.
	LockedHash
	// Hash is a string that crypt(3) or pam_unix could produce, so some
	// password may match it.
	Hash
	// Malformed looks like a known scheme, or like nothing at all, and equals
	// no output of libxcrypt's crypt(3) or of pam_unix: no password matches
	// it. Why says which rule it breaks. (The crypt of glibc before 2.28 took
	// more kinds of byte in a salt, so this is no reason for a pass.)
	Malformed
	// Unsupported begins like a scheme this package does not know, so it
	// cannot say whether some system accepts it.
	Unsupported
)

// String returns the class in words for notes and tests.
func (c Class) String() string {
	switch c {
	case Empty:
		return "empty"
	case Locked:
		return "locked"
	case LockedHash:
		return "locked hash"
	case Hash:
		return "hash"
	case Malformed:
		return "malformed"
	case Unsupported:
		return "unsupported"
	}
	return "unknown"
}

// Scheme is a hashing method by its name in crypt(5).
type Scheme uint8

// The schemes Identify tells apart.
const (
	SchemeUnknown Scheme = iota
	Yescrypt
	GostYescrypt
	Scrypt
	Bcrypt
	BcryptX // $2x$: bcrypt with the sign extension bug of crypt_blowfish 1.0.4
	SHA512Crypt
	SHA256Crypt
	SHA1Crypt
	SunMD5
	MD5Crypt
	Apr1 // Apache's variant of md5crypt; not a method of crypt(3)
	BSDiCrypt
	BigCrypt
	DESCrypt
	NT
	External // none of crypt(3): ExternalForm
)

var schemeNames = [...]string{
	SchemeUnknown: "unknown", Yescrypt: "yescrypt", GostYescrypt: "gost-yescrypt", Scrypt: "scrypt",
	Bcrypt: "bcrypt", BcryptX: "bcrypt-x", SHA512Crypt: "sha512crypt", SHA256Crypt: "sha256crypt",
	SHA1Crypt: "sha1crypt", SunMD5: "SunMD5", MD5Crypt: "md5crypt", Apr1: "apr1",
	BSDiCrypt: "bsdicrypt", BigCrypt: "bigcrypt", DESCrypt: "descrypt", NT: "NT", External: "external",
}

// String returns the scheme's name in crypt(5).
func (s Scheme) String() string {
	if int(s) < len(schemeNames) {
		return schemeNames[s]
	}
	return schemeNames[SchemeUnknown]
}

// outdated reports whether crypt(5) advises against the scheme for new hashes
// ("should not be used for new hashes", "only be used if you absolutely have
// to"); $2x$ is there for hashes of a faulty implementation only, and apr1 is
// md5crypt under another name.
func (s Scheme) outdated() bool {
	switch s {
	case SHA1Crypt, SunMD5, MD5Crypt, Apr1, BSDiCrypt, BigCrypt, DESCrypt, NT, BcryptX:
		return true
	}
	return false
}

// Form is a classified password field.
type Form struct {
	Class  Class
	Scheme Scheme // of a Hash, a LockedHash, and of a Malformed field with a known prefix
	Cost   Cost   // decoded from a Hash or LockedHash
	// Supported says that Run can test candidates against it.
	Supported bool
	// Outdated says that the scheme should not be used for new hashes: crypt(5).
	Outdated bool
	// Foreign says that crypt(3) does not know the scheme, so that no login on
	// Linux matches it although candidates can be tested ($apr1$).
	Foreign bool
	// Why is the rule that a Malformed or Unsupported field breaks, or why a
	// Hash is not Supported. It never quotes the field.
	Why string

	hash   string // the string crypt(3) would have to return
	salt   [2]int // where the salt is in hash
	digest int    // where the digest begins in hash
	yes    yescrypt.Params
	test   Test // of an External form
}

// Hash returns the hash string of a Hash or LockedHash, without lock marks and
// without what pam_unix cuts off, else "". It is a secret of the host: use it
// as a key for grouping or a keyed digest, never print it.
func (f Form) Hash() string { return f.hash }

// Format implements fmt.Formatter so that no verb prints the hash.
func (f Form) Format(s fmt.State, _ rune) {
	_, _ = io.WriteString(s, f.Class.String())
	if f.Scheme != SchemeUnknown {
		_, _ = io.WriteString(s, " "+f.Scheme.String())
	}
}

// lockWords are whole fields that stand for "no login by password"; shadow(5),
// passwd(5) and Solaris shadow(4), whose files are carried to Linux.
const lockWords = " x NP NL LK UP LOCKED locked nologin disabled - "

// Identify classifies the password field of a passwd(5) or shadow(5) line. It
// never fails, and it reads the field only as far as the form goes.
func Identify(field string) Form {
	if field == "" {
		return Form{Class: Empty}
	}
	if strings.Trim(field, " \t") == "" || strings.Contains(lockWords, " "+field+" ") && !strings.Contains(field, " ") {
		return Form{Class: Locked}
	}
	if strings.IndexByte(field, 0) >= 0 {
		return Form{Class: Malformed, Why: whyNone} // ends the line for C
	}
	inner := unlock(field)
	if inner == field {
		return identifyHash(field)
	}
	// What cannot log in after unlocking either is simply locked.
	f := identifyHash(inner)
	if f.Class != Hash {
		return Form{Class: Locked}
	}
	f.Class = LockedHash
	return f
}

// unlock removes the marks that lock an account: "!" of passwd -l and usermod
// -L, "*" of FreeBSD and of NIS maps, "*LK*" of Solaris, in any number. pam_unix
// refuses every field that begins with "!" or "*".
func unlock(field string) string {
	for {
		switch {
		case strings.HasPrefix(field, "*LK*"):
			field = field[4:]
		case strings.HasPrefix(field, "!"), strings.HasPrefix(field, "*"):
			field = field[1:]
		default:
			return field
		}
	}
}

// parse reads a field that bears no lock mark; why is the rule it breaks, and
// known whether its prefix belongs to a scheme at all.
func parse(field string) (f Form, why string, known bool) {
	f.hash = field
	switch {
	case strings.HasPrefix(field, "$6$"):
		f.Scheme, why = SHA512Crypt, f.parseSHA(86, encodingLast2)
	case strings.HasPrefix(field, "$5$"):
		f.Scheme, why = SHA256Crypt, f.parseSHA(43, encodingLast4)
	case strings.HasPrefix(field, "$1$"):
		f.Scheme, why = MD5Crypt, f.parseMD5(3)
	case strings.HasPrefix(field, "$apr1$"):
		f.Scheme, why = Apr1, f.parseMD5(6)
		f.Foreign = true
	case strings.HasPrefix(field, "$2a$"), strings.HasPrefix(field, "$2b$"), strings.HasPrefix(field, "$2y$"):
		f.Scheme, why = Bcrypt, f.parseBcrypt()
	case strings.HasPrefix(field, "$2x$"):
		f.Scheme, why = BcryptX, f.parseBcrypt()
	case strings.HasPrefix(field, "$y$"):
		f.Scheme, why = Yescrypt, f.parseYescrypt(3)
	case strings.HasPrefix(field, "$gy$"):
		f.Scheme, why = GostYescrypt, f.parseYescrypt(4)
	case strings.HasPrefix(field, "$7$"):
		f.Scheme, why = Scrypt, f.parseScrypt()
	case strings.HasPrefix(field, "$sha1$"):
		f.Scheme, why = SHA1Crypt, f.parseSHA1()
	case strings.HasPrefix(field, "$md5$"), strings.HasPrefix(field, "$md5,"):
		f.Scheme, why = SunMD5, f.parseSunMD5()
	case strings.HasPrefix(field, "$3$"):
		f.Scheme, why = NT, f.parseNT()
	case strings.HasPrefix(field, "_"):
		f.Scheme, why = BSDiCrypt, f.parseBSDi()
	case strings.HasPrefix(field, "$"), strings.HasPrefix(field, "{"):
		return f, "unknown scheme prefix", false
	default:
		f.Scheme, why = f.parseDES()
	}
	return f, why, true
}

// identifyHash classifies a field that bears no lock mark.
func identifyHash(field string) Form {
	f, why, known := parse(field)
	switch {
	case !known:
		return Form{Class: Unsupported, Why: why}
	case why != "":
		return Form{Class: Malformed, Scheme: f.Scheme, Why: why}
	}
	f.Class = Hash
	f.Outdated = f.Scheme.outdated()
	f.Supported = true
	return f
}
