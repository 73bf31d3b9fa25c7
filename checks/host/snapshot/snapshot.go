// Package snapshot takes one picture of what runs on the host: processes,
// sockets and who owns them. It is taken once, before the checks; no check reads
// /proc/PID itself, because after the program has confined itself other
// processes' links are unreadable by design.
package snapshot

import "net/netip"

// Snapshot is the picture. Everything is sorted, so two equal hosts give equal
// snapshots.
type Snapshot struct {
	Processes []Process    // by PID
	Listeners []Listener   // of the auditor's network namespace: by proto, address, port
	Unix      []UnixSocket // listening unix stream and seqpacket sockets, by path
	NetNS     uint64       // inode of the network namespace looked at, 0 = unknown
	Source    string       // how sockets were read: "sock_diag", "proc", "sock_diag+proc"

	// Missing is what could not be seen, each with its cause. A consumer that
	// needs the thing named must answer unknown.
	Missing []Missing
}

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
// the same proto, address and port (SO_REUSEPORT) are one Listener.
type Listener struct {
	Proto  string     // "tcp" or "udp"
	Addr   netip.Addr // unspecified = every address; mapped v4 stays mapped (::ffff:127.0.0.1)
	Port   uint16
	V6Only Tri    // for [::]: No = dual stack. Unknown without sock_diag
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
// all of 127.0.0.0/8, ::1 and their mapped forms.
func (l Listener) Loopback() bool { return l.Addr.Unmap().IsLoopback() }

// MissingPart returns the first entry for a part, if any.
func (s *Snapshot) MissingPart(p Part) (Missing, bool) {
	for _, m := range s.Missing {
		if m.What == p {
			return m, true
		}
	}
	return Missing{}, false
}
