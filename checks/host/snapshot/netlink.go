package snapshot

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"syscall"
)

// Numbers of include/uapi/linux/{netlink,sock_diag,inet_diag}.h; netlink(7) and
// sock_diag(7) describe the messages.
const (
	sockDiagByFamily = 20
	nlmsgError       = 2
	nlmsgDone        = 3
	nlmFlagRequest   = 0x1
	nlmFlagDump      = 0x300
	nlmFlagDumpIntr  = 0x10
	inetDiagV6Only   = 11 // INET_DIAG_SKV6ONLY: a byte, present for every IPv6 listener
	inetDiagCgroupID = 21 // INET_DIAG_CGROUP_ID: 64 bits, since Linux 5.8

	nlHeaderLen    = 16
	diagRequestLen = nlHeaderLen + 56 // struct inet_diag_req_v2
	diagMessageLen = 72               // struct inet_diag_msg
)

var errNetlink = errors.New("malformed netlink message")

// errInterrupted: the table changed while it was dumped, so rows may be missing.
var errInterrupted = errors.New("the socket table changed while it was dumped")

// diagRequest is the request for every socket of one table in its listening state.
func diagRequest(t table, seq uint32) []byte {
	b := make([]byte, diagRequestLen)
	binary.NativeEndian.PutUint32(b[0:], diagRequestLen)
	binary.NativeEndian.PutUint16(b[4:], sockDiagByFamily)
	binary.NativeEndian.PutUint16(b[6:], nlmFlagRequest|nlmFlagDump)
	binary.NativeEndian.PutUint32(b[8:], seq)
	b[16], b[17] = t.family, t.number
	binary.NativeEndian.PutUint32(b[20:], 1<<t.state)
	return b
}

// parseDiag reads one datagram of the answer to diagRequest and hands every
// listener to visit. done means the dump has ended.
func parseDiag(b []byte, t table, seq uint32, visit func(socketRow)) (done bool, err error) {
	return eachMessage(b, seq, func(body []byte) error {
		row, listening, err := parseDiagMessage(body, t)
		if err == nil && listening {
			visit(row)
		}
		return err
	})
}

// eachMessage hands the body of every message about a socket to visit.
func eachMessage(b []byte, seq uint32, visit func(body []byte) error) (done bool, err error) {
	for len(b) > 0 {
		if len(b) < nlHeaderLen {
			return false, errNetlink
		}
		length := binary.NativeEndian.Uint32(b)
		kind := binary.NativeEndian.Uint16(b[4:])
		flags := binary.NativeEndian.Uint16(b[6:])
		if length < nlHeaderLen || uint64(length) > uint64(len(b)) {
			return false, errNetlink
		}
		body := b[nlHeaderLen:length]
		ours := binary.NativeEndian.Uint32(b[8:]) == seq
		b = b[min(align4(int(length)), len(b)):]
		switch {
		case !ours: // the rest of an earlier dump
		case flags&nlmFlagDumpIntr != 0:
			return false, errInterrupted
		case kind == nlmsgDone, kind == nlmsgError:
			return true, endOfDump(kind, body)
		case kind == sockDiagByFamily:
			if err := visit(body); err != nil {
				return false, err
			}
		}
	}
	return false, nil
}

// eachAttribute hands every netlink attribute to visit.
func eachAttribute(b []byte, visit func(kind uint16, value []byte)) error {
	for len(b) >= 4 {
		length := int(binary.NativeEndian.Uint16(b))
		if length < 4 || length > len(b) {
			return errNetlink
		}
		visit(binary.NativeEndian.Uint16(b[2:]), b[4:length])
		b = b[min(align4(length), len(b)):]
	}
	return nil
}

// endOfDump returns the error number that ends a dump, if any. ENOENT tells that
// the kernel has no handler for the protocol.
func endOfDump(kind uint16, body []byte) error {
	if len(body) < 4 {
		if kind == nlmsgDone {
			return nil
		}
		return errNetlink
	}
	if code := int32(binary.NativeEndian.Uint32(body)); code < 0 {
		return fmt.Errorf("sock_diag: %w", syscall.Errno(-code))
	}
	return nil
}

// parseDiagMessage reads struct inet_diag_msg and its attributes.
func parseDiagMessage(b []byte, t table) (row socketRow, listening bool, err error) {
	if len(b) < diagMessageLen {
		return socketRow{}, false, errNetlink
	}
	family, state := b[0], b[1]
	if family != t.family || state != t.state {
		return socketRow{}, false, nil
	}
	row.proto = t.proto
	row.port = binary.BigEndian.Uint16(b[4:])
	if family == afInet {
		row.addr = netip.AddrFrom4([4]byte(b[8:12]))
	} else {
		row.addr = netip.AddrFrom16([16]byte(b[8:24]))
	}
	row.ifindex = binary.NativeEndian.Uint32(b[40:])
	row.uid = binary.NativeEndian.Uint32(b[64:])
	row.inode = uint64(binary.NativeEndian.Uint32(b[68:]))
	err = eachAttribute(b[diagMessageLen:], func(kind uint16, value []byte) {
		switch {
		case kind == inetDiagV6Only && len(value) >= 1 && family == afInet6:
			row.v6only = No
			if value[0] != 0 {
				row.v6only = Yes
			}
		case kind == inetDiagCgroupID && len(value) >= 8:
			row.cgroup = binary.NativeEndian.Uint64(value)
		}
	})
	if err != nil {
		return socketRow{}, false, err
	}
	return row, true, nil
}

func align4(n int) int { return (n + 3) &^ 3 }
