package snapshot

import (
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// unixBody is struct unix_diag_msg with attributes behind it.
func unixBody(kind, state byte, inode uint32, attrs ...[]byte) []byte {
	b := make([]byte, unixDiagMessageLen)
	b[0], b[1], b[2] = afUnix, kind, state
	binary.NativeEndian.PutUint32(b[4:], inode)
	return append(b, join(attrs...)...)
}

func named(name string) []byte { return attribute(unixDiagName, []byte(name)...) }

func TestParseUnixDiag(t *testing.T) {
	const seq = 3
	for _, tc := range []struct {
		name string
		in   []byte
		want []UnixSocket
		done bool
		err  error
	}{
		{name: "end", in: message(nlmsgDone, 2, seq, number(0)), done: true},
		{
			name: "path-and-end",
			in: join(message(sockDiagByFamily, 2, seq, unixBody(typeStream, stateListen, 12, attribute(5, 1), named("/run/a.sock\x00"))),
				message(nlmsgDone, 2, seq, number(0))),
			want: []UnixSocket{{Path: "/run/a.sock", Inode: 12, Type: "stream"}}, done: true,
		},
		{
			name: "abstract", in: message(sockDiagByFamily, 2, seq, unixBody(typeSeqpacket, stateListen, 12, named("\x00a\x00b\n"))),
			want: []UnixSocket{{Path: "@a@b\n", Inode: 12, Type: "seqpacket"}},
		},
		{
			name: "row-in-a-name",
			in:   message(sockDiagByFamily, 2, seq, unixBody(typeStream, stateListen, 12, named("\x00x\n"+unixLine(acceptcon, 1, 13, " /z")))),
			want: []UnixSocket{{Path: "@x\n" + unixLine(acceptcon, 1, 13, " /z"), Inode: 12, Type: "stream"}},
		},
		{
			name: "unnamed", in: message(sockDiagByFamily, 2, seq, unixBody(typeStream, stateListen, 12)),
			want: []UnixSocket{{Inode: 12, Type: "stream"}},
		},
		{name: "datagram", in: message(sockDiagByFamily, 2, seq, unixBody(2, stateListen, 12, named("/dev/log")))},
		{name: "connected", in: message(sockDiagByFamily, 2, seq, unixBody(typeStream, 1, 12, named("/run/a.sock")))},
		{name: "short", in: message(sockDiagByFamily, 2, seq, make([]byte, unixDiagMessageLen-1)), err: errNetlink},
		{name: "bad-attribute", in: message(sockDiagByFamily, 2, seq, unixBody(typeStream, stateListen, 12, []byte{9, 0, 0, 0})), err: errNetlink},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []UnixSocket
			done, err := parseUnixDiag(tc.in, seq, func(u UnixSocket) { got = append(got, u) })
			if done != tc.done || !errors.Is(err, tc.err) {
				t.Errorf("done %v, error %v; want %v, %v", done, err, tc.done, tc.err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestUnixDiagRequest(t *testing.T) {
	b := unixDiagRequest(9)
	if int(binary.NativeEndian.Uint32(b)) != len(b) || len(b) != 40 || b[16] != afUnix {
		t.Errorf("length %d of %d bytes, family %d", binary.NativeEndian.Uint32(b), len(b), b[16])
	}
	if states, show := binary.NativeEndian.Uint32(b[20:]), binary.NativeEndian.Uint32(b[28:]); states != 1<<stateListen || show != 1 {
		t.Errorf("states %#x, show %#x", states, show)
	}
}

func FuzzParseUnixDiag(f *testing.F) {
	f.Add(message(sockDiagByFamily, 2, 1, unixBody(typeStream, stateListen, 12, named("/run/a.sock\x00"))))
	f.Add(join(message(sockDiagByFamily, 2, 1, unixBody(typeSeqpacket, stateListen, 12, named("\x00a\x00b"))), message(nlmsgDone, 2, 1, number(0))))
	f.Fuzz(func(t *testing.T, b []byte) {
		rows := 0
		_, _ = parseUnixDiag(b, 1, func(u UnixSocket) {
			rows++
			if u.Type != "stream" && u.Type != "seqpacket" {
				t.Errorf("type %q", u.Type)
			}
			if strings.Contains(u.Path, "\x00") || len(u.Path) > maxUnixName+1 {
				t.Errorf("path %q", u.Path)
			}
		})
		if rows*(nlHeaderLen+unixDiagMessageLen) > len(b) {
			t.Errorf("%d rows from %d bytes", rows, len(b))
		}
	})
}
