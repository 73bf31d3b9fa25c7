package proftpdconf

import (
	"net/netip"
	"slices"
)

// conn is a socket that was bound. It listens when a binding has it at the end.
type conn struct {
	addr address // of SocketBindTight; the zero value is the wildcard
	port int
}

// binding is an entry of the table in src/bindings.c: which server answers on an address.
type binding struct {
	addr   address
	port   int
	server *live
	conn   *conn
	names  map[string]bool
}

// table is all of them.
type table struct {
	w        *walker
	bindings []*binding
	conns    []*conn
	listen   map[*live]*conn
}

// simulate is init_standalone_bindings() of src/bindings.c.
func (w *walker) simulate(v variant, fallback uint16) outcome {
	list := w.settle(v, fallback)
	// sftp_postparse_ev() of mod_sftp.c; before, SSH was spoken.
	if !w.build.Version.before(8) && slices.ContainsFunc(list, func(l *live) bool { return l.both }) {
		return outcome{why: "a server with TLSEngine and SFTPEngine"}
	}
	t := &table{w: w, listen: map[*live]*conn{}}
	main := list[0]
	if main.port.value > 0 {
		t.listen[main] = t.socket(main.addr, main.port.value)
	}
	if main.port.value > 0 || main.isDefault && w.build.Version.before(9) {
		t.serve(main, t.listen[main])
	}
	for _, l := range list[1:] {
		if t.alias(l) > 0 {
			continue // answers on what is bound already
		}
		switch {
		case l.port.value == main.port.value && !w.tight && t.listen[main] != nil:
			c := t.listen[main]
			t.listen[l] = c
			t.create(l, l.addr)
			t.openWith(l.addr, l.port.value, nil)
			t.binds(l)
		case l.port.value > 0:
			t.listen[l] = t.socket(l.addr, l.port.value)
			t.serve(l, t.listen[l])
		case l.isDefault && w.build.Version.before(9):
			t.serve(l, nil)
		}
		t.alias(l)
	}
	return t.outcome(list)
}

// socket returns the socket of a port, or of an address and port.
func (t *table) socket(addr address, port int) *conn {
	if !t.w.tight {
		addr = address{}
	}
	for _, c := range t.conns {
		if c.addr == addr && c.port == port {
			return c
		}
	}
	c := &conn{addr, port}
	t.conns = append(t.conns, c)
	return c
}

func (t *table) serve(l *live, c *conn) {
	t.create(l, l.addr)
	t.openWith(l.addr, l.port.value, c)
	t.binds(l)
}

// binds is pr_ipbind_add_binds().
func (t *table) binds(l *live) {
	for _, addr := range l.binds {
		c := t.listen[l]
		if t.w.tight && l.port.value > 0 {
			c = t.socket(addr, l.port.value)
		}
		t.create(l, addr)
		t.openWith(addr, l.port.value, c)
	}
}

// find is pr_ipbind_find().
func (t *table) find(addr address, port int) *binding {
	for _, b := range t.bindings {
		if b.port == port && b.addr.same(addr, t.w.ipv6) {
			return b
		}
	}
	return nil
}

// create is pr_ipbind_create(): a second one is made for a server with an alias alone.
func (t *table) create(l *live, addr address) {
	if !addr.known() || t.find(addr, l.port.value) != nil && len(l.aliases) == 0 {
		if addr.known() {
			return
		}
		addr.ip = netip.Addr{} // equal to no other
	}
	t.bindings = append(t.bindings, &binding{addr: addr, port: l.port.value, server: l, names: map[string]bool{}})
}

// openWith is pr_ipbind_open(). It gives the socket to the first binding of the address,
// whosever it is: a second server on the main server's address takes its socket away.
func (t *table) openWith(addr address, port int, c *conn) {
	b := t.find(addr, port)
	if !addr.known() {
		b = t.bindings[len(t.bindings)-1]
	}
	if b == nil {
		return
	}
	b.conn = c
	t.listen[b.server] = c
}

// alias is process_serveralias(): how many names were added to what is bound already.
func (t *table) alias(l *live) int {
	var targets []*binding
	if b := t.find(l.addr, l.port.value); b != nil {
		targets = append(targets, b)
	} else if t.w.build.Version.before(8) {
		for _, ip := range []netip.Addr{unspecified(l.addr.ip), netip.IPv4Unspecified()} {
			if b := t.find(address{ip: ip}, l.port.value); b != nil && l.addr.known() {
				targets = append(targets, b)
				break
			}
		}
	} else {
		for _, b := range t.bindings {
			if b.server == l {
				targets = append(targets, b)
			}
		}
	}
	count := 0
	for _, name := range l.aliases {
		for _, b := range targets {
			if !b.names[name] {
				b.names[name] = true
				count++
			}
		}
	}
	return count
}

// outcome collects the sockets that listen.
func (t *table) outcome(list []*live) outcome {
	var o outcome
	var listening []*conn
	for _, b := range t.bindings {
		if b.conn != nil && !slices.Contains(listening, b.conn) {
			listening = append(listening, b.conn)
		}
	}
	for i, c := range listening {
		for _, other := range listening[:i] {
			if excludes(c, other) {
				o.why = "two sockets that exclude each other"
			}
		}
		for _, l := range list {
			if l.port.value != c.port || t.w.tight && l.addr != c.addr && !slices.Contains(l.binds, c.addr) {
				continue
			}
			addr := c.addr
			switch {
			case !t.w.tight && t.w.ipv6:
				addr.ip = netip.IPv6Unspecified()
			case !t.w.tight:
				addr.ip = netip.IPv4Unspecified()
			case l.main && !l.server.addr.known() && addr == l.addr, l.main && !slices.Contains(l.server.binds, addr) && addr != l.server.addr:
				addr = address{text: l.server.addr.text} // of the host's own name
			}
			o.listens = append(o.listens, l.listen(addr))
		}
	}
	c := Config{listens: o.listens}
	c.sort()
	o.listens = slices.Compact(c.listens)
	return o
}

// excludes reports two listening sockets of which Linux refuses the second.
func excludes(a, b *conn) bool {
	if a.port != b.port || !a.addr.known() || !b.addr.known() {
		return false
	}
	x, y := a.addr.ip, b.addr.ip
	switch {
	case x == netip.IPv6Unspecified(), y == netip.IPv6Unspecified():
		return true
	case x == netip.IPv4Unspecified():
		return y.Unmap().Is4()
	case y == netip.IPv4Unspecified():
		return x.Unmap().Is4()
	}
	return x.Unmap() == y.Unmap()
}
