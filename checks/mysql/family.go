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
// The script mysql.server is of tarballs.
func services() []string {
	return []string{"mariadb.service", "mysql.service", "mysqld.service", "mysql.server.service"}
}

// startsDatabase says that a program is, or starts, a server.
func startsDatabase(program string) bool {
	switch program {
	case "mariadbd", "mysqld", "mysqld-debug", "mysqld_safe", "mariadbd-safe", "mysqld_multi", "mariadbd-multi", "mysql-systemd-helper":
		return true
	}
	return false
}

// starters are services and the sockets systemd listens on in a server's place.
func starters() []string {
	return append(services(), "mariadb.socket", "mysql.socket", "mysqld.socket")
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
	if state != units.Enabled && len(enabledUnits(h)) > 0 {
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
