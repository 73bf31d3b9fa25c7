package snapshot_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"hostaudit/checks/host/snapshot"
)

// Environment variables between the processes of a host.
const (
	roleVariable   = "HOSTAUDIT_SNAPSHOT_ROLE"   // "ROLE:ARRANGEMENT[:ACTOR]": what this process is
	procVariable   = "HOSTAUDIT_SNAPSHOT_PROC"   // where the observer reads procfs
	groupsVariable = "HOSTAUDIT_SNAPSHOT_GROUPS" // branch of control groups, if there is one
)

// Names of programs that every host has.
const (
	initName     = "init"    // process 1
	observerName = "observe" // takes the picture
	cleanerName  = "clean"   // removes control groups, outside the host
)

// base is the environment of every process of a host. The race detector, where it is
// built in, would have each of them wait a second before it ends.
func base(role string) []string {
	return []string{roleVariable + "=" + role, "PATH=" + os.Getenv("PATH"), "LC_ALL=C", "GORACE=atexit_sleep_ms=0"}
}

// otherProc is a second procfs of the host, as a container may have it.
const otherProc = "/run/hostproc"

// ordinary is the user of TestRealOrdinaryUser.
const ordinary = 65534

const stageNamespaces = unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWIPC | unix.CLONE_NEWUTS

// stageTimeout bounds the life of a host.
const stageTimeout = 15 * time.Second

// outcome is what process 1 writes when everything was seen.
type outcome struct {
	Error      string // the host could not be made
	Skip       string // this machine cannot have such a host
	Reports    []report
	Seen       *observation
	SeenAsUser *observation
	ByFiles    *observation      // through a procfs that is mounted elsewhere
	SS         map[string]string // by network namespace, "" = the host's
	SSAsUser   string
	Nets       map[string]uint64 // inode of each network namespace
}

// report is what an actor says of itself when it is ready.
type report struct {
	Name  string
	PID   int   // as process 1 sees it
	Ports []int // of its sockets, in order
	Error string
}

// report returns what an actor said.
func (o outcome) report(name string) (report, bool) {
	for _, r := range o.Reports {
		if r.Name == name {
			return r, true
		}
	}
	return report{}, false
}

// observation is a snapshot as it travels through a pipe.
type observation struct {
	snapshot.Snapshot
	Missing     []string // "PART PATH: CAUSE"
	NetsMissing []string
}

// playRole is the program of every process of a host. It does not return.
func playRole(role string) {
	name, rest, _ := strings.Cut(role, ":")
	switch name {
	case initName:
		// The first thread stays in the host's own namespaces: others enter and end.
		onMainThread(func() { beInit(rest) })
	case observerName:
		beObserver()
	case cleanerName:
		top, programs, _ := strings.Cut(rest, ":")
		beCleaner(top, programs)
	default:
		arrangement, actor, _ := strings.Cut(rest, ":")
		beActor(arrangement, actor)
	}
	os.Exit(2)
}

// beObserver takes the picture and writes it.
func beObserver() {
	ctx, cancel := context.WithTimeout(context.Background(), stageTimeout)
	defer cancel()
	s := snapshot.Collect(ctx, snapshot.Options{ProcDir: os.Getenv(procVariable)})
	o := observation{Snapshot: *s}
	missing := func(list []snapshot.Missing) (lines []string) {
		for _, m := range list {
			lines = append(lines, fmt.Sprintf("%s %s: %v", m.What, m.Path, m.Err))
		}
		return lines
	}
	o.Missing = missing(s.Missing)
	o.Snapshot.Missing = nil
	for i := range o.Namespaces {
		o.NetsMissing = append(o.NetsMissing, missing(o.Namespaces[i].Missing)...)
		o.Namespaces[i].Missing = nil
	}
	if err := json.NewEncoder(os.Stdout).Encode(o); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// beInit is process 1 of a host: when it ends, the kernel ends every other process, and
// the namespaces go with them.
func beInit(name string) {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3) // the test is gone
	}()
	time.AfterFunc(stageTimeout, func() {
		fmt.Fprintln(os.Stderr, "the host took too long")
		os.Exit(3)
	})
	out, err := runStage(name)
	var cannot cannotError
	switch {
	case errors.As(err, &cannot):
		out.Skip = cannot.Error()
	case err != nil:
		out.Error = err.Error()
	}
	if err := json.NewEncoder(os.Stdout).Encode(out); err != nil {
		os.Exit(1)
	}
	os.Exit(0)
}

// cannotError: this machine cannot have the host, for instance without a kernel module.
type cannotError struct{ string }

func (e cannotError) Error() string { return e.string }

func runStage(name string) (out outcome, err error) {
	a, err := arrangementNamed(name)
	if err != nil {
		return out, err
	}
	if err := prepareStage(); err != nil {
		return out, err
	}
	// The start of a process is counted in hundredths of a second. The eldest comes
	// first whatever that unit, because PIDs of a new namespace ascend.
	cast := newAct(a, initName)
	if err := cast.join(actor{name: initName}.group()); err != nil {
		return out, err
	}
	if a.setup != nil {
		if err := try(func() { a.setup(cast) }); err != nil {
			return out, err
		}
	}
	for _, actor := range a.actors {
		if actor.child || actor.name == initName {
			continue
		}
		if err := try(func() { cast.start(actor.name) }); err != nil {
			return out, err
		}
	}
	if a.after != nil {
		if err := try(func() { a.after(cast) }); err != nil {
			return out, err
		}
	}
	out.Reports = append(cast.reports, cast.report())
	return out, observe(a, &out)
}

// prepareStage makes the mounts and devices of every host. What it mounts is seen by its
// own mount namespace only.
func prepareStage() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return fmt.Errorf("proc: %w", err)
	}
	if err := unix.Mount("run", "/run", "tmpfs", 0, "mode=755"); err != nil {
		return fmt.Errorf("run: %w", err)
	}
	if err := os.Mkdir(otherProc, 0o755); err != nil {
		return err
	}
	if err := unix.Mount("proc", otherProc, "proc", 0, ""); err != nil {
		return fmt.Errorf("second proc: %w", err)
	}
	return ip(`link set lo up
link add eth0 type veth peer name eth1
addr add 10.9.9.1/24 brd + dev eth0
addr add 2001:db8::1/64 dev eth0 nodad
addr add fe80::1/64 dev eth0 nodad
link set eth0 up
link set eth1 up
`)
}

// ip runs lines of ip-batch of ip(8).
func ip(lines string) error {
	cmd := exec.Command("ip", "-batch", "-")
	cmd.Stdin = strings.NewReader(lines)
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ip: %w: %s", err, text)
	}
	return nil
}

// observe takes the picture and asks ss in every network namespace of the arrangement.
func observe(a arrangement, out *outcome) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	observer := filepath.Join(filepath.Dir(self), observerName)
	picture := func(user *syscall.Credential, proc string) (*observation, error) {
		o := new(observation)
		text, err := output(user, proc, observer)
		if err == nil {
			err = json.Unmarshal(text, o)
		}
		return o, err
	}
	if out.Seen, err = picture(nil, ""); err != nil {
		return err
	}
	if out.ByFiles, err = picture(nil, otherProc); err != nil {
		return err
	}
	out.SS, out.Nets = map[string]string{}, map[string]uint64{}
	nets := map[string]string{"": "/proc/self/ns/net"}
	for _, w := range a.want {
		nets[w.Net] = "/proc/self/ns/net"
		if r, found := out.report(w.Net); found {
			nets[w.Net] = fmt.Sprintf("/proc/%d/ns/net", r.PID)
		} else if w.Net != "" {
			nets[w.Net] = "/run/netns/" + w.Net
		}
	}
	for net, path := range nets {
		var st unix.Stat_t
		if err := unix.Stat(path, &st); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		out.Nets[net] = st.Ino
		if out.SS[net], err = ss(path, nil); err != nil {
			return err
		}
	}
	if a.asUser {
		user := &syscall.Credential{Uid: ordinary, Gid: ordinary}
		if out.SeenAsUser, err = picture(user, ""); err != nil {
			return err
		}
		if out.SSAsUser, err = ss("/proc/self/ns/net", user); err != nil {
			return err
		}
	}
	return nil
}

// ss runs ss(8) in a network namespace.
func ss(net string, user *syscall.Credential) (text string, err error) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		var fd int
		if fd, err = unix.Open(net, unix.O_RDONLY|unix.O_CLOEXEC, 0); err != nil {
			return
		}
		defer unix.Close(fd)
		if err = unix.Setns(fd, unix.CLONE_NEWNET); err != nil {
			return
		}
		var b []byte
		b, err = output(user, "", "ss", "-H", "-O", "-tulnpe")
		text = string(b)
	}()
	<-done
	return text, err
}

// output runs a program of the host and returns what it writes.
func output(user *syscall.Credential, proc, program string, args ...string) ([]byte, error) {
	cmd := exec.Command(program, args...)
	cmd.Env = append(base(observerName), procVariable+"="+proc)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: user}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s: %w: %s", program, err, stderr.String())
	}
	return stdout.Bytes(), nil
}
