package tree

import (
	"errors"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// handles are the directories that a DirSource holds open, O_PATH, so that a walk
// need not open again what the walk before it opened. A name alone is never enough
// to be given one: whoever asks has looked at the name just now, and is given the
// descriptor only if it is of the very directory that is there (device and inode,
// which are not used again while a descriptor holds them). So a directory that was
// moved, replaced or mounted over is walked as it is now, and what a walk may see of
// a tree that changes under it is what it would see without: the directory it
// looked at an instant ago. It is safe for concurrent use.
type handles struct {
	max int // how many are kept while nobody uses them

	mu   sync.Mutex
	root *handle // nil = closed
	kept map[string]*handle
	tick uint64
}

// handle is one directory, open.
type handle struct {
	fd       int
	dev, ino uint64

	// Guarded by handles.mu.
	users  int
	used   uint64 // when it was last taken
	listed bool   // in kept, or the root
}

// Bounds of the descriptors kept: of the tree the audit is of, and of each of the
// containers' (there are tens of them), by the limit the process has.
const (
	maxKept        = 48
	maxKeptGuest   = 16
	shareKept      = 32
	shareKeptGuest = 1024
)

// keep is what share-th part of RLIMIT_NOFILE allows, most at the most.
func keep(most, share int) int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return int(min(uint64(most), limit.Cur/uint64(share)))
}

func newHandles(root, most int) *handles {
	return &handles{max: most, root: &handle{fd: root, listed: true}, kept: map[string]*handle{}}
}

// takeRoot returns the root, in use.
func (h *handles) takeRoot() (*handle, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.root == nil {
		return nil, os.ErrClosed
	}
	h.root.users++
	return h.root, nil
}

// take returns the directory held as name if it is the one of that device and
// inode, in use; nil if it is not.
func (h *handles) take(name string, dev, ino uint64) *handle {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.kept[name]
	switch {
	case d == nil:
		return nil
	case d.dev != dev || d.ino != ino:
		h.unlist(name, d)
		return nil
	}
	h.tick++
	d.users, d.used = d.users+1, h.tick
	return d
}

// put keeps d, which is in use, as name. Of two that were opened at a time the
// first stays.
func (h *handles) put(name string, d *handle) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.root == nil || h.max == 0 || h.kept[name] != nil {
		return
	}
	if len(h.kept) >= h.max {
		oldest := ""
		for name, d := range h.kept {
			if oldest == "" || d.used < h.kept[oldest].used {
				oldest = name
			}
		}
		h.unlist(oldest, h.kept[oldest])
	}
	h.tick++
	d.used, d.listed = h.tick, true
	h.kept[name] = d
}

// unlist forgets d, and closes it unless somebody uses it; h.mu is held.
func (h *handles) unlist(name string, d *handle) {
	delete(h.kept, name)
	d.listed = false
	if d.users == 0 {
		unix.Close(d.fd)
	}
}

// release ends the use of some.
func (h *handles) release(all ...step) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range all {
		if s.dir.users--; s.dir.users == 0 && !s.dir.listed {
			unix.Close(s.dir.fd)
		}
	}
}

// shed closes what nobody uses, for a process that has no descriptor left; it
// reports whether there was any.
func (h *handles) shed() (some bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.unlistAll()
}

func (h *handles) unlistAll() (some bool) {
	for name, d := range h.kept {
		some = some || d.users == 0
		h.unlist(name, d)
	}
	return some
}

// close closes all; what is in use ends with its use.
func (h *handles) close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	d := h.root
	if d == nil {
		return os.ErrClosed
	}
	h.unlistAll()
	h.root, d.listed = nil, false
	if d.users > 0 {
		return nil
	}
	return unix.Close(d.fd)
}

// noDescriptor reports that there is no descriptor left, in the process or the machine.
func noDescriptor(err error) bool { return errors.Is(err, unix.EMFILE) || errors.Is(err, unix.ENFILE) }
