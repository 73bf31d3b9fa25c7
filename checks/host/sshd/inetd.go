package sshd

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
	"hostaudit/checks/internal/xinetdconf"
)

// superServer adds an sshd or Dropbear that inetd or xinetd starts for each connection.
func (l *looker) superServer(e units.Entry) {
	kind := programOf(path.Base(e.Program))
	if kind == "" {
		return
	}
	f := found{
		Server: Server{Program: kind, Boot: BootYes, Unit: e.Name, AsRoot: isRoot(e.User)},
		exe:    e.Program, super: true,
	}
	for _, li := range e.Listens {
		if li.Proto == "tcp" {
			f.Opens = append(f.Opens, open(li, e.Name))
		}
	}
	if f.Opens == nil {
		f.Opens = []Open{}
	}
	args, err := l.superArguments(e)
	if err != nil {
		f.args = &Problem{Err: err, Detail: "the options it is started with are not evaluated", File: e.Place.File, Line: e.Place.Line}
	}
	l.start(&f, args, e.Place.File, e.Place.Line)
	l.addStarts(f)
}

// holdSuper finds the sockets that a super-server holds for a server.
func (l *looker) holdSuper() {
	for _, li := range l.h.Snapshot.Listeners {
		bySuper := slices.ContainsFunc(li.PIDs, func(pid int) bool {
			p, _ := l.h.Snapshot.Process(pid)
			name := program(p)
			if name == "busybox" {
				name = p.Comm
			}
			return p.EUID == 0 && strings.Contains(name, "inetd")
		})
		if li.Proto != "tcp" || !bySuper {
			continue
		}
		for i := range l.starts {
			f := &l.starts[i]
			if f.super && slices.ContainsFunc(f.Opens, func(o Open) bool { return o.Port == li.Port }) {
				f.Listeners = addListeners(f.Listeners, []snapshot.Listener{li})
				l.held[keyOf(li)] = true
			}
		}
	}
}

// superArguments reads the options of a service of inetd or xinetd, which an Entry does
// not hold.
func (l *looker) superArguments(e units.Entry) ([]string, error) {
	data, err := l.h.Tree.ReadFile(e.Place.File)
	if err != nil {
		return nil, err
	}
	if e.Kind == units.KindXinetd {
		items, _ := xinetdconf.Parse(data)
		for _, item := range items {
			if item.Line == e.Place.Line {
				return xinetdArguments(data, item)
			}
		}
		return nil, ErrUnsupported
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		if n++; n != e.Place.Line {
			continue
		}
		// service type protocol wait user program name arguments…; tcpd's program is
		// the name.
		words := strings.Fields(line)
		for i, word := range words {
			if i > 4 && programOf(path.Base(word)) != "" {
				words = words[i+1:]
				if len(words) > 0 && programOf(path.Base(words[0])) != "" {
					words = words[1:]
				}
				if strings.ContainsAny(strings.Join(words, ""), `"'\`) {
					return nil, ErrUnsupported
				}
				return words, nil
			}
		}
	}
	return nil, ErrUnsupported
}

// xinetdArguments are the server_args of a service: xinetdconf keeps the first only.
func xinetdArguments(data []byte, item xinetdconf.Item) ([]string, error) {
	a, given := item.Get("server_args")
	if !given {
		return nil, nil
	}
	n := 0
	for line := range strings.Lines(string(data)) {
		if n++; n == a.Line {
			_, value, ok := strings.Cut(line, "=")
			if !ok || strings.ContainsAny(value, `"'\`) {
				return nil, ErrUnsupported
			}
			return strings.Fields(value), nil
		}
	}
	return nil, fmt.Errorf("%w: line %d", ErrUnsupported, a.Line)
}

// isRoot reports the user of a service of inetd or xinetd that is root, or may be:
// inetd.conf(5) takes a group after it.
func isRoot(user string) bool {
	name, _, _ := strings.Cut(user, "/")
	name, _, _ = strings.Cut(name, ":")
	name, _, _ = strings.Cut(name, ".")
	return name == "" || name == "root" || strings.Trim(name, "0123456789") == ""
}
