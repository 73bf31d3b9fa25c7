package password

import (
	"net/netip"
	"testing"

	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

// TestEmptyOverDropbear: -B lets empty passwords in, but for accounts that -G keeps out.
func TestEmptyOverDropbear(t *testing.T) {
	const files = "-- etc/passwd --\nalice::1000:1000::/home/alice:/bin/sh\n-- etc/group --\nalice:x:1000:\nstaff:x:50:bob\nours:x:51:alice\n"
	for _, test := range []struct {
		name string
		args []string
		want bool
	}{
		{"plain", nil, false},
		{"empty", []string{"-B"}, true},
		{"not-in-group", []string{"-B", "-G", "staff"}, false},
		{"in-group", []string{"-B", "-G", "ours"}, true},
		{"primary-group", []string{"-B", "-G", "alice"}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := hosttest.Live(hosttest.Load(t, files), &snapshot.Snapshot{
				NetNS: 1,
				Processes: []snapshot.Process{{
					PID: 7, Exe: "/usr/sbin/dropbear", Comm: "dropbear", NetNS: 1, MntNS: 1, PIDNS: 1, PPID: 1, SameRoot: snapshot.Yes,
					Args: append([]string{"dropbear", "-p", "2222"}, test.args...),
				}},
				Listeners: []snapshot.Listener{{Proto: "tcp", Addr: netip.IPv4Unspecified(), Port: 2222, PIDs: []int{7}}},
			})
			if _, in := emptyOverSSH(h, host.Account{Name: "alice", UID: 1000, GID: 1000}); in != test.want {
				t.Errorf("in: %v, want %v", in, test.want)
			}
		})
	}
}
