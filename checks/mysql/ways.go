package mysql

import (
	"cmp"
	"net"
	"net/netip"
	"slices"

	"hostaudit/checks/host/snapshot"
)

// The places a server can be asked from.
const (
	placeSocket   = "socket"
	placeOther    = "socket, as another user"
	placeOutside  = "outside"
	placeLoopback = "loopback"

	placePublished = "published port" // of a container, on loopback
)

// ways lists the ways into an instance, at most one of each kind, in the order in
// which they are tried: where the server listens outside, that way tells more
// than loopback and comes first.
// The error says that the host's own addresses could not be listed.
func (p *prober) ways(inst instance) (out []way, err error) {
	if len(inst.sockets) > 0 {
		out = append(out, way{network: "unix", address: inst.sockets[0], place: placeSocket})
	}
	var inside, outside []netip.AddrPort
	for _, d := range inst.doors {
		if d.protocol != classic {
			continue
		}
		l := d.listener
		switch {
		case l.Loopback():
			inside = append(inside, netip.AddrPortFrom(l.Addr, l.Port))
		case l.Addr.IsUnspecified():
			v4 := l.Addr.Is4() || l.V6Only == snapshot.No
			if v4 {
				inside = append(inside, netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), l.Port))
			} else {
				inside = append(inside, netip.AddrPortFrom(netip.IPv6Loopback(), l.Port))
			}
			a, ok, failed := p.ownAddress(v4)
			if failed != nil {
				err = failed
			}
			if ok {
				outside = append(outside, netip.AddrPortFrom(a, l.Port))
			}
		default:
			outside = append(outside, netip.AddrPortFrom(l.Addr, l.Port))
		}
	}
	if len(outside) > 0 {
		out = append(out, way{network: "tcp", address: first(outside).String(), place: placeOutside})
	}
	if len(inside) > 0 {
		out = append(out, way{network: "tcp", address: first(inside).String(), place: placeLoopback})
	}
	return out, err
}

// first prefers IPv4, then takes the lowest.
func first(list []netip.AddrPort) netip.AddrPort {
	return slices.MinFunc(list, func(a, b netip.AddrPort) int {
		return cmp.Or(cmp.Compare(family(a.Addr()), family(b.Addr())), a.Compare(b))
	})
}

func family(a netip.Addr) int {
	if a.Unmap().Is4() {
		return 4
	}
	return 6
}

// ownAddress is the lowest address of an interface that others can use too.
func (p *prober) ownAddress(v4 bool) (netip.Addr, bool, error) {
	list, err := p.own()
	if err != nil {
		return netip.Addr{}, false, err
	}
	var own []netip.Addr
	for _, a := range list {
		n, ok := a.(*net.IPNet)
		if !ok {
			continue
		}
		addr, ok := netip.AddrFromSlice(n.IP)
		addr = addr.Unmap()
		if ok && addr.Is4() == v4 && !addr.IsLoopback() && !addr.IsLinkLocalUnicast() && !addr.IsUnspecified() {
			own = append(own, addr)
		}
	}
	if len(own) == 0 {
		return netip.Addr{}, false, nil
	}
	return slices.MinFunc(own, netip.Addr.Compare), true, nil
}
