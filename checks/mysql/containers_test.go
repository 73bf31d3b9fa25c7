package mysql

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

// TestInContainers: a server in a container is judged by the container's files and
// by what the engine forwards; it is never asked.
func TestInContainers(t *testing.T) {
	published := func(addr string, port, inner uint16) []host.Published {
		return []host.Published{{Proto: "tcp", Addr: netip.MustParseAddr(addr), Port: port, Inner: inner}}
	}
	for _, test := range []struct {
		name       string
		conf       string // the container's /etc/my.cnf
		hostNet    bool
		published  []host.Published
		unknown    bool // what is forwarded
		listener   snapshot.Listener
		bind, root string
	}{
		{
			name: "own-network", listener: tcp("0.0.0.0", 3306, 20),
			bind: "pass", root: "unknown; gap unsupported container db",
		},
		{
			name: "bridged-or-forwarded-in-silence", listener: tcp("0.0.0.0", 3306, 20), unknown: true,
			bind: "unknown; gap unsupported container db: port 3306", root: "unknown; gap unsupported container db",
		},
		{
			name: "forwarded", listener: tcp("0.0.0.0", 3306, 20), published: published("0.0.0.0", 13306, 3306),
			bind: "fail; running listens-outside container db: tcp 0.0.0.0:13306", root: "unknown; gap unsupported container db",
		},
		{
			name: "forwarded-from-loopback", listener: tcp("0.0.0.0", 3306, 20), published: published("127.0.0.1", 3306, 3306),
			bind: "pass", root: "unknown; gap unsupported container db",
		},
		{
			name: "forwarded-to-inner-loopback", listener: tcp("127.0.0.1", 3306, 20), published: published("0.0.0.0", 3306, 3306),
			bind: "pass", root: "unknown; gap unsupported container db",
		},
		{
			name: "host's-network", hostNet: true, listener: tcp("0.0.0.0", 3306, 20), conf: "[mysqld]\nbind-address=127.0.0.1\n",
			bind: "fail; running listens-outside container db: tcp 0.0.0.0:3306", root: "unknown; gap unsupported container db",
		},
		{
			name: "skip-grant-tables", listener: tcp("127.0.0.1", 3306, 20), conf: "[mysqld]\nskip-grant-tables\n",
			bind: "pass", root: "fail; configured skip-grant-tables container db: skip-grant-tables; gap unsupported container db",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			netNS := uint64(8)
			if test.hostNet {
				netNS = 9
			}
			p := snapshot.Process{PID: 20, Exe: "/usr/sbin/mariadbd", Args: []string{"mariadbd"}, EUID: 999, NetNS: netNS, SameRoot: snapshot.Yes}
			inside := hosttest.Live(hosttest.Load(t, "-- usr/sbin/mariadbd --\n-- etc/my.cnf --\n"+test.conf), &snapshot.Snapshot{
				NetNS: netNS, Processes: []snapshot.Process{p}, Listeners: []snapshot.Listener{test.listener},
			})
			p.SameRoot = snapshot.No
			h := hosttest.Live(hosttest.Load(t, "-- etc/passwd --\n"), &snapshot.Snapshot{NetNS: 9, Processes: []snapshot.Process{p}})
			h.Containers = []*host.Container{{Name: "db", Host: inside, Published: test.published, PortsKnown: !test.unknown}}
			for _, c := range Checks() {
				want := map[string]string{"mysql.bind": test.bind, "mysql.root-password": test.root}[c.ID]
				rec := checks.NewRecorder(c)
				c.Run(context.Background(), &checks.Env{Host: h}, rec)
				res := rec.Seal()
				parts := []string{res.Status.String()}
				for _, f := range res.Findings {
					parts = append(parts, fmt.Sprint(f.Evidence, " ", f.Kind, " ", f.Subject))
				}
				for _, g := range res.Gaps {
					parts = append(parts, fmt.Sprint("gap ", g.Reason, " ", g.Subject))
				}
				if got := strings.Join(parts, "; "); got != want {
					t.Errorf("%s:\n got %s\nwant %s", c.ID, got, want)
				}
			}
		})
	}
}
