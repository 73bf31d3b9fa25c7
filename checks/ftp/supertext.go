package ftp

import (
	"path"
	"slices"
	"strings"

	"hostaudit/checks/host/units"
	"hostaudit/checks/internal/inetdconf"
	"hostaudit/checks/internal/xinetdconf"
)

// superText is a file of a super-server by its lines.
type superText struct {
	lines    []string
	services map[int]inetdconf.Service // of inetd, by line
	items    map[int]xinetdconf.Item   // of xinetd
}

// superLine is a service on a line of a super-server's file.
type superLine struct {
	name  string
	args  []string // of its program; never for output
	known bool     // no quotes keep args from being told
	off   bool     // what xinetd's "disable" says, which its list "enabled" does not change (xinetd.conf(5))
}

// parseSuper reads a file of inetd or xinetd.
func parseSuper(kind units.Kind, data []byte) *superText {
	t := &superText{lines: strings.Split(string(data), "\n"), services: map[int]inetdconf.Service{}, items: map[int]xinetdconf.Item{}}
	if kind == units.KindInetd {
		list, _ := inetdconf.Parse(data)
		for _, s := range list {
			t.services[s.Line] = s
		}
		return t
	}
	list, _ := xinetdconf.Parse(data)
	for _, item := range list {
		if item.Kind == xinetdconf.Service {
			t.items[item.Line] = item
		}
	}
	return t
}

// at returns the service that begins on a line, the zero value if none does.
func (t *superText) at(line int) (l superLine) {
	text := ""
	if service, found := t.services[line]; found {
		// service type protocol wait user program name arguments
		words := strings.Fields(t.lines[line-1])
		l.name, text = service.Name, strings.Join(words[min(7, len(words)):], " ")
	} else if item, found := t.items[line]; found {
		l.name, l.off = item.Name, item.Off()
		if a, given := item.Get("server_args"); given && a.Line > 0 && a.Line <= len(t.lines) {
			_, text, _ = strings.Cut(t.lines[a.Line-1], "=")
		}
		flags, _ := item.Get("flags")
		if args := strings.Fields(text); slices.Contains(flags.Values, "NAMEINARGS") && len(args) > 0 && path.Base(args[0]) != "tcpd" {
			text = strings.Join(args[1:], " ")
		}
	} else {
		return superLine{}
	}
	l.args, l.known = strings.Fields(text), !strings.ContainsAny(text, `"'\`)
	return l
}

// first returns the first value of an attribute, "" = none.
func first(item xinetdconf.Item, name string) string {
	if v, _ := item.Get(name); len(v.Values) > 0 {
		return v.Values[0]
	}
	return ""
}
