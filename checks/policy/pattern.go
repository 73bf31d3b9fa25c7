package policy

import (
	"errors"
	"strings"
	"unicode/utf8"

	"hostaudit/checks"
)

// Pattern selects names as the report shows them. `*` stands for any run of
// characters, none and `/` included, `?` for exactly one character; every other
// character stands for itself, brackets and backslash too, and the pattern has to
// fit the whole name. There is no escape: a `*` or `?` of a name is met by `?`.
// (path.Match is not used: its `*` stops at the slashes subjects are full of, and
// its backslash and brackets would be taken for syntax.)
//
// A report writes a control character of a name as an escape and doubles a
// backslash, and the pattern is compared with that; TOML's '…' takes a backslash
// as it is.
type Pattern string

// maxPattern is as much as any shown name can be long, in characters: 512 of the
// host, each at most an escape of ten.
const maxPattern = 5120

// UnmarshalText implements encoding.TextUnmarshaler. Its errors do not repeat the
// pattern: it may name an account that must not leave the host.
func (p *Pattern) UnmarshalText(b []byte) error {
	switch {
	case len(b) == 0:
		return errors.New("is empty and would fit nothing: leave the setting out to permit any")
	case utf8.RuneCount(b) > maxPattern:
		return errors.New("is longer than any name a report shows")
	case !checks.Text(b).Valid():
		return errors.New("holds a character that a report shows as an escape: write it as it is shown")
	}
	*p = Pattern(b)
	return nil
}

// Match reports whether the pattern fits the whole of name.
func (p Pattern) Match(name string) bool {
	pattern := string(p)
	// The last `*` met takes as little as it can, and one more where that fails.
	star, retry := -1, 0
	at, in := 0, 0
	for in < len(name) {
		_, size := utf8.DecodeRuneInString(name[in:])
		switch {
		case at < len(pattern) && pattern[at] == '*':
			star, retry = at, in
			at++
			continue
		case at < len(pattern) && pattern[at] == '?':
			at++
			in += size
			continue
		case at < len(pattern) && strings.HasPrefix(pattern[at:], name[in:in+size]):
			at += size
			in += size
			continue
		case star < 0:
			return false
		}
		_, size = utf8.DecodeRuneInString(name[retry:])
		retry += size
		at, in = star+1, retry
	}
	return strings.Trim(pattern[at:], "*") == ""
}
