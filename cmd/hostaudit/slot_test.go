package main

import (
	"fmt"
	"testing"
	"time"

	"hostaudit/checks"
	"hostaudit/checks/policy"
)

func TestSlotDelay(t *testing.T) {
	const machine = "0123456789abcdef0123456789abcdef"
	noon := time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name     string
		since    time.Time
		interval time.Duration
		cycle    time.Duration
	}{
		{"five-minutes", noon, 5 * time.Minute, 6 * time.Hour},
		{"half-an-hour", noon, 30 * time.Minute, 12 * time.Hour},
		{"two-hours", noon, 2 * time.Hour, 18 * time.Hour},
		{"six-hours", noon, 6 * time.Hour, 18 * time.Hour},
		{"a-year", noon, 365 * 24 * time.Hour, 18 * time.Hour},
		{"longer-than-can-be-multiplied", noon, 1<<63 - 1, 18 * time.Hour},
		{"no-interval", noon, 0, 6 * time.Hour},
		{"before-1970", time.Unix(-12345, 0), 5 * time.Minute, 6 * time.Hour},
		{"odd-seconds", noon, 1801 * time.Second, 24 * 1801 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := slotDelay(machine, c.since, c.interval)
			if d < 0 || d >= c.cycle {
				t.Fatalf("waits %s of a cycle of %s", d, c.cycle)
			}
			// What is met later waits for the same moment, and after it for the next one.
			if d >= time.Minute {
				if later := slotDelay(machine, c.since.Add(time.Minute), c.interval); later != d-time.Minute {
					t.Errorf("waits %s, a minute later %s", d, later)
				}
			}
			slot := c.since.Add(d)
			if at := slotDelay(machine, slot, c.interval); at != 0 {
				t.Errorf("at its slot it waits %s", at)
			}
			if after := slotDelay(machine, slot.Add(time.Second), c.interval); after != c.cycle-time.Second {
				t.Errorf("after its slot it waits %s", after)
			}
		})
	}
	if slotDelay(machine, noon, 0) == slotDelay("f"+machine[1:], noon, 0) {
		t.Error("another machine has the same slot")
	}
}

// Guests of one image that are audited in the same moment begin their work in
// audits as different as there are.
func TestSlotsAreSpread(t *testing.T) {
	const guests = 6000
	for _, c := range []struct {
		interval time.Duration
		audits   int // of a cycle
	}{{5 * time.Minute, 72}, {2 * time.Hour, 9}, {6 * time.Hour, 3}} {
		t.Run(c.interval.String(), func(t *testing.T) {
			met := time.Date(2026, 3, 29, 3, 0, 0, 0, time.UTC)
			begin := map[int]int{}
			for i := range guests {
				d := slotDelay(fmt.Sprintf("%032x", i), met, c.interval)
				audit := int((d + c.interval - 1) / c.interval) // the first one after it
				begin[audit]++
				if late := time.Duration(audit) * c.interval; late > 24*time.Hour {
					t.Fatalf("guest %d begins after %s", i, late)
				}
			}
			fair := guests / c.audits
			for audit, n := range begin {
				if n > fair*3/2+10 {
					t.Errorf("%d guests begin in audit %d, %d would be fair", n, audit, fair)
				}
			}
			if len(begin) < c.audits {
				t.Errorf("they begin in %d audits, want %d", len(begin), c.audits)
			}
		})
	}
}

// Whatever the interval up to a day, work begins within a day of being met.
func TestSlotWithinADay(t *testing.T) {
	met := time.Date(2026, 3, 29, 3, 0, 0, 0, time.UTC)
	for _, interval := range []time.Duration{time.Minute, 5 * time.Minute, time.Hour, 2 * time.Hour, 3 * time.Hour, 4 * time.Hour, 6 * time.Hour} {
		for i := range 500 {
			now, machine := met, fmt.Sprint(i)
			for now.Sub(met) < slotDelay(machine, met, interval) {
				now = now.Add(interval)
			}
			if now.Sub(met) > 24*time.Hour {
				t.Fatalf("audited every %s, host %d begins after %s", interval, i, now.Sub(met))
			}
		}
	}
}

// Only what nobody waits for has a slot, and only where the next audit goes on.
func TestWhoHasASlot(t *testing.T) {
	keeper := &checks.Keeper{Save: func([]byte) error { return nil }}
	for _, c := range []struct {
		name string
		s    settings
		want bool
	}{
		{"agent", settings{agent: true, machine: "m\n", verdicts: keeper}, true},
		{"by-hand", settings{machine: "m", verdicts: keeper}, false},
		{"no-machine-id", settings{agent: true, machine: "\n", verdicts: keeper}, false},
		{"no-state", settings{agent: true, machine: "m"}, false},
		{"another-run-at-work", settings{agent: true, machine: "m", verdicts: &checks.Keeper{}}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			now := time.Unix(1_800_000_000, 0)
			slot := (&program{}).slot(&c.s, func() time.Time { return now })
			if (slot != nil) != c.want {
				t.Fatalf("has a slot: %v, want %v", slot != nil, c.want)
			}
			if slot != nil && slot(time.Hour) != slotDelay("m", now.Add(-time.Hour), agentInterval) {
				t.Errorf("waits %s", slot(time.Hour))
			}
		})
	}
	seldom := settings{agent: true, machine: "m", verdicts: keeper}
	seldom.policy.Agent.MinInterval = policy.Duration(2 * time.Hour)
	now := time.Unix(1_800_000_000, 0)
	if got := (&program{}).slot(&seldom, func() time.Time { return now })(0); got != slotDelay("m", now, 2*time.Hour) {
		t.Errorf("min_interval counts for nothing: %s", got)
	}
}
