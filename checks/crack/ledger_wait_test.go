package crack

import (
	"fmt"
	"testing"
	"time"
)

// With one candidate a run, and a new hash in every run, every hash is finished.
func TestSmallestBudget(t *testing.T) {
	d := newDisk()
	list := []string{"w1", "w2", "w3"}
	finished := map[int]bool{}
	tried := map[string]int{}
	for run := range 60 {
		var jobs []Job
		for i := range run + 1 {
			jobs = append(jobs, fakeJob(fmt.Sprint("h", i), fmt.Sprint("d", i)))
		}
		calls, got := d.run(t, jobs, list, func(m *fakeHasher, o *Options) {
			only(1)(m, o)
			o.Budget = 1 // spent before anything is started
			now := time.Unix(0, 0)
			o.Now = func() time.Time { now = now.Add(time.Second); return now }
		})
		if len(calls) != 1 {
			t.Fatalf("run %d tried %q", run, calls)
		}
		tried[calls[0]]++
		for i, v := range got {
			if v.State == Survived {
				finished[i] = true
			} else if finished[i] {
				t.Errorf("run %d: hash %d is %v again", run, i, v.State)
			}
		}
		d.now = d.now.Add(time.Minute)
	}
	for i := range 60 / 5 {
		if !finished[i] {
			t.Errorf("hash %d is not finished after 60 runs of one candidate", i)
		}
	}
	for c, n := range tried {
		if n > 1 {
			t.Errorf("%s was tried %d times", c, n)
		}
	}
}

// Long lists of new hashes leave the oldest its share of every run.
func TestOldestIsNotStarved(t *testing.T) {
	d := newDisk()
	var list []string
	for i := range 40 {
		list = append(list, fmt.Sprint("w", i))
	}
	d.run(t, []Job{fakeJob("old")}, list, only(1))
	d.now = d.now.Add(time.Minute)
	runs := 0
	for ; runs < 40; runs++ {
		var jobs []Job
		for i := range 64 {
			jobs = append(jobs, fakeJob(fmt.Sprintf("n%d.%d", runs, i)))
		}
		_, got := d.run(t, append(jobs, fakeJob("old")), list, only(64))
		if got[64].State == Survived {
			break
		}
		d.now = d.now.Add(time.Minute)
	}
	if runs > 11 {
		t.Errorf("the old hash was finished after %d runs of 64 candidates, want a share of 4 in each", runs)
	}
}

func TestWaiting(t *testing.T) {
	d := newDisk()
	jobs := []Job{fakeJob("a")}
	list := []string{"w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8", "w9"}
	check := func(name string, remembered bool, waiting time.Duration, n int) {
		t.Helper()
		_, got := d.run(t, jobs, list, only(n))
		if v := got[0]; v.State != Partial || v.Remembered != remembered || v.Waiting != waiting {
			t.Errorf("%s: %+v, want %v %v", name, v, remembered, waiting)
		}
	}
	check("first", true, 0, 1)
	d.now = d.now.Add(40 * time.Hour)
	check("later", true, 40*time.Hour, 1)
	d.now = d.now.Add(-30 * 24 * time.Hour)
	check("clock set back", true, 40*time.Hour, 1)
	d.now = d.now.Add(9 * time.Hour)
	check("time goes on", true, 49*time.Hour, 1)
	d.now = d.now.Add(time.Hour)
	d.fail = true
	check("not written", true, 50*time.Hour, 1)
	_, got := d.run(t, append(jobs, fakeJob("b")), list, only(1))
	if v := got[1]; v.Remembered || v.Waiting != 0 {
		t.Errorf("a new hash while nothing can be written: %+v", v)
	}
	d.fail = false
	// Also when no candidate is tried, how long they wait is kept.
	nothing := func(_ *fakeHasher, o *Options) { o.Idle, o.Budget = true, 1; o.Now = stepping() }
	d.run(t, jobs, list, nothing)
	d.now = d.now.Add(-1000 * time.Hour)
	d.run(t, jobs, list, nothing)
	d.now = d.now.Add(time.Hour)
	if _, got = d.run(t, jobs, list, nothing); got[0].Waiting != 51*time.Hour {
		t.Errorf("waits for %v, want 51 h", got[0].Waiting)
	}
	if _, got = d.run(t, jobs, list, nil); got[0].State != Survived {
		t.Fatalf("%+v", got)
	}
	list = append(list, "new", "newer")
	check("new work", true, 0, 1)
}

// Where only the empty word is asked for, nothing waits once it was tried: what comes
// months later is new work then.
func TestEmptyWordLeavesNothingWaiting(t *testing.T) {
	d := newDisk()
	jobs := []Job{fakeJob("a"), fakeJob("b")}
	emptyOnly := func(m *fakeHasher, o *Options) { o.EmptyOnly = true }
	for range 3 {
		d.run(t, jobs, nil, emptyOnly)
		d.now = d.now.Add(24 * time.Hour)
	}
	_, got := d.run(t, jobs, []string{"w1", "w2"}, only(1))
	if v := got[0]; v.State != Partial || !v.Remembered || v.Waiting != 0 {
		t.Errorf("%+v, want new work", v)
	}
	d.now = d.now.Add(time.Hour)
	d.run(t, jobs, nil, emptyOnly)
	_, got = d.run(t, jobs, []string{"w1", "w2"}, only(1))
	if v := got[1]; v.State != Partial || !v.Remembered || v.Waiting != time.Hour {
		t.Errorf("%+v, want an hour's wait", v)
	}
	// A Run that asks for more at the same time goes on waiting.
	c := []Job{fakeJob("c")}
	l := d.open(t)
	o := with(&fakeHasher{}, Options{CPUs: 1, Ledger: l, EmptyOnly: true})
	o.newHasher = func(func() bool) hasher {
		m := &fakeHasher{}
		more := with(m, Options{CPUs: 1, Ledger: l, Words: words("w1")})
		only(1)(m, &more)
		if v := Run(t.Context(), c, more)[0]; v.State != Partial || !v.Remembered {
			t.Errorf("beside: %+v", v)
		}
		return &fakeHasher{}
	}
	Run(t.Context(), c, o)
	if r := l.records[newDigester(l.key).record("c")]; r.since == 0 {
		t.Error("what is left to do is forgotten")
	}
}

// stepping is a clock that goes on by a second whenever it is asked.
func stepping() func() time.Time {
	now := time.Unix(0, 0)
	return func() time.Time { now = now.Add(time.Second); return now }
}

// A hash that nobody could log in by has not been waited for.
func TestIdleTimeDoesNotCount(t *testing.T) {
	d := newDisk()
	jobs := []Job{fakeJob("a")}
	idle := func(m *fakeHasher, o *Options) { only(1)(m, o); o.Idle = true }
	calls, _ := d.run(t, jobs, []string{"w1", "w2", "w3"}, idle)
	wantCalls(t, calls, "a:")
	d.now = d.now.Add(100 * time.Hour)
	calls, got := d.run(t, jobs, []string{"w1", "w2", "w3"}, only(1))
	wantCalls(t, calls, "a:w1")
	if got[0].Waiting != 0 || !got[0].Remembered {
		t.Errorf("%+v", got[0])
	}
	calls, _ = d.run(t, jobs, []string{"w1", "w2", "w3"}, func(_ *fakeHasher, o *Options) {
		o.Idle, o.Budget, o.Now = true, 1, stepping()
	})
	wantCalls(t, calls)
}
