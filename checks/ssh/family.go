// Package ssh asks what the host's SSH servers listen on, whom they let in and what
// they allow then. checks/host/sshd finds the servers, checks/internal/sshdconf
// evaluates their configuration as sshd does; where these cannot follow sshd the
// checks say so and never pass.
package ssh

import "hostaudit/checks"

// Checks returns the family's checks in the order of the catalogue.
func Checks() []checks.Check {
	return []checks.Check{
		portCheck(), rootLoginCheck(),
		forwardingCheck(), tunnelCheck(), bannerCheck(),
		rootKeysCheck(), userKeysCheck(),
	}
}
