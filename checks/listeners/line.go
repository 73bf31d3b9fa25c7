package listeners

import (
	"cmp"
	"errors"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"hostaudit/checks/host/snapshot"
)

// line is one entry of the baseline: what the owner of a port reaches there, as
//
//	tcp 22 v4 everywhere, v6 everywhere: package openssh-server, unit ssh.service, program /usr/sbin/sshd
//
// A port that the kernel gave out by itself is "dynamic": it is another one after
// the next start.
type line struct {
	proto string
	port  uint16 // 0 = dynamic
	reach reach
	hands hands
}

// errLine: a line of another form.
var errLine = errors.New("no listener of a baseline")

// String is the line as it is kept, in characters that need no escaping.
func (l line) String() string {
	return l.proto + " " + l.portWord() + " " + l.reach.String() + ": " + l.hands.String()
}

func (l line) portWord() string {
	if l.port == 0 {
		return "dynamic"
	}
	return strconv.Itoa(int(l.port))
}

// parseLine reads a line that String wrote.
func parseLine(text string) (line, error) {
	var l line
	head, tail, found := strings.Cut(text, ": ")
	if !found {
		return l, errLine
	}
	fields := strings.SplitN(head, " ", 3)
	if len(fields) != 3 {
		return l, errLine
	}
	l.proto = fields[0]
	if fields[1] != "dynamic" {
		port, err := strconv.ParseUint(fields[1], 10, 16)
		if err != nil || port == 0 {
			return l, errLine
		}
		l.port = uint16(port)
	}
	for part := range strings.SplitSeq(fields[2], ", ") {
		family, name, _ := strings.Cut(part, " ")
		c := slices.Index(classWords[:], name)
		switch {
		case c <= 0:
			return l, errLine
		case family == "v4":
			l.reach.v4 = class(c)
		case family == "v6":
			l.reach.v6 = class(c)
		default:
			return l, errLine
		}
	}
	if !l.hands.parse(tail) || l.String() != text { // only what we write ourselves is understood
		return l, errLine
	}
	return l, nil
}

func (h *hands) parse(text string) bool {
	if text == "unknown" {
		return true
	}
	for part := range strings.SplitSeq(text, ", ") {
		key, value, _ := strings.Cut(part, " ")
		switch {
		case part == "kernel":
			h.kernel = true
		case part == "no package":
			h.noPackage = true
		case value == "" || !isWord(value):
			return false
		case key == "container":
			h.container = value
		case key == "socket":
			h.socket = value
		case key == "package":
			h.pkg = value
		case key == "unit":
			h.unit = value
		case key == "program":
			h.program = value
		default:
			return false
		}
	}
	return true
}

// isWord reports whether word could have written the text.
func isWord(text string) bool {
	bare := strings.ReplaceAll(text, "%", "")
	return utf8.RuneCountInString(text) <= maxWord && word(bare) == bare
}

// lineOf is the line of one listener.
func lineOf(r row, ports snapshot.PortRange) line {
	l := line{proto: word(r.Proto), port: r.Port, reach: reachOf(r.Listener), hands: handsOf(r.owner)}
	if givenOut(r, ports) {
		l.port = 0
	}
	return l
}

// linesOf are the lines of listeners, those of the same hands on one port as one,
// sorted by protocol, port and text.
func linesOf(rows []row, ports snapshot.PortRange) []line {
	type key struct {
		proto string
		port  uint16
		hands hands
	}
	merged := map[key]reach{}
	for _, r := range rows {
		l := lineOf(r, ports)
		k := key{l.proto, l.port, l.hands}
		merged[k] = merged[k].union(l.reach)
	}
	list := make([]line, 0, len(merged))
	for k, reached := range merged {
		list = append(list, line{k.proto, k.port, reached, k.hands})
	}
	slices.SortFunc(list, func(a, b line) int {
		if c := cmp.Or(cmp.Compare(a.proto, b.proto), cmp.Compare(a.port, b.port)); c != 0 {
			return c
		}
		return cmp.Compare(a.String(), b.String())
	})
	return list
}
