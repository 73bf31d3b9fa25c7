package mysql

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

func sealBind(t testing.TB, h *host.Host) (checks.Result, string) {
	rec := checks.NewRecorder(Bind())
	runBind(t.Context(), &checks.Env{Host: h}, rec)
	res := rec.Seal()
	words := []string{res.Status.String()}
	if res.Reason != "" {
		words = append(words, string(res.Reason))
	}
	for _, f := range res.Findings {
		where := ""
		if f.Location.File != "" {
			where = fmt.Sprintf(":%d", f.Location.Line)
		}
		words = append(words, string(f.Evidence[:3])+" "+f.Kind+"="+string(f.Subject)+where)
	}
	return res, strings.Join(words, " ")
}

const enabledMaria = `
-- usr/sbin/mariadbd mode=0755 --
-- lib/systemd/system/mariadb.service --
[Install]
WantedBy=multi-user.target
-- etc/systemd/system/multi-user.target.wants/mariadb.service -> /lib/systemd/system/mariadb.service --
`

const enabledMySQL = `
-- usr/sbin/mysqld mode=0755 --
-- lib/systemd/system/mysql.service --
[Install]
WantedBy=multi-user.target
-- etc/systemd/system/multi-user.target.wants/mysql.service -> /lib/systemd/system/mysql.service --
`

// TestBindConfigured has the rows of what each setting makes a server listen on,
// for both servers.
func TestBindConfigured(t *testing.T) {
	const closed = "mysqlx-bind-address=127.0.0.1\n"
	for _, tc := range []struct{ name, options, maria, mysql string }{
		{"none", "max_connections=1\n" + closed, "fail con bind-unset=bind-address", "fail con bind-unset=bind-address"},
		{"star", "bind-address=*\n" + closed, "fail con bind-outside=bind-address:2", "fail con bind-outside=bind-address:2"},
		{"any-v6", "bind-address=::\n" + closed, "fail con bind-outside=bind-address:2", "fail con bind-outside=bind-address:2"},
		{"any-v4", "bind-address=0.0.0.0\n" + closed, "fail con bind-outside=bind-address:2", "fail con bind-outside=bind-address:2"},
		{"loopback", "bind-address=127.0.0.1\n" + closed, "pass", "pass"},
		{"loopback-v6", "bind-address=::1\n" + closed, "pass", "pass"},
		{"loopback-2", "bind_address = 127.0.0.2\n" + closed, "pass", "pass"},
		{"localhost", "bind-address=localhost\n" + closed, "pass", "pass"},
		{"list", "bind-address=127.0.0.1,10.0.0.1\n" + closed, "fail con bind-outside=bind-address:2", "fail con bind-outside=bind-address:2"},
		{"list-of-loopbacks", "bind-address=127.0.0.1,::1\n" + closed, "pass", "pass"},
		{"mapped", "bind-address=::ffff:127.0.0.1\n" + closed, "unknown refused", "pass"},
		{"mapped-outside", "bind-address=::ffff:10.0.0.1\n" + closed, "unknown refused", "fail con bind-outside=bind-address:2"},
		{"outside", "bind-address=192.0.2.1\n" + closed, "fail con bind-outside=bind-address:2", "fail con bind-outside=bind-address:2"},
		{"last-wins", "bind-address=0.0.0.0\nbind-address=127.0.0.1\n" + closed, "pass", "pass"},
		{"last-wins-open", "bind-address=127.0.0.1\nloose_bind_address=0.0.0.0\n" + closed, "fail con bind-outside=bind-address:3", "fail con bind-outside=bind-address:3"},
		{"abbreviated", "bind=127.0.0.1\nbind-addr=0.0.0.0\n" + closed, "fail con bind-outside=bind-address:3", "fail con bind-outside=bind-address:3"},
		{"empty", "bind-address=\n" + closed, "unknown refused", "unknown refused"},
		{"trailing-blank", "bind-address='127.0.0.1 '\n" + closed, "unknown refused", "unknown refused"},
		{"name", "bind-address=db.internal\n" + closed, "unknown unsupported", "unknown unsupported"},
		{"short-form", "bind-address=127.1\n" + closed, "pass", "pass"},
		{"short-form-outside", "bind-address=10.1\n" + closed, "fail con bind-outside=bind-address:2", "fail con bind-outside=bind-address:2"},
		{"skip-networking", "skip-networking\n", "pass", "pass"},
		{"skip-networking-off", "skip-networking=0\nbind-address=127.0.0.1\n" + closed, "pass", "pass"},
		{"skip-networking-yes-is-off", "skip-networking=yes\n" + closed, "fail con bind-unset=bind-address", "fail con bind-unset=bind-address"},
		{"skip-name-resolve", "skip-name-resolve\n" + closed, "fail con bind-unset=bind-address", "fail con bind-unset=bind-address"},
		{"x-protocol", "bind-address=127.0.0.1\n", "pass", "fail con bind-unset=mysqlx-bind-address"},
		{"x-protocol-off", "bind-address=127.0.0.1\nmysqlx=0\n", "pass", "pass"},
		{"x-protocol-outside", "bind-address=127.0.0.1\nmysqlx-bind-address=*\n", "pass", "fail con bind-outside=mysqlx-bind-address:3"},
		{"admin", "bind-address=127.0.0.1\nadmin-address=192.0.2.1\n" + closed, "pass", "fail con bind-outside=admin-address:3"},
		{"other-release", "bind-address=127.0.0.1\n" + closed + "[mysqld-5.7]\nbind-address=0.0.0.0\n", "unknown no_metadata", "unknown no_metadata"},
		{"mariadb-group", closed + "[mariadb]\nbind-address=127.0.0.1\n", "pass", "fail con bind-unset=bind-address"},
		{"group-case", closed + "[SERVER]\nbind-address=127.0.0.1\n", "pass", "pass"},
		{"client-group", closed + "[client]\nbind-address=127.0.0.1\n", "fail con bind-unset=bind-address", "fail con bind-unset=bind-address"},
		{"broken", "bind-address=127.0.0.1\n[open\n" + closed, "unknown refused", "unknown refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			file := "-- etc/mysql/my.cnf --\n[mysqld]\n" + tc.options
			if res, got := sealBind(t, hosttest.Load(t, enabledMaria+file)); got != tc.maria {
				t.Errorf("MariaDB: got %q, want %q\n%+v", got, tc.maria, res)
			}
			if res, got := sealBind(t, hosttest.Load(t, enabledMySQL+file)); got != tc.mysql {
				t.Errorf("MySQL: got %q, want %q\n%+v", got, tc.mysql, res)
			}
		})
	}
}

// auto is a mysqld-auto.cnf as MySQL 9.7 writes it.
func auto(section, name, value string) string {
	return fmt.Sprintf(`{"Version": 2, %q: {%q: {"Value": %q, "Metadata": {"Host": "", "User": "boot", "Timestamp": 1795419930472035}}}}`+"\n", section, name, value)
}

func TestBindFiles(t *testing.T) {
	for _, tc := range []struct{ name, tree, want string }{
		{"alternatives-and-includes", enabledMaria + `-- etc/mysql/my.cnf -> /etc/alternatives/my.cnf --
-- etc/alternatives/my.cnf -> /etc/mysql/mariadb.cnf --
-- etc/mysql/mariadb.cnf --
[client-server]
!includedir /etc/mysql/conf.d/
!includedir /etc/mysql/mariadb.conf.d/
-- etc/mysql/conf.d/mysql.cnf --
[mysql]
-- etc/mysql/mariadb.conf.d/50-server.cnf --
[mysqld]
bind-address            = 127.0.0.1
-- etc/mysql/mariadb.conf.d/60-local.cnf --
[server]

bind-address = 0.0.0.0
`, "fail con bind-outside=bind-address:3"},
		{"etc-first", enabledMaria + "-- etc/my.cnf --\n[mysqld]\nbind-address=0.0.0.0\n-- etc/mysql/my.cnf --\n[mysqld]\nbind-address=::1\n", "pass"},
		{"unreadable-include", enabledMaria + "-- etc/my.cnf --\n[mysqld]\nbind-address=::1\n!includedir /etc/d\n-- etc/d/x.cnf err=permission --\n", "unknown no_permission"},
		{"unreadable-directory", enabledMaria + "-- etc/my.cnf --\n[mysqld]\nbind-address=::1\n!includedir /etc/d\n-- etc/d/ err=permission --\n", "unknown no_permission"},
		{"remote-include", enabledMaria + "-- etc/my.cnf --\n[mysqld]\nbind-address=::1\n!include /net/x.cnf\n-- net/x.cnf err=remote --\n", "unknown remote_file_system"},
		{"world-writable-is-ignored", enabledMaria + "-- etc/my.cnf --\n[mysqld]\nbind-address=::1\n!include /x.cnf\n-- x.cnf mode=0666 --\n[mysqld]\nbind-address=0.0.0.0\n", "pass"},
		{"unset-but-unreadable-include", enabledMaria + "-- etc/my.cnf --\n[mysqld]\n!includedir /etc/d\n-- etc/d/x.cnf err=permission --\n", "unknown no_permission"},
		{"fifo-include", enabledMaria + "-- etc/my.cnf --\n[mysqld]\n!includedir /etc/d\n-- etc/d/x.cnf fifo --\n", "unknown unreadable"},
		{"socket-unit-only", strings.Replace(enabledMaria, "mariadb.service", "mariadb.socket", -1) + "-- etc/my.cnf --\n[mysqld]\nbind-address=::1\n", "pass"},
		{"instance-only", "-- usr/sbin/mariadbd mode=0755 --\n-- etc/systemd/system/multi-user.target.wants/mariadb@two.service -> /lib/systemd/system/mariadb@.service --\n-- lib/systemd/system/mariadb@.service --\n[Service]\nExecStart=/usr/sbin/mariadbd --defaults-group-suffix=.%I\n[Install]\nWantedBy=multi-user.target\n-- etc/my.cnf --\n[mysqld]\nbind-address=::1\n", "pass"},
		{"persisted", enabledMySQL + "-- etc/my.cnf --\n[mysqld]\nbind-address=::1\nmysqlx=0\n-- var/lib/mysql/mysqld-auto.cnf --\n" + auto("mysql_static_variables", "bind_address", "0.0.0.0"), "fail con bind-outside=bind-address:0"},
		{"persisted-closed", enabledMySQL + "-- etc/my.cnf --\n[mysqld]\nbind-address=*\nmysqlx=0\n-- var/lib/mysql/mysqld-auto.cnf --\n" + auto("mysql_static_variables", "bind_address", "127.0.0.1"), "pass"},
		{"persisted-x", enabledMySQL + "-- etc/my.cnf --\n[mysqld]\nbind-address=::1\n-- var/lib/mysql/mysqld-auto.cnf --\n" + auto("mysql_static_variables", "mysqlx_bind_address", "127.0.0.1"), "pass"},
		{"persisted-x-outside", enabledMySQL + "-- etc/my.cnf --\n[mysqld]\nbind-address=::1\nmysqlx-bind-address=::1\n-- var/lib/mysql/mysqld-auto.cnf --\n" + auto("mysql_static_variables", "mysqlx_bind_address", "*"), "fail con bind-outside=mysqlx-bind-address:0"},
		{"persisted-skip-networking", enabledMySQL + "-- etc/my.cnf --\n[mysqld]\nskip-networking\n-- var/lib/mysql/mysqld-auto.cnf --\n" + auto("mysql_static_variables", "skip_networking", "OFF"), "fail con bind-unset=bind-address con bind-unset=mysqlx-bind-address"},
		{"persisted-elsewhere", enabledMySQL + "-- etc/my.cnf --\n[mysqld]\nbind-address=::1\nmysqlx=0\n-- var/lib/mysql/mysqld-auto.cnf --\n" + auto("mysql_dynamic_parse_early_variables", "max_connections", "9"), "pass"},
		{"persisted-version-1", enabledMySQL + "-- etc/my.cnf --\n[mysqld]\nbind-address=::1\nmysqlx=0\n-- var/lib/mysql/mysqld-auto.cnf --\n" + `{"Version":1,"mysql_server":{"a":{"Value":"1","Metadata":{"Timestamp":1529002441902220,"User":"root","Host":"localhost"}},"mysql_server_static_options":{"bind_address":{"Value":"*","Metadata":{"Timestamp":1529002441902220,"User":"root","Host":"localhost"}}}}}`, "fail con bind-outside=bind-address:0"},
		{"persisted-not-loaded", enabledMySQL + "-- etc/my.cnf --\n[mysqld]\nbind-address=::1\nmysqlx=0\npersisted_globals_load=0\n-- var/lib/mysql/mysqld-auto.cnf --\n" + auto("mysql_static_variables", "bind_address", "0.0.0.0"), "pass"},
		{"persisted-damaged", enabledMySQL + "-- etc/my.cnf --\n[mysqld]\nbind-address=::1\nmysqlx=0\n-- var/lib/mysql/mysqld-auto.cnf --\n" + "{\"Version\":2,", "unknown refused"},
		{"persisted-damaged-not-loaded", enabledMySQL + "-- etc/my.cnf --\n[mysqld]\nbind-address=::1\nmysqlx=0\npersisted_globals_load=0\n-- var/lib/mysql/mysqld-auto.cnf --\n" + "x", "unknown refused"},
		{"persisted-by-hand", enabledMySQL + "-- etc/my.cnf --\n[mysqld]\nbind-address=::1\nmysqlx=0\n-- var/lib/mysql/mysqld-auto.cnf --\n" + `{"Version":2,"mysql_static_variables":{"bind_address":{"Value":"::1","Metadata":{"Timestamp":1,"User":"","Host":""}}}}`, "unknown unsupported"},
		{"persisted-unreadable", enabledMySQL + "-- etc/my.cnf --\n[mysqld]\nbind-address=::1\nmysqlx=0\n-- var/lib/mysql/mysqld-auto.cnf err=permission --\n", "unknown no_permission"},
		{"persisted-in-another-directory", enabledMySQL + "-- etc/my.cnf --\n[mysqld]\ndatadir=/srv/db/\nbind-address=::1\nmysqlx=0\n-- srv/db/mysqld-auto.cnf --\n" + auto("mysql_static_variables", "bind_address", "0.0.0.0"), "fail con bind-outside=bind-address:0"},
		{"drop-in", enabledMaria + "-- etc/my.cnf --\n[mysqld]\nbind-address=::1\n-- etc/systemd/system/mariadb.service.d/o.conf --\n[Service]\nExecStart=/usr/sbin/mariadbd $MYSQLD_OPTS\nEnvironment=MYSQLD_OPTS=--bind-address=::\n", "fail con bind-outside=bind-address"},
		{"not-installed", "-- etc/my.cnf --\n[mysqld]\nbind-address=::\n", "not_applicable absent"},
		{"program-not-visible", "-- usr/sbin/ err=permission --\n", "unknown no_permission"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if res, got := sealBind(t, hosttest.Load(t, tc.tree)); got != tc.want {
				t.Errorf("got %q, want %q\n%+v", got, tc.want, res)
			}
		})
	}
}

func TestBindContainerImage(t *testing.T) {
	h := hosttest.Load(t, "-- usr/sbin/mariadbd mode=0755 --\n-- etc/my.cnf --\n[mysqld]\nbind-address=*\n")
	h.Kind = host.KindContainerImage
	if res, got := sealBind(t, h); got != "fail con bind-outside=bind-address:2" {
		t.Errorf("got %q\n%+v", got, res)
	}
}

func TestBindRunning(t *testing.T) {
	dual := tcp("::", 3306, 100)
	dual.V6Only = snapshot.No
	hiddenOwn := tcp("0.0.0.0", 3306)
	hiddenOwn.OwnerHidden = true
	hiddenRoot := hiddenOwn
	hiddenRoot.UID = 0
	for _, tc := range []struct {
		name, extra string
		listeners   []snapshot.Listener
		want        string
	}{
		{"no-tcp", "", nil, "pass"},
		{"loopback", "", []snapshot.Listener{tcp("127.0.0.1", 3306, 100)}, "pass"},
		{"loopback-2", "", []snapshot.Listener{tcp("127.0.0.2", 3306, 100)}, "pass"},
		{"mapped-loopback", "", []snapshot.Listener{tcp("::ffff:127.0.0.1", 3306, 100)}, "pass"},
		{"every-v4", "", []snapshot.Listener{tcp("0.0.0.0", 3306, 100)}, "fail run listens-outside=tcp 0.0.0.0:3306"},
		{"dual", "", []snapshot.Listener{dual}, "fail run listens-outside=tcp [::]:3306"},
		{"two-sockets", "", []snapshot.Listener{tcp("0.0.0.0", 3306, 100), tcp("::", 3306, 100)}, "fail run listens-outside=tcp 0.0.0.0:3306 run listens-outside=tcp [::]:3306"},
		{"other-port", "", []snapshot.Listener{tcp("192.0.2.1", 13306, 100)}, "fail run listens-outside=tcp 192.0.2.1:13306"},
		{"somebody-elses", "", []snapshot.Listener{tcp("0.0.0.0", 3306, 5)}, "pass"},
		{"owner-by-user", "", []snapshot.Listener{hiddenOwn}, "fail run listens-outside=tcp 0.0.0.0:3306"},
		{"owner-hidden", "", []snapshot.Listener{hiddenRoot}, "unknown no_permission"},
		{"configured-differs", "-- etc/mysql/mariadb.conf.d/60.cnf --\n[mysqld]\nbind-address=0.0.0.0\n", []snapshot.Listener{tcp("127.0.0.1", 3306, 100)}, "fail con bind-outside=bind-address:2"},
		{"both-open", "-- etc/mysql/mariadb.conf.d/60.cnf --\n[mysqld]\nbind-address=0.0.0.0\n", []snapshot.Listener{tcp("0.0.0.0", 3306, 100)}, "fail run listens-outside=tcp 0.0.0.0:3306"},
		{"configured-unreadable", "-- etc/mysql/mariadb.conf.d/60.cnf err=permission --\n", []snapshot.Listener{tcp("127.0.0.1", 3306, 100)}, "pass"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if res, got := sealBind(t, running(t, testTree+tc.extra, tc.listeners...)); got != tc.want {
				t.Errorf("got %q, want %q\n%+v", got, tc.want, res)
			}
		})
	}
}

func TestBindCommandLine(t *testing.T) {
	h := running(t, testTree, tcp("127.0.0.1", 3306, 100))
	h.Snapshot.Processes[0].Args = []string{"/usr/sbin/mariadbd", "--bind-address=0.0.0.0"}
	res, got := sealBind(t, h)
	if got != "fail con bind-outside=bind-address" {
		t.Errorf("got %q\n%+v", got, res)
	}
	if text := fmt.Sprintf("%+v", res); strings.Contains(text, "/usr/sbin/mariadbd --") {
		t.Errorf("command line in the result: %s", text)
	}
}

// TestBindSocketUnit: what systemd listens on in the server's place counts, whatever
// bind-address says.
func TestBindSocketUnit(t *testing.T) {
	const options = "-- etc/mysql/mariadb.cnf --\n[mysqld]\nbind-address=127.0.0.1\n-- etc/mysql/my.cnf -> mariadb.cnf --\n"
	unit := func(name, content string) string {
		return "-- lib/systemd/system/" + name + " --\n[Install]\nWantedBy=sockets.target\n[Socket]\n" + content
	}
	enabled := func(name string) string {
		return "-- etc/systemd/system/sockets.target.wants/" + name + " -> /lib/systemd/system/" + name + " --\n"
	}
	const found = "fail con socket-outside=tcp 3306 mariadb.socket:4"
	for _, tc := range []struct {
		name, tree string
		kind       host.Kind
		want       string
	}{
		{name: "none", want: "pass"},
		{name: "enabled", tree: unit("mariadb.socket", "ListenStream=3306\n") + enabled("mariadb.socket"), want: found},
		{name: "one-address", tree: unit("mariadb.socket", "ListenStream=192.0.2.1:3306\n") + enabled("mariadb.socket"), want: found},
		{name: "loopback", tree: unit("mariadb.socket", "ListenStream=127.0.0.1:3306\nListenStream=[::1]:3306\n") + enabled("mariadb.socket"), want: "pass"},
		{name: "device-lo", tree: unit("mariadb.socket", "ListenStream=3306\nBindToDevice=lo\n") + enabled("mariadb.socket"), want: "pass"},
		{name: "unix", tree: unit("mariadb.socket", "ListenStream=/run/mysqld/mysqld.sock\nListenStream=@mariadb\n") + enabled("mariadb.socket"), want: "pass"},
		{name: "disabled", tree: unit("mariadb.socket", "ListenStream=3306\n"), want: "pass"},
		{name: "masked", tree: unit("mariadb.socket", "ListenStream=3306\n") + enabled("mariadb.socket") + "-- etc/systemd/system/mariadb.socket -> /dev/null --\n", want: "pass"},
		{
			name: "drop-in-resets", tree: unit("mariadb.socket", "ListenStream=3306\n") + enabled("mariadb.socket") +
				"-- etc/systemd/system/mariadb.socket.d/x.conf --\n[Socket]\nListenStream=\nListenStream=127.0.0.1:3306\n", want: "pass",
		},
		{
			name: "another-name", tree: unit("extra.socket", "Service=mariadb.service\nListenStream=3307\n") + enabled("extra.socket"),
			want: "fail con socket-outside=tcp 3307 extra.socket:5",
		},
		{
			name: "another-service", tree: unit("db.socket", "ListenStream=3307\n") + enabled("db.socket") + "-- lib/systemd/system/db.service --\n[Service]\nExecStart=/usr/sbin/mariadbd\n",
			want: "fail con socket-outside=tcp 3307 db.socket:4",
		},
		{name: "of-something-else", tree: unit("x.socket", "ListenStream=99\n") + enabled("x.socket"), want: "pass"},
		{name: "container", kind: host.KindContainer, tree: unit("mariadb.socket", "ListenStream=3306\n") + enabled("mariadb.socket"), want: "pass"},
		{name: "container-of-systemd", kind: host.KindContainer, tree: unit("mariadb.socket", "ListenStream=3306\n") + enabled("mariadb.socket") + "-- lib/systemd/systemd mode=0755 --\n", want: found},
		{name: "container-image", kind: host.KindContainerImage, tree: unit("mariadb.socket", "ListenStream=3306\n") + enabled("mariadb.socket"), want: found},
		{name: "skip-networking", tree: unit("mariadb.socket", "ListenStream=3306\n") + enabled("mariadb.socket") + "-- etc/my.cnf --\n[mysqld]\nskip-networking\n", want: found},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := hosttest.Load(t, enabledMaria+options+tc.tree)
			if tc.kind != "" {
				h.Kind = tc.kind
			}
			if res, got := sealBind(t, h); got != tc.want {
				t.Errorf("got %q, want %q\n%+v", got, tc.want, res)
			}
		})
	}
	t.Run("running", func(t *testing.T) {
		h := running(t, testTree+unit("mariadb.socket", "ListenStream=3306\n")+enabled("mariadb.socket"), tcp("127.0.0.1", 3306, 100))
		res, got := sealBind(t, h)
		if got != "pass" || len(res.Notes) != 1 || !strings.Contains(string(res.Notes[0].Detail), "tcp 3306 mariadb.socket: systemd listens there") {
			t.Errorf("got %q, notes %v", got, res.Notes)
		}
	})
}

func TestBindMySQLDoors(t *testing.T) {
	h := running(t, "-- usr/sbin/mysqld mode=0755 --\n-- etc/my.cnf --\n[mysqld]\nbind-address=127.0.0.1\n",
		tcp("127.0.0.1", 3306, 100), tcp("::", 33060, 100), tcp("10.0.0.1", 33062, 100), tcp("::1", 33061, 100))
	h.Snapshot.Processes[0].Exe = "/usr/sbin/mysqld"
	res, got := sealBind(t, h)
	if got != "fail run listens-outside=tcp 10.0.0.1:33062 run listens-outside=tcp [::]:33060" {
		t.Errorf("got %q\n%+v", got, res)
	}
	for i, what := range []string{"administrative port (port 33062)", "X protocol (port 33060)"} {
		if !strings.Contains(string(res.Findings[i].Detail), what) {
			t.Errorf("detail %q does not say %q", res.Findings[i].Detail, what)
		}
	}
}

func TestDiscover(t *testing.T) {
	proc := func(pid int, exe string, edit func(*snapshot.Process)) snapshot.Process {
		p := snapshot.Process{PID: pid, Exe: exe, EUID: uint32(pid), NetNS: 9, SameRoot: snapshot.Yes}
		if edit != nil {
			edit(&p)
		}
		return p
	}
	unixSocket := func(path string, pids ...int) snapshot.UnixSocket {
		return snapshot.UnixSocket{Path: path, PIDs: pids, Type: "stream"}
	}
	h := hosttest.Live(hosttest.Load(t, testTree), &snapshot.Snapshot{
		NetNS: 9,
		Processes: []snapshot.Process{
			proc(1, "/sbin/init", nil),
			proc(10, "/usr/sbin/mariadbd", nil),
			proc(11, "/usr/sbin/mariadbd", func(p *snapshot.Process) {
				p.Args = []string{"mariadbd", "--defaults-group-suffix=.two", "--port", "3307"}
			}),
			proc(12, "/opt/x/mysqld", func(p *snapshot.Process) { p.SameRoot = snapshot.No }),
			proc(13, "/usr/sbin/mysqld", func(p *snapshot.Process) { p.NetNS = 8 }),
			proc(14, "/usr/sbin/mysqld", func(p *snapshot.Process) { p.Args = []string{"mysqld", "--initialize-insecure"} }),
			proc(15, "", func(p *snapshot.Process) { p.Comm = "mysqld" }),
			proc(16, "/usr/bin/mysqld_exporter", nil),
			proc(17, "/usr/sbin/mysqld", func(p *snapshot.Process) { p.Zombie = true }),
		},
		Unix: []snapshot.UnixSocket{
			unixSocket("/run/mysqld/mysqld.sock", 10), unixSocket("/run/mysqld/mysqlx.sock", 11),
			unixSocket("/run/mysqld/two.sock", 11), unixSocket("rel.sock", 11), unixSocket("/tmp/mysql.sock"),
			unixSocket("/var/lib/mysql/mysql.sock"),
		},
		Listeners: []snapshot.Listener{tcp("127.0.0.1", 3306, 10), tcp("127.0.0.1", 3307, 11), tcp("0.0.0.0", 4567, 11)},
	})
	h.Snapshot.Listeners[0].UID, h.Snapshot.Listeners[1].UID, h.Snapshot.Listeners[2].UID = 10, 11, 11
	list, gaps := discover(h)
	var got []string
	for _, i := range list {
		var line strings.Builder
		line.WriteString(fmt.Sprint(i.proc.PID, " ", i.name, " ", i.sockets))
		for _, d := range i.doors {
			line.WriteString(fmt.Sprintf(" %d=%s", d.listener.Port, d.protocol))
		}
		got = append(got, line.String())
	}
	// Process 15 hides its sockets; the one nobody is seen to own may be its.
	want := []string{
		"10 /run/mysqld/mysqld.sock [/run/mysqld/mysqld.sock] 3306=MySQL protocol",
		"11 /run/mysqld/two.sock [/run/mysqld/two.sock] 3307=MySQL protocol 4567=other port",
		"15 /var/lib/mysql/mysql.sock [/var/lib/mysql/mysql.sock]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var reasons []string
	for _, g := range gaps {
		reasons = append(reasons, string(g.Reason)+" "+string(g.Subject))
	}
	if diff := cmp.Diff([]string{"unsupported mysqld", "unsupported mysqld"}, reasons); diff != "" {
		t.Error(diff)
	}
}

// TestHiddenSocketsOfTwo: where two servers hide their sockets, the one at the
// packages' place answers for neither.
func TestHiddenSocketsOfTwo(t *testing.T) {
	h := hosttest.Live(hosttest.Load(t, testTree), &snapshot.Snapshot{
		NetNS: 9,
		Processes: []snapshot.Process{
			{PID: 10, Comm: "mariadbd", EUID: 104, NetNS: 9},
			{PID: 11, Comm: "mariadbd", EUID: 104, NetNS: 9, Args: []string{"mariadbd", "--socket=/run/two.sock"}},
		},
		Unix: []snapshot.UnixSocket{{Path: "/run/mysqld/mysqld.sock", Type: "stream"}, {Path: "/run/two.sock", Type: "stream"}},
	})
	list, _ := discover(h)
	got := map[int][]string{}
	for _, inst := range list {
		got[inst.proc.PID] = inst.sockets
	}
	if diff := cmp.Diff(map[int][]string{10: nil, 11: {"/run/two.sock"}}, got); diff != "" {
		t.Error(diff)
	}
}

// TestManyServers: any account can start programs called mysqld.
func TestManyServers(t *testing.T) {
	snap := &snapshot.Snapshot{NetNS: 9}
	for i := range 20_000 {
		snap.Processes = append(snap.Processes, snapshot.Process{PID: i + 1, Exe: "/home/x/mysqld", EUID: 1000, NetNS: 9, SameRoot: snapshot.Yes})
	}
	list, gaps := discover(hosttest.Live(hosttest.Load(t, testTree), snap))
	if len(list) != maxServers || len(gaps) != 1 || gaps[0].Reason != checks.ReasonTooCostly {
		t.Errorf("%d servers, gaps %v", len(list), gaps)
	}
}

func TestWays(t *testing.T) {
	v6only := tcp("::", 3306, 100)
	v6only.V6Only = snapshot.Yes
	dual := tcp("::", 3306, 100)
	dual.V6Only = snapshot.No
	for _, tc := range []struct {
		name      string
		listeners []snapshot.Listener
		want      []string
	}{
		{"none", nil, []string{"/run/mysqld/mysqld.sock"}},
		{"v6-only", []snapshot.Listener{v6only}, []string{"/run/mysqld/mysqld.sock", "[::1]:3306"}},
		{"dual", []snapshot.Listener{dual}, []string{"/run/mysqld/mysqld.sock", "10.9.9.1:3306", "127.0.0.1:3306"}},
		{"both", []snapshot.Listener{tcp("0.0.0.0", 3306, 100), v6only}, []string{"/run/mysqld/mysqld.sock", "10.9.9.1:3306", "127.0.0.1:3306"}},
		{"one-outside", []snapshot.Listener{tcp("192.0.2.7", 3306, 100)}, []string{"/run/mysqld/mysqld.sock", "192.0.2.7:3306"}},
		{"loopback-2", []snapshot.Listener{tcp("127.0.0.2", 3306, 100), tcp("0.0.0.0", 4567, 100)}, []string{"/run/mysqld/mysqld.sock", "127.0.0.2:3306"}},
		{"unusual-port", []snapshot.Listener{tcp("127.0.0.1", 4000, 100)}, []string{"/run/mysqld/mysqld.sock", "127.0.0.1:4000"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			list, _ := discover(running(t, testTree, tc.listeners...))
			ways, err := fakeProber(&fakes{t: t}, 0).ways(list[0])
			var got []string
			for _, w := range ways {
				got = append(got, w.address)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Error(diff, err)
			}
		})
	}
}

func TestFamily(t *testing.T) {
	for _, c := range Checks() {
		if c.Family() != "mysql" || c.Title == "" || c.Remedy == "" || c.Rationale == "" || c.Severity == checks.SeverityNone || c.Since == 0 || c.Run == nil {
			t.Errorf("%q is incomplete", c.ID)
		}
	}
	if _, err := netip.ParseAddr("127.1"); err == nil {
		t.Error("short IPv4 forms are parsed now: judge them")
	}
}
