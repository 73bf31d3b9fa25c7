package password

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// entryRow is an account by its lines in passwd and shadow. In both, NAME stands for the
// name, UID for a number of its own, HASH for a hash of password1, GOOD for one of
// goodWord, NONE for one of nothing, DAY and what follows it ("DAY-1") for a day.
type entryRow struct {
	name           string
	passwd, shadow string // "" = the usual line
	in, say        string
	right          string // "" = password1
	noShell        bool
	root           bool // the account that is entered has the user ID 0
	// refusedBefore: Linux-PAM 1.5 takes an empty date of last change for a long
	// past one. The checks do not ask which version there is.
	refusedBefore bool
}

// The usual lines.
const (
	usualPasswd = "NAME:x:UID:100::/:/bin/sh\n"
	usualShadow = "NAME:HASH:20000:0:99999:7:::\n"
	noLine      = "\n" // glibc passes over it
)

const (
	expiredAccount  = "the account has expired"
	expiredPassword = "the password has expired and its inactivity period is over"
)

func invalidEntry(problem string) string { return "the shadow entry is invalid (" + problem + ")" }

// entryRows are the states of accounts and of their lines.
func entryRows() []entryRow {
	return []entryRow{
		{name: "usual", in: "right", say: "weak"},
		{name: "usualGood", shadow: "NAME:GOOD:20000:0:99999:7:::\n", right: goodWord, in: "right", say: "sound"},

		// Field 8: the day the account ends.
		{name: "expire0", shadow: "NAME:HASH:20000:0:99999:7::0:\n", say: expiredAccount},
		{name: "expire1", shadow: "NAME:HASH:20000:0:99999:7::1:\n", say: expiredAccount},
		{name: "expireYesterday", shadow: "NAME:HASH:20000:0:99999:7::DAY-1:\n", say: expiredAccount},
		{name: "expireToday", shadow: "NAME:HASH:20000:0:99999:7::DAY+0:\n", say: expiredAccount},
		{name: "expireTomorrow", shadow: "NAME:HASH:20000:0:99999:7::DAY+1:\n", in: "right", say: "weak"},
		{name: "expireFar", shadow: "NAME:HASH:20000:0:99999:7::2147483647:\n", in: "right", say: "weak"},
		{name: "expireMinusOne", shadow: "NAME:HASH:20000:0:99999:7::-1:\n", say: "unsupported"},
		{name: "expireEmptyField", shadow: "NAME::20000:0:99999:7::1:\n", say: expiredAccount},
		{name: "expireNothing", shadow: "NAME:NONE:20000:0:99999:7::1:\n", say: expiredAccount},
		{name: "expireInPasswd", passwd: "NAME:HASH:UID:100::/:/bin/sh\n", shadow: "NAME:!:20000:0:99999:7::1:\n", in: "right", say: "weak"},

		// The age of the password. Who has to set a new one is in TestRealNewPassword.
		{name: "inactiveOver", shadow: "NAME:HASH:DAY-100:0:90:7:5::\n", say: expiredPassword},
		{name: "inactiveZero", shadow: "NAME:HASH:DAY-100:0:90:7:0::\n", say: expiredPassword},
		{name: "inactiveOverByADay", shadow: "NAME:HASH:DAY-96:0:90:7:5::\n", say: expiredPassword},
		{name: "lastChangeMinusOne", shadow: "NAME:HASH:-1:0:90:7:5::\n", say: "unsupported"},
		{name: "maxMinusOne", shadow: "NAME:HASH:20000:0:-1:7:5::\n", say: "unsupported"},
		{name: "maxEmpty", shadow: "NAME:HASH:20000:0::7:5::\n", in: "right", say: "weak"},
		{name: "maxHuge", shadow: "NAME:HASH:20000:0:2147483647:7:5::\n", in: "right", say: "weak"},
		{name: "inactiveHuge", shadow: "NAME:HASH:20000:0:2147483647:7:2147483647::\n", in: "right", say: "weak"},
		{name: "lastChangeHuge", shadow: "NAME:HASH:2147483647:0:90:7:5::\n", in: "right", say: "weak"},
		{name: "maxNotPassed", shadow: "NAME:HASH:DAY-89:0:90:7:5::\n", in: "right", say: "weak"},
		{name: "minNotPassed", shadow: "NAME:HASH:DAY+0:9:90:7:5::\n", in: "right", say: "weak"},
		{name: "minAboveMax", shadow: "NAME:HASH:DAY-100:95:90:7:5::\n", say: expiredPassword},
		{name: "changedTomorrow", shadow: "NAME:HASH:DAY+1:0:90:7:5::\n", in: "right", say: "weak"},
		{name: "noDates", shadow: "NAME:HASH:::::::\n", in: "right", say: "weak"},
		{name: "lastChangeEmpty", shadow: "NAME:HASH::0:99999:7:::\n", in: "right", say: "weak"},
		{name: "lastChangeEmptyInactive", shadow: "NAME:HASH::0:90:7:5::\n", in: "right", say: "weak", refusedBefore: true},

		// Lines that glibc cannot read.
		{name: "eightFields", shadow: "NAME:HASH:20000:0:99999:7::\n", say: invalidEntry("too few fields: no expiry date")},
		{name: "twoFields", shadow: "NAME:HASH\n", say: invalidEntry("too few fields: no date of last change")},
		{name: "fiveFields", shadow: "NAME:HASH:20000:0:99999\n", in: "right", say: "weak"},
		{name: "tenFields", shadow: "NAME:HASH:20000:0:99999:7::::\n", say: invalidEntry("too many fields")},
		{name: "ageIsAWord", shadow: "NAME:HASH:20000:0:never:7:::\n", say: invalidEntry("maximum age is not a number")},
		{name: "ageWithABlank", shadow: "NAME:HASH:20000 :0:99999:7:::\n", say: invalidEntry("date of last change is not a number")},
		{name: "ageAfterABlank", shadow: "NAME:HASH: 20000:0:99999:7:::\n", in: "right", say: "weak"},
		{name: "ageWithAPlus", shadow: "NAME:HASH:+20000:0:99999:7:::\n", in: "right", say: "weak"},
		{name: "ageTooLarge", shadow: "NAME:HASH:20000:0:99999999999:7:::\n", say: "unsupported"},
		{name: "carriageReturn", shadow: "NAME:HASH:20000:0:99999:7:::\r\n", say: invalidEntry("the last field is not a number")},
		{name: "junkInField9", shadow: "NAME:HASH:20000:0:99999:7:::x\n", say: invalidEntry("the last field is not a number")},
		{name: "numberInField9", shadow: "NAME:HASH:20000:0:99999:7:::1\n", in: "right", say: "weak"},
		{name: "invalidEmpty", shadow: "NAME::20000:0:never:7:::\n", say: invalidEntry("maximum age is not a number")},

		// What glibc tolerates.
		{name: "leadingBlank", shadow: "  NAME:HASH:20000:0:99999:7:::\n", in: "right", say: "weak"},
		{name: "leadingBlankPasswd", passwd: "\t NAME:x:UID:100::/:/bin/sh\n", in: "right", say: "weak"},
		{name: "comment", shadow: "# NAME:!:20000:0:99999:7:::\n\nNAME:HASH:20000:0:99999:7:::\n", in: "right", say: "weak"},
		{name: "commentedOut", shadow: "#NAME:HASH:20000:0:99999:7:::\n", say: "closed"},
		{name: "fieldsAtTheEnd", passwd: "NAME:x:UID:100::/:/bin/sh:more\n", in: "right", say: "weak(medium)", noShell: true},

		// The same name twice.
		{name: "twiceFirstGood", shadow: "NAME:GOOD:20000:0:99999:7:::\nNAME:HASH:20000:0:99999:7:::\n", say: "sound"},
		{name: "twiceFirstWeak", shadow: "NAME:HASH:20000:0:99999:7:::\nNAME:GOOD:20000:0:99999:7:::\n", in: "right", say: "weak"},
		{name: "twiceFirstLocked", shadow: "NAME:!:20000:0:99999:7:::\nNAME:HASH:20000:0:99999:7:::\n", say: "closed"},
		{name: "twiceFirstInvalid", shadow: "NAME:GOOD:20000:0:never:7:::\nNAME:HASH:20000:0:99999:7:::\n", in: "right", say: "weak"},
		{name: "twicePasswd", passwd: "NAME:x:UID:100::/:/bin/sh\nNAME::9999:100::/:/bin/sh\n", in: "right", say: "weak"},
		{name: "twicePasswdInvalid", passwd: "NAME:x:none:100::/:/bin/sh\nNAME:x:UID:100::/:/bin/sh\n", in: "right", say: "weak"},

		// Where the field stands.
		{name: "noShadowLine", shadow: noLine, say: "closed"},
		{name: "hashInPasswd", passwd: "NAME:HASH:UID:100::/:/bin/sh\n", shadow: "NAME:!:20000:0:99999:7:::\n", in: "right", say: "weak"},
		{name: "hashInPasswdOnly", passwd: "NAME:HASH:UID:100::/:/bin/sh\n", shadow: noLine, in: "right", say: "weak"},
		{name: "hashInPasswdGood", passwd: "NAME:GOOD:UID:100::/:/bin/sh\n", right: goodWord, in: "right", say: "sound"},
		{name: "emptyInPasswd", passwd: "NAME::UID:100::/:/bin/sh\n", shadow: "NAME:!:20000:0:99999:7:::\n", in: anyone, say: "empty"},
		{name: "emptyInPasswdOnly", passwd: "NAME::UID:100::/:/bin/sh\n", shadow: noLine, in: anyone, say: "empty"},
		{name: "starInPasswd", passwd: "NAME:*:UID:100::/:/bin/sh\n", say: "closed"},
		{name: "bangInPasswd", passwd: "NAME:!:UID:100::/:/bin/sh\n", say: "closed"},
		{name: "bangXInPasswd", passwd: "NAME:!x:UID:100::/:/bin/sh\n", say: "closed"},
		{name: "hashName", passwd: "NAME:##NAME:UID:100::/:/bin/sh\n", in: "right", say: "weak"},
		{name: "hashOtherName", passwd: "NAME:##usual:UID:100::/:/bin/sh\n", say: "unsupported"},
		{name: "NPInPasswd", passwd: "NAME:*NP*:UID:100::/:/bin/sh\n", in: "right", say: "weak"},

		// Shells.
		{name: "noLogin", passwd: "NAME:x:UID:100::/:/usr/sbin/nologin\n", in: "right", say: "weak(medium)", noShell: true},
		{name: "noLoginGood", passwd: "NAME:x:UID:100::/:/usr/sbin/nologin\n", shadow: "NAME:GOOD:20000:0:99999:7:::\n", right: goodWord, in: "right", say: "sound", noShell: true},
		{name: "noLoginEmpty", passwd: "NAME:x:UID:100::/:/usr/sbin/nologin\n", shadow: "NAME::20000:0:99999:7:::\n", in: anyone, say: "empty(medium)", noShell: true},
		{name: "noShellField", passwd: "NAME:x:UID:100::/:\n", in: "right", say: "weak"},
		{name: "noShellAtAll", passwd: "NAME:x:UID:100::/\n", in: "right", say: "weak"},

		// Names and lengths.
		{name: "m\xfcller", in: "right", say: "weak"},
		{name: "Upper", in: "right", say: "weak"},
		{name: "with blank", in: "right", say: "weak"},
		{name: "twin", passwd: "NAME:x:0:0::/:/bin/sh\n", in: "right", say: "weak", root: true},
		{name: strings.Repeat("n", 300), in: "right", say: "weak"},
		{name: "longLine", passwd: "NAME:x:UID:100:" + strings.Repeat("g", 15_000) + ":/:/bin/sh\n", in: "right", say: "weak"},
		{name: "longHash", shadow: "NAME:" + strings.Repeat("a", 70_000) + ":20000:0:99999:7:::\n", say: "unsupported"},
		{name: "longAndEightBit", passwd: "NAME:x:UID:100:" + strings.Repeat("\xff\xfe\x01", 1000) + ":/:/bin/sh\n", in: "right", say: "weak"},
	}
}

// fill replaces the words of a line.
func (row entryRow) fill(line string, uid, day int) string {
	for n := -200; n <= 1; n++ {
		line = strings.ReplaceAll(line, fmt.Sprintf(":DAY%+d:", n), fmt.Sprintf(":%d:", day+n))
	}
	return strings.NewReplacer("NAME", row.name, "UID", fmt.Sprint(uid), "HASH", sixHash, "GOOD", goodHash, "NONE", emptyHash).Replace(line)
}

// TestRealEntries: who gets in by the state of the account and by the form of its lines.
func TestRealEntries(t *testing.T) {
	day := today(t)
	eachLoginTree(t, func(t *testing.T, h *hosttest.RealHost, tree string) {
		// Lines for NIS stand before all others, and a name that only shadow has.
		passwd, shadow := "+:x:3000:100::/:/bin/sh\n+nis::3001:100::/:/bin/sh\nroot:*:0:0::/root:/bin/sh\n"+callerLine, "+::20000::::::\n+nis::20000::::::\norphan::20000::::::\n"
		var trials []trial
		for i, row := range entryRows() {
			tr := trial{name: row.name, uid: 1000 + i, right: row.right, in: row.in, say: row.say, noShell: row.noShell}
			if row.passwd == "" {
				row.passwd = usualPasswd
			}
			if row.shadow == "" {
				row.shadow = usualShadow
			}
			if tr.right == "" {
				tr.right = "password1"
			}
			passwd += row.fill(row.passwd, tr.uid, day)
			shadow += row.fill(row.shadow, tr.uid, day)
			if row.root {
				tr.uid = 0
			}
			if tr.elsewhere = row.refusedBefore && !asksHelper(tree); tr.elsewhere {
				tr.in = ""
			}
			trials = append(trials, tr)
		}
		h.WriteFile("/etc/passwd", passwd, 0o644)
		h.WriteFile("/etc/shadow", shadow, 0o640)
		trials = append(trials, trial{name: "+", right: "password1"}, trial{name: "+nis", right: "password1"}, trial{name: "nis", right: "password1"}, trial{name: "orphan", right: "password1"})
		results := try(t, h, trials)
		wantNotes(t, results["password.dictionary"], expiredAccount, expiredPassword, "the shadow entry is invalid", "lines for NIS", "shadow has lines of names that passwd lacks", "passwd repeats names")
		wantNotes(t, results["password.empty"], "there are empty password fields, but "+expiredAccount)
		for key, want := range map[string]string{"orphan_shadow_lines": "1", "nis_lines": "4", "repeated_accounts": "1"} {
			if got := string(results["password.empty"].Facts[key]); got != want {
				t.Errorf("fact %s: %s, want %s", key, got, want)
			}
		}
	})
}

// wantNotes: who cannot get in for a reason worth saying is told by it, without the name.
func wantNotes(t *testing.T, r checks.Result, want ...string) {
	t.Helper()
	for _, text := range want {
		if !slices.ContainsFunc(r.Notes, func(n checks.Note) bool { return strings.Contains(string(n.Detail), text) }) {
			t.Errorf("%s: no note says %q: %+v", r.ID, text, r.Notes)
		}
	}
}
