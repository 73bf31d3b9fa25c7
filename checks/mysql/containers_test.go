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
	const unasked = "unknown; gap unsupported container db"
	for _, test := range []struct {
		name       string
		conf       string // the container's /etc/my.cnf
		hostNet    bool
		published  []host.Published
		unknown    bool // what is forwarded
		listener   snapshot.Listener
		bind, root string
		tls        string
	}{
		{
			name: "own-network", listener: tcp("0.0.0.0", 3306, 20),
			bind: "pass", root: unasked,
			tls: "not_applicable",
		},
		{
			name: "bridged-or-forwarded-in-silence", listener: tcp("0.0.0.0", 3306, 20), unknown: true,
			bind: "unknown; gap unsupported container db: port 3306", root: unasked,
			tls: "unknown; gap unsupported container db: port 3306",
		},
		{
			name: "forwarded", listener: tcp("0.0.0.0", 3306, 20), published: published("0.0.0.0", 13306, 3306),
			bind: "fail; running listens-outside container db: tcp 0.0.0.0:13306", root: unasked,
			tls: "fail; configured tls-optional container db: tcp 0.0.0.0:13306",
		},
		{
			name: "forwarded-from-loopback", listener: tcp("0.0.0.0", 3306, 20), published: published("127.0.0.1", 3306, 3306),
			bind: "pass", root: unasked,
			tls: "not_applicable",
		},
		{
			name: "forwarded-to-inner-loopback", listener: tcp("127.0.0.1", 3306, 20), published: published("0.0.0.0", 3306, 3306),
			bind: "pass", root: unasked,
			tls: "not_applicable",
		},
		{
			name: "host's-network", hostNet: true, listener: tcp("0.0.0.0", 3306, 20), conf: "[mysqld]\nbind-address=127.0.0.1\n",
			bind: "fail; running listens-outside container db: tcp 0.0.0.0:3306", root: unasked,
			tls: "fail; configured tls-optional container db: tcp 0.0.0.0:3306",
		},
		{
			name: "skip-grant-tables", listener: tcp("127.0.0.1", 3306, 20), conf: "[mysqld]\nskip-grant-tables\n",
			bind: "pass", root: "fail; configured skip-grant-tables container db: skip-grant-tables; gap unsupported container db",
			tls: "not_applicable",
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
				want := map[string]string{
					"mysql.bind": test.bind, "mysql.root-password": test.root, "mysql.tls": test.tls,
					"mysql.passwords": unasked, "mysql.accounts": unasked,
				}[c.ID]
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

// A server in a container is asked where the engine publishes its port, once and as
// everybody could: a login that needs nothing is proof, a refusal leaves it unknown.
func TestPublishedServerIsAsked(t *testing.T) {
	empty := script{user: "root@%", version: mysql9, table: [][]string{{"root", "%", "caching_sha2_password", "", "0", "0", "0", "0", "0", ""}, {"app", "%", "caching_sha2_password", "", "0", "0", "0", "0", "0", ""}}}
	for _, tc := range []struct {
		name                      string
		published                 string
		server                    script
		root, passwords, accounts string
	}{
		{"empty", "0.0.0.0", empty, "fail empty-password=container db: root@% at port 3306:critical", "fail empty-password=container db: app@% at port 3306!:critical", "fail root-anywhere=container db: root@% at port 3306:medium"},
		{"empty-on-loopback", "127.0.0.1", empty, "fail empty-password=container db: root@% at port 3306:critical", "fail empty-password=container db: app@% at port 3306!:critical", "fail root-anywhere=container db: root@% at port 3306:medium"},
		{"refused", "0.0.0.0", script{deny: 1045}, "unknown unsupported", "unknown unsupported", "unknown unsupported"},
		{"skip-grant-tables", "0.0.0.0", script{user: "@"}, "fail skip-grant-tables=container db: skip-grant-tables at port 3306:critical", "unknown unsupported", "unknown unsupported"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := snapshot.Process{PID: 20, Exe: "/usr/sbin/mysqld", Args: []string{"mysqld"}, EUID: 999, NetNS: 8, SameRoot: snapshot.Yes}
			inside := hosttest.Live(hosttest.Load(t, "-- usr/sbin/mysqld --\n"), &snapshot.Snapshot{
				NetNS: 8, Processes: []snapshot.Process{p}, Listeners: []snapshot.Listener{tcp("0.0.0.0", 3306, 20)},
			})
			h := hosttest.Live(hosttest.Load(t, ""), &snapshot.Snapshot{NetNS: 9})
			h.Containers = []*host.Container{{
				Name: "db", Host: inside, PortsKnown: true,
				Published: []host.Published{{Proto: "tcp", Addr: netip.MustParseAddr(tc.published), Port: 13306, Inner: 3306}},
			}}
			f := &fakes{t: t, ways: map[string]script{"tcp 127.0.0.1:13306": tc.server}}
			prober := fakeProber(f, 0)
			for _, c := range []struct {
				check checks.Check
				want  string
			}{{RootPassword(), tc.root}, {Passwords(), tc.passwords}, {Accounts(), tc.accounts}} {
				if got := line(t, sealWith(t, c.check, h, prober, "dragon")); got != c.want {
					t.Errorf("%s: got %q, want %q", c.check.ID, got, c.want)
				}
			}
			f.finish()
			if len(f.dials) != 1 {
				t.Errorf("dialled %q", f.dials)
			}
		})
	}
}
