package ftp

import (
	"errors"
	"io/fs"
	"regexp"
	"slices"
	"strings"

	"hostaudit/checks/internal/vsftpdconf"
)

// vsftpdBuild says what the distribution made of vsftpd. What is not known of it
// is not settled either; of Debian's the package's version is asked, and without
// it 3.0.3 is taken, which is the strictest of those in use.
func (a *audit) vsftpdBuild() vsftpdconf.Build {
	ids := append([]string{a.host.OS.ID}, strings.Fields(a.host.OS.IDLike)...)
	switch {
	case a.debian():
		if version := a.dpkgVersion(vsftpdName); version != "" {
			return vsftpdconf.Debian(version)
		}
		b := vsftpdconf.Debian("3.0.3")
		b.TLSKeys = vsftpdconf.Yes
		return b
	case slices.Contains(ids, "rhel"), slices.Contains(ids, "centos"), slices.Contains(ids, "fedora"):
		return vsftpdconf.RedHat()
	}
	return vsftpdconf.Build{DefaultFile: vsftpdConf}
}

// installedStatus is what dpkg says of a package that is there, held back or not.
var installedStatus = regexp.MustCompile(`\nStatus: \S+ ok installed\n`)

// dpkgVersion returns the version of an installed package, "" where none is told.
func (a *audit) dpkgVersion(name string) string {
	status, err := a.host.Tree.ReadFile("/var/lib/dpkg/status")
	if err != nil {
		return ""
	}
	for paragraph := range strings.SplitSeq(string(status), "\n\n") {
		if !strings.HasPrefix(paragraph, "Package: "+name+"\n") || !installedStatus.MatchString(paragraph) {
			continue
		}
		_, after, _ := strings.Cut(paragraph, "\nVersion: ")
		version, _, _ := strings.Cut(after, "\n")
		return version
	}
	return ""
}

// defaultConf is the file read when none is named: Red Hat builds it in elsewhere.
func (a *audit) defaultConf() string {
	redHat := vsftpdConfDir + "/vsftpd.conf"
	if _, err := a.host.Tree.Stat(vsftpdConf); errors.Is(err, fs.ErrNotExist) {
		if _, err := a.host.Tree.Stat(redHat); err == nil {
			return redHat
		}
	}
	return vsftpdConf
}
