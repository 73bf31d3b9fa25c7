package password

import (
	"strings"
	"testing"

	"hostaudit/checks/host/hosttest"
)

// changeRow is an account whose owner may have to set a new password at the login.
type changeRow struct {
	name, shadow string
	// How a login ends that answers each question for a password: "in", "changed" (in
	// after setting a new one) or "refused"; before is that of Linux-PAM 1.5 where it
	// differs.
	after, before string
	say           string
}

// changeRows are the ages of passwords: whoever knows the old one sets the new one and is
// in. On the last day itself the versions of Linux-PAM differ; the checks then hold to the one
// that lets in.
func changeRows() []changeRow {
	return []changeRow{
		{"maxPassed", "NAME:HASH:DAY-100:0:90:7:::\n", "changed", "", "weak"},
		{"maxLongPassed", "NAME:HASH:1:0:90:7:::\n", "changed", "", "weak"},
		{"maxPassedInactiveNot", "NAME:HASH:DAY-93:0:90:7:5::\n", "changed", "", "weak"},
		{"maxPassedGood", "NAME:GOOD:DAY-100:0:90:7:::\n", "changed", "", "sound"},
		{"mustChange", "NAME:HASH:0:0:99999:7:::\n", "changed", "", "weak"},
		{"mustChangeInactive", "NAME:HASH:0:0:90:7:5::\n", "changed", "", "weak"},
		{"mustChangeExpired", "NAME:HASH:0:0:90:7:5:1:\n", "refused", "", expiredAccount},
		{"mustChangeDES", "NAME:abJnggxhB/yWI:0:0:99999:7:::\n", "changed", "", "weak, outdated"},
		{"inactiveOver", "NAME:HASH:DAY-96:0:90:7:5::\n", "refused", "", expiredPassword},
		{"inactiveZeroOver", "NAME:HASH:DAY-91:0:90:7:0::\n", "refused", "", expiredPassword},
		{"maxOnTheDay", "NAME:HASH:DAY-90:0:90:7:::\n", "changed", "in", "weak"},
		{"maxZero", "NAME:HASH:DAY+0:0:0:7:::\n", "changed", "in", "weak"},
		{"inactiveOnTheDay", "NAME:HASH:DAY-95:0:90:7:5::\n", "refused", "changed", "weak"},
		{"inactiveZeroOnTheDay", "NAME:HASH:DAY-90:0:90:7:0::\n", "refused", "in", "weak"},
	}
}

// TestRealNewPassword: an old password that has to be changed lets in all the same, and
// one that is too old does not.
func TestRealNewPassword(t *testing.T) {
	day := today(t)
	eachLoginTree(t, func(t *testing.T, h *hosttest.RealHost, tree string) {
		passwd, shadow := "root:*:0:0::/root:/bin/sh\n"+callerLine, ""
		for i, row := range changeRows() {
			e := entryRow{name: row.name}
			passwd += e.fill(usualPasswd, 1000+i, day)
			shadow += e.fill(row.shadow, 1000+i, day)
		}
		h.WriteFile("/etc/passwd", passwd, 0o644)
		h.WriteFile("/etc/shadow", shadow, 0o640)
		says, _ := inspect(t, h)
		for _, row := range changeRows() { // one after the other: each that changes writes shadow
			want := row.after
			if row.before != "" && !asksHelper(tree) {
				want = row.before
			}
			old := "password1\n"
			if strings.Contains(row.shadow, "GOOD") {
				old = goodWord + "\n"
			}
			outcomes, said := login(t, h, []attempt{{name: row.name, input: old + old + "Uj7-new-one-Wq\nUj7-new-one-Wq\n"}})
			got := outcomes[0]
			if strings.HasPrefix(got, "in as ") {
				got = "in"
				if strings.Contains(said[0], "New password: ") {
					got = "changed"
				}
			}
			if got != want || says[row.name] != row.say {
				t.Errorf("%s: su: %s, want %s, the checks: %s, want %s\n%q", row.name, got, want, says[row.name], row.say, said[0])
			}
			if got != "refused" && row.say != "sound" && !strings.Contains(says[row.name], "weak") {
				t.Errorf("%s: entered with a listed word and is no finding", row.name)
			}
		}
	})
}
