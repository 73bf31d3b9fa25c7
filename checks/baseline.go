package checks

import (
	"slices"
	"strings"
	"sync"
)

// Baseline is what was seen on this host when it was recorded or accepted, as a
// sorted list of lines in the words of the check that wrote it: a line names one
// thing (a listener, an enabled unit) by what it means, never by bytes that a
// restart or an upgrade changes.
type Baseline struct {
	Recorded string   `json:"recorded"` // RFC 3339, UTC
	Reviewed bool     `json:"reviewed"` // an administrator accepted it; else the first audit recorded it
	Entries  []string `json:"entries"`
}

// Baselines hold the accepted baselines of this host and what this run saw. The
// command keeps them in its state; a check only compares. A nil *Baselines means
// that nothing is kept for this target (an image, a run by an ordinary user). It
// may be used from several goroutines.
type Baselines struct {
	mu       sync.Mutex
	accepted map[string]Baseline
	damaged  map[string]string
	seen     map[string][]string
}

// NewBaselines returns what earlier runs accepted, by check ID, and why the
// baseline of a check can not be used although there was one.
func NewBaselines(accepted map[string]Baseline, damaged map[string]string) *Baselines {
	return &Baselines{accepted: accepted, damaged: damaged, seen: map[string][]string{}}
}

// Accepted returns the baseline of a check. Damaged says why there is none to
// compare with although one was recorded: then the verdict is unknown until an
// administrator accepts anew. Neither: this is the first run.
func (b *Baselines) Accepted(checkID string) (base Baseline, found bool, damaged string) {
	if b == nil {
		return Baseline{}, false, ""
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	base, found = b.accepted[checkID]
	base.Entries = slices.Clone(base.Entries)
	return base, found, b.damaged[checkID]
}

// Observe keeps what the check saw, for the first baseline or an accepted one. A
// check calls it only with a complete list: what it could not see would look new
// the next time.
func (b *Baselines) Observe(checkID string, entries []string) {
	if b == nil {
		return
	}
	entries = slices.Clone(entries)
	for i, e := range entries {
		entries[i] = strings.ToValidUTF8(e, "\uFFFD")
	}
	slices.Sort(entries)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen[checkID] = slices.Compact(entries)
}

// Seen returns what the check observed in this run; ok is false when it could not
// see everything or was not run.
func (b *Baselines) Seen(checkID string) (entries []string, ok bool) {
	if b == nil {
		return nil, false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	entries, ok = b.seen[checkID]
	return slices.Clone(entries), ok
}
