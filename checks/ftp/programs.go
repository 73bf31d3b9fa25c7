package ftp

import (
	"path"
	"slices"

	"hostaudit/checks/host/snapshot"
)

// daemon is an FTP server the audit knows by name.
type daemon struct {
	name     string   // as people call it
	programs []string // base names of its executables
	units    []string // services that start it, without instances

	// inetd: it is made for inetd, so that packages bring no unit.
	inetd bool
}

// vsftpdName is the first server whose configuration is evaluated.
const vsftpdName = "vsftpd"

// daemons lists the FTP servers known by their executables. A program that does
// other things besides (busybox, an interpreter, a proxy) does not belong here:
// what it serves is told by its greeting.
func daemons() []daemon {
	return []daemon{
		{name: vsftpdName, programs: []string{"vsftpd"}, units: []string{"vsftpd.service"}},
		{name: proftpdName, programs: []string{"proftpd", "in.proftpd"}, units: []string{"proftpd.service"}},
		{
			name:     pureName,
			programs: []string{"pure-ftpd", "pure-ftpd-ldap", "pure-ftpd-mysql", "pure-ftpd-postgresql", "pure-ftpd-wrapper"},
			units:    []string{"pure-ftpd.service", "pure-ftpd-ldap.service", "pure-ftpd-mysql.service", "pure-ftpd-postgresql.service"},
		},
		{name: "ftpd", programs: []string{"ftpd", "in.ftpd", "in.ftpd-ssl", "tnftpd"}, units: []string{"ftpd.service", "tnftpd.service"}, inetd: true},
		{name: "bftpd", programs: []string{"bftpd"}, units: []string{"bftpd.service"}},
		{name: "uftpd", programs: []string{"uftpd"}, units: []string{"uftpd.service"}},
		{name: "wu-ftpd", programs: []string{"wu-ftpd", "in.wuftpd"}, units: []string{"wu-ftpd.service"}, inetd: true},
	}
}

// byProgram returns the FTP server that an executable belongs to.
func byProgram(program string) (daemon, bool) {
	for _, d := range daemons() {
		if slices.Contains(d.programs, program) {
			return d, true
		}
	}
	return daemon{}, false
}

// byProcess returns the FTP server a process is, told by its executable. certain
// is false where only the name that the process gives itself could be read.
func byProcess(p snapshot.Process) (d daemon, found, certain bool) {
	switch {
	case p.Kernel || p.Zombie:
		return daemon{}, false, true
	case p.Exe != "":
		d, found = byProgram(path.Base(p.Exe))
		return d, found, true
	}
	d, found = byProgram(p.Comm)
	return d, found, false
}

// wrappers run the program that is among their arguments.
func wrappers() []string {
	return []string{"tcpd", "env", "nice", "ionice", "nohup", "setsid", "stdbuf", "chrt", "timeout", "setpriv", "prlimit", "chroot"}
}

// strangers are programs that super-servers start and that are no FTP servers.
func strangers() []string {
	return []string{
		"sshd", "dropbear", "telnetd", "in.telnetd", "in.rshd", "in.rlogind", "in.rexecd", "in.fingerd", "in.talkd", "in.ntalkd",
		"in.identd", "identd", "tftpd", "in.tftpd", "atftpd", "exim4", "exim", "sendmail", "smtpd", "imapd", "in.pop3d", "popa3d",
		"git", "git-daemon", "rsync", "smbd", "swat", "nrpe", "cups-lpd", "Xvnc", "internal",
	}
}

// serves says what a program that is started for a connection speaks. The server is
// told where it is an FTP server; what is in neither list is unclear: a script, a proxy.
func serves(program string, args []string) (daemon, answer) {
	base := path.Base(program)
	if d, found := byProgram(base); found {
		return d, isFTP
	}
	if slices.Contains(strangers(), base) {
		return daemon{}, notFTP
	}
	if slices.Contains(wrappers(), base) {
		for _, arg := range args {
			if d, found := byProgram(path.Base(arg)); found {
				return d, isFTP
			}
		}
	}
	return daemon{}, unclear
}
