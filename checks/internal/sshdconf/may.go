package sshdconf

// maxMayBlocks limits of how many blocks every combination is looked at.
const maxMayBlocks = 6

// May returns every value that a keyword can have for connections of the account,
// more rather than fewer: conditions that are not known count as true and as false.
// They are in the order sshd looks at them, the value of connections that meet no
// condition last. A Setting that is Unknown stands for any value.
func (c *Config) May(a Account, keyword string) []Setting {
	keyword = lower(keyword)
	m := c.model()
	reached := m.reachedOf(func(cond *condition) reach { return cond.ofAccount(&a) }, m.blocksWith(keyword))
	var open []int // blocks that may apply and hold the keyword
	if c.matchable(keyword) {
		seen := map[int]bool{}
		for _, d := range m.lines[keyword] {
			if d.block >= 0 && !d.option && reached[d.block] == some && !seen[d.block] {
				seen[d.block] = true
				open = append(open, d.block)
			}
		}
	}
	if len(open) == 0 {
		return []Setting{c.setting(keyword, reached)}
	}
	if !adds(keyword) && keyword != "subsystem" {
		return c.mayFirst(keyword, reached, open)
	}
	if len(open) > maxMayBlocks {
		return []Setting{{Unknown: true}}
	}
	var list []Setting
	for mask := 1<<len(open) - 1; mask >= 0; mask-- {
		for i, b := range open {
			reached[b] = reachOf(mask>>i&1 == 1)
		}
		list = append(list, c.setting(keyword, reached))
	}
	return list
}

// blocksWith says which blocks hold a keyword, or are around one that does.
func (m *model) blocksWith(keyword string) []bool {
	needed := make([]bool, len(m.blocks))
	keywords := []string{keyword}
	if keyword == "kbdinteractiveauthentication" {
		keywords = append(keywords, "challengeresponseauthentication")
	}
	for _, k := range keywords {
		for _, d := range m.lines[k] {
			for b := d.block; b >= 0 && !needed[b]; b = m.blocks[b].outer {
				needed[b] = true
			}
		}
	}
	return needed
}

// mayFirst is May for keywords of which the first line counts.
func (c *Config) mayFirst(keyword string, reached []reach, open []int) []Setting {
	for _, b := range open {
		reached[b] = never
	}
	last := c.setting(keyword, reached)
	var list []Setting
	isOpen := map[int]bool{}
	for _, b := range open {
		isOpen[b] = true
	}
	for _, d := range c.model().lines[keyword] {
		if d.block < 0 || d.option {
			continue
		}
		if d.Line == last.Line {
			break // applies to all connections: no line after it counts
		}
		if isOpen[d.block] {
			var s Setting
			s.add(keyword, d.Line)
			list = append(list, s)
		}
	}
	return append(list, last)
}
