// Package accounts asks who can be whom on a host: user IDs, shells, sudo. Each
// check is one file; uid0.go is the smallest and the one to copy.
package accounts

import "hostaudit/checks"

// Checks returns the checks of the family in catalogue order.
func Checks() []checks.Check {
	return []checks.Check{
		UID0(),
	}
}
