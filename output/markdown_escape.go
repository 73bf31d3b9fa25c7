package output

import (
	"strings"
	"unicode"
)

// Markdown of a host's strings. GitHub and GitLab parse CommonMark with the
// extensions of GFM and then look once more through the text they rendered: for
// @mentions, #1, !1, ~labels, hashes of commits, :emoji:, bare addresses. What they
// find there they make live whatever escape stood before it, for an escape is gone
// by then. The one place where neither looks is code. So a word that is not plainly
// a word is written as a code span, and no backslash escape is needed anywhere.

// mdCode is s as a code span, which renders every character of it as it is
// (CommonMark 0.31, section 6.1).
func mdCode(s string) string {
	if s == "" {
		return ""
	}
	longest, run := 0, 0
	for i := range len(s) {
		if s[i] == '`' {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	fence := strings.Repeat("`", longest+1)
	blank := strings.Trim(s, " ") == ""
	if strings.HasPrefix(s, "`") || strings.HasSuffix(s, "`") ||
		!blank && strings.HasPrefix(s, " ") && strings.HasSuffix(s, " ") {
		s = " " + s + " " // one of each is stripped again
	}
	return fence + s + fence
}

// mdProse is a sentence: its plain words as they are, the others, neighbours
// together, as code. A sentence whose blanks would not survive is code altogether.
func mdProse(s string) string {
	if s == "" || strings.HasPrefix(s, " ") || strings.HasSuffix(s, " ") || strings.Contains(s, "  ") {
		return mdCode(s)
	}
	var out, odd []string
	flush := func() {
		if len(odd) > 0 {
			code, tail := strings.Join(odd, " "), ""
			if cut := code[:len(code)-1]; strings.ContainsAny(code[len(code)-1:], ",;.:") && strings.Trim(cut, " `") != "" {
				code, tail = cut, code[len(code)-1:]
			}
			out, odd = append(out, mdCode(code)+tail), nil
		}
	}
	for word := range strings.SplitSeq(s, " ") {
		if plainWord(word) {
			flush()
			out = append(out, word)
		} else {
			if odd = append(odd, word); strings.ContainsAny(word[len(word)-1:], ",;:") {
				flush() // a pause ends what belongs together
			}
		}
	}
	flush()
	return strings.Join(out, " ")
}

// mdCell makes inline Markdown fit into a cell of a table, in which a bar divides
// even code (GFM, section 4.10). What stood in code around a bar becomes two pieces
// of code and, between them, a character reference; the escape that GFM has for a
// bar would take a backslash before it for its own.
func mdCell(s string, inline func(string) string) string {
	var out []string
	for piece := range strings.SplitSeq(s, "|") {
		if strings.TrimSpace(piece) != piece {
			out = append(out, mdCode(piece))
			continue
		}
		out = append(out, inline(piece))
	}
	return strings.Join(out, "&#124;")
}

// plainWord reports a word that means nothing to any reader of Markdown: letters,
// short numbers, and the punctuation of English where it belongs.
func plainWord(word string) bool {
	if word == "e.g." || word == "i.e." {
		return true
	}
	core := strings.TrimLeft(word, `("'`)
	core = strings.TrimRight(core, `)"',;:.?`)
	if core == "" {
		return false
	}
	const shortestHash = 7 // GitHub links a commit by so many digits
	letters, digits, hex := 0, 0, 0
	var before rune
	for _, r := range core {
		switch {
		case unicode.IsLetter(r), unicode.IsMark(r) && before != 0:
			letters++
		case r >= '0' && r <= '9':
			digits++
		case strings.ContainsRune("'-/", r) && unicode.IsLetter(before):
		default:
			return false
		}
		if hex++; !strings.ContainsRune("0123456789abcdefABCDEF", r) {
			hex = 0
		}
		if hex == shortestHash {
			return false
		}
		before = r
	}
	switch {
	case strings.ContainsRune("'-/", before):
		return false
	case digits > 0 && (strings.ContainsAny(core, "-/") || len(core) >= shortestHash): // RFC-1, GH-1
		return false
	case letters == 0 && strings.ContainsAny(word[len(word)-1:], ".)"): // a list's "1."
		return false
	}
	return true
}
