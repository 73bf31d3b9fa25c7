package ssh

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/sshd"
	"hostaudit/checks/host/units"
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
// a password, and is named by sudoers, itself or by its group. When in doubt there is none.
func administrator(h *host.Host) bool {
	list, ok := people(h)
	if !ok {
		return false
	}
	rules := sudoers(h)
	survey := sshd.Look(h)
	for i := range survey.Servers {
		srv := &survey.Servers[i]
		if srv.Container != nil || srv.Conf == nil || len(srv.Conf.Problems()) > 0 {
			continue
		}
		s := setup{Server: srv, conf: srv.Conf}
		for _, p := range list {
			if p.UID != 0 && rules.admits(p) && !noShell(p.Shell) && s.getsIn(p) {
				return true
			}
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
		if admission.Refused || admission.Unknown || unknown {
			return false
		}
		in := false
		for _, way := range ways {
			in = in || way.ByPassword() && hasPassword(s.accounts(), p.Account, false) ||
				len(way.Methods) == 1 && way.Methods[0] == "publickey" && slices.ContainsFunc(s.keyFiles(eff, p.Account), func(f keyFile) bool {
					return f.usable() && len(f.entries) > 0
				})
		}
		if !in {
			return false
		}
	}
	return len(cases) > 0
}

func noShell(shell string) bool {
	switch path.Base(shell) {
	case "nologin", "false", "true", "sync", "halt", "shutdown":
		return true
	}
	return false
}

// sudoRules are the names that sudoers gives everything to.
type sudoRules struct{ users, groups []string }

func (r sudoRules) admits(p person) bool {
	return slices.Contains(r.users, p.Name) || slices.ContainsFunc(p.conn.Groups, func(g string) bool { return slices.Contains(r.groups, g) })
}

// sudoers reads the plain rules of sudoers(5), NAME HOSTS=… ALL, as far as they help to
// find one administrator; others are passed over.
func sudoers(h *host.Host) sudoRules {
	var r sudoRules
	if _, err := h.Tree.Stat("/usr/bin/sudo"); err != nil {
		return r
	}
	files := []string{"/etc/sudoers"}
	if more, err := h.Tree.Glob("/etc/sudoers.d/*"); err == nil {
		files = append(files, more...)
	}
	for _, name := range files {
		if strings.Contains(path.Base(name), ".") || strings.HasSuffix(name, "~") {
			continue // sudoers(5): @includedir passes these over
		}
		data, err := h.Tree.ReadFile(name)
		if err != nil {
			continue
		}
		for line := range bytes.Lines(data) {
			words := strings.Fields(string(line))
			if len(words) < 2 || !strings.HasPrefix(words[1], "ALL") || !strings.HasSuffix(strings.TrimSpace(string(line)), "ALL") {
				continue
			}
			if group, is := strings.CutPrefix(words[0], "%"); is {
				r.groups = append(r.groups, group)
			} else {
				r.users = append(r.users, words[0])
			}
		}
	}
	return r
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
