package snapshot

import (
	"bytes"
	"math"
	"slices"
)

// mountRow is what the audit takes from one row of /proc/PID/mountinfo, proc(5).
type mountRow struct {
	root  string // of the mount in its file system; of nsfs it names the namespace
	point string // where it is mounted
	kind  string // type of the file system
}

// netNS returns the network namespace a mount holds, 0 = none. A path in a file
// system begins with a slash, so nothing else looks like "net:[4026531840]".
func (m mountRow) netNS() uint64 { return parseBracketed([]byte(m.root), "net") }

// parseMountRow reads one row: "id parent major:minor root point options [fields…] -
// type source options". ok is false for a row of another form.
func parseMountRow(line []byte) (row mountRow, ok bool) {
	var words [6][]byte
	rest := line
	for i := range words {
		words[i], rest = field(rest)
	}
	if _, err := decimal(words[0], math.MaxUint32); err != nil || len(words[4]) == 0 {
		return mountRow{}, false
	}
	for len(rest) > 0 {
		var word []byte
		if word, rest = field(rest); string(word) == "-" {
			kind, _ := field(rest)
			if len(kind) == 0 {
				return mountRow{}, false
			}
			return mountRow{root: unescapeMount(words[3]), point: unescapeMount(words[4]), kind: string(kind)}, true
		}
	}
	return mountRow{}, false
}

// unescapeMount undoes mangle of fs/proc_namespace.c: blank, tab, newline, '#' and
// backslash are printed as a backslash and three octal digits.
func unescapeMount(b []byte) string {
	if !slices.Contains(b, '\\') {
		return string(b)
	}
	var out bytes.Buffer
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+3 < len(b) && octal(b[i+1]) && octal(b[i+2]) && octal(b[i+3]) {
			out.WriteByte((b[i+1]-'0')<<6 | (b[i+2]-'0')<<3 | (b[i+3] - '0'))
			i += 3
			continue
		}
		out.WriteByte(b[i])
	}
	return out.String()
}

func octal(c byte) bool { return c >= '0' && c <= '7' }
