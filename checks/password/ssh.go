package password

import (
	"slices"

	"hostaudit/checks/host"
	"hostaudit/checks/host/sshd"
	"hostaudit/checks/internal/sshdconf"
)

// emptyOverSSH reports an SSH server of the host that lets an account with an empty
// password in without asking PAM: sshd with PermitEmptyPasswords and without UsePAM,
// Dropbear with -B, and for root OpenWrt's build of it. Where PAM is asked, PAM decides.
// What cannot be evaluated adds nothing: the empty field is a finding in any case.
func emptyOverSSH(h *host.Host, a host.Account) (server string, in bool) {
	survey := sshd.Look(h)
	for i := range survey.Servers {
		srv := &survey.Servers[i]
		if srv.Container != nil {
			continue
		}
		if o := srv.Dropbear; o != nil && inGroup(h, a, o.Group) && (o.EmptyPasswords && o.Password() && a.UID != 0 || o.RootEmptyPassword() && a.UID == 0 ||
			h.OS.ID == "openwrt" && a.UID == 0 && o.RootPassword()) {
			return srv.Subject, true
		}
		if srv.Conf != nil && len(srv.Conf.Problems()) == 0 && takesEmpty(srv.Conf, a) {
			return srv.Subject, true
		}
	}
	return "", false
}

// inGroup reports whether Dropbear's -G lets the account in: it is in that group, or
// there is no such option.
func inGroup(h *host.Host, a host.Account, name string) bool {
	return name == "" || slices.ContainsFunc(h.Accounts().Groups, func(g host.Group) bool {
		return g.Name == name && (g.GID == a.GID || slices.Contains(g.Members, a.Name))
	})
}

// takesEmpty reports connections on which sshd itself takes the empty password.
func takesEmpty(conf *sshdconf.Config, a host.Account) bool {
	who := sshdconf.Account{User: a.Name, GroupsUnknown: true}
	if !slices.ContainsFunc(conf.May(who, "PermitEmptyPasswords"), func(v sshdconf.Setting) bool { return v.Word() == "yes" }) {
		return false
	}
	cases, _ := conf.Cases(who)
	return slices.ContainsFunc(cases, func(c sshdconf.Case) bool {
		eff := conf.Effective(c.Conn)
		if eff.Setting("PermitEmptyPasswords").Word() != "yes" || eff.Setting("UsePAM").Word() == "yes" || eff.Admission().Refused {
			return false
		}
		ways, _, _ := eff.Ways(a.UID == 0)
		return slices.ContainsFunc(ways, sshdconf.Way.ByPassword)
	})
}
