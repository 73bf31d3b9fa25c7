package ssh

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
)

const systemd = `
-- usr/lib/systemd/systemd mode=0755 --
elf
-- etc/machine-id --
0123456789abcdef0123456789abcdef
-- etc/passwd --
root:x:0:0:root:/root:/bin/bash
-- etc/group --
root:x:0:
`

func sshdBinary(version string) string {
	return "-- usr/sbin/sshd quoted mode=0755 --\n\\x00OpenSSH_7.4*\\x00OpenSSH_" + version + "\\x00\n"
}

const redHatUnits = `
-- usr/lib/systemd/system/sshd.service --
[Unit]
Wants=sshd-keygen.target
[Service]
Type=notify
EnvironmentFile=-/etc/sysconfig/sshd
ExecStart=/usr/sbin/sshd -D $OPTIONS
[Install]
WantedBy=multi-user.target
-- usr/lib/systemd/system/sshd@.service --
[Service]
ExecStart=-/usr/sbin/sshd -i $OPTIONS
-- usr/lib/systemd/system/sshd.socket --
[Socket]
ListenStream=22
Accept=yes
[Install]
WantedBy=sockets.target
-- etc/systemd/system/multi-user.target.wants/sshd.service -> /usr/lib/systemd/system/sshd.service --
-- etc/sysconfig/sshd --
# Do not change this option unless you have hardware random
SSH_USE_STRONG_RNG=0
# SSH_USE_STRONG_RNG=1

# System-wide crypto policy:
# CRYPTO_POLICY=
-- etc/crypto-policies/back-ends/opensshserver.config -> /usr/share/crypto-policies/DEFAULT/opensshserver.txt --
-- etc/ssh/sshd_config --
# To modify the system-wide sshd configuration, create a  *.conf  file under
Include /etc/ssh/sshd_config.d/*.conf

#Port 22
#PermitRootLogin prohibit-password
AuthorizedKeysFile	.ssh/authorized_keys
#UsePAM no
Subsystem	sftp	/usr/libexec/openssh/sftp-server
-- etc/ssh/sshd_config.d/50-redhat.conf --
# This system is following system-wide crypto policy.
Include /etc/crypto-policies/back-ends/opensshserver.config

SyslogFacility AUTHPRIV
ChallengeResponseAuthentication no
GSSAPIAuthentication yes
GSSAPICleanupCredentials no
UsePAM yes
X11Forwarding yes
# It is recommended to use pam_motd in /etc/pam.d/sshd instead of PrintMotd,
PrintMotd no
`

const policy9 = `
-- usr/share/crypto-policies/DEFAULT/opensshserver.txt --
Ciphers aes256-gcm@openssh.com,chacha20-poly1305@openssh.com,aes256-ctr,aes128-gcm@openssh.com,aes128-ctr
MACs hmac-sha2-256-etm@openssh.com,hmac-sha1-etm@openssh.com,umac-128-etm@openssh.com,hmac-sha2-512-etm@openssh.com,hmac-sha2-256,hmac-sha1,umac-128@openssh.com,hmac-sha2-512
GSSAPIKexAlgorithms gss-curve25519-sha256-,gss-nistp256-sha256-,gss-group14-sha256-,gss-group16-sha512-
KexAlgorithms curve25519-sha256,curve25519-sha256@libssh.org,ecdh-sha2-nistp256,ecdh-sha2-nistp384,ecdh-sha2-nistp521,diffie-hellman-group-exchange-sha256,diffie-hellman-group14-sha256,diffie-hellman-group16-sha512,diffie-hellman-group18-sha512
HostKeyAlgorithms ecdsa-sha2-nistp256,ecdsa-sha2-nistp256-cert-v01@openssh.com,sk-ecdsa-sha2-nistp256@openssh.com,sk-ecdsa-sha2-nistp256-cert-v01@openssh.com,ecdsa-sha2-nistp384,ecdsa-sha2-nistp384-cert-v01@openssh.com,ecdsa-sha2-nistp521,ecdsa-sha2-nistp521-cert-v01@openssh.com,ssh-ed25519,ssh-ed25519-cert-v01@openssh.com,sk-ssh-ed25519@openssh.com,sk-ssh-ed25519-cert-v01@openssh.com,rsa-sha2-256,rsa-sha2-256-cert-v01@openssh.com,rsa-sha2-512,rsa-sha2-512-cert-v01@openssh.com
PubkeyAcceptedAlgorithms ecdsa-sha2-nistp256,ssh-ed25519,rsa-sha2-256,rsa-sha2-512
HostbasedAcceptedAlgorithms ecdsa-sha2-nistp256,ssh-ed25519,rsa-sha2-256
CASignatureAlgorithms ecdsa-sha2-nistp256,sk-ecdsa-sha2-nistp256@openssh.com,ssh-ed25519,sk-ssh-ed25519@openssh.com,rsa-sha2-256,rsa-sha2-512
RequiredRSASize 2048
`

const ubuntuUnits = `
-- usr/lib/systemd/system-generators/sshd-socket-generator mode=0755 --
elf
-- usr/lib/systemd/system/ssh.service --
[Unit]
ConditionPathExists=!/etc/ssh/sshd_not_to_be_run
[Service]
EnvironmentFile=-/etc/default/ssh
ExecStartPre=/usr/sbin/sshd -t
ExecStart=/usr/sbin/sshd -D $SSHD_OPTS
[Install]
WantedBy=multi-user.target
Alias=sshd.service
-- usr/lib/systemd/system/ssh.socket --
[Socket]
ListenStream=0.0.0.0:22
ListenStream=[::]:22
BindIPv6Only=ipv6-only
Accept=no
FreeBind=yes
[Install]
WantedBy=sockets.target
RequiredBy=ssh.service
-- etc/systemd/system/sockets.target.wants/ssh.socket -> /usr/lib/systemd/system/ssh.socket --
-- etc/systemd/system/ssh.service.requires/ssh.socket -> /usr/lib/systemd/system/ssh.socket --
-- etc/default/ssh --
# Default settings for openssh-server. This file is sourced by /bin/sh from
SSHD_OPTS=
-- etc/ssh/sshd_config.d/50-cloud-init.conf mode=0600 --
PasswordAuthentication no
`

const debianConfig = `
-- etc/ssh/sshd_config --
Include /etc/ssh/sshd_config.d/*.conf
%%
KbdInteractiveAuthentication no
UsePAM yes
X11Forwarding yes
PrintMotd no
AcceptEnv LANG LC_* COLORTERM NO_COLOR
Subsystem	sftp	/usr/lib/openssh/sftp-server
`

const suse = `
-- usr/lib/systemd/system/sshd.service --
[Service]
EnvironmentFile=-/etc/sysconfig/ssh
ExecStart=/usr/sbin/sshd -D $SSHD_OPTS
[Install]
WantedBy=multi-user.target
-- etc/systemd/system/multi-user.target.wants/sshd.service -> /usr/lib/systemd/system/sshd.service --
-- usr/etc/ssh/sshd_config --
Include /etc/ssh/sshd_config.d/*.conf
Include /usr/etc/ssh/sshd_config.d/*.conf
AuthorizedKeysFile	.ssh/authorized_keys
UsePAM yes
X11Forwarding yes
Subsystem	sftp	/usr/libexec/ssh/sftp-server
AcceptEnv LANG LC_CTYPE LC_NUMERIC LC_TIME LC_COLLATE LC_MONETARY LC_MESSAGES
-- usr/etc/ssh/sshd_config.d/40-suse-crypto-policies.conf --
Include /etc/crypto-policies/back-ends/opensshserver.config
-- etc/crypto-policies/back-ends/opensshserver.config -> /usr/share/crypto-policies/DEFAULT/opensshserver.txt --
-- etc/sysconfig/ssh --
## Path:	Network/Remote access/SSH
## Type:	string
SSHD_OPTS=""
`

const alpine = `
-- etc/passwd --
root:x:0:0:root:/root:/bin/ash
-- etc/group --
root:x:0:root
-- etc/inittab --
::sysinit:/sbin/openrc sysinit
-- sbin/openrc mode=0755 --
-- etc/init.d/sshd mode=0755 --
#!/sbin/openrc-run
command="${SSHD_BINARY:-"/usr/sbin/sshd"}"
-- etc/runlevels/default/sshd -> /etc/init.d/sshd --
-- etc/conf.d/sshd --
# Options for sshd
#SSHD_OPTS=
-- etc/ssh/sshd_config --
Include /etc/ssh/sshd_config.d/*.conf
AuthorizedKeysFile	.ssh/authorized_keys
AllowTcpForwarding no
GatewayPorts no
X11Forwarding no
Subsystem	sftp	internal-sftp
`

func osRelease(id, like, version string) string {
	return "-- etc/os-release --\nID=\"" + id + "\"\nID_LIKE=\"" + like + "\"\nVERSION_ID=\"" + version + "\"\n"
}

// TestDistributions: the SSH server of a plain installation gets an answer, from
// its files alone and while it runs.
func TestDistributions(t *testing.T) {
	const title = "sshd: /usr/sbin/sshd -D [listener] 0 of 10-100 startups"
	const etc = "sshd /etc/ssh/sshd_config"
	configured := "fail; configured medium port-22 " + etc + "@/etc/ssh/sshd_config:0"
	byKey := func(severity string) string {
		return "fail; configured " + severity + " key " + etc + "@/etc/ssh/sshd_config:0"
	}
	ubuntu := systemd + sshdBinary("9.6p1") + ubuntuUnits + osRelease("ubuntu", "debian", "24.04")
	deb := func(lines string) string { return strings.Replace(debianConfig, "%%", lines, 1) }
	suseFile := strings.ReplaceAll(byKey("low"), "/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config")
	for _, tc := range []struct {
		name, text, port, root string
		listens                string // the live host's one listener
		bySystemd              bool
		livePort, liveRoot     string // "" = as from the files
	}{
		{
			name: "rhel-9", text: systemd + sshdBinary("8.7p1") + redHatUnits + policy9 + osRelease("rhel", "fedora", "9.4"),
			port: configured, root: byKey("medium"),
			livePort: "fail; running medium port-22 " + etc + "@:0",
		},
		{
			name: "rhel-9-installer", text: systemd + sshdBinary("8.7p1") + redHatUnits + policy9 + osRelease("rhel", "fedora", "9.4") +
				"-- etc/ssh/sshd_config.d/01-permitrootlogin.conf --\nPermitRootLogin yes\n",
			port: configured, root: "fail; configured high password " + etc + "@/etc/ssh/sshd_config.d/01-permitrootlogin.conf:1",
			livePort: "fail; running medium port-22 " + etc + "@:0",
		},
		{
			name: "fedora-42", text: systemd + sshdBinary("9.9p1") + redHatUnits +
				strings.Replace(policy9, "KexAlgorithms curve", "KexAlgorithms mlkem768x25519-sha256,sntrup761x25519-sha512,sntrup761x25519-sha512@openssh.com,mlkem768nistp256-sha256,mlkem1024nistp384-sha384,curve", 1) + osRelease("fedora", "", "42"),
			port: configured, root: byKey("medium"),
			livePort: "fail; running medium port-22 " + etc + "@:0",
		},
		{
			name: "amazon-2023", text: systemd + sshdBinary("8.7p1") + redHatUnits + policy9 + osRelease("amzn", "fedora", "2023"),
			port: configured, root: byKey("medium"),
			livePort: "fail; running medium port-22 " + etc + "@:0",
		},
		{
			name: "ubuntu-24.04", text: ubuntu + deb(""), bySystemd: true,
			port: "fail; configured medium port-22 " + etc + "@/usr/lib/systemd/system/ssh.socket:3", root: byKey("low"),
			livePort: "fail; running medium port-22 " + etc + "@:0",
		},
		{
			name: "ubuntu-24.04-moved", text: ubuntu + deb("Port 2222\nPermitRootLogin no"), bySystemd: true, listens: "[::]:2222",
			port: "pass", root: "pass",
		},
		{
			name: "ubuntu-24.04-generated", text: ubuntu + deb("Port 2222\nPermitRootLogin no") +
				"-- run/systemd/generator/ssh.socket.d/addresses.conf --\n[Socket]\nListenStream=\nListenStream=2222\n",
			bySystemd: true, listens: "[::]:2222", port: "pass", root: "pass",
		},
		{
			name: "ubuntu-24.04-drop-in", text: ubuntu + deb("Port 2222\nPermitRootLogin no") +
				"-- etc/systemd/system/ssh.socket.d/x.conf --\n[Socket]\nListenStream=22\n",
			bySystemd: true, listens: "[::]:2222",
			port: "fail; configured medium port-22 " + etc + "@/etc/systemd/system/ssh.socket.d/x.conf:2", root: "pass",
		},
		{
			name: "debian-12-moved", text: debian + deb("Port 2222\nPermitRootLogin no"), listens: "[::]:2222",
			port: "pass", root: "pass",
		},
		{
			name: "debian-12", text: debian + deb(""), port: configured, root: byKey("low"),
			livePort: "fail; running medium port-22 " + etc + "@:0",
		},
		{
			name: "opensuse", text: systemd + sshdBinary("9.9p2") + suse + policy9 + osRelease("opensuse-tumbleweed", "opensuse suse", "20250101"),
			port: strings.ReplaceAll(configured, "/etc/ssh/sshd_config", "/usr/etc/ssh/sshd_config"), root: suseFile,
			livePort: "fail; running medium port-22 sshd /usr/etc/ssh/sshd_config@:0",
		},
		{
			name: "alpine", text: sshdBinary("9.7p1") + alpine + osRelease("alpine", "", "3.20.3"), port: configured, root: byKey("low"),
			livePort: "fail; running medium port-22 " + etc + "@:0",
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := hosttest.Load(t, tc.text)
			if tc.listens == "" {
				tc.listens = "0.0.0.0:22"
			}
			got := []string{verdict(t, h, "ssh.port"), verdict(t, h, "ssh.root-login")}
			snap := &snapshot.Snapshot{NetNS: 1, Processes: []snapshot.Process{process(1, "/usr/lib/systemd/systemd", "/sbin/init")}}
			if tc.bySystemd {
				snap.Listeners = []snapshot.Listener{listener(tc.listens, 1)}
			} else {
				snap.Processes = append(snap.Processes, process(100, "/usr/sbin/sshd", title))
				snap.Listeners = []snapshot.Listener{listener(tc.listens, 100)}
			}
			h = hosttest.Live(h, snap)
			h.Dial, _ = dialTo(t, says("SSH-2.0-OpenSSH_9.6p1\r\n"))
			got = append(got, verdict(t, h, "ssh.port"), verdict(t, h, "ssh.root-login"))
			want := []string{tc.port, tc.root, tc.livePort, tc.liveRoot}
			for i := range 2 {
				if want[i+2] == "" {
					want[i+2] = want[i]
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
