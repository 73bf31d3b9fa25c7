package hosttest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A Try is a daemon that was started to see what it does with its configuration.
type Try struct {
	// Alive is set where it, or what it left in the background, waits for connections, and
	// not where it refused.
	Alive   bool
	Listens ListenSet // of the host, once it waits; empty where it refused

	h      *RealHost
	cmd    *exec.Cmd
	output string // file
	others []int  // orphans of the host that are not its own
}

// Try starts a program in the host and returns as soon as what it does is settled: it has
// ended, and nothing that it started is left; or it waits in accept(2), select(2), poll(2)
// or epoll_wait(2). No time is given to it, so that a loaded machine is slow and not wrong:
// daemons bind and listen on all they want before they wait for the first connection. One
// that does neither is not alive: it has computed for a second, or slept as long in
// something else. End it before the next one.
func (h *RealHost) Try(command ...string) *Try {
	h.t.Helper()
	out, err := os.CreateTemp(filepath.Dir(h.Root), "output")
	if err != nil {
		h.t.Fatal(err)
	}
	defer func() { _ = out.Close() }()
	line := h.inside(command)
	y := &Try{h: h, cmd: exec.Command(line[0], line[1:]...), output: out.Name(), others: children(h.init)}
	y.cmd.Env = environment()
	// A file: a pipe would be waited for as long as something in the background holds it.
	y.cmd.Stdout, y.cmd.Stderr = out, out
	if err := y.cmd.Start(); err != nil {
		h.t.Fatalf("%q: %v", command, err)
	}
	var before []process
	var since time.Time // it looks like that
	h.WaitFor(fmt.Sprintf("%q to end or to wait for connections", command), func() bool {
		now := y.processes()
		// One look could fall between two steps of a program: a process is gone and the one
		// that it left is not seen yet, or a wait is just about to end.
		if !slices.Equal(before, now) {
			before, since = now, time.Now()
			return slices.ContainsFunc(now, process.loops)
		}
		y.Alive = slices.ContainsFunc(now[1:], process.waits)
		return y.Alive || now[0].ended() && len(now) == 1 || time.Since(since) > time.Second && !slices.ContainsFunc(now, process.runs)
	})
	if y.Alive {
		y.Listens = h.Listens()
	}
	return y
}

// Output returns what it has said.
func (y *Try) Output() string {
	y.h.t.Helper()
	b, err := os.ReadFile(y.output)
	if err != nil {
		y.h.t.Fatal(err)
	}
	return string(b)
}

// End kills it with all that it left, and waits until that is gone, with its sockets.
func (y *Try) End() {
	y.h.t.Helper()
	y.h.WaitFor("the end of a daemon", func() bool {
		left := y.processes()[1:]
		for _, p := range left {
			_ = syscall.Kill(p.pid, syscall.SIGKILL)
		}
		return len(left) == 0
	})
	_ = y.cmd.Wait() // how it ended was seen
}

// processes returns the program that entered the host, then all it has there: its
// descendants, and the orphans that process 1 adopted. Those that only wait to be reaped
// are no more.
func (y *Try) processes() []process {
	all := []process{look(y.cmd.Process.Pid)}
	roots := slices.DeleteFunc(children(y.h.init), func(pid int) bool { return slices.Contains(y.others, pid) })
	for pids := append(children(y.cmd.Process.Pid), roots...); len(pids) > 0; pids = pids[1:] {
		if p := look(pids[0]); !p.ended() {
			all = append(all, p)
		}
		pids = append(pids, children(pids[0])...)
	}
	return all
}

// process is how a process was seen.
type process struct {
	pid      int
	state    string        // S sleeps, Z ended; "" = gone
	channel  string        // the function of the kernel that it sleeps in; 0 = it does not sleep
	computed time.Duration // since it started
	switches string        // how often it got the processor
}

// look reads the files of a process: proc_pid_stat(5), proc_pid_wchan(5), and schedstat as
// Documentation/scheduler/sched-stats.rst of the kernel describes it.
func look(pid int) process {
	p := process{pid: pid}
	read := func(name string) string {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, name))
		return string(b)
	}
	stat := read("stat")
	if state := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:]); len(state) > 0 {
		p.state = state[0]
	}
	p.channel = read("wchan")
	_, _ = fmt.Sscan(read("schedstat"), &p.computed, new(int64), &p.switches)
	return p
}

func (p process) ended() bool { return p.state == "" || p.state == "Z" || p.state == "X" }

// runs reports that it goes on by itself. State S alone does not say that it sleeps: one
// that was about to is seen like that while others have the processor, with no channel.
func (p process) runs() bool {
	return !p.ended() && (p.state == "R" || p.state == "D" || p.channel == "0")
}

func (p process) loops() bool { return p.runs() && p.computed > time.Second }

// waits reports that it sleeps until something connects: in inet_csk_accept,
// poll_schedule_timeout, ep_poll or what later kernels call them.
func (p process) waits() bool {
	return p.state == "S" &&
		(strings.Contains(p.channel, "accept") || strings.Contains(p.channel, "select") || strings.Contains(p.channel, "poll"))
}

// children returns the children of a process, none of one that is gone.
func children(pid int) []int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	var pids []int
	for word := range strings.FieldsSeq(string(b)) {
		if pid, err := strconv.Atoi(word); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
