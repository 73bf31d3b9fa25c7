package mysql

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
)

// recorder is what judging one server records with.
type recorder interface {
	Finding(f checks.Finding)
	Gap(g checks.Gap)
	Note(subject, detail string)
}

// contained is a running server in a container: its files, sockets and accounts
// are the container's.
type contained struct {
	inst      instance
	container *host.Container
	hostNet   bool             // it shares the network of the host
	published []host.Published // to its network namespace
	known     bool             // published is all that is forwarded to it
}

// inContainers lists the running servers in the containers of a host.
func inContainers(h *host.Host) (list []contained) {
	for _, c := range h.Containers {
		s := c.Host.Snapshot
		for _, p := range s.Processes {
			if !isServer(p) {
				continue
			}
			if len(list) == maxServers {
				last := &list[maxServers-1].inst
				last.gaps = append(last.gaps, checks.Gap{Reason: checks.ReasonTooCostly, Detail: "more servers run in containers than are examined"})
				return list
			}
			in := contained{container: c, hostNet: s.NetNS == h.Snapshot.NetNS && s.NetNS != 0, inst: inspect(c.Host, p, true, true)}
			if p.SameRoot != snapshot.Yes || p.NetNS != s.NetNS {
				in.inst.gaps = append(in.inst.gaps, checks.Gap{
					Reason: checks.ReasonUnsupported, Detail: "the server has a root directory or network of its own inside the container and is not examined",
				})
			}
			for _, other := range h.Containers {
				if other == c || other.Host.Snapshot.NetNS == s.NetNS && s.NetNS != 0 {
					in.published = append(in.published, other.Published...)
					in.known = in.known || other.PortsKnown
				}
			}
			list = append(list, in)
		}
	}
	return list
}

// within records what is true of a container: every subject says in which.
type within struct {
	recorder
	name string
}

func (w within) subject(s string) string {
	return strings.TrimSuffix("container "+w.name+": "+s, ": ")
}

// Finding implements recorder.
func (w within) Finding(f checks.Finding) {
	f.Subject = checks.Text(w.subject(string(f.Subject)))
	w.recorder.Finding(f)
}

// Gap implements recorder.
func (w within) Gap(g checks.Gap) {
	g.Subject = checks.Text(w.subject(string(g.Subject)))
	w.recorder.Gap(g)
}

// Note implements recorder.
func (w within) Note(subject, detail string) { w.recorder.Note(w.subject(subject), detail) }

// options records what the options of a server in a container switch off.
func (c *contained) options(to recorder) {
	for _, g := range c.inst.settings.gaps {
		to.Gap(g)
	}
	skipGrants(c.inst.settings, "", to)
}

const unreachable = "a database server runs in a container: its socket and its own addresses cannot be asked from here"

// runContained examines a server whose sockets are in another mount namespace and whose
// addresses are none of the host's. Where the engine publishes its port on an address of
// the host, it is asked there as everybody could ask it. That proves a login that needs
// nothing; a refusal tells only about accounts for other hosts than the server's own.
func (j *judgement) runContained(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, j.limit)
	defer cancel()
	j.server.in.options(j.rec)
	if w, ok := j.server.in.way(); ok && j.ask(ctx, []way{w}) {
		return
	}
	j.server.reason, j.server.why = checks.ReasonUnsupported, unreachable
	j.rec.Gap(checks.Gap{Reason: j.server.reason, Detail: unreachable})
}

// way is the way into the server from the host's loopback, where its port is published
// there.
func (c *contained) way() (way, bool) {
	for _, d := range c.inst.doors {
		if d.protocol != classic || c.hostNet {
			continue
		}
		for _, p := range c.published {
			if p.Proto != "tcp" || p.Inner != d.listener.Port {
				continue
			}
			addr := p.Addr.Unmap()
			if addr.IsUnspecified() {
				addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
				if p.Addr.Is6() && !p.Addr.Is4In6() {
					addr = netip.IPv6Loopback()
				}
			}
			place := placePublished
			if !p.Addr.Unmap().IsLoopback() {
				place = placeOutside
			}
			return way{network: "tcp", address: netip.AddrPortFrom(addr, p.Port).String(), place: place}, true
		}
	}
	return way{}, false
}

// bind judges who can reach a server: in the network of the host as any server, in
// one of its own by what the engine forwards from the host's addresses.
func (c *contained) bind(rec recorder) {
	to := within{rec, c.container.Name}
	if c.hostNet {
		runningBind(c.container.Host, c.inst, to)
		return
	}
	for _, g := range c.inst.gaps {
		to.Gap(g)
	}
	open := false
	var ports []host.Published
	for _, d := range c.inst.doors {
		if d.listener.Loopback() {
			continue
		}
		open = true
		for _, p := range c.published {
			if p.Proto != "tcp" || p.Inner != d.listener.Port || p.Addr.Unmap().IsLoopback() || slices.Contains(ports, p) {
				continue
			}
			ports = append(ports, p)
			where := netip.AddrPortFrom(p.Addr, p.Port)
			to.Finding(checks.Finding{
				Kind: "listens-outside", Subject: checks.Text("tcp " + where.String()), Evidence: checks.Running,
				Detail: checks.Text(fmt.Sprintf("the database's %s is forwarded from port %d of %s", d.protocol, p.Port, scope(snapshot.Listener{Addr: p.Addr}))),
			})
		}
	}
	switch {
	case !open || len(ports) > 0:
	case !c.known:
		to.Gap(checks.Gap{
			Reason: checks.ReasonUnsupported, Subject: checks.Text(c.inst.name),
			Detail: "listens in the container's own network, and no file of the engine tells whether that can be reached from outside",
		})
	default:
		to.Note(c.inst.name, "listens in the container's own network, which is not forwarded from outside as far as the engine's files tell")
	}
}
