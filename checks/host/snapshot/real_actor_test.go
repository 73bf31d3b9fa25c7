package snapshot_test

import (
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// actor is one process of an arrangement.
type actor struct {
	name    string   // of its program; at most 15 bytes
	unit    string   // its control group; "" = that of a service with its name
	uid     uint32   // its user from the start
	later   uint32   // its user at the end, where it gave rights up
	opens   []string // its sockets, see act.open
	do      func(*act)
	child   bool    // started by another actor, not by process 1; it gets that one's sockets
	heir    bool    // it gets the sockets of process 1
	clone   uintptr // namespaces it is started in
	gone    bool    // it ends when it has done that
	deleted bool    // its program is removed
	chroot  bool    // its root directory is another one
	comm    string  // a name it gives itself

	leaderEnds bool // its first thread ends, the others go on
	rootless   int  // which user root is in its new user namespace
}

// group is the control group of an actor below the branch.
func (p actor) group() string {
	switch {
	case p.unit != "":
		return p.unit
	case p.name == initName:
		return "init.scope"
	}
	return "system.slice/" + p.name + ".service"
}

// runsAs is the real user of the process when the picture is taken.
func (p actor) runsAs() uint32 {
	return cmp.Or(p.later, uint32(p.rootless), p.uid)
}

// cannotPrefix marks a cannotError in a report.
const cannotPrefix = "cannot: "

// Descriptors that every actor starts with.
const (
	reportFD    = 3
	inheritedFD = 4 // and following: the sockets
)

// inheritedVariable is the number of sockets an actor starts with.
const inheritedVariable = "HOSTAUDIT_SNAPSHOT_INHERITED"

// act is a running actor.
type act struct {
	arrangement arrangement
	actor       actor
	fds         []int    // its sockets
	reports     []report // of the actors it started
	chrooted    int      // its PID, where /proc is out of reach by now
}

func newAct(a arrangement, name string) *act {
	for _, p := range a.actors {
		if p.name == name {
			return &act{arrangement: a, actor: p}
		}
	}
	return &act{arrangement: a, actor: actor{name: name}}
}

// must ends what is being done.
func (a *act) must(what string, err error) {
	if err != nil {
		panic(fmt.Errorf("%s: %s: %w", a.actor.name, what, err))
	}
}

// cannot says that this machine cannot have the arrangement.
func (a *act) cannot(why string) { panic(cannotError{why}) }

// try returns what must and cannot ended.
func try(do func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case error:
			err = r
		default:
			err = fmt.Errorf("%v", r)
		}
	}()
	do()
	return nil
}

// beActor is the life of an actor.
func beActor(arrangement, name string) {
	onMainThread(func() {
		all, err := arrangementNamed(arrangement)
		a := newAct(all, name)
		if err == nil {
			err = try(a.play)
		}
		r := a.report()
		var cannot cannotError
		switch {
		case errors.As(err, &cannot):
			r.Error = cannotPrefix + cannot.Error()
		case err != nil:
			r.Error = err.Error()
		}
		if a.actor.leaderEnds && err == nil {
			go a.sendWithoutLeader(r)
			_, _, _ = unix.Syscall(unix.SYS_EXIT, 0, 0, 0) // this thread only
		}
		a.send(append(a.reports, r))
		if a.actor.gone || err != nil {
			os.Exit(0)
		}
	})
	for {
		time.Sleep(time.Hour) // process 1 ends it
	}
}

// onMainThread runs f on the first thread, whose namespaces are those of the process.
func onMainThread(f func()) {
	done := make(chan struct{})
	var enter func()
	enter = func() {
		runtime.LockOSThread()
		if unix.Gettid() == unix.Getpid() {
			f()
			close(done)
		} else {
			go enter() // while this thread is taken, another one runs it
		}
		<-done
	}
	enter()
}

func (a *act) play() {
	if os.Getenv(inheritedVariable) != "" {
		n, err := strconv.Atoi(os.Getenv(inheritedVariable))
		a.must("number of sockets", err)
		for i := range n {
			unix.CloseOnExec(inheritedFD + i)
			a.fds = append(a.fds, inheritedFD+i)
		}
	}
	if os.Getuid() == 0 && a.actor.uid != 0 {
		a.must("control group", a.join(a.actor.group()))
		a.become(int(a.actor.uid))
		// A process that gave up root may not be looked at by its user until it
		// starts a program.
		self, err := os.Executable()
		a.must("program", err)
		a.must("start", syscall.Exec(self, os.Args, os.Environ()))
	}
	unix.CloseOnExec(reportFD)
	if a.actor.uid == 0 && a.actor.rootless == 0 {
		a.must("control group", a.join(a.actor.group()))
	}
	if a.actor.comm != "" {
		a.must("name", os.WriteFile("/proc/self/comm", []byte(a.actor.comm), 0))
	}
	for _, spec := range a.actor.opens {
		a.open(spec)
	}
	if a.actor.do != nil {
		a.actor.do(a)
	}
	if a.actor.later != 0 {
		a.become(int(a.actor.later))
	}
}

// become gives root up for another user and that one's group.
func (a *act) become(uid int) {
	a.must("groups", syscall.Setgroups(nil))
	a.must("group", syscall.Setresgid(uid, uid, uid))
	a.must("user", syscall.Setresuid(uid, uid, uid))
}

// start starts another actor, which inherits the sockets, and waits until it is ready.
func (a *act) start(name string) {
	next := newAct(a.arrangement, name).actor
	self, err := os.Executable()
	a.must("program", err)
	read, write, err := os.Pipe()
	a.must("pipe", err)
	defer read.Close()
	var inherited []int
	if next.child || next.heir {
		inherited = a.fds
	}
	cmd := exec.Command(filepath.Join(filepath.Dir(self), name))
	cmd.Env = append(base("actor:"+a.arrangement.name+":"+name),
		groupsVariable+"="+os.Getenv(groupsVariable), fmt.Sprintf("%s=%d", inheritedVariable, len(inherited)))
	cmd.Stderr = os.Stderr
	cmd.ExtraFiles = []*os.File{write}
	for _, fd := range inherited {
		dup, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
		a.must("dup", err)
		f := os.NewFile(uintptr(dup), "socket")
		defer f.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, f)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: next.clone}
	if next.rootless != 0 {
		users := []syscall.SysProcIDMap{{HostID: next.rootless, Size: 65536}}
		cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = users, users
		cmd.SysProcAttr.Credential = &syscall.Credential{NoSetGroups: true}
	}
	err = cmd.Start()
	write.Close()
	a.must("start "+name, err)
	line, err := bufio.NewReader(read).ReadBytes('\n')
	a.must("report of "+name, err)
	var reports []report
	a.must("report of "+name, json.Unmarshal(line, &reports))
	for _, r := range reports {
		if why, found := strings.CutPrefix(r.Error, cannotPrefix); found {
			a.cannot(why)
		}
		if r.Error != "" {
			panic(fmt.Errorf("%s", r.Error))
		}
	}
	a.reports = append(a.reports, reports...)
	if next.gone {
		a.must("end of "+name, cmd.Wait())
	}
}

// sendWithoutLeader sends the report when the first thread has ended.
func (a *act) sendWithoutLeader(r report) {
	for {
		b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.PID))
		if err != nil || strings.Contains(string(b), ") Z ") {
			break
		}
		time.Sleep(time.Millisecond)
	}
	a.send(append(a.reports, r))
}

func (a *act) send(reports []report) {
	b, err := json.Marshal(reports)
	if err == nil {
		_, err = unix.Write(reportFD, append(b, '\n'))
	}
	_ = unix.Close(reportFD)
	if err != nil {
		os.Exit(1)
	}
}

// report says which process this is: /proc is that of process 1, whatever the namespace.
func (a *act) report() report {
	r := report{Name: a.actor.name, PID: a.chrooted}
	if r.PID == 0 {
		r.PID = hostPID()
	}
	for _, fd := range a.fds {
		sa, _ := unix.Getsockname(fd)
		switch sa := sa.(type) {
		case *unix.SockaddrInet4:
			r.Ports = append(r.Ports, sa.Port)
		case *unix.SockaddrInet6:
			r.Ports = append(r.Ports, sa.Port)
		}
	}
	return r
}

func hostPID() int {
	self, _ := os.Readlink("/proc/self")
	pid, _ := strconv.Atoi(self)
	return pid
}

// closeAll closes the actor's sockets.
func (a *act) closeAll() {
	for _, fd := range a.fds {
		a.must("close", unix.Close(fd))
	}
	a.fds = nil
}

// snapshotUnit is the unit of a group of the table.
func snapshotUnit(group string) string {
	for part := range strings.SplitSeq(group, "/") {
		if !strings.HasSuffix(part, ".slice") {
			return part
		}
	}
	return ""
}

// removeProgram removes the file of the actor's program, as an upgrade does.
func (a *act) removeProgram() {
	self, err := os.Executable()
	a.must("program", err)
	a.must("program", os.Remove(self))
}
