package ftp

import (
	"errors"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host/tree"
	"hostaudit/checks/host/units"
)

// enabledAtBoot says whether any of the units is started at boot.
func (a *audit) enabledAtBoot(names ...string) units.Enablement {
	return a.host.Units().State(names...)
}

// installed reports whether a program of d is where programs are. A failure other
// than absence is a gap: the program may be there.
func (a *audit) installed(d daemon) bool {
	for _, dir := range []string{"/usr/sbin/", "/usr/local/sbin/", "/usr/bin/", "/usr/local/bin/", "/sbin/", "/usr/libexec/"} {
		for _, program := range d.programs {
			_, err := a.host.Tree.Stat(dir + program)
			switch {
			case err == nil:
				return true
			case !errors.Is(err, fs.ErrNotExist):
				a.gap(treeReason(err), dir+program, "whether "+d.name+" is installed could not be established")
				return false
			}
		}
	}
	return false
}

// otherDaemons looks at the servers whose configuration is not evaluated. What
// runs here is judged by its sockets; what would start at boot is not known.
func (a *audit) otherDaemons() {
	for _, d := range daemons() {
		switch d.name {
		case vsftpdName:
			continue
		case proftpdName:
			a.proftpd(d)
			continue
		case pureName:
			a.pureFTPd(d)
			continue
		}
		if a.running(d) {
			a.present = true
			a.rec.Note(d.name, "the configuration of "+d.name+" is not evaluated: its ports are those it has now")
			continue
		}
		installed := a.installed(d)
		switch state := a.enabledAtBoot(d.units...); state {
		case units.Enabled:
			a.present = true
			a.gap(checks.ReasonUnsupported, d.name, d.name+" is started at boot, and its configuration is not evaluated")
		case units.Unknown:
			if installed {
				a.gap(checks.ReasonUnsupported, d.name, d.name+" is installed; whether it is started at boot could not be established, and its configuration is not evaluated")
			}
		default:
			if installed {
				a.dormant(d, state)
			}
		}
	}
}

// dormant records a server that is installed and that no unit starts. Where there
// is not even a unit and nothing to see running, as in a container image, its
// start may be somewhere that is not looked at.
func (a *audit) dormant(d daemon, state units.Enablement) {
	if state == units.Absent && a.snap == nil {
		a.gap(checks.ReasonUnsupported, d.name, d.name+" is installed without a unit or script: what starts it is not known")
		return
	}
	a.rec.Note(d.name, d.name+" is installed and not started at boot")
}

// Entries of super-servers that name the FTP port: inetd.conf(5) has the service
// first on a line, perhaps after an address; xinetd.conf(5) opens a block with it.
var (
	inetdFTP  = regexp.MustCompile(`(?m)^[ \t]*(?:[^\s#:]*:)?(?:ftp|21)[ \t]`)
	xinetdFTP = regexp.MustCompile(`(?m)^[ \t]*(?:service[ \t]+(?:ftp|21)|port[ \t]*=[ \t]*(?:ftp|21)|id[ \t]*=[ \t]*ftp)[ \t\r]*$`)
	socketFTP = regexp.MustCompile(`(?m)^[ \t]*ListenStream[ \t]*=[ \t]*(?:\S*:)?21[ \t\r]*$`)
)

// superServers looks for entries that would start an FTP server on port 21. They
// are not evaluated yet, so an entry that may count is a gap.
func (a *audit) superServers() {
	if a.failed {
		return
	}
	a.superServer("inetd", inetdFTP, []string{"/etc/inetd.conf", "/etc/inetd.d/*"},
		"inetd.service", "openbsd-inetd.service", "inetutils-inetd.service", "rlinetd.service")
	a.superServer("xinetd", xinetdFTP, []string{"/etc/xinetd.conf", "/etc/xinetd.d/*"}, "xinetd.service")
	var seen []string
	for _, dir := range []string{
		"/etc/systemd/system/", "/run/systemd/system/", "/usr/local/lib/systemd/system/", "/usr/lib/systemd/system/", "/lib/systemd/system/",
	} {
		if same, err := a.host.Tree.Resolve(dir); err == nil {
			if slices.Contains(seen, same) {
				continue // /lib of a merged system
			}
			seen = append(seen, same)
		}
		for _, file := range a.matching(socketFTP, dir+"*.socket", dir+"*.socket.d/*.conf") {
			unit := path.Base(file)
			if dropIns := path.Base(path.Dir(file)); strings.HasSuffix(dropIns, ".socket.d") {
				unit = strings.TrimSuffix(dropIns, ".d")
			}
			if state := a.enabledAtBoot(unit); state == units.Enabled || state == units.Unknown {
				a.gap(checks.ReasonUnsupported, unit, "the socket unit opens port 21, and what it starts is not evaluated")
			}
		}
	}
}

// superServer records a gap when a file of the super-server has an FTP entry and
// the super-server is not known to be off.
func (a *audit) superServer(name string, entry *regexp.Regexp, patterns []string, unitNames ...string) {
	files := a.matching(entry, patterns...)
	if len(files) == 0 {
		return
	}
	switch a.enabledAtBoot(unitNames...) {
	case units.Enabled, units.Unknown:
		for _, file := range files {
			a.gap(checks.ReasonUnsupported, file, name+" has an entry for FTP, which is not evaluated")
		}
	default:
		for _, file := range files {
			a.rec.Note(file, name+" has an entry for FTP and is not started at boot")
		}
	}
}

// matching returns the regular files among the patterns that hold an entry.
func (a *audit) matching(entry *regexp.Regexp, patterns ...string) (files []string) {
	in := directories{t: a.host.Tree}
	defer in.close()
	for _, pattern := range patterns {
		found, err := a.host.Tree.Glob(pattern)
		if err != nil {
			a.gap(treeReason(err), pattern, "entries for FTP could not be looked for")
		}
		for _, file := range found {
			b, err := in.read(file)
			switch {
			case errors.Is(err, fs.ErrNotExist): // a link that leads nowhere
			case err != nil:
				if info, statErr := a.host.Tree.Stat(file); statErr == nil && !info.Mode.IsRegular() {
					continue // a mask or a directory
				}
				a.gap(treeReason(err), file, "entries for FTP could not be looked for")
			case entry.Match(b) && !strings.HasSuffix(file, "~"):
				files = append(files, file)
			}
		}
	}
	return files
}

// directories reads files one directory after the other, each opened once.
type directories struct {
	t   *tree.Tree
	at  string
	dir *tree.Dir // nil where at could not be opened
}

// read is Tree.ReadFile of an absolute, clean name.
func (d *directories) read(file string) ([]byte, error) {
	if dir := path.Dir(file); dir != d.at {
		d.close()
		d.at = dir
		d.dir, _ = d.t.Directory(dir)
	}
	if d.dir == nil {
		return d.t.ReadFile(file)
	}
	return d.dir.ReadFile(path.Base(file), nil)
}

func (d *directories) close() {
	if d.dir != nil {
		d.dir.Close()
		d.dir = nil
	}
}
