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
	mu        sync.Mutex
	entries   map[string]string
	forgetful bool
	fleeting  bool
	keep      func(map[string]string)
}

// NewMemory returns a Memory of what an earlier run kept.
func NewMemory(earlier map[string]string) *Memory {
	m := &Memory{entries: map[string]string{}}
	maps.Copy(m.entries, earlier)
	return m
}

// NewForgetfulMemory returns a Memory whose later entries end with this run,
// although an audit like it will run again soon with nobody watching: there is no
// place to keep them.
func NewForgetfulMemory(earlier map[string]string) *Memory {
	m := NewMemory(earlier)
	m.forgetful = true
	return m
}

// Forgetful reports that what is put now is not known to the next run. Then
// nothing may be tried that a server could refuse: repeated every few minutes it
// would lock an account.
func (m *Memory) Forgetful() bool { return m != nil && m.forgetful }

// NewFleetingMemory returns a Memory that ends with this run, of an audit that a person
// started: nothing is kept, and nobody knows whether the next one is a minute away.
func NewFleetingMemory() *Memory {
	m := NewMemory(nil)
	m.fleeting = true
	return m
}

// Fleeting reports that nothing put here outlives the run, whether or not the audit
// repeats by itself. Then nothing may be tried that a server counts against an account.
func (m *Memory) Fleeting() bool { return m != nil && (m.fleeting || m.forgetful) }

// KeepBy has keep called with all entries at every Put, before Put returns: a
// program that is killed a moment later must not have forgotten. Calls do not
// overlap. It is set before the Memory is used.
func (m *Memory) KeepBy(keep func(entries map[string]string)) { m.keep = keep }

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
	if m.keep != nil {
		m.keep(maps.Clone(m.entries))
	}
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

// Settle calls f with all entries while no Put can be on its way.
func (m *Memory) Settle(f func(entries map[string]string)) {
	if m == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	f(maps.Clone(m.entries))
}

// Entries returns a copy for the next run.
func (m *Memory) Entries() map[string]string {
	if m == nil {
		return nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.entries)
}
