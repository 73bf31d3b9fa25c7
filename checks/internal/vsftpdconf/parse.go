// Package vsftpdconf reads vsftpd.conf(5) as strictly as vsftpd 3.0.3 does. Every
// rule was tried on the real program, which is stricter in places than its manual
// page tells and laxer in others:
//
//   - a line whose first byte is '#' is a comment, one of blanks only is nothing;
//     otherwise leading blanks are dropped, also before a '#', which then is no
//     comment but a broken setting;
//   - no blank may stand before '=' or in or after a boolean; a number may have
//     blanks before it and anything after it, so CRLF line ends spoil booleans only;
//   - a text setting takes everything after '=', or nothing, even without '=';
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
)

// Parse reads the content of a file. The settings before a problem are returned
// with it.
func Parse(file string, b []byte) ([]Setting, *Problem) {
	b = b[:min(len(b), maxFile)]
	var settings []Setting
	for number := 1; len(b) > 0; number++ {
		line, rest, _ := bytes.Cut(b, []byte("\n"))
		b = rest
		if len(line) == 0 || line[0] == '#' || len(bytes.Trim(line, blanks)) == 0 {
			continue
		}
		s, problem := parseSetting(string(line), Position{file, number})
		if problem != nil {
			return settings, problem
		}
		settings = append(settings, s)
	}
	return settings, nil
}

// ParseOption reads what follows -o on the command line.
func ParseOption(option string) (Setting, *Problem) {
	return parseSetting(option, Position{})
}

func parseSetting(line string, at Position) (Setting, *Problem) {
	line, _, _ = strings.Cut(line, "\x00") // the program goes on with a C string
	key, value, _ := strings.Cut(strings.TrimLeft(line, blanks), "=")
	s := Setting{Key: key, Kind: KindOf(key), Value: value, At: at}
	if s.Kind == Text {
		return s, nil
	}
	if value == "" {
		return Setting{}, &Problem{at, key, MissingValue}
	}
	switch s.Kind {
	case Boolean:
		switch strings.ToUpper(value) {
		case "YES", "TRUE", "1":
			s.Yes = true
		case "NO", "FALSE", "0":
		default:
			return Setting{}, &Problem{at, key, BadBoolean}
		}
	case Number:
		s.Number = parseNumber(value)
	default:
		return Setting{}, &Problem{at, key, BadKey}
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
