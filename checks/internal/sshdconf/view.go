package sshdconf

import "slices"

// Value is one value a setting may have. Line is nil for "not set", that is the
// built-in default.
type Value struct {
	*Line
	// Conditional: it stands in a Match block that may apply to some connections
	// only, or whose conditions were not established.
	Conditional bool
}

// Word returns the first argument in lower case, or fallback if the value is
// not set.
func (v Value) Word(fallback string) string {
	if v.Line == nil || len(v.Args) == 0 {
		return fallback
	}
	return lower(v.Args[0])
}

// View is the configuration as connections of some accounts meet it.
type View struct {
	c     *Config
	users []string
}

// View returns the configuration as the accounts named meet it.
func (c *Config) View(users ...string) View { return View{c, slices.Clone(users)} }

// Values returns every value that keyword (any case, no alias) may have for a
// connection, in the order sshd looks at them: blocks before the global part,
// the first block that applies wins, then the first global line.
func (v View) Values(keyword string) []Value {
	keyword = lower(keyword)
	var list []Value
	for i := range v.c.items {
		it := &v.c.items[i]
		if len(it.blocks) == 0 || it.option || it.Canonical(v.c.build) != keyword {
			continue
		}
		switch v.reach(it) {
		case everyone:
			return append(list, Value{Line: &it.Line})
		case some:
			list = append(list, Value{Line: &it.Line, Conditional: true})
		}
	}
	for i := range v.c.items {
		it := &v.c.items[i]
		if it.started && it.Canonical(v.c.build) == keyword {
			return append(list, Value{Line: &it.Line})
		}
	}
	return append(list, Value{})
}

// All returns every line with keyword that may count for a connection: for
// keywords whose lines add up (AllowUsers and its like).
func (v View) All(keyword string) []Value {
	keyword = lower(keyword)
	var list []Value
	for i := range v.c.items {
		it := &v.c.items[i]
		if it.Canonical(v.c.build) != keyword {
			continue
		}
		if reach := v.reach(it); reach != never {
			list = append(list, Value{Line: &it.Line, Conditional: reach == some})
		}
	}
	return list
}

func (v View) reach(it *item) reach {
	result := everyone
	for _, block := range it.blocks {
		switch applies(block, v.users) {
		case never:
			return never
		case some:
			result = some
		}
	}
	// Before 8.4 a Match block in an included file did not always get its chance
	// (bugzilla 3122).
	if it.included && len(it.blocks) > 0 && !v.c.build.Version.AtLeast(8, 4) {
		return some
	}
	return result
}

// Global returns the value in force when sshd starts: the first line outside
// any Match block.
func (c *Config) Global(keyword string) Value {
	keyword = lower(keyword)
	for i := range c.items {
		if it := &c.items[i]; it.started && it.Canonical(c.build) == keyword {
			return Value{Line: &it.Line}
		}
	}
	return Value{}
}

// finish judges what sshd checks after it has read everything (sshd.c, main).
func (c *Config) finish() {
	seen := map[string]bool{}
	var methodLines []*Line
	for i := range c.items {
		it := &c.items[i]
		if !it.started || it.Outcome.Kind != Accepted || len(it.Args) == 0 {
			continue
		}
		switch it.Keyword {
		case "subsystem":
			if name := it.Args[0]; seen[name] {
				c.reject(&it.Line, c.before(9, 5, "the subsystem is defined twice"))
			}
			seen[it.Args[0]] = true
		case "authenticationmethods":
			methodLines = append(methodLines, &it.Line)
		}
	}
	if len(methodLines) > 1 {
		for _, l := range methodLines {
			if slices.Contains(l.Args, "any") {
				c.reject(l, unsure("any beside another AuthenticationMethods line"))
			}
		}
	}
	c.needsUser("authorizedkeyscommand")
	c.needsUser("authorizedprincipalscommand")
	c.methodsPossible(methodLines)
	if ports := c.portCount(); ports > 256 {
		c.problem(Problem{Outcome: refused("more than 256 ports")})
	}
	set, o := c.Listens()
	if o.Kind == Refused {
		c.reject(c.Global("listenaddress").Line, o)
	}
	for _, l := range set {
		if !l.Addr.IsValid() && !hostName(l.Host) {
			c.reject(l.Line, unsure("neither an address nor a host name in ListenAddress"))
		}
	}
}

func (c *Config) reject(at *Line, o Outcome) {
	if o.Kind == Accepted {
		return
	}
	p := Problem{Outcome: o}
	if at != nil {
		p.File, p.Line = at.File, at.Line
	}
	c.problem(p)
}

// before is refused for older versions, accepted for newer ones.
func (c *Config) before(major, minor int, why string) Outcome {
	switch {
	case c.build.Version.AtLeast(major, minor+1):
		return Outcome{}
	case c.build.Version.Before(major, minor):
		return refused(why)
	}
	return unsure(why + ", which versions of OpenSSH judge differently")
}

// needsUser: a command without an account to run it as is fatal.
func (c *Config) needsUser(keyword string) {
	command := c.Global(keyword)
	if command.Line == nil || lower(command.Rest) == "none" || c.Global(keyword+"user").Line != nil {
		return
	}
	if keyword == "authorizedprincipalscommand" && c.Global("authorizedkeyscommand").Line != nil {
		c.reject(command.Line, unsure("versions of OpenSSH differ about both commands together"))
		return
	}
	c.reject(command.Line, refused("the command is set without "+keyword+"user"))
}

// methodsPossible: no list of AuthenticationMethods with all its methods enabled
// is fatal.
func (c *Config) methodsPossible(lines []*Line) {
	if len(lines) == 0 || slices.Contains(lines[0].Args, "any") {
		return
	}
	certain := true
	for _, list := range lines[0].Args {
		switch c.listEnabled(list) {
		case everyone:
			return
		case some:
			certain = false
		}
	}
	if certain {
		c.reject(lines[0], refused("AuthenticationMethods asks for methods that are all disabled"))
	} else {
		c.reject(lines[0], unsure("AuthenticationMethods asks for methods that may be disabled"))
	}
}

func (c *Config) portCount() int {
	n := len(c.command.Ports)
	for _, it := range c.items {
		if it.started && it.Keyword == "port" {
			n++
		}
	}
	return n
}
