package main_test

import (
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// containerScript makes a root of its own, as a container engine does, and starts
// sshd in it: $1 is where, $2 its configuration, the rest its arguments.
const containerScript = `set -e
root=$1 config=$2
shift 2
mkdir -p "$root"
mount -t tmpfs -o mode=755 container "$root"
cd "$root"
mkdir usr proc dev run run/sshd var var/empty old root tmp
cp -a /etc etc
echo "inside" > etc/hostname
printf '%s\n' "$config" > etc/ssh/sshd_config
mount --rbind /usr usr
mount --rbind /dev dev
mount -t proc proc proc
for d in bin sbin lib lib64; do ln -s usr/$d $d; done
ip link set lo up
pivot_root . old
umount -l old
exec chroot . /usr/sbin/sshd -D "$@"`

// startContainerSSHD starts an sshd in a container of the host and waits for it.
func startContainerSSHD(t *testing.T, h *hosttest.RealHost, config string, namespaces []string, args ...string) {
	t.Helper()
	command := append([]string{"unshare", "--mount", "--propagation", "private", "--pid", "--fork"}, namespaces...)
	command = append(command, "bash", "-c", containerScript, "container", "/srv/container", config)
	h.Start(append(command, args...)...)
	h.WaitFor("sshd in the container", func() bool {
		return strings.Contains(h.Run("ps", "-eo", "args").Stdout, "[listener]")
	})
}

// A container that shares the host's network: what its server does is told by the
// container's files, read after the program has confined itself.
func TestRealContainerHostNetwork(t *testing.T) {
	hosttest.RequireReal(t)
	program := builtProgram(t)
	h := realHost(t, program)
	h.WriteFile(sshdConfig, sshd("Port 2222\nPermitRootLogin no\n"), 0o644)
	startContainerSSHD(t, h, "Port 22\nPermitRootLogin yes", nil)
	h.WaitListening(22)
	for name, report := range map[string]checks.Report{
		"inside":  auditLive(t, h, "--only", "ssh"),
		"mounted": auditTree(t, h, program, "--proc", h.Root+"/proc", "--only", "ssh"),
	} {
		t.Run(name, func(t *testing.T) {
			for _, id := range []string{"ssh.port", "ssh.root-login"} {
				r := result(t, report, id)
				if r.Status != checks.StatusFail || len(r.Findings) != 1 || len(r.Gaps) != 0 {
					t.Fatalf("%s: %+v", id, r)
				}
				if f := r.Findings[0]; f.Subject != "container of sshd: sshd /etc/ssh/sshd_config" {
					t.Errorf("%s: %+v", id, f)
				}
			}
			if at := result(t, report, "ssh.root-login").Findings[0].Location; at != checks.At(sshdConfig, 2) {
				t.Errorf("at %+v, which is not the container's file", at)
			}
		})
	}
}

// A container with a network of its own: its port 22 is not the host's.
func TestRealContainerOwnNetwork(t *testing.T) {
	hosttest.RequireReal(t)
	program := builtProgram(t)
	h := realHost(t, program)
	h.WriteFile(sshdConfig, sshd("Port 2222\nPermitRootLogin no\n"), 0o644)
	startContainerSSHD(t, h, "PermitRootLogin yes", []string{"--net"})
	report := auditLive(t, h, "--only", "ssh")
	port := result(t, report, "ssh.port")
	if port.Status != checks.StatusPass || !strings.Contains(string(port.Notes[0].Detail), "not port 22 of this host") {
		t.Errorf("%+v", port)
	}
	root := result(t, report, "ssh.root-login")
	if root.Status != checks.StatusFail || root.Findings[0].Subject != "container of sshd: sshd /etc/ssh/sshd_config" {
		t.Errorf("%+v", root)
	}
}
