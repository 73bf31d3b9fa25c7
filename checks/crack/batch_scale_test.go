package crack

import (
	"fmt"
	"testing"
)

// Equal salts are looked at together: before the list is reached, no hash takes words of
// it that one computation settles for all of them.
func TestTwinsWaitForEachOther(t *testing.T) {
	var jobs []Job
	for i := range 200 {
		j := fakeJob(fmt.Sprint("s", i), fmt.Sprint("own", i))
		j.Form.digest = 1
		jobs = append(jobs, j)
	}
	m := &fakeHasher{each: lanes{n: 64, oneSalt: true}}
	for _, v := range Run(t.Context(), jobs, with(m, Options{CPUs: 1, Words: words("w1", "w2", "w3", "w4")})) {
		if v.State != Survived || v.Tried != 6 {
			t.Fatalf("%+v", v)
		}
	}
	if want := 1 + 200 + 4; len(m.calls) != want {
		t.Errorf("%d computations, want %d", len(m.calls), want)
	}
}

// While the empty word is tried, the derived candidates of a bounded number of hashes are
// made ahead.
func TestDerivedAreNotAllMadeAhead(t *testing.T) {
	s := newSchedule(manyJobs(10*blockSize), withDefaults(Options{CPUs: 1}))
	h := &fakeHasher{each: lanes{n: 64, oneSalt: true}}
	most, tests := 0, 0
	var b batch
	for s.next(t.Context(), h, &b) {
		tests += len(b.tasks)
		h.hash(b.tries)
		s.settle(&b, s.now(), 0)
		n := 0
		for _, u := range s.units {
			if u.prepared {
				n++
			}
		}
		most = max(most, n)
	}
	if tests != 2*10*blockSize || most > 3*blockSize {
		t.Errorf("%d tests; %d of %d hashes had their derived candidates in memory", tests, most, 10*blockSize)
	}
}

// A hash that fails does not keep its derived candidates.
func TestFailedKeepNoCandidates(t *testing.T) {
	s := newSchedule(manyJobs(3*blockSize), withDefaults(Options{CPUs: 1}))
	h := &fakeHasher{hook: func(_, word string) error {
		if word == "" {
			return nil
		}
		return errRefused
	}}
	var b batch
	for s.next(t.Context(), h, &b) {
		h.hash(b.tries)
		s.settle(&b, s.now(), 0)
	}
	n := 0
	for _, u := range s.units {
		if u.prepared {
			n++
		}
	}
	s.commit()
	for i, v := range s.verdicts() {
		if v.State != Failed || s.units[i].rec.derivedDone || !s.units[i].rec.emptyTried {
			t.Fatalf("%+v", v)
		}
	}
	if n > blockSize {
		t.Errorf("%d of %d failed hashes hold their derived candidates", n, 3*blockSize)
	}
}

func manyJobs(n int) []Job {
	jobs := make([]Job, n)
	for i := range jobs {
		jobs[i] = fakeJob(fmt.Sprintf("%06d", i), fmt.Sprint("own", i))
	}
	return jobs
}

// A hash of more accounts than can be asked for is not passed over in silence, nor are
// all their candidates held at a time.
func TestHashOfTooManyAccounts(t *testing.T) {
	d := newDisk()
	var jobs []Job
	for i := range maxShared + 10 {
		jobs = append(jobs, fakeJob("h", fmt.Sprint("own", i)))
	}
	for range 2 {
		calls, got := d.run(t, jobs, []string{"w1"}, nil)
		if len(calls) > 2+maxShared {
			t.Errorf("%d candidates", len(calls))
		}
		for _, v := range got {
			if v.State != Partial || v.Remembered || v.Total != 2+maxShared+10 || v.Tried+v.Known != 2+maxShared {
				t.Fatalf("%+v", v)
			}
		}
	}
	_, got := d.run(t, jobs[10:], []string{"w1"}, nil)
	if v := got[0]; v.State != Survived {
		t.Errorf("%+v", v)
	}
	_, got = d.run(t, jobs, []string{"w1", "w2"}, hits("h:w2"))
	if got[0].State != Weak || got[maxShared+9].State != Weak {
		t.Errorf("%+v, %+v", got[0], got[maxShared+9])
	}
}
