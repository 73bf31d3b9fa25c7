package crack

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// grouped are fake jobs of one scheme and cost each, in the order given; the name
// before a dot is the salt.
func grouped(hashes ...string) []Job {
	var jobs []Job
	for _, h := range hashes {
		j := fakeJob(h)
		if salt, _, ok := strings.Cut(h, "."); ok {
			j.Form.digest = len(salt)
		} else {
			j.Form.digest = 1
		}
		jobs = append(jobs, j)
	}
	return jobs
}

// What is handed over together, batch by batch.
func TestBatchesAreFilled(t *testing.T) {
	tests := []struct {
		name string
		jobs []Job
		each lanes
		list []string
		want []string // batches
	}{
		{"one-each", grouped("a", "b"), lanes{n: 1}, []string{"w1"}, []string{"a:", "b:", "a:w1", "b:w1"}},
		{
			"one-word-on-many-hashes", grouped("a", "b", "c", "d"),
			lanes{n: 4},
			[]string{"w1", "w2"},
			[]string{"a: b: c: d:", "a:w1 b:w1 c:w1 d:w1", "a:w2 b:w2 c:w2 d:w2"},
		},
		{
			"further-words-where-hashes-are-few", grouped("a", "b"),
			lanes{n: 4},
			[]string{"w1", "w2", "w3"},
			[]string{"a: b: a:w1 b:w1", "a:w2 b:w2 a:w3 b:w3"},
		},
		{
			"one-hash", grouped("a"),
			lanes{n: 3},
			[]string{"w1", "w2", "w3", "w4"},
			[]string{"a: a:w1 a:w2", "a:w3 a:w4"},
		},
		{
			"one-salt", grouped("a", "b"),
			lanes{n: 3, oneSalt: true},
			[]string{"w1", "w2", "w3", "w4"},
			[]string{"a: a:w1 a:w2", "b: b:w1 b:w2", "a:w3 a:w4", "b:w3 b:w4"},
		},
		{
			"derived",
			[]Job{fakeJob("a", "a1", "a2"), fakeJob("b")},
			lanes{n: 2},
			[]string{"w1"},
			[]string{"a: b:", "a:a1 a:a2", "a:w1 b:w1"},
		},
		{"equal-salts", grouped("s.a", "s.b", "t.c"), lanes{n: 1}, []string{"w1"}, []string{"s.a:", "t.c:", "s.a:w1", "t.c:w1"}},
		{
			"equal-salts-further-words", grouped("s.a", "s.b"),
			lanes{n: 3},
			[]string{"w1", "w2", "w3"},
			[]string{"s.a:", "s.a:w1 s.a:w2 s.a:w3"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := &fakeHasher{each: tt.each}
			for _, v := range Run(t.Context(), tt.jobs, with(m, Options{CPUs: 1, Words: words(tt.list...)})) {
				if v.State != Survived || v.Tried != v.Total {
					t.Errorf("%+v", v)
				}
			}
			if diff := cmp.Diff(tt.want, m.batches); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Cheap hashes come first at each word, and hashes of one cost stand together.
func TestCheapFirst(t *testing.T) {
	dear, cheap, dear2 := fakeJob("dear"), fakeJob("cheap"), fakeJob("dear2")
	dear.Form.Cost.Rounds, dear2.Form.Cost.Rounds = 5000, 5000
	dear.Form.digest, dear2.Form.digest = 4, 5
	m := &fakeHasher{}
	Run(t.Context(), []Job{dear, cheap, dear2}, with(m, Options{CPUs: 1, Words: words("w1")}))
	want := []string{"cheap:", "dear:", "dear2:", "cheap:w1", "dear:w1", "dear2:w1"}
	if diff := cmp.Diff(want, m.batches); diff != "" {
		t.Error(diff)
	}
}

// However the work is batched, every candidate is tried once on every hash that has it,
// and the verdicts are those of one at a time: also with equal salts, with what earlier
// runs tried, and with runs that end early.
func TestBatchesAgree(t *testing.T) {
	for seed := range uint64(300) {
		rng := rand.New(rand.NewPCG(seed, 6))
		var jobs []Job
		for i := range 1 + rng.IntN(9) {
			var own []string
			for range rng.IntN(4) {
				own = append(own, fmt.Sprint("w", rng.IntN(12)))
			}
			j := fakeJob(fmt.Sprintf("%c%c.%d", 'r'+rng.IntN(3), 's'+rng.IntN(2), i), own...)
			j.Form.digest = 2
			j.Form.Cost.Rounds = uint64(rng.IntN(2))
			jobs = append(jobs, j)
		}
		var list []string
		for i := range rng.IntN(12) {
			list = append(list, fmt.Sprint("w", i))
		}
		password, taken := map[string]string{}, map[string]bool{}
		for _, j := range jobs {
			w := fmt.Sprint("w", rng.IntN(12))
			// One word under one salt has one hash.
			if under := j.Form.hash[:2] + w; rng.IntN(3) == 0 && !taken[under] {
				password[j.Form.hash], taken[under] = w, true
			}
		}
		life := func(each lanes, cpus int) (last []Verdict) {
			d := newDisk()
			for step := range 4 {
				m := &fakeHasher{each: each, password: password}
				o := Options{CPUs: cpus, Words: words(list[:len(list)*(step+1)/4]...), Ledger: d.open(t)}
				if step == 1 {
					only(3)(m, &o)
					o.CPUs = 1 // for its clock
				}
				last = Run(t.Context(), jobs, with(m, o))
				d.now = d.now.Add(time.Minute)
			}
			return last
		}
		want := life(lanes{}, 1)
		for i := range want {
			want[i].Tried, want[i].Known = 0, 0
		}
		for _, each := range []lanes{{n: 2}, {n: 5}, {n: 64, oneSalt: true}} {
			for _, cpus := range []int{1, 3} {
				got := life(each, cpus)
				for i := range got {
					got[i].Tried, got[i].Known = 0, 0
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatalf("seed %d, %+v, %d workers: %s", seed, each, cpus, diff)
				}
			}
		}
	}
}

// The first match in candidate order is what counts, not the first that came back.
func TestBatchFindsFirst(t *testing.T) {
	hit := func(_, word string) bool { return word == "w2" || word == "w3" }
	got := Run(t.Context(), grouped("a"), with(&fakeHasher{each: lanes{n: 8}, hit: hit}, Options{CPUs: 1, Words: words("w1", "w2", "w3", "w4")}))
	if want := (Verdict{State: Weak, Tried: 3, Total: 5}); got[0] != want {
		t.Errorf("%+v, want %+v", got[0], want)
	}
}

// A hash that makes the engine panic takes none of those beside it along.
func TestPanicInBatch(t *testing.T) {
	m := &fakeHasher{each: lanes{n: 4}, hook: func(hash, _ string) error {
		if hash == "b" {
			panic("b")
		}
		return nil
	}, hit: func(hash, word string) bool { return hash == "c" && word == "w1" }}
	got := Run(t.Context(), grouped("a", "b", "c"), with(m, Options{CPUs: 1, Words: words("w1")}))
	if got[0].State != Survived || got[1].State != Failed || got[2].State != Weak {
		t.Errorf("%+v", got)
	}
}

// A batch that was stopped in work was not tried: nobody survives by it.
func TestStoppedIsNotTried(t *testing.T) {
	d := newDisk()
	ctx, cancel := context.WithCancel(t.Context())
	m := &fakeHasher{each: lanes{n: 2}, hook: func(hash, word string) error {
		if word == "w1" {
			cancel()
			return errStopped
		}
		return nil
	}}
	jobs := grouped("a", "b")
	o := with(m, Options{CPUs: 1, Words: words("w1", "w2"), Ledger: d.open(t)})
	for _, v := range Run(ctx, jobs, o) {
		if v.State != Partial || v.Tried != 1 {
			t.Errorf("%+v, want only the empty word tried", v)
		}
	}
	calls, got := d.run(t, jobs, []string{"w1", "w2"}, hits("b:w1"))
	wantCalls(t, calls, "a:w1", "b:w1", "a:w2")
	if got[0].State != Survived || got[1].State != Weak {
		t.Errorf("%+v", got)
	}
}

// Real hashes end in the middle when nobody waits for them any more: a second of
// work each, given up within 100 ms. The bound here is wider for a busy machine.
func TestCancelWithinAHash(t *testing.T) {
	costly := map[string]string{
		"sha512crypt": strings.Replace(sample6, "$6$", "$6$rounds=9000000$", 1),
		"sha256crypt": "$5$rounds=9000000$abcdefghijklmnop$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5",
		"bcrypt":      strings.Replace(sample2b, "$04$", "$15$", 1),
		"yescrypt":    "$y$jET$dNbQ1Wv8hW4.F3HEX9x4f1$8aUGBYQz06OsPDt5YWRDTUp5nlLJJqbSbGZgQY1dHt.",
		"bsdicrypt":   "_zzzz" + sampleBSDi[5:],
		"sha1crypt":   "$sha1$9000000$wnUR8T1U$vt1TFQ50tBMFgkflAFAOer2CwdYZ",
		"sunmd5":      "$md5,rounds=900000$9ZLwtuT0$$6SaU8MtCJH2ZrM7DqG7OI1",
	}
	for name, hash := range costly {
		t.Run(name, func(t *testing.T) {
			f := Identify(hash)
			if !f.Supported {
				t.Fatalf("%v: %s", f, f.Why)
			}
			ctx, cancel := context.WithCancel(t.Context())
			var ended time.Time
			time.AfterFunc(50*time.Millisecond, func() { ended = time.Now(); cancel() })
			got := Run(ctx, []Job{{Form: f}}, Options{Words: words("w1", "w2"), CPUs: 2, MaxTry: time.Hour, Memory: 4 << 30})
			<-ctx.Done()
			late := time.Since(ended)
			t.Logf("%v after the end", late)
			if got[0].State != Partial || got[0].Tried != 0 {
				t.Errorf("%+v", got[0])
			}
			if late > 2*time.Second {
				t.Errorf("returned %v after the end", late)
			}
		})
	}
}

// Every scheme that is hashed in batches, against one at a time.
func TestBatchesOfRealHashes(t *testing.T) {
	c := newLibcrypt(t)
	list := []string{"w", "password", "longer-than-eight", "\xfc\xfc", strings.Repeat("x", 80)}
	for i := range 90 {
		list = append(list, fmt.Sprint("word", i))
	}
	for _, setting := range []string{
		"$6$rounds=1000$salt$", "$5$rounds=1000$salt$", "$1$salt$", "$y$j4T$salt$", "ab", "ab............", "_J9..salt",
		"$2b$04$abcdefghijklmnopqrstuu", "$2x$04$abcdefghijklmnopqrstuu",
	} {
		for _, at := range []int{0, 1, 2, 3, 11, 63, 64, 65, len(list) - 1} {
			h := c.crypt(t, list[at], setting)
			jobs := []Job{{Form: Identify(h)}, {Form: Identify(c.crypt(t, "none of these", setting))}}
			got := Run(t.Context(), jobs, Options{CPUs: 1, Words: words(list...)})
			if got[0].State != Weak || got[1].State != Survived {
				t.Errorf("%s, word %d: %v, %v", jobs[0].Form.Scheme, at, got[0].State, got[1].State)
			}
		}
	}
}

func TestForecast(t *testing.T) {
	now := time.Unix(0, 0)
	var left []time.Duration
	m := &fakeHasher{hook: func(string, string) error { now = now.Add(time.Second); return nil }}
	Run(t.Context(), grouped("a", "b"), with(m, Options{
		CPUs: 1, Words: words("w1", "w2"), Now: func() time.Time { return now },
		Progress: func(_, _ int64, l time.Duration) { left = append(left, l) },
	}))
	want := []time.Duration{5, 4, 3, 2, 1, 0}
	for i := range want {
		want[i] *= time.Second
	}
	if diff := cmp.Diff(want, left[1:]); diff != "" {
		t.Error(diff)
	}
}
