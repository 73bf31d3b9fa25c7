// Package guard starts goroutines that cannot take the program down: a panic
// becomes a value that tells where it happened and never what it held, because
// a panic's value can hold a secret of the host. It is the only place below
// checks with a go statement; the lint test holds that.
package guard

import (
	"fmt"
	"path"
	"runtime"
	"strings"
	"sync"
)

// Panic is where a panic began. It carries no panic value on purpose.
type Panic struct {
	Where string // "dir/file.go:42"
}

// Error implements error.
func (p Panic) Error() string { return "panic at " + p.Where }

// Call runs f and returns a Panic if it panicked, else nil.
func Call(f func()) (err error) {
	defer func() {
		if recover() != nil {
			err = Panic{Where: panicSite()}
		}
	}()
	f()
	return nil
}

// Go runs f in a goroutine and hands done its outcome: nil or a Panic. done
// must not panic.
func Go(f func(), done func(error)) {
	go func() { done(Call(f)) }()
}

// Group waits for goroutines and keeps the first panic.
type Group struct {
	wg    sync.WaitGroup
	mu    sync.Mutex
	first error
}

// Go runs f in a goroutine of the group.
func (g *Group) Go(f func()) {
	g.wg.Add(1)
	Go(f, func(err error) {
		if err != nil {
			g.mu.Lock()
			if g.first == nil {
				g.first = err
			}
			g.mu.Unlock()
		}
		g.wg.Done()
	})
}

// Wait returns when all goroutines have ended, with the first Panic if any.
func (g *Group) Wait() error {
	g.wg.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.first
}

// panicSite finds the innermost frame of the panicking function: the one below
// the runtime's frames that follow the deferred recovery.
func panicSite() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	inRuntime := false
	for {
		frame, more := frames.Next()
		switch {
		case strings.HasPrefix(frame.Function, "runtime."):
			inRuntime = true
		case inRuntime:
			// Only the last directory: a full path would show the build machine.
			return fmt.Sprintf("%s/%s:%d", path.Base(path.Dir(frame.File)), path.Base(frame.File), frame.Line)
		}
		if !more {
			return "unknown place"
		}
	}
}
