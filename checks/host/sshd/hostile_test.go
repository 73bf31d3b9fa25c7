package sshd

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

// TestHostileBinary: what any account can write as a program is read in bounded time.
func TestHostileBinary(t *testing.T) {
	for _, tc := range []struct {
		name, unit string
		releases   int
		size       int
	}{
		{"releases", "\x00OpenSSH_%d.%dp1;", 2, maxBinary},
		{"almost", "\x00OpenSSH_%d.%dp1*", 0, 1 << 20},
		{"dropbear", "SSH-2.0-dropbear_2022.8%d3%d.", 0, 1 << 20},
		{"configs", "\x00%d%d/sshd_config\x00", 0, 1 << 20},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var b strings.Builder
			for i := 0; b.Len() < tc.size; i++ {
				fmt.Fprintf(&b, tc.unit, 10+i%90, 10+i/90%90)
			}
			h := hosttest.Load(t, "-- home/alice/sshd mode=0755 --\n"+b.String()+"\n")
			start := time.Now()
			got := readBinary(h.Tree, "/home/alice/sshd")
			if took := time.Since(start); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
			if got.releases != tc.releases || got.err != nil {
				t.Errorf("%d releases, %v", got.releases, got.err)
			}
		})
	}
}

// TestManyForeignPrograms: programs of an ordinary account, however many and whatever
// their numbers, do not keep those of root from being known.
func TestManyForeignPrograms(t *testing.T) {
	var text strings.Builder
	text.WriteString(debian)
	const file = "-- %s quoted mode=0755 --\n\\x00OpenSSH_9.%dp1\\x00%s/sshd_config\\x00\n"
	processes := []snapshot.Process{process(1, "/usr/lib/systemd/systemd", "/sbin/init")}
	var listeners []snapshot.Listener
	for i := range 200 {
		exe := fmt.Sprintf("/home/alice/%d/mysshd", i)
		fmt.Fprintf(&text, file, exe, 3, "/home/alice")
		processes = append(processes, as(process(100+i, exe, "sshd: "+exe+" -D [listener] 0 of 10-100 startups"), func(p *snapshot.Process) { p.EUID = 1000 }))
		listeners = append(listeners, listener(fmt.Sprintf("0.0.0.0:%d", 3000+i), 100+i))
	}
	fmt.Fprintf(&text, file, "/opt/mysshd", 9, "/srv")
	processes = append(processes, process(900, "/opt/mysshd", "sshd: /opt/mysshd -D [listener] 0 of 10-100 startups"))
	listeners = append(listeners, listener("0.0.0.0:2200", 900))
	h := hosttest.Live(hosttest.Load(t, text.String()), &snapshot.Snapshot{NetNS: 1, Processes: processes, Listeners: listeners})
	survey := Look(h)
	if len(survey.Servers) > 1+maxForeign {
		t.Errorf("%d servers", len(survey.Servers))
	}
	got := words(survey)
	if want := "sshd /srv/sshd_config pid=900 on=0.0.0.0:2200 boot=no v9.9-debian conf=2200\n"; !strings.Contains(got, want) {
		t.Errorf("no %s in\n%s", want, got)
	}
}
