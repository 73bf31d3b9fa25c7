package sshdconf

import "slices"

// compare reads another build's reading of the same files, and makes what differs
// Unsure.
func (c *Config) compare(other *Config) {
	mine, theirs := c.outcome(), other.outcome()
	why := "versions of OpenSSH differ about the line, and the version is not known"
	switch {
	case mine.Kind == Unsure:
	case theirs.Kind == Unsure:
		c.problems = []Problem{other.Problems()[0]}
	case mine.Kind == Refused && theirs.Kind == Refused:
	case mine.Kind == Refused:
		p := c.Problems()[0]
		p.Outcome = unsure(why + ": " + mine.Why)
		c.problems = []Problem{p}
	case theirs.Kind == Refused:
		p := other.Problems()[0]
		p.Outcome = unsure(why + ": " + theirs.Why)
		c.problems = []Problem{p}
	default:
		if at := c.firstDifference(other); at != nil {
			c.reject(at, unsure(why))
		}
	}
}

// firstDifference returns the first line that both read otherwise, nil if there is none.
func (c *Config) firstDifference(other *Config) *Line {
	for i := range c.items {
		if i >= len(other.items) || !c.items[i].same(&other.items[i]) {
			return &c.items[i].Line
		}
	}
	if len(other.items) > len(c.items) {
		return &other.items[len(c.items)].Line
	}
	return nil
}

func (it *item) same(other *item) bool {
	return it.File == other.File && it.Line.Line == other.Line.Line && it.Keyword == other.Keyword &&
		slices.Equal(it.Args, other.Args) && it.Rest == other.Rest && it.started == other.started && it.listen == other.listen &&
		slices.EqualFunc(it.blocks, other.blocks, slices.Equal)
}

// memo keeps what was read, so that every build reads the same.
type memo struct {
	Files
	read   map[string]result[[]byte]
	listed map[string]result[[]string]
}

type result[T any] struct {
	value T
	err   error
}

func newMemo(f Files) *memo {
	return &memo{f, map[string]result[[]byte]{}, map[string]result[[]string]{}}
}

func (m *memo) ReadFile(name string) ([]byte, error) {
	r, ok := m.read[name]
	if !ok {
		r.value, r.err = m.Files.ReadFile(name)
		m.read[name] = r
	}
	return r.value, r.err
}

func (m *memo) Glob(pattern string) ([]string, error) {
	r, ok := m.listed[pattern]
	if !ok {
		r.value, r.err = m.Files.Glob(pattern)
		m.listed[pattern] = r
	}
	return r.value, r.err
}
