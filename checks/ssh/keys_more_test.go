package ssh

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/sshd"
)

// dsa is a DSA key that parses.
const dsa = "AAAAB3NzaC1kc3MAAAABBQAAAAEDAAAAAQIAAAABAw=="

// TestKeysByName: where keys lie that a name with tokens and patterns stands for, and
// whose they are.
func TestKeysByName(t *testing.T) {
	const (
		root  = "/root/.ssh/authorized_keys"
		home  = "\n-- home/alice/ uid=1000 gid=1000 --\n-- home/alice/.ssh/ uid=1000 gid=1000 mode=0700 --\n-- home/alice/.ssh/authorized_keys uid=1000 gid=1000 mode=0600 --\n"
		file  = "/home/alice/.ssh/authorized_keys"
		plain = "ssh-ed25519 " + ed1 + "\n"
		ca    = "\n-- etc/ssh/ca.pub --\n" + plain
	)
	operator := func(mode string) string {
		return "\n-- root/.ssh/ mode=0700 --\n-- root/.ssh/authorized_keys mode=" + mode + " --\n" + plain
	}
	for _, test := range []struct{ name, id, version, passwd, config, more, want string }{
		{"pattern", "ssh.root-keys", "10.0", "", "AuthorizedKeysFile /etc/keys/%u/*.pub", "\n-- etc/keys/root/a.pub --\n" + plain, "fail; configured medium key /etc/keys/root/a.pub@/etc/keys/root/a.pub:1"},
		{"pattern-unknown-version", "ssh.root-keys", "", "", "PermitRootLogin yes\nPubkeyAuthentication yes\nAuthorizedKeysFile /etc/keys/%u/*.pub", "\n-- etc/keys/root/a.pub --\n" + plain, "fail; configured medium key /etc/keys/root/a.pub@/etc/keys/root/a.pub:1"},
		{"no-pattern-before-10", "ssh.root-keys", "9.9", "", "AuthorizedKeysFile /etc/keys/%u/*.pub", "\n-- etc/keys/root/a.pub --\n" + plain, "pass"},
		{"pattern-unlistable", "ssh.root-keys", "10.0", "", "AuthorizedKeysFile /etc/keys/%u/*.pub", "\n-- etc/keys/root/ err=permission --\n", "unknown; gap no_permission sshd /etc/ssh/sshd_config@/etc/keys/root/*.pub:0"},
		{"pattern-of-principals", "ssh.root-keys", "10.0", "", "TrustedUserCAKeys /etc/ssh/ca.pub\nAuthorizedPrincipalsFile /etc/p/%u.*", ca + "-- etc/p/root.x --\nops\n", "fail; configured medium authority /etc/ssh/ca.pub@/etc/ssh/sshd_config:1"},
		{"behind-link", "ssh.root-keys", "9.2", "", "AuthorizedKeysFile ../keys", "\n-- srv/keys --\n" + plain + "-- root -> /srv/root --\n-- srv/root/x --\n", "fail; configured medium key /root/../keys@/root/../keys:1"},

		{"principals-nobody", "ssh.root-keys", "9.2", "", "TrustedUserCAKeys /etc/ssh/ca.pub\nAuthorizedPrincipalsFile /etc/p/%u", ca, "pass"},
		{"principals-by-connection", "ssh.root-keys", "9.2", "", "TrustedUserCAKeys /etc/ssh/ca.pub\nAuthorizedPrincipalsFile /etc/p/%u\nMatch Address 10.0.0.0/8\nAuthorizedPrincipalsFile none", ca, "fail; configured medium authority /etc/ssh/ca.pub@/etc/ssh/sshd_config:1"},
		{"principals-loose", "ssh.root-keys", "9.2", "", "TrustedUserCAKeys /etc/ssh/ca.pub\nAuthorizedPrincipalsFile /etc/p/%u", ca + "-- etc/p/root mode=0666 --\nops\n", "pass"},
		{"principals-file-and-command", "ssh.root-keys", "9.2", "", "TrustedUserCAKeys /etc/ssh/ca.pub\nAuthorizedPrincipalsFile /etc/p/%u\nAuthorizedPrincipalsCommand /bin/x\nAuthorizedPrincipalsCommandUser nobody", ca + "-- etc/p/root --\nops\n", "fail; configured medium authority /etc/ssh/ca.pub@/etc/ssh/sshd_config:1"},
		{"principals-command", "ssh.root-keys", "9.2", "", "TrustedUserCAKeys /etc/ssh/ca.pub\nAuthorizedPrincipalsCommand /bin/x\nAuthorizedPrincipalsCommandUser nobody", ca, "unknown; gap unsupported sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config:2"},

		{"authority-for-nobody", "ssh.root-keys", "9.2", "", "PermitRootLogin yes", "\n-- root/.ssh/authorized_keys --\ncert-authority,principals=\"\" " + plain, "pass"},
		{"groups-unknown", "ssh.root-keys", "9.2", "", "PermitRootLogin yes\nMatch Group wheel\nAuthorizedKeysFile /etc/keys/%u", "\n-- etc/group err=permission --\n", "unknown; gap unsupported sshd /etc/ssh/sshd_config@:0"},

		{"operator", "ssh.user-keys", "9.2", "operator:x:11:0:operator:/root:/sbin/nologin\n", "PermitRootLogin yes", operator("0600"), "pass"},
		{"operator-readable-file", "ssh.user-keys", "9.2", "operator:x:11:0:operator:/root:/sbin/nologin\n", "PermitRootLogin yes", operator("0644"), "pass"},
		{"toor", "ssh.user-keys", "9.2", "toor:x:0:0::/root:/bin/sh\n", "PermitRootLogin yes", operator("0600"), "pass"},
		{"same-home", "ssh.user-keys", "9.2", "bob:x:1001:1001::/home/alice:/bin/sh\n", "PermitRootLogin no", home + plain, "pass"},
		{"of-root-and-hidden", "ssh.user-keys", "9.2", "", "PermitRootLogin no", strings.Replace(home, "authorized_keys uid=1000 gid=1000", "authorized_keys uid=0 gid=0", 1) + plain, "fail; configured low key-rights alice@" + file + ":0"},
		{"private-group-of-roots-file", "ssh.user-keys", "9.2", "", "PermitRootLogin no", strings.Replace(home, "authorized_keys uid=1000 gid=1000 mode=0600", "authorized_keys uid=0 gid=1000 mode=0664", 1) + plain + "-- etc/group --\nroot:x:0:\nalice:x:1000:alice\n", "fail; configured low key-rights alice@" + file + ":0"},

		{"dsa-9.2", "ssh.user-keys", "9.2", "", "PermitRootLogin no", home + "ssh-dss " + dsa + "\n", "fail; configured low refused-key alice@" + file + ":1"},
		{"dsa-10.0", "ssh.user-keys", "10.0", "", "PermitRootLogin no", home + "ssh-dss " + dsa + "\n", "fail; configured low refused-key alice@" + file + ":1"},
		{"dsa-9.9", "ssh.user-keys", "9.9", "", "PermitRootLogin no", home + "ssh-dss " + dsa + "\n", "fail; configured low refused-key alice@" + file + ":1"},
		{"dsa-root-10.0", "ssh.root-keys", "10.0", "", "PermitRootLogin yes", "\n-- " + root[1:] + " --\nssh-dss " + dsa + "\n", "pass"},
		{"private-unsearchable", "ssh.user-keys", "9.2", "", "PermitRootLogin no", "\n-- root/.ssh/id_rsa err=permission --\n", "unknown; gap no_permission root@/root/.ssh/id_rsa:0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := withConfig(test.config, test.more)
			text = strings.Replace(text, "-- etc/passwd --\n", "-- etc/passwd --\n"+test.passwd, 1)
			if strings.Contains(test.more, "-- etc/group") {
				text = strings.Replace(text, "-- etc/group --\nroot:x:0:\n", "", 1)
			}
			text = version(text, test.version)
			h := loadDebian(t, text)
			if diff := cmp.Diff(test.want, verdict(t, h, test.id)); diff != "" {
				t.Error(diff, fmt.Sprint(result(t, h, test.id)), sshd.Look(h).Servers[0].Build)
			}
		})
	}
}

// version makes another OpenSSH of the host's sshd; "" = not known which.
func version(text, to string) string {
	const is = `\x00OpenSSH_9.2p1 Debian-2\x00OpenSSH_9.2p1\x00`
	with := ""
	if to != "" {
		with = strings.ReplaceAll(is, "9.2p1", to+"p1")
	}
	return strings.Replace(text, is, with, 1)
}

// TestDropbearRights: Dropbear looks at the directories of the name, not at where links
// lead, and not at each version at the file.
func TestDropbearRights(t *testing.T) {
	const plain = "ssh-ed25519 " + ed1 + "\n"
	for _, test := range []struct{ name, id, more, want string }{
		{"not-in-group", "ssh.root-keys", "-- root/.ssh/authorized_keys --\n" + plain, "pass"},
		{"link", "ssh.root-keys", "-- data/ mode=0777 --\n-- root/.ssh -> /data/ssh --\n-- data/ssh/authorized_keys --\n" + plain, "fail; configured medium key /root/.ssh/authorized_keys@/root/.ssh/authorized_keys:1"},
		{"loose-directory", "ssh.root-keys", "-- root/.ssh/ mode=0777 --\n-- root/.ssh/authorized_keys --\n" + plain, "pass"},
		{"loose-file", "ssh.root-keys", "-- root/.ssh/authorized_keys mode=0666 --\n" + plain, "fail; configured medium key /root/.ssh/authorized_keys@/root/.ssh/authorized_keys:1"},
		{"loose-file-of-user", "ssh.user-keys", "-- root/.ssh/authorized_keys mode=0666 --\n" + plain, "fail; configured medium key-rights root@/root/.ssh/authorized_keys:0"},
		{"loose-directory-of-user", "ssh.user-keys", "-- root/.ssh/ mode=0777 --\n-- root/.ssh/authorized_keys --\n" + plain, "fail; configured low key-rights root@/root/.ssh/authorized_keys:0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			args := []string{"dropbear", "-p", "2222"}
			if test.name == "not-in-group" {
				args = append(args, "-G", "staff")
			}
			h := hosttest.Live(hosttest.Load(t, systemd+""+test.more), &snapshot.Snapshot{
				NetNS: 1, Processes: []snapshot.Process{process(7, "/usr/sbin/dropbear", args...)},
				Listeners: []snapshot.Listener{listener("0.0.0.0:2222", 7)},
			})
			if diff := cmp.Diff(test.want, verdict(t, h, test.id)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestManyAccounts: one file of keys for 20,000 accounts ends, and says what was not
// compared.
func TestManyAccounts(t *testing.T) {
	var passwd, keys strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&passwd, "u%d:x:%d:%d::/home/u%d:/bin/sh\n", i, 1000+i, 100, i)
	}
	for i := range 20 {
		fmt.Fprintf(&keys, "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI%s\n", strings.Repeat(string(rune('A'+i)), 42)+"A")
	}
	for mode, findings := range map[string]int{"0664": 20000, "0644": 1} {
		text := withConfig("PermitRootLogin no\nAuthorizedKeysFile /etc/keys", "\n-- etc/keys mode="+mode+" gid=100 --\n"+keys.String())
		h := loadDebian(t, strings.Replace(text, "-- etc/passwd --\n", "-- etc/passwd --\n"+passwd.String(), 1))
		start := time.Now()
		r := result(t, h, "ssh.user-keys")
		if took := time.Since(start); took > time.Minute || len(r.Findings) < findings {
			t.Errorf("mode %s: %d findings after %v", mode, len(r.Findings), took)
		} else {
			t.Logf("mode %s: %d findings, gaps %v, %v", mode, len(r.Findings), r.Gaps, took)
		}
	}
}
