package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/tree"
)

const (
	id64    = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	other64 = "fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210"
)

// hostProcess is a process of the host itself.
func hostProcess(pid int) snapshot.Process {
	return snapshot.Process{PID: pid, PPID: 1, Start: uint64(pid), Comm: "x", NetNS: 1, MntNS: 1, PIDNS: 1, SameRoot: snapshot.Yes}
}

// away is a process with another root.
func away(pid int, inode uint64, edit func(*snapshot.Process)) snapshot.Process {
	p := hostProcess(pid)
	p.SameRoot, p.Root, p.Comm = snapshot.No, snapshot.Directory{Minor: 9, Inode: inode}, fmt.Sprintf("p%d", pid)
	edit(&p)
	return p
}

func tcp(addr string, port uint16, pids ...int) snapshot.Listener {
	return snapshot.Listener{Proto: "tcp", Addr: netip.MustParseAddr(addr), Port: port, PIDs: pids}
}

// groupsOf renders what would be opened, in order, and what would not.
func groupsOf(s *snapshot.Snapshot) string {
	o := &opener{h: &Host{Mode: Live, Snapshot: s}, proc: "/nowhere"}
	var b strings.Builder
	for _, g := range o.worth(o.groups()) {
		fmt.Fprintf(&b, "%s:", g.label())
		for _, p := range g.processes {
			fmt.Fprintf(&b, " %d", p.PID)
		}
		b.WriteByte('\n')
	}
	_, guests := o.seal(nil)
	for _, m := range guests {
		fmt.Fprintf(&b, "not %d %v\n", m.PID, m.Err)
	}
	return b.String()
}

func TestContainerGroups(t *testing.T) {
	own := func(ns uint64) func(*snapshot.Process) {
		return func(p *snapshot.Process) { p.MntNS, p.PIDNS, p.NetNS = ns, ns, ns }
	}
	inGroup := func(cgroup string) func(*snapshot.Process) {
		return func(p *snapshot.Process) { p.MntNS, p.Cgroup = 7, cgroup }
	}
	docker := "/system.slice/docker-" + id64 + ".scope"
	for _, test := range []struct {
		name       string
		processes  []snapshot.Process
		listeners  []snapshot.Listener
		namespaces []snapshot.Namespace
		want       string
	}{
		{name: "nothing"},
		{
			name:      "chroot-in-the-host's-mounts", // sshd's child in /run/sshd, BIND, postfix, vsftpd
			processes: []snapshot.Process{away(20, 5, func(*snapshot.Process) {})},
			listeners: []snapshot.Listener{tcp("0.0.0.0", 53, 20)},
		},
		{
			name: "vsftpd-session-with-namespaces",
			processes: []snapshot.Process{away(20, 5, func(p *snapshot.Process) {
				p.PIDNS, p.NetNS = 8, 8
			})},
			namespaces: []snapshot.Namespace{{Inode: 8, Listeners: []snapshot.Listener{tcp("0.0.0.0", 21)}}},
		},
		{
			name: "chroot-in-a-service-with-PrivateTmp",
			processes: []snapshot.Process{
				func() snapshot.Process { p := hostProcess(20); p.MntNS = 4; return p }(),
				away(21, 5, func(p *snapshot.Process) { p.MntNS = 4 }),
			},
			listeners: []snapshot.Listener{tcp("0.0.0.0", 53, 21)},
		},
		{
			name: "service-with-RootDirectory",
			processes: []snapshot.Process{
				away(20, 5, inGroup("/system.slice/www.service")),
				away(21, 6, inGroup("/system.slice/quiet.service")),
			},
			listeners: []snapshot.Listener{tcp("0.0.0.0", 80, 20)},
			want:      "not 20 www.service: a service with a root directory of its own\n",
		},
		{
			name:      "docker-without-listener",
			processes: []snapshot.Process{away(30, 5, inGroup(docker)), away(20, 5, inGroup(docker))},
			want:      "container 0123456789ab: 20 30\n",
		},
		{
			name: "docker-of-the-host's-pid-and-net",
			processes: []snapshot.Process{
				away(20, 5, inGroup(docker)), away(30, 6, inGroup("/docker/"+other64)),
				away(31, 6, inGroup("/docker/"+other64+"/child")),
			},
			listeners: []snapshot.Listener{tcp("0.0.0.0", 80, 31)},
			want:      "container fedcba987654: 30 31\ncontainer 0123456789ab: 20\n",
		},
		{
			name: "one-root-two-containers",
			processes: []snapshot.Process{
				away(20, 5, inGroup("/lxc.payload.a")), away(21, 5, inGroup("/lxc.payload.b/x.scope")),
			},
			want: "container a: 20\ncontainer b: 21\n",
		},
		{
			name: "moved-to-another-cgroup",
			processes: []snapshot.Process{
				away(20, 5, inGroup("/lxc.payload.a")), away(19, 5, inGroup("/user.slice/session-1.scope")),
			},
			want: "container a: 19 20\n",
		},
		{
			name: "chrooted-in-a-container", // sshd's child, a service with RootDirectory=, and a container in the container
			processes: []snapshot.Process{
				away(20, 5, inGroup(docker)), away(30, 6, inGroup(docker)),
				away(31, 7, func(p *snapshot.Process) { inGroup(docker + "/system.slice/x.service")(p); p.MntNS = 8 }),
				away(32, 8, func(p *snapshot.Process) { inGroup("/user.slice/session-1.scope")(p) }),
				away(33, 9, func(p *snapshot.Process) { inGroup(docker + "/docker/" + other64)(p); p.MntNS, p.PIDNS = 9, 9 }),
			},
			want: "container 0123456789ab: 20 30 31 32\ncontainer fedcba987654: 33\n",
		},
		{
			name:      "no-engine-silent",
			processes: []snapshot.Process{away(20, 5, own(8))},
		},
		{
			name:       "no-engine-listens",
			processes:  []snapshot.Process{away(20, 5, own(8)), away(25, 5, own(8))},
			namespaces: []snapshot.Namespace{{Inode: 8, Listeners: []snapshot.Listener{tcp("0.0.0.0", 80, 25)}}},
			want:       "p20: 20 25\n",
		},
		{
			name: "started-by-unshare",
			processes: []snapshot.Process{
				away(20, 5, func(p *snapshot.Process) { p.MntNS, p.NetNS = 8, 8 }), away(25, 5, own(8)),
			},
			namespaces: []snapshot.Namespace{{Inode: 8, Listeners: []snapshot.Listener{tcp("0.0.0.0", 80, 25)}}},
			want:       "p25: 25 20\n",
		},
		{
			name:       "no-engine-owner-unseen",
			processes:  []snapshot.Process{away(20, 5, own(8))},
			namespaces: []snapshot.Namespace{{Inode: 8, Listeners: []snapshot.Listener{tcp("0.0.0.0", 80)}}},
			want:       "p20: 20\n",
		},
		{
			name: "root-not-identified",
			processes: []snapshot.Process{
				away(20, 0, func(p *snapshot.Process) { p.Root = snapshot.Directory{}; inGroup("/lxc.payload.a")(p) }),
				away(21, 0, func(p *snapshot.Process) {
					p.Root = snapshot.Directory{}
					inGroup("/lxc.payload.b")(p)
					p.MntNS = 8
				}),
			},
			want: "container a: 20\ncontainer b: 21\n",
		},
		{
			name: "unreadable",
			processes: []snapshot.Process{
				away(20, 5, func(p *snapshot.Process) { inGroup(docker)(p); p.SameRoot = snapshot.Unknown }),
				away(21, 5, func(p *snapshot.Process) { inGroup(docker)(p); p.SameRoot = snapshot.Unknown }),
				away(22, 5, func(p *snapshot.Process) { p.SameRoot = snapshot.Unknown }),
			},
			want: "not 20 container 0123456789ab: permission denied\n",
		},
		{
			name: "what-a-user-named-comes-last",
			processes: []snapshot.Process{
				away(20, 5, inGroup("/user.slice/user-1000.slice/user@1000.service/docker-"+id64+".scope")),
				away(21, 6, inGroup("/docker/"+other64)),
			},
			want: "container fedcba987654: 21\ncontainer 0123456789ab: 20\n",
		},
		{
			name: "auditor-in-a-container-that-sees-the-host",
			processes: []snapshot.Process{
				away(20, 5, func(*snapshot.Process) {}),
				away(21, 5, func(p *snapshot.Process) { p.MntNS = 9 }),
			},
			listeners: []snapshot.Listener{tcp("0.0.0.0", 80, 20, 21)},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			first := hostProcess(1)
			if strings.HasPrefix(test.name, "auditor-in-a-container") {
				first.SameRoot, first.Root = snapshot.No, snapshot.Directory{Minor: 9, Inode: 5}
			}
			got := groupsOf(&snapshot.Snapshot{
				NetNS: 1, Processes: append([]snapshot.Process{first}, test.processes...),
				Listeners: test.listeners, Namespaces: test.namespaces,
			})
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestContainerPart: a container's snapshot is what is its own and nothing else's.
func TestContainerPart(t *testing.T) {
	group := []snapshot.Process{
		away(30, 5, func(p *snapshot.Process) { p.NetNS = 8 }), away(20, 5, func(p *snapshot.Process) { p.NetNS = 8 }),
	}
	missing := []snapshot.Missing{
		{What: snapshot.PartOwners, PID: 20, Err: fs.ErrPermission},
		{What: snapshot.PartOwners, PID: 99, Err: fs.ErrPermission},
		{What: snapshot.PartTCP, Err: fs.ErrPermission},
	}
	s := &snapshot.Snapshot{
		NetNS: 1, Boot: 5, Processes: append([]snapshot.Process{hostProcess(1)}, group...), Missing: missing,
		Listeners: []snapshot.Listener{tcp("0.0.0.0", 80, 1), tcp("0.0.0.0", 81)},
		Unix:      []snapshot.UnixSocket{{Path: "/a", PIDs: []int{20}}, {Path: "/b", PIDs: []int{1}}},
		Namespaces: []snapshot.Namespace{{
			Inode: 8, Source: "sock_diag", Ephemeral: snapshot.PortRange{Low: 1, High: 2},
			Listeners: []snapshot.Listener{tcp("0.0.0.0", 22, 30), tcp("127.0.0.11", 53, 1), tcp("::", 90)},
		}},
	}
	t.Run("own-network", func(t *testing.T) {
		want := &snapshot.Snapshot{
			NetNS: 8, Boot: 5, Source: "sock_diag", Ephemeral: snapshot.PortRange{Low: 1, High: 2},
			Listeners: []snapshot.Listener{tcp("0.0.0.0", 22, 30), tcp("::", 90)},
			Unix:      []snapshot.UnixSocket{{Path: "/a", PIDs: []int{20}}},
			Missing:   missing[:1],
		}
		got := part(s, group)
		if len(got.Processes) != 2 || got.Processes[0].PID != 20 || got.Processes[0].SameRoot != snapshot.Yes || got.Processes[1].PID != 30 {
			t.Errorf("processes %+v", got.Processes)
		}
		got.Processes = nil
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b }), cmp.Comparer(func(a, b error) bool { return errors.Is(a, b) })); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("host's-network", func(t *testing.T) {
		for i := range group {
			group[i].NetNS = 1
		}
		s.Listeners = append(s.Listeners, tcp("0.0.0.0", 2222, 30))
		got := part(s, group)
		if len(got.Listeners) != 1 || got.Listeners[0].Port != 2222 {
			t.Errorf("listeners %+v", got.Listeners)
		}
		if _, found := got.MissingPart(snapshot.PartTCP); !found {
			t.Error("the host's missing listeners are not the container's")
		}
	})
	t.Run("chrooted-inside", func(t *testing.T) {
		inner := away(40, 6, func(*snapshot.Process) {})
		got := part(s, append(group, inner))
		if p, _ := got.Process(40); p.SameRoot != snapshot.No || p.Root != inner.Root {
			t.Errorf("%+v", p)
		}
	})
	t.Run("network-not-looked-at", func(t *testing.T) {
		group[0].NetNS = 77
		got := part(s, group[:1])
		if _, found := got.MissingPart(snapshot.PartTCP); !found || len(got.Listeners) > 0 {
			t.Errorf("%+v", got)
		}
	})
}

func TestStartTime(t *testing.T) {
	for stat, want := range map[string]uint64{
		"1 (a) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 42 0 0":        42,
		"1 (a) b) (S) 0) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 43 ": 43,
	} {
		if got, ok := startTime(stat); got != want || !ok {
			t.Errorf("%q: %d, %v", stat, got, ok)
		}
	}
	for _, stat := range []string{"", "1", "1 (a) S 0", "1 (a) S 0 1 1 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 x 0"} {
		if got, ok := startTime(stat); ok {
			t.Errorf("%q: %d", stat, got)
		}
	}
}

// TestContainersSealed: what comes after the seal is closed and not kept.
func TestContainersSealed(t *testing.T) {
	src, err := tree.NewMapSource(nil)
	if err != nil {
		t.Fatal(err)
	}
	o := &opener{h: &Host{}}
	one := &Container{Name: "web", ID: "b", Host: New(Live, tree.New(src, tree.Options{}))}
	two := &Container{Name: "web", ID: "a", Host: New(Live, tree.New(src, tree.Options{}))}
	o.keep(one)
	o.keep(two)
	list, guests := o.seal(context.DeadlineExceeded)
	o.keep(&Container{Name: "late", Host: New(Live, tree.New(src, tree.Options{}))})
	if len(list) != 2 || list[0] != two || list[0].Name != "web" || list[1].Name != "web (2)" || len(o.containers) != 2 {
		t.Errorf("%+v", list)
	}
	if len(guests) != 1 || !errors.Is(guests[0].Err, context.DeadlineExceeded) {
		t.Errorf("%+v", guests)
	}
}
