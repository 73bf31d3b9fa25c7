package tree

import "strings"

// literalName returns the name a pattern component stands for if it has no
// wildcard; backslashes are taken off.
func literalName(pat string) (string, bool) {
	if !strings.ContainsAny(pat, `*?[\`) {
		return pat, true
	}
	var b strings.Builder
	for i := 0; i < len(pat); i++ {
		switch pat[i] {
		case '*', '?', '[':
			return "", false
		case '\\':
			if i+1 < len(pat) {
				i++
			}
		}
		b.WriteByte(pat[i])
	}
	return b.String(), true
}

// wildcard is a compiled pattern component. Compiling once keeps a hostile
// pattern from being scanned again for every byte of every name.
type wildcard struct {
	elems []byteSet
	dot   bool // begins with a literal dot, so names that do may match
}

// byteSet is the set of bytes one element matches; nil is "*".
type byteSet *[256]bool

// compileWildcard compiles one component for matching byte by byte, as fnmatch(3)
// does in the C locale.
func compileWildcard(pat string) wildcard {
	w := wildcard{dot: strings.HasPrefix(pat, ".") || strings.HasPrefix(pat, `\.`)}
	for pat != "" {
		if pat[0] == '*' {
			if n := len(w.elems); n == 0 || w.elems[n-1] != nil {
				w.elems = append(w.elems, nil)
			}
			pat = pat[1:]
			continue
		}
		var set [256]bool
		size := 1
		switch pat[0] {
		case '?':
			for c := range set {
				set[c] = true
			}
		case '[':
			var closed bool
			if set, size, closed = compileBracket(pat); !closed {
				// No bracket closes it: "[" stands for itself.
				set, size = [256]bool{'[': true}, 1
			}
		default:
			var c byte
			c, size = escapedByte(pat)
			set[c] = true
		}
		w.elems = append(w.elems, &set)
		pat = pat[size:]
	}
	return w
}

// match reports whether name matches. On a mismatch only the last "*" can take
// one byte more, so the cost is bounded by the product of the two lengths.
func (w wildcard) match(name string) bool {
	if strings.HasPrefix(name, ".") && !w.dot {
		return false
	}
	p, n := 0, 0
	star, starN := -1, 0
	for n < len(name) {
		switch {
		case p < len(w.elems) && w.elems[p] == nil:
			star, starN = p, n
			p++
		case p < len(w.elems) && w.elems[p][name[n]]:
			p++
			n++
		case star >= 0:
			starN++
			p, n = star+1, starN
		default:
			return false
		}
	}
	for p < len(w.elems) && w.elems[p] == nil {
		p++
	}
	return p == len(w.elems)
}

// compileBracket compiles the bracket expression pat begins with; closed is
// false when there is none.
func compileBracket(pat string) (set [256]bool, size int, closed bool) {
	i := 1
	negated := i < len(pat) && (pat[i] == '!' || pat[i] == '^')
	if negated {
		i++
	}
	for first := true; i < len(pat); first = false {
		if pat[i] == ']' && !first {
			if negated {
				for c := range set {
					set[c] = !set[c]
				}
			}
			return set, i + 1, true
		}
		if name, length := className(pat[i:]); length > 0 {
			for c := range set {
				set[c] = set[c] || inClass(name, byte(c))
			}
			i += length
			continue
		}
		lo, length := escapedByte(pat[i:])
		i += length
		hi := lo
		if i+1 < len(pat) && pat[i] == '-' && pat[i+1] != ']' {
			hi, length = escapedByte(pat[i+1:])
			i += 1 + length
		}
		for c := int(lo); c <= int(hi); c++ {
			set[c] = true
		}
	}
	return set, 0, false
}

// escapedByte reads one byte, a backslash before it taken off.
func escapedByte(pat string) (c byte, size int) {
	if pat[0] == '\\' && len(pat) > 1 {
		return pat[1], 2
	}
	return pat[0], 1
}

// className reads "[:name:]"; size 0 means there is none.
func className(pat string) (name string, size int) {
	rest, found := strings.CutPrefix(pat, "[:")
	if !found {
		return "", 0
	}
	// No class has a longer name, and looking further would cost the square of
	// the pattern's length.
	const longest = 16
	name, _, found = strings.Cut(rest[:min(len(rest), longest)], ":]")
	if !found || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz") != "" {
		return "", 0
	}
	return name, len(name) + len("[::]")
}

// inClass reports whether c is in a POSIX class of the C locale. An unknown
// class holds nothing.
func inClass(name string, c byte) bool {
	lower, upper, digit := 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9'
	graph := '!' <= c && c <= '~'
	switch name {
	case "alnum":
		return lower || upper || digit
	case "alpha":
		return lower || upper
	case "blank":
		return c == ' ' || c == '\t'
	case "cntrl":
		return c < ' ' || c == 0x7f
	case "digit":
		return digit
	case "graph":
		return graph
	case "lower":
		return lower
	case "print":
		return graph || c == ' '
	case "punct":
		return graph && !lower && !upper && !digit
	case "space":
		return c == ' ' || '\t' <= c && c <= '\r'
	case "upper":
		return upper
	case "xdigit":
		return digit || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
	}
	return false
}
