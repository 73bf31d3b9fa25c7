package snapshot

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// unixLine is one row of /proc/net/unix; name begins with a blank or is empty.
func unixLine(flags, kind, inode int, name string) string {
	return fmt.Sprintf("0000000000000000: 00000002 00000000 %08X %04X 01 %5d%s", flags, kind, inode, name)
}

func readUnixText(text string, limit int) ([]UnixSocket, bool) {
	u := unixTable{limit: limit}
	for rest := []byte(text); len(rest) > 0; {
		var line []byte
		line, rest = cutLine(rest)
		u.line(line)
	}
	u.flush()
	return u.rows, u.full
}

func TestUnixTable(t *testing.T) {
	const heading = "Num       RefCount Protocol Flags    Type St Inode Path\n"
	long := strings.Repeat("x", 120)
	for _, tc := range []struct {
		name, in string
		want     []UnixSocket
	}{
		{"empty", heading, nil},
		{"stream", heading + unixLine(acceptcon, 1, 12, " /run/a.sock") + "\n", []UnixSocket{{Path: "/run/a.sock", Inode: 12, Type: "stream"}}},
		{"seqpacket", heading + unixLine(acceptcon, 5, 123456, " @abstract") + "\n", []UnixSocket{{Path: "@abstract", Inode: 123456, Type: "seqpacket"}}},
		{"datagram", heading + unixLine(0, 2, 12, " /dev/log") + "\n", nil},
		{"connected", heading + unixLine(0, 1, 12, " /run/a.sock") + "\n", nil},
		{"unnamed", heading + unixLine(acceptcon, 1, 12, "") + "\n", []UnixSocket{{Inode: 12, Type: "stream"}}},
		{"blanks", heading + unixLine(acceptcon, 1, 12, "  a b ") + "\n", []UnixSocket{{Path: " a b ", Inode: 12, Type: "stream"}}},
		{
			"newlines", heading + unixLine(acceptcon, 1, 12, " @a\n\nb\n") + "\n" + unixLine(acceptcon, 1, 13, " /z") + "\n",
			[]UnixSocket{{Path: "@a\n\nb\n", Inode: 12, Type: "stream"}, {Path: "/z", Inode: 13, Type: "stream"}},
		},
		{"unprintable", heading + unixLine(acceptcon, 1, 12, " @\xff\x01\t") + "\n", []UnixSocket{{Path: "@\xff\x01\t", Inode: 12, Type: "stream"}}},
		{"no-name-to-continue", heading + unixLine(acceptcon, 1, 12, "") + "\nx\n", []UnixSocket{{Inode: 12, Type: "stream"}}},
		{"longer-than-a-name", heading + unixLine(acceptcon, 1, 12, " @a\n"+long) + "\n", []UnixSocket{{Path: "@a", Inode: 12, Type: "stream"}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, full := readUnixText(tc.in, 10)
			if diff := cmp.Diff(tc.want, got); diff != "" || full {
				t.Error(diff, full)
			}
		})
	}
	if rows, full := readUnixText(strings.Repeat(unixLine(acceptcon, 1, 12, " /a")+"\n", 3), 2); len(rows) != 2 || !full {
		t.Errorf("a bound of 2: %d rows, full %v", len(rows), full)
	}
}

func FuzzUnixTable(f *testing.F) {
	f.Add(unixLine(acceptcon, 1, 12, " @a\n\nb\n") + "\n" + unixLine(acceptcon, 5, 13, "") + "\n")
	f.Add("Num       RefCount Protocol Flags    Type St Inode Path\n")
	f.Fuzz(func(t *testing.T, text string) {
		rows, _ := readUnixText(text, 10)
		if len(rows) > 10 || len(rows) > strings.Count(text, "\n")+1 {
			t.Fatalf("%d rows from %d lines", len(rows), strings.Count(text, "\n")+1)
		}
		for _, row := range rows {
			if row.Type != "stream" && row.Type != "seqpacket" {
				t.Errorf("type %q", row.Type)
			}
			if !strings.Contains(text, strings.TrimRight(row.Path, "\n")) {
				t.Errorf("path %q is not in the text", row.Path)
			}
		}
	})
}
