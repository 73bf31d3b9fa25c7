// Package bench measures hostaudit beside the programs an administrator would otherwise
// use, in one run and on one host: ss, netstat and Lynis for the audit, John the Ripper
// for the passwords. `make bench` runs it; it needs root and the tree of real daemons.
package bench

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"hostaudit/checks/host/hosttest"
	"hostaudit/wordlists"
)

const (
	hostaudit = "/usr/local/sbin/hostaudit"
	listeners = 3000
)

// A rival is one command line of a comparison. The first of a list is hostaudit, the
// others are shown in relation to it.
type rival struct {
	name    string
	command []string
	exits   []int  // what it may end with
	before  string // a shell line run before each measurement, not measured
}

// cost is what one run took.
type cost struct {
	cpu, wall time.Duration
	rss       int64 // KiB, of the largest process
}

func BenchmarkSideBySide(b *testing.B) {
	for b.Loop() {
		audit(b)
		busy(b)
		passwords(b)
	}
	b.ReportMetric(0, "ns/op") // the table is the result
}

// audit compares whole audits without passwords on a host with an SSH, an FTP and a
// database server, without and with 3,000 further listeners.
func audit(b *testing.B) {
	h := host(b)
	h.SSHD(22)
	h.VSFTPD(21, "/etc/vsftpd.conf")
	h.MariaDB()
	rivals := []rival{
		{name: "hostaudit --skip password", command: []string{hostaudit, "--skip", "password"}, exits: []int{0, 1, 3}},
		{name: "ss -tulpnH", command: ss, exits: []int{0}},
		{name: "netstat -tulpn", command: netstat, exits: []int{0}},
		{
			name:    "lynis --tests-from-group ssh --no-plugins",
			command: []string{"lynis", "audit", "system", "--tests-from-group", "ssh", "--no-plugins", "--quick", "--no-colors"},
			exits:   []int{0, 78}, // 78: done, with warnings
		},
		{name: "true (cost of the harness)", command: []string{"true"}, exits: []int{0}},
	}
	compare(b, h, "audit without passwords, 0 further listeners", 7, rivals)
	openListeners(h)
	compare(b, h, fmt.Sprintf("audit without passwords, %d further listeners", listeners), 7, rivals)
}

// The commands an administrator lists listeners with.
var (
	ss      = []string{"ss", "-tulpnH"}
	netstat = []string{"netstat", "-tulpn"}
)

// busy compares on a host with 3,000 listeners, 10,000 ends of connections, 2,000
// processes and 100,000 descriptors.
func busy(b *testing.B) {
	h := host(b)
	h.SSHD(22)
	const (
		processes   = 2000
		descriptors = 45 // of each
		pairs       = 5000
	)
	// Perl starts all others before it opens what they are not to inherit.
	program := fmt.Sprintf(`use IO::Socket::INET; my @keep;
		for my $child (1 .. %d) {
			next if fork;
			push @keep, map { open(my $f, "<", "/dev/null") or die $!; $f } 1 .. %d;
			sleep 3600 while 1;
		}
		for my $i (1 .. %d) {
			push @keep, IO::Socket::INET->new(LocalPort => 10000 + $i, Listen => 5, Proto => "tcp") or die "$i: $!";
		}
		my $server = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => 9999, Listen => 64, Proto => "tcp") or die $!;
		for my $i (1 .. %d) {
			push @keep, IO::Socket::INET->new(PeerAddr => "127.0.0.1", PeerPort => 9999, Proto => "tcp") or die "connection $i: $!";
			push @keep, scalar $server->accept;
		}
		push @keep, IO::Socket::INET->new(LocalPort => 9998, Listen => 5, Proto => "tcp") or die $!;
		sleep 3600 while 1;`, processes, descriptors, listeners, pairs)
	h.Start("sh", "-c", `ulimit -n 16384 && exec perl -e "$0"`, program)
	h.WaitListening(9998) // the last
	compare(b, h, fmt.Sprintf("audit without passwords, %d listeners, %d connections, %d processes, about %d descriptors",
		listeners, 2*pairs, processes, processes*(descriptors+4)+listeners+2*pairs), 5, []rival{
		{name: "hostaudit --skip password", command: []string{hostaudit, "--skip", "password"}, exits: []int{0, 1, 3}},
		{name: "ss -tulpnH", command: ss, exits: []int{0}},
		{name: "netstat -tulpn", command: netstat, exits: []int{0}},
	})
}

// openListeners opens TCP listeners on ports from 10000 in one process of the host.
func openListeners(h *hosttest.RealHost) {
	program := fmt.Sprintf(`use IO::Socket::INET; my @keep;
		for my $i (1 .. %d) {
			push @keep, IO::Socket::INET->new(LocalPort => 10000 + $i, Listen => 5, Proto => "tcp") or die "$i: $!";
		}
		sleep 3600 while 1;`, listeners)
	h.Start("sh", "-c", `ulimit -n 4096 && exec perl -e "$0"`, program)
	h.WaitListening(10000 + listeners)
}

// passwords compares the search of our 500 words over 10 accounts with sha512crypt and
// over one with yescrypt, none of which is on the list: the whole list is tried. hostaudit
// tries what derives from the account besides, so it hashes a little more.
func passwords(b *testing.B) {
	h := host(b)
	h.WriteFile("/srv/words", words(), 0o600)
	for _, kind := range []struct {
		name, setting string
		accounts      int
	}{
		{"sha512crypt", "$6$%s$", 10},
		{"yescrypt", "$y$j9T$%s$", 1},
	} {
		root := "/srv/" + kind.name
		var passwd, shadow strings.Builder
		for i := range kind.accounts {
			name := fmt.Sprintf("user%d", i)
			setting := fmt.Sprintf(kind.setting, fmt.Sprintf("salt%d.....", i))
			hash := h.MustRun("perl", "-e", "print crypt($ARGV[0], $ARGV[1])", "no list holds this, "+name, setting)
			fmt.Fprintf(&passwd, "%s:x:%d:%d::/home/%s:/bin/bash\n", name, 2000+i, 2000+i, name)
			fmt.Fprintf(&shadow, "%s:%s:20000:0:99999:7:::\n", name, hash)
		}
		h.WriteFile(root+"/etc/passwd", passwd.String(), 0o644)
		h.WriteFile(root+"/etc/shadow", shadow.String(), 0o600)
		for _, cpus := range []string{"1", "2"} {
			// Debian's john hashes with OpenMP, on all CPUs unless told.
			john := []string{"env", "OMP_NUM_THREADS=" + cpus, "john", "--format=crypt", "--wordlist=/srv/words", root + "/etc/shadow"}
			compare(b, h, fmt.Sprintf("%d %s accounts, our list, %s CPU", kind.accounts, kind.name, cpus), 3, []rival{
				{
					name:    "hostaudit --only password.dictionary",
					command: []string{hostaudit, "--only", "password.dictionary", "--root", root, "--cpus", cpus},
					exits:   []int{0},
				},
				{name: "john --format=crypt", command: john, exits: []int{0}, before: "rm -rf /root/.john"},
			})
		}
	}
}

// words is the list built into hostaudit, one word a line.
func words() string {
	return string(bytes.Join(wordlists.Common(), []byte("\n"))) + "\n"
}

// host is a real host with hostaudit, built as `make build` does, installed.
func host(b *testing.B) *hosttest.RealHost {
	b.Helper()
	h := hosttest.NewRealHost(b)
	file := filepath.Join(b.TempDir(), "hostaudit")
	cmd := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", file, "hostaudit/cmd/hostaudit")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("go build: %v\n%s", err, out)
	}
	h.Install(file, hostaudit)
	return h
}

// compare runs the rivals in turn, n times each after one run that is not counted, and
// prints the medians and their ratios to the first.
func compare(b *testing.B, h *hosttest.RealHost, title string, n int, rivals []rival) {
	b.Helper()
	costs := make([][]cost, len(rivals))
	for round := range n + 1 {
		for i, r := range rivals {
			c := measure(b, h, r)
			if round > 0 {
				costs[i] = append(costs[i], c)
			}
		}
	}
	fmt.Printf("\n%s (median of %d, in turn)\n", title, n)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "CPU ms\tratio\twall ms\tratio\tmax RSS MB\tratio\t  program")
	var first cost
	for i, r := range rivals {
		m := cost{
			cpu:  median(costs[i], func(c cost) time.Duration { return c.cpu }),
			wall: median(costs[i], func(c cost) time.Duration { return c.wall }),
			rss:  median(costs[i], func(c cost) int64 { return c.rss }),
		}
		if i == 0 {
			first = m
		}
		fmt.Fprintf(w, "%.1f\t%.2f\t%.1f\t%.2f\t%.1f\t%.2f\t  %s\n",
			m.cpu.Seconds()*1e3, m.cpu.Seconds()/first.cpu.Seconds(),
			m.wall.Seconds()*1e3, m.wall.Seconds()/first.wall.Seconds(),
			float64(m.rss)/1024, float64(m.rss)/float64(first.rss), r.name)
	}
	if err := w.Flush(); err != nil {
		b.Fatal(err)
	}
}

// measure runs a command once. GNU time tells the memory: it starts the command from a
// process of its own small size, while the kernel charges a child of this one with the
// memory of the Go program that forked it.
func measure(b *testing.B, h *hosttest.RealHost, r rival) cost {
	b.Helper()
	if r.before != "" {
		h.MustRun("sh", "-c", r.before)
	}
	const memory = "/srv/memory"
	res := h.Run(append([]string{"time", "--quiet", "--format", "%M", "--output", memory}, r.command...)...)
	if !slices.Contains(r.exits, res.Exit) {
		b.Fatalf("%q: exit status %d\n%s%s", r.command, res.Exit, res.Stdout, res.Stderr)
	}
	rss, err := strconv.ParseInt(strings.TrimSpace(h.ReadFile(memory)), 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return cost{cpu: res.CPU, wall: res.Wall, rss: rss}
}

func median[T cmp.Ordered](costs []cost, of func(cost) T) T {
	values := make([]T, len(costs))
	for i, c := range costs {
		values[i] = of(c)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
