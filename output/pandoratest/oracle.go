package pandoratest

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// treeVariable names the root tree with perl, XML::Simple and XML::Parser that is
// used where this machine lacks them. Entering it takes root.
const treeVariable = "HOSTAUDIT_TEST_TREE"

// Server is the oracle testdata/oracle/oracle.pl together with a perl to run it.
type Server struct {
	script string
	root   string // chroot; "" = this machine
}

// FindServer returns the oracle, or skips the test with the reason why not.
func FindServer(t testing.TB) Server {
	t.Helper()
	script, err := os.ReadFile(filepath.Join(moduleRoot(t), "testdata", "oracle", "oracle.pl"))
	if err != nil {
		t.Fatal(err)
	}
	tried := []string{"on this machine"}
	roots := []string{""}
	if tree := os.Getenv(treeVariable); tree == "" {
		tried = append(tried, treeVariable+" is not set")
	} else {
		tried = append(tried, "in "+treeVariable)
		roots = append(roots, tree)
	}
	for _, root := range roots {
		s := Server{script: string(script), root: root}
		if s.command("-MXML::Simple", "-MXML::Parser", "-e", "1").Run() == nil {
			return s
		}
	}
	t.Skipf("no perl with XML::Simple and XML::Parser: %s", strings.Join(tried, ", "))
	return Server{}
}

// command is perl with args. The environment is empty but for what keeps its
// messages in one language.
func (s Server) command(args ...string) *exec.Cmd {
	cmd := exec.Command("/usr/bin/perl", args...)
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/bin"}
	cmd.Dir = "/"
	if s.root != "" {
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: s.root}
	}
	return cmd
}

// Fragment judges what a plugin printed: "" if the server takes it, else the
// first violation.
func (s Server) Fragment(t testing.TB, fragment []byte) string {
	t.Helper()
	return s.judge(t, fragment, "--fragment")
}

// DataFile judges a whole data file as the agent wrote it.
func (s Server) DataFile(t testing.TB, data []byte) string {
	t.Helper()
	return s.judge(t, data)
}

func (s Server) judge(t testing.TB, input []byte, args ...string) string {
	t.Helper()
	// The script goes as an argument: below another root its file is not there.
	cmd := s.command(append([]string{"-e", s.script, "--"}, args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(input), &stdout, &stderr
	err := cmd.Run()
	answer := strings.TrimSpace(stdout.String())
	var exit *exec.ExitError
	switch {
	case err == nil && strings.HasPrefix(answer, "ok "):
		return ""
	case errors.As(err, &exit) && exit.ExitCode() == 1 && answer != "":
		return answer
	}
	t.Fatalf("the oracle itself failed: %v\n%s%s", err, answer, stderr.String())
	return ""
}

// moduleRoot is the directory of go.mod at or above the test's.
func moduleRoot(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}
