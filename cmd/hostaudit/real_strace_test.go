package main_test

import (
	"debug/elf"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"

	"hostaudit/checks/host/hosttest"
)

// stateDir is the only place a live audit as root may write to.
const stateDir = "/var/lib/hostaudit"

// ownAddresses are the addresses of a real host: the only ones that may be spoken to.
var ownAddresses = []netip.Prefix{
	netip.MustParsePrefix("127.0.0.0/8"),
	netip.MustParsePrefix("::1/128"),
	netip.MustParsePrefix("10.9.9.1/32"),
}

// outsideTree is everything a run with --root may name that is not in the tree. A longer
// list needs a reason.
var outsideTree = []string{
	"/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", // Go runtime, at start
	"/proc/self/cgroup",    // Go runtime: the CPU limit behind GOMAXPROCS
	"/proc/self/mountinfo", // same; and whether the tree lies on a network file system
	"/sys/fs/cgroup",       // same; and what memory this process may take
	"/proc/self/status",    // the same
	"/proc/self/limits",    // the same
	"/proc/meminfo",        // the same
	"/proc/self/fd",        // reopening a descriptor proven to be a regular file
	"/etc/localtime",       // package time
	"/usr/share/zoneinfo",  // where it leads
	"/dev/tty",             // the progress library looks for a terminal
	"/dev/null",            // Go runtime, for standard streams that were closed
}

// changing are the calls that change a file system, whatever their flags.
var changing = []string{
	"creat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "mkdir", "mkdirat", "mknod", "mknodat",
	"link", "linkat", "symlink", "symlinkat", "chmod", "fchmod", "fchmodat", "fchmodat2", "chown", "lchown", "fchown",
	"fchownat", "truncate", "ftruncate", "fallocate", "utime", "utimes", "utimensat", "futimesat", "setxattr", "lsetxattr",
	"fsetxattr", "removexattr", "lremovexattr", "fremovexattr", "mount", "umount", "umount2", "pivot_root", "chroot",
	"swapon", "swapoff", "acct", "quotactl",
}

var writeFlag = regexp.MustCompile(`\bO_(WRONLY|RDWR|CREAT|TRUNC|APPEND|TMPFILE)\b`)

// breaches holds the calls to the promises and returns those that broke one: no program
// started, nothing changed outside state, no network but the kernel's and the host's own.
func breaches(calls []systemCall) []string {
	var found []string
	breach := func(what string, c systemCall) { found = append(found, what+": "+c.line) }
	executed := 0
	for _, c := range calls {
		switch {
		case c.name == "execve" || c.name == "execveat":
			if executed++; executed > 1 {
				breach("a program was started", c)
			}
		case c.name == "fork" || c.name == "vfork" || strings.HasPrefix(c.name, "clone") && !strings.Contains(c.args, "CLONE_THREAD"):
			breach("a process was started", c)
		case c.name == "kill" || c.name == "ptrace" || c.name == "pidfd_send_signal":
			breach("another process was touched", c)
		case slices.Contains(changing, c.name),
			(c.name == "open" || c.name == "openat" || c.name == "openat2") && writeFlag.MatchString(c.args):
			if !c.inState() {
				breach("a write outside "+stateDir, c)
			}
		case c.name == "socket":
			if !allowedFamily.MatchString(c.args) {
				breach("a socket of another family", c)
			}
		case c.name == "listen" || c.name == "accept" || c.name == "accept4":
			breach("the audit listens", c)
		case c.name == "connect" || c.name == "sendto" || c.name == "sendmsg" || c.name == "sendmmsg" || c.name == "bind":
			if !c.ownAddress() {
				breach("not an address of this host", c)
			}
		}
	}
	if executed == 0 {
		found = append(found, "the trace does not even show the audit's own execve")
	}
	return found
}

func assertHarmless(t *testing.T, calls []systemCall) {
	t.Helper()
	for _, b := range breaches(calls) {
		t.Error(b)
	}
}

// inState reports whether all that a changing call names lies in the state directory.
func (c systemCall) inState() bool {
	named := c.paths()
	if m := descriptor.FindStringSubmatch(c.args); m != nil && len(named) == 0 {
		named = []string{m[1]} // fchmod, ftruncate: the descriptor is what is changed
	}
	return len(named) > 0 && !slices.ContainsFunc(named, func(p string) bool { return !within(p, stateDir) })
}

// Addresses as strace prints them in socket addresses.
var (
	allowedFamily = regexp.MustCompile(`^AF_(NETLINK|UNIX|INET|INET6), `)
	familyOf      = regexp.MustCompile(`sa_family=(AF_\w+)`)
	addressOf     = regexp.MustCompile(`inet_addr\("([^"]+)"\)|inet_pton\(AF_INET6, "([^"]+)"`)
)

// ownAddress reports whether a call speaks to the host itself. An address this test
// cannot read is none of the host's.
func (c systemCall) ownAddress() bool {
	family := familyOf.FindStringSubmatch(c.args)
	if family == nil {
		return true // none given: the peer of a connect that was judged
	}
	if family[1] == "AF_UNIX" || family[1] == "AF_NETLINK" {
		return true
	}
	m := addressOf.FindStringSubmatch(c.args)
	if m == nil {
		return false
	}
	addr, err := netip.ParseAddr(m[1] + m[2])
	return err == nil && slices.ContainsFunc(ownAddresses, func(p netip.Prefix) bool { return p.Contains(addr.Unmap()) })
}

func within(p, dir string) bool { return p == dir || strings.HasPrefix(p, dir+"/") }

// TestTracedLive audits a host with an SSH, an FTP and a database server under strace.
func TestTracedLive(t *testing.T) {
	hosttest.RequireReal(t)
	h := realHost(t, builtProgram(t))
	h.SSHD(22)
	h.VSFTPD(21, vsftpdConfig)
	h.MariaDB("--bind-address=0.0.0.0")
	h.SQL("ALTER USER root@localhost IDENTIFIED BY '" + rootPassword + "'") // so that every way in is tried
	calls := traced(t, h, "--format", "json")
	assertHarmless(t, calls)
	if !slices.ContainsFunc(calls, func(c systemCall) bool { return c.name == "connect" }) {
		t.Error("no connect at all: the test does not see what it is to judge")
	}
}

// TestTracedRoot audits a tree under strace: no socket, and no path outside the tree but
// the short list. A link that leads out of the tree is planted where the audit reads.
func TestTracedRoot(t *testing.T) {
	hosttest.RequireReal(t)
	h := realHost(t, builtProgram(t))
	const target = "/srv/target"
	h.WriteFile("/outside/secret.conf", "PermitRootLogin yes\n", 0o644)
	h.WriteFile(sshdConfig, sshd("Port 2222\nPermitRootLogin no\n"), 0o644)
	h.MustRun("ln", "-s", "../../../../../../outside/secret.conf", "/etc/ssh/sshd_config.d/out.conf")
	// The same files a second time, below a directory and without what is mounted in them.
	h.MustRun("mkdir", target)
	h.MustRun("mount", "--bind", "/", target)
	calls := traced(t, h, "--root", target, "--format", "json")
	assertHarmless(t, calls)
	inside := 0
	for _, c := range calls {
		if c.name == "socket" {
			t.Errorf("a socket in image mode: %s", c.line)
		}
		if c.name == "execve" {
			continue
		}
		for _, p := range append(c.paths(), c.opened()...) {
			switch {
			case within(p, target):
				inside++
			case p == "/" || within(target, p): // on the way to the tree
			case slices.ContainsFunc(outsideTree, func(dir string) bool { return within(selfPath(p), dir) }):
			default:
				t.Errorf("outside the tree: %s", c.line)
			}
		}
	}
	if inside < 10 {
		t.Errorf("only %d paths inside the tree: the test does not see what it is to judge", inside)
	}
}

var ownProcess = regexp.MustCompile(`^/proc/(\d+|self/task/\d+)/`)

// selfPath writes the program's own directory below /proc as /proc/self.
func selfPath(p string) string { return ownProcess.ReplaceAllString(p, "/proc/self/") }

// TestTraceIsJudged holds the judge itself to its task: each of these lines is a breach.
func TestTraceIsJudged(t *testing.T) {
	own := `execve("/usr/local/sbin/hostaudit", ["hostaudit"], 0x7f /* 3 vars */) = 0`
	judged := func(lines string) []string { return breaches(parseTrace("7 " + own + "\n" + lines + "\n")) }
	for name, line := range map[string]string{
		"exec":      `7 execve("/bin/sh", ["sh"], 0x7f /* 3 vars */) = 0`,
		"fork":      `7 clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD) = 12`,
		"create":    `7 openat(AT_FDCWD</srv>, "x", O_RDWR|O_CREAT|O_CLOEXEC, 0666) = 3</srv/x>`,
		"rename":    `7 renameat(AT_FDCWD</>, "/var/lib/hostaudit/a", AT_FDCWD</>, "/etc/a") = 0`,
		"chmod":     `7 fchmod(3</etc/passwd>, 0600) = 0`,
		"connect":   `7 connect(3<socket:[1]>, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("192.0.2.1")}, 16) = 0`,
		"connectV6": `7 connect(3<socket:[1]>, {sa_family=AF_INET6, sin6_port=htons(80), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}, 28) = 0`,
		"symlink":   `7 symlinkat("/var/lib/hostaudit/x", AT_FDCWD</>, "/etc/x") = 0`,
		"packet":    `7 socket(AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)) = 3<socket:[1]>`,
		"halves":    "7 execve(\"/bin/sh\", [\"sh\"] <unfinished ...>\n8 getpid() = 8\n7 <... execve resumed>, 0x7f /* 3 vars */) = 0",
	} {
		t.Run(name, func(t *testing.T) {
			if len(judged(line)) == 0 {
				t.Errorf("not seen: %s", line)
			}
		})
	}
	for name, line := range map[string]string{
		"state":    `7 openat(3</var/lib/hostaudit>, "lock", O_RDWR|O_CREAT|O_CLOEXEC, 0600) = 4</var/lib/hostaudit/lock>`,
		"thread":   `7 clone3({flags=CLONE_VM|CLONE_THREAD, stack=0x7f, stack_size=0x1}, 88) = 8`,
		"loopback": `7 connect(3<socket:[1]>, {sa_family=AF_INET6, sin6_port=htons(22), inet_pton(AF_INET6, "::ffff:127.0.0.1", &sin6_addr)}, 28) = 0`,
		"read":     `7 openat(AT_FDCWD</>, "/etc/shadow", O_RDONLY|O_CLOEXEC) = 3</etc/shadow>`,
	} {
		t.Run(name, func(t *testing.T) {
			if got := judged(line); len(got) > 0 {
				t.Errorf("a false alarm: %q", got)
			}
		})
	}
}

// TestStatic holds that the program needs no loader and no library.
func TestStatic(t *testing.T) {
	f, err := elf.Open(builtProgram(t))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("segment %v: not static", p.Type)
		}
	}
}
