// Package deb822 reads the control format of Debian (deb822(5)): stanzas of
// fields, separated by empty lines. It never touches the file system.
package deb822

import (
	"bytes"
	"fmt"
	"iter"
)

// Field is one field of a stanza. Its bytes are those of the text that was read.
type Field struct {
	Name  []byte
	Value []byte // trimmed; lines after the first keep their newline and indentation
	Line  int    // of the name, from 1
}

// Is reports whether the field has this name; case does not matter.
func (f Field) Is(name string) bool {
	return len(f.Name) == len(name) && bytes.EqualFold(f.Name, []byte(name))
}

// SyntaxError is a line that is no part of a stanza.
type SyntaxError struct {
	Line int // from 1
	Text string
}

// Error implements error.
func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// Stanzas returns the stanzas of data in order, each at least one field. A line
// that is neither a field nor the continuation of one ends the text with a
// *SyntaxError; stanzas before it were whole. Comments (a '#' at the beginning
// of a line) are skipped. The slice is used again for the next stanza.
func Stanzas(data []byte) iter.Seq2[[]Field, error] {
	return func(yield func([]Field, error) bool) {
		var fields []Field
		valueEnd := 0 // where the last field ends, in data
		valueStart := 0
		finish := func() {
			if len(fields) > 0 {
				fields[len(fields)-1].Value = bytes.TrimSpace(data[valueStart:valueEnd])
			}
		}
		fail := func(line int, text string) { yield(nil, &SyntaxError{line, text}) }
		number := 0
		for at := 0; at < len(data); {
			number++
			end := len(data)
			if n := bytes.IndexByte(data[at:], '\n'); n >= 0 {
				end = at + n
			}
			line := data[at:end]
			next := end + 1
			switch {
			case blank(line):
				finish()
				if len(fields) > 0 && !yield(fields, nil) {
					return
				}
				fields = fields[:0]
			case line[0] == '#':
			case line[0] == ' ' || line[0] == '\t':
				if len(fields) == 0 {
					fail(number, "a continuation without a field")
					return
				}
				valueEnd = end
			default:
				colon := bytes.IndexByte(line, ':')
				if colon <= 0 || bytes.ContainsAny(line[:colon], " \t") {
					fail(number, "not a field")
					return
				}
				finish()
				fields = append(fields, Field{Name: line[:colon], Line: number})
				valueStart, valueEnd = at+colon+1, end
			}
			at = next
		}
		finish()
		if len(fields) > 0 {
			yield(fields, nil)
		}
	}
}

// blank reports a line of nothing but spaces and tabs, which ends a stanza too.
func blank(line []byte) bool {
	for _, c := range line {
		if c != ' ' && c != '\t' && c != '\r' {
			return false
		}
	}
	return true
}
