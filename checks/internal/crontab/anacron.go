package crontab

import (
	"bytes"
	"slices"
	"strings"
)

// ParseAnacron reads anacrontab(5): "period delay identifier command", the period
// in days or "@daily", "@weekly", "@monthly", "@yearly". Schedule is period and
// identifier; the delay only spreads load. A backslash at the end of a line joins
// the next. Anacron passes bad lines over.
func ParseAnacron(data []byte) (entries []Entry, bad []Bad) {
	number := 0
	for len(data) > 0 {
		first := number + 1
		var line strings.Builder
		for joined := true; joined && len(data) > 0; {
			raw, rest, _ := bytes.Cut(data, []byte("\n"))
			data = rest
			number++
			raw, joined = bytes.CutSuffix(raw, []byte(`\`))
			line.Write(raw)
		}
		text, _, _ := strings.Cut(line.String(), "\x00")
		e, kind := anacronLine(strings.TrimLeft(text, blanks))
		e.Line = first
		switch kind {
		case job:
			entries = append(entries, e)
		case rubbish:
			bad = tell(bad, Bad{first, "no job of anacron"})
		}
	}
	return entries, bad
}

// kind of a line.
type kind int

const (
	nothing kind = iota // a comment, an assignment
	job
	rubbish
)

func anacronLine(line string) (Entry, kind) {
	if line == "" || line[0] == '#' {
		return Entry{}, nothing
	}
	if i := strings.IndexAny(line, "= \t"); i > 0 && strings.HasPrefix(strings.TrimLeft(line[i:], blanks), "=") {
		return Entry{}, nothing
	}
	period, rest := word(line)
	delay, rest := word(rest)
	ident, command := word(rest)
	named := slices.Contains([]string{"@daily", "@weekly", "@monthly", "@yearly", "@annually"}, period)
	if !named && !digits(period) || !digits(delay) || ident == "" || strings.Contains(ident, "/") || command == "" {
		return Entry{}, rubbish
	}
	return Entry{Schedule: period + " " + ident, Program: Program(command)}, job
}

func digits(s string) bool {
	return s != "" && len(s) <= 9 && strings.Trim(s, "0123456789") == ""
}
