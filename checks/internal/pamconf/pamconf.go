// Package pamconf reads the service files of Linux-PAM, /etc/pam.d/NAME, by
// pam.conf(5) and libpam/pam_handlers.c: it says which lines there are, not what
// a whole stack decides.
package pamconf

import "strings"

// Line is one rule or inclusion.
type Line struct {
	Line   int    // of its first physical line, from 1
	Type   string // "auth", "account", "password" or "session"; "" for @include
	Module string // as written; "" for an inclusion
	Args   []string
	// Include is the file named by "@include FILE" (every type), or by the
	// controls "include" and "substack" (this type).
	Include string
	// Problem says why libpam cannot use the line: then the service refuses.
	Problem string
}

// Parse reads one service file of /etc/pam.d. Types and the words include and
// substack are compared without regard to case; "-" before the type (a module
// that may be missing) is dropped.
func Parse(data []byte) []Line {
	var lines []Line
	var joined strings.Builder
	first := 0
	number := 0
	flush := func() {
		if text := joined.String(); strings.Trim(text, blanks) != "" {
			lines = append(lines, rule(first, text))
		}
		joined.Reset()
		first = 0
	}
	for text := range strings.SplitSeq(string(data), "\n") {
		number++
		text, _, _ = strings.Cut(text, "\x00")
		text, _, _ = strings.Cut(text, "#")
		text = strings.TrimRight(text, blanks)
		if first == 0 {
			first = number
		}
		if part, ok := strings.CutSuffix(text, `\`); ok {
			joined.WriteString(part + " ")
			continue
		}
		joined.WriteString(text)
		flush()
	}
	flush()
	return lines
}

const blanks = " \t\r\v\f\n"

func rule(number int, text string) Line {
	l := Line{Line: number}
	words := split(text)
	if words[0] == "@include" {
		if len(words) < 2 || words[1] == "" {
			l.Problem = "@include without a file"
			return l
		}
		l.Include = words[1]
		return l
	}
	l.Type = strings.ToLower(strings.TrimPrefix(words[0], "-"))
	switch l.Type {
	case "auth", "account", "password", "session":
	default:
		l.Type, l.Problem = "", "unknown type"
		return l
	}
	if len(words) < 3 || words[2] == "" {
		l.Problem = "too few words"
		return l
	}
	if control := strings.ToLower(words[1]); control == "include" || control == "substack" {
		l.Include = words[2]
		return l
	}
	l.Module, l.Args = words[2], words[3:]
	return l
}

// split divides at blanks; [..] holds blanks together and is unwrapped, with \]
// for a closing bracket (libpam/pam_misc.c: _pam_tokenize).
func split(text string) []string {
	var words []string
	for {
		text = strings.TrimLeft(text, blanks)
		if text == "" {
			return words
		}
		if text[0] != '[' {
			end := strings.IndexAny(text, blanks)
			if end < 0 {
				end = len(text)
			}
			words = append(words, text[:end])
			text = text[end:]
			continue
		}
		var word strings.Builder
		i := 1
		for ; i < len(text) && text[i] != ']'; i++ {
			if text[i] == '\\' && i+1 < len(text) && text[i+1] == ']' {
				i++
			}
			word.WriteByte(text[i])
		}
		words = append(words, word.String())
		text = text[min(i+1, len(text)):]
	}
}
