package mysql

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/internal/mycnf"
)

// plan is what the options make a server listen on.
type plan struct {
	findings []plannedDoor
	gaps     []checks.Gap
	closed   string // why it is closed, if nothing was found

	// listens are its TCP sockets, whole where there are no gaps.
	listens []listen
}

type plannedDoor struct {
	checks.Finding
	protocol protocol
}

// listen is one TCP socket that options open.
type listen struct {
	protocol protocol
	addr     netip.Addr
	port     uint16
	v6only   snapshot.Tri // of an address of IPv6: No = IPv4 too
}

// plan evaluates the options. hasX says that a MySQL server has the X plugin,
// which is built in from 8.0 on; a release before has it where an option names it. The settings' own gaps are not among the plan's.
func (s settings) plan(t *tree.Tree, hasX bool) plan {
	var p plan
	if s.refused {
		return p // the gap that says so is among the settings'
	}
	last := func(name string) mycnf.Setting {
		value, gap := s.last(name)
		if gap != nil {
			p.gaps = append(p.gaps, *gap)
		}
		return value
	}
	if last("skip-networking").On() {
		p.closed = "skip-networking is set: the server listens on no TCP port"
		return p
	}
	if s.flavour == mySQL && s.atLeast(8, 0) && last("skip-grant-tables").On() {
		p.closed = "skip-grant-tables is set, with which MySQL listens on no TCP port"
		return p
	}
	r := &resolver{tree: t}
	address := last("bind-address")
	ports := []portOf{{classic, portNumber(last("port"), 3306, 0)}}
	if s.flavour == mariaDB {
		if n := last("extra-port").Number(); n != 0 {
			ports = append(ports, portOf{extra, n})
		}
	}
	p.door(s, r, address, ports...)
	p.closed = "bind-address is " + address.Value
	if s.flavour == mySQL {
		hasX = hasX && (s.release == "" || s.atLeast(8, 0) || s.namesX())
		if a := last("admin-address"); a.Set {
			p.door(s, r, a, portOf{admin, portNumber(last("admin-port"), 33062, 0)})
		}
		x := last("mysqlx")
		on, known := pluginState(x)
		switch {
		case hasX && !known:
			p.gap(checks.ReasonUnsupported, "mysqlx", x, "a value with which the plugin may not be loaded")
		case hasX && on:
			p.door(s, r, last("mysqlx-bind-address"), portOf{xproto, portNumber(last("mysqlx-port"), 33060, 1)})
		}
	}
	p.conflicts()
	return p
}

// namesX says that an option loads the X plugin or is one of its own.
func (s settings) namesX() bool {
	return slices.ContainsFunc(s.sequence(), func(o mycnf.Option) bool {
		return strings.HasPrefix(mycnf.Canonical(o.Name), "mysqlx") || strings.Contains(o.Value, "mysqlx")
	})
}

// portOf is a port and what is spoken there.
type portOf struct {
	protocol protocol
	number   uint16
}

// portNumber is the port an option gives: where it is not set and where it is 0 the
// server takes one itself.
func portNumber(s mycnf.Setting, fallback, zero uint16) uint16 {
	switch {
	case !s.Set || s.Number() == 0 && zero == 0:
		return fallback
	case s.Number() == 0:
		return zero
	}
	return s.Number()
}

// pluginState reads the option of a plugin: whether it is loaded (enum
// plugin_load_option of the servers).
func pluginState(s mycnf.Setting) (on, known bool) {
	if !s.Set || s.Form == mycnf.Plain && !s.HasValue {
		return true, true
	}
	if s.Form != mycnf.Plain {
		return s.On() || s.Value == "", true
	}
	switch strings.ToUpper(s.Value) {
	case "0", "OFF":
		return false, true
	case "1", "2", "3", "ON", "FORCE", "FORCE_PLUS_PERMANENT":
		return true, true
	}
	return true, false
}

func (p *plan) gap(reason checks.Reason, name string, value mycnf.Setting, detail string) {
	p.gaps = append(p.gaps, checks.Gap{Reason: reason, Subject: checks.Text(name), Location: at(value), Detail: checks.Text(name + ": " + detail)})
}

// optionOf is the option that says where a protocol is spoken.
func optionOf(proto protocol) string {
	switch proto {
	case admin:
		return "admin-address"
	case xproto:
		return "mysqlx-bind-address"
	}
	return "bind-address"
}

// door judges one address option, and what it opens on the ports.
func (p *plan) door(s settings, r *resolver, value mycnf.Setting, ports ...portOf) {
	proto := ports[0].protocol
	name := optionOf(proto)
	finding := func(kind, detail string) {
		if s.hidden() && (value.File != "" || !value.Set) {
			return // an option file that was not read may say otherwise
		}
		p.findings = append(p.findings, plannedDoor{protocol: proto, Finding: checks.Finding{
			Kind: kind, Subject: checks.Text(name), Evidence: checks.Configured, Location: at(value), Key: s.key, Detail: checks.Text(detail),
		}})
	}
	open := func(addrs ...netip.Addr) {
		for _, a := range addrs {
			for _, port := range ports {
				p.listens = append(p.listens, listen{port.protocol, a, port.number, s.v6only(a)})
			}
		}
	}
	if s.flavour == mySQL && value.Form == mycnf.Enabled {
		value.Set = false // nothing is stored
	}
	if !value.Set {
		finding("bind-unset", fmt.Sprintf("%s is not set, so the database's %s listens on every address", name, proto))
		open(s.everywhere()...)
		return
	}
	told := false
	parts := strings.Split(value.Value, ",")
	for _, part := range parts {
		if proto == xproto {
			if part = strings.TrimSpace(part); value.Value == "" || part == "*" && len(parts) > 1 {
				continue // the plugin goes on without it
			}
		}
		addrs, reason, problem := s.judgeAddress(r, part, proto, len(parts))
		if problem != "" {
			p.gap(reason, name, value, problem)
			continue
		}
		open(addrs...)
		if !told && slices.ContainsFunc(addrs, func(a netip.Addr) bool { return !a.Unmap().IsLoopback() }) {
			told = true
			finding("bind-outside", fmt.Sprintf("%s has %s, so the database's %s listens outside loopback", name, part, proto))
		}
	}
}

// everywhere is what a server listens on without an address.
func (s settings) everywhere() []netip.Addr {
	if s.flavour == mySQL {
		return []netip.Addr{netip.IPv6Unspecified()}
	}
	return []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}
}

// v6only is the socket option of the same name, which MariaDB 10.11 sets and MySQL
// clears; releases of MariaDB before it took both families in one socket.
func (s settings) v6only(a netip.Addr) snapshot.Tri {
	switch {
	case a.Is4():
		return snapshot.Unknown
	case s.flavour == mySQL:
		return snapshot.No
	case s.atLeast(10, 11):
		return snapshot.Yes
	}
	return snapshot.Unknown
}

// judgeAddress returns what one address of a list of n stands for. A problem says
// why that is not known, or that the server refuses it.
func (s settings) judgeAddress(r *resolver, value string, proto protocol, n int) (addrs []netip.Addr, reason checks.Reason, problem string) {
	const refuses = ", with which the server refuses to start"
	single := proto == admin || s.flavour == mariaDB && s.release != "" && !s.atLeast(10, 11) || s.flavour == mySQL && s.release != "" && !s.atLeast(8, 0)
	switch {
	case n > 1 && single:
		return nil, checks.ReasonRefused, "a list of addresses" + refuses
	case value == "":
		return nil, checks.ReasonRefused, "an empty address" + refuses
	case value == "*" && (proto == admin || s.flavour == mySQL && n > 1):
		return nil, checks.ReasonRefused, "every address" + refuses
	case value == "*":
		return s.everywhere(), "", ""
	case strings.TrimSpace(value) != value:
		return nil, checks.ReasonRefused, "an address with blanks around it" + refuses
	case strings.Contains(value, "/"):
		return nil, checks.ReasonUnsupported, "a network namespace, which is not evaluated"
	}
	addrs, reason, problem = r.resolve(value)
	if problem != "" {
		return nil, reason, problem
	}
	for _, a := range addrs {
		switch {
		case a.Is4In6() && s.flavour == mariaDB:
			return nil, checks.ReasonRefused, "an IPv4 address in IPv6 form, with which MariaDB refuses to start"
		case a.IsUnspecified() && (proto == admin || s.flavour == mySQL && n > 1):
			return nil, checks.ReasonRefused, "every address" + refuses
		case a.IsLinkLocalUnicast() && a.Is6():
			return nil, checks.ReasonRefused, "a link-local address without its interface" + refuses
		}
	}
	if s.flavour == mySQL {
		// Of several it takes the first of IPv4.
		slices.SortStableFunc(addrs, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
		addrs = addrs[:1]
	}
	return addrs, "", ""
}

// conflicts looks for two sockets that cannot be bound both: then the server ends.
func (p *plan) conflicts() {
	for i, a := range p.listens {
		for _, b := range p.listens[:i] {
			every := a.addr.IsUnspecified() || b.addr.IsUnspecified()
			family := a.addr.BitLen() == b.addr.BitLen() && !a.addr.Is4In6() && !b.addr.Is4In6()
			both := a.addr == netip.IPv6Unspecified() && a.v6only == snapshot.No || b.addr == netip.IPv6Unspecified() && b.v6only == snapshot.No
			if a.port != b.port || a.addr.Unmap() != b.addr.Unmap() && !both && (!every || !family) {
				continue
			}
			p.gaps = append(p.gaps, checks.Gap{
				Reason: checks.ReasonRefused, Subject: checks.Text(optionOf(a.protocol)),
				Detail: checks.Text(fmt.Sprintf("port %d is to be opened twice on the same address, with which the server refuses to start", a.port)),
			})
			return
		}
	}
}
