package yescrypt

import (
	"errors"
	"strings"
)

// Method is one of the three hashes of crypt(5).
type Method uint8

// The methods by their prefix.
const (
	Yescrypt     Method = iota + 1 // $y$
	GostYescrypt                   // $gy$
	Scrypt                         // $7$
)

// Setting is what crypt(3) reads before it hashes.
type Setting struct {
	Method Method
	Params Params
	Salt   []byte // decoded for $y$ and $gy$, the text itself for $7$
	// Text is the beginning of the string, without the dollar and the digest
	// that follow the salt.
	Text string
}

// modeRW is the bit of RW that tells it from the other modes.
const modeRW = 2

// ErrSetting is returned by Parse; it never quotes the setting.
var ErrSetting = errors.New("yescrypt: no setting that crypt(3) accepts")

const (
	encodedDigest = 43                      // digits of 32 bytes
	maxSetting    = 384 - 2 - encodedDigest // CRYPT_OUTPUT_SIZE of crypt.h, less a dollar, the digest and a NUL
	maxSalt       = 64                      // bytes
)

// Parse reads a setting or a whole hash, which crypt(3) takes as a setting too:
// it does not look at what follows the last dollar behind the parameters,
// except for characters that a setting cannot have. Sources: crypt(5)
// and libxcrypt 4.4.33, whose every refusal this follows.
func Parse(setting string) (Setting, error) {
	if len(setting) > maxSetting || strings.IndexFunc(setting, forbidden) >= 0 {
		return Setting{}, ErrSetting
	}
	for _, m := range []struct {
		prefix string
		method Method
	}{{"$y$", Yescrypt}, {"$gy$", GostYescrypt}, {"$7$", Scrypt}} {
		if rest, ok := strings.CutPrefix(setting, m.prefix); ok {
			return parse(setting, rest, m.method)
		}
	}
	return Setting{}, ErrSetting
}

// forbidden are the characters libxcrypt takes in no setting: crypt(5).
func forbidden(c rune) bool {
	return c <= ' ' || c >= 0x7f || strings.ContainsRune("!*:;\\", c)
}

func parse(setting, rest string, m Method) (Setting, error) {
	r := reader{rest: rest}
	var p Params
	if m == Scrypt {
		p = Params{Flags: Classic, LogN: r.digit(), R: r.five(), P: r.five()}
	} else {
		p = r.params()
	}
	if r.bad || !p.Valid() {
		return Setting{}, ErrSetting
	}
	text := r.rest
	if i := strings.LastIndexByte(text, '$'); i >= 0 {
		text = text[:i]
	}
	s := Setting{Method: m, Params: p, Text: setting[:len(setting)-len(r.rest)+len(text)]}
	if m == Scrypt {
		if !digitsOnly(r.rest) {
			return Setting{}, ErrSetting
		}
		s.Salt = []byte(text)
		return s, nil
	}
	var ok bool
	if s.Salt, ok = AppendDecode(nil, text); !ok || len(s.Salt) > maxSalt {
		return Setting{}, ErrSetting
	}
	return s, nil
}

// digitsOnly reports whether libxcrypt takes s for the rest of a setting of $7$.
// That should have only digits and dollars, but the check ends at a dollar that
// neither follows.
func digitsOnly(s string) bool {
	for i := range len(s) {
		if s[i] == '$' || strings.IndexByte(digits, s[i]) >= 0 {
			continue
		}
		return i > 0 && s[i-1] == '$'
	}
	return true
}

// reader reads numbers; bad latches the first fault.
type reader struct {
	rest string
	bad  bool
}

func (r *reader) digit() uint32 {
	if r.rest == "" {
		r.bad = true
		return 0
	}
	v := strings.IndexByte(digits, r.rest[0])
	r.rest = r.rest[1:]
	if v < 0 {
		r.bad = true
		return 0
	}
	return uint32(v)
}

// five reads a number of $7$: five digits, the least significant first.
func (r *reader) five() (v uint32) {
	for i := range 5 {
		v |= r.digit() << (6 * i)
	}
	return v
}

// number reads a number of $y$. The first digit tells how many follow: 0 to 47
// none, and of what is left up to 62 each next half (48 to 55, 56 to 59, ...)
// one more. A longer form begins where the shorter ends, the shortest with
// least.
func (r *reader) number(least uint32) uint32 {
	first := r.digit()
	v, start, end := least, uint32(0), uint32(47)
	more := 0
	for first > end {
		v += (end + 1 - start) << (6 * more)
		start, end = end+1, end+1+(62-end)/2
		more++
	}
	v += (first - start) << (6 * more)
	for more--; more >= 0; more-- {
		v += r.digit() << (6 * more)
	}
	return v
}

// params reads the parameters of $y$ and the dollar behind them. The first
// number is the mode: 0 and 1 as they are, from 2 on read-write with the
// flavour in the bits above.
func (r *reader) params() Params {
	p := Params{Flags: r.number(0), P: 1}
	if p.Flags >= modeRW {
		flavour := p.Flags - modeRW
		if flavour > 0xff {
			r.bad = true
		}
		p.Flags = modeRW + flavour<<2
	}
	p.LogN, p.R = r.number(1), r.number(1)
	if !strings.HasPrefix(r.rest, "$") {
		have := r.number(1)
		if have&1 != 0 {
			p.P = r.number(2)
		}
		if have&2 != 0 {
			p.T = r.number(1)
		}
		if have&(4|8) != 0 { // an upgraded hash, a ROM
			r.bad = true
		}
	}
	if !strings.HasPrefix(r.rest, "$") {
		r.bad = true
		return p
	}
	r.rest = r.rest[1:]
	return p
}
