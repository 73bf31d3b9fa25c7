package snapshot

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// procTree is a procfs made of files: path below it -> content; a content that
// begins with "->" is a symbolic link.
func procTree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, link := strings.CutPrefix(content, "->"); link {
			err = os.Symlink(target, path)
		} else {
			err = os.WriteFile(path, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// process adds a process to the files of procTree.
func process(files map[string]string, pid, start, threads int, state, name string, fds ...string) {
	dir := fmt.Sprintf("%d/", pid)
	files[dir+"stat"] = fmt.Sprintf("%d (%s) %s 1 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 %d 0 %d 1 1\n", pid, name, state, threads, start)
	files[dir+"status"] = "Name:\tx\nUid:\t0\t33\t0\t0\n"
	files[dir+"cgroup"] = "0::/system.slice/" + name + ".service\n"
	files[dir+"cmdline"] = name + "\x00-D\x00"
	files[dir+"exe"] = "->/usr/sbin/" + name
	files[dir+"root"] = "->/"
	for _, ns := range []string{"net", "mnt", "pid"} {
		files[dir+"ns/"+ns] = "->" + ns + ":[4026531840]"
	}
	files[dir+"fd/0"] = "->/dev/null"
	for i, fd := range fds {
		files[fmt.Sprintf("%sfd/%d", dir, i+3)] = "->" + fd
	}
}

func TestCollectFromFiles(t *testing.T) {
	files := map[string]string{
		"2/stat":    "2 (kthreadd) S 0 0 0 0 -1 2129984 0 0 0 0 0 0 0 0 20 0 1 0 0 0 0",
		"1/net/tcp": "  sl  local_address\n" + inetLine("0.0.0.0", 22, 10, 0, 100) + "\n" + inetLine("0.0.0.0", 80, 10, 0, 102) + "\n" + inetLine("0.0.0.0", 80, 10, 0, 101) + "\n",
		// The kernel answers for IPv6 too; no file would mean there is none.
		"1/net/tcp6": "  sl\n" + inetLine("::", 2049, 10, 0, 900) + "\n",
		"1/net/udp":  "  sl\n" + inetLine("127.0.0.1", 323, 7, 0, 103) + "\n",
		"1/net/unix": "Num\n" + unixLine(acceptcon, 1, 104, " /run/a.sock") + "\n",
		"meminfo":    "",
	}
	process(files, 1, 1, 1, "S", "systemd", "socket:[100]", "socket:[104]")
	process(files, 40, 99, 1, "S", "nginx", "socket:[101]", "socket:[102]")
	// A worker whose PID is lower because the numbers were used up.
	process(files, 30, 120, 1, "S", "nginx", "socket:[101]", "socket:[101]", "pipe:[7]")
	files["30/exe"] = "->/usr/sbin/nginx (deleted)"
	process(files, 50, 130, 1, "Z", "gone")
	// Ending: not called a zombie yet, and its program and root are given back.
	process(files, 51, 131, 1, "R", "going")
	delete(files, "51/exe")
	delete(files, "51/root")
	// Its first thread has ended; all but its state is with the other one.
	thread := map[string]string{}
	process(thread, 61, 140, 2, "S", "leaderless", "socket:[103]")
	for name, content := range thread {
		files["60/task/"+name] = content
	}
	files["60/stat"] = strings.Replace(thread["61/stat"], ") S ", ") Z ", 1)
	files["60/cmdline"] = ""
	files["60/task/60/stat"] = ""
	dir := procTree(t, files)
	if err := os.Mkdir(filepath.Join(dir, "60/fd"), 0o755); err != nil {
		t.Fatal(err)
	}

	got := Collect(t.Context(), Options{ProcDir: dir})
	proc := func(pid, start int, name string) Process {
		return Process{
			PID: pid, PPID: 1, Start: uint64(start), Comm: name, Exe: "/usr/sbin/" + name, Args: []string{name, "-D"},
			EUID: 33, Cgroup: "/system.slice/" + name + ".service", NetNS: 4026531840, MntNS: 4026531840, PIDNS: 4026531840, SameRoot: Yes,
		}
	}
	worker := proc(30, 120, "nginx")
	worker.ExeDeleted = true
	want := &Snapshot{
		Processes: []Process{
			proc(1, 1, "systemd"),
			{PID: 2, Comm: "kthreadd", Kernel: true},
			worker,
			proc(40, 99, "nginx"),
			{PID: 50, PPID: 1, Start: 130, Comm: "gone", Zombie: true, ArgsCut: true},
			{
				PID: 51, PPID: 1, Start: 131, Comm: "going", Zombie: true, ArgsCut: true, EUID: 33, Cgroup: "/system.slice/going.service",
				NetNS: 4026531840, MntNS: 4026531840, PIDNS: 4026531840,
			},
			proc(60, 140, "leaderless"),
		},
		Listeners: []Listener{
			{Proto: "tcp", Addr: netip.IPv4Unspecified(), Port: 22, Inodes: []uint64{100}, PIDs: []int{1}},
			{Proto: "tcp", Addr: netip.IPv4Unspecified(), Port: 80, Inodes: []uint64{101, 102}, PIDs: []int{40, 30}},
			{Proto: "tcp", Addr: netip.IPv6Unspecified(), Port: 2049, Inodes: []uint64{900}},
			{Proto: "udp", Addr: netip.MustParseAddr("127.0.0.1"), Port: 323, Inodes: []uint64{103}, PIDs: []int{60}},
		},
		Unix:   []UnixSocket{{Path: "/run/a.sock", Inode: 104, PIDs: []int{1}, Type: "stream"}},
		NetNS:  4026531840,
		Source: "proc",
	}
	if diff := cmp.Diff(want, got, comparers); diff != "" {
		t.Error(diff)
	}
}

func TestCollectMissing(t *testing.T) {
	files := map[string]string{
		"1/net/tcp": "  sl\n" + inetLine("0.0.0.0", 22, 10, 0, 100) + "\n",
		"1/net/udp": "  sl\nthis is no row\n",
	}
	process(files, 1, 1, 1, "S", "init")
	process(files, 5, 1, 1, "S", "sealed")
	delete(files, "5/fd/0")
	files["5/fd"] = "no directory"
	process(files, 6, 1, 1, "S", "odd")
	files["6/stat"] = "6 odd"
	got := Collect(t.Context(), Options{ProcDir: procTree(t, files)})
	for part, path := range map[Part]string{
		PartUDP: "net/udp", PartUnix: "net/unix", PartOwners: "/5/fd", PartProcesses: "/6",
	} {
		if m, found := got.MissingPart(part); !found || !strings.HasSuffix(m.Path, path) || m.Err == nil {
			t.Errorf("%s: %+v, %v; want a path ending %s", part, m, found, path)
		}
	}
	if m, found := got.MissingPart(PartTCP); found {
		t.Errorf("tcp was read whole, and: %+v", m)
	}
	if len(got.Listeners) != 1 || !got.Listeners[0].OwnerHidden {
		t.Errorf("listeners %+v, want one with a hidden owner", got.Listeners)
	}
	if _, found := got.Process(6); found {
		t.Error("a process that could not be read is in the list")
	}
}

func TestCollectHiddenProcesses(t *testing.T) {
	files := map[string]string{"self/net/tcp": ""}
	process(files, 77, 1, 1, "S", "mine")
	got := Collect(t.Context(), Options{ProcDir: procTree(t, files)})
	m, found := got.MissingPart(PartProcesses)
	if !found || !errors.Is(m.Err, fs.ErrPermission) {
		t.Errorf("without process 1 the list is not whole: %+v, %v", m, found)
	}
}

func TestCollectBounds(t *testing.T) {
	files := map[string]string{"1/net/tcp": "  sl\n" + inetLine("0.0.0.0", 22, 10, 0, 100) + "\n" + inetLine("0.0.0.0", 23, 10, 0, 101) + "\n"}
	for pid := 1; pid <= 4; pid++ {
		process(files, pid, 1, 1, "S", "p")
	}
	files["2/cmdline"] = strings.Repeat("x", maxArgs+1)
	got := Collect(t.Context(), Options{ProcDir: procTree(t, files), MaxProcesses: 3, MaxSockets: 1})
	if len(got.Processes) != 3 || len(got.Listeners) != 1 {
		t.Errorf("%d processes, %d listeners; want 3 and 1", len(got.Processes), len(got.Listeners))
	}
	for _, part := range []Part{PartTCP, PartProcesses} {
		if m, found := got.MissingPart(part); !found || !errors.Is(m.Err, errTooMany) {
			t.Errorf("%s: %+v, %v", part, m, found)
		}
	}
	if p := got.Processes[1]; !p.ArgsCut || len(p.Args) != 1 || len(p.Args[0]) != maxArgs {
		t.Errorf("a command line above the bound: cut %v, %d arguments", p.ArgsCut, len(p.Args))
	}
}

func TestCollectCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	files := map[string]string{}
	process(files, 1, 1, 1, "S", "p")
	got := Collect(ctx, Options{ProcDir: procTree(t, files)})
	for _, part := range []Part{PartTCP, PartUDP, PartUnix, PartProcesses, PartOwners, PartNetNS} {
		if m, found := got.MissingPart(part); !found || !errors.Is(m.Err, context.Canceled) {
			t.Errorf("%s: %+v, %v; want it missing because the audit was cancelled", part, m, found)
		}
	}
}

// A read that never ends must not hold the audit: the picture is sealed from
// another goroutine with what the stages have stored.
func TestSealWhileReading(t *testing.T) {
	c := newCollector(Options{ProcDir: t.TempDir()})
	c.storeProcesses([]Process{{PID: 1, Comm: "stuck", ArgsCut: true}})
	c.end(PartTCP, PartUDP, PartUnix, PartProcesses, PartNetNS)
	got := c.seal(context.DeadlineExceeded)
	if len(got.Processes) != 1 || !got.Processes[0].ArgsCut {
		t.Errorf("processes %+v", got.Processes)
	}
	if len(got.Missing) != 1 || got.Missing[0].What != PartOwners {
		t.Errorf("missing %+v, want the owners", got.Missing)
	}
	// What the reader does later must not show.
	c.mu.Lock()
	c.processes[0].Args = []string{"late"}
	c.mu.Unlock()
	if got.Processes[0].Args != nil {
		t.Error("the sealed picture changed")
	}
}

func TestMergeReadings(t *testing.T) {
	row := func(inode uint64) socketRow {
		return socketRow{proto: "tcp", addr: netip.IPv4Unspecified(), port: uint16(inode), inode: inode}
	}
	whole := []Part{PartTCP, PartUDP, PartUnix}
	first := &socketTables{rows: []socketRow{row(1), row(2), row(3)}, unix: []UnixSocket{{Inode: 10}, {Inode: 11}}, diag: true, done: whole}
	second := &socketTables{rows: []socketRow{row(3), row(4)}, unix: []UnixSocket{{Inode: 11}, {Inode: 12}}, files: true, done: whole}
	// 1 went but its owner was seen, 2 and 10 went, 3 and 11 stayed without owner, 4 and 12 came.
	owned := func(inode uint64) bool { return inode == 1 }
	got := first.merge(second, owned)
	want := &socketTables{rows: []socketRow{row(1), row(3), row(4)}, unix: []UnixSocket{{Inode: 11}, {Inode: 12}}, diag: true, files: true, done: whole}
	if diff := cmp.Diff(want, got, comparers, cmp.AllowUnexported(socketTables{})); diff != "" {
		t.Error(diff)
	}
	// A second reading that lacks something does not tell that a listener went.
	second.missing = []Missing{{What: PartTCP, Err: errTooMany}}
	if got := first.merge(second, owned); got != first {
		t.Errorf("a second reading with a gap was taken in: %+v", got)
	}
	second.missing, second.done = nil, nil
	if got := first.merge(second, owned); got != first {
		t.Errorf("a second reading that ended early was taken in: %+v", got)
	}
}

func TestWider(t *testing.T) {
	for _, tc := range []struct{ a, b, want Tri }{{Yes, Yes, Yes}, {Yes, No, No}, {No, Unknown, No}, {Yes, Unknown, Unknown}, {Unknown, Unknown, Unknown}} {
		if got := wider(tc.a, tc.b); got != tc.want {
			t.Errorf("wider(%v, %v) = %v, want %v", tc.a, tc.b, got, tc.want)
		}
	}
}

func TestCollectSelf(t *testing.T) {
	if _, err := os.Stat("/proc/self/stat"); err != nil {
		t.Skipf("no procfs: %v", err)
	}
	start := time.Now()
	got := Collect(t.Context(), Options{})
	p, found := got.Process(os.Getpid())
	exe, err := os.Executable()
	if !found || err != nil || p.Exe != exe || p.Comm == "" || len(p.Args) != len(os.Args) || p.ArgsCut || p.SameRoot != Yes || p.NetNS == 0 || p.NetNS != got.NetNS {
		t.Errorf("this process: found %v, exe %q, %d arguments, cut %v, same root %v, namespace %d of %d",
			found, p.Exe, len(p.Args), p.ArgsCut, p.SameRoot, p.NetNS, got.NetNS)
	}
	t.Logf("%d processes, %d listeners, %d unix sockets by %s in %v", len(got.Processes), len(got.Listeners), len(got.Unix), got.Source, time.Since(start))
}

// TestCollectStuck: a kernel that does not answer costs some seconds, not the audit,
// and what waits for it is told.
func TestCollectStuck(t *testing.T) {
	dir := t.TempDir()
	if err := os.MkdirAll(dir+"/1/net", 0o700); err != nil {
		t.Fatal(err)
	}
	door := dir + "/1/net/tcp" // opening it waits for a writer
	if err := unix.Mkfifo(door, 0o600); err != nil {
		t.Fatal(err)
	}
	got := Collect(context.Background(), Options{ProcDir: dir})
	f, err := os.OpenFile(door, os.O_RDWR, 0) // let the reader go
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if !got.Abandoned {
		t.Error("a thread waits, and it is not told")
	}
	if m, missing := got.MissingPart(PartTCP); !missing || !errors.Is(m.Err, context.DeadlineExceeded) {
		t.Errorf("TCP: %+v", m)
	}
	if got := Collect(context.Background(), Options{ProcDir: t.TempDir()}); got.Abandoned {
		t.Error("a reading that ended counts as abandoned")
	}
}
