package policy

import "slices"

// role is a named set of listeners that a host of its kind has by design.
//
// Rules of the data, held by a test: every declaration names one port, and a unit or a
// program by its whole path, so that nothing else may have the port under its name; none is
// for a service that gives access without a credential or takes one in clear (FTP,
// telnet, POP3 and IMAP that only may turn to TLS, SNMP, etcd, Redis, Prometheus …). A
// host that has one by design declares it itself, where a reader sees it.
type role struct {
	name    string
	declare []Declare
}

// Paths as the packages of Debian, Red Hat, SUSE, Alpine and of the makers install them;
// /usr/sbin and /usr/bin are compared as one, and so are /usr/lib and /lib.
func roles() []role {
	return []role{
		{
			name: "bastion",
			// SSH on port 22; another port is declared beside it.
			// Port 22 alone: what a client forwards with -R is sshd's too, and nobody's design.
			declare: slices.Concat(
				programs(tcp(22), "SSH", "/usr/sbin/sshd", "/usr/sbin/dropbear"),
				services(tcp(22), "SSH, started on demand", "ssh.socket", "sshd.socket", "dropbear.socket"),
			),
		},
		{
			name: "web",
			// HTTP, HTTPS and HTTP/3 of the usual servers and proxies.
			declare: slices.Concat(
				// Port 80 is needed to send browsers to HTTPS and for ACME (RFC 8555, 8.3).
				programs(tcp(80), "HTTP", webServers()...),
				programs(tcp(443), "HTTPS", webServers()...),
				programs(udp(443), "HTTP/3", "/usr/sbin/nginx", "/usr/sbin/angie", "/usr/bin/caddy", "/usr/sbin/haproxy"),
			),
		},
		{
			name: "db",
			// MySQL, MariaDB and PostgreSQL on their own ports.
			declare: slices.Concat(
				programs(tcp(3306), "MySQL or MariaDB", "/usr/sbin/mysqld", "/usr/sbin/mariadbd", "/usr/libexec/mysqld", "/usr/libexec/mariadbd", "/usr/bin/mysqld", "/usr/bin/mariadbd"),
				services(tcp(3306), "MariaDB, started on demand", "mariadb.socket"),
				// The X protocol; the administrative port (33062) is not for clients.
				programs(tcp(33060), "MySQL's X protocol", "/usr/sbin/mysqld", "/usr/libexec/mysqld"),
				// PostgreSQL's program has the version in its path, the units of Debian in
				// their instances and those of the makers in their names.
				services(
					tcp(5432), "PostgreSQL", "postgresql@.service", "postgresql.service", "postgresql-14.service",
					"postgresql-15.service", "postgresql-16.service", "postgresql-17.service", "postgresql-18.service",
				),
			),
		},
		{
			name: "k8s-node",
			// A worker of a Kubernetes cluster: kubelet and the health of kube-proxy.
			// https://kubernetes.io/docs/reference/networking/ports-and-protocols/, worker
			// nodes. Not 10255, kubelet's port that asks for no credential, nor VXLAN.
			declare: slices.Concat(
				programs(tcp(10250), "kubelet", "/usr/bin/kubelet", "/usr/local/bin/kubelet"),
				// Theirs are in directories of their versions.
				services(tcp(10250), "kubelet of K3s or RKE2", "k3s.service", "k3s-agent.service", "rke2-server.service", "rke2-agent.service"),
				// kube-proxy is in a container as a rule, where a whole path would not fit: the one
				// program that is named without. Node ports are packet filter rules and no listeners.
				programs(tcp(10256), "kube-proxy, its health", "kube-proxy"),
				services(tcp(10256), "kube-proxy of K3s, its health", "k3s.service", "k3s-agent.service"),
			),
		},
		{
			name: "mail",
			// SMTP between servers, submission and IMAP or POP3 over TLS from the first byte.
			declare: slices.Concat(
				// Servers find each other on 25 alone (RFC 5321, 4.5.4.2). Submission on 587,
				// IMAP on 143 and POP3 on 110 begin in clear; RFC 8314 has these instead.
				programs(tcp(25), "SMTP", mailServers()...),
				programs(tcp(465), "submission over TLS", mailServers()...),
				programs(tcp(993), "IMAP over TLS", "/usr/sbin/dovecot"),
				programs(tcp(995), "POP3 over TLS", "/usr/sbin/dovecot"),
			),
		},
		{
			name: "monitoring-server",
			// Where agents send to: Tentacle, Zabbix, Icinga.
			declare: slices.Concat(
				// Tentacle's server is a script or a program, its unit made of a System V script.
				services(tcp(41121), "Tentacle", "tentacle_serverd.service"),
				programs(tcp(41121), "Tentacle", "/usr/bin/tentacle_server", "/usr/local/bin/tentacle_server"),
				programs(
					tcp(10051), "Zabbix server or proxy", "/usr/sbin/zabbix_server", "/usr/sbin/zabbix_server_mysql", "/usr/sbin/zabbix_server_pgsql",
					"/usr/sbin/zabbix_proxy", "/usr/sbin/zabbix_proxy_mysql", "/usr/sbin/zabbix_proxy_pgsql", "/usr/sbin/zabbix_proxy_sqlite3",
				),
				services(tcp(5665), "Icinga", "icinga2.service"), // TLS with client certificates
			),
		},
	}
}

func webServers() []string {
	return []string{
		"/usr/sbin/nginx", "/usr/sbin/angie", "/usr/sbin/apache2", "/usr/sbin/httpd", "/usr/sbin/httpd-prefork",
		"/usr/sbin/httpd-worker", "/usr/sbin/httpd-event", "/usr/bin/caddy", "/usr/sbin/haproxy", "/usr/sbin/lighttpd",
	}
}

func mailServers() []string {
	return []string{
		"/usr/lib/postfix/sbin/master", "/usr/lib/postfix/bin/master", "/usr/libexec/postfix/master",
		"/usr/lib/postfix/master", "/usr/sbin/exim4", "/usr/sbin/exim",
	}
}

func tcp(port uint16) Declare { return Declare{Port: Ports{port, port}, Protocol: "tcp"} }

func udp(port uint16) Declare { return Declare{Port: Ports{port, port}, Protocol: "udp"} }

// programs declares the same for each of several programs.
func programs(d Declare, reason string, names ...string) []Declare {
	var list []Declare
	for _, name := range names {
		d.Program, d.Reason = Word(name), reason
		list = append(list, d)
	}
	return list
}

// services declares the same for each of several units.
func services(d Declare, reason string, names ...string) []Declare {
	var list []Declare
	for _, name := range names {
		d.Unit, d.Reason = Word(name), reason
		list = append(list, d)
	}
	return list
}

// Roles returns the names of the roles.
func Roles() []string {
	var names []string
	for _, r := range roles() {
		names = append(names, r.name)
	}
	return names
}

// roles are the policy's, in the order of the list of all.
func (p Policy) roles() []role {
	return slices.DeleteFunc(roles(), func(r role) bool { return !slices.Contains(p.Roles, r.name) })
}

// roleNames are the names of the policy's roles, sorted, each once.
func (p Policy) roleNames() []string {
	names := slices.Clone(p.Roles)
	slices.Sort(names)
	return slices.Compact(names)
}
