package guard

import (
	"errors"
	"strings"
	"sync/atomic"
	"testing"
)

func explode(secret string) {
	var empty []string
	empty[len(secret)] = secret
}

func TestCall(t *testing.T) {
	if err := Call(func() {}); err != nil {
		t.Errorf("no panic: %v", err)
	}
	for name, f := range map[string]func(){
		"value":   func() { panic("a secret") },
		"error":   func() { panic(errors.New("a secret")) },
		"runtime": func() { explode("a secret") },
	} {
		err := Call(f)
		p, ok := errors.AsType[Panic](err)
		if !ok || !strings.HasPrefix(p.Where, "guard/guard_test.go:") {
			t.Errorf("%s: error %v, want a place in this file", name, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the panic's value shows: %v", name, err)
		}
	}
}

func TestGroup(t *testing.T) {
	var g Group
	var ran atomic.Int32
	for i := range 10 {
		g.Go(func() {
			ran.Add(1)
			if i == 7 {
				panic("x")
			}
		})
	}
	err := g.Wait()
	if _, ok := errors.AsType[Panic](err); !ok || ran.Load() != 10 {
		t.Errorf("error %v after %d of 10 ran", err, ran.Load())
	}
}
