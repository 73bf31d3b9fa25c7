package sshdconf

import "strings"

// Effort is what evaluating the configuration once for an account costs, in bytes of
// patterns that are compared. Hosts can have thousands of accounts and configurations
// thousands of patterns: who looks at each account adds it up and gives up in time.
func (c *Config) Effort(a Account) int {
	e := c.model().effort
	return e.fixed + e.groups*max(len(a.Groups), 1)
}

// effort is the cost of an evaluation that does not depend on the account, and that
// for each of its groups.
type effort struct{ fixed, groups int }

// perLine is what taking a line together with others of its keyword costs.
const perLine = 32

// measure sets effort. Of most keywords the first line counts: taking all is the worst.
func (m *model) measure() {
	for i := range m.blocks {
		m.effort.fixed++
		for j := range m.blocks[i].conds {
			cond := &m.blocks[i].conds[j]
			if cond.Name == "group" {
				m.effort.groups += len(cond.Arg) + 1
			} else {
				m.effort.fixed += len(cond.Arg) + 1
			}
		}
	}
	for keyword, lines := range m.lines {
		for i := range lines {
			m.effort.fixed += perLine
			for _, word := range lines[i].Args {
				switch {
				case strings.HasSuffix(keyword, "groups"):
					m.effort.groups += len(word) + 1
				default:
					m.effort.fixed += len(word) + 1
				}
			}
		}
	}
}
