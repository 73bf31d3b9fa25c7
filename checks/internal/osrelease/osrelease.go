// Package osrelease reads the os-release(5) format: a list of assignments that
// is a subset of the shell's. It never touches the file system.
package osrelease

import (
	"fmt"
	"strings"
)

// Assignment is one KEY=value line.
type Assignment struct {
	Key, Value string
	Line       int // from 1
}

// Problem is a line that is neither an assignment, a comment nor blank.
type Problem struct {
	Line int // from 1
	Text string
}

// File is a parsed file.
type File struct {
	Assignments []Assignment // in the order of the file
	Problems    []Problem
}

// Get returns the value of key; of several assignments the last one counts, as
// in a shell.
func (f File) Get(key string) (value string, found bool) {
	for _, a := range f.Assignments {
		if a.Key == key {
			value, found = a.Value, true
		}
	}
	return value, found
}

// Parse reads data. Lines that do not fit are problems and leave the others
// untouched, as for the readers of systemd.
func Parse(data []byte) File {
	var f File
	number := 0
	for line := range strings.Lines(string(data)) {
		number++
		text := strings.Trim(line, " \t\r\n")
		if text == "" || text[0] == '#' {
			continue
		}
		key, raw, found := strings.Cut(text, "=")
		if !found || !validKey(key) {
			f.Problems = append(f.Problems, Problem{number, "not an assignment"})
			continue
		}
		value, err := unquote(raw)
		if err != nil {
			f.Problems = append(f.Problems, Problem{number, err.Error()})
			continue
		}
		f.Assignments = append(f.Assignments, Assignment{key, value, number})
	}
	return f
}

// validKey reports whether key is a name of the shell.
func validKey(key string) bool {
	for i := range len(key) {
		c := key[i]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return key != ""
}

// unquote takes off the shell's quotes and backslashes. Nothing is expanded: "$"
// and backquotes must be escaped, and where they are not they stand for themselves.
func unquote(raw string) (string, error) {
	var b strings.Builder
	quote := byte(0)
	for i := 0; i < len(raw); i++ {
		c := raw[i]
		switch {
		case quote == '\'' && c != '\'':
			b.WriteByte(c)
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '\'' || c == '"'):
			quote = c
		case c == '\\' && i+1 == len(raw):
			return "", fmt.Errorf("backslash at the end of the line")
		case c == '\\' && (quote == 0 || strings.IndexByte("\"\\$`", raw[i+1]) >= 0):
			i++
			b.WriteByte(raw[i])
		case quote == 0 && (c == ' ' || c == '\t'):
			return "", fmt.Errorf("blank outside quotes")
		default:
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		return "", fmt.Errorf("quote without an end")
	}
	return b.String(), nil
}
