package output

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// xmlRune appends one character of element content: pure ASCII, so that it
// reads the same under every encoding the agent may declare.
//
// The agent pastes our bytes unseen into the file that carries the whole host's
// monitoring, and one character that XML 1.0 does not allow (section 2.2: most
// controls, surrogates, U+FFFE, U+FFFF) loses that file, even as a reference.
// Characters above U+FFFF would pass XML and may fail in the server's database,
// whose connection speaks three-byte UTF-8. Both are written as the escapes of
// checks.Text.
func xmlRune(dst []byte, r rune, raw string) []byte {
	switch {
	case r == utf8.RuneError && len(raw) == 1:
		return fmt.Appendf(dst, `\x%02x`, raw[0])
	case r == '\n':
		return append(dst, `\n`...)
	case r == '\r':
		return append(dst, `\r`...)
	case r == '\t':
		return append(dst, `\t`...)
	case r < ' ', r == 0x7f:
		return fmt.Appendf(dst, `\x%02x`, r)
	case strings.ContainsRune(`&<>"'`, r):
		return fmt.Appendf(dst, "&#%d;", r)
	case r < 0x7f:
		return append(dst, byte(r))
	case r < 0xa0, r > 0xfffd, r >= 0xfdd0 && r <= 0xfdef:
		return fmt.Appendf(dst, `\u{%x}`, r)
	}
	return fmt.Appendf(dst, "&#x%X;", r)
}

// xmlText encodes s as element content.
func xmlText(s string) string {
	encoded, _ := xmlPrefix(s, -1)
	return encoded
}

// xmlPrefix encodes the longest beginning of s whose encoding takes at most limit
// bytes (limit < 0: no limit) and reports whether that is all of s. It never
// cuts inside a character or its encoding.
func xmlPrefix(s string, limit int) (encoded string, whole bool) {
	var out []byte
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		before := len(out)
		out = xmlRune(out, r, s[i:i+size])
		if limit >= 0 && len(out) > limit {
			return string(out[:before]), false
		}
		i += size
	}
	return string(out), true
}

// moduleGroup exists in the server's default database; the console's security
// line counts the modules of this group.
const moduleGroup = "Security"

// module is one <module> element. Its texts are raw; name is a moduleName.
type module struct {
	name        string
	kind        string // server's module type
	data        string
	description description
	interval    int    // multiple of the agent's interval; 0 = not given
	status      string // NORMAL, WARNING, CRITICAL
}

// Statuses the server takes; they win over the thresholds stored there.
const (
	statusNormal   = "NORMAL"
	statusWarning  = "WARNING"
	statusCritical = "CRITICAL"
)

// writeTo appends the element. No tag is ever empty: an empty one reaches the
// server's database as an invalid value.
func (m module) writeTo(buf *bytes.Buffer) {
	buf.WriteString("<module>\n")
	tag := func(name, encoded string) {
		if encoded != "" {
			buf.WriteString("  <" + name + ">" + encoded + "</" + name + ">\n")
		}
	}
	tag("name", xmlText(m.name))
	tag("type", m.kind)
	tag("data", xmlText(m.data))
	tag("description", m.description.encode())
	if m.interval > 0 {
		tag("module_interval", strconv.Itoa(m.interval))
	}
	tag("module_group", moduleGroup)
	tag("status", m.status)
	buf.WriteString("</module>\n")
}

// maxName is the longest module name. The server keeps longer ones, but stores
// every blank as six characters.
const maxName = 100

// moduleName makes s a name the server keeps as it is: printable ASCII, not
// empty, no outer blanks, bounded. Every ID and every fixed name is one already.
func moduleName(s string) string {
	name := strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '_'
		}
		return r
	}, s))
	if len(name) > maxName {
		name = strings.TrimSpace(name[:maxName])
	}
	if name == "" {
		return "unnamed"
	}
	return name
}

// maxDescription bounds a description in bytes after encoding: it is read in a
// web page and kept in a database column.
const maxDescription = 4096

// description is the text of a module: a head that says the verdict, items, a
// tail. When it is too long, items are left out and counted, never head or tail.
type description struct {
	head  string
	items []string
	tail  string
}

// encode renders the description in at most maxDescription bytes.
func (d description) encode() string {
	const (
		headLimit = 1024
		tailLimit = 768
		moreLimit = 64 // "; … and 4294967295 more", encoded
	)
	out := clip(d.head, headLimit)
	tail := ""
	if d.tail != "" {
		tail = clip(d.tail, tailLimit)
	}
	room := maxDescription - len(tail) - moreLimit
	for i, item := range d.items {
		separator := "; "
		if i == 0 && strings.HasSuffix(d.head, ": ") {
			separator = ""
		} else if i == 0 {
			separator = ": "
		}
		encoded, left := xmlText(item), len(d.items)-i
		if len(out)+len(separator)+len(encoded) > room {
			if i == 0 { // one item alone that is too long: show its beginning
				out += separator + clip(item, room-len(out)-len(separator))
				left--
			}
			if left > 0 {
				out += xmlText(fmt.Sprintf("; … and %d more", left))
			}
			break
		}
		out += separator + encoded
	}
	return out + tail
}

// clip encodes s in at most limit bytes, marking a cut.
func clip(s string, limit int) string {
	mark := xmlText("…")
	if encoded, whole := xmlPrefix(s, limit); whole {
		return encoded
	}
	encoded, _ := xmlPrefix(s, limit-len(mark))
	return encoded + mark
}
