package crack

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/GehirnInc/crypt"
	_ "github.com/GehirnInc/crypt/apr1_crypt"
	_ "github.com/GehirnInc/crypt/md5_crypt"
	_ "github.com/GehirnInc/crypt/sha256_crypt"
	_ "github.com/GehirnInc/crypt/sha512_crypt"
)

// Published vectors: Drepper's specification of SHA-crypt (with its rounds=1400
// salt cut to 16 bytes, as crypt(3) prints it), crypt_blowfish's wrapper.c,
// go-crypt's and libxcrypt's tests of yescrypt, Apache's documentation.
var published = []struct{ password, hash string }{
	{"Hello world!", "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1"},
	{"Hello world!", "$6$rounds=10000$saltstringsaltst$OW1/O6BYHV6BcXZu8QVeXbDWra3Oeqh0sbHbbMCVNSnCM/UrjmM0Dp8vOuZeHBy/YTBmSK6H9qs/y3RnOaw5v."},
	{"we have a short salt string but not a short password", "$6$rounds=77777$short$WuQyW2YR.hBNpjjRhpYD/ifIw05xdfeEyQoMxIXbkvr0gge1a1x3yRULJ5CCaUeOxFmtlcGZelFl5CxtgfiAc0"},
	{"Hello world!", "$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5"},
	{"a very much longer text to encrypt.  This one even stretches over morethan one line.", "$5$rounds=1400$anotherlongsalts$Rx.j8H.h8HjEDGomFU8bDkXm3XIUnzyxf12oP84Bnq1"},
	{"U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
	{"", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy"},
	{"\xa3", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"},
	{"test5", "$y$j9T$fqIAg4Vpv9o1MKgWMnyax.$BxkUx27fLJlPOfyIfNEBPzjrDQ95LXKgN5OJii3GL7."},
	{"salt length 0", "$y$j7.$$cmp7v9bzgyAhctAaiyqG56MBYN2IYzfI5LvybJCKacD"},
	{"myPassword", "$apr1$r31.....$HqJZimcKQFAMYayBlzkrA/"},
}

func TestPublishedVectors(t *testing.T) {
	for _, v := range published {
		if ok, err := Check(Identify(v.hash), []byte(v.password)); !ok || err != nil {
			t.Errorf("%s: no match (%v)", v.hash, err)
		}
		if ok, err := Check(Identify(v.hash), []byte("x"+v.password)); ok || err != nil {
			t.Errorf("%s: matches another word (%v)", v.hash, err)
		}
	}
}

// The library is a second opinion where no perl is, and the only one for apr1.
func TestAgainstGehirn(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	for _, prefix := range []string{"$1$", "$apr1$", "$5$", "$6$"} {
		c := crypt.NewFromHash(prefix)
		for range 40 {
			password := randomPassword(r)
			salt := prefix
			if prefix == "$5$" || prefix == "$6$" {
				salt += "rounds=1001$"
			}
			h, err := c.Generate([]byte(password), []byte(salt+randomDigits(r, cryptDigits, 1+r.IntN(8))))
			if err != nil {
				t.Fatal(err)
			}
			if ok, err := Check(Identify(h), []byte(password)); !ok || err != nil {
				t.Errorf("%q with %s: no match (%v)", password, h, err)
			}
		}
	}
}

func TestWordsThatCryptDoesNotTake(t *testing.T) {
	long := strings.Repeat("a", 512)
	c := newLibcrypt(t)
	if got := c.crypt(t, long, "$6$rounds=1000$salt$"); got != "" {
		t.Errorf("crypt(3) takes 512 bytes: %q", got)
	}
	h := c.crypt(t, long[:511], "$6$rounds=1000$salt$")
	if ok, err := Check(Identify(h), []byte(long[:511])); !ok || err != nil {
		t.Errorf("511 bytes: no match (%v)", err)
	}
	for _, w := range []string{long, "a\x00"} {
		if takes([]byte(w)) {
			t.Errorf("%d bytes are taken", len(w))
		}
	}
	if ok, _ := Check(Identify(c.crypt(t, "a", "$6$rounds=1000$salt$")), []byte("a\x00")); ok {
		t.Error("a word with a NUL matches what stands before it")
	}
}

// bcrypt looks at 72 bytes only, here as in crypt(3).
func TestBcryptTruncates(t *testing.T) {
	c := newLibcrypt(t)
	h := c.crypt(t, strings.Repeat("a", 100), "$2b$04$abcdefghijklmnopqrstuu")
	for n, want := range map[int]bool{71: false, 72: true, 73: true, 200: true} {
		if ok, err := Check(Identify(h), []byte(strings.Repeat("a", n))); ok != want || err != nil {
			t.Errorf("%d bytes: %v, %v", n, ok, err)
		}
	}
}

func TestNoAllocationPerGuess(t *testing.T) {
	e, word := new(engine), []byte("password")
	for _, h := range []string{sample6, sample1} {
		f := Identify(h)
		if n := testing.AllocsPerRun(5, func() { _, _ = e.match(&f, word) }); n > 4 {
			t.Errorf("%v: %v allocations for a guess", f, n)
		}
	}
}

func FuzzIdentify(f *testing.F) {
	for _, s := range []string{
		"", "*", "!", "x", " ", "!!" + sample6, "*LK*" + sampleDES, sample6, sample6Salt, sample1, sample2b, sampleY, sample7,
		sampleBig, sampleBSDi, sampleApr1, sampleDES + ",..", "$5$rounds=1000$$", "$gy$j34$$", "$sha1$1$a$", "$md5,rounds=1$a$$", "$3$$",
		"$y$jzzzzzzz", "{CRYPT}x", "$9$", "password1", "$y$j9Tz......$a$",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, field string) {
		form := Identify(field)
		hashed := form.Class == Hash || form.Class == LockedHash
		switch {
		case form.Class == ClassUnknown:
			t.Fatal("no class")
		case (form.Class == Empty) != (field == ""):
			t.Fatalf("%v", form)
		case (form.Supported || form.Outdated || form.Hash() != "" || form.Cost != Cost{}) && !hashed:
			t.Fatalf("%v has traits of a hash", form)
		case hashed && (form.Scheme == SchemeUnknown || form.Hash() == "" || !strings.Contains(field, form.Hash())):
			t.Fatalf("%v without a hash of its own", form)
		case (form.Class == Malformed || form.Class == Unsupported || hashed && !form.Supported) != (form.Why != ""):
			t.Fatalf("%v with reason %q", form, form.Why)
		case form.Class == LockedHash && field[0] != '!' && field[0] != '*':
			t.Fatalf("%v without a mark", form)
		case form.Class == Hash && strings.ContainsAny(field[:1], "!*"):
			t.Fatalf("%v behind a mark", form)
		}
		if hashed {
			if again := Identify(form.Hash()); again.Class != Hash || again.Hash() != form.Hash() || again.Scheme != form.Scheme {
				t.Fatalf("%v is by itself %v", form, again)
			}
			if locked := Identify("!" + field); locked.Class != LockedHash {
				t.Fatalf("behind a mark %v", locked)
			}
		}
		if form.Supported && form.Estimate() < 5*time.Millisecond && form.Cost.Memory < 1<<20 {
			if _, err := Check(form, []byte("password")); err != nil {
				t.Fatalf("%v: %v", form, err)
			}
		}
	})
}

func benchmark(b *testing.B, hash string) {
	e, f := new(engine), Identify(hash)
	words := words("123456", "password", "qwerty", "letmein1")
	i := 0
	for b.Loop() {
		if _, err := e.match(&f, words[i%len(words)]); err != nil {
			b.Fatal(err)
		}
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "c/s")
}

func BenchmarkSHA512Crypt(b *testing.B) { benchmark(b, sample6Salt) }

func BenchmarkSHA256Crypt(b *testing.B) {
	benchmark(b, "$5$abcdefghijklmnop$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5")
}
func BenchmarkMD5Crypt(b *testing.B) { benchmark(b, sample1) }
func BenchmarkBcrypt05(b *testing.B) { benchmark(b, strings.Replace(sample2b, "$04$", "$05$", 1)) }
func BenchmarkBcrypt10(b *testing.B) { benchmark(b, strings.Replace(sample2b, "$04$", "$10$", 1)) }
func BenchmarkYescryptJ9T(b *testing.B) {
	benchmark(b, "$y$j9T$dNbQ1Wv8hW4.F3HEX9x4f1$8aUGBYQz06OsPDt5YWRDTUp5nlLJJqbSbGZgQY1dHt.")
}

func BenchmarkIdentify(b *testing.B) {
	for b.Loop() {
		if Identify(sample6).Class != Hash {
			b.Fatal("class")
		}
	}
}
