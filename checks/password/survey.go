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

// survey is the reading of all accounts.
type survey struct {
	accounts *host.Accounts
	entries  []*entry // passwd order
	absent   bool     // there is no /etc/passwd
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
	case errors.Is(err, fs.ErrNotExist):
		s.absent = len(s.gaps) == 0
		return s
	case err != nil:
		s.gaps = append(s.gaps, checks.Gap{Reason: checks.ReasonOf(err), Detail: "/etc/passwd could not be read", Location: checks.At("/etc/passwd", 0)})
		return s
	}
	shells := newShells(h.Tree)
	noPAM := !hasPAM(h.Tree)
	// Busybox's login asks no PAM and never looks at the dates. On a system made
	// of it, packages may still have left service files.
	_, err := h.Tree.Stat("/bin/busybox")
	busybox := err == nil && (noPAM || s.accounts.Musl)
	noPAM = noPAM || busybox
	if s.accounts.Musl {
		s.lenientLines()
	}
	var shadowErr error
	for _, acc := range s.accounts.List {
		field, file, line, err := s.accounts.Password(acc)
		e := &entry{acc: acc, location: checks.At(file, line), form: crack.Identify(field), noShell: shells.closed(acc.Shell)}
		// pam_unix takes what does not begin with $ for bigcrypt (Linux-PAM,
		// modules/pam_unix/passverify.c: verify_pwd_hash), which never matches.
		e.noUnix = !noPAM && e.form.Scheme == crack.BSDiCrypt
		switch {
		case errors.Is(err, fs.ErrNotExist):
			e.standing = closed
		case errors.Is(err, host.ErrInvalidEntry):
			e.retire("the shadow entry is invalid (" + acc.Shadow.Problem + ")")
		case errors.Is(err, host.ErrUnsureEntry):
			e.classify()
			if e.standing != closed && e.standing != dormant {
				s.gaps = append(s.gaps, checks.Gap{
					Reason: checks.ReasonUnsupported, Subject: checks.Text(acc.Name), Location: e.location,
					Detail: checks.Text("only some C libraries accept the shadow entry (" + acc.Shadow.Problem + ")"),
				})
				e.standing = undetermined
			}
		case err != nil:
			shadowErr = err
		default:
			e.classify()
			if why := expired(acc, h.Clock()); why != "" && !busybox {
				e.retire(why)
			}
			s.checkHidden(acc, noPAM)
		}
		s.entries = append(s.entries, e)
	}
	if shadowErr != nil {
		s.gaps = append(s.gaps, checks.Gap{Reason: checks.ReasonOf(shadowErr), Detail: "/etc/shadow could not be read", Location: checks.At("/etc/shadow", 0)})
	}
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

// checkHidden: pam_unix takes the field in passwd and never looks at shadow, but
// programs that do without PAM may take shadow's.
func (s *survey) checkHidden(acc host.Account, noPAM bool) {
	if acc.Shadowed() || acc.Shadow == nil || acc.Shadow.Problem != "" || acc.Shadow.Field == acc.PasswdField {
		return
	}
	switch crack.Identify(acc.Shadow.Field).Class {
	case crack.Locked, crack.LockedHash, crack.Malformed:
		return
	}
	s.hidden = true
	if noPAM {
		s.gaps = append(s.gaps, checks.Gap{
			Reason: checks.ReasonUnsupported, Subject: checks.Text(acc.Name), Location: checks.At(acc.Shadow.File, acc.Shadow.Line),
			Detail: "passwd and shadow both hold a password field, and without PAM it is not known which one counts",
		})
	}
}

// expired says why pam_unix refuses the account by its dates, or "". Dates count
// only for an account that passwd sends to shadow (Linux-PAM,
// modules/pam_unix/passverify.c: check_shadow_expiry).
func expired(acc host.Account, now time.Time) string {
	if !acc.Shadowed() || acc.Shadow == nil {
		return ""
	}
	s := acc.Shadow
	today := now.Unix() / (24 * 60 * 60)
	if s.Expire.Set && today >= s.Expire.N {
		return "the account has expired"
	}
	if !s.LastChange.Set || s.LastChange.N == 0 || !s.Max.Set || !s.Inactive.Set {
		return "" // 0 asks for a new password after the old one was accepted
	}
	age := today - s.LastChange.N
	if age > s.Max.N && age > s.Inactive.N && age > s.Max.N+s.Inactive.N {
		return "the password has expired and its inactivity period is over"
	}
	return ""
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
	if store.Err != nil {
		g.Reason, g.Detail = checks.ReasonOf(store.Err), "whether passwords are kept here could not be read"
	}
	return g
}
