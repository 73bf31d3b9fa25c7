package checks

import (
	"maps"
	"sync"
)

// Memory is what checks remember from run to run, where forgetting would do
// harm: which login a server refused, so that it is not tried again. It holds
// short texts of our own and nothing secret. A nil Memory remembers nothing. It
// may be used from several goroutines.
type Memory struct {
	mu      sync.Mutex
	entries map[string]string
}

// NewMemory returns a Memory of what an earlier run kept.
func NewMemory(earlier map[string]string) *Memory {
	m := &Memory{entries: map[string]string{}}
	maps.Copy(m.entries, earlier)
	return m
}

// Get returns what was put under key, in this run or an earlier one.
func (m *Memory) Get(key string) (string, bool) {
	if m == nil {
		return "", false
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	v, ok := m.entries[key]
	return v, ok
}

// Put remembers value under key.
func (m *Memory) Put(key, value string) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.entries[key] = value
}

// Forget drops the keys that stale says nobody will ask for again.
func (m *Memory) Forget(stale func(key string) bool) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	maps.DeleteFunc(m.entries, func(key, _ string) bool { return stale(key) })
}

// Entries returns a copy for the next run.
func (m *Memory) Entries() map[string]string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.entries)
}
