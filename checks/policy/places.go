package policy

import (
	"bytes"
	"slices"
	"strconv"
	"unicode/utf8"
)

// statement is a line of TOML that says something: a table's header or a key with
// its value. The decoder tells no places, least of all those of the elements of an
// array of tables, and a note about a waiver is of no use without one.
type statement struct {
	line int      // counts from 1
	path []string // of a key with that of its table before it
	kind byte     // 'k' key, 't' [table], 'a' [[element of an array]]
}

// statements finds the statements of a text that the decoder has accepted (TOML
// v1.0.0, https://toml.io/en/v1.0.0). Of any other text it finds something, and ends.
func statements(text []byte) []statement {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff", "\xef\xbb\xbf"} {
		if after, found := bytes.CutPrefix(text, []byte(mark)); found { // the decoder passes one
			text = after
			break
		}
	}
	s := scanner{text: text, line: 1}
	var list []statement
	var table []string
	for s.blank(true); s.at < len(s.text); s.blank(true) {
		line := s.line
		if s.text[s.at] != '[' {
			path := slices.Concat(table, s.key('='))
			list = append(list, statement{line: line, path: path, kind: 'k'})
			s.value()
			continue
		}
		kind := byte('t')
		if s.at++; s.at < len(s.text) && s.text[s.at] == '[' {
			s.at++
			kind = 'a'
		}
		table = s.key(']')
		list = append(list, statement{line: line, path: table, kind: kind})
		s.value() // the second bracket and a comment
	}
	return list
}

type scanner struct {
	text []byte
	at   int
	line int
}

// step passes one byte.
func (s *scanner) step() {
	if s.text[s.at] == '\n' {
		s.line++
	}
	s.at++
}

// blank passes blanks and, where newlines is set, ends of lines and comments.
func (s *scanner) blank(newlines bool) {
	for ; s.at < len(s.text); s.step() {
		switch c := s.text[s.at]; {
		case c == ' ', c == '\t', c == '\r':
		case newlines && c == '\n':
		case newlines && c == '#':
			s.comment()
			if s.at == len(s.text) {
				return
			}
		default:
			return
		}
	}
}

// comment goes to the end of the line.
func (s *scanner) comment() {
	for s.at < len(s.text) && s.text[s.at] != '\n' {
		s.at++
	}
}

// key reads a dotted key and passes the character that ends it.
func (s *scanner) key(end byte) []string {
	var path []string
	for s.blank(false); s.at < len(s.text); s.blank(false) {
		switch c := s.text[s.at]; c {
		case end:
			s.at++
			return path
		case '\n':
			return path
		case '.':
			s.at++
		case '"', '\'':
			from := s.at
			s.quoted()
			path = append(path, unquoted(s.text[from:s.at]))
		default:
			from := s.at
			for s.at < len(s.text) && !bytes.ContainsRune([]byte(" \t\r\n.\"'"), rune(s.text[s.at])) && s.text[s.at] != end {
				s.at++
			}
			path = append(path, string(s.text[from:s.at]))
		}
	}
	return path
}

// unquoted is what a quoted key says. What the language of Go writes in another way
// stays as it is.
func unquoted(key []byte) string {
	if n := len(key); key[0] == '\'' || n < 2 {
		return string(bytes.Trim(key, "'"))
	}
	if plain, err := strconv.Unquote(string(key)); err == nil && utf8.ValidString(plain) {
		return plain
	}
	return string(key[1 : len(key)-1])
}

// quoted passes a string of one of the four kinds.
func (s *scanner) quoted() {
	quote := s.text[s.at]
	long := bytes.Repeat([]byte{quote}, 3)
	if bytes.HasPrefix(s.text[s.at:], long) {
		for s.at += 3; s.at < len(s.text) && !bytes.HasPrefix(s.text[s.at:], long); s.step() {
			if quote == '"' && s.text[s.at] == '\\' && s.at+1 < len(s.text) {
				s.step()
			}
		}
		// Up to two quotes may stand before those that end it.
		for s.at = min(s.at+3, len(s.text)); s.at < len(s.text) && s.text[s.at] == quote; s.at++ {
		}
		return
	}
	for s.at++; s.at < len(s.text) && s.text[s.at] != quote && s.text[s.at] != '\n'; s.at++ {
		if quote == '"' && s.text[s.at] == '\\' && s.at+1 < len(s.text) && s.text[s.at+1] != '\n' {
			s.at++
		}
	}
	if s.at < len(s.text) && s.text[s.at] == quote {
		s.at++
	}
}

// value passes a value: to the end of its line, or of the line on which its last
// bracket closes.
func (s *scanner) value() {
	for depth := 0; s.at < len(s.text); {
		switch c := s.text[s.at]; c {
		case '"', '\'':
			s.quoted()
			continue
		case '#':
			s.comment()
			continue
		case '[', '{':
			depth++
		case ']', '}':
			depth--
		case '\n':
			if depth <= 0 {
				return
			}
		}
		s.step()
	}
}

// places answers where something is set in a file.
type places []statement

// line is where the key is set, else where something below it is, else where what
// it is part of is; 0 = nowhere.
func (p places) line(key ...string) int {
	for _, s := range p {
		if slices.Equal(s.path, key) {
			return s.line
		}
	}
	for _, s := range p {
		if len(s.path) > len(key) && slices.Equal(s.path[:len(key)], key) {
			return s.line
		}
	}
	if len(key) > 1 {
		return p.line(key[:len(key)-1]...)
	}
	return 0
}

// element is the line of a key in the n-th (from 0) element of an array of tables,
// or of its header where the key is "" or not set there. The elements of an array
// written in brackets are all where it is.
func (p places) element(array []string, n int, key string) int {
	found := 0
	for _, s := range p {
		isElement := s.kind == 'a' && slices.Equal(s.path, array)
		switch {
		case isElement && found > 0:
			return found
		case isElement && n == 0:
			found = s.line
			n--
		case isElement:
			n--
		case found > 0 && key != "" && slices.Equal(s.path, append(slices.Clone(array), key)):
			return s.line
		}
	}
	if found == 0 {
		return p.line(array...)
	}
	return found
}
