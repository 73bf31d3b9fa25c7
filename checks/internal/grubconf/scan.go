package grubconf

import "strings"

// word is one word of a command without its quotes.
type word struct {
	text     string
	variable bool // a part of it is the value of a variable or the output of a command
}

// scanner splits text into commands.
type scanner struct {
	text string
	at   int
	line int
}

// maxWords bounds the words of one command that are kept; none of ours has more.
const maxWords = 8

// command returns the words of the next command and the line it begins on. ok is false
// at the end.
func (s *scanner) command() (words []word, line int, ok bool) {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == '\n':
			s.at++
			s.line++
			if len(words) > 0 {
				return words, line, true
			}
		case c == ' ', c == '\t', c == '\r', c == '\v', c == '\f':
			s.at++
		case strings.HasPrefix(s.text[s.at:], "\\\n"):
			s.at += 2
			s.line++
		case strings.IndexByte(";|&{}()", c) >= 0:
			s.at++
			if len(words) > 0 {
				return words, line, true
			}
		case c == '#':
			if end := strings.IndexByte(s.text[s.at:], '\n'); end >= 0 {
				s.at += end
			} else {
				s.at = len(s.text)
			}
		default:
			if len(words) == 0 {
				line = s.line
			}
			w := s.word()
			if len(words) < maxWords {
				words = append(words, w)
			}
		}
	}
	return words, line, len(words) > 0
}

// word reads one word. A quote that is never closed ends with its line, so that an
// apostrophe in a script's text does not swallow what follows.
func (s *scanner) word() word {
	var w word
	var b strings.Builder
	for s.at < len(s.text) {
		c := s.text[s.at]
		switch {
		case strings.IndexByte(" \t\r\v\f\n;|&()", c) >= 0, strings.IndexByte("{}", c) >= 0 && b.Len() == 0 && !w.variable:
			w.text = b.String()
			return w
		case c == '\\':
			s.escape(&b)
		case c == '\'', c == '"':
			s.quoted(&b, &w, c)
		default:
			w.variable = w.variable || c == '$' || c == '`'
			b.WriteByte(c)
			s.at++
		}
	}
	w.text = b.String()
	return w
}

// escape reads a backslash and what follows it. Before a dollar it is how a script
// writes GRUB's own variables in a here document, which are variables as well.
func (s *scanner) escape(b *strings.Builder) {
	s.at++
	if s.at == len(s.text) {
		return
	}
	if s.text[s.at] == '\n' {
		s.line++
	} else if s.text[s.at] != '$' {
		b.WriteByte(s.text[s.at])
	} else {
		return
	}
	s.at++
}

func (s *scanner) quoted(b *strings.Builder, w *word, quote byte) {
	s.at++
	rest := s.text[s.at:]
	end := -1
	for i := 0; i < len(rest) && rest[i] != '\n'; i++ {
		if rest[i] == '\\' && quote == '"' {
			i++
		} else if rest[i] == quote {
			end = i
			break
		}
	}
	if end < 0 {
		b.WriteByte(quote)
		return
	}
	for i := 0; i < end; i++ {
		c := rest[i]
		if c == '\\' && quote == '"' && i+1 < end {
			i++
			if rest[i] == '\n' {
				s.line++
				continue
			}
			c = rest[i]
			w.variable = w.variable || c == '$'
		} else if quote == '"' && (c == '$' || c == '`') {
			w.variable = true
		}
		b.WriteByte(c)
	}
	s.at += end + 1
}
