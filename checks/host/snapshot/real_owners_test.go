package snapshot_test

import (
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// web is the row of the one listener of many arrangements.
func web(owners string) row {
	return row{Proto: "tcp", Addr: "0.0.0.0", Port: 80, Scope: everywhere, Owners: owners}
}

const onWeb = "tcp 0.0.0.0:80"

// ownerArrangements: who holds a socket.
func ownerArrangements() []arrangement {
	return []arrangement{
		{
			name: "fork-shared",
			actors: []actor{
				{name: "master", opens: []string{onWeb}, do: func(a *act) { a.start("worker1"); a.start("worker2") }},
				{name: "worker1", child: true, unit: "system.slice/master.service"},
				{name: "worker2", child: true, unit: "system.slice/master.service"},
			},
			want: []row{web("master worker1 worker2")},
		},
		{
			name: "parent-died",
			actors: []actor{
				{name: "parent", opens: []string{onWeb}, do: func(a *act) { a.start("child") }, gone: true},
				{name: "child", child: true, unit: "system.slice/parent.service"},
			},
			want: []row{web("child")},
		},
		{
			name: "parent-closed-it",
			actors: []actor{
				{name: "parent", opens: []string{onWeb}, do: func(a *act) { a.start("child"); a.closeAll() }},
				{name: "child", child: true},
			},
			want: []row{withGroup(web("child"), "system.slice/parent.service")},
		},
		{
			name: "duplicated-descriptors",
			actors: []actor{{name: "server", opens: []string{onWeb}, do: func(a *act) {
				for range 5 {
					_, err := unix.FcntlInt(uintptr(a.fds[0]), unix.F_DUPFD_CLOEXEC, 0)
					a.must("dup", err)
				}
			}}},
			want: []row{web("server")},
		},
		{
			name: "reuseport-two-processes",
			actors: []actor{
				{name: "server1", opens: []string{onWeb + " reuseport"}, unit: "system.slice/server.service"},
				{name: "server2", opens: []string{onWeb + " reuseport"}, unit: "system.slice/server.service"},
			},
			want: []row{{Proto: "tcp", Addr: "0.0.0.0", Port: 80, Scope: everywhere, Owners: "server1 server2", Sockets: 2}},
		},
		{
			name: "reuseport-one-process",
			actors: []actor{{name: "server", opens: []string{
				"udp [::]:53 v6only reuseport", "udp [::]:53 v6only reuseport", "udp [::]:53 v6only reuseport",
			}}},
			want: []row{{Proto: "udp", Addr: "::", Port: 53, Scope: everywhere, V6: only, Owners: "server", Sockets: 3}},
		},
		{
			name: "reuseport-dual-and-v6only",
			actors: []actor{
				{name: "server1", opens: []string{"tcp [::]:80 v6only reuseport"}, unit: "system.slice/server.service"},
				{name: "server2", opens: []string{"tcp [::]:80 dual reuseport"}, unit: "system.slice/server.service"},
			},
			want: []row{{Proto: "tcp", Addr: "::", Port: 80, Scope: everywhere, V6: dual, Owners: "server1 server2", Sockets: 2}},
		},
		{
			// The kernel lets one user only share; fchown(2) of a socket changes whose it is.
			name: "reuseport-different-users",
			actors: []actor{
				{name: "server1", opens: []string{onWeb + " reuseport"}},
				{name: "server2", opens: []string{onWeb + " reuseport"}, do: func(a *act) {
					a.must("fchown", unix.Fchown(a.fds[0], 1000, 1000))
				}},
			},
			want: []row{{Proto: "tcp", Addr: "0.0.0.0", Port: 80, Scope: everywhere, Owners: "server1 server2", UID: mixed, Sockets: 2, Group: none}},
		},
		{
			name: "chowned",
			actors: []actor{{name: "server", opens: []string{onWeb}, do: func(a *act) {
				a.must("fchown", unix.Fchown(a.fds[0], 1000, 1000))
			}}},
			want: []row{{Proto: "tcp", Addr: "0.0.0.0", Port: 80, Scope: everywhere, Owners: "server", UID: 1000}},
		},
		{
			name: "descriptor-in-flight",
			actors: []actor{{name: "sender", opens: []string{onWeb}, do: func(a *act) {
				pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
				a.must("socketpair", err)
				a.must("send", unix.Sendmsg(pair[0], []byte("x"), unix.UnixRights(a.fds...), nil, 0))
				a.closeAll()
			}}},
			want: []row{withGroup(web(""), "system.slice/sender.service")},
		},
		{
			name: "descriptor-received",
			actors: []actor{
				{name: "sender", opens: []string{onWeb}, do: func(a *act) {
					pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
					a.must("socketpair", err)
					a.must("send", unix.Sendmsg(pair[0], []byte("x"), unix.UnixRights(a.fds...), nil, 0))
					a.closeAll()
					a.fds = pair[1:]
					a.start("receiver")
				}},
				{name: "receiver", child: true, do: func(a *act) {
					oob := make([]byte, 256)
					_, n, _, _, err := unix.Recvmsg(a.fds[0], make([]byte, 1), oob, unix.MSG_CMSG_CLOEXEC)
					a.must("receive", err)
					messages, err := unix.ParseSocketControlMessage(oob[:n])
					a.must("message", err)
					a.fds, err = unix.ParseUnixRights(&messages[0])
					a.must("descriptor", err)
				}},
			},
			want: []row{withGroup(web("receiver"), "system.slice/sender.service")},
		},
		{
			name:   "other-user",
			actors: []actor{{name: "server", uid: 1000, opens: []string{"tcp 0.0.0.0:8080"}}},
			want:   []row{{Proto: "tcp", Addr: "0.0.0.0", Port: 8080, Scope: everywhere, Owners: "server", UID: 1000}},
		},
		{
			// As web servers do: the socket is root's, the process no more.
			name:   "root-given-up-after-bind",
			actors: []actor{{name: "server", later: 33, opens: []string{onWeb}}},
			want:   []row{web("server")},
		},
		{
			name:   "first-thread-ended",
			actors: []actor{{name: "server", opens: []string{onWeb}, leaderEnds: true}},
			want:   []row{web("server")},
			// ss looks at the descriptors of first threads.
			ss: func(r *row) { r.Owners = "" },
		},
		{
			// A thread may have a table of descriptors of its own; neither Collect nor ss
			// looks there, so the socket stays and its owner is not known.
			name: "thread-with-its-own-descriptors",
			actors: []actor{{name: "server", do: func(a *act) {
				opened := make(chan error)
				go func() {
					runtime.LockOSThread()
					opened <- try(func() {
						a.must("unshare", unix.Unshare(unix.CLONE_FILES))
						a.open(onWeb)
						a.fds = nil
					})
					time.Sleep(time.Hour)
				}()
				a.must("thread", <-opened)
			}}},
			want: []row{withGroup(web(""), "system.slice/server.service")},
		},
		{
			name: "program-removed",
			actors: []actor{{name: "upgraded", opens: []string{onWeb}, deleted: true, do: func(a *act) {
				a.removeProgram()
			}}},
			want: []row{web("upgraded")},
		},
		{
			name: "chrooted",
			actors: []actor{{name: "jailed", opens: []string{onWeb}, chroot: true, do: func(a *act) {
				a.chrooted = hostPID()
				a.must("chroot", unix.Chroot("/run"))
				a.must("chdir", unix.Chdir("/"))
			}}},
			want: []row{web("jailed")},
		},
		{
			name:   "hostile-name",
			actors: []actor{{name: "server", comm: "x\",pid=1,fd=3", opens: []string{onWeb}}},
			want:   []row{web("server")},
		},
		{
			name: "child-in-another-pid-namespace",
			actors: []actor{
				{name: "parent", opens: []string{onWeb}, do: func(a *act) { a.start("boxed"); a.closeAll() }},
				{name: "boxed", child: true, clone: syscall.CLONE_NEWPID},
			},
			want: []row{withGroup(web("boxed"), "system.slice/parent.service")},
		},
		{
			name:   "pid1-socket",
			setup:  func(a *act) { a.open("tcp [::]:22 dual") },
			actors: []actor{{name: "other"}},
			want:   []row{{Proto: "tcp", Addr: "::", Port: 22, Scope: everywhere, V6: dual, Owners: initName}},
		},
		{
			name:   "pid1-socket-handed-on",
			setup:  func(a *act) { a.open("tcp [::]:22 dual") },
			actors: []actor{{name: "sshd", heir: true}},
			want:   []row{{Proto: "tcp", Addr: "::", Port: 22, Scope: everywhere, V6: dual, Owners: "init sshd"}},
		},
		{
			name:  "kernel-vxlan",
			setup: func(a *act) { a.device("link add vx0 type vxlan id 1 dstport 4789\nlink set vx0 up\n") },
			want:  []row{{Proto: "udp", Addr: "0.0.0.0", Port: 4789, Scope: everywhere, Group: "init.scope"}},
		},
		{
			name:  "kernel-wireguard",
			setup: func(a *act) { a.device("link add wg0 type wireguard\nlink set wg0 up\n") },
			want: []row{
				{Proto: "udp", Addr: "0.0.0.0", Scope: everywhere, Group: "init.scope"},
				{Proto: "udp", Addr: "::", Scope: everywhere, V6: only, Group: "init.scope"},
			},
		},
	}
}

func withGroup(r row, group string) row {
	r.Group = group
	return r
}
