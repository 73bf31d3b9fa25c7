package bcrypt

import (
	"encoding/hex"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	xbcrypt "golang.org/x/crypto/bcrypt"

	"hostaudit/checks/crack/crypttest"
)

func parse(tb testing.TB, text string) Setting {
	tb.Helper()
	s, ok := ParseSetting(text)
	if !ok {
		tb.Fatalf("%q refused", text)
	}
	return s
}

func TestVectors(t *testing.T) {
	var h Hasher
	var tries []Pair
	var want []string
	for i, v := range crypttest.Vectors(t, 5) {
		if i%thin != 0 {
			continue
		}
		for _, variant := range v[0] {
			s := parse(t, fmt.Sprintf("$2%c$%s$%s", variant, v[1], v[2]))
			tries = append(tries, Pair{s, []byte(v[4])})
			want = append(want, v[3])
		}
	}
	for i, got := range h.HashPairs(tries) {
		if got != want[i] {
			t.Errorf("%s word %q: %s, want %s", tries[i].Setting.Text(), tries[i].Word, got, want[i])
		}
	}
	// Every one in every lane, and alone.
	for i := 0; i+Lanes <= len(tries); i += 37 * thin {
		for turn := range Lanes {
			moved := slices.Concat(tries[i+turn:i+Lanes], tries[i:i+turn])
			for j, got := range h.HashPairs(moved) {
				if k := i + (turn+j)%Lanes; got != want[k] {
					t.Errorf("lane %d: %s word %q: %s, want %s", j, moved[j].Setting.Text(), moved[j].Word, got, want[k])
				}
			}
		}
		if got := h.Hash(tries[i].Setting, tries[i].Word); got != want[i] {
			t.Errorf("alone: %s word %q: %s, want %s", tries[i].Setting.Text(), tries[i].Word, got, want[i])
		}
	}
}

// TestSafety is the self-test of crypt_blowfish for the countermeasure of $2a$.
func TestSafety(t *testing.T) {
	word := []byte("\xff\xa334\xff\xff\xff\xa3345")
	var a, y key
	firstA, firstY := a.set('a', word), y.set('y', word)
	firstA[0] ^= 1 << 16
	if a != y || firstA != firstY || y[17] != 0x33343500 {
		t.Errorf("keys %x and %x, first %x and %x", a, y, firstA, firstY)
	}
}

// TestPi computes pi by Machin's formula.
func TestPi(t *testing.T) {
	const guard = 64
	one := new(big.Int).Lsh(big.NewInt(1), 4*uint(len(pi))+guard)
	arctan := func(x int64) *big.Int {
		power := new(big.Int).Div(one, big.NewInt(x))
		sum := new(big.Int).Set(power)
		for n, sign := int64(3), int64(-1); power.Sign() != 0; n, sign = n+2, -sign {
			power.Div(power, big.NewInt(x*x))
			sum.Add(sum, new(big.Int).Div(power, big.NewInt(sign*n)))
		}
		return sum
	}
	n := new(big.Int).Mul(arctan(5), big.NewInt(16))
	n.Sub(n, new(big.Int).Mul(arctan(239), big.NewInt(4)))
	n.Rsh(n, guard)
	if got := n.Text(16); got != "3"+pi {
		t.Errorf("the table is not the fraction of %s", got)
	}
	if want := 8 * (18 + 4*256); len(pi) != want {
		t.Errorf("%d digits, want %d", len(pi), want)
	}
}

func TestParseSetting(t *testing.T) {
	const good = "$2b$05$abcdefghijklmnopqrstuu"
	tests := []struct{ text, want string }{
		{good, good},
		{good + "behind it", good},
		{"$2x$31$......................", "$2x$31$......................"},
		{"$2a$04$CCCCCCCCCCCCCCCCCCCCC/", "$2a$04$CCCCCCCCCCCCCCCCCCCCC."}, // bits that do not count
		{"$2y$04$999999999999999999999P", "$2y$04$999999999999999999999O"},
		{text: good[:28]},
		{text: "$2$05$abcdefghijklmnopqrstuuu"},
		{text: "$2c$05$abcdefghijklmnopqrstuu"},
		{text: "$2`$05$abcdefghijklmnopqrstuu"},
		{text: "$2b$03$abcdefghijklmnopqrstuu"},
		{text: "$2b$32$abcdefghijklmnopqrstuu"},
		{text: "$2b$40$abcdefghijklmnopqrstuu"},
		{text: "$2b$0a$abcdefghijklmnopqrstuu"},
		{text: "$2b$+5$abcdefghijklmnopqrstuu"},
		{text: "$2b$05$abcdefghi-klmnopqrstuu"},
		{text: "$2b$05$abcdefghijklmnopqrstu$"},
		{text: "$2b$05$abcdefghi\nklmnopqrstuu"},
		{text: "$2b$05abcdefghijklmnopqrstuuu"},
		{text: ""},
	}
	for _, tt := range tests {
		s, ok := ParseSetting(tt.text)
		switch {
		case ok != (tt.want != ""):
			t.Errorf("%q: %v", tt.text, ok)
		case ok && s.Text() != tt.want:
			t.Errorf("%q: %q, want %q", tt.text, s.Text(), tt.want)
		}
	}
}

// randomSetting has any last character of salt.
func randomSetting(r *rand.Rand, cost int) string {
	return fmt.Sprintf("$2%c$%02d$%s", "abxy"[r.IntN(4)], cost, crypttest.RandomDigits(r, digits, 22))
}

// guardedWord is one that $2a$'s countermeasure is likely to change: in every four
// bytes 0xff, another high byte and low ones, in this order, and three after that
// so that the NUL keeps the fours in place.
func guardedWord(r *rand.Rand) string {
	var b strings.Builder
	for range r.IntN(20) {
		n := r.IntN(4)
		b.WriteString(strings.Repeat("\xff", n) + crypttest.RandomDigits(r, "\x80\xa3\xff", 1) + crypttest.RandomDigits(r, "a\x7f", 3-n))
	}
	return b.String() + "\xff\xa3b"
}

func TestAgainstLibcrypt(t *testing.T) {
	c := crypttest.New(t)
	r := rand.New(rand.NewPCG(2, 1))
	var h Hasher
	guarded := 0 // words that $2a$'s countermeasure changes
	try := func(turn, n, cost int) {
		t.Helper()
		var tries []Pair
		var want []string
		for i := range n {
			word, setting := crypttest.RandomWord(r, turn+i), randomSetting(r, cost)
			if r.IntN(8) == 0 {
				word = guardedWord(r)
			}
			var k key
			if s := parse(t, setting); k.set(s.variant, []byte(word)) != k {
				guarded++
			}
			tries = append(tries, Pair{parse(t, setting), []byte(word)})
			want = append(want, c.Crypt(t, 1, word, setting))
		}
		for i, got := range h.HashPairs(tries) {
			if got = tries[i].Setting.Text() + got; got != want[i] {
				t.Fatalf("word %q: %s, want %s", tries[i].Word, got, want[i])
			}
		}
	}
	n := crypttest.Pairs(t) / thin
	for turn := 0; turn < n; {
		size := 1 + r.IntN(2*Lanes)
		try(turn, size, MinCost)
		turn += size
	}
	if guarded < n/100 {
		t.Errorf("only %d words of the countermeasure", guarded)
	}
	for i := range max(2/thin, n/1000) {
		try(7*i, 5, 5+r.IntN(2)) // crypt_gensalt(3) makes cost 5
	}
	for range n {
		setting := "$2" + crypttest.RandomDigits(r, "abxyc", 1) + "$" + crypttest.RandomDigits(r, "001234", 2) + "$" + crypttest.RandomDigits(r, digits+"$", 21+r.IntN(3))
		if s, ok := ParseSetting(setting); !ok {
			if got := c.Crypt(t, 1, "word", setting); got != "" {
				t.Fatalf("%q refused, crypt(3) gives %q", setting, got)
			}
		} else if s.Cost() < 6 && c.Crypt(t, 1, "word", setting) == "" {
			t.Fatalf("crypt(3) refuses %q", setting)
		}
	}
}

func TestWordEnds(t *testing.T) {
	var h Hasher
	s := parse(t, "$2b$04$abcdefghijklmnopqrstuu")
	long := strings.Repeat("0123456789", 8)
	got := h.HashMany(s, [][]byte{
		[]byte("abc"), []byte("abc\x00def"), []byte(long[:72]), []byte(long), []byte(long[:71]),
		[]byte(""), []byte("\x00"), nil,
	})
	for _, same := range [][2]int{{0, 1}, {2, 3}, {5, 6}, {5, 7}} {
		if got[same[0]] != got[same[1]] {
			t.Errorf("words %d and %d differ: %s, %s", same[0], same[1], got[same[0]], got[same[1]])
		}
	}
	if got[2] == got[4] || got[0] == got[5] {
		t.Errorf("different words have one digest: %q", got)
	}
}

func TestMixedCosts(t *testing.T) {
	var h Hasher
	low, high := parse(t, "$2b$04$abcdefghijklmnopqrstuu"), parse(t, "$2b$05$abcdefghijklmnopqrstuu")
	word := []byte("U*U")
	got := h.HashPairs([]Pair{{low, word}, {low, word}, {high, word}, {Setting{}, word}, {high, word}, {low, word}})
	want := []string{h.Hash(low, word), h.Hash(low, word), h.Hash(high, word), "", h.Hash(high, word), h.Hash(low, word)}
	if !slices.Equal(got, want) || got[0] == "" || got[0] == got[2] {
		t.Errorf("got %q, want %q", got, want)
	}
	if none := h.HashMany(low, nil); len(none) != 0 {
		t.Errorf("no words: %q", none)
	}
}

func TestStop(t *testing.T) {
	asked := 0
	h := Hasher{Stop: func() bool { asked++; return asked > 2 }}
	s := parse(t, "$2b$31$abcdefghijklmnopqrstuu")
	if got := h.HashMany(s, [][]byte{{'a'}, {'b'}}); !slices.Equal(got, []string{"", ""}) || asked != 3 {
		t.Errorf("got %q after %d questions", got, asked)
	}
	h.Stop = nil
	s = parse(t, "$2b$04$abcdefghijklmnopqrstuu")
	if got, want := h.Hash(s, []byte("a")), new(Hasher).Hash(s, []byte("a")); got != want {
		t.Errorf("after a stop: %q, want %q", got, want)
	}
}

// FuzzHash compares with the library wherever both compute the same.
func FuzzHash(f *testing.F) {
	f.Add("$2b$04$abcdefghijklmnopqrstuu", []byte("\xff\xa334\xff\xff\xff\xa3345"))
	f.Add("$2x$04$......................", []byte(""))
	f.Add("$2a$04$CCCCCCCCCCCCCCCCCCCCC/", []byte(strings.Repeat("\xff", 80)))
	f.Fuzz(func(t *testing.T, text string, word []byte) {
		s, ok := ParseSetting(text)
		if !ok {
			return
		}
		plain := s.Text()
		if again := parse(t, plain); again != s || plain[:28] != text[:28] {
			t.Fatalf("%q becomes %q", text, plain)
		}
		low := parse(t, "$2b$04$"+plain[7:])
		var h Hasher
		got := h.HashMany(low, [][]byte{word, []byte("x"), word})
		if got[0] != got[2] || got[0] == got[1] && string(word) != "x" && !strings.HasPrefix(string(word), "x\x00") {
			t.Fatalf("word %q: %q", word, got)
		}
		if len(got[0]) != DigestLen || strings.Trim(got[0], digits) != "" {
			t.Fatalf("digest %q", got[0])
		}
		if strings.IndexByte(string(word), 0) >= 0 {
			return // the library does not end the word there
		}
		if err := xbcrypt.CompareHashAndPassword([]byte(low.Text()+got[0]), word[:min(len(word), 72)]); err != nil {
			t.Fatalf("word %q: the library says %v", word, err)
		}
	})
}

const benchSetting = "$2b$05$abcdefghijklmnopqrstuu"

func words(n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = []byte("correct horse " + strconv.Itoa(i))
	}
	return all
}

func BenchmarkAgainstLibcrypt(b *testing.B) {
	for _, n := range []int{1, 2, 3, Lanes, 2 * Lanes} {
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			var h Hasher
			s, list := parse(b, benchSetting), words(n)
			crypttest.Compare(b, n, "correct horse", benchSetting, func() { h.HashMany(s, list) })
		})
	}
}

func BenchmarkLibrary(b *testing.B) {
	c := crypttest.New(b)
	hash := []byte(c.Crypt(b, 1, hex.EncodeToString([]byte{1}), benchSetting))
	crypttest.Compare(b, 1, "correct horse", benchSetting, func() {
		_ = xbcrypt.CompareHashAndPassword(hash, []byte("correct horse"))
	})
}
