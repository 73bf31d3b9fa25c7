package mysqlhash_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"hostaudit/checks/internal/mysqlhash"
)

// vectors are what real servers stored: MySQL 9.7, MariaDB 10.11; the one of
// parsec is of MariaDB's release notes of 11.6.
var vectors = []struct {
	name, plugin, stored, word, scheme string
	outdated                           bool
}{
	{"native", "mysql_native_password", "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19", "password", mysqlhash.Native, false},
	{"native-lower-case", "mysql_native_password", "*2470c0c06dee42fd1618bb99005adca2ec9d1e19", "password", mysqlhash.Native, false},
	{"native-8-bit", "mysql_native_password", "*C76B777B38E1D888B13AAED44D93E661F5E96A86", "^\xb7\x11", mysqlhash.Native, false},
	{"native-no-plugin", "", "*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19", "password", mysqlhash.Native, false},
	{"native-of-nothing", "mysql_native_password", "*BE1BDEC0AA74B4DCB079943E70528096CCA985F8", "", mysqlhash.Native, false},
	{"old", "mysql_old_password", "5d2e19393cc5ef67", "password", mysqlhash.Old, true},
	{"old-blanks", "mysql_old_password", "5d2e19393cc5ef67", " pass\tword ", mysqlhash.Old, true},
	{"old-8-bit", "mysql_old_password", "7cd6a5cc2a2dcb6d", "^\xb7\x11", mysqlhash.Old, true},
	{"old-under-native", "mysql_native_password", "5D2E19393CC5EF67", "password", mysqlhash.Old, true},
	{"old-no-plugin", "", "5d2e19393cc5ef67", "password", mysqlhash.Old, true},
	{"sha256", "sha256_password", "$5$P`\x1dHl M?2Y~x\x14<S^\x15;\"^$/TtwhFLEW1vZtRvPJ2v.IOtRwL5IO0343vhVAIglQC1", "}\xd60\x89", mysqlhash.SHA256, false},
	{"sha256-longer", "sha256_password", "$5$W\a\x03\x1aQ_\x01Mo=\"\x1d\b&X^Vy\x1c\v$ZmIdB8649LvQc7c.Uu/IIUgfhglsN51V0icwdnBeAGA", "o\xc8\"{\xd4.\x87\xe0:\x93\xecF\x9f\xf8R\xab\x05^\xb7\x11", mysqlhash.SHA256, false},
	{"caching-5000", "caching_sha2_password", "$A$005$.O\x02\x05Tb\x03mR[\x03T>aE\bU\x1d\x06-ych6PiPw/JmtAVtZdqBN44cOcIvuEmJwgZptOte6g/A", "}\xd60\x89", mysqlhash.CachingSHA2, false},
	{"caching-10000", "Caching_SHA2_password", "$A$00A$*d)\x16- oOG=b\x0e\x06;+\x06r\x1b\b\x13XwtMhEiih0kBR/KPFgWCO9i2v4vOSnYmy7E3/eOO234", "o\xc8\"{\xd4.\x87\xe0:\x93\xecF\x9f\xf8R\xab\x05^\xb7\x11", mysqlhash.CachingSHA2, false},
	{"ed25519", "ed25519", "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY", "secret", mysqlhash.Ed25519, false},
	{"ed25519-8-bit", "ed25519", "JRi3f7e5Oow3skVQUNVGgxAYNTZMpYtbyyVCPDj+VvE", "^\xb7\x11", mysqlhash.Ed25519, false},
	{"ed25519-of-nothing", "ed25519", "4LH+dBF+G5W2CKTyId8xR3SyDqZoQjUNUVNxx8aWbG4", "", mysqlhash.Ed25519, false},
	{"parsec", "parsec", "P0:lhXyNv1cIxpB8EnTxR7ON7S7:1l3rWRW1/jw45yrvYXB8eh02wzk7lcJcz4CMcWw2b+8", "MyPassword123!", mysqlhash.Parsec, false},
}

func TestVectors(t *testing.T) {
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			holds(t, v.plugin, []byte(v.stored), []byte(v.word))
			h, err := mysqlhash.Parse(v.plugin, []byte(v.stored))
			if err != nil {
				t.Fatal(err)
			}
			if h.Scheme() != v.scheme || h.Outdated() != v.outdated {
				t.Errorf("scheme %q, outdated %v; want %q, %v", h.Scheme(), h.Outdated(), v.scheme, v.outdated)
			}
			if h.Cost() < time.Microsecond || h.Cost() > mysqlhash.MaxCost {
				t.Errorf("cost %v", h.Cost())
			}
			if v.word != "" && h.Matches(nil) {
				t.Error("matches the empty word")
			}
			if v.scheme != mysqlhash.Parsec && h.Matches([]byte(v.word+"\x00")) {
				t.Error("matches the word with a NUL behind it")
			}
			if h.Matches(bytes.Repeat([]byte("long"), 1000)) {
				t.Error("matches a word of 4,000 bytes")
			}
		})
	}
}

// The caller's bytes are its own after Parse.
func TestParseKeepsNothing(t *testing.T) {
	for _, v := range vectors {
		stored := []byte(v.stored)
		h, err := mysqlhash.Parse(v.plugin, stored)
		if err != nil {
			t.Fatal(err)
		}
		clear(stored)
		if !h.Matches([]byte(v.word)) {
			t.Errorf("%s: changes with the bytes it was read from", v.name)
		}
	}
}

// One Hash is used by many goroutines.
func TestConcurrent(t *testing.T) {
	for _, v := range vectors {
		h, err := mysqlhash.Parse(v.plugin, []byte(v.stored))
		if err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for i := range 8 {
			word, want := v.word, true
			if i%2 != 0 {
				word, want = v.word+"x", false
			}
			wg.Go(func() {
				if h.Matches([]byte(word)) != want {
					t.Errorf("%s: %q: not %v", v.name, word, want)
				}
			})
		}
		wg.Wait()
	}
}

func TestRefused(t *testing.T) {
	const (
		hex40  = "2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19"
		key    = "ZIgUREUg5PVgQ6LskhXmO+eZLS0nC8be6HPjYWR4YJY"
		parsec = ":lhXyNv1cIxpB8EnTxR7ON7S7:1l3rWRW1/jw45yrvYXB8eh02wzk7lcJcz4CMcWw2b+8"
		system = "THISISACOMBINATIONOFINVALIDSALTANDPASSWORDTHATMUSTNEVERBRBEUSED"
	)
	digits := mysqlhash.Digits256("secret", salt, 5000)
	for _, tc := range []struct {
		name, plugin, stored string
		want                 error
	}{
		{"socket", "unix_socket", "", mysqlhash.ErrPlugin},
		{"pam", "pam", "mysql", mysqlhash.ErrPlugin},
		{"hash-under-strange-plugin", "x", "*" + hex40, mysqlhash.ErrPlugin},
		{"native-empty", "mysql_native_password", "", mysqlhash.ErrEmpty},
		{"no-plugin-empty", "", "", mysqlhash.ErrEmpty},
		{"parsec-empty", "parsec", "", mysqlhash.ErrEmpty},
		{"native-invalid", "mysql_native_password", "invalid", mysqlhash.ErrMalformed},
		{"native-no-star", "mysql_native_password", hex40, mysqlhash.ErrMalformed},
		{"native-star-only", "mysql_native_password", "*", mysqlhash.ErrMalformed},
		{"native-long", "mysql_native_password", "*" + hex40 + "0", mysqlhash.ErrMalformed},
		{"native-no-hex", "mysql_native_password", "*THISISNOTAVALIDPASSWORDTHATCANBEUSEDHERE", mysqlhash.ErrMalformed},
		{"old-15-digits", "mysql_old_password", "5d2e19393cc5ef6", mysqlhash.ErrMalformed},
		{"old-no-hex", "mysql_old_password", "5d2e19393cc5ef6g", mysqlhash.ErrMalformed},
		{"old-with-native-hash", "mysql_old_password", "*" + hex40, mysqlhash.ErrMalformed},
		{"sha256-other-crypt", "sha256_password", "$6$" + salt + "$" + digits, mysqlhash.ErrMalformed},
		{"sha256-short-salt", "sha256_password", "$5$" + salt[1:] + "$" + digits, mysqlhash.ErrMalformed},
		{"sha256-nul-in-salt", "sha256_password", "$5$\x00" + salt[1:] + "$" + digits, mysqlhash.ErrMalformed},
		{"sha256-rounds", "sha256_password", "$5$rounds=5000,abcdefgh$" + digits, mysqlhash.ErrMalformed},
		{"sha256-no-digit", "sha256_password", "$5$" + salt + "$=" + digits[1:], mysqlhash.ErrMalformed},
		{"sha256-impossible-last-digit", "sha256_password", "$5$" + salt + "$" + digits[:42] + "z", mysqlhash.ErrMalformed},
		{"caching-system-account", "caching_sha2_password", "$A$005$" + system, mysqlhash.ErrMalformed},
		{"caching-invalid", "caching_sha2_password", "invalid", mysqlhash.ErrMalformed},
		{"caching-cut", "caching_sha2_password", "$A$005$" + salt + digits[:42], mysqlhash.ErrMalformed},
		{"caching-nothing-after-dollar", "caching_sha2_password", "$", mysqlhash.ErrMalformed},
		{"caching-no-rounds", "caching_sha2_password", "$A$000$" + salt + digits, mysqlhash.ErrMalformed},
		{"caching-two-digits", "caching_sha2_password", "$A$05$" + salt + digits, mysqlhash.ErrMalformed},
		{"caching-dollar-in-salt", "caching_sha2_password", "$A$005$$" + salt[1:] + digits, mysqlhash.ErrMalformed},
		{"caching-few-rounds", "caching_sha2_password", "$A$004$" + salt + digits, mysqlhash.ErrPlugin},
		{"caching-strange-number", "caching_sha2_password", "$A$7xx$" + salt + digits, mysqlhash.ErrPlugin},
		{"caching-other-digest", "caching_sha2_password", "$B$005$" + salt + digits, mysqlhash.ErrPlugin},
		{"caching-most-rounds", "caching_sha2_password", "$A$FFF$" + salt + digits, mysqlhash.ErrTooCostly},
		{"ed25519-invalid", "ed25519", "invalid", mysqlhash.ErrMalformed},
		{"ed25519-padded", "ed25519", key + "=", mysqlhash.ErrMalformed},
		{"ed25519-newline", "ed25519", key[:20] + "\n" + key[21:], mysqlhash.ErrMalformed},
		{"ed25519-no-point", "ed25519", "AgAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", mysqlhash.ErrMalformed},
		{"parsec-invalid", "parsec", "invalid", mysqlhash.ErrMalformed},
		{"parsec-no-colon", "parsec", "P0" + strings.ReplaceAll(parsec, ":", "/"), mysqlhash.ErrMalformed},
		{"parsec-padded-salt", "parsec", "P0:lhXyNv1cIxpB8EnTxR7ON7S=" + parsec[25:], mysqlhash.ErrMalformed},
		{"parsec-no-base64", "parsec", "P0:lhXyNv1cIxpB8EnTxR7ON7S*" + parsec[25:], mysqlhash.ErrMalformed},
		{"parsec-other-algorithm", "parsec", "A0" + parsec, mysqlhash.ErrPlugin},
		{"parsec-more-iterations", "parsec", "P4" + parsec, mysqlhash.ErrPlugin},
		{"parsec-no-digit", "parsec", "P " + parsec, mysqlhash.ErrPlugin},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h, err := mysqlhash.Parse(tc.plugin, []byte(tc.stored))
			if !errors.Is(err, tc.want) {
				t.Errorf("error %v, want %v", err, tc.want)
			}
			if h.Scheme() != "" || h.Matches(nil) || h.Cost() != 0 {
				t.Errorf("a hash beside an error")
			}
		})
	}
}

// The iterations of parsec count, and so do the rounds of caching_sha2_password.
func TestRoundsCount(t *testing.T) {
	const salted = ":lhXyNv1cIxpB8EnTxR7ON7S7:1l3rWRW1/jw45yrvYXB8eh02wzk7lcJcz4CMcWw2b+8"
	var costs []time.Duration
	for i, head := range []string{"P0", "P1", "P2", "P3"} {
		h, err := mysqlhash.Parse("parsec", []byte(head+salted))
		if err != nil {
			t.Fatal(err)
		}
		if got := h.Matches([]byte("MyPassword123!")); got != (i == 0) {
			t.Errorf("%s: matches is %v", head, got)
		}
		costs = append(costs, h.Cost())
	}
	for i := 1; i < len(costs); i++ {
		if costs[i] < costs[i-1]*3/2 {
			t.Errorf("costs %v: do not double", costs)
		}
	}
	for number, thousands := range map[string]int{"005": 5, "00b": 11, "00B": 11, "010": 16} {
		holds(t, mysqlhash.CachingSHA2, []byte(caching(number, "secret", thousands)), []byte("secret"))
	}
}

// Both SHA-2 plugins refuse words of more than 256 bytes.
func TestLongestWord(t *testing.T) {
	word := strings.Repeat("w", 256)
	for _, tc := range []struct{ plugin, stored, longer string }{
		{mysqlhash.CachingSHA2, caching("005", word, 5), ""},
		{mysqlhash.SHA256, "$5$" + salt + "$" + mysqlhash.Digits256(word, salt, 5000), ""},
	} {
		h, err := mysqlhash.Parse(tc.plugin, []byte(tc.stored))
		if err != nil {
			t.Fatal(err)
		}
		if !h.Matches([]byte(word)) || h.Matches([]byte(word+"w")) {
			t.Errorf("%s: 256 bytes %v, 257 bytes %v", tc.plugin, h.Matches([]byte(word)), h.Matches([]byte(word+"w")))
		}
	}
	// What the server would compute for a longer word lets nobody in.
	h, err := mysqlhash.Parse(mysqlhash.SHA256, []byte("$5$"+salt+"$"))
	if err != nil {
		t.Fatal(err)
	}
	if !h.Matches([]byte("anything")) || h.Matches([]byte(word+"w")) {
		t.Error("a hash without digits: the server takes any word of up to 256 bytes")
	}
}

// prints are all the ways a value is shown.
func prints(v any) []string {
	var all []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T", "%p", "%10.3v"} {
		all = append(all, fmt.Sprintf(verb, v))
	}
	if b, err := json.Marshal(v); err == nil {
		all = append(all, string(b))
	}
	return all
}

// shows tells whether a text holds a part of the secret, as it is, in
// hexadecimal or as the numbers of its bytes.
func shows(text, secret string) bool {
	const part = 6
	for i := 0; i+part <= len(secret); i++ {
		p := secret[i : i+part]
		numbers := strings.Trim(fmt.Sprint([]byte(p)), "[]")
		for _, form := range []string{p, fmt.Sprintf("%x", p), fmt.Sprintf("%X", p), numbers, strings.ReplaceAll(numbers, " ", ",")} {
			if strings.Contains(strings.ToLower(text), strings.ToLower(form)) {
				return true
			}
		}
	}
	return false
}

// A Hash shows its scheme and nothing else, alone or within something that does
// not know it; an error shows nothing of the string or the plugin's name.
func TestNothingShows(t *testing.T) {
	for _, v := range vectors {
		h, err := mysqlhash.Parse(v.plugin, []byte(v.stored))
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range prints(h)[:8] {
			if text != v.scheme {
				t.Errorf("%s: shows %q", v.name, text)
			}
		}
		type account struct {
			name string
			hash mysqlhash.Hash
		}
		around := []any{
			h, &h,
			[]mysqlhash.Hash{h},
			map[string]mysqlhash.Hash{"a": h},
			account{"root", h},
			&account{"root", h},
			[]*account{{"root", h}},
			map[string]account{"a": {"root", h}},
			struct{ A any }{h},
		}
		raw := decoded(v.stored)
		for _, value := range around {
			for _, text := range prints(value) {
				if shows(text, v.stored) || shows(text, raw) {
					t.Errorf("%s: %T shows %q", v.name, value, text)
				}
			}
		}
		broken := v.stored[:len(v.stored)-1] + "\x7f!"
		_, err = mysqlhash.Parse(v.plugin, []byte(broken))
		if err == nil {
			t.Fatalf("%s: %q is taken", v.name, broken)
		}
		for _, text := range prints(err) {
			if shows(text, v.stored) || strings.Contains(text, "\x7f") {
				t.Errorf("%s: the error shows %q", v.name, text)
			}
		}
	}
	_, err := mysqlhash.Parse("strange_name", []byte("strange string"))
	for _, text := range prints(err) {
		if strings.Contains(text, "strange") {
			t.Errorf("the error shows %q", text)
		}
	}
}
