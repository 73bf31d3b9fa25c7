package checks

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxTextRunes bounds one Text: a hostile host can hold a name of megabytes,
// and no reader is helped by more than this.
const maxTextRunes = 512

// Text is a piece of the host (or a sentence holding one) that is safe to show:
// valid UTF-8 of printable characters and blanks on one line. Every other
// character is written as an escape (\n, \t, \r, \xHH for a byte, \u{HEX} for a
// character) and a backslash of the host is doubled, so the escape is
// injective: two different names never become the same Text. Printers escape
// only for their own syntax.
type Text string

// Clean escapes s once. It is called where a value is recorded and nowhere else.
func Clean(s string) Text {
	if isClean(s) && !strings.Contains(s, `\`) && utf8.RuneCountInString(s) <= maxTextRunes {
		return Text(s)
	}
	var b strings.Builder
	count := 0
	for i := 0; i < len(s); {
		if count == maxTextRunes {
			b.WriteString("…")
			break
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		writeEscaped(&b, r, s[i:i+size])
		i += size
		count++
	}
	return Text(b.String())
}

// writeEscaped writes one character of the host; raw is its bytes.
func writeEscaped(b *strings.Builder, r rune, raw string) {
	const hex = "0123456789abcdef"
	switch {
	case r == utf8.RuneError && len(raw) == 1, r < 0x80 && !unicode.IsPrint(r):
		switch raw[0] {
		case '\n':
			b.WriteString(`\n`)
		case '\r':
			b.WriteString(`\r`)
		case '\t':
			b.WriteString(`\t`)
		default:
			b.WriteString(`\x`)
			b.WriteByte(hex[raw[0]>>4])
			b.WriteByte(hex[raw[0]&15])
		}
	case r == '\\':
		b.WriteString(`\\`)
	case !printable(r):
		b.WriteString(`\u{`)
		started := false
		for shift := 20; shift >= 0; shift -= 4 {
			digit := r >> shift & 15
			if digit != 0 || started || shift == 0 {
				b.WriteByte(hex[digit])
				started = true
			}
		}
		b.WriteByte('}')
	default:
		b.WriteString(raw)
	}
}

// printable reports characters that show themselves and move nothing else:
// not controls, not format characters (bidi overrides, zero width joiners), not
// line separators, not noncharacters, and no blank but the ASCII one.
func printable(r rune) bool { return unicode.IsPrint(r) }

// isClean reports whether s could be the value of a Text.
func isClean(s string) bool {
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || !printable(r) {
			return false
		}
		i += size
	}
	return true
}

// Valid reports whether t holds nothing that a Text must not hold. A report read
// back from a file is refused when one of its texts is not valid.
func (t Text) Valid() bool { return isClean(string(t)) }
