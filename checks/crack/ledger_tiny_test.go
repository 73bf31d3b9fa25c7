package crack

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// mixed is a hasher to which costs are schemes: each wants its work in another way.
type mixed struct{ *fakeHasher }

func (m mixed) lanes(f *Form) lanes {
	return []lanes{{n: 1}, {n: 4}, {n: 16, oneSalt: true}, {n: 64, oneSalt: true}}[f.Cost.Rounds%4]
}

// With one batch in a run, of fifty hashes of several schemes, some with one salt and some
// of several accounts, and a list that grows with every audit, every hash is finished, and
// no candidate is tried twice or left out.
func TestTinyBudgetsFinish(t *testing.T) {
	for seed := range uint64(5) {
		rng := rand.New(rand.NewPCG(seed, 7))
		d := newDisk()
		var jobs []Job
		password, taken := map[string]string{}, map[string]bool{}
		for i := range 50 {
			cost := rng.IntN(4)
			hash := fmt.Sprintf("%d%c.%d", cost, 'a'+rng.IntN(12), i)
			for range 1 + rng.IntN(4)/3 {
				var own []string
				for range rng.IntN(6) {
					own = append(own, fmt.Sprint("w", rng.IntN(80)))
				}
				j := fakeJob(hash, own...)
				j.Form.digest, j.Form.Cost.Rounds = 2, uint64(cost)
				jobs = append(jobs, j)
			}
			w := fmt.Sprint("w", rng.IntN(400))
			if under := hash[:2] + w; rng.IntN(3) == 0 && !taken[under] {
				password[hash], taken[under] = w, true
			}
		}
		bad := jobs[rng.IntN(len(jobs))].Form.hash
		size := 1
		tried := map[string]bool{} // "salt:word"
		left := len(jobs)
		run := 0
		for ; run < 4000 && left > 0; run++ {
			var list []string
			for i := range min(size, 60) {
				list = append(list, fmt.Sprint("w", i))
			}
			size++
			m := &fakeHasher{password: password, hook: func(hash, word string) error {
				if hash == bad && word == "w3" {
					return errRefused
				}
				return nil
			}}
			o := with(m, Options{CPUs: 1 + rng.IntN(2), Words: words(list...), Ledger: d.open(t), Budget: 1, Now: stepping2()})
			o.newHasher = func(func() bool) hasher { return mixed{m} }
			if rng.IntN(20) == 0 {
				o.EmptyOnly = true
			}
			some := jobs
			if rng.IntN(3) == 0 { // other accounts come and go
				some = some[:1+rng.IntN(len(some))]
			}
			got := Run(t.Context(), some, o)
			if len(m.batches) > 1 {
				t.Fatalf("%d batches", len(m.batches))
			}
			for _, c := range m.calls {
				hash, word, _ := strings.Cut(c, ":")
				tried[hash[:2]+":"+word] = true
			}
			d.now = d.now.Add(time.Minute)
			if len(some) < len(jobs) || o.EmptyOnly {
				continue
			}
			left = 0
			for i, v := range got {
				hash := jobs[i].Form.hash
				all := append([]string{""}, list...)
				for _, j := range jobs {
					if j.Form.hash == hash {
						for _, w := range j.Derived {
							all = append(all, string(w))
						}
					}
				}
				weak := false
				for _, w := range all {
					weak = weak || password[hash] == w && w != ""
					if v.State == Survived && !tried[hash[:2]+":"+w] {
						t.Errorf("seed %d, run %d: %s survived without %q", seed, run, hash, w)
					}
				}
				if v.State == Survived && weak || v.State == Weak && !weak {
					t.Errorf("seed %d, run %d: %s: %+v, its password is %q", seed, run, hash, v, password[hash])
				}
				if v.State == Partial && (hash != bad || password[hash] != "") {
					left++
				}
			}
			if t.Failed() {
				return
			}
		}
		if left > 0 {
			t.Fatalf("seed %d: %d are not finished after %d runs", seed, left, run)
		}
		t.Logf("seed %d: %d runs", seed, run)
	}
}
