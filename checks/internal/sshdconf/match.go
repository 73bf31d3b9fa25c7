package sshdconf

import (
	"slices"
	"strings"
)

// Criterion is one condition of a Match line: its name in lower case and its
// argument ("" for all and invalid-user).
type Criterion struct{ Name, Arg string }

// matchWords cuts a Match line with strdelim() (before 10.0) or takes the words
// of argv_split() (from 10.0 on, where name=argument is cut afterwards).
func matchWords(l Line, old bool) (words []string, ok bool) {
	if !old {
		for _, w := range l.Args {
			if name, arg, cut := strings.Cut(w, "="); cut && len(words)%2 == 0 && slices.Contains(criteriaWithArg, lower(name)) {
				words = append(words, name, arg)
				continue
			}
			words = append(words, w)
		}
		return words, true
	}
	s := l.Rest
	for more := true; more; {
		var w string
		w, s, more, ok = strdelim(s)
		if !ok {
			return nil, false
		}
		if w == "" {
			return words, !more
		}
		if w[0] == '#' {
			break
		}
		words = append(words, w)
	}
	return words, true
}

var criteriaWithArg = []string{"user", "group", "host", "address", "localaddress", "localport", "rdomain", "version"}

// criteria reads a Match line.
func criteria(l Line, b Build) ([]Criterion, Outcome) {
	words, ok := matchWords(l, !b.Version.AtLeast(10, 0))
	if !b.Version.Known() {
		if other, _ := matchWords(l, false); !slices.Equal(words, other) {
			return nil, unsure("versions of OpenSSH read the Match line differently, and the version is not known")
		}
	}
	if !ok {
		return nil, unsure("an empty word or an open quote in a Match line")
	}
	if len(words) == 0 {
		return nil, refused("no condition")
	}
	var list []Criterion
	for len(words) > 0 {
		name := lower(words[0])
		words = words[1:]
		switch name {
		case "all":
			if len(list) > 0 || len(words) > 0 {
				return nil, refused("all beside other conditions")
			}
			return []Criterion{{Name: name}}, Outcome{}
		case "invalid-user", "version":
			if b.Version.Before(9, 3) {
				return nil, refused("a condition that this version does not know")
			}
			if !b.Version.AtLeast(10, 0) {
				return nil, unsure("a condition that not every version knows")
			}
			if name == "invalid-user" {
				list = append(list, Criterion{Name: name})
				continue
			}
		}
		if len(words) == 0 || words[0] == "" {
			return nil, refused("a condition without argument, or an unknown one")
		}
		arg := words[0]
		words = words[1:]
		switch name {
		case "address", "localaddress":
			if o := addressList(arg); o.Kind != Accepted {
				return nil, o
			}
		case "localport":
			if n, isNumber := digits(arg); isNumber && n > 65535 {
				return nil, refused("not a port number")
			} else if !isNumber {
				return nil, unsure("a port that is no plain number")
			}
		case "user", "group", "host", "rdomain", "version":
		default:
			return nil, refused("unknown condition")
		}
		list = append(list, Criterion{name, arg})
	}
	return list, Outcome{}
}

func matchLine(l Line, b Build) Outcome {
	_, o := criteria(l, b)
	return o
}

// applies says whether a block with these conditions applies to connections of
// any of the accounts.
func applies(block []Criterion, users []string) reach {
	result := everyone
	for _, c := range block {
		switch c.Name {
		case "all":
		case "invalid-user":
			return never
		case "user":
			matched := 0
			for _, user := range users {
				if matchPatternList(user, c.Arg) {
					matched++
				}
			}
			switch matched {
			case 0:
				return never
			case len(users):
			default:
				result = some
			}
		default:
			result = some
		}
	}
	return result
}

// reach is for how many of the connections looked at a line counts.
type reach int

const (
	some reach = iota // for some, or not established
	never
	everyone
)

// matchPatternList is match_pattern_list() of match.c: one entry must match,
// none with ! in front may.
func matchPatternList(s, list string) bool {
	matched := false
	for entry := range strings.SplitSeq(list, ",") {
		entry, negated := strings.CutPrefix(entry, "!")
		if len(entry) >= 1023 {
			return false
		}
		if matchPattern(s, entry) {
			if negated {
				return false
			}
			matched = true
		}
	}
	return matched
}

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
