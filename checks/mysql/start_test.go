package mysql

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

// Units as the distributions ship them, cut to what matters.
const (
	debianMaria = `
-- usr/sbin/mariadbd mode=0755 --
-- usr/sbin/mysqld -> mariadbd --
-- usr/lib/systemd/systemd mode=0755 --
-- etc/passwd --
mysql:x:100:101:MySQL Server,,,:/nonexistent:/bin/false
-- lib/systemd/system/mariadb.service --
[Service]
Type=notify
User=mysql
EnvironmentFile=-/run/mysqld/wsrep-new-cluster
EnvironmentFile=-/run/mysqld/wsrep-start-position
ExecStart=/usr/sbin/mariadbd $MYSQLD_OPTS $_WSREP_NEW_CLUSTER $_WSREP_START_POSITION
[Install]
WantedBy=multi-user.target
-- lib/systemd/system/mariadb@.service --
[Service]
User=mysql
Environment='MYSQLD_MULTI_INSTANCE=--defaults-group-suffix=.%I'
ExecStart=/usr/sbin/mariadbd $MYSQLD_MULTI_INSTANCE $MYSQLD_OPTS
[Install]
WantedBy=multi-user.target
-- var/lib/dpkg/status --
Package: mariadb-server-core
Status: install ok installed
Architecture: amd64
Version: 1:10.11.18-0+deb12u1

-- var/lib/dpkg/info/mariadb-server-core.list --
/.
/usr
/usr/sbin
/usr/sbin/mariadbd
/usr/sbin/mysqld
-- etc/mysql/mariadb.cnf --
[client-server]
!includedir /etc/mysql/mariadb.conf.d/
-- etc/mysql/my.cnf -> mariadb.cnf --
`
	// Of trixie.
	galeraExec = `ExecStart=/bin/sh -c "set -f; [ ! -e /usr/bin/galera_recovery ] && VAR= || \
 VAR=` + "`/usr/bin/galera_recovery`" + `; [ $? -eq 0 ] || exit 1; \
 exec /usr/sbin/mariadbd $MYSQLD_OPTS $_WSREP_NEW_CLUSTER $VAR"
`
	debianEnabled = "-- etc/systemd/system/multi-user.target.wants/mariadb.service -> /lib/systemd/system/mariadb.service --\n"
	debianServer  = "-- etc/mysql/mariadb.conf.d/50-server.cnf --\n[mysqld]\nbind-address = 127.0.0.1\n"

	redHatMaria = `
-- usr/libexec/mariadbd mode=0755 --
-- usr/lib/systemd/systemd mode=0755 --
-- etc/passwd --
mysql:x:27:27:MySQL Server:/var/lib/mysql:/sbin/nologin
-- usr/lib/systemd/system/mariadb.service --
[Service]
Type=notify
User=mysql
ExecStart=/usr/libexec/mariadbd --basedir=/usr $MYSQLD_OPTS $_WSREP_NEW_CLUSTER
[Install]
WantedBy=multi-user.target
-- usr/lib/systemd/system/mariadb@.service --
[Service]
User=mysql
ExecStart=/usr/libexec/mariadbd --defaults-group-suffix=.%i --basedir=/usr $MYSQLD_OPTS
[Install]
WantedBy=multi-user.target
-- etc/systemd/system/multi-user.target.wants/mariadb.service -> /usr/lib/systemd/system/mariadb.service --
-- etc/my.cnf --
[client-server]
!includedir /etc/my.cnf.d
-- etc/my.cnf.d/mariadb-server.cnf --
[mysqld]
datadir=/var/lib/mysql
socket=/var/lib/mysql/mysql.sock
bind-address=127.0.0.1
`
	upstreamMySQL = `
-- usr/sbin/mysqld mode=0755 --
-- usr/lib/systemd/systemd mode=0755 --
-- usr/lib/systemd/system/mysqld.service --
[Service]
User=mysql
EnvironmentFile=-/etc/sysconfig/mysql
ExecStart=/usr/sbin/mysqld $MYSQLD_OPTS
[Install]
WantedBy=multi-user.target
-- usr/lib/systemd/system/mysqld@.service --
[Service]
User=mysql
EnvironmentFile=-/etc/sysconfig/mysql
ExecStart=/usr/sbin/mysqld --defaults-group-suffix=@%I $MYSQLD_OPTS
[Install]
WantedBy=multi-user.target
-- etc/systemd/system/multi-user.target.wants/mysqld.service -> /usr/lib/systemd/system/mysqld.service --
-- etc/my.cnf --
[mysqld]
bind-address=127.0.0.1
mysqlx-bind-address=127.0.0.1
[mysqld@two]
port=3307
`
	suseMaria = `
-- usr/sbin/mariadbd mode=0755 --
-- usr/lib/systemd/systemd mode=0755 --
-- usr/libexec/mysql/mysql-systemd-helper mode=0755 --
-- usr/lib/systemd/system/mariadb.service --
[Service]
ExecStart=/usr/libexec/mysql/mysql-systemd-helper start
[Install]
WantedBy=multi-user.target
-- usr/lib/systemd/system/mariadb@.service --
[Service]
ExecStart=/usr/libexec/mysql/mysql-systemd-helper start %i
[Install]
WantedBy=multi-user.target
-- etc/systemd/system/multi-user.target.wants/mariadb.service -> /usr/lib/systemd/system/mariadb.service --
-- etc/my.cnf --
[mysqld]
bind-address = 127.0.0.1
`
)

// TestBindStarts: a server that is configured and does not run is judged as its unit
// starts it, on a tree and on a live host alike.
func TestBindStarts(t *testing.T) {
	instance := func(dir, unit, name string) string {
		return "-- etc/systemd/system/multi-user.target.wants/" + unit + "@" + name + ".service -> " + dir + "/" + unit + "@.service --\n"
	}
	dropIn := func(unit, text string) string {
		return "-- etc/systemd/system/" + unit + ".service.d/o.conf --\n[Service]\n" + text
	}
	shell := strings.Replace(debianMaria, "ExecStart=/usr/sbin/mariadbd $MYSQLD_OPTS $_WSREP_NEW_CLUSTER $_WSREP_START_POSITION\n",
		"EnvironmentFile=-/run/mariadb-wsrep-new-cluster\n"+galeraExec, 1) + debianEnabled + debianServer
	debian, suffix := debianMaria+debianEnabled+debianServer, "-- etc/mysql/mariadb.conf.d/60-two.cnf --\n[mysqld.two]\n"
	const lib = "/usr/lib/systemd/system"
	for _, tc := range []struct{ name, tree, want string }{
		{"debian", debian, "pass"},
		{"debian-own-release", debian + "-- etc/mysql/mariadb.conf.d/60-o.cnf --\n[mariadb-10.11]\nbind-address=0.0.0.0\n", "fail con bind-outside=bind-address:2"},
		{"debian-other-release", debian + "-- etc/mysql/mariadb.conf.d/60-o.cnf --\n[mariadb-10.6]\nbind-address=0.0.0.0\n", "pass"},
		{"debian-unknown-option", debian + "-- etc/mysql/mariadb.conf.d/60-o.cnf --\n[mysqld]\nbind-adress=::1\n", "unknown refused"},
		{"debian-drop-in", debian + dropIn("mariadb", "Environment=MYSQLD_OPTS=--bind-address=::\n"), "fail con bind-outside=bind-address"},
		{"debian-drop-in-closes", debianMaria + debianEnabled + "-- etc/mysql/mariadb.conf.d/z.cnf --\n[mysqld]\nbind-address=*\n" + dropIn("mariadb", "Environment=\"MYSQLD_OPTS=--skip-networking --user=mysql\"\n"), "pass"},
		{"debian-exec-replaced", debian + dropIn("mariadb", "ExecStart=\nExecStart=/usr/sbin/mariadbd --defaults-file=/etc/one.cnf\n") + "-- etc/one.cnf --\n[mysqld]\n", "fail con bind-unset=bind-address"},
		{"debian-defaults-file-missing", debian + dropIn("mariadb", "ExecStart=\nExecStart=/usr/sbin/mariadbd --defaults-file=/etc/none.cnf\n"), "unknown refused"},
		{"debian-environment-at-boot", debian + dropIn("mariadb", "EnvironmentFile=-/run/site/options\n"), "unknown unsupported"},
		{"debian-home-variable", debian + dropIn("mariadb", "Environment=MYSQL_HOME=/srv\n"), "unknown unsupported"},
		{"debian-group-variable", debian + dropIn("mariadb", "Environment=\"MYSQL_GROUP_SUFFIX=.x\"\n"), "unknown unsupported"},
		{"debian-own-program", debian + dropIn("mariadb", "ExecStart=\nExecStart=/opt/start-database\n"), "unknown unsupported"},
		{"debian-safe", debian + dropIn("mariadb", "ExecStart=\nExecStart=/usr/bin/mysqld_safe --bind-address=10.0.0.1\n"), "fail con bind-outside=bind-address"},
		{"debian-safe-home", debian + dropIn("mariadb", "ExecStart=\nExecStart=/usr/bin/mysqld_safe\n") + "-- root/.my.cnf --\n[mysqld]\nbind-address=*\n", "unknown no_metadata"},
		{"debian-home-not-read", debian + "-- root/.my.cnf --\n[mysqld]\nbind-address=*\n", "pass"},
		{"debian-multi", debian + dropIn("mariadb", "ExecStart=\nExecStart=/usr/bin/mysqld_multi start\n"), "unknown unsupported"},
		{"debian-instance", debianMaria + debianServer + suffix + "bind-address=10.0.0.1\n" + instance("/lib/systemd/system", "mariadb", "two"), "fail con bind-outside=bind-address:2"},
		{"debian-instances", debian + suffix + "port=3307\n" + instance("/lib/systemd/system", "mariadb", "two"), "pass"},
		{"debian-one-of-two", debian + suffix + "bind-address=10.0.0.1\n" + instance("/lib/systemd/system", "mariadb", "two"), "fail con bind-outside=bind-address:2"},
		{"debian-shell", shell, "pass"},
		{"debian-shell-open", shell + "-- etc/mysql/mariadb.conf.d/60-o.cnf --\n[mysqld]\nbind-address=0.0.0.0\n", "fail con bind-outside=bind-address:2"},
		{"debian-shell-option", strings.Replace(shell, "$VAR\"", "$VAR --bind-address=::\"", 1), "fail con bind-outside=bind-address"},
		{"debian-shell-drop-in", shell + dropIn("mariadb", "Environment='MYSQLD_OPTS=--user=mysql --bind-address=::'\n"), "fail con bind-outside=bind-address"},
		{"debian-shell-drop-in-empty", shell + dropIn("mariadb", "Environment='MYSQLD_OPTS=--bind-address=::'\nEnvironment=\n"), "pass"},
		{"debian-shell-environment", shell + dropIn("mariadb", "EnvironmentFile=/etc/default/mariadb\n") + "-- etc/default/mariadb --\nMYSQLD_OPTS=--bind-address=::\n", "unknown unsupported"},
		{"debian-shell-environment-of-others", shell + dropIn("mariadb", "EnvironmentFile=-/etc/default/mariadb\n") + "-- etc/default/mariadb --\nTZ=UTC\n", "pass"},
		{"debian-shell-environment-at-boot", shell + dropIn("mariadb", "EnvironmentFile=-/run/site/options\n"), "unknown unsupported"},
		{"debian-shell-passed", shell + dropIn("mariadb", "PassEnvironment=MYSQLD_OPTS\n"), "unknown unsupported"},
		{"debian-shell-specifier", shell + dropIn("mariadb", "Environment=MYSQLD_OPTS=%E\n"), "unknown unsupported"},
		{"debian-shell-more", strings.Replace(shell, "exec /usr", ". /etc/opts; exec /usr", 1), "unknown unsupported"},
		{"debian-shell-other-variable", strings.Replace(shell, "$VAR\"", "$MORE\"", 1), "unknown unsupported"},
		{"debian-shell-substitution", strings.Replace(shell, "$VAR\"", "--bind-address=`hostname`\"", 1), "unknown unsupported"},
		{"red-hat", redHatMaria, "pass"},
		{"red-hat-home", redHatMaria + "-- var/lib/mysql/.my.cnf --\n[mysqld]\nbind-address=*\n", "fail con bind-outside=bind-address:2"},
		{"red-hat-other-directory", redHatMaria + "-- var/lib/rpm/ --\n-- etc/mysql/my.cnf --\n[mysqld]\nbind-address=*\n", "unknown no_metadata"},
		{"red-hat-instance", redHatMaria + "-- etc/my.cnf.d/z.cnf --\n[mysqld.two]\nbind-address=*\n" + instance(lib, "mariadb", "two"), "fail con bind-outside=bind-address:2"},
		{"upstream", upstreamMySQL, "pass"},
		{"upstream-sysconfig", upstreamMySQL + "-- etc/sysconfig/mysql --\nMYSQLD_OPTS=\"--bind-address=0.0.0.0\"\n", "fail con bind-outside=bind-address"},
		{"upstream-instance", upstreamMySQL + instance(lib, "mysqld", "two"), "pass"},
		{"upstream-instance-open", upstreamMySQL + instance(lib, "mysqld", "two") + "-- etc/mysql/my.cnf --\n[mysqld@two]\nbind-address=::\n", "fail con bind-outside=bind-address:2"},
		{"suse", suseMaria, "pass"},
		{"suse-instance", suseMaria + instance(lib, "mariadb", "two") + "-- etc/mytwo.cnf --\n[mysqld]\nbind-address=*\n", "fail con bind-outside=bind-address:2"},
		{"suse-instance-without-file", suseMaria + instance(lib, "mariadb", "two"), "unknown refused"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if res, got := sealBind(t, hosttest.Load(t, tc.tree)); got != tc.want {
				t.Errorf("tree: %q, want %q\n%+v", got, tc.want, res)
			}
			live := hosttest.Live(hosttest.Load(t, tc.tree), &snapshot.Snapshot{})
			if res, got := sealBind(t, live); got != tc.want {
				t.Errorf("live: %q, want %q\n%+v", got, tc.want, res)
			}
		})
	}
}

// TestBindScript: what System V's scripts start goes through mysqld_safe.
func TestBindScript(t *testing.T) {
	const sysv = `
-- usr/sbin/mysqld mode=0755 --
-- etc/inittab --
id:2:initdefault:
-- etc/init.d/mysql mode=0755 --
#!/bin/sh
/usr/bin/mysqld_safe &
-- etc/rc2.d/S19mysql -> ../init.d/mysql --
-- etc/my.cnf --
[mysqld]
bind-address=::1
mysqlx=0
`
	for _, tc := range []struct{ name, more, want string }{
		{"closed", "", "pass"},
		{"home-of-a-client", "-- root/.my.cnf --\n[client]\nuser=x\n", "pass"},
		{"home", "-- root/.my.cnf --\n[mysqld]\nbind-address=*\n", "unknown no_metadata"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if res, got := sealBind(t, hosttest.Load(t, sysv+tc.more)); got != tc.want {
				t.Errorf("%q, want %q\n%+v", got, tc.want, res)
			}
		})
	}
}

// TestNoCommandLineIsTold: arguments can hold secrets.
func TestNoCommandLineIsTold(t *testing.T) {
	tree := debianMaria + debianEnabled + debianServer + "-- etc/systemd/system/mariadb.service.d/o.conf --\n[Service]\nEnvironment=\"MYSQLD_OPTS=--secret-option=hunter2 hunter3 --bind-address=hunter4\"\n"
	res, got := sealBind(t, hosttest.Load(t, tree))
	res.References = nil
	var text strings.Builder
	for _, g := range res.Gaps {
		text.WriteString(string(g.Subject) + string(g.Detail))
	}
	if got != "unknown refused" || strings.Contains(text.String()+string(res.Summary), "hunter") || strings.Contains(text.String(), "secret") {
		t.Errorf("%q: %s", got, text.String())
	}
}

func TestSeries(t *testing.T) {
	got := map[string]string{}
	want := map[string]string{
		"1:10.11.18-0+deb12u1": "10.11", "9.7.4-1": "9.7", "3:10.5.22-1.el9": "10.5", "8.0.36": "8.0", "8.4": "8.4", "8": "", "": "", "git20240101": "", "2024010101.2": "",
	}
	for version := range want {
		got[version] = series(version)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestContainerStartsTheProgram(t *testing.T) {
	h := hosttest.Load(t, "-- usr/sbin/mariadbd mode=0755 --\n-- etc/my.cnf --\n[mysqld]\nbind-address=::1\n")
	h.Kind = host.KindContainerImage
	list, gaps := starts(h)
	if len(list) != 1 || len(gaps) != 0 || list[0].settings.plan(h.Tree, true).closed != "bind-address is ::1" {
		t.Errorf("%+v, gaps %v", list, gaps)
	}
	if res, _ := sealBind(t, h); res.Status != checks.StatusPass {
		t.Errorf("%+v", res)
	}
}

// TestLongFilesTakeNoTime: neither the number of lines nor that of addresses does.
func TestLongFilesTakeNoTime(t *testing.T) {
	lines := strings.Repeat("max_connections=1\n", 200_000)
	h := hosttest.Load(t, debianMaria+debianEnabled+"-- etc/mysql/mariadb.conf.d/z.cnf --\n[mysqld]\n"+lines+"bind-address="+strings.Repeat("x,", 1900)+"::1\n"+
		"-- etc/hosts --\n"+strings.Repeat("127.0.0.1 localhost x\n", 100_000))
	began := time.Now()
	res, got := sealBind(t, h)
	if spent := time.Since(began); spent > 5*time.Second || got != "unknown refused" {
		t.Errorf("%q after %v\n%+v", got, spent, res)
	}
}
