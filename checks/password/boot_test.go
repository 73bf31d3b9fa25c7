package password

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// Hashes of GRUB made with PBKDF2 of Python's hashlib.
const (
	grubWeak = "grub.pbkdf2.sha512.10.0A0B0C0D.C6F56789EF9FF7C1847C98E213F6E86B1B0EA49D19CD6612C8EEEB5945A11C33796D42BD3DEA59D69CFBF4D95D07722D2F139CE0B9EB24359CE395FEF8C459BA" // a listed word
	grubGood = "grub.pbkdf2.sha512.10.0A0B0C0D.5050A2066877A7F9BFA137B734B0CF665A6FA4FD09FEDF9F66DC06F0E7609A9BA9707B090F2DB9A37282D5C1E2F28F52ED91329FD06E1CAF05FFDAD454DAA173"
	grubNone = "grub.pbkdf2.sha512.10.0A0B0C0D.875495FF80FB534B84F3DD418FB025FEF4C77357DFDF1857DA9021C371AFD05E2B89A31821F79C11E850F97EB0C3E5976E347597ABAB85799D67DAEE3369C2C3" // of nothing
)

func TestBoot(t *testing.T) {
	const (
		grub   = "-- boot/grub/grub.cfg --\n"
		set    = "set superusers=\"root\"\n"
		custom = "-- etc/grub.d/40_custom mode=755 --\n#!/bin/sh\nexec tail -n +3 $0\n"
		redhat = "-- etc/grub.d/01_users mode=755 --\ncat << EOF\nif [ -n \"\\${GRUB2_PASSWORD}\" ]; then\n  set superusers=\"root\"\n  password_pbkdf2 root \\${GRUB2_PASSWORD}\nfi\nEOF\n"
		weak   = "fail:medium"
	)
	tests := []struct{ name, host, want string }{
		{"none", "", "pass"},
		{"weak", grub + set + "password_pbkdf2 root WEAK\n", weak},
		{"sound", grub + set + "password_pbkdf2 root GOOD\n", "pass"},
		{"of-nothing", grub + set + "password_pbkdf2 root NONE\n", weak},
		{"script", custom + set + "password_pbkdf2 root WEAK\n", weak},
		{"script-not-executable", strings.Replace(custom, " mode=755", "", 1) + set + "password_pbkdf2 root WEAK\n", "pass"},
		{"settings", "-- etc/default/grub --\nGRUB_TIMEOUT=5\npassword root password1\n", weak},
		{"red-hat", redhat + "-- boot/grub2/user.cfg --\nGRUB2_PASSWORD=WEAK\n", weak},
		{"red-hat-sound", redhat + "-- boot/grub2/user.cfg --\nGRUB2_PASSWORD=GOOD\n", "pass"},
		{"red-hat-efi", redhat + "-- boot/efi/EFI/redhat/user.cfg --\nGRUB2_PASSWORD=WEAK\n", weak},
		{"red-hat-without-a-password", redhat + grub + "set timeout=1\n", "pass"},
		{"clear-listed", grub + "password bob password1\n", weak},
		{"clear-own-name", grub + "password bob bob123\n", weak},
		{"clear-not-listed", grub + "password bob unlisted-Zq7\n", "pass"},
		{"commented", grub + "# password bob password1\n", "pass"},
		{"malformed", grub + "password_pbkdf2 root grub.pbkdf2.md5.1.AA.BB\n", "unknown:unsupported"},
		{"too-many-rounds", grub + "password_pbkdf2 root " + strings.Replace("WEAK", "WEAK", "grub.pbkdf2.sha512.2000000000.AA.BB", 1) + "\n", "unknown:too_costly"},
		{"hash-for-user", grub + "password_pbkdf2 WEAK root\n", "unknown:unsupported"},
		{"variable", grub + "password_pbkdf2 root $hash\n", "unknown:unsupported"},
		{"variable-of-a-script", custom + "password_pbkdf2 root $hash\n", "pass"},
		{"grub-cfg-no-permission", "-- boot/grub/grub.cfg err=permission --\n", "pass"},
		{"grub-cfg-no-permission-but-set", "-- boot/grub/grub.cfg err=permission --\n" + custom + set + "password_pbkdf2 root GOOD\n", "unknown:no_permission"},
		{"grub-cfg-no-permission-of-red-hat", "-- boot/grub2/grub.cfg err=permission --\n" + redhat, "pass"},
		{"user-cfg-no-permission", redhat + "-- boot/grub2/user.cfg err=permission --\n", "unknown:no_permission"},
		{"many", grub + manyBoot(65), "unknown:too_costly"},
	}
	hashes := strings.NewReplacer("WEAK", grubWeak, "GOOD", grubGood, "NONE", grubNone)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := audit(Dictionary(), hosttest.Load(t, hashes.Replace("-- etc/passwd --\nroot:*:0:0:::\n"+tt.host)))
			if got := verdict(r); got != tt.want {
				t.Errorf("got %s, want %s: %+v", got, tt.want, r.Gaps)
			}
			if strings.HasPrefix(tt.name, "clear-not") && len(r.Notes) != 1 {
				t.Errorf("notes %+v", r.Notes)
			}
			text := fmt.Sprintf("%+v", r)
			for _, secret := range []string{"password1", "unlisted", "bob123", grubWeak[40:60], grubGood[40:60]} {
				if strings.Contains(text, secret) {
					t.Errorf("the result tells %q", secret)
				}
			}
		})
	}
}

func manyBoot(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "password_pbkdf2 user%d GOOD\n", i)
	}
	return b.String()
}

// TestBootFinding: one finding for each user, in the place that counts now.
func TestBootFinding(t *testing.T) {
	host := "-- etc/passwd --\nroot:*:0:0:::\n-- boot/grub/grub.cfg --\n\npassword_pbkdf2 admin " + grubWeak + "\npassword_pbkdf2 guest " + grubGood +
		"\n-- etc/grub.d/40_custom mode=755 --\npassword_pbkdf2 admin " + grubWeak + "\n"
	r := audit(Dictionary(), hosttest.Load(t, host))
	if len(r.Findings) != 1 || r.Facts["hashes"] != "2" {
		t.Fatalf("findings %+v, facts %v", r.Findings, r.Facts)
	}
	f := r.Findings[0]
	if f.Kind != "bootloader-password" || f.Subject != "admin" || !f.Private || f.Severity != checks.SeverityMedium || f.Location != checks.At("/boot/grub/grub.cfg", 2) {
		t.Errorf("finding %+v", f)
	}
}

// TestBootBudget: the boot loader's hashes keep to the budget and to the context, and are
// finished by later audits.
func TestBootBudget(t *testing.T) {
	var blob []byte
	kept := &checks.Keeper{Load: func() ([]byte, error) { return blob, nil }, Save: func(b []byte) error { blob = b; return nil }}
	left := checks.Text("")
	for i := range 200 {
		env := &checks.Env{Passwords: checks.PasswordSettings{Words: words(), CPUs: 1, Budget: time.Nanosecond, Kept: kept}}
		env.Host = hosttest.Load(t, "-- etc/passwd --\nroot:*:0:0:::\n-- boot/grub/grub.cfg --\npassword_pbkdf2 root "+grubGood+"\n")
		r := auditWith(context.Background(), Dictionary(), env)
		if r.Status == checks.StatusPass {
			if i == 0 {
				t.Fatal("no time, and yet all was tried at once")
			}
			return
		}
		if verdict(r) != "unknown:budget" || r.Facts["candidates_left"] == left {
			t.Fatalf("audit %d: %s, facts %v", i, verdict(r), r.Facts)
		}
		left = r.Facts["candidates_left"]
	}
	t.Error("200 audits did not finish one hash")
}

// TestBootCancelled: nothing is tried, and nothing passes.
func TestBootCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	env := &checks.Env{Passwords: checks.PasswordSettings{Words: words()}}
	env.Host = hosttest.Load(t, "-- etc/passwd --\nroot:*:0:0:::\n-- boot/grub/grub.cfg --\npassword_pbkdf2 root "+grubWeak+"\n")
	if r := auditWith(ctx, Dictionary(), env); verdict(r) != "unknown:budget" {
		t.Errorf("got %s", verdict(r))
	}
}
