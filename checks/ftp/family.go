// Package ftp asks about FTP servers.
package ftp

import "hostaudit/checks"

// Checks lists the checks of the family.
func Checks() []checks.Check {
	return []checks.Check{
		port,
	}
}
