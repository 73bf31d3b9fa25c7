package crack

import (
	"math"
	"strings"

	"hostaudit/checks/crack/yescrypt"
)

// yescryptCost is that of valid parameters. A round is one block of 128 bytes of the
// large array.
func yescryptCost(p yescrypt.Params) Cost {
	blocks := uint64(1) << p.LogN * uint64(p.R) // below 2^61
	return Cost{
		Rounds: uint64(saturate(blocks, (1+uint64(p.T))*uint64(p.P))),
		Memory: p.Memory(),
	}
}

// saturate multiplies and stays within an int64.
func saturate(a, b uint64) int64 {
	if a != 0 && b > math.MaxInt64/a {
		return math.MaxInt64
	}
	return int64(a * b)
}

// digitReader reads numbers in the digits of crypt; bad latches the first
// fault.
type digitReader struct {
	s   string
	bad bool
}

func (d *digitReader) digit() uint32 {
	if d.s == "" {
		d.bad = true
		return 0
	}
	v := strings.IndexByte(cryptDigits, d.s[0])
	d.s = d.s[1:]
	if v < 0 {
		d.bad = true
		return 0
	}
	return uint32(v)
}

// number reads yescrypt's variable-length integer whose least value is lowest:
// the first digit tells how many follow.
func (d *digitReader) number(lowest uint32) uint32 {
	c := d.digit()
	start, end, chars, bits := uint32(0), uint32(47), 1, uint32(0)
	v := lowest
	for c > end {
		v += (end + 1 - start) << bits
		start = end + 1
		end = start + (62-end)/2
		chars++
		bits += 6
	}
	v += (c - start) << bits
	for range chars - 1 {
		bits -= 6
		v += d.digit() << bits
	}
	return v
}

// fixed reads a number of five digits, lowest first, as $7$ has them.
func (d *digitReader) fixed() uint32 {
	var v uint32
	for i := range 5 {
		v |= d.digit() << (6 * i)
	}
	return v
}

// parseYescrypt reads $y$ and $gy$: parameters, salt of up to 64 bytes in up to
// 86 digits, digest.
func (f *Form) parseYescrypt(at int) (why string) {
	d := digitReader{s: f.hash[at:]}
	p := yescrypt.Params{P: 1}
	switch flavor := d.number(0); {
	case flavor < 2:
		p.Flags = flavor
	case flavor <= 2+0xff:
		p.Flags = 2 + (flavor-2)<<2
	default:
		return whyParams
	}
	p.LogN, p.R = d.number(1), d.number(1)
	if !d.bad && !strings.HasPrefix(d.s, "$") {
		have := d.number(1)
		if have&1 != 0 {
			p.P = d.number(2)
		}
		if have&2 != 0 {
			p.T = d.number(1)
		}
		if have&(4|8) != 0 { // hash upgrades and ROM, which libxcrypt refuses; it ignores other bits
			return whyParams
		}
	}
	if d.bad || !strings.HasPrefix(d.s, "$") || !p.Valid() {
		return whyParams
	}
	f.yes, f.Cost = p, yescryptCost(p)
	start := len(f.hash) - len(d.s) + 1
	end := strings.LastIndexByte(f.hash, '$')
	if end < start {
		return whyDigest
	}
	if !base64Bytes(f.hash[start:end], 64) {
		return whySalt
	}
	if !encoded(f.hash[end+1:], cryptDigits, 43, encodingLast4) {
		return whyDigest
	}
	f.salt, f.digest = [2]int{start, end}, end+1
	return ""
}

// base64Bytes reports whether s encodes whole bytes, at most n of them, four
// digits to three bytes, unused bits zero (decode64 in alg-yescrypt-common.c).
func base64Bytes(s string, n int) bool {
	if len(s)*6/8 > n || !all(s, cryptDigits) {
		return false
	}
	switch len(s) % 4 {
	case 1:
		return false
	case 2:
		return encoded(s[len(s)-2:], cryptDigits, 2, encodingLast2)
	case 3:
		return encoded(s[len(s)-3:], cryptDigits, 3, encodingLast4)
	}
	return true
}

// parseScrypt reads $7$: one digit of log N, five of r, five of p, a salt taken
// as it stands, in which a dollar may occur, and the digest.
func (f *Form) parseScrypt() (why string) {
	const at, outputSize = 3, 384 // CRYPT_OUTPUT_SIZE of crypt.h
	d := digitReader{s: f.hash[at:]}
	p := yescrypt.Params{Flags: yescrypt.Classic, LogN: d.digit(), R: d.fixed(), P: d.fixed()}
	if d.bad || !p.Valid() {
		return whyParams
	}
	f.yes, f.Cost = p, yescryptCost(p)
	start := len(f.hash) - len(d.s)
	end := strings.LastIndexByte(f.hash, '$')
	if end < start {
		return whyDigest
	}
	if _, err := yescrypt.Parse(f.hash); err != nil || len(f.hash) > outputSize-45 {
		return whySalt
	}
	if !encoded(f.hash[end+1:], cryptDigits, 43, encodingLast4) {
		return whyDigest
	}
	f.salt, f.digest = [2]int{start, end}, end+1
	return ""
}
