// Package apkdb reads the database of installed packages of apk-tools
// (apk-installed(5), /lib/apk/db/installed): records of "X:value" lines, a
// package's fields first, then its directories (F:) and the files in each (R:).
// It never touches the file system.
package apkdb

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
)

// File is one file of a package. Its bytes are those of the text that was read.
type File struct {
	Package []byte
	Version []byte
	Dir     []byte // relative to the root, without slashes around it; "" = the root
	Name    []byte
	Line    int // from 1
}

// SyntaxError is a line that does not belong where it is.
type SyntaxError struct {
	Line int // from 1
	Text string
}

// Error implements error.
func (e *SyntaxError) Error() string { return fmt.Sprintf("line %d: %s", e.Line, e.Text) }

// ErrTruncated: the text ends within a line, so it was not written to its end.
var ErrTruncated = errors.New("the last line has no end")

// Files returns the files of data in order. An error, a *SyntaxError or
// ErrTruncated, is the last thing returned; files before it were read well.
func Files(data []byte) iter.Seq2[File, error] {
	return func(yield func(File, error) bool) {
		var f File
		var inDir bool
		for at := 0; at < len(data); {
			f.Line++
			n := bytes.IndexByte(data[at:], '\n')
			if n < 0 {
				yield(File{}, ErrTruncated)
				return
			}
			line := data[at : at+n]
			at += n + 1
			if len(line) == 0 {
				f, inDir = File{Line: f.Line}, false
				continue
			}
			if len(line) < 2 || line[1] != ':' {
				yield(File{}, &SyntaxError{f.Line, "not a field"})
				return
			}
			value := line[2:]
			complaint := ""
			switch line[0] {
			case 'P':
				if f.Package != nil || len(value) == 0 {
					complaint = "a second or empty package name"
				}
				f.Package = value
			case 'V':
				f.Version = value
			case 'F':
				if f.Package == nil {
					complaint = "a directory without a package"
				}
				f.Dir, inDir = bytes.Trim(value, "/"), true
			case 'R':
				if !inDir || len(value) == 0 {
					complaint = "a file without a directory or name"
					break
				}
				f.Name = value
				if !yield(f, nil) {
					return
				}
			}
			if complaint != "" {
				yield(File{}, &SyntaxError{f.Line, complaint})
				return
			}
		}
	}
}
