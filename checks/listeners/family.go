// Package listeners asks what can be reached from outside a host, who holds it,
// whether it lets anybody in, and whether it was there before. Each check is one
// file; attribution.go tells who a listener belongs to, which is what all of them need.
package listeners

import "hostaudit/checks"

// Checks returns the checks of the family in catalogue order.
func Checks() []checks.Check {
	return []checks.Check{
		Declared(),
		Cleartext(),
		Drift(),
	}
}
