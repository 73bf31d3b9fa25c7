package sshdconf

import (
	"strings"
	"sync"
)

// compiled is what the evaluation of a configuration needs, made once.
type compiled struct {
	once sync.Once
	model
}

// model is a configuration with its blocks numbered and its conditions cut up.
type model struct {
	blocks []block // in the order of the files; an outer one comes before those within
	// lines holds by keyword (no alias) the directives, in the order sshd reads them.
	lines map[string][]setLine
	// users holds for the lines of AllowUsers and DenyUsers their words, cut up.
	users  map[*Line][]accountPattern
	effort effort
}

// block is a Match line with its conditions.
type block struct {
	line  *Line
	pos   int // of the line in the order of reading
	outer int // index of the block around it, -1 = none
	conds []condition
}

// setLine is a line that sets something.
type setLine struct {
	*Line
	block  int  // innermost block it stands in, -1 = none
	global bool // read when sshd starts: in no block, or only in those for all
	option bool // of the command line
	pos    int  // in the order of reading
	users  []accountPattern
}

// condition is one criterion, its argument cut up.
type condition struct {
	Criterion
	entries []entry  // user, group, host, rdomain
	addrs   addrList // address, localaddress
	port    uint16
}

func compile(c Criterion, v Version) condition {
	cond := condition{Criterion: c}
	switch c.Name {
	case "user", "group", "rdomain":
		cond.entries = splitPatterns(c.Arg)
	case "host":
		cond.entries = splitPatterns(lower(c.Arg))
	case "address", "localaddress":
		cond.addrs = parseAddrList(c.Arg, v)
	case "localport":
		n, _ := digits(c.Arg)
		cond.port = uint16(n)
	}
	return cond
}

// model returns the compiled configuration.
func (c *Config) model() *model {
	c.compiled.once.Do(func() {
		m := &c.compiled.model
		m.lines = map[string][]setLine{}
		m.users = map[*Line][]accountPattern{}
		index := map[*Criterion]int{} // by the first condition, which a block has of its own
		number := func(path [][]Criterion) int {
			if len(path) == 0 {
				return -1
			}
			if i, ok := index[&path[len(path)-1][0]]; ok {
				return i
			}
			return -1
		}
		for i := range c.items {
			it := &c.items[i]
			if n := len(it.opens); n > 0 {
				b := block{line: &it.Line, pos: i, outer: number(it.opens[:n-1])}
				for _, criterion := range it.opens[n-1] {
					b.conds = append(b.conds, compile(criterion, c.build.Version))
				}
				if it.included && !c.build.Version.AtLeast(8, 4) {
					// Before 8.4 a Match block in an included file did not always get its
					// chance (bugzilla 3122).
					b.conds = append(b.conds, condition{Criterion: Criterion{Name: notUnderstood}})
				}
				index[&it.opens[n-1][0]] = len(m.blocks)
				m.blocks = append(m.blocks, b)
			}
			if it.Keyword == "match" || it.Keyword == "include" || it.Keyword == "" {
				continue
			}
			keyword := it.Canonical(c.build)
			if len(it.Args) == 0 && !wholeLine(keyword) {
				continue // a list that is empty sets nothing
			}
			d := setLine{Line: &it.Line, block: number(it.blocks), global: it.started, option: it.option, pos: i}
			if keyword == "allowusers" || keyword == "denyusers" {
				for _, word := range it.Args {
					d.users = append(d.users, newAccountPattern(word, c.build.Version))
				}
				m.users[d.Line] = d.users
			}
			m.lines[keyword] = append(m.lines[keyword], d)
		}
		m.measure()
	})
	return &c.compiled.model
}

// matchable reports whether sshd looks at a keyword in blocks when a connection
// comes in. The others count in "Match all" only, when it starts.
func (c *Config) matchable(keyword string) bool {
	w, ok := words[keyword]
	if keyword == "setenv" && c.build.Version.Before(8, 5) || keyword == "pamservicename" && c.build.Version == (Version{10, 5}) {
		return false // allowed in blocks and forgotten (copy_set_server_options())
	}
	return ok && w.inMatch.Known() && !c.build.Version.Before(w.inMatch.Major, w.inMatch.Minor)
}

// adds reports whether the lines of a keyword add up; of others the first one wins.
func adds(keyword string) bool {
	switch keyword {
	case "allowusers", "denyusers", "allowgroups", "denygroups", "acceptenv",
		"port", "listenaddress", "hostkey", "hostcertificate":
		return true
	}
	return false
}

// value returns the words of a line as sshd takes them.
func value(keyword string, l *Line) []string {
	if wholeLine(keyword) {
		return []string{strings.TrimLeft(l.Rest, blanks)}
	}
	return l.Args
}

// wholeLine reports a keyword that takes the text after it as it is.
func wholeLine(keyword string) bool {
	switch keyword {
	case "forcecommand", "authorizedkeyscommand", "authorizedprincipalscommand", "versionaddendum":
		return true
	}
	return false
}

// ofAccount says whether a condition holds for connections of an account: some
// where other things about them decide, or what decides is not known.
func (c *condition) ofAccount(a *Account) reach {
	switch c.Name {
	case "all":
		return everyone
	case "invalid-user", "user":
		if a.Any && (c.Name == "invalid-user" || !allStars(c.entries)) {
			return some
		}
		if c.Name == "invalid-user" {
			return reachOf(a.Invalid)
		}
		return reachOf(patternList(a.User, c.entries) == 1)
	case "group":
		return a.inGroups(c.entries)
	case "address", "localaddress":
		if c.addrs.everything() {
			return everyone
		}
	case "host", "rdomain":
		if len(c.entries) > 0 && allStars(c.entries) {
			return everyone
		}
	}
	return some
}

func allStars(entries []entry) bool {
	for _, e := range entries {
		if e.negated || e.text == "" || strings.Trim(e.text, "*") != "" {
			return false
		}
	}
	return true
}

// inGroups is ga_match_pattern_list() of groupaccess.c: one group must match, none
// may match an entry with ! in front.
func (a *Account) inGroups(entries []entry) reach {
	if a.Invalid {
		return never
	}
	if a.GroupsUnknown {
		if allStars(entries) {
			return everyone // every account has a primary group
		}
		return some
	}
	found := never
	for _, group := range a.Groups {
		switch patternList(group, entries) {
		case -1:
			return never
		case 1:
			found = everyone
		}
	}
	return found
}

// holds says whether a condition holds for a connection; some = not known.
func (c *condition) holds(p *peer) reach {
	switch c.Name {
	case "address":
		return reachOf(c.addrs.match(p.addr, p.addrText) == 1)
	case "localaddress":
		return reachOf(c.addrs.match(p.local, p.localText) == 1)
	case "localport":
		return reachOf(p.LocalPort == c.port && c.port != 0)
	case "host":
		return reachOf(p.name != "" && patternList(p.name, c.entries) == 1)
	case "rdomain":
		return reachOf(patternList(p.RDomain, c.entries) == 1)
	}
	return c.ofAccount(&p.Account)
}

// reached returns for every block whether it applies, given what is known of each
// condition.
func (m *model) reached(of func(*condition) reach) []reach {
	return m.reachedOf(of, nil)
}

// reachedOf is reached of those blocks, and what is around them, that needed names;
// nil = all. The others are never.
func (m *model) reachedOf(of func(*condition) reach, needed []bool) []reach {
	result := make([]reach, len(m.blocks))
	for i := range m.blocks {
		b := &m.blocks[i]
		if needed != nil && !needed[i] {
			result[i] = never
			continue
		}
		r := everyone
		if b.outer >= 0 {
			r = result[b.outer]
		}
		for j := range b.conds {
			if r == never {
				break
			}
			switch of(&b.conds[j]) {
			case never:
				r = never
			case some:
				r = some
			}
		}
		result[i] = r
	}
	return result
}
