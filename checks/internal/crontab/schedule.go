package crontab

import (
	"slices"
	"strconv"
	"strings"
)

// field is one of the five time fields.
type field struct {
	low, high int
	names     string // blank-separated, the first stands for low
}

func fields() []field {
	return []field{
		{0, 59, ""},
		{0, 23, ""},
		{1, 31, ""},
		{1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"},
		{0, 7, "sun mon tue wed thu fri sat"},
	}
}

// nicknames are the words after "@".
func nicknames() []string {
	return []string{"reboot", "yearly", "annually", "monthly", "weekly", "daily", "midnight", "hourly"}
}

// schedule cuts the time off a line.
func schedule(line string) (text, rest, problem string) {
	if strings.HasPrefix(line, "@") {
		name, rest := word(line)
		if !slices.Contains(nicknames(), name[1:]) {
			return "", "", "unknown @ time"
		}
		return name, rest, ""
	}
	var words []string
	for i, f := range fields() {
		var w string
		if w, line = word(line); w == "" {
			return "", "", short
		}
		if !f.valid(w) {
			return "", "", []string{"bad minute", "bad hour", "bad day of month", "bad month", "bad day of week"}[i]
		}
		words = append(words, w)
	}
	return strings.Join(words, " "), line, ""
}

// valid reports a list of "*", numbers, ranges and cronie's random "a~b", the
// first and the ranges with "/step".
func (f field) valid(list string) bool {
	for item := range strings.SplitSeq(list, ",") {
		base, step, stepped := strings.Cut(item, "/")
		if stepped {
			if n, err := strconv.Atoi(step); err != nil || n <= 0 || step[0] == '+' {
				return false
			}
		}
		low, high, ranged := strings.Cut(base, "-")
		switch {
		case base == "*":
		case ranged:
			if !f.number(low) || !f.number(high) {
				return false
			}
		case strings.Contains(base, "~"):
			low, high, _ = strings.Cut(base, "~")
			if stepped || low != "" && !f.number(low) || high != "" && !f.number(high) {
				return false
			}
		case stepped || !f.number(base):
			return false
		}
	}
	return true
}

func (f field) number(s string) bool {
	if i := slices.Index(strings.Fields(f.names), strings.ToLower(s)); i >= 0 {
		return true
	}
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return false
	}
	n, err := strconv.Atoi(s)
	return err == nil && n >= f.low && n <= f.high
}
