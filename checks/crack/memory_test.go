package crack

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// Who waits for memory is let in by those that would go on with what they have.
func TestMemoryIsShared(t *testing.T) {
	gate := NewMemoryGate(16 << 20)
	job := func(hash string) []Job {
		j := fakeJob(hash)
		j.Form.Cost.Memory = 16 << 20
		return []Job{j}
	}
	var list []string
	for i := range 1000 {
		list = append(list, fmt.Sprint(i))
	}
	done, ready := make(chan Verdict), make(chan bool)
	first := &fakeHasher{hook: func(_, word string) error {
		if word == "10" {
			close(ready)
		}
		time.Sleep(time.Millisecond)
		return nil
	}}
	go func() {
		done <- Run(t.Context(), job("a"), with(first, Options{CPUs: 1, Gate: gate, Words: words(list...)}))[0]
	}()
	<-ready
	second := &fakeHasher{}
	if v := Run(t.Context(), job("b"), with(second, Options{CPUs: 1, Gate: gate, EmptyOnly: true}))[0]; v.State != Survived {
		t.Errorf("%+v", v)
	}
	first.mu.Lock()
	tried := len(first.calls)
	first.mu.Unlock()
	if tried > 500 {
		t.Errorf("waited for %d of the other's candidates", tried)
	}
	if v := <-done; v.State != Survived {
		t.Errorf("%+v", v)
	}
	if gate.used != 0 || gate.wanted() {
		t.Errorf("%d bytes are held in the end", gate.used)
	}
	if first.released == 0 || second.released == 0 {
		t.Error("a region was not given back")
	}
}

// The region stays with a worker from hash to hash, and when a cheap one is between.
func TestRegionStays(t *testing.T) {
	y := fakeJob("y")
	y.Form.Scheme, y.Form.Cost = Yescrypt, Cost{Rounds: 100, Memory: 16 << 20}
	m := &fakeHasher{}
	Run(t.Context(), []Job{fakeJob("a"), y}, with(m, Options{CPUs: 1, Words: words("w1", "w2", "w3")}))
	if want := []string{"a:", "y:", "a:w1", "y:w1", "a:w2", "y:w2", "a:w3", "y:w3"}; !slices.Equal(m.calls, want) {
		t.Errorf("%q", m.calls)
	}
	if m.released != 1 {
		t.Errorf("the region was given back %d times, want once", m.released)
	}
}

// broken panics when it gives its region back.
type broken struct{ *fakeHasher }

func (broken) release() { panic("broken") }

// A worker that dies gives back what it holds, or the next Run would wait for ever.
func TestMemoryOfDeadWorkers(t *testing.T) {
	gate := NewMemoryGate(1 << 20)
	j := fakeJob("a")
	j.Form.Cost.Memory = 1 << 20
	o := with(&fakeHasher{}, Options{CPUs: 1, Gate: gate})
	o.newHasher = func(func() bool) hasher { return broken{&fakeHasher{}} }
	Run(t.Context(), []Job{j}, o)
	if gate.used != 0 || gate.wanted() {
		t.Errorf("%d bytes are held by nobody", gate.used)
	}
}
