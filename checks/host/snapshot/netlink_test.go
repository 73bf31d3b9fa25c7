package snapshot

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// message wraps a body in a netlink header.
func message(kind, flags uint16, seq uint32, body []byte) []byte {
	b := make([]byte, nlHeaderLen, nlHeaderLen+len(body))
	binary.NativeEndian.PutUint32(b, uint32(nlHeaderLen+len(body)))
	binary.NativeEndian.PutUint16(b[4:], kind)
	binary.NativeEndian.PutUint16(b[6:], flags)
	binary.NativeEndian.PutUint32(b[8:], seq)
	b = append(b, body...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

// diagBody is struct inet_diag_msg with attributes behind it.
func diagBody(family, state byte, addr netip.Addr, port uint16, uid, inode uint32, attrs ...byte) []byte {
	b := make([]byte, diagMessageLen)
	b[0], b[1] = family, state
	binary.BigEndian.PutUint16(b[4:], port)
	copy(b[8:], addr.AsSlice())
	binary.NativeEndian.PutUint32(b[64:], uid)
	binary.NativeEndian.PutUint32(b[68:], inode)
	return append(b, attrs...)
}

// bound sets the device of a socket in struct inet_diag_msg.
func bound(body []byte, index uint32) []byte {
	binary.NativeEndian.PutUint32(body[40:], index)
	return body
}

// attribute is a netlink attribute with its padding.
func attribute(kind uint16, value ...byte) []byte {
	b := make([]byte, 4, 4+len(value)+3)
	binary.NativeEndian.PutUint16(b, uint16(4+len(value)))
	binary.NativeEndian.PutUint16(b[2:], kind)
	b = append(b, value...)
	for len(b)%4 != 0 {
		b = append(b, 0)
	}
	return b
}

func number(n int32) []byte { return binary.NativeEndian.AppendUint32(nil, uint32(n)) }

func join(parts ...[]byte) (all []byte) {
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

func TestParseDiag(t *testing.T) {
	const seq = 7
	any6 := netip.IPv6Unspecified()
	v6only := join(attribute(8, 3), attribute(inetDiagV6Only, 1))
	dual := attribute(inetDiagV6Only, 0)
	for _, tc := range []struct {
		name, file string
		in         []byte
		want       []socketRow
		done       bool
		err        error
	}{
		{name: "empty", file: "tcp"},
		{name: "end", file: "tcp", in: message(nlmsgDone, 2, seq, number(0)), done: true},
		{
			name: "v4", file: "tcp",
			in:   message(sockDiagByFamily, 2, seq, diagBody(afInet, stateListen, netip.MustParseAddr("127.0.0.53"), 53, 101, 7)),
			want: []socketRow{{proto: "tcp", addr: netip.MustParseAddr("127.0.0.53"), port: 53, uid: 101, inode: 7}},
		},
		{
			name: "v6-and-end", file: "tcp6",
			in: join(
				message(sockDiagByFamily, 2, seq, diagBody(afInet6, stateListen, any6, 80, 0, 8, v6only...)),
				message(sockDiagByFamily, 2, seq, diagBody(afInet6, stateListen, any6, 81, 0, 9, dual...)),
				message(nlmsgDone, 2, seq, number(0))),
			want: []socketRow{{proto: "tcp", addr: any6, port: 80, inode: 8, v6only: Yes}, {proto: "tcp", addr: any6, port: 81, inode: 9, v6only: No}},
			done: true,
		},
		{
			name: "device-and-group", file: "tcp6",
			in: message(sockDiagByFamily, 2, seq, bound(diagBody(afInet6, stateListen, any6, 80, 0, 8, join(
				attribute(inetDiagCgroupID, 0x39, 0x30, 0, 0, 0, 0, 0, 0), v6only)...), 7)),
			want: []socketRow{{proto: "tcp", addr: any6, port: 80, inode: 8, v6only: Yes, ifindex: 7, cgroup: 12345}},
		},
		{
			name: "short-attributes", file: "tcp6",
			in: message(sockDiagByFamily, 2, seq, diagBody(afInet6, stateListen, any6, 80, 0, 8, join(
				attribute(inetDiagCgroupID, 1, 2, 3, 4, 5, 6, 7), attribute(inetDiagV6Only))...)),
			want: []socketRow{{proto: "tcp", addr: any6, port: 80, inode: 8}},
		},
		{
			name: "udplite", file: "udplite",
			in:   message(sockDiagByFamily, 2, seq, diagBody(afInet, stateClose, netip.IPv4Unspecified(), 53, 0, 7)),
			want: []socketRow{{proto: "udplite", addr: netip.IPv4Unspecified(), port: 53, inode: 7}},
		},
		{name: "other-state", file: "udp", in: message(sockDiagByFamily, 2, seq, diagBody(afInet, 1, netip.IPv4Unspecified(), 53, 0, 7))},
		{name: "other-family", file: "tcp", in: message(sockDiagByFamily, 2, seq, diagBody(afInet6, stateListen, any6, 53, 0, 7))},
		{name: "earlier-dump", file: "tcp", in: message(nlmsgError, 0, seq-1, number(-1))},
		{name: "no-handler", file: "tcp", in: message(nlmsgError, 0, seq, number(-int32(syscall.ENOENT))), done: true, err: syscall.ENOENT},
		{name: "failed-end", file: "tcp", in: message(nlmsgDone, 2, seq, number(-int32(syscall.ENOBUFS))), done: true, err: syscall.ENOBUFS},
		{name: "interrupted", file: "tcp", in: message(sockDiagByFamily, 2|nlmFlagDumpIntr, seq, nil), err: errInterrupted},
		{name: "short-header", file: "tcp", in: make([]byte, 15), err: errNetlink},
		{name: "length-too-small", file: "tcp", in: make([]byte, 16), err: errNetlink},
		{name: "length-too-large", file: "tcp", in: message(nlmsgDone, 0, seq, number(0))[:18], err: errNetlink},
		{name: "short-body", file: "tcp", in: message(sockDiagByFamily, 2, seq, make([]byte, 71)), err: errNetlink},
		{name: "short-error", file: "tcp", in: message(nlmsgError, 0, seq, nil), done: true, err: errNetlink},
		{name: "bad-attribute", file: "tcp6", in: message(sockDiagByFamily, 2, seq, diagBody(afInet6, stateListen, any6, 1, 0, 7, 3, 0, 0, 0)), err: errNetlink},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []socketRow
			done, err := parseDiag(tc.in, tableOf(tc.file), seq, func(r socketRow) { got = append(got, r) })
			if done != tc.done || !errors.Is(err, tc.err) {
				t.Errorf("done %v, error %v; want %v, %v", done, err, tc.done, tc.err)
			}
			if diff := cmp.Diff(tc.want, got, comparers); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestDiagRequest(t *testing.T) {
	b := diagRequest(tableOf("udp6"), 9)
	if int(binary.NativeEndian.Uint32(b)) != len(b) || len(b) != 72 {
		t.Errorf("length %d of %d bytes, want 72", binary.NativeEndian.Uint32(b), len(b))
	}
	if b[16] != afInet6 || b[17] != protoUDP || binary.NativeEndian.Uint32(b[20:]) != 1<<stateClose {
		t.Errorf("family %d, protocol %d, states %#x", b[16], b[17], binary.NativeEndian.Uint32(b[20:]))
	}
}

func FuzzParseDiag(f *testing.F) {
	f.Add(message(sockDiagByFamily, 2, 1, diagBody(afInet, stateListen, netip.MustParseAddr("127.0.0.53"), 53, 101, 7)), false)
	f.Add(join(message(sockDiagByFamily, 2, 1, diagBody(afInet6, stateListen, netip.IPv6Unspecified(), 80, 0, 8, attribute(inetDiagV6Only, 1)...)), message(nlmsgDone, 2, 1, number(0))), true)
	f.Add(message(sockDiagByFamily, 2, 1, bound(diagBody(afInet, stateListen, netip.IPv4Unspecified(), 53, 101, 7, attribute(inetDiagCgroupID, 1, 0, 0, 0, 0, 0, 0, 0)...), 3)), false)
	f.Fuzz(func(t *testing.T, b []byte, six bool) {
		tab := tableOf("tcp")
		if six {
			tab = tableOf("tcp6")
		}
		rows := 0
		_, _ = parseDiag(b, tab, 1, func(r socketRow) {
			rows++
			if r.proto != "tcp" || r.addr.Is6() != six {
				t.Errorf("row %+v in a table with IPv6 %v", r, six)
			}
			if !six && r.v6only != Unknown {
				t.Errorf("IPv4 with an IPv6 option: %+v", r)
			}
		})
		if rows*(nlHeaderLen+diagMessageLen) > len(b) {
			t.Errorf("%d rows from %d bytes", rows, len(b))
		}
	})
}
