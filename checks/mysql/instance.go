package mysql

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
	"hostaudit/checks/internal/mycnf"
)

// instance is one running server.
type instance struct {
	name     string // stable between runs: its socket, else its port
	proc     snapshot.Process
	sockets  []string // of the MySQL protocol, the configured one first
	doors    []door   // its TCP listeners
	settings settings
	gaps     []checks.Gap // what of it could not be seen
}

// protocol is what a TCP listener of a server speaks.
type protocol string

const (
	classic  protocol = "MySQL protocol"
	xproto   protocol = "X protocol"
	admin    protocol = "administrative port"
	extra    protocol = "extra port"
	otherTCP protocol = "other port"
)

type door struct {
	protocol protocol
	listener snapshot.Listener
}

// isServer recognises a server by its program, or by its name where the program
// is not readable (an auditor who is not root).
func isServer(p snapshot.Process) bool {
	if p.Kernel || p.Zombie {
		return false
	}
	name := path.Base(p.Exe)
	if p.Exe == "" {
		name = p.Comm
	}
	switch name {
	case "mysqld", "mariadbd", "mysqld-debug":
	default:
		return false
	}
	for _, a := range p.Args {
		a = strings.ReplaceAll(a, "_", "-")
		if a == "--bootstrap" || a == "--help" || strings.HasPrefix(a, "--initialize") {
			return false // it sets up files and ends; it serves nobody
		}
	}
	return true
}

// discover lists the running servers, and what stands in the way of seeing them.
func discover(h *host.Host) (list []instance, gaps []checks.Gap) {
	snap := h.Snapshot
	if m, missing := snap.MissingPart(snapshot.PartProcesses); missing {
		gaps = append(gaps, checks.Gap{Reason: checks.ReasonOf(m.Err), Detail: "not every process could be seen, so a server may run unseen"})
	}
	var procs []snapshot.Process
	for _, p := range snap.Processes {
		if !isServer(p) {
			continue
		}
		_, inside := h.Container(p.PID)
		switch {
		case inside: // see inContainers
		case p.SameRoot == snapshot.No:
			gaps = append(gaps, checks.Gap{
				Reason: checks.ReasonUnsupported, Subject: checks.Text(path.Base(p.Exe)),
				Detail: "a server runs in a container or under another root directory and is not examined",
			})
		case p.NetNS != 0 && snap.NetNS != 0 && p.NetNS != snap.NetNS:
			gaps = append(gaps, checks.Gap{
				Reason: checks.ReasonUnsupported, Subject: checks.Text(path.Base(p.Exe)),
				Detail: "a server runs in another network namespace and is not examined",
			})
		default:
			procs = append(procs, p)
		}
	}
	if len(procs) > maxServers {
		procs = procs[:maxServers]
		gaps = append(gaps, checks.Gap{Reason: checks.ReasonTooCostly, Detail: "more servers run than are examined"})
	}
	users, blind := map[uint32]int{}, 0
	for _, p := range procs {
		users[p.EUID]++
		if !slices.ContainsFunc(snap.Unix, func(u snapshot.UnixSocket) bool { return slices.Contains(u.PIDs, p.PID) }) {
			blind++
		}
	}
	for _, p := range procs {
		list = append(list, inspect(h, p, users[p.EUID] == 1, blind == 1))
	}
	slices.SortFunc(list, func(a, b instance) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(list); i++ {
		if list[i].name == list[i-1].name {
			list[i].name += " (another)" // two unseen sockets: still two servers
		}
	}
	return list, gaps
}

// maxServers bounds how many servers are examined: any account can start programs
// of that name.
const maxServers = 64

// inspect collects what belongs to one server. alone says that no other server
// runs as the same user: then a listener of that user without visible owner is
// taken for its own. single says that no other server hides its sockets.
func inspect(h *host.Host, p snapshot.Process, alone, single bool) instance {
	inst := instance{proc: p}
	args := p.Args
	if len(args) > 0 {
		args = args[1:]
	}
	inst.settings = readHost(h, p.Exe, command(args), origin{home: accountHome(h, "mysql")})
	if p.ArgsCut {
		inst.settings.gaps = append(inst.settings.gaps, checks.Gap{
			Reason: checks.ReasonUnreadable, Detail: "the server's command line could not be read whole",
		})
	}
	inst.findSockets(h.Snapshot, single)
	inst.findDoors(h.Snapshot, alone)
	switch {
	case len(inst.sockets) > 0:
		inst.name = inst.sockets[0]
	case len(inst.doors) > 0:
		inst.name = "port " + strconv.Itoa(int(inst.doors[0].listener.Port))
	default:
		inst.name = "server without visible sockets"
	}
	return inst
}

func (inst *instance) findSockets(snap *snapshot.Snapshot, single bool) {
	configured, _ := inst.settings.last("socket")
	xsocket, _ := inst.settings.last("mysqlx-socket")
	isX := func(u snapshot.UnixSocket) bool {
		return path.Base(u.Path) == "mysqlx.sock" || xsocket.Value != "" && u.Path == xsocket.Value
	}
	for _, u := range snap.Unix {
		if !slices.Contains(u.PIDs, inst.proc.PID) || u.Type != "stream" || isX(u) {
			continue
		}
		if !strings.HasPrefix(u.Path, "/") && !strings.HasPrefix(u.Path, "@") {
			inst.gaps = append(inst.gaps, checks.Gap{
				Reason: checks.ReasonUnsupported, Subject: checks.Text(u.Path),
				Detail: "the socket's name depends on the server's working directory",
			})
			continue
		}
		inst.sockets = append(inst.sockets, u.Path)
	}
	if len(inst.sockets) == 0 {
		// Owners are hidden from an auditor who is not root: then a socket at the
		// place packages use, in a directory only the server can write, is its own,
		// if there is no other server whose it may be.
		known := []string{mycnf.Last(inst.settings.args, "socket").Value}
		if single {
			known = append(known, configured.Value, "/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock")
		}
		for _, u := range snap.Unix {
			if len(u.PIDs) == 0 && u.Type == "stream" && path.IsAbs(u.Path) && slices.Contains(known, u.Path) {
				inst.sockets = append(inst.sockets, u.Path)
			}
		}
	}
	slices.SortFunc(inst.sockets, func(a, b string) int {
		if a == configured.Value || b == configured.Value {
			if a == b {
				return 0
			}
			if a == configured.Value {
				return -1
			}
			return 1
		}
		return strings.Compare(a, b)
	})
	inst.sockets = slices.Compact(inst.sockets)
}

func (inst *instance) findDoors(snap *snapshot.Snapshot, alone bool) {
	if m, missing := snap.MissingPart(snapshot.PartTCP); missing {
		inst.gaps = append(inst.gaps, checks.Gap{Reason: checks.ReasonOf(m.Err), Detail: "the TCP listeners could not be read"})
	}
	hidden := false
	for _, l := range snap.Listeners {
		if l.Proto != "tcp" {
			continue
		}
		mine := slices.Contains(l.PIDs, inst.proc.PID)
		if !mine && len(l.PIDs) == 0 {
			// The kernel tells the user of a listener even where its process is hidden.
			mine = alone && inst.proc.EUID != 0 && l.UID == inst.proc.EUID
			if !mine && l.OwnerHidden && (l.UID == inst.proc.EUID || l.UID == 0) {
				hidden = true
			}
		}
		if mine {
			inst.doors = append(inst.doors, door{inst.speaks(l.Port), l})
		}
	}
	if hidden {
		inst.gaps = append(inst.gaps, checks.Gap{
			Reason: checks.ReasonNoPermission,
			Detail: "listeners whose owner could not be seen may belong to the server",
		})
	}
	if !slices.ContainsFunc(inst.doors, func(d door) bool { return d.protocol == classic }) {
		// No listener on the port the options name: take the first unexplained one.
		for i := range inst.doors {
			if inst.doors[i].protocol == otherTCP && !clusterPort(inst.doors[i].listener.Port) {
				inst.doors[i].protocol = classic
				break
			}
		}
	}
}

// speaks says what a port is for, by the options.
func (inst *instance) speaks(port uint16) protocol {
	is := func(option string, fallback uint16) bool {
		s, _ := inst.settings.last(option)
		n, err := strconv.ParseUint(s.Value, 10, 16)
		if !s.Set || err != nil || n == 0 {
			return port == fallback && fallback != 0
		}
		return port == uint16(n)
	}
	switch {
	case is("port", 3306):
		return classic
	case inst.settings.flavour == mySQL && is("mysqlx-port", 33060):
		return xproto
	case inst.settings.flavour == mySQL && is("admin-port", 33062):
		return admin
	case inst.settings.flavour == mariaDB && is("extra-port", 0):
		return extra
	}
	return otherTCP
}

// clusterPort tells the default ports of replication among cluster members: Galera
// and Group Replication.
func clusterPort(port uint16) bool {
	return port == 4444 || port == 4567 || port == 4568 || port == 33061
}

// programs are the places packages and tarballs put a server.
func programs(name string) []string {
	var out []string
	for _, dir := range []string{
		"/usr/sbin", "/usr/libexec", "/usr/bin", "/usr/local/sbin", "/usr/local/bin", "/usr/local/libexec",
		"/usr/local/mysql/bin", "/usr/local/mariadb/bin",
	} {
		out = append(out, path.Join(dir, name))
	}
	return out
}

// installed says whether a server's program is on the target.
func installed(h *host.Host) (bool, *checks.Gap) {
	var gap *checks.Gap
	for _, file := range append(programs("mariadbd"), programs("mysqld")...) {
		info, err := h.Tree.Stat(file)
		switch {
		case err == nil && info.Mode.IsRegular():
			return true, nil
		case err != nil && !errors.Is(err, fs.ErrNotExist):
			gap = &checks.Gap{Reason: checks.ReasonOf(err), Subject: checks.Text(file), Detail: "whether a server is installed could not be seen"}
		}
	}
	elsewhere, more := startedElsewhere(h)
	if gap == nil {
		gap = more
	}
	if elsewhere {
		gap = nil
	}
	return elsewhere, gap
}

// startedElsewhere says that a service enabled at boot starts a server's program, which
// may lie anywhere.
func startedElsewhere(h *host.Host) (found bool, gap *checks.Gap) {
	entries, _ := h.Units().Enabled()
	for _, e := range entries {
		if e.Kind != units.KindService || e.Unit == nil {
			continue
		}
		for _, c := range e.Unit.Exec {
			program := serverIn(c)
			if program == "" {
				continue
			}
			info, err := h.Tree.Stat(program)
			switch {
			case err == nil && info.Mode.IsRegular():
				return true, nil
			case err != nil && !errors.Is(err, fs.ErrNotExist):
				gap = &checks.Gap{Reason: checks.ReasonOf(err), Subject: checks.Text(program), Detail: "whether a server is installed could not be seen"}
			}
		}
	}
	return false, gap
}

// flavourOf tells MariaDB by its program's name or by what its packages bring, which in
// Red Hat's 5.5 is the unit's name only. A tarball's program is told by what lies beside
// it: packages may have brought the clients of the other server.
func flavourOf(h *host.Host, exe string) flavour {
	if path.Base(exe) == "mariadbd" {
		return mariaDB
	}
	files := append(programs("mariadbd"), "/usr/bin/mariadb", "/etc/mysql/mariadb.cnf", "/usr/bin/mariadb_config",
		"/usr/lib/systemd/system/mariadb.service", "/lib/systemd/system/mariadb.service")
	for _, file := range append(programs("mariadbd"), programs("mysqld")...) {
		if _, err := h.Tree.Stat(file); exe == "" && err == nil {
			exe = file
		}
	}
	switch dir := path.Dir(exe); dir {
	case ".", "/usr/sbin", "/usr/libexec", "/usr/bin", "/sbin", "/bin":
	default:
		files = nil
		for _, name := range []string{"mariadbd", "mariadb", "mariadb_config", "mariabackup"} {
			files = append(files, path.Join(dir, name))
		}
	}
	for _, file := range files {
		if _, err := h.Tree.Stat(file); err == nil {
			return mariaDB
		}
	}
	return mySQL
}

// scope names what a listener can be reached by.
func scope(l snapshot.Listener) string {
	switch {
	case l.Loopback():
		return "loopback"
	case !l.Addr.IsUnspecified():
		return "the address " + l.Addr.String()
	case l.Addr.Is4():
		return "every IPv4 address"
	case l.V6Only == snapshot.No:
		return "every address"
	case l.V6Only == snapshot.Yes:
		return "every IPv6 address"
	}
	return fmt.Sprintf("every address of %s", l.Addr)
}
