package sshdconf

import "strings"

// entry is one pattern of a list.
type entry struct {
	text    string
	negated bool
}

// splitPatterns cuts a list as match_pattern_list() of match.c does: a comma at the
// end begins no entry, and an entry that is too long ends the list and matches
// nothing (its text is then longer than any string looked at).
func splitPatterns(list string) []entry {
	var entries []entry
	for list != "" {
		var e entry
		list, e.negated = strings.CutPrefix(list, "!")
		e.text, list, _ = strings.Cut(list, ",")
		entries = append(entries, e)
	}
	return entries
}

// longPattern is the length from which on match_pattern_list() gives up.
const longPattern = 1023

// patternList is match_pattern_list(): 1 match, -1 a negated entry matches, 0 none.
func patternList(s string, entries []entry) int {
	matched := 0
	for _, e := range entries {
		if len(e.text) >= longPattern {
			return 0
		}
		if matchPattern(s, e.text) {
			if e.negated {
				return -1
			}
			matched = 1
		}
	}
	return matched
}

// matchPatternList is match_pattern_list() of match.c: one entry must match,
// none with ! in front may.
func matchPatternList(s, list string) bool { return patternList(s, splitPatterns(list)) == 1 }

// matchPattern is match_pattern() of match.c: * and ? only, case matters.
func matchPattern(s, pattern string) bool {
	star, mark := -1, 0
	i, p := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			i, p = i+1, p+1
		case star >= 0:
			mark++
			i, p = mark, star+1
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
