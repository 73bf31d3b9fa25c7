package password

import "hostaudit/checks"

// weakRemedies name the tools of each family; those of GRUB have names of their own.
func weakRemedies() []checks.Remedy {
	const account = "set a new password (`passwd NAME`); lock the password (`passwd -l NAME`) only of an account that has got in by a key, and become root without it, in a second session; "
	const group = "remove a group's password (`gpasswd -r GROUP`); "
	return []checks.Remedy{
		{
			Families: []string{"debian"},
			Text:     account + group + "for the boot loader make a new hash (`grub-mkpasswd-pbkdf2`), put it where /etc/grub.d has the old one, and run `update-grub`",
		},
		{
			Families: []string{"redhat"},
			Text:     account + group + "for the boot loader set a new password (`grub2-setpassword`), which writes /boot/grub2/user.cfg",
		},
		{
			Families: []string{"suse"},
			Text:     account + group + "for the boot loader make a new hash (`grub2-mkpasswd-pbkdf2`), put it where /etc/grub.d has the old one, and run `grub2-mkconfig -o /boot/grub2/grub.cfg`",
		},
		{
			Families: []string{"arch"},
			Text:     account + group + "for the boot loader make a new hash (`grub-mkpasswd-pbkdf2`), put it where /etc/grub.d has the old one, and run `grub-mkconfig -o /boot/grub/grub.cfg`",
		},
		{
			Families: []string{"alpine"},
			Text:     account + "remove a group's password (`gpasswd -r GROUP`, of the package shadow); for the boot loader make a new hash (`grub-mkpasswd-pbkdf2`), put it where /etc/grub.d has the old one, and run `grub-mkconfig -o /boot/grub/grub.cfg`",
		},
		{
			Families: []string{"openwrt"},
			Text:     "set a new password of root (`passwd`), the only account people log in by",
		},
	}
}

// emptyRemedies: the accounts get a password before PAM refuses the empty one, since
// root may be among them.
func emptyRemedies() []checks.Remedy {
	const (
		account = "set a password (`passwd NAME`), root's first, or lock accounts that nobody logs in to (`passwd -l NAME`); then, with a session of root kept open until a new login has worked, "
		ssh     = "; set PermitEmptyPasswords no where sshd_config has yes"
	)
	return []checks.Remedy{
		{Families: []string{"debian"}, Text: account + "remove nullok from the line of pam_unix.so in /etc/pam.d/common-auth" + ssh},
		{
			Families: []string{"redhat"},
			Text:     account + "turn nullok off (`authselect enable-feature without-nullok`; where `authselect current` knows no profile, in /etc/pam.d/system-auth and /etc/pam.d/password-auth)" + ssh,
		},
		{
			Families: []string{"suse"},
			Text:     account + "turn nullok off (`pam-config --delete --unix-nullok`; `pam-config --query --unix` shows it)" + ssh,
		},
		{Families: []string{"arch"}, Text: account + "remove nullok from the line of pam_unix.so in /etc/pam.d/system-auth" + ssh},
		{Families: []string{"alpine"}, Text: "set a password (`passwd NAME`), root's first, or lock accounts that nobody logs in to (`passwd -l NAME`): without PAM nothing else stands before an empty field" + ssh},
		{Families: []string{"openwrt"}, Text: "set a password of root (`passwd`): Dropbear and the web interface let root in without one until then"},
	}
}

// schemeRemedies: what hashes a new password has to use a current scheme first.
func schemeRemedies() []checks.Remedy {
	const owners = "have the owners set their passwords again (`passwd NAME`, or `chage -d 0 NAME` to make the next login ask for it), root last and with a session kept open"
	return []checks.Remedy{
		{
			Families: []string{"debian"},
			Text:     "have yescrypt (before Debian 11 and Ubuntu 22.04: sha512) after pam_unix.so in /etc/pam.d/common-password, and ENCRYPT_METHOD SHA512 or, from Debian 12 and Ubuntu 24.04 on, YESCRYPT in /etc/login.defs; then " + owners,
		},
		{
			Families: []string{"redhat"},
			Text:     "set ENCRYPT_METHOD SHA512 (YESCRYPT where the release has it) in /etc/login.defs, see that pam_unix.so names the same scheme in the password lines of /etc/pam.d/system-auth and /etc/pam.d/password-auth (`authselect check` tells whether the profile's files were changed); then " + owners,
		},
		{
			Families: []string{"arch"},
			Text:     "see that /etc/login.defs has ENCRYPT_METHOD YESCRYPT and that no pam_unix.so below /etc/pam.d names another scheme; then " + owners,
		},
		{
			Families: []string{"alpine"},
			Text:     "have the owners set their passwords again (`passwd NAME`; busybox hashes with sha512 there), root last and with a session kept open",
		},
	}
}
