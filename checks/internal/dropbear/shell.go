package dropbear

import "strings"

// Assignment is a NAME=value of a file that a shell reads with its "." command.
type Assignment struct {
	Name  string
	Value string // "" where it is not Plain
	Line  int
	// Plain: the value is text and quotes alone. Expansions and substitutions are not
	// evaluated.
	Plain bool
}

// ParseShell reads assignments as sh(1) does: words parted by blanks, ended by a line's
// end or a semicolon; single and double quotes, backslashes and comments; "export"
// before them. It returns the lines of every other statement too: what those do to the
// variables is not known. An assignment before a command is of that command's
// environment alone and counts as such a statement.
func ParseShell(data []byte) (assignments []Assignment, others []int) {
	p := shell{text: string(data), line: 1}
	for !p.end() {
		words, line, ok := p.statement()
		if !ok {
			others = append(others, line)
			continue
		}
		if len(words) > 0 && words[0].text == "export" && words[0].name == 0 && words[0].plain {
			words = words[1:]
			for i := range words {
				words[i].exported = true
			}
		}
		var found []Assignment
		for _, w := range words {
			switch {
			case w.name > 0:
				a := Assignment{Name: w.text[:w.name], Line: w.line, Plain: w.plain}
				if w.plain {
					a.Value = w.text[w.name+1:]
				}
				found = append(found, a)
			case w.exported && w.plain && validName(w.text): // export NAME
			default:
				ok = false
			}
		}
		if !ok {
			others = append(others, line)
			continue
		}
		assignments = append(assignments, found...)
	}
	return assignments, others
}

// shellWord is a word without its quotes. name is the length of the name where the word
// is an assignment, else 0.
type shellWord struct {
	text     string
	name     int
	line     int
	plain    bool
	exported bool
}

type shell struct {
	text string
	at   int
	line int
}

func (p *shell) end() bool { return p.at >= len(p.text) }

// next takes one byte and counts lines.
func (p *shell) next() byte {
	c := p.text[p.at]
	p.at++
	if c == '\n' {
		p.line++
	}
	return c
}

// statement reads up to the end of a line or a semicolon. It is not ok where operators
// or an unclosed quote stand.
func (p *shell) statement() (words []shellWord, line int, ok bool) {
	ok, line = true, p.line
	for !p.end() {
		switch c := p.text[p.at]; {
		case c == '\n' || c == ';':
			p.next()
			return words, line, ok
		case c == ' ' || c == '\t':
			p.next()
		case strings.HasPrefix(p.text[p.at:], "\\\n"):
			p.next()
			p.next()
		case c == '#':
			for !p.end() && p.text[p.at] != '\n' {
				p.next()
			}
		case strings.IndexByte("&|<>()", c) >= 0:
			p.next()
			ok = false
		default:
			if len(words) == 0 {
				line = p.line
			}
			w, closed := p.word()
			ok = ok && closed
			words = append(words, w)
		}
	}
	return words, line, ok
}

// word reads one word; it reports false where a quote is not closed.
func (p *shell) word() (shellWord, bool) {
	w := shellWord{line: p.line, plain: true}
	var b strings.Builder
	bare := true // nothing but unquoted text so far
	for !p.end() {
		c := p.text[p.at]
		switch {
		case strings.IndexByte(" \t\n;&|<>()", c) >= 0:
			w.text = b.String()
			return w, true
		case c == '\'':
			p.next()
			bare = false
			for {
				if p.end() {
					return w, false
				}
				if c = p.next(); c == '\'' {
					break
				}
				b.WriteByte(c)
			}
		case c == '"':
			p.next()
			bare = false
			if !p.quoted(&b, &w) {
				return w, false
			}
		case c == '\\':
			p.next()
			bare = false
			if p.end() {
				return w, false
			}
			if c = p.next(); c != '\n' {
				b.WriteByte(c)
			}
		case c == '$' || c == '`':
			// What follows may hold blanks and operators; the statement shows it.
			p.next()
			bare, w.plain = false, false
			b.WriteByte(c)
			if !p.substitution(c) {
				return w, false
			}
		default:
			p.next()
			switch {
			case c == '=' && bare && w.name == 0 && validName(b.String()):
				w.name = b.Len()
			case c == '~' && w.name > 0 && (b.Len() == w.name+1 || strings.HasSuffix(b.String(), ":")):
				w.plain = false // a home directory
			}
			b.WriteByte(c)
		}
	}
	w.text = b.String()
	return w, true
}

// quoted reads up to the closing double quote.
func (p *shell) quoted(b *strings.Builder, w *shellWord) bool {
	for !p.end() {
		switch c := p.next(); c {
		case '"':
			return true
		case '$', '`':
			w.plain = false
			if !p.substitution(c) {
				return false
			}
		case '\\':
			if p.end() {
				return false
			}
			c = p.next()
			switch {
			case c == '\n':
			case strings.IndexByte("$`\"\\", c) >= 0:
				b.WriteByte(c)
			default:
				b.WriteByte('\\')
				b.WriteByte(c)
			}
		default:
			b.WriteByte(c)
		}
	}
	return false
}

// substitution passes over what follows a dollar or a backquote. Nested ones are not
// followed, and one that assigns is another statement: it reports false.
func (p *shell) substitution(c byte) bool {
	closing := byte('`')
	switch {
	case c == '`':
	case strings.HasPrefix(p.text[p.at:], "("):
		closing = ')'
	case strings.HasPrefix(p.text[p.at:], "{"):
		closing = '}'
	default:
		return true // $NAME
	}
	start := p.at
	for !p.end() {
		if p.next() == closing {
			inner := p.text[start : p.at-1]
			return !strings.ContainsAny(inner, "'\"\\`\n") && !strings.Contains(inner, "$(") &&
				!(closing == '}' && strings.Contains(inner, "="))
		}
	}
	return false
}

// validName reports a name of a shell variable.
func validName(s string) bool {
	for i := range len(s) {
		c := s[i]
		if c != '_' && (c < '0' || c > '9' || i == 0) && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return s != ""
}
