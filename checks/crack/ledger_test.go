package crack

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// disk is where the runs of a test keep their ledger.
type disk struct {
	blob  []byte
	now   time.Time
	saves int
	fail  bool
}

func newDisk() *disk { return &disk{now: time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)} }

func (d *disk) clock() time.Time { return d.now }

func (d *disk) open(t *testing.T) *Ledger {
	t.Helper()
	l := NewLedger(d.clock)
	if d.blob != nil {
		var err error
		if l, err = OpenLedger(d.blob, d.clock); err != nil {
			t.Fatal(err)
		}
	}
	l.KeepBy(func(b []byte) error {
		if d.fail {
			return errors.New("disk full")
		}
		d.saves++
		d.blob = b
		return nil
	})
	return l
}

// run is one audit: it returns what was tried, in order, and the verdicts.
func (d *disk) run(t *testing.T, jobs []Job, list []string, change func(*fakeHasher, *Options)) ([]string, []Verdict) {
	t.Helper()
	m := &fakeHasher{}
	o := Options{CPUs: 1, Words: words(list...), Ledger: d.open(t)}
	if change != nil {
		change(m, &o)
	}
	got := Run(t.Context(), jobs, with(m, o))
	return m.calls, got
}

// only stops after n candidates.
func only(n int) func(*fakeHasher, *Options) {
	return func(m *fakeHasher, o *Options) {
		now := time.Unix(0, 0)
		o.Now, o.Budget = func() time.Time { return now }, time.Duration(n)*time.Second
		m.hook = func(string, string) error { now = now.Add(time.Second); return nil }
	}
}

func hits(pairs ...string) func(*fakeHasher, *Options) {
	return func(m *fakeHasher, _ *Options) {
		m.hit = func(hash, word string) bool {
			return slices.Contains(pairs, hash+":"+word)
		}
	}
}

func wantCalls(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmp.Transformer("empty", func(s []string) []string { return append([]string{}, s...) })); diff != "" {
		t.Errorf("candidates: %s", diff)
	}
}

// Steps of one host's life; each says what is tried.
func TestNothingIsTriedTwice(t *testing.T) {
	d := newDisk()
	a, b := fakeJob("a", "a1", "w2"), fakeJob("b", "b1")
	both := []Job{a, b}
	step := func(name string, jobs []Job, list []string, want []string, verdicts ...Verdict) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			calls, got := d.run(t, jobs, list, nil)
			wantCalls(t, calls, want...)
			if diff := cmp.Diff(verdicts, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	s := func(tried, total int) Verdict {
		return Verdict{State: Survived, Tried: tried, Known: total - tried, Total: total}
	}
	step("first", both, []string{"w1", "w2"}, []string{"a:", "b:", "a:a1", "b:b1", "a:w2", "a:w1", "b:w1", "b:w2"}, s(4, 4), s(4, 4))
	saves := d.saves
	step("unchanged", both, []string{"w1", "w2"}, nil, s(0, 4), s(0, 4))
	if d.saves != saves {
		t.Error("nothing is new, but the ledger was written")
	}
	step("in-another-order", []Job{b, a}, []string{"w2", "w1"}, nil, s(0, 4), s(0, 4))
	step("inserted", both, []string{"w1", "new", "w2"}, []string{"a:new", "b:new"}, s(1, 5), s(1, 5))
	step("removed", both, []string{"new", "w2"}, nil, s(0, 4), s(0, 4))
	step("came-back", both, []string{"w1", "new", "w2"}, nil, s(0, 5), s(0, 5))
	step("listed-what-was-derived", both, []string{"w1", "new", "w2", "b1"}, []string{"a:b1"}, s(1, 6), s(0, 5))
	step("derived-more", []Job{fakeJob("a", "a2", "a1", "new"), b}, []string{"w1", "new", "w2", "b1"}, []string{"a:a2"}, s(1, 7), s(0, 5))
	step("derived-what-was-before", both, []string{"w1", "new", "w2", "b1"}, nil, s(0, 6), s(0, 5))
	step("another-hash", []Job{fakeJob("c"), b}, []string{"w1"}, []string{"c:", "c:w1"}, s(2, 2), s(0, 3))
	step("the-old-hash-again", both, []string{"w1"}, nil, s(0, 4), s(0, 3))
	step("shared-by-a-new-account", []Job{a, b, fakeJob("b", "eve")}, []string{"w1"}, []string{"b:eve"}, s(0, 4), s(1, 4), s(1, 4))
}

func TestEngineRevision(t *testing.T) {
	d := newDisk()
	other := fakeJob("s")
	other.Form.Scheme = SHA512Crypt
	jobs := []Job{fakeJob("m"), other}
	d.run(t, jobs, []string{"w1"}, hits("m:w1"))
	l := d.open(t)
	for _, r := range l.records {
		if r.scheme == MD5Crypt {
			r.revision-- // as if the engine's were raised
		}
	}
	l.changed = true
	l.flush()
	calls, got := d.run(t, jobs, []string{"w1"}, nil)
	wantCalls(t, calls, "m:", "m:w1")
	if got[0].State != Survived || got[1].State != Survived {
		t.Errorf("%+v", got)
	}
	for s := range schemeNames {
		if Scheme(s) != SchemeUnknown && engineRevision[s] == 0 {
			t.Errorf("%v has no revision", Scheme(s))
		}
	}
}

func TestWeakHolds(t *testing.T) {
	list := []string{"w1", "w2", "w3"}
	first := []Job{fakeJob("a", "d1", "d2")}
	weak := Verdict{State: Weak, Known: 6, Total: 6}
	for _, tt := range []struct {
		name, hit string
		derived   []string
		list      []string
		want      []string // tried by the second run
	}{
		{"unchanged", "a:w2", []string{"d1", "d2"}, list, nil},
		{"list-grew", "a:w2", []string{"d1", "d2"}, []string{"w0", "w1", "w2", "w3"}, nil},
		{"word-gone", "a:w2", []string{"d1", "d2"}, []string{"w1", "w3"}, []string{"a:", "a:d1", "a:d2", "a:w1", "a:w3"}},
		{"another-gone", "a:w2", []string{"d1", "d2"}, []string{"w1", "w2"}, []string{"a:", "a:d1", "a:d2", "a:w1", "a:w2"}},
		{"gone-but-derived", "a:w2", []string{"d1", "w2", "d2"}, []string{"w1", "w3"}, nil},
		{"derived-gone", "a:d1", []string{"d2"}, list, []string{"a:", "a:d2", "a:w1", "a:w2", "a:w3"}},
		{"derived-gone-but-listed", "a:d1", []string{"d2"}, []string{"w1", "w2", "w3", "d1"}, nil},
		{"derived-more", "a:d1", []string{"d3", "d1", "d2"}, list, nil},
		{"empty", "a:", nil, nil, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newDisk()
			_, got := d.run(t, first, list, hits(tt.hit))
			if got[0].State != Weak {
				t.Fatalf("%+v", got)
			}
			for range 2 { // a verdict that holds goes on holding
				// The empty word is known of a hash that is tested again.
				calls, got := d.run(t, []Job{fakeJob("a", tt.derived...)}, tt.list, hits(tt.hit))
				want := tt.want
				if len(want) > 0 {
					want = want[1:]
				}
				if len(want) > 0 && len(calls) > len(want) {
					t.Errorf("tried %q", calls)
				}
				for i, c := range calls {
					if i >= len(want) || c != want[i] {
						t.Errorf("tried %q, want the beginning of %q", calls, want)
					}
				}
				if len(want) > 0 && len(calls) == 0 {
					t.Error("nothing was tried again")
				}
				gone := strings.Contains(tt.name, "gone") && !strings.Contains(tt.name, "but") && tt.name != "another-gone"
				if (got[0].State == Weak) == gone || got[0].Empty != (tt.hit == "a:") {
					t.Errorf("%+v", got[0])
				}
				if gone || len(want) > 0 {
					return
				}
			}
		})
	}
	d := newDisk()
	d.run(t, first, list, hits("a:w1"))
	_, got := d.run(t, first, list, nil)
	if diff := cmp.Diff([]Verdict{weak}, got); diff != "" {
		t.Error(diff)
	}
}

// A ledger does not tell which word matched, nor whether it was a listed one.
func TestLedgerDoesNotTellTheWord(t *testing.T) {
	start := newDisk()
	start.run(t, nil, nil, func(_ *fakeHasher, o *Options) { o.Ledger.changed = true })
	var blobs [][]byte
	for _, word := range []string{"d1", "d2", "w1", "w2", "w3"} {
		d := newDisk()
		d.blob = start.blob
		_, got := d.run(t, []Job{fakeJob("a", "d1", "d2"), fakeJob("b")}, []string{"w1", "w2", "w3"}, hits("a:"+word))
		if got[0].State != Weak {
			t.Fatalf("%+v", got)
		}
		blobs = append(blobs, d.blob)
	}
	for i, b := range blobs {
		if !bytes.Equal(b, blobs[0]) {
			t.Errorf("blobs 0 and %d differ", i)
		}
	}
}

func TestEmptyOnly(t *testing.T) {
	d := newDisk()
	jobs := []Job{fakeJob("a", "a1"), fakeJob("b"), fakeJob("c")}
	empty := func(m *fakeHasher, o *Options) { hits("b:", "c:w1")(m, o); o.EmptyOnly = true }
	calls, got := d.run(t, jobs, []string{"w1"}, empty)
	wantCalls(t, calls, "a:", "b:", "c:")
	want := []Verdict{
		{State: Survived, Tried: 1, Total: 1}, {State: Weak, Empty: true, Tried: 1, Total: 1}, {State: Survived, Tried: 1, Total: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	calls, got = d.run(t, jobs, []string{"w1"}, hits("b:", "c:w1"))
	wantCalls(t, calls, "a:a1", "a:w1", "c:w1")
	if got[0].State != Survived || !got[1].Empty || got[2].State != Weak || got[2].Empty {
		t.Errorf("%+v", got)
	}
	calls, got = d.run(t, jobs, nil, empty)
	wantCalls(t, calls)
	if got[0].State != Survived || !got[1].Empty || got[2].State != Survived {
		t.Errorf("%+v", got)
	}
	// One ledger for both checks of an audit.
	l := newDisk().open(t)
	m := &fakeHasher{}
	Run(t.Context(), jobs, with(m, Options{CPUs: 1, Ledger: l, EmptyOnly: true}))
	v := Run(t.Context(), jobs, with(m, Options{CPUs: 1, Ledger: l, Words: words("w1")}))
	if len(m.calls) != 7 || v[0].Tried != 3 || v[0].Known != 0 {
		t.Errorf("%q, %+v", m.calls, v[0])
	}
}

// What failed was not tried.
func TestFailedIsNotTakenDown(t *testing.T) {
	d := newDisk()
	jobs := []Job{fakeJob("a")}
	_, got := d.run(t, jobs, []string{"w1", "w2"}, func(m *fakeHasher, _ *Options) {
		m.hook = func(_, word string) error {
			if word == "w2" {
				return errRefused
			}
			return nil
		}
	})
	if got[0].State != Failed {
		t.Fatalf("%+v", got)
	}
	calls, got := d.run(t, jobs, []string{"w1", "w2"}, nil)
	wantCalls(t, calls, "a:w2")
	if got[0].State != Survived {
		t.Errorf("%+v", got)
	}
}

// A hash that fails in every run holds nobody up, however small the budget.
func TestFailedDoesNotStarve(t *testing.T) {
	d := newDisk()
	jobs := []Job{fakeJob("bad"), fakeJob("a")}
	for range 8 {
		_, got := d.run(t, jobs, []string{"w1"}, func(m *fakeHasher, o *Options) {
			only(1)(m, o)
			tick := m.hook
			m.hook = func(hash, word string) error {
				if err := tick(hash, word); err != nil || hash != "bad" {
					return err
				}
				return errRefused
			}
		})
		if got[1].State == Survived {
			return
		}
		d.now = d.now.Add(time.Minute)
	}
	t.Error("the sound hash was not finished in 8 runs")
}

// What a run with more memory found out holds for one with less.
func TestTooCostlyIsRemembered(t *testing.T) {
	d := newDisk()
	jobs := []Job{fakeJob("weak"), fakeJob("sound"), fakeJob("new")}
	for i := range jobs {
		jobs[i].Form.Cost.Memory = 32 << 20
	}
	less := func(_ *fakeHasher, o *Options) { o.Memory = 16 << 20 }
	d.run(t, jobs[:2], []string{"w1", "w2"}, hits("weak:w1"))
	for _, tt := range []struct {
		name  string
		list  []string
		empty bool
		want  []State
	}{
		{"same-list", []string{"w1", "w2"}, false, []State{Weak, Survived, TooCostly}},
		{"empty-only", nil, true, []State{Survived, Survived, TooCostly}},
		{"another-word", []string{"w1", "w2", "w3"}, false, []State{Weak, TooCostly, TooCostly}},
		{"the-word-removed", []string{"w2"}, false, []State{TooCostly, Survived, TooCostly}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls, got := d.run(t, jobs, tt.list, func(m *fakeHasher, o *Options) { less(m, o); o.EmptyOnly = tt.empty })
			wantCalls(t, calls)
			for i, v := range got {
				if v.State != tt.want[i] || v.State == TooCostly && v != (Verdict{State: TooCostly}) {
					t.Errorf("%d: %+v, want %v", i, v, tt.want[i])
				}
			}
		})
	}
	calls, _ := d.run(t, jobs[1:2], []string{"w1", "w2", "w3"}, nil)
	wantCalls(t, calls, "sound:w3")
}

// A class of accounts that was made with one hash.
func TestManyNamesOfOneHash(t *testing.T) {
	d := newDisk()
	var own []string
	for i := range maxTable + 10 {
		own = append(own, fmt.Sprint("own", i))
	}
	d.run(t, []Job{fakeJob("a", own...)}, []string{"w1"}, nil)
	calls, got := d.run(t, []Job{fakeJob("a", own...)}, []string{"w1"}, nil)
	wantCalls(t, calls)
	if got[0].State != Survived {
		t.Errorf("%+v", got)
	}
}

// Derive and its revision change together: raise deriveRevision with this digest.
func TestDeriveRevision(t *testing.T) {
	var all [][]byte
	for _, n := range []Names{
		{"alice", "Alice B. Liddell,12345,+49 30 1234", "web01.example", time.Unix(1767355200, 0)},
		{"\xff", "Ünal Äöü", "ß", time.Unix(1767355200, 0)},
	} {
		all = append(all, Derive(n.Login, n.GECOS, n.Hostname, n.Now)...)
	}
	sum := newDigester([keySize]byte{}).word(bytes.Join(all, []byte{0}))
	if want := uint64(0xaf5b05631a0d2ca5); deriveRevision != 1 || sum != want {
		t.Errorf("revision %d, digest %#x", deriveRevision, sum)
	}
}

func TestLedgerPrintsNothing(t *testing.T) {
	d := newDisk()
	l := d.open(t)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
		if got := fmt.Sprintf(verb, l); got != "ledger" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
}
