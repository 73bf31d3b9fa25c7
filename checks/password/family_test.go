package password

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
)

// Hashes of testdata, made with libxcrypt.
const (
	weakHash  = "$6$rounds=1000$saltsalt$feZmm8z/E1fjlBx97.mIeOr/Xez9yKySeh0vuHIoC654nLqV9O6yRnqDuoNShKmXbRy4ZkJxnMfr2GAyYXsZT." // a listed word
	goodHash  = "$6$rounds=1000$saltsalt$KxiZD7ftnHt5QTDjnmbVl/3Zv36mp6u7djUuG9kGgKz1ze2WRJcjtED3qGu/vnxRXwBufkD/ajc74RTZ9VVqv0" // no candidate
	emptyHash = "$6$rounds=1000$saltsalt$VEHSITfYmhRDpD6t31S9LUhNne.FOx10qNSjfu2skYK5wKPYCkdF/995SUbfpqIy5BFbEit9G4aDmW4aq4oX9."
	goodWord  = "unlisted-Zq7"
)

// pamNullok and pamStrict are the stacks of most hosts, by what they accept.
const (
	pamNullok = "-- etc/pam.d/login --\n@include common-auth\n-- etc/pam.d/common-auth --\nauth [success=1 default=ignore] pam_unix.so nullok\n"
	pamStrict = "-- etc/pam.d/login --\n@include common-auth\n-- etc/pam.d/common-auth --\nauth [success=1 default=ignore] pam_unix.so\n"
)

func words() [][]byte { return [][]byte{[]byte("123456"), []byte("password1"), []byte("letmein")} }

// audit runs one check with the three words of words.
func audit(check checks.Check, h *host.Host) checks.Result {
	return auditWith(context.Background(), check, &checks.Env{Host: h, Passwords: checks.PasswordSettings{Words: words(), CPUs: 1}})
}

func auditWith(ctx context.Context, check checks.Check, env *checks.Env) checks.Result {
	rec := checks.NewRecorder(check)
	check.Run(ctx, env, rec)
	return rec.Seal()
}

// verdict is the short form that tables expect: "pass", "fail:critical",
// "unknown:budget", "not_applicable:absent".
func verdict(r checks.Result) string {
	switch r.Status {
	case checks.StatusPass:
		return "pass"
	case checks.StatusFail:
		return "fail:" + r.Worst().String()
	}
	return r.Status.String() + ":" + string(r.Reason)
}

// verdicts runs the three checks.
func verdicts(h *host.Host) string {
	var out []string
	for _, c := range Checks() {
		out = append(out, verdict(audit(c, h)))
	}
	return strings.Join(out, " ")
}

func TestFamily(t *testing.T) {
	var ids []string
	for _, c := range Checks() {
		ids = append(ids, c.ID)
		if c.Family() != "password" || c.Title == "" || c.Remedy == "" || c.Rationale == "" || c.Severity == checks.SeverityNone || c.Since == 0 || c.Run == nil {
			t.Errorf("%q is incomplete", c.ID)
		}
	}
	if got := strings.Join(ids, " "); got != "password.dictionary password.empty password.scheme" {
		t.Errorf("checks %s", got)
	}
}

// TestFields is the table of password fields: what each form means for the
// three checks when it stands in shadow or in passwd itself.
func TestFields(t *testing.T) {
	data, err := os.ReadFile("testdata/fields.tsv")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		rows++
		columns := strings.Split(strings.TrimSpace(line), "\t")
		name, quoted, want := columns[0], columns[1], strings.Join(columns[2:], " ")
		t.Run(name, func(t *testing.T) {
			body := quoted[1 : len(quoted)-1]
			inShadow := "-- etc/passwd --\nalice:x:1000:1000:Alice:/home/alice:/bin/bash\n-- etc/shadow quoted --\nalice:" + body + ":20000:0:99999:7:::\n" + pamNullok
			if got := verdicts(hosttest.Load(t, inShadow)); got != want {
				t.Errorf("in shadow: got %s, want %s", got, want)
			}
			if field, _ := strconv.Unquote(quoted); field == "x" || field == "*NP*" {
				return // these words send to shadow
			}
			inPasswd := "-- etc/passwd quoted --\nalice:" + body + ":1000:1000:Alice:/home/alice:/bin/bash\n-- etc/shadow --\nalice:!:20000:0:99999:7:::\n" + pamNullok
			if got := verdicts(hosttest.Load(t, inPasswd)); got != want {
				t.Errorf("in passwd: got %s, want %s", got, want)
			}
		})
	}
	if rows < 50 {
		t.Errorf("only %d rows", rows)
	}
}

// TestFindings: what a finding says and what it must not say.
func TestFindings(t *testing.T) {
	h := hosttest.Load(t, "-- etc/passwd --\nroot:*:0:0:::\nalice:x:1000:1000:Alice:/home/alice:/bin/bash\n"+
		"-- etc/shadow --\n# kept by hand\nalice:"+weakHash+":20000:0:99999:7:::\n")
	r := audit(Dictionary(), h)
	if len(r.Findings) != 1 {
		t.Fatalf("findings: %+v", r.Findings)
	}
	f := r.Findings[0]
	if f.Subject != "alice" || !f.Private || f.Evidence != checks.Configured || f.Location != checks.At("/etc/shadow", 2) {
		t.Errorf("finding %+v", f)
	}
	derived := hosttest.Load(t, strings.ReplaceAll("-- etc/passwd --\nroot:*:0:0:::\nalice:x:1000:1000:Alice:/home/alice:/bin/bash\n-- etc/shadow --\nalice:HASH:20000:0:99999:7:::\n",
		"HASH", "$6$rounds=1000$saltsalt$9EfzBAongja/5ex6vr.WGOaOK5.Vijnn7QrOJKlkOKl4H45zZLuJvYrOLwwdA0pgEyZWD4brRm0BYLc4tWZuO0"))
	r2 := audit(Dictionary(), derived)
	if len(r2.Findings) != 1 || r2.Findings[0].Detail != f.Detail || r2.Findings[0].Kind != f.Kind {
		t.Errorf("a derived password is told from a listed one: %+v", r2.Findings)
	}
	// Counts of tries would tell the place of the word in the list.
	if r.Facts["candidates_tried"] != "0" || fmt.Sprint(r.Facts) != fmt.Sprint(r2.Facts) {
		t.Errorf("facts differ: %v, %v", r.Facts, r2.Facts)
	}
}

// TestSecrets: nothing a check records holds a hash, a word or a field.
func TestSecrets(t *testing.T) {
	data, err := os.ReadFile("testdata/fields.tsv")
	if err != nil {
		t.Fatal(err)
	}
	passwd, shadow := "-- etc/passwd --\n", "-- etc/shadow quoted --\n"
	var secrets []string
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if columns := strings.Split(line, "\t"); !strings.HasPrefix(line, "#") {
			body := columns[1][1 : len(columns[1])-1]
			passwd += fmt.Sprintf("user%d:x:%d:100::/:/bin/sh\n", i, 1000+i)
			shadow += fmt.Sprintf("user%d:%s:20000:0:99999:7:::\n", i, body)
			if len(body) > 9 {
				secrets = append(secrets, body[len(body)-8:], body[:8])
			}
		}
	}
	secrets = append(secrets, "password1", "saltsalt", goodWord)
	h := hosttest.Load(t, passwd+shadow)
	for _, c := range Checks() {
		r := audit(c, h)
		text := fmt.Sprintf("%+v", r)
		if r.Status != checks.StatusFail {
			t.Errorf("%s: %v", c.ID, r.Status)
		}
		for _, s := range secrets {
			if strings.Contains(text, s) {
				t.Errorf("%s tells %q", c.ID, s)
			}
		}
		for _, f := range r.Findings {
			if !f.Private || strings.Contains(string(r.Summary), string(f.Subject)) {
				t.Errorf("%s: finding is not private or the summary names it", c.ID)
			}
		}
	}
}

// TestWithoutPAM: pam_unix refuses bsdicrypt, crypt(3) does not.
func TestWithoutPAM(t *testing.T) {
	const accounts = "-- etc/passwd --\nalice:x:1000:1000:::/bin/bash\n-- etc/shadow --\nalice:_J9..abcdMaXT6Q4y6Lw:20000::::::\n"
	for pam, want := range map[string]string{"": "fail:critical pass fail:medium", pamNullok: "fail:medium pass fail:medium"} {
		if got := verdicts(hosttest.Load(t, accounts+pam)); got != want {
			t.Errorf("with %q: got %s, want %s", pam, got, want)
		}
	}
}
