package listeners

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"hostaudit/checks/host"
	"hostaudit/checks/host/packages"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

// row is one listener and who it belongs to.
type row struct {
	snapshot.Listener
	owner owner
}

// attribution finds the owners of listeners. What several listeners need is looked
// up once.
type attribution struct {
	host       *host.Host
	snap       *snapshot.Snapshot
	src        sources
	incomplete bool // some process is not in the list, or its descriptors were not read
	init       snapshot.Process
	containers map[int]string // process -> container
	byID       map[string]string
	sockets    map[portKey][]*units.Unit
	units      map[string]*units.Unit
	processes  map[int]owner
	publishers map[portKey][]publication
}

type portKey struct {
	proto string
	port  uint16
}

// attribute returns the listeners of the host with their owners, and with them the
// ports that are published by packet filter rules alone.
func attribute(h *host.Host, src sources, withPackages bool) []row {
	a := &attribution{
		host: h, snap: h.Snapshot, src: src,
		containers: map[int]string{}, byID: map[string]string{}, units: map[string]*units.Unit{}, processes: map[int]owner{},
	}
	for _, part := range []snapshot.Part{snapshot.PartProcesses, snapshot.PartOwners} {
		if _, missing := a.snap.MissingPart(part); missing {
			a.incomplete = true
		}
	}
	a.init, _ = a.snap.Process(1)
	for _, c := range h.Containers {
		if c == nil {
			continue
		}
		if c.ID != "" && c.Name != "" {
			a.byID[c.ID] = c.Name
		}
		if c.Host == nil || c.Host.Snapshot == nil {
			continue
		}
		for _, p := range c.Host.Snapshot.Processes {
			a.containers[p.PID] = cmp.Or(c.Name, "unnamed")
		}
	}
	a.publishers = publications(h.Containers)
	rows := make([]row, 0, len(a.snap.Listeners))
	for _, l := range a.snap.Listeners {
		r := row{Listener: l, owner: a.owner(l)}
		a.publisher(&r)
		rows = append(append(rows, r), a.others(r)...)
	}
	rows = append(rows, a.unheard(rows)...)
	if withPackages {
		a.packages(rows)
	}
	return rows
}

// owner tells who has one listener.
func (a *attribution) owner(l snapshot.Listener) owner {
	leader, byManager := a.leader(l.PIDs)
	switch {
	case leader == 0 && !byManager:
		o := owner{service: snapshot.Unit(l.Cgroup), hidden: l.OwnerHidden || a.incomplete}
		o.container = a.containerOf(l.Cgroup)
		o.kernel = !o.hidden && o.container == ""
		return o
	case !byManager:
		return a.process(leader)
	}
	var o owner
	if leader != 0 {
		o = a.process(leader)
	}
	u := a.socketUnit(l, o.service)
	switch {
	case u != nil:
		o.socket, o.fragment = u.Name, u.Fragment
		a.activated(&o, u)
	case leader == 0:
		o = a.process(1)
		o.manager = true
	}
	return o
}

// others are further holders of a listener that have nothing to do with the first:
// another program in another unit or session. Workers and what a server starts share
// one or the other. Who joined a group of SO_REUSEPORT, or was handed the
// descriptor, gets connections too, and would hide behind the eldest.
func (a *attribution) others(r row) []row {
	first := r.owner
	if first.pid == 0 || first.manager {
		return nil
	}
	var rows []row
	programs, services := []string{mergedUsr(first.program)}, []string{stableUnit(first.service)}
	for _, pid := range r.PIDs {
		p, known := a.snap.Process(pid)
		if pid == first.pid || pid == 1 && a.systemd() || !known || p.Zombie || p.Exe == "" || a.fork(p) {
			continue
		}
		o := a.process(pid)
		if slices.Contains(programs, mergedUsr(o.program)) || slices.Contains(services, stableUnit(o.service)) {
			continue
		}
		programs, services = append(programs, mergedUsr(o.program)), append(services, stableUnit(o.service))
		rows = append(rows, row{Listener: r.Listener, owner: o})
	}
	return rows
}

// containerOf names the container of a control group, "" = the host's own.
func (a *attribution) containerOf(cgroup string) string {
	c, inside := snapshot.ContainerOf(cgroup)
	if !inside {
		return ""
	}
	return cmp.Or(a.byID[c.ID], shortID(c.ID), "unnamed")
}

// leader is the eldest process that is not systemd's process 1, and whether that
// has the socket too. In a container process 1 is the server itself.
func (a *attribution) leader(pids []int) (leader int, byManager bool) {
	for _, pid := range pids {
		p, known := a.snap.Process(pid)
		if pid == 1 && a.systemd() {
			byManager = true
		} else if leader == 0 && known && !p.Zombie && !a.fork(p) {
			leader = pid
		}
	}
	return leader, byManager
}

// fork reports a child of systemd's process 1 that has not become another program
// yet, or does a piece of its work: for a moment it has all its descriptors.
func (a *attribution) fork(p snapshot.Process) bool {
	return p.PPID == 1 && p.PID != 1 && p.EUID == 0 && p.Exe != "" && p.Exe == a.init.Exe && a.systemd()
}

func (a *attribution) systemd() bool {
	if a.init.Exe != "" {
		return path.Base(a.init.Exe) == "systemd"
	}
	return a.init.Comm == "systemd" || a.init.Comm == "init"
}

// process describes a process, once.
func (a *attribution) process(pid int) owner {
	if o, known := a.processes[pid]; known {
		return o
	}
	p, _ := a.snap.Process(pid)
	o := owner{
		pid: pid, program: p.Exe, foreign: a.foreign(p), service: snapshot.Unit(p.Cgroup),
		container: a.containers[pid], args: p.Args, argsCut: p.ArgsCut,
	}
	if o.container == "" {
		o.container = a.containerOf(p.Cgroup)
	}
	o.foreign = o.foreign || o.container != ""
	o.applet = applet(p)
	o.hidden = o.program == "" && o.service == "" && o.container == ""
	o.user = a.userName(p.EUID)
	a.processes[pid] = o
	return o
}

// userName is stable where the ID is: a dynamic user's (systemd.exec(5)) is not.
func (a *attribution) userName(uid uint32) string {
	if name := a.src.user(uid); name != "" {
		return name
	}
	if uid >= 61184 && uid <= 65519 {
		return "a dynamic user"
	}
	return ""
}

// foreign reports whether the path of a program is that of another root than the
// host's, where a file of the same name may be another. A process that only
// changed its root kept the mounts of process 1, and the path is the host's.
func (a *attribution) foreign(p snapshot.Process) bool {
	if p.PID == 1 {
		return false
	}
	if p.SameRoot != snapshot.No {
		// An account may mount another file over a program for itself; what systemd
		// makes for a service (PrivateTmp=) is another mount namespace too.
		return p.MntNS != 0 && a.init.MntNS != 0 && p.MntNS != a.init.MntNS && stableUnit(snapshot.Unit(p.Cgroup)) == "" && a.systemd()
	}
	if p.MntNS != 0 && p.MntNS == a.init.MntNS {
		return false
	}
	return a.init.SameRoot != snapshot.No || p.Root == snapshot.Directory{} || p.Root != a.init.Root
}

// packages asks once for all programs of the host's own root.
func (a *attribution) packages(rows []row) {
	var programs []string
	for _, r := range rows {
		if r.owner.program != "" && !r.owner.foreign {
			programs = append(programs, r.owner.program)
		}
	}
	slices.Sort(programs)
	programs = slices.Compact(programs)
	if len(programs) == 0 {
		return
	}
	answers := a.src.owners(programs...)
	for i := range rows {
		o := &rows[i].owner
		if o.program == "" || o.foreign {
			continue
		}
		answer, told := answers[o.program]
		if !told {
			answer = packages.Owner{Err: packages.ErrNoDatabase}
		}
		o.pkg, o.pkgErr, o.pkgAsked = answer.Package, answer.Err, true
	}
}

// applets are what busybox and toybox may be started as and listen or ask from;
// only these words of a command line are ever shown.
var applets = []string{"telnetd", "ftpd", "tftpd", "httpd", "ntpd", "inetd", "udpsvd", "tcpsvd", "dnsd", "udhcpd", "udhcpc", "udhcpc6", "syslogd", "nc", "fakeidentd", "dhcprelay"}

func applet(p snapshot.Process) string {
	if base := path.Base(p.Exe); base != "busybox" && base != "toybox" {
		return ""
	}
	for i, arg := range p.Args {
		if i > 1 {
			break
		}
		if base := strings.TrimPrefix(path.Base(arg), "-"); slices.Contains(applets, base) {
			return base
		}
	}
	return ""
}

func shortID(id string) string { return id[:min(len(id), 12)] }
