package hosttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// commandTimeout bounds every command a test runs on a RealHost.
const commandTimeout = 2 * time.Minute

// Result is what a command on a RealHost said and how it ended.
type Result struct {
	Stdout, Stderr string
	Exit           int // exit status; -1 when a signal ended it

	// What it cost, with the about two milliseconds of entering the host.
	CPU, Wall time.Duration
}

// Run runs a command inside the host, waits for it and returns what it said. A command
// that cannot be started or does not end within two minutes fails the test.
func (h *RealHost) Run(command ...string) Result {
	h.t.Helper()
	return h.run(h.inside(command))
}

// MustRun is Run for a step of the preparation: it fails the test unless the command
// succeeds, and returns its standard output.
func (h *RealHost) MustRun(command ...string) string {
	h.t.Helper()
	res := h.Run(command...)
	if res.Exit != 0 {
		h.t.Fatalf("%q: exit status %d\n%s%s", command, res.Exit, res.Stdout, res.Stderr)
	}
	return res.Stdout
}

// Outside runs a command of the machine itself, in the machine's own processes and
// network but among the mounts of the host, so that Root is there.
func (h *RealHost) Outside(command ...string) Result {
	h.t.Helper()
	return h.run(append([]string{"nsenter", "--target", fmt.Sprint(h.init), "--mount", "--"}, command...))
}

// inside is the command line that runs command in the host. /proc/PID/root of process 1
// is the root directory, so programs see the tree as / and nothing else.
func (h *RealHost) inside(command []string) []string {
	return append([]string{
		"nsenter", "--target", fmt.Sprint(h.init), "--mount", "--net", "--pid", "--ipc", "--uts",
		"--root", "--wd", "--",
	}, command...)
}

func (h *RealHost) run(command []string) Result {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandTimeout)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = environment()
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// A daemon that keeps the output open must not hold the test.
	cmd.WaitDelay = time.Second
	started := time.Now()
	err := cmd.Run()
	wall := time.Since(started)
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) || ctx.Err() != nil {
		h.t.Fatalf("%q: %v %v\n%s", command, err, ctx.Err(), stderr.String())
	}
	return Result{
		Stdout: stdout.String(), Stderr: stderr.String(), Exit: cmd.ProcessState.ExitCode(),
		CPU: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), Wall: wall,
	}
}

// environment is the whole environment of every command: nothing of the machine's own
// (the Pandora agent's variables, colours) reaches what is tested.
func environment() []string {
	return []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/root"}
}

// Start starts a program that stays in the foreground, for as long as the host lives.
func (h *RealHost) Start(command ...string) {
	h.t.Helper()
	line := h.inside(command)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env = environment()
	log := &logBuffer{}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.WaitDelay = time.Second
	if err := cmd.Start(); err != nil {
		h.t.Fatalf("%q: %v", command, err)
	}
	h.daemons = append(h.daemons, cmd)
}

// WaitFor waits up to 30 seconds for done to hold, and fails the test otherwise.
func (h *RealHost) WaitFor(what string, done func() bool) {
	h.t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		if done() {
			return
		}
		if time.Now().After(end) {
			h.t.Fatalf("waited 30 s for %s", what)
		}
	}
}

// WriteFile writes a file of the host, with its missing parents. The path is absolute.
func (h *RealHost) WriteFile(path, content string, mode fs.FileMode) {
	h.t.Helper()
	name := strings.TrimPrefix(path, "/")
	if err := h.view.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		h.t.Fatal(err)
	}
	if err := h.view.WriteFile(name, []byte(content), mode); err != nil {
		h.t.Fatal(err)
	}
	if err := h.view.Chmod(name, mode); err != nil {
		h.t.Fatal(err)
	}
}

// ReadFile reads a file of the host. The path is absolute.
func (h *RealHost) ReadFile(path string) string {
	h.t.Helper()
	b, err := h.view.ReadFile(strings.TrimPrefix(path, "/"))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(b)
}

// Replace makes a directory of the host anew, with those files of mode 0644 by their names
// below it. A name that ends in @ is a symbolic link to its content. The path is absolute.
func (h *RealHost) Replace(dir string, files map[string]string) {
	h.t.Helper()
	name := strings.TrimPrefix(dir, "/")
	if err := errors.Join(h.view.RemoveAll(name), h.view.MkdirAll(name, 0o755)); err != nil {
		h.t.Fatal(err)
	}
	for file, content := range files {
		path := filepath.Join(name, file)
		link, isLink := strings.CutSuffix(path, "@")
		if !isLink {
			h.WriteFile(path, content, 0o644)
			continue
		}
		if err := errors.Join(h.view.MkdirAll(filepath.Dir(path), 0o755), h.view.Symlink(content, link)); err != nil {
			h.t.Fatal(err)
		}
	}
}

// FS returns the files of the host, to be read.
func (h *RealHost) FS() fs.FS { return h.view.FS() }

// Install copies an executable file of the machine into the host.
func (h *RealHost) Install(file, path string) {
	h.t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		h.t.Fatal(err)
	}
	h.WriteFile(path, string(b), 0o755)
}
