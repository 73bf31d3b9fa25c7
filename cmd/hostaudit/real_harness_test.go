package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// installed is where the program lies on a real host.
const installed = "/usr/local/sbin/hostaudit"

// builtProgram builds the program as `make build` does and returns its path.
func builtProgram(t testing.TB) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "hostaudit")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, "hostaudit/cmd/hostaudit")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return file
}

// realHost is a running host with the program installed.
func realHost(t testing.TB, program string) *hosttest.RealHost {
	t.Helper()
	h := hosttest.NewRealHost(t)
	h.Install(program, installed)
	return h
}

// auditLive audits the host from inside and returns the report.
func auditLive(t testing.TB, h *hosttest.RealHost, flags ...string) checks.Report {
	t.Helper()
	return decoded(t, h.Run(append([]string{installed, "--format", "json"}, flags...)...))
}

// auditTree audits the host's tree from the machine outside: configuration only.
func auditTree(t testing.TB, h *hosttest.RealHost, program string, flags ...string) checks.Report {
	t.Helper()
	return decoded(t, h.Outside(append([]string{program, "--root", h.Root, "--format", "json"}, flags...)...))
}

func decoded(t testing.TB, res hosttest.Result) checks.Report {
	t.Helper()
	if res.Exit != 0 && res.Exit != 1 && res.Exit != 3 {
		t.Fatalf("exit status %d\n%s", res.Exit, res.Stderr)
	}
	var report checks.Report
	if err := json.Unmarshal([]byte(res.Stdout), &report); err != nil {
		t.Fatalf("not one JSON document: %v\n%s", err, res.Stdout)
	}
	return report
}

// result returns the verdict of one check.
func result(t testing.TB, report checks.Report, id string) checks.Result {
	t.Helper()
	for _, r := range report.Checks {
		if r.ID == id {
			return r
		}
	}
	t.Fatalf("no check %s in the report", id)
	return checks.Result{}
}
