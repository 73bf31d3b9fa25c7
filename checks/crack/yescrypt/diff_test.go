package yescrypt

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"hostaudit/checks/crack/cpu"
)

// pairs is how many random pairs of a word and a setting that crypt(3) accepts
// each test compares:
// HOSTAUDIT_DIFFERENTIAL, or 500.
func pairs(tb testing.TB) int {
	tb.Helper()
	text := os.Getenv("HOSTAUDIT_DIFFERENTIAL")
	if text == "" {
		return 500
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		tb.Fatalf("HOSTAUDIT_DIFFERENTIAL: %q", text)
	}
	return n
}

// source is random, the same in each run unless HOSTAUDIT_DIFFERENTIAL_SEED says
// otherwise.
func source(tb testing.TB) *rand.Rand {
	tb.Helper()
	seed, err := strconv.ParseUint(os.Getenv("HOSTAUDIT_DIFFERENTIAL_SEED"), 10, 64)
	if err != nil {
		seed = 1
	}
	tb.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 6))
}

// randomWord has 0 to 80 bytes, a third of them 8-bit; a few words are longer.
func randomWord(r *rand.Rand) string {
	n := r.IntN(81)
	if r.IntN(40) == 0 {
		n = r.IntN(512)
	}
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(1 + r.IntN(127))
		if r.IntN(3) == 0 {
			p[i] = byte(128 + r.IntN(128))
		}
	}
	return string(p)
}

func randomDigits(r *rand.Rand, n int) string { return randomOf(r, digits, n) }

func randomOf(r *rand.Rand, set string, n int) string {
	var b strings.Builder
	for range n {
		b.WriteByte(set[r.IntN(len(set))])
	}
	return b.String()
}

func randomBytes(r *rand.Rand, n int) []byte {
	p := make([]byte, n)
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return p
}

// number is the inverse of reader.number.
func number(v, least uint32) string {
	v -= least
	start, end, more := uint32(0), uint32(47), 0
	for v >= (end+1-start)<<(6*more) {
		v -= (end + 1 - start) << (6 * more)
		start, end = end+1, end+1+(62-end)/2
		more++
	}
	s := []byte{digits[start+v>>(6*more)]}
	for more--; more >= 0; more-- {
		s = append(s, digits[v>>(6*more)&63])
	}
	return string(s)
}

// five is the inverse of reader.five.
func five(v uint32) (s string) {
	for i := range 5 {
		s += string(digits[v>>(6*i)&63])
	}
	return s
}

// encoded writes the parameters as crypt(3) reads them behind $y$ and $gy$.
func encoded(p Params) string {
	s := "j"
	if p.Flags < modeRW {
		s = digits[p.Flags:][:1]
	}
	s += number(p.LogN, 1) + number(p.R, 1)
	have, more := uint32(0), ""
	if p.P > 1 {
		have, more = 1, number(p.P, 2)
	}
	if p.T > 0 {
		have, more = have|2, more+number(p.T, 1)
	}
	if have != 0 {
		s += number(have, 1) + more
	}
	return s
}

// randomYescrypt is a setting at low cost, sometimes one that crypt(3) refuses.
func randomYescrypt(r *rand.Rand, prefix string) string {
	p := Params{Flags: RW, LogN: uint32(2 + r.IntN(5)), R: uint32(1 + r.IntN(4)), P: 1}
	if r.IntN(3) == 0 {
		p.Flags = uint32(r.IntN(2))
	}
	if r.IntN(3) == 0 {
		p.P = uint32(1 + r.IntN(9))
	}
	if r.IntN(3) == 0 {
		p.T = uint32(r.IntN(6))
	}
	if r.IntN(10) == 0 {
		p.R, p.LogN = uint32(45+r.IntN(10)), 3
	}
	salt := string(AppendEncode(nil, randomBytes(r, r.IntN(65))))
	switch r.IntN(12) {
	case 0:
		salt = randomDigits(r, r.IntN(90)) // too long or with spare bits, most often
	case 1:
		salt += "$" + randomDigits(r, r.IntN(44))
	case 2: // no dollar at the end
	default:
		salt += "$"
	}
	return damaged(r, prefix+encoded(p)+"$"+salt)
}

// randomScrypt is the same for $7$.
func randomScrypt(r *rand.Rand) string {
	s := "$7$" + string(digits[2+r.IntN(6)]) + five(uint32(1+r.IntN(4))) + five(uint32(1+r.IntN(3))) + randomDigits(r, r.IntN(65))
	switch r.IntN(12) {
	case 0:
		s += randomDigits(r, 200+r.IntN(80)) + "$"
	case 1:
		s += "$" + randomDigits(r, r.IntN(44)) + "$"
	case 2: // no dollar at the end
	case 3: // what is not checked
		s += randomOf(r, "$$$-+ab", 8)
	default:
		s += "$"
	}
	return damaged(r, s)
}

// damaged changes a character of one setting in sixteen.
func damaged(r *rand.Rand, s string) string {
	if r.IntN(16) != 0 {
		return s
	}
	at := 3 + r.IntN(len(s)-2) // also behind the end
	if r.IntN(2) == 0 {
		at = min(at, 3+r.IntN(8))
	}
	with := "$$$-_+,:;*!\\ ~\x7f\x80\xff"[r.IntN(17):][:1]
	if r.IntN(2) == 0 {
		with = randomDigits(r, 1)
	}
	if at == len(s) {
		return s + with
	}
	return s[:at] + with + s[at+r.IntN(2):]
}

// hashOf is what crypt(3) returns, or "" where Parse refuses.
func hashOf(tb testing.TB, h *Hasher, word, setting string) string {
	tb.Helper()
	s, err := Parse(setting)
	if err != nil {
		return ""
	}
	d, err := s.digest(h, word)
	if err != nil {
		tb.Fatalf("setting %q: %v", setting, err)
	}
	return string(AppendEncode([]byte(s.Text+"$"), d[:]))
}

func (s *Setting) digest(h *Hasher, word string) ([32]byte, error) {
	switch s.Method {
	case Scrypt:
		return h.Scrypt([]byte(word), s.Salt, s.Params)
	case GostYescrypt:
		return h.Gost([]byte(word), s.Salt, []byte(s.Text), s.Params)
	}
	return h.Yescrypt([]byte(word), s.Salt, s.Params)
}

// dear reports what takes crypt(3) too long for many pairs.
func dear(p Params) bool {
	return p.Memory() > 1<<20 || p.Memory()*int64(p.P)*int64(1+p.T) > 1<<22
}

// ways are those to compute a hash.
type ways struct {
	portable Hasher
	kernel   *Hasher // nil: this machine has none
}

func newWays(tb testing.TB) *ways {
	w := &ways{kernel: &Hasher{Features: cpu.Detect()}}
	if !w.kernel.Together() {
		tb.Log("plain Go only: this machine has no AVX2 with BMI2")
		w.kernel = nil
	}
	tb.Cleanup(func() {
		w.portable.Release()
		if w.kernel != nil {
			w.kernel.Release()
		}
	})
	return w
}

// compare tells where a hash is not what crypt(3) returned: in plain Go, by the kernel
// alone, and beside a hash of another word and another salt, which is compared with plain Go.
func (w *ways) compare(t *testing.T, r *rand.Rand, word, setting, want string) {
	t.Helper()
	if got := hashOf(t, &w.portable, word, setting); got != want {
		t.Errorf("word %q setting %q: got %q, crypt(3) %q", word, setting, got, want)
	}
	if want == "" || w.kernel == nil {
		return
	}
	if got := hashOf(t, w.kernel, word, setting); got != want {
		t.Errorf("kernel, word %q setting %q: got %q, crypt(3) %q", word, setting, got, want)
	}
	s, err := Parse(setting)
	if err != nil {
		t.Fatal(err)
	}
	var tries [Lanes]Try
	at := r.IntN(Lanes)
	other := Try{Word: []byte(randomWord(r)), Salt: randomBytes(r, r.IntN(65)), Setting: []byte(s.Text)}
	tries[at], tries[1-at] = Try{Word: []byte(word), Salt: s.Salt, Setting: []byte(s.Text)}, other
	if err := w.kernel.Hash(s.Method, tries[:], s.Params); err != nil {
		t.Fatalf("setting %q: %v", setting, err)
	}
	if got := string(AppendEncode([]byte(s.Text+"$"), tries[at].Digest[:])); got != want {
		t.Errorf("kernel, number %d of two, word %q setting %q: got %q, crypt(3) %q", at, word, setting, got, want)
	}
	alone := []Try{other}
	if err := w.portable.Hash(s.Method, alone, s.Params); err != nil {
		t.Fatal(err)
	}
	if alone[0].Digest != tries[1-at].Digest {
		t.Errorf("kernel, number %d of two, beside setting %q: word %q salt %x", 1-at, setting, other.Word, other.Salt)
	}
}

func TestDifferential(t *testing.T) {
	for _, tt := range []struct {
		name    string
		setting func(*rand.Rand) string
	}{
		{"yescrypt", func(r *rand.Rand) string { return randomYescrypt(r, "$y$") }},
		{"gost-yescrypt", func(r *rand.Rand) string { return randomYescrypt(r, "$gy$") }},
		{"scrypt", randomScrypt},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, r := newLibcrypt(t), source(t)
			all := newWays(t)
			good, refused := 0, 0
			for good < pairs(t) {
				word, setting := randomWord(r), tt.setting(r)
				if s, err := Parse(setting); err == nil && dear(s.Params) {
					continue
				}
				want := c.crypt(t, word, setting)
				all.compare(t, r, word, setting, want)
				if want != "" {
					good++
				} else {
					refused++
				}
			}
			if t.Logf("%d hashed, %d refused", good, refused); refused > good || refused < good/100 {
				t.Error("too one-sided to show much")
			}
		})
	}
}

// The default cost of libxcrypt, with which yescrypt takes its first pass too.
func TestDifferentialDefaultCost(t *testing.T) {
	for _, tt := range []struct{ name, prefix string }{
		{"yescrypt", "$y$j9T$"}, {"gost-yescrypt", "$gy$j9T$"}, {"scrypt", "$7$CU..../...."},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, r := newLibcrypt(t), source(t)
			all := newWays(t)
			for range max(1, pairs(t)/200) {
				word, setting := randomWord(r), tt.prefix+string(AppendEncode(nil, randomBytes(r, r.IntN(65))))+"$"
				want := c.crypt(t, word, setting)
				if want == "" {
					t.Errorf("crypt(3) refuses %q", setting)
				}
				all.compare(t, r, word, setting, want)
			}
		})
	}
}

// Every length of a word and of a salt once, and every first character.
func TestDifferentialEveryLength(t *testing.T) {
	c, r := newLibcrypt(t), source(t)
	all := newWays(t)
	var settings, words []string
	for n := range 90 {
		salt := string(AppendEncode(nil, randomBytes(r, n)))
		for _, s := range []string{"$y$j5." + "$" + salt, "$gy$j5.$" + salt, "$7$1/..../...." + salt} {
			settings = append(settings, s, s+"$")
		}
	}
	for n := range 340 {
		settings = append(settings, "$7$1/..../...."+randomDigits(r, n)+"$")
		words = append(words, string(randomBytes(r, n)))
	}
	for first := range 64 {
		settings = append(settings, "$y$"+digits[first:][:1]+"5.$abcd$", "$y$"+digits[first:][:1]+"5./.$abcd$",
			"$gy$"+digits[first:][:1]+".5.$abcd$", "$y$j"+digits[first%12:][:1]+".$abcd$", "$y$j2"+digits[first:][:1]+"$abcd$",
			"$y$j3."+digits[first:][:1]+"//$abcd$", "$y$j3."+digits[first:][:1]+"/$abcd$", "$7$"+digits[first%12:][:1]+"/..../....$")
	}
	for _, s := range settings {
		all.compare(t, r, "word", s, c.crypt(t, "word", s))
	}
	for _, w := range words {
		w = strings.ReplaceAll(w, "\x00", "0")
		for _, s := range []string{"$y$j5.$abcd$", "$gy$j5.$abcd$", "$7$1/..../....abcd$"} {
			want := c.crypt(t, w, s)
			if want == "" {
				t.Errorf("setting %q: crypt(3) refuses a word of %d bytes", s, len(w))
			}
			all.compare(t, r, w, s, want)
		}
	}
}
