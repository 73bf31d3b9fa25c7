package crack

import (
	"bytes"
	"errors"

	"hostaudit/checks/crack/bcrypt"
	"hostaudit/checks/crack/des"
	"hostaudit/checks/crack/nt"
	"hostaudit/checks/crack/sha1crypt"
	"hostaudit/checks/crack/sunmd5"
	"hostaudit/checks/crack/yescrypt"
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
	crypt  cryptState
	bcrypt bcrypt.Hasher
	sha1   sha1crypt.Hasher
	sun    sunmd5.Hasher
	yes    yescrypt.Hasher
	des    *des.Crypter // made when it is first needed: its tables take a moment
	raw    []byte       // a decoded salt
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
	case Bcrypt, BcryptX:
		setting, ok := bcrypt.ParseSetting(f.hash)
		if !ok {
			return false, errRefused
		}
		return e.bcrypt.Hash(setting, word) == string(digest), nil
	case SHA1Crypt:
		return e.sha1.Hash(word, salt, uint32(f.Cost.Rounds)) == string(digest), nil
	case SunMD5:
		// The salt counts with the setting before it.
		return e.sun.Hash(word, []byte(f.hash[:f.salt[1]]), uint32(f.Cost.Rounds)) == string(digest), nil
	case DESCrypt, BigCrypt, BSDiCrypt:
		if e.des == nil {
			e.des = des.New()
		}
		out, err := e.des.Crypt(word, f.hash)
		if err != nil {
			return false, errRefused
		}
		return out == f.hash, nil
	case NT:
		sum, ok := nt.NT(word)
		return ok && sum == string(digest), nil
	case Yescrypt, GostYescrypt, Scrypt:
		return e.yescrypt(f, word, digest)
	}
	return false, errUnsupported
}

// yescrypt gives its region back after every hash: only while one is computed has the
// caller counted it.
func (e *engine) yescrypt(f *Form, word, digest []byte) (bool, error) {
	defer e.yes.Release()
	text := f.hash[f.salt[0]:f.salt[1]]
	var sum [32]byte
	var err error
	if f.Scheme == Scrypt {
		sum, err = e.yes.Scrypt(word, []byte(text), f.yes)
	} else {
		var ok bool
		if e.raw, ok = yescrypt.AppendDecode(e.raw[:0], text); !ok {
			return false, errRefused
		}
		if f.Scheme == GostYescrypt {
			sum, err = e.yes.Gost(word, e.raw, []byte(f.hash[:f.salt[1]]), f.yes)
		} else {
			sum, err = e.yes.Yescrypt(word, e.raw, f.yes)
		}
	}
	if err != nil {
		return false, errRefused
	}
	return bytes.Equal(yescrypt.AppendEncode(nil, sum[:]), digest), nil
}
