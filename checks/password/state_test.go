package password

import (
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// Days around the clock of the fixtures (2026-01-02 is day 20455).
const day = 20455

// TestAccountState is the table of account states: one account with a weak hash
// (WEAK) unless the row says otherwise. Expected: dictionary, empty, scheme.
func TestAccountState(t *testing.T) {
	if got := hosttest.Now().Unix() / 86400; got != day {
		t.Fatalf("the clock says day %d", got)
	}
	const (
		passwd = "-- etc/passwd --\nalice:x:1000:1000:Alice:/home/alice:/bin/bash\n"
		weak   = "fail:critical pass pass"
		pass   = "pass pass pass"
		alpine = "-- bin/busybox mode=755 --\n-- lib/ld-musl-x86_64.so.1 mode=755 --\n"
		absent = "not_applicable:absent not_applicable:absent not_applicable:absent"
	)
	unknown := func(reason string) string {
		return strings.TrimSpace(strings.Repeat("unknown:"+reason+" ", 3))
	}
	shadow := func(rest string) string { return passwd + "-- etc/shadow quoted --\nalice:WEAK:" + rest + "\n" }
	tests := []struct{ name, host, want string }{
		{"normal", shadow("20000:0:99999:7:::"), weak},
		{"expires-later", shadow("20000:0:99999:7::20456:"), weak},
		{"expired-today", shadow("20000:0:99999:7::20455:"), pass},
		{"expired-on-day-0", shadow("20000:0:99999:7::0:"), pass},
		{"expired-on-day-1", shadow("20000:0:99999:7::1:"), pass},
		{"maximum-age-passed", shadow("20000:0:90:7:::"), weak},
		{"maximum-age-and-inactivity-passed", shadow("20000:0:90:7:30::"), pass},
		{"inactivity-not-passed", shadow("20000:0:90:7:400::"), weak},
		{"must-change", shadow("0:0:90:7:30::"), weak},
		{"changed-in-the-future", shadow("29999:0:90:7:30::"), weak},
		{"expired-and-empty", passwd + "-- etc/shadow --\nalice::20000:0:99999:7::1:\n", pass},
		{"dates-do-not-count-for-passwd", "-- etc/passwd --\nalice:WEAK:1000:1000::/:/bin/bash\n-- etc/shadow --\nalice:!:20000:0:99999:7::1:\n", weak},

		{"eight-fields", shadow("20000:0:99999:7::"), pass},
		{"ten-fields", shadow("20000:0:99999:7::::"), pass},
		{"two-fields", passwd + "-- etc/shadow --\nalice:WEAK\n", pass},
		{"age-not-numeric", shadow("x:0:99999:7:::"), pass},
		{"carriage-return", shadow(`20000:0:99999:7:::\r`), pass},
		{"junk-in-last-field", shadow("20000:0:99999:7:::junk"), pass},
		{"number-in-last-field", shadow("20000:0:99999:7:::1"), weak},
		{"old-layout", shadow("20000:0:99999"), weak},
		{"age-out-of-range", shadow("20000:0:-1:7:::"), unknown("unsupported")},
		{"age-out-of-range-but-locked", passwd + "-- etc/shadow --\nalice:!:20000:0:-1:7:::\n", pass},

		{"leading-blank", passwd + "-- etc/shadow --\n\n# c\n  alice:WEAK:20000:0:99999:7:::\n", weak},
		{"first-line-counts-weak", shadow("20000::::::") + "alice:!:20000::::::\n", weak},
		{"first-line-counts-locked", passwd + "-- etc/shadow --\nalice:!:20000::::::\nalice:WEAK:20000::::::\n", pass},
		{"first-valid-line-counts", passwd + "-- etc/shadow --\nalice:!\nalice:WEAK:20000::::::\n", weak},
		{"passwd-twice", "-- etc/passwd --\nalice:!:1000:1000:::\nalice::1000:1000:::\n", pass},
		{"no-shadow-line", passwd + "-- etc/shadow --\nbob:WEAK:20000::::::\n", pass},
		{"nis-lines", passwd + "+::::::\n-- etc/shadow --\n+::::::::\n", pass},
		{"no-shadow", passwd, pass},
		{"no-shadow-but-hash-in-passwd", "-- etc/passwd --\nalice:WEAK:1000:1000::/:/bin/bash\n", weak},
		{"hash-in-passwd-beats-shadow", "-- etc/passwd --\nalice:WEAK:1000:1000::/:/bin/bash\n-- etc/shadow --\nalice:!:20000::::::\n", weak},
		{"lock-in-passwd-beats-shadow", pamStrict + "-- etc/passwd --\nalice:*:1000:1000::/:/bin/bash\n-- etc/shadow --\nalice:WEAK:20000::::::\n", pass},
		{"lock-in-passwd-without-pam", "-- etc/passwd --\nalice:*:1000:1000::/:/bin/bash\n-- etc/shadow --\nalice:WEAK:20000::::::\n", unknown("unsupported")},
		{"own-name-in-passwd", "-- etc/passwd --\nalice:##alice:1000:1000::/:/bin/bash\n-- etc/shadow --\nalice:WEAK:20000::::::\n", weak},
		{"other-name-in-passwd", pamStrict + "-- etc/passwd --\nalice:##bob:1000:1000::/:/bin/bash\n-- etc/shadow --\nalice:!:20000::::::\n", "unknown:unsupported pass pass"},
		{"np-in-passwd", "-- etc/passwd --\nalice:*NP*:1000:1000::/:/bin/bash\n-- etc/shadow --\nalice:WEAK:20000::::::\n", weak},

		{"nologin", "-- etc/passwd --\nalice:x:1000:1000:::/usr/sbin/nologin\n-- etc/shadow --\nalice:WEAK:20000::::::\n", "fail:medium pass pass"},
		{"shell-missing", "-- bin/sh mode=755 --\n-- etc/passwd --\nalice:x:1000:1000:::/bin/zsh\n-- etc/shadow --\nalice:WEAK:20000::::::\n", "fail:medium pass pass"},
		{"shell-missing-in-partial-tree", "-- etc/passwd --\nalice:x:1000:1000:::/bin/zsh\n-- etc/shadow --\nalice:WEAK:20000::::::\n", weak},
		{"shell-empty", "-- bin/sh mode=755 --\n-- etc/passwd --\nalice:x:1000:1000:::\n-- etc/shadow --\nalice:WEAK:20000::::::\n", weak},

		{"no-passwd", "-- etc/motd --\n", absent},
		{"no-passwd-but-the-vendors", "-- usr/etc/passwd --\nalice::1000:1000:::\n", unknown("unsupported")},
		{"passwd-no-permission", "-- etc/passwd err=permission --\n", unknown("no_permission")},
		{"passwd-unreadable", "-- etc/passwd err=io --\n", unknown("unreadable")},
		{"shadow-no-permission", passwd + "-- etc/shadow err=permission --\n", unknown("no_permission")},
		{"shadow-unreadable", passwd + "-- etc/shadow err=io --\n", unknown("unreadable")},
		{"shadow-directory", passwd + "-- etc/shadow/ --\n", unknown("unreadable")},
		{"shadow-remote", passwd + "-- etc/shadow err=remote --\n", unknown("remote_file_system")},
		{
			"shadow-no-permission-hash-in-passwd", "-- etc/passwd --\nbob:x:1:1:::\nalice:WEAK:1000:1000::/:/bin/bash\n-- etc/shadow err=permission --\n",
			"fail:critical unknown:no_permission unknown:no_permission",
		},
		{"shadow-not-needed", "-- etc/passwd --\nalice:*:1000:1000::/:/bin/bash\n-- etc/shadow err=permission --\n", pass},

		{"tcb-nothing-in-it", passwd + "-- etc/tcb/alice/shadow --\n", pass},
		{"tcb-beside-shadow", shadow("20000::::::") + "-- etc/tcb/ --\n", weak},
		{"extrausers", passwd + "-- etc/nsswitch.conf --\npasswd: files extrausers\nshadow: files extrausers\n-- var/lib/extrausers/passwd --\nbob:x:1001:100:::/bin/bash\n-- var/lib/extrausers/shadow --\nbob:WEAK:20000::::::\n", weak},
		{"extrausers-no-permission", passwd + "-- etc/nsswitch.conf --\npasswd: files extrausers\n-- var/lib/extrausers/shadow err=permission --\n", unknown("no_permission")},
		{"usrfiles", passwd + "-- etc/nsswitch.conf --\npasswd: files usrfiles\nshadow: files usrfiles\n-- usr/share/baselayout/passwd --\ncore:x:500:500:::/bin/bash\n-- usr/share/baselayout/shadow --\ncore:WEAK:20000::::::\n", weak},
		{"expired-under-busybox", alpine + shadow("20000:0:99999:7::1:"), weak},
		{"expired-with-pam-beside-busybox", pamStrict + "-- bin/busybox --\n" + shadow("20000:0:99999:7::1:"), pass},
		{"lock-in-passwd-under-busybox", pamStrict + alpine + "-- etc/passwd --\nalice:*:1000:1000::/:/bin/bash\n-- etc/shadow --\nalice:WEAK:20000::::::\n", unknown("unsupported")},
		{"lenient-passwd-line", alpine + "-- etc/passwd --\nalice:x::1000::/:/bin/bash\n-- etc/shadow --\nalice:WEAK:20000::::::\n", unknown("unsupported")},
		{"extrausers-not-in-use", passwd + "-- etc/nsswitch.conf --\npasswd: files\n-- var/lib/extrausers/shadow --\nbob:WEAK:20000::::::\n", pass},
		{"homed", passwd + "-- var/lib/systemd/home/bob.identity --\n{}\n", unknown("unsupported")},
		{"homed-no-permission", passwd + "-- var/lib/systemd/home/ err=permission --\n", unknown("no_permission")},
		{"only-homed", "-- var/lib/systemd/home/bob.identity --\n{}\n", unknown("unsupported")},
		{"directory", passwd + "-- etc/nsswitch.conf --\npasswd: files sss ldap\n", pass},
		{"name-and-gecos-not-utf8", "-- etc/passwd quoted --\na\\xffl\\x00\nalice:x:1000:1000:\\xe9\\xff:/:/bin/bash\n-- etc/shadow quoted --\n\\xff\\xfe:\\xff:1::::::\nalice:WEAK:20000::::::\n", weak},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := verdicts(hosttest.Load(t, strings.ReplaceAll(tt.host, "WEAK", weakHash))); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestDormant: what nobody can log in by is tested last and only counted.
func TestDormant(t *testing.T) {
	h := hosttest.Load(t, strings.NewReplacer("WEAK", weakHash, "GOOD", goodHash).Replace(
		"-- etc/passwd --\na:x:1:1:::\nb:x:2:2:::\nc:x:3:3:::\nd:x:4:4:::\n"+
			"-- etc/shadow --\na:!WEAK:20000::::::\nb:!GOOD:20000::::::\nc:WEAK:20000:::::1:\nd:*:20000::::::\n"))
	r := audit(Dictionary(), h)
	if r.Status != checks.StatusPass || r.Facts["dormant_hashes"] != "3" || r.Facts["dormant_hashes_weak"] != "2" || r.Facts["dormant_hashes_tested"] != "3" {
		t.Errorf("%v, facts %v", r.Status, r.Facts)
	}
	for _, n := range r.Notes {
		if strings.Contains(string(n.Detail), "weak") && n.Subject != "" {
			t.Errorf("the note about weak passwords names %q", n.Subject)
		}
	}
	if len(r.Notes) != 2 {
		t.Errorf("notes %+v", r.Notes)
	}
}

// TestNotExamined: directories are named, and the rest of the host is judged.
func TestNotExamined(t *testing.T) {
	h := hosttest.Load(t, "-- etc/passwd --\nroot:*:0:0:::\n-- etc/nsswitch.conf --\npasswd: files systemd sss [NOTFOUND=return] ldap\n")
	for _, c := range Checks() {
		if r := audit(c, h); r.Facts["not_examined"] != "[ldap sss]" || r.Status != checks.StatusPass {
			t.Errorf("%s: %v, facts %v", c.ID, r.Status, r.Facts)
		}
	}
}
