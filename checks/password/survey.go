package password

import (
	"errors"
	"io/fs"
	"path"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/crack"
	"hostaudit/checks/host"
)

// standing is what an account's password field means for logging in.
type standing int

const (
	undetermined standing = iota // could not be read, or its meaning is not known
	live                         // a hash: whoever knows the password logs in
	open                         // an empty field: no password is asked for
	dormant                      // a hash that nobody logs in by today: locked, expired, invalid entry
	closed                       // nothing that any password matches
	malformed                    // a broken hash: nothing matches it, but nobody meant it so
	unsupported                  // a scheme of unknown meaning
)

// entry is one account with its field classified.
type entry struct {
	acc      host.Account
	standing standing
	form     crack.Form
	why      string // for dormant: why nobody logs in
	location checks.Location
	noShell  bool // no interactive login, though other services may accept it
	noUnix   bool // pam_unix refuses the scheme, though programs without PAM may accept it
	further  bool // another password of the account stands before it
	kind     entryKind
}

// limited says why what opens the account is worth less than a login, or "".
func (e *entry) limited() string {
	switch {
	case e.noShell:
		return " (its shell gives no session, other services may accept it)"
	case e.noUnix:
		return " (pam_unix refuses " + e.form.Scheme.String() + ", other programs may not)"
	}
	return ""
}

// entryKind is whose password an entry is. Of a group and of the boot loader acc holds
// the name alone.
type entryKind int

const (
	ofAccount entryKind = iota
	ofGroup
	ofBoot
)

// survey is the reading of all accounts.
type survey struct {
	accounts *host.Accounts
	entries  []*entry // passwd order; one for each password of an account
	groups   []*entry // of groups with a password, in the order of /etc/group
	groupGap []checks.Gap
	absent   bool // there is no /etc/passwd
	gaps     []checks.Gap
	hidden   bool // shadow's field is ignored by pam_unix because passwd holds one
}

// surveyKey is the key of a host's survey.
type surveyKey struct{}

// take reads and classifies every account of a host, once for all checks. The
// survey must not be changed.
func take(h *host.Host) *survey {
	return host.Once(h, surveyKey{}, func() *survey { return takeNow(h) })
}

func takeNow(h *host.Host) *survey {
	s := &survey{accounts: h.Accounts()}
	for _, store := range s.accounts.Unevaluated {
		s.gaps = append(s.gaps, storeGap(store))
	}
	switch err := s.accounts.PasswdErr; {
	case errors.Is(err, fs.ErrNotExist) && len(s.accounts.List) > 0:
		// The accounts are in user records alone.
	case errors.Is(err, fs.ErrNotExist):
		s.absent = len(s.gaps) == 0
		return s
	case err != nil:
		s.gaps = append(s.gaps, checks.Gap{Reason: checks.ReasonOf(err), Detail: "/etc/passwd could not be read", Location: checks.At("/etc/passwd", 0)})
		return s
	}
	r := newReading(s, h)
	if s.accounts.Musl {
		s.lenientLines()
	}
	for _, acc := range s.accounts.List {
		r.account(acc)
	}
	r.finish()
	s.takeGroups()
	return s
}

// lenientLines: an ID that glibc refuses (none, or too large a number) is one for
// musl, so such a line of passwd may be an account there.
func (s *survey) lenientLines() {
	for _, line := range s.accounts.Invalid {
		if path.Base(line.File) == "passwd" {
			s.gaps = append(s.gaps, checks.Gap{
				Reason: checks.ReasonUnsupported, Subject: checks.Text(line.Name), Location: checks.At(line.File, line.Line),
				Detail: "an invalid line that musl may read as an account",
			})
		}
	}
}

// classify sets the standing by the field alone.
func (e *entry) classify() {
	switch e.form.Class {
	case crack.Hash:
		e.standing = live
		if e.form.Foreign {
			e.standing, e.why = dormant, "no login on Linux accepts the scheme "+e.form.Scheme.String()
		}
	case crack.LockedHash:
		e.standing, e.why = dormant, "locked"
	case crack.Locked:
		e.standing = closed
	case crack.Empty:
		e.standing = open
	case crack.Malformed:
		e.standing = malformed
	default:
		e.standing = unsupported
	}
}

// retire makes an account that could log in by its field dormant.
func (e *entry) retire(why string) {
	e.classify()
	switch e.standing {
	case live, open, malformed, unsupported:
		e.standing, e.why = dormant, why
	}
}

// mustChange reports an account that has to set a new password at its next login, by
// the version of pam_unix that asks for it first (passverify.c: check_shadow_expiry).
func mustChange(acc host.Account, now time.Time) bool {
	if !acc.Shadowed() || acc.Shadow == nil {
		return false
	}
	s := acc.Shadow
	if s.LastChange.Set && s.LastChange.N == 0 {
		return true
	}
	today := now.Unix() / (24 * 60 * 60)
	return s.LastChange.Set && s.Max.Set && today-s.LastChange.N >= s.Max.N
}

// of returns the entries of a standing.
func (s *survey) of(want standing) []*entry {
	var out []*entry
	for _, e := range s.entries {
		if e.standing == want {
			out = append(out, e)
		}
	}
	return out
}

func storeGap(store host.AccountStore) checks.Gap {
	g := checks.Gap{Reason: checks.ReasonUnsupported, Subject: checks.Text(store.Name), Location: checks.At(store.File, 0)}
	g.Detail = "accounts or passwords kept elsewhere are not evaluated"
	if store.Problem != "" {
		g.Detail = checks.Text(store.Problem)
	}
	if store.Err != nil {
		g.Reason, g.Detail = checks.ReasonOf(store.Err), "whether passwords are kept here could not be read"
	}
	return g
}
