package main_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"hostaudit/checks"
)

// TestRealReload: a running sshd keeps what it read. A sound file that it has not read
// yet is no pass; after a reload, and after a restart, it is.
func TestRealReload(t *testing.T) {
	h := realHost(t, builtProgram(t))
	const config = "/etc/ssh/sshd_config"
	write := func(text string) {
		time.Sleep(20 * time.Millisecond) // more than a clock tick of the file system
		h.WriteFile(config, text, 0o644)
	}
	rewritten := func() string { return strings.TrimSpace(h.MustRun("stat", "-c", "%y %s", "/run/sshd.pid")) }
	verdict := func() (checks.Status, []checks.Reason) {
		t.Helper()
		r := result(t, auditLive(t, h, "--only", "ssh.root-login"), "ssh.root-login")
		var reasons []checks.Reason
		for _, g := range r.Gaps {
			reasons = append(reasons, g.Reason)
		}
		return r.Status, reasons
	}
	h.MustRun("rm", "-rf", "/etc/ssh/sshd_config.d")
	write("Port 2222\nPermitRootLogin yes\n")
	h.SSHD(2222)
	if status, _ := verdict(); status != checks.StatusFail {
		t.Errorf("as started: %s, want fail", status)
	}
	before := rewritten()
	write("Port 2222\nPermitRootLogin no\n")
	if status, reasons := verdict(); status != checks.StatusUnknown || !slices.Equal(reasons, []checks.Reason{checks.ReasonChangedMeanwhile}) {
		t.Errorf("edited: %s %v, want unknown, changed_meanwhile", status, reasons)
	}
	h.MustRun("sh", "-c", "kill -HUP $(cat /run/sshd.pid)")
	h.WaitFor("the reload", func() bool { return h.Run("test", "-s", "/run/sshd.pid").Exit == 0 && rewritten() != before })
	h.WaitListening(2222)
	if status, reasons := verdict(); status != checks.StatusPass {
		t.Errorf("reloaded: %s %v, want pass", status, reasons)
	}
}
