package confine

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Apply cannot be undone, so it is tried in a child: this test binary again.
func TestApply(t *testing.T) {
	if dir := os.Getenv("HOSTAUDIT_TEST_CONFINE"); dir != "" {
		confined(t, dir)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^TestApply$", "-test.v")
	cmd.Env = append(os.Environ(), "HOSTAUDIT_TEST_CONFINE="+t.TempDir(), "GODEBUG=multipathtcp=0")
	out, err := cmd.CombinedOutput()
	t.Logf("child:\n%s", out)
	if err != nil {
		t.Error(err)
	}
}

func confined(t *testing.T, dir string) {
	mine, other := filepath.Join(dir, "mine"), filepath.Join(dir, "other")
	for _, d := range []string{mine, other} {
		if err := os.Mkdir(d, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	end := make(chan struct{})
	defer close(end)
	holdThreads(8, end) // before
	applied := Apply(Options{Background: true, WriteDirs: []string{mine}})
	holdThreads(8, end) // and after it
	for _, want := range []string{"lowest priority", "no new privileges"} {
		if !slices.Contains(applied, want) {
			t.Errorf("%q was not applied: %v", want, applied)
		}
	}
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	if len(tasks) < 16 {
		t.Errorf("only %d threads", len(tasks))
	}
	for _, task := range tasks {
		stat, err := os.ReadFile("/proc/self/task/" + task.Name() + "/stat")
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if nice, _ := strconv.Atoi(fields[16]); nice != lowest {
			t.Errorf("thread %s: nice %d, want %d", task.Name(), nice, lowest)
		}
		status, err := os.ReadFile("/proc/self/task/" + task.Name() + "/status")
		if err == nil && !strings.Contains(string(status), "NoNewPrivs:\t1") {
			t.Errorf("thread %s can gain privileges", task.Name())
		}
	}

	if _, err := os.ReadFile("/etc/passwd"); err != nil {
		t.Errorf("reading is refused: %v", err)
	}
	if landlockABI() < 1 {
		t.Skip("this kernel has no Landlock: writing and executing are not confined")
	}
	file := filepath.Join(mine, "file")
	if err := os.WriteFile(file+".new", []byte("x"), 0o600); err != nil {
		t.Errorf("writing to the own directory is refused: %v", err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Errorf("renaming in the own directory is refused: %v", err)
	}
	if err := os.WriteFile(filepath.Join(other, "file"), []byte("x"), 0o600); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("writing elsewhere: %v, want it refused", err)
	}
	if err := exec.Command("/bin/true").Run(); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("executing: %v, want it refused", err)
	}
	if landlockABI() < 4 {
		return
	}
	if l, err := net.Listen("tcp", "127.0.0.1:64999"); !errors.Is(err, fs.ErrPermission) {
		if err == nil {
			l.Close()
		}
		t.Errorf("opening a port: %v, want it refused", err)
	}
	own := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)}}
	if _, err := own.Dial("tcp", "127.0.0.1:1"); errors.Is(err, fs.ErrPermission) {
		t.Errorf("dialling from the own address is refused: %v", err)
	}
}

// holdThreads has n more threads of the system until the end.
func holdThreads(n int, end <-chan struct{}) {
	var ready sync.WaitGroup
	ready.Add(n)
	for range n {
		go func() {
			runtime.LockOSThread()
			ready.Done()
			<-end
		}()
	}
	ready.Wait()
}

// TestStuck: nothing that every thread has to do is begun, for it would never end.
func TestStuck(t *testing.T) {
	if got := Apply(Options{Stuck: true}); len(got) > 0 {
		t.Errorf("applied %q", got)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil || strings.Contains(string(status), "NoNewPrivs:\t1") && os.Getenv("HOSTAUDIT_TEST_CONFINE") == "" {
		t.Errorf("%v\n%s", err, status)
	}
}
