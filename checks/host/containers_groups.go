package host

import (
	"cmp"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"hostaudit/checks/host/snapshot"
)

// group is what shares a root directory that is not the host's.
type group struct {
	root      snapshot.Directory // zero = not known, then the processes share a mount namespace
	id        snapshot.Container // of the control group
	engine    bool               // id is set: the control group names a container
	account   bool               // the control group lies below a user's own, where users name things
	listens   bool
	processes []snapshot.Process // the eldest first, after the one that leads; then those with a root inside
}

// key tells groups apart. Two containers of one engine can share a directory that
// they do not write to.
type key struct {
	root    snapshot.Directory
	mntNS   uint64
	id      snapshot.Container
	account bool
}

// label names a group before its container has a name.
func (g *group) label() string {
	leader := g.processes[0]
	switch unit := snapshot.Unit(leader.Cgroup); {
	case g.engine:
		return "container " + shortID(g.id.ID)
	case unit != "":
		return unit
	}
	return program(leader)
}

// program names what a process runs.
func program(p snapshot.Process) string {
	if p.Exe != "" {
		return path.Base(p.Exe)
	}
	return p.Comm
}

// place is the namespaces of the host itself.
type place struct {
	mntNS map[uint64]bool
	pidNS map[uint64]bool
	netNS uint64
	root  snapshot.Directory // of process 1, where that is not the auditor's
	// shared are processes that see the host's root in a mount namespace of their
	// own (PrivateTmp= and the like of systemd.exec(5)).
	shared map[uint64][]snapshot.Process
}

func (o *opener) place() place {
	s := o.h.Snapshot
	pl := place{mntNS: map[uint64]bool{}, pidNS: map[uint64]bool{}, netNS: s.NetNS, shared: map[uint64][]snapshot.Process{}}
	pids := []int{1}
	if o.proc == snapshot.DefaultProcDir {
		pids = append(pids, os.Getpid())
	}
	for _, pid := range pids {
		p, found := s.Process(pid)
		if !found {
			continue
		}
		if p.MntNS != 0 {
			pl.mntNS[p.MntNS] = true
		}
		if p.PIDNS != 0 {
			pl.pidNS[p.PIDNS] = true
		}
		if pid == 1 {
			pl.root = p.Root
		}
	}
	for _, p := range s.Processes {
		if p.SameRoot == snapshot.Yes && p.MntNS != 0 {
			pl.shared[p.MntNS] = append(pl.shared[p.MntNS], p)
		}
	}
	return pl
}

// chrooted reports a process that only has another root directory (chroot(2)). In a
// container of an engine the one that sees the host's root is the odd one: it was
// given the host's files (chroot /host).
func (pl place) chrooted(p snapshot.Process, engine bool) bool {
	if pl.mntNS[p.MntNS] || pl.root != (snapshot.Directory{}) && p.Root == pl.root {
		return true
	}
	return !engine && slices.ContainsFunc(pl.shared[p.MntNS], func(q snapshot.Process) bool {
		return p.PIDNS == q.PIDNS && p.NetNS == q.NetNS
	})
}

// apart reports a process in a PID or network namespace that is not the host's.
func (pl place) apart(p snapshot.Process) bool {
	return pl.otherPIDs(p) || p.NetNS != 0 && pl.netNS != 0 && p.NetNS != pl.netNS
}

// otherPIDs reports a process in a PID namespace that is not the host's.
func (pl place) otherPIDs(p snapshot.Process) bool {
	return p.PIDNS != 0 && len(pl.pidNS) > 0 && !pl.pidNS[p.PIDNS]
}

// groups parts the processes that have another root directory.
func (o *opener) groups() []*group {
	pl := o.place()
	byKey := map[key]*group{}
	hidden := map[snapshot.Container]bool{}
	var list, unnamed []*group
	for _, p := range byAge(o.h.Snapshot.Processes) {
		id, engine := snapshot.ContainerOf(p.Cgroup)
		if p.SameRoot == snapshot.Unknown && engine && !p.Kernel && !p.Zombie && !hidden[id] {
			hidden[id] = true
			o.miss(&group{id: id, engine: true, processes: []snapshot.Process{p}}, fs.ErrPermission)
		}
		if p.SameRoot != snapshot.No || pl.chrooted(p, engine && !ofAccount(p.Cgroup)) {
			continue
		}
		k := key{root: p.Root, id: id, account: ofAccount(p.Cgroup)}
		if p.Root == (snapshot.Directory{}) {
			k.mntNS = p.MntNS
		}
		g := byKey[k]
		if g == nil {
			g = &group{root: p.Root, id: id, engine: engine, account: k.account}
			byKey[k] = g
			if engine {
				list = append(list, g)
			} else {
				unnamed = append(unnamed, g)
			}
		}
		g.processes = append(g.processes, p)
	}
	// What somebody moved into another control group has not left its container.
	for _, g := range unnamed {
		if owner := only(list, g); owner != nil {
			owner.processes = byAge(append(owner.processes, g.processes...))
			continue
		}
		list = append(list, g)
	}
	return o.judged(joined(list), pl)
}

// joined puts what is chrooted inside a container, or is a service with a root of
// its own there, to the processes of the container: the eldest group in a mount
// namespace, or in a PID namespace of one container of an engine, is the container.
func joined(list []*group) (kept []*group) {
	slices.SortStableFunc(list, func(a, b *group) int {
		p, q := a.processes[0], b.processes[0]
		return cmp.Or(cmp.Compare(p.Start, q.Start), cmp.Compare(p.PID, q.PID))
	})
	for _, g := range list {
		i := slices.IndexFunc(kept, func(elder *group) bool { return elder.holds(g) })
		if i < 0 {
			kept = append(kept, g)
			continue
		}
		kept[i].processes = append(kept[i].processes, g.processes...)
	}
	return kept
}

// holds reports that a younger group is inside the container g.
func (g *group) holds(younger *group) bool {
	leader := younger.processes[0]
	if younger.engine && (younger.id != g.id || younger.account != g.account) {
		return false // an account may name a group of its own like another's container
	}
	return slices.ContainsFunc(g.processes, func(p snapshot.Process) bool {
		return p.MntNS != 0 && p.MntNS == leader.MntNS || younger.engine && p.PIDNS == leader.PIDNS
	})
}

// only returns the one group that has the same root directory as g.
func only(list []*group, g *group) (found *group) {
	for _, other := range list {
		if !other.engine || other.root != g.root || g.root == (snapshot.Directory{}) {
			continue
		}
		if found != nil {
			return nil
		}
		found = other
	}
	return found
}

// judged leaves the groups that are containers. A service with a root of its own
// (RootDirectory= and RootImage= of systemd.exec(5), a strict snap) is named if it
// listens: it is neither the host nor a container.
func (o *opener) judged(list []*group, pl place) []*group {
	owners, unowned := o.listening()
	return slices.DeleteFunc(list, func(g *group) bool {
		for _, p := range g.processes {
			g.listens = g.listens || owners[p.PID] || p.NetNS != pl.netNS && unowned[p.NetNS]
		}
		if g.engine {
			return false
		}
		if g.lead(pl) {
			return false
		}
		if g.listens {
			o.miss(g, errOwnRoot)
		}
		return true
	})
}

// lead puts the process that is a container's by its namespaces first and reports
// whether there is one. unshare(1) itself stays in the PID namespace it was in, and
// shares the other namespaces and the root of what it started.
func (g *group) lead(pl place) bool {
	in := func(f func(snapshot.Process) bool) int {
		return slices.IndexFunc(g.processes, func(p snapshot.Process) bool { return p.Root == g.root && f(p) })
	}
	i := in(pl.otherPIDs)
	if i < 0 {
		i = in(pl.apart)
	}
	if i < 0 {
		return false
	}
	leader := g.processes[i]
	g.processes = slices.Insert(slices.Delete(g.processes, i, i+1), 0, leader)
	return true
}

// listening returns the processes that hold a listener, and the network namespaces
// that have one without a visible owner.
func (o *opener) listening() (owners map[int]bool, unowned map[uint64]bool) {
	owners, unowned = map[int]bool{}, map[uint64]bool{}
	note := func(netNS uint64, list []snapshot.Listener) {
		for _, l := range list {
			for _, pid := range l.PIDs {
				owners[pid] = true
			}
			if len(l.PIDs) == 0 {
				unowned[netNS] = true
			}
		}
	}
	s := o.h.Snapshot
	note(s.NetNS, s.Listeners)
	for _, ns := range s.Namespaces {
		note(ns.Inode, ns.Listeners)
	}
	return owners, unowned
}

// worth leaves the groups that are opened, in the order in which they are: what a
// user may have made to crowd the others out comes last.
func (o *opener) worth(list []*group) []*group {
	list = slices.DeleteFunc(list, func(g *group) bool { return !g.engine && !g.listens })
	rank := func(g *group) int {
		switch {
		case g.account:
			return 3
		case !g.engine:
			return 2
		case !g.listens:
			return 1
		}
		return 0
	}
	slices.SortStableFunc(list, func(a, b *group) int {
		return cmp.Or(
			cmp.Compare(rank(a), rank(b)), cmp.Compare(a.id.ID, b.id.ID),
			cmp.Compare(a.processes[0].Start, b.processes[0].Start), cmp.Compare(a.processes[0].PID, b.processes[0].PID),
		)
	})
	return list
}

// ofAccount reports a control group that some account manages: whatever its parts
// are called, that account chose it.
func ofAccount(cgroup string) bool {
	return strings.Contains(cgroup+"/", "/user.slice/")
}

// byAge sorts processes, the eldest first.
func byAge(list []snapshot.Process) []snapshot.Process {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b snapshot.Process) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.PID, b.PID))
	})
	return list
}
