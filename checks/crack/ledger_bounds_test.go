package crack

import (
	"fmt"
	"testing"
	"time"
)

func TestForgetting(t *testing.T) {
	d := newDisk()
	d.run(t, []Job{fakeJob("a"), fakeJob("b")}, []string{"w1"}, nil)
	for range 20 {
		d.now = d.now.Add(48 * time.Hour)
		if calls, _ := d.run(t, []Job{fakeJob("a")}, []string{"w1"}, nil); len(calls) > 0 {
			t.Fatalf("tried %q", calls)
		}
	}
	if n := len(d.open(t).records); n != 1 {
		t.Errorf("%d records are kept after 40 days, want 1", n)
	}
	calls, _ := d.run(t, []Job{fakeJob("b")}, []string{"w1"}, nil)
	wantCalls(t, calls, "b:", "b:w1")
}

func TestLedgerIsBounded(t *testing.T) {
	d := newDisk()
	l := d.open(t)
	none := l.intern(nil)
	for i := range maxRecords + 500 {
		r := &record{scheme: MD5Crypt, revision: 1, set: none, derivedDone: true, derived: 60, seen: 1, own: make(ownDigests, 60*ownSize)}
		r.id[0], r.id[1], r.id[2] = byte(i>>16), byte(i>>8), byte(i)
		l.records[r.id] = r
	}
	l.changed = true
	l.flush()
	if len(d.blob) > 40<<20 {
		t.Errorf("the blob has %d MiB", len(d.blob)>>20)
	}
	l = d.open(t)
	lost := 0
	for _, r := range l.records {
		if r.lostOwn {
			lost++
		}
	}
	if len(l.records) != maxRecords || lost == 0 || lost > maxRecords*4/5 {
		t.Errorf("%d records, %d without derived digests", len(l.records), lost)
	}
}

// A hash with more derived candidates than are kept goes on where it stopped all
// the same.
func TestLostOwn(t *testing.T) {
	d := newDisk()
	var own []string
	for i := range maxOwnEach + 100 {
		own = append(own, fmt.Sprint("own", i))
	}
	jobs := []Job{fakeJob("a", own...)}
	total := 0
	for range 3 {
		calls, _ := d.run(t, jobs, []string{"w1", "own5"}, only(maxOwnEach/2+70))
		total += len(calls)
	}
	if want := 1 + len(own) + 1; total != want {
		t.Errorf("tried %d, want %d", total, want)
	}
	calls, got := d.run(t, jobs, []string{"w1", "own5"}, nil)
	wantCalls(t, calls)
	if got[0].State != Survived {
		t.Errorf("%+v", got)
	}
	calls, _ = d.run(t, []Job{fakeJob("a", own[1:]...)}, []string{"w1", "own5"}, nil)
	if len(calls) != len(own)-2 { // not own5, which the list has
		t.Errorf("other names: %d tried again, want %d", len(calls), len(own)-2)
	}
}

func TestCompact(t *testing.T) {
	d := newDisk()
	jobs := []Job{fakeJob("a"), fakeJob("b")}
	list := func(from, n int) []string {
		out := []string{"always"}
		for i := range n {
			out = append(out, fmt.Sprint(from+i))
		}
		return out
	}
	hit := hits("b:5")
	d.run(t, jobs, list(0, 10_000), hit)
	for i := range 7 {
		d.run(t, jobs[:1], list(10_000*(1+i), 10_000), nil)
	}
	if n := len(d.open(t).words); n > maxTable {
		t.Errorf("%d words are kept", n)
	}
	calls, got := d.run(t, jobs, append(list(70_000, 10_000), "5"), hit)
	if got[1].State != Weak || got[0].State != Survived || calls[0] == "a:always" || len(calls) > 10_010 {
		t.Errorf("%+v after %d candidates", got, len(calls))
	}
}
