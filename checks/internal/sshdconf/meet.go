package sshdconf

// meet reads the configuration as sshd does for a connection, once Match blocks are
// known to apply or not: what it refuses then ends the connection. visit, if not nil,
// is called for every line of the blocks that apply, in order. Call it only for a
// configuration without problems.
func (c *Config) meet(applies func([]Criterion) bool, visit func(*Line)) Outcome {
	w := newWalker(c)
	w.applies, w.visit = applies, visit
	w.cache = c.cache
	if c.main == "none" {
		return Outcome{}
	}
	w.set.fixedPorts = true
	w.file(c.main, nil, matchOnly, false, 0, Line{File: c.main})
	if w.outcome.Kind != Accepted {
		return w.outcome
	}
	_, o := w.set.assemble(c.build)
	return o
}
