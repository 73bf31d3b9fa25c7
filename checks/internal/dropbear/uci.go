package dropbear

import "strings"

// Section is one "config" of a UCI file (OpenWrt's unified configuration, file.c of
// libuci). Sections of one name are one section.
type Section struct {
	Type    string
	Name    string // "" = it has none
	Line    int
	Options []UCIOption // each name once, in the order first set
}

// UCIOption is an option or list of a section. Setting one to nothing takes it away.
type UCIOption struct {
	Name   string
	Values []string // one for "option", one or more for "list"; may be secrets
	Line   int      // that set it last
}

// BadLine is one that libuci does not take. A strict reader refuses the whole file
// then, another passes over the line.
type BadLine struct {
	Line    int
	Problem string
}

// Get returns the option of that name.
func (s Section) Get(name string) (UCIOption, bool) {
	for _, o := range s.Options {
		if o.Name == name {
			return o, true
		}
	}
	return UCIOption{}, false
}

// ParseUCI reads a UCI file: "config TYPE [NAME]", "option NAME VALUE", "list NAME
// VALUE", "package NAME", each also by its first letter. Words are quoted as in a
// shell, a quoted value may span lines, a number sign outside quotes ends the line.
// Several commands in one line, parted by a semicolon, are a BadLine.
func ParseUCI(data []byte) ([]Section, []BadLine) {
	var sections []Section
	var bad []BadLine
	current := -1
	p := uciLines{text: string(data), line: 1}
	for p.at < len(p.text) {
		line := p.line
		words, problem := p.words()
		if problem == "" && len(words) > 0 {
			current, problem = uciCommand(&sections, current, words, line)
		}
		if problem != "" {
			bad = append(bad, BadLine{line, problem})
		}
	}
	return sections, bad
}

// uciCommand carries out one line and returns the section that is open after it.
func uciCommand(sections *[]Section, current int, words []string, line int) (int, string) {
	command, words := words[0], words[1:]
	word := func(i int) string {
		if i < len(words) {
			return words[i]
		}
		return ""
	}
	if len(words) > 2 || command == "package" && len(words) > 1 {
		return current, "too many arguments"
	}
	switch command {
	case "package", "p":
		if word(0) == "" {
			return current, "a package without a name"
		}
		return current, ""
	case "config", "c":
		kind, name := word(0), word(1)
		if kind == "" || strings.ContainsFunc(kind, func(r rune) bool { return r < 33 || r > 126 }) {
			return current, "a section without a type"
		}
		if name != "" && !uciName(name) {
			return current, "a name with a character that is not allowed"
		}
		for i, s := range *sections {
			if name != "" && s.Name == name {
				if s.Type != kind {
					return current, "a section of one name and another type"
				}
				return i, ""
			}
		}
		*sections = append(*sections, Section{Type: kind, Name: name, Line: line})
		return len(*sections) - 1, ""
	case "option", "o", "list", "l":
		if current < 0 {
			return current, "an option before the first section"
		}
		if !uciName(word(0)) {
			return current, "an option without a name"
		}
		(*sections)[current].set(word(0), word(1), line, command[0] == 'l')
		return current, ""
	}
	return current, "an unknown command"
}

func (s *Section) set(name, value string, line int, list bool) {
	for i := range s.Options {
		o := &s.Options[i]
		switch {
		case o.Name != name:
			continue
		case list && value == "":
		case list:
			o.Values, o.Line = append(o.Values, value), line
		case value == "":
			s.Options = append(s.Options[:i], s.Options[i+1:]...)
		default:
			o.Values, o.Line = []string{value}, line
		}
		return
	}
	if value != "" {
		s.Options = append(s.Options, UCIOption{name, []string{value}, line})
	}
}

// uciName reports a name of letters, digits and underscores.
func uciName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}

type uciLines struct {
	text string
	at   int
	line int
}

func (p *uciLines) next() byte {
	c := p.text[p.at]
	p.at++
	if c == '\n' {
		p.line++
	}
	return c
}

// words reads the words of one line; quoted ones may reach into the next.
func (p *uciLines) words() (words []string, problem string) {
	var b strings.Builder
	inWord := false
	finish := func() {
		if inWord {
			words = append(words, b.String())
			b.Reset()
			inWord = false
		}
	}
	for p.at < len(p.text) {
		switch c := p.next(); c {
		case '\n':
			finish()
			return words, problem
		case ' ', '\t', '\r', '\v', '\f':
			finish()
		case '#':
			for p.at < len(p.text) && p.text[p.at] != '\n' {
				p.at++
			}
		case ';':
			problem = "several commands in one line"
			finish()
		case '\'', '"':
			inWord = true
			if !p.quoted(&b, c) {
				return nil, "a quote that is not closed"
			}
		case '\\':
			inWord = true
			p.escaped(&b)
		case 0:
			problem = "a NUL"
		default:
			inWord = true
			b.WriteByte(c)
		}
	}
	finish()
	return words, problem
}

// quoted reads up to the closing quote; a backslash counts in double quotes only.
func (p *uciLines) quoted(b *strings.Builder, quote byte) bool {
	for p.at < len(p.text) {
		switch c := p.next(); {
		case c == quote:
			return true
		case c == '\\' && quote == '"':
			p.escaped(b)
		default:
			b.WriteByte(c)
		}
	}
	return false
}

// escaped takes the character after a backslash; a line end vanishes with it.
func (p *uciLines) escaped(b *strings.Builder) {
	if strings.HasPrefix(p.text[p.at:], "\r\n") {
		p.at++
	}
	if p.at < len(p.text) {
		if c := p.next(); c != '\n' {
			b.WriteByte(c)
		}
	}
}
