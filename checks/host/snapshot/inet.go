package snapshot

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"net/netip"
)

// Socket states of include/net/tcp_states.h, which UDP borrows: an unconnected
// UDP socket is "closed", a connected one "established".
const (
	stateClose  = 7
	stateListen = 10
)

// socketRow is one listening socket as a table or netlink tells it.
type socketRow struct {
	proto   string // as in Listener
	addr    netip.Addr
	port    uint16
	v6only  Tri
	uid     uint32
	inode   uint64
	ifindex uint32 // of the device it is bound to, 0 = none or not told
	device  string // its name, looked up in the socket's namespace
	cgroup  uint64 // ID of the control group, 0 = not told
}

// table is one of the kernel tables of network sockets.
type table struct {
	file   string // below /proc/net
	proto  string
	part   Part
	family byte   // AF_INET or AF_INET6
	number byte   // IPPROTO_TCP, IPPROTO_UDP or IPPROTO_UDPLITE
	state  byte   // of what the audit calls a listener
	module string // that answers for it over netlink
	// rare: most kernels have no such protocol or no such socket. The file is looked
	// at first, so that netlink is only asked about what exists.
	rare bool
}

// Address families and protocols as the kernel numbers them (socket.h, in.h).
const (
	afUnix       = 1
	afInet       = 2
	afInet6      = 10
	protoTCP     = 6
	protoUDP     = 17
	protoUDPLite = 136
)

// tables returns the tables that share one form, TCP first. A listener of MPTCP
// needs no table of its own: its first subflow is in that of TCP, with the inode of
// the socket the program holds (mptcp_subflow_create_socket in net/mptcp/subflow.c).
func tables() []table {
	return []table{
		{"tcp", "tcp", PartTCP, afInet, protoTCP, stateListen, "tcp_diag", false},
		{"tcp6", "tcp", PartTCP, afInet6, protoTCP, stateListen, "tcp_diag", false},
		{"udp", "udp", PartUDP, afInet, protoUDP, stateClose, "udp_diag", false},
		{"udp6", "udp", PartUDP, afInet6, protoUDP, stateClose, "udp_diag", false},
		{"udplite", "udplite", PartUDP, afInet, protoUDPLite, stateClose, "udp_diag", true},
		{"udplite6", "udplite", PartUDP, afInet6, protoUDPLite, stateClose, "udp_diag", true},
	}
}

var errInetRow = errors.New("not the form of a /proc/net socket row")

// parseInetRow reads one row of /proc/net/{tcp,udp,udplite} and their IPv6 kin. listening is false
// for the heading, for blank lines and for sockets that are no listeners; a row
// of another form is an error, because it may have been one.
//
// The form is that of tcp_get_info in net/ipv4/tcp_ipv4.c: addresses are 32-bit
// words in the host's byte order, the port is a plain number, all hexadecimal.
func parseInetRow(line []byte, t table) (row socketRow, listening bool, err error) {
	slot, rest := cutBlank(line)
	if len(slot) == 0 || string(slot) == "sl" {
		return socketRow{}, false, nil
	}
	local, rest := cutBlank(rest)
	_, rest = cutBlank(rest) // remote address
	state, rest := cutBlank(rest)
	n, err := hexadecimal(state)
	if err != nil || slot[len(slot)-1] != ':' {
		return socketRow{}, false, errInetRow
	}
	if n != uint64(t.state) {
		return socketRow{}, false, nil
	}
	_, rest = cutBlank(rest) // queues
	_, rest = cutBlank(rest) // timer
	_, rest = cutBlank(rest) // retransmissions
	uid, rest := cutBlank(rest)
	_, rest = cutBlank(rest) // timeout
	inode, _ := cutBlank(rest)

	row.proto = t.proto
	address, port, found := bytes.Cut(local, []byte(":"))
	p, err := hexadecimal(port)
	if !found || err != nil || p > math.MaxUint16 {
		return socketRow{}, false, errInetRow
	}
	row.port = uint16(p)
	if row.addr, err = parseHexAddr(address, t.family); err != nil {
		return socketRow{}, false, err
	}
	u, err1 := decimal(uid, math.MaxUint32)
	i, err2 := decimal(inode, math.MaxUint64)
	if err1 != nil || err2 != nil {
		return socketRow{}, false, errInetRow
	}
	row.uid, row.inode = uint32(u), i
	return row, true, nil
}

// parseHexAddr reads an address of 1 (IPv4) or 4 (IPv6) words of 8 digits.
func parseHexAddr(b []byte, family byte) (netip.Addr, error) {
	var raw [16]byte
	words := 1
	if family == afInet6 {
		words = 4
	}
	if len(b) != words*8 {
		return netip.Addr{}, errInetRow
	}
	for i := range words {
		word, err := hexadecimal(b[i*8 : i*8+8])
		if err != nil {
			return netip.Addr{}, errInetRow
		}
		binary.NativeEndian.PutUint32(raw[i*4:], uint32(word))
	}
	if words == 1 {
		return netip.AddrFrom4([4]byte(raw[:4])), nil
	}
	return netip.AddrFrom16(raw), nil
}
