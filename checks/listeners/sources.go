package listeners

import (
	"net"
	"net/netip"
	"slices"
	"sync"

	"hostaudit/checks/host"
	"hostaudit/checks/host/packages"
	"hostaudit/checks/host/units"
)

// sources are what the checks ask beside the snapshot, as functions, so that a
// test needs neither a package database nor unit files. Each is asked only when
// something depends on it.
type sources struct {
	owners  func(paths ...string) map[string]packages.Owner
	sockets func() ([]*units.Unit, []units.Problem)
	unit    func(name string) *units.Unit // nil = none, or not readable
	state   func(name string) units.Enablement
	enabled func() ([]units.Entry, []units.Problem)
	user    func(uid uint32) string  // "" = no local account
	resolve func(file string) string // without symbolic links; the same where it cannot be told
	own     func() []netip.Addr      // the host's addresses that others can use too
}

func sourcesOf(h *host.Host) sources {
	system, database := h.Units(), h.Packages()
	users := sync.OnceValue(func() map[uint32]string { return userNames(h) })
	return sources{
		owners:  database.Owners,
		sockets: system.Sockets,
		unit: func(name string) *units.Unit {
			u, err := system.Unit(name)
			if err != nil {
				return nil
			}
			return u
		},
		state:   func(name string) units.Enablement { return system.State(name) },
		enabled: system.Enabled,
		resolve: func(file string) string {
			if resolved, err := h.Tree.Resolve(file); err == nil {
				return resolved
			}
			return file
		},
		user: func(uid uint32) string { return users()[uid] },
		own:  func() []netip.Addr { return outsideAddrs(net.InterfaceAddrs) },
	}
}

// userNames maps user IDs to local accounts; the first line of an ID names it.
func userNames(h *host.Host) map[uint32]string {
	names := map[uint32]string{}
	for _, acc := range h.Accounts().List {
		if _, told := names[acc.UID]; !told {
			names[acc.UID] = acc.Name
		}
	}
	return names
}

// outsideAddrs lists the addresses of the interfaces that are not for the host
// alone, IPv4 first.
func outsideAddrs(interfaceAddrs func() ([]net.Addr, error)) []netip.Addr {
	list, err := interfaceAddrs()
	if err != nil {
		return nil // loopback is left
	}
	var out []netip.Addr
	for _, a := range list {
		prefix, err := netip.ParsePrefix(a.String())
		if err != nil {
			continue
		}
		addr := prefix.Addr().Unmap()
		if !addr.IsLoopback() && !addr.IsLinkLocalUnicast() && !addr.IsUnspecified() && !addr.IsMulticast() {
			out = append(out, addr)
		}
	}
	slices.SortFunc(out, netip.Addr.Compare)
	return slices.Compact(out)
}
