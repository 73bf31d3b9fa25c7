package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// TestHostileSSHFiles: what lies where sshd's files are expected can be anything; the
// audit of it ends soon, and says it does not know.
func TestHostileSSHFiles(t *testing.T) {
	const within = 2 * time.Second
	program := builtProgram(t)
	write := func(t *testing.T, root, name, text string) {
		t.Helper()
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const config, dropIn, keys = "etc/ssh/sshd_config", "etc/ssh/sshd_config.d/a.conf", "root/.ssh/authorized_keys"
	fifo := func(name string) func(*testing.T, string) {
		return func(t *testing.T, root string) {
			t.Helper()
			os.Remove(filepath.Join(root, name))
			write(t, root, filepath.Join(filepath.Dir(name), "beside"), "")
			if err := syscall.Mkfifo(filepath.Join(root, name), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	link := func(name, target string) func(*testing.T, string) {
		return func(t *testing.T, root string) {
			t.Helper()
			os.Remove(filepath.Join(root, name))
			write(t, root, filepath.Join(filepath.Dir(name), "beside"), "")
			if err := os.Symlink(target, filepath.Join(root, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	text := func(name, text string) func(*testing.T, string) {
		return func(t *testing.T, root string) { t.Helper(); write(t, root, name, text) }
	}
	// What the test holds in memory counts as the child's (getrusage(2), ru_maxrss).
	repeated := func(name, first, unit string, size int) func(*testing.T, string) {
		return func(t *testing.T, root string) {
			t.Helper()
			write(t, root, name, first)
			f, err := os.OpenFile(filepath.Join(root, name), os.O_APPEND|os.O_WRONLY, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			for range size / len(unit) >> 8 {
				if _, err := f.WriteString(strings.Repeat(unit, 1<<8)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	all := []string{"ssh.port", "ssh.root-login", "ssh.tcp-forwarding", "ssh.tunnel", "ssh.banner", "ssh.root-keys", "ssh.user-keys"}
	keyed := []string{"ssh.root-keys", "ssh.user-keys"}
	for _, test := range []struct {
		name    string
		make    func(*testing.T, string)
		unknown []string // checks that must not know
	}{
		{"fifty-megabytes", repeated(config, "", "# a comment that is as long as it is of no use to anybody\n", 50<<20), all},
		{"fifty-megabytes-in-one-line", repeated(config, "Banner ", "aaaaaaaa", 50<<20), all},
		{"eight-megabytes-of-match", repeated(config, "", "Match Address 10.0.0.0/8,!10.1.2.3 User *\nPermitRootLogin no\n", 8<<20), all},
		{"many-conditions", text(config, manyConditions(3000)), nil},
		{"include-loop", text(config, "Include sshd_config\n"), all},
		{"include-loop-of-two", text(config, "Include sshd_config.d/*\nInclude sshd_config.d/*\nInclude sshd_config\n"), all},
		{"many-includes", repeated(config, "", "Include /etc/ssh/sshd_config.d/*.conf\n", 1<<20), nil},
		{"fifo", fifo(config), all},
		{"fifo-included", fifo(dropIn), all},
		{"device-link", link(config, "/dev/zero"), all},
		{"device-link-included", link(dropIn, "/dev/zero"), all},
		{"proc-link", link(config, "/proc/self/mem"), all},
		{"keys-fifo", fifo(keys), nil},
		{"keys-device-link", link(keys, "/dev/zero"), nil},
		{"keys-fifty-megabytes", repeated(keys, "", "ssh-ed25519 AAAA\n", 50<<20), keyed},
		{"keys-seven-megabytes-of-options", repeated(keys, "", `command="a\"`, 7<<20), nil},
		{"private-key-fifo", fifo("root/.ssh/id_rsa"), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			for name, content := range map[string]string{
				"usr/sbin/sshd":  "\x00OpenSSH_9.2p1 Debian-2+deb12u10\x00",
				"etc/os-release": "ID=debian\nVERSION_ID=\"12\"\n",
				"etc/passwd":     "root:x:0:0:root:/root:/bin/bash\n",
				"etc/group":      "root:x:0:\n",
				"etc/shadow":     "root:*:19000:0:99999:7:::\n",
				config:           "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin prohibit-password\n",
			} {
				write(t, root, name, content)
			}
			test.make(t, root)
			cmd := exec.Command(program, "--root", root, "--only", "ssh", "--format", "json")
			var out, errs strings.Builder
			cmd.Stdout, cmd.Stderr = &out, &errs
			start := time.Now()
			err := cmd.Run()
			took := time.Since(start)
			if cmd.ProcessState == nil {
				t.Fatal(err)
			}
			report := decoded(t, hosttest.Result{Exit: cmd.ProcessState.ExitCode(), Stdout: out.String(), Stderr: errs.String()})
			for _, id := range test.unknown {
				if r := result(t, report, id); r.Status != checks.StatusUnknown || len(r.Gaps) == 0 {
					t.Errorf("%s is %s: %s", id, r.Status, r.Summary)
				}
			}
			if len(report.Checks) != len(all) {
				t.Errorf("%d checks in the report", len(report.Checks))
			}
			if took > within {
				t.Errorf("took %v", took)
			}
			if rss := cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss; rss > 256<<10 {
				t.Errorf("took %d MB of memory", rss>>10)
			}
		})
	}
}

// manyConditions is a sound configuration with a condition in every line.
func manyConditions(n int) string {
	var b strings.Builder
	b.WriteString("PermitRootLogin no\n")
	for i := range n {
		b.WriteString("Match Address 10." + strings.Repeat("1", i%3+1) + ".*,192.0." + strings.Repeat("2", i%2+1) + ".0/24 LocalPort " + strings.Repeat("2", i%4+1) + "\nX11Forwarding no\n")
	}
	return b.String()
}
