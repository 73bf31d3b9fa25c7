package sshd

import (
	"cmp"
	"path"
	"reflect"
	"slices"
	"strings"

	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/internal/sshdconf"
)

// looker finds the servers of one host, or of one container.
type looker struct {
	h         *host.Host
	container *host.Container // nil = the host itself
	binaries  map[string]binary
	found     []found // running
	starts    []found // at boot
	known     map[int]bool
	held      map[listenerKey]bool // process 1 holds them for a server
	unsettled []snapshot.Listener
	problems  []Problem
	notes     []Note
	// maxBinaries bounds the programs searched.
	maxBinaries int
	loaded      int    // configurations of servers that do not run as root
	partial     bool   // what starts at boot is not known whole
	off         string // why the installed sshd is not started
	// offByCondition: a condition of its enabled unit keeps sshd from starting.
	offByCondition bool
}

// found is a server with what joins a running one to the one that would start.
type found struct {
	Server
	exe     string
	command sshdconf.CommandLine // of OpenSSH
	known   bool                 // how it was or would be started is
	args    *Problem             // why not
	title   string               // words of a title, which may be several ways to write options
	text    string               // options as a title would show them, of one that would start
	units   []string             // that it belongs to
	super   bool                 // inetd or xinetd starts it
	// fallback: it is what is installed; nothing is known to start it.
	fallback bool
	unasked  bool     // and no init system knows it
	doubt    *Problem // of one that does not run: why nothing is known to start it
}

type listenerKey struct {
	addr string
	port uint16
}

func newLooker(h *host.Host, c *host.Container) *looker {
	return &looker{h: h, container: c, binaries: map[string]binary{}, known: map[int]bool{}, held: map[listenerKey]bool{}, maxBinaries: maxBinaries}
}

// survey looks at a host and at what runs in its containers.
func survey(h *host.Host) *Survey {
	s := &Survey{}
	own := newLooker(h, nil)
	own.look(true)
	lookers := []*looker{own}
	for _, c := range h.Containers {
		in := newLooker(c.Host, c)
		boots := initProcess(c.Host.Snapshot) != 0
		// What merely lies in a container serves nobody.
		if !boots && !slices.ContainsFunc(rootFirst(c.Host.Snapshot.Processes), func(p snapshot.Process) bool { return in.kindOf(p) != "" }) {
			continue
		}
		in.look(boots)
		in.placeContainer(h)
		own.settleInside(in)
		lookers = append(lookers, in)
	}
	own.settlePublished(lookers[1:])
	for _, l := range lookers {
		s.Servers = append(s.Servers, l.servers()...)
		for i := range l.problems {
			l.problems[i].Subject = l.within(l.problems[i].Subject)
		}
		for i := range l.notes {
			l.notes[i].Subject = l.within(l.notes[i].Subject)
		}
		s.Problems = append(s.Problems, l.problems...)
		s.Notes = append(s.Notes, l.notes...)
	}
	s.Unsettled = own.unsettled
	s.Problems = distinctProblems(s.Problems)
	slices.SortFunc(s.Notes, func(a, b Note) int {
		return cmp.Or(cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.Detail, b.Detail))
	})
	s.Notes = slices.Compact(s.Notes)
	s.answers = make([]Greeting, len(s.Unsettled))
	for i := range s.answers {
		s.answers[i] = Greeting{Err: ErrUnsupported, Why: "who listens there was not asked"}
	}
	return s
}

// within says in which container a subject is, of Problems and Notes, which name no
// Server.
func (l *looker) within(subject string) string {
	if l.container == nil {
		return subject
	}
	return "container " + l.container.Name + ": " + subject
}

// look fills the looker.
func (l *looker) look(boots bool) {
	if boots {
		l.lookAtBoot()
	}
	if l.h.Snapshot != nil {
		l.lookRunning()
		l.holdSockets()
		l.holdSuper()
		l.lookUnsettled()
	}
	l.join(boots)
}

// problem records what kept servers from being seen.
func (l *looker) problem(err error, subject, detail string) {
	l.problems = append(l.problems, Problem{Err: err, Subject: subject, Detail: detail})
}

func (l *looker) note(subject, detail string) {
	l.notes = append(l.notes, Note{Subject: subject, Detail: detail})
}

// servers returns the servers in their order, those alike merged.
func (l *looker) servers() []Server {
	slices.SortStableFunc(l.found, func(a, b found) int {
		asRoot := map[bool]int{true: 0, false: 1}
		return cmp.Or(
			cmp.Compare(a.Program, b.Program), cmp.Compare(a.Subject, b.Subject),
			cmp.Compare(asRoot[a.AsRoot], asRoot[b.AsRoot]), cmp.Compare(b.Boot, a.Boot),
			cmp.Compare(a.Unit, b.Unit), cmp.Compare(a.PID, b.PID),
		)
	})
	var list []Server
	var kept []found
next:
	for _, f := range l.found {
		for i := range kept {
			if kept[i].alike(f) {
				list[i].merge(f.Server)
				continue next
			}
		}
		kept, list = append(kept, f), append(list, f.Server)
	}
	for i := range list {
		list[i].Problems = distinctProblems(list[i].Problems)
	}
	return list
}

// alike reports two instances of which one answer is enough.
func (f found) alike(g found) bool {
	return f.Program == g.Program && f.Subject == g.Subject && f.AsRoot == g.AsRoot && f.OtherNet == g.OtherNet &&
		f.known && g.known && f.Build == g.Build && reflect.DeepEqual(f.command, g.command) &&
		reflect.DeepEqual(f.Dropbear, g.Dropbear) &&
		(f.AtBoot == nil && g.AtBoot == nil && f.DropbearAtBoot == nil && g.DropbearAtBoot == nil) &&
		// A unit and the script of the same name are one server, a unit and a socket are two.
		(f.Boot != BootYes || g.Boot != BootYes || f.Unit == g.Unit || reflect.DeepEqual(f.Opens, g.Opens))
}

// merge adds what another instance of the same server has.
func (s *Server) merge(t Server) {
	if t.PID != 0 && (s.PID == 0 || t.PID < s.PID) {
		s.PID = t.PID
	}
	if t.Boot > s.Boot {
		s.Boot, s.Unit, s.Opens = t.Boot, t.Unit, t.Opens
	}
	s.Listeners = addListeners(s.Listeners, t.Listeners)
	s.Problems = append(s.Problems, t.Problems...)
}

func addListeners(list, more []snapshot.Listener) []snapshot.Listener {
	for _, m := range more {
		if !slices.ContainsFunc(list, func(l snapshot.Listener) bool {
			return l.Proto == m.Proto && l.Addr == m.Addr && l.Port == m.Port && l.Interface == m.Interface
		}) {
			list = append(list, m)
		}
	}
	slices.SortStableFunc(list, func(a, b snapshot.Listener) int {
		return cmp.Or(cmp.Compare(a.Port, b.Port), a.Addr.Compare(b.Addr), cmp.Compare(a.Interface, b.Interface))
	})
	return list
}

func distinctProblems(list []Problem) []Problem {
	slices.SortStableFunc(list, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(a.Subject, b.Subject), cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Detail, b.Detail), cmp.Compare(a.Err.Error(), b.Err.Error()),
		)
	})
	return slices.CompactFunc(list, func(a, b Problem) bool {
		return a.Subject == b.Subject && a.File == b.File && a.Line == b.Line && a.Detail == b.Detail && a.Err.Error() == b.Err.Error()
	})
}

// initProcess returns the process that starts what is enabled: process 1 of a host, of a
// container its eldest process if that is an init system, else 0.
func initProcess(s *snapshot.Snapshot) int {
	if len(s.Processes) == 0 {
		return 0
	}
	eldest := slices.MinFunc(s.Processes, func(a, b snapshot.Process) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.PID, b.PID))
	})
	switch path.Base(eldest.Exe) {
	case "systemd", "init", "openrc-init", "runit-init", "runit", "procd":
		return eldest.PID
	case "busybox":
		if eldest.Comm == "init" {
			return eldest.PID
		}
	}
	if _, hasFirst := s.Process(1); hasFirst {
		return 1
	}
	return 0
}

// subject is the stable name of an OpenSSH server.
func subject(file string, command sshdconf.CommandLine) string {
	var b strings.Builder
	b.WriteString("sshd")
	if file != "" {
		b.WriteString(" " + file)
	}
	b.WriteString(ports(command.Ports))
	return b.String()
}
