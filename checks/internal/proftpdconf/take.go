package proftpdconf

import (
	"slices"
	"strings"
)

// line takes one line and returns the fault for which ProFTPD gives up the file.
func (w *walker) line(a at, text string) string {
	words := splitWords(text)
	if len(words) == 0 {
		return ""
	}
	certain := true
	for i, word := range words {
		expanded, ok := w.expand(word)
		words[i] = expanded
		if !ok && i == 0 {
			w.stop(a, "a directive named by an environment variable", nil)
			return ""
		}
		certain = certain && ok
	}
	words = section(words)
	name, args := words[0], words[1:]
	if len(w.c.items) >= maxItems {
		w.stop(a, "more directives than are read", nil)
		return ""
	}
	item := Item{File: a.file, Line: a.line, Name: name}
	counts := decides(strings.ToLower(name))
	if counts {
		item.Args = slices.Clone(args)
	}
	w.c.items = append(w.c.items, item)
	if counts && !certain {
		w.unsure(a, "an environment variable that is not known")
	}
	if why, taken := w.admit(a, name, args); why != "" || !taken {
		return why
	}
	return w.apply(a, strings.ToLower(name), args)
}

// admit checks a directive as the head of its handlers does. It reports false where no
// handler is known that would take it.
func (w *walker) admit(a at, name string, args []string) (why string, taken bool) {
	var takers []directive
	perhaps := false
	for _, d := range rows(name, w.build.Version) {
		switch w.modules.loaded(d.module) {
		case yes:
			takers = append(takers, d)
		case maybe:
			perhaps = true
		}
	}
	switch {
	case len(takers) > 0:
	case perhaps || w.modules.foreign(name):
		w.unsure(a, "a directive of a module that is perhaps built in")
		return "", false
	case w.modules.explains(name):
		return "", false
	case len(w.modules.unknown) > 0:
		w.unsure(a, "a directive that a module not known here may have")
		return "", false
	default:
		return "a directive that no module has", false
	}
	for _, d := range takers {
		switch {
		case len(args) < d.min || d.max >= 0 && len(args) > d.max:
			return "a directive with the wrong number of parameters", true
		case d.contexts != "*" && strings.IndexByte(d.contexts, w.context()) < 0:
			return "a directive in a context where it is not allowed", true
		case d.boolean:
			if _, ok := parseBool(args[0]); !ok {
				return "a parameter that is not Boolean", true
			}
		}
	}
	return "", true
}

// expand puts in %{env:NAME}; it reports false where a value is not known.
func (w *walker) expand(word string) (string, bool) {
	if len(word) <= 7 || !strings.Contains(word, "%{env:") {
		return word, true
	}
	for range 32 {
		before, rest, found := strings.Cut(word, "%{env:")
		name, after, closed := strings.Cut(rest, "}")
		if !found || !closed {
			return word, true
		}
		value, set, known := w.variable(name)
		if !known || w.build.Version.before(7) || len(word)+len(value) > maxLine {
			return word, false
		}
		if !set {
			value = ""
		}
		word = before + value + after
	}
	return word, false
}

// variable is what getenv(3) gives ProFTPD.
func (w *walker) variable(name string) (value string, set, known bool) {
	if v, found := w.env[name]; found {
		if v == nil {
			return "", false, true
		}
		return *v, true, true
	}
	if w.cmd.Environ == nil {
		return "", false, false
	}
	for _, entry := range w.cmd.Environ {
		if n, v, ok := strings.Cut(entry, "="); ok && n == name {
			return v, true, true
		}
	}
	return "", false, true
}
