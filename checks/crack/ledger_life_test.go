package crack

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// life is a host whose accounts, names and word list change between audits that
// end early, are killed, or find something, and what is true about it.
type life struct {
	rand     *rand.Rand
	disk     *disk
	password map[string]string // of each hash; "" is the empty one, "-" is on no list
	tried    map[string]bool   // "hash:word" of all runs
	kept     map[string]bool   // those of runs that ended by themselves
	weakOnce map[string]bool   // hashes that were weak: reopened, they are tried again
}

func (l *life) words(n int) []string {
	var out []string
	for range l.rand.IntN(n + 1) {
		out = append(out, fmt.Sprint("w", l.rand.IntN(24)))
	}
	return out
}

// audit is one run on a random part of the world.
func (l *life) audit(t *testing.T, hashes []string) {
	var jobs []Job
	asked := map[string][]string{}
	list := l.words(16)
	for _, h := range hashes {
		if l.rand.IntN(6) == 0 {
			continue
		}
		for range 1 + l.rand.IntN(5)/4 {
			own := l.words(5)
			jobs = append(jobs, fakeJob(h, own...))
			asked[h] = append(asked[h], own...)
		}
		asked[h] = append(append(asked[h], ""), list...)
	}
	killed := l.rand.IntN(3) == 0
	ledger := l.disk.open(t)
	saves, dead := l.rand.IntN(8), false
	ledger.KeepBy(func(b []byte) error {
		if killed && saves == 0 {
			dead = true
		}
		saves--
		if dead {
			return errors.New("dead") // nothing reaches the disk after a kill
		}
		l.disk.blob = b
		return nil
	})
	m := &fakeHasher{hit: func(hash, word string) bool { return l.password[hash] == word }}
	m.each = lanes{n: 1 + l.rand.IntN(6), oneSalt: l.rand.IntN(2) == 0}
	o := Options{CPUs: 1 + l.rand.IntN(3), Words: words(list...), Ledger: ledger, Now: stepping2(), EmptyOnly: l.rand.IntN(9) == 0}
	if l.rand.IntN(3) > 0 {
		o.Budget = time.Duration(1+l.rand.IntN(60)) * time.Second
	}
	o.Idle = l.rand.IntN(7) == 0
	got := Run(t.Context(), jobs, with(m, o))
	for _, c := range m.calls {
		hash, _, _ := strings.Cut(c, ":")
		if l.kept[c] && !l.weakOnce[hash] {
			t.Errorf("%s was tried before", c)
		}
		l.tried[c] = true
	}
	for i, v := range got {
		hash := jobs[i].Form.hash
		candidates := asked[hash]
		if o.EmptyOnly {
			candidates = []string{""}
		}
		matches := slices.Contains(candidates, l.password[hash])
		if v.State == Weak {
			l.weakOnce[hash] = true
		}
		if v.State == Weak && (!matches || v.Empty != (l.password[hash] == "")) || v.State == Survived && matches || v.Known < 0 || v.Tried < 0 {
			t.Errorf("%s with password %q: %+v of %q", hash, l.password[hash], v, candidates)
		}
		if v.State == Survived {
			distinct := map[string]bool{}
			for _, w := range candidates {
				distinct[w] = true
				if !l.tried[hash+":"+w] {
					t.Errorf("%s survived without having been tried with %q", hash, w)
				}
			}
			if v.Known+v.Tried != v.Total || v.Total != len(distinct) {
				t.Errorf("%+v of %d candidates", v, len(distinct))
			}
		}
		if v.State == Partial && o.Budget == 0 {
			t.Errorf("unbounded, and yet %+v", v)
		}
	}
	if !dead {
		for _, c := range m.calls {
			l.kept[c] = true
		}
	}
}

// stepping2 goes on by half a second for each question, one for the budget and one
// for the checkpoint; workers ask side by side.
func stepping2() func() time.Time {
	ticks := make(chan time.Time, 1)
	ticks <- time.Unix(0, 0)
	return func() time.Time {
		now := (<-ticks).Add(time.Second / 2)
		ticks <- now
		return now
	}
}

func TestLife(t *testing.T) {
	for seed := range uint64(300) {
		l := &life{
			rand: rand.New(rand.NewPCG(seed, 6)), disk: newDisk(), password: map[string]string{},
			tried: map[string]bool{}, kept: map[string]bool{}, weakOnce: map[string]bool{},
		}
		for i := range 8 {
			l.password[fmt.Sprint("h", i)] = []string{"", "-", "-", "w1", "w9", "w17", "-", "w20"}[i]
		}
		for range 25 {
			l.audit(t, slices.Sorted(maps.Keys(l.password)))
			l.disk.now = l.disk.now.Add(time.Duration(l.rand.IntN(7200)-600) * time.Second)
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}
