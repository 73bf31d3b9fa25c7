package sshdconf

// Value is one value a setting may have. Line is nil for "not set", that is the
// built-in default.
type Value struct{ *Line }

// Word returns the first argument in lower case, or fallback if the value is
// not set.
func (v Value) Word(fallback string) string {
	if v.Line == nil || len(v.Args) == 0 {
		return fallback
	}
	return lower(v.Args[0])
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
