// Package services asks what a host starts by itself: at boot, by the clock, on a
// connection. What that is comes from package units; drift.go compares it with
// what an administrator accepted.
package services

import "hostaudit/checks"

// Checks returns the checks of the family in catalogue order.
func Checks() []checks.Check {
	return []checks.Check{
		Drift(),
	}
}
