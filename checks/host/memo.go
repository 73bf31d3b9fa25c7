package host

import "sync"

// memo holds what was derived from a host, by key. Its zero value is empty.
type memo struct {
	mu     sync.Mutex
	values map[any]any // of func() T
}

// Once returns what derive makes of the host, made when a key is first asked for and
// shared by all who ask later: for facts that several checks derive from one host. It is
// safe for concurrent use; who asks while it is made waits. The result must not be
// changed. If derive panics, so does everybody who asks: an answer that was not made is
// none.
//
// The key is of a type private to the package that asks, and holds whatever the answer
// depends on besides the files (the Snapshot, say). derive may ask for other keys, never
// for its own.
func Once[T any](h *Host, key any, derive func() T) T {
	h.memo.mu.Lock()
	f, known := h.memo.values[key].(func() T)
	if !known {
		f = sync.OnceValue(derive)
		if h.memo.values == nil {
			h.memo.values = map[any]any{}
		}
		h.memo.values[key] = f
	}
	h.memo.mu.Unlock()
	return f()
}
