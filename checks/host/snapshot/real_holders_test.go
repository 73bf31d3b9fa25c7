package snapshot_test

import (
	"os"
	"path/filepath"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// holderArrangements: unusual ways to hold a socket, and unusual processes.
func holderArrangements() []arrangement {
	return []arrangement{
		{
			name: "reuseport-wide-and-narrow",
			actors: []actor{
				{name: "wide", opens: []string{"tcp 0.0.0.0:80 reuseport", "tcp [::]:80 v6only reuseport"}},
				{name: "narrow", opens: []string{"tcp 127.0.0.1:80 reuseport", "tcp [::1]:80 reuseport"}},
			},
			want: []row{
				{Proto: "tcp", Addr: "0.0.0.0", Port: 80, Scope: everywhere, Owners: "wide"},
				{Proto: "tcp", Addr: "127.0.0.1", Port: 80, Scope: loopback, Owners: "narrow"},
				{Proto: "tcp", Addr: "::", Port: 80, Scope: everywhere, V6: only, Owners: "wide"},
				{Proto: "tcp", Addr: "::1", Port: 80, Scope: loopback, V6: only, Owners: "narrow"},
			},
		},
		{
			name: "among-many-descriptors",
			actors: []actor{{name: "server", do: func(a *act) {
				const many = 3000
				limit := unix.Rlimit{Cur: many + 100, Max: many + 100}
				a.must("limit", unix.Setrlimit(unix.RLIMIT_NOFILE, &limit))
				null, err := unix.Open("/dev/null", unix.O_RDONLY|unix.O_CLOEXEC, 0)
				a.must("null", err)
				for fd := 100; fd < many; fd += 2 { // with gaps
					a.must("dup", unix.Dup3(null, fd, unix.O_CLOEXEC))
				}
				fd := a.open(onWeb)
				a.must("dup", unix.Dup3(fd, many, unix.O_CLOEXEC))
				a.must("close", unix.Close(fd))
				a.fds = nil
			}}},
			want: []row{web("server")},
		},
		{
			// No descriptor leads to it, and the kernel serves on it.
			name: "registered-with-io_uring",
			actors: []actor{{name: "server", opens: []string{onWeb}, do: func(a *act) {
				var params [120]byte // struct io_uring_params
				ring, _, errno := unix.Syscall(unix.SYS_IO_URING_SETUP, 1, uintptr(unsafe.Pointer(&params)), 0)
				if errno != 0 {
					a.cannot("no io_uring: " + errno.Error())
				}
				const registerFiles = 2 // IORING_REGISTER_FILES
				fds := [1]int32{int32(a.fds[0])}
				if _, _, errno = unix.Syscall6(unix.SYS_IO_URING_REGISTER, ring, registerFiles, uintptr(unsafe.Pointer(&fds)), 1, 0, 0); errno != 0 {
					a.must("register", errno)
				}
				a.closeAll()
			}}},
			want: []row{withGroup(web(""), "system.slice/server.service")},
		},
		{
			name:   "stopped",
			actors: []actor{{name: "server", opens: []string{onWeb}}},
			after: func(a *act) {
				a.must("stop", unix.Kill(a.reports[0].PID, unix.SIGSTOP))
			},
			want: []row{web("server")},
		},
		{
			// As an ordinary user's container engine does: root in there is user 100000.
			name: "user-namespace",
			actors: []actor{{
				name: "rootless", rootless: 100000, unit: "init.scope",
				clone: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID, opens: []string{onWeb},
			}},
			want: []row{{Net: "rootless", Proto: "tcp", Addr: "0.0.0.0", Port: 80, Scope: everywhere, Owners: "rootless", UID: 100000}},
		},
		{
			name: "mount-namespace-with-the-same-root",
			actors: []actor{{name: "private", clone: syscall.CLONE_NEWNS, opens: []string{onWeb}, do: func(a *act) {
				a.must("mount", unix.Mount("tmp", "/mnt", "tmpfs", 0, ""))
			}}},
			want: []row{web("private")},
		},
		{
			name: "program-replaced",
			actors: []actor{{name: "upgraded", opens: []string{onWeb}, deleted: true, do: func(a *act) {
				self, err := os.Executable()
				a.must("program", err)
				a.removeProgram()
				a.must("new program", os.Link(filepath.Join(filepath.Dir(self), initName), self))
			}}},
			want: []row{web("upgraded")},
		},
	}
}
