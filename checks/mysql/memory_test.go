package mysql

import (
	"io/fs"
	"net"
	"strconv"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

// A refused login is not repeated while the server runs, is repeated once after
// a restart or a reboot, and a server that let us in is asked again every time.
func TestRefusalsAreRemembered(t *testing.T) {
	refusing := map[string]script{sock: {deny: 1045}, loop: {deny: 1045}}
	opened := map[string]script{sock: {user: "root@localhost", table: [][]string{maria("root", "localhost", "unix_socket", true, "")}}}
	memory := checks.NewMemory(nil)
	summaries := map[string]bool{}
	audit := func(ways map[string]script, boot string, start uint64) (dials int, verdict string) {
		t.Helper()
		h := running(t, testTree+"-- proc/sys/kernel/random/boot_id --\n"+boot+"\n", tcp("127.0.0.1", 3306, 100))
		h.Snapshot.Processes[0].Start = start
		f := &fakes{t: t, ways: ways}
		p := fakeProber(f, 0)
		p.memory = memory
		res, verdict := seal(t, h, p)
		if res.Status == checks.StatusPass && ways[sock].deny != 0 {
			summaries[string(res.Summary)] = true
		}
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
		{"no boot id", refusing, "", 900, 0, "unknown unsupported"}, // or each audit would be refused twice more
		{"no start", refusing, "b2", 0, 0, "unknown unsupported"},
		{"opened", opened, "b3", 900, 1, "pass"},
		{"opened, again", opened, "b3", 900, 1, "pass"},
	} {
		if dials, got := audit(step.ways, step.boot, step.start); dials != step.dials || got != step.want {
			t.Errorf("%s: %d dials, %s; want %d, %s", step.name, dials, got, step.dials, step.want)
		}
	}
	if len(summaries) != 1 {
		t.Errorf("the summary changes from run to run: %v", summaries)
	}
	// Stopped servers are forgotten.
	if n := len(memory.Entries()); n != 0 {
		t.Errorf("%d refusals of servers that no longer run are kept: %v", n, memory.Entries())
	}
}

// A refusal is old news when MariaDB's accounts were changed since: the server is asked
// again while no account can have seen two refusals, and then the verdict is unknown.
func TestRefusalsGrowOld(t *testing.T) {
	memory := checks.NewMemory(nil)
	for _, step := range []struct {
		name    string
		changed string // when the account table was, beside the clock of these hosts
		deny    uint16
		dials   int
		want    string
	}{
		{"first", "2020-01-01T00:00:00Z", 1045, 1, "pass"},
		{"again", "2020-01-01T00:00:00Z", 1045, 0, "pass"},
		{"changed", "2100-01-01T00:00:00Z", 1045, 1, "pass"},
		{"changed again", "2100-01-01T00:00:00Z", 0, 0, "unknown changed_meanwhile"},
		{"nothing known of the file", "", 1045, 0, "pass"},
	} {
		tree := testTree + "-- proc/sys/kernel/random/boot_id --\nb1\n"
		if step.changed != "" {
			tree += "-- var/lib/mysql/mysql/global_priv.MAD mtime=" + step.changed + " --\n"
		}
		h := running(t, tree)
		h.Snapshot.Processes[0].Start = 500
		f := &fakes{t: t, ways: map[string]script{sock: {deny: step.deny}}}
		p := fakeProber(f, 0)
		p.memory = memory
		_, got := seal(t, h, p)
		memory = checks.NewMemory(memory.Entries())
		if got != step.want || len(f.dials) != step.dials {
			t.Errorf("%s: %d dials, %s; want %d, %s", step.name, len(f.dials), got, step.dials, step.want)
		}
		f.finish()
	}
}

// Without an identity of the process nothing can be remembered: the refusal could be
// that of another server. Where there is a memory, such a server is not asked.
func TestRefusalKeyNeedsIdentity(t *testing.T) {
	w := way{network: "unix", address: "/s", place: "socket"}
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

// However answers get lost and addresses change, one server process never counts
// more than two refusals.
func TestRefusalsOfOneServerProcess(t *testing.T) {
	memory := checks.NewMemory(nil)
	refused := 0
	deny, mute := script{deny: 1045}, script{rogue: loseAnswer}
	for i, step := range []struct {
		address string
		ways    map[string]script
		dials   int
		want    string
	}{
		{"10.9.9.1", map[string]script{sock: mute, out: deny}, 2, "unknown unreadable"},
		{"10.9.9.2", map[string]script{}, 0, "unknown unreadable"}, // only the old address was refused
		{"10.9.9.1", map[string]script{}, 0, "unknown unreadable"}, // and the socket never answered
	} {
		h := running(t, testTree+"-- proc/sys/kernel/random/boot_id --\nb\n", tcp("0.0.0.0", 3306, 100))
		h.Snapshot.Processes[0].Start = 500
		f := &fakes{t: t, ways: step.ways}
		p := fakeProber(f, 0)
		p.memory = memory
		p.own = func() ([]net.Addr, error) {
			return []net.Addr{&net.IPNet{IP: net.ParseIP(step.address), Mask: net.CIDRMask(24, 32)}}, nil
		}
		_, got := seal(t, h, p)
		if got != step.want || len(f.dials) != step.dials {
			t.Errorf("step %d: %s, dials %v; want %s", i, got, f.dials, step.want)
		}
		refused += len(f.dials)
		memory = checks.NewMemory(memory.Entries())
	}
	if refused > maxRefusals {
		t.Errorf("%d refused logins", refused)
	}
}

// An answer that was lost is asked for once more, and no verdict depends on one slow
// moment until the server restarts.
func TestLostAnswer(t *testing.T) {
	let := script{user: "root@localhost", table: [][]string{maria("root", "localhost", "unix_socket", true, "")}}
	mute, foreign, broken := script{rogue: loseAnswer}, script{switchTo: "dialog"}, script{denyQuery: 1047}
	for _, tc := range []struct {
		name    string
		answers []script // of one audit after the other; none = not asked
		want    string   // of the last
		dials   int
	}{
		{"then-let-in", []script{mute, let, let}, "pass", 3},
		{"then-refused", []script{mute, {deny: 1045}, {}}, "pass", 2},
		{"again-and-again", []script{mute, mute, {}}, "unknown unreadable", 2},
		{"not-examined", []script{foreign, {}}, "unknown unsupported", 1},
		// No account counts a login that was accepted, whatever came after it.
		{"accepted", []script{broken, broken, broken, let}, "pass", 4},
	} {
		t.Run(tc.name, func(t *testing.T) {
			memory := checks.NewMemory(nil)
			got, dials := "", 0
			for _, s := range tc.answers {
				h := running(t, testTree+"-- proc/sys/kernel/random/boot_id --\nb\n")
				h.Snapshot.Processes[0].Start = 500
				f := &fakes{t: t, ways: map[string]script{sock: s}}
				p := fakeProber(f, 0)
				p.memory = memory
				_, got = seal(t, h, p)
				f.finish()
				dials += len(f.dials)
				memory = checks.NewMemory(memory.Entries())
			}
			if got != tc.want || dials != tc.dials {
				t.Errorf("%q after %d dials, want %q after %d", got, dials, tc.want, tc.dials)
			}
		})
	}
}

// loseAnswer greets, takes the login and hangs up.
func loseAnswer(c net.Conn) {
	greet := append([]byte{10}, "10.11.6-MariaDB\x00\x01\x00\x00\x00abcdefgh\x00"...)
	greet = append(greet, 0x00, 0x82, 33, 2, 0, 0x08, 0x00, 21)
	greet = append(greet, make([]byte, 10)...)
	greet = append(greet, "ijklmnopqrst\x00mysql_native_password\x00"...)
	c.Write(append([]byte{byte(len(greet)), 0, 0, 0}, greet...))
	c.Read(make([]byte, 4096))
	c.Close()
}

// Where a refusal cannot be kept and the audit runs again and again, nothing is
// tried.
func TestForgetfulMemoryTriesNothing(t *testing.T) {
	f := &fakes{t: t, ways: map[string]script{}}
	p := fakeProber(f, 0)
	p.memory = checks.NewForgetfulMemory(nil)
	h := running(t, testTree, tcp("127.0.0.1", 3306, 100))
	_, got := seal(t, h, p)
	if got != "unknown unsupported" || len(f.dials) != 0 {
		t.Errorf("%s, dials %v", got, f.dials)
	}
	if got := line(t, sealWith(t, Accounts(), h, p)); got != "unknown unsupported" { // nobody refused us
		t.Errorf("mysql.accounts: %s", got)
	}
}

// While the identity of the boot is not known, refusals are kept for later.
func TestRefusalsOutliveAMissingBootID(t *testing.T) {
	memory := checks.NewMemory(map[string]string{serverPrefix("b", snapshot.Process{PID: 1, Start: 2}) + "unix /s": ""})
	p := &prober{memory: memory}
	p.forgetStopped(&snapshot.Snapshot{})
	if len(memory.Entries()) != 1 {
		t.Error("a refusal was forgotten")
	}
}

// What a server refused is kept as long as its process runs, whatever this audit sees or
// examines of it.
func TestRefusalsOfServersNotExamined(t *testing.T) {
	proc := snapshot.Process{PID: 7, Start: 9}
	for _, tc := range []struct {
		name string
		snap *snapshot.Snapshot
		kept bool
	}{
		{"stopped", &snapshot.Snapshot{}, false},
		{"restarted", &snapshot.Snapshot{Processes: []snapshot.Process{{PID: 7, Start: 10}}}, false},
		{"not-recognised", &snapshot.Snapshot{Processes: []snapshot.Process{proc}}, true},
		{"some-processes-hidden", &snapshot.Snapshot{Missing: []snapshot.Missing{{What: snapshot.PartProcesses, Err: fs.ErrPermission}}}, true},
		{"list-not-finished", &snapshot.Snapshot{Abandoned: true}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			memory := checks.NewMemory(map[string]string{serverPrefix("b", proc) + "attempts": "2"})
			h := hosttest.Live(hosttest.Load(t, "-- proc/sys/kernel/random/boot_id --\nb\n"), tc.snap)
			p := fakeProber(&fakes{t: t}, 0)
			p.memory = memory
			take(t.Context(), h, p)
			if _, kept := memory.Get(serverPrefix("b", proc) + "attempts"); kept != tc.kept {
				t.Errorf("kept: %v", kept)
			}
		})
	}
}

// Servers that anybody can start, each with a long table, do not fill the memory.
func TestTablesAreBoundedTogether(t *testing.T) {
	const servers = 8
	snap := &snapshot.Snapshot{NetNS: 9}
	f := &fakes{t: t, ways: map[string]script{}}
	rows := [][]string{maria("root", "localhost", "unix_socket", true, "")}
	for n := range 1000 {
		rows = append(rows, mariaHash("u"+strconv.Itoa(n), "%", native, strings.Repeat("x", 240), ""))
	}
	for n := range servers {
		name := "/run/" + strconv.Itoa(n)
		snap.Processes = append(snap.Processes, snapshot.Process{PID: 100 + n, Exe: "/usr/sbin/mariadbd", EUID: 104, NetNS: 9, SameRoot: snapshot.Yes})
		snap.Unix = append(snap.Unix, snapshot.UnixSocket{Path: name, PIDs: []int{100 + n}, Type: "stream"})
		f.ways["unix "+name] = script{user: "root@localhost", table: rows}
	}
	p := fakeProber(f, 0)
	p.limit = 5 * serverTime
	p.tables = 1 << 20
	s := take(t.Context(), hosttest.Live(hosttest.Load(t, testTree), snap), p)
	kept := 0
	for _, srv := range s.servers {
		if srv.table != nil {
			kept++
			continue
		}
		if srv.reason != checks.ReasonTooCostly {
			t.Errorf("%s: %s, %s", srv.inst.name, srv.reason, srv.why)
		}
	}
	if len(s.servers) != servers || kept == 0 || kept == servers {
		t.Errorf("%d of %d tables are kept", kept, len(s.servers))
	}
	f.finish()
}

// Where a person's audit keeps nothing, MySQL is not asked: it counts refused logins
// whatever the password was. MariaDB does not.
func TestFleetingMemory(t *testing.T) {
	for _, tc := range []struct {
		exe   string
		dials int
		want  string
	}{{"/usr/sbin/mysqld", 0, "unknown unsupported"}, {"/usr/sbin/mariadbd", 1, "pass"}} {
		h := running(t, "-- proc/sys/kernel/random/boot_id --\nb1\n-- etc/passwd --\n")
		h.Snapshot.Processes[0].Exe, h.Snapshot.Processes[0].Start = tc.exe, 500
		f := &fakes{t: t, ways: map[string]script{sock: {deny: 1045}}}
		p := fakeProber(f, 1000)
		p.memory = checks.NewFleetingMemory()
		if _, got := seal(t, h, p); got != tc.want || len(f.dials) != tc.dials {
			t.Errorf("%s: %q and %d dials, want %q and %d", tc.exe, got, len(f.dials), tc.want, tc.dials)
		}
		f.finish()
	}
}
