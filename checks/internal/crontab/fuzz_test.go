package crontab

import (
	"bytes"
	"strings"
	"testing"
)

// checkEntries: lines rise, and what is shown is of the few characters it may
// hold, so that nothing of a command slips out.
func checkEntries(t *testing.T, data []byte, entries []Entry, bad []Bad) {
	t.Helper()
	lines := bytes.Count(data, []byte("\n")) + 1
	last := 0
	for _, e := range entries {
		if e.Line <= last || e.Line > lines {
			t.Fatalf("line %d after %d of %d", e.Line, last, lines)
		}
		last = e.Line
		if e.Schedule == "" || strings.ContainsAny(e.Schedule, "\n\x00") {
			t.Fatalf("schedule %q", e.Schedule)
		}
		if strings.ContainsAny(e.Program, " \t='\"$`%") || strings.HasPrefix(e.Program, "-") {
			t.Fatalf("program %q", e.Program)
		}
	}
	last = 0
	for _, b := range bad {
		if b.Line <= last || b.Line > lines || b.Problem == "" {
			t.Fatalf("bad line %+v after %d", b, last)
		}
		last = b.Line
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("17 * * * * root cd / && run-parts x\nA=b\n@reboot root x\n"), uint8(0), true)
	f.Add([]byte("-~ 1-5/2 1,2 jan sun PW='a b' prog\n0 0"), uint8(1), false)
	f.Add([]byte("MAILTO=\n* * * * * x%y"), uint8(2), false)
	f.Fuzz(func(t *testing.T, data []byte, dialect uint8, users bool) {
		entries, bad := Parse(data, Dialect(dialect%3), users)
		checkEntries(t, data, entries, bad)
		for _, e := range entries {
			if n := len(strings.Fields(e.Schedule)); n != 5 && !(n == 1 && e.Schedule[0] == '@') {
				t.Fatalf("schedule %q", e.Schedule)
			}
			if users != (e.User != "") || strings.ContainsAny(e.User, " \t=/'\"") {
				t.Fatalf("user %q", e.User)
			}
		}
	})
}

func FuzzParseAnacron(f *testing.F) {
	f.Add([]byte("1 5 cron.daily nice run-parts x\n@monthly 4 x \\\n y\nA = b\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		entries, bad := ParseAnacron(data)
		checkEntries(t, data, entries, bad)
	})
}
