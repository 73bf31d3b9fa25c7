// Package bench measures the password engine beside crypt(3) of libxcrypt: CPU time for
// each candidate, per scheme. `make bench-passwords` prints the table.
//
// Both sides are processes that get the same words and the same hashes: ours is crack.Run
// as the product calls it, with the schedule, the ledger of an empty state and whatever
// it does side by side; the other is testdata/crypt3.c, which calls crypt(3) for every
// word and hash. Each load is tried as one account with many words and as many accounts,
// with a salt of their own, with some words each. The sides take turns, a round of each
// after one that does not count; every sample is whole passes over the load until a
// minimum of CPU time is spent. The table has the medians of the CPU time of the whole
// process (CLOCK_PROCESS_CPUTIME_ID), their ratio, and the lowest and highest ratio of a
// round.
//
// Cycles are CPU time by the clock of the core, which is measured beside each round with a
// chain of multiplications, because counters of the processor are seldom there in a
// virtual machine; they are accurate to some percent.
//
// A goal that is missed is told and fails nothing. The environment can say
//
//	HOSTAUDIT_BENCH_WITH      "A=1 B=2": each variable in turn in our environment, a "-"
//	                          is none; HOSTAUDIT_CPU=avx2 takes instructions away, other
//	                          words are explained at cpu.Features.Lower
//	HOSTAUDIT_BENCH_CPUS      "1 2": numbers of our workers, one if not set; only a
//	                          machine without other work shows what the second gives
//	HOSTAUDIT_BENCH_ROUNDS    five if not set
//	HOSTAUDIT_BENCH_LIBCRYPT  the file of another libcrypt.so.1
//
// and BENCH of the make target which schemes: a regular expression.
package bench

import (
	"cmp"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// least is the CPU time of a sample.
const least = 150 * time.Millisecond

func BenchmarkPasswords(b *testing.B) {
	begun, loadAverage := time.Now(), "not known"
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		loadAverage, _, _ = strings.Cut(string(text), " ")
	}
	libcrypt := crypt3(b)
	rounds := numbers(b, "HOSTAUDIT_BENCH_ROUNDS", "5")[0]
	cpus := numbers(b, "HOSTAUDIT_BENCH_CPUS", "1")
	var variants []variant
	for with := range strings.FieldsSeq(cmp.Or(os.Getenv("HOSTAUDIT_BENCH_WITH"), "-")) {
		if with == "-" {
			variants = append(variants, variant{"", worker(b)})
		} else {
			variants = append(variants, variant{with, worker(b, with)})
		}
	}
	var all []*comparison
	for _, r := range rows() {
		b.Run(r.name(), func(b *testing.B) {
			for b.Loop() {
				for _, load := range loads(b, libcrypt, r) {
					all = append(all, load.compare(b, libcrypt, variants, cpus, rounds)...)
				}
			}
			b.ReportMetric(0, "ns/op") // the table is the result
		})
	}
	fmt.Printf("\nCPU time for each candidate, crypt(3) of %s, core clock %s, median of %d rounds in turn\n\n",
		libcrypt.ask(b, "library"), gigahertz(all), rounds)
	report(os.Stdout, all)
	fmt.Printf("\nmeasured in %v, load average %s when it began\n\n", time.Since(begun).Round(time.Second), loadAverage)
}

// variant is our side with a variable in its environment.
type variant struct {
	with string
	*side
}

// load is what both sides try.
type load struct {
	row           row
	words, hashes []string
}

// loads returns those of a row: one account, and many.
func loads(tb testing.TB, libcrypt *side, r row) []load {
	tb.Helper()
	var hashes []string
	for i := range r.accounts {
		word, setting := r.account(i)
		h := libcrypt.crypt(tb, word, setting)
		if h == "" {
			tb.Fatalf("crypt(3) refuses %q", setting)
		}
		hashes = append(hashes, h)
	}
	return []load{{r, candidates(r.alone), hashes[:1]}, {r, candidates(r.words), hashes}}
}

// compare measures crypt(3) and, after it in each round, every variant with every
// number of CPUs.
func (l load) compare(tb testing.TB, libcrypt *side, variants []variant, cpus []int, rounds int) []*comparison {
	tb.Helper()
	var all []*comparison
	libcrypt.load(tb, l.words, l.hashes)
	for _, v := range variants {
		v.load(tb, l.words, l.hashes)
		for _, n := range cpus {
			all = append(all, &comparison{row: l.row, with: v.with, accounts: len(l.hashes), words: l.words, cpus: n})
		}
	}
	for round := range rounds + 1 {
		minimum := least
		if round == 0 {
			minimum = 0
		}
		clock := libcrypt.clock(tb)
		theirs := libcrypt.run(tb, minimum, 1)
		for i, c := range all {
			ours := variants[i/len(cpus)].run(tb, minimum, c.cpus)
			if round == 0 {
				continue
			}
			c.ours, c.libcrypt, c.clocks = append(c.ours, ours), append(c.libcrypt, theirs), append(c.clocks, clock)
		}
	}
	return all
}

// numbers reads positive numbers out of the environment.
func numbers(tb testing.TB, variable, otherwise string) []int {
	tb.Helper()
	var out []int
	for text := range strings.FieldsSeq(cmp.Or(os.Getenv(variable), otherwise)) {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			tb.Fatalf("%s: %q is no positive number", variable, text)
		}
		out = append(out, n)
	}
	if len(out) == 0 {
		tb.Fatalf("%s is blank", variable)
	}
	return out
}
