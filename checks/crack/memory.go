package crack

import "sync"

// memoryGate keeps the regions of memory-hard hashes within a limit: each is counted
// before it is taken, and given back when its hash is done.
type memoryGate struct {
	mu          sync.Mutex
	freed       sync.Cond
	limit, used int64
}

func newMemoryGate(limit int64) *memoryGate {
	g := &memoryGate{limit: limit}
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
	g.used += n
}

// release gives n bytes back.
func (g *memoryGate) release(n int64) {
	if n == 0 {
		return
	}
	g.mu.Lock()
	g.used -= n
	g.mu.Unlock()
	g.freed.Broadcast()
}
