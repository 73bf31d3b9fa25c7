package ssh

import (
	"cmp"
	"fmt"
	"net/netip"
	"path"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

// recorder is what judging one server records with.
type recorder interface {
	Finding(f checks.Finding)
	Gap(g checks.Gap)
	Note(subject, detail string)
}

// within records what is true of a container: every subject says in which.
type within struct {
	recorder
	name string
}

func (w within) subject(s string) string {
	if s == "" {
		return "container " + w.name
	}
	return "container " + w.name + ": " + s
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

// contained is what there is of SSH servers in one container.
type contained struct {
	survey
	container *host.Container
	hostNet   bool             // it shares the network of the host: its ports are the host's
	published []host.Published // to its network namespace
}

// lookInside finds the SSH servers in the containers of a host: those that run,
// and where the container runs an init system those it would start. What merely
// lies in a container serves nobody.
func lookInside(h *host.Host) []contained {
	var list []contained
	for _, c := range h.Containers {
		in := contained{container: c, hostNet: c.Host.Snapshot.NetNS == h.Snapshot.NetNS && h.Snapshot.NetNS != 0}
		boots := runsInit(c.Host.Snapshot)
		if !boots && !slices.ContainsFunc(c.Host.Snapshot.Processes, func(p snapshot.Process) bool { return isServer(program(p)) }) {
			continue
		}
		if boots {
			in.survey = look(c.Host)
		} else {
			in.socket, in.service = units.Absent, units.Absent // nothing there acts on units
			in.lookRunning(c.Host)
		}
		// Who else listens there is asked from the host, if its ports are the host's.
		in.unsettled = nil
		if in.settled() {
			continue
		}
		for _, other := range h.Containers {
			if other == c || other.Host.Snapshot.NetNS == c.Host.Snapshot.NetNS && c.Host.Snapshot.NetNS != 0 {
				in.published = append(in.published, other.Published...)
			}
		}
		list = append(list, in)
	}
	return list
}

// runsInit reports that the eldest process of a container is an init system, so
// that what is enabled there starts with it.
func runsInit(s *snapshot.Snapshot) bool {
	if len(s.Processes) == 0 {
		return false
	}
	eldest := slices.MinFunc(s.Processes, func(a, b snapshot.Process) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.PID, b.PID))
	})
	switch path.Base(eldest.Exe) {
	case "systemd", "init", "openrc-init", "runit-init", "runit":
		return true
	case "busybox":
		return eldest.Comm == "init"
	}
	return false
}

// tell records what could not be seen of the container's servers.
func (in contained) tell(rec recorder) {
	for _, g := range in.gaps {
		rec.Gap(g)
	}
	for _, note := range in.notes {
		rec.Note("sshd", note)
	}
}

// judgePorts judges the servers of a container. In a network of its own port 22 is
// the container's; of the host it is only if the engine forwards that port to it.
func (in contained) judgePorts(h *host.Host, rec recorder) {
	in.tell(rec)
	if in.hostNet {
		in.survey.judgePorts(in.container.Host, rec, func(server) {})
		return
	}
	for _, srv := range in.servers {
		in.judgePublished(srv.subject, srv.listeners, rec)
	}
	in.judgePublished("dropbear", in.dropbear, rec)
}

// judgePublished judges listeners in the container's own network.
func (in contained) judgePublished(subject string, list []snapshot.Listener, rec recorder) {
	var on []snapshot.Listener // of the host
	var elsewhere []string
	inner := false
	for _, l := range list {
		inner = inner || l.Port == defaultPort
		for _, p := range in.published {
			switch {
			case p.Proto != "tcp" || p.Inner != l.Port || l.Loopback():
			case p.Port == defaultPort:
				on = append(on, snapshot.Listener{Proto: p.Proto, Addr: p.Addr, Port: p.Port})
			default:
				elsewhere = append(elsewhere, netip.AddrPortFrom(p.Addr, p.Port).String())
			}
		}
	}
	if len(on) > 0 {
		f := listening(subject, on)
		f.Detail = checks.Text(fmt.Sprintf("the host's port is forwarded to the container: %s", f.Detail))
		rec.Finding(f)
		return
	}
	if !inner {
		return
	}
	detail := "listens on port 22 of the container's own network, which is not port 22 of this host"
	if len(elsewhere) > 0 {
		slices.Sort(elsewhere)
		detail += "; the host forwards " + strings.Join(slices.Compact(elsewhere), ", ")
	}
	rec.Note(subject, detail)
}

// settlePublished deals with port 22 of the host where an engine forwards it to a
// container: an SSH server known there needs no question, and what is forwarded by
// packet filters alone, without a listener on the host, does.
func (s *survey) settlePublished(h *host.Host, inside []contained) {
	for _, c := range h.Containers {
		for _, p := range c.Published {
			if p.Proto != "tcp" || p.Port != defaultPort {
				continue
			}
			matches := func(l snapshot.Listener) bool {
				return l.Addr.Unmap() == p.Addr.Unmap() || l.Addr.IsUnspecified() && p.Addr.IsUnspecified()
			}
			switch {
			case serves(inside, c, p):
				s.unsettled = slices.DeleteFunc(s.unsettled, func(l snapshot.Listener) bool {
					return matches(l) && forwards(h.Snapshot, l)
				})
			case !slices.ContainsFunc(s.unsettled, matches):
				s.unsettled = append(s.unsettled, snapshot.Listener{Proto: p.Proto, Addr: p.Addr, Port: p.Port})
			}
		}
	}
}

// serves reports that an SSH server is known to answer on a published port.
func serves(inside []contained, c *host.Container, p host.Published) bool {
	return slices.ContainsFunc(inside, func(in contained) bool {
		if in.container != c && in.container.Host.Snapshot.NetNS != c.Host.Snapshot.NetNS {
			return false
		}
		answers := func(l snapshot.Listener) bool { return l.Port == p.Inner && !l.Loopback() }
		return slices.ContainsFunc(in.dropbear, answers) ||
			slices.ContainsFunc(in.servers, func(srv server) bool { return slices.ContainsFunc(srv.listeners, answers) })
	})
}

// forwards reports a listener that an engine's proxy holds, or that nobody is seen
// to hold.
func forwards(s *snapshot.Snapshot, l snapshot.Listener) bool {
	for _, pid := range l.PIDs {
		p, _ := s.Process(pid)
		switch program(p) {
		case "docker-proxy", "rootlessport", "conmon":
		default:
			return false
		}
	}
	return true
}
