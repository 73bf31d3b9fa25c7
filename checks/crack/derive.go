package crack

import (
	"bytes"
	"slices"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"
)

// Derived candidates are few on purpose: with yescrypt each one costs tens of
// milliseconds for every account.
const (
	maxDerived   = 60
	maxNames     = 4  // words of the GECOS name that are used
	maxNameBytes = 64 // longer words are nobody's password
	maxGECOS     = 1 << 10
)

// Derive returns at most 60 passwords that people make of an account's own
// names, likeliest first and without repetitions: forms of the login name, then
// of the words of the GECOS field (passwd(5): name, room and telephone numbers
// between commas), then of the host's short name. now gives the current year.
// Names are bytes; only valid UTF-8 is changed in case beyond ASCII. Empty names
// give no candidates.
func Derive(login, gecos, hostname string, now time.Time) [][]byte {
	var d deriver
	year := now.UTC().Year()
	this, last := strconv.Itoa(year), strconv.Itoa(year-1)

	if n := word(login); n != nil {
		c, lower, upper := capital(n), lowerCase(n), upperCase(n)
		d.add(n)
		d.add(n, "123")
		d.add(n, "1")
		d.add(n, "1234")
		d.add(c)
		d.add(c, "123")
		d.add(reversed(n))
		d.add(n, "12")
		d.add(n, "12345")
		d.add(n, "123456")
		d.add(n, string(n))
		d.add(n, "!")
		d.add(n, "@123")
		d.add(c, "1")
		d.add(c, "@123")
		d.add(c, "1!")
		d.add(c, "123!")
		d.add(c, "!")
		d.add(upper)
		d.add(lower)
		d.add(n, this)
		d.add(c, this)
		d.add(c, this, "!")
		d.add(n, last)
		d.add(c, last)
		d.add(n, "#1")
		d.add(n, "01")
		d.add(c, "1234")
		d.add(n, "@", this)
	}

	names, numbers := gecosWords(gecos)
	for _, n := range names {
		d.add(n)
		d.add(capital(n))
		d.add(n, "123")
		d.add(n, "1")
		d.add(capital(n), "123")
	}
	if len(names) > 1 {
		first, family := names[0], names[len(names)-1]
		d.add(first, string(family))
		d.add(first, ".", string(family))
		d.add(initial(first), string(family))
		var initials []byte
		for _, n := range names {
			initials = append(initials, initial(n)...)
		}
		d.add(initials)
		d.add(initials, "123")
		d.add(initials, "1234")
	}
	for _, n := range numbers {
		d.add(n)
	}

	// The host's share is kept free: it is the same password on every account.
	short, _, _ := bytes.Cut([]byte(hostname), []byte("."))
	var h deriver
	if n := word(string(short)); n != nil {
		h.add(n)
		h.add(n, "123")
		h.add(n, "1")
		h.add(n, "1234")
		h.add(capital(n), "123")
		h.add(n, "!")
		h.add(n, "@123")
		h.add(n, this)
	}
	d.words = d.words[:min(len(d.words), maxDerived-len(h.words))]
	for _, w := range h.words {
		d.add(w)
	}
	return d.words
}

// deriver keeps words in order, each once.
type deriver struct {
	words [][]byte
	seen  map[string]bool
}

func (d *deriver) add(base []byte, tails ...string) {
	w := slices.Clone(base)
	for _, t := range tails {
		w = append(w, t...)
	}
	if len(w) == 0 || d.seen[string(w)] {
		return
	}
	if d.seen == nil {
		d.seen = map[string]bool{}
	}
	d.seen[string(w)] = true
	d.words = append(d.words, w)
}

// word is the name if it can be part of a password.
func word(name string) []byte {
	if name == "" || len(name) > maxNameBytes {
		return nil
	}
	return []byte(name)
}

// gecosWords returns the first words of the name in lower case, and the room
// and telephone numbers of four and more bytes as they are.
func gecosWords(gecos string) (names, numbers [][]byte) {
	gecos = gecos[:min(len(gecos), maxGECOS)]
	for i, field := range bytes.Split([]byte(gecos), []byte(",")) {
		if i > 0 {
			if field = bytes.TrimSpace(field); len(field) >= 4 && len(field) <= maxNameBytes && len(numbers) < 3 {
				numbers = append(numbers, field)
			}
			continue
		}
		for _, n := range bytes.FieldsFunc(field, func(r rune) bool {
			return r < utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsDigit(r)
		}) {
			// A single letter is a middle initial.
			if n = lowerCase(n); len(n) > 1 && len(n) <= maxNameBytes && len(names) < maxNames {
				names = append(names, n)
			}
		}
	}
	return names, numbers
}

// initial is the first character of a word.
func initial(n []byte) []byte {
	_, size := utf8.DecodeRune(n)
	return n[:size]
}

// capital is the word with its first character in upper case.
func capital(n []byte) []byte {
	first := initial(n)
	return append(upperCase(first), n[len(first):]...)
}

// upperCase maps ASCII only where the bytes are not UTF-8, which bytes.ToUpper
// would replace.
func upperCase(n []byte) []byte {
	if utf8.Valid(n) {
		return bytes.ToUpper(n)
	}
	return mapASCII(n, 'a', 'z')
}

func lowerCase(n []byte) []byte {
	if utf8.Valid(n) {
		return bytes.ToLower(n)
	}
	return mapASCII(n, 'A', 'Z')
}

// mapASCII changes the case of the letters from first to last.
func mapASCII(n []byte, first, last byte) []byte {
	out := slices.Clone(n)
	for i, c := range out {
		if first <= c && c <= last {
			out[i] = c ^ 0x20
		}
	}
	return out
}

// reversed turns characters of UTF-8 and bytes of anything else.
func reversed(n []byte) []byte {
	if !utf8.Valid(n) {
		out := slices.Clone(n)
		slices.Reverse(out)
		return out
	}
	r := []rune(string(n))
	slices.Reverse(r)
	return []byte(string(r))
}
