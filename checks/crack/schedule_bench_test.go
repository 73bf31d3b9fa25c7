package crack

import (
	"fmt"
	"testing"
)

// BenchmarkSchedule is what handing out and settling one candidate costs, in batches of
// several widths; the hashing costs next to nothing here.
func BenchmarkSchedule(b *testing.B) {
	var list []string
	for i := range 500 {
		list = append(list, fmt.Sprint("word", i))
	}
	for _, bench := range []struct {
		name  string
		jobs  int
		each  lanes
		salts bool
	}{
		{"one-account", 1, lanes{n: 1}, false},
		{"one-account-64", 1, lanes{n: 64, oneSalt: true}, false},
		{"one-account-512", 1, lanes{n: 512, oneSalt: true}, false},
		{"thousand-accounts", 1000, lanes{n: 1}, false},
		{"thousand-accounts-48", 1000, lanes{n: 48}, false},
		{"thousand-accounts-64-words", 1000, lanes{n: 64, oneSalt: true}, false},
		{"thousand-twins-64-words", 1000, lanes{n: 64, oneSalt: true}, true},
	} {
		b.Run(bench.name, func(b *testing.B) {
			var jobs []Job
			for i := range bench.jobs {
				j := fakeJob(fmt.Sprintf("salt%06d", i))
				if bench.salts {
					j.Form.digest = 4
				}
				jobs = append(jobs, j)
			}
			w := words(list...)
			n := 0
			for b.Loop() {
				for _, v := range Run(b.Context(), jobs, Options{
					CPUs: 1, Words: w, newHasher: func(func() bool) hasher { return idlers(bench.each) },
				}) {
					n += v.Tried
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(n), "ns/candidate")
		})
	}
}

// idlers finds nothing, in batches.
type idlers lanes

func (l idlers) lanes(*Form) lanes { return lanes(l) }

func (idlers) hash(tries []try) {
	for i := range tries {
		tries[i].digest = append(tries[i].digest[:0], 'x')
	}
}

func (idlers) memory([]try) int64 { return 0 }

func (idlers) release() {}
