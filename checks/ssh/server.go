package ssh

import (
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
	"hostaudit/checks/internal/sshdconf"
)

// server is one sshd: a running one, or the installed one that would start.
type server struct {
	subject   string // stable: "sshd /etc/ssh/sshd_config"
	config    string // the file it reads, "none" = built-in defaults
	command   sshdconf.CommandLine
	build     sshdconf.Build
	pid       int // 0 = not running
	asRoot    bool
	listeners []snapshot.Listener
	evaluate  bool // its configuration is in the tree looked at, and its command line is known
}

// same reports servers that read the same files with the same options, so that
// one answer is enough. The subject does not tell: it holds no options.
func (s server) same(t server) bool {
	return s.subject == t.subject && s.build == t.build && reflect.DeepEqual(s.command, t.command)
}

// survey is what there is of SSH servers on the host.
type survey struct {
	servers   []server
	dropbear  []snapshot.Listener // held by a running Dropbear
	unsettled []snapshot.Listener // on port 22, held by who knows whom: ask for the greeting
	socket    units.Enablement    // of ssh.socket or sshd.socket
	service   units.Enablement    // of ssh.service or sshd.service
	gaps      []checks.Gap        // what could not be seen
	notes     []string
}

// settled reports that nothing was found and nothing was hidden.
func (s survey) settled() bool {
	return len(s.servers) == 0 && len(s.dropbear) == 0 && len(s.unsettled) == 0 && len(s.gaps) == 0
}

func (s *survey) gap(reason checks.Reason, subject, detail string) {
	g := checks.Gap{Reason: reason, Subject: checks.Text(subject), Detail: checks.Text(detail)}
	if !slices.Contains(s.gaps, g) {
		s.gaps = append(s.gaps, g)
	}
}

// look finds the SSH servers of the host. What runs in its containers is found
// through them (lookInside).
func look(h *host.Host) survey {
	s := survey{
		socket:  h.Units().State("ssh.socket", "sshd.socket"),
		service: h.Units().State("ssh.service", "sshd.service"),
	}
	if h.Snapshot != nil {
		s.lookRunning(h)
	}
	s.lookAtBoot(h)
	return s
}

// lookAtBoot adds what the init system would start.
func (s *survey) lookAtBoot(h *host.Host) {
	// Another instance than the one the init system starts decides nothing about
	// that one, and any account can start a program of its own with these arguments.
	if !slices.ContainsFunc(s.servers, func(srv server) bool {
		return srv.evaluate && srv.asRoot && (srv.config == defaultConfig || srv.config == vendorConfig)
	}) {
		s.lookInstalled(h)
	}
	s.lookDropbear(h)
}

// lookRunning goes through processes and listeners.
func (s *survey) lookRunning(h *host.Host) {
	snap := h.Snapshot
	for _, part := range []snapshot.Part{snapshot.PartProcesses, snapshot.PartTCP} {
		if m, missing := snap.MissingPart(part); missing {
			s.gap(checks.ReasonOf(m.Err), string(part), "the list could not be read, so an SSH server may have been missed")
		}
	}
	owned := map[int][]snapshot.Listener{}
	for _, l := range snap.Listeners {
		if l.Proto != "tcp" {
			continue
		}
		for _, pid := range l.PIDs {
			owned[pid] = append(owned[pid], l)
		}
	}
	known := map[int]bool{}
	for _, p := range snap.Processes {
		if p.Kernel || p.Zombie {
			continue
		}
		name := program(p)
		if isServer(name) {
			if _, inside := h.Container(p.PID); inside {
				known[p.PID] = true
				continue
			}
		}
		switch name {
		case "sshd":
			known[p.PID] = true
			// A child is a session, unless somebody started a server in a session.
			_, isListener := arguments(p)
			if parent, ok := snap.Process(p.PPID); !ok || program(parent) != "sshd" || parent.NetNS != p.NetNS ||
				isListener && len(owned[p.PID]) > 0 {
				s.process(h, p, owned[p.PID])
			}
		case "dropbear", "dropbearmulti":
			if l := owned[p.PID]; len(l) > 0 {
				known[p.PID] = true
				s.dropbear = append(s.dropbear, l...)
			} else if p.NetNS != 0 && snap.NetNS != 0 && p.NetNS != snap.NetNS {
				s.gap(checks.ReasonUnsupported, "dropbear in another network namespace", "its listeners are not examined")
			}
		}
	}
	for _, l := range snap.Listeners {
		if l.Proto == "tcp" && l.Port == 22 && !slices.ContainsFunc(l.PIDs, func(pid int) bool { return known[pid] }) {
			s.unsettled = append(s.unsettled, l)
		}
	}
}

// isServer reports the name of a program that is an SSH server.
func isServer(name string) bool {
	return name == "sshd" || name == "dropbear" || name == "dropbearmulti"
}

// program is the name of the file a process runs. Without the right to read
// that, the name the process gave itself counts if root owns it: an
// unprivileged process cannot pass for a system daemon.
func program(p snapshot.Process) string {
	if p.Exe != "" {
		return path.Base(p.Exe)
	}
	if p.EUID == 0 {
		return p.Comm
	}
	return ""
}

// process judges one sshd process that is no other sshd's child.
func (s *survey) process(h *host.Host, p snapshot.Process, listeners []snapshot.Listener) {
	const elsewhere = "sshd in another root or network namespace"
	netNS := h.Snapshot.NetNS
	inOtherNet := len(listeners) == 0 && p.NetNS != 0 && netNS != 0 && p.NetNS != netNS
	args, isListener := arguments(p)
	switch {
	case inOtherNet, p.SameRoot == snapshot.No:
		s.gap(checks.ReasonUnsupported, elsewhere, "its configuration and listeners are not examined")
		if len(listeners) > 0 {
			s.servers = append(s.servers, server{subject: elsewhere, pid: p.PID, listeners: listeners})
		}
		return
	case p.SameRoot == snapshot.Unknown || p.Exe == "":
		s.gap(checks.ReasonNoPermission, "sshd", "a running sshd could not be examined: which files it reads and what it listens on is not known")
		if len(listeners) > 0 {
			s.servers = append(s.servers, server{subject: "sshd", pid: p.PID, listeners: listeners})
		}
		return
	case len(listeners) == 0:
		_, hidden := h.Snapshot.MissingPart(snapshot.PartOwners)
		if (isListener || p.ArgsCut) && (hidden || p.NetNS == 0) {
			s.gap(checks.ReasonNoPermission, "sshd", "the sockets of a running sshd could not be seen")
		}
		return // a session whose listener has ended, or one for a single connection
	}
	srv := server{pid: p.PID, asRoot: p.EUID == 0, listeners: listeners, build: buildOf(h, p.Exe)}
	if !isListener {
		srv.subject = "sshd"
		s.gap(checks.ReasonUnsupported, "sshd", "the command line of a running sshd is not in a form that is evaluated")
		s.servers = append(s.servers, srv)
		return
	}
	command, outcome := sshdconf.ParseArgs(args, srv.build)
	srv.command = command
	srv.config = command.File
	if srv.config == "" {
		srv.config = mainConfig(h, srv.build.Vendor)
	}
	srv.subject = "sshd " + srv.config
	for _, port := range command.Ports {
		srv.subject += fmt.Sprintf(" :%d", port)
	}
	if srv.evaluate = outcome.Kind == sshdconf.Accepted; !srv.evaluate {
		s.gap(checks.ReasonUnsupported, srv.subject, "the command line of the running sshd is not evaluated: "+outcome.Why)
	}
	s.servers = append(s.servers, srv)
}

// arguments returns a listening sshd's own arguments, from its command line or
// from the title it has put over it.
func arguments(p snapshot.Process) (args []string, ok bool) {
	if len(p.Args) == 0 || p.ArgsCut {
		return nil, false
	}
	if strings.HasPrefix(p.Args[0], "sshd: ") {
		return sshdconf.TitleArgs(p.Args[0])
	}
	args = p.Args[1:]
	for len(args) > 0 && args[len(args)-1] == "" { // left over from a longer line
		args = args[:len(args)-1]
	}
	return args, path.Base(p.Args[0]) == "sshd"
}

// lookInstalled judges the sshd that is installed and does not run, or runs out
// of sight.
func (s *survey) lookInstalled(h *host.Host) {
	exe := ""
	for _, candidate := range []string{defaultExe, "/usr/local/sbin/sshd", "/usr/bin/sshd"} {
		if _, err := h.Tree.Stat(candidate); err == nil {
			exe = candidate
			break
		}
	}
	build := buildOf(h, exe)
	config := mainConfig(h, build.Vendor)
	_, configErr := h.Tree.Lstat(config)
	state := s.service
	if s.socket == units.Enabled || s.socket == units.Unknown && state != units.Enabled {
		state = s.socket
	}
	switch {
	case exe == "" && configErr != nil && state == units.Absent:
		return
	case exe == "" && (state == units.Absent || state == units.Disabled || state == units.Masked):
		s.notes = append(s.notes, "a configuration of sshd is there, sshd is not")
		return
	case exe == "":
		s.gap(checks.ReasonNoMetadata, "sshd", "a unit or a configuration of sshd is there, its program is not in a usual place")
		return
	case state == units.Disabled || state == units.Masked:
		s.notes = append(s.notes, "sshd is installed, its unit is "+state.String())
		return
	}
	srv := server{subject: "sshd " + config, config: config, build: build, evaluate: true}
	s.servers = append(s.servers, srv)
	s.gaps = append(s.gaps, startOptions(h.Tree, srv.subject)...)
}

// lookDropbear: its configuration is not evaluated yet. dropbear-bin and the
// initramfs variant install the program without a service.
func (s *survey) lookDropbear(h *host.Host) {
	if len(s.dropbear) > 0 {
		return
	}
	state := h.Units().State("dropbear.service")
	if _, err := h.Tree.Stat("/usr/sbin/dropbear"); err == nil && (state == units.Enabled || state == units.Unknown) {
		s.gap(checks.ReasonUnsupported, "dropbear", "Dropbear is installed and may start at boot; its configuration is not evaluated")
	}
}
