package sshd

import (
	"slices"

	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
)

// placeContainer says of a container's servers whether they are in a network of their
// own, and what the engine forwards to it. Who else listens in a container is asked from
// the host, if its ports are the host's.
func (l *looker) placeContainer(h *host.Host) {
	l.unsettled = nil
	own := l.h.Snapshot.NetNS
	if own == h.Snapshot.NetNS && own != 0 {
		return
	}
	published := slices.Clone(l.container.Published)
	for _, other := range h.Containers {
		if other != l.container && own != 0 && other.Host.Snapshot.NetNS == own {
			published = append(published, other.Published...)
		}
	}
	for i := range l.found {
		if !l.found[i].OtherNet { // another namespace inside the container gets nothing
			l.found[i].OtherNet, l.found[i].Published = true, published
		}
	}
}

// settleInside takes listeners of the host's network away that are known to be a
// container's server.
func (l *looker) settleInside(in *looker) {
	if in.h.Snapshot.NetNS != l.h.Snapshot.NetNS {
		return
	}
	l.unsettled = slices.DeleteFunc(l.unsettled, func(li snapshot.Listener) bool {
		return in.held[keyOf(li)] || slices.ContainsFunc(li.PIDs, func(pid int) bool { return in.known[pid] })
	})
}

// settlePublished deals with port 22 of the host where an engine forwards it to a
// container: an SSH server known there needs no question, and what is forwarded by
// packet filters alone, without a listener on the host, does.
func (l *looker) settlePublished(inside []*looker) {
	for _, c := range l.h.Containers {
		for _, p := range c.Published {
			if p.Proto != "tcp" || p.Port != defaultPort {
				continue
			}
			matches := func(li snapshot.Listener) bool {
				return li.Addr.Unmap() == p.Addr.Unmap() || li.Addr.IsUnspecified() && p.Addr.IsUnspecified()
			}
			switch {
			case serves(inside, c, p):
				l.unsettled = slices.DeleteFunc(l.unsettled, func(li snapshot.Listener) bool {
					return matches(li) && forwards(l.h.Snapshot, li)
				})
			case !slices.ContainsFunc(l.unsettled, matches):
				l.unsettled = append(l.unsettled, snapshot.Listener{Proto: p.Proto, Addr: p.Addr, Port: p.Port})
			}
		}
	}
}

// serves reports that an SSH server is known to answer on a published port.
func serves(inside []*looker, c *host.Container, p host.Published) bool {
	return slices.ContainsFunc(inside, func(in *looker) bool {
		if in.container != c && in.h.Snapshot.NetNS != c.Host.Snapshot.NetNS {
			return false
		}
		return slices.ContainsFunc(in.found, func(f found) bool {
			return slices.ContainsFunc(f.Listeners, func(li snapshot.Listener) bool { return li.Port == p.Inner && !li.Loopback() })
		})
	})
}

// forwards reports a listener that an engine's proxy holds, or that nobody is seen
// to hold.
func forwards(s *snapshot.Snapshot, li snapshot.Listener) bool {
	for _, pid := range li.PIDs {
		p, _ := s.Process(pid)
		switch program(p) {
		case "docker-proxy", "rootlessport", "conmon":
		default:
			return false
		}
	}
	return true
}
