package main_test

import (
	"fmt"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// listen opens a TCP listener on addr:port by a program of the host, which is the
// script that perl runs, or a copy of perl at another place.
func listen(h *hosttest.RealHost, perl, addr string, port int) {
	h.Start(perl, "-e", fmt.Sprintf(`use IO::Socket::INET;
		my $s = IO::Socket::INET->new(LocalAddr => "%s", LocalPort => %d, Listen => 5, Proto => "tcp") or die $!;
		sleep 3600 while 1;`, addr, port))
	h.WaitListening(port)
}

// stop ends the processes of a program and waits until they are gone.
func stop(h *hosttest.RealHost, program string) {
	h.MustRun("sh", "-c", `for p in $(pidof "$0"); do kill -9 $p; done; for i in $(seq 50); do pidof "$0" >/dev/null || exit 0; sleep 0.1; done; exit 1`, program)
}

// drifted audits the host and returns the verdict of listeners.drift, its findings
// and notes as "KIND: SUBJECT".
func drifted(t *testing.T, h *hosttest.RealHost) (checks.Status, []string) {
	t.Helper()
	r := result(t, auditLive(t, h, "--only", "listeners.drift"), "listeners.drift")
	var lines []string
	for _, f := range r.Findings {
		lines = append(lines, f.Kind+": "+string(f.Subject))
	}
	for _, g := range r.Gaps {
		lines = append(lines, "gap: "+string(g.Subject)+" "+string(g.Detail))
	}
	for _, n := range r.Notes {
		lines = append(lines, "note: "+string(n.Subject)+" "+string(n.Detail))
	}
	return r.Status, lines
}

// TestRealDrift takes a baseline of a real host and changes the host: what restarts
// and upgrades change is no drift, what listens anew, wider or under another program is.
func TestRealDrift(t *testing.T) {
	program := builtProgram(t)
	h := realHost(t, program)
	const (
		app1 = "/opt/app-1.2.3/bin/app"
		app2 = "/opt/app-1.2.4/bin/app"
	)
	h.MustRun("sh", "-c", "mkdir -p /opt/app-1.2.3/bin /opt/app-1.2.4/bin && cp /usr/bin/perl "+app1+" && cp /usr/bin/perl "+app2)
	h.WriteFile("/etc/local.cnf", "listen=YES\nlisten_ipv6=NO\nlisten_address=127.0.0.1\n", 0o600)
	h.SSHD(22)
	h.VSFTPD(21, "/etc/local.cnf")
	listen(h, app1, "0.0.0.0", 8080)
	listen(h, "/usr/bin/perl", "0.0.0.0", 40123) // a port such as the kernel gives to RPC services

	if status, lines := drifted(t, h); status != na {
		t.Fatalf("first run: %s %q, want not applicable", status, lines)
	}
	same := func(what string, h *hosttest.RealHost) {
		t.Helper()
		if status, lines := drifted(t, h); status != pass {
			t.Errorf("%s: %s %q, want pass", what, status, lines)
		}
	}
	same("nothing changed", h)

	h.MustRun("sh", "-c", "cp /usr/sbin/sshd /usr/sbin/sshd.new && mv /usr/sbin/sshd.new /usr/sbin/sshd")
	same("sshd was upgraded under the running server", h)

	stop(h, app1)
	listen(h, app2, "0.0.0.0", 8080)
	same("another version in the path", h)

	t.Run("reboot", func(t *testing.T) {
		again := realHost(t, program)
		again.MustRun("sh", "-c", "mkdir -p /opt/app-1.2.4/bin && cp /usr/bin/perl "+app2+" && mkdir -m 700 /var/lib/hostaudit")
		again.WriteFile("/etc/local.cnf", h.ReadFile("/etc/local.cnf"), 0o600)
		again.WriteFile("/var/lib/hostaudit/baselines", h.ReadFile("/var/lib/hostaudit/baselines"), 0o600)
		listen(again, "/usr/bin/perl", "0.0.0.0", 45678) // the RPC service got another port
		listen(again, app2, "0.0.0.0", 8080)
		again.VSFTPD(21, "/etc/local.cnf")
		again.SSHD(22)
		same("after a reboot", again)
	})

	want := func(what, kind, part string) {
		t.Helper()
		status, lines := drifted(t, h)
		var found bool
		for _, l := range lines {
			found = found || strings.HasPrefix(l, kind+": ") && strings.Contains(l, part)
		}
		if status != fail || !found {
			t.Errorf("%s: %s %q, want a finding %s with %q", what, status, lines, kind, part)
		}
	}
	listen(h, "/usr/bin/perl", "0.0.0.0", 4444)
	want("a listener more", "added", "4444")
	stop(h, "/usr/sbin/vsftpd")
	h.WriteFile("/etc/local.cnf", "listen=YES\nlisten_ipv6=NO\n", 0o600)
	h.VSFTPD(21, "/etc/local.cnf")
	want("vsftpd on every address", "widened", "tcp 21")
	stop(h, app2)
	h.MustRun("cp", "/usr/bin/perl", "/usr/local/bin/other")
	listen(h, "/usr/local/bin/other", "0.0.0.0", 8080)
	want("another program on the same port", "changed-hands", "tcp 8080")

	if res := h.Run(installed, "baseline", "accept", "--only", "listeners.drift"); res.Exit != 0 {
		t.Fatalf("accept: exit %d\n%s%s", res.Exit, res.Stdout, res.Stderr)
	}
	same("accepted", h)
	stop(h, "/usr/sbin/vsftpd")
	if status, lines := drifted(t, h); status != pass || len(lines) == 0 {
		t.Errorf("a listener that is gone: %s %q, want pass and a note", status, lines)
	}
}
