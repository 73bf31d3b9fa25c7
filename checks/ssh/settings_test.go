package ssh

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSettings has the checks of single settings; @ stands for the main file.
func TestSettings(t *testing.T) {
	const banner = "\n-- etc/issue.net --\nkeep out\n"
	for _, test := range []struct{ name, id, config, more, want string }{
		{"forwarding-default", "ssh.tcp-forwarding", "#", "", "fail; configured low forwarding @:0"},
		{"forwarding-no", "ssh.tcp-forwarding", "AllowTcpForwarding no", "", "pass"},
		{"forwarding-local", "ssh.tcp-forwarding", "\nAllowTcpForwarding local", "", "fail; configured low forwarding @:2"},
		{"forwarding-first", "ssh.tcp-forwarding", "AllowTcpForwarding no\nAllowTcpForwarding yes", "", "pass"},
		{"forwarding-disabled", "ssh.tcp-forwarding", "DisableForwarding yes\nAllowTcpForwarding yes", "", "pass"},
		{"forwarding-match-user", "ssh.tcp-forwarding", "AllowTcpForwarding no\nMatch User alice\nAllowTcpForwarding yes", "", "fail; configured low forwarding @:3"},
		{"forwarding-match-nobody", "ssh.tcp-forwarding", "AllowTcpForwarding no\nMatch User bob\nAllowTcpForwarding yes", "", "pass"},
		{"forwarding-match-address", "ssh.tcp-forwarding", "AllowTcpForwarding no\nMatch Address 10.0.0.0/8\nAllowTcpForwarding yes", "", "fail; configured low forwarding @:3"},
		{"forwarding-match-denied", "ssh.tcp-forwarding", "AllowTcpForwarding no\nAllowUsers root\nMatch User alice\nAllowTcpForwarding yes", "", "pass"},
		{"forwarding-refused", "ssh.tcp-forwarding", "AllowTcpForwarding off", "", "unknown; gap refused @:1"},
		{"tunnel-default", "ssh.tunnel", "#", "", "pass"},
		{"tunnel-yes", "ssh.tunnel", "PermitTunnel yes", "", "fail; configured low tunnel @:1"},
		{"tunnel-ethernet", "ssh.tunnel", "PermitTunnel ethernet", "", "fail; configured low tunnel @:1"},
		{"tunnel-not-disabled-by-forwarding", "ssh.tunnel", "DisableForwarding yes\nPermitTunnel yes", "", "fail; configured low tunnel @:2"},
		{"tunnel-match", "ssh.tunnel", "Match User root\nPermitTunnel point-to-point", "", "fail; configured low tunnel @:2"},
		{"banner-default", "ssh.banner", "#", banner, "fail; configured low no-banner @:0"},
		{"banner-none", "ssh.banner", "Banner NONE", banner, "fail; configured low no-banner @:1"},
		{"banner-set", "ssh.banner", "Banner /etc/issue.net", banner, "pass"},
		{"banner-first", "ssh.banner", "Banner /etc/issue.net\nBanner none", banner, "pass"},
		{"banner-missing-file", "ssh.banner", "Banner /etc/issue.net", "", "fail; configured low empty-banner @:1"},
		{"banner-empty-file", "ssh.banner", "Banner /etc/issue.net", "\n-- etc/issue.net --\n", "fail; configured low empty-banner @:1"},
		{"banner-unreadable", "ssh.banner", "Banner /etc/ssh/x/banner", "\n-- etc/ssh/x/ err=permission --\n", "unknown; gap no_permission sshd /etc/ssh/sshd_config@/etc/ssh/x/banner:0"},
		{"banner-for-root-only", "ssh.banner", "Match User root\nBanner /etc/issue.net", banner, "fail; configured low no-banner @:0"},
		{"banner-not-for-some", "ssh.banner", "Banner /etc/issue.net\nMatch Address 10.0.0.0/8\nBanner none", banner, "fail; configured low no-banner @:3"},
		{"banner-too-large", "ssh.banner", "Banner /etc/issue.net", "\n-- etc/issue.net size=2000000 --\n", "fail; configured low empty-banner @:1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := strings.ReplaceAll(test.want, "@:", file)
			if diff := cmp.Diff(want, verdict(t, loadDebian(t, withConfig(test.config, test.more)), test.id)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
