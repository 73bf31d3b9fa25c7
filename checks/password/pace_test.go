package password

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/host/hosttest"
)

// heavy returns settings that are thrice the light work for n slow accounts on this
// machine, with a slot that comes after ten hours, and how many words that is.
func heavy(t *testing.T, n int) (settings func(*checks.PasswordSettings), words int) {
	t.Helper()
	try := shelf{slow: true}
	started := time.Now()
	d, _ := try.audits(t, n, hosttest.Now(), nil)
	each := time.Since(started) / time.Duration(number(t, d, "candidates_tried"))
	words = int(3*time.Second/each)/n + 1
	return func(p *checks.PasswordSettings) {
		p.Words = nil
		for i := range words {
			p.Words = append(p.Words, fmt.Appendf(nil, "word%d", i))
		}
		p.Slot = func(time.Duration) time.Duration { return 10 * time.Hour }
	}, words
}

func number(t *testing.T, r checks.Result, fact string) (n int) {
	t.Helper()
	if _, err := fmt.Sscan(string(r.Facts[fact]), &n); err != nil {
		t.Fatalf("%s: %v in %v", fact, err, r.Facts)
	}
	return n
}

// TestSlot: heavy work waits for the slot and is then done as a whole; the empty
// password does not wait, and nothing is tried twice.
func TestSlot(t *testing.T) {
	const n = 8
	heavy, words := heavy(t, n)
	now := hosttest.Now()
	s := shelf{slow: true}
	d, e := s.audits(t, n, now, heavy)
	first := number(t, d, "candidates_tried")
	if verdict(d) != "unknown:budget" || d.Facts["progress"] != "in_progress" || d.Facts["deferred"] != "yes" || first <= n {
		t.Fatalf("before the slot: %s, facts %v", verdict(d), d.Facts)
	}
	if verdict(e) != "pass" {
		t.Errorf("the empty password waits: %s", verdict(e))
	}
	total := first + number(t, d, "candidates_left") // where names gave fewer than could be, it is less
	d, _ = s.audits(t, n, now.Add(11*time.Hour), heavy)
	tried, earlier := number(t, d, "candidates_tried"), number(t, d, "candidates_tried_earlier")
	if verdict(d) != "pass" || d.Facts["deferred"] != "" || earlier != first || tried+earlier > total || tried < words*n-first {
		t.Errorf("in the slot: %s, facts %v; %d of %d were tried before", verdict(d), d.Facts, first, total)
	}
	d, _ = s.audits(t, n, now.Add(12*time.Hour), heavy)
	if verdict(d) != "pass" || number(t, d, "candidates_tried") != 0 || d.Facts["deferred"] != "" {
		t.Errorf("after it: %s, facts %v", verdict(d), d.Facts)
	}
}

// TestNoSlot: where the next run would not know that something waits, nothing does.
func TestNoSlot(t *testing.T) {
	heavy, _ := heavy(t, 8)
	for _, c := range []struct {
		name   string
		change func(*checks.PasswordSettings)
		n      int
		broken error
	}{
		{"cannot-be-written", heavy, 8, errors.New("no space left on device")},
		{"nothing-kept", func(p *checks.PasswordSettings) { heavy(p); p.Kept = nil }, 1, nil},
		{"another-run-writes", func(p *checks.PasswordSettings) { heavy(p); p.Kept.Save = nil }, 1, nil},
		{"nobody-asks", func(p *checks.PasswordSettings) { heavy(p); p.Slot = nil }, 1, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := shelf{broken: c.broken, slow: true}
			d, _ := s.audits(t, c.n, hosttest.Now(), c.change)
			if verdict(d) != "pass" || d.Facts["deferred"] != "" || number(t, d, "candidates_left") != 0 || number(t, d, "candidates_tried_earlier") != 0 {
				t.Errorf("%s, facts %v", verdict(d), d.Facts)
			}
		})
	}
}

// TestLightWorkDoesNotWait: what takes no time is done before any slot.
func TestLightWorkDoesNotWait(t *testing.T) {
	var s shelf
	d, _ := s.audits(t, 3, hosttest.Now(), func(p *checks.PasswordSettings) {
		p.Slot = func(time.Duration) time.Duration { return time.Hour }
	})
	if verdict(d) != "pass" || d.Facts["deferred"] != "" || number(t, d, "candidates_tried") == 0 {
		t.Errorf("%s, facts %v", verdict(d), d.Facts)
	}
}

// TestInProgressWithSlot: the hours before the slot are of the 48 as well.
func TestInProgressWithSlot(t *testing.T) {
	heavy, _ := heavy(t, 2)
	now := hosttest.Now()
	s := shelf{slow: true}
	slot := func(p *checks.PasswordSettings) { heavy(p); p.Budget = 1 }
	for _, c := range []struct {
		after time.Duration
		want  checks.Text
	}{{0, "in_progress"}, {47 * time.Hour, "in_progress"}, {49 * time.Hour, ""}} {
		d, _ := s.audits(t, 2, now.Add(c.after), slot)
		if verdict(d) != "unknown:budget" || d.Facts["progress"] != c.want {
			t.Errorf("after %s: %s, facts %v", c.after, verdict(d), d.Facts)
		}
	}
}
