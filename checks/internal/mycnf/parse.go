// Package mycnf reads MySQL and MariaDB option files the way the servers do:
// bytes in, nodes with positions out, then one ordered list of options over all
// files. It opens nothing itself.
//
// The rules are those of mysys/my_default.c (both servers share its ancestry)
// and were compared with my_print_defaults of MariaDB 10.11; the manual's
// page "Using Option Files" leaves most of them out.
package mycnf

import (
	"bytes"
	"fmt"
	"strings"
)

// lineBuffer is what one fgets of the C reader returns at most (char buff[4096],
// asked for one byte less): a longer line is read as several lines.
const lineBuffer = 4094

// Kind says what a Node is.
type Kind int

// The kinds of Node.
const (
	Group      Kind = iota // [name]
	Entry                  // name or name=value inside a group
	Include                // !include FILE
	IncludeDir             // !includedir DIR
)

// Node is one meaningful line.
type Node struct {
	Kind Kind
	Line int    // from 1
	Text string // group name, or the argument of a directive

	Option Option // of an Entry
}

// Option is one entry of an option file or one argument of a command line.
type Option struct {
	Name     string // as written, without leading dashes
	Value    string // unquoted and unescaped; "" when absent
	HasValue bool   // there was a "="
	Group    string // "" for an argument
	File     string // "" for an argument
	Line     int    // 0 for an argument
}

// SyntaxError is a line the servers refuse. In a file named by them or by
// --defaults-file it keeps the server from starting; in an included file it only
// ends the reading of that file.
type SyntaxError struct {
	File string
	Line int
	Text string
}

// Error implements error.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text) }

// Parse reads one file. The nodes before a syntax error are returned with it.
func Parse(file string, data []byte) ([]Node, error) {
	var (
		nodes []Node
		group string
		found bool
		line  int
	)
	for len(data) > 0 {
		var raw []byte
		raw, data = cutLine(data)
		line++
		text := trimLeft(cString(raw))
		if text == "" || text[0] == '#' || text[0] == ';' {
			continue
		}
		switch {
		case text[0] == '!':
			node, ok, err := parseDirective(file, line, text)
			if err != nil {
				return nodes, err
			}
			if ok {
				nodes = append(nodes, node)
			}
		case text[0] == '[':
			name, _, closed := strings.Cut(text[1:], "]")
			if !closed {
				return nodes, &SyntaxError{file, line, "group without closing bracket"}
			}
			group, found = trimRight(name), true
			nodes = append(nodes, Node{Kind: Group, Line: line, Text: group})
		case !found:
			return nodes, &SyntaxError{file, line, "option before any group"}
		default:
			opt := parseOption(text)
			opt.Group, opt.File, opt.Line = group, file, line
			nodes = append(nodes, Node{Kind: Entry, Line: line, Option: opt})
		}
	}
	return nodes, nil
}

// cutLine returns what one call of fgets would, with its newline.
func cutLine(data []byte) (line, rest []byte) {
	n := bytes.IndexByte(data, '\n') + 1
	if n == 0 {
		n = len(data)
	}
	n = min(n, lineBuffer)
	return data[:n], data[n:]
}

// cString is what string functions of C see of b.
func cString(b []byte) string {
	if i := bytes.IndexByte(b, 0); i >= 0 {
		b = b[:i]
	}
	return string(b)
}

// parseDirective reads "!include" and "!includedir"; any other word after the
// "!" is skipped by the servers. text still ends with the newline.
func parseDirective(file string, line int, text string) (Node, bool, error) {
	text = trimLeft(text[1:])
	for _, d := range []struct {
		word string
		kind Kind
	}{{"includedir", IncludeDir}, {"include", Include}} {
		rest, ok := strings.CutPrefix(text, d.word)
		if !ok || rest == "" || !isSpace(rest[0]) {
			continue
		}
		rest = trimLeft(rest)
		if rest == "" {
			return Node{}, false, &SyntaxError{file, line, "directive without argument"}
		}
		// The reader drops the last byte for a newline without looking, so a last
		// line without one loses a character of its name.
		rest = trimRight(rest[:len(rest)-1])
		if rest == "" {
			return Node{}, false, &SyntaxError{file, line, "directive without argument"}
		}
		return Node{Kind: d.kind, Line: line, Text: rest}, true, nil
	}
	return Node{}, false, nil
}

func parseOption(text string) Option {
	text = cutComment(text)
	name, value, has := strings.Cut(text, "=")
	opt := Option{Name: trimRight(name), HasValue: has}
	if !has {
		return opt
	}
	value = trimRight(trimLeft(value))
	if n := len(value); n > 1 && (value[0] == '"' || value[0] == '\'') && value[0] == value[n-1] {
		value = value[1 : n-1]
	}
	opt.Value = unescape(value)
	return opt
}

// cutComment ends the line at a "#" outside quotes. A backslash protects a quote
// only inside quotes; a quote that is never closed protects the whole rest.
func cutComment(s string) string {
	var quote byte
	escape := false
	for i := 0; i < len(s); i++ {
		c := s[i]
		if (c == '\'' || c == '"') && !escape {
			switch quote {
			case 0:
				quote = c
			case c:
				quote = 0
			}
		}
		if quote == 0 && c == '#' {
			return s[:i]
		}
		escape = quote != 0 && c == '\\' && !escape
	}
	return s
}

// unescape replaces the sequences the servers know and keeps all others. A
// backslash at the very end stands for itself.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i == len(s)-1 {
			b.WriteByte(s[i])
			continue
		}
		i++
		if j := strings.IndexByte(`ntrbs"'\`, s[i]); j >= 0 {
			b.WriteByte("\n\t\r\b \"'\\"[j])
		} else {
			b.WriteByte('\\')
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// isSpace is my_isspace of the latin1 character set: it counts the no-break space.
func isSpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' || c == 0xa0 }

func trimLeft(s string) string {
	for s != "" && isSpace(s[0]) {
		s = s[1:]
	}
	return s
}

func trimRight(s string) string {
	for s != "" && isSpace(s[len(s)-1]) {
		s = s[:len(s)-1]
	}
	return s
}
