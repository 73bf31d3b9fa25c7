package sshdconf

import (
	"bytes"
	"iter"
	"slices"
	"strings"
)

// Line is one directive of a file.
type Line struct {
	File    string
	Line    int      // counts from 1
	Keyword string   // lower case, as written (an alias is not resolved)
	Args    []string // the words after it
	Rest    string   // the text after it, as sshd hands it to keywords that take a whole line
	Raw     string   // the line without leading blanks and end of line

	// Outcome is what sshd makes of the form of the line; the zero value is
	// "accepted". Whether keyword and values are good is judged later.
	Outcome Outcome
}

// Outcome says whether sshd starts with a line. The zero value is: it does.
type Outcome struct {
	Kind OutcomeKind
	Why  string // one clause without trailing full stop, not empty unless Accepted
}

// OutcomeKind is accepted, refused or not established.
type OutcomeKind int

// Kinds of Outcome.
const (
	Accepted OutcomeKind = iota
	Refused              // sshd would not start
	Unsure               // depends on the version or the build, or a form not evaluated here
)

func refused(why string) Outcome { return Outcome{Refused, why} }
func unsure(why string) Outcome  { return Outcome{Unsure, why} }

// Lines yields the directives of one file in order. Blank lines and comments
// have none. It never fails: a line sshd would refuse carries that as Outcome.
func Lines(file string, data []byte, build Build) iter.Seq[Line] {
	return func(yield func(Line) bool) {
		for n := 1; len(data) > 0; n++ {
			var raw []byte
			raw, data, _ = bytes.Cut(data, []byte{'\n'})
			line, ok := parseLine(string(raw), build)
			line.File, line.Line = file, n
			if ok && !yield(line) {
				return
			}
		}
	}
}

// ParseOption returns the directive of one -o option of the command line
// (sshd(8): the format of the configuration file).
func ParseOption(text string, build Build) (Line, bool) {
	line, ok := parseLine(text, build)
	line.File = "command line"
	return line, ok
}

// parseLine reads one line in each dialect the build may speak.
func parseLine(raw string, build Build) (Line, bool) {
	text := strings.TrimLeft(raw, " \t\r")
	if strings.IndexByte(text, 0) >= 0 {
		// fgets/getline and strlen() in sshd make such a line run into the next.
		return Line{Raw: text, Outcome: unsure("the line holds a NUL byte")}, true
	}
	if len(text) > maxLine {
		return Line{Outcome: unsure("a line longer than is evaluated")}, true
	}
	ways := build.dialects()
	line, ok := cut(text, ways[0])
	for _, way := range ways[1:] {
		other, otherOK := cut(text, way)
		if ok != otherOK || line.Keyword != other.Keyword || !slices.Equal(line.Args, other.Args) || line.Outcome != other.Outcome {
			line, ok = other, true
			line.Outcome = unsure("versions of OpenSSH before and from 8.7 read the line differently, and the version is not known")
		}
	}
	return line, ok
}

// cut reads one line in one dialect.
func cut(text string, way dialect) (Line, bool) {
	line := Line{Raw: strings.TrimRight(text, blanks+"\f")}
	s := text
	if way == classic {
		if i := strings.IndexByte(s, '#'); i >= 0 {
			s = s[:i]
		}
	}
	s = trimEnd(s)
	if s == "" {
		return line, false
	}
	keyword, rest, more, ok := strdelim(s)
	if ok && keyword == "" && more {
		keyword, rest, more, ok = strdelim(rest)
	}
	if !ok {
		// A quote that is not closed in the keyword: sshd skips the line.
		return line, false
	}
	if keyword == "" || keyword[0] == '#' {
		return line, false
	}
	line.Keyword, line.Rest = strings.ToLower(keyword), rest
	if way == classic {
		var sure bool
		if line.Args, sure = splitClassic(rest); !sure || strings.ContainsAny(rest, `'\`) {
			line.Outcome = unsure("quotes or an empty word in a form that depends on the keyword")
		}
		return line, true
	}
	if !more || rest == "" {
		line.Outcome = refused("no argument after the keyword")
		return line, true
	}
	if line.Args, ok = splitArgv(rest); !ok {
		line.Outcome = refused("a quote is not closed")
	}
	return line, true
}

// trimEnd cuts trailing blanks and form feeds as sshd does: the first byte of a
// line is never cut.
func trimEnd(s string) string {
	for len(s) > 1 && strings.IndexByte(blanks+"\f", s[len(s)-1]) >= 0 {
		s = s[:len(s)-1]
	}
	return s
}
