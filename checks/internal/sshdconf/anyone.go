package sshdconf

import "slices"

// AsksForAccounts reports whether anything in the configuration makes a difference
// between accounts: a condition on users or groups, or an Allow or Deny list.
func (c *Config) AsksForAccounts() bool {
	m := c.model()
	for _, keyword := range []string{"allowusers", "denyusers", "allowgroups", "denygroups"} {
		if len(m.lines[keyword]) > 0 {
			return true
		}
	}
	return slices.ContainsFunc(m.blocks, func(b block) bool {
		return slices.ContainsFunc(b.conds, func(cond condition) bool {
			return cond.Name == "user" || cond.Name == "group" || cond.Name == "invalid-user"
		})
	})
}

// Around returns the Match lines around a line, outermost first; none for a line of
// the global part, of the command line, and for nil.
func (c *Config) Around(l *Line) []*Line {
	m := c.model()
	for _, lines := range m.lines {
		for _, d := range lines {
			if d.Line != l || d.option || l == nil {
				continue
			}
			var list []*Line
			for b := d.block; b >= 0; b = m.blocks[b].outer {
				list = append(list, m.blocks[b].line)
			}
			slices.Reverse(list)
			return list
		}
	}
	return nil
}
