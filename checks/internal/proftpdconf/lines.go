package proftpdconf

import (
	"bytes"
	"strings"
)

// source is a file that is being read. It stays where it is when ProFTPD gives up on it,
// and is read on by whoever reads the next line.
type source struct {
	file string
	data []byte
	line int // of the next physical line
	// closed is set where the parser that opened it has ended: ProFTPD reads freed memory.
	closed bool
}

// textLine is a line with its continuations put together.
type textLine struct {
	text string // without leading blanks, line feed and carriage return
	line int    // the first of its lines
	long bool   // ProFTPD reads it in pieces, which is not evaluated
}

// physical returns the next line with its line feed.
func (s *source) physical() string {
	end := bytes.IndexByte(s.data, '\n') + 1
	if end == 0 {
		end = len(s.data)
	}
	text := string(s.data[:min(end, maxLine+2)])
	if end > maxLine+2 {
		text = text[:maxLine+1] + "\n"
	}
	s.data = s.data[end:]
	s.line++
	return text
}

// next returns the next line that is neither empty nor a comment
// (pr_parser_read_line() in src/parser.c, pr_fsio_getline() in src/fsio.c): a backslash
// right before the line feed continues a line, but not one that is a comment.
func (s *source) next() (textLine, bool) {
	for len(s.data) > 0 {
		l := s.logical()
		text := strings.TrimSuffix(strings.TrimSuffix(l.text, "\n"), "\r")
		text = strings.TrimLeft(text, spaces)
		if l.long || text != "" && text[0] != '#' {
			l.text = text
			return l, true
		}
	}
	return textLine{}, false
}

// logical puts a line together.
func (s *source) logical() textLine {
	var text strings.Builder
	l := textLine{}
	for len(s.data) > 0 {
		part := s.physical()
		l.long = l.long || len(part) > maxLine || text.Len()+len(part) > maxLine
		if strings.Contains(part, "\x00") {
			l.long = true
		}
		body, continued := strings.CutSuffix(part, "\\\n")
		if continued && strings.HasPrefix(strings.TrimLeft(body, spaces), "#") {
			continue // dropped, and what follows is no part of it
		}
		if l.line == 0 && (!continued || strings.TrimLeft(body, spaces) != "") {
			l.line = s.line - 1
		}
		if l.long && text.Len() > maxLine {
			if !continued {
				break
			}
			continue
		}
		text.WriteString(body)
		if !continued {
			break
		}
	}
	l.text = text.String()
	return l
}

const spaces = " \t\n\v\f\r"

// splitWords is pr_str_get_word() until the end: words parted by blanks, a word in
// double quotes with backslashes taken away, a # at the start of a word ends the line.
func splitWords(s string) []string {
	var words []string
	for {
		s = strings.TrimLeft(s, spaces)
		if s == "" || s[0] == '#' {
			return words
		}
		if s[0] != '"' {
			end := strings.IndexAny(s, spaces)
			if end < 0 {
				return append(words, s)
			}
			words = append(words, s[:end])
			s = s[end+1:]
			continue
		}
		var word strings.Builder
		i := 1
		for ; i < len(s) && s[i] != '"'; i++ {
			if s[i] == '\\' && i+1 < len(s) {
				i++
			}
			word.WriteByte(s[i])
		}
		words = append(words, word.String())
		s = s[min(i+1, len(s)):]
	}
}

// section puts <Name a b> into the words <Name> a b.
func section(words []string) []string {
	if len(words) < 2 || !strings.HasPrefix(words[0], "<") {
		return words
	}
	last := words[len(words)-1]
	switch {
	case last == ">":
		words = words[:len(words)-1]
	case strings.HasSuffix(last, ">"):
		words[len(words)-1] = last[:len(last)-1]
	default:
		return words
	}
	if !strings.HasSuffix(words[0], ">") {
		words[0] += ">"
	}
	return words
}
