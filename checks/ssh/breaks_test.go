package ssh

import (
	"fmt"
	"strings"
	"testing"
)

// TestAdministrator: that somebody else can become root is said where it is certain, and
// only there: who follows the remedy relies on it.
func TestAdministrator(t *testing.T) {
	const (
		keyed  = "\n-- home/alice/ uid=1000 gid=1000 --\n-- home/alice/.ssh/ uid=1000 gid=1000 mode=0700 --\n-- home/alice/.ssh/authorized_keys uid=1000 gid=1000 mode=0600 --\n"
		plain  = "ssh-ed25519 " + ed1 + "\n"
		hashed = "\n-- etc/shadow --\nroot:*:19000:0:99999:7:::\nalice:$6$saltsalt$hashhashhashhash:19000:0:99999:7:::\n"
		locked = "\n-- etc/shadow --\nroot:*:19000:0:99999:7:::\nalice:*:19000:0:99999:7:::\n"
		free   = "alice ALL=(ALL:ALL) NOPASSWD: ALL"
		all    = "alice ALL=(ALL) ALL"
	)
	for _, test := range []struct {
		name, sudoers, more string
		want                bool
	}{
		{"key-and-nopasswd", free, keyed + plain + locked, true},
		{"key-and-password", "Defaults use_pty\n" + all, keyed + plain + hashed, true},
		{"password", all, hashed, true},
		{"group", "%wheel\tALL = (ALL : ALL) ALL", hashed + "\n-- etc/group --\nroot:x:0:\nwheel:x:10:alice\n", true},
		{"drop-in", "@includedir /etc/sudoers.d", hashed + "\n-- etc/sudoers.d/90-alice --\n" + all + "\n", true},
		{"old-drop-in", "#includedir /etc/sudoers.d", hashed + "\n-- etc/sudoers.d/90-alice --\n" + all + "\n", true},
		{"two-lines", "alice ALL=(ALL) \\\n  ALL", hashed, true},
		{"nobody", "root ALL=(ALL) ALL", hashed, false},
		{"key-but-sudo-asks", all, keyed + plain + locked, false},
		{"negation", "alice ALL=/bin/ls, !ALL", hashed, false},
		{"negation-later", all + "\nalice ALL=(ALL) !ALL", hashed, false},
		{"negation-in-alias", all + "\nCmnd_Alias NONE = !ALL\nalice ALL = NONE", hashed, false},
		{"argument", "alice ALL=(ALL) /bin/ls ALL", hashed, false},
		{"list", "alice ALL=/bin/ls, /bin/cat, sudoedit ALL", hashed, false},
		{"not-root", "alice ALL=(www-data) ALL", hashed, false},
		{"host-alias", "Host_Alias ALLOFUS = h\nalice ALLOFUS=(ALL) ALL", hashed, false},
		{"comment", "#alice ALL=(ALL) ALL\n# %wheel ALL=(ALL) ALL", hashed, false},
		{"trailing-comment", "alice ALL=/bin/ls # ALL", hashed, false},
		{"drop-in-not-included", "root ALL=(ALL) ALL", hashed + "\n-- etc/sudoers.d/90-alice --\n" + all + "\n", false},
		{"drop-in-unreadable", all + "\n@includedir /etc/sudoers.d", hashed + "\n-- etc/sudoers.d/90-x err=permission --\n", false},
		{"root-password", "Defaults targetpw\n" + all, hashed, false},
		{"no-shadow", all, "\n-- etc/shadow err=permission --\n", false},
		{"expired", all, "\n-- etc/shadow --\nalice:$6$saltsalt$hashhashhashhash:19000:0:99999:7::19001:\n", false},
		{"key-with-command", free, keyed + "command=\"/bin/x\" " + plain, false},
		{"key-from", free, keyed + "from=\"10.0.0.1\" " + plain, false},
		{"key-of-authority", free, keyed + "cert-authority " + plain, false},
		{"key-expired", free, keyed + "expiry-time=\"20200101\" " + plain, false},
		{"key-too-short", free, keyed + "ssh-rsa " + rsa512 + "\n", false},
		{"locked-without-pam", free, keyed + plain + "\n-- etc/shadow --\nalice:!:19000:0:99999:7:::\n", false},
		{"nologin", all, hashed + "\n-- etc/nologin --\n", false},
		{"no-shell", all, hashed + "\n-- bin/bash -> /nowhere --\n", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := withConfig("PermitRootLogin yes", "\n-- usr/bin/sudo mode=04755 --\nelf\n-- etc/sudoers mode=0440 --\n"+test.sudoers+"\n", test.more)
			if !strings.Contains(test.more, "bin/bash") {
				text += "\n-- bin/bash mode=0755 --\nelf\n"
			}
			if strings.Contains(test.more, "-- etc/group --") {
				text = strings.Replace(text, "-- etc/group --\nroot:x:0:\n", "", 1)
			}
			h := loadDebian(t, text)
			r := result(t, h, "ssh.root-login")
			const found = "Another account that can log in over SSH and use sudo was found"
			if got := strings.Contains(string(r.Breaks), found); got != test.want || !strings.Contains(string(r.Breaks), "use sudo was found") {
				t.Error(fmt.Sprintf("administrator found: %v, want %v: ", got, test.want), r.Status, r.Breaks)
			}
		})
	}
}
