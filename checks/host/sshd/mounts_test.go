package sshd

import (
	"testing"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

// mountTables are the mounts of process 1 and of process 9, in its own namespace.
func mountTables(nine string) string {
	return "-- proc/1/mountinfo --\n1 0 8:1 / / rw - ext4 a rw\n2 1 8:2 / /home rw - ext4 b rw\n-- proc/9/mountinfo --\n" + nine
}

// TestOtherMounts: a server that sees other files than the host has is not judged by the
// host's; one in a sandbox with the same files is.
func TestOtherMounts(t *testing.T) {
	const root = "20 0 8:1 / / rw - ext4 a rw\n"
	for _, tc := range []struct {
		name, text, config string
		same               bool
	}{
		{name: "the-same", text: mountTables(root), same: true},
		{name: "sandbox", text: mountTables(root + "21 20 8:1 /etc /etc ro - ext4 a rw\n22 20 0:9 / /tmp rw - tmpfs t rw\n23 20 8:1 /usr /usr ro - ext4 a rw\n"), same: true},
		{name: "names-of-hosts", text: mountTables(root + "21 20 8:1 /etc/netns/blue/resolv.conf /etc/resolv.conf ro - ext4 a rw\n"), same: true},
		{name: "covered", text: mountTables(root + "21 20 0:7 / /etc/ssh rw - tmpfs t rw\n22 20 8:1 /etc /etc rw - ext4 a rw\n"), same: true},
		{name: "configuration", text: mountTables(root + "21 20 8:1 /srv/evil /etc/ssh rw - ext4 a rw\n")},
		{name: "drop-in", text: mountTables(root + "21 20 8:1 /srv/evil /etc/ssh/sshd_config.d/a.conf rw - ext4 a rw\n")},
		{name: "above", text: mountTables(root + "21 20 0:7 / /etc rw - tmpfs t rw\n")},
		{name: "accounts", text: mountTables(root + "21 20 8:1 /srv/shadow /etc/shadow rw - ext4 a rw\n")},
		{name: "another-file-system", text: mountTables("20 0 8:9 / / rw - ext4 a rw\n")},
		{name: "file-of-option", text: mountTables(root + "21 20 8:1 /srv/evil /srv/sshd_config rw - ext4 a rw\n"), config: "/srv/sshd_config"},
		{name: "not-readable", text: "-- proc/1/mountinfo --\n" + root + "-- proc/9/mountinfo err=permission --\n"},
		{name: "no-table", text: ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			args := []string{"/usr/sbin/sshd"}
			if tc.config != "" {
				args = append(args, "-f", tc.config)
			}
			h := hosttest.Live(hosttest.Load(t, debian+tc.text), &snapshot.Snapshot{
				NetNS:     1,
				Processes: []snapshot.Process{process(1, "/usr/lib/systemd/systemd", "/sbin/init"), as(process(9, "/usr/sbin/sshd", args...), func(p *snapshot.Process) { p.MntNS = 9 })},
				Listeners: []snapshot.Listener{listener("0.0.0.0:2222", 9)},
			})
			survey := Look(h)
			if len(survey.Servers) != 1 {
				t.Fatalf("%s", words(survey))
			}
			if s := survey.Servers[0]; (s.Conf != nil) != tc.same || (len(s.Problems) == 0) != tc.same {
				t.Errorf("same files: %t, want %t\n%s", s.Conf != nil, tc.same, words(survey))
			}
		})
	}
}
