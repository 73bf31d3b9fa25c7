package inittab

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	const text = `# /etc/inittab
id:2:initdefault:
si::sysinit:/etc/init.d/rcS
l0:0:wait:/etc/init.d/rc 0
l2:2:wait:/etc/init.d/rc 2
1:2345:respawn:+/sbin/getty --noclear 38400 tty1

::askfirst:-/bin/sh
tty1::respawn:"x" y:z
bad
x:2:sometimes:/x
up:2345:once:/opt/x:PASSWORD
`
	want := []Entry{
		{2, "id", "2", "initdefault", ""},
		{3, "si", "", "sysinit", "/etc/init.d/rcS"},
		{4, "l0", "0", "wait", "/etc/init.d/rc"},
		{5, "l2", "2", "wait", "/etc/init.d/rc"},
		{6, "1", "2345", "respawn", "/sbin/getty"},
		{8, "", "", "askfirst", "/bin/sh"},
		{9, "tty1", "", "respawn", ""},
		{12, "up", "2345", "once", ""},
	}
	got, bad := Parse([]byte(text))
	if diff := cmp.Diff(want, got) + cmp.Diff([]Bad{{10, "too few fields"}, {11, "unknown action"}}, bad); diff != "" {
		t.Error(diff)
	}
	var starts []int
	for _, e := range got {
		if e.Starts() {
			starts = append(starts, e.Line)
		}
	}
	if diff := cmp.Diff([]int{3, 5, 6, 8, 9, 12}, starts); diff != "" {
		t.Error(diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("1:2345:respawn:/sbin/getty x\n::sysinit:-/bin/sh\nbad\n#\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, bad := Parse(data)
		lines := 0
		for line := range bytes.SplitSeq(data, []byte("\n")) {
			line, _, _ = bytes.Cut(line, []byte{0})
			if line = bytes.Trim(line, " \t\r"); len(line) > 0 && line[0] != '#' {
				lines++
			}
		}
		if len(entries)+len(bad) != lines {
			t.Fatalf("%d entries and %d bad lines of %d lines", len(entries), len(bad), lines)
		}
		for _, e := range entries {
			if strings.ContainsAny(e.ID+e.Levels+e.Action, ":\n\x00") || strings.ContainsAny(e.Program, " \t\n\x00=:") {
				t.Fatalf("%+v", e)
			}
		}
	})
}

// TestBadLinesAreBounded: a file of nothing else takes no memory for each.
func TestBadLinesAreBounded(t *testing.T) {
	if _, bad := Parse([]byte(strings.Repeat("a\n", 5000))); len(bad) != maxBad || bad[0].Line != 1 {
		t.Errorf("%d bad lines", len(bad))
	}
}
