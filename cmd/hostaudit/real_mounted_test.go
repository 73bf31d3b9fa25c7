package main_test

import (
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// A running host seen from beside it, as a privileged container sees the one it is
// on: --root and --proc name its files and processes. What runs is judged as from
// inside; what would have to be asked over a connection is unknown.
func TestRealMountedHost(t *testing.T) {
	hosttest.RequireReal(t)
	program := builtProgram(t)
	h := realHost(t, program)
	h.SSHD(22)
	h.VSFTPD(21, "/etc/vsftpd.conf")
	h.MariaDB()
	report := auditTree(t, h, program, "--proc", h.Root+"/proc", "--only", "ssh,ftp,mysql")
	if report.Target.Mode != "live" {
		t.Errorf("mode %q, want live", report.Target.Mode)
	}
	for _, want := range []verdict{
		{"ssh.port", checks.StatusFail, with, either},
		{"ssh.root-login", checks.StatusFail, either, with},
		{"ftp.port", checks.StatusFail, with, either},
		{"mysql.root-password", checks.StatusUnknown, without, without},
		{"mysql.bind", checks.StatusPass, without, without},
	} {
		compareVerdict(t, "mounted", result(t, report, want.id), want)
	}
}
