package crack

import "sync"

// MemoryGate keeps the regions of memory-hard hashes within a limit: each is counted
// before it is taken, and given back when its hash is done. Runs that work side by
// side share one.
type MemoryGate struct {
	mu           sync.Mutex
	freed        sync.Cond
	limit, used  int64
	came, served uint64 // who waits has one of the numbers between
	workers      int    // that may come
}

// NewMemoryGate returns a gate for regions of so many bytes in all, and a little for
// what goes with an array of a round size; 0 means 64 MiB.
func NewMemoryGate(limit int64) *MemoryGate {
	if limit <= 0 {
		limit = defaultMemory
	}
	g := &MemoryGate{limit: limit + memorySlack}
	g.freed.L = &g.mu
	return g
}

// join counts workers in who may acquire memory until they leave.
func (g *MemoryGate) join(workers int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.workers += workers
}

// leave counts one out.
func (g *MemoryGate) leave() { g.join(-1) }

// share is what each worker can hold at the same time.
func (g *MemoryGate) share() int64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.limit / int64(max(g.workers, 1))
}

// acquire waits until n bytes fit beside those in use. n is at most the limit. Who
// comes first is served first.
func (g *MemoryGate) acquire(n int64) {
	if n == 0 {
		return
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	mine := g.came
	g.came++
	for g.served != mine || g.used > g.limit-n {
		g.freed.Wait()
	}
	g.served++
	g.used += n
	g.freed.Broadcast() // the next one may fit, too
}

// wanted reports whether somebody waits.
func (g *MemoryGate) wanted() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.came != g.served
}

// release gives n bytes back.
func (g *MemoryGate) release(n int64) {
	if n == 0 {
		return
	}
	g.mu.Lock()
	g.used -= n
	g.mu.Unlock()
	g.freed.Broadcast()
}

// lease is what one worker holds of the memory, from one hash to the next: the kernel
// takes as long to hand out a region as a third of the hash.
type lease struct {
	gate *MemoryGate
	held int64
}

// hold makes the lease one of n bytes at least; give frees the region there is. Others
// who wait are let in.
func (l *lease) hold(n int64, give func()) {
	if n <= l.held && (l.held == 0 || !l.gate.wanted()) {
		return
	}
	if l.held > 0 {
		give()
		l.end()
	}
	l.gate.acquire(n)
	l.held = n
}

// end gives the memory back, after the region was freed.
func (l *lease) end() {
	l.gate.release(l.held)
	l.held = 0
}
