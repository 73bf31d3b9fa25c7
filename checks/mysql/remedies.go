package mysql

import "hostaudit/checks"

// optionRemedies say where each family has the option files and how its server is
// restarted. Of files in a directory the last one by name wins. first is what has to be
// done before, or ""; tail follows, of systems without systemd plain.
func optionRemedies(first, option, tail, plain string) []checks.Remedy {
	const (
		file = " under [mysqld] in /etc/my.cnf.d/zz-local.cnf, which is read last (in /etc/my.cnf where that includes no directory), and restart the server "
	)
	set := first + "set "
	return []checks.Remedy{
		{
			Families: []string{"debian"},
			Text: set + option + " under [mysqld] in /etc/mysql/mariadb.conf.d/zz-local.cnf (MySQL: /etc/mysql/mysql.conf.d/zz-local.cnf), which is read last, " +
				"and restart the server (`systemctl restart mariadb`; MySQL: `systemctl restart mysql`)" + tail,
		},
		{Families: []string{"redhat"}, Text: set + option + file + "(`systemctl restart mariadb`; MySQL: `systemctl restart mysqld`)" + tail},
		{Families: []string{"suse", "arch"}, Text: set + option + file + "(`systemctl restart mariadb`)" + tail},
		{Families: []string{"alpine"}, Text: set + option + file + "(`rc-service mariadb restart`)" + plain},
	}
}

// rootRemedies: root keeps a way in at every step.
func rootRemedies() []checks.Remedy {
	const (
		maria = "MariaDB (`mariadb` as root of the host): ALTER USER 'root'@'localhost' IDENTIFIED VIA unix_socket"
		mysql = "; MySQL (`mysql`): INSTALL PLUGIN auth_socket SONAME 'auth_socket.so', then ALTER USER 'root'@'localhost' IDENTIFIED WITH auth_socket"
		other = ". Or set a password, and drop or give a password to root of other hosts; keep that session open until a new login has worked. " +
			"Where skip-grant-tables is set, do it after FLUSH PRIVILEGES, then remove the option "
	)
	return []checks.Remedy{
		{
			Families: []string{"debian"},
			Text:     maria + mysql + other + "below /etc/mysql and restart the server (`systemctl restart mariadb`; MySQL: `systemctl restart mysql`)",
		},
		{
			Families: []string{"redhat"},
			Text:     maria + " (before 10.4 after INSTALL SONAME 'auth_socket')" + mysql + other + "from /etc/my.cnf and /etc/my.cnf.d and restart the server (`systemctl restart mariadb`; MySQL: `systemctl restart mysqld`)",
		},
		{Families: []string{"suse", "arch"}, Text: maria + other + "from /etc/my.cnf and /etc/my.cnf.d and restart the server (`systemctl restart mariadb`)"},
		{Families: []string{"alpine"}, Text: maria + other + "from /etc/my.cnf and /etc/my.cnf.d and restart the server (`rc-service mariadb restart`)"},
	}
}
