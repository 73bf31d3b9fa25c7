package sshdconf

import (
	"maps"
	"slices"
	"strings"
)

// assemble judges the lists of algorithms as sshd puts them together after reading
// (kex_assemble_names() in kex-names.c): patterns with ! are not allowed, and a list
// must leave something.
func (s *settled) assemble(b Build) (*Line, Outcome) {
	for _, keyword := range slices.Sorted(maps.Keys(s.lists)) {
		line := s.lists[keyword]
		list := line.Args[0]
		switch list[0] {
		case '-':
			continue
		case '+':
			// Put behind the defaults and a comma, it ends at the first empty entry.
			if list, _, _ = strings.Cut(","+list[1:], ",,"); hasNegation(list) {
				return line, refused("a list of algorithms with a negated pattern")
			}
			continue
		case '^':
			if hasNegation(list[1:]) {
				return line, refused("a list of algorithms with a negated pattern")
			}
			continue
		}
		if hasNegation(list) {
			return line, refused("a list of algorithms with a negated pattern")
		}
		switch leaves(keyword, list, b) {
		case without:
			return line, refused("a list of algorithms that leaves none")
		case maybe:
			return line, unsure("a list of algorithms that may leave none")
		}
	}
	return nil, Outcome{}
}

func hasNegation(list string) bool {
	return strings.HasPrefix(list, "!") || strings.Contains(list, ",!")
}

// leaves says whether an explicit list names an algorithm by its full name or by a
// pattern.
func leaves(keyword, list string, b Build) feature {
	names := keyAlgorithms
	switch keyword {
	case "ciphers":
		names = ciphers
	case "macs":
		names = macs
	case "kexalgorithms":
		names = keyExchanges
	}
	result := without
	for entry := range strings.SplitSeq(list, ",") {
		for _, n := range names {
			if n.name == "null" || keyword == "casignaturealgorithms" && strings.Contains(n.name, "-cert-v01@") {
				continue
			}
			if entry != "" && matchPattern(n.name, entry) {
				result = either(result, n.known(b))
			}
		}
	}
	return result
}
