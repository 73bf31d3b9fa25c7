package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// rogue is a server that nobody knows: it listens on port 22 of every address given and
// treats whoever connects as the first argument says.
const rogue = `
use strict; use warnings; use IO::Socket::INET; use Socket qw(SOL_SOCKET SO_LINGER); use Time::HiRes qw(sleep);
my ($manner, @addresses) = @ARGV;
$SIG{CHLD} = 'IGNORE'; $SIG{PIPE} = 'IGNORE';
my %greeting = (
	smtp => "220 mail.example.com ESMTP\r\n",
	ssh => "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
	ssh1 => "SSH-1.99-Cisco-1.25\r\n",
	sshAfterLines => "Keep out\r\nReally\r\nSSH-2.0-x\r\n",
	almost => "220 SSH-2.0-not-at-the-beginning\r\n",
	newer => "SSH-3.0-x\r\n",
	binary => "\x16\x03\x01\x02\x00" . "\0" x 200,
);
sub serve {
	my $c = shift;
	if (exists $greeting{$manner}) { syswrite $c, $greeting{$manner}; sleep 60 }
	elsif ($manner eq 'silent') { sleep 60 }
	elsif ($manner eq 'drip') { for (split //, "SSH-2.0-OpenSSH_9.2p1\r\n" x 9) { syswrite $c, $_ or last; sleep 1 } }
	elsif ($manner eq 'garbage') { my $b = "\xff\0x;" x 4096; 1 while syswrite $c, $b }
	elsif ($manner eq 'lines') { my $b = "220-welcome\r\n" x 1024; 1 while syswrite $c, $b }
	elsif ($manner eq 'late') { sleep 1.9; syswrite $c, "SSH-2.0-late\r\n"; sleep 60 }
	elsif ($manner eq 'alert') { sysread $c, my $hello, 1; syswrite $c, "\x15\x03\x01\x00\x02\x02\x46" }
	elsif ($manner eq 'http') { sysread $c, my $line, 1; syswrite $c, "HTTP/1.1 400 Bad Request\r\n\r\n" }
	elsif ($manner eq 'reset') { setsockopt $c, SOL_SOCKET, SO_LINGER, pack('ii', 1, 0) }
	close $c;
}
my @sockets = map { IO::Socket::INET->new(LocalAddr => $_, LocalPort => 22, Listen => 16, ReuseAddr => 1) or die "$_: $!" } @addresses;
sleep 600 if $manner eq 'neverAccepts';
while (1) {
	my $ready = ''; vec($ready, fileno($_), 1) = 1 for @sockets;
	select($ready, undef, undef, undef) > 0 or next;
	for my $s (@sockets) {
		next unless vec($ready, fileno($s), 1);
		my $c = $s->accept or next;
		unless (fork) { serve($c); exit }
		close $c;
	}
}
`

// A rogueCase is a manner and the verdict of ssh.port on it, "|" between what the moment
// decides. Written before a run.
type rogueCase struct {
	manner    string
	addresses int // besides 0.0.0.0 alone
	port      string
}

var rogueCases = []rogueCase{
	{manner: "silent", port: "unknown"},
	{manner: "drip", port: "unknown"},
	{manner: "garbage", port: "unknown"},
	{manner: "lines", port: "unknown"},
	{manner: "closes", port: "unknown"},
	{manner: "reset", port: "unknown"},
	{manner: "neverAccepts", port: "unknown"},
	{manner: "alert", port: "unknown"},
	{manner: "http", port: "unknown"},
	{manner: "smtp", port: "unknown"},
	{manner: "binary", port: "unknown"},
	{manner: "almost", port: "unknown"},
	{manner: "newer", port: "unknown"},
	// Just before an audit stops listening: either way is right, a pass is not.
	{manner: "late", port: "unknown|fail"},
	{manner: "ssh", port: "fail"},
	{manner: "ssh1", port: "fail"},
	{manner: "sshAfterLines", port: "fail"},
	{manner: "silent", addresses: 50, port: "unknown"},
	{manner: "garbage", addresses: 50, port: "unknown"},
	{manner: "drip", addresses: 50, port: "unknown"},
}

const (
	// rogueTime bounds a whole audit of a host with rogues.
	rogueTime = 15 * time.Second
	// rogueMemory bounds what such an audit holds at most; on a quiet host it is a third.
	rogueMemory = 48 << 20
)

// TestRealRogues puts servers on port 22 that no greeting can be had from: the audit
// ends in time, in bounded memory, and says that it does not know.
func TestRealRogues(t *testing.T) {
	hosttest.RequireReal(t)
	program := builtProgram(t)
	for _, c := range rogueCases {
		name := c.manner
		if c.addresses > 0 {
			name += fmt.Sprint(c.addresses)
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel() // they wait more than they work
			h := realHost(t, program)
			addresses := []string{"0.0.0.0"}
			if c.addresses > 0 {
				addresses = nil
				for i := range c.addresses {
					addresses = append(addresses, fmt.Sprintf("10.9.8.%d", i+1))
				}
				h.MustRun("sh", "-c", "for i in $(seq "+fmt.Sprint(c.addresses)+"); do ip addr add 10.9.8.$i/32 dev lo; done")
			}
			startRogue(h, c.manner, addresses)
			// sshd of the package, which nothing runs, is out of the way on both checks.
			h.WriteFile(sshdConfig, "Port 2222\nPermitRootLogin no\n", 0o644)
			report, cost := auditMeasured(t, h)
			if cost.wall > rogueTime {
				t.Errorf("the audit took %s", cost.wall)
			}
			if cost.peak > rogueMemory {
				t.Errorf("the audit held %d KiB", cost.peak>>10)
			}
			t.Logf("%s, %d KiB", cost.wall.Round(10*time.Millisecond), cost.peak>>10)
			compareRogue(t, c, report)
		})
	}
}

// startRogue runs the server as a program that no package and no list knows.
func startRogue(h *hosttest.RealHost, manner string, addresses []string) {
	h.Install(filepath.Join(os.Getenv(hosttest.TreeVariable), "usr/bin/perl"), "/opt/app/server")
	h.WriteFile("/opt/app/server.pl", rogue, 0o644)
	h.Start(append([]string{"/opt/app/server", "/opt/app/server.pl", manner}, addresses...)...)
	h.WaitListening(22)
}

func compareRogue(t *testing.T, c rogueCase, report checks.Report) {
	t.Helper()
	port, login := result(t, report, "ssh.port"), result(t, report, "ssh.root-login")
	if !slices.Contains(strings.Split(c.port, "|"), port.Status.String()) {
		t.Errorf("ssh.port: %s, want %s\n%s", port.Status, c.port, explained(port))
	}
	if port.Status == checks.StatusUnknown && len(port.Gaps) == 0 {
		t.Error("ssh.port: unknown without a gap")
	}
	if port.Status == fail && gravest(port) != "port-22 medium" {
		t.Errorf("ssh.port: %s, want port-22 medium\n%s", gravest(port), explained(port))
	}
	// Whether it lets root in is not known, whatever it is.
	if login.Status != checks.StatusUnknown || len(login.Gaps) == 0 {
		t.Errorf("ssh.root-login: %s, want unknown with a gap\n%s", login.Status, explained(login))
	}
	for _, r := range report.Checks {
		if r.Reason == checks.ReasonDeadline || r.Reason == checks.ReasonInternal {
			t.Errorf("%s: %s: %s", r.ID, r.Reason, r.Summary)
		}
	}
}

// cost is what a run took.
type cost struct {
	wall time.Duration
	peak int64 // bytes resident at most
}

// measured runs the command of its arguments after the first and appends what it held in
// KiB to standard error; the first is the number of getrusage(2). A small program has to
// start it: the kernel counts what a program held before exec(2) too.
const measured = `my $number = shift; my $status = system @ARGV; my $usage = "\0" x 144;
syscall($number + 0, -1, $usage) == 0 or die $!;
print STDERR "\npeak ", unpack('x[l!4] l!', $usage), "\n"; exit $status >> 8;`

// auditMeasured audits the host from inside.
func auditMeasured(t *testing.T, h *hosttest.RealHost, flags ...string) (checks.Report, cost) {
	t.Helper()
	command := []string{"perl", "-e", measured, fmt.Sprint(unix.SYS_GETRUSAGE), installed, "--format", "json"}
	res := h.Run(append(command, flags...)...)
	_, said, found := strings.Cut(res.Stderr, "\npeak ")
	peak, err := strconv.ParseInt(strings.TrimSpace(said), 10, 64)
	if !found || err != nil || peak == 0 {
		t.Fatalf("no measure of memory: %v\n%s", err, res.Stderr)
	}
	return decoded(t, res), cost{res.Wall, peak << 10}
}
