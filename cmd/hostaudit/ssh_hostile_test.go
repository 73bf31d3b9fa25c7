package main_test

import (
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"hostaudit/checks"
	"hostaudit/checks/audit"
	"hostaudit/checks/catalogue"
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
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			memory := watchMemory(cmd.Process.Pid)
			err := cmd.Wait()
			took := time.Since(start)
			if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
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
			if kB := memory(); kB > 256<<10 {
				t.Errorf("took %d MB of memory", kB>>10)
			}
		})
	}
}

// watchMemory looks again and again at the most memory a process has had (VmHWM of
// proc(5)); its getrusage(2) would count what the test held when it forked. The function
// returned gives it in kB once the process has ended.
func watchMemory(pid int) func() int {
	most := make(chan int, 1)
	go func() {
		seen := 0
		for {
			status, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/status")
			_, after, found := strings.Cut(string(status), "VmHWM:")
			if err != nil || !found {
				most <- seen
				return
			}
			if fields := strings.Fields(after); len(fields) > 0 {
				if n, err := strconv.Atoi(fields[0]); err == nil {
					seen = max(seen, n)
				}
			}
			time.Sleep(2 * time.Millisecond)
		}
	}()
	return func() int { return <-most }
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

// TestSFTPIsNoFTP: the subsystem of sshd is SSH.
func TestSFTPIsNoFTP(t *testing.T) {
	h := sshTree(t, "debian-12")
	text, err := h.Tree.ReadFile("/etc/ssh/sshd_config")
	if err != nil || !strings.Contains(string(text), "\nSubsystem\tsftp") {
		t.Fatalf("the tree has no SFTP: %v", err)
	}
	runner := audit.Runner{Checks: slices.DeleteFunc(catalogue.All(), func(c checks.Check) bool { return c.ID != "ftp.port" })}
	for _, r := range runner.Run(t.Context(), &checks.Env{Host: h}) {
		if r.Status != checks.StatusNotApplicable || len(r.Notes) > 0 {
			t.Errorf("%s is %s: %s %v", r.ID, r.Status, r.Summary, r.Notes)
		}
	}
}

// TestHostileSSHText: whatever names and lines a tree holds, what is printed stays on its
// lines, bounded and the same in every run, and no option of a command line is shown.
func TestHostileSSHText(t *testing.T) {
	const secret, weak = "HIDEME", "weakling"
	program := builtProgram(t)
	name := strings.NewReplacer("/", "", "\\", "", "\"", "", "'", "", "#", "", ":", "", "\t", "", "\r", "").Replace(hostile)
	unit := func(exec string) string {
		return "-- usr/lib/systemd/systemd mode=0755 --\nelf\n-- etc/systemd/system/x-ssh.service --\n[Service]\nExecStart=" + exec +
			"\n-- etc/systemd/system/multi-user.target.wants/x-ssh.service -> /etc/systemd/system/x-ssh.service --\n"
	}
	addresses := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "10.%d.%d.0/24,", i>>8, i&0xff)
		}
		return b.String() + "192.0.2.1"
	}
	named := 0
	for _, test := range []struct {
		name, config string
		units        string            // txtar
		files        map[string]string // whose names or content txtar has not
	}{
		{"long-match-of-addresses", "PermitRootLogin no\nMatch Address " + addresses(4500) + "\nPermitRootLogin yes\nPermitTunnel yes\nBanner none\n", "", nil},
		{"long-match-of-users", "PermitRootLogin no\nMatch User " + strings.Repeat("u,", 30000) + "root Address 10.*\nPermitRootLogin yes\nPermitTunnel yes\n", "", nil},
		{"match", "PermitRootLogin no\nMatch User root," + strings.ReplaceAll(name, "!", "") + " Address 10.*\nPermitRootLogin yes\nPermitTunnel yes\nBanner /" + name + "\n", "", nil},
		{"keyword", name + " x\n", "", nil},
		{"value", "PermitRootLogin " + name + "\n", "", nil},
		{"long-value", "PermitRootLogin " + strings.Repeat("y", 60000) + "\n", "", nil},
		{"file-name", "Include sshd_config.d/*\n", "", map[string]string{"etc/ssh/sshd_config.d/" + name: "PermitRootLogin yes\nBanner none\nPermitTunnel yes\n"}},
		{"places", "AuthorizedKeysFile /etc/" + name + "/%u /" + strings.Repeat("k", 3000) + "\nTrustedUserCAKeys /etc/" + name + "\n", "", nil},
		{"accounts", "PermitRootLogin yes\n", "", map[string]string{"etc/passwd": "root:x:0:0::/root:/bin/sh\n" + name + ":x:0:0::/root:/bin/sh\n"}},
		{"options", "#", unit("/usr/sbin/sshd -D -p 22 -o PermitRootLogin=yes -o AllowUsers=" + secret + " -o Ciphers=aes256-ctr -o ForceCommand=" + secret), nil},
		{"options-refused", "#", unit("/usr/sbin/sshd -D -o Banner=/etc/x -o " + secret + "=" + secret), nil},
		{"options-refused-match", "#", unit("/usr/sbin/sshd -D -o 'Match User " + secret + "'"), nil},
		{"options-of-no-use", "#", unit("/usr/sbin/sshd -D -p " + secret + " -E " + secret + " " + secret), nil},
		{"options-in-a-shell", "#", unit("/bin/sh -c '/usr/sbin/sshd -D -o ForceCommand=" + secret + "'"), nil},
		{"many-ports", "#", unit("/usr/sbin/sshd -D" + strings.Repeat(" -p 22", 300)), nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			root := t.TempDir()
			write := func(name, text string) {
				t.Helper()
				file := filepath.Join(root, name)
				if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			write("usr/sbin/sshd", "\x00OpenSSH_9.2p1 Debian-2+deb12u10\x00")
			write("usr/sbin/init", "")
			write("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")
			write("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"+weak+":x:1000:1000::/home/w:/bin/bash\n")
			write("etc/group", "root:x:0:\n")
			write("etc/shadow", "root:$6$a$b:19000:0:99999:7:::\n")
			write("etc/ssh/sshd_config", test.config)
			write("home/w/.ssh/authorized_keys", weakKey)
			for _, f := range txtar.Parse([]byte(test.units)).Files {
				header, target, isLink := strings.Cut(f.Name, " -> ")
				header, _, _ = strings.Cut(header, " ")
				if write(header, string(f.Data)); isLink {
					os.Remove(filepath.Join(root, header))
					if err := os.Symlink(target, filepath.Join(root, header)); err != nil {
						t.Fatal(err)
					}
				}
			}
			for name, content := range test.files {
				write(name, content)
			}
			for _, format := range []string{"json", "text 40", "text 80", "pandora"} {
				word, columns, _ := strings.Cut(format, " ")
				out := func() string {
					cmd := exec.Command(program, "--root", root, "--only", "ssh", "--reproducible", "--format", word)
					cmd.Env = append(os.Environ(), "COLUMNS="+columns)
					out, _ := cmd.CombinedOutput() // findings are no failure
					return string(out)
				}
				text := out()
				if text != out() {
					t.Errorf("%s: two runs differ", format)
				}
				if i := strings.IndexFunc(text, func(r rune) bool { return r == utf8.RuneError || r != '\n' && !unicode.IsPrint(r) }); i >= 0 {
					t.Errorf("%s: %q", format, text[i:min(i+40, len(text))])
				}
				if strings.Contains(text, secret) {
					t.Errorf("%s shows a command line:\n%s", format, text)
				}
				if len(text) < 1000 || len(text) > 64<<10 {
					t.Errorf("%s: %d bytes", format, len(text))
				}
				switch word {
				case "json":
					if strings.Contains(text, weak) {
						named++
					}
				case "text":
					for line := range strings.Lines(text) {
						if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 || columns == "40" && n > 40 {
							t.Errorf("%s: a line of %d characters: %s", format, n, line)
						}
					}
				case "pandora":
					if n := strings.Count(text, "<module>"); n != 9 {
						t.Errorf("%d modules", n)
					}
					if strings.Contains(text, weak) {
						t.Errorf("the name of an account with a weak key left the host:\n%s", text)
					}
					if err := xml.Unmarshal([]byte("<r>"+text+"</r>"), new(struct{})); err != nil {
						t.Errorf("no XML: %v", err)
					}
				}
			}
		})
	}
	if named < 5 {
		t.Errorf("%d reports for the administrator name the account with the weak key", named)
	}
}

// weakKey is a line of authorized_keys, RSA of 1024 bits.
const weakKey = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDFOhPPBBVPutVCZU7LukT0q0KiILIjyxvzSlnlwiI/YbZNerXBXAv1Vk39hge19PQq9QAu2WwcQOxjjydTVjfwnKCSuI5DrL4cr/V/Z5pZkplpB9Vd70V1INP8CIQME/BXhZ6YblJgmH2TA1V2biiVQ4ZOi1RqsH2TIUjcsRXnYQ==\n"
