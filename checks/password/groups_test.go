package password

import (
	"fmt"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// TestGroups is the table of group passwords: what newgrp(1) would take decides.
// TestRealGroups asks the real one.
func TestGroups(t *testing.T) {
	const (
		passwd = "-- etc/passwd --\nroot:*:0:0:::\n"
		group  = "-- etc/group --\nstaff:FIELD:50:\n"
		shadow = "-- etc/gshadow --\nstaff:SHADOW:root:bob\n"
		weak   = "fail:medium pass pass"
		pass   = "pass pass pass"
	)
	tests := []struct{ name, group, gshadow, more, want string }{
		{"weak", "x", "WEAK", "", weak},
		{"sound", "x", "GOOD", "", pass},
		{"own-name", "x", "$6$rounds=1000$saltsalt$OWNNAME", "", weak},
		{"locked", "x", "!", "", pass},
		{"locked-hash", "x", "!WEAK", "", pass},
		{"star", "x", "*", "", pass},
		{"empty", "x", "", "", pass},
		{"both-empty", "", "", "", pass},
		{"hash-of-nothing", "x", "EMPTYHASH", "", weak},
		{"gshadow-before-group", "WEAK", "!", "", pass},
		{"gshadow-before-group-weak", "*", "WEAK", "", weak},
		{"empty-gshadow-then-group", "WEAK", "", "", weak},
		{"malformed", "x", "$6$", "", "unknown:unsupported pass pass"},
		{"unsupported", "x", "{SSHA}x", "", "unknown:unsupported pass pass"},
		{"gshadow-no-permission", "x", "", "-- etc/gshadow err=permission --\n", "unknown:no_permission pass pass"},
		{"no-gshadow", "WEAK", "", "none", weak},
		{"no-gshadow-x", "x", "", "none", pass},
		{"first-line-counts", "x", "!\nstaff:WEAK::", "", pass},
		{"no-such-group", "x", "!\ngone:WEAK::", "", pass},
		{"group-unreadable", "x", "WEAK", "-- etc/group err=io --\n", "unknown:unreadable pass pass"},
		{"weak-account-too", "x", "WEAK", "account", "fail:critical pass pass"},
	}
	hashes := strings.NewReplacer("EMPTYHASH", emptyHash, "WEAK", weakHash, "GOOD", goodHash,
		"$6$rounds=1000$saltsalt$OWNNAME", "$1$saltsalt$EFtGcn.KSoPhz1heSLa7r0")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			text := passwd + strings.Replace(group, "FIELD", tt.group, 1) + strings.Replace(shadow, "SHADOW", tt.gshadow, 1)
			switch tt.more {
			case "none":
				text = passwd + strings.Replace(group, "FIELD", tt.group, 1)
			case "account":
				text = strings.Replace(text, "root:*:", "bob:WEAK:1:1:::\nroot:*:", 1)
			case "":
			default:
				file := strings.Fields(tt.more)[1]
				before, rest, _ := strings.Cut(text, "-- "+file+" --\n")
				if i := strings.Index(rest, "-- "); i >= 0 {
					rest = rest[i:]
				} else {
					rest = ""
				}
				text = before + tt.more + rest
			}
			if got := verdicts(hosttest.Load(t, hashes.Replace(text))); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

// TestGroupFinding: what it says, and what it must not say.
func TestGroupFinding(t *testing.T) {
	r := audit(Dictionary(), hosttest.Load(t, "-- etc/passwd --\nroot:*:0:0:::\n-- etc/group --\nstaff:x:50:\n-- etc/gshadow --\n\nstaff:"+weakHash+"::\n"))
	if len(r.Findings) != 1 {
		t.Fatalf("findings %+v", r.Findings)
	}
	f := r.Findings[0]
	if f.Kind != "group-password" || f.Subject != "staff" || !f.Private || f.Severity != checks.SeverityMedium || f.Location != checks.At("/etc/gshadow", 2) {
		t.Errorf("finding %+v", f)
	}
	if text := fmt.Sprintf("%+v", r); strings.Contains(text, weakHash[20:40]) || strings.Contains(text, "password1") {
		t.Error("the result tells a secret")
	}
}

// TestRealGroups asks sg(1) of shadow-utils who may join a group, as somebody who is no
// member, and compares what it does with the verdict.
func TestRealGroups(t *testing.T) {
	hosttest.EachTree(t, "/usr/bin/sg", []string{"bookworm", "units-bullseye", "units-trixie"}, func(t *testing.T, h *hosttest.RealHost) {
		h.MustRun("/bin/sh", "-c", "mount -t devpts -o newinstance,ptmxmode=0666 devpts /dev/pts && ln -sf pts/ptmx /dev/ptmx && mknod -m 666 /dev/tty c 5 0")
		const member, other = "member", "other"
		passwd := h.ReadFile("/etc/passwd") + member + ":x:4001:4001:::/bin/sh\n" + other + ":x:4002:4002:::/bin/sh\n"
		h.WriteFile("/etc/passwd", passwd, 0o644)
		h.WriteFile("/etc/shadow", h.ReadFile("/etc/shadow")+member+":*:20000::::::\n"+other+":*:20000::::::\n", 0o640)
		for _, tt := range []struct{ name, group, gshadow, typed, want string }{
			{"weak", "x", weakHash, "password1", "joins"},
			{"star", "x", "*", "password1", "stays out"},
			{"locked", "x", "!", "", "stays out"},
			{"locked-hash", "x", "!" + weakHash, "password1", "stays out"},
			{"empty", "x", "", "", "stays out"},
			{"both-empty", "", "", "", "stays out"},
			{"hash-of-nothing", "x", emptyHash, "", "joins"},
			{"gshadow-before-group", weakHash, "!", "password1", "stays out"},
			{"no-gshadow", weakHash, "-", "password1", "joins"},
			{"no-gshadow-x", "x", "-", "x", "stays out"},
			{"first-line-counts", "x", "!:" + ":" + member + "\nstaffx:" + weakHash, "password1", "stays out"},
		} {
			groups := "root:x:0:\nstaffx:" + tt.group + ":4050:" + member + "\n"
			h.WriteFile("/etc/group", groups, 0o644)
			gshadow := "root:*::\nstaffx:" + tt.gshadow + "::" + member + "\n"
			if tt.gshadow == "-" {
				gshadow = "root:*::\n"
			}
			h.WriteFile("/etc/gshadow", gshadow, 0o640)
			if got := joins(h, "4001", ""); got != "joins" {
				t.Errorf("%s: a member %s", tt.name, got)
			}
			got := joins(h, "4002", tt.typed)
			if got != tt.want {
				t.Errorf("%s: somebody %s, want %s", tt.name, got, tt.want)
			}
			r := audit(Dictionary(), hosttest.Load(t, "-- etc/passwd --\nroot:*:0:0:::\n-- etc/group --\n"+groups+"-- etc/gshadow --\n"+gshadow))
			if weak := len(r.Findings) > 0; weak != (got == "joins") {
				t.Errorf("%s: %d findings where somebody %s", tt.name, len(r.Findings), got)
			}
		}
	})
}

// typeAtPrompt runs sg as $1 on a terminal and types $2 when a password is asked for, which
// only then reaches it: asking drops what was typed before.
const typeAtPrompt = `
cd /run; rm -f in out; mkfifo in; : >out
timeout 20 script -qefc "setpriv --reuid=$1 --regid=$1 --clear-groups sg staffx -c 'echo got-\$(id -g)'" out <in >/dev/null &
trap '' PIPE; exec 3>in
i=0
while ! grep -q assword: out && kill -0 $! && [ $i -lt 200 ]; do sleep 0.05; i=$((i+1)); done
printf '%s\n' "$2" >&3
wait $!
cat out
`

// joins says whether an account gets into the group with what it types.
func joins(h *hosttest.RealHost, uid, typed string) string {
	if strings.Contains(h.Run("/bin/sh", "-c", typeAtPrompt, "sh", uid, typed).Stdout, "got-4050") {
		return "joins"
	}
	return "stays out"
}
