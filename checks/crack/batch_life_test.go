package crack

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"hostaudit/checks/crack/cpu"
)

// Real hashes of cheap schemes that are hashed in batches (bcrypt would take minutes under
// the race detector), many of one salt, in audits that
// are broken off within a batch until all is tried: weak is what has a password that is
// asked for, and nothing else.
func TestBrokenOffBatches(t *testing.T) {
	e := newEngine(nil, cpu.Detect())
	hash := func(setting, word string) string {
		f := Identify(setting + map[bool]string{true: strings.Repeat("a", 32), false: strings.Repeat(".", 11)}[setting == "$3$$"])
		if strings.HasPrefix(setting, "$1$") {
			f = Identify(setting + strings.Repeat(".", 22))
		}
		if !f.Supported {
			t.Fatalf("%s: %s", f.Scheme, f.Why)
		}
		one := try{form: &f, word: []byte(word)}
		e.one(&one)
		return setting + string(one.digest)
	}
	settings := []string{
		"ab", "_J9..salt", "$3$$", "$1$salt$",
	}
	for seed := range uint64(3) {
		rng := rand.New(rand.NewPCG(seed, 9))
		var jobs []Job
		var weak []bool
		list := make([]string, 150)
		for i := range list {
			list[i] = fmt.Sprint("word", i)
		}
		for i := range 40 {
			setting := settings[rng.IntN(len(settings))]
			word, is := fmt.Sprint("other", i), rng.IntN(3) == 0
			own := []string{fmt.Sprint("own", i), fmt.Sprint("word", rng.IntN(200))}
			if is {
				word = append(list, own...)[rng.IntN(len(list)+2)]
			}
			jobs = append(jobs, Job{Form: Identify(hash(setting, word)), Derived: words(own...)})
			weak = append(weak, is)
		}
		same := map[string]bool{} // one word and salt is one hash
		for i, j := range jobs {
			same[j.Form.hash] = same[j.Form.hash] || weak[i]
		}
		d := newDisk()
		runs := 0
		for left := 1; left > 0; runs++ {
			if runs > 500 {
				t.Fatal("no end")
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(rng.IntN(20_000)*(1+runs/4))*time.Microsecond)
			left = 0
			for i, v := range Run(ctx, jobs, Options{CPUs: 2, Words: words(list...), Ledger: d.open(t)}) {
				want := same[jobs[i].Form.hash]
				if v.State == Weak && !want || v.State == Survived && want || v.State == Failed {
					t.Errorf("seed %d, %s: %v, want weak %v", seed, jobs[i].Form, v.State, want)
				}
				if v.State == Partial {
					left++
				}
			}
			cancel()
			d.now = d.now.Add(time.Minute)
		}
		t.Logf("%d audits", runs)
	}
}
