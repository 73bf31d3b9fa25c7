package ssh

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
)

// debian is a bookworm host with sshd 9.2 enabled; its configuration follows.
const debian = `
-- usr/sbin/sshd quoted mode=0755 --
\x00OpenSSH_7.4*\x00OpenSSH_9.2p1 Debian-2\x00OpenSSH_9.2p1\x00
-- usr/lib/systemd/systemd mode=0755 --
elf
-- usr/lib/systemd/system/ssh.service --
[Service]
ExecStart=/usr/sbin/sshd -D $SSHD_OPTS
[Install]
WantedBy=multi-user.target
Alias=sshd.service
-- usr/lib/systemd/system/ssh.socket --
[Socket]
ListenStream=22
Accept=no
[Install]
WantedBy=sockets.target
-- etc/systemd/system/multi-user.target.wants/ssh.service -> /usr/lib/systemd/system/ssh.service --
-- etc/machine-id --
0123456789abcdef0123456789abcdef
-- etc/default/ssh --
SSHD_OPTS=
-- etc/os-release --
ID=debian
VERSION_ID="12"
-- etc/passwd --
root:x:0:0:root:/root:/bin/bash
alice:x:1000:1000::/home/alice:/bin/bash
-- etc/group --
root:x:0:
`

func withConfig(config string, more ...string) string {
	return debian + "-- etc/ssh/sshd_config --\n" + strings.TrimRight(config, "\n") + "\n" + strings.Join(more, "\n")
}

func loadDebian(t *testing.T, text string) *host.Host {
	t.Helper()
	h := hosttest.Load(t, text)
	if strings.Contains(text, "\nID=debian") {
		h.OS = host.OSRelease{ID: "debian", VersionID: "12"}
	}
	return h
}

// verdict runs the check with that ID and says in a few words what came out.
func verdict(t *testing.T, h *host.Host, id string) string {
	t.Helper()
	return words(result(t, h, id))
}

func result(t *testing.T, h *host.Host, id string) checks.Result {
	t.Helper()
	for _, c := range Checks() {
		if c.ID != id {
			continue
		}
		rec := checks.NewRecorder(c)
		c.Run(context.Background(), &checks.Env{Host: h}, rec)
		return rec.Seal()
	}
	t.Fatalf("no check %s", id)
	return checks.Result{}
}

func words(r checks.Result) string {
	parts := []string{r.Status.String()}
	if r.Status == checks.StatusNotApplicable {
		parts = append(parts, string(r.Reason))
	}
	for _, f := range r.Findings {
		parts = append(parts, fmt.Sprintf("%s %s %s %s@%s:%d", f.Evidence, f.Severity, f.Kind, f.Subject, f.Location.File, f.Location.Line))
	}
	for _, g := range r.Gaps {
		parts = append(parts, fmt.Sprintf("gap %s %s@%s:%d", g.Reason, g.Subject, g.Location.File, g.Location.Line))
	}
	return strings.Join(parts, "; ")
}

// Keys that parse: their halves that open anything do not exist.
const (
	ed1     = "AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"
	ed2     = "AAAAC3NzaC1lZDI1NTE5AAAAIAICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC"
	rsa1024 = "AAAAB3NzaC1yc2EAAAADAQABAAAAgQDBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=="
	rsa512  = "AAAAB3NzaC1yc2EAAAADAQABAAAAQQDCAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgIC"
	rsa2048 = "AAAAB3NzaC1yc2EAAAADAQABAAABAQDDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMD"
)

const (
	file = "sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config:"
	key  = "\n-- root/.ssh/authorized_keys --\n# c\nssh-ed25519 " + ed1 + " root@x\n"
	cmd  = "\n-- root/.ssh/authorized_keys2 --\ncommand=\"/bin/x\" ssh-ed25519 " + ed1 + " root@x\n"
)

// TestRootLogin has the rows of the specification's section on sshd that decide
// about root.
func TestRootLogin(t *testing.T) {
	high := func(line int) string { return fmt.Sprintf("fail; configured high password %s%d", file, line) }
	medium := func(line int) string { return fmt.Sprintf("fail; configured medium key %s%d", file, line) }
	low := func(line int) string { return fmt.Sprintf("fail; configured low key %s%d", file, line) }
	gap := func(reason string, line int) string { return fmt.Sprintf("unknown; gap %s %s%d", reason, file, line) }
	for _, test := range []struct{ name, config, more, want string }{
		{"no", "PermitRootLogin no", "", "pass"},
		{"No_equals", "permitrootlogin=No", "", "pass"},
		{"first_wins", "PermitRootLogin no\nPermitRootLogin yes", "", "pass"},
		{"first_wins_yes", "PermitRootLogin yes\nPermitRootLogin no", "", high(1)},
		{"yes", "\n\nPermitRootLogin yes", "", high(3)},
		{"comment", "PermitRootLogin yes # no", "", high(1)},
		{"unset", "# nothing", "", low(0)},
		{"unset_key", "# nothing", key, medium(0)},
		{"empty", "", "", low(0)},
		{"prohibit_key", "PermitRootLogin prohibit-password", key, medium(1)},
		{"without_keys2", "PermitRootLogin without-password", cmd, medium(1)},
		{"prohibit_kbd_pam", "PermitRootLogin prohibit-password\nUsePAM yes\nKbdInteractiveAuthentication yes", "", low(1)},
		{"forced_plain_key", "PermitRootLogin forced-commands-only", key, low(1)},
		{"forced_command", "PermitRootLogin forced-commands-only", cmd, medium(1)},
		{"keys_unreadable", "PermitRootLogin prohibit-password", "\n-- root/.ssh/authorized_keys err=permission --\n", medium(1)},
		{"keys_elsewhere", "PermitRootLogin prohibit-password\nAuthorizedKeysFile /etc/keys/%u", "\n-- etc/keys/root --\nssh-ed25519 " + ed1 + "\n", medium(1)},
		{"keys_token", "PermitRootLogin prohibit-password\nAuthorizedKeysFile /etc/keys/%f", "", medium(1)},
		{"keys_none", "PermitRootLogin prohibit-password\nAuthorizedKeysFile none", key, low(1)},
		{"keys_command", "PermitRootLogin prohibit-password\nAuthorizedKeysCommand /bin/x\nAuthorizedKeysCommandUser nobody", "", medium(1)},
		{"authority", "PermitRootLogin prohibit-password\nTrustedUserCAKeys /etc/ssh/ca.pub", "", medium(1)},
		{"pubkey_off", "PermitRootLogin prohibit-password\nPubkeyAuthentication no", key, "pass"},
		{"gssapi", "PermitRootLogin prohibit-password\nGSSAPIAuthentication yes", "", medium(1)},
		{"yes_kbd_pam", "PermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication yes\nUsePAM yes", "", high(1)},
		{"yes_kbd_no_pam", "PermitRootLogin yes\nPasswordAuthentication no\nUsePAM no", "", low(1)},
		{"yes_no_kbd", "PermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM yes", key, medium(1)},
		{"alias_first", "PermitRootLogin yes\nPasswordAuthentication no\nChallengeResponseAuthentication no\nKbdInteractiveAuthentication yes\nUsePAM yes", "", low(1)},

		{"refused_value", "PermitRootLogin maybe", "", gap("refused", 1)},
		{"refused_keyword", "PermitRootLogin no\nPermitRootLogon no", "", gap("refused", 2)},
		{"refused_semicolon", "PermitRootLogin no;", "", gap("refused", 1)},
		{"refused_extra", "PermitRootLogin no yes", "", gap("refused", 1)},
		{"refused_missing", "PermitRootLogin", "", gap("refused", 1)},
		{"refused_bom", "\ufeffPermitRootLogin no", "", gap("refused", 1)},
		{"refused_hash", "PermitRootLogin no#comment", "", gap("refused", 1)},
		{"refused_in_match", "PermitRootLogin no\nMatch User alice\nPort 22", "", gap("refused", 3)},
		{"refused_forwarding", "PermitRootLogin no\nAllowTcpForwarding true", "", gap("refused", 2)},
		{"deprecated", "PermitRootLogin no\nProtocol 2\nUsePrivilegeSeparation sandbox\nKeyRegenerationInterval 1\nRSAAuthentication yes", "", "pass"},

		{
			"include_first", "Include /etc/ssh/sshd_config.d/*.conf\nPermitRootLogin no", "\n-- etc/ssh/sshd_config.d/a.conf --\n\nPermitRootLogin yes\n",
			"fail; configured high password sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config.d/a.conf:2",
		},
		{"include_last", "PermitRootLogin no\nInclude /etc/ssh/sshd_config.d/*.conf", "\n-- etc/ssh/sshd_config.d/a.conf --\nPermitRootLogin yes\n", "pass"},
		{"include_relative_lexical", "Include sshd_config.d/*.conf", "\n-- etc/ssh/sshd_config.d/10.conf --\nPermitRootLogin no\n-- etc/ssh/sshd_config.d/9.conf --\nPermitRootLogin yes\n", "pass"},
		{"include_nothing", "Include sshd_config.d/*.conf\nPermitRootLogin no", "", "pass"},
		{"include_directory", "Include sshd_config.d\nPermitRootLogin no", "\n-- etc/ssh/sshd_config.d/a.conf --\nPermitRootLogin yes\n", "pass"},
		{"include_dangling", "PermitRootLogin no\nInclude sshd_config.d/*", "\n-- etc/ssh/sshd_config.d/a.conf -> /nowhere --\n", gap("refused", 2)},
		{
			"include_unreadable", "PermitRootLogin no\nInclude sshd_config.d/*", "\n-- etc/ssh/sshd_config.d/a.conf err=permission --\n",
			"unknown; gap no_permission sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config.d/a.conf:0",
		},
		{"include_unlistable", "PermitRootLogin no\nInclude sshd_config.d/*", "\n-- etc/ssh/sshd_config.d/ err=permission --\n", gap("no_permission", 2)},
		{
			"include_fifo", "PermitRootLogin no\nInclude sshd_config.d/*", "\n-- etc/ssh/sshd_config.d/a.conf fifo --\n",
			"unknown; gap unreadable sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config.d/a.conf:0",
		},
		{
			"include_huge", "PermitRootLogin no\nInclude sshd_config.d/*", "\n-- etc/ssh/sshd_config.d/a.conf size=52428800 --\n",
			"unknown; gap unreadable sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config.d/a.conf:0",
		},
		{
			"include_device", "PermitRootLogin no\nInclude sshd_config.d/*", "\n-- dev/zero device --\n-- etc/ssh/sshd_config.d/a.conf -> /dev/zero --\n",
			"unknown; gap unreadable sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config.d/a.conf:0",
		},
		{"include_loop", "PermitRootLogin no\nInclude sshd_config", "", gap("refused", 2)},

		{"match_yes", "PermitRootLogin no\nMatch Address 10.0.0.0/8\nPermitRootLogin yes", "", high(3)},
		{"match_no", "PermitRootLogin no\nMatch Address 10.0.0.0/8\nPermitRootLogin no", "", "pass"},
		{"match_root", "PermitRootLogin no\nMatch User root\nPermitRootLogin yes", "", high(3)},
		{"match_all", "PermitRootLogin no\nMatch all\nPermitRootLogin yes", "", high(3)},
		{"match_all_no", "PermitRootLogin yes\nMatch all\nPermitRootLogin no", "", "pass"},
		{"match_first_block", "PermitRootLogin yes\nMatch User ro?t\nPermitRootLogin no\nMatch all\nPermitRootLogin yes", "", "pass"},
		{"match_other_user", "PermitRootLogin no\nMatch User alice,bob\nPermitRootLogin yes", "", "pass"},
		{"match_negated", "PermitRootLogin no\nMatch User !root,*\nPermitRootLogin yes", "", "pass"},
		{"match_group", "PermitRootLogin no\nMatch Group wheel\nPermitRootLogin yes", "", "pass"},
		{"match_own_group", "PermitRootLogin no\nMatch Group root\nPermitRootLogin yes", "", high(3)},
		{"match_password", "PermitRootLogin yes\nPasswordAuthentication no\nMatch Address 10.0.0.0/8\nPasswordAuthentication yes", "", high(1) + "; " + strings.TrimPrefix(low(1), "fail; ")},
		{"match_bad_mask", "PermitRootLogin no\nMatch Address 10.0.0.1/8", "", gap("refused", 2)},
		{"match_blank_in_list", "PermitRootLogin no\nMatch User alice, root", "", gap("refused", 2)},
		{"match_in_include_ends", "Include a.conf\nPermitRootLogin no", "\n-- etc/ssh/a.conf --\nMatch User alice\nPermitRootLogin yes\n", "pass"},

		{"nul", "PermitRootLogin no\n\x00", "", "pass"}, // nothing stands before it,
	} {
		t.Run(test.name, func(t *testing.T) {
			got := verdict(t, loadDebian(t, withConfig(test.config, test.more)), "ssh.root-login")
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestOtherRootAccounts: PermitRootLogin is about user ID 0, not about a name.
func TestOtherRootAccounts(t *testing.T) {
	toor := func(config string) string {
		return strings.Replace(withConfig(config, "-- srv/toor/.ssh/authorized_keys --", "ssh-ed25519 "+ed1, ""),
			"alice:x:1000", "toor:x:0:0::/srv/toor:/bin/sh\nalice:x:1000", 1)
	}
	for config, want := range map[string]string{
		"PermitRootLogin prohibit-password":                             "fail; configured medium key " + file + "1",
		"PermitRootLogin no\nMatch User toor\nPermitRootLogin yes":      "fail; configured high password " + file + "3",
		"PermitRootLogin yes\nMatch User toor,root\nPermitRootLogin no": "pass",
	} {
		if diff := cmp.Diff(want, verdict(t, loadDebian(t, toor(config)), "ssh.root-login")); diff != "" {
			t.Errorf("%q: %s", config, diff)
		}
	}
}

// TestLists: Allow and Deny lists and AuthenticationMethods, which rule beside
// PermitRootLogin.
func TestLists(t *testing.T) {
	const high, medium, low = "fail; configured high password " + file + "1", "fail; configured medium key " + file + "1", "fail; configured low key " + file + "1"
	for _, test := range []struct{ name, config, more, want string }{
		{"allow-other-user", "PermitRootLogin yes\nAllowUsers alice", "", "pass; note"},
		{"allow-star", "PermitRootLogin yes\nAllowUsers *", "", high},
		{"allow-case", "PermitRootLogin yes\nAllowUsers ROOT", "", "pass; note"},
		{"allow-not-root-and-star", "PermitRootLogin yes\nAllowUsers !root *", "", high},
		{"allow-from-elsewhere", "PermitRootLogin yes\nAllowUsers root@10.0.0.0/8 alice", "", high},
		{"deny-root", "PermitRootLogin yes\nDenyUsers root", "", "pass; note"},
		{"deny-pattern", "PermitRootLogin yes\nDenyUsers r*", "", "pass; note"},
		{"deny-beats-allow", "PermitRootLogin yes\nAllowUsers root\nDenyUsers root", "", "pass; note"},
		{"deny-from-elsewhere", "PermitRootLogin yes\nDenyUsers root@10.*", "", high},
		{"allow-group-not-in", "PermitRootLogin yes\nAllowGroups wheel", "", "pass; note"},
		{"allow-group-in", "PermitRootLogin yes\nAllowGroups root", "", high},
		{"deny-group", "PermitRootLogin prohibit-password\nDenyGroups root", "", "pass; note"},
		{"allow-in-match", "PermitRootLogin yes\nMatch Address 10.0.0.0/8\nAllowUsers alice", "", high},
		{"methods-publickey", "PermitRootLogin yes\nAuthenticationMethods publickey", key, medium},
		{"methods-both", "PermitRootLogin yes\nAuthenticationMethods publickey,password", "", low},
		{"methods-password-prohibited", "PermitRootLogin prohibit-password\nAuthenticationMethods password", "", "pass; note"},
		{"methods-both-prohibited", "PermitRootLogin prohibit-password\nAuthenticationMethods publickey,password", key, "pass; note"},
		{"methods-either", "PermitRootLogin yes\nAuthenticationMethods publickey password", "", high},
	} {
		t.Run(test.name, func(t *testing.T) {
			h := loadDebian(t, withConfig(test.config, test.more))
			got := verdict(t, h, "ssh.root-login")
			if r := result(t, h, "ssh.root-login"); got == "pass" && len(r.Notes) > 0 {
				got += "; note"
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestDefaults: PermitRootLogin is not set; who built sshd decides.
func TestDefaults(t *testing.T) {
	for _, test := range []struct {
		name, binary, status string
		os                   host.OSRelease
		want                 string
	}{
		{"upstream_old", "OpenSSH_6.6p1", "", host.OSRelease{ID: "arch"}, "fail; configured high password " + file + "0"},
		{"upstream_new", "OpenSSH_7.0p1", "", host.OSRelease{ID: "arch"}, "fail; configured low key " + file + "0"},
		{"centos7", "OpenSSH_7.4p1", "", host.OSRelease{ID: "centos", VersionID: "7"}, "fail; configured high password " + file + "0"},
		{"rhel9", "OpenSSH_8.7p1", "", host.OSRelease{ID: "rhel", VersionID: "9.4"}, "fail; configured low key " + file + "0"},
		{"amazon2", "OpenSSH_7.4p1", "", host.OSRelease{ID: "amzn", IDLike: "centos rhel fedora", VersionID: "2"}, "unknown; gap no_metadata " + file + "0"},
		{"unknown", "something", "", host.OSRelease{ID: "arch"}, "unknown; gap no_metadata " + file + "0"},
		{"two_versions", `OpenSSH_6.6p1\x00\x00OpenSSH_9.2p1`, "", host.OSRelease{ID: "arch"}, "unknown; gap no_metadata " + file + "0"},
		{"from_dpkg", "something", "Package: openssh-server\nStatus: install ok installed\nVersion: 1:9.2p1-2+deb12u10\n", host.OSRelease{ID: "debian"}, "fail; configured low key " + file + "0"},
		{"removed_package", "something", "Package: openssh-server\nStatus: deinstall ok config-files\nVersion: 1:9.2p1-2+deb12u10\n", host.OSRelease{ID: "debian"}, "unknown; gap no_metadata " + file + "0"},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := "-- usr/sbin/sshd quoted --\n\\x00" + test.binary + "\\x00\n-- etc/ssh/sshd_config --\n#\n-- etc/passwd --\nroot:x:0:0::/root:/bin/sh\n"
			if test.status != "" {
				text += "-- var/lib/dpkg/info/openssh-server.list --\n/usr/sbin/sshd\n-- var/lib/dpkg/status --\n" + test.status
			}
			h := hosttest.Load(t, text)
			h.OS = test.os
			if diff := cmp.Diff(test.want, verdict(t, h, "ssh.root-login")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
