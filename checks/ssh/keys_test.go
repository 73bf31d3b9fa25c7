package ssh

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const refusing = `no-port-forwarding,no-agent-forwarding,no-X11-forwarding,command="echo 'Please login as the user \"ubuntu\" rather than the user \"root\".';echo;sleep 10;exit 142" `

// unguarded is a private key made for this test, without passphrase.
const unguarded = `-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACB6La5IC0kC1x1F+GYkBGpm3vxz1sPqHcQgsr2oKuyDIAAAAIg2/A6INvwO
iAAAAAtzc2gtZWQyNTUxOQAAACB6La5IC0kC1x1F+GYkBGpm3vxz1sPqHcQgsr2oKuyDIA
AAAEC4Qtbjet/2BObiPSxTk/rBPxIFj/teQT6jUbSCu8Lk83otrkgLSQLXHUX4ZiQEambe
/HPWw+odxCCyvagq7IMgAAAAAXgBAgME
-----END OPENSSH PRIVATE KEY-----
`

// TestKeys: which keys let somebody in, and whether they are sound.
func TestKeys(t *testing.T) {
	const (
		root  = "/root/.ssh/authorized_keys"
		alice = "\n-- home/alice/ uid=1000 gid=1000 --\n-- home/alice/.ssh/ uid=1000 gid=1000 mode=0700 --\n-- home/alice/.ssh/authorized_keys uid=1000 gid=1000 mode=0600 --\n"
		file  = "/home/alice/.ssh/authorized_keys"
	)
	for _, test := range []struct{ name, id, config, more, want string }{
		{"root-none", "ssh.root-keys", "#", "", "pass"},
		{"root-key", "ssh.root-keys", "#", key, "fail; configured medium key " + root + "@" + root + ":2"},
		{"root-not-permitted", "ssh.root-keys", "PermitRootLogin no", key, "pass; note"},
		{"root-denied", "ssh.root-keys", "DenyUsers root", key, "pass; note"},
		{"root-no-pubkey", "ssh.root-keys", "PubkeyAuthentication no", key, "pass; note"},
		{"root-key-in-match", "ssh.root-keys", "PermitRootLogin no\nMatch Address 10.0.0.0/8\nPermitRootLogin yes", key, "fail; configured medium key " + root + "@" + root + ":2"},
		{"root-second-file", "ssh.root-keys", "#", cmd, "fail; configured medium key " + root + "2@" + root + "2:1"},
		{"root-second-file-off", "ssh.root-keys", "AuthorizedKeysFile .ssh/authorized_keys", cmd, "pass"},
		{"root-forced-plain", "ssh.root-keys", "PermitRootLogin forced-commands-only", key, "pass; note"},
		{"root-forced", "ssh.root-keys", "PermitRootLogin forced-commands-only", cmd, "fail; configured medium key " + root + "2@" + root + "2:1"},
		{"root-cloud-image", "ssh.root-keys", "#", "\n-- root/.ssh/authorized_keys --\n" + refusing + "ssh-ed25519 " + ed1 + "\n", "pass; note"},
		{"root-alike-cloud-image", "ssh.root-keys", "#", "\n-- root/.ssh/authorized_keys --\n" + strings.Replace(refusing, "exit 142", "sh", 1) + "ssh-ed25519 " + ed1 + "\n", "fail; configured medium key " + root + "@" + root + ":1"},
		{"root-loose-file", "ssh.root-keys", "#", "\n-- root/.ssh/authorized_keys mode=0666 --\nssh-ed25519 " + ed1 + "\n", "pass; note"},
		{"root-loose-file-strictmodes-no", "ssh.root-keys", "StrictModes no", "\n-- root/.ssh/authorized_keys mode=0666 --\nssh-ed25519 " + ed1 + "\n", "fail; configured medium key " + root + "@" + root + ":1"},
		{"root-no-key-line", "ssh.root-keys", "#", "\n-- root/.ssh/authorized_keys --\nssh-ed25519 AAAA\nrubbish\n", "pass"},
		{"root-unreadable", "ssh.root-keys", "#", "\n-- root/.ssh/ err=permission --\n", "unknown; gap no_permission sshd /etc/ssh/sshd_config@" + root + ":0; gap no_permission sshd /etc/ssh/sshd_config@" + root + "2:0"},
		{"root-command", "ssh.root-keys", "AuthorizedKeysCommand /bin/x\nAuthorizedKeysCommandUser nobody", "", "unknown; gap unsupported sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config:1"},
		{"root-authority", "ssh.root-keys", "TrustedUserCAKeys /etc/ssh/ca.pub", "\n-- etc/ssh/ca.pub --\nssh-ed25519 " + ed1 + "\n", "fail; configured medium authority /etc/ssh/ca.pub@/etc/ssh/sshd_config:1"},
		{"root-authority-missing", "ssh.root-keys", "TrustedUserCAKeys /etc/ssh/ca.pub", "", "pass; note"},

		{"user-none", "ssh.user-keys", "#", "", "pass"},
		{"user-sound", "ssh.user-keys", "#", alice + "ssh-ed25519 " + ed1 + "\n", "pass"},
		{"user-rsa-2048", "ssh.user-keys", "#", alice + "ssh-rsa " + rsa2048 + "\n", "pass"},
		{"user-rsa-1024", "ssh.user-keys", "#", alice + "ssh-rsa " + rsa1024 + "\n", "fail; configured low weak-key alice@" + file + ":1"},
		{"user-rsa-512", "ssh.user-keys", "#", alice + "# c\nssh-rsa " + rsa512 + "\n", "fail; configured low refused-key alice@" + file + ":2"},
		{"user-rsa-required", "ssh.user-keys", "RequiredRSASize 3072", alice + "ssh-rsa " + rsa2048 + "\n", "fail; configured low refused-key alice@" + file + ":1"},
		{"user-loose", "ssh.user-keys", "#", strings.Replace(alice, "mode=0600", "mode=0622", 1) + "ssh-ed25519 " + ed1 + "\n", "fail; configured low key-rights alice@" + file + ":0"},
		{"user-loose-strictmodes-no", "ssh.user-keys", "StrictModes no", strings.Replace(alice, "mode=0600", "mode=0622", 1) + "ssh-ed25519 " + ed1 + "\n", "fail; configured medium key-rights alice@" + file + ":0"},
		{"user-loose-home", "ssh.user-keys", "#", strings.Replace(alice, "home/alice/ uid=1000", "home/alice/ mode=0777 uid=1000", 1) + "ssh-ed25519 " + ed1 + "\n", "fail; configured low key-rights alice@" + file + ":0"},
		{"user-foreign-file", "ssh.user-keys", "#", strings.Replace(alice, "authorized_keys uid=1000", "authorized_keys uid=1001", 1) + "ssh-ed25519 " + ed1 + "\n", "fail; configured low key-rights alice@" + file + ":0"},
		{"user-private-group", "ssh.user-keys", "#", strings.Replace(alice, "mode=0600", "mode=0660", 1) + "ssh-ed25519 " + ed1 + "\n-- etc/group --\nroot:x:0:\nalice:x:1000:\n", "pass"},
		{"user-group-of-two", "ssh.user-keys", "#", strings.Replace(alice, "mode=0600", "mode=0660", 1) + "ssh-ed25519 " + ed1 + "\n-- etc/group --\nroot:x:0:\nalice:x:1000:bob\n", "fail; configured low key-rights alice@" + file + ":0"},
		{"user-not-allowed", "ssh.user-keys", "AllowUsers root", alice + "ssh-rsa " + rsa1024 + "\n", "pass"},
		{"user-shared", "ssh.user-keys", "#", alice + "ssh-ed25519 " + ed1 + "\n" + key, "fail; configured low shared-key alice@" + file + ":1; configured low shared-key root@" + root + ":2"},
		{"user-shared-but-root-out", "ssh.user-keys", "PermitRootLogin no", alice + "ssh-ed25519 " + ed1 + "\n" + key, "pass"},
		{"user-two-keys", "ssh.user-keys", "#", alice + "ssh-ed25519 " + ed1 + "\nssh-ed25519 " + ed2 + "\n", "pass"},
		{"private-unguarded", "ssh.user-keys", "#", "\n-- root/.ssh/id_rsa --\n" + unguarded + "", "fail; configured low private-key /root/.ssh/id_rsa@/root/.ssh/id_rsa:0"},
		{"private-guarded", "ssh.user-keys", "#", "\n-- root/.ssh/id_rsa --\n-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nMIIB\n-----END RSA PRIVATE KEY-----\n", "pass"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := withConfig(test.config, test.more)
			if strings.Contains(test.more, "-- etc/group --") {
				text = strings.Replace(text, "-- etc/group --\nroot:x:0:\n", "", 1)
			}
			h := loadDebian(t, text)
			got := verdict(t, h, test.id)
			if r := result(t, h, test.id); strings.HasSuffix(test.want, "; note") && len(r.Notes) > 0 {
				got += "; note"
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
