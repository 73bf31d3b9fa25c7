package ssh

import "hostaudit/checks"

// try is how no change of sshd's configuration locks its author out.
const try = "; keep this session open until a new login has worked"

// settingRemedies says how a setting of sshd_config is made on each family of
// distributions: where the first value stands, the test, and what loads it. before is
// what has to be done first, or ""; openWrt is the remedy for its Dropbear, or "".
func settingRemedies(before, setting, openWrt string) []checks.Remedy {
	const (
		// Of a setting that is given twice the first value counts (sshd_config(5)).
		first = " in /etc/ssh/sshd_config.d/00-local.conf, which is read before the others (at the top of /etc/ssh/sshd_config where that has no Include line"
		// openSUSE without the file in /etc reads the one in /usr/etc, which updates replace.
		vendor = first + ", never in /usr/etc/ssh"
	)
	text := func(where, reload string) string {
		return before + "set " + setting + where + "), and take other values out of Match blocks; when `sshd -t` accepts it and `sshd -T` shows it, " + reload + try
	}
	list := []checks.Remedy{
		{Families: []string{"debian"}, Text: text(first, "`systemctl reload ssh`")},
		{Families: []string{"redhat", "arch"}, Text: text(first, "`systemctl reload sshd`")},
		{Families: []string{"suse"}, Text: text(vendor, "`systemctl reload sshd`")},
		{Families: []string{"alpine"}, Text: text(first, "`rc-service sshd reload`")},
	}
	if openWrt != "" {
		list = append(list, checks.Remedy{Families: []string{"openwrt"}, Text: openWrt + ", then `uci commit dropbear` and `/etc/init.d/dropbear restart`" + try})
	}
	return list
}

// portRemedies say how the port is moved: whatever stands between a client and the new
// port comes first, and what listens in sshd's place is told as well.
func portRemedies() []checks.Remedy {
	const (
		set      = "set Port NUMBER in /etc/ssh/sshd_config and remove every Port 22; when `sshd -t` accepts it, "
		filter   = "open the new port in the packet filter first; "
		firewall = "open the new port where firewalld runs (`firewall-cmd --permanent --add-port=NUMBER/tcp`, `firewall-cmd --reload`) "
		label    = "and label it where SELinux is on (`semanage port -a -t ssh_port_t -p tcp NUMBER`) first; "
		login    = ". Log in by the new port before you close this session"
	)
	return []checks.Remedy{
		{
			Families: []string{"ubuntu"},
			Text: "open the new port in the packet filter first (`ufw allow NUMBER/tcp`); " + set + "`systemctl restart ssh`, or, where ssh.socket is enabled (the default from 22.10 on), " +
				"`systemctl daemon-reload` and `systemctl restart ssh.socket`. From 22.10 to 23.10 the socket does not read Port: before that " +
				"give it an empty ListenStream= and then ListenStream=NUMBER with `systemctl edit ssh.socket`" + login,
		},
		{
			Families: []string{"debian"},
			Text: filter + set + "`systemctl restart ssh`. But where ssh.socket is enabled (`systemctl is-enabled ssh.socket`) Port is not read: " +
				"give the socket an empty ListenStream= and then ListenStream=NUMBER with `systemctl edit ssh.socket`, then `systemctl daemon-reload` and `systemctl restart ssh.socket`" + login,
		},
		{
			Families: []string{"redhat"},
			Text: firewall + label + set + "`systemctl restart sshd` (where sshd.socket is enabled Port is not read: an empty ListenStream= and then ListenStream=NUMBER with `systemctl edit sshd.socket`, " +
				"then `systemctl restart sshd.socket`)" + login,
		},
		{
			Families: []string{"suse"},
			Text: firewall + label + "set Port NUMBER in /etc/ssh/sshd_config, or in /etc/ssh/sshd_config.d/00-local.conf where that file is absent (never in /usr/etc/ssh), and remove every Port 22; " +
				"when `sshd -t` accepts it, `systemctl restart sshd`" + login,
		},
		{Families: []string{"arch"}, Text: filter + set + "`systemctl restart sshd`" + login},
		{
			Families: []string{"alpine"},
			Text:     filter + set + "`rc-service sshd restart` (Dropbear: -p NUMBER in DROPBEAR_OPTS of /etc/conf.d/dropbear, `rc-service dropbear restart`)" + login,
		},
		{
			Families: []string{"openwrt"},
			Text:     filter + "`uci set dropbear.@dropbear[0].Port=NUMBER`, `uci commit dropbear` and `/etc/init.d/dropbear restart`" + login,
		},
	}
}
