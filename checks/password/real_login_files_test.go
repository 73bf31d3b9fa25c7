package password

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"hostaudit/checks/host/hosttest"
)

// TestRealNoShadow: without /etc/shadow only passwd's own fields open an account.
func TestRealNoShadow(t *testing.T) {
	eachLoginTree(t, func(t *testing.T, h *hosttest.RealHost, _ string) {
		h.WriteFile("/etc/passwd", "root:*:0:0::/root:/bin/sh\n"+callerLine+
			"sent:x:1000:100::/:/bin/sh\nown:"+weakHash+":1001:100::/:/bin/sh\nempty::1002:100::/:/bin/sh\nstar:*:1003:100::/:/bin/sh\n", 0o644)
		h.MustRun("rm", "/etc/shadow")
		try(t, h, []trial{
			{name: "sent", uid: 1000, right: "password1", say: "closed"},
			{name: "own", uid: 1001, right: "password1", in: "right", say: "weak"},
			{name: "empty", uid: 1002, right: "password1", in: anyone, say: "empty"},
			{name: "star", uid: 1003, right: "password1", say: "closed"},
		})
	})
}

// TestRealLongLine: su gives up at a line of passwd above 16 KiB, and at all behind it; the
// C library does not, nor do programs that ask it in another way. So the checks go on.
func TestRealLongLine(t *testing.T) {
	eachLoginTree(t, func(t *testing.T, h *hosttest.RealHost, _ string) {
		const line = ":20000:0:99999:7:::\n"
		h.WriteFile("/etc/passwd", "root:*:0:0::/root:/bin/sh\n"+callerLine+"before:x:1000:100::/:/bin/sh\nlong:x:1001:100:"+
			strings.Repeat("g", 70_000)+":/:/bin/sh\nbehind:x:1002:100::/:/bin/sh\n", 0o644)
		h.WriteFile("/etc/shadow", "before:"+weakHash+line+"long:"+weakHash+line+"behind:"+weakHash+line, 0o640)
		try(t, h, []trial{
			{name: "before", uid: 1000, right: "password1", in: "right", say: "weak"},
			{name: "long", uid: 1001, right: "password1", say: "weak", elsewhere: true},
			{name: "behind", uid: 1002, right: "password1", say: "weak", elsewhere: true},
		})
		for _, name := range []string{"long", "behind"} {
			if out := h.MustRun("/usr/bin/getent", "passwd", name); !strings.HasPrefix(out, name+":x:") {
				t.Errorf("getent: %.40q", out)
			}
		}
	})
}

// TestRealChosenShell: su -s leads around a shell that ends at once where /etc/shells lists
// that shell. The finding is graded lower and stays one.
func TestRealChosenShell(t *testing.T) {
	eachLoginTree(t, func(t *testing.T, h *hosttest.RealHost, _ string) {
		const line = ":20000:0:99999:7:::\n"
		shells := []string{"/usr/sbin/nologin", "/bin/false", "/bin/gone", "/bin/sh"}
		passwd, shadow := "root:*:0:0::/root:/bin/sh\n"+callerLine, ""
		var attempts []attempt
		for i, shell := range shells {
			passwd += fmt.Sprintf("user%d:x:%d:100::/:%s\n", i, 1000+i, shell)
			shadow += fmt.Sprintf("user%d:%s%s", i, weakHash, line)
			attempts = append(attempts, attempt{name: fmt.Sprintf("user%d", i), input: "password1\n", options: "-s /bin/sh"})
		}
		h.WriteFile("/etc/passwd", passwd, 0o644)
		h.WriteFile("/etc/shadow", shadow, 0o640)
		for _, tt := range []struct {
			shells string
			want   []string
		}{
			{"/bin/sh\n", []string{"no shell", "no shell", "no shell", "in as 1003"}},
			{"/bin/sh\n/usr/sbin/nologin\n/bin/false\n/bin/gone\n", []string{"in as 1000", "in as 1001", "in as 1002", "in as 1003"}},
		} {
			h.WriteFile("/etc/shells", tt.shells, 0o644)
			got, said := login(t, h, attempts)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s%q", diff, said)
			}
			says, _ := inspect(t, h)
			for i := range shells {
				want := "weak(medium)"
				if i == len(shells)-1 {
					want = "weak"
				}
				if got := says[fmt.Sprintf("user%d", i)]; got != want {
					t.Errorf("%s: the checks say %s, want %s", shells[i], got, want)
				}
			}
		}
	})
}
