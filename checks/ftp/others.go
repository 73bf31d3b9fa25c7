package ftp

import (
	"errors"
	"io/fs"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/units"
)

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

// otherDaemons looks at the servers other than vsftpd.
func (a *audit) otherDaemons() {
	for _, d := range daemons() {
		switch d.name {
		case vsftpdName:
		case proftpdName:
			a.proftpd(d)
		case pureName:
			a.pureFTPd(d)
		default:
			a.otherDaemon(d)
		}
	}
}

// otherDaemon looks at a server whose configuration is not evaluated. What runs here is
// judged by its sockets; what would start at boot is not known.
func (a *audit) otherDaemon(d daemon) {
	if a.running(d) {
		a.present = true
		a.rec.Note(d.name, "the configuration of "+d.name+" is not evaluated: its ports are those it has now")
		return
	}
	installed := a.installed(d)
	list, state := a.starts(d, installed)
	for _, c := range list {
		if !c.unsure {
			a.present = true
			a.gap(checks.ReasonUnsupported, d.name, d.name+" is started at boot, and its configuration is not evaluated")
			return
		}
	}
	switch {
	case len(list) > 0:
		a.gap(checks.ReasonUnsupported, d.name, d.name+" is installed; whether it is started at boot could not be established, and its configuration is not evaluated")
	case installed:
		a.dormant(d, state)
	}
}

// dormant records a server that is installed and that no unit starts. Where there
// is not even a unit and nothing to see running, as in a container image, its
// start may be somewhere that is not looked at.
func (a *audit) dormant(d daemon, state units.Enablement) {
	switch {
	case a.socketFor(d), a.entered[d.name], state == units.Enabled:
		return
	case a.host.Kind == host.KindContainerImage && state != units.Masked && !d.inetd:
		a.gap(checks.ReasonUnsupported, d.name, d.name+" is installed in a container image: what the image starts is not told by its files")
		return
	case state == units.Absent && a.snap == nil && !d.inetd && !a.otherwise(d):
		a.gap(checks.ReasonUnsupported, d.name, d.name+" is installed without a unit or script: what starts it is not known")
		return
	}
	a.rec.Note(d.name, d.name+" is installed and not started at boot")
}
