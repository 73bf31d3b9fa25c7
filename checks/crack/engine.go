package crack

import (
	"bytes"
	"errors"

	"github.com/go-crypt/x/yescrypt"
	"golang.org/x/crypto/bcrypt"
)

// Check tests one candidate against one hash, whatever it costs. It is for a
// single try; Run is for many. The error says that no answer was found: the
// form is not Supported, or the library refused it. A word that crypt(3) would
// not take (see Run) does not match.
func Check(f Form, word []byte) (bool, error) {
	if !takes(word) {
		return false, nil
	}
	return new(engine).match(&f, word)
}

// maxWord is CRYPT_MAX_PASSPHRASE_SIZE of libxcrypt's crypt.h; PAM's limit is
// the same (PAM_MAX_RESP_SIZE).
const maxWord = 511

// takes reports whether a login could pass the word to crypt(3): a C string of
// limited length.
func takes(word []byte) bool {
	return len(word) <= maxWord && bytes.IndexByte(word, 0) < 0
}

// matcher tests candidates; each worker has its own.
type matcher interface {
	match(f *Form, word []byte) (bool, error)
}

// engine is the matcher of the product; the buffers of one worker.
type engine struct {
	crypt cryptState
}

var (
	errUnsupported = errors.New("scheme not supported")
	errRefused     = errors.New("the library refuses the hash")
)

func (e *engine) match(f *Form, word []byte) (bool, error) {
	if !f.Supported {
		return false, errUnsupported
	}
	salt, digest := []byte(f.hash[f.salt[0]:f.salt[1]]), []byte(f.hash[f.digest:])
	switch f.Scheme {
	case SHA512Crypt:
		return bytes.Equal(e.crypt.sha512crypt(word, salt, int(f.Cost.Rounds)), digest), nil
	case SHA256Crypt:
		return bytes.Equal(e.crypt.sha256crypt(word, salt, int(f.Cost.Rounds)), digest), nil
	case MD5Crypt:
		return bytes.Equal(e.crypt.md5crypt(word, salt, "$1$"), digest), nil
	case Apr1:
		return bytes.Equal(e.crypt.md5crypt(word, salt, "$apr1$"), digest), nil
	case Bcrypt:
		return e.bcrypt(f, word)
	case Yescrypt:
		return e.yescrypt(f, word, salt, digest)
	}
	return false, errUnsupported
}

// bcrypt hashes the first 72 bytes as crypt(3) does. The library compares
// without that limit, and computes $2a$ without libxcrypt's deviation for some
// words with a byte 0xff, which no UTF-8 text has.
func (e *engine) bcrypt(f *Form, word []byte) (bool, error) {
	err := bcrypt.CompareHashAndPassword([]byte(f.hash), word)
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, bcrypt.ErrMismatchedHashAndPassword):
		return false, nil
	}
	return false, errRefused // the library's error can quote the hash
}

func (e *engine) yescrypt(f *Form, word, salt, digest []byte) (bool, error) {
	raw := []byte{}
	if len(salt) > 0 {
		if raw = yescrypt.Decode64(salt); raw == nil {
			return false, errRefused
		}
	}
	key, err := yescrypt.Key(word, raw, 1<<f.yes.logN, int(f.yes.r), 1, 32)
	if err != nil {
		return false, errRefused
	}
	return bytes.Equal(yescrypt.Encode64(key), digest), nil
}
