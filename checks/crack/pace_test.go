package crack

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the first of two runs tried is tried, and what an earlier audit tried is known,
// even where only the second run came to look.
func TestAdded(t *testing.T) {
	first := []Verdict{{State: Partial, Known: 5, Total: 80}, {State: Partial, Tried: 10, Known: 5, Total: 80}}
	second := []Verdict{{State: Survived, Tried: 45, Known: 35, Total: 80}, {State: Partial, Tried: 7, Known: 15, Total: 80}}
	want := []Verdict{{State: Survived, Tried: 45, Known: 35, Total: 80}, {State: Partial, Tried: 17, Known: 5, Total: 80}}
	if diff := cmp.Diff(want, added(first, second)); diff != "" {
		t.Error(diff)
	}
}
