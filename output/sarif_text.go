package output

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"hostaudit/checks"
)

// sarifText is s as the text of a message, meaning nothing but its characters.
func sarifText(s string) sarifMessage { return sarifMessage{Text: sarifPlain(s)} }

// sarifSaid is plainMessage where the object is optional.
func sarifSaid(s string) *sarifMessage {
	m := sarifText(shown(s))
	return &m
}

// sarifShort is a message of no more than GitHub takes.
func sarifShort(s string) *sarifMessage {
	s = sarifCut(s, maxSARIFDescription)
	if len(sarifPlain(s)) > maxSARIFDescription {
		s = sarifCut(s, maxSARIFDescription/2) // no escape is more than twice as long
	}
	return sarifSaid(s)
}

// sarifPlain writes s so that a plain text message shows it: braces are doubled
// (SARIF 3.11.5, else they are placeholders), and no "](" is left that could be part
// of a link (3.11.6). A bracket alone is no link and needs no escape.
func sarifPlain(s string) string {
	return strings.ReplaceAll(sarifBraces(s), "](", `\](`)
}

func sarifBraces(s string) string { return strings.NewReplacer("{", "{{", "}", "}}").Replace(s) }

// sarifMarkdown writes s so that GitHub Flavored Markdown shows it inside a
// paragraph: no markup, HTML, entity, mention or link can come of it. It must not
// stand at the beginning of a line, where further characters mean something.
func sarifMarkdown(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; c {
		case '\\', '`', '*', '_', '[', ']', '<', '>', '#', '|', '~', '&', '!', '@', '$':
			b.WriteByte('\\')
		case ':':
			if strings.HasPrefix(s[i:], "://") {
				b.WriteByte('\\')
			}
		case '.':
			if i >= 3 && strings.EqualFold(s[i-3:i], "www") {
				b.WriteByte('\\')
			}
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// sarifCut shortens s to n bytes at most, between characters.
func sarifCut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	n -= len("…")
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// sarifURI writes the bytes of a path below a root as a relative reference (RFC
// 3986): everything is percent-encoded but the slash and what needs no encoding in a
// segment. The colon is encoded as well, for before the first slash it would end a scheme.
func sarifURI(path string) string {
	const free = "-._~!$&'()*+,;=@/"
	var b strings.Builder
	for i := range len(path) {
		c := path[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte(free, c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte("0123456789ABCDEF"[c>>4])
		b.WriteByte("0123456789ABCDEF"[c&15])
	}
	return b.String()
}

// ciRaw is the raw string that checks.Clean made t of; what is no escape of
// Clean is left as it is.
func ciRaw(t checks.Text) string {
	s := string(t)
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		raw, size := ciRawOne(s[i:])
		b.WriteString(raw)
		i += size
	}
	return b.String()
}

// ciRawOne reads one character or escape of s.
func ciRawOne(s string) (raw string, size int) {
	if s[0] != '\\' || len(s) < 2 {
		return s[:1], 1
	}
	switch s[1] {
	case '\\':
		return `\`, 2
	case 'n':
		return "\n", 2
	case 'r':
		return "\r", 2
	case 't':
		return "\t", 2
	case 'x':
		if len(s) >= 4 {
			if n, err := strconv.ParseUint(s[2:4], 16, 8); err == nil {
				return string([]byte{byte(n)}), 4
			}
		}
	case 'u':
		if digits, _, ok := strings.Cut(s[2:], "}"); ok && strings.HasPrefix(digits, "{") {
			if n, err := strconv.ParseUint(digits[1:], 16, 21); err == nil && n <= utf8.MaxRune {
				return string(rune(n)), len(`\u`) + len(digits) + len("}")
			}
		}
	}
	return s[:1], 1
}
