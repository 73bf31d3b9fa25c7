package crack

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// fakeHasher answers from a table instead of hashing.
type fakeHasher struct {
	each  lanes // zero: one
	mu    sync.Mutex
	calls []string // "hash:word" in order
	// batches are the calls that came together.
	batches  []string
	released int
	password map[string]string // of a hash
	hit      func(hash, word string) bool
	hook     func(hash, word string) error
}

func (m *fakeHasher) lanes(*Form) lanes { return lanes{max(m.each.n, 1), m.each.oneSalt} }

func (m *fakeHasher) memory(tries []try) int64 { return tries[0].form.Cost.Memory }

func (m *fakeHasher) hash(tries []try) {
	var together []string
	for _, t := range tries {
		together = append(together, t.form.hash+":"+string(t.word))
	}
	m.mu.Lock()
	m.calls = append(m.calls, together...)
	m.batches = append(m.batches, strings.Join(together, " "))
	m.mu.Unlock()
	for i := range tries {
		t := &tries[i]
		hash := t.form.hash
		if m.hook != nil {
			t.err = m.hook(hash, string(t.word))
		}
		t.digest = []byte("another")
		if t.err == nil && m.hit != nil && m.hit(hash, string(t.word)) {
			t.digest = []byte(hash[t.form.digest:])
		}
		// With equal salts the digest may be that of another hash.
		for h, word := range m.password {
			if setting := hash[:t.form.digest]; t.err == nil && word == string(t.word) && strings.HasPrefix(h, setting) {
				t.digest = []byte(h[len(setting):])
			}
		}
	}
}

func (m *fakeHasher) release() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.released++
}

func fakeJob(hash string, derived ...string) Job {
	return Job{Form: Form{Class: Hash, Scheme: MD5Crypt, Supported: true, hash: hash, digest: len(hash)}, Derived: words(derived...)}
}

func words(w ...string) [][]byte {
	var out [][]byte
	for _, s := range w {
		out = append(out, []byte(s))
	}
	return out
}

func with(m *fakeHasher, o Options) Options {
	o.newHasher = func(func() bool) hasher { return m }
	return o
}

func TestOrder(t *testing.T) {
	m := &fakeHasher{hit: func(hash, word string) bool { return hash == "b" && word == "w1" }}
	got := Run(t.Context(), []Job{fakeJob("a", "a1", "a2", "w2", "a1", ""), fakeJob("b", "b1"), fakeJob("c")},
		with(m, Options{CPUs: 1, Words: words("w1", "", "w2", "w1", "w3\x00", "w4")}))
	want := []string{"a:", "b:", "c:", "a:a1", "b:b1", "a:a2", "a:w2", "a:w1", "b:w1", "c:w1", "c:w2", "a:w4", "c:w4"}
	if diff := cmp.Diff(want, m.calls); diff != "" {
		t.Error(diff)
	}
	verdicts := []Verdict{
		{State: Survived, Tried: 6, Total: 6},
		{State: Weak, Tried: 3, Total: 5},
		{State: Survived, Tried: 4, Total: 4},
	}
	if diff := cmp.Diff(verdicts, got); diff != "" {
		t.Error(diff)
	}
}

func TestEqualHashesAreHashedOnce(t *testing.T) {
	m := &fakeHasher{hit: func(_, word string) bool { return word == "bob1" }}
	got := Run(t.Context(), []Job{fakeJob("a", "alice", "alice1"), fakeJob("a", "bob", "alice", "bob1")},
		with(m, Options{CPUs: 1, Words: words("w1", "w2")}))
	want := []string{"a:", "a:alice", "a:bob", "a:alice1", "a:bob1"}
	if diff := cmp.Diff(want, m.calls); diff != "" {
		t.Error(diff)
	}
	v := Verdict{State: Weak, Tried: 5, Total: 7}
	if diff := cmp.Diff([]Verdict{v, v}, got); diff != "" {
		t.Error(diff)
	}
}

func TestEmptyPassword(t *testing.T) {
	f := Identify("$5$rounds=1000$salt$oacEarljCLl1hnwSHaKByNaFLSC8faCZtGSPISXgwZ.")
	got := Run(t.Context(), []Job{{Form: f}}, Options{Words: words("password")})
	if diff := cmp.Diff([]Verdict{{State: Weak, Empty: true, Tried: 1, Total: 2}}, got); diff != "" {
		t.Error(diff)
	}
}

// With many workers, matches come back in any order; the verdict is the first
// in candidate order all the same.
func TestVerdictsDoNotDependOnWorkers(t *testing.T) {
	var list []string
	for i := range 200 {
		list = append(list, fmt.Sprint("w", i))
	}
	var jobs []Job
	for i := range 20 {
		jobs = append(jobs, fakeJob(fmt.Sprint(i)))
	}
	hit := func(hash, word string) bool {
		return slices.Contains([]string{"3:w50", "3:w51", "3:w52", "7:w0", "7:w1", "9:w199"}, hash+":"+word)
	}
	one := Run(t.Context(), jobs, with(&fakeHasher{hit: hit}, Options{CPUs: 1, Words: words(list...)}))
	for range 20 {
		many := Run(t.Context(), jobs, with(&fakeHasher{hit: hit}, Options{CPUs: 8, Words: words(list...)}))
		if diff := cmp.Diff(one, many); diff != "" {
			t.Fatal(diff)
		}
	}
	if one[3].Tried != 52 || one[7].Tried != 2 || one[9].Tried != 201 || one[0].State != Survived {
		t.Errorf("%+v", one)
	}
}

func TestBudget(t *testing.T) {
	now := time.Unix(0, 0)
	m := &fakeHasher{hook: func(string, string) error { now = now.Add(time.Second); return nil }}
	got := Run(t.Context(), []Job{fakeJob("a"), fakeJob("b", "b1")}, with(m, Options{
		CPUs: 1, Words: words("w1", "w2", "w3"), Budget: 4 * time.Second, Now: func() time.Time { return now },
	}))
	want := []Verdict{{State: Partial, Tried: 2, Total: 4}, {State: Partial, Tried: 2, Total: 5}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(m.calls) != 4 {
		t.Errorf("%d candidates within a budget of 4", len(m.calls))
	}
}

func TestCancel(t *testing.T) {
	var list []string
	for i := range 1000 {
		list = append(list, fmt.Sprint(i))
	}
	const cpus, at = 4, 5
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var n atomic.Int32
	m := &fakeHasher{hook: func(string, string) error {
		if n.Add(1) == at {
			cancel()
		}
		return nil
	}}
	got := Run(ctx, []Job{fakeJob("a")}, with(m, Options{CPUs: cpus, Words: words(list...)}))
	if v := got[0]; v.State != Partial || v.Tried < at || v.Tried > at+cpus || v.Total != 1001 {
		t.Errorf("ended during the run: %+v", v)
	}
	got = Run(ctx, []Job{fakeJob("a")}, with(m, Options{CPUs: cpus, Words: words(list...)}))
	if diff := cmp.Diff([]Verdict{{State: Partial, Total: 1001}}, got); diff != "" {
		t.Error("ended before the run:", diff)
	}
}

// The real engine ends within one hash of the deadline.
func TestDeadlineWithRealHashes(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	var list []string
	for i := range 10_000 {
		list = append(list, fmt.Sprint(i))
	}
	f := Identify(strings.Replace(sample2b, "$04$", "$05$", 1)) // about 2 ms
	start := time.Now()
	got := Run(ctx, []Job{{Form: f}}, Options{Words: words(list...)})
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("returned after %v", took)
	}
	if got[0].State != Partial || got[0].Tried == 0 {
		t.Errorf("%+v", got)
	}
}

func TestPanicIsFailed(t *testing.T) {
	m := &fakeHasher{hook: func(hash, word string) error {
		switch hash + ":" + word {
		case "a:w1":
			panic("hash a and the word w1")
		case "b:w1":
			return errors.New("refused")
		}
		return nil
	}}
	for _, cpus := range []int{1, 4} {
		got := Run(t.Context(), []Job{fakeJob("a"), fakeJob("b"), fakeJob("c")}, with(m, Options{CPUs: cpus, Words: words("w1", "w2")}))
		if got[0].State != Failed || !strings.HasPrefix(got[0].Where, "crack/run_test.go:") {
			t.Errorf("panic: %+v", got[0])
		}
		if got[1].State != Failed || got[1].Where != "" {
			t.Errorf("error: %+v", got[1])
		}
		if got[2].State != Survived {
			t.Errorf("the one beside them: %+v", got[2])
		}
		if s := fmt.Sprintf("%+v", got); strings.Contains(s, "w1") {
			t.Errorf("the panic's value is in the verdict: %s", s)
		}
	}
}

func TestProgress(t *testing.T) {
	var seen [][2]int64
	m := &fakeHasher{hit: func(hash, word string) bool { return hash == "a" && word == "w1" }}
	Run(t.Context(), []Job{fakeJob("a"), fakeJob("b"), fakeJob("b")}, with(m, Options{
		CPUs: 2, Words: words("w1", "w2", "w3"),
		Progress: func(done, total int64, _ time.Duration) { seen = append(seen, [2]int64{done, total}) },
	}))
	if len(seen) < 2 || seen[0] != [2]int64{0, 8} || seen[len(seen)-1] != [2]int64{8, 8} {
		t.Errorf("progress %v, want from 0 to 8 of 8", seen)
	}
	if !slices.IsSortedFunc(seen, func(a, b [2]int64) int { return int(a[0] - b[0]) }) {
		t.Errorf("progress goes back: %v", seen)
	}
	got := Run(t.Context(), []Job{fakeJob("a")}, with(&fakeHasher{}, Options{
		Words: words("w1"), Progress: func(int64, int64, time.Duration) { panic("terminal gone") },
	}))
	if got[0].State != Survived {
		t.Errorf("with a panicking progress: %+v", got[0])
	}
}

func TestRefusals(t *testing.T) {
	const mib = 1 << 20
	y := Identify("$y$j9T$dNbQ1Wv8hW4.F3HEX9x4f1$8aUGBYQz06OsPDt5YWRDTUp5nlLJJqbSbGZgQY1dHt.")
	tests := []struct {
		name string
		form Form
		opts Options
		want State
	}{
		{"zero", Form{}, Options{}, NotTestable},
		{"empty", Identify(""), Options{}, NotTestable},
		{"locked", Identify("!"), Options{}, NotTestable},
		{"malformed", Identify(sample6 + " "), Options{}, NotTestable},
		{"unsupported-prefix", Identify("$9$x"), Options{}, NotTestable},
		{"many-rounds", Identify(strings.Replace(sample6, "$6$", "$6$rounds=999999999$", 1)), Options{}, TooCostly},
		{"rounds-over-try", Identify(sample6), Options{MaxTry: 5 * time.Millisecond}, TooCostly},
		{"bcrypt-14", Identify(strings.Replace(sample2b, "$04$", "$14$", 1)), Options{}, TooCostly},
		{"bcrypt-31", Identify(strings.Replace(sample2b, "$04$", "$31$", 1)), Options{}, TooCostly},
		{"memory", y, Options{Memory: 15 * mib}, TooCostly},
		{"memory-fits", y, Options{Memory: 16 * mib}, Survived},
		{"yescrypt-1-gib", Identify("$y$jFT$dNbQ1Wv8hW4.F3HEX9x4f1$8aUGBYQz06OsPDt5YWRDTUp5nlLJJqbSbGZgQY1dHt."), Options{Memory: 8 << 30}, TooCostly},
		{"yescrypt-huge", Identify("$y$jS" + "T$dNbQ1Wv8hW4.F3HEX9x4f1$8aUGBYQz06OsPDt5YWRDTUp5nlLJJqbSbGZgQY1dHt."), Options{MaxTry: 1 << 62}, TooCostly},
		{"locked-hash", Identify("!" + sample2b), Options{}, Survived},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &fakeHasher{}
			got := Run(t.Context(), []Job{{Form: tt.form}}, with(m, tt.opts))
			if got[0].State != tt.want {
				t.Errorf("%v, want %v", got[0].State, tt.want)
			}
			if tt.want != Survived && len(m.calls) > 0 {
				t.Errorf("%d candidates were started", len(m.calls))
			}
		})
	}
}

func TestMemoryBoundsWorkers(t *testing.T) {
	job := fakeJob("a")
	job.Form.Cost.Memory = 16 << 20
	var running, most atomic.Int64
	m := &fakeHasher{hook: func(string, string) error {
		n := running.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		time.Sleep(time.Millisecond)
		running.Add(-1)
		return nil
	}}
	var list []string
	for i := range 100 {
		list = append(list, fmt.Sprint(i))
	}
	got := Run(t.Context(), []Job{job}, with(m, Options{CPUs: 8, Memory: 40 << 20, Words: words(list...)}))
	if got[0].State != Survived || most.Load() != 2 {
		t.Errorf("%v; %d at once, want 2", got[0].State, most.Load())
	}
}

// A word is weak exactly where it is the password, over all schemes at once.
func TestRunWithRealHashes(t *testing.T) {
	var jobs []Job
	for _, h := range []string{sample6, sample1, sample2b, sampleY, sampleApr1, "!" + sample6Salt} {
		jobs = append(jobs, Job{Form: Identify(h), Derived: words("alice")})
	}
	for _, tt := range []struct {
		list []string
		want Verdict
	}{
		{[]string{"123456", "password1"}, Verdict{State: Weak, Tried: 4, Total: 4}},
		{[]string{"123456", "password2"}, Verdict{State: Survived, Tried: 4, Total: 4}},
	} {
		for i, v := range Run(t.Context(), jobs, Options{Words: words(tt.list...)}) {
			if v != tt.want {
				t.Errorf("%v: %+v, want %+v", jobs[i].Form, v, tt.want)
			}
		}
	}
	if got := Run(t.Context(), nil, Options{}); len(got) != 0 {
		t.Errorf("no jobs give %v", got)
	}
}
