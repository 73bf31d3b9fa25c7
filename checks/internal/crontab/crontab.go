// Package crontab reads the tables of cron and anacron: crontab(5) as Debian's
// cron, cronie and BusyBox's crond take it, anacrontab(5). It tells when and as
// whom something runs and the program's name, never the command: commands hold
// passwords.
//
// The rules are those of the daemons' sources (load_env and load_entry in cron's
// env.c and entry.c, ParseField in BusyBox's crond.c). Where Debian's cron passes
// over rubbish after a time field, this parser calls the line bad.
package crontab

import (
	"bytes"
	"strings"
)

// Dialect is whose table it is.
type Dialect int

// Dialects.
const (
	Vixie   Dialect = iota // Debian's cron: one bad line, and the whole file is ignored
	Cronie                 // Red Hat's, SUSE's, Arch's: a bad line is ignored
	BusyBox                // no environment; a line that is too short is ignored
)

// Entry is one job.
type Entry struct {
	Line     int
	Schedule string // the five fields with one blank between them, or "@reboot"
	User     string // of a system table; "" in a user's
	// Program is the first word of the command behind assignments, "cd DIR &&" and
	// cronie's -n, where it is a plain name; else "". It is never an argument.
	Program string
}

// Bad is a line that is no job, assignment or comment. Problem never quotes it.
type Bad struct {
	Line    int
	Problem string
}

// maxCommand is the longest command Debian's cron takes, in bytes; maxLines the
// longest table; maxEntries how many jobs cronie takes of a user. The daemons load
// nothing of a longer table.
const (
	maxCommand = 998
	maxLines   = 10000
	maxEntries = 10000
	maxBad     = 1000 // of the lines that are told
)

// blanks are those that separate fields; spaces those of isspace(3).
const (
	blanks = " \t"
	spaces = " \t\n\v\f\r"
)

// Parse reads a table; with users its lines have a user after the time, as
// /etc/crontab and /etc/cron.d have. Entries and bad lines come in order.
func Parse(data []byte, dialect Dialect, users bool) (entries []Entry, bad []Bad) {
	number := 0
	for len(data) > 0 {
		raw, rest, ended := bytes.Cut(data, []byte("\n"))
		data = rest
		number++
		text, _, _ := strings.Cut(string(raw), "\x00") // the daemons go on with a C string
		line := strings.TrimLeft(text, blanks)
		switch {
		case line == "" || line[0] == '#' || assignment(line, dialect) && (ended || dialect != Vixie):
			continue
		case dialect == BusyBox && line[0] != '@' && len(strings.Fields(line)) < 6:
			continue
		case !ended && dialect != BusyBox:
			bad = tell(bad, Bad{number, "missing newline at the end of the file"})
			continue
		case dialect == Vixie && number > maxLines:
			return entries, append(bad, Bad{number, "too many lines"})
		case dialect != Vixie && !users && len(entries) == maxEntries:
			return entries, append(bad, Bad{number, "too many entries"})
		}
		e, problem := parseLine(line, dialect, users)
		e.Line = number
		if problem != "" {
			bad = tell(bad, Bad{number, problem})
			continue
		}
		entries = append(entries, e)
	}
	return entries, bad
}

// short is the problem of a line with too few fields.
const short = "too few fields"

func parseLine(line string, dialect Dialect, users bool) (e Entry, problem string) {
	if dialect == Cronie {
		line = strings.TrimPrefix(line, "-") // do not log
	}
	if e.Schedule, line, problem = schedule(line); problem != "" {
		return Entry{}, problem
	}
	if users {
		e.User, line = word(line)
		if !userName(e.User) {
			return Entry{}, "no user name after the time"
		}
	}
	if line == "" {
		return Entry{}, short
	}
	if dialect == Vixie && len(line) > maxCommand {
		return Entry{}, "command too long"
	}
	e.Program = Program(line)
	return e, ""
}

// word cuts the first word off and the blanks behind it.
func word(line string) (first, rest string) {
	i := strings.IndexAny(line, blanks)
	if i < 0 {
		return line, ""
	}
	return line[:i], strings.TrimLeft(line[i:], blanks)
}

// userName reports what can be an account's name. The word is shown, so what a
// line without user has there instead must not pass: "PASSWORD=x".
func userName(s string) bool {
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', c == '_', '0' <= c && c <= '9':
		case i > 0 && strings.IndexByte(`.-$@\`, c) >= 0:
		default:
			return false
		}
	}
	return s != "" && len(s) <= 256
}

// assignment reports NAME=VALUE: either side may be quoted, blanks may stand
// around the sign. Debian's cron wants a value, be it "".
func assignment(line string, dialect Dialect) bool {
	rest, quoted := unquote(line)
	if !quoted {
		i := strings.IndexAny(line, "="+spaces)
		if i < 0 {
			return false
		}
		rest = line[i:]
	} else if strings.Contains(line[:len(line)-len(rest)], "=") {
		return false
	}
	rest = strings.TrimLeft(rest, spaces)
	if !strings.HasPrefix(rest, "=") {
		return false
	}
	value := strings.TrimLeft(rest[1:], spaces)
	switch {
	case value == "":
		return dialect != Vixie
	case value[0] != '\'' && value[0] != '"':
		return true
	}
	rest, closed := unquote(value)
	return closed && strings.Trim(rest, spaces) == ""
}

// unquote returns what follows a quoted word at the start of s.
func unquote(s string) (rest string, quoted bool) {
	if s == "" || s[0] != '\'' && s[0] != '"' {
		return s, false
	}
	i := strings.IndexByte(s[1:], s[0])
	if i < 0 {
		return s, false
	}
	return s[i+2:], true
}

// tell keeps the first maxBad of the bad lines: one is enough to know that the
// file was not understood as a whole.
func tell(bad []Bad, b Bad) []Bad {
	if len(bad) == maxBad {
		return bad
	}
	return append(bad, b)
}
