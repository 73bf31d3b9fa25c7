package sshdconf

import (
	"math"
	"strconv"
	"strings"
)

// The number readers of the C library as sshd uses them. Spaces in front are those of
// isspace() in the C locale, and one sign is taken.

const spaces = " \t\n\v\f\r"

// scanInt is strtoll(): the number s begins with in the base (0 = as in C), saturated,
// and what follows it. ok is false if there is none.
func scanInt(s string, base int) (n int64, rest string, ok bool) {
	digits := strings.TrimLeft(s, spaces)
	negative := strings.HasPrefix(digits, "-")
	if negative || strings.HasPrefix(digits, "+") {
		digits = digits[1:]
	}
	if base == 0 {
		base = 10
		if len(digits) > 2 && digits[0] == '0' && digits[1]|0x20 == 'x' && hexDigit(digits[2]) < 16 {
			base, digits = 16, digits[2:]
		} else if strings.HasPrefix(digits, "0") {
			base = 8
		}
	}
	end := 0
	for end < len(digits) && hexDigit(digits[end]) < base {
		end++
	}
	if end == 0 {
		return 0, s, false
	}
	u, err := strconv.ParseUint(digits[:end], base, 64)
	switch {
	case negative && (err != nil || u > 1<<63):
		n = math.MinInt64
	case negative:
		n = -int64(u)
	case err != nil || u > math.MaxInt64:
		n = math.MaxInt64
	default:
		n = int64(u)
	}
	return n, digits[end:], true
}

func hexDigit(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c|0x20 >= 'a' && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return 99
}

// strtonum is strtonum(3): a whole number and nothing else.
func strtonum(s string, low, high int64) (int64, bool) {
	n, rest, ok := scanInt(s, 10)
	return n, ok && rest == "" && n >= low && n <= high
}

// scanInts is sscanf() with "%d:%d:…": how many numbers there are, and the numbers as
// an int holds them.
func scanInts(s string, most int) []int32 {
	var list []int32
	for len(list) < most {
		if len(list) > 0 {
			rest, colon := strings.CutPrefix(s, ":")
			if !colon {
				break
			}
			s = rest
		}
		n, rest, ok := scanInt(s, 10)
		if !ok {
			break
		}
		list, s = append(list, int32(n)), rest
	}
	return list
}

// scaled is scan_scaled(3): a number with a unit of B K M G T P E.
func scaled(s string) (int64, bool) {
	const units = 7
	s = strings.TrimLeft(s, spaces)
	sign := int64(1)
	if s != "" && (s[0] == '-' || s[0] == '+') {
		if s[0] == '-' {
			sign = -1
		}
		s = s[1:]
	}
	whole, digits, fraction := int64(0), 0, 0
	part := int64(0)
	for ; s != "" && (s[0] == '.' || s[0] >= '0' && s[0] <= '9'); s = s[1:] {
		digit := int64(s[0] - '0')
		switch {
		case s[0] == '.' && fraction > 0:
			return 0, false
		case s[0] == '.':
			fraction = 1
		case fraction > 0:
			if fraction < units*3-1 {
				fraction++
				if part > math.MaxInt64/10 || digit > math.MaxInt64-part*10 {
					return 0, false
				}
				part = part*10 + digit
			}
		default:
			digits++
			if digits >= units*3 || whole > math.MaxInt64/10 || digit > math.MaxInt64-whole*10 {
				return 0, false
			}
			whole = whole*10 + digit
		}
	}
	whole *= sign
	if s == "" {
		return whole, true
	}
	unit := strings.IndexByte("bkmgtpe", s[0]|0x20)
	if unit < 0 || s[0]&^0x20 < 'A' || len(s) > 1 && isAlnum(s[1]) {
		return 0, false
	}
	factor := int64(1) << (10 * unit)
	if whole > math.MaxInt64/factor || whole < math.MinInt64/factor {
		return 0, false
	}
	whole *= factor
	for part >= math.MaxInt64/factor {
		part /= 10
		fraction--
	}
	part *= factor
	for range fraction - 1 {
		part /= 10
	}
	return whole + sign*part, true
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

const (
	minute = 60
	hour   = 60 * minute
	day    = 24 * hour
	week   = 7 * day
)

// unitOf returns the seconds of a unit of TIME FORMATS in sshd_config(5), 0 = none.
func unitOf(c byte) int64 {
	switch c | 0x20 {
	case 's':
		return 1
	case 'm':
		return minute
	case 'h':
		return hour
	case 'd':
		return day
	case 'w':
		return week
	}
	return 0
}

// isTime reports whether convtime() of the version takes s.
func isTime(s string, v Version) bool {
	switch {
	case s == "":
		return false
	case v.AtLeast(10, 3):
		seconds, ok := fractionalTime(s)
		return ok && seconds <= math.MaxInt32
	case v.AtLeast(9, 8):
		return wholeTime(s, math.MaxInt32, true)
	case v.AtLeast(8, 5):
		return wholeTime(s, math.MaxInt32, false)
	}
	return wholeTime(s, math.MaxInt64-1, false)
}

// wholeTime is convtime() until 10.2. Before 9.8 strtol() read the numbers. Before 8.5
// it counted in a long, and the caller's int made -1, that is an error, out of some
// totals.
func wholeTime(s string, limit int64, digitsOnly bool) bool {
	total := int64(0)
	for s != "" {
		n, rest, ok := scanInt(s, 10)
		if !ok || n < 0 || n > limit || digitsOnly && (s[0] < '0' || s[0] > '9') {
			return false
		}
		unit := int64(1)
		if rest != "" {
			if unit = unitOf(rest[0]); unit == 0 {
				return false
			}
			rest = rest[1:]
		}
		if n > limit/unit || total > limit-n*unit {
			return false
		}
		total, s = total+n*unit, rest
	}
	return int32(total) != -1
}

// fractionalTime is convtime_double() since 10.3: seconds may have a fraction, and
// stand only once.
func fractionalTime(s string) (total float64, ok bool) {
	seconds := false
	for s != "" {
		end := len(s) - len(strings.TrimLeft(s, "0123456789."))
		if end == 0 {
			return 0, false
		}
		n, err := strconv.ParseFloat(s[:end], 64)
		if err != nil {
			return 0, false
		}
		fraction := strings.Contains(s[:end], ".")
		unit := int64(1)
		last := s[end-1]
		if s = s[end:]; s != "" {
			if unit = unitOf(s[0]); unit == 0 {
				return 0, false
			}
			s = s[1:]
		}
		if unit == 1 && seconds || fraction && (unit > 1 || last == '.') {
			return 0, false
		}
		seconds = seconds || unit == 1
		total += float64(n) * float64(unit)
	}
	return total, true
}
