package host

import (
	"sync"
	"sync/atomic"
	"testing"
)

type memoKey struct{ n int }

func TestOnce(t *testing.T) {
	h := &Host{}
	var made atomic.Int32
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			got := Once(h, memoKey{i % 2}, func() int {
				made.Add(1)
				return Once(h, memoKey{10}, func() int { return 7 }) + i%2
			})
			if got != 7+i%2 {
				t.Errorf("key %d: %d", i%2, got)
			}
		})
	}
	wg.Wait()
	if made.Load() != 2 {
		t.Errorf("made %d times, want once for each of two keys", made.Load())
	}
	if got := Once(&Host{}, memoKey{0}, func() int { return 1 }); got != 1 {
		t.Errorf("another host: %d", got)
	}
}

// TestOncePanics: nobody gets a zero value in place of an answer that was not made.
func TestOncePanics(t *testing.T) {
	h := &Host{}
	panicked := 0
	for range 2 {
		func() {
			defer func() {
				if recover() != nil {
					panicked++
				}
			}()
			Once(h, memoKey{}, func() int { panic("x") })
		}()
	}
	if panicked != 2 {
		t.Errorf("%d of 2 askers panicked", panicked)
	}
}
