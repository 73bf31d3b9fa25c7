package ssh

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
	"hostaudit/checks/host/snapshot"
	"hostaudit/checks/host/sshd"
)

// TestUnknownRoots: names that are not known may have user ID 0 too.
func TestUnknownRoots(t *testing.T) {
	unread := func(config string) string {
		return strings.Replace(withConfig(config), "-- etc/passwd --", "-- etc/passwd err=permission --", 1)
	}
	store := func(config string) string {
		return withConfig(config, "-- etc/nsswitch.conf --", "passwd: files db", "-- var/lib/misc/passwd.db --", "x")
	}
	const yes, denied, blocked = "PermitRootLogin yes\n", "PermitRootLogin yes\nDenyUsers root\n", "PermitRootLogin no\nMatch User toor\nPermitRootLogin yes\n"
	const open = "unknown; gap no_permission sshd /etc/ssh/sshd_config@/etc/passwd:0"
	const other = "unknown; gap unsupported sshd /etc/ssh/sshd_config@/var/lib/misc/passwd.db:0"
	high := "fail; configured high password " + file + "1"
	for _, tc := range []struct{ name, text, want string }{
		{"unread_denied", unread(denied), open},
		{"unread_block", unread(blocked), open},
		{"unread_no", unread("PermitRootLogin no"), "pass"},
		{"unread_yes", unread(yes), high},
		{"store_denied", store(denied), other},
		{"store_block", store(blocked), other},
		{"store_no", store("PermitRootLogin no"), "pass"},
		{"read_denied", withConfig(denied), "pass"},
		{"read_block", withConfig(blocked), "pass"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := verdict(t, loadDebian(t, tc.text), "ssh.root-login"); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
	forward := "AllowTcpForwarding no\nMatch User eve\nAllowTcpForwarding yes\n"
	if got := verdict(t, loadDebian(t, store(forward)), "ssh.tcp-forwarding"); !strings.HasPrefix(got, "fail") {
		t.Errorf("forwarding for an account of a store: %s", got)
	}
	if got := verdict(t, loadDebian(t, unread("AllowTcpForwarding no\nMatch User eve\nX11Forwarding no\n")), "ssh.tcp-forwarding"); got != "pass" {
		t.Errorf("forwarding that is off for everybody: %s", got)
	}
}

// TestExposedByTheNextStart: on 22 of loopback now does not hide that it will be on 22
// of every address.
func TestExposedByTheNextStart(t *testing.T) {
	h := hosttest.Live(loadDebian(t, withConfig("Port 22")), &snapshot.Snapshot{
		NetNS: 1, Processes: []snapshot.Process{process(100, "/usr/sbin/sshd", "/usr/sbin/sshd", "-D")},
		Listeners: []snapshot.Listener{listener("127.0.0.1:22", 100)},
	})
	r := result(t, h, "ssh.port")
	if r.Worst() != checks.SeverityMedium {
		t.Errorf("%s", words(r))
	}
}

// TestRemovedAfterStart: a file that was removed after sshd read it still counts there.
func TestRemovedAfterStart(t *testing.T) {
	for _, tc := range []struct{ name, dir, want string }{
		{"before", "2020-01-01T00:00:00Z", "pass"},
		{"after", "2020-01-03T00:00:00Z", "unknown; gap changed_meanwhile sshd /etc/ssh/sshd_config@/etc/ssh/sshd_config.d:0"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			text := strings.Replace(withConfig("Include sshd_config.d/*.conf\nPermitRootLogin no"), "-- etc/ssh/sshd_config --", "-- etc/ssh/sshd_config mtime=2020-01-01T00:00:00Z --", 1)
			h := hosttest.Live(loadDebian(t, text+"-- etc/ssh/sshd_config.d/ mtime="+tc.dir+" --\n-- run/sshd.pid mtime=2020-01-02T00:00:00Z --\n100\n"), &snapshot.Snapshot{
				NetNS: 1, Processes: []snapshot.Process{process(100, "/usr/sbin/sshd", "/usr/sbin/sshd", "-D")},
				Listeners: []snapshot.Listener{listener("0.0.0.0:22", 100)},
			})
			if got := verdict(t, h, "ssh.root-login"); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}

// TestManyAccountsAndBlocks: what is too much ends soon, and does not pass.
func TestManyAccountsAndBlocks(t *testing.T) {
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, strings.ReplaceAll(format, "%d", "%[1]d"), i)
		}
		return b.String()
	}
	users := many(20_000, "user%d:x:1%d:1%d::/:/bin/sh\n")
	zeros := many(20_000, "zero%d:x:0:0::/root:/bin/sh\n")
	for _, tc := range []struct{ name, id, config, passwd, want string }{
		{"users-blocks", "ssh.tcp-forwarding", "AllowTcpForwarding no\n" + many(5000, "Match User nobody%d\nAllowTcpForwarding yes\n"), users, "unknown; gap too_costly " + file + "0"},
		{"users-refused", "ssh.tunnel", "PermitTunnel yes\nAllowUsers nobody\n" + many(2000, "Match Address 10.2.%d.*\nX11Forwarding no\n"), users, "unknown; gap unsupported " + file + "0"},
		{"zeros-refused", "ssh.root-login", "PermitRootLogin yes\nDenyUsers *\n", zeros, "unknown; gap too_costly " + file + "0"},
		{"few-blocks", "ssh.tcp-forwarding", "AllowTcpForwarding no\n" + many(20, "Match User nobody%d\nAllowTcpForwarding yes\n"), users, "pass"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			h := loadDebian(t, strings.Replace(withConfig(tc.config), "-- etc/group --", tc.passwd+"-- etc/group --", 1))
			start := time.Now()
			if got := verdict(t, h, tc.id); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
			// A fraction of it on a quiet machine; without bounds it would be minutes.
			if took := time.Since(start); took > 20*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestUnexplained: a server of which nothing is known, not even why, is no pass.
func TestUnexplained(t *testing.T) {
	h := loadDebian(t, withConfig("PermitRootLogin no"))
	for _, program := range []sshd.Program{sshd.OpenSSH, sshd.Dropbear} {
		c := rootLoginCheck()
		rec := checks.NewRecorder(c)
		judgement{openssh: rootLogin, dropbear: dropbearRootLogin}.server(&sshd.Server{Program: program, Host: h, Subject: "x"}, rec)
		rec.Pass("root is not let in")
		if r := rec.Seal(); r.Status != checks.StatusUnknown {
			t.Errorf("%s: %s", program, r.Status)
		}
	}
}

// TestKeysOfUnreadStore: accounts that are not read may have keys.
func TestKeysOfUnreadStore(t *testing.T) {
	store := func(config string) string {
		return withConfig(config, "-- etc/nsswitch.conf --", "passwd: files db", "-- var/lib/misc/passwd.db --", "x")
	}
	const open = "unknown; gap unsupported sshd /etc/ssh/sshd_config@/var/lib/misc/passwd.db:0"
	for _, test := range []struct{ id, config, want string }{
		{"ssh.root-keys", "#", open},
		{"ssh.root-keys", "PermitRootLogin no", "pass"},
		{"ssh.user-keys", "#", open},
	} {
		if got := verdict(t, loadDebian(t, store(test.config)), test.id); got != test.want {
			t.Errorf("%s with %q: %s, want %s", test.id, test.config, got, test.want)
		}
	}
}
