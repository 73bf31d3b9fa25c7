package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// mysqlRogue is a program that only bears the name of a database server: it listens where
// one does and treats whoever connects as its argument says. What it reads it appends to
// /heard.
const mysqlRogue = `
use strict; use warnings; use IO::Socket::INET; use IO::Socket::UNIX; use Time::HiRes qw(sleep);
my ($manner) = @ARGV;
$SIG{CHLD} = 'IGNORE'; $SIG{PIPE} = 'IGNORE';
sub packet { my ($seq, $body) = @_; substr(pack('V', length $body), 0, 3) . chr($seq) . $body }
sub hear {
	my $c = shift;
	my $n = sysread $c, my $got, 65536;
	return unless $n;
	open my $f, '>>', '/heard' or die; syswrite $f, $got; close $f;
	return $got;
}
# HandshakeV10 with protocol 4.1, secure connection and plugins; flags are a word each.
my $hello = packet(0, "\x0a9.9.9-SECRET\0" . pack('V', 7) . "12345678\0" . pack('v', 0x8285) . "\x2d" . pack('v', 2) . pack('v', 0x0008) . "\x15" . "\0" x 10 . "123456789012\0" . "mysql_native_password\0");
my $column = "\x03def\0\0\0\x01c\0\x0c\x2d\0" . "\0\1\0\0" . "\xfd\0\0\0\0\0";
sub rows {
	my ($c, @values) = @_;
	syswrite $c, packet(1, chr(scalar @values)) . join('', map { packet(2 + $_, $column) } 0 .. $#values) . packet(2 + @values, "\xfe\0\0\2\0");
	return 3 + @values;
}
sub serve {
	my $c = shift;
	if ($manner eq 'silent') { sleep 60 }
	elsif ($manner eq 'closes') { return }
	elsif ($manner eq 'drip') { for (split //, $hello x 9) { syswrite $c, $_ or last; sleep 1 } }
	elsif ($manner eq 'hugePacket') { my $b = "\0" x 65536; syswrite $c, "\xff\xff\xff\0"; 1 while syswrite $c, $b }
	elsif ($manner eq 'http') { syswrite $c, "HTTP/1.1 400 Bad Request\r\nX: SECRET\r\n\r\n"; sleep 60 }
	elsif ($manner eq 'ssh') { syswrite $c, "SSH-2.0-SECRET\r\n"; sleep 60 }
	elsif ($manner eq 'garbage') { my $b = "\xff\0x;" x 4096; 1 while syswrite $c, $b }
	else {
		syswrite $c, $hello; hear($c);
		if ($manner eq 'cleartext') { syswrite $c, packet(2, "\xfemysql_clear_password\0"); hear($c); sleep 60 }
		elsif ($manner eq 'dialog') { syswrite $c, packet(2, "\xfedialog\0\4Password: "); hear($c); sleep 60 }
		elsif ($manner eq 'secretError') { syswrite $c, packet(2, "\xff\xff\xff#HY000SECRET") }
		else {
			syswrite $c, packet(2, "\0\0\0\2\0\0\0"); hear($c);
			if ($manner eq 'localInfile') { syswrite $c, packet(1, "\xfb/etc/shadow"); hear($c); hear($c) }
			elsif ($manner eq 'endlessRows') { my $s = rows($c, 1, 2); my $b = join '', map { packet(($s + $_) % 256, "\1a\1b") } 0 .. 1023; 1 while syswrite $c, $b }
			elsif ($manner eq 'manyColumns') { syswrite $c, packet(1, "\xfe\0\0\0\0\1\0\0\0"); sleep 60 }
			elsif ($manner eq 'wideRow') { my $s = rows($c, 1, 2); syswrite $c, packet($s, "\xfd\xff\xff\xff" . 'x' x 60000); sleep 60 }
			elsif ($manner eq 'endlessAccounts') {
				my $s = rows($c, 1, 2);
				syswrite $c, packet($s, "\x0eroot\@localhost" . "\x0510.11-MariaDB") ; sleep 60;
			}
		}
	}
}
mkdir '/run/mysqld'; chmod 0755, '/run/mysqld';
my @sockets = (
	IO::Socket::INET->new(LocalAddr => '0.0.0.0', LocalPort => 3306, Listen => 16, ReuseAddr => 1),
	IO::Socket::UNIX->new(Local => '/run/mysqld/mysqld.sock', Listen => 16),
);
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

const (
	// mysqlRogueTime and mysqlRogueMemory bound an audit of the family with a rogue.
	mysqlRogueTime   = 5 * time.Second
	mysqlRogueMemory = 32 << 20
)

// TestRealDatabaseRogues runs programs called mysqld that are no database servers: nothing
// is known of them, the audit ends in time and in bounded memory, prints nothing of what
// they said, and says nothing to them but root with an empty password.
func TestRealDatabaseRogues(t *testing.T) {
	hosttest.RequireReal(t)
	program := builtProgram(t)
	for _, manner := range []string{
		"silent", "closes", "drip", "hugePacket", "http", "ssh", "garbage", "cleartext", "dialog", "secretError",
		"localInfile", "endlessRows", "manyColumns", "wideRow", "endlessAccounts",
	} {
		t.Run(manner, func(t *testing.T) {
			t.Parallel() // they wait more than they work
			h := realHost(t, program)
			h.Install(filepath.Join(os.Getenv(hosttest.TreeVariable), "usr/bin/perl"), "/opt/app/mysqld")
			h.WriteFile("/opt/app/server.pl", mysqlRogue, 0o644)
			h.WriteFile("/heard", "", 0o644)
			h.Start("/opt/app/mysqld", "/opt/app/server.pl", manner)
			h.WaitListening(3306)
			report, cost := auditMeasured(t, h, "--only", "mysql")
			if cost.wall > mysqlRogueTime || cost.peak > mysqlRogueMemory {
				t.Errorf("the audit took %s and held %d KiB", cost.wall, cost.peak>>10)
			}
			t.Logf("%s, %d KiB", cost.wall.Round(10*time.Millisecond), cost.peak>>10)
			for _, id := range []string{"mysql.root-password", "mysql.passwords", "mysql.accounts"} {
				res := result(t, report, id)
				if res.Status != checks.StatusUnknown || len(res.Gaps) == 0 || res.Reason == checks.ReasonInternal || res.Reason == checks.ReasonDeadline {
					t.Errorf("%s: %s\n%s", id, res.Status, explained(res))
				}
			}
			for _, r := range report.Checks {
				if strings.Contains(explained(r), "SECRET") {
					t.Errorf("%s tells what the server said:\n%s", r.ID, explained(r))
				}
			}
			heard := h.ReadFile("/heard")
			for _, secret := range []string{"root:", "x:0:0", "123456", "password1"} {
				if strings.Contains(heard, secret) {
					t.Errorf("the server heard %q", secret)
				}
			}
		})
	}
}
