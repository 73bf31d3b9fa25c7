package snapshot

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

var comparers = cmp.Options{
	cmp.AllowUnexported(socketRow{}),
	cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
}

// hexAddr writes an address the way the kernel of this machine does.
func hexAddr(s string) string {
	raw := netip.MustParseAddr(s).AsSlice()
	var b strings.Builder
	for i := 0; i < len(raw); i += 4 {
		fmt.Fprintf(&b, "%08X", binary.NativeEndian.Uint32(raw[i:]))
	}
	return b.String()
}

// inetLine is one row of /proc/net/tcp and its kin.
func inetLine(addr string, port uint16, state, uid, inode int) string {
	return fmt.Sprintf("   0: %s:%04X %s:0000 %02X 00000000:00000000 00:00000000 00000000 %5d        0 %d 1 0000000000000000 100 0 0 10 0",
		hexAddr(addr), port, hexAddr(addr), state, uid, inode)
}

func tableOf(file string) table {
	for _, t := range tables() {
		if t.file == file {
			return t
		}
	}
	panic("no table " + file)
}

func TestParseInetRow(t *testing.T) {
	for _, tc := range []struct {
		name, file, line string
		want             socketRow
		listening        bool
	}{
		{"heading", "tcp", "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode", socketRow{}, false},
		{"blank", "tcp", "   ", socketRow{}, false},
		{"v4", "tcp", inetLine("127.0.0.53", 53, 10, 101, 7), socketRow{proto: "tcp", addr: netip.MustParseAddr("127.0.0.53"), port: 53, uid: 101, inode: 7}, true},
		{"v6", "tcp6", inetLine("::1", 631, 10, 0, 8), socketRow{proto: "tcp", addr: netip.IPv6Loopback(), port: 631, inode: 8}, true},
		{"mapped", "tcp6", inetLine("::ffff:127.0.0.1", 8080, 10, 0, 9), socketRow{proto: "tcp", addr: netip.MustParseAddr("::ffff:127.0.0.1"), port: 8080, inode: 9}, true},
		{"established", "tcp", inetLine("192.0.2.1", 22, 1, 0, 10), socketRow{}, false},
		{"udp-unconnected", "udp", inetLine("0.0.0.0", 69, 7, 0, 11), socketRow{proto: "udp", addr: netip.IPv4Unspecified(), port: 69, inode: 11}, true},
		{"udp-connected", "udp", inetLine("192.0.2.1", 69, 1, 0, 12), socketRow{}, false},
		{"udplite", "udplite", inetLine("0.0.0.0", 69, 7, 0, 15), socketRow{proto: "udplite", addr: netip.IPv4Unspecified(), port: 69, inode: 15}, true},
		{"tcp-close-is-none", "tcp", inetLine("0.0.0.0", 69, 7, 0, 13), socketRow{}, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, listening, err := parseInetRow([]byte(tc.line), tableOf(tc.file))
			if err != nil || listening != tc.listening {
				t.Fatalf("listening %v, error %v", listening, err)
			}
			if diff := cmp.Diff(tc.want, got, comparers); diff != "" {
				t.Error(diff)
			}
		})
	}
	good := inetLine("192.0.2.1", 22, 10, 0, 14)
	for _, bad := range []string{
		"junk", strings.Replace(good, "0:", "0", 1), strings.Replace(good, "0016 ", "10016 ", 1),
		strings.Replace(good, " 0A ", " XY ", 1), strings.Replace(good, " 14 ", " x ", 1),
		strings.Replace(good, hexAddr("192.0.2.1"), "0102", 1), inetLine("::1", 22, 10, 0, 14),
	} {
		if row, listening, err := parseInetRow([]byte(bad), tableOf("tcp")); err == nil {
			t.Errorf("parseInetRow(%q) = %+v, %v; want an error", bad, row, listening)
		}
	}
}

func TestEachLine(t *testing.T) {
	const text = "one\ntwo\n\nlast"
	var got []string
	err := eachLine(t.Context(), iotest.OneByteReader(strings.NewReader(text)), make([]byte, 8), func(line []byte) error {
		got = append(got, string(line))
		return nil
	})
	if diff := cmp.Diff([]string{"one", "two", "", "last"}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	none := func([]byte) error { return nil }
	if err := eachLine(t.Context(), strings.NewReader("123456789\n"), make([]byte, 8), none); !errors.Is(err, errLineTooLong) {
		t.Errorf("a line longer than the buffer: %v", err)
	}
	broken := errors.New("broken")
	if err := eachLine(t.Context(), iotest.ErrReader(broken), make([]byte, 8), none); !errors.Is(err, broken) {
		t.Errorf("a failed read: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := eachLine(ctx, strings.NewReader(text), make([]byte, 8), none); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled read: %v", err)
	}
}

func FuzzParseInetRow(f *testing.F) {
	f.Add(inetLine("127.0.0.53", 53, 10, 101, 7), false)
	f.Add(inetLine("::ffff:127.0.0.1", 8080, 10, 0, 9), true)
	f.Fuzz(func(t *testing.T, line string, six bool) {
		tab := tableOf("tcp")
		if six {
			tab = tableOf("tcp6")
		}
		row, listening, err := parseInetRow([]byte(line), tab)
		if !listening || err != nil {
			if row != (socketRow{}) {
				t.Errorf("no listener, and a row: %+v", row)
			}
			return
		}
		if !row.addr.IsValid() || row.addr.Is6() != six {
			t.Errorf("address %v in a table with IPv6 %v", row.addr, six)
		}
		// What is read can be written and read again.
		again, _, err := parseInetRow([]byte(inetLine(row.addr.String(), row.port, 10, int(row.uid), 0)), tab)
		again.inode = row.inode
		if err != nil || again != row {
			t.Errorf("%+v became %+v, %v", row, again, err)
		}
	})
}
