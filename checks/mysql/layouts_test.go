package mysql

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// ubuntuMySQL is the server of a release of MySQL, with the X plugin's options unset.
func ubuntuMySQL(release string) string {
	return enabledMySQL + `-- var/lib/dpkg/status --
Package: mysql-server-core
Status: install ok installed
Architecture: amd64
Version: ` + release + `-0ubuntu0.1

-- var/lib/dpkg/info/mysql-server-core.list --
/.
/usr
/usr/sbin
/usr/sbin/mysqld
`
}

// ownFiles is Debian's server with lines of the administrator's for its unit.
func ownFiles(lines string) string {
	return debianMaria + debianEnabled + debianServer + "-- etc/systemd/system/mariadb.service.d/o.conf --\n[Service]\n" + lines + "\n"
}

// enabledShell is one more unit, with a command line.
func enabledShell(command string) string {
	return "-- etc/systemd/system/db.service --\n[Service]\nExecStart=" + command + "\n[Install]\nWantedBy=multi-user.target\n" +
		"-- etc/systemd/system/multi-user.target.wants/db.service -> /etc/systemd/system/db.service --\n"
}

// TestBindLayouts has hosts as distributions, tarballs and administrators lay them out.
func TestBindLayouts(t *testing.T) {
	const (
		systemd  = "-- usr/lib/systemd/systemd mode=0755 --\n"
		loopback = "-- etc/my.cnf --\n[mysqld]\nbind-address=127.0.0.1\n"
		noX      = loopback + "mysqlx=0\n"
		redHat7  = systemd + `
-- usr/libexec/mysqld mode=0755 --
-- usr/lib/systemd/system/mariadb.service --
[Service]
ExecStart=/usr/bin/mysqld_safe --basedir=/usr
[Install]
WantedBy=multi-user.target
-- etc/systemd/system/multi-user.target.wants/mariadb.service -> /usr/lib/systemd/system/mariadb.service --
`
		ownUnit = systemd + `
-- opt/mysql/bin/mysqld mode=0755 --
-- etc/systemd/system/mydb.service --
[Service]
ExecStart=/opt/mysql/bin/mysqld --defaults-file=/opt/mysql/my.cnf
[Install]
WantedBy=multi-user.target
-- etc/systemd/system/multi-user.target.wants/mydb.service -> /etc/systemd/system/mydb.service --
-- opt/mysql/my.cnf --
[mysqld]
bind-address=0.0.0.0
mysqlx=0
`
		tarball = `
-- usr/local/mysql/bin/mysqld mode=0755 --
-- etc/inittab --
id:2:initdefault:
-- etc/init.d/mysql.server mode=0755 --
#!/bin/sh
$bindir/mysqld_safe --datadir="$datadir" --pid-file="$pid" $other_args >/dev/null &
-- etc/rc2.d/S64mysql.server -> ../init.d/mysql.server --
`
	)
	for _, tc := range []struct{ name, tree, want string }{
		{"mysql-5.7-has-no-x", ubuntuMySQL("5.7.42") + loopback, "pass"},
		{"mysql-5.7-loads-x", ubuntuMySQL("5.7.42") + loopback + "plugin-load-add=mysqlx.so\n", "fail con bind-unset=mysqlx-bind-address"},
		{"mysql-8.0-has-x", ubuntuMySQL("8.0.43") + loopback, "fail con bind-unset=mysqlx-bind-address"},
		{"red-hat-7", redHat7 + loopback, "pass"},
		{"red-hat-7-own-group", redHat7 + loopback + "[mariadb]\nbind-address=*\n", "fail con bind-outside=bind-address:4"},
		{"program-anywhere", ownUnit, "fail con bind-outside=bind-address:2"},
		{"program-anywhere-gone", strings.Replace(ownUnit, "-- opt/mysql/bin/mysqld mode=0755 --\n", "", 1), "not_applicable absent"},
		{"same-twice", ownUnit + "-- etc/systemd/system/multi-user.target.wants/mysqld.service -> /etc/systemd/system/mysqld.service --\n" +
			"-- etc/systemd/system/mysqld.service --\n[Service]\nExecStart=/opt/mysql/bin/mysqld --defaults-file=/opt/mysql/my.cnf\n[Install]\nWantedBy=multi-user.target\n", "fail con bind-outside=bind-address:2"},
		{"tarball", tarball + noX, "pass"},
		{"tarball-open", tarball, "fail con bind-unset=bind-address con bind-unset=mysqlx-bind-address"},
		{"tarball-and-the-other-client", tarball + loopback + "-- usr/bin/mariadb mode=0755 --\n", "fail con bind-unset=mysqlx-bind-address"},
		{"tarball-of-maria", tarball + loopback + "-- usr/local/mysql/bin/mariadb_config mode=0755 --\n", "pass"},
		{"tarball-own-directory", tarball + noX + "-- usr/local/mysql/etc/my.cnf --\n[mysqld]\nbind-address=*\n", "unknown no_metadata"},
		{"tarball-home", tarball + noX + "-- usr/local/mysql/my.cnf --\n[mysqld]\nbind-address=*\n", "unknown no_metadata"},
		{"script-with-options", tarball + noX + "-- etc/default/mysql.server --\n#other_args=--skip-grant-tables\nother_args=--bind_address=0.0.0.0\n", "unknown unsupported"},
		{"script-with-comments", tarball + noX + "-- etc/default/mysql.server --\n# other_args=--bind-address=0.0.0.0\n", "pass"},
		{"unit-home", ownFiles("Environment=HOME=/srv/h"), "unknown unsupported"},
		{"unit-other-home", ownFiles("Environment=JAVA_HOME=/srv/h"), "pass"},
		{"unit-account", strings.Replace(ownFiles("User=dba"), "mysql:x:", "dba:x:28:28::/home/dba:/bin/false\nmysql:x:", 1) + "-- home/dba/.my.cnf --\n[mysqld]\nbind-address=*\n", "fail con bind-outside=bind-address:2"},
		{"unit-bind-mount", ownFiles("BindReadOnlyPaths=/srv/my.cnf:/etc/my.cnf"), "unknown unsupported"},
		{"unit-root-directory", ownFiles("RootDirectory=/srv/chroot"), "unknown unsupported"},
		{"unit-hidden-files", ownFiles("TemporaryFileSystem=/"), "unknown unsupported"},
		{"unit-own-root", ownFiles("RootDirectory=/\nBindPaths="), "pass"},
		{"unit-shell", ownFiles("") + enabledShell("/bin/sh -c 'exec /usr/sbin/mariadbd --bind-address=*'"), "unknown unsupported"},
		{"unit-shell-anywhere", systemd + "-- opt/db/bin/mysqld mode=0755 --\n" + enabledShell("/bin/sh -c '/opt/db/bin/mysqld --bind-address=* &'"), "unknown unsupported"},
		{"unit-restarts", ownFiles("") + enabledShell("/bin/systemctl try-restart mysqld"), "pass"},
		{"debian-13", strings.ReplaceAll(debianMaria, "10.11.18-0+deb12u1", "11.8.3-0+deb13u1") + debianEnabled + debianServer + "character-set-collations=utf8mb4=uca1400_ai_ci\n", "pass"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if res, got := sealBind(t, hosttest.Load(t, tc.tree)); got != tc.want {
				t.Errorf("%q, want %q\n%+v", got, tc.want, res)
			}
		})
	}
}

// TestManyInstancesTakeNoTime: each of them reads the same files, and nothing limits
// how many links an image has.
func TestManyInstancesTakeNoTime(t *testing.T) {
	for _, tc := range []struct {
		name  string
		n     int
		lines string
	}{
		{"instances", 2000, ""},
		{"long-files", 60, strings.Repeat("max_connections=1\n", 200_000)},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var tree strings.Builder
			tree.WriteString(debianMaria + debianEnabled + debianServer + tc.lines)
			for i := range tc.n {
				fmt.Fprintf(&tree, "-- etc/systemd/system/multi-user.target.wants/mariadb@i%d.service -> /lib/systemd/system/mariadb@.service --\n", i)
			}
			h := hosttest.Load(t, tree.String())
			began := time.Now()
			for range 3 { // as many checks ask
				if res, got := sealBind(t, h); got != "unknown too_costly" {
					t.Errorf("%q\n%+v", got, res)
				}
			}
			if spent := time.Since(began); spent > 8*time.Second {
				t.Errorf("took %v", spent)
			}
		})
	}
}

// TestLongNameIsOfAFile: a name that is too long to be told is not called an argument
// where it stands in a file.
func TestLongNameIsOfAFile(t *testing.T) {
	res, got := sealBind(t, hosttest.Load(t, debianMaria+debianEnabled+debianServer+strings.Repeat("x", 65)+"=1\n"))
	if got != "unknown refused" || len(res.Gaps) != 1 || !strings.HasPrefix(string(res.Gaps[0].Detail), "an option: ") || res.Gaps[0].Location != checks.At("/etc/mysql/mariadb.conf.d/50-server.cnf", 3) {
		t.Errorf("%q, gaps %+v", got, res.Gaps)
	}
}
