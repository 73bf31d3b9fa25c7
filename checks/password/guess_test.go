package password

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host"
	"hostaudit/checks/host/hosttest"
)

// many makes a host with n accounts; field gives the shadow field of each.
func many(t *testing.T, n int, field func(i int) string) *host.Host {
	t.Helper()
	var passwd, shadow strings.Builder
	for i := range n {
		fmt.Fprintf(&passwd, "user%d:x:%d:100:User %d:/home/user%d:/bin/bash\n", i, 1000+i, i, i)
		fmt.Fprintf(&shadow, "user%d:%s:20000:0:99999:7:::\n", i, field(i))
	}
	return hosttest.Load(t, "-- etc/passwd --\n"+passwd.String()+"-- etc/shadow --\n"+shadow.String())
}

// block is how many accounts the engine derives candidates for at a time.
const block = 512

// TestBudget: hashes that no time was left for are a gap and never a pass. It
// names no account.
func TestBudget(t *testing.T) {
	for _, accounts := range []int{1, fewAccounts, fewAccounts + 1, block + 1} {
		t.Run(fmt.Sprint(accounts), func(t *testing.T) {
			env := &checks.Env{
				Host:      many(t, accounts, func(int) string { return goodHash }),
				Passwords: checks.PasswordSettings{Words: words(), CPUs: 1, Budget: time.Nanosecond},
			}
			for _, c := range []checks.Check{Dictionary(), Empty()} {
				r := auditWith(context.Background(), c, env)
				if r.Status != checks.StatusUnknown || r.Reason != checks.ReasonBudget || len(r.Gaps) != 1 {
					t.Fatalf("%s: %v %v, %d gaps", c.ID, r.Status, r.Reason, len(r.Gaps))
				}
				if g := r.Gaps[0]; g.Subject != "" || g.Location != (checks.Location{}) {
					t.Errorf("%s: the gap is about %q, %v", c.ID, g.Subject, g.Location)
				}
				if r.Facts["hashes_tested"] != "0" {
					t.Errorf("%s: facts %v", c.ID, r.Facts)
				}
			}
		})
	}
}

// TestMissingNames: who is weak does not follow from the names of the others
// when the findings' names are withheld.
func TestMissingNames(t *testing.T) {
	// The good one costs more, and is begun when the weak ones are settled.
	h := hosttest.Load(t, strings.NewReplacer("WEAK", weakHash, "GOOD", "$2b$08$abcdefghijklmnopqrstuuWTSHkTgWdsWag7rtSY2APXG6jxP2cuq").Replace(
		"-- etc/passwd --\na1:x:1:1:::\nb1:x:2:2:::\nc1:x:3:3:::\nd1:x:4:4:::\n"+
			"-- etc/shadow --\na1:WEAK:20000::::::\nb1:GOOD:20000::::::\nc1:WEAK:20000:::::1:\nd1::20000:::::1:\n"))
	ctx, cancel := context.WithCancel(context.Background())
	var last int64
	list := words()
	for i := range 100 {
		list = append(list, fmt.Append(nil, "word", i))
	}
	env := &checks.Env{Host: h, Passwords: checks.PasswordSettings{
		Words: list, CPUs: 1,
		// A word that matches settles its hash's others at a stroke.
		Progress: func(done, _ int64, _ time.Duration) {
			if done > last+50 {
				cancel()
			}
			last = done
		},
	}}
	defer cancel()
	for _, c := range []checks.Check{Dictionary(), Empty()} {
		r := auditWith(ctx, c, env)
		if c.ID == "password.dictionary" && (len(r.Findings) != 1 || len(r.Gaps) != 1 || r.Gaps[0].Reason != checks.ReasonBudget) {
			t.Fatalf("the run was to end between the two accounts: %+v, gaps %+v", r.Findings, r.Gaps)
		}
		if len(r.Notes) == 0 {
			t.Errorf("%s: no notes", c.ID)
		}
		for _, name := range []string{"a1", "b1", "c1", "d1"} {
			if strings.Contains(fmt.Sprintf("%+v %+v %+v %s", r.Gaps, r.Notes, r.Facts, r.Summary), name) {
				t.Errorf("%s names %s: %+v, %+v", c.ID, name, r.Gaps, r.Notes)
			}
		}
	}
}

// TestCancelled: a check that starts after its deadline passes nothing.
func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	env := &checks.Env{Host: many(t, 2, func(int) string { return goodHash }), Passwords: checks.PasswordSettings{Words: words()}}
	for _, c := range []checks.Check{Dictionary(), Empty()} {
		if r := auditWith(ctx, c, env); r.Status != checks.StatusUnknown || r.Reason != checks.ReasonBudget {
			t.Errorf("%s: %v %v", c.ID, r.Status, r.Reason)
		}
	}
}

// TestNoWords: without a list nothing is established about listed words.
func TestNoWords(t *testing.T) {
	env := &checks.Env{Host: many(t, 1, func(int) string { return goodHash })}
	if r := auditWith(context.Background(), Dictionary(), env); verdict(r) != "unknown:no_metadata" {
		t.Errorf("got %s", verdict(r))
	}
	env.Host = many(t, 1, func(int) string { return "!" })
	if r := auditWith(context.Background(), Dictionary(), env); verdict(r) != "pass" {
		t.Errorf("nothing to try the list on: got %s", verdict(r))
	}
}

// TestBatches: beyond a batch the same accounts are found.
func TestBatches(t *testing.T) {
	n := block + 88
	h := many(t, n, func(i int) string {
		switch i {
		case 1, block + 1:
			return weakHash
		case 2:
			return emptyHash
		}
		return "$6$" // malformed: costs nothing
	})
	var last, total int64
	env := &checks.Env{Host: h, Passwords: checks.PasswordSettings{Words: words(), Progress: func(d, n int64, _ time.Duration) {
		if d < last || d > n {
			t.Errorf("progress %d of %d after %d", d, n, last)
		}
		last, total = d, n
	}}}
	var subjects []string
	for _, f := range auditWith(context.Background(), Dictionary(), env).Findings {
		subjects = append(subjects, string(f.Subject))
	}
	if got := strings.Join(subjects, " "); got != fmt.Sprintf("user1 user%d", block+1) {
		t.Errorf("found %s", got)
	}
	if last == 0 || last > total {
		t.Errorf("progress ended at %d of %d", last, total)
	}
	// The malformed ones leave three hashes, which is one block: ask for more.
	env.Passwords.Progress = nil
	env.Host = many(t, block+2, func(i int) string {
		if i == block {
			return weakHash
		}
		return "$1$salt" + fmt.Sprint(i%8) + "$kE9ognc0TODG6GInX.9au/"
	})
	g := newGuesser(context.Background(), env)
	want := map[string]int{"weak": 1, "survived": block + 1}
	got := map[string]int{}
	for _, v := range g.dictionary(take(env.Host).of(live)) {
		got[v.State.String()]++
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestLockedTwin: a weak account stays known where a locked one has the same hash,
// however little time later audits have.
func TestLockedTwin(t *testing.T) {
	const hash = "$1$saltsalt$CNfbP8BKHqIuOlriaxG3J/" // alice
	files := "-- etc/passwd --\nbob:x:1:1:::\nalice:x:2:1:::\n-- etc/shadow --\nbob:!" + hash + ":20000::::::\nalice:" + hash + ":20000::::::\n"
	var blob []byte
	saves := 0
	kept := &checks.Keeper{
		Load: func() ([]byte, error) { return blob, nil },
		Save: func(b []byte) error { blob, saves = b, saves+1; return nil },
	}
	for i := range 3 {
		env := &checks.Env{Host: hosttest.Load(t, files), Passwords: checks.PasswordSettings{Words: words(), CPUs: 1, Kept: kept}}
		if i > 0 {
			env.Passwords.Budget = time.Nanosecond
			saves = 0
		}
		r := auditWith(context.Background(), Dictionary(), env)
		if len(r.Findings) != 1 || r.Findings[0].Subject != "alice" || len(r.Gaps) > 0 {
			t.Fatalf("audit %d: findings %v, gaps %v", i, r.Findings, r.Gaps)
		}
		if r.Facts["dormant_hashes_weak"] != "1" || i > 0 && saves > 0 {
			t.Errorf("audit %d: %d saves, facts %v", i, saves, r.Facts)
		}
	}
}

// TestManyAccounts: ten thousand accounts need little memory and make no report
// of ten thousand gaps.
func TestManyAccounts(t *testing.T) {
	const n = 10_000
	h := many(t, n, func(i int) string {
		return fmt.Sprintf("$y$j9T$salt%04d$FAyyao2nDRuCojBiRcKyhilKlxaGQiYAh9ZWByX.4GB", i%10_000)
	})
	env := &checks.Env{Host: h, Passwords: checks.PasswordSettings{Words: words(), Budget: time.Millisecond, CPUs: 1}}
	for _, c := range Checks() {
		runtime.GC()
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		r := auditWith(context.Background(), c, env)
		runtime.ReadMemStats(&after)
		t.Logf("%s: %d MiB allocated", c.ID, (after.TotalAlloc-before.TotalAlloc)>>20)
		if c.ID != "password.scheme" && (verdict(r) != "unknown:budget" || len(r.Gaps) != 1) {
			t.Errorf("%s: %s, %d gaps", c.ID, verdict(r), len(r.Gaps))
		}
		// One yescrypt region is 16 MiB; the rest is ours.
		if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 64 {
			t.Errorf("%s allocated %d MiB", c.ID, used)
		}
	}
}
