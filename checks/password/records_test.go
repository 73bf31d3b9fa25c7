package password

import (
	"fmt"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// Parts of hosts with user records.
const (
	named  = "-- etc/nsswitch.conf --\npasswd: files systemd\nshadow: files systemd\n"
	onlyPw = "-- etc/nsswitch.conf --\npasswd: files systemd\nshadow: files\n"
	root   = "-- etc/passwd --\nroot:*:0:0:::\n"
	homed  = "-- var/lib/systemd/home/bob.identity --\n"
	userdb = "-- etc/userdb/bob.user --\n"
	second = "-- etc/userdb/bob.user-privileged MODE --\n"
	signed = `,"signature":[{"data":"x","key":"y"}]`
)

// record is a record of bob with hashes, as JSON of words that the tests replace.
func record(more string, hashes ...string) string {
	for i, h := range hashes {
		hashes[i] = `"` + h + `"`
	}
	return `{"userName":"bob","uid":60001` + more + `,"privileged":{"hashedPassword":[` + strings.Join(hashes, ",") + "]}}\n"
}

func TestStores(t *testing.T) {
	const (
		weak    = "fail:critical pass pass"
		empty   = "pass fail:critical pass"
		pass    = "pass pass pass"
		unknown = "unknown:unsupported unknown:unsupported unknown:unsupported"
		denied  = "unknown:no_permission unknown:no_permission unknown:no_permission"
		passwd  = "-- etc/passwd --\nalice:x:1000:1000:Alice:/home/alice:/bin/bash\n"
		tcb     = "-- etc/nsswitch.conf --\npasswd: files\nshadow: tcb files\n"
		line    = ":20000:0:99999:7:::\n"
		mine    = "-- etc/tcb/alice/shadow --\n"
	)
	tests := []struct{ name, host, want string }{
		{"tcb", passwd + tcb + mine + "alice:WEAK" + line, weak},
		{"tcb-without-nsswitch-or-shadow", passwd + mine + "alice:WEAK" + line, weak},
		{"tcb-not-named", passwd + "-- etc/nsswitch.conf --\nshadow: files\n-- etc/shadow --\nalice:!" + line + mine + "alice:WEAK" + line, pass},
		{"tcb-before-shadow", passwd + tcb + "-- etc/shadow --\nalice:WEAK" + line + mine + "alice:!" + line, pass},
		{"tcb-after-shadow", passwd + strings.Replace(tcb, "tcb files", "files tcb", 1) + "-- etc/shadow --\nalice:!" + line + mine + "alice:WEAK" + line, pass},
		{"tcb-missing-then-shadow", passwd + tcb + "-- etc/shadow --\nalice:WEAK" + line + "-- etc/tcb/ --\n", weak},
		{"tcb-first-valid-line-of-any-name", passwd + tcb + mine + "# c\nalice:!:x\nbob:WEAK" + line + "alice:!" + line, weak},
		{"tcb-directory-linked", passwd + tcb + "-- etc/tcb/alice -> :more/alice --\n-- etc/tcb/:more/alice/shadow --\nalice:WEAK" + line, weak},
		{"tcb-file-linked", passwd + tcb + "-- etc/tcb/alice/shadow -> /etc/other --\n-- etc/other --\nalice:WEAK" + line, "unknown:unreadable unknown:unreadable unknown:unreadable"},
		{"tcb-no-permission", passwd + tcb + "-- etc/tcb/alice/ err=permission --\n", denied},
		{"tcb-too-large", passwd + tcb + mine + "alice:WEAK" + line + strings.Repeat("#\n", 40_000), "unknown:unreadable unknown:unreadable unknown:unreadable"},
		{"tcb-expired", passwd + tcb + mine + "alice:WEAK:20000:0:99999:7::1:\n", pass},
		{"tcb-odd-name", "-- etc/passwd --\n..:x:1:1:::\n" + tcb + "-- etc/tcb/ --\n-- etc/shadow --\n..:WEAK" + line, "unknown:unreadable unknown:unreadable unknown:unreadable"},
		{"tcb-not-asked-for-a-hash-in-passwd", "-- etc/passwd --\nalice:WEAK:1000:1000::/:/bin/bash\n" + tcb + "-- etc/tcb/alice/ err=permission --\n", weak},
		{"tcb-empty-nullok", passwd + tcb + mine + "alice:" + line + "-- etc/pam.d/login --\nauth required pam_tcb.so shadow nullok\n", empty},

		{"homed", root + named + homed + record(signed, "WEAK"), weak},
		{"homed-second-hash", root + named + homed + record(signed, "GOOD", "WEAK"), weak},
		{"homed-sound", root + named + homed + record(signed, "GOOD", "GOOD"), pass},
		{"homed-first-locked", root + named + homed + record(signed, "!GOOD", "WEAK"), weak},
		{"homed-needs-no-shadow-service", root + onlyPw + homed + record(signed, "WEAK"), weak},
		{"homed-unsigned", root + named + homed + record("", "WEAK"), pass},
		{"homed-locked", root + named + homed + record(signed+`,"locked":true`, "WEAK"), pass},
		{"homed-not-yet", root + named + homed + record(signed+`,"notBeforeUSec":1767400000000000`, "WEAK"), pass},
		{"homed-no-more", root + named + homed + record(signed+`,"notAfterUSec":1700000000000000`, "WEAK"), pass},
		{"homed-today", root + named + homed + record(signed+`,"notAfterUSec":1767330000000000`, "WEAK"), weak},
		{"homed-empty-hash", root + named + homed + record(signed, "EMPTYHASH"), "pass fail:critical pass"},
		{"homed-no-hash", root + named + homed + record(signed), pass},
		{"homed-token-alone", root + named + homed + `{"userName":"bob","uid":60001,"privileged":{"fido2HmacSalt":[{}]}` + signed + "}\n", unknown},
		{"homed-token-and-hash", root + named + homed + `{"userName":"bob","uid":60001,"privileged":{"hashedPassword":["GOOD"],"pkcs11EncryptedKey":[{}]}` + signed + "}\n", pass},
		{"homed-other-name", root + named + homed + strings.Replace(record(signed, "WEAK"), "bob", "eve", 1), pass},
		{"homed-broken", root + named + homed + "{\n", unknown},
		{"homed-beside-passwd", "-- etc/passwd --\nbob:x:60001:60001:::\n-- etc/shadow --\nbob:!" + line + named + homed + record(signed, "WEAK"), weak},
		{"homed-not-named", root + "-- etc/nsswitch.conf --\npasswd: files\n" + homed + record(signed, "WEAK"), pass},
		{"homed-alone", homed + record(signed, "WEAK"), weak},

		{"userdb", root + named + userdb + record("", "WEAK"), weak},
		{"userdb-privileged-apart", root + named + userdb + `{"userName":"bob","uid":60001}` + "\n" + strings.Replace(second, "MODE", "mode=600", 1) + `{"privileged":{"hashedPassword":["WEAK"]}}` + "\n", weak},
		{"userdb-privileged-no-permission", root + named + userdb + `{"userName":"bob","uid":60001}` + "\n" + strings.Replace(second, "MODE", "err=permission", 1), denied},
		{"userdb-privileged-broken", root + named + userdb + `{"userName":"bob","uid":60001}` + "\n" + strings.Replace(second, "MODE", "mode=600", 1) + "{\n", unknown},
		{"userdb-second-hash", root + named + userdb + record("", "GOOD", "WEAK"), weak},
		{"userdb-shadow-not-named", root + onlyPw + userdb + record("", "WEAK"), pass},
		{"userdb-locked", root + named + userdb + record(`,"locked":true`, "WEAK"), pass},
		{"userdb-empty-field", root + named + userdb + record("", "") + pamNullok, empty},
		{"userdb-unknown-disposition", root + named + userdb + record(`,"disposition":"robot"`, "GOOD"), unknown},
		{"userdb-masked-by-link", root + named + "-- etc/userdb/bob.user -> /dev/null --\n-- usr/lib/userdb/bob.user --\n" + record("", "WEAK"), pass},
		{"userdb-masked-by-empty-file", root + named + userdb + "-- usr/lib/userdb/bob.user --\n" + record("", "WEAK"), pass},
		{"userdb-first-directory-counts", root + named + "-- run/userdb/bob.user --\n" + record("", "GOOD") + "-- usr/lib/userdb/bob.user --\n" + record("", "WEAK"), pass},
		{"userdb-by-id-too", root + named + userdb + record("", "GOOD") + "-- etc/userdb/60001.user --\n" + record("", "WEAK"), pass},
		{"userdb-root-is-made-up", root + named + strings.ReplaceAll(userdb+record("", "WEAK"), "bob", "root"), pass},
		{"userdb-without-an-id", root + named + userdb + `{"userName":"bob"}` + "\n", pass},
		{"userdb-where-shadow-has-no-line", "-- etc/passwd --\nbob:x:60001:1:::\n" + named + userdb + record("", "WEAK"), weak},
		{"userdb-where-shadow-has-a-line", "-- etc/passwd --\nbob:x:60001:1:::\n-- etc/shadow --\nbob:!" + line + named + userdb + record("", "WEAK"), pass},
		{"userdb-no-permission", root + named + "-- etc/userdb/ err=permission --\n", denied},
		{"groupdb", root + named + "-- run/host/userdb/bob.group --\n{\"groupName\":\"bob\",\"gid\":60001}\n", pass},
		{"groupdb-password", root + named + "-- etc/userdb/bob.group --\n{\"groupName\":\"bob\",\"gid\":60001}\n-- etc/userdb/bob.group-privileged --\n{\"privileged\":{\"hashedPassword\":[\"WEAK\"]}}\n", unknown},
		{"userdb-other-machine", root + named + userdb + record(`,"perMachine":[{"matchHostname":"other","locked":true}]`, "WEAK") + "-- etc/hostname --\nthis\n", weak},
		{"userdb-this-machine", root + named + userdb + record(`,"perMachine":[{"matchHostname":"this","locked":true}]`, "WEAK") + "-- etc/hostname --\nthis\n", pass},
	}
	replace := strings.NewReplacer("EMPTYHASH", emptyHash, "WEAK", weakHash, "GOOD", goodHash)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := verdicts(hosttest.Load(t, replace.Replace(tt.host))); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestSeveralPasswords: an account is one account and one finding, whose place is that
// of the weak password.
func TestSeveralPasswords(t *testing.T) {
	text := "{\"userName\":\"bob\",\"uid\":60001,\n\"privileged\":{\"hashedPassword\":[\"" + goodHash + "\",\n\"" + weakHash + "\",\n\"" + weakHash + "\"]}" + signed + "}\n"
	r := audit(Dictionary(), hosttest.Load(t, root+named+homed+text))
	if len(r.Findings) != 1 || r.Facts["accounts"] != "2" || r.Facts["hashes"] != "3" {
		t.Fatalf("findings %+v, facts %v", r.Findings, r.Facts)
	}
	f := r.Findings[0]
	if f.Subject != "bob" || f.Location != checks.At("/var/lib/systemd/home/bob.identity", 3) || f.Kind != "weak-password" {
		t.Errorf("finding %+v", f)
	}
	if text := fmt.Sprintf("%+v", r); strings.Contains(text, weakHash[20:40]) || strings.Contains(text, "password1") {
		t.Error("the result tells a secret")
	}
}

// TestManyUnread: hundreds of files of one cause are one gap.
func TestManyUnread(t *testing.T) {
	var passwd strings.Builder
	for i := range 300 {
		fmt.Fprintf(&passwd, "user%d:x:%d:100:::\n", i, 1000+i)
	}
	r := audit(Dictionary(), hosttest.Load(t, "-- etc/passwd --\n"+passwd.String()+"-- etc/tcb/ err=permission --\n"))
	if len(r.Gaps) != 1 || r.Gaps[0].Reason != checks.ReasonNoPermission {
		t.Errorf("gaps %+v", r.Gaps)
	}
}
