// Package passwd reads the account files passwd(5), shadow(5) and group(5) the
// way glibc's "files" name service does (nss_files and its LINE_PARSER), because
// that is what decides who can log in: a line that looks broken to a person may
// be a valid entry there, and the other way round.
//
// Rules common to the three files: a line ends at its first NUL byte; blanks
// before the first field are skipped; an empty line and one starting with "#" is
// no entry; numbers are read with strtoul, so " 0", "+0", "-0" and "00" are 0; a
// number that does not fit 32 bits is none; a line that does not parse is passed
// over as if it were not there. Bytes are kept as they are. testdata/glibc.tsv
// holds what glibc 2.36 itself made of such lines.
package passwd

import (
	"math"
	"strconv"
	"strings"
)

// User is one valid line of passwd(5).
type User struct {
	Line               int // from 1
	Name, Password     string
	UID, GID           uint32
	GECOS, Home, Shell string
	Compat             bool // a "+" or "-" line: for NIS, never an account of its own
}

// Group is one valid line of group(5).
type Group struct {
	Line     int
	Name     string
	Password string // field 2; gshadow(5) comes before it
	GID      uint32
	Members  []string
	Compat   bool
}

// Bad is a line that is no valid entry.
type Bad struct {
	Line    int
	Name    string // first field
	ID      string // third field as written, "" where there is none
	Problem string
}

// Users reads passwd(5). Both results are in the order of the file.
func Users(data []byte) (users []User, bad []Bad) {
	for number, line := range entries(data) {
		u := User{Line: number}
		rest := line
		u.Name, rest = cut(rest)
		u.Compat = compat(u.Name)
		if u.Compat && rest == "" {
			users = append(users, u)
			continue
		}
		u.Password, rest = cut(rest)
		idField, _ := cut(rest)
		var problem string
		u.UID, rest, problem = id(rest, "user ID", u.Compat)
		if problem == "" {
			u.GID, rest, problem = id(rest, "group ID", u.Compat)
		}
		if problem != "" {
			bad = append(bad, Bad{Line: number, Name: u.Name, ID: idField, Problem: problem})
			continue
		}
		u.GECOS, rest = cut(rest)
		u.Home, rest = cut(rest)
		u.Shell = rest
		users = append(users, u)
	}
	return users, bad
}

// Groups reads group(5).
func Groups(data []byte) (groups []Group, bad []Bad) {
	for number, line := range entries(data) {
		g := Group{Line: number}
		rest := line
		g.Name, rest = cut(rest)
		g.Compat = compat(g.Name)
		if g.Compat && rest == "" {
			groups = append(groups, g)
			continue
		}
		g.Password, rest = cut(rest)
		idField, _ := cut(rest)
		var problem string
		g.GID, rest, problem = id(rest, "group ID", g.Compat)
		if problem != "" {
			bad = append(bad, Bad{Line: number, Name: g.Name, ID: idField, Problem: problem})
			continue
		}
		for member := range strings.SplitSeq(rest, ",") {
			if member = strings.TrimLeft(member, blanks); member != "" {
				g.Members = append(g.Members, member)
			}
		}
		groups = append(groups, g)
	}
	return groups, bad
}

// blanks is isspace(3) in the C locale.
const blanks = " \t\n\v\f\r"

// entries yields line number and text of every line that glibc would parse.
func entries(data []byte) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		number := 0
		for line := range strings.SplitSeq(string(data), "\n") {
			number++
			line, _, _ = strings.Cut(line, "\x00")
			line = strings.TrimLeft(line, blanks)
			if line == "" || line[0] == '#' {
				continue
			}
			if !yield(number, line) {
				return
			}
		}
	}
}

// cut is STRING_FIELD: the text up to the next colon, and what follows it.
func cut(s string) (field, rest string) {
	field, rest, _ = strings.Cut(s, ":")
	return field, rest
}

// compat reports a name that belongs to nss_compat.
func compat(name string) bool {
	return name != "" && (name[0] == '+' || name[0] == '-')
}

// id is INT_FIELD, and INT_FIELD_MAYBE_NULL for a compat line, where an empty
// number is 0.
func id(s, what string, mayBeNull bool) (value uint32, rest, problem string) {
	if mayBeNull && s == "" {
		return 0, "", what + " is missing"
	}
	value, end, ok := strtou32(s)
	if !ok && !mayBeNull {
		return 0, "", what + " is not a number"
	}
	if end == "" {
		return value, "", ""
	}
	if end[0] != ':' {
		return 0, "", what + " is not a number"
	}
	return value, end[1:], ""
}

// strtou32 is glibc's strtoul(3), base 10, bounded to 32 bits. ok is false, and
// rest the whole of s, when s does not start with a number in that range; the
// range is that of an unsigned long after its sign was applied.
func strtou32(s string) (value uint32, rest string, ok bool) {
	digits, rest, negative := number(s)
	if digits == "" {
		return 0, s, false
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return 0, s, false
	}
	if negative {
		n = -n
	}
	if n > math.MaxUint32 {
		return 0, s, false
	}
	return uint32(n), rest, true
}

// number splits what strtoul would read: blanks, a sign, digits.
func number(s string) (digits, rest string, negative bool) {
	s = strings.TrimLeft(s, blanks)
	if s != "" && (s[0] == '+' || s[0] == '-') {
		negative = s[0] == '-'
		s = s[1:]
	}
	i := 0
	for i < len(s) && '0' <= s[i] && s[i] <= '9' {
		i++
	}
	return s[:i], s[i:], negative
}
