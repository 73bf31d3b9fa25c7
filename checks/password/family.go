// Package password asks whether passwords keep anyone out: guessable ones
// (password.dictionary), none at all (password.empty), and hashes in schemes
// that make guessing cheap (password.scheme).
//
// The three checks share one reading of the accounts (survey.go), so they agree
// about who can log in with what. Nothing that any of them records tells a
// password, a hash, which word matched or whether it was a listed or a derived
// one; findings that name an account are private.
package password

import "hostaudit/checks"

// Checks returns the checks of the family in catalogue order.
func Checks() []checks.Check {
	return []checks.Check{
		Dictionary(),
		Empty(),
		Scheme(),
	}
}
