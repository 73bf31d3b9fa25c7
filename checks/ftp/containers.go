package ftp

import (
	"path"
	"slices"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
)

// contained looks at an FTP server in a container. In the network of the host its
// sockets are among the host's; in a network of its own port 21 is the container's,
// unless the engine forwards the host's port to it, which the listeners tell.
func (a *audit) contained(c *host.Container, p snapshot.Process, d daemon) {
	a.present = true
	subject := "container " + c.Name + ": " + d.name
	s := c.Host.Snapshot
	if p.NetNS == a.snap.NetNS && p.NetNS != 0 {
		a.rec.Note(subject, d.name+" runs in the network of the host")
		return
	}
	if m, missing := s.MissingPart(snapshot.PartTCP); missing || p.NetNS != s.NetNS || p.NetNS == 0 {
		reason := checks.ReasonUnsupported
		if missing {
			reason = checks.ReasonOf(m.Err)
		}
		a.gap(reason, subject, d.name+" runs in a network whose sockets could not be read")
		return
	}
	for _, l := range s.Listeners {
		if isPort21(l) && slices.Contains(l.PIDs, p.PID) {
			a.inOwnNetwork(c, subject, "", l)
			return
		}
	}
	a.rec.Note(subject, d.name+" runs")
}

func isPort21(l snapshot.Listener) bool { return l.Proto == "tcp" && l.Port == ftpPort }

// inOwnNetwork judges a listener on port 21 of a container's own network: what the engine
// forwards from port 21 of the host is told as the host's. Where no file of an engine
// tells what is forwarded, as where the container has an address of its own in the
// network of the host, nobody knows who can reach it. who names the listener where the
// subject does not.
func (a *audit) inOwnNetwork(c *host.Container, subject, who string, l snapshot.Listener) {
	published, known := a.publishedTo(c)
	switch {
	case l.Loopback():
		a.rec.Note(subject, who+"listens on port 21 of the container's own loopback")
	case known, slices.ContainsFunc(published, func(p host.Published) bool { return p.Proto == "tcp" && p.Inner == ftpPort }):
		a.rec.Note(subject, who+"listens on port 21 of the container's own network; of the host that is only what the engine forwards")
	default:
		a.gap(checks.ReasonUnsupported, subject, who+"listens on port 21 of the container's own network, and no file of the engine tells whether that can be reached from outside")
	}
}

// publishedTo lists what is forwarded to the network of a container, which those of a
// pod share; known says that this is all.
func (a *audit) publishedTo(c *host.Container) (list []host.Published, known bool) {
	for _, other := range a.host.Containers {
		if other == c || other.Host.Snapshot.NetNS == c.Host.Snapshot.NetNS && c.Host.Snapshot.NetNS != 0 {
			list = append(list, other.Published...)
			known = known || other.PortsKnown
		}
	}
	return list, known
}

// containers looks for what listens on port 21 in the networks of containers and is no
// FTP server by its name, such as inetd. It cannot be asked from here.
func (a *audit) containers() {
	for _, c := range a.host.Containers {
		s := c.Host.Snapshot
		if s.NetNS == a.snap.NetNS || s.NetNS == 0 {
			continue
		}
		if _, known := a.publishedTo(c); known {
			continue // what of it is the host's is looked at there
		}
		for _, l := range s.Listeners {
			mine := slices.ContainsFunc(l.PIDs, func(pid int) bool { _, found := s.Process(pid); return found })
			told := slices.ContainsFunc(l.PIDs, func(pid int) bool {
				p, _ := s.Process(pid)
				_, is := serves(p.Exe, nil)
				return is != unclear
			})
			if isPort21(l) && mine && !told && !l.Loopback() {
				a.inOwnNetwork(c, "container "+c.Name, "something that is not known to be an FTP server or none ", l)
			}
		}
	}
}

// namespaces looks for the same in network namespaces that are of no container.
func (a *audit) namespaces() {
	for _, ns := range a.snap.Namespaces {
		if slices.ContainsFunc(a.host.Containers, func(c *host.Container) bool { return c.Host.Snapshot.NetNS == ns.Inode }) {
			continue
		}
		if slices.ContainsFunc(ns.Listeners, func(l snapshot.Listener) bool {
			return isPort21(l) && !l.Loopback() && !slices.ContainsFunc(l.PIDs, func(pid int) bool {
				p, _ := a.snap.Process(pid)
				_, is := serves(p.Exe, nil)
				return is != unclear
			})
		}) {
			a.gap(checks.ReasonUnsupported, "another network namespace", "something that is not known to be an FTP server or none listens on port 21 there, and whether that can be reached from outside is not known")
		}
	}
}

// forwarded returns port 21 of the host as engines forward it by packet filters
// alone: no socket of the host shows it.
func (a *audit) forwarded() (list []snapshot.Listener) {
	for _, c := range a.host.Containers {
		for _, p := range c.Published {
			l := snapshot.Listener{Proto: p.Proto, Addr: p.Addr, Port: p.Port}
			if p.Proto == "tcp" && p.Port == ftpPort &&
				!slices.ContainsFunc(a.snap.Listeners, func(m snapshot.Listener) bool { return covers(m, p) }) {
				list = append(list, l)
			}
		}
	}
	return list
}

// covers reports a listener of the host that stands for a published port.
func covers(l snapshot.Listener, p host.Published) bool {
	return l.Proto == p.Proto && l.Port == p.Port &&
		(l.Addr.Unmap() == p.Addr.Unmap() || l.Addr.IsUnspecified() && p.Addr.IsUnspecified())
}

// inside names the FTP server in a container that a port of the host is forwarded
// to. What another program than an engine's proxy holds is that program's.
func (a *audit) inside(l snapshot.Listener) (name string, known bool) {
	for _, pid := range l.PIDs {
		p, _ := a.snap.Process(pid)
		switch path.Base(p.Exe) {
		case "docker-proxy", "rootlessport", "conmon":
		default:
			return "", false
		}
	}
	for _, c := range a.host.Containers {
		for _, p := range c.Published {
			if covers(l, p) {
				if name, known := a.server(c, p.Inner); known {
					return name, true
				}
			}
		}
	}
	return "", false
}

// server names the FTP server that listens on a port in the network of c: in c or in
// a container that shares it, as those of a pod do.
func (a *audit) server(c *host.Container, port uint16) (name string, known bool) {
	for _, other := range a.host.Containers {
		s := other.Host.Snapshot
		if other != c && (s.NetNS != c.Host.Snapshot.NetNS || s.NetNS == 0) {
			continue
		}
		for _, l := range s.Listeners {
			if l.Proto != "tcp" || l.Port != port || l.Loopback() {
				continue
			}
			for _, pid := range l.PIDs {
				p, _ := s.Process(pid)
				if d, found, certain := byProcess(p); found && certain {
					return d.name + " in container " + other.Name, true
				}
			}
		}
	}
	return "", false
}
