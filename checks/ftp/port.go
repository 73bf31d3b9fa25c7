package ftp

import (
	"context"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/units"
)

var port = checks.Check{
	ID:        "ftp.port",
	Title:     "No FTP server listens on port 21",
	Severity:  checks.SeverityMedium,
	Since:     1,
	Rationale: "FTP sends names, passwords and files in clear, and its well-known port is scanned all the time.",
	Verdict: "On a running host each TCP listener on port 21, also one an engine forwards to a container, is judged by the program that owns it, then by the unit or super-server that started it, and where neither settles it by its greeting (a mail server's begins alike). " +
		"What starts at boot is evaluated next: vsftpd, ProFTPD and Pure-FTPd by their configuration as the installed build reads it, inetd, xinetd and socket units by their entries. " +
		"An FTP server on port 21 fails, now or at the next start; one on other ports passes, and something else on port 21 is a note. " +
		"A greeting that is not clear, a configuration that the server would refuse or that is not evaluated, other FTP servers that start at boot and files that cannot be read are unknown. " +
		"Without an FTP server that runs or starts at boot the check is not applicable.",
	Remedy:   "disable and remove the FTP server and use SFTP, which the SSH server brings; if FTP must stay, give it another port and require TLS",
	Remedies: portRemedies(),
	Breaks:   "clients and scripts that transfer files with FTP to this host",
	References: map[string][]string{
		"pci_dss_4.0.1": {"2.2.4", "2.2.5"}, "anssi_bp28": {"R62"}, "ccn_stic_610a22": {"A.8.SEC-RHEL4"},
		"ens_rd311_2022": {"op.exp.2", "mp.com.2"}, "iso27001_2022": {"8.9", "8.21"},
	},
	Run: runPort,
}

// portRemedies name the services, files and package managers of each family.
func portRemedies() []checks.Remedy {
	const (
		systemd = "disable the server (`systemctl disable --now NAME`, "
		entry   = ") or take its entry out of /etc/inetd.conf or /etc/xinetd.d, and use SFTP, which the SSH server brings; "
		stays   = " removes the program. If FTP must stay, require TLS and give it another port, as "
	)
	return []checks.Remedy{
		{
			Families: []string{"debian"},
			Text: systemd + "of vsftpd, proftpd, pure-ftpd or the socket that starts it" + entry + "`apt purge PACKAGE`" + stays +
				"listen_port in /etc/vsftpd.conf, Port in /etc/proftpd/proftpd.conf (in every VirtualHost too) or /etc/pure-ftpd/conf/Bind",
		},
		{
			Families: []string{"redhat"},
			Text: systemd + "of vsftpd, each vsftpd@INSTANCE, proftpd or pure-ftpd" + entry + "`dnf remove PACKAGE`" + stays +
				"listen_port in /etc/vsftpd/vsftpd.conf, with its SELinux label first (`semanage port -a -t ftp_port_t -p tcp NUMBER`)",
		},
		{
			Families: []string{"suse"},
			Text:     systemd + "of vsftpd, proftpd or pure-ftpd" + entry + "`zypper remove PACKAGE`" + stays + "listen_port in /etc/vsftpd.conf",
		},
		{
			Families: []string{"arch"},
			Text:     systemd + "of vsftpd, proftpd or pure-ftpd" + entry + "`pacman -Rs PACKAGE`" + stays + "listen_port in /etc/vsftpd.conf",
		},
		{
			Families: []string{"alpine"},
			Text:     "disable the server (`rc-update del NAME`, `rc-service NAME stop`, of vsftpd, proftpd or pure-ftpd" + entry + "`apk del PACKAGE`" + stays + "listen_port of vsftpd",
		},
	}
}

// ftpPort is the control port of RFC 959.
const ftpPort = 21

// audit is one run of ftp.port.
type audit struct {
	ctx  context.Context
	host *host.Host
	snap *snapshot.Snapshot // nil unless processes and sockets are known
	rec  recorder

	entries  []units.Entry // what the host starts by itself
	problems []units.Problem
	sockets  []socket // socket units that may start an FTP server

	failed  bool // an FTP server on port 21 runs: the configuration only adds a place
	present bool // there is an FTP server that runs or would start
	// answered are the listeners on port 21 whose owner or greeting told what they are.
	answered []snapshot.Listener
	// behind are the commands of enabled sockets and super-servers, by the server's name.
	behind    map[string][]command
	told21    map[string]bool       // what was recorded once, by subject and place
	texts     map[string]*superText // files of super-servers
	textBytes int64                 // of texts
	looks     int                   // at entries that are refused
	// entered are the servers that super-servers have entries for, by name: whether one
	// of them is on.
	entered map[string]bool
}

func runPort(ctx context.Context, env *checks.Env, rec *checks.Recorder) {
	a := &audit{ctx: ctx, host: env.Host, snap: env.Host.Snapshot, rec: rec, behind: map[string][]command{}, entered: map[string]bool{}, told21: map[string]bool{}, texts: map[string]*superText{}}
	a.entries, a.problems = a.host.Units().Enabled()
	a.findSockets()
	if a.snap != nil {
		a.listeners()
		a.daemons()
		a.containers()
		a.namespaces()
	}
	a.socketUnits()
	a.superServers()
	a.startProblems()
	a.vsftpd()
	a.otherDaemons()
	if a.present {
		rec.Pass("the FTP server does not use port 21")
		return
	}
	rec.NotApplicable(checks.ReasonAbsent, "no FTP server runs or is started at boot")
}

// gap records what could not be examined.
func (a *audit) gap(reason checks.Reason, subject, detail string) {
	a.rec.Gap(checks.Gap{Reason: reason, Subject: checks.Text(subject), Detail: checks.Text(detail)})
}
