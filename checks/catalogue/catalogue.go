// Package catalogue is the one list of all checks.
package catalogue

import (
	"slices"

	"hostaudit/checks"
	"hostaudit/checks/accounts"
	"hostaudit/checks/ftp"
	"hostaudit/checks/listeners"
	"hostaudit/checks/mysql"
	"hostaudit/checks/password"
	"hostaudit/checks/services"
	"hostaudit/checks/ssh"
)

// Number counts the catalogues: it rises whenever a check is added, and a check
// carries the number it appeared in.
const Number = 4

// All returns every check in the order of every report.
func All() []checks.Check {
	return slices.Concat(
		password.Checks(),
		ssh.Checks(),
		ftp.Checks(),
		mysql.Checks(),
		listeners.Checks(),
		services.Checks(),
		accounts.Checks(),
	)
}
