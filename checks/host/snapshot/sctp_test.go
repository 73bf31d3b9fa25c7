package snapshot

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseSCTPRow(t *testing.T) {
	row := func(addr string, port uint16, uid uint32, inode uint64) socketRow {
		return socketRow{proto: "sctp", addr: netip.MustParseAddr(addr), port: port, uid: uid, inode: inode}
	}
	for _, tc := range []struct {
		name, in string
		want     []socketRow
		bad      bool
	}{
		{name: "heading", in: " ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS"},
		{name: "blank", in: " "},
		{name: "one-address", in: "       0        0 2   10  24   12345     0 227065 127.0.0.1 ", want: []socketRow{row("127.0.0.1", 12345, 0, 227065)}},
		{
			name: "two-addresses", in: "ffff88017e0a0200 ffff880299f7fa00 0   10  29   11165   200 299689357 10.0.0.102 *10.0.0.70 ",
			want: []socketRow{row("10.0.0.102", 11165, 200, 299689357), row("10.0.0.70", 11165, 200, 299689357)},
		},
		{
			name: "v6", in: "0000000000000000 0000000000000000 2   10  29   36412   0 7 0000:0000:0000:0000:0000:0000:0000:0000 ",
			want: []socketRow{row("::", 36412, 0, 7)},
		},
		{name: "not-listening", in: "0 0 2   7   29   11165   0 9 0.0.0.0 "},
		{name: "short", in: "0 0 2   10   29   11165   0", bad: true},
		{name: "no-address", in: "0 0 2   10   29   11165   0 9", bad: true},
		{name: "port", in: "0 0 2   10   29   65536   0 9 0.0.0.0", bad: true},
		{name: "address", in: "0 0 2   10   29   11165   0 9 fe80::1%eth0", bad: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := parseSCTPRow([]byte(tc.in))
			if (err != nil) != tc.bad {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(tc.want, got, comparers); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzParseSCTPRow(f *testing.F) {
	f.Add("       0        0 2   10  24   12345     0 227065 127.0.0.1 ")
	f.Add("0 0 2   10   29   11165   0 9 *::1 0.0.0.0")
	f.Fuzz(func(t *testing.T, line string) {
		rows, err := parseSCTPRow([]byte(line))
		if err != nil && rows != nil {
			t.Errorf("an error and rows: %+v", rows)
		}
		if len(rows) > len(strings.Fields(line)) {
			t.Errorf("%d rows from %q", len(rows), line)
		}
		for _, row := range rows {
			if !row.addr.IsValid() || row.proto != "sctp" || row.inode != rows[0].inode || row.port != rows[0].port {
				t.Errorf("row %+v", row)
			}
		}
	})
}
