package units

import (
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"hostaudit/checks/internal/inetdconf"
)

// inetds finds the services of inetd and xinetd where one of them is started.
func (g *gatherer) inetds() {
	g.reader = KindInetd
	defer func() { g.reader = "" }()
	xinetd := g.started("/etc/xinetd.conf", "xinetd.service")
	compatible := xinetd && g.inetdCompatible()
	files := g.inetdFiles()
	var names ports
	if len(files) > 0 || xinetd {
		names = g.portNames()
	}
	if len(files) > 0 && (compatible || g.started(files[0], "inetd.service", "openbsd-inetd.service", "inetutils-inetd.service", "busybox-inetd.service", "rlinetd.service")) {
		for _, file := range files {
			g.inetdFile(file, names)
		}
	}
	if xinetd {
		g.reader = KindXinetd
		g.xinetd(names)
	}
}

// started reports whether a super-server is started, or may be: then with a
// problem. Without its configuration it starts nothing.
func (g *gatherer) started(file string, services ...string) bool {
	if !g.isThere(file) {
		return false
	}
	if g.supervised(services) {
		return true
	}
	switch g.s.State(services...) {
	case Enabled:
		return true
	case Unknown:
		g.problem(file, 0, fmt.Errorf("%w: whether the program that reads it is started", ErrUnsupported))
		return true
	}
	return false
}

// supervised reports a super-server that init or runit starts: an entry with its
// program or its name.
func (g *gatherer) supervised(services []string) bool {
	return slices.ContainsFunc(g.entries, func(e Entry) bool {
		return e.Kind == KindInittab && slices.Contains(services, path.Base(e.Program)+".service") ||
			e.Kind == KindRunit && slices.Contains(services, e.Name+".service")
	})
}

// inetdFiles are inetd.conf and, of GNU inetutils, the files of inetd.d.
func (g *gatherer) inetdFiles() (files []string) {
	if g.isThere("/etc/inetd.conf") {
		files = append(files, "/etc/inetd.conf")
	}
	for _, name := range g.names("/etc/inetd.d") {
		if info, ok := g.stat("/etc/inetd.d/" + name); ok && info.Mode.IsRegular() && name[0] != '.' {
			files = append(files, "/etc/inetd.d/"+name)
		}
	}
	return files
}

// inetdCompatible reports whether xinetd reads inetd.conf as well, as Debian's
// script makes it do.
func (g *gatherer) inetdCompatible() bool {
	data, _ := g.read("/etc/default/xinetd")
	on := false
	for line := range strings.Lines(string(data)) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "INETD_COMPAT="); ok {
			value = strings.Trim(value, `"'`)
			on = strings.HasPrefix(value, "Y") || strings.HasPrefix(value, "y")
		}
		on = on || strings.Contains(line, "-inetd_compat") && !strings.HasPrefix(strings.TrimSpace(line), "#")
	}
	return on
}

func (g *gatherer) inetdFile(file string, names ports) {
	data, ok := g.read(file)
	if !ok {
		return
	}
	services, bad := inetdconf.Parse(data)
	gnu := g.isThere("/usr/sbin/inetutils-inetd")
	for _, s := range services {
		e := Entry{Kind: KindInetd, Name: s.Name + "/" + s.Proto, User: s.User, Program: plainWord(s.Program), Place: Place{file, s.Line}}
		if s.Wrapped != "" {
			e.Program = plainWord(s.Wrapped)
		}
		if hosts := strings.Join(s.Hosts, ","); hosts != "*" {
			e.Name = hosts + ":" + e.Name
		}
		for _, l := range inetdListens(s, names, gnu) {
			l.Place = e.Place
			e.Listens = append(e.Listens, l)
		}
		g.add(e)
	}
	for _, b := range bad {
		g.refused(file, b.Line, b.Problem)
	}
}

// inetdListens is what a line opens. Plain "tcp" is IPv4 for GNU's inetd; OpenBSD's
// opens a second socket for IPv6. Services of RPC get a random port, those of
// tcpmux none of their own, and one that services(5) does not have none at all.
// The address is the zero Addr where it is given as a name: none is looked up.
func inetdListens(s inetdconf.Service, names ports, gnu bool) (list []Listen) {
	if s.Proto == "unix" {
		return []Listen{{Proto: "unix", Path: s.Name}}
	}
	if strings.HasPrefix(s.Proto, "rpc/") || strings.HasPrefix(s.Name, "tcpmux/") {
		return nil
	}
	base := strings.TrimRight(strings.TrimSuffix(s.Proto, "only"), "46")
	if base != "tcp" && base != "udp" {
		return nil
	}
	port := names.port(s.Name, base)
	if port == 0 {
		return nil
	}
	v4 := !strings.HasSuffix(strings.TrimSuffix(s.Proto, "only"), "6")
	v6 := !v4 || s.Proto == base && !gnu
	only := Yes
	if gnu && !strings.HasSuffix(s.Proto, "only") || s.Proto == base+"46" {
		only = No
	}
	for _, host := range s.Hosts {
		addr, err := netip.ParseAddr(host)
		switch {
		case host == "localhost":
			addr, err = netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil
			if !v4 {
				addr = netip.IPv6Loopback()
			}
			fallthrough
		case err == nil:
			list = append(list, Listen{Proto: base, Addr: addr, Port: port})
			continue
		case host != "*":
			list = append(list, Listen{Proto: base, Port: port})
			continue
		}
		if v4 {
			list = append(list, Listen{Proto: base, Addr: netip.IPv4Unspecified(), Port: port})
		}
		if v6 {
			list = append(list, Listen{Proto: base, Addr: netip.IPv6Unspecified(), Port: port, V6Only: only})
		}
	}
	return list
}
