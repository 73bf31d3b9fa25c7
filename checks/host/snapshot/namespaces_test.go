package snapshot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// Two namespaces of a host that is mounted elsewhere: one has a process, the other
// only a name. Docker mounts the host's own one too, which is no other.
func TestNamespacesFromFiles(t *testing.T) {
	files := map[string]string{
		"1/net/tcp":   "  sl\n" + inetLine("0.0.0.0", 22, 10, 0, 100) + "\n",
		"1/net/udp":   "",
		"1/net/unix":  "",
		"1/mountinfo": "1 0 8:1 / / rw - ext4 /dev/sda rw\n2 1 0:4 net:[4026531840] /run/docker/netns/default rw - nsfs nsfs rw\n3 1 0:4 net:[90] /run/netns/b rw - nsfs nsfs rw\n4 1 0:4 net:[90] /run/netns/a rw - nsfs nsfs rw\n5 1 0:4 net:[90] /var/run/netns/a rw - nsfs nsfs rw\n6 1 0:4 net:[80] /run/docker/netns/c0ffee rw - nsfs nsfs rw\n",
		"7/net/tcp":   "  sl\n" + inetLine("0.0.0.0", 80, 10, 0, 200) + "\n" + inetLine("127.0.0.1", 81, 10, 0, 201) + "\n",
		"7/net/tcp6":  "  sl\n",
		"7/net/udp":   "  sl\nno row\n",
		"stat":        "btime 1700000000\n",

		"sys/net/ipv4/ip_local_port_range": "32768\t60999\n",
	}
	process(files, 1, 1, 1, "S", "init", "socket:[100]", "socket:[201]")
	process(files, 7, 9, 1, "S", "nginx", "socket:[200]")
	process(files, 5, 20, 1, "S", "nginx", "socket:[200]")
	files["7/ns/net"], files["5/ns/net"] = "->net:[80]", "->net:[80]"
	dir := procTree(t, files)
	got := Collect(t.Context(), Options{ProcDir: dir})
	if len(got.Namespaces) != 2 {
		t.Fatalf("%d namespaces: %+v; missing %+v", len(got.Namespaces), got.Namespaces, got.Missing)
	}
	inside := got.Namespaces[0]
	if len(inside.Missing) != 1 || inside.Missing[0].What != PartUDP {
		t.Errorf("missing %+v, want the UDP table that has another form", inside.Missing)
	}
	inside.Missing = nil
	want := Namespace{
		Inode: 80, Names: []string{"c0ffee"}, PIDs: []int{7, 5}, Source: "proc",
		Listeners: []Listener{
			{Proto: "tcp", Addr: netip.IPv4Unspecified(), Port: 80, Inodes: []uint64{200}, PIDs: []int{7, 5}},
			// Its owner lives in another namespace than the socket.
			{Proto: "tcp", Addr: netip.MustParseAddr("127.0.0.1"), Port: 81, Inodes: []uint64{201}, PIDs: []int{1}},
		},
	}
	if diff := cmp.Diff(want, inside, comparers); diff != "" {
		t.Error(diff)
	}
	only := got.Namespaces[1]
	if only.Inode != 90 || !slices.Equal(only.Names, []string{"a", "b"}) || len(only.Missing) != 2 || only.Missing[0].What != PartTCP || only.Missing[1].What != PartUDP {
		t.Errorf("a namespace nobody is in: %+v", only)
	}
	if got.Boot != 1700000000 || got.Ephemeral != (PortRange{32768, 60999}) || len(got.Listeners) != 1 {
		t.Errorf("boot %d, ports %v, %d listeners", got.Boot, got.Ephemeral, len(got.Listeners))
	}
	if m, found := got.MissingPart(PartNetNS); found {
		t.Errorf("all namespaces are known, and: %+v", m)
	}
}

func TestNamespacesUnknown(t *testing.T) {
	files := map[string]string{"1/net/tcp": ""}
	process(files, 1, 1, 1, "S", "init")
	process(files, 7, 9, 1, "S", "sealed")
	delete(files, "7/ns/net")
	files["7/ns/net/x"] = "" // a directory is no link
	got := Collect(t.Context(), Options{ProcDir: procTree(t, files)})
	if m, found := got.MissingPart(PartNetNS); !found || !strings.HasSuffix(m.Path, "/7/ns/net") {
		t.Errorf("a process whose namespace is not readable: %+v, %v", m, found)
	}

	var mounts strings.Builder
	for i := range maxNamespaces + 1 {
		fmt.Fprintf(&mounts, "%d 1 0:4 net:[%d] /run/netns/n%d rw - nsfs nsfs rw\n", i+2, i+1, i)
	}
	files = map[string]string{"1/net/tcp": "", "1/mountinfo": mounts.String()}
	process(files, 1, 1, 1, "S", "init")
	got = Collect(t.Context(), Options{ProcDir: procTree(t, files)})
	if m, found := got.MissingPart(PartNetNS); !found || !errors.Is(m.Err, errTooMany) || len(got.Namespaces) != maxNamespaces {
		t.Errorf("%d namespaces, %+v, %v; want the bound of %d told", len(got.Namespaces), m, found, maxNamespaces)
	}
}

func TestRootOfProcess(t *testing.T) {
	files := map[string]string{"1/net/tcp": ""}
	process(files, 1, 1, 1, "S", "init")
	process(files, 7, 9, 1, "S", "guest")
	root := t.TempDir()
	files["7/root"] = "->" + root
	got := Collect(t.Context(), Options{ProcDir: procTree(t, files)})
	var st unix.Stat_t
	if err := unix.Stat(root, &st); err != nil {
		t.Fatal(err)
	}
	p, _ := got.Process(7)
	if p.SameRoot != No || p.Root.Inode != st.Ino || p.Root.Major != unix.Major(st.Dev) || p.Root.Minor != unix.Minor(st.Dev) {
		t.Errorf("same root %v, root %+v; want that of %s", p.SameRoot, p.Root, root)
	}
	if p, _ := got.Process(1); p.SameRoot != Yes || p.Root != (Directory{}) {
		t.Errorf("the auditor's own root: %v, %+v", p.SameRoot, p.Root)
	}
}

func TestOnOwnThread(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: a network namespace cannot be made")
	}
	before, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Skipf("no procfs: %v", err)
	}
	var last string
	for range 50 {
		var inner error
		err := onOwnThread(func() {
			if inner = unix.Unshare(unix.CLONE_NEWNET); inner == nil {
				last, inner = os.Readlink(ownThread() + "ns/net")
			}
		})
		if err != nil || inner != nil {
			t.Fatalf("error %v, %v", err, inner)
		}
		if last == before {
			t.Fatal("the thread is in the namespace of the program")
		}
		// No thread that goroutines run on was moved, and the first one neither.
		for _, name := range []string{"/proc/self/ns/net", "/proc/thread-self/ns/net"} {
			if after, err := os.Readlink(name); err != nil || after != before {
				t.Fatalf("%s is %s, %v; want %s", name, after, err, before)
			}
		}
	}
	if err := onOwnThread(func() { panic("x") }); err == nil {
		t.Error("a panic on the thread is lost")
	}
}

// helperEnv makes the test binary play a part of TestLiveNamespaces.
const helperEnv = "HOSTAUDIT_SNAPSHOT_HELPER"

// TestHelperProcess is no test: it is what the tests start in other namespaces.
func TestHelperProcess(t *testing.T) {
	switch part, _, _ := strings.Cut(os.Getenv(helperEnv), "="); part {
	case "":
		t.Skip("is started by other tests")
	case "collect":
		out := json.NewEncoder(os.Stdout)
		if err := out.Encode(summary(Collect(t.Context(), Options{}))); err != nil {
			t.Fatal(err)
		}
		os.Exit(0)
	case "named":
		playNamed(t)
	}
}

// picture is what a helper tells of its snapshot.
type picture struct {
	Own        uint64
	Listeners  []Listener
	Namespaces []toldNamespace
	Missing    map[Part]string
}

type toldNamespace struct {
	Inode     uint64
	Names     []string
	Listeners []Listener
	Source    string
	Ephemeral PortRange
	Missing   []string
}

func summary(s *Snapshot) picture {
	p := picture{Own: s.NetNS, Listeners: s.Listeners, Missing: map[Part]string{}}
	for _, m := range s.Missing {
		text := m.Err.Error()
		if errors.Is(m.Err, fs.ErrPermission) {
			text = "permission"
		}
		p.Missing[m.What] = text
	}
	for _, n := range s.Namespaces {
		told := toldNamespace{Inode: n.Inode, Names: n.Names, Listeners: n.Listeners, Source: n.Source, Ephemeral: n.Ephemeral}
		for _, m := range n.Missing {
			told.Missing = append(told.Missing, string(m.What)+": "+m.Err.Error())
		}
		p.Namespaces = append(p.Namespaces, told)
	}
	return p
}

// runHelper starts a helper and returns what it told.
func runHelper(t *testing.T, part string, attr *syscall.SysProcAttr) picture {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if attr.Credential != nil { // the test binary lies where others may not go
		data, err := os.ReadFile(exe)
		if err != nil {
			t.Fatal(err)
		}
		dir, err := os.MkdirTemp("", "snapshot")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { os.RemoveAll(dir) })
		exe = filepath.Join(dir, "helper")
		if err := errors.Join(os.Chmod(dir, 0o755), os.WriteFile(exe, data, 0o755)); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command(exe, "-test.run=^TestHelperProcess$")
	cmd.Env = append(os.Environ(), helperEnv+"="+part)
	cmd.SysProcAttr = attr
	cmd.Dir = "/"
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("helper %s: %v: %s", part, err, out)
	}
	var p picture
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatalf("helper %s told %q: %v", part, out, err)
	}
	return p
}

// playNamed makes a namespace that only a mount and a socket keep, and looks at it.
func playNamed(t *testing.T) {
	must := func(err error) {
		if err != nil {
			t.Fatal(err)
		}
	}
	must(unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""))
	dir := t.TempDir()
	file := filepath.Join(dir, "blue net")
	must(os.WriteFile(file, nil, 0o600))
	var inode uint64
	var failed error
	must(onOwnThread(func() {
		err := unix.Unshare(unix.CLONE_NEWNET)
		if err == nil {
			err = loopbackUp()
		}
		if err == nil {
			_, err = open(unix.SOCK_STREAM, "0.0.0.0", 8080, false, false)
		}
		if err == nil {
			err = os.WriteFile("/proc/sys/net/ipv4/ip_local_port_range", []byte("40000 40999"), 0)
		}
		var st unix.Stat_t
		if err == nil {
			err = unix.Stat(ownThread()+"ns/net", &st)
			inode = st.Ino
		}
		if err == nil {
			err = unix.Mount(ownThread()+"ns/net", file, "", unix.MS_BIND, "")
		}
		failed = err
	}))
	must(failed)
	p := summary(Collect(t.Context(), Options{}))
	must(unix.Unmount(file, unix.MNT_DETACH))
	p.Own = inode // what the other side cannot know
	must(json.NewEncoder(os.Stdout).Encode(p))
	os.RemoveAll(dir)
	os.Exit(0)
}

// namespaceWithProcess starts a program in a network namespace of its own, with a
// listener on port 8081 whose only owner is the test itself.
func namespaceWithProcess(t *testing.T, uid uint32) (pid int, inode uint64) {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: a network namespace cannot be made")
	}
	sleep, err := exec.LookPath("sleep")
	if err != nil {
		t.Skipf("no program to live in the namespace: %v", err)
	}
	cmd := exec.Command(sleep, "60")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET, Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	if err := cmd.Start(); err != nil {
		t.Skipf("a network namespace cannot be made: %v", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	sp := &space{pids: []int{cmd.Process.Pid}}
	var st unix.Stat_t
	if err := unix.Stat("/proc/"+strconv.Itoa(cmd.Process.Pid)+"/ns/net", &st); err != nil {
		t.Fatal(err)
	}
	sp.inode = st.Ino
	var inner error
	fd := -1
	c := newCollector(Options{})
	if err := onOwnThread(func() {
		if inner = c.enterSpace(sp); inner == nil {
			fd, inner = open(unix.SOCK_STREAM, "::", 8081, false, false)
		}
	}); err != nil || inner != nil {
		t.Fatalf("listener: %v, %v", err, inner)
	}
	t.Cleanup(func() { unix.Close(fd) })
	return cmd.Process.Pid, sp.inode
}

func TestLiveNamespaces(t *testing.T) {
	pid, inode := namespaceWithProcess(t, 0)
	t.Run("owner-elsewhere", func(t *testing.T) {
		got := Collect(t.Context(), Options{})
		i := slices.IndexFunc(got.Namespaces, func(n Namespace) bool { return n.Inode == inode })
		if i < 0 {
			t.Fatalf("namespace %d is not in %+v; missing %+v", inode, got.Namespaces, got.Missing)
		}
		n := got.Namespaces[i]
		if len(n.Missing) > 0 || !slices.Equal(n.PIDs, []int{pid}) || len(n.Listeners) != 1 || n.Ephemeral.High == 0 {
			t.Fatalf("namespace %+v", n)
		}
		if l := n.Listeners[0]; l.Port != 8081 || !slices.Equal(l.PIDs, []int{os.Getpid()}) || l.OwnerHidden {
			t.Errorf("listener %+v, want this process as its owner", l)
		}
		if n.Source == "sock_diag" && n.Listeners[0].V6Only != No {
			t.Errorf("v6only %v", n.Listeners[0].V6Only)
		}
		if slices.ContainsFunc(got.Listeners, func(l Listener) bool { return l.Port == 8081 }) {
			t.Error("the listener is in the auditor's namespace too")
		}
	})
	t.Run("files", func(t *testing.T) {
		c := newCollector(Options{})
		c.filesOnly = true
		c.run(t.Context())
		got := c.seal(nil)
		i := slices.IndexFunc(got.Namespaces, func(n Namespace) bool { return n.Inode == inode })
		if i < 0 || got.Namespaces[i].Source != "proc" || len(got.Namespaces[i].Listeners) != 1 || len(got.Namespaces[i].Missing) > 0 {
			t.Errorf("by files: %+v", got.Namespaces)
		}
	})
	t.Run("a-pid-used-again", func(t *testing.T) {
		c := newCollector(Options{})
		sp := &space{inode: inode, pids: []int{os.Getpid()}} // not in it any more
		var entered error
		if err := onOwnThread(func() { entered = c.enterSpace(sp) }); err != nil || !errors.Is(entered, errOtherNet) {
			t.Errorf("entered another namespace than meant: %v, %v", err, entered)
		}
		if got := c.readByProcess(t.Context(), sp, errNoWay); len(got.missing) != 2 || len(got.rows) > 0 {
			t.Errorf("files of another namespace were taken: %+v", got)
		}
	})
	t.Run("cancelled", func(t *testing.T) {
		c := newCollector(Options{})
		ctx, cancel := context.WithCancel(t.Context())
		c.identify()
		processes := c.readProcesses(ctx, nil)
		list := c.findSpaces(ctx, processes)
		c.spaces = make([]space, len(list))
		for i := range list {
			c.spaces[i] = *list[i]
		}
		cancel()
		if err := c.readSpaces(ctx, list, func(int, *socketTables) { t.Error("a namespace was read") }); err != nil {
			t.Error(err)
		}
		for _, n := range c.seal(context.Canceled).Namespaces {
			if len(n.Missing) != 2 || !errors.Is(n.Missing[0].Err, context.Canceled) {
				t.Errorf("not read, and missing %+v", n.Missing)
			}
		}
	})
}

func TestLiveNamedNamespace(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: a mount namespace cannot be made")
	}
	p := runHelper(t, "named", &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS})
	i := slices.IndexFunc(p.Namespaces, func(n toldNamespace) bool { return n.Inode == p.Own })
	if i < 0 {
		t.Fatalf("namespace %d is not in %+v", p.Own, p.Namespaces)
	}
	n := p.Namespaces[i]
	if !slices.Equal(n.Names, []string{"blue net"}) || len(n.Missing) > 0 || n.Ephemeral != (PortRange{40000, 40999}) {
		t.Errorf("namespace %+v", n)
	}
	if len(n.Listeners) != 1 || n.Listeners[0].Port != 8080 || len(n.Listeners[0].PIDs) != 1 {
		t.Errorf("listeners %+v", n.Listeners)
	}
}

// TestLiveOrdinaryUser looks at root's listeners with the rights of nobody.
func TestLiveOrdinaryUser(t *testing.T) {
	const nobody = 65534
	_, theirs := namespaceWithProcess(t, 0)
	_, mine := namespaceWithProcess(t, nobody)
	fd, err := open(unix.SOCK_STREAM, "127.0.0.1", 0, false, false)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	sa, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port := uint16(sa.(*unix.SockaddrInet4).Port)
	p := runHelper(t, "collect", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}})
	i := slices.IndexFunc(p.Listeners, func(l Listener) bool { return l.Port == port })
	if i < 0 || !p.Listeners[i].OwnerHidden || len(p.Listeners[i].PIDs) > 0 {
		t.Errorf("root's listener on port %d: %+v", port, p.Listeners)
	}
	for _, part := range []Part{PartOwners, PartDetails, PartNetNS} {
		if p.Missing[part] != "permission" {
			t.Errorf("%s: %q; want a lack of rights", part, p.Missing[part])
		}
	}
	for _, part := range []Part{PartTCP, PartUDP, PartUnix, PartProcesses} {
		if p.Missing[part] != "" {
			t.Errorf("%s: %q; want it whole", part, p.Missing[part])
		}
	}
	if slices.ContainsFunc(p.Namespaces, func(n toldNamespace) bool { return n.Inode == theirs }) {
		t.Error("the namespace of root's process is known: the test does not run as an ordinary user")
	}
	i = slices.IndexFunc(p.Namespaces, func(n toldNamespace) bool { return n.Inode == mine })
	if i < 0 {
		t.Fatalf("the own process's namespace %d is not in %+v", mine, p.Namespaces)
	}
	// It may not be entered, and its files may be read.
	if n := p.Namespaces[i]; n.Source != "proc" || len(n.Missing) > 0 || len(n.Listeners) != 1 || !n.Listeners[0].OwnerHidden {
		t.Errorf("namespace %+v", n)
	}
}

// A reading that hangs in a namespace must not hold the audit.
func TestSealNamespaces(t *testing.T) {
	c := newCollector(Options{ProcDir: t.TempDir()})
	c.spaces = []space{{inode: 5, names: []string{"x"}}, {inode: 6, tables: &socketTables{done: []Part{PartTCP, PartUDP}, files: true}}}
	start := time.Now()
	got := c.seal(context.DeadlineExceeded).Namespaces
	if len(got) != 2 || len(got[0].Missing) != 2 || !errors.Is(got[0].Missing[1].Err, context.DeadlineExceeded) || len(got[1].Missing) > 0 || got[1].Source != "proc" {
		t.Errorf("namespaces %+v after %v", got, time.Since(start))
	}
}

// TestNamespacesCrowded: whoever makes namespaces without end hides none of root's.
func TestNamespacesCrowded(t *testing.T) {
	c := newCollector(Options{ProcDir: t.TempDir()})
	c.netNS = 1
	var list []Process
	for i := range maxNamespaces + 50 {
		list = append(list, Process{PID: 10 + i, Start: uint64(i), EUID: 1000, NetNS: uint64(10 + i)})
	}
	list = append(list, Process{PID: 9000, Start: 9000, NetNS: 9000})
	found := c.findSpaces(context.Background(), list)
	if len(found) != maxNamespaces || found[len(found)-1].inode != 9000 {
		t.Errorf("%d namespaces, the last %d", len(found), found[len(found)-1].inode)
	}
	if !slices.ContainsFunc(c.missing, func(m Missing) bool { return m.What == PartNetNS && errors.Is(m.Err, errTooMany) }) {
		t.Error("it is not told that some were left out")
	}
}
