package crack

import "testing"

// TestFair: several workers share what is left, one worker takes what lanes like.
func TestFair(t *testing.T) {
	for _, tt := range []struct {
		name        string
		workers, n  int
		done, total int64
		want        int
	}{
		{"one-worker", 1, 256, 0, 300, 256},
		{"much-left", 2, 256, 0, 100_000, 256},
		{"half-a-part", 2, 256, 0, 560, 140},
		{"rounded-up", 2, 256, 0, 561, 141},
		{"lanes-stay-full", 2, 256, 500, 560, 64},
		{"small-batches-stay", 8, 4, 0, 10, 4},
		{"nothing-left", 8, 64, 10, 10, 16},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := schedule{workers: tt.workers, done: tt.done, total: tt.total}
			got := s.fair(lanes{n: tt.n, oneSalt: true})
			if got.n != tt.want || !got.oneSalt {
				t.Errorf("%+v, want %d tries", got, tt.want)
			}
		})
	}
}
