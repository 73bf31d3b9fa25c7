package snapshot

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"
)

// protoMPTCP is IPPROTO_MPTCP of include/uapi/linux/in.h.
const protoMPTCP = 262

// openProto is open for other protocols.
func openProto(kind, proto, port int, prepare func(fd int) error) (fd int, err error) {
	if fd, err = unix.Socket(unix.AF_INET, kind|unix.SOCK_CLOEXEC, proto); err != nil {
		return -1, err
	}
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
	if prepare != nil && err == nil {
		err = prepare(fd)
	}
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrInet4{Port: port})
	}
	if err == nil && kind == unix.SOCK_STREAM {
		err = unix.Listen(fd, 1)
	}
	return fd, err
}

// told is what the tests below compare of a listener.
type told struct {
	Proto, Addr, Interface string
	Port                   uint16
	Sockets, Owners        int
	Scope                  string
}

func toldOf(list []Listener) (rows []told) {
	for _, l := range list {
		rows = append(rows, told{l.Proto, l.Addr.String(), l.Interface, l.Port, len(l.Inodes), len(l.PIDs), l.Scope().String()})
	}
	return rows
}

func TestLiveDevices(t *testing.T) {
	inNamespace(t, func() {
		toLo := func(fd int) error { return unix.SetsockoptString(fd, unix.SOL_SOCKET, unix.SO_BINDTODEVICE, "lo") }
		for _, prepare := range []func(int) error{nil, toLo, toLo} {
			fd, err := openProto(unix.SOCK_DGRAM, 0, 53, prepare)
			if err != nil {
				t.Error(err)
				return
			}
			defer unix.Close(fd)
		}
		s := collectHere(t, false)
		if s.Source != "sock_diag" {
			t.Logf("sock_diag cannot be asked here; read by %s, which tells no devices", s.Source)
			return
		}
		want := []told{
			{"udp", "0.0.0.0", "", 53, 1, 1, "everywhere"},
			{"udp", "0.0.0.0", "lo", 53, 2, 1, "loopback"},
		}
		if diff := cmp.Diff(want, toldOf(s.Listeners)); diff != "" {
			t.Error(diff)
		}
		d := &diagSocket{fd: -1}
		defer d.close()
		if name := d.deviceName(99999); name != "if 99999" {
			t.Errorf("a device that is not there: %q", name)
		}
	})
}

func TestLiveMPTCP(t *testing.T) {
	inNamespace(t, func() {
		fd, err := openProto(unix.SOCK_STREAM, protoMPTCP, 7001, nil)
		if errors.Is(err, unix.EPROTONOSUPPORT) || errors.Is(err, unix.ENOPROTOOPT) || errors.Is(err, unix.EOPNOTSUPP) {
			t.Logf("not tested: this kernel has no MPTCP: %v", err)
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		defer unix.Close(fd)
		for _, filesOnly := range []bool{false, true} {
			s := collectHere(t, filesOnly)
			if diff := cmp.Diff([]told{{"tcp", "0.0.0.0", "", 7001, 1, 1, "everywhere"}}, toldOf(s.Listeners)); diff != "" {
				t.Errorf("by %s:\n%s", s.Source, diff)
			}
		}
	})
}

func TestLiveUDPLite(t *testing.T) {
	inNamespace(t, func() {
		fd, err := openProto(unix.SOCK_DGRAM, protoUDPLite, 7002, nil)
		if errors.Is(err, unix.EPROTONOSUPPORT) {
			t.Logf("not tested: this kernel has no UDP-Lite: %v", err)
			return
		}
		if err != nil {
			t.Error(err)
			return
		}
		defer unix.Close(fd)
		for _, filesOnly := range []bool{false, true} {
			s := collectHere(t, filesOnly)
			if diff := cmp.Diff([]told{{"udplite", "0.0.0.0", "", 7002, 1, 1, "everywhere"}}, toldOf(s.Listeners)); diff != "" {
				t.Errorf("by %s:\n%s", s.Source, diff)
			}
		}
	})
}

// An abstract name that holds a whole row of /proc/net/unix shows one socket, not two.
func TestLiveForgedUnixRow(t *testing.T) {
	inNamespace(t, func() {
		name := "@x\n" + unixLine(acceptcon, 1, 99999, " /run/forged.sock")
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err == nil {
			err = unix.Bind(fd, &unix.SockaddrUnix{Name: name})
		}
		if err == nil {
			err = unix.Listen(fd, 1)
		}
		if err != nil {
			t.Error(err)
			return
		}
		defer unix.Close(fd)
		c := newCollector(Options{})
		if !c.diagAllowed("unix_diag") {
			t.Log("not tested: unix_diag cannot be asked here without loading a module")
			return
		}
		s := collectHere(t, false)
		if len(s.Unix) != 1 || s.Unix[0].Path != name || len(s.Unix[0].PIDs) != 1 {
			t.Errorf("unix sockets %+v", s.Unix)
		}
	})
}

// Both roads to the name of a socket's control group, in a group made for it.
func TestLiveCgroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: a control group cannot be made")
	}
	c := newCollector(Options{})
	c.identify()
	c.findSpaces(t.Context(), nil)
	if c.cgroup2.point == "" {
		t.Skip("no cgroup2 is mounted")
	}
	group := fmt.Sprintf("snapshot-test-%d", os.Getpid())
	dir := filepath.Join(c.cgroup2.point, group)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Skipf("a control group cannot be made: %v", err)
	}
	defer os.Remove(dir)
	mount, err := unix.Open(c.cgroup2.point, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(mount)
	var st unix.Stat_t
	if err := unix.Stat(dir, &st); err != nil {
		t.Fatal(err)
	}
	want := strings.TrimSuffix(c.cgroup2.root, "/") + "/" + group
	if got, err := c.cgroupByID(mount, st.Ino); got != want || err != nil {
		t.Errorf("by handle: %q, %v; want %q", got, err, want)
	}
	processes := []Process{{PID: 1, Cgroup: ""}, {PID: 2, Cgroup: "/../" + group}, {PID: 3, Cgroup: want}, {PID: 4, Cgroup: want + "/none"}}
	got := c.cgroupsOf(mount, processes, []uint64{1, st.Ino})
	if diff := cmp.Diff(map[uint64]string{st.Ino: want}, got); diff != "" {
		t.Errorf("by the processes' groups:\n%s", diff)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if got, err := c.cgroupByID(mount, st.Ino); got != "" {
		t.Errorf("a group that was removed: %q, %v", got, err)
	}
}

// Sockets of one address and port are one listener; its group is told when all agree.
func TestMergedCgroup(t *testing.T) {
	row := func(inode, cgroup uint64) socketRow {
		return socketRow{proto: "tcp", addr: netip.IPv4Unspecified(), port: 80, inode: inode, cgroup: cgroup}
	}
	names := map[uint64]string{7: "/a", 8: "/b"}
	for _, tc := range []struct {
		name string
		ids  []uint64
		want string
	}{
		{"agree", []uint64{7, 7}, "/a"},
		{"differ", []uint64{7, 8, 7}, ""},
		{"one-unknown", []uint64{7, 0}, ""},
		{"first-unknown", []uint64{9, 7}, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var rows []socketRow
			for i, id := range tc.ids {
				rows = append(rows, row(uint64(i)+1, id))
			}
			got := listeners(rows, nil, names, false)
			if len(got) != 1 || got[0].Cgroup != tc.want || len(got[0].Inodes) != len(tc.ids) {
				t.Errorf("listeners %+v, want one of group %q", got, tc.want)
			}
		})
	}
}

// A listener on a high number behind gaps has its owner, and a process whose
// descriptors were all looked at by number is not listed as well.
func TestLiveDescriptorGaps(t *testing.T) {
	inNamespace(t, func() {
		fd, err := open(unix.SOCK_STREAM, "127.0.0.1", 7003, false, false)
		if err != nil {
			t.Error(err)
			return
		}
		var limit unix.Rlimit
		_ = unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
		high := int(min(limit.Cur, 20000)) - 1
		if err := unix.Dup3(fd, high, unix.O_CLOEXEC); err != nil {
			t.Error(err)
			return
		}
		unix.Close(fd)
		defer unix.Close(high)
		s := collectHere(t, false)
		if len(s.Listeners) != 1 || !slices.Equal(s.Listeners[0].PIDs, []int{os.Getpid()}) {
			t.Errorf("listeners %+v", s.Listeners)
		}
	})
}
