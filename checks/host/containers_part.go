package host

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/tree"
)

var errNoNamespace = errors.New("the network namespace was not looked at")

// container makes the Host of a group whose root is open.
func (o *opener) container(g *group, t *tree.Tree, engines *engines) *Container {
	c := &Container{
		Engine: g.id.Engine, ID: g.id.ID,
		Host: &Host{
			Mode: Live, Kind: KindContainer, KindReason: "it runs in a container of " + o.kindOf(),
			Hostname: readHostname(t), OS: readOSRelease(t), Tree: t, Clock: o.h.Clock,
			Snapshot: part(o.h.Snapshot, g.processes),
			accounts: sync.OnceValues(func() (*Accounts, error) { return loadAccounts(t), nil }),
			remote:   o.h.remote,
		},
	}
	cgroup := g.processes[0].Cgroup
	outer, nested := around(cgroup)
	if g.engine && !g.account && !nested {
		engines.describe(c, cgroup)
	}
	switch {
	case c.Name != "":
	case c.ID != "":
		c.Name = shortID(c.ID)
	default:
		c.Name = "of " + program(g.processes[0])
	}
	switch { // whoever may make control groups names them as he likes
	case nested:
		c.Name += " inside " + shortID(outer.ID)
	case g.engine && g.account:
		c.Name += " of a user"
	}
	return c
}

// around returns the container that the one of a control group runs in. The outer one
// may name what is below it, and the engine of the host knows nothing of that.
func around(cgroup string) (outer snapshot.Container, nested bool) {
	inner, found := snapshot.ContainerOf(cgroup)
	for i := range len(cgroup) {
		if !found || cgroup[i] != '/' {
			continue
		}
		if c, ok := snapshot.ContainerOf(cgroup[:i]); ok && c != inner {
			return c, true
		}
	}
	return snapshot.Container{}, false
}

func (o *opener) kindOf() string {
	if o.h.Kind == KindContainer {
		return "the audited container"
	}
	return "the audited host"
}

// shortID is an identifier as engines show it; names are whole.
func shortID(id string) string {
	const shown = 12
	if len(id) == 64 {
		return id[:shown]
	}
	return id
}

// part is the part of a snapshot that is a container's: its processes, for which
// its root is the root, and what listens for them.
func part(s *snapshot.Snapshot, group []snapshot.Process) *snapshot.Snapshot {
	leader := group[0]
	p := &snapshot.Snapshot{
		Boot: s.Boot, NetNS: leader.NetNS, Ephemeral: s.Ephemeral, Source: s.Source,
		Processes: slices.Clone(group),
	}
	slices.SortFunc(p.Processes, func(a, b snapshot.Process) int { return a.PID - b.PID })
	for i := range p.Processes {
		if q := &p.Processes[i]; q.Root == leader.Root {
			q.SameRoot, q.Root = snapshot.Yes, snapshot.Directory{}
		}
	}
	own := func(pid int) bool { _, found := p.Process(pid); return found }
	for _, m := range s.Missing {
		switch m.What {
		case snapshot.PartProcesses, snapshot.PartNetNS:
		case snapshot.PartTCP, snapshot.PartUDP, snapshot.PartUnix:
			if leader.NetNS != s.NetNS && m.What != snapshot.PartUnix {
				continue
			}
		default:
			if m.PID != 0 && !own(m.PID) {
				continue
			}
		}
		p.Missing = append(p.Missing, m)
	}
	list, shared := s.Listeners, true
	if leader.NetNS == 0 || leader.NetNS != s.NetNS {
		list, shared = nil, false
		i := slices.IndexFunc(s.Namespaces, func(n snapshot.Namespace) bool { return n.Inode == leader.NetNS && n.Inode != 0 })
		if i < 0 {
			for _, what := range []snapshot.Part{snapshot.PartTCP, snapshot.PartUDP} {
				p.Missing = append(p.Missing, snapshot.Missing{What: what, Err: errNoNamespace, Path: fmt.Sprintf("net:[%d]", leader.NetNS)})
			}
		} else {
			ns := s.Namespaces[i]
			list, p.Ephemeral, p.Source = ns.Listeners, ns.Ephemeral, ns.Source
			p.Missing = append(p.Missing, ns.Missing...)
		}
	}
	for _, l := range list {
		// Others may listen in the container's network: its neighbours of a pod, the
		// engine's name server. What nobody is seen to hold may be its own.
		if slices.ContainsFunc(l.PIDs, own) || len(l.PIDs) == 0 && !shared {
			p.Listeners = append(p.Listeners, l)
		}
	}
	for _, u := range s.Unix {
		if slices.ContainsFunc(u.PIDs, own) {
			p.Unix = append(p.Unix, u)
		}
	}
	return p
}
