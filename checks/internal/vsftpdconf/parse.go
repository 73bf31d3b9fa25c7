// Package vsftpdconf reads vsftpd.conf(5) and the command line of vsftpd(8) as the program
// does, which is stricter in places than its manual page tells and laxer in others, and
// not the same in every build (Build). Every rule was tried on Debian's 3.0.3 and 3.0.5:
//
//   - a line whose first byte is '#' is a comment, one of blanks only is nothing;
//     otherwise leading blanks are dropped, also before a '#', which then is no
//     comment but a broken setting;
//   - no blank may stand before '=' or in or after a boolean; a number may have
//     blanks before it and anything after it, so CRLF line ends spoil booleans only.
//     Since Debian's 3.0.5-1 blanks at both ends of keys and values are dropped;
//   - a text setting takes everything after '=', or nothing, even without '='; of
//     blanks alone Debian's program crashes before 3.0.5-1;
//   - the last value of a key wins, and the first broken line ends the program;
//   - the file is read up to 100,000 bytes and cut there.
package vsftpdconf

import (
	"bytes"
	"fmt"
	"math"
	"strings"
)

// maxFile is how much vsftpd reads of a configuration file.
const maxFile = 100000

// blanks are those of isspace(3) in the C locale.
const blanks = " \t\n\v\f\r"

// Position is a place in a file; Line counts from 1.
type Position struct {
	File string
	Line int
}

// Setting is one line that vsftpd accepts.
type Setting struct {
	Key    string
	Kind   Kind
	Value  string // as written after '='
	Yes    bool   // of a Boolean
	Number uint32 // of a Number, as the program's arithmetic makes it
	At     Position
}

// Problem is the line at which vsftpd gives up: it does not start.
type Problem struct {
	At   Position
	Key  string
	What string // "missing value", "bad boolean value", "unknown key"
	// Unsure: builds take the line differently, and which one it is is not known.
	Unsure bool
}

// Error implements error.
func (p *Problem) Error() string {
	return fmt.Sprintf("%s:%d: %s for %q", p.At.File, p.At.Line, p.What, p.Key)
}

// Problems that a line can have.
const (
	MissingValue = "missing value"
	BadBoolean   = "bad boolean value"
	BadKey       = "unknown key"
	BlankText    = "a value of blanks alone, which crashes the program,"
)

// ParseAs reads the content of a file. The settings before a problem are returned
// with it; of one that is Unsure, all settings are, as a build that starts takes them.
func ParseAs(build Build, file string, b []byte) (settings []Setting, problem *Problem) {
	b = b[:min(len(b), maxFile)]
	for number := 1; len(b) > 0; number++ {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		b = rest
		if len(line) == 0 || line[0] == '#' || len(bytes.Trim(line, blanks)) == 0 {
			continue
		}
		s, bad := build.setting(string(line), Position{file, number})
		if bad != nil && !bad.Unsure {
			return settings, bad
		}
		if problem == nil {
			problem = bad
		}
		if s.Kind != UnknownKey {
			settings = append(settings, s)
		}
	}
	return settings, problem
}

// ParseOptionAs reads what follows -o on the command line.
func ParseOptionAs(build Build, option string) (Setting, *Problem) {
	return build.setting(option, Position{})
}

// trim is a way builds treat blanks.
type trim int

const (
	trimNone trim = iota
	trimText
	trimAll
)

// trims lists the ways this build may be of.
func (b Build) trims() (ways []trim) {
	if b.TrimAll != Yes {
		if b.TrimText != Yes {
			ways = append(ways, trimNone)
		}
		if b.TrimText != No {
			ways = append(ways, trimText)
		}
	}
	if b.TrimAll != No {
		ways = append(ways, trimAll)
	}
	return ways
}

// setting reads one line in every way the build may be of.
func (b Build) setting(line string, at Position) (Setting, *Problem) {
	var taken Setting
	var first *Problem
	refused, differ := 0, false
	ways := b.trims()
	for _, way := range ways {
		s, bad := parseSetting(line, at, way)
		switch {
		case bad != nil:
			refused++
			if first == nil {
				first = bad
			}
		case taken.Kind == UnknownKey:
			taken = s
		default:
			differ = differ || s.Kind != taken.Kind || s.Yes != taken.Yes || s.Number != taken.Number
		}
	}
	if refused == len(ways) {
		// A build that knows more keys may take it.
		first.Unsure = KindOf(first.Key) == UnknownKey && b.NoOtherKeys != Yes && isName(first.Key)
		return Setting{}, first
	}
	if first == nil && differ {
		first = &Problem{At: at, Key: taken.Key, What: "a value that versions read differently"}
	}
	if first != nil {
		first.Unsure = true
		return taken, first
	}
	switch b.knows(taken.Key) {
	case No:
		return Setting{}, &Problem{At: at, Key: taken.Key, What: BadKey}
	case Maybe:
		return taken, &Problem{At: at, Key: taken.Key, What: BadKey, Unsure: true}
	}
	return taken, nil
}

// isName tells whether a build could have a key of this name.
func isName(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

func parseSetting(line string, at Position, way trim) (Setting, *Problem) {
	line, _, _ = strings.Cut(line, "\x00") // the program goes on with a C string
	key, value, _ := strings.Cut(strings.TrimLeft(line, blanks), "=")
	if way == trimAll {
		key, value = strings.Trim(key, blanks), strings.Trim(value, blanks)
	}
	s := Setting{Key: key, Kind: KindOf(key), Value: value, At: at}
	if s.Kind == Text {
		if way == trimText && value != "" && strings.Trim(value, blanks) == "" {
			return Setting{}, &Problem{At: at, Key: key, What: BlankText}
		}
		return s, nil
	}
	if value == "" {
		return Setting{}, &Problem{At: at, Key: key, What: MissingValue}
	}
	switch s.Kind {
	case Boolean:
		switch strings.ToUpper(value) {
		case "YES", "TRUE", "1":
			s.Yes = true
		case "NO", "FALSE", "0":
		default:
			return Setting{}, &Problem{At: at, Key: key, What: BadBoolean}
		}
	case Number:
		s.Number = parseNumber(value)
	default:
		return Setting{}, &Problem{At: at, Key: key, What: BadKey}
	}
	return s, nil
}

// parseNumber reads a number as the program does: octal if the very first byte is
// a zero, else like atoi(3), which stops at the first byte that is no digit and
// whose long result is cut to 32 bits.
func parseNumber(s string) uint32 {
	if s[0] == '0' {
		var n uint32
		for _, c := range []byte(s) {
			if c < '0' || c > '7' {
				break
			}
			n = n<<3 + uint32(c-'0')
		}
		return n
	}
	s = strings.TrimLeft(s, blanks)
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	var n int64
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			break
		}
		digit := int64(c - '0')
		if n > (math.MaxInt64-digit)/10 {
			if negative {
				return 0 // the low bits of the least long
			}
			return math.MaxUint32
		}
		n = n*10 + digit
	}
	if negative {
		n = -n
	}
	return uint32(n)
}
