// Package snapshot takes one picture of what runs on the host: processes,
// sockets and who owns them. It is taken once, before the checks; no check reads
// /proc/PID itself, because after the program has confined itself other
// processes' links are unreadable by design.
package snapshot

import "net/netip"

// Snapshot is the picture. Everything is sorted, so two equal hosts give equal
// snapshots.
type Snapshot struct {
	Boot      uint64       // when the kernel booted, seconds since 1970 (btime of /proc/stat); 0 = unknown
	Processes []Process    // by PID
	Listeners []Listener   // of the auditor's network namespace: by proto, address, port
	Unix      []UnixSocket // listening unix stream and seqpacket sockets, by path
	NetNS     uint64       // inode of the network namespace looked at, 0 = unknown
	// Namespaces are the other network namespaces found: those of processes that
	// are in the list and those that have a name (ip-netns(8)), by inode. What could
	// not be read of one stands in its own Missing.
	Namespaces []Namespace
	// Ephemeral are the ports the kernel gives to sockets that did not choose one
	// (net.ipv4.ip_local_port_range), of the auditor's namespace; zero = not known.
	Ephemeral PortRange
	Source    string // how sockets were read: "sock_diag", "proc", "sock_diag+proc"

	// Abandoned: a thread may still wait for the kernel, which may never answer. What
	// makes every thread act (prctl(2) on all of them) would wait for it too.
	Abandoned bool

	// Missing is what could not be seen, each with its cause. A consumer that
	// needs the thing named must answer unknown.
	Missing []Missing
}

// Namespace is a network namespace other than the auditor's.
type Namespace struct {
	Inode     uint64
	Names     []string // of /run/netns and the like, sorted; empty = none
	PIDs      []int    // processes in it, the eldest first; may be empty
	Listeners []Listener
	Source    string // as in Snapshot
	Ephemeral PortRange
	Missing   []Missing // PartTCP, PartUDP: listeners may exist that are not in the list
}

// PortRange is a range of ports, both ends in it. The zero value holds none.
type PortRange struct{ Low, High uint16 }

// Contains reports whether the port is in the range.
func (r PortRange) Contains(port uint16) bool { return r.Low <= port && port <= r.High && r.High != 0 }

// Missing is a part of the picture that could not be taken.
type Missing struct {
	What Part   // which part
	PID  int    // of the process concerned, 0 = all
	Err  error  // errors.Is(fs.ErrPermission) tells a lack of rights
	Path string // file or interface that failed
}

// Part names a part of the snapshot.
type Part string

// Parts.
const (
	PartProcesses Part = "processes" // the process list itself: processes may exist that are not in it
	PartDetails   Part = "details"   // some process's executable, namespaces or root; it is in the list
	PartOwners    Part = "owners"    // some process's descriptors: listeners may lack owners
	PartTCP       Part = "tcp"       // TCP listeners
	PartUDP       Part = "udp"       // UDP listeners
	PartUnix      Part = "unix"      // unix sockets
	PartNetNS     Part = "netns"     // network namespaces: some may exist that are not in the list
)

// Process is one process. Kernel threads are included and marked.
type Process struct {
	PID, PPID  int
	Start      uint64   // clock ticks since boot: with PID the identity
	Comm       string   // at most 15 bytes, set by the process: hostile
	Exe        string   // target of /proc/PID/exe without " (deleted)"; "" = not readable or kernel thread
	ExeDeleted bool     // the file was replaced or removed since it started
	Args       []string // command line: for evaluating options only, never for output
	// ArgsCut: Args is not known whole (not readable, capped, or the audit ran out
	// of time); what is decided by an option must then be answered unknown.
	ArgsCut   bool
	UID, EUID uint32
	Cgroup    string // path of the (unified or systemd) cgroup, "" = unknown
	Kernel    bool   // a kernel thread
	Zombie    bool   // it ended and waits for its parent: it serves nothing

	NetNS, MntNS, PIDNS uint64 // inode numbers, 0 = not readable
	// SameRoot: whether /proc/PID/root is the same directory as the auditor's
	// root (device and inode). A service with PrivateTmp has its own mount
	// namespace and still the same root; a container has neither.
	SameRoot Tri
	// Root identifies that directory where SameRoot is No; zero = not known.
	Root Directory
}

// Directory identifies a directory among those of one moment.
type Directory struct {
	Major, Minor uint32
	Inode        uint64
}

// Tri is yes, no or (the zero value) not known.
type Tri int

// Values of Tri.
const (
	Unknown Tri = iota
	No
	Yes
)

// Listener is one listening TCP socket or unconnected UDP socket. Sockets with
// the same proto, address, port and interface (SO_REUSEPORT) are one Listener.
type Listener struct {
	Proto  string     // "tcp", "udp", "udplite" or "sctp"
	Addr   netip.Addr // unspecified = every address; mapped v4 stays mapped (::ffff:127.0.0.1)
	Port   uint16
	V6Only Tri // for [::]: No = dual stack. Unknown without sock_diag
	// Interface is the device the socket is bound to (SO_BINDTODEVICE, socket(7)):
	// it answers there only. "" = any, or not known: only sock_diag tells.
	Interface string
	// Cgroup is the control group in which the socket was made, which also names a
	// unit or container where no process is seen. "" = not known.
	Cgroup string
	UID    uint32 // owner of the socket
	Inodes []uint64
	PIDs   []int // owners, the eldest first; empty = none seen
	// OwnerHidden: no owner was seen, and some process's descriptors could not be
	// read, so the owner may be one of those.
	OwnerHidden bool
}

// UnixSocket is one listening unix socket.
type UnixSocket struct {
	// Path is the name as bound, raw; "@name" for an abstract one. Any user may bind
	// a name with newlines that makes the kernel's table show a row that is not
	// there, so nothing may be concluded from a path whose owner is not expected.
	Path  string
	Inode uint64
	PIDs  []int  // as in Listener
	Type  string // "stream" or "seqpacket"
}

// Scope says from where a listener can be reached. The zero value is not known;
// the others compare with < and >: what is permitted for one scope is permitted
// for a narrower one.
type Scope int

// Scopes.
const (
	ScopeUnknown    Scope = iota
	ScopeLoopback         // the host itself: 127.0.0.0/8, ::1, their mapped forms, or bound to the device lo
	ScopeAddress          // one address or one device that others can reach
	ScopeEverywhere       // every address of the host
)

// String returns "loopback", "address", "everywhere" or "unknown".
func (s Scope) String() string {
	switch s {
	case ScopeLoopback:
		return "loopback"
	case ScopeAddress:
		return "address"
	case ScopeEverywhere:
		return "everywhere"
	}
	return "unknown"
}

// Scope returns from where the listener can be reached, as far as its socket
// decides: packet filters are not looked at.
func (l Listener) Scope() Scope {
	addr := l.Addr.Unmap()
	switch {
	case !addr.IsValid():
		return ScopeUnknown
	case addr.IsLoopback(), l.Interface == "lo":
		return ScopeLoopback
	case !addr.IsUnspecified(), l.Interface != "":
		return ScopeAddress
	}
	return ScopeEverywhere
}

// Process returns the process with that PID.
func (s *Snapshot) Process(pid int) (Process, bool) {
	lo, hi := 0, len(s.Processes)
	for lo < hi {
		mid := (lo + hi) / 2
		if s.Processes[mid].PID < pid {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo < len(s.Processes) && s.Processes[lo].PID == pid {
		return s.Processes[lo], true
	}
	return Process{}, false
}

// Loopback reports whether the listener can only be reached from the host itself:
// all of 127.0.0.0/8, ::1 and their mapped forms, and what is bound to lo.
func (l Listener) Loopback() bool { return l.Scope() == ScopeLoopback }

// MissingPart returns the first entry for a part, if any.
func (s *Snapshot) MissingPart(p Part) (Missing, bool) {
	for _, m := range s.Missing {
		if m.What == p {
			return m, true
		}
	}
	return Missing{}, false
}
