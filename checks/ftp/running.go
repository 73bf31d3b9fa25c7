package ftp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"slices"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host/snapshot"
)

// dialTimeAll bounds all greetings together: a host may listen on port 21 of many
// addresses.
const dialTimeAll = 3 * time.Second

// listeners judges what listens on port 21.
func (a *audit) listeners() {
	if m, missing := a.snap.MissingPart(snapshot.PartTCP); missing {
		a.gap(checks.ReasonOf(m.Err), "TCP sockets", "the listening sockets could not be read whole")
	}
	ctx, cancel := context.WithTimeout(a.ctx, dialTimeAll)
	defer cancel()
	for _, l := range a.snap.Listeners {
		if l.Proto == "tcp" && l.Port == ftpPort {
			a.listener(ctx, l)
		}
	}
	for _, l := range a.forwarded() {
		a.listener(ctx, l)
	}
}

// listener judges one socket: by its owner where that is an FTP server, else by
// its greeting. No owner is believed to be something else without it: sshd and
// proxies forward ports, process 1 and inetd listen for others.
func (a *audit) listener(ctx context.Context, l snapshot.Listener) {
	subject := netip.AddrPortFrom(l.Addr, l.Port).String()
	for _, pid := range l.PIDs {
		if p, known := a.snap.Process(pid); known {
			if d, found, certain := byProcess(p); found && certain {
				a.finding(l, subject, d.name+" listens")
				return
			}
		}
	}
	if name, known := a.inside(l); known {
		a.finding(l, subject, name+" listens")
		return
	}
	switch who, is := a.startedFor(l); is {
	case isFTP:
		a.finding(l, subject, who)
		return
	case notFTP:
		a.noFTP(l, subject)
		return
	}
	if a.host.Dial == nil {
		a.gap(checks.ReasonUnsupported, subject, "what listens on port 21 cannot be asked from here")
		return
	}
	if ctx.Err() != nil {
		a.gap(checks.ReasonBudget, subject, "the time for asking what listens on port 21 ran out")
		return
	}
	switch answer, why := greet(ctx, a.host.Dial, dialAddress(l)); answer {
	case isFTP:
		a.finding(l, subject, "an FTP server listens")
	case notFTP:
		a.noFTP(l, subject)
	default:
		a.gap(checks.ReasonUnsupported, subject, "whether an FTP server listens on port 21 is not clear: "+why)
	}
}

func (a *audit) noFTP(l snapshot.Listener, subject string) {
	a.answered = append(a.answered, l)
	a.rec.Note(subject, "something that is no FTP server listens on port 21")
}

// finding records an FTP server on port 21; who says what does what there.
func (a *audit) finding(l snapshot.Listener, subject, who string) {
	a.failed, a.present = true, true
	a.answered = append(a.answered, l)
	a.rec.Finding(checks.Finding{
		Kind: "port-21", Subject: checks.Text(subject), Evidence: checks.Running,
		Detail: checks.Text(fmt.Sprintf("%s on port 21 of %s", who, scope(l))),
	})
}

// dialAddress is an address of the host that leads to the listener.
func dialAddress(l snapshot.Listener) string {
	addr := l.Addr.Unmap()
	switch {
	case addr.IsUnspecified() && addr.Is4():
		addr = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	case addr.IsUnspecified():
		addr = netip.IPv6Loopback()
	}
	return netip.AddrPortFrom(addr, l.Port).String()
}

// daemons looks at the FTP servers among the processes. Those of this network
// namespace are judged by the sockets above; of another one nothing is seen.
func (a *audit) daemons() {
	if m, missing := a.snap.MissingPart(snapshot.PartProcesses); missing {
		if errors.Is(m.Err, fs.ErrPermission) {
			a.rec.Note("", "processes of other users are hidden: FTP servers in other network namespaces were not looked for")
		} else {
			a.gap(checks.ReasonOf(m.Err), "processes", "the processes could not be read whole")
		}
	}
	type place struct {
		name  string
		netNS uint64
	}
	told := map[place]bool{}
	for _, p := range a.snap.Processes {
		d, found, _ := byProcess(p)
		if !found || a.session(p, d) {
			continue
		}
		if c, inside := a.host.Container(p.PID); inside {
			a.contained(c, p, d)
			continue
		}
		if told[place{d.name, p.NetNS}] {
			continue
		}
		told[place{d.name, p.NetNS}] = true
		a.present = true
		switch {
		case p.NetNS == a.snap.NetNS && p.NetNS != 0:
			a.rec.Note(d.name, d.name+" runs")
		case p.NetNS == 0 || a.snap.NetNS == 0:
			if !a.listens(d) {
				a.gap(checks.ReasonNoPermission, d.name, d.name+" runs, and in which network namespace could not be read")
			}
		default:
			a.elsewhere(d, p.NetNS)
		}
	}
}

// elsewhere judges the servers of one name in another network namespace, which may have
// addresses that others reach.
func (a *audit) elsewhere(d daemon, netNS uint64) {
	i := slices.IndexFunc(a.snap.Namespaces, func(n snapshot.Namespace) bool { return n.Inode == netNS })
	if i < 0 {
		a.gap(checks.ReasonUnsupported, d.name, d.name+" runs in another network namespace, whose ports are not looked at")
		return
	}
	ns := a.snap.Namespaces[i]
	for _, m := range ns.Missing {
		if m.What == snapshot.PartTCP {
			a.gap(checks.ReasonOf(m.Err), d.name, d.name+" runs in another network namespace, whose ports could not be read")
			return
		}
	}
	for _, l := range ns.Listeners {
		if isPort21(l) && !l.Loopback() && (len(l.PIDs) == 0 || slices.ContainsFunc(l.PIDs, func(pid int) bool {
			p, _ := a.snap.Process(pid)
			owner, found, _ := byProcess(p)
			return found && owner.name == d.name
		})) {
			a.gap(checks.ReasonUnsupported, d.name, d.name+" listens on port 21 of another network namespace, and whether that can be reached from outside is not known")
			return
		}
	}
	a.rec.Note(d.name, d.name+" runs in another network namespace, and not on port 21 of an address that others reach")
}

// session reports a child of the same server: a session, which vsftpd isolates in
// namespaces of its own (isolate_network of vsftpd.conf(5)).
func (a *audit) session(p snapshot.Process, d daemon) bool {
	parent, found := a.snap.Process(p.PPID)
	if !found {
		return false
	}
	of, found, _ := byProcess(parent)
	return found && of.name == d.name
}

// listens reports whether some process of d is seen to own a listener.
func (a *audit) listens(d daemon) bool {
	for _, l := range a.snap.Listeners {
		for _, pid := range l.PIDs {
			if p, known := a.snap.Process(pid); known {
				if owner, found, _ := byProcess(p); found && owner.name == d.name {
					return true
				}
			}
		}
	}
	return false
}

// running reports whether d runs in the network namespace looked at, so that its
// ports now are known.
func (a *audit) running(d daemon) bool {
	if a.snap == nil {
		return false
	}
	for _, p := range a.snap.Processes {
		if other, found, _ := byProcess(p); found && other.name == d.name && p.NetNS == a.snap.NetNS && p.NetNS != 0 {
			return true
		}
	}
	return false
}
