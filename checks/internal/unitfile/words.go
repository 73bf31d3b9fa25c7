package unitfile

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// ErrQuoting is a value whose quotes do not balance or that ends in a backslash.
var ErrQuoting = errors.New("unbalanced quoting")

// Fields splits a list of names, whose words have neither quotes nor escapes.
func Fields(value string) []string {
	return strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(whitespace, r) })
}

// Words splits a value as systemd.syntax(7) says under "Quoting": words at
// white space, single and double quotes anywhere in a word, C escapes. An escape
// that is none stays as it is written, as systemd does with a warning.
func Words(value string) ([]string, error) {
	var words []string
	for {
		word, rest, found, err := FirstWord(value)
		if err != nil {
			return nil, err
		}
		if !found {
			return words, nil
		}
		words = append(words, word)
		value = rest
	}
}

// FirstWord takes the first word of a value off.
func FirstWord(value string) (word, rest string, found bool, err error) {
	value = strings.TrimLeft(value, whitespace)
	if value == "" {
		return "", "", false, nil
	}
	var (
		b     strings.Builder
		quote byte
	)
	for i := 0; i < len(value); i++ {
		c := value[i]
		switch {
		case c == '\\':
			n := unescapeOne(&b, value[i+1:])
			if n == 0 {
				return "", "", false, ErrQuoting
			}
			i += n
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			b.WriteByte(c)
		case c == '"' || c == '\'':
			quote = c
		case strings.IndexByte(whitespace, c) >= 0:
			return b.String(), strings.TrimLeft(value[i:], whitespace), true, nil
		default:
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		return "", "", false, ErrQuoting
	}
	return b.String(), "", true, nil
}

// unescapeOne writes what the escape after a backslash stands for and returns
// its length; 0 is a backslash at the end. What is no escape is written with its
// backslash.
func unescapeOne(b *strings.Builder, s string) int {
	if s == "" {
		return 0
	}
	const from, to = `abfnrtv\"'s`, "\a\b\f\n\r\t\v\\\"' "
	if i := strings.IndexByte(from, s[0]); i >= 0 {
		b.WriteByte(to[i])
		return 1
	}
	switch c := s[0]; {
	case c == 'x':
		if v, ok := digits(s[1:], 2, 16); ok && v != 0 {
			b.WriteByte(byte(v))
			return 3
		}
	case c == 'u':
		if v, ok := digits(s[1:], 4, 16); ok && v != 0 && utf8.ValidRune(rune(v)) {
			b.WriteRune(rune(v))
			return 5
		}
	case c == 'U':
		if v, ok := digits(s[1:], 8, 16); ok && v != 0 && v <= utf8.MaxRune && utf8.ValidRune(rune(v)) {
			b.WriteRune(rune(v))
			return 9
		}
	case c >= '0' && c <= '7':
		if v, ok := digits(s, 3, 8); ok && v != 0 && v <= 255 {
			b.WriteByte(byte(v))
			return 3
		}
	}
	b.WriteByte('\\')
	b.WriteByte(s[0])
	return 1
}

// digits reads exactly n digits.
func digits(s string, n, base int) (value uint64, ok bool) {
	if len(s) < n {
		return 0, false
	}
	for i := range n {
		d := hexDigit(s[i])
		if d < 0 || d >= base {
			return 0, false
		}
		value = value*uint64(base) + uint64(d)
	}
	return value, true
}

// Bool reads a truth value as systemd does.
func Bool(value string) (yes, ok bool) {
	switch strings.ToLower(value) {
	case "1", "yes", "y", "true", "t", "on":
		return true, true
	case "0", "no", "n", "false", "f", "off":
		return false, true
	}
	return false, false
}

// Expand replaces the specifiers of a value, "%" and a letter, by what value
// tells; complete is false if one is not known, which then stays as written.
// "%%" is one percent sign. What would grow beyond systemd's bound of a line
// stays as written as a whole.
func Expand(s string, value func(letter byte) (text string, known bool)) (text string, complete bool) {
	if strings.IndexByte(s, '%') < 0 {
		return s, true
	}
	var b strings.Builder
	complete = true
	for i := 0; i < len(s); i++ {
		if s[i] != '%' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		if s[i] == '%' {
			b.WriteByte('%')
			continue
		}
		if text, known := value(s[i]); known {
			if b.Len()+len(text) > maxLine {
				return s, false
			}
			b.WriteString(text)
			continue
		}
		complete = false
		b.WriteByte('%')
		b.WriteByte(s[i])
	}
	return b.String(), complete
}
