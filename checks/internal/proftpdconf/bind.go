package proftpdconf

import (
	"maps"
	"net/netip"
	"slices"
)

// bind works out the sockets, for every address that the main server may have where its
// own name says it.
func (w *walker) bind(main string) {
	here := at{file: main}
	fallback, ok := w.defaultPort(here)
	if w.halted {
		return
	}
	if w.cmd.Address != "" && w.servers[0].addr.text == "" {
		addr, _ := resolve(w.cmd.Address, w.ipv6, w.build.Debian)
		if !addr.known() {
			w.unsure(at{}, "a name that only the resolver knows")
		}
		w.servers[0].addr = addr
	}
	for _, s := range w.servers {
		if !w.ipv6 && s.addr.ip.Is6() {
			w.unsure(here, "an IPv6 address read before IPv6 was turned off")
			break
		}
	}
	var results []outcome
	for _, variant := range w.variants() {
		results = append(results, w.simulate(variant, fallback))
	}
	first := results[0]
	for _, r := range results[1:] {
		if (r.why == "") != (first.why == "") || !sameSockets(r.listens, first.listens) {
			w.unsure(here, "what is bound depends on the address that the host's own name has")
			// What any of them binds is said rather than what all do.
			for _, r := range results[1:] {
				for _, l := range r.listens {
					if !slices.Contains(first.listens, l) {
						first.listens = append(first.listens, l)
					}
				}
				if r.why == "" {
					first.why = ""
				}
			}
			break
		}
	}
	if first.why != "" {
		w.refuse(Problem{File: main, Outcome: Outcome{Why: first.why}})
		return
	}
	w.c.listens = first.listens
	for _, l := range first.listens {
		switch {
		case l.Line == 0 && !ok:
			w.unsure(here, "the default port, which /etc/services does not tell")
			return
		case !l.Addr.IsValid() && l.Host == "":
			w.unsure(here, "an address that is the one of the host's own name")
			return
		}
	}
}

// sameSockets reports whether two answers bind the same, and speak FTP on the same.
func sameSockets(a, b []Listen) bool {
	type socket struct {
		addr netip.Addr
		host string
		port uint16
	}
	ftp := func(list []Listen) map[socket]bool {
		found := map[socket]bool{}
		for _, l := range list {
			key := socket{l.Addr, l.Host, l.Port}
			found[key] = found[key] || l.FTP
		}
		return found
	}
	return maps.Equal(ftp(a), ftp(b))
}

// defaultPort is the port of a server without one: the service ftp of /etc/services.
func (w *walker) defaultPort(here at) (uint16, bool) {
	data, err := w.files.ReadFile("/etc/services")
	if err != nil || len(data) > maxBytes {
		if err != nil && !absent(err) {
			w.problem(Problem{File: here.file, Outcome: Outcome{Unsure, "/etc/services, which cannot be read"}, Err: err})
		}
		return 21, false
	}
	port, ok := servicePort(string(data))
	if !ok {
		port = 21
	}
	return port, ok
}

// variant is what the main server's address may be.
type variant struct {
	addr  address
	extra []address // further addresses of the same name
}

// variants returns one where the address is known. Else the address is one that no other
// server has, or that of one of them; with DefaultServer its family matters too.
func (w *walker) variants() []variant {
	main := w.servers[0]
	if main.addr.known() {
		return []variant{{addr: main.addr}}
	}
	list := []variant{
		{addr: address{ip: netip.AddrFrom4([4]byte{240, 0, 0, 1})}}, // no host has these
		{addr: address{ip: netip.MustParseAddr("100::1")}},
		{addr: address{ip: netip.AddrFrom4([4]byte{240, 0, 0, 1})}, extra: []address{{ip: netip.AddrFrom4([4]byte{240, 0, 0, 2})}}},
	}
	if !w.ipv6 {
		list = slices.Delete(list, 1, 2)
	}
	for _, s := range w.servers[1:] {
		if len(list) < 20 && s.addr.known() && !slices.ContainsFunc(list, func(v variant) bool { return v.addr.ip == s.addr.ip }) {
			list = append(list, variant{addr: address{ip: s.addr.ip}})
		}
	}
	return list
}

// outcome is what one variant binds.
type outcome struct {
	listens []Listen
	why     string // it is refused; "" = it is not
}

// live is a server with what became of it.
type live struct {
	*server
	addr    address
	binds   []address
	port    setting // what it listens on at the end
	sftp    bool
	tls     bool // from the first byte
	both    bool // TLS, explicit or not, and SSH
	main    bool
	removed bool
}

// settle takes away the servers with the address and port of another one, and gives each
// its port.
func (w *walker) settle(v variant, fallback uint16) []*live {
	list := make([]*live, len(w.servers))
	ports := make([]int, len(w.servers))
	for i, s := range w.servers {
		list[i] = &live{server: s, addr: s.addr, binds: s.binds, main: i == 0}
		ports[i] = int(fallback)
	}
	main := list[0]
	main.addr = v.addr
	main.binds = append(slices.Clone(v.extra), main.binds...)
	opened := make([]bool, len(list))
	for _, e := range w.events {
		opened[e.server] = true
		if !e.closed {
			ports[e.server] = e.port
			continue
		}
		if w.cmd.NoCollision || len(list[e.server].aliases) > 0 {
			continue
		}
		for i, other := range list {
			// One that is not there yet has no event before.
			if i != e.server && (i < e.server) && !other.removed && list[e.server].addr.same(other.addr, w.ipv6) && ports[i] == ports[e.server] {
				list[e.server].removed = true
				break
			}
		}
	}
	list = slices.DeleteFunc(list, func(l *live) bool { return l.removed })
	all := list
	list = slices.DeleteFunc(slices.Clone(list), func(l *live) bool { return l.dead })
	for _, l := range list {
		l.port = l.server.port
		if !w.build.Version.before(8) {
			if p := effective(all, l, func(s *scope) setting { return s.port }); p.set {
				l.port = p
			}
		}
		if !l.port.set {
			l.port.value = int(fallback)
		}
		on := func(get func(*scope) setting) bool { return effective(all, l, get).value == 1 }
		l.sftp = on(func(s *scope) setting { return s.sftp })
		engine := on(func(s *scope) setting { return s.tls })
		l.tls = engine && on(func(s *scope) setting { return s.implicit })
		l.both = engine && l.sftp
		if l.isDefault && !w.tight {
			l.addr.ip = unspecified(l.addr.ip)
		}
	}
	return list
}

func unspecified(ip netip.Addr) netip.Addr {
	if ip.Is6() {
		return netip.IPv6Unspecified()
	}
	return netip.IPv4Unspecified()
}

// effective is the first of a server's own settings and those of all <Global> blocks,
// which are copied behind them: server by server, in each the last block first, because a
// section is put in front of the list.
func effective(list []*live, l *live, get func(*scope) setting) setting {
	if s := get(&l.own); s.set {
		return s
	}
	for _, other := range list {
		for _, g := range slices.Backward(other.globals) {
			if s := get(g); s.set {
				return s
			}
		}
	}
	return setting{}
}

// listen is the socket as a Listen of a server.
func (l *live) listen(addr address) Listen {
	name := l.name
	if name == "" {
		name = l.server.addr.text
	}
	if l.main && l.name == "" {
		name = ""
	}
	return Listen{
		Addr: addr.ip, Host: hostOf(addr), Port: uint16(l.port.value), File: l.port.file, Line: l.port.line,
		FTP: !l.sftp, ImplicitTLS: l.tls && !l.sftp, Server: name,
	}
}

func hostOf(a address) string {
	if a.known() {
		return ""
	}
	return a.text
}
