package services

import (
	"strconv"
	"strings"
)

// unescape turns a line of a baseline, which is a checks.Text, back into what it
// was before it was escaped: the Recorder escapes what it is given. What is no
// escape stays as it is.
func unescape(text string) string {
	var b strings.Builder
	for text != "" {
		i := strings.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			break
		}
		b.WriteString(text[:i])
		text = text[i:]
		size := 2
		switch text[1] {
		case '\\':
			b.WriteByte('\\')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'x':
			size = unescapeByte(&b, text)
		case 'u':
			size = unescapeRune(&b, text)
		default:
			b.WriteByte('\\')
			size = 1
		}
		text = text[size:]
	}
	return b.String() + text
}

// unescapeByte takes \xHH and returns its length.
func unescapeByte(b *strings.Builder, text string) int {
	if len(text) >= 4 {
		if n, err := strconv.ParseUint(text[2:4], 16, 8); err == nil {
			b.WriteByte(byte(n))
			return 4
		}
	}
	b.WriteByte('\\')
	return 1
}

// unescapeRune takes \u{HEX} and returns its length.
func unescapeRune(b *strings.Builder, text string) int {
	if end := strings.IndexByte(text, '}'); end > 3 && text[2] == '{' {
		if n, err := strconv.ParseUint(text[3:end], 16, 21); err == nil {
			b.WriteRune(rune(n))
			return end + 1
		}
	}
	b.WriteByte('\\')
	return 1
}
