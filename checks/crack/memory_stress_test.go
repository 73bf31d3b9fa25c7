package crack

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"
)

// region is a hasher that panics here and there, in a hash or when it gives back.
type region struct {
	rng  *rand.Rand
	stop func() bool
}

func (r *region) lanes(*Form) lanes { return lanes{n: 1 + r.rng.IntN(3)} }

func (r *region) hash(tries []try) {
	for i := range tries {
		tries[i].digest = append(tries[i].digest[:0], "another"...)
		if r.stop() {
			tries[i].err = errStopped
		}
	}
	time.Sleep(time.Duration(r.rng.IntN(50)) * time.Microsecond)
	if r.rng.IntN(300) == 0 {
		panic("hash")
	}
}

func (r *region) memory(tries []try) int64 { return tries[0].form.Cost.Memory }

func (r *region) release() {
	if r.rng.IntN(100) == 0 {
		panic("release")
	}
}

// Runs that share their memory end, whatever some of them meet, and in the end nobody
// holds any.
func TestRunsThatShareMemoryEnd(t *testing.T) {
	for seed := range uint64(40) {
		gate := NewMemoryGate(8 << 20)
		var all sync.WaitGroup
		for k := range uint64(4) {
			all.Go(func() {
				rng := rand.New(rand.NewPCG(seed, k))
				var jobs []Job
				for i := range 1 + rng.IntN(12) {
					j := fakeJob(fmt.Sprint(k, ".", i))
					j.Form.Cost.Memory = int64(rng.IntN(10)) << 20 // the greatest is too great
					jobs = append(jobs, j)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+rng.IntN(20))*time.Millisecond)
				defer cancel()
				n := uint64(0)
				var mu sync.Mutex
				Run(ctx, jobs, Options{
					CPUs: 1 + rng.IntN(4), Gate: gate, Words: words("w1", "w2", "w3", "w4", "w5"),
					newHasher: func(stop func() bool) hasher {
						mu.Lock()
						defer mu.Unlock()
						n++
						return &region{rand.New(rand.NewPCG(seed*4+k, n)), stop}
					},
				})
			})
		}
		ended := make(chan bool)
		go func() { all.Wait(); close(ended) }()
		select {
		case <-ended:
		case <-time.After(30 * time.Second):
			t.Fatalf("seed %d: Runs wait for ever, %d bytes are held", seed, gate.used)
		}
		if gate.used != 0 || gate.wanted() {
			t.Fatalf("seed %d: %d bytes are held by nobody", seed, gate.used)
		}
	}
}
