package password

import (
	"maps"
	"strings"
	"testing"

	"hostaudit/checks/host/hosttest"
)

// stackRow is a PAM configuration: files that replace the tree's own. An empty one is
// taken away.
type stackRow struct {
	name  string
	files map[string]string
	// open: su lets into accounts with an empty field; say is what password.empty says
	// of them.
	open bool
	say  string
	// closed: su lets nobody in, not even with the right password.
	closed     bool
	everywhere bool // on every tree; the others on bookworm
}

// commonAuth is Debian's stack with other arguments of pam_unix, and without its delay.
func commonAuth(args string) map[string]string {
	return map[string]string{"/etc/pam.d/common-auth": "auth [success=1 default=ignore] pam_unix.so nodelay " + args + "\nauth requisite pam_deny.so\nauth required pam_permit.so\n"}
}

// strictAnd is the stack without nullok, and further files.
func strictAnd(files map[string]string) map[string]string {
	all := commonAuth("")
	maps.Copy(all, files)
	return all
}

const restOfSu = "@include common-account\n@include common-session\n"

// stackRows are PAM's stacks by whether an empty field opens an account.
func stackRows() []stackRow {
	return []stackRow{
		{name: "debian", files: commonAuth("nullok"), open: true, say: "empty", everywhere: true},
		{name: "strict", files: commonAuth(""), say: "empty(high)", everywhere: true},
		{name: "comment", files: commonAuth("# nullok"), say: "empty(high)"},
		{name: "otherArguments", files: commonAuth("try_first_pass"), say: "empty(high)"},
		{name: "amongOthers", files: commonAuth("try_first_pass nullok likeauth"), open: true, say: "empty"},
		{name: "secure", files: commonAuth("nullok_secure"), open: true, say: "empty", everywhere: true},
		{name: "longer", files: commonAuth("nullok=no"), open: true, say: "empty", everywhere: true},
		{name: "capitals", files: commonAuth("NULLOK"), say: "empty(high)"},
		{name: "continued", files: commonAuth("\\\n nullok"), open: true, say: "empty"},
		{name: "nullresetok", files: commonAuth("nullresetok"), say: "empty(high)", everywhere: true},
		{name: "otherTypes", files: strictAnd(map[string]string{"/etc/pam.d/su": "auth include common-auth\naccount required pam_unix.so nodelay nullok\nsession required pam_unix.so nodelay nullok\npassword required pam_unix.so nodelay nullok\n"}), say: "empty(high)"},
		{name: "suAlone", files: strictAnd(map[string]string{"/etc/pam.d/su": "auth sufficient pam_unix.so nodelay nullok\nauth required pam_deny.so\n" + restOfSu}), open: true, say: "empty"},
		{name: "include", files: strictAnd(map[string]string{"/etc/pam.d/su": "auth include mine\n" + restOfSu, "/etc/pam.d/mine": "auth required pam_unix.so nodelay nullok\n"}), open: true, say: "empty"},
		{name: "substack", files: strictAnd(map[string]string{"/etc/pam.d/su": "auth substack mine\n" + restOfSu, "/etc/pam.d/mine": "AUTH required pam_unix.so nodelay nullok\n"}), open: true, say: "empty"},
		{name: "absoluteInclude", files: strictAnd(map[string]string{"/etc/pam.d/su": "@include /etc/mine\n" + restOfSu, "/etc/mine": "auth required pam_unix.so nodelay nullok\n"}), open: true, say: "empty"},
		{name: "fromOther", files: strictAnd(map[string]string{"/etc/pam.d/su": "", "/etc/pam.d/other": "auth required pam_unix.so nodelay nullok\n" + restOfSu}), open: true, say: "empty"},
		{name: "fromVendor", files: strictAnd(map[string]string{"/etc/pam.d/su": "", "/usr/lib/pam.d/su": "auth required pam_unix.so nodelay nullok\n" + restOfSu}), open: true, say: "empty", everywhere: true},
		{name: "vendorOverridden", files: strictAnd(map[string]string{"/usr/lib/pam.d/su": "auth required pam_unix.so nodelay nullok\n" + restOfSu}), say: "empty(high)"},
		// Another way in accepts what su refuses.
		{name: "loginAlone", files: strictAnd(map[string]string{"/etc/pam.d/login": "auth required pam_unix.so nodelay nullok\n" + restOfSu}), say: "empty"},
		// A stack that libpam refuses is no proof that it always will.
		{name: "brokenLine", files: map[string]string{"/etc/pam.d/common-auth": "auth required\n"}, say: "empty", closed: true},
	}
}

// TestRealStacks: what PAM's files make of an empty field and of a hash of nothing.
func TestRealStacks(t *testing.T) {
	const line = ":20000:0:99999:7:::\n"
	eachLoginTree(t, func(t *testing.T, h *hosttest.RealHost, tree string) {
		h.WriteFile("/etc/passwd", "root:*:0:0::/root:/bin/sh\n"+callerLine+
			"empty:x:1000:100::/:/bin/sh\nemptied::1001:100::/:/bin/sh\nnothing:x:1002:100::/:/bin/sh\nweak:x:1003:100::/:/bin/sh\nlocked:x:1004:100::/:/bin/sh\nlockedNothing:x:1005:100::/:/bin/sh\n", 0o644)
		h.WriteFile("/etc/shadow", "empty:"+line+"emptied:!"+line+"nothing:"+emptyHash+line+"weak:"+weakHash+line+"locked:!"+line+"lockedNothing:!"+emptyHash+line, 0o640)
		rows := stackRows()
		for _, row := range rows {
			if tree != "bookworm" && !row.everywhere {
				continue // what a file says is the same everywhere
			}
			t.Run(row.name, func(t *testing.T) {
				h.MustRun("/bin/sh", "-c", "[ -d /pam ] || cp -a /etc/pam.d /pam; rm -rf /etc/pam.d /usr/lib/pam.d; cp -a /pam /etc/pam.d")
				for name, content := range row.files {
					if content == "" {
						h.MustRun("rm", name)
						continue
					}
					h.WriteFile(name, content, 0o644)
				}
				// Linux-PAM with the helper takes a hash of nothing for an empty field.
				empty, nothing, right := "", byEnter, "right"
				if row.open {
					empty = anyone
				}
				if asksHelper(tree) {
					nothing = empty
				}
				if row.closed {
					nothing, right = "", ""
				}
				try(t, h, []trial{
					{name: "empty", uid: 1000, right: "password1", in: empty, say: row.say},
					{name: "emptied", uid: 1001, right: "password1", in: empty, say: row.say},
					{name: "nothing", uid: 1002, right: "password1", in: nothing, say: "hash of nothing", elsewhere: nothing == ""},
					{name: "weak", uid: 1003, right: "password1", in: right, say: "weak", elsewhere: row.closed},
					{name: "locked", uid: 1004, right: "password1", say: "closed"},
					{name: "lockedNothing", uid: 1005, right: "password1", say: "locked"},
				})
				if row.open && strings.Contains(row.say, "(") {
					t.Errorf("su lets in without a password, and that is not critical")
				}
			})
		}
	})
}

// TestRealNullReset: nullresetok opens an empty field whose owner has to set a new
// password, and no other.
func TestRealNullReset(t *testing.T) {
	eachLoginTree(t, func(t *testing.T, h *hosttest.RealHost, _ string) {
		h.WriteFile("/etc/passwd", "root:*:0:0::/root:/bin/sh\n"+callerLine+"new:x:1000:100::/:/bin/sh\nold:x:1001:100::/:/bin/sh\nover:x:1002:100::/:/bin/sh\n", 0o644)
		h.WriteFile("/etc/shadow", "new::0:0:99999:7:::\nold::20000:0:99999:7:::\nover::20000:0:90:7:::\n", 0o640)
		for name, content := range commonAuth("nullresetok") {
			h.WriteFile(name, content, 0o644)
		}
		says, _ := inspect(t, h)
		for _, row := range []struct{ name, in, say string }{
			{"new", "in as 1000", "empty"},
			{"old", "refused", "empty(high)"},
			{"over", "in as 1002", "empty"},
		} {
			outcomes, said := login(t, h, []attempt{{name: row.name, input: "Uj7-new-one-Wq\nUj7-new-one-Wq\n"}})
			if outcomes[0] != row.in || says[row.name] != row.say {
				t.Errorf("%s: su: %s, want %s, the checks: %s, want %s\n%q", row.name, outcomes[0], row.in, says[row.name], row.say, said[0])
			}
		}
	})
}
