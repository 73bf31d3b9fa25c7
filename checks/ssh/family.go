// Package ssh asks what the host's SSH servers listen on and whom they let in.
// The files are read as sshd reads them (checks/internal/sshdconf); where this
// package cannot follow sshd it says so and never passes.
package ssh

import "hostaudit/checks"

// Checks returns the family's checks in the order of the catalogue.
func Checks() []checks.Check {
	return []checks.Check{portCheck(), rootLoginCheck()}
}
