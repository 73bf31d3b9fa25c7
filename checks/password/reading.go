package password

import (
	"errors"
	"io/fs"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/crack"
	"hostaudit/checks/host"
)

// reading classifies the accounts of a host one by one.
type reading struct {
	s              *survey
	now            time.Time
	shells         *shells
	noPAM, busybox bool
	shadowErr      error        // of /etc/shadow
	unread         []checks.Gap // of passwords in files of their own
}

func newReading(s *survey, h *host.Host) *reading {
	r := &reading{s: s, now: h.Clock(), shells: newShells(h.Tree), noPAM: !hasPAM(h.Tree)}
	// Busybox's login asks no PAM and never looks at the dates. On a system made
	// of it, packages may still have left service files.
	_, err := h.Tree.Stat("/bin/busybox")
	r.busybox = err == nil && (r.noPAM || s.accounts.Musl)
	r.noPAM = r.noPAM || r.busybox
	return r
}

// account makes an entry of each password of an account. Fields that nothing
// matches say nothing beside one that something may match.
func (r *reading) account(acc host.Account) {
	var entries []*entry
	for _, p := range r.s.accounts.Passwords(acc) {
		e := &entry{acc: acc, location: checks.At(p.File, p.Line), form: crack.Identify(p.Field), noShell: r.shells.closed(acc.Shell)}
		// pam_unix takes what does not begin with $ for bigcrypt (Linux-PAM,
		// modules/pam_unix/passverify.c: verify_pwd_hash), which never matches.
		e.noUnix = !r.noPAM && e.form.Scheme == crack.BSDiCrypt
		r.judge(e, p)
		if len(entries) == 1 && entries[0].standing == closed {
			entries = nil
		}
		if len(entries) == 0 || e.standing != closed {
			e.further = len(entries) > 0
			entries = append(entries, e)
		}
	}
	if u := acc.Record; u != nil && u.Token && len(u.Passwords) == 0 && expired(host.Password{Shadow: u.Dates, Record: u}, r.now) == "" {
		r.s.gaps = append(r.s.gaps, checks.Gap{
			Reason: checks.ReasonUnsupported, Subject: checks.Text(acc.Name), Location: checks.At(acc.File, acc.Line),
			Detail: "a security token (PKCS#11 or FIDO2) opens the account, which is not evaluated",
		})
		if entries[0].standing == closed {
			entries[0].standing = undetermined
		}
	}
	r.s.entries = append(r.s.entries, entries...)
}

// judge sets the standing of one password.
func (r *reading) judge(e *entry, p host.Password) {
	switch err := p.Err; {
	case errors.Is(err, fs.ErrNotExist):
		e.standing = closed
	case errors.Is(err, host.ErrInvalidEntry):
		e.retire("the shadow entry is invalid (" + p.Shadow.Problem + ")")
	case errors.Is(err, host.ErrUnsureEntry):
		e.classify()
		if e.standing != closed && e.standing != dormant {
			r.s.gaps = append(r.s.gaps, checks.Gap{
				Reason: checks.ReasonUnsupported, Subject: checks.Text(e.acc.Name), Location: e.location,
				Detail: checks.Text("only some C libraries accept the shadow entry (" + p.Shadow.Problem + ")"),
			})
			e.standing = undetermined
		}
	case err != nil && e.acc.ShadowErr != nil:
		r.unread = append(r.unread, checks.Gap{
			Reason: checks.ReasonOf(err), Subject: checks.Text(e.acc.Name), Location: e.location,
			Detail: "the account's own file of its password could not be read",
		})
	case err != nil:
		r.shadowErr = err
	default:
		e.classify()
		if why := expired(p, r.now); why != "" && !r.busybox {
			e.retire(why)
		}
		if p.Record == nil {
			r.s.checkHidden(e.acc, r.noPAM)
		}
	}
}

// finish records what could not be read. Many files of one cause are one gap.
func (r *reading) finish() {
	if r.shadowErr != nil {
		r.s.gaps = append(r.s.gaps, checks.Gap{Reason: checks.ReasonOf(r.shadowErr), Detail: "/etc/shadow could not be read", Location: checks.At("/etc/shadow", 0)})
	}
	if len(r.unread) <= fewAccounts {
		r.s.gaps = append(r.s.gaps, r.unread...)
		return
	}
	told := map[checks.Reason]bool{}
	for _, g := range r.unread {
		if !told[g.Reason] {
			told[g.Reason] = true
			r.s.gaps = append(r.s.gaps, checks.Gap{Reason: g.Reason, Detail: "many accounts: files of their passwords could not be read"})
		}
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
// modules/pam_unix/passverify.c: check_shadow_expiry); systemd-homed asks the same
// ones of a user record.
func expired(p host.Password, now time.Time) string {
	if r := p.Record; r != nil {
		switch {
		case r.Refused != "":
			return r.Refused
		case r.NotBefore > uint64(max(now.UnixMicro(), 0)):
			return "the user record does not count yet"
		}
	}
	s := p.Shadow
	if s == nil {
		return ""
	}
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
