package unitfile

import (
	"strings"
	"unicode/utf8"
)

// Variable is one assignment of an environment file. Its value may be a secret.
type Variable struct {
	Name, Value string
}

// ParseEnv reads an environment file (systemd.exec(5), EnvironmentFile=): a line
// NAME=VALUE, comments, single and double quotes, a backslash before a line end
// joins lines. Lines without '=' and names that are none are passed over.
func ParseEnv(data []byte) []Variable {
	var variables []Variable
	s := strings.TrimPrefix(string(data), "\ufeff")
	for s != "" && len(variables) < maxAssignments {
		s = strings.TrimLeft(s, whitespace+"\x00")
		if s == "" {
			break
		}
		if strings.IndexByte(comments, s[0]) >= 0 {
			s = skipComment(s)
			continue
		}
		end := strings.IndexAny(s, "=\n\r")
		if end < 0 {
			break
		}
		name := strings.TrimRight(s[:end], whitespace)
		if s[end] != '=' {
			s = s[end+1:]
			continue
		}
		var value string
		value, s = envValue(s[end+1:])
		if validVariable(name) && utf8.ValidString(value) {
			variables = append(variables, Variable{name, value})
		}
	}
	return variables
}

// skipComment skips to the line's end; a backslash takes the line end away.
func skipComment(s string) string {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '\n', '\r':
			return s[i+1:]
		}
	}
	return ""
}

// envValue reads a value up to its line's end. Blanks at its end count only
// where quoted or escaped.
func envValue(s string) (value, rest string) {
	s = strings.TrimLeft(s, " \t")
	var b strings.Builder
	keep := 0      // length up to which blanks count
	plain := false // an unquoted value has begun: quotes are ordinary inside
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\n' || c == '\r':
			return b.String()[:keep], s[i+1:]
		case c == '\\':
			i++
			if i < len(s) && s[i] != '\n' && s[i] != '\r' {
				b.WriteByte(s[i])
			}
			keep, plain = b.Len(), true
		case (c == '"' || c == '\'') && !plain:
			i = envQuoted(&b, s, i+1, c)
			keep = b.Len()
		case c == ' ' || c == '\t':
			if plain {
				b.WriteByte(c)
			}
		default:
			b.WriteByte(c)
			keep, plain = b.Len(), true
		}
	}
	return b.String()[:keep], ""
}

// envQuoted reads up to the closing quote and returns its place.
func envQuoted(b *strings.Builder, s string, i int, quote byte) int {
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == quote:
			return i
		case c == '\\' && quote == '"':
			i++
			switch {
			case i >= len(s) || s[i] == '\n':
			case strings.IndexByte("\"\\`$", s[i]) >= 0:
				b.WriteByte(s[i])
			default:
				b.WriteByte('\\')
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return i
}

// validVariable reports a name the environment can hold.
func validVariable(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c != '_' && (c < '0' || c > '9' || i == 0) && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return name != ""
}
