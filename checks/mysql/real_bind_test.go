package mysql

import (
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

// bindVariable makes this test binary, installed in a real host, print what the server
// of that data directory, which runs in its network namespace, should listen on and what
// it does.
const bindVariable = "HOSTAUDIT_MYSQL_BIND_INSIDE"

func TestBindInside(t *testing.T) {
	dir := os.Getenv(bindVariable)
	if dir == "" {
		t.Skip("only run inside a real host, by the tests below")
	}
	h, err := host.OpenLive(host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	h.Snapshot = snapshot.Collect(t.Context(), snapshot.Options{})
	for _, p := range h.Snapshot.Processes {
		if !isServer(p) || !slices.Contains(p.Args, "--datadir="+dir) {
			continue
		}
		s := readHost(h, p.Exe, command(p.Args[1:]), origin{})
		plan := s.plan(h.Tree, true)
		for _, l := range plan.listens {
			fmt.Println("planned", l)
		}
		fmt.Println("outside", len(plan.findings) > 0)
		for _, g := range slices.Concat(s.gaps, plan.gaps) {
			fmt.Println("gap", g.Reason, g.Detail, g.Location)
		}
		for _, l := range h.Snapshot.Listeners {
			if l.Proto == "tcp" && slices.Contains(l.PIDs, p.PID) {
				fmt.Println("kernel", listen{addr: l.Addr, port: l.Port, v6only: l.V6Only})
			}
		}
	}
}

// String is the socket as "127.0.0.1:3306"; what takes one family only is told apart.
func (l listen) String() string {
	family := ""
	if l.addr.Is6() && l.addr.IsUnspecified() {
		family = map[snapshot.Tri]string{snapshot.Yes: " v6only", snapshot.No: " dual"}[l.v6only]
	}
	return netip.AddrPortFrom(l.addr, l.port).String() + family
}

// bindCase is a setting, what the server listens on with it ("refused": it does not
// start), written down from the manuals and the first tries, and whether that is
// reachable from outside.
type bindCase struct {
	name, options string
	want          string
	outside       bool
}

// startAndCompare starts a server with every setting, each in a network namespace and with
// a data directory of its own, and compares its sockets with the plan.
func startAndCompare(t *testing.T, h *hosttest.RealHost, server string, cases []bindCase) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	h.Install(exe, "/probe.test")
	h.WriteFile("/etc/hosts", "127.0.0.1 localhost\n::1 localhost ip6-localhost\n10.9.9.1 db.example\n", 0o644)
	h.WriteFile("/case.sh", `
cd /; ip link set lo up; ip addr add 10.9.9.1/24 dev lo
dir=$1; shift
: >"$dir.log"
"$@" --datadir="$dir" >"$dir.log" 2>&1 &
pid=$!
for i in $(seq 300); do
	if grep -q 'ready for connections' "$dir.log"; then break; fi
	if ! kill -0 $pid 2>/dev/null; then echo refused; grep ERROR "$dir.log" >&2; exit; fi
	sleep 0.1
done
`+bindVariable+`="$dir" /probe.test -test.run=^TestBindInside$ -test.count=1
kill -9 $pid; wait $pid 2>/dev/null
`, 0o755)
	t.Run("settings", func(t *testing.T) {
		// A server that is killed leaves a directory that the next one mends.
		dirs := make(chan string, 2)
		for _, dir := range []string{"/data1", "/data2"} {
			h.MustRun("cp", "-a", "/data", dir)
			dirs <- dir
		}
		for i, tc := range cases {
			t.Run(tc.name, func(t *testing.T) {
				t.Parallel()
				dir := <-dirs
				defer func() { dirs <- dir }()
				file := fmt.Sprintf("/case/%d.cnf", i)
				h.WriteFile(file, "[mysqld]\n"+tc.options, 0o644)
				res := h.Run("unshare", "--net", "bash", "/case.sh", dir, server, "--defaults-file="+file,
					"--user=mysql", "--innodb-buffer-pool-size=8M", "--performance-schema=0", fmt.Sprintf("--socket=/run/mysqld/s%d", i))
				got := map[string][]string{}
				for line := range strings.Lines(res.Stdout) {
					key, value, _ := strings.Cut(strings.TrimSpace(line), " ")
					got[key] = append(got[key], value)
				}
				slices.Sort(got["kernel"])
				slices.Sort(got["planned"])
				kernel, planned := strings.Join(got["kernel"], ", "), strings.Join(got["planned"], ", ")
				if _, refuses := got["refused"]; refuses {
					kernel = "refused"
					planned = plannedRefusal(t, h, file, server)
				}
				if kernel != tc.want || planned != tc.want || tc.want != "refused" && fmt.Sprint(got["outside"], len(got["gap"])) != fmt.Sprintf("[%v] 0", tc.outside) {
					t.Errorf("the server listens on %q, planned %q, want %q and outside %v\n%s%s", kernel, planned, tc.want, tc.outside, res.Stdout, res.Stderr)
				}
			})
		}
	})
}

// plannedRefusal is what the plan says of a setting with which no server runs.
func plannedRefusal(t *testing.T, h *hosttest.RealHost, file, server string) string {
	f, release := mariaDB, "10.11"
	if strings.HasSuffix(server, "mysqld") {
		f, release = mySQL, "9.7"
	}
	target := hosttest.Load(t, "-- case.cnf --\n"+h.ReadFile(file)+"-- etc/hosts --\n"+h.ReadFile("/etc/hosts"))
	s := readOrigin(target.Tree, origin{flavour: f, release: release, command: dialectOf(f, release).ParseArgs([]string{"--defaults-file=/case.cnf"})})
	plan := s.plan(target.Tree, true)
	for _, g := range slices.Concat(s.gaps, plan.gaps) {
		if g.Reason == "refused" || strings.Contains(string(g.Detail), "not looked up") {
			return "refused"
		}
	}
	return fmt.Sprintf("%v, gaps %v %v", plan.listens, s.gaps, plan.gaps)
}

func TestRealBind(t *testing.T) {
	t.Parallel()
	h := hosttest.NewRealHost(t)
	h.MustRun("bash", "-c", "cp -a /var/lib/mysql /data && mkdir -p /run/mysqld && chown mysql /run/mysqld")
	const every = "0.0.0.0:3306, [::]:3306 v6only"
	startAndCompare(t, h, "/usr/sbin/mariadbd", []bindCase{
		{"unset", "", every, true},
		{"star", "bind-address=*\n", every, true},
		{"any-v4", "bind-address=0.0.0.0\n", "0.0.0.0:3306", true},
		{"any-v6", "bind-address=::\n", "[::]:3306 v6only", true},
		{"loopback", "bind_address = 127.0.0.1\n", "127.0.0.1:3306", false},
		{"loopback-v6", "bind-address=::1\n", "[::1]:3306", false},
		{"loopback-2", "bind-address=127.0.0.2\n", "127.0.0.2:3306", false},
		{"localhost", "bind-address=localhost\n", "127.0.0.1:3306, [::1]:3306", false},
		{"name-in-hosts", "bind-address=db.example\n", "10.9.9.1:3306", true},
		{"short", "bind-address=127.1\n", "127.0.0.1:3306", false},
		{"number", "bind-address=2130706433\n", "127.0.0.1:3306", false},
		{"zero", "bind-address=0\n", "0.0.0.0:3306", true},
		{"skip-prefix", "skip-bind-address\n", "0.0.0.0:3306", true},
		{"list", "bind-address=127.0.0.1,10.9.9.1\n", "10.9.9.1:3306, 127.0.0.1:3306", true},
		{"list-any", "bind-address=0.0.0.0,::\n", every, true},
		{"last-wins", "bind-address=0.0.0.0\nbind-address=127.0.0.1\n", "127.0.0.1:3306", false},
		{"abbreviated", "loose-bind-addr=10.9.9.1\n", "10.9.9.1:3306", true},
		{"skip-networking", "bind-address=0.0.0.0\nskip_networking\nextra-port=3307\n", "", false},
		{"skip-networking-yes", "bind-address=10.9.9.1\nskip-networking=yes\n", "10.9.9.1:3306", true},
		{"other-port", "bind-address=::1\nport=13306\n", "[::1]:13306", false},
		{"port-zero", "bind-address=::1\nport=0\n", "[::1]:3306", false},
		{"port-large", "bind-address=::1\nport=99999\n", "[::1]:65535", false},
		{"port-suffix", "bind-address=::1\nport=4K\n", "[::1]:4096", false},
		{"extra-port", "bind-address=127.0.0.1,10.9.9.1\nextra-port=13307\n", "10.9.9.1:13307, 10.9.9.1:3306, 127.0.0.1:13307, 127.0.0.1:3306", true},
		{"own-release", "bind-address=127.0.0.1\n[mariadb-10.11]\nbind-address=0.0.0.0\n", "0.0.0.0:3306", true},
		{"other-release", "bind-address=127.0.0.1\n[mariadb-11]\nbind-address=0.0.0.0\n[mysqld-10.6]\nbind-address=0.0.0.0\n", "127.0.0.1:3306", false},
		{"later-group", "bind-address=::1\n[server]\nbind-address=10.9.9.1\n", "10.9.9.1:3306", true},
		{"refused-list-with-star", "bind-address=*,127.0.0.1\n", "refused", false},
		{"refused-twice", "bind-address=10.9.9.1,10.9.9.1\n", "refused", false},
		{"refused-extra-port", "extra-port=3306\n", "refused", false},
		{"refused-empty", "bind-address=\n", "refused", false},
		{"refused-empty-part", "bind-address=127.0.0.1,,::1\n", "refused", false},
		{"refused-blank", "bind-address='127.0.0.1 '\n", "refused", false},
		{"refused-mapped", "bind-address=::ffff:127.0.0.1\n", "refused", false},
		{"refused-name", "bind-address=nowhere.invalid\n", "refused", false},
		{"refused-option", "bind-adress=127.0.0.1\n", "refused", false},
		{"refused-port", "port=3306x\n", "refused", false},
	})
}

func TestRealBindMySQL(t *testing.T) {
	t.Parallel()
	h := hosttest.NewRealHostOf(t, "units-sid+mysql")
	h.MustRun("bash", "-c", "mkdir -p /var/lib/mysql-files /run/mysqld; id mysql >/dev/null 2>&1 || useradd --system mysql; "+
		"chown mysql /run/mysqld; mkdir /init; chown mysql /init; chmod 755 /init; "+
		"mysqld --no-defaults --initialize-insecure --user=mysql --datadir=/init/data --innodb-redo-log-capacity=8M --performance-schema=0 2>/init.log || { cat /init.log; exit 1; }; mv /init/data /data")
	const x = "mysqlx=0\n"
	cases := []bindCase{
		{"unset", "", "[::]:3306 dual, [::]:33060 dual", true},
		{"star", "bind-address=*\n" + x, "[::]:3306 dual", true},
		{"any-v6", "bind-address=::\n" + x, "[::]:3306 dual", true},
		{"any-v4", "bind-address=0.0.0.0\n" + x, "0.0.0.0:3306", true},
		{"loopback", "bind-address=127.0.0.1\n" + x, "127.0.0.1:3306", false},
		{"loopback-x-open", "bind-address=127.0.0.1\n", "127.0.0.1:3306, [::]:33060 dual", true},
		{"loopback-both", "bind-address=127.0.0.1\nmysqlx-bind-address=127.0.0.1\n", "127.0.0.1:3306, 127.0.0.1:33060", false},
		{"loopback-v6", "bind-address=::1\n" + x, "[::1]:3306", false},
		{"mapped", "bind-address=::ffff:127.0.0.1\n" + x, "[::ffff:127.0.0.1]:3306", false},
		{"localhost", "bind-address=localhost\nmysqlx-bind-address=localhost\n", "127.0.0.1:3306, 127.0.0.1:33060", false},
		{"list", "bind-address=127.0.0.1,10.9.9.1\n" + x, "10.9.9.1:3306, 127.0.0.1:3306", true},
		{"short", "bind-address=127.1\n" + x, "127.0.0.1:3306", false},
		{"x-list", "bind-address=::1\nmysqlx-bind-address= 127.0.0.1, 10.9.9.1\nmysqlx_port=33066\n", "10.9.9.1:33066, 127.0.0.1:33066, [::1]:3306", true},
		{"x-list-with-star", "bind-address=::1\nmysqlx-bind-address=*,127.0.0.1\n", "127.0.0.1:33060, [::1]:3306", false},
		{"x-empty", "bind-address=::1\nmysqlx-bind-address=\n", "[::1]:3306", false},
		{"admin", "bind-address=127.0.0.1\nadmin-address=10.9.9.1\n" + x, "10.9.9.1:33062, 127.0.0.1:3306", true},
		{"admin-port", "bind-address=127.0.0.1\nadmin-address=::1\nadmin_port=3399\n" + x, "127.0.0.1:3306, [::1]:3399", false},
		{"ports-zero", "bind-address=127.0.0.1\nport=0\nmysqlx=0\nadmin-address=::1\nadmin-port=0\n", "127.0.0.1:3306, [::1]:33062", false},
		{"skip-networking", "skip-networking\nadmin-address=127.0.0.1\n", "", false},
		{"skip-grant-tables", "skip-grant-tables\nskip-networking=0\n", "", false},
		{"enable-prefix", "enable-bind-address\n" + x, "[::]:3306 dual", true},
		{"own-release", "bind-address=127.0.0.1\n" + x + "[mysqld-9.7]\nbind-address=0.0.0.0\n", "0.0.0.0:3306", true},
		{"refused-list-with-star", "bind-address=*,127.0.0.1\n", "refused", false},
		{"refused-admin-star", "admin-address=*\n", "refused", false},
		{"refused-admin-list", "admin-address=127.0.0.1,::1\n", "refused", false},
		{"refused-same-port", "bind-address=127.0.0.1\nmysqlx-port=3306\n", "refused", false},
		{"refused-abbreviated", "bind-addr=127.0.0.1\n", "refused", false},
		{"refused-empty", "bind-address=\n", "refused", false},
	}
	if os.Getenv("HOSTAUDIT_DIFFERENTIAL") == "" {
		// A start takes a second of two processors: `make differential` has them all.
		var half []bindCase
		for i := 0; i < len(cases); i += 2 {
			half = append(half, cases[i])
		}
		cases = half
	}
	startAndCompare(t, h, "/usr/sbin/mysqld", cases)
}
