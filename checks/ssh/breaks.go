package ssh

import (
	"bytes"
	"cmp"
	"path"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/sshd"
	"hostaudit/checks/host/units"
	"hostaudit/checks/internal/authkeys"
	"hostaudit/checks/internal/sshdconf"
)

// lockoutBreaks adds to what the remedy may break whether somebody else than root was
// found who can log in and become root: without, following it locks the administrator
// out.
func lockoutBreaks(h *host.Host, rec *checks.Recorder) {
	if !rec.Failed() {
		return
	}
	if host.Once(h, administratorKey{}, func() bool { return administrator(h) }) {
		rec.Breaks("Another account that can log in over SSH and use sudo was found on this host; try it first.")
		return
	}
	rec.Breaks("No other account that can log in over SSH and use sudo was found on this host: without one this locks you out.")
}

type administratorKey struct{}

// administrator reports an account that is not root, gets in over some sshd by a key or
// a password, and becomes root by sudo. When in doubt there is none.
func administrator(h *host.Host) bool {
	list, ok := people(h)
	rules := sudoers(h)
	if !ok || rules.uncertain || noLogins(h) {
		return false
	}
	survey := sshd.Look(h)
	for i := range survey.Servers {
		srv := &survey.Servers[i]
		if srv.Container != nil || srv.Program != sshd.OpenSSH {
			continue
		}
		var both []setup // what runs, and the next start
		for _, conf := range []*sshdconf.Config{srv.Conf, srv.AtBoot} {
			if conf != nil {
				left := maxEffort
				both = append(both, setup{Server: srv, conf: conf, left: &left})
			}
		}
		in := func(p person) bool {
			return len(both) > 0 && !slices.ContainsFunc(both, func(s setup) bool {
				return len(s.conf.Problems()) > 0 || !s.getsIn(p)
			})
		}
		for _, p := range list {
			may, password := rules.admits(p)
			if p.UID != 0 && may && (!password || types(h, p.Account)) && valid(h, p.Account) && session(h, p.Shell) && in(p) {
				return true
			}
		}
	}
	return false
}

// noLogins reports the file that keeps everybody but root out (nologin(5)).
func noLogins(h *host.Host) bool {
	for _, name := range []string{"/etc/nologin", "/run/nologin", "/var/run/nologin"} {
		if _, err := h.Tree.Stat(name); !isAbsent(err) {
			return true
		}
	}
	return false
}

// getsIn reports an account that has what some way in of every connection asks for.
func (s setup) getsIn(p person) bool {
	cases, complete := s.cases(p.conn)
	if !complete {
		return false
	}
	for _, c := range cases {
		eff := s.conf.Effective(c.Conn)
		admission := eff.Admission()
		ways, _, unknown := eff.Ways(false)
		if admission.Refused || admission.Unknown || unknown || s.shutOut(p, eff) != "" || eff.Setting("ForceCommand").Unknown || isSet(eff.Setting("ForceCommand")) {
			return false
		}
		in := false
		for _, way := range ways {
			in = in || way.ByPassword() && types(s.Host, p.Account) ||
				len(way.Methods) == 1 && way.Methods[0] == "publickey" && slices.ContainsFunc(s.keyFiles(eff, p.Account), func(f keyFile) bool {
					return f.usable() && slices.ContainsFunc(f.entries, func(e authkeys.Entry) bool { return s.opens(e, eff) })
				})
		}
		if !in {
			return false
		}
	}
	return len(cases) > 0
}

// opens reports a key that gives a session with a terminal from everywhere.
func (s setup) opens(e authkeys.Entry, eff *sshdconf.Effective) bool {
	o := e.Options
	return s.admits(e, eff, false) && !o.Authority && !o.HasCommand && !o.HasFrom && !o.NoPTY && o.Expires.IsZero()
}

// types reports an account that certainly has a password to type.
func types(h *host.Host, a host.Account) bool {
	field, _, _, err := h.Accounts().Password(a)
	const shortest = 13 // of DES, the shortest there is (crypt(5))
	return err == nil && len(field) >= shortest && field[0] != '!' && field[0] != '*'
}

// valid reports an account that has not expired, and whose password has not (shadow(5)).
func valid(h *host.Host, a host.Account) bool {
	s := a.Shadow
	if s == nil {
		return !a.Shadowed() // without the line of shadow nothing is known
	}
	today := h.Clock().Unix() / (24 * 60 * 60)
	switch {
	case s.Problem != "", s.Unsure,
		s.Expire.Set && s.Expire.N <= today,
		s.LastChange.Set && s.LastChange.N == 0,
		s.LastChange.Set && s.Max.Set && s.LastChange.N+s.Max.N < today:
		return false
	}
	return true
}

// session reports a shell that gives a session: a well-known one that is there, as
// sshd itself asks (allowed_user() of auth.c).
func session(h *host.Host, shell string) bool {
	shell = cmp.Or(shell, "/bin/sh")
	switch path.Base(shell) {
	case "sh", "bash", "dash", "ash", "zsh", "ksh", "ksh93", "mksh", "fish", "csh", "tcsh":
		info, err := h.Tree.Stat(shell)
		return err == nil && info.Mode.IsRegular() && info.Mode.Perm()&0o111 != 0
	}
	return false
}

// moveBreaks adds what has to know of another port: SELinux and packet filters.
func moveBreaks(h *host.Host, rec *checks.Recorder) {
	if !rec.Failed() {
		return
	}
	if data, err := h.Tree.ReadFile("/etc/selinux/config"); err == nil && !bytes.Contains(data, []byte("\nSELINUX=disabled")) {
		rec.Breaks("SELinux is set up here: give the new port its label first (semanage port -a -t ssh_port_t -p tcp PORT).")
	}
	for _, firewall := range []string{"firewalld.service", "ufw.service", "nftables.service", "shorewall.service"} {
		if h.Units().State(firewall) == units.Enabled {
			rec.Breaks("A packet filter is set up here (" + strings.TrimSuffix(firewall, ".service") + "): open the new port in it first.")
		}
	}
}
