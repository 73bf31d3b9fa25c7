package passwd

import "strings"

// Shadow is one line of shadow(5). Ages are days, -1 means "none" (an empty
// field).
type Shadow struct {
	Line                                         int // from 1
	Name, Field                                  string
	LastChange, Min, Max, Warn, Inactive, Expire int32
	Compat                                       bool // a "+" or "-" line

	// Problem says why glibc passes the line over; then only Line, Name and
	// Field mean anything. "" = valid.
	Problem string
	// Unsure: the problem is a number out of range, which older versions of
	// glibc read as "none", so there the line is valid.
	Unsure bool
}

// Shadows reads shadow(5) and returns valid and invalid lines in the order of
// the file: an invalid line refuses its account only while no valid line of the
// same name exists, which the caller decides.
//
// Two forms are valid that look short: the five fields of the old layout, and
// eight fields when the last is not empty.
func Shadows(data []byte) []Shadow {
	var out []Shadow
	for number, line := range entries(data) {
		out = append(out, shadow(number, line))
	}
	return out
}

func shadow(lineNumber int, line string) Shadow {
	s := Shadow{Line: lineNumber, LastChange: -1, Min: -1, Max: -1, Warn: -1, Inactive: -1, Expire: -1}
	rest := line
	s.Name, rest = cut(rest)
	s.Compat = compat(s.Name)
	if s.Compat && rest == "" {
		return s
	}
	s.Field, rest = cut(rest)
	for _, age := range []struct {
		value *int32
		name  string
	}{{&s.LastChange, "date of last change"}, {&s.Min, "minimum age"}, {&s.Max, "maximum age"}} {
		if *age.value, rest, s.Problem = days(rest, age.name); s.Problem != "" {
			s.Unsure = strings.HasSuffix(s.Problem, outOfRange)
			return s
		}
	}
	if rest = strings.TrimLeft(rest, blanks); rest == "" {
		return s // the old layout ends here
	}
	for _, age := range []struct {
		value *int32
		name  string
	}{{&s.Warn, "warning period"}, {&s.Inactive, "inactivity period"}, {&s.Expire, "expiry date"}} {
		if *age.value, rest, s.Problem = days(rest, age.name); s.Problem != "" {
			s.Unsure = strings.HasSuffix(s.Problem, outOfRange)
			return s
		}
	}
	if rest == "" {
		return s
	}
	if _, end, ok := strtou32(rest); end != "" {
		digits, after, _ := number(rest)
		s.Unsure = !ok && digits != "" && after == ""
		switch {
		case s.Unsure:
			s.Problem = "reserved field" + outOfRange
		case strings.Contains(end, ":"):
			s.Problem = "too many fields"
		default:
			s.Problem = "the last field is not a number"
		}
	}
	return s
}

// days is INT_FIELD_MAYBE_NULL with the conversion (long)(int).
func days(s, what string) (value int32, rest, problem string) {
	if s == "" {
		return -1, "", "too few fields: no " + what
	}
	n, end, ok := strtou32(s)
	value = int32(n)
	if !ok {
		value = -1
	}
	if end == "" {
		return value, "", ""
	}
	if digits, after, _ := number(s); !ok && digits != "" && (after == "" || after[0] == ':') {
		return -1, "", what + outOfRange
	}
	if end[0] != ':' {
		return -1, "", what + " is not a number"
	}
	return value, end[1:], ""
}

const outOfRange = " is out of range"
