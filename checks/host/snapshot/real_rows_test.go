package snapshot_test

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"hostaudit/checks/host/snapshot"
)

// row is one listener in the words of the table. In a table, what is left out is: one
// socket, of root, made in the control group of its first owner.
type row struct {
	Net    string // network namespace: an actor's name or a name of ip-netns(8), "" = the host's
	Proto  string
	Addr   string
	Port   int    // 0 = the one the kernel gave its first owner
	Device string // it is bound to
	Scope  string
	V6     string // IPV6_V6ONLY of an IPv6 socket: dual or only
	Owners string // names of actors, the eldest first
	UID    uint32 // of the socket; mixed = of the one with the lowest inode, which may be any
	Group  string // control group in which it was made; none = not one, or it was removed
	Unit   string // of its first owner

	Sockets int
	Hidden  bool // nobody can say who owns it
}

// Words of the table.
const (
	loopback   = "loopback"
	address    = "address"
	everywhere = "everywhere"
	dual       = "dual"
	only       = "only"
	none       = "none"
	mixed      = 1 << 31
)

// expected are the rows of the table for one network namespace, filled in.
func expected(a arrangement, out outcome, net string) (rows []row) {
	for _, r := range a.want {
		if r.Net != net {
			continue
		}
		first, _, _ := strings.Cut(r.Owners, " ")
		owner := newAct(a, first).actor
		if r.Sockets == 0 {
			r.Sockets = 1
		}
		if first != "" {
			if r.Group == "" {
				r.Group = owner.group()
			}
			r.Unit = snapshotUnit(owner.group())
		}
		if r.Group == none {
			r.Group = ""
		}
		if r.Port == 0 && first == "" {
			// Nobody but the kernel knows the port of its own socket.
			if m := ssUDPPort.FindStringSubmatch(out.SS[net]); m != nil {
				r.Port, _ = strconv.Atoi(m[1])
			}
		} else if r.Port == 0 {
			if report, found := out.report(first); found && len(report.Ports) > 0 {
				r.Port = report.Ports[0]
			}
		}
		rows = append(rows, r)
	}
	sortRows(rows)
	return rows
}

func sortRows(rows []row) {
	slices.SortFunc(rows, func(a, b row) int {
		return cmp.Or(cmp.Compare(a.Proto, b.Proto), cmp.Compare(a.Addr, b.Addr), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Device, b.Device))
	})
}

// collected are the listeners of a snapshot in one network namespace.
func collected(o *observation, out outcome, net string) (rows []row, err error) {
	list := o.Listeners
	if net != "" {
		i := slices.IndexFunc(o.Namespaces, func(n snapshot.Namespace) bool { return n.Inode == out.Nets[net] })
		if i < 0 {
			return nil, fmt.Errorf("it is not among the %d namespaces of the snapshot", len(o.Namespaces))
		}
		list = o.Namespaces[i].Listeners
	}
	for _, l := range list {
		r := row{
			Net: net, Proto: l.Proto, Addr: l.Addr.String(), Port: int(l.Port), Device: l.Interface,
			Scope: l.Scope().String(), Owners: names(l.PIDs, out), UID: l.UID,
			Group: belowBranch(l.Cgroup), Sockets: len(l.Inodes), Hidden: l.OwnerHidden,
		}
		switch l.V6Only {
		case snapshot.No:
			r.V6 = dual
		case snapshot.Yes:
			r.V6 = only
		}
		if len(l.PIDs) > 0 {
			p, found := o.Process(l.PIDs[0])
			if !found {
				return nil, fmt.Errorf("owner %d is not in the list of processes", l.PIDs[0])
			}
			r.Unit = snapshot.Unit(p.Cgroup)
		}
		rows = append(rows, r)
	}
	sortRows(rows)
	return rows, nil
}

// names are the actors with these PIDs.
func names(pids []int, out outcome) string {
	var list []string
	for _, pid := range pids {
		name := strconv.Itoa(pid)
		for _, r := range out.Reports {
			if r.PID == pid {
				name = r.Name
			}
		}
		list = append(list, name)
	}
	return strings.Join(list, " ")
}

// belowBranch takes the branch of the test off the path of a control group.
func belowBranch(path string) string {
	if i := strings.Index(path, branchPrefix); i >= 0 {
		_, below, _ := strings.Cut(path[i:], "/")
		return below
	}
	return path
}

// branchPrefix begins the name of the branch of control groups that a test makes.
const branchPrefix = "hostaudittest"

// Columns of ss -e.
var (
	ssOwner   = regexp.MustCompile(`pid=(\d+),fd=\d+\)`)
	ssIno     = regexp.MustCompile(` ino:(\d+) `)
	ssUID     = regexp.MustCompile(` uid:(\d+) `)
	ssGroup   = regexp.MustCompile(` cgroup:(\S+) `)
	ssUDPPort = regexp.MustCompile(`(?m)^udp\s.*?:(\d+) `)
	ssOnly    = regexp.MustCompile(` v6only:([01]) `)
)

// told are the listeners that ss shows, merged as Listener is documented: sockets with
// the same protocol, address, port and device are one; dual stack if one of them is.
func told(text, net string, out outcome) ([]row, error) {
	type socket struct {
		row
		ino  uint64
		pids []int
	}
	var sockets []socket
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) < 6 {
			return nil, fmt.Errorf("a line of ss of another form: %q", line)
		}
		s := socket{row: row{Net: net, Proto: f[0], Sockets: 1}}
		colon := strings.LastIndexByte(f[4], ':')
		local, device, _ := strings.Cut(strings.NewReplacer("[", "", "]", "").Replace(f[4][:colon]), "%")
		s.Device = device
		var err error
		if s.Port, err = strconv.Atoi(f[4][colon+1:]); err != nil {
			return nil, fmt.Errorf("port in %q: %w", line, err)
		}
		line = strings.TrimSpace(line) + " "
		column := func(re *regexp.Regexp) string {
			if m := re.FindStringSubmatch(line); m != nil {
				return m[1]
			}
			return ""
		}
		switch column(ssOnly) {
		case "0":
			s.V6 = dual
		case "1":
			s.V6 = only
		}
		if local == "*" { // ss writes * for [::] with both
			local = "::"
		}
		s.Addr, s.Scope = local, scopeOf(local, device)
		s.ino, _ = strconv.ParseUint(column(ssIno), 10, 64)
		uid, _ := strconv.ParseUint("0"+column(ssUID), 10, 32)
		s.UID = uint32(uid)
		if s.Group = column(ssGroup); strings.HasPrefix(s.Group, "unreachable:") {
			s.Group = ""
		}
		s.Group = belowBranch(s.Group)
		for _, m := range ssOwner.FindAllStringSubmatch(line, -1) {
			pid, _ := strconv.Atoi(m[1])
			s.pids = append(s.pids, pid)
		}
		sockets = append(sockets, s)
	}
	slices.SortFunc(sockets, func(a, b socket) int { return cmp.Compare(a.ino, b.ino) })
	var merged []socket
	for _, s := range sockets {
		i := slices.IndexFunc(merged, func(m socket) bool {
			return m.Proto == s.Proto && m.Addr == s.Addr && m.Port == s.Port && m.Device == s.Device
		})
		if i < 0 {
			merged = append(merged, s)
			continue
		}
		m := &merged[i]
		m.Sockets++
		m.pids = append(m.pids, s.pids...)
		if s.V6 == dual {
			m.V6 = dual
		}
		if s.Group != m.Group {
			m.Group = ""
		}
	}
	var rows []row
	for _, m := range merged {
		slices.Sort(m.pids) // in a new namespace also the order of age
		m.Owners = names(slices.Compact(m.pids), out)
		rows = append(rows, m.row)
	}
	sortRows(rows)
	return rows, nil
}

// scopeOf is the scope of an address as ss writes it.
func scopeOf(local, device string) string {
	plain := strings.TrimPrefix(local, "::ffff:")
	switch {
	case strings.HasPrefix(plain, "127."), local == "::1", device == "lo":
		return loopback
	case (plain == "0.0.0.0" || local == "::") && device == "":
		return everywhere
	}
	return address
}

// arrangement is a host and what is expected of it, written before it ran.
type arrangement struct {
	name   string
	setup  func(*act) // in process 1, before the actors
	after  func(*act) // in process 1, after them
	actors []actor
	want   []row
	ss     func(*row) // what ss tells otherwise, and why
	asUser bool       // look as an ordinary user, too

	userSees func(*row) // what is hidden from that user besides foreign owners
}

// programs are the names of the actors' programs.
func (a arrangement) programs() (names []string) {
	for _, p := range a.actors {
		names = append(names, p.name)
	}
	return names
}

// degraded are rows as the files of /proc/net tell them: without v6only, device and
// control group, so that sockets of different devices are one.
func degraded(rows []row) (list []row) {
	for _, r := range rows {
		r.V6, r.Device, r.Group, r.Scope = "", "", "", scopeOf(r.Addr, "")
		if n := len(list) - 1; n >= 0 && list[n].Proto == r.Proto && list[n].Addr == r.Addr && list[n].Port == r.Port {
			list[n].Sockets += r.Sockets
			continue
		}
		list = append(list, r)
	}
	return list
}

func arrangementNamed(name string) (arrangement, error) {
	for _, a := range slices.Concat(arrangements(), userArrangements()) {
		if a.name == name {
			return a, nil
		}
	}
	return arrangement{}, fmt.Errorf("no arrangement %q: %w", name, os.ErrNotExist)
}

// arrangements is the whole table.
func arrangements() []arrangement {
	return slices.Concat(addressArrangements(), udpArrangements(), ownerArrangements(), holderArrangements(), netArrangements(), unitArrangements())
}
