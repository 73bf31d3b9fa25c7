package bench

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func samples(candidates int64, milliseconds ...int) []sample {
	out := make([]sample, len(milliseconds))
	for i, ms := range milliseconds {
		cpu := time.Duration(ms) * time.Millisecond
		out[i] = sample{candidates: candidates, cpu: cpu, wall: 2 * cpu}
	}
	return out
}

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{3}, 3},
		{[]float64{9, 1}, 5},
		{[]float64{5, 100, 1}, 5},
		{[]float64{4, 1, 1000, 2}, 3},
	} {
		before := append([]float64(nil), tt.values...)
		if got := median(tt.values); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.values, got, tt.want)
		}
		if diff := cmp.Diff(before, tt.values); diff != "" {
			t.Errorf("the values were changed: %s", diff)
		}
	}
}

func TestRatio(t *testing.T) {
	// Ours takes 2 ms a candidate, crypt(3) 1 ms: half as fast. One disturbed round of
	// each side moves the spread and not the ratio.
	c := comparison{ours: samples(100, 200, 200, 400), libcrypt: samples(10, 10, 30, 10)}
	ratio, low, high := c.ratio()
	if ratio != 0.5 || low != 0.25 || high != 1.5 {
		t.Errorf("ratio %v, %v to %v", ratio, low, high)
	}
}

func TestCycles(t *testing.T) {
	c := comparison{
		row:   row{unit: "block", units: func(word string) int { return 1000 * len(word) }},
		words: []string{"a", "abc"}, // 2,000 blocks a candidate
		ours:  samples(10, 20), libcrypt: samples(10, 10), clocks: []float64{4e9, 1e9, 2e9},
	}
	if ours, libcrypt := c.cycles(); ours != 2000 || libcrypt != 1000 {
		t.Errorf("%v and %v cycles", ours, libcrypt)
	}
	c.row.unit = ""
	if ours, libcrypt := c.cycles(); ours != 0 || libcrypt != 0 {
		t.Errorf("%v and %v cycles of no unit", ours, libcrypt)
	}
}

func TestUnits(t *testing.T) {
	for _, tt := range []struct {
		name      string
		got, want int
	}{
		{"empty-message", blocks(0, 64, 9), 1},
		{"last-that-fits", blocks(55, 64, 9), 1},
		{"first-that-does-not", blocks(56, 64, 9), 2},
		{"sha512-last-that-fits", blocks(111, 128, 17), 1},
		{"sha512-first-that-does-not", blocks(112, 128, 17), 2},
		{"md5crypt-15-bytes", stretch(15, 8, 16, 64, 9, 1000), 1000},
		{"sha512crypt-15-bytes", stretch(15, 16, 64, 128, 17, 5000), 5000},
		{"sha256crypt-6-bytes", stretch(6, 16, 32, 64, 9, 21*100), 33 * 100}, // two blocks in 12 of 21 rounds
		{"sha256crypt-6-bytes-short-salt", stretch(6, 8, 32, 64, 9, 21), 21},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, tt.got, tt.want)
		}
	}
}

func TestReport(t *testing.T) {
	fast := row{scheme: "fast", cost: "1", goal: 0.5, unit: "block", units: times(10)}
	slow := row{scheme: "slow", cost: "2", goal: 0.5}
	one := &comparison{row: fast, accounts: 1, words: []string{"", "a"}, cpus: 1, ours: samples(1000, 10), libcrypt: samples(1000, 5), clocks: []float64{1e9}}
	two := &comparison{row: fast, with: "A=1", accounts: 1, words: []string{"", "a"}, cpus: 1, ours: samples(1000, 20), libcrypt: samples(1000, 5), clocks: []float64{2e9}}
	both := &comparison{row: fast, with: "A=1", accounts: 1, words: []string{"", "a"}, cpus: 2, ours: samples(2000, 20), libcrypt: samples(1000, 5), clocks: []float64{3e9}}
	missed := &comparison{row: slow, accounts: 20, words: []string{""}, cpus: 1, ours: samples(1, 100, 110, 120), libcrypt: samples(1, 50, 50, 50)}
	var got strings.Builder
	report(&got, []*comparison{one, two, both, missed})
	want := `| scheme | cost | accounts x words | CPUs | our us | crypt(3) us | ratio | spread | goal | | our cycles | bound | crypt(3)'s | for each |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
| fast | 1 | 1 x 2 | 1 | 10.0 | 5.00 | 0.50 | 0.50-0.50 | 0.50 | met | 1000 | - | 500 | block |
| fast A=1 | 1 | 1 x 2 | 1 | 20.0 | 5.00 | 0.25 | 0.25-0.25 | 0.50 | **missed** | 4000 | - | 1000 | block |
| fast A=1 | 1 | 1 x 2 | 2 | 10.0 | 5.00 | 0.50 | 0.50-0.50 | 0.50 | met | 3000 | - | 1500 | block |
| slow | 2 | 20 x 1 | 1 | 110000 | 50000 | 0.45 | 0.42-0.50 | 0.50 | **missed** | - | - | - | - |

fast A=1 1, 1 x 2: 2 CPUs are 2.00 times as fast as 1 by wall clock, 4.00 by CPU time
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
	if g := gigahertz([]*comparison{one, two, both}); g != "2.00 GHz" {
		t.Errorf("clock %s", g)
	}
	if g := gigahertz([]*comparison{{clocks: []float64{0}}}); g != "not known" {
		t.Errorf("no clock: %s", g)
	}
}
