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
	units    []string // that start it, without instances
}

// vsftpdName is the first server whose configuration is evaluated.
const vsftpdName = "vsftpd"

// daemons lists the FTP servers known by their executables. A program that does
// other things besides (busybox, an interpreter, a proxy) does not belong here:
// what it serves is told by its greeting.
func daemons() []daemon {
	return []daemon{
		{vsftpdName, []string{"vsftpd"}, []string{"vsftpd.service"}},
		{proftpdName, []string{"proftpd"}, []string{"proftpd.service", "proftpd.socket"}},
		{
			pureName,
			[]string{"pure-ftpd", "pure-ftpd-ldap", "pure-ftpd-mysql", "pure-ftpd-postgresql", "pure-ftpd-wrapper"},
			[]string{"pure-ftpd.service", "pure-ftpd-ldap.service", "pure-ftpd-mysql.service", "pure-ftpd-postgresql.service"},
		},
		{"ftpd", []string{"ftpd", "in.ftpd", "in.ftpd-ssl", "tnftpd"}, []string{"ftpd.service", "tnftpd.service"}},
		{"bftpd", []string{"bftpd"}, []string{"bftpd.service"}},
		{"uftpd", []string{"uftpd"}, []string{"uftpd.service", "uftpd.socket"}},
		{"wu-ftpd", []string{"wu-ftpd", "in.wuftpd"}, []string{"wu-ftpd.service"}},
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
