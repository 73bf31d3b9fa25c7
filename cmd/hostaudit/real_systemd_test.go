package main_test

import (
	"bufio"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// bootScript makes a throw-away root over the tree $1 below $2, puts the program $3
// into it and becomes its systemd. It runs in new namespaces and in a control group
// of its own.
const bootScript = `set -e
mount -t tmpfs tmpfs "$2"
mkdir "$2"/up "$2"/work "$2"/root
root=$2/root
mount -t overlay overlay -o lowerdir="$1",upperdir="$2"/up,workdir="$2"/work "$root"
mount -t proc proc "$root"/proc
mount -t sysfs -o ro sysfs "$root"/sys
mount -t cgroup2 cgroup2 "$root"/sys/fs/cgroup
for d in run tmp dev; do mount -t tmpfs tmpfs "$root"/$d; done
for n in null zero full random urandom tty; do touch "$root"/dev/$n; mount --bind /dev/$n "$root"/dev/$n; done
mkdir "$root"/dev/shm "$root"/dev/pts
cp "$3" "$root"/usr/local/sbin/hostaudit
# One of the servers that want the same ports.
for s in dnsmasq nginx haproxy unbound; do rm -f "$root"/etc/systemd/system/multi-user.target.wants/$s.service; done
# Without D-Bus, which does not come up in every release here, it would be waited for.
ln -s /dev/null "$root"/etc/systemd/system/systemd-logind.service
mkdir -p "$root"/mnt
cd "$root"
pivot_root . mnt
exec env -i container=hostaudit-test PATH=/usr/sbin:/usr/bin:/sbin:/bin /usr/sbin/chroot . /bin/sh -c '
	umount -l /mnt; ip link set lo up
	exec /lib/systemd/systemd --system --log-target=null --show-status=0'
`

// booted is a host with a real systemd as process 1.
type booted struct {
	t   *testing.T
	pid int // of its process 1, outside
}

// bootSystemd boots the systemd of a tree, or skips saying why.
func bootSystemd(t *testing.T, tree, program string) *booted {
	t.Helper()
	mount := cgroup2(t)
	group := filepath.Join(mount, fmt.Sprintf("hostaudit-test-%d", os.Getpid()))
	if err := os.Mkdir(group, 0o755); err != nil {
		t.Skipf("no control groups for a systemd here: %v", err)
	}
	t.Cleanup(func() { removeGroups(t, group) })
	join := `echo $$ >"$0"/cgroup.procs && exec unshare --mount --propagation private --net --pid --ipc --uts --cgroup --fork --kill-child bash -c "$1" boot "$2" "$3" "$4"`
	cmd := exec.Command("sh", "-c", join, group, bootScript, tree, t.TempDir(), program)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	b := &booted{t: t}
	t.Cleanup(func() {
		if b.pid != 0 {
			_ = syscall.Kill(b.pid, syscall.SIGKILL) // process 1: the kernel ends all others
		}
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	})
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(200 * time.Millisecond) {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", cmd.Process.Pid))
		if _, err := fmt.Sscan(string(text), &b.pid); err == nil {
			state, _ := b.command("systemctl", "is-system-running").CombinedOutput()
			if s := strings.TrimSpace(string(state)); s == "running" || s == "degraded" {
				return b
			}
		}
		if cmd.ProcessState != nil || time.Now().After(deadline) {
			t.Skipf("no systemd can be booted here: %s", stderr.String())
		}
	}
}

// cgroup2 is where the unified hierarchy is mounted.
func cgroup2(t *testing.T) string {
	f, err := os.Open("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) > 2 && fields[2] == "cgroup2" {
			return fields[1]
		}
	}
	t.Skip("no unified hierarchy of control groups: no systemd can be booted")
	return ""
}

// removeGroups removes what the systemd made, the deepest first, once its processes
// are gone.
func removeGroups(t *testing.T, group string) {
	var dirs []string
	_ = filepath.WalkDir(group, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() {
			dirs = append(dirs, path)
		}
		return nil
	})
	slices.Reverse(dirs)
	for _, dir := range dirs {
		for try := 0; os.Remove(dir) != nil && try < 50; try++ {
			time.Sleep(20 * time.Millisecond)
		}
	}
	if _, err := os.Stat(group); err == nil {
		t.Errorf("%s is left behind", group)
	}
}

func (b *booted) command(args ...string) *exec.Cmd {
	enter := []string{"--target", fmt.Sprint(b.pid), "--mount", "--net", "--pid", "--ipc", "--uts", "--cgroup", "--root", "--wd", "--"}
	cmd := exec.Command("nsenter", append(enter, args...)...)
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C"}
	return cmd
}

func (b *booted) run(args ...string) string {
	b.t.Helper()
	out, err := b.command(args...).CombinedOutput()
	if err != nil {
		b.t.Fatalf("%q: %v\n%s", args, err, out)
	}
	return string(out)
}

// audit returns the verdicts of the checks named.
func (b *booted) audit(only string) checks.Report {
	b.t.Helper()
	cmd := b.command(installed, "--format", "json", "--only", only)
	out, _ := cmd.Output()
	return decoded(b.t, hosttest.Result{Exit: cmd.ProcessState.ExitCode(), Stdout: string(out)})
}

// TestRealSystemd: on a host whose process 1 is a real systemd the listeners have
// their units, and what a systemd does by itself is no drift.
func TestRealSystemd(t *testing.T) {
	program := builtProgram(t)
	for _, suite := range []string{"bookworm", "trixie"} {
		t.Run(suite, func(t *testing.T) {
			tree := hosttest.TreeOf(t, "units-"+suite)
			drives(t, bootSystemd(t, tree, program))
		})
	}
}

// drives goes through what a systemd and its administrator do to a host.
func drives(t *testing.T, b *booted) {
	// Expected: what is enabled by its package is low, whatever its unit is like.
	units := map[string]string{"tcp 22 sshd": "ssh.service", "tcp 111 rpcbind": "rpcbind.socket", "tcp 80 apache2": "apache2.service"}
	for _, f := range result(t, b.audit("listeners.declared"), "listeners.declared").Findings {
		if f.Severity != checks.SeverityLow {
			t.Errorf("%s is %s: %s", f.Subject, f.Severity, f.Detail)
		}
		if unit := units[string(f.Subject)]; unit != "" && strings.Contains(string(f.Detail), "unit "+unit+";") {
			delete(units, string(f.Subject))
		}
	}
	if len(units) > 0 {
		t.Errorf("not found with their units: %v", units)
	}

	const drift = "listeners.drift,services.drift"
	want := func(what, listeners, services string) {
		t.Helper()
		report := b.audit(drift)
		for id, want := range map[string]string{"listeners.drift": listeners, "services.drift": services} {
			if r := result(t, report, id); r.Status.String() != want {
				t.Errorf("%s: %s is %s, want %s: %s %v %v", what, id, r.Status, want, r.Summary, r.Findings, r.Gaps)
			}
		}
	}
	want("first run", "not_applicable", "not_applicable")
	want("nothing changed", "pass", "pass")
	b.run("systemctl", "restart", "ssh.service", "apache2.service", "rpc-statd.service", "chrony.service")
	want("services restarted, RPC ports drawn anew", "pass", "pass")
	b.run("systemctl", "stop", "rpcbind.service")
	want("process 1 alone has the socket", "pass", "pass")
	b.run("systemctl", "start", "rpcbind.service")
	b.run("systemctl", "daemon-reload")
	want("the service has the socket too", "pass", "pass")

	b.run("systemd-run", "--quiet", "--unit", "extra", "perl", "-MIO::Socket::INET", "-e",
		`my $s = IO::Socket::INET->new(LocalPort => 4444, Listen => 5, Proto => "tcp") or die $!; sleep 3600 while 1;`)
	b.run("sh", "-c", "for i in $(seq 50); do ss -Hltn sport = :4444 | grep -q . && exit; sleep 0.1; done; exit 1")
	want("a listener of a transient unit", "fail", "pass")
	b.run("systemctl", "stop", "extra.service")
	b.run("sh", "-c", "printf '[Unit]\nDescription=x\n[Timer]\nOnBootSec=1h\n[Install]\nWantedBy=timers.target\n' >/etc/systemd/system/extra-job.timer; printf '[Service]\nExecStart=/bin/true\n' >/etc/systemd/system/extra-job.service; systemctl enable --quiet extra-job.timer")
	want("a timer enabled", "pass", "fail")
}
