package crack

import (
	"bytes"
	"errors"
	"slices"
	"time"

	"hostaudit/checks/crack/bcrypt"
	"hostaudit/checks/crack/cpu"
	"hostaudit/checks/crack/des"
	"hostaudit/checks/crack/md5crypt"
	"hostaudit/checks/crack/nt"
	"hostaudit/checks/crack/sha1crypt"
	"hostaudit/checks/crack/sha256crypt"
	"hostaudit/checks/crack/sha512crypt"
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

// hasher computes digests; each worker has its own.
type hasher interface {
	// lanes says how many tries like one of the form go well together.
	lanes(f *Form) lanes
	// memory is how many bytes of regions hash needs for these tries at most.
	memory(tries []try) int64
	// hash sets digest or err of every try. All of them are of one group, and of
	// one salt where lanes asks for that.
	hash(tries []try)
	// release gives back the region that memory-hard hashes were computed in; the next
	// one takes another.
	release()
}

// lanes says how a hasher wants its work: up to n tries of one group at a time, of
// different hashes or, if oneSalt, of different words under one salt.
type lanes struct {
	n       int
	oneSalt bool
}

// try is one computation: a word under the setting of a hash.
type try struct {
	form   *Form
	word   []byte
	digest []byte // as it stands in a hash string, behind the salt
	err    error
}

// engine is the hasher of the product; the buffers of one worker.
type engine struct {
	// stop, unless nil, ends hashes in work: their err is errStopped.
	stop     func() bool
	features cpu.Features
	// share is how many bytes of regions one worker may hold while the others hold as
	// many; nil: none but for one hash.
	share func() int64

	md5    md5crypt.Hasher
	sha256 sha256crypt.Hasher
	bcrypt bcrypt.Hasher
	sha1   sha1crypt.Hasher
	sha512 sha512crypt.Hasher
	sun    sunmd5.Hasher
	yes    yescrypt.Hasher
	des    *des.Crypter // made when it is first needed: its tables take a moment
	raw    []byte       // a decoded salt

	pairs   []bcrypt.Pair
	md5s    md5s
	sha256s sha256s
	words   [][]byte
	salts   []uint32
	blocks  [][]byte
	digests []des.Digest
	sha512s []sha512crypt.Try

	yesTries []yescrypt.Try
}

func newEngine(stop func() bool, features cpu.Features) *engine {
	return &engine{
		stop: stop, features: features,
		md5: md5crypt.Hasher{Stop: stop, Features: features}, sha256: sha256crypt.Hasher{Stop: stop, Features: features},
		sha512: sha512crypt.Hasher{Stop: stop, Features: features},
		bcrypt: bcrypt.Hasher{Stop: stop}, sha1: sha1crypt.Hasher{Stop: stop},
		sun: sunmd5.Hasher{Stop: stop}, yes: yescrypt.Hasher{Stop: stop, Features: features},
	}
}

var (
	errUnsupported = errors.New("scheme not supported")
	errRefused     = errors.New("the library refuses the hash")
	errStopped     = errors.New("stopped")
)

// match tests one candidate.
func (e *engine) match(f *Form, word []byte) (bool, error) {
	defer e.release()
	t := try{form: f, word: word}
	e.one(&t)
	return t.matches(f), t.err
}

// matches reports whether the digest is that of a hash, which has the try's setting.
func (t *try) matches(f *Form) bool {
	return t.err == nil && string(t.digest) == f.hash[f.digest:]
}

// costly is the Form.Estimate from which many words at a time would take too long to be
// waited for.
const costly = 50 * time.Millisecond

func (e *engine) lanes(f *Form) lanes {
	switch f.Scheme {
	case MD5Crypt, Apr1:
		return lanes{n: e.md5.Batch()}
	case SHA256Crypt:
		return lanes{n: e.sha256.Batch(int(f.Cost.Rounds))}
	case SHA512Crypt:
		return lanes{n: e.sha512.Batch(int(f.Cost.Rounds))}
	case Bcrypt, BcryptX:
		return lanes{n: bcrypt.Lanes}
	case DESCrypt, BigCrypt:
		return e.lanesDES()
	case NT: // so cheap that asking for each one would cost more
		return lanes{n: 64, oneSalt: true}
	case BSDiCrypt:
		if f.Estimate() < costly {
			return e.lanesDES()
		}
	case Yescrypt, GostYescrypt, Scrypt:
		// One more worker gains more than a second region for each.
		if f.Supported && e.yes.Together() && e.share != nil && f.Cost.Memory <= e.share()/yescrypt.Lanes {
			return lanes{n: yescrypt.Lanes}
		}
	}
	return lanes{n: 1}
}

func (e *engine) memory(tries []try) int64 { return tries[0].form.Cost.Memory * int64(len(tries)) }

func (e *engine) lanesDES() lanes {
	n, manySalts := des.Lanes(e.features)
	return lanes{n: n, oneSalt: !manySalts}
}

func (e *engine) hash(tries []try) {
	if len(tries) > 1 && e.together(tries) {
		return
	}
	for i := range tries {
		e.one(&tries[i])
	}
}

// together hashes tries side by side, if there is a way to.
func (e *engine) together(tries []try) bool {
	f := tries[0].form
	switch {
	case !f.Supported:
		return false
	case f.Scheme == MD5Crypt, f.Scheme == Apr1:
		e.md5crypt(tries)
		return true
	case f.Scheme == SHA256Crypt:
		e.sha256crypt(tries)
		return true
	case f.Scheme == Bcrypt, f.Scheme == BcryptX:
		e.pairs = e.pairs[:0]
		for i := range tries {
			setting, ok := bcrypt.ParseSetting(tries[i].form.hash)
			if !ok {
				return false
			}
			e.pairs = append(e.pairs, bcrypt.Pair{Setting: setting, Word: tries[i].word})
		}
		for i, digest := range e.bcrypt.HashPairs(e.pairs) {
			tries[i].set(digest)
		}
		return true
	case f.Scheme == SHA512Crypt:
		e.manySHA512(tries)
		return true
	case f.Scheme == DESCrypt, f.Scheme == BigCrypt, f.Scheme == BSDiCrypt:
		return e.manyDES(tries)
	case f.Scheme == Yescrypt, f.Scheme == GostYescrypt, f.Scheme == Scrypt:
		return e.yescrypt(tries)
	}
	return false
}

// manySHA512 hashes any words with any salts.
func (e *engine) manySHA512(tries []try) {
	e.sha512s = e.sha512s[:0]
	for i := range tries {
		t := &tries[i]
		e.sha512s = append(e.sha512s, sha512crypt.Try{
			Word: t.word, Salt: t.form.hash[t.form.salt[0]:t.form.salt[1]], Rounds: int(t.form.Cost.Rounds), Digest: t.digest,
		})
	}
	e.sha512.HashAll(e.sha512s)
	for i := range tries {
		tries[i].setBytes(e.sha512s[i].Digest)
	}
}

// manyDES hashes many words, each with the salt of its hash.
func (e *engine) manyDES(tries []try) bool {
	f := tries[0].form
	e.words, e.salts = e.words[:0], e.salts[:0]
	for i := range tries {
		f := tries[i].form
		salt, ok := des.Number(f.hash[f.salt[0]:f.salt[1]])
		if !ok {
			return false
		}
		e.words, e.salts = append(e.words, tries[i].word), append(e.salts, salt)
	}
	if f.Scheme == BigCrypt {
		e.blocks = e.blocks[:0]
		for i := range tries {
			e.blocks = append(e.blocks, tries[i].digest[:0])
		}
		e.crypter().BatchBig(e.blocks, e.words, e.salts)
		for i := range tries {
			tries[i].digest = e.blocks[i]
		}
		return true
	}
	e.digests = slices.Grow(e.digests[:0], len(tries))[:len(tries)]
	done := true
	if f.Scheme == DESCrypt {
		e.crypter().Batch(e.digests, e.words, e.salts)
	} else {
		done = e.crypter().BatchBSDi(e.digests, e.words, uint32(f.Cost.Rounds), e.salts)
	}
	for i := range tries {
		if !done {
			tries[i].err = errStopped
			continue
		}
		tries[i].digest = append(tries[i].digest[:0], e.digests[i][:]...)
	}
	return true
}

func (e *engine) crypter() *des.Crypter {
	if e.des == nil {
		e.des = des.New()
		e.des.Stop, e.des.Features = e.stop, e.features
	}
	return e.des
}

// set takes a digest that is empty if the hasher was stopped.
func (t *try) set(digest string) {
	t.digest = append(t.digest[:0], digest...)
	if digest == "" {
		t.err = errStopped
	}
}

// one hashes one word.
func (e *engine) one(t *try) {
	f := t.form
	if !f.Supported {
		t.err = errUnsupported
		return
	}
	salt := []byte(f.hash[f.salt[0]:f.salt[1]])
	switch f.Scheme {
	case SHA512Crypt:
		t.setBytes(e.sha512.Hash(t.digest[:0], t.word, f.hash[f.salt[0]:f.salt[1]], int(f.Cost.Rounds)))
	case SHA256Crypt:
		alone := [1]try{*t}
		e.sha256crypt(alone[:])
		*t = alone[0]
	case MD5Crypt, Apr1:
		alone := [1]try{*t}
		e.md5crypt(alone[:])
		*t = alone[0]
	case Bcrypt, BcryptX:
		setting, ok := bcrypt.ParseSetting(f.hash)
		if !ok {
			t.err = errRefused
			return
		}
		t.set(e.bcrypt.Hash(setting, t.word))
	case SHA1Crypt:
		t.set(e.sha1.Hash(t.word, salt, uint32(f.Cost.Rounds)))
	case SunMD5:
		// The salt counts with the setting before it.
		t.set(e.sun.Hash(t.word, []byte(f.hash[:f.salt[1]]), uint32(f.Cost.Rounds)))
	case DESCrypt, BigCrypt, BSDiCrypt:
		out, err := e.crypter().Crypt(t.word, f.hash)
		switch {
		case errors.Is(err, des.ErrStopped):
			t.err = errStopped
		case err != nil:
			t.err = errRefused
		default:
			t.digest = append(t.digest[:0], out[f.digest:]...)
		}
	case NT:
		sum, ok := nt.NT(t.word)
		if !ok {
			t.err = errRefused
			return
		}
		t.digest = append(t.digest[:0], sum...)
	case Yescrypt, GostYescrypt, Scrypt:
		tries := []try{*t}
		if !e.yescrypt(tries) {
			tries[0].err = errRefused
		}
		*t = tries[0]
	case External:
		t.external()
	default:
		t.err = errUnsupported
	}
}

func (t *try) setBytes(digest []byte) {
	t.digest = append(t.digest[:0], digest...)
	if len(digest) == 0 {
		t.err = errStopped
	}
}

func (e *engine) release() { e.yes.Release() }

// yescrypt hashes as many words as there is memory for, which is one or none where it is
// false.
func (e *engine) yescrypt(tries []try) bool {
	f := tries[0].form
	method := yescrypt.Yescrypt
	switch f.Scheme {
	case GostYescrypt:
		method = yescrypt.GostYescrypt
	case Scrypt:
		method = yescrypt.Scrypt
	}
	e.yesTries, e.raw = e.yesTries[:0], e.raw[:0]
	for i := range tries {
		f := tries[i].form
		salt := []byte(f.hash[f.salt[0]:f.salt[1]])
		if method != yescrypt.Scrypt {
			from, ok := len(e.raw), false
			if e.raw, ok = yescrypt.AppendDecode(e.raw, string(salt)); !ok {
				return false
			}
			salt = e.raw[from:]
		}
		if f.yes != tries[0].form.yes {
			return false
		}
		e.yesTries = append(e.yesTries, yescrypt.Try{Word: tries[i].word, Salt: salt, Setting: []byte(f.hash[:f.salt[1]])})
	}
	err := e.yes.Hash(method, e.yesTries, f.yes)
	if err != nil && !errors.Is(err, yescrypt.ErrStopped) {
		return false
	}
	for i := range tries {
		if err != nil {
			tries[i].err = errStopped
			continue
		}
		tries[i].digest = yescrypt.AppendEncode(tries[i].digest[:0], e.yesTries[i].Digest[:])
	}
	return true
}
