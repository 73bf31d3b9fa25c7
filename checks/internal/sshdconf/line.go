package sshdconf

import (
	"iter"
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

	hasRest bool // strdelim() left a Rest, if only an empty one
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
// Where the version is not known it reads as the newest does.
func Lines(file string, data []byte, build Build) iter.Seq[Line] {
	build.Version = build.Version.orNewest()
	return func(yield func(Line) bool) {
		for rest, next := string(data), 1; rest != ""; {
			var text string
			n := next
			text, rest, next = loadLine(rest, n, build)
			line, ok := parseLine(text, build)
			line.File, line.Line = file, n
			if ok && !yield(line) {
				return
			}
		}
	}
}

// loadLine takes one line as load_server_config() does. A NUL byte cuts off the end
// of the line along with the line feed: the next line goes on there. next is the
// number of the line that rest begins with.
func loadLine(data string, n int, build Build) (text, rest string, next int) {
	var b strings.Builder
	for rest = data; rest != ""; {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		n++
		whole := true
		if i := strings.IndexByte(line, 0); i >= 0 {
			line, whole = line[:i], false
		}
		if !build.Version.AtLeast(8, 7) {
			if i := strings.IndexByte(line, '#'); i >= 0 {
				line, whole = line[:i], true
			}
		}
		line = strings.TrimLeft(line, " \t\r")
		if whole && b.Len() == 0 {
			return line, rest, n
		}
		if b.Len() <= maxLine {
			b.WriteString(line)
		}
		if whole {
			break
		}
	}
	return b.String(), rest, n
}

// ParseOption returns the directive of one -o option of the command line
// (sshd(8): the format of the configuration file).
func ParseOption(text string, build Build) (Line, bool) {
	build.Version = build.Version.orNewest()
	line, ok := parseLine(text, build)
	line.File = "command line"
	return line, ok
}

// parseLine cuts one line into keyword and words (the beginning of
// process_server_config_line_depth() in servconf.c).
func parseLine(text string, build Build) (Line, bool) {
	if len(text) > maxLine {
		return Line{Outcome: unsure("a line longer than is evaluated")}, true
	}
	if build.Version.Before(7, 8) && len(text) >= 4000 {
		return Line{Outcome: unsure("a line about as long as the version reads at once")}, true
	}
	line := Line{Raw: strings.TrimRight(text, blanks+"\f")}
	s := text
	if build.Version.AtLeast(7, 5) {
		s = trimEnd(s)
	}
	if s == "" {
		return line, false
	}
	keyword, rest, more, ok := strdelim(s)
	if ok && keyword == "" && more {
		keyword, rest, more, ok = strdelim(rest)
	}
	if !ok || keyword == "" || keyword[0] == '#' {
		// An open quote in the keyword: sshd skips the line.
		return line, false
	}
	line.Keyword, line.Rest, line.hasRest = lower(keyword), rest, more
	if !build.Version.AtLeast(8, 7) {
		cut := strdelim
		if line.Keyword == "setenv" {
			cut = strdelimw
		}
		line.Args = splitClassic(rest, cut)
		return line, true
	}
	if rest == "" {
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
