package snapshot_test

import (
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// netArrangements: sockets of other network namespaces.
func netArrangements() []arrangement {
	// enter does something in the network namespace with that name.
	enter := func(a *act, name string, do func()) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		ours, err := unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		a.must("own namespace", err)
		defer unix.Close(ours)
		fd, err := unix.Open("/run/netns/"+name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
		a.must("namespace", err)
		defer unix.Close(fd)
		a.must("enter", unix.Setns(fd, unix.CLONE_NEWNET))
		do()
		a.must("leave", unix.Setns(ours, unix.CLONE_NEWNET))
	}
	return []arrangement{
		{
			name: "other-namespace",
			actors: []actor{
				{name: "server", opens: []string{onWeb}},
				{name: "boxed", clone: syscall.CLONE_NEWNET, opens: []string{onWeb, "tcp [::]:81 dual", "udp 127.0.0.1:53"}},
			},
			want: []row{
				web("server"),
				{Net: "boxed", Proto: "tcp", Addr: "0.0.0.0", Port: 80, Scope: everywhere, Owners: "boxed"},
				{Net: "boxed", Proto: "tcp", Addr: "::", Port: 81, Scope: everywhere, V6: dual, Owners: "boxed"},
				{Net: "boxed", Proto: "udp", Addr: "127.0.0.1", Port: 53, Scope: loopback, Owners: "boxed"},
			},
		},
		{
			name: "container-like",
			actors: []actor{
				{
					name: "runtime", clone: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWIPC | syscall.CLONE_NEWUTS,
					unit:  "system.slice/docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope",
					opens: []string{onWeb}, do: func(a *act) { a.start("worker") },
				},
				{
					name: "worker", child: true,
					unit: "system.slice/docker-0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef.scope",
				},
			},
			want: []row{{Net: "runtime", Proto: "tcp", Addr: "0.0.0.0", Port: 80, Scope: everywhere, Owners: "runtime worker"}},
		},
		{
			// The socket stays where it was made.
			name: "left-after-bind",
			actors: []actor{{name: "leaver", opens: []string{onWeb}, do: func(a *act) {
				a.must("unshare", unix.Unshare(unix.CLONE_NEWNET))
			}}},
			want: []row{web("leaver")},
		},
		{
			name:  "named-namespace-entered-to-bind",
			setup: func(a *act) { a.device("netns add blue\n") },
			actors: []actor{{name: "visitor", do: func(a *act) {
				enter(a, "blue", func() { a.open("tcp [::]:80 v6only") })
			}}},
			want: []row{{Net: "blue", Proto: "tcp", Addr: "::", Port: 80, Scope: everywhere, V6: only, Owners: "visitor"}},
		},
		{
			name: "named-namespace-without-process",
			setup: func(a *act) {
				a.device("netns add blue\n")
				enter(a, "blue", func() {
					a.device("link add vx0 type vxlan id 1 dstport 4789\nlink set vx0 up\nlink set lo up\n")
				})
			},
			want: []row{{Net: "blue", Proto: "udp", Addr: "0.0.0.0", Port: 4789, Scope: everywhere, Group: "init.scope"}},
		},
		{
			name: "one-socket-in-each-of-two",
			actors: []actor{
				{name: "first", opens: []string{onWeb}, do: func(a *act) { a.start("second") }},
				{name: "second", child: true, clone: syscall.CLONE_NEWNET, opens: []string{onWeb}},
			},
			want: []row{
				web("first second"),
				{Net: "second", Proto: "tcp", Addr: "0.0.0.0", Port: 80, Scope: everywhere, Owners: "second"},
			},
		},
	}
}

// unitArrangements: control groups and the units they name.
func unitArrangements() []arrangement {
	return []arrangement{
		{
			name: "units",
			actors: []actor{
				{name: "plain", opens: []string{"tcp 0.0.0.0:1"}, unit: "system.slice/ssh.service"},
				{name: "instance", opens: []string{"tcp 0.0.0.0:2"}, unit: "system.slice/system-openvpn.slice/openvpn@office.service"},
				{name: "scope", opens: []string{"tcp 0.0.0.0:3"}, unit: "user.slice/user-1000.slice/session-3.scope"},
				{name: "user", opens: []string{"tcp 0.0.0.0:4"}, unit: "user.slice/user-1000.slice/user@1000.service/app.slice/web.service"},
				{name: "below", opens: []string{"tcp 0.0.0.0:5"}, unit: "system.slice/web.service/worker/1"},
			},
			want: []row{
				{Proto: "tcp", Addr: "0.0.0.0", Port: 1, Scope: everywhere, Owners: "plain"},
				{Proto: "tcp", Addr: "0.0.0.0", Port: 2, Scope: everywhere, Owners: "instance"},
				{Proto: "tcp", Addr: "0.0.0.0", Port: 3, Scope: everywhere, Owners: "scope"},
				{Proto: "tcp", Addr: "0.0.0.0", Port: 4, Scope: everywhere, Owners: "user"},
				{Proto: "tcp", Addr: "0.0.0.0", Port: 5, Scope: everywhere, Owners: "below"},
			},
		},
		{
			name: "moved-after-bind",
			actors: []actor{{name: "server", unit: "system.slice/new.service", do: func(a *act) {
				a.must("group", a.join("system.slice/old.service"))
				a.open(onWeb)
				a.must("group", a.join(a.actor.group()))
			}}},
			want: []row{withGroup(web("server"), "system.slice/old.service")},
		},
		{
			name: "group-removed",
			actors: []actor{{name: "server", do: func(a *act) {
				a.must("group", a.join("system.slice/short.service"))
				a.open(onWeb)
				a.must("group", a.join(a.actor.group()))
				a.removeGroup("system.slice/short.service")
			}}},
			want: []row{withGroup(web("server"), none)},
		},
	}
}

// userArrangements are looked at by an ordinary user, too.
func userArrangements() []arrangement {
	a := arrangement{
		name: "ordinary-user", asUser: true,
		setup: func(a *act) {
			a.open("tcp [::]:22 dual")
			a.device("link add vx0 type vxlan id 1 dstport 4789\nlink set vx0 up\n")
		},
		actors: []actor{
			{name: "sshd", heir: true},
			{name: "server", opens: []string{"tcp 0.0.0.0:80", "tcp [::1]:81", "udp 127.0.0.53:53 dev=lo"}},
			{name: "mine", uid: ordinary, opens: []string{"tcp [::]:8080 v6only", "udp 0.0.0.0:8080"}},
			{name: "theirs", uid: 1000, opens: []string{"tcp 127.0.0.1:9000"}},
		},
		want: []row{
			{Proto: "tcp", Addr: "0.0.0.0", Port: 80, Scope: everywhere, Owners: "server"},
			{Proto: "tcp", Addr: "::", Port: 22, Scope: everywhere, V6: dual, Owners: "init sshd"},
			{Proto: "tcp", Addr: "::1", Port: 81, Scope: loopback, V6: only, Owners: "server"},
			{Proto: "udp", Addr: "127.0.0.53", Port: 53, Device: "lo", Scope: loopback, Owners: "server"},
			{Proto: "tcp", Addr: "::", Port: 8080, Scope: everywhere, V6: only, Owners: "mine", UID: ordinary},
			{Proto: "udp", Addr: "0.0.0.0", Port: 8080, Scope: everywhere, Owners: "mine", UID: ordinary},
			{Proto: "tcp", Addr: "127.0.0.1", Port: 9000, Scope: loopback, Owners: "theirs", UID: 1000},
			{Proto: "udp", Addr: "0.0.0.0", Port: 4789, Scope: everywhere, Group: "init.scope"},
		},
	}
	hiding := a
	hiding.name = "hidepid"
	hiding.after = func(a *act) {
		a.must("remount", unix.Mount("", "/proc", "", unix.MS_REMOUNT, "hidepid=2"))
	}
	// The name of a control group is found by way of processes, and these are hidden.
	// Only process 1 shares its group with the observer.
	hiding.userSees = func(r *row) {
		if r.Owners != "mine" && r.Group != "init.scope" {
			r.Group = ""
		}
	}
	return []arrangement{a, hiding}
}
