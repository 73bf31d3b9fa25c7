package crack

import (
	"cmp"
	"slices"
	"time"
)

// group are the hashes that cost the same: hashers may work on several of them side
// by side.
type group struct {
	key groupKey
	// estimate is how long one candidate may take before any was measured.
	estimate time.Duration
	left     int64 // tests that are not settled
	took     time.Duration
	measured int64 // tests that this took
}

type groupKey struct {
	scheme Scheme
	cost   Cost
	length int // of the setting, whose length may count
}

// groupOf returns the group of a form.
func (s *schedule) groupOf(f *Form) *group {
	key := groupKey{scheme: f.Scheme, cost: f.Cost, length: f.digest}
	g := s.groups[key]
	if g == nil {
		g = &group{key: key, estimate: f.Estimate() / slowHost}
		s.groups[key] = g
	}
	return g
}

// measure notes how long some tests took.
func (g *group) measure(took time.Duration, tests int) {
	g.took += took
	g.measured += int64(tests)
}

// each is how long one test takes.
func (g *group) each() time.Duration {
	if g.measured == 0 {
		return g.estimate
	}
	return g.took / time.Duration(g.measured)
}

// forecastEvery: there may be as many groups as hashes.
const forecastEvery = 100 * time.Millisecond

// forecast is how long the tests that are left will take, if none matches: by what
// those so far took, which in the beginning is the empty word on each hash.
func (s *schedule) forecast(now time.Time) time.Duration {
	if !s.foretold.IsZero() && now.Sub(s.foretold) < forecastEvery {
		return max(s.ahead-now.Sub(s.foretold), 0)
	}
	var all time.Duration
	for _, g := range s.groups {
		workers := int64(s.workers)
		if need := g.key.cost.Memory; need > 0 {
			workers = max(min(workers, s.memory/need), 1)
		}
		all += time.Duration(float64(g.left) * float64(g.each()) / float64(workers))
	}
	s.foretold, s.ahead = now, all
	return all
}

// arrange puts the hashes that something is left to do on in the order in which they
// take turns: cheap ones first, for they are the sooner done, and such together that can be
// hashed together.
func (s *schedule) arrange() {
	order := func(a, b *unit) int {
		return cmp.Or(
			cmp.Compare(a.group.estimate, b.group.estimate),
			cmp.Compare(a.form.Scheme, b.form.Scheme),
			cmp.Compare(a.form.Cost.Memory, b.form.Cost.Memory),
			cmp.Compare(a.form.Cost.Rounds, b.form.Cost.Rounds),
			cmp.Compare(a.form.digest, b.form.digest),
		)
	}
	s.open = slices.Clone(s.started)
	slices.SortStableFunc(s.open, order)
	slices.SortStableFunc(s.deriving, order)
	s.findTwins()
}

// setting is what the digest of a word depends on.
type setting struct {
	scheme Scheme
	text   string
}

func (u *unit) setting() setting { return setting{u.form.Scheme, u.form.hash[:u.form.digest]} }

// findTwins tells the hashes of each other that have one salt.
func (s *schedule) findTwins() {
	count := make(map[setting]int, len(s.open))
	for _, u := range s.open {
		count[u.setting()]++
	}
	twins := map[setting][]*unit{}
	for _, u := range s.open {
		if at := u.setting(); count[at] > 1 {
			twins[at] = append(twins[at], u)
		}
	}
	for _, together := range twins {
		for _, u := range together {
			u.twins = together
		}
	}
}
