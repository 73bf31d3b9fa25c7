package mysql

import (
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host/snapshot"
)

// A refused login is not repeated while the server runs, is repeated once after
// a restart or a reboot, and a server that let us in is asked again every time.
func TestRefusalsAreRemembered(t *testing.T) {
	refusing := map[string]script{sock: {deny: 1045}, loop: {deny: 1045}}
	opened := map[string]script{sock: {user: "root@localhost", table: [][]string{maria("root", "localhost", "unix_socket", true, "")}}}
	memory := checks.NewMemory(nil)
	audit := func(ways map[string]script, boot string, start uint64) (dials int, verdict string) {
		t.Helper()
		h := running(t, testTree+"-- proc/sys/kernel/random/boot_id --\n"+boot+"\n", tcp("127.0.0.1", 3306, 100))
		h.Snapshot.Processes[0].Start = start
		f := &fakes{t: t, ways: ways}
		p := fakeProber(f, 0)
		p.memory = memory
		_, verdict = seal(t, h, p)
		memory = checks.NewMemory(memory.Entries()) // as the state file carries it
		return len(f.dials), verdict
	}
	for _, step := range []struct {
		name  string
		ways  map[string]script
		boot  string
		start uint64
		dials int
		want  string
	}{
		{"first", refusing, "b1", 500, 2, "pass"},
		{"again", refusing, "b1", 500, 0, "pass"},
		{"restarted", refusing, "b1", 900, 2, "pass"},
		{"restarted again", refusing, "b1", 900, 0, "pass"},
		{"rebooted", refusing, "b2", 900, 2, "pass"},
		{"no boot id", refusing, "", 900, 2, "pass"},
		{"opened", opened, "b3", 900, 1, "pass"},
		{"opened, again", opened, "b3", 900, 1, "pass"},
	} {
		if dials, got := audit(step.ways, step.boot, step.start); dials != step.dials || got != step.want {
			t.Errorf("%s: %d dials, %s; want %d, %s", step.name, dials, got, step.dials, step.want)
		}
	}
	// Stopped servers are forgotten.
	if n := len(memory.Entries()); n != 0 {
		t.Errorf("%d refusals of servers that no longer run are kept: %v", n, memory.Entries())
	}
}

// Without an identity of the process nothing is remembered: the refusal could be
// that of another server.
func TestRefusalKeyNeedsIdentity(t *testing.T) {
	w := way{"unix", "/s", "socket"}
	full := snapshot.Process{PID: 7, Start: 9}
	if refusalKey("b", full, w) == "" {
		t.Error("a known process has no key")
	}
	for name, key := range map[string]string{
		"no-boot": refusalKey("", full, w), "no-pid": refusalKey("b", snapshot.Process{Start: 9}, w), "no-start": refusalKey("b", snapshot.Process{PID: 7}, w),
	} {
		if key != "" {
			t.Errorf("%s: key %q", name, key)
		}
	}
}
