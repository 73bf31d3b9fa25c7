package ssh

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPortConfigured: a tree, so only files tell.
func TestPortConfigured(t *testing.T) {
	on := func(severity string, line int) string {
		return fmt.Sprintf("fail; configured %s port-22 %s%d", severity, file, line)
	}
	for _, test := range []struct{ name, config, want string }{
		{"default", "#", on("medium", 0)},
		{"Port_2222", "Port 2222", "pass"},
		{"Port_both", "Port 2222\nPort 22", on("medium", 2)},
		{"ListenAddress_beats_Port", "Port 2222\nListenAddress 0.0.0.0:22", on("medium", 2)},
		{"ListenAddress_takes_Port", "ListenAddress 127.0.0.1\nPort 2222\nPort 2223", "pass"},
		{"loopback", "ListenAddress 127.0.0.1", on("low", 1)},
		{"loopback_v6", "ListenAddress ::1", on("low", 1)},
		{"leading_zero", "Port 022", on("medium", 1)},
		{"zero", "Port 0", "unknown; gap refused " + file + "1"},
		{"too_big", "Port 65536", "unknown; gap refused " + file + "1"},
		{"service_name_without_services", "Port ssh", "unknown; gap refused " + file + "1"},
		{"family_conflict", "AddressFamily inet\nListenAddress ::1", "unknown; gap refused " + file + "2"},
		{"Match_all_Port", "Port 2222\nMatch all\nPort 22", on("medium", 3)},
		{"Match_Port", "Port 2222\nMatch User x\nPort 22", "unknown; gap refused " + file + "3"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, verdict(t, loadDebian(t, withConfig(test.config)), "ssh.port")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestInstalled: what is there, and whether it starts.
func TestInstalled(t *testing.T) {
	enabled := "-- etc/systemd/system/multi-user.target.wants/ssh.service -> /usr/lib/systemd/system/ssh.service --\n"
	disabled := strings.Replace(debian, enabled, "", 1)
	socket := "\n-- etc/systemd/system/sockets.target.wants/ssh.socket -> /usr/lib/systemd/system/ssh.socket --\n"
	config := "-- etc/ssh/sshd_config --\nPort 2222\nPermitRootLogin no\n"
	for _, test := range []struct{ name, text, port, root string }{
		{"nothing", "-- etc/passwd --\nroot:x:0:0::/root:/bin/sh\n", "not_applicable; absent", "not_applicable; absent"},
		{"disabled", disabled + config, "not_applicable; absent", "not_applicable; absent"},
		{"masked", disabled + config + "-- etc/systemd/system/ssh.service -> /dev/null --\n", "not_applicable; absent", "not_applicable; absent"},
		{"config_only", config, "not_applicable; absent", "not_applicable; absent"},
		{"no_config", debian, "unknown; gap refused " + file + "0", "unknown; gap refused " + file + "0"},
		{"socket", disabled + config + socket, "fail; configured medium port-22 sshd /etc/ssh/sshd_config@/usr/lib/systemd/system/ssh.socket:2", "pass"},
		{
			"socket_drop_in", disabled + config + socket + "-- etc/systemd/system/ssh.socket.d/a.conf --\n[Socket]\nListenStream=\nListenStream=2222\n",
			"pass", "pass",
		},
		{
			"socket_generator", disabled + config + socket + "-- usr/lib/systemd/system-generators/sshd-socket-generator mode=0755 --\nelf\n",
			"pass", "pass", // the generator takes sshd_config's port
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.port, verdict(t, loadDebian(t, test.text), "ssh.port")); diff != "" {
				t.Errorf("ssh.port: %s", diff)
			}
			if diff := cmp.Diff(test.root, verdict(t, loadDebian(t, test.text), "ssh.root-login")); diff != "" {
				t.Errorf("ssh.root-login: %s", diff)
			}
		})
	}
}
