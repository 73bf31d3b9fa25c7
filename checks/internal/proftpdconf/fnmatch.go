package proftpdconf

import "strings"

// isPattern is pr_str_is_fnmatch().
func isPattern(s string) bool {
	bracket := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '?', '*':
			return true
		case '\\':
			i++
		case '[':
			bracket = true
		case ']':
			if bracket {
				return true
			}
		}
	}
	return false
}

// plainPattern reports a pattern that matchName evaluates: classes and collating symbols
// within brackets are not.
func plainPattern(pattern string) bool {
	return !strings.Contains(pattern, "[[:") && !strings.Contains(pattern, "[:") &&
		!strings.Contains(pattern, "[.") && !strings.Contains(pattern, "[=") && strings.Count(pattern, "*") <= 16
}

// matchName is fnmatch(3) of one name with FNM_PERIOD, in the C locale.
func matchName(pattern, name string) bool {
	if strings.HasPrefix(name, ".") && !strings.HasPrefix(pattern, ".") && !strings.HasPrefix(pattern, `\.`) {
		return false
	}
	p, n := 0, 0
	star, mark := -1, 0
	for n < len(name) {
		if p < len(pattern) && pattern[p] == '*' {
			star, mark = p, n
			p++
			continue
		}
		if width, ok := matchByte(pattern[p:], name[n]); ok {
			p += width
			n++
			continue
		}
		if star < 0 {
			return false
		}
		mark++
		p, n = star+1, mark
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchByte matches the first element of a pattern and returns its width.
func matchByte(pattern string, c byte) (int, bool) {
	if pattern == "" {
		return 0, false
	}
	switch pattern[0] {
	case '?':
		return 1, true
	case '\\':
		if len(pattern) == 1 {
			return 1, false
		}
		return 2, pattern[1] == c
	case '[':
		if width, ok, closed := matchSet(pattern, c); closed {
			return width, ok
		}
	}
	return 1, pattern[0] == c
}

// matchSet matches [abc], [a-z], [!abc] and [^abc].
func matchSet(pattern string, c byte) (width int, ok, closed bool) {
	i := 1
	negated := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negated {
		i++
	}
	for first := true; i < len(pattern); first = false {
		if pattern[i] == ']' && !first {
			return i + 1, ok != negated, true
		}
		low, used := setByte(pattern[i:])
		i += used
		high := low
		if i+1 < len(pattern) && pattern[i] == '-' && pattern[i+1] != ']' {
			high, used = setByte(pattern[i+1:])
			i += 1 + used
		}
		if low <= c && c <= high {
			ok = true
		}
	}
	return 0, false, false
}

func setByte(s string) (byte, int) {
	if s[0] == '\\' && len(s) > 1 {
		return s[1], 2
	}
	return s[0], 1
}
