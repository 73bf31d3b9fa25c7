package password

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
)

// listed are the words that the audits below know, byte by byte.
func listed() [][]byte {
	return [][]byte{[]byte("123456"), []byte("password1"), []byte("p\xe4ssw\xf6rd"), []byte(longWord), []byte(blankWord), []byte("password1234567890")}
}

const (
	longWord  = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef" // 80 bytes
	blankWord = "pass word "
)

// inspect runs the three checks on the host's tree and returns what they say of every
// account, and the results. It looks from outside, by a descriptor of the root directory.
func inspect(t testing.TB, h *hosttest.RealHost) (says map[string]string, results map[string]checks.Result) {
	t.Helper()
	root, err := h.FS().Open(".")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	opened, err := host.OpenRoot(fmt.Sprintf("/proc/self/fd/%d", root.(*os.File).Fd()), host.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = opened.Close() }()
	env := &checks.Env{Host: opened, Passwords: checks.PasswordSettings{Words: listed(), CPUs: 2}}
	said, results := map[string][]string{}, map[string]checks.Result{}
	for _, c := range Checks() {
		r := auditWith(t.Context(), c, env)
		results[c.ID] = r
		for _, f := range r.Findings {
			word := map[string]string{
				"weak-password": "weak", "no-password": "empty", "empty-password-hash": "hash of nothing", "outdated-scheme": "outdated",
			}[f.Kind]
			if word == "" {
				t.Errorf("%s: a finding of kind %q", c.ID, f.Kind)
			}
			if f.Severity != c.Severity {
				word += "(" + f.Severity.String() + ")"
			}
			said[string(f.Subject)] = append(said[string(f.Subject)], word)
		}
		for _, g := range r.Gaps {
			said[string(g.Subject)] = append(said[string(g.Subject)], string(g.Reason))
		}
	}
	says = map[string]string{}
	for name, words := range said {
		says[name] = strings.Join(slices.Compact(words), ", ")
	}
	// What is neither a finding nor a gap is told by the reading that the checks share.
	for _, e := range take(opened).entries {
		name := string(checks.Clean(e.acc.Name))
		if says[name] != "" {
			continue
		}
		switch e.standing {
		case live:
			says[name] = "sound"
		case dormant:
			says[name] = e.why
		case closed:
			says[name] = "closed"
		default:
			t.Errorf("%s: nothing is said of a field that is %d", name, e.standing)
		}
	}
	return says, results
}

// trial is an account, who gets in and what the checks say.
type trial struct {
	name string
	uid  int

	// right is the password that the field is made of; also are others that may work.
	right string
	also  []string

	in  string // what lets in, of "nothing", "enter", "right", "also", "wrong", in this order
	say string

	brief   bool // su needs too long
	noShell bool // a shell that ends at once
	// elsewhere: this pam_unix refuses what another version or a program without PAM accepts.
	elsewhere bool
}

// everyInput are the inputs of a trial: none at all, the key Enter, the passwords.
func (tr trial) everyInput() (kinds []string, attempts []attempt) {
	add := func(kind, input string) {
		kinds = append(kinds, kind)
		attempts = append(attempts, attempt{name: tr.name, input: input, brief: tr.brief})
	}
	if tr.brief {
		add("right", tr.right+"\n")
		return kinds, attempts
	}
	add("nothing", "")
	add("enter", "\n")
	add("right", tr.right+"\n")
	for _, word := range tr.also {
		add("also", word+"\n")
	}
	add("wrong", "not-it-Kx7\n")
	return kinds, attempts
}

// try lets every account log in, runs the checks and holds both to the table and to each
// other. The checks look first, so that they see what the logins find.
func try(t *testing.T, h *hosttest.RealHost, trials []trial) map[string]checks.Result {
	t.Helper()
	says, results := inspect(t, h)
	var attempts []attempt
	for _, tr := range trials {
		_, list := tr.everyInput()
		attempts = append(attempts, list...)
	}
	outcomes, said := login(t, h, attempts)
	for _, tr := range trials {
		kinds, list := tr.everyInput()
		var in []string
		for i, outcome := range outcomes[:len(list)] {
			if isIn := outcome == fmt.Sprintf("in as %d", tr.uid) && !tr.noShell || outcome == "no shell" && tr.noShell; isIn {
				in = append(in, kinds[i])
			} else if outcome == "busy" && tr.brief {
				in = append(in, "busy")
			} else if outcome != "refused" {
				t.Errorf("%q: %s: %s", tr.name, kinds[i], outcome)
			}
		}
		got := strings.Join(in, " ")
		if got != tr.in {
			t.Errorf("%q: su lets in with [%s], want [%s]; it said %q", tr.name, got, tr.in, said[:len(list)])
		}
		say := says[string(checks.Clean(tr.name))]
		if say != tr.say {
			t.Errorf("%q: the checks say [%s], want [%s]; su lets in with [%s]", tr.name, say, tr.say, got)
		}
		if problem := contradiction(tr, in, say); problem != "" {
			t.Errorf("%q: %s: the checks say [%s], su lets in with [%s]", tr.name, problem, say, got)
		}
		outcomes, said = outcomes[len(list):], said[len(list):]
	}
	return results
}

// contradiction holds what the checks say to who got in, whatever the table says.
func contradiction(tr trial, in []string, say string) string {
	knows := func(word string) bool {
		return slices.ContainsFunc(listed(), func(w []byte) bool { return string(w) == word })
	}
	switch {
	case slices.Contains(in, "wrong"): // without any password
		if !strings.Contains(say, "empty") && !strings.Contains(say, "hash of nothing") {
			return "entered without a password and is no finding"
		}
	case slices.Contains(in, "enter"):
		if !strings.Contains(say, "hash of nothing") {
			return "entered by Enter and is no finding"
		}
	case slices.Contains(in, "right") && knows(tr.right), slices.Contains(in, "also") && slices.ContainsFunc(tr.also, knows):
		if !strings.Contains(say, "weak") {
			return "entered with a listed word and is no finding"
		}
	case len(in) == 0 && tr.elsewhere:
		return ""
	case len(in) == 0 && (strings.Contains(say, "weak") || strings.Contains(say, "hash of nothing") || strings.Contains(say, "outdated")):
		return "nobody gets in and it is a finding"
	}
	return ""
}

// today is the day number of shadow(5), of a day that does not end soon.
func today(t testing.TB) int {
	t.Helper()
	now := time.Now().UTC()
	if left := now.Truncate(24 * time.Hour).Add(24 * time.Hour).Sub(now); left < time.Minute {
		t.Log("waits for midnight, so that the day does not change meanwhile")
		time.Sleep(left + time.Second)
	}
	return int(time.Now().Unix() / (24 * 60 * 60))
}
