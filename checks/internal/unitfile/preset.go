package unitfile

import (
	"slices"
	"strings"
)

// Rule is one line of a preset file, systemd.preset(5).
type Rule struct {
	Enable    bool
	Pattern   string   // as fnmatch(3) takes it, a backslash being an ordinary character
	Instances []string // of an enabled template: enable these instead of DefaultInstance=
	Line      int
}

// maxPattern bounds a pattern: names of units have 255 bytes at most.
const maxPattern = 512

// ParsePreset reads a preset file. Lines that systemd does not understand are
// told and ignored, as it does.
func ParsePreset(data []byte) (rules []Rule, ignored []Ignored) {
	text := string(data)
	for number := 1; text != "" && len(rules) < maxAssignments && len(ignored) < maxAssignments; number++ {
		var line string
		line, text = cutLine(text)
		line = strings.Trim(line, whitespace)
		if line == "" || strings.ContainsRune(comments, rune(line[0])) {
			continue
		}
		i := strings.IndexAny(line, whitespace)
		if i < 0 {
			ignored = append(ignored, Ignored{number, "not a preset rule"})
			continue
		}
		verb, rest := line[:i], strings.TrimLeft(line[i:], whitespace)
		if word, _, _ := strings.Cut(rest, " "); len(word) > maxPattern {
			ignored = append(ignored, Ignored{number, "pattern too long"})
			continue
		}
		switch verb {
		case "enable":
			words := Fields(rest)
			rule := Rule{Enable: true, Pattern: words[0], Instances: words[1:], Line: number}
			if len(words) > 1 && Kind(words[0]) != Template {
				ignored = append(ignored, Ignored{number, "instances of what is no template"})
				continue
			}
			if len(words) == 1 {
				rule.Instances = nil
			}
			rules = append(rules, rule)
		case "disable":
			rules = append(rules, Rule{Pattern: rest, Line: number})
		case "ignore":
			// Since version 256: neither enabled nor disabled.
			rules = append(rules, Rule{Pattern: rest, Line: number})
		default:
			ignored = append(ignored, Ignored{number, "not a preset rule"})
		}
	}
	return rules, ignored
}

// Preset says what the first rule that matches a unit says: whether it is to be
// enabled and, of a template, as which instances. A unit no rule matches is to be
// enabled.
func Preset(rules []Rule, name string) (enable bool, instances []string) {
	template := TemplateOf(name)
	_, instance, _ := Split(name)
	for _, r := range rules {
		if r.Instances != nil && r.Pattern == template {
			if Kind(name) == Template {
				return r.Enable, r.Instances
			}
			if slices.Contains(r.Instances, instance) {
				return r.Enable, nil
			}
		}
		if fnmatch(r.Pattern, name) {
			return r.Enable, nil
		}
	}
	return true, nil
}

// fnmatch is fnmatch(3) with FNM_NOESCAPE in the C locale. Time is bounded by
// the product of the lengths: only the last star is ever taken back.
func fnmatch(pattern, name string) bool {
	p, n := 0, 0
	star, mark := -1, 0
	for n < len(name) {
		if p < len(pattern) && pattern[p] == '*' {
			star, mark = p, n
			p++
			continue
		}
		if width, ok := matchOne(pattern[p:], name[n]); ok {
			p += width
			n++
			continue
		}
		if star < 0 {
			return false
		}
		mark++
		p, n = star+1, mark
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// matchOne matches one character with the beginning of a pattern, which takes
// width bytes of it.
func matchOne(pattern string, c byte) (width int, ok bool) {
	if pattern == "" {
		return 0, false
	}
	switch pattern[0] {
	case '?':
		return 1, true
	case '[':
		if width, ok, closed := matchSet(pattern, c); closed {
			return width, ok
		}
	}
	return 1, pattern[0] == c
}

// matchSet matches "[...]"; without its end it is an ordinary bracket.
func matchSet(pattern string, c byte) (width int, ok, closed bool) {
	i := 1
	negated := i < len(pattern) && (pattern[i] == '!' || pattern[i] == '^')
	if negated {
		i++
	}
	for first := i; i < len(pattern); i++ {
		if pattern[i] == ']' && i > first {
			return i + 1, ok != negated, true
		}
		low, high := pattern[i], pattern[i]
		if i+2 < len(pattern) && pattern[i+1] == '-' && pattern[i+2] != ']' {
			high = pattern[i+2]
			i += 2
		}
		if low <= c && c <= high {
			ok = true
		}
	}
	return 0, false, false
}
