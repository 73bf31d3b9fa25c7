package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"hostaudit/checks"
	"hostaudit/output"
)

// formatsTree has every kind of verdict: findings of several severities, one of them
// private, an unknown with a place, passes, and what does not apply.
const formatsTree = `
-- etc/os-release --
ID=debian
VERSION_ID="12"
-- etc/passwd --
root:x:0:0:root:/root:/bin/sh
alice:x:1000:1000:Alice:/home/alice:/bin/sh
a|b:x:1001:1001::/home/b:/bin/sh
toor<&>"':x:0:0::/root:/bin/sh
-- etc/shadow --
root:*:19000:0:99999:7:::
alice:$6$rounds=1000$saltsalt$feZmm8z/E1fjlBx97.mIeOr/Xez9yKySeh0vuHIoC654nLqV9O6yRnqDuoNShKmXbRy4ZkJxnMfr2GAyYXsZT.:19000:0:99999:7:::
a|b:$99$what$is-this:19000:0:99999:7:::
toor<&>"':!:19000:0:99999:7:::
-- etc/ssh/sshd_config --
PermitRootLogin yes
-- usr/sbin/sshd --
OpenSSH_9.2p1
-- etc/vsftpd.conf --
listen=YES
`

// formatsPolicy has a waiver that counts, one that has ended, and one for nothing.
const formatsPolicy = `
profile = "fleet"
catalogue = 3
[[waive]]
check = "ssh.port"
reason = "the firewall lets only the bastion in"
owner = "network team"
[[waive]]
check = "ssh.root-login"
reason = "until the new backup"
expires = 2020-01-31
[[waive]]
check = "ssh.tunnel"
object = "nobody"
reason = "left over"
`

// unpack writes an archive below a new directory.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range txtar.Parse([]byte(archive)).Files {
		name := filepath.Join(dir, f.Name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// hostauditRun runs the program in a process of its own, which confines itself, and
// returns standard output and exit code.
func hostauditRun(t *testing.T, env []string, args ...string) ([]byte, int) {
	t.Helper()
	c := exec.Command("hostaudit", args...)
	c.Env = append([]string{"PATH=" + os.Getenv("PATH")}, env...)
	var stdout, stderr bytes.Buffer
	c.Stdout, c.Stderr = &stdout, &stderr
	err := c.Run()
	if _, ok := errors.AsType[*exec.ExitError](err); err != nil && !ok {
		t.Fatalf("hostaudit %q: %v", args, err)
	} else if stderr.Len() > 0 { // an exit code alone does not tell: nagios has its own
		t.Errorf("hostaudit %q: %s", args, stderr.Bytes())
	}
	return stdout.Bytes(), c.ProcessState.ExitCode()
}

// everyVerdict holds that a stored report has something for each format to say.
func everyVerdict(t *testing.T, stored string) {
	t.Helper()
	file, err := os.Open(stored)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := output.ReadJSON(file)
	if err != nil {
		t.Fatal(err)
	}
	if s := r.Summary; min(s.Pass, s.Fail, s.Unknown, s.NotApplicable) == 0 || s.Worst != checks.SeverityCritical {
		t.Fatalf("the tree lacks a verdict: %+v", s)
	}
}

// Every format says the same bytes wherever it is printed: by --out with all others,
// on standard output, in another run, and from the stored report; and a stored report
// ends with the exit code of the run.
func TestEveryFormatFromRunAndReport(t *testing.T) {
	tree := unpack(t, formatsTree)
	const epoch = "SOURCE_DATE_EPOCH=1700000000"
	config := filepath.Join(t.TempDir(), "hostaudit.toml")
	if err := os.WriteFile(config, []byte(formatsPolicy), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name  string
		env   []string
		flags []string // of the run
		again []string // of the report
		timed bool     // the documents hold the time of the clock
	}{
		{name: "reproducible", flags: []string{"--reproducible"}},
		{name: "time-given", env: []string{epoch}},
		{name: "time-of-the-clock", timed: true},
		{name: "counts-only", env: []string{epoch}, flags: []string{"--privacy", "count"}, again: []string{"--privacy", "count"}},
		{name: "configured", flags: []string{"--reproducible", "--config", config}},
		{name: "names", env: []string{epoch}, flags: []string{"--privacy", "full"}, again: []string{"--privacy", "full"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			dir := t.TempDir()
			audit := append([]string{"--root", tree}, tc.flags...)
			all := audit
			file := func(f output.Format) string { return filepath.Join(dir, "report."+f.Extension) }
			for _, f := range output.Formats() {
				all = append(all, "--out", f.Name+"="+file(f))
			}
			_, exit := hostauditRun(t, tc.env, all...)
			if exit != exitFindings {
				t.Fatalf("exit %d: the tree is to have findings", exit)
			}
			stored := filepath.Join(dir, "report.json")
			everyVerdict(t, stored)
			for _, f := range output.Formats() {
				t.Run(f.Name, func(t *testing.T) {
					want, err := os.ReadFile(file(f))
					if err != nil {
						t.Fatal(err)
					}
					if len(want) == 0 {
						t.Error("the document is empty")
					}
					same := func(what string, got []byte) {
						t.Helper()
						if diff := cmp.Diff(string(want), string(got)); diff != "" {
							t.Errorf("%s differs from what --out wrote (-out +%s):\n%s", what, what, diff)
						}
					}
					read, readExit := hostauditRun(t, tc.env, append([]string{"report", stored, "--format", f.Name}, tc.again...)...)
					same("report", read)
					if tc.timed {
						return // what follows is another run
					}
					printed, exit := hostauditRun(t, tc.env, append([]string{"--format", f.Name}, audit...)...)
					same("stdout", printed)
					if exit != readExit {
						t.Errorf("exit %d of the run and %d of the report", exit, readExit)
					}
				})
			}
		})
	}
}
