// Package inittab reads inittab(5): "id:runlevels:action:process", of System V's
// init and BusyBox's, which takes a terminal for the id and ignores runlevels.
package inittab

import (
	"bytes"
	"slices"
	"strings"
)

// Entry is one line. Arguments of the process are not returned.
type Entry struct {
	Line   int
	ID     string // of BusyBox's the terminal, "" = the console
	Levels string // "2345", "" = every one
	Action string // "respawn", "wait", …
	// Program is the first word of the process if it is a plain name, else "".
	Program string
}

// Bad is a line that is no entry. Problem quotes nothing.
type Bad struct {
	Line    int
	Problem string
}

// maxBad bounds the lines that are told.
const maxBad = 1000

// actions of sysvinit's init(8) and BusyBox's.
func actions() []string {
	return []string{
		"respawn", "wait", "once", "boot", "bootwait", "off", "ondemand", "initdefault", "sysinit",
		"powerwait", "powerfail", "powerokwait", "powerfailnow", "ctrlaltdel", "kbrequest",
		"askfirst", "restart", "shutdown",
	}
}

// Parse reads the file. The inits pass bad lines over.
func Parse(data []byte) (entries []Entry, bad []Bad) {
	number := 0
	for len(data) > 0 {
		raw, rest, _ := bytes.Cut(data, []byte("\n"))
		data = rest
		number++
		line, _, _ := strings.Cut(string(raw), "\x00")
		line = strings.Trim(line, " \t\r")
		if line == "" || line[0] == '#' {
			continue
		}
		fields := strings.SplitN(line, ":", 4)
		switch {
		case len(fields) < 4:
			bad = tell(bad, Bad{number, "too few fields"})
		case !slices.Contains(actions(), fields[2]):
			bad = tell(bad, Bad{number, "unknown action"})
		default:
			entries = append(entries, Entry{number, fields[0], fields[1], fields[2], program(fields[3])})
		}
	}
	return entries, bad
}

// program is the first word behind the marks "+" (no accounting) and "-" (a login
// shell).
func program(process string) string {
	words := strings.Fields(strings.TrimLeft(process, "+-@ \t"))
	if len(words) == 0 {
		return ""
	}
	for i := range len(words[0]) {
		c := words[0][i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_./+-", c) >= 0) {
			return ""
		}
	}
	return words[0]
}

// Starts reports whether booting the host runs the entry: in any of the
// runlevels 2 to 5, or before them.
func (e Entry) Starts() bool {
	switch e.Action {
	case "sysinit", "boot", "bootwait":
		return true
	case "respawn", "wait", "once", "askfirst":
		return e.Levels == "" || strings.ContainsAny(e.Levels, "2345")
	}
	return false
}

// tell keeps the first maxBad of the bad lines: one is enough to know that the
// file was not understood as a whole.
func tell(bad []Bad, b Bad) []Bad {
	if len(bad) == maxBad {
		return bad
	}
	return append(bad, b)
}
