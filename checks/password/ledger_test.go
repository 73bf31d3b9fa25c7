package password

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// shelf keeps the ledger between the audits of a test.
type shelf struct {
	blob   []byte
	broken error
	slow   bool // hashes of which no kernel tries hundreds at once
}

func (s *shelf) keeper() *checks.Keeper {
	return &checks.Keeper{
		Load: func() ([]byte, error) { return s.blob, nil },
		Save: func(b []byte) error {
			if s.broken == nil {
				s.blob = b
			}
			return s.broken
		},
	}
}

// audits runs both checks that guess as one audit at a time on a host of n accounts.
func (s *shelf) audits(t *testing.T, n int, now time.Time, change func(*checks.PasswordSettings)) (dictionary, empty checks.Result) {
	t.Helper()
	h := many(t, n, func(i int) string {
		if s.slow {
			return fmt.Sprintf("$2b$04$%04defghijklmnopqrstuuWTSHkTgWdsWag7rtSY2APXG6jxP2cuq", i)
		}
		return fmt.Sprintf("$1$salt%04d$kE9ognc0TODG6GInX.9au/", i)
	})
	h.Clock = func() time.Time { return now }
	env := &checks.Env{Host: h, Passwords: checks.PasswordSettings{Words: words(), CPUs: 1, Kept: s.keeper()}}
	if change != nil {
		change(&env.Passwords)
	}
	return auditWith(context.Background(), Dictionary(), env), auditWith(context.Background(), Empty(), env)
}

func tiny(p *checks.PasswordSettings) { p.Budget = 1 }

// TestInProgress: an audit that goes on in the next run says so for 48 hours.
func TestInProgress(t *testing.T) {
	now := hosttest.Now()
	s := shelf{slow: true}
	check := func(name string, at time.Time, want string) {
		t.Helper()
		d, e := s.audits(t, 5, at, tiny)
		if verdict(d) != "unknown:budget" || string(d.Facts["progress"]) != want {
			t.Errorf("%s: %s, facts %v", name, verdict(d), d.Facts)
		}
		if verdict(e) == "unknown:budget" && string(e.Facts["progress"]) != want {
			t.Errorf("%s: %s, facts %v", name, verdict(e), e.Facts)
		}
		for _, g := range d.Gaps {
			if g.Reason != checks.ReasonBudget {
				t.Errorf("%s: gap %+v", name, g)
			}
		}
	}
	check("first", now, "in_progress")
	check("47 h", now.Add(47*time.Hour), "in_progress")
	check("set back", now.Add(-1000*time.Hour), "in_progress")
	check("49 h", now.Add(-998*time.Hour), "")
	check("set back again", now.Add(-2000*time.Hour), "")
	d, _ := s.audits(t, 5, now, nil)
	if verdict(d) != "pass" || d.Facts["progress"] != "" || d.Facts["candidates_left"] != "0" || d.Facts["candidates_tried_earlier"] == "0" {
		t.Errorf("%s, facts %v", verdict(d), d.Facts)
	}
	s = shelf{broken: errors.New("read-only"), slow: true}
	check("nothing is kept", now, "")
}

// TestEverySmallBudgetEnds: with no time at all every account is finished some day,
// nothing twice, and the facts add up.
func TestEverySmallBudgetEnds(t *testing.T) {
	var s shelf
	now, tried := hosttest.Now(), 0
	d, _ := s.audits(t, 2, now, nil)
	var whole int
	_, _ = fmt.Sscan(string(d.Facts["candidates_tried"]), &whole)
	s = shelf{}
	for range 1000 {
		d, _ = s.audits(t, 2, now, tiny)
		var n int
		_, _ = fmt.Sscan(string(d.Facts["candidates_tried"]), &n)
		tried += n
		if verdict(d) == "pass" {
			break
		}
		now = now.Add(time.Minute)
	}
	if verdict(d) != "pass" {
		t.Fatalf("%s after %d candidates, facts %v", verdict(d), tried, d.Facts)
	}
	// Empty words that password.empty tried last are not among the facts of the
	// audit after it.
	if tried < whole-2 || tried > whole || whole < 50 {
		t.Errorf("%d candidates in many audits, %d in one", tried, whole)
	}
}

// TestUnchangedAccounts: the second audit tries nothing, and one more word is one
// more candidate.
func TestUnchangedAccounts(t *testing.T) {
	var s shelf
	n := block + 3
	s.audits(t, n, hosttest.Now(), nil)
	for _, tt := range []struct {
		name   string
		change func(*checks.PasswordSettings)
		tried  int
	}{
		{"unchanged", nil, 0},
		{"word-added", func(p *checks.PasswordSettings) { p.Words = append(p.Words, []byte("new")) }, n},
		{"word-removed", func(p *checks.PasswordSettings) { p.Words = p.Words[1:] }, 0},
	} {
		d, e := s.audits(t, n, hosttest.Now(), tt.change)
		if verdict(d) != "pass" || verdict(e) != "pass" || string(d.Facts["candidates_tried"]) != fmt.Sprint(tt.tried) {
			t.Errorf("%s: %s, facts %v", tt.name, verdict(d), d.Facts)
		}
	}
	// A new year makes new candidates of names; all others are known.
	d, _ := s.audits(t, n, hosttest.Now().AddDate(1, 0, 0), nil)
	if got := d.Facts["candidates_tried"]; got != checks.Text(fmt.Sprint(4*n)) {
		t.Errorf("a year later %s candidates for %d accounts, want 4 for each", got, n)
	}
}

// TestUnusableLedger: what cannot be read is told, and never taken for an answer.
func TestUnusableLedger(t *testing.T) {
	s := shelf{blob: []byte("no ledger")}
	d, _ := s.audits(t, 1, hosttest.Now(), nil)
	if verdict(d) != "pass" || d.Facts["candidates_tried_earlier"] != "0" || len(d.Notes) != 1 {
		t.Errorf("%s, notes %v, facts %v", verdict(d), d.Notes, d.Facts)
	}
	if d, _ = s.audits(t, 1, hosttest.Now(), nil); d.Facts["candidates_tried"] != "0" || len(d.Notes) != 0 {
		t.Errorf("after it was replaced: notes %v, facts %v", d.Notes, d.Facts)
	}
	saved := false
	d, _ = s.audits(t, 1, hosttest.Now(), func(p *checks.PasswordSettings) {
		p.Kept = &checks.Keeper{
			Load: func() ([]byte, error) { return nil, errors.New("newer") },
			Save: func([]byte) error { saved = true; return nil },
		}
	})
	if verdict(d) != "pass" || saved || d.Facts["candidates_tried_earlier"] != "0" {
		t.Errorf("%s, saved %v, facts %v", verdict(d), saved, d.Facts)
	}
}
