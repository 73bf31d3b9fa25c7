package des

import (
	stddes "crypto/des"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
)

// Published hashes: the table of libxcrypt's own tests (test/ka-table.inc), the
// samples that crypt_blowfish and John the Ripper share, and those of the manual
// of PHP's crypt.
var published = []struct{ word, hash string }{
	{"", "CCHYKxYMMLQN2"},
	{"", "SDbsugeBiC58A"},
	{"a", "abxxB7HlIeckU"},
	{"U*U*U*U*", "CCNf8Sbh3HDfQ"},
	{"U*U***U", "CCX.K.MFy4Ois"},
	{"U*U***U*", "CC4rMpbg9AMZ."},
	{"U*U***U*ignored", "CC4rMpbg9AMZ."},
	{"*U*U*U*U", "XXxzOu6maQKqQ"},
	{"\xd0\xc1\xd2\xcf\xcc\xd8", "CCUj.vcbp0YcQ"}, // PAROLX with the eighth bits
	{"rasmuslerdorf", "rl.3StKT.4T8M"},
	{"THE YEAR 1866", "CC2RU2fzIuOsc"},

	{"ab1234567", "CCVTQupjkvqPYMXt7kJ5/KC."},
	{"alexander", "ab76vmlPVRy5Q2/bWVChp3m."},
	{"porsche911", "CCJa7tMefq.rwoBNL6XmZMek"},
	{
		"THE YEAR 1866 was marked by a bizarre development, an unexplained and do",
		"CC2RU2fzIuOsc7SvrIjqm2ewKbN1P1MJgvU8m36MjoOi4Q/die15s0b1YRrUVJ8qGcFMMaqdVwMqJ.YmgkhrmoHz/A7n.dckZEG3c",
	},
	{ // 137 characters, of which 128 count
		"THE YEAR 1866 was marked by a bizarre development, an unexplained and " +
			"downright inexplicable phenomenon that surely no one has forgotten.",
		"CC2RU2fzIuOsc7SvrIjqm2ewKbN1P1MJgvU8m36MjoOi4Q/die15s0b1YRrUVJ8qGcFMMaqdVwMqJ.YmgkhrmoHz/A7n.dckZEG3c" +
			"IM0V/H2s8c6H2pGLAOLAdQwCzV2q8zNs.etSsFg954/oOaf.e11bkUMBOyjbAFu6OEBqZbxzcZSe6",
	},

	{"", "_/...CCCCBeguG7nmIew"},
	{"abc", "_/...abcdYkSYkxr7rF6"},
	{"basketball", "_B...abcd6ImZPdQTzdg"},
	{"photojournalism", "_/...abcd8Tl/FO/i2HY"},
	{"rasmuslerdorf", "_J9..rasmBYk8r9AiWNc"},
	{"U*U*U*U*", "_J9..CCCCXBrJUJV154M"},
	{"U*U***U", "_J9..CCCCXUhOBTXzaiE"},
	{"U*U***U*", "_J9..CCCC4gQ.mB/PffM"},
	{"*U*U*U*U", "_J9..XXXXvlzQGqpPPdk"},
	{"*U*U*U*U*", "_J9..XXXXsqM/YSSP..Y"},
	{"*U*U*U*U*U*U*U*U", "_J9..XXXXVL7qJCnku0I"},
	{"*U*U*U*U*U*U*U*U*", "_J9..XXXXAj8cFbP5scI"},
	{"ab1234567", "_J9..SDizh.vll5VED9g"},
	{"cr1234567", "_J9..SDizRjWQ/zePPHc"},
	{"zxyDPWgydbQjgq", "_J9..SDizxmRI1GjnQuE"},
	{"726 even", "_K9..SaltNrQgIYUAeoY"}, // an even count
	{"", "_J9..SDSD5YGyRCr4W4c"},
}

func TestPublished(t *testing.T) {
	c := New()
	for _, v := range published {
		if got, err := c.Crypt([]byte(v.word), v.hash); got != v.hash || err != nil {
			t.Errorf("word %q: %q (%v), want %q", v.word, got, err, v.hash)
		}
	}
}

// TestBigcryptRule: a word of more than eight characters gives descrypt with a
// setting of up to 13, bigcrypt with a longer one; a shorter word gives the same
// with any.
func TestBigcryptRule(t *testing.T) {
	c := New()
	for setting, want := range map[string]string{
		"CC":             "CC4rMpbg9AMZ.",
		"CC...........":  "CC4rMpbg9AMZ.",
		"CC............": "CC4rMpbg9AMZ.",
		"CC.!":           "",
		"C":              "",
		"":               "",
		"_/...abc":       "",
	} {
		if got, _ := c.Crypt([]byte("U*U***U*"), setting); got != want {
			t.Errorf("setting %q: %q, want %q", setting, got, want)
		}
	}
	long, err := c.Crypt([]byte("U*U***U*x"), "CC............")
	if len(long) != 24 || long[:13] != "CC4rMpbg9AMZ." || err != nil {
		t.Errorf("14 characters: %q (%v), want a second block", long, err)
	}
	if short, err := c.Crypt([]byte("U*U***U*x"), "CC..........."); short != "CC4rMpbg9AMZ." || err != nil {
		t.Errorf("13 characters: %q (%v), want descrypt", short, err)
	}
}

// TestNUL: a word ends at NUL as in C, for every way.
func TestNUL(t *testing.T) {
	c := New()
	for _, setting := range []string{"ab", "ab............", "_/...abcd"} {
		want, err := c.Crypt([]byte("123456789"), setting)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := c.Crypt([]byte("123456789\x00more"), setting); got != want {
			t.Errorf("setting %q: %q, want %q", setting, got, want)
		}
	}
	words := make([][]byte, 64)
	for i := range words {
		words[i] = []byte("12\x003456789")
	}
	got, want := make([]Digest, 64), c.Traditional([]byte("12"), 5)
	if c.Batch(got, words, repeat(5, 64)); got[63] != want {
		t.Errorf("batch: %s, want %s", got[63], want)
	}
}

// TestCipher compares one encryption without salt with crypto/des.
func TestCipher(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	c := New()
	for range 1000 {
		k, block := r.Uint64(), r.Uint64()
		std, err := stddes.NewCipher(binary.BigEndian.AppendUint64(nil, k))
		if err != nil {
			t.Fatal(err)
		}
		out := make([]byte, 8)
		std.Encrypt(out, binary.BigEndian.AppendUint64(nil, block))
		c.schedule(k)
		left, right := initial(block)
		l, r := c.encrypt(expand(left), expand(right), 0, 1)
		if got, want := final(collapse(l), collapse(r)), binary.BigEndian.Uint64(out); got != want {
			t.Fatalf("key %016x block %016x: %016x, want %016x", k, block, got, want)
		}
	}
}

func TestNumber(t *testing.T) {
	for s, want := range map[string]uint32{"J9..": 725, "zzzz": 1<<24 - 1, "./": 64, "": 0, "a b": 0, "......": 0, "@.": 0, "[": 0, "{": 0, "-": 0} {
		n, ok := Number(s)
		if n != want || ok != (want != 0) {
			t.Errorf("Number(%q) = %d, %v; want %d", s, n, ok, want)
		}
	}
}

// TestStop: a count of millions ends when asked, one word at a time and many.
func TestStop(t *testing.T) {
	forLevels(t, func(t *testing.T, c *Crypter) {
		calls := 0
		c.Stop = func() bool { calls++; return calls == 3 }
		if _, err := c.Crypt([]byte("x"), "_zzzzabcd"); !errors.Is(err, ErrStopped) || calls != 3 {
			t.Errorf("one word: %v after %d calls", err, calls)
		}
		for _, salts := range [][]uint32{repeat(0, 64), append(repeat(0, 63), 1)} {
			calls = 0
			if c.BatchBSDi(make([]Digest, 64), make([][]byte, 64), 1<<24-1, salts) || calls != 3 {
				t.Errorf("batch: not stopped after %d calls", calls)
			}
		}
		// Descrypt does not ask, and nothing of the above is left.
		c.Stop = func() bool { return true }
		want, got := New().Traditional(nil, 1), make([]Digest, 64)
		if c.Batch(got, make([][]byte, 64), repeat(1, 64)); got[63] != want || c.Traditional(nil, 1) != want {
			t.Errorf("after a stop: %s, want %s", got[63], want)
		}
	})
}

// TestNoAllocation: a worker's calls leave nothing to collect.
func TestNoAllocation(t *testing.T) {
	forLevels(t, func(t *testing.T, c *Crypter) {
		words := make([][]byte, 570)
		for i := range words {
			words[i] = []byte("some long word")
		}
		salts := repeat(1, len(words))
		dst, buf := make([]Digest, len(words)), make([]byte, 0, 200)
		many := make([][]byte, len(words))
		if n := testing.AllocsPerRun(10, func() {
			c.Batch(dst, words, salts)
			c.BatchBSDi(dst, words, 3, salts)
			buf = c.Big(buf[:0], words[0], 1)
			for i := range many {
				many[i] = many[i][:0]
			}
			c.BatchBig(many, words, salts)
		}); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}

// FuzzCrypt: a hash has its setting's salt and is its own setting; neither the
// eighth bit of a character nor the way of computing matters.
func FuzzCrypt(f *testing.F) {
	for _, v := range published {
		f.Add([]byte(v.word), v.hash)
	}
	f.Add([]byte("\x80\x80"), "ab")
	f.Add([]byte("a\x00b"), "_....abcd,..")
	c := New()
	f.Fuzz(func(t *testing.T, word []byte, setting string) {
		c.Stop = func() bool { return strings.HasPrefix(setting, "_") && len(setting) > 4 && setting[3:5] != ".." }
		hash, err := c.Crypt(word, setting)
		if err != nil {
			if hash != "" || !errors.Is(err, ErrSetting) && !errors.Is(err, ErrStopped) {
				t.Fatalf("%q, %v", hash, err)
			}
			return
		}
		salt := 2
		if setting[0] == '_' {
			salt = 9
		}
		body := len(hash) - salt
		if hash[:salt] != setting[:salt] || body%11 != 0 || body < 11 || body > 11*16 || salt == 9 && body != 11 {
			t.Fatalf("setting %q: %q", setting, hash)
		}
		for i := range hash[salt:] {
			if _, ok := Number(hash[salt+i : salt+i+1]); !ok {
				t.Fatalf("setting %q: %q", setting, hash)
			}
		}
		if again, err := c.Crypt(word, hash); again != hash || err != nil {
			t.Fatalf("setting %q: %q, as its own setting %q (%v)", setting, hash, again, err)
		}
		flipped := make([]byte, len(word))
		for i, b := range word {
			if flipped[i] = b; b&0x7f != 0 {
				flipped[i] ^= 0x80
			}
		}
		if same, err := c.Crypt(flipped, setting); same != hash || err != nil {
			t.Fatalf("setting %q: %q, with other eighth bits %q (%v)", setting, hash, same, err)
		}
		words := make([][]byte, 13) // prefixes, and the whole in the last lane
		for i := range words {
			words[i] = word[:len(word)*i/12]
		}
		dst := make([]Digest, len(words))
		if salt == 9 {
			count, _ := Number(setting[1:5])
			s, _ := Number(setting[5:9])
			if !c.BatchBSDi(dst, words, count, repeat(s, 13)) {
				t.Fatal("stopped")
			}
		} else {
			s, _ := Number(setting[:2])
			c.Batch(dst, words, repeat(s, 13))
		}
		if string(dst[12][:]) != hash[salt:salt+11] {
			t.Fatalf("setting %q: %q, in a batch %q", setting, hash, dst[12])
		}
	})
}
