// Package unitfile reads the grammar of systemd's files: unit files and their
// drop-ins (systemd.syntax(7)), environment files (systemd.exec(5)), presets
// (systemd.preset(5)), and what stands inside their values: quoted words,
// specifiers, names of units. It knows no file system and no setting's meaning.
package unitfile

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	// maxLine is systemd's own bound of one line, continuations joined.
	maxLine = 1 << 20
	// maxAssignments bounds the memory of one file; systemd has no such bound.
	maxAssignments = 50_000
)

// whitespace and comment marks as systemd's parser takes them.
const (
	whitespace = " \t\n\r"
	comments   = "#;"
)

// Assignment is one "Key=Value" line.
type Assignment struct {
	Section string // "Service", as written between the brackets
	Key     string
	Value   string // continuation lines joined by a space, stripped, quotes and escapes as written
	Line    int    // the first line, from 1
}

// Ignored is a line that systemd logs and passes over.
type Ignored struct {
	Line int
	What string
}

// File is the content of one unit file.
type File struct {
	Name        string
	Assignments []Assignment
	Ignored     []Ignored
}

// Error is a place at which systemd gives up the whole file.
type Error struct {
	File string
	Line int
	Err  error
}

// Error implements error.
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %v", e.File, e.Line, e.Err) }

// Unwrap returns what is wrong.
func (e *Error) Unwrap() error { return e.Err }

// Errors of Parse.
var (
	ErrHeader  = errors.New("invalid section header")
	ErrUTF8    = errors.New("not UTF-8")
	ErrTooLong = errors.New("line too long")
	ErrTooMany = errors.New("too many assignments")
)

// Parse reads a unit file or drop-in. The error is an *Error: then systemd does
// not load the unit; of a drop-in it applies what stands before, which is
// returned along with the error.
func Parse(name string, data []byte) (*File, error) {
	p := parser{file: &File{Name: name}}
	text := strings.TrimPrefix(string(data), "\ufeff")
	var joined strings.Builder // continued lines
	first, number := 0, 0      // 0 = none
	for text != "" {
		var line string
		line, text = cutLine(text)
		number++
		if len(line) > maxLine || joined.Len()+len(line) > maxLine {
			return p.file, &Error{name, number, ErrTooLong}
		}
		// A comment between continued lines is skipped and ends nothing.
		if l := strings.TrimLeft(line, whitespace); l != "" && strings.ContainsRune(comments, rune(l[0])) {
			continue
		}
		if first == 0 {
			first = number
		}
		if endsInBackslash(line) {
			joined.WriteString(line[:len(line)-1] + " ")
			continue
		}
		if err := p.line(joined.String()+line, first); err != nil {
			return p.file, &Error{name, first, err}
		}
		joined.Reset()
		first = 0
	}
	if first != 0 {
		if err := p.line(joined.String(), first); err != nil {
			return p.file, &Error{name, first, err}
		}
	}
	return p.file, nil
}

// cutLine takes a line off. systemd ends lines at LF, CR, NUL, and at CR LF or
// LF CR taken as one.
func cutLine(text string) (line, rest string) {
	i := strings.IndexAny(text, "\n\r\x00")
	if i < 0 {
		return text, ""
	}
	line, rest = text[:i], text[i+1:]
	if rest != "" && (text[i] == '\n' && rest[0] == '\r' || text[i] == '\r' && rest[0] == '\n') {
		rest = rest[1:]
	}
	return line, rest
}

// endsInBackslash reports an unescaped backslash at the end.
func endsInBackslash(line string) bool {
	trimmed := strings.TrimRight(line, `\`)
	return (len(line)-len(trimmed))%2 == 1
}

type parser struct {
	file    *File
	section string
}

func (p *parser) ignore(line int, what string) {
	if len(p.file.Ignored) < maxAssignments {
		p.file.Ignored = append(p.file.Ignored, Ignored{line, what})
	}
}

// line takes one logical line.
func (p *parser) line(l string, number int) error {
	l = strings.Trim(l, whitespace)
	switch {
	case l == "":
		return nil
	case !utf8.ValidString(l):
		return ErrUTF8
	case l[0] == '[':
		if l[len(l)-1] != ']' {
			return ErrHeader
		}
		p.section = l[1 : len(l)-1]
		return nil
	}
	key, value, found := strings.Cut(l, "=")
	key = strings.Trim(key, whitespace)
	switch {
	case p.section == "":
		p.ignore(number, "assignment outside of a section")
		return nil
	case !found:
		p.ignore(number, "no '='")
		return nil
	case key == "":
		p.ignore(number, "no key before '='")
		return nil
	}
	if len(p.file.Assignments) == maxAssignments {
		return ErrTooMany
	}
	p.file.Assignments = append(p.file.Assignments, Assignment{p.section, key, strings.Trim(value, whitespace), number})
	return nil
}
