package snapshot

import (
	"cmp"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// inNamespace runs f on a thread of its own in a new network namespace with the
// loopback interface up. The thread ends with f.
func inNamespace(tb testing.TB, f func()) {
	tb.Helper()
	if os.Geteuid() != 0 {
		tb.Skip("needs root: a network namespace cannot be made")
	}
	var refused error
	err := onOwnThread(func() {
		if refused = unix.Unshare(unix.CLONE_NEWNET); refused != nil {
			return
		}
		if err := loopbackUp(); err != nil {
			tb.Errorf("lo: %v", err)
			return
		}
		f()
	})
	if err != nil {
		tb.Fatal(err)
	}
	if refused != nil {
		tb.Skipf("a network namespace cannot be made: %v", refused)
	}
}

func loopbackUp() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	ifr, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	ifr.SetUint16(unix.IFF_UP | unix.IFF_RUNNING)
	return unix.IoctlIfreq(fd, unix.SIOCSIFFLAGS, ifr)
}

// open makes a socket bound to addr; a TCP socket listens.
func open(kind int, addr string, port int, v6only, reuse bool) (fd int, err error) {
	ip := netip.MustParseAddr(addr)
	family := unix.AF_INET
	var sa unix.Sockaddr = &unix.SockaddrInet4{Port: port}
	if ip.Is6() {
		family, sa = unix.AF_INET6, &unix.SockaddrInet6{Port: port, Addr: ip.As16()}
	} else {
		sa.(*unix.SockaddrInet4).Addr = ip.As4()
	}
	if fd, err = unix.Socket(family, kind|unix.SOCK_CLOEXEC, 0); err != nil {
		return -1, err
	}
	if family == unix.AF_INET6 {
		only := 0
		if v6only {
			only = 1
		}
		err = unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, only)
	}
	if reuse && err == nil {
		err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	}
	if err == nil {
		err = unix.Bind(fd, sa)
	}
	if err == nil && kind == unix.SOCK_STREAM {
		err = unix.Listen(fd, 1)
	}
	return fd, err
}

// collectHere reads on the calling thread, in its network namespace.
func collectHere(tb testing.TB, filesOnly bool) *Snapshot {
	c := newCollector(Options{})
	c.self, c.filesOnly = "thread-self", filesOnly
	c.run(tb.Context())
	return c.seal(nil)
}

func TestLiveSockets(t *testing.T) {
	var bySockDiag, byFiles *Snapshot
	var ss []string
	var ssErr error
	inNamespace(t, func() {
		sockets := []struct {
			kind   int
			addr   string
			port   int
			v6only bool
			reuse  bool
		}{
			{unix.SOCK_STREAM, "0.0.0.0", 1001, false, false},
			{unix.SOCK_STREAM, "::", 1002, true, false},
			{unix.SOCK_STREAM, "::", 1003, false, false},
			{unix.SOCK_STREAM, "::ffff:127.0.0.1", 1004, false, false},
			{unix.SOCK_STREAM, "127.0.0.53", 1005, false, false},
			{unix.SOCK_STREAM, "127.0.0.1", 1006, false, true},
			{unix.SOCK_STREAM, "127.0.0.1", 1006, false, true},
			{unix.SOCK_STREAM, "::1", 1007, true, false},
			{unix.SOCK_DGRAM, "0.0.0.0", 1008, false, false},
			{unix.SOCK_DGRAM, "::", 1009, true, false},
			{unix.SOCK_DGRAM, "127.0.0.1", 1010, false, false}, // connected below
		}
		var last int
		for _, s := range sockets {
			fd, err := open(s.kind, s.addr, s.port, s.v6only, s.reuse)
			if err != nil {
				t.Errorf("%s port %d: %v", s.addr, s.port, err)
				return
			}
			defer unix.Close(fd)
			last = fd
		}
		if err := unix.Connect(last, &unix.SockaddrInet4{Port: 1008, Addr: [4]byte{127, 0, 0, 1}}); err != nil {
			t.Errorf("connect: %v", err)
		}
		// Bound and not listening: no listener.
		bound, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err == nil {
			err = unix.Bind(bound, &unix.SockaddrInet4{Port: 1011})
		}
		if err != nil {
			t.Errorf("bound socket: %v", err)
		}
		defer unix.Close(bound)
		byName, err := unix.Socket(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
		if err == nil {
			err = unix.Bind(byName, &unix.SockaddrUnix{Name: "@a b\nc\x01"})
		}
		if err == nil {
			err = unix.Listen(byName, 1)
		}
		if err != nil {
			t.Errorf("unix socket: %v", err)
		}
		defer unix.Close(byName)
		bySockDiag, byFiles = collectHere(t, false), collectHere(t, true)
		var out []byte
		if out, ssErr = exec.Command("ss", "-H", "-tulne").Output(); ssErr == nil {
			ss = strings.Split(strings.TrimSpace(string(out)), "\n")
		}
	})
	if bySockDiag == nil {
		return
	}
	self := os.Getpid()
	type row struct {
		Proto, Addr string
		Port        uint16
		V6Only      Tri
		Inodes      int
		PIDs        []int
	}
	want := []row{
		{"tcp", "0.0.0.0", 1001, Unknown, 1, []int{self}},
		{"tcp", "127.0.0.1", 1006, Unknown, 2, []int{self}},
		{"tcp", "127.0.0.53", 1005, Unknown, 1, []int{self}},
		{"tcp", "::", 1002, Yes, 1, []int{self}},
		{"tcp", "::", 1003, No, 1, []int{self}},
		{"tcp", "::1", 1007, Yes, 1, []int{self}},
		{"tcp", "::ffff:127.0.0.1", 1004, No, 1, []int{self}},
		{"udp", "0.0.0.0", 1008, Unknown, 1, []int{self}},
		{"udp", "::", 1009, Yes, 1, []int{self}},
	}
	rows := func(s *Snapshot) (list []row) {
		for _, l := range s.Listeners {
			list = append(list, row{l.Proto, l.Addr.String(), l.Port, l.V6Only, len(l.Inodes), l.PIDs})
		}
		return list
	}
	if bySockDiag.Source == "sock_diag" {
		if diff := gocmp.Diff(want, rows(bySockDiag)); diff != "" {
			t.Errorf("sock_diag:\n%s", diff)
		}
	} else {
		t.Logf("sock_diag cannot be asked here without loading a module; read by %s", bySockDiag.Source)
	}
	for i := range want {
		want[i].V6Only = Unknown
	}
	if diff := gocmp.Diff(want, rows(byFiles)); diff != "" || byFiles.Source != "proc" {
		t.Errorf("%s:\n%s", byFiles.Source, diff)
	}
	for _, s := range []*Snapshot{bySockDiag, byFiles} {
		wantUnix := []UnixSocket{{Path: "@a b\nc\x01", PIDs: []int{self}, Type: "seqpacket"}}
		gotUnix := slices.Clone(s.Unix)
		for i := range gotUnix {
			gotUnix[i].Inode = 0
		}
		if diff := gocmp.Diff(wantUnix, gotUnix); diff != "" {
			t.Errorf("unix by %s:\n%s", s.Source, diff)
		}
	}
	if errors.Is(ssErr, exec.ErrNotFound) {
		t.Log("ss is not installed: not compared with it")
		return
	}
	if ssErr != nil {
		t.Fatalf("ss: %v", ssErr)
	}
	if diff := gocmp.Diff(ssRows(t, ss), inodeRows(bySockDiag)); diff != "" {
		t.Errorf("ss against the snapshot:\n%s", diff)
	}
}

// inodeRows lists every socket of a snapshot as ssRows does.
func inodeRows(s *Snapshot) (list []string) {
	for _, l := range s.Listeners {
		for _, inode := range l.Inodes {
			addr := l.Addr.String()
			if l.Addr == netip.IPv6Unspecified() && l.V6Only == No {
				addr = "*"
			}
			list = append(list, fmt.Sprintf("%s %s %d ino:%d", l.Proto, addr, l.Port, inode))
		}
	}
	slices.Sort(list)
	return list
}

// ssRows reads the lines of "ss -H -tulne".
func ssRows(t *testing.T, lines []string) (list []string) {
	for _, line := range lines {
		words := strings.Fields(line)
		ino := slices.IndexFunc(words, func(w string) bool { return strings.HasPrefix(w, "ino:") })
		if len(words) < 6 || ino < 0 {
			t.Fatalf("a line of ss of another form: %q", line)
		}
		cut := strings.LastIndexByte(words[4], ':')
		addr, port := strings.Trim(words[4][:cut], "[]"), words[4][cut+1:]
		list = append(list, fmt.Sprintf("%s %s %s %s", words[0], addr, port, words[ino]))
	}
	slices.SortFunc(list, cmp.Compare[string])
	return list
}

// manyListeners opens n TCP listeners on loopback.
func manyListeners(n int) (closeAll func(), err error) {
	var fds []int
	closeAll = func() {
		for _, fd := range fds {
			unix.Close(fd)
		}
	}
	for port := 10000; port < 10000+n; port++ {
		fd, err := open(unix.SOCK_STREAM, "127.0.0.1", port, false, false)
		if fd >= 0 {
			fds = append(fds, fd)
		}
		if err != nil {
			return closeAll, err
		}
	}
	return closeAll, nil
}

func TestLiveThreeThousand(t *testing.T) {
	inNamespace(t, func() {
		closeAll, err := manyListeners(3000)
		defer closeAll()
		if err != nil {
			t.Errorf("the limit of open files may be too low: %v", err)
			return
		}
		for _, filesOnly := range []bool{false, true} {
			s := collectHere(t, filesOnly)
			owned := 0
			for _, l := range s.Listeners {
				if slices.Equal(l.PIDs, []int{os.Getpid()}) {
					owned++
				}
			}
			if len(s.Listeners) != 3000 || owned != 3000 {
				t.Errorf("%d listeners by %s, %d with this process as their owner; want 3000", len(s.Listeners), s.Source, owned)
			}
		}
	})
}

func BenchmarkCollect(b *testing.B) {
	for _, n := range []int{0, 3000} {
		for _, source := range []string{"sock_diag", "proc"} {
			b.Run(fmt.Sprintf("%s-%d", source, n), func(b *testing.B) {
				inNamespace(b, func() {
					closeAll, err := manyListeners(n)
					defer closeAll()
					if err != nil {
						b.Error(err)
						return
					}
					b.ReportAllocs()
					for b.Loop() {
						if s := collectHere(b, source == "proc"); len(s.Listeners) != n {
							b.Errorf("%d listeners, want %d", len(s.Listeners), n)
							return
						}
					}
				})
			})
		}
	}
}
