package crack

import (
	"runtime"
	"sync"
)

// memoryGate keeps the regions of memory-hard hashes within a limit. The
// library allocates a fresh region for every candidate, so what was released
// still counts until a collection, which the gate starts when it needs room.
type memoryGate struct {
	mu             sync.Mutex
	freed          sync.Cond
	limit          int64
	used, garbage  int64
	collectGarbage func()
}

func newMemoryGate(limit int64) *memoryGate {
	g := &memoryGate{limit: limit, collectGarbage: runtime.GC}
	g.freed.L = &g.mu
	return g
}

// acquire waits until n bytes fit beside those in use. n is at most the limit.
func (g *memoryGate) acquire(n int64) {
	if n == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for g.used > g.limit-n {
		g.freed.Wait()
	}
	if g.used+g.garbage > g.limit-n {
		g.collectGarbage()
		g.garbage = 0
	}
	g.used += n
}

// release gives n bytes back.
func (g *memoryGate) release(n int64) {
	if n == 0 {
		return
	}
	g.mu.Lock()
	g.used -= n
	g.garbage += n
	g.mu.Unlock()
	g.freed.Broadcast()
}
