package tree

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

// Links to "." multiply with every wildcard; the work is bounded and said so.
func TestGlobWorkIsBounded(t *testing.T) {
	entries := map[string]Entry{}
	for i := range 8 {
		entries[fmt.Sprintf("/d/l%d", i)] = Entry{Target: "."}
	}
	src, err := NewMapSource(entries)
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	_, err = New(src, Options{}).Glob("/d" + strings.Repeat("/*", 20))
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("error %v, want ErrTooLarge", err)
	}
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("took %v", took)
	}
}
