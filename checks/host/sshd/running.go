package sshd

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/internal/sshdconf"
)

// ownedBy are the TCP listeners of every process; those of another network namespace are
// told apart.
type ownedBy map[int]*struct{ here, elsewhere []snapshot.Listener }

func (l *looker) owned() ownedBy {
	owned := ownedBy{}
	add := func(list []snapshot.Listener, here bool) {
		for _, li := range list {
			if li.Proto != "tcp" {
				continue
			}
			for _, pid := range li.PIDs {
				if owned[pid] == nil {
					owned[pid] = &struct{ here, elsewhere []snapshot.Listener }{}
				}
				if here {
					owned[pid].here = append(owned[pid].here, li)
				} else {
					owned[pid].elsewhere = append(owned[pid].elsewhere, li)
				}
			}
		}
	}
	add(l.h.Snapshot.Listeners, true)
	for _, n := range l.h.Snapshot.Namespaces {
		add(n.Listeners, false)
	}
	return owned
}

func (o ownedBy) of(pid int) (list []snapshot.Listener, elsewhere bool) {
	switch own := o[pid]; {
	case own == nil:
		return nil, false
	case len(own.here) > 0:
		return own.here, false
	default:
		return own.elsewhere, true
	}
}

// lookRunning goes through processes and listeners.
func (l *looker) lookRunning() {
	snap := l.h.Snapshot
	for _, part := range []snapshot.Part{snapshot.PartProcesses, snapshot.PartTCP} {
		if m, missing := snap.MissingPart(part); missing {
			l.problem(m.Err, string(part), "the list could not be read, so an SSH server may have been missed")
		}
	}
	owned := l.owned()
	defer func() { l.maxBinaries = maxBinaries }()
	for _, p := range rootFirst(snap.Processes) {
		if p.EUID != 0 && l.maxBinaries == maxBinaries {
			l.maxBinaries = min(maxBinaries, len(l.binaries)+maxForeign)
		}
		kind := l.kindOf(p)
		if kind == "" {
			continue
		}
		if _, inside := l.h.Container(p.PID); inside {
			continue
		}
		listeners, elsewhere := owned.of(p.PID)
		if l.ofAccount(kind, p, listeners) {
			continue
		}
		if kind == Dropbear {
			l.dropbearProcess(p, listeners, elsewhere)
			continue
		}
		args, title, form := arguments(p)
		if form == formSession {
			continue // that it forwards a port makes it no server; port 22 is asked for its greeting
		}
		// A child is a session, unless somebody started a server in a session.
		parent, hasParent := snap.Process(p.PPID)
		if hasParent && l.kindOf(parent) == OpenSSH && parent.NetNS == p.NetNS && (form != formListener || len(listeners) == 0) {
			continue
		}
		l.sshdProcess(p, args, title, form, listeners, elsewhere)
	}
}

// rootFirst puts the processes of root first: what ordinary accounts start, as many as
// they like, must not use up what bounds the programs and files looked at.
func rootFirst(list []snapshot.Process) []snapshot.Process {
	isRoot := map[bool]int{true: 0, false: 1}
	return slices.SortedStableFunc(slices.Values(list), func(a, b snapshot.Process) int {
		return cmp.Compare(isRoot[a.EUID == 0], isRoot[b.EUID == 0])
	})
}

// ofAccount reports a process of the host's that root does not own, and notes it if it
// listens: it lets in no account but its own, and anybody can start one, or what looks
// like one, with any configuration. Port 22 is asked for its greeting all the same. In a
// container root may be somebody else outside.
func (l *looker) ofAccount(kind Program, p snapshot.Process, listeners []snapshot.Listener) bool {
	if p.EUID == 0 || l.container != nil {
		return false
	}
	if len(listeners) > 0 {
		l.note(string(kind), "an ordinary account runs a server of its own, which can let in that account alone and is not examined")
	}
	return true
}

// hiddenDetail is why a process whose files or root may not be seen is not evaluated.
const hiddenDetail = "which files it reads and what it listens on is not known"

// unseen handles a process whose files are not those of the tree, or not known to be.
// It reports whether the process is one.
func (l *looker) unseen(kind Program, p snapshot.Process, listeners []snapshot.Listener, elsewhere bool) bool {
	s := Server{Program: kind, PID: p.PID, AsRoot: p.EUID == 0, Listeners: listeners, OtherNet: elsewhere}
	problem := Problem{}
	switch {
	case p.SameRoot == snapshot.No:
		s.Subject = string(kind) + " in another root directory"
		problem = Problem{Err: ErrUnsupported, Detail: "its configuration is not examined"}
	case p.SameRoot == snapshot.Unknown || p.Exe == "":
		s.Subject = string(kind)
		problem = Problem{Err: ErrHidden, Detail: "a running server could not be examined: " + hiddenDetail}
	default:
		return false
	}
	problem.Subject = s.Subject
	if len(listeners) == 0 {
		l.problems = append(l.problems, problem)
		return true
	}
	l.known[p.PID] = true
	s.Problems = []Problem{problem}
	l.add(found{Server: s})
	return true
}

// withoutListeners handles a process that is seen to hold no socket: a session, or one
// whose sockets are hidden.
func (l *looker) withoutListeners(kind Program, p snapshot.Process, maybeListener bool) {
	snap := l.h.Snapshot
	if !maybeListener {
		return
	}
	_, hidden := snap.MissingPart(snapshot.PartOwners)
	otherNet := p.NetNS != snap.NetNS && p.NetNS != 0 && snap.NetNS != 0
	switch {
	case hidden || p.NetNS == 0:
		l.problem(ErrHidden, string(kind), "the sockets of a running server could not be seen")
	case otherNet && l.namespaceUnread(p.NetNS):
		l.problem(ErrUnsupported, string(kind)+" in another network namespace", "its sockets could not be seen")
	}
}

// namespaceUnread reports a network namespace whose listeners are not known whole.
func (l *looker) namespaceUnread(inode uint64) bool {
	for _, n := range l.h.Snapshot.Namespaces {
		if n.Inode == inode {
			return slices.ContainsFunc(n.Missing, func(m snapshot.Missing) bool { return m.What == snapshot.PartTCP })
		}
	}
	return true
}

// sshdProcess judges one sshd that is no session.
func (l *looker) sshdProcess(p snapshot.Process, args []string, title string, f form, listeners []snapshot.Listener, elsewhere bool) {
	if l.unseen(OpenSSH, p, listeners, elsewhere) {
		return
	}
	if len(listeners) == 0 {
		l.withoutListeners(OpenSSH, p, f == formListener || p.ArgsCut || len(p.Args) == 0)
		return
	}
	l.known[p.PID] = true
	r := found{
		Server: Server{
			Program: OpenSSH, PID: p.PID, AsRoot: p.EUID == 0, Listeners: listeners, OtherNet: elsewhere,
			Build: l.build(p.Exe),
		},
		exe: p.Exe, title: title, units: unitsOf(p),
	}
	if f != formListener {
		r.Subject = "sshd"
		r.args = &Problem{Err: ErrUnsupported, Detail: "the command line of the running server is not in a form that is evaluated"}
	} else {
		l.evaluate(&r, args, "the command line of the running server is not evaluated")
		if r.command.File == "" && p.Exe != defaultExe && p.ExeDeleted && r.args == nil && l.binary(p.Exe).err != nil {
			r.Conf, r.known = nil, false
			r.args = &Problem{Err: ErrNoMetadata, Detail: "its program is not there any more, and with it what tells which configuration it reads"}
		}
	}
	l.mounts(p, &r)
	l.add(r)
}

// unitsOf returns the service a process is in.
func unitsOf(p snapshot.Process) []string {
	if unit := snapshot.Unit(p.Cgroup); strings.HasSuffix(unit, ".service") {
		return []string{unit}
	}
	return nil
}

// maxUnprivileged bounds the configurations read for programs any account can start.
const maxUnprivileged = 32

// evaluate reads the configuration of an sshd started with these arguments.
func (l *looker) evaluate(f *found, args []string, failed string) {
	command, outcome := sshdconf.ParseArgs(args, f.Build)
	f.command, f.known = command, outcome.Kind == sshdconf.Accepted
	if f.File = command.File; f.File == "" {
		f.File = l.mainConfig(f.exe, f.Build.Vendor)
	}
	f.Subject = subject(f.File, command)
	f.text = strings.Join(args, " ")
	switch {
	case outcome.Kind == sshdconf.Refused:
		f.args = &Problem{Err: ErrRefused, Detail: failed}
	case outcome.Kind != sshdconf.Accepted:
		f.args = &Problem{Err: ErrUnsupported, Detail: failed}
	default:
		l.configure(f)
	}
}

// configure loads the configuration of a command line that is known.
func (l *looker) configure(f *found) {
	if f.PID != 0 && !f.AsRoot {
		if l.loaded++; l.loaded > maxUnprivileged {
			f.Problems = append(f.Problems, Problem{Err: ErrUnsupported, Detail: fmt.Sprintf("more than %d servers of ordinary accounts", maxUnprivileged)})
			return
		}
	}
	if l.foreignIncludes(f.exe, f.File) {
		f.Problems = append(f.Problems, Problem{Err: ErrUnsupported, File: f.File, Detail: "Include of a program that was built for another directory is not evaluated"})
		return
	}
	f.Conf = load(l.h, f.File, f.command, f.Build)
}

// add keeps a running server.
func (l *looker) add(f found) {
	f.Host, f.Container = l.h, l.container
	l.found = append(l.found, f)
}

// lookUnsettled finds the listeners on port 22 of which nobody knows what they are.
func (l *looker) lookUnsettled() {
	for _, li := range l.h.Snapshot.Listeners {
		if li.Proto == "tcp" && li.Port == defaultPort && !l.held[keyOf(li)] &&
			!slices.ContainsFunc(li.PIDs, func(pid int) bool { return l.known[pid] }) {
			l.unsettled = append(l.unsettled, li)
		}
	}
}

// defaultPort is what IANA gave to ssh.
const defaultPort = 22

func keyOf(li snapshot.Listener) listenerKey {
	return listenerKey{li.Addr.Unmap().String() + "%" + li.Interface, li.Port}
}

func ports[T uint16 | int](list []T) string {
	const most = 8
	var b strings.Builder
	for _, p := range list[:min(len(list), most)] {
		fmt.Fprintf(&b, " :%d", p)
	}
	if len(list) > most {
		b.WriteString(" …")
	}
	return b.String()
}
