package sshdconf

import (
	"cmp"
	"slices"
	"strconv"
)

// Effective is the configuration as one connection meets it (sshd -T -C).
type Effective struct {
	c       *Config
	conn    *peer
	reached []reach // by block
}

// Effective evaluates the configuration for one connection. Call it only for a
// configuration without problems.
func (c *Config) Effective(conn Conn) *Effective {
	e := &Effective{c: c, conn: newPeer(&conn)}
	e.reached = c.model().reached(func(cond *condition) reach { return cond.holds(e.conn) })
	return e
}

// Setting returns what a keyword (any case, no alias) amounts to. sshd reads the
// configuration twice (servconf.c, before match_cfg_line()): when it starts, the
// lines outside of blocks and in those for all; and for a connection once more the
// lines in all blocks that apply, whose results replace those of the first time.
// Each time the first line wins, or the lines add up.
func (e *Effective) Setting(keyword string) Setting {
	return e.c.setting(lower(keyword), e.reached)
}

func (c *Config) setting(keyword string, reached []reach) Setting {
	switch keyword {
	case "kbdinteractiveauthentication":
		return c.interactive(reached)
	case "subsystem":
		return c.subsystems(reached)
	}
	return c.plain(keyword, reached)
}

// plain is setting for keywords that do not depend on others.
func (c *Config) plain(keyword string, reached []reach) Setting {
	lines := c.model().lines[keyword]
	if c.matchable(keyword) {
		var s Setting
		for _, d := range lines {
			if d.block < 0 || d.option || reached[d.block] == never {
				continue
			}
			if reached[d.block] == some {
				return Setting{Line: cmp.Or(s.Line, d.Line), Unknown: true}
			}
			s.add(keyword, d.Line)
			if !adds(keyword) {
				break
			}
		}
		if s.Line != nil {
			return s
		}
	}
	var s Setting
	for _, d := range lines {
		if !d.global || keyword == "port" && !d.option && len(c.command.Ports) > 0 {
			continue
		}
		s.add(keyword, d.Line)
		if !adds(keyword) {
			break
		}
	}
	if keyword == "port" {
		for _, p := range c.command.Ports {
			s.Words = append(s.Words, strconv.Itoa(int(p)))
		}
	}
	if s.Line == nil && len(s.Words) == 0 {
		words, known := c.build.Default(keyword)
		s.Words, s.Unknown = words, !known
	}
	return s
}

func (s *Setting) add(keyword string, l *Line) {
	s.Line = cmp.Or(s.Line, l)
	s.Lines = append(s.Lines, l)
	s.Words = append(s.Words, value(keyword, l)...)
}

// interactive is the setting of KbdInteractiveAuthentication. Until 8.6 ChallengeResponseAuthentication (default yes) was
// a setting of its own, of the global part only, that turned this one (default no)
// on when sshd started, whatever it said; blocks could turn it off again.
func (c *Config) interactive(reached []reach) Setting {
	const keyword, other = "kbdinteractiveauthentication", "challengeresponseauthentication"
	s := c.plain(keyword, reached)
	switch v := c.build.Version; {
	case v.AtLeast(8, 7):
		return s
	case s.Unknown, s.Line != nil && !c.globally(keyword, s.Line):
		return s // a block decides, or may
	case !v.Known():
		challenge := c.plain(other, reached)
		yes := challenge.Word() == "yes" && (s.Line == nil || s.Word() == "yes")
		switch no := challenge.Word() == "no" && (s.Line == nil || s.Word() == "no"); {
		case s.Line == nil && challenge.Line == nil, yes:
			return s
		case no:
			return challenge
		}
		s.Line, s.Unknown = cmp.Or(s.Line, challenge.Line), true
		return s
	}
	if challenge := c.plain(other, reached); challenge.Word() == "yes" {
		if challenge.Line == nil && s.Line != nil && s.Word() == "yes" {
			return s
		}
		return challenge
	}
	return s
}

// globally reports whether a line counts as one of the global part: whether no
// block is around it.
func (c *Config) globally(keyword string, l *Line) bool {
	return slices.ContainsFunc(c.model().lines[keyword], func(d setLine) bool { return d.Line == l && d.block < 0 })
}

// subsystems: those of blocks that apply replace those of the same name.
func (c *Config) subsystems(reached []reach) Setting {
	const keyword = "subsystem"
	var s Setting
	seen := map[string]*Line{}
	take := func(second bool) {
		names := map[string]bool{}
		for _, d := range c.model().lines[keyword] {
			if len(d.Args) == 0 {
				continue
			}
			inBlock := d.block >= 0 && !d.option
			switch {
			case second && (!inBlock || reached[d.block] == never), !second && !d.global, names[d.Args[0]]:
				continue
			case second && reached[d.block] == some:
				s.Unknown = true
			}
			names[d.Args[0]] = true
			if old := seen[d.Args[0]]; old != nil {
				s.Lines[slices.Index(s.Lines, old)] = d.Line
			} else {
				s.Lines = append(s.Lines, d.Line)
			}
			seen[d.Args[0]] = d.Line
		}
	}
	take(false)
	if c.matchable(keyword) {
		take(true)
	}
	for _, l := range s.Lines {
		s.Line = cmp.Or(s.Line, l)
		s.Words = append(s.Words, l.Args...)
	}
	return s
}

// Blocks returns the Match lines that apply, in the order of the files. Those of
// which it is not known are left out (Setting says so where one matters).
func (e *Effective) Blocks() []*Line {
	var list []*Line
	m := e.c.model()
	for i := range m.blocks {
		if e.reached[i] == everyone {
			list = append(list, m.blocks[i].line)
		}
	}
	return list
}
