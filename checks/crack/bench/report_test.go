package bench

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
)

// comparison is a row of the table: one load, tried by both sides in turn.
type comparison struct {
	row            row
	with           string // variables in our environment
	accounts       int
	words          []string
	cpus           int
	ours, libcrypt []sample  // one of each for every round
	clocks         []float64 // Hz, of every round
}

// goal is what the ratio should be, in the environment it was measured in.
func (c *comparison) goal() float64 { return c.row.goalWith(c.with) }

// perCandidate is the CPU time of one candidate.
func (s sample) perCandidate() float64 { return s.cpu.Seconds() / float64(s.candidates) }

// rate is candidates in a second of wall clock.
func (s sample) rate() float64 { return float64(s.candidates) / s.wall.Seconds() }

// median of an even number of values is the mean of the two in the middle.
func median(values []float64) float64 {
	v := slices.Sorted(slices.Values(values))
	if len(v) == 0 {
		return 0
	}
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}

func medianOf(samples []sample, of func(sample) float64) float64 {
	values := make([]float64, len(samples))
	for i, s := range samples {
		values[i] = of(s)
	}
	return median(values)
}

// ratio is how many times as fast as crypt(3) we are, of the medians; low and high are
// the extremes of the rounds, each by itself.
func (c *comparison) ratio() (ratio, low, high float64) {
	rounds := make([]float64, len(c.ours))
	for i, s := range c.ours {
		rounds[i] = c.libcrypt[i].perCandidate() / s.perCandidate()
	}
	ratio = medianOf(c.libcrypt, sample.perCandidate) / medianOf(c.ours, sample.perCandidate)
	return ratio, slices.Min(rounds), slices.Max(rounds)
}

// cycles returns those of one unit of the scheme's work, ours and crypt(3)'s; 0 if the
// clock or the number of units is not known. All of the CPU time is charged to them.
func (c *comparison) cycles() (ours, libcrypt float64) {
	if c.row.unit == "" {
		return 0, 0
	}
	units := 0
	for _, w := range c.words {
		units += c.row.units(w)
	}
	scale := median(c.clocks) * float64(len(c.words)) / float64(units)
	return scale * medianOf(c.ours, sample.perCandidate), scale * medianOf(c.libcrypt, sample.perCandidate)
}

// report writes the table. What was measured with several numbers of CPUs is followed by
// how the speed grows with them.
func report(w io.Writer, all []*comparison) {
	fmt.Fprintln(w, "| scheme | cost | accounts x words | CPUs | our us | crypt(3) us | ratio | spread | goal | | our cycles | bound | crypt(3)'s | for each |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|")
	for _, c := range all {
		ratio, low, high := c.ratio()
		met := "met"
		if ratio < c.goal() {
			met = "**missed**"
		}
		name := strings.TrimSpace(c.row.scheme + " " + c.with)
		ours, libcrypt := c.cycles()
		fmt.Fprintf(w, "| %s | %s | %d x %d | %d | %s | %s | %.2f | %.2f-%.2f | %.2f | %s | %s | %s | %s | %s |\n",
			name, c.row.cost, c.accounts, len(c.words), c.cpus,
			digits(1e6*medianOf(c.ours, sample.perCandidate)), digits(1e6*medianOf(c.libcrypt, sample.perCandidate)),
			ratio, low, high, c.goal(), met, digits(ours), digits(c.row.bound(c.with)), digits(libcrypt), cmp.Or(c.row.unit, "-"))
	}
	for _, line := range scaling(all) {
		fmt.Fprintln(w, line)
	}
}

// scaling tells for each load that several numbers of CPUs were measured with how many
// times as fast more of them are than the first number: by wall clock, which only tells
// it if nothing else runs, and by CPU time if all of them had a core for themselves.
func scaling(all []*comparison) []string {
	type load struct {
		name, with      string
		accounts, words int
	}
	first := map[load]*comparison{}
	var lines []string
	for _, c := range all {
		key := load{c.row.name(), c.with, c.accounts, len(c.words)}
		one := first[key]
		if one == nil {
			first[key] = c
			continue
		}
		if lines == nil {
			lines = []string{""}
		}
		name := strings.TrimSpace(c.row.scheme + " " + c.with)
		cpu := float64(c.cpus) / float64(one.cpus) * medianOf(one.ours, sample.perCandidate) / medianOf(c.ours, sample.perCandidate)
		lines = append(lines, fmt.Sprintf("%s %s, %d x %d: %d CPUs are %.2f times as fast as %d by wall clock, %.2f by CPU time",
			name, c.row.cost, c.accounts, len(c.words), c.cpus,
			medianOf(c.ours, sample.rate)/medianOf(one.ours, sample.rate), one.cpus, cpu))
	}
	return lines
}

// digits writes a number with three of them that count; "-" stands for none.
func digits(v float64) string {
	switch {
	case v == 0:
		return "-"
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

// gigahertz is the median clock of all rounds, for the head of the table.
func gigahertz(all []*comparison) string {
	var clocks []float64
	for _, c := range all {
		clocks = append(clocks, c.clocks...)
	}
	if hz := median(clocks); hz > 0 {
		return fmt.Sprintf("%.2f GHz", hz/1e9)
	}
	return "not known"
}
