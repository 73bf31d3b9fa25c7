package listeners

import (
	"cmp"
	"net/netip"
	"path"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
)

// publication is a port of the host that an engine forwards to a container.
type publication struct {
	host.Published
	container string
}

func publications(list []*host.Container) map[portKey][]publication {
	m := map[portKey][]publication{}
	for _, c := range list {
		if c == nil {
			continue
		}
		for _, p := range c.Published {
			key := portKey{p.Proto, p.Port}
			m[key] = append(m[key], publication{p, cmp.Or(c.Name, shortID(c.ID), "unnamed")})
		}
	}
	return m
}

// forwarders are the programs of engines that hold a published port.
var forwarders = map[string]bool{
	"docker-proxy": true, "rootlessport": true, "rootlesskit": true, "slirp4netns": true,
	"pasta": true, "pasta.avx2": true, "passt": true, "passt.avx2": true, "conmon": true, "dockerd": true,
}

// publisher names the container behind a listener that an engine's program holds.
func (a *attribution) publisher(r *row) {
	if r.owner.container != "" || !forwarders[path.Base(r.owner.program)] {
		return
	}
	for _, p := range a.publishers[portKey{r.Proto, r.Port}] {
		if covers(r.Listener, p.Addr) {
			r.owner.container = p.container
			return
		}
	}
}

// unheard are the published ports on which no program listens: packet filter
// rules forward them.
func (a *attribution) unheard(rows []row) []row {
	if len(a.publishers) == 0 {
		return nil
	}
	var out []row
	heard := map[portKey][]snapshot.Listener{}
	for _, r := range rows {
		key := portKey{r.Proto, r.Port}
		heard[key] = append(heard[key], r.Listener)
	}
	for _, c := range a.host.Containers {
		if c == nil {
			continue
		}
	ports:
		for _, p := range c.Published {
			for _, l := range heard[portKey{p.Proto, p.Port}] {
				if covers(l, p.Addr) {
					continue ports
				}
			}
			out = append(out, row{
				Listener: snapshot.Listener{Proto: p.Proto, Addr: p.Addr, Port: p.Port, V6Only: snapshot.Yes},
				owner:    owner{container: cmp.Or(c.Name, shortID(c.ID), "unnamed"), published: true, foreign: true},
			})
		}
	}
	return out
}

// unseenGap records that ports may be published which nobody can name: those of
// containers of engines that could not be looked at.
func unseenGap(h *host.Host, rec *checks.Recorder) (unseen bool) {
	for _, m := range h.Guests {
		p, known := h.Snapshot.Process(m.PID)
		if _, engine := snapshot.ContainerOf(p.Cgroup); m.PID == 0 || known && engine && p.NetNS != h.Snapshot.NetNS {
			rec.Gap(checks.Gap{
				Reason: checks.ReasonOf(m.Err), Subject: "containers",
				Detail: "containers could not be looked at, so which ports packet filter rules forward to them is not known",
			})
			return true
		}
	}
	return false
}

// covers reports whether a socket takes what is sent to an address.
func covers(l snapshot.Listener, addr netip.Addr) bool {
	has, asked := l.Addr.Unmap(), addr.Unmap()
	switch {
	case has == asked:
		return true
	case !has.IsUnspecified():
		return false
	}
	return has.Is4() == asked.Is4() || has.Is6() && l.V6Only != snapshot.Yes
}

// inner are the ports inside the containers that a published port leads to.
func inner(published map[portKey][]publication, r row) []uint16 {
	var ports []uint16
	for _, p := range published[portKey{r.Proto, r.Port}] {
		if p.Inner != 0 && p.container == r.owner.container {
			ports = append(ports, p.Inner)
		}
	}
	return ports
}
