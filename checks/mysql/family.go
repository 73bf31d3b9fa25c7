// Package mysql asks about MySQL and MariaDB servers: whether root needs a
// credential, and who can reach the server.
//
// A running server is found by its process; its sockets by their owner. What the
// option files say is told apart from what runs (evidence configured, running):
// the running server decides about now, its configuration about the next start.
//
// Manners: one login attempt per way in (socket, one address others can use,
// loopback), always as root with an empty password, because a wrong guess could
// lock an account; no more than two that are refused, because three ways can lead
// to one account; and none after a login, whose account table answers for all
// ways. Refusals are remembered until the server restarts.
package mysql

import (
	"errors"
	"io/fs"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/units"
)

// Checks returns the checks of the family in catalogue order.
func Checks() []checks.Check {
	return []checks.Check{
		RootPassword(),
		Passwords(),
		Accounts(),
		Bind(),
		TLS(),
	}
}

// services are the units and scripts that start a server.
func services() []string { return []string{"mariadb.service", "mysql.service", "mysqld.service"} }

// starters are services and the sockets systemd listens on in a server's place.
func starters() []string {
	return append(services(), "mariadb.socket", "mysql.socket", "mysqld.socket")
}

// instances reports whether an instance of a template (mariadb@two.service) is
// started at boot, or whether that could not be seen.
func instances(h *host.Host) bool {
	for _, name := range []string{"mariadb@", "mysql@", "mysqld@"} {
		if links, err := h.Tree.Glob("/etc/systemd/system/*.wants/" + name + "*"); len(links) > 0 || err != nil {
			return true
		}
	}
	return false
}

// idle answers for a target on which no server was seen running. It reports
// whether there is one whose configuration matters, and otherwise has said why not.
func idle(h *host.Host, rec *checks.Recorder) (configured bool) {
	found, gap := installed(h)
	if gap != nil {
		rec.Gap(*gap)
	}
	if !found {
		rec.NotApplicable(checks.ReasonAbsent, "no MySQL or MariaDB server was found")
		return false
	}
	state := h.Units().State(starters()...)
	if instances(h) {
		return true
	}
	switch state {
	case units.Enabled, units.Unknown:
		return true
	case units.Absent:
		// A container's own command starts the server; nothing of init need be there.
		if h.Kind == host.KindContainer || h.Kind == host.KindContainerImage {
			return true
		}
		rec.NotApplicable(checks.ReasonAbsent, "a server is installed, but no service starts it")
	default:
		rec.NotApplicable(checks.ReasonAbsent, "a server is installed, but its service is "+state.String())
	}
	return false
}

// unitGaps names changes to the service that may add options to the command line
// of a server that does not run; they are not evaluated.
func unitGaps(h *host.Host) []checks.Gap {
	var gaps []checks.Gap
	var files []string
	for _, name := range services() {
		dir := "/etc/systemd/system/" + name
		list, err := h.Tree.Glob(dir + ".d/*.conf")
		if err != nil {
			gaps = append(gaps, checks.Gap{Reason: checks.ReasonOf(err), Subject: checks.Text(dir + ".d"), Detail: "changes to the service could not be read"})
		}
		files = append(files, list...)
		if info, err := h.Tree.Lstat(dir); err == nil && info.Mode.IsRegular() {
			files = append(files, dir)
		}
	}
	for _, file := range files {
		data, err := h.Tree.ReadFile(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			gaps = append(gaps, checks.Gap{Reason: checks.ReasonOf(err), Subject: checks.Text(file), Location: checks.At(file, 0), Detail: "a change to the service could not be read"})
		case strings.Contains(string(data), "ExecStart=") || strings.Contains(string(data), "MYSQLD_OPTS"):
			gaps = append(gaps, checks.Gap{Reason: checks.ReasonUnsupported, Subject: checks.Text(file), Location: checks.At(file, 0), Detail: "the service's command line is changed here; its options are not evaluated"})
		}
	}
	return gaps
}
